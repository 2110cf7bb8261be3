"""What an optimised target learns from: a stretch of complete prices, and estimates of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from trimtab.estimates.absurd import absurd
from trimtab.estimates.arrays import is_complete, returns_by_own
from trimtab.estimates.history import LEAST_SESSIONS, LONG_ENOUGH, Missing
from trimtab.model import findings as told
from trimtab.model.frozen import dataclass
from trimtab.model.market import AS_TENFOLD
from trimtab.model.outlook import MOST, UNIT, Outlook
from trimtab.model.sessions import Calendar
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import Range
from trimtab.targets.moving.signals import months_before
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
    """The prices that are learned from, oldest first, one column a leaf.

    Args:
        leaves: Whose prices.
        symbols: What stands for each.
        days: Of the prices.
        close: Shape (days, leaves); NaN only where each learns from its own days.
        left_out: Leaves whose history is too short to be learned from; they hold nothing.
        left_close: Their prices, for weighing what is held of them; shape (days, left out), NaN
            before they begin. None where nobody is left out.
        left_wrong: Why nothing can be estimated of one of them either, in a sentence; or nothing.
        counts: How many prices each leaf has, days that others lack included.
    """

    leaves: tuple[Range, ...]
    symbols: tuple[str, ...]
    days: tuple[date, ...]
    close: Floats
    left_out: tuple[Range, ...] = ()
    left_close: Floats | None = None
    left_wrong: str = ""
    counts: tuple[int, ...] = ()

    @property
    def returns(self) -> Floats:
        """Simple returns, shape (sessions - 1, n), each from a leaf's own last price."""
        return returns_by_own(self.close)


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
    if wrong or window.left_close is None:
        return (None, wrong) if wrong else (window, "")
    symbols = tuple(stands_for[leaf.name] for leaf in window.left_out)
    others = Window(window.left_out, symbols, window.days, window.left_close)
    least = replace(target, least_sessions=LEAST_SESSIONS)
    return replace(window, left_wrong=_one_unusable(least, others, on, calendar)), ""


def _window(
    target: MovingTarget,
    prices: Prices,
    leaves: tuple[Range, ...],
    stands_for: Mapping[str, str],
    on: date,
) -> Window:
    """The days on which all leaves have a price, from the start of the history asked for.

    By pairs, the days on which any has one; where it leaves out, those of who know long enough.
    """
    import numpy as np

    symbols = tuple(stands_for[leaf.name] for leaf in leaves)
    start = np.datetime64(months_before(on, target.months), "D")
    first, last = np.searchsorted(prices.dates, [start, np.datetime64(on, "D")], side="right")
    columns = [prices.symbols.index(symbol) for symbol in symbols]
    close = prices.close[first:last][:, columns]
    known = ~np.isnan(close)
    left_out: tuple[Range, ...] = ()
    left_close = None
    if target.missing == "leave-out":
        count = known.sum(axis=0)
        stays = count >= LONG_ENOUGH * count.max(initial=0)
        left_out = tuple(leaf for leaf, stay in zip(leaves, stays, strict=True) if not stay)
        leaves = tuple(leaf for leaf, stay in zip(leaves, stays, strict=True) if stay)
        symbols = tuple(stands_for[leaf.name] for leaf in leaves)
        left_close = close[:, ~stays] if left_out else None
        close, known = close[:, stays], known[:, stays]
    kept = known.any(axis=1) if target.missing == "pairwise" else known.all(axis=1)
    days = tuple(day.item() for day in prices.dates[first:last][kept].astype("datetime64[D]"))
    if left_close is not None:
        left_close = np.asarray(left_close[kept], dtype=np.float64)
    close = np.asarray(close[kept], dtype=np.float64)
    counts = tuple(known.sum(axis=0).tolist())
    return Window(leaves, symbols, days, close, left_out, left_close, counts=counts)


