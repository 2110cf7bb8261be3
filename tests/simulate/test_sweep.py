"""A sweep: what `backtest` gives for each policy, all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.kernels.compile import compiled
from trimtab.kernels.sweep import sweep as sweep_kernel
from trimtab.model.policy import Policy, PolicyError
from trimtab.simulate.choosing.grid import Grid, grid
from trimtab.simulate.choosing.sweep import AT_ONCE, sweep
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.overfitting import (
    best_by_luck,
    overfitting,
    probabilistic_sharpe,
    sharpe_moments,
)

HALVES = {"A": 0.5, "B": 0.5}
TILTED = {"A": 0.7, "C": 0.3}
BASE = Policy(HALVES, when="monthly")
WHENS = ["monthly", "never", "band:3pp", "monthly+band:2pp/20%", "drift:2pp", "daily", "annual"]
TOS = ["target", "edge", "half", "within:1pp"]


def wide_grid() -> Grid:
    """Everything that can vary, varied."""
    return grid(
        BASE,
        when=WHENS,
        to=TOS,
        target={"halves": HALVES, "tilted": TILTED},
        costs={"none": Costs(), "dear": Costs(bps=20, per_share="0.01", commission=2)},
    )


@pytest.mark.parametrize("trade_at", ["close", "next-close"])
def test_each_policy_ends_as_its_backtest_does(trade_at: Any) -> None:
    """Figures of a sweep are those of running each policy by itself, to the last bit."""
    prices, policies = lively("ABC", 300), wide_grid()

    found = sweep(prices, policies, trade_at=trade_at)

    assert len(found) == len(policies) > 50
    for row in range(0, len(policies), 3):
        policy, costs = policies.policy(row)
        alone = backtest(
            prices.select("ABC"), [policy, Policy({"A": 0.2, "B": 0.4, "C": 0.4}, name="all")],
            costs=costs, trade_at=trade_at, form="compiled",
        ).policies[0]  # fmt: skip
        at = {name: column[row] for name, column in found.figures.items()}
        assert at["final_value"] == pytest.approx(alone.final_value, rel=1e-12)
        assert at["rebalances"] == alone.rebalances
        assert at["turnover_one_way"] == pytest.approx(alone.turnover_one_way, rel=1e-12)
        assert at["cost_paid"] == pytest.approx(alone.cost_paid, rel=1e-12)
        assert at["cagr"] == pytest.approx(alone.cagr, rel=1e-11)
        assert at["volatility"] == pytest.approx(alone.volatility, rel=1e-9)
        assert at["max_drawdown"] == pytest.approx(alone.max_drawdown, rel=1e-12)


@pytest.mark.parametrize("threads", [0, -1])
def test_fewer_threads_than_one_are_refused(threads: int) -> None:
    """Nothing runs without a thread: it is said, and not taken for one."""
    with pytest.raises(ValueError, match=f"threads {threads}: at least 1"):
        sweep(lively("ABC", 60), grid(BASE, when=["monthly"]), threads=threads)


def test_the_number_of_threads_changes_nothing() -> None:
    """One thread or three, the same bits."""
    prices, policies = lively("ABC", 200), wide_grid()

    one, three = sweep(prices, policies, threads=1), sweep(prices, policies, threads=3)

    assert one.parts.tobytes() == three.parts.tobytes()
    for name, column in one.figures.items():
        assert column.tobytes() == three.figures[name].tobytes(), name


def test_cash_in_whole_numbers_runs_the_same_machine_code() -> None:
    """Whole units of cash give the figures of the same number, and nothing is compiled for them."""
    tried = grid(Policy({"A": 0.5, "B": 0.5}), when=["monthly", "band:5pp"])
    prices = lively("AB", 300)
    whole: Any = 50_000

    found, same = (sweep(prices, tried, cash=cash, threads=1) for cash in (whole, 50_000.0))

    assert np.array_equal(found.figures["final_value"], same.figures["final_value"])
    kernel: Any = compiled(sweep_kernel)
    assert len(kernel.signatures) == 1


def test_a_sweep_goes_on_where_it_was_stopped() -> None:
    """Portions that are known are not run again, and the result is the same."""
    prices = lively("AB", 100)
    policies = grid(BASE, when=[f"band:{k / 10}pp" for k in range(5, 5 + 3 * AT_ONCE)])
    kept: dict[int, Any] = {}
    told: list[int] = []

    whole = sweep(prices, policies, on_progress=lambda done, portion: kept.update(portion))
    del kept[AT_ONCE]
    resumed = sweep(prices, policies, known=kept, on_progress=lambda done, _: told.append(done))

    assert told == [3 * AT_ONCE]
    assert resumed.figures["final_value"].tobytes() == whole.figures["final_value"].tobytes()


def test_the_target_held_exactly_has_no_tracking_error() -> None:
    """Rebalanced daily at no cost, a policy is its target; left alone it wanders off."""
    prices = lively("AB", 300)

    found = sweep(prices, grid(BASE, when=["daily", "never"]))

    assert found.figures["tracking_error"][0] == pytest.approx(0.0, abs=1e-4)
    assert found.figures["tracking_error"][1] > 0.01


def test_its_overfitting_is_that_of_the_returns() -> None:
    """Sums kept by block give the probability that the whole curves give."""
    prices = lively("ABC", 16 * 20 + 1)
    policies = grid(BASE, when=["monthly", "band:3pp", "never", "daily", "drift:2pp"])
    curves = [backtest(prices, policies.policy(row)[0]).policies[0].value for row in range(5)]
    returns = np.array([curve[1:] / curve[:-1] - 1.0 for curve in curves]).T

    found, other = sweep(prices, policies).overfitting(), overfitting(returns, blocks=16)

    assert found is not None
    assert found.probability == pytest.approx(other.probability, abs=1e-12)
    assert np.array_equal(found.chosen, other.chosen)
    assert found.inside == pytest.approx(other.inside, rel=1e-9)


def test_a_large_sweep_is_cut_into_fewer_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are joined in pairs, and nothing of them is lost."""
    prices = lively("ABC", 16 * 20 + 1)
    policies = grid(BASE, when=["monthly", "band:3pp", "never"])
    result = sweep(prices, policies)
    curves = [backtest(prices, policies.policy(row)[0]).policies[0].value for row in range(3)]
    returns = np.array([curve[1:] / curve[:-1] - 1.0 for curve in curves]).T
    monkeypatch.setattr("trimtab.simulate.choosing.sweep.FINELY_CUT", 2)

    found, other = result.overfitting(), overfitting(returns, blocks=8)

    assert found is not None
    assert len(found.ranks) == 70
    assert found.inside == pytest.approx(other.inside, rel=1e-9)


