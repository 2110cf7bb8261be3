"""A target that moves: when it is found, from what, and what holds when it cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from trimtab.adapters.calendars import calendar
from trimtab.model.instruments import Instrument
from trimtab.targets.moving.learned import _gap
from trimtab.targets.moving.mover import Mover, stand_ins
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import Range, ranged_tree
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.foreseen import BlackLitterman, View
from trimtab.targets.tree import RawSleeve

CALENDAR = calendar("XNYS")
START, END = date(2015, 1, 2), date(2019, 6, 28)
SYMBOLS = ("US", "INTL", "BND")


@dataclass(frozen=True)
class Known:
    """Prices in memory."""

    dates: Any
    symbols: tuple[str, ...]
    close: Any


def prices(seed: int = 3) -> Known:
    """Three instruments over four years and a half; the third is calm and goes its own way."""
    rng = np.random.default_rng(seed)
    days = np.array(CALENDAR.sessions(START, END), dtype="datetime64[D]")
    market = rng.normal(0.0004, 0.01, len(days))
    own = rng.normal(0.0, 0.004, (len(days), 3)) + np.array([0.0, 0.0, 0.0001])
    steps = own + np.outer(market, [1.0, 1.1, -0.1])
    return Known(days, SYMBOLS, 100 * np.exp(steps.cumsum(axis=0)))


def tree(**said: dict[str, object]) -> Range:
    """Three leaves, and cash where it is said."""
    raws = [
        RawSleeve(name, hold=(name.upper() if name != "cash" else "CASH",), **said.get(name, {}))  # type: ignore[arg-type]
        for name in ("us", "intl", "bnd", *(["cash"] if "cash" in said else []))
    ]
    root, problems = ranged_tree(raws, least=Decimal(0), most=Decimal(100))
    assert root is not None, problems
    return root


def mover(known: Known | None = None, root: Range | None = None, **said: Any) -> Mover:
    """A moving target over those prices."""
    known, root = known or prices(), root or tree()
    target = MovingTarget(root, months=24, least_sessions=252, **said)
    stands_for = stand_ins(root, {}, known.symbols)
    return Mover(target, known, stands_for, CALENDAR)


def weights(found: tuple[Any, Any]) -> dict[str, Fraction]:
    """Of the leaves."""
    assert found[0] is not None, found[1].kept
    return {leaf.name: leaf.weight for leaf in found[0].leaves()}


def test_between_two_findings_the_last_one_holds() -> None:
    """On every day of a period the target is that of the end of the one before; on the last
    session of a period it is found anew.
    """
    one = mover()

    days = [date(2019, 3, 29), date(2019, 4, 1), date(2019, 4, 17), date(2019, 4, 29)]
    found = [one.at(day, None)[1] for day in days]

    assert {each.on for each in found} == {date(2019, 3, 29)}
    assert one.at(date(2019, 4, 30), None)[1].on == date(2019, 4, 30)
    assert found[0].previous_on == date(2019, 2, 28)


def test_nothing_later_than_the_day_is_looked_at() -> None:
    """Prices that come after the day a target is found on change nothing, however wild."""
    known = prices()
    later = known.dates > np.datetime64("2019-03-29")
    poisoned = known.close.copy()
    poisoned[later] = np.where(np.arange(later.sum())[:, None] % 2, np.nan, 1e9)

    calm = mover(known).at(date(2019, 4, 29), None)
    wild = mover(replace(known, close=poisoned)).at(date(2019, 4, 29), None)

    assert calm == wild


def test_the_least_volatile_mix_is_found() -> None:
    """By hand: of the sampled covariance, within the limits, no other mix is calmer."""
    known = prices()
    rows = (known.dates > np.datetime64("2017-03-29")) & (
        known.dates <= np.datetime64("2019-03-29")
    )
    close = known.close[rows]
    covariance = np.cov((close[1:] / close[:-1] - 1.0).T)
    root = tree(bnd={"most_percent": Decimal(60)})

    found = weights(mover(known, root).at(date(2019, 3, 29), None))

    at = np.array([float(found[name]) for name in ("us", "intl", "bnd")])
    least = at @ covariance @ at
    assert found["bnd"] == Fraction(60, 100)
    for us in np.linspace(0, 0.4, 41):
        other = np.array([us, 0.4 - us, 0.6])
        assert least <= other @ covariance @ other + 1e-12


@pytest.mark.parametrize(
    "asked",
    [
        Asked("max-sharpe", risk_free=0.01),
        Asked("utility", risk_aversion=6.0),
        Asked("target-volatility", wanted=0.06),
        Asked("target-return", wanted=0.05, risk_free=0.04),
    ],
)
def test_fixed_cash_is_part_of_what_is_best(asked: Asked) -> None:
    """Cash earns the risk-free rate and moves with nothing: the best mix beside a fixed share of it
    is the best of the whole, which a search over all mixes to a percent does not beat.
    """
    known = prices()
    root = tree(cash={"percent": Decimal(20)})
    one = mover(known, root, asked=asked)

    found = one.at(date(2019, 3, 29), None)
    own = found[1].estimates
    assert own is not None
    figures = {leaf.sleeve: leaf for leaf in found[1].sleeves}
    expected = np.array([float(figures[n].expected_return or 0) for n in ("us", "intl", "bnd")])
    deviation = np.array([float(figures[n].volatility or 0) for n in ("us", "intl", "bnd")])
    correlations = np.array([[float(c) for c in row] for row in own.correlations])
    covariance = correlations * np.outer(deviation, deviation)

    def value(mix: Any) -> float:
        gained = mix @ expected + 0.2 * asked.risk_free
        risk = np.sqrt(mix @ covariance @ mix)
        if asked.objective == "target-return":
            return -float(risk) if gained >= asked.wanted - 1e-4 else -1.0
        if asked.objective == "max-sharpe":
            return float((gained - asked.risk_free) / risk)
        if asked.objective == "utility":
            return float(gained - 0.5 * asked.risk_aversion * risk**2)
        return float(gained) if risk <= asked.wanted + 1e-4 else -1.0

    mixes = [np.array([a, b, 80 - a - b]) / 100 for a in range(81) for b in range(81 - a)]
    mine = weights(found)
    best = value(np.array([float(mine[name]) for name in ("us", "intl", "bnd")]))
    assert sum(mine.values()) == 1
    assert mine["cash"] == Fraction(1, 5)
    assert best >= max(map(value, mixes)) - 2e-4
    assert own.objective_value is not None
    assert float(own.objective_value) == pytest.approx(abs(best), abs=2e-4)


def test_a_history_that_is_too_short_keeps_what_was_adopted() -> None:
    """What cannot be found leaves the target last adopted in force, and says why; never others."""
    early = date(2015, 9, 30)
    adopted = {"us": Fraction(1, 2), "intl": Fraction(1, 4), "bnd": Fraction(1, 4)}

    kept, why = mover().at(early, adopted)
    nothing, refused = mover().at(early, None)

    assert kept is not None
    assert {leaf.name: leaf.weight for leaf in kept.leaves()} == adopted
    assert [finding.code for finding in why.findings] == ["target-kept"]
    assert "252 are the least" in why.kept
    assert nothing is None
    assert [(f.code, f.severity) for f in refused.findings] == [("target-not-found", "error")]


def test_whose_history_is_too_short_is_named() -> None:
    """Of several the one that is young, with what goes on without it."""
    known = prices()
    close = known.close.copy()
    close[known.dates < np.datetime64("2018-10-01"), 0] = np.nan

    _, why = mover(replace(known, close=close)).at(date(2019, 3, 29), None)

    ((_, told),) = [(one.code, one.message) for one in why.findings]
    assert f"Of these {known.symbols[0]} has 124 alone" in told
    assert 'missing_history = "leave-out"' in told


def test_another_set_of_sleeves_is_not_kept() -> None:
    """Weights of sleeves that are no longer the same are no target to fall back on."""
    found = mover().at(date(2015, 9, 30), {"us": Fraction(1)})

    assert found[0] is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda close, row: close.__setitem__((slice(row - 30, row), 1), np.nan), "newest session"),
        (lambda close, row: close.__setitem__((row - 5, 1), close[row - 5, 1] * 20), "goes from"),
        (lambda close, row: close.__setitem__((slice(None), 1), 50.0), "the same in all"),
    ],
)
def test_nothing_is_learned_from_prices_that_cannot_be(change: Any, word: str) -> None:
    """Prices that stop, jump tenfold or stand still give no target: that is said, by name."""
    known = prices()
    row = int(np.searchsorted(known.dates, np.datetime64("2019-03-29")))
    close = known.close.copy()
    change(close, row + 1)

    found = mover(replace(known, close=close)).at(date(2019, 4, 1), None)

    assert found[0] is None
    assert word in found[1].kept
    assert "INTL" in found[1].kept


def test_what_has_a_stand_in_is_learned_from_it() -> None:
    """The prices of `history` go before an instrument's own, which may be young."""
    root = tree()

    found = stand_ins(root, {"US": Instrument("US", history="OLD")}, ("OLD", "US", "BND"))

    assert found == {"us": "OLD", "bnd": "BND"}


