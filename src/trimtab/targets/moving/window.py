"""What an optimised target learns from: a stretch of complete prices, and estimates of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from trimtab.estimates.absurd import absurd
from trimtab.model import findings as told
from trimtab.model.frozen import dataclass
from trimtab.model.market import AS_TENFOLD
from trimtab.model.outlook import MOST, UNIT, Outlook
from trimtab.model.sessions import Calendar
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import Range
from trimtab.targets.moving.signals import months_before
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.estimated import covariance_by
from trimtab.targets.objectives.foreseen import Foreseen, foresee
from trimtab.targets.prices import Prices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_AGE = 5
"""Sessions that the newest price may be older than the day that a target is found on."""


@dataclass(frozen=True, slots=True)
class Window:
    """The prices that are learned from: complete, oldest first, one column a leaf."""

    leaves: tuple[Range, ...]
    symbols: tuple[str, ...]
    days: tuple[date, ...]
    close: Floats

    @property
    def returns(self) -> Floats:
        """Simple returns, shape (sessions - 1, n)."""
        changes: Floats = self.close[1:] / self.close[:-1] - 1.0
        return changes


def window_of(
    target: MovingTarget,
    prices: Prices,
    stands_for: Mapping[str, str],
    on: date,
    calendar: Calendar,
) -> tuple[Window | None, str]:
    """The prices to learn from, or why there are none to be used, in a sentence."""
    leaves = tuple(leaf for leaf in target.tree.leaves() if not leaf.is_cash)
    lacking = [leaf for leaf in leaves if leaf.name not in stands_for]
    if lacking:
        names = ", ".join(f"{leaf.name} ({', '.join(leaf.hold)})" for leaf in lacking)
        return None, (
            f"nothing in the hold list of {names} has prices. Name a stand-in: history = "
            '"SYMBOL" under [instruments.NAME].'
        )
    window = _window(target, prices, leaves, stands_for, on)
    wrong = _unusable(target, window, on, calendar)
    return (None, wrong) if wrong else (window, "")


def _window(
    target: MovingTarget,
    prices: Prices,
    leaves: tuple[Range, ...],
    stands_for: Mapping[str, str],
    on: date,
) -> Window:
    """The days on which all leaves have a price, from the start of the history asked for."""
    import numpy as np

    symbols = tuple(stands_for[leaf.name] for leaf in leaves)
    start = np.datetime64(months_before(on, target.months), "D")
    first, last = np.searchsorted(prices.dates, [start, np.datetime64(on, "D")], side="right")
    columns = [prices.symbols.index(symbol) for symbol in symbols]
    close = prices.close[first:last][:, columns]
    kept = ~np.isnan(close).any(axis=1)
    days = tuple(day.item() for day in prices.dates[first:last][kept].astype("datetime64[D]"))
    return Window(leaves, symbols, days, np.asarray(close[kept], dtype=np.float64))


def _unusable(target: MovingTarget, window: Window, on: date, calendar: Calendar) -> str:
    """Why nothing can be learned from a stretch of prices, in a sentence; or nothing."""
    import numpy as np

    days = window.days
    names = ", ".join(window.symbols)
    if len(days) < target.least_sessions:
        span = f", {days[0]} to {days[-1]}" if days else ""
        return (
            f"the history is too short: in the {span_of(target.months)} to {on} all of {names} "
            f"have prices on {len(days)} sessions{span}, and {target.least_sessions} are the least "
            "to learn from (least_sessions)."
        )
    age = calendar.sessions_between(days[-1], on)
    if age > MOST_AGE:
        return (
            f"the newest session on which all of {names} have prices is {days[-1]}, {age} "
            f"sessions before {on}. Fetch newer prices."
        )
    steps = window.close[1:] / window.close[:-1]
    far = np.argwhere((steps >= AS_TENFOLD) | (steps <= 1.0 / AS_TENFOLD))
    if len(far):
        row, column = far[0].tolist()
        before, after = window.close[row, column], window.close[row + 1, column]
        return (
            f"the price of {window.symbols[column]} goes from {before:g} to {after:g} on "
            f"{days[row + 1]}. Correct that row, or tell its split."
        )
    return ""


@dataclass(frozen=True, slots=True)
class Made:
    """A year's estimates of the leaves that have prices, with the returns that they are of."""

    seen: Foreseen
    returns: Floats
    findings: tuple[told.Finding, ...]
    outlook: Outlook


def estimates_of(target: MovingTarget, window: Window, year: int) -> tuple[Made | None, str]:
    """The estimates by a history that can be used, or why it cannot be."""
    from trimtab.estimates.history import usable
    from trimtab.estimates.repair import repaired

    names = window.symbols
    history = usable(window.returns, names=names)
    left_out = [f.message for f in history.findings if f.code != "history-shortened"]
    if left_out:
        return None, " ".join(left_out)
    fit = repaired(
        covariance_by(
            target.covariance, history.returns, sessions_a_year=year, half_life=target.half_life
        ),
        names=names,
    )
    if fit.covariance is None:
        return None, " ".join(one.message for one in fit.findings)
    seen = foresee(
        target.expected,
        history.returns,
        fit.covariance,
        [leaf.name for leaf in window.leaves],
        risk_free=target.asked.risk_free,
        sessions_a_year=year,
    )
    outlook = _outlook(target.asked, window, seen.covariance, seen.expected)
    said = (*fit.findings, *absurd(fit.covariance, names))
    return Made(seen, history.returns, said, outlook), ""


def _outlook(asked: Asked, window: Window, covariance: Floats, expected: Floats) -> Outlook:
    """The estimates as a decision takes them: in whole units."""
    largest = max(abs(covariance).max(), abs(expected).max())
    if not largest < MOST:
        return Outlook("", lacking=f"a year's estimates are as large as {largest:.3g}")
    has_utility = asked.objective == "utility"
    return Outlook(
        "",
        tuple(leaf.name for leaf in window.leaves),
        tuple(tuple(round(c * UNIT) for c in row) for row in covariance.tolist()),
        tuple(round(r * UNIT) for r in expected.tolist()),
        Decimal(repr(asked.risk_aversion)) if has_utility else None,
        window.days[0],
        window.days[-1],
        len(window.days),
        risk_free=round(asked.risk_free * UNIT),
    )


def year_of(calendar: Calendar) -> int:
    """Sessions that make a year."""
    return 365 if len(calendar.weekdays) == 7 else 252


def span_of(months: int) -> str:
    """Months in words."""
    years, rest = divmod(months, 12)
    if rest:
        return f"{months} months"
    return "year" if years == 1 else f"{years} years"
