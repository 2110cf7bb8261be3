"""Advice: what is kept, what is changed, and that noise is no reason."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.simulate.markets import lively
from tests.simulate.test_account_tax import two_years
from trimtab.costs import Costs
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.choosing.advice import Advice, advise, judged, mean_interval
from trimtab.simulate.choosing.checked import checked_in_accounts
from trimtab.simulate.uncertainty.difference import OUTCOME_FIGURES, PLACES
from trimtab.simulate.uncertainty.outcomes import Outcomes

HALVES = {"A": 0.5, "B": 0.5}
OWN = "monthly to target"
PATHS = 100


def weighed(*, material: float = 0.0002, **policies: tuple[object, object, float]) -> Advice:
    """Advice among policies with this cost, tracking error and number of rebalances a year.

    Costs and distances are numbers or arrays, one a path; the first policy is the investor's own.
    """
    table = np.zeros((PATHS, len(policies), len(OUTCOME_FIGURES)))
    for k, (cost, apart, rebalances) in enumerate(policies.values()):
        table[:, k, PLACES["cost_a_year"]] = cost
        table[:, k, PLACES["tracking_error"]] = apart
        table[:, k, PLACES["rebalances"]] = 10 * rebalances
    made = [Policy(HALVES, *parse_policy(OWN), name=name) for name in policies]
    outcomes = Outcomes(tuple(policies), table, table[0], 100.0, 10.0, "made up")
    return judged(
        outcomes, made, next(iter(policies)), tax_of_turnover=0.0, risk_aversion=2.0, level=0.95,
        material=material,
    )  # fmt: skip


def noise(seed: int, spread: float) -> np.ndarray:
    """As much on one side as on the other."""
    half = np.abs(np.random.default_rng(seed).normal(0.0, spread, PATHS // 2))
    return np.concatenate([half, -half])


def test_a_policy_that_another_does_not_surely_beat_is_kept() -> None:
    """That another took less on average is no reason to change where history leaves it open."""
    found = weighed(own=(0.0031 + noise(1, 0.001), 0.01, 12), other=(0.002, 0.01, 1))

    assert found.choices[0].name == "other"
    assert found.advised == "own"
    assert "takes 0.11% a year less on average, but not surely" in found.sentence


def test_a_difference_too_small_to_matter_is_no_reason_to_change() -> None:
    """However sure it is; how much matters can be said."""
    both = {"own": (0.00214, 0.01, 12), "other": (0.002, 0.01, 1)}

    found, finer = weighed(**both), weighed(**both, material=0.0001)

    assert found.advised == "own"
    assert "takes 0.01% a year less on average (95% interval +0.01% to" in found.sentence
    assert "up to 0.02% is not worth a change" in found.sentence
    assert finer.advised == "other"


def test_the_least_on_average_is_advised_whatever_trades_less_often() -> None:
    """Few rebalances decide only among those that are materially the same as the least."""
    found = weighed(
        own=(0.02, 0.01, 12),
        least=(0.001, 0.01, 40),
        same=(0.00115 + noise(2, 0.0005), 0.01, 4),
        rare=(0.0015 + noise(2, 0.0005), 0.01, 1),
        wild=(0.012 + noise(3, 0.02), 0.01, 0.1),
    )

    assert found.advised == "same"
    assert found.gain.low > 0.0
    assert found.gain.mean == pytest.approx(0.02 - 0.00115)
    assert "within 0.02% of the least of 5 policies" in found.sentence


def test_where_the_least_is_unsure_the_least_of_the_sure_is_advised() -> None:
    """With what the least of all takes less still."""
    found = weighed(
        own=(0.02, 0.01, 12), wild=(0.001 + noise(3, 0.05), 0.01, 1), sure=(0.01, 0.01, 4)
    )

    assert found.advised == "sure"
    assert "wild takes 0.90% less still on average, but not surely" in found.sentence


def test_the_interval_is_of_the_mean_that_one_history_leaves_open() -> None:
    """Spread across paths and error of their mean; so it hardly depends on how many there are."""
    values = np.array([1.0, -1.0] * 50)

    few, many = mean_interval(values, 0.95), mean_interval(np.tile(values, 20), 0.95)

    assert few.mean == many.mean == 0.0
    assert few.high == -few.low == pytest.approx(1.959964 * np.sqrt(100 / 99 * 1.01))
    assert many.high == pytest.approx(1.959964, rel=1e-3)


def test_what_is_far_behind_on_average_is_never_called_noise() -> None:
    """Its mean stands in the table, and its interval beside it."""
    found = weighed(own=(0.001, 0.01, 1), far=(0.0246 + noise(4, 0.05), 0.005, 1))

    (row,) = [cells for cells in found.rows()[1] if cells[0] == "far"]
    assert "235.2" in row
    assert "noise" not in found.summary()


@pytest.mark.parametrize(("paths", "seed"), [(30, 0), (30, 1), (120, 2), (240, 3)])
def test_the_answer_does_not_turn_on_seed_and_number_of_paths(paths: int, seed: int) -> None:
    """Where weekly trading is dear and never trading is far off, the band between is advised."""
    found = advise(
        lively("AB", 750), Policy(HALVES, when="weekly"), costs=Costs(bps=50), paths=paths,
        seed=seed, when=("never", "band:8pp", "monthly"), to=("target",),
    )  # fmt: skip

    assert found.advised == "band:8pp to target"


@pytest.mark.parametrize(("bps", "paths"), [(0, 60), (1, 60), (1, 200)])
def test_on_independent_returns_at_hardly_any_cost_the_policy_is_kept(bps: int, paths: int) -> None:
    """Nothing is to be gained that anybody would notice."""
    own = Policy({"A": 0.6, "B": 0.4}, when="monthly")

    found = advise(
        lively("AB", 1000), own, costs=Costs(bps=bps), paths=paths,
        when=("never", "weekly", "band:1pp", "band:3pp"), to=("target", "half"),
    )  # fmt: skip

    assert found.advised == found.own


def test_distance_counts_half_the_risk_aversion_times_its_square() -> None:
    """Cost and the loss of certainty equivalent add up."""
    found = weighed(own=(0.003, 0.02, 1))

    assert found["own"].total.mean == pytest.approx(0.003 + 0.5 * 2.0 * 0.02**2)
    assert found.advised == "own"
    assert "no other policy" in found.sentence


def test_who_is_cheaper_and_nearer_beats() -> None:
    """On nearly all paths: on nine tenths of them is not enough."""
    often = np.where(np.arange(PATHS) < 90, 0.001, 0.009)

    found = weighed(
        own=(0.005, 0.02, 1), better=(0.004, 0.02, 1), near=(0.006, 0.01, 1), often=(often, 0.02, 1)
    )

    beaten = {choice.name for choice in found.choices if choice.is_beaten}
    assert beaten == {"own"}
    assert "near" in {choice.name for choice in found.frontier}


def test_dear_trading_makes_a_daily_policy_give_way() -> None:
    """At 1% a trade, trading daily takes surely more than a band."""
    prices = lively("AB", 400)

    found = advise(
        prices, Policy(HALVES, when="daily"), costs=Costs(bps=100), paths=40, when=("band:5pp",),
        to=("target",),
    )  # fmt: skip

    assert found.own == "daily to target"
    assert found.advised == "band:5pp to target"
    assert found.gain.low > 0.0
    assert len(found.to_frame()["policy"]) == len(found.choices) == 2


def test_free_trading_leaves_a_daily_policy_alone() -> None:
    """What costs nothing and is nearest to the target takes least."""
    found = advise(
        lively("AB", 400), Policy(HALVES, when="daily"), costs=Costs(), paths=40,
        when=("band:5pp", "never"), to=("target",),
    )  # fmt: skip

    assert found.advised == found.own == found.choices[0].name == "daily to target"


def test_tax_counts_by_what_is_turned_over() -> None:
    """A policy's cost grows by the tax of its turnover."""
    prices, own = lively("AB", 300), Policy(HALVES, when="monthly")

    def cost(tax: float) -> float:
        found = advise(prices, own, paths=30, tax_of_turnover=tax, when=("never",), to=("target",))
        return found[OWN].cost.mean

    without, with_some, with_twice = cost(0.0), cost(0.05), cost(0.1)

    assert without == 0.0
    assert with_twice == pytest.approx(2 * with_some)
    assert with_some > 0.0


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ({"paths": 5}, "at least 20"),
        ({"risk_aversion": -1.0}, "risk_aversion"),
        ({"tax_of_turnover": 1.5}, "tax_of_turnover"),
        ({"level": 0.3}, "level"),
        ({"material": -0.1}, "material"),
    ],
)
def test_options_that_make_no_sense_are_named(option: dict[str, float], word: str) -> None:
    """Before anything is run."""
    with pytest.raises(ValueError, match=word):
        advise(lively("AB", 100), Policy(HALVES), **option)  # type: ignore[arg-type]


