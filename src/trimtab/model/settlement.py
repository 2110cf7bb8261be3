"""Settlement: on which day the cash of a trade moves, and when cash may leave an account for it.

A trade counts at once, and its cash moves some business days later. Purchases may be paid with
what was sold and has not settled, as brokers allow in cash accounts: they settle no earlier. What
leaves an account leaves out of what has settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from trimtab.model.sessions import Calendar
from trimtab.model.state import Unsettled

_NORTH_AMERICA = ((date.min, 3), (date(2017, 9, 5), 2), (date(2024, 5, 28), 1))
_TORONTO = ((date.min, 3), (date(2017, 9, 5), 2), (date(2024, 5, 27), 1))
_GERMANY = ((date.min, 2),)
_LONDON = ((date.min, 3), (date(2014, 10, 6), 2))
_AT_ONCE = ((date.min, 0),)

CYCLES: Mapping[str, tuple[tuple[date, int], ...]] = {
    "XNYS": _NORTH_AMERICA,
    "XNAS": _NORTH_AMERICA,
    "XTSE": _TORONTO,
    "XETR": _GERMANY,
    "XFRA": _GERMANY,
    "XLON": _LONDON,
    "24/7": _AT_ONCE,
}
"""Business days from a trade to its settlement, by exchange: from which day of trading on how many.

United States: SEC Rule 15c6-1, three days as adopted in 1993 (releases 34-33023 and 34-34952), two
by release 34-80295 from 5 September 2017, one by release 34-96930 from 28 May 2024. Before 7 June
1995 it was five by custom: those years count as three here. Toronto: National Instrument 24-101,
with the same days, the last one a session earlier. London: two days from 6 October 2014, ahead of
Regulation (EU) 909/2014, article 5(2); in Germany it was two before that.
"""

USUAL_CYCLE = _GERMANY
"""That of any other exchange: two days, as in most of the world."""


def settles_on(calendar: Calendar, traded: date) -> date:
    """The day on which the cash of a trade moves.

    Business days are the exchange's sessions, but for those of New York on which American banks are
    closed, Columbus Day and Veterans Day: what is traded then settles as what was traded before
    (FINRA Notice to Members 95-77).

    >>> memorial = date(2024, 5, 27)
    >>> nyse = Calendar("XNYS", date(2024, 1, 1), date(2024, 12, 31), frozenset({memorial}))
    >>> settles_on(nyse, date(2024, 5, 24)), settles_on(nyse, date(2024, 5, 28))
    (datetime.date(2024, 5, 29), datetime.date(2024, 5, 29))
    """
    cycle = CYCLES.get(calendar.name, USUAL_CYCLE)
    left = [days for begins, days in cycle if begins <= traded][-1]
    in_america = cycle is _NORTH_AMERICA
    day = traded
    while left:
        day += timedelta(days=1)
        is_idle = in_america and _banks_are_closed(day)
        left -= calendar.is_session(day) and not is_idle
    return day


def payable_on(
    cash: int, unsettled: Iterable[Unsettled], account: str, amount: int, *, since: date
) -> date:
    """The first day on which so much cash can leave an account without what is still on its way.

    Args:
        cash: Of the account, minor units, with what has not settled; it covers the amount.
        unsettled: Cash that has not moved yet.
        account: The account.
        amount: Minor units.
        since: No day before this one.

    Returns:
        The day from which on the settled cash is never less than the amount: purchases that
        settle later are paid as well.
    """
    assert cash >= amount, "what is not there is never settled"
    moving: dict[date, int] = {}
    for one in unsettled:
        if one.account == account and one.settles > since:
            moving[one.settles] = moving.get(one.settles, 0) + one.amount
    for settles in sorted(moving, reverse=True):
        # What was there before this day's settlements; going back, the first lack of it decides.
        cash -= moving[settles]
        if cash < amount:
            return settles
    return since


def _banks_are_closed(day: date) -> bool:
    """Whether it is Columbus Day or Veterans Day, on which New York trades and settles nothing."""
    is_monday = day.weekday() == 0
    columbus = day.month == 10 and is_monday and 8 <= day.day <= 14
    # On a Sunday it is kept on the Monday after, on a Saturday not at all.
    veterans = day.month == 11 and (day.day == 11 or (day.day == 12 and is_monday))
    return columbus or veterans
