"""What a found target keeps to beside its sleeves: from holdings, from volumes, by a tolerance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.targets.test_moving import CALENDAR, END, SYMBOLS, prices, tree, weights
from trimtab.targets.at_cost.getting_there import MovingCosts
from trimtab.targets.at_cost.planning import plan_ahead
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.moving.held import NOTHING_HELD, Held
from trimtab.targets.moving.kept_to import KeptTo, Liquidity
from trimtab.targets.moving.learned import prepared
from trimtab.targets.moving.leaving import Leaving
from trimtab.targets.moving.mover import Mover, stand_ins
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import Range
from trimtab.targets.moving.window import Window
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.constraints import Group, Score
from trimtab.targets.objectives.front import Front, front
from trimtab.targets.objectives.tolerance import richest_by, tolerated
from trimtab.targets.solvers.limits import within

NAMES = ("us", "intl", "bnd")
THIRDS = Held(dict.fromkeys(NAMES, Fraction(1, 3)))


@dataclass(frozen=True)
class Traded:
    """Prices in memory, with volumes."""

    dates: Any
    symbols: tuple[str, ...]
    close: Any
    volume: Any = None


def mover(kept: KeptTo, root: Range | None = None, *, volume: Any = None, **said: Any) -> Mover:
    """A moving target that keeps to more than its sleeves say."""
    known = prices()
    traded = Traded(known.dates, known.symbols, known.close, volume)
    root = root or tree()
    target = MovingTarget(root, months=24, least_sessions=252, kept=kept, **said)
    return Mover(target, traded, stand_ins(root, {}, known.symbols), CALENDAR)


def estimates(one: Mover) -> tuple[Any, Any, Window]:
    """A year's returns and covariance that it learns from on the last day, and its window."""
    assert one.prices is not None
    found = prepared(one.target, one.prices, one.stands_for, on=END, calendar=CALENDAR)
    assert not hasattr(found, "tree")
    return found.made.seen.expected, found.made.seen.covariance, found.window  # type: ignore[union-attr]


def test_no_more_moves_than_the_turnover_allows() -> None:
    """Half of all changes, what is apart counted; before anything is held all may be bought."""
    one = mover(KeptTo(turnover=0.1))
    apart = Held({"us": Fraction(9, 10)}, Fraction(1, 20))

    near = weights(one.at(END, None, held=THIRDS))
    beside = weights(one.at(END, None, held=apart))
    free = weights(one.at(END, None))

    moved = sum(abs(float(near[name]) - 1 / 3) for name in NAMES) / 2
    assert moved == pytest.approx(0.1, abs=2e-4)
    gone = abs(float(beside["us"]) - 0.9) + float(beside["intl"]) + float(beside["bnd"])
    assert (gone + 0.05) / 2 == pytest.approx(0.1, abs=2e-4)
    assert float(free["bnd"]) > 0.8


def test_cash_is_no_turnover() -> None:
    """A fixed share of cash is bought and sold by nobody: limits are of trades in instruments."""
    one = mover(KeptTo(turnover=0.2), tree(cash={"percent": 10}))
    held = Held({name: Fraction(3, 10) for name in NAMES})

    found = weights(one.at(END, None, held=held))

    assert sum(abs(float(found[name]) - 0.3) for name in NAMES) / 2 == pytest.approx(0.2, abs=2e-4)


UTILITY = Asked("utility", risk_aversion=5.0)


@pytest.mark.parametrize("months", [1, 3])
def test_a_horizon_is_a_plan_of_so_many_periods(months: int) -> None:
    """What is found for a horizon is the first step of a plan of that many months with the same
    forecast for each: the oracle plans them all.
    """
    rates = dict.fromkeys(NAMES, 0.004)
    one = mover(KeptTo(leaving=Leaving(rates, months / 12)), asked=UTILITY)
    expected, covariance, _ = estimates(one)

    found = weights(one.at(END, None, held=THIRDS))
    planned = plan_ahead(
        np.tile(expected / 12, (months, 1)),
        covariance / 12,
        within(3),
        risk_aversion=5.0,
        held=np.full(3, 1 / 3),
        costs=MovingCosts(0.004, 0.004),
    )

    assert [float(found[name]) for name in NAMES] == pytest.approx(planned.first, abs=2e-4)


def test_what_was_reached_at_a_cost_is_not_left() -> None:
    """From the weights that were found nothing moves: a plan made again trades nothing."""
    one = mover(KeptTo(leaving=Leaving(dict.fromkeys(NAMES, 0.01), 1 / 12)), asked=UTILITY)

    first = weights(one.at(END, None, held=THIRDS))
    again = weights(one.at(END, None, held=Held(first)))

    assert first != dict.fromkeys(NAMES, Fraction(1, 3))
    assert again == first


@pytest.mark.parametrize(("kind", "amount"), [("score", 4.0), ("loss", 0.02), ("volatility", 0.05)])
def test_a_tolerance_is_a_point_of_the_frontier(kind: Any, amount: float) -> None:
    """The weights are those of `trimtab frontier`, and the mapping is told in a sentence."""
    one = mover(KeptTo(tolerance=(kind, amount)))
    expected, covariance, _ = estimates(one)
    curve = front(NAMES, expected, covariance, within(3))
    assert isinstance(curve, Front)
    point = tolerated(curve, kind, amount, richest=richest_by(expected, covariance, within(3)))

    tree_found, found = one.at(END, None)

    shares = weights((tree_found, found))
    assert [float(shares[name]) for name in NAMES] == pytest.approx(point.weights, abs=1.01e-4)
    assert found.why.startswith(point.how.rstrip("."))