@pytest.mark.parametrize(("tax", "advised"), [(5_000, "other"), (500_000, "own")])
def test_what_the_accounts_contradict_is_not_advised(tax: int, advised: str) -> None:
    """Tax that waits in what is held counts: both figures and what is left after tax are said."""
    run = two_years()
    own, other = replace(run, liquidation_tax=9_000), replace(run, liquidation_tax=tax // 10)
    advice = weighed(own=(0.02, 0.01, 12), other=(0.002, 0.01, 1))

    found = checked_in_accounts(advice, own, {"other": other})

    assert found.advised == advised
    assert found.accounts is not None
    assert found.accounts.estimate == pytest.approx(0.018)
    assert (found.accounts.gain > 0) == (advised == "other")
    assert "where the estimate says 1.80% less; tax is deferred" in found.sentence
    assert f"{other.liquidation_after_tax / 100:,.2f} is left" in found.sentence
    assert found.sentence.startswith("Keep" if advised == "own" else "Change")


def test_tax_of_a_luckier_path_is_not_held_against_a_policy() -> None:
    """The same part of a larger gain is the same tax; that more is left is called growth."""
    run = replace(two_years(), plans=(), payments=(), tax_caused=0)
    flat = (100_000_00,) * (len(run.dates) - 1)
    own = replace(run, value=(*flat, 110_000_00), liquidation_tax=2_000_00)
    lucky = replace(run, value=(*flat, 140_000_00), liquidation_tax=8_000_00)
    advice = weighed(own=(0.002, 0.01, 12), other=(0.001, 0.01, 1))

    found = checked_in_accounts(advice, own, {"other": lucky}).checked[0]

    assert found.gain == pytest.approx(0.0, abs=1e-12)
    assert found.other_left > found.own_left
    dear = replace(lucky, liquidation_tax=12_000_00)
    told = checked_in_accounts(advice, own, {"other": dear})
    assert "That more is left is growth" in told.sentence
    assert told.sentence.startswith("Keep own")


def test_a_runner_up_within_noise_is_checked_in_the_accounts_too() -> None:
    """Where accounts contradict the least, the next one that they bear out is advised, and said."""
    run = two_years()
    advice = weighed(
        own=(0.02, 0.01, 12),
        least=(0.002 + noise(3, 0.0005), 0.01, 1),
        next=(0.0023, 0.01, 1),
        far=(0.01, 0.01, 1),
    )
    own, bad, good = (replace(run, liquidation_tax=tax) for tax in (9_000, 90_000, 900))

    found = checked_in_accounts(advice, own, {"least": bad, "next": good})

    assert (advice.advised, advice.runners_up) == ("least", ("next",))
    assert found.advised == "next"
    assert found.gain == advice["next"].gain
    assert "least, which the estimate puts first, they do not" in found.sentence
    assert [one.policy for one in found.checked] == ["least", "next"]
    assert "least (" in found.checks
    assert "The others were not." in found.checks


def test_what_accounts_cannot_tell_is_null_in_json() -> None:
    """A run of one day has no drag: no change is advised on it, and JSON has null, not NaN."""
    run = two_years()
    same = run.dates[:1] * len(run.dates)
    day = replace(run, dates=same, plans=(), payments=())
    advice = weighed(own=(0.02, 0.01, 12), other=(0.002, 0.01, 1))

    found = checked_in_accounts(advice, day, {"other": day})

    assert found.advised == "own"
    assert found.to_dict()["in_accounts"]["gain"] is None
    assert "cannot be told" in found.sentence
    assert json.dumps(found.to_dict(), allow_nan=False)
