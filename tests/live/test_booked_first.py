"""What a run says of the splits and dividends that it books before its trades."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.live.folders import folder
from trimtab.adapters.clock import StillClock
from trimtab.live.book import OpenBook, open_book

DAY = date(2024, 3, 28)
SPLIT = "2024-03-28,VTI,130,2,"
DIVIDEND = "2024-03-28,VTI,260,,0.50"


def book_of(path: Path, row: str, *, broker: str = "paper") -> OpenBook:
    """A folder whose VTI has this row on the day of the plan."""
    folder(path, roth=broker, taxed=broker)
    rows = [
        "date,symbol,close,split,dividend", "2024-03-27,VTI,260,,", "2024-03-27,BND,72.5,,",
        row, "2024-03-28,BND,72.5,,",
    ]  # fmt: skip
    (path / "prices.csv").write_text("".join(f"{row}\n" for row in rows))
    return open_book(path, clock=StillClock(datetime(2024, 4, 1, 21, 0, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("row", "expected", "said"),
    [
        (SPLIT, [("split-booked", "VTI")], "2 for 1"),
        (DIVIDEND, [("dividends-booked", "dividends")], "45.00 in roth (VTI); 25.00 in taxed"),
    ],
)
def test_what_apply_books_first_is_in_its_result(
    tmp_path: Path, row: str, expected: list[tuple[str, str]], said: str
) -> None:
    """Quantities or cash change by it: whoever does not look at the plan again sees it here."""
    book = book_of(tmp_path, row)
    path = book.plan(DAY, now=True).save()

    first, again = book.apply(path, by="me"), book.apply(path, by="me")

    booked = [one for one in first.findings if one.code.endswith("-booked")]
    assert [(one.code, one.subject) for one in booked] == expected
    assert said in booked[0].message
    assert not [one for one in again.findings if one.code.endswith("-booked")]


def test_a_split_that_a_ticket_meets_is_told_when_it_is_recorded(tmp_path: Path) -> None:
    """Trades by hand on a later day book what happened until then, and say so."""
    book = book_of(tmp_path, "2024-03-28,VTI,260,,", broker="manual")
    path = book.plan(DAY, now=True).save()
    book.apply(path, by="me")
    with (tmp_path / "prices.csv").open("a") as file:
        file.write("2024-04-01,VTI,130,2,\n2024-04-01,BND,72.5,,\n")
    fills = tmp_path / "fills.csv"
    fills.write_text(
        "account,symbol,side,quantity,price,fees,date\nroth,VTI,sell,1,130,0,2024-04-01\n"
    )
    later = open_book(tmp_path, clock=StillClock(datetime(2024, 4, 1, 21, 0, tzinfo=UTC)))

    applied = later.record(path, fills, as_it_was=True)

    assert ("split-booked", "VTI") in [(one.code, one.subject) for one in applied.findings]