def test_a_tolerance_counts_money_beside_what_is_invested() -> None:
    """Half in cash halves the volatility: the most is of the whole portfolio."""
    root = tree(cash={"percent": 50})

    _, found = mover(KeptTo(tolerance=("volatility", 0.03)), root).at(END, None)

    assert found.estimates is not None
    assert found.estimates.volatility is not None
    assert float(found.estimates.volatility) == pytest.approx(0.03, abs=1e-4)


def test_holdings_can_be_sold_in_time() -> None:
    """No share is above what a tenth of a usual day's volume sells in five days, at what the
    portfolio is worth then or at a value that is written.
    """
    volume = np.tile([1e6, 1e6, 50.0], (len(prices().dates), 1))
    of_day = mover(KeptTo(liquidity=Liquidity(5.0)), volume=volume)
    written = mover(KeptTo(liquidity=Liquidity(5.0, value=10_000.0)), volume=volume)
    close = prices().close[:, SYMBOLS.index("BND")]
    last = int(np.searchsorted(prices().dates, np.datetime64(END), side="right"))
    sold = 5 * 0.1 * 50.0 * close[last - 63 : last].mean()

    by_worth = weights(of_day.at(END, None, worth=Fraction(20_000)))
    by_value = weights(written.at(END, None, worth=Fraction(1)))

    assert float(by_worth["bnd"]) == pytest.approx(sold / 20_000, abs=1e-4)
    assert float(by_value["bnd"]) == pytest.approx(sold / 10_000, abs=1e-4)


def test_without_volumes_nothing_can_be_sold_in_time() -> None:
    """What is not known is not guessed: no target is found, and the key is named."""
    _, found = mover(KeptTo(liquidity=Liquidity(5.0))).at(END, None, worth=Fraction(1))

    assert found.kept.startswith("within_days needs volumes")


def test_shares_of_the_risk_are_those_that_were_given() -> None:
    """Risk parity with budgets is that of `tt.Optimiser`."""
    shares = {"us": 0.2, "intl": 0.3, "bnd": 0.5}
    one = mover(KeptTo(), asked=Asked("risk-parity", budgets=tuple(shares.items())))
    _, _, window = estimates(one)

    found = weights(one.at(END, None))
    python = Optimiser("risk-parity", budgets=shares).fit(window.returns, names=NAMES).weights_

    assert [float(found[name]) for name in NAMES] == pytest.approx(python, abs=1.01e-4)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (KeptTo(groups=(Group("calm", ("us", "bnd"), 0.5), Group("far", ("intl",), 0.7))),
         ("calm (groups)", "far (groups)")),
        (KeptTo(groups=(Group("calm", ("bnd",), 0.5),),
                scores=(Score("esg", {"us": 9.0, "intl": 9.0, "bnd": 0.0}, 8.0),)),
         ("calm (groups)", "esg (scores)")),
        (KeptTo(groups=(Group("far", ("intl",), 0.7),), turnover=0.1),
         ("far (groups)", "turnover")),
        (KeptTo(groups=(Group("far", ("intl",), 0.7),), benchmark={"bnd": 1.0},
                tracking_error=0.01),
         ("far (groups)", "tracking_error")),
        (KeptTo(groups=(Group("calm", ("bnd",), 0.2), Group("far", ("intl",), 0.2)), max_names=1),
         ("max_names = 1",)),
        (KeptTo(groups=(Group("calm", ("us", "bnd"), 0.5), Group("far", ("intl",), 0.7)),
                tolerance=("score", 4.0)), ("calm (groups)", "far (groups)")),
    ],
)  # fmt: skip
def test_a_contradiction_names_its_keys(kept: KeptTo, words: tuple[str, ...]) -> None:
    """What cannot be met together is no target, and the limits are named by their keys."""
    found = mover(kept).at(END, None, held=THIRDS)

    assert found[0] is None
    assert all(word in found[1].kept for word in words), found[1].kept


def test_a_contradiction_is_told_in_percent_of_the_whole() -> None:
    """Beside cash a group and a turnover are told as they are written, not of what is invested."""
    root = tree(cash={"percent": 2})
    kept = KeptTo(
        groups=(Group("x", ("us",), None, 0.2),),
        scores=(Score("esg", {"us": 40.0, "intl": 50.0, "bnd": 60.0}, 41.0),),
        turnover=0.1,
    )

    _, found = mover(kept, root).at(END, None, held=THIRDS)

    assert "x (groups) at most 20%" in found.kept
    assert "turnover of 10% at most from what is held" in found.kept


def test_who_must_be_held_is_held_among_few() -> None:
    """Beside a limit on names a sleeve with a least share is among those that are held."""
    root = tree(intl={"least_percent": 30})

    found = weights(mover(KeptTo(max_names=2), root).at(END, None))

    assert float(found["intl"]) == pytest.approx(0.3, abs=1e-4)
    assert sum(1 for share in found.values() if share > 0) == 2


def test_limits_that_need_no_book_are_found_once() -> None:
    """Only what counts from holdings or worth is found for one book; the rest holds for all."""
    plain = KeptTo(max_names=2, groups=(Group("a", ("us",), None, 0.5),))
    of_book = [replace(plain, turnover=0.1), KeptTo(liquidity=Liquidity(5.0))]

    assert not mover(plain).target.of_one_book
    assert all(mover(kept).target.of_one_book for kept in of_book)
    assert not mover(KeptTo(liquidity=Liquidity(5.0, value=1e6))).target.of_one_book
    assert not NOTHING_HELD.is_any