def test_the_best_has_to_beat_its_target_and_luck() -> None:
    """Deflated, a Sharpe ratio stands above that of the target held exactly, and luck on top."""
    prices = lively("ABC", 400)
    policies = grid(BASE, when=["monthly", "band:3pp", "never", "daily", "drift:2pp"])
    curves = [backtest(prices, policies.policy(row)[0]).policies[0].value for row in range(5)]
    moments = [sharpe_moments(curve[1:] / curve[:-1] - 1.0) for curve in curves]
    ratios = [ratio for ratio, *_ in moments]
    closes = prices.select("AB").close
    held = sharpe_moments((closes[1:] / closes[:-1] - 1.0).mean(axis=1))[0]
    best = int(np.argmax(ratios))

    found = sweep(prices, policies).deflated()

    luck = held + best_by_luck(5, float(np.std(ratios, ddof=1)))
    ratio, skew, kurtosis, count = moments[best]
    sure = probabilistic_sharpe(ratio, count, above=luck, skew=skew, kurtosis=kurtosis)
    assert (found.best, found.count) == (best, 399)
    assert found.luck == pytest.approx(luck, rel=1e-9)
    assert found.probability == pytest.approx(sure, rel=1e-6)


def test_a_history_that_is_too_short_is_not_cut() -> None:
    """Thirty sessions make no sixteen blocks of two returns."""
    found = sweep(lively("AB", 30), grid(BASE, when=["monthly", "never"]))

    assert found.overfitting() is None