def _young(target: MovingTarget, window: Window) -> str:
    """Whose prices are too few by themselves, and what goes on without them; or nothing."""
    few = {
        symbol: count
        for symbol, count in zip(window.symbols, window.counts, strict=False)
        if count < target.least_sessions
    }
    if not few or len(few) == len(window.symbols) or target.missing != "common":
        return ""
    told = ", ".join(f"{symbol} has {count}" for symbol, count in few.items())
    return (
        f' Of these {told} alone: missing_history = "leave-out" goes on without, and "pairwise" '
        "learns from what each has."
    )


def _unusable(target: MovingTarget, window: Window, on: date, calendar: Calendar) -> str:
    """Why nothing can be learned from a stretch of prices, in a sentence; or nothing."""
    import numpy as np

    for leaf in window.left_out:
        if leaf.least > 0 or target.kept.benchmark.get(leaf.name):
            return (
                f"{leaf.name} has less than {LONG_ENOUGH:.0%} of the longest history and is left "
                "out (missing_history), but it has to be held, or a benchmark holds it: take that "
                'away, or write missing_history = "common".'
            )
    if target.missing == "pairwise":
        return _one_unusable(target, window, on, calendar)
    days = window.days
    names = ", ".join(window.symbols)
    if len(days) < target.least_sessions:
        span = f", {days[0]} to {days[-1]}" if days else ""
        return (
            f"the history is too short: in the {span_of(target.months)} to {on} all of {names} "
            f"have prices on {len(days)} sessions{span}, and {target.least_sessions} are the least "
            f"to learn from (least_sessions).{_young(target, window)}"
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


def _one_unusable(target: MovingTarget, window: Window, on: date, calendar: Calendar) -> str:
    """Why nothing can be learned from the own days of one of the leaves, the first; or nothing."""
    alone = replace(target, missing="common")
    each = (_with_prices_of(window, place) for place in range(len(window.leaves)))
    return next(filter(None, (_unusable(alone, one, on, calendar) for one in each)), "")


def _with_prices_of(window: Window, place: int) -> Window:
    """The stretch of one leaf alone, on the days that it has."""
    import numpy as np

    has = np.flatnonzero(~np.isnan(window.close[:, place]))
    return Window(
        (window.leaves[place],),
        (window.symbols[place],),
        tuple(window.days[i] for i in has),
        window.close[has][:, [place]],
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A year's estimates of the leaves that have prices, with the returns that they are of.

    Args:
        seen: The estimates.
        returns: Shape (sessions, leaves); NaN only where each learns from its own days.
        findings: What was repaired, or left out.
        outlook: The estimates as a decision takes them.
        years: Of history, of the leaf that knows least.
    """

    seen: Foreseen
    returns: Floats
    findings: tuple[told.Finding, ...]
    outlook: Outlook
    years: float


def estimates_of(
    target: MovingTarget, window: Window, year: int, *, spread: Floats | None = None
) -> tuple[Made | None, str]:
    """The estimates by a history that can be used, or why it cannot be.

    Args:
        target, window: How they are made, and of what.
        year: Sessions that make a year.
        spread: A year's covariance of the leaves that is given, in place of one that is estimated.
    """
    from trimtab.estimates.covariance import pairwise_covariance
    from trimtab.estimates.history import usable
    from trimtab.estimates.repair import repaired
    from trimtab.targets.estimators.missing import years_known

    names = window.symbols
    missing: Missing = "pairwise" if target.missing == "pairwise" else "common"
    history = usable(window.returns, names=names, missing=missing)
    short = ("history-shortened", "history-pairwise")
    left_out = [f.message for f in history.findings if f.code not in short]
    if left_out:
        return None, " ".join(left_out)
    if spread is None and is_complete(history.returns):
        spread = covariance_by(
            target.covariance, history.returns, sessions_a_year=year, half_life=target.half_life
        )
    elif spread is None:
        fades = target.half_life if target.covariance == "ewm" else None
        spread = pairwise_covariance(history.returns, half_life=fades, sessions_a_year=year)
    fit = repaired(spread, names=names)
    if fit.covariance is None:
        return None, " ".join(one.message for one in fit.findings)
    try:
        seen = foresee(
            target.expected,
            history.returns,
            fit.covariance,
            [leaf.name for leaf in window.leaves],
            risk_free=target.asked.risk_free,
            sessions_a_year=year,
        )
    except ValueError as error:
        return None, f"{error}."
    outlook = _outlook(target, window, seen, year)
    said = (*_told_of(window, history.findings), *fit.findings, *absurd(fit.covariance, names))
    years = years_known(history.returns, sessions_a_year=year)
    return Made(seen, history.returns, said, outlook, years), ""


def _told_of(window: Window, found: Sequence[told.Finding]) -> list[told.Finding]:
    """What does not count of the history: leaves that are left out, days that a pair lacks."""
    said = [one for one in found if one.code == "history-pairwise"]
    if window.left_out:
        names = ", ".join(leaf.name for leaf in window.left_out)
        message = (
            f"{names}: less than {LONG_ENOUGH:.0%} of the longest history is known, so nothing is "
            "held of it (missing_history)"
        )
        said.append(told.Finding("history-left-out", "target", message))
    return said


def _outlook(target: MovingTarget, window: Window, seen: Foreseen, year: int) -> Outlook:
    """The estimates as a decision takes them: in whole units.

    What is held of leaves that are left out is weighed too, by the days that they have.
    """
    asked, leaves = target.asked, (*window.leaves, *window.left_out)
    covariance, expected = seen.covariance, seen.expected
    if window.left_close is not None:
        found, wrong = _with_left_out(target, window, window.left_close, seen, year)
        if found is None:
            names = ", ".join(leaf.name for leaf in window.left_out)
            return Outlook(
                "",
                lacking=f"nothing is estimated of {names}, which missing_history leaves out: "
                f"{wrong} Name a stand-in with a longer history, or take the sleeve away.",
            )
        covariance, expected = found
    largest = max(abs(covariance).max(), abs(expected).max())
    if not largest < MOST:
        return Outlook("", lacking=f"a year's estimates are as large as {largest:.3g}")
    has_utility = asked.objective == "utility"
    return Outlook(
        "",
        tuple(leaf.name for leaf in leaves),
        tuple(tuple(round(c * UNIT) for c in row) for row in covariance.tolist()),
        tuple(round(r * UNIT) for r in expected.tolist()),
        Decimal(repr(asked.risk_aversion)) if has_utility else None,
        window.days[0],
        window.days[-1],
        len(window.days),
        risk_free=round(asked.risk_free * UNIT),
    )


def _with_left_out(
    target: MovingTarget, window: Window, left_close: Floats, seen: Foreseen, year: int
) -> tuple[tuple[Floats, Floats] | None, str]:
    """A year's covariance and returns of all leaves, or why there are none for those left out.

    Among the others they are those of the target; what is left out comes last, by pairs.
    """
    import numpy as np

    from trimtab.estimates.covariance import pairwise_covariance
    from trimtab.estimates.repair import repaired
    from trimtab.targets.estimators.missing import EXPECTED_BY_OWN
    from trimtab.targets.objectives.estimated import expected_by

    if window.left_wrong:
        return None, window.left_wrong
    word = target.expected
    if not isinstance(word, str) or word not in EXPECTED_BY_OWN:
        return None, f"what is expected is not of its own history: {', '.join(EXPECTED_BY_OWN)} is."
    own, n = returns_by_own(left_close), len(window.leaves)
    spread = pairwise_covariance(np.hstack([window.returns, own]), sessions_a_year=year)
    spread[:n, :n] = seen.covariance
    fit = repaired(spread, names=[leaf.name for leaf in (*window.leaves, *window.left_out)])
    if fit.covariance is None:
        return None, " ".join(one.message for one in fit.findings)
    expected = np.append(seen.expected, expected_by(word, own, sessions_a_year=year))
    return (fit.covariance, expected), ""


def year_of(calendar: Calendar) -> int:
    """Sessions that make a year."""
    return 365 if len(calendar.weekdays) == 7 else 252


def span_of(months: int) -> str:
    """Months in words."""
    years, rest = divmod(months, 12)
    if rest:
        return f"{months} months"
    return "year" if years == 1 else f"{years} years"
