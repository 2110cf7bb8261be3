"""Shuffled histories in account mode: what moved together stays so, and pairs are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.households import CALENDAR, mandate, tree
from trimtab.execution.opening import Opening
from trimtab.live.processes import shared_out
from trimtab.model.market import Dividend, Market, Quote, Split
from trimtab.model.numbers import Price
from trimtab.model.policy import Policy
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.paths import bootstrap_accounts
from trimtab.simulate.accounts.shuffled_markets import ShuffledMarkets, _mantissas
from trimtab.simulate.accounts.tape import Tape

DAYS = CALENDAR.sessions(date(2024, 10, 1), date(2025, 5, 30))


def markets(prices: dict[str, Sequence[float]]) -> list[Market]:
    """Snapshots with those prices, from the first day on."""
    made = []
    for i, day in enumerate(DAYS[: len(next(iter(prices.values())))]):
        quotes = {
            id_: Quote(Price.of(Decimal(f"{column[i]:.4f}")), day) for id_, column in prices.items()
        }
        made.append(Market(day, CALENDAR, quotes))
    return made


def wandering(count: int = 60) -> list[Market]:
    """Two instruments whose returns name their session."""
    up = np.cumprod(1.0 + 0.0005 * np.arange(1, count + 1))
    down = np.cumprod(1.0 - 0.0003 * np.arange(1, count + 1))
    return markets({"US": (1000 * up).tolist(), "BND": (5000 * down).tolist()})


def opening(cash: int = 10_000_000) -> Opening:
    """All in cash on the first day."""
    return Opening("Example", "USD", DAYS[0], (), {"brokerage": cash}, (), "0" * 64)


def markets_of(path: Tape) -> list[Market]:
    """The snapshots of a path."""
    return [path.market(place) for place in range(len(path))]


def returns(path: Sequence[Market]) -> np.ndarray:
    """Session returns by instrument."""
    closes = np.array(
        [[float(m.quotes[id_].price.decimal) for id_ in ("US", "BND")] for m in path]  # type: ignore[union-attr]
    )
    return closes[1:] / closes[:-1] - 1.0


def test_a_path_draws_whole_sessions_and_begins_at_history_s_prices() -> None:
    """Each session of a path is one of history's, the same for all instruments; dates stay."""
    real = wandering()

    path = markets_of(ShuffledMarkets.of(real, seed=3, block=5).path(0))

    assert [m.as_of for m in path] == [m.as_of for m in real]
    assert path[0].quotes["US"].price == Price.of(Decimal(f"{1000 * 1.0005:.4f}"))
    drawn, known = returns(path), returns(real)
    nearest = [int(np.abs(known - row).sum(axis=1).argmin()) for row in drawn]
    assert np.allclose(drawn, known[nearest], atol=2e-6)
    assert nearest != list(range(len(known)))
    assert path[5].quotes["US"].previous == path[4].quotes["US"].price


def test_a_seed_and_a_number_name_a_path() -> None:
    """The same seed gives the same paths, other numbers and seeds other ones."""
    real = wandering()

    first, again, other = (ShuffledMarkets.of(real, seed=seed, block=5) for seed in (1, 1, 2))

    assert markets_of(first.path(4)) == markets_of(again.path(4))
    assert markets_of(first.path(4)) != markets_of(first.path(5))
    assert markets_of(first.path(4)) != markets_of(other.path(4))


def test_a_split_is_no_return_and_a_dividend_is_one() -> None:
    """What counts is what became of the money: a halved price after a split of two is nothing, a
    dividend of one on a price of fifty is two percent.
    """
    real = markets({"US": [100.0] * 10 + [50.0] * 20})
    split = (Split("US", DAYS[10], Fraction(2)),)
    paid = (Dividend("US", DAYS[20], Price.of(Decimal(1))),)
    real[-1] = replace(real[-1], splits=split, dividends=paid)

    factors = ShuffledMarkets.of(real, block=1).factors[:, 0]

    assert factors.tolist() == [1.0] * 19 + [pytest.approx(1.02)] + [1.0] * 9


def test_a_policy_against_itself_differs_on_no_path() -> None:
    """The two run over the same paths, so the same policy gives the same money."""
    mandate_ = mandate(tree({"US": 50, "BND": 50}))
    pair = Policy(None, "weekly", name="a"), Policy(None, "weekly", name="b")

    found = bootstrap_accounts(mandate_, opening(), wandering(40), pair, paths=2, block=5)

    assert found.table[:, 0].tolist() == found.table[:, 1].tolist()
    assert len({tuple(row) for row in found.table[:, 0].tolist()}) == 2
    assert found["b"]["after_tax_final_value"].verdict == "same"
    assert "no difference on any path" in found["b"].sentence


