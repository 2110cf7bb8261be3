"""When a day has begun at an exchange."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from trimtab.adapters.calendars import calendar
from trimtab.adapters.exchange_day import has_begun, need_begun
from trimtab.model.errors import RefusedError

MONDAY = date(2026, 3, 30)


@pytest.mark.parametrize(
    ("name", "last_before", "first_of"),
    [
        ("XNYS", "2026-03-30T03:59:59", "2026-03-30T04:00:00"),  # summer time in New York
        ("XLON", "2026-03-29T22:59:59", "2026-03-29T23:00:00"),  # and in London, for one day
        ("24/7", "2026-03-29T23:59:59", "2026-03-30T00:00:00"),
    ],
)
def test_a_day_begins_where_its_exchange_is(name: str, last_before: str, first_of: str) -> None:
    """Neither when it has begun somewhere on earth, nor by the clock in Greenwich."""
    exchange = calendar(name)
    before = datetime.fromisoformat(last_before).replace(tzinfo=UTC)
    first = datetime.fromisoformat(first_of).replace(tzinfo=UTC)

    assert not has_begun(exchange, MONDAY, before)
    assert has_begun(exchange, MONDAY, first)
    need_begun(exchange, MONDAY, first)
    with pytest.raises(RefusedError, match="2026-03-30"):
        need_begun(exchange, MONDAY, before)
