"""The day on which a trade settles, and when cash may leave an account."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from trimtab.adapters.calendars import calendar, calendar_names
from trimtab.model.sessions import Calendar
from trimtab.model.settlement import payable_on, settles_on
from trimtab.model.state import Unsettled

NYSE = calendar("XNYS")


@pytest.mark.parametrize(
    ("traded", "settled"),
    [
        # FINRA Notice to Members 99-83: banks are closed on Columbus Day, 11 October 1999.
        ("1999-10-05", "1999-10-08"),
        ("1999-10-06", "1999-10-12"),
        ("1999-10-08", "1999-10-14"),
        ("1999-10-11", "1999-10-14"),
        # 11 November 2012 was a Sunday: Veterans Day was kept on Monday.
        ("2012-11-08", "2012-11-14"),
        # The last day of three, Friday before Labor Day, and the first of two.
        ("2017-09-01", "2017-09-07"),
        ("2017-09-05", "2017-09-07"),
        # The last day of two, Friday before Memorial Day, and the first of one.
        ("2024-05-23", "2024-05-28"),
        ("2024-05-24", "2024-05-29"),
        ("2024-05-28", "2024-05-29"),
        ("2024-05-31", "2024-06-03"),
    ],
)
def test_american_trades_settle_by_the_rule_of_their_day(traded: str, settled: str) -> None:
    """Three business days, two from 5 September 2017, one from 28 May 2024, as was published."""
    assert settles_on(NYSE, date.fromisoformat(traded)) == date.fromisoformat(settled)


@pytest.mark.parametrize("name", calendar_names())
def test_a_later_trade_never_settles_earlier(name: str) -> None:
    """Over every change of the rule and every holiday: what pays for a purchase is there then."""
    own = calendar(name)
    days = [day for start in (2014, 2017, 2024)
            for day in own.sessions(date(start, 4, 1), date(start, 12, 31))]  # fmt: skip

    settled = [settles_on(own, day) for day in days]

    assert settled == sorted(settled)
    assert all(one >= day for day, one in zip(days, settled, strict=True))


def test_other_exchanges_settle_by_their_own_rule() -> None:
    """Friday 5 January 2024: London and Frankfurt on Tuesday, Toronto too; what never closes at
    once, and an exchange that is not known after two sessions.
    """
    friday = date(2024, 1, 5)
    unknown = Calendar("XXXX", date(2020, 1, 1), date(2025, 1, 1))

    found = {n: settles_on(calendar(n), friday) for n in ("XLON", "XETR", "XFRA", "XTSE", "24/7")}

    tuesday = date(2024, 1, 9)
    assert found == {**dict.fromkeys(("XLON", "XETR", "XFRA", "XTSE"), tuesday), "24/7": friday}
    assert settles_on(unknown, friday) == tuesday
    assert settles_on(calendar("XTSE"), date(2024, 5, 27)) == date(2024, 5, 28)
    assert settles_on(calendar("XLON"), date(2014, 10, 3)) == date(2014, 10, 8)
    assert settles_on(calendar("XLON"), date(2014, 10, 6)) == date(2014, 10, 8)


def test_cash_leaves_when_nothing_that_is_on_its_way_is_missing_any_more() -> None:
    """100 there, of which 70 settle in two days and 20 will have been spent in three."""
    day = date(2024, 3, 4)
    on = [day + timedelta(days=ahead) for ahead in range(4)]
    moving = [
        Unsettled("a", on[2], 70),
        Unsettled("a", on[3], -20),
        Unsettled("b", on[3], 10_000),
    ]

    found = [payable_on(100, moving, "a", amount, since=day) for amount in (50, 51, 100)]

    assert found == [day, on[2], on[2]]
    assert payable_on(100, moving, "a", 100, since=on[2]) == on[2]
