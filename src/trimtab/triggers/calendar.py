"""Calendar triggers: a period's last session, or the next session when that one was missed."""

from __future__ import annotations

from datetime import date

from trimtab.model.plan import Reading
from trimtab.model.sessions import Calendar, Period


def calendar_reading(
    target: str, kind: Period, *, calendar: Calendar, as_of: date, acted: str | None
) -> tuple[Reading, str]:
    """Whether a period has ended that was not acted on, and the mark of that period.

    Args:
        target: Which target is asked about.
        kind: `daily`, `weekly`, `monthly`, `quarterly` or `annual`.
        calendar: The exchange's sessions.
        as_of: The session of the decision.
        acted: The mark of the newest period acted on, as this function gave it; None for none.

    Returns:
        The reading, and the mark to remember once the period has been acted on.
    """
    period = calendar.period_due(kind, as_of)
    mark = f"{kind}:{period}"
    if acted is not None and acted.startswith(f"{kind}:") and acted >= mark:
        end = calendar.period_end(kind, _next_period_day(calendar, kind, as_of))
        why = f"{period} has been looked at; the next look is at {end}"
        return Reading(target, kind, "", False, why), mark
    ends = calendar.period_end(kind, as_of)
    if ends == as_of:
        why = f"{as_of} is the last session of {period}"
    elif acted is None:
        why = f"no period has been looked at yet; the newest that has ended is {period}"
    else:
        why = f"the last session of {period} was missed, so it is due now"
    return Reading(target, kind, "", True, why), mark


def _next_period_day(calendar: Calendar, kind: Period, as_of: date) -> date:
    """A day of the period whose end is the next one after `as_of`."""
    if calendar.period_end(kind, as_of) > as_of:
        return as_of
    day = calendar.next_session(as_of)
    while calendar.period_key(kind, day) == calendar.period_key(kind, as_of):
        day = calendar.next_session(day)
    return day
