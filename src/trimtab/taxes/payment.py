"""When the tax on a year's gains is to be paid."""

from __future__ import annotations

from datetime import date

PAID_IN = (4, 15)
"""Month and day of the next year by which the tax of a calendar year is paid in the United States.

Source: 26 U.S.C. 6072(a) (returns for the calendar year are filed by 15 April) and 6151(a) (the tax
is paid when the return is to be filed). Where that day is no business day the next one counts
(26 U.S.C. 7503). Payments of estimated tax on the way (26 U.S.C. 6654) are not in.
"""


def payable_from(year: int) -> date:
    """The day on which the tax on the gains of a calendar year falls due.

    >>> payable_from(2011).isoformat()
    '2012-04-15'
    """
    month, day = PAID_IN
    return date(year + 1, month, day)