def test_each_policy_is_compared_with_the_first() -> None:
    """Three policies are two comparisons, each that of the two alone; one alone is refused."""
    mandate_ = mandate(tree({"US": 50, "BND": 50}))
    three = [Policy(None, words, name=words) for words in ("weekly", "never", "monthly")]

    found = bootstrap_accounts(mandate_, opening(), wandering(30), three, paths=3, block=5)

    assert [(one.first, one.second) for one in found.compared] == [
        ("weekly", "never"),
        ("weekly", "monthly"),
    ]
    for other in three[1:]:
        pair = [three[0], other]
        alone = bootstrap_accounts(mandate_, opening(), wandering(30), pair, paths=3, block=5)
        for one, same in zip(alone[other.label].gaps, found[other.label].gaps, strict=True):
            assert (one.low, one.median, one.high) == (same.low, same.median, same.high)
            assert one.medians == same.medians
    told = found.to_dict()
    assert [one["second"] for one in told["compared"]] == ["never", "monthly"]
    with pytest.raises(ValueError, match="at least 2"):
        bootstrap_accounts(mandate_, opening(), wandering(30), three[:1], paths=3)


def test_where_every_session_is_alike_each_path_is_history() -> None:
    """Nothing can be shuffled where all returns are one: every path ends as history did, and the
    difference of two policies after tax is theirs in history.
    """
    steady = markets({"US": [100 * 1.5**i for i in range(25)], "BND": [100.0] * 25})
    mandate_ = mandate(tree({"US": 50, "BND": 50}))
    pair = Policy(None, "weekly"), Policy(None, "never")
    runs = [
        backtest_accounts(
            replace(mandate_, when=one.when, to=one.to), opening(), steady, invest_at_start=True
        )
        for one in pair
    ]

    found = bootstrap_accounts(
        mandate_, opening(), steady, pair, observed=(runs[0], runs[1]), paths=100, block=1
    )

    gap = found.compared[0]["after_tax_liquidation_value"]
    assert runs[0].tax_owed > 0
    assert found.table[1, 0, 0] == pytest.approx(runs[0].after_tax / 100)
    assert gap.observed == pytest.approx(gap.low) == pytest.approx(gap.high)
    assert gap.verdict == found.compared[0]["after_tax_growth"].verdict == "less"
    years = (runs[0].dates[-1] - runs[0].dates[0]).days / 365.25
    grown = (runs[0].after_tax / runs[0].value[0]) ** (1 / years) - 1
    assert found.table[1, 0, 2] == pytest.approx(grown)
    assert found.to_dict()["figures"]["after_tax_final_value"]["first"] == runs[0].after_tax / 100


def test_how_many_processes_run_the_paths_changes_no_figure() -> None:
    """Each path is named by the seed and its number, wherever it is run; progress counts them."""
    mandate_ = mandate(tree({"US": 50, "BND": 50}))
    pair = Policy(None, "weekly"), Policy(None, "never")
    done: list[int] = []

    one, two = (
        bootstrap_accounts(
            mandate_, opening(), wandering(30), pair, paths=8, in_turn=shared_out(count),
            on_progress=done.append,
        )
        for count in (1, 2)
    )  # fmt: skip

    assert one.table.tolist() == two.table.tolist()
    assert len({tuple(row) for row in one.table[:, 0].tolist()}) == 8
    assert done == [*range(1, 9)] * 2


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.integers(1, 10**9))
def test_prices_on_a_path_are_rounded_as_text_is(prices: list[float], halves: int) -> None:
    """To four decimals, exactly, ties of the written number to the even one; never to zero."""
    closes = np.array([*prices, (halves + 0.5) / 10_000])

    found = _mantissas(closes[None, :])[0].tolist()

    assert found == [max(int(Decimal(f"{price:.4f}") * 10_000), 1) for price in closes.tolist()]


def test_what_is_not_priced_throughout_is_on_no_path() -> None:
    """An instrument that appears later cannot be drawn with the others: it is named, and nobody is
    asked for prices of it.
    """
    real = wandering(30)
    quote = Quote(Price.of(Decimal(7)), DAYS[29])
    real[29] = replace(real[29], quotes={**real[29].quotes, "NEW": quote})
    pair = Policy(None, "never"), Policy(None, "weekly")
    mandate_ = mandate(tree({"US": 50, "bonds": (50, ["BND", "NEW"])}))

    found = bootstrap_accounts(mandate_, opening(), real, pair, paths=2, block=3)

    assert found.left_out == ("NEW",)
    assert "NEW" not in {one.subject for one in found.findings}


@pytest.mark.parametrize(
    ("count", "options", "said"),
    [
        (10, {}, "too few"),
        (40, {"paths": 1}, "at least 2"),
        (40, {"seed": -1}, "seed"),
        (40, {"block": 0.5}, "block"),
        (40, {"level": 1.0}, "level"),
    ],
)
def test_what_makes_no_sense_is_refused(count: int, options: dict[str, float], said: str) -> None:
    """Too little history, too few paths, an impossible option: said with what would be right."""
    pair = Policy(None, "never"), Policy(None, "weekly")

    with pytest.raises(ValueError, match=said):
        bootstrap_accounts(
            mandate(tree({"US": 50, "BND": 50})),
            opening(),
            wandering(count),
            pair,
            **options,  # type: ignore[arg-type]
        )
