"""When correlations broke while a policy ran: what `breakdown` acts on, session by session.

The test of a plan (`trimtab.targets.moving.breaking`), asked at every close of what prices said by
then. What broke before a run's first session is known to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.simulate.prices.calendar import period_ends
from trimtab.simulate.prices.history import PriceHistory, day_of
from trimtab.targets.moving.breaking import Breaks
from trimtab.targets.moving.watch import EVERY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Days

MOST_DAYS = 12
"""So many days are listed in a finding."""

MOST_JUDGED = 12
"""Instruments up to which a run is judged that did not ask: more take longer than the run."""


@dataclass(frozen=True, eq=False)
class Struck:
    """What the test says of each session of a run.

    Args:
        at: The session on which what is broken at a session broke, shape (sessions,): 0 for before
            the run, below that where nothing is broken.
        symbols: Whose correlations were judged.
        prices: All that could be known.
        begins: By session: the day on which the target was last found, or looked at.
        unknown: Why nothing can be said of some sessions, in a sentence; else empty.
    """

    at: NDArray[np.int64]
    symbols: tuple[str, ...]
    prices: PriceHistory
    begins: Sequence[date]
    unknown: str

    def told(self, session: int, day: date) -> str:
        """What broke, in words, as a plan of that day says it."""
        found = _breaks(self.prices).struck(self.prices, self.symbols, self.begins[session], day)
        return f"correlations broke away from their past on {found.since}: {found.told}"


def struck(target: object, symbols: Sequence[str], prices: PriceHistory, dates: Days) -> Struck:
    """What the test says of each session of a run.

    Args:
        target: What a policy with `breakdown` holds.
        symbols: What it may hold.
        prices: All prices, from before the run as well.
        dates: The run's sessions.
    """
    import numpy as np

    target = getattr(target, "source", None) or target
    own = getattr(target, "judged", symbols)
    names = tuple(symbol for symbol in dict.fromkeys(own) if symbol != CASH)
    days = [day_of(one) for one in dates]
    found_on = getattr(target, "found_on", None)
    begins = [found_on(day) for day in days] if found_on else _month_ends(prices, dates)
    found = _breaks(prices).each(prices, names, begins, days)
    at = np.full(len(days), -1, dtype=np.int64)
    for session, one in enumerate(found):
        if one.since is not None:
            at[session] = np.searchsorted(dates, np.datetime64(one.since, "D"))
    lacking = [session for session, one in enumerate(found) if one.lacking]
    unknown = ""
    if lacking:
        first = found[lacking[0]]
        unknown = (
            f"on {len(lacking)} of {len(days)} sessions, first on {days[lacking[0]]}, nobody can "
            f"say whether correlations broke: {first.lacking}"
        )
    return Struck(at, names, prices, begins, unknown)


def _breaks(prices: PriceHistory) -> Breaks:
    """What is known of sessions of these prices, for all policies that ask."""
    return prices.once("breaks", Breaks)


def _month_ends(prices: PriceHistory, dates: Days) -> list[date]:
    """By session: the last month's end that has come; the first price before there is one."""
    import numpy as np

    ends = prices.dates[period_ends(prices.dates, EVERY)]
    places = np.searchsorted(ends, dates, side="right") - 1
    return [day_of(ends[place]) if place >= 0 else prices.first for place in places]


def findings_of(
    found: Struck, label: str, dates: Days, fired: NDArray[np.bool_]
) -> tuple[Finding, ...]:
    """On which days a policy acted since correlations broke, and what could not be known.

    Args:
        found: What the test said.
        label: The policy's.
        dates: The run's sessions.
        fired: By session whether it acted on that.
    """
    import numpy as np

    said: list[Finding] = []
    sessions = np.flatnonzero(fired)
    if len(sessions):
        days = [day_of(dates[session]) for session in sessions]
        message = (
            f"breakdown fired on {_listed(days)}. On the first of them "
            f"{found.told(int(sessions[0]), days[0])}"
        )
        said.append(Finding("breakdown-fired", label, message, "info", on=days[0]))
    if found.unknown:
        said.append(Finding("correlation-history-short", label, found.unknown))
    return tuple(said)


def broke_within(found: Struck, labels: Sequence[str], dates: Days) -> tuple[Finding, ...]:
    """On which days of a run the correlations broke that a target was estimated from.

    Args:
        found: What the test said.
        labels: The policies that hold it, none of which acts on that.
        dates: The run's sessions.
    """
    import numpy as np

    # What broke before the run is no news of it.
    sessions = np.flatnonzero(found.at > 0)
    if not len(sessions):
        return ()
    first = int(sessions[0])
    days = [day_of(dates[session]) for session in np.unique(found.at[sessions])]
    told = found.told(first, day_of(dates[first]))
    message = (
        f"{told}. So on {_listed(days)}: the estimates of its target learned of it afterwards; a "
        "policy with `breakdown` acts on the day"
    )
    return (Finding("correlation-breakdown", ", ".join(labels), message, on=days[0]),)


def _listed(days: Sequence[date]) -> str:
    """How many days, and the first of them."""
    listed = ", ".join(map(str, days[:MOST_DAYS]))
    more = f" and {len(days) - MOST_DAYS} more" if len(days) > MOST_DAYS else ""
    return f"{'1 day' if len(days) == 1 else f'{len(days)} days'}: {listed}{more}"
