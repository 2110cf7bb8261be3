"""Dividends that brokers owe: of what was held before the ex-date, until they are booked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import folder
from trimtab.adapters.clock import StillClock
from trimtab.execution.correcting.task import Change
from trimtab.execution.reconcile import Statement
from trimtab.live.book import OpenBook, open_book
from trimtab.live.corrections import correct
from trimtab.live.elsewhere import book_trades
from trimtab.model.findings import Finding

EX = date(2024, 4, 2)
ROWS = [
    "date,symbol,close,dividend",
    "2024-03-28,VTI,260,", "2024-03-28,BND,72.5,",
    "2024-04-01,VTI,260,", "2024-04-01,BND,72.5,",
    "2024-04-02,VTI,260,1.00", "2024-04-02,BND,72.5,",
    "2024-04-03,VTI,260,", "2024-04-03,BND,72.5,",
]  # fmt: skip


def book_of(path: Path, day: date = date(2024, 4, 3), *, rows: int = len(ROWS)) -> OpenBook:
    """The folder traded by hand, on an evening; the file has so many of its rows by then."""
    if not (path / "portfolio.toml").exists():
        folder(path, roth="manual", taxed="manual")
    (path / "prices.csv").write_text("\n".join(ROWS[:rows]) + "\n")
    return open_book(path, clock=StillClock(datetime(day.year, day.month, day.day, 21, tzinfo=UTC)))


def traded(book: OpenBook, row: str) -> None:
    """Book a trade of the taxed account outside any plan."""
    file = book.folder / "trades.csv"
    file.write_text(f"account,symbol,side,quantity,price,date\ntaxed,{row}\n")
    book_trades(book, file, as_it_was=True)


def stated(vti: int, cash: int) -> Statement:
    """What the taxed account's broker says."""
    return Statement("taxed", {"VTI": Decimal(vti), "BND": Decimal(20)}, cash)


def told(book: OpenBook, code: str = "dividend-expected") -> list[str]:
    """What is said of the taxed account's dividends."""

    def is_of_taxed(one: Finding) -> bool:
        return one.code == code and one.subject == "taxed/VTI"

    return [one.message for one in book.status().findings if is_of_taxed(one)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("VTI,buy,1,260,2024-04-02", "expect 50.00"),
        ("VTI,sell,20,260,2024-04-02", "expect 50.00"),
        ("VTI,buy,1,260,2024-04-01", "expect 51.00"),
        ("VTI,sell,20,260,2024-04-01", "expect 30.00"),
    ],
)
@pytest.mark.parametrize("rows", [5, 7, 9])
def test_the_position_before_the_ex_date_counts(
    tmp_path: Path, row: str, expected: str, rows: int
) -> None:
    """By the days of the trades, whether they are booked before or after the ex-date is known."""
    book = book_of(tmp_path, rows=rows)
    book.deposit("roth", "1", on=date(2024, 4, 3))
    traded(book, row)

    (message,) = told(book_of(tmp_path))

    assert expected in message


def test_what_was_sold_before_the_ex_date_pays_nothing(tmp_path: Path) -> None:
    """A sale of everything, recorded after the dividend was seen, ends the expectation."""
    book = book_of(tmp_path)
    book.deposit("roth", "1")
    assert told(book)

    traded(book, "VTI,sell,50,260,2024-04-01")

    assert told(book) == []


def test_a_trade_that_was_voided_does_not_count(tmp_path: Path) -> None:
    """What never happened was not held, whenever that was found out."""
    book = book_of(tmp_path)
    book.deposit("roth", "1")
    traded(book, "VTI,sell,20,260,2024-04-01")
    (seq,) = [entry.seq for entry in book.entries() if entry.kind == "filled"]

    correct(book, seq, Change(void=True), reason="it was another account")

    assert "expect 50.00" in told(book)[0]


def test_the_true_dividend_is_booked_as_one(tmp_path: Path) -> None:
    """The statement's cash is what the position before the ex-date earned: no transfer."""
    book = book_of(tmp_path)
    book.deposit("roth", "1")
    traded(book, "VTI,buy,1,260,2024-04-02")

    book.adjust(stated(51, 500_00 - 260_00 + 50_00))

    assert [e.body["amount"] for e in book.entries() if e.kind == "dividend_paid"] == ["50.00"]
    assert [e for e in book.entries() if e.kind == "transferred"] == []
    assert told(book) == []
    assert told(book, "dividend-differs") == []


def test_a_voided_dividend_is_expected_again(tmp_path: Path) -> None:
    """The same statement books it once more, as often as it is voided."""
    book = book_of(tmp_path)
    statement = stated(50, 550_00)
    for _ in range(3):
        book.adjust(statement)
        seq = book.entries()[-1].seq
        assert book.entries()[-1].kind == "dividend_paid"
        assert told(book) == []

        correct(book, seq, Change(void=True), reason="it was not it")

        assert "expect 50.00" in told(book)[0]
    book.adjust(statement)

    assert book.compare(statement) == ()
    assert told(book) == []
    assert book.folded().cash["taxed"] == 550_00


def test_an_expectation_says_when_it_lapses_and_that_it_has(tmp_path: Path) -> None:
    """The day is told from the beginning; after it that is said for a month, and then no more."""
    book = book_of(tmp_path)
    book.deposit("roth", "1")
    (message,) = told(book)
    found = []
    for day in ("2024-07-03", "2024-07-05", "2024-08-30"):
        rows = [f"{day},VTI,260,", f"{day},BND,72.5,"]
        later = book_of(tmp_path, date.fromisoformat(day))
        with (tmp_path / "prices.csv").open("a") as file:
            file.write("\n".join(rows) + "\n")
        later.deposit("roth", "1")
        found.append((len(told(later)), len(told(later, "dividend-lapsed"))))

    assert "waited for until 2024-07-03" in message
    assert found == [(1, 0), (0, 1), (0, 0)]


def test_a_record_that_was_left_alone_still_waits(tmp_path: Path) -> None:
    """Half a year without a word: what status expects is what an import books."""
    book_of(tmp_path, date(2024, 4, 1), rows=5).deposit("roth", "1")
    book_of(tmp_path)
    with (tmp_path / "prices.csv").open("a") as file:
        file.write("2024-09-03,VTI,260,\n2024-09-03,BND,72.5,\n")
    later = open_book(tmp_path, clock=StillClock(datetime(2024, 9, 3, 21, tzinfo=UTC)))
    assert "expect 50.00" in told(later)[0]

    later.adjust(stated(50, 550_00))

    assert [e.body["amount"] for e in later.entries() if e.kind == "dividend_paid"] == ["50.00"]
