"""The sessions of a run in account mode: those of the exchange on which there are prices.

A day without any price is no day on which somebody could have traded. Prices that come once a week
or month make each of their days a session, weekend or not, as they are in research mode: what is
due at a month's end is then looked at when the month has its price.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.sessions import Calendar
from trimtab.simulate.prices.silences import silence_told, silences

MOST_WITHOUT = 2
"""Where only one session of so many has prices of all, their days alone are sessions."""

NAMED = 5
"""So many days or instruments are named."""


@dataclass(frozen=True, slots=True)
class PricedDays:
    """Sessions with prices.

    Args:
        calendar: The exchange's, with those as its sessions while there are prices.
        days: From the first day on which all have a price to the last of any.
        empty: Sessions of the exchange in between on which nothing has a price.
        findings: That the run looks on few sessions only.
    """

    calendar: Calendar
    days: tuple[date, ...]
    findings: tuple[Finding, ...] = ()
    empty: tuple[date, ...] = ()

    def left_out(self, first: date, last: date, *, source: str) -> list[Finding]:
        """What is to be said of sessions without any price: long stretches with their length.

        Args:
            first, last: Of a run.
            source: Where the prices are from.
        """
        import numpy as np

        days = np.array([day for day in self.days if first <= day <= last], dtype="datetime64[D]")
        stretches = silences(days)
        single = [
            day
            for day in self.empty
            if first <= day <= last and not any(a < day < b for a, b in stretches)
        ]
        told = [_empty(single, self.calendar.name)] if single else []
        return [*silence_told(days, source), *told]


def priced_days(
    calendar: Calendar,
    needed: Mapping[str, Sequence[date]],
    *,
    typed: Collection[str] = (),
    others: Sequence[Sequence[date]] = (),
) -> PricedDays:
    """On which days a run looks and trades.

    Args:
        calendar: The exchange's sessions.
        needed: Days with a price of each instrument that is needed to begin, oldest first.
        typed: Those of them whose prices are typed in, and hold until the next one.
        others: Days with a price of the others.
    """
    if not needed or not all(needed.values()):
        return PricedDays(calendar, ())
    first = max(days[0] for days in needed.values())
    last = max(days[-1] for days in needed.values())
    sessions = calendar.sessions(first, last)
    traded = {name: {*days} for name, days in needed.items() if name not in typed}
    if not traded:
        return PricedDays(calendar, sessions)
    common = set.intersection(*traded.values())
    of_all = sorted(day for day in common if first <= day <= last)
    if len(of_all) * MOST_WITHOUT < len(sessions):
        found = _only(calendar, sessions, of_all)
        return replace(found, findings=(_few(sorted(traded), of_all, sessions, calendar.name),))
    priced = {day for days in (*needed.values(), *others) for day in days}
    found = _only(calendar, sessions, [day for day in sessions if day in priced])
    return replace(found, empty=tuple(day for day in sessions if day not in priced))


def _only(calendar: Calendar, sessions: Sequence[date], days: Sequence[date]) -> PricedDays:
    """Some days as the only sessions of a span; the very calendar where they are all of them."""
    if tuple(days) == tuple(sessions):
        return PricedDays(calendar, tuple(days))
    kept, dropped = {*days}, {*sessions}.difference(days)
    usual = calendar.weekdays
    made = replace(
        calendar,
        first=min([calendar.first, *days]),
        last=max([calendar.last, *days]),
        closed=calendar.closed.union(d for d in dropped if d.weekday() in usual) - kept,
        extra=calendar.extra.union(d for d in kept if d.weekday() not in usual) - dropped,
    )
    return PricedDays(made, tuple(days))


def _few(
    names: Sequence[str], days: Sequence[date], sessions: Sequence[date], market: str
) -> Finding:
    named = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    message = (
        f"{named}{more}: a price of {'each' if len(names) > 1 else 'it'} on {len(days):,} days "
        f"only, of {len(sessions):,} sessions of {market}: the run looks and trades on those days "
        "alone, and counts the age of a price in them. To have it look at every session, give "
        "prices of every session"
    )
    return Finding("sessions-of-prices", market, message, "info")


def _empty(days: Sequence[date], market: str) -> Finding:
    named = ", ".join(map(str, days[:NAMED]))
    more = f" and {len(days) - NAMED:,} more" if len(days) > NAMED else ""
    message = (
        f"no price of anything on {named}{more}, sessions of {market}: left out, nothing is "
        "decided or traded then. Add their rows if there were prices"
    )
    return Finding("session-dropped", market, message, "warning")