def test_shares_of_risk_are_those_of_what_is_found() -> None:
    """Risk parity divides what fixed sleeves leave; they keep their share."""
    root = tree(bnd={"percent": Decimal(30)}, cash={"percent": Decimal(10)})

    found = weights(mover(root=root, asked=Asked("risk-parity")).at(date(2019, 3, 29), None))

    assert found["bnd"] == Fraction(3, 10)
    assert found["us"] + found["intl"] == Fraction(6, 10)
    assert found["us"] > found["intl"]


def test_what_binds_is_said() -> None:
    """Each leaf says which limit it is at: its own, or that of a sleeve above it."""
    raws = [
        RawSleeve(
            "stocks",
            least_percent=Decimal(70),
            children=(RawSleeve("us", hold=("US",)), RawSleeve("intl", hold=("INTL",))),
        ),
        RawSleeve("bnd", hold=("BND",)),
    ]
    root, _ = ranged_tree(raws, least=Decimal(0), most=Decimal(100))
    assert root is not None

    found = mover(root=root).at(date(2019, 3, 29), None)[1]

    limits = {one.sleeve: one.limit for one in found.sleeves}
    assert limits["stocks.us"] == "stocks at its least, 70%"
    assert limits["bnd"] == ""


@pytest.mark.parametrize(
    ("gap", "text"),
    [(3e-18, "1e-12"), (0.0, "1e-12"), (1.01e-7, "2e-07"), (9.5e-7, "1e-06"), (math.nan, "")],
)
def test_a_gap_is_told_without_what_machines_round(gap: float, text: str) -> None:
    """The bound that is told is never below the one that was found, and rounding is no gap: it
    enters the hash of a plan, which is the same on every machine.
    """
    assert _gap(gap) == text


def test_views_move_the_target_and_are_told() -> None:
    """A view that bonds will do best makes them more, and says what it came to."""
    market = {"us": 50.0, "intl": 30.0, "bnd": 20.0}
    keen = BlackLitterman([View("bnd", 0.2, confidence=0.5)], market)
    day = date(2019, 3, 29)

    plain = mover(asked=Asked("max-sharpe"), expected=BlackLitterman(market=market)).at(day, None)
    viewed = mover(asked=Asked("max-sharpe"), expected=keen).at(day, None)

    assert weights(plain) == {"us": Fraction(1, 2), "intl": Fraction(3, 10), "bnd": Fraction(1, 5)}
    assert weights(viewed)["bnd"] > Fraction(1, 2)
    assert "bnd by the view 20.00%" in viewed[1].why
