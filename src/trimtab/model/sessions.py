"""Exchange sessions: on which days a market trades, where a period ends, which days are short."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date, time, timedelta
from functools import cached_property
from typing import Literal, TypeAlias, get_args

#: The calendar periods of a policy, in the words of a policy.
Period: TypeAlias = Literal["daily", "weekly", "monthly", "quarterly", "annual"]
PERIODS: tuple[Period, ...] = get_args(Period)

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """The sessions of one exchange, as plain dates.

    Outside `first` to `last` nothing is known about holidays: every usual weekday counts as a
    session and `covers` is False, so that whoever relies on it can say so.

    Args:
        name: Its market identifier code, such as `XNYS`.
        first: First day of the table.
        last: Last day of the table.
        closed: Usual weekdays without a session.
        extra: Sessions on days of the week that are otherwise without.
        early: Half days, with the local time at which each closes.
        weekdays: Days of the week with sessions, Monday being 0.
        timezone: IANA name of the zone that `opens` and `closes` are in.
        opens: Local time at which a usual session opens.
        closes: Local time at which a usual session closes.

    >>> good_friday = date(2024, 3, 29)
    >>> market = Calendar("XNYS", date(2024, 1, 1), date(2024, 12, 31), frozenset({good_friday}))
    >>> market.is_session(good_friday), market.period_end("monthly", date(2024, 3, 5))
    (False, datetime.date(2024, 3, 28))
    """

    name: str
    first: date
    last: date
    # Hundreds of days: left out where a calendar is shown.
    closed: frozenset[date] = field(default=frozenset(), repr=False)
    extra: frozenset[date] = field(default=frozenset(), repr=False)
    early: Mapping[date, time] = field(default_factory=dict, hash=False, repr=False)
    weekdays: frozenset[int] = frozenset(range(5))
    timezone: str = "UTC"
    opens: time = time(9, 30)
    closes: time = time(16, 0)

    def __post_init__(self) -> None:
        assert self.first <= self.last, f"{self.name}: the table ends before it begins"
        assert self.weekdays, f"{self.name}: a market without any day of trading"
        assert self.weekdays <= frozenset(range(7)), f"{self.name}: a week has days 0 to 6"
        assert all(day.weekday() in self.weekdays for day in self.closed), (
            f"{self.name}: closed on a day that has no session anyway"
        )
        assert all(day.weekday() not in self.weekdays for day in self.extra), (
            f"{self.name}: an extra session on a day that has one anyway"
        )

    def covers(self, day: date) -> bool:
        """Whether holidays of that day are known."""
        return self.first <= day <= self.last

    def is_session(self, day: date) -> bool:
        """Whether the market trades on that day."""
        if day.weekday() in self.weekdays:
            return day not in self.closed
        return day in self.extra

    def closing_time(self, day: date) -> time:
        """The local time, in `timezone`, at which that session closes."""
        assert self.is_session(day), f"{self.name} has no session on {day}"
        return self.early.get(day, self.closes)

    def session_on_or_before(self, day: date) -> date:
        """That day when it is a session, else the last session before it."""
        while not self.is_session(day):
            day -= _DAY
        return day

    def session_on_or_after(self, day: date) -> date:
        """That day when it is a session, else the first session after it."""
        while not self.is_session(day):
            day += _DAY
        return day

    def next_session(self, day: date) -> date:
        """The first session after that day, which need not be one itself."""
        return self.session_on_or_after(day + _DAY)

    def sessions(self, start: date, end: date) -> tuple[date, ...]:
        """All sessions from `start` to `end`, both included."""
        span = (end - start).days + 1
        days = (start + timedelta(days=i) for i in range(span))
        return tuple(day for day in days if self.is_session(day))

    def sessions_between(self, start: date, end: date) -> int:
        """How many sessions after `start` there are up to `end`, `end` included.

        This is the age in sessions, on `end`, of a price of `start`. Counted, not walked: the
        distance does not matter. Negative when `end` is earlier.
        """
        if end < start:
            return -self.sessions_between(end, start)
        return self._count_to(end) - self._count_to(start)

    def period_key(self, kind: Period, day: date) -> str:
        """The name of the calendar period that holds that day; of one kind, they sort by time.

        >>> days = Calendar("24/7", date.min, date.max)
        >>> [days.period_key(kind, date(2024, 12, 30)) for kind in PERIODS]
        ['2024-12-30', '2025-W01', '2024-12', '2024-Q4', '2024']
        """
        match kind:
            case "daily":
                return day.isoformat()
            case "weekly":
                year, week, _ = day.isocalendar()
                return f"{year:04d}-W{week:02d}"
            case "monthly":
                return f"{day.year:04d}-{day.month:02d}"
            case "quarterly":
                return f"{day.year:04d}-Q{(day.month + 2) // 3}"
            case "annual":
                return f"{day.year:04d}"

    def period_end(self, kind: Period, day: date) -> date:
        """The last session of the calendar period that holds that day.

        Weeks run from Monday to Sunday. A period without any session ends at the last session
        before it.
        """
        return self.session_on_or_before(_last_day(kind, day))

    def period_due(self, kind: Period, day: date) -> str:
        """The newest period whose last session is that day or was before it.

        A policy on a calendar is due when this is newer than the period it last acted on, so a
        last session that was missed is made up for at the next one.
        """
        if self.period_end(kind, day) <= day:
            return self.period_key(kind, day)
        return self.period_key(kind, _first_day(kind, day) - _DAY)

    def last_period_end(self, kind: Period, day: date) -> date:
        """The last session of the newest period that has ended by that day.

        >>> Calendar("24/7", date.min, date.max).last_period_end("monthly", date(2024, 3, 5))
        datetime.date(2024, 2, 29)
        """
        end = self.period_end(kind, day)
        if end <= day:
            return end
        return self.session_on_or_before(_first_day(kind, day) - _DAY)

    @cached_property
    def _closed_sorted(self) -> tuple[date, ...]:
        return tuple(sorted(self.closed))

    @cached_property
    def _extra_sorted(self) -> tuple[date, ...]:
        return tuple(sorted(self.extra))

    @cached_property
    def _weekdays_before(self) -> tuple[int, ...]:
        """Usual sessions in the first n days of a week, for n from 0 to 6."""
        return tuple(sum(day < n for day in self.weekdays) for n in range(7))

    def _count_to(self, day: date) -> int:
        """Sessions from the first of all days to that one, the day included."""
        # Day 1 of the proleptic calendar is a Monday.
        weeks, rest = divmod(day.toordinal(), 7)
        usual = weeks * len(self.weekdays) + self._weekdays_before[rest]
        closed = bisect_right(self._closed_sorted, day)
        return usual - closed + bisect_right(self._extra_sorted, day)


def _first_day(kind: Period, day: date) -> date:
    match kind:
        case "daily":
            return day
        case "weekly":
            return day - timedelta(days=day.weekday())
        case "monthly":
            return day.replace(day=1)
        case "quarterly":
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case "annual":
            return date(day.year, 1, 1)


def _last_day(kind: Period, day: date) -> date:
    match kind:
        case "daily":
            return day
        case "weekly":
            return day + timedelta(days=6 - day.weekday())
        case "monthly":
            return _month_end(day.year, day.month)
        case "quarterly":
            return _month_end(day.year, day.month + (-day.month) % 3)
        case "annual":
            return date(day.year, 12, 31)


def _month_end(year: int, month: int) -> date:
    if month == 12:
        return date(year, 12, 31)
    return date(year, month + 1, 1) - _DAY


#: Every day is a session, for markets that never close.
ALWAYS = Calendar(
    "24/7",
    date(MINYEAR, 1, 1),
    date(MAXYEAR, 12, 31),
    weekdays=frozenset(range(7)),
    opens=time(0, 0),
    closes=time(0, 0),
)
