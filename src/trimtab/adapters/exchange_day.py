"""Which day it is at an exchange: a session is in the future until its day has begun there."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trimtab.model.errors import RefusedError
from trimtab.model.sessions import Calendar

_WESTERNMOST = timedelta(hours=12)
_EASTERNMOST = timedelta(hours=14)


def has_begun(calendar: Calendar, day: date, now: datetime) -> bool:
    """Whether a day has begun at an exchange, by the zone of its opening.

    Args:
        calendar: The exchange.
        day: The day.
        now: The instant, aware. Where the machine has no table of time zones, a day has begun once
            it has anywhere on earth.
    """
    if day <= (now - _WESTERNMOST).date():
        return True
    # Only now, since the table of zones is not to be read at every start.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return day <= now.astimezone(ZoneInfo(calendar.timezone)).date()
    except ZoneInfoNotFoundError:
        return day <= (now + _EASTERNMOST).date()


def day_at(calendar: Calendar, now: datetime) -> date:
    """The day that it is at an exchange."""
    day = (now + _EASTERNMOST).date()
    while not has_begun(calendar, day, now):
        day -= timedelta(days=1)
    return day


def need_begun(calendar: Calendar, day: date, now: datetime) -> None:
    """Refuse a day that has not begun at an exchange.

    Raises:
        RefusedError: It is in the future there.
    """
    if not has_begun(calendar, day, now):
        raise RefusedError(
            f"{day} is in the future: it has not begun at {calendar.name} ({calendar.timezone}), "
            "and nobody knows what that day brings. Name an earlier day"
        )