def test_contradictions_are_left_out_and_said() -> None:
    """`edge` needs a band: such pairs are not run, and a finding counts them."""
    found = sweep(lively("AB", 60), grid(BASE, when=["monthly", "band:5pp"], to=["target", "edge"]))

    assert len(found) == 3
    assert "left-out" in {finding.code for finding in found.findings}
    with pytest.raises(PolicyError, match="no band"):
        grid(BASE, when=["monthly"], to=["edge"])


def test_a_sample_is_part_of_the_grid_and_repeats() -> None:
    """So many policies at random, none twice, the same ones for the same seed."""
    options: dict[str, Any] = {"when": [f"band:{k}pp" for k in range(1, 41)], "sample": 10}

    one, same, other = (grid(BASE, **options, seed=seed) for seed in (1, 1, 2))

    assert len({one.name(k) for k in range(10)}) == len(one) == 10
    assert np.array_equal(one.rows, same.rows)
    assert not np.array_equal(one.rows, other.rows)


def test_no_policy_of_the_frontier_is_beaten() -> None:
    """Whatever stands on it, no policy of the sweep has both less turnover and is less off."""
    found = sweep(lively("ABC", 300), wide_grid())
    across, down = found.figures["turnover_one_way"], found.figures["tracking_error"]

    front = found.frontier()

    assert front
    for k in front:
        assert not np.any((across <= across[k]) & (down < down[k]))
    for k in set(range(len(found))) - set(front):
        assert np.any((across[front] <= across[k]) & (down[front] <= down[k]))


def test_a_grid_takes_ranges_as_the_command_line_does() -> None:
    """`band:{1..3}pp` is three policies in Python too; braces that are no range are refused."""
    made = grid(BASE, when=["band:{1..3}pp", "band:2pp", "never"], to=["within:{0.5..1/0.5}pp"])

    listed = grid(
        BASE, when=["band:1pp", "band:2pp", "band:3pp", "never"], to=["within:0.5pp", "within:1pp"]
    )
    assert (made.whens, made.tos) == (listed.whens, listed.tos)
    with pytest.raises(PolicyError, match="range"):
        grid(BASE, when=["band:{3..1}pp"])


def test_results_show_their_tables() -> None:
    """What is printed, or ends a cell of a notebook, is the table and not columns of numbers."""
    prices, policies = lively("AB", 60), [BASE]

    for shown in (
        sweep(prices, grid(BASE, when=WHENS[:2])),
        backtest(prices, policies),
        bootstrap(backtest(prices, policies), paths=2),
    ):
        assert str(shown) == repr(shown) == shown.summary()
        assert "array(" not in repr(shown)


@pytest.mark.parametrize(
    ("option", "wrong"),
    [({"cost_rule": "thrice"}, "cost_rule 'thrice'"), ({"cash_rate": 12.0}, "cash_rate 12.0")],
)
def test_what_makes_no_sense_is_refused_as_backtest_refuses_it(
    option: dict[str, Any], wrong: str
) -> None:
    """A sweep and a backtest read the same keywords, and say the same of what they are not."""
    prices = lively("AB", 30)

    with pytest.raises(ValueError, match=wrong):
        sweep(prices, grid(BASE), **option)
    with pytest.raises(ValueError, match=wrong):
        backtest(prices, BASE, **option)


@pytest.mark.parametrize(
    ("costs", "rule", "wrong"),
    [
        (Costs(commission=1), "in-order", "only known to `once`"),
        (Costs(bps=1, per_share="0.01"), "solved", "only known to `once`"),
        (Costs(bps=10_000), "in-order", "they must be below it"),
    ],
)
def test_costs_that_a_rule_does_not_know_are_refused(costs: Costs, rule: Any, wrong: str) -> None:
    """No rule leaves out a fee that it does not know, nor sells for a cost of all it brings."""
    prices = lively("AB", 30)

    with pytest.raises(ValueError, match=wrong):
        sweep(prices, grid(BASE, costs={"dear": costs}), cost_rule=rule)
    with pytest.raises(ValueError, match=wrong):
        backtest(prices, BASE, costs=costs, cost_rule=rule)
