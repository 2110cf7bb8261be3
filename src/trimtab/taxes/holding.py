"""Short-term or long-term: the United States' holding period."""

from __future__ import annotations

from datetime import date, timedelta

from trimtab.model.accounts import Acquired
from trimtab.model.plan import Term


def long_term_from(acquired: date) -> date:
    """The first day on which a sale of what was bought on `acquired` is long-term.

    The period starts the day after purchase and must be more than a year, by calendar dates. What
    was bought on the last day of a month is long-term from the first day of the month after the
    month end one year later. Source: Rev. Rul. 66-97, 70-598.

    >>> long_term_from(date(2012, 9, 19)).isoformat()
    '2013-09-20'
    >>> long_term_from(date(2023, 2, 28)).isoformat()
    '2024-03-01'
    """
    day_after = acquired + timedelta(days=1)
    if day_after.day == 1:
        return day_after.replace(year=day_after.year + 1)
    return acquired.replace(year=acquired.year + 1) + timedelta(days=1)


def term_of(acquired: Acquired, sold: date) -> Term:
    """Whether a sale on `sold` is long-term. What is inherited is; what has no date is not."""
    if acquired == "inherited":
        return "long"
    if acquired is None:
        return "short"
    assert isinstance(acquired, date)
    return "long" if sold >= long_term_from(acquired) else "short"
