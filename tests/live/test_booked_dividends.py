"""A dividend that the record has otherwise than the price file shows it now."""

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
from trimtab.model.findings import Finding

DAY = date(2024, 3, 28)


def book_of(path: Path, dividend: str, *more: str) -> OpenBook:
    """The folder with a dividend of VTI on 28 March, as the file says it now."""
    rows = [
        "date,symbol,close,split,dividend", "2024-03-27,VTI,260,,", "2024-03-27,BND,72.5,,",
        f"2024-03-28,VTI,260,,{dividend}", "2024-03-28,BND,72.5,,", *more,
    ]  # fmt: skip
    (path / "prices.csv").write_text("".join(f"{row}\n" for row in rows))
    return open_book(path, clock=StillClock(datetime(2024, 4, 1, 21, 0, tzinfo=UTC)))


def booked(path: Path, *, broker: str = "paper") -> OpenBook:
    """A record with that dividend at 0.50 a unit: 45.00 in roth, 25.00 in taxed."""
    folder(path, roth=broker, taxed=broker)
    book = book_of(path, "0.50")
    book.deposit("roth", "1", on=DAY)
    return book


def told(book: OpenBook) -> list[Finding]:
    """What is said of dividends, on the newest day."""
    return [one for one in book.status().findings if one.code == "dividend-differs"]


def entry_of(book: OpenBook, account: str) -> int:
    """The entry of an account's dividend."""
    return next(
        entry.seq
        for entry in book.entries()
        if entry.kind == "dividend_paid" and entry.body["account"] == account
    )


def test_both_figures_and_the_command_are_told(tmp_path: Path) -> None:
    """What is in the record, what the file makes of it, and the correction, for each account."""
    assert not told(booked(tmp_path))
    book = book_of(tmp_path, "0.555")

    found = told(book)

    assert [one.subject for one in found] == ["roth/VTI", "taxed/VTI"]
    assert "booked 45.00" in found[0].message
    assert "0.555 a unit, which comes to 49.95" in found[0].message
    assert f"ledger correct {entry_of(book, 'roth')} --amount 49.95" in found[0].message
    assert "27.75" in found[1].message  # 50 x 0.555


def test_the_correction_that_is_named_puts_it_right(tmp_path: Path) -> None:
    """Cash is what it would be had the right figure been booked; nothing is said any more."""
    booked(tmp_path)
    book = book_of(tmp_path, "0.60")
    before = book.folded().cash["roth"]

    correct(book, entry_of(book, "roth"), Change(amount=54_00), reason="the file was mended")

    assert book.folded().cash["roth"] == before + 9_00
    assert [one.subject for one in told(book)] == ["taxed/VTI"]


def test_a_dividend_that_the_file_lost_is_to_be_voided(tmp_path: Path) -> None:
    """A row of the day without it says that there was none; a file without the row says nothing."""
    booked(tmp_path)
    lost = told(book_of(tmp_path, ""))
    text = (tmp_path / "prices.csv").read_text().replace("2024-03-28,VTI,260,,\n", "")
    (tmp_path / "prices.csv").write_text(text)

    cut = told(open_book(tmp_path, clock=StillClock(datetime(2024, 4, 1, 21, 0, tzinfo=UTC))))

    assert "no dividend on that day" in lost[0].message
    assert "--void" in lost[0].message
    assert cut == []


def test_what_was_traded_or_split_since_does_not_count(tmp_path: Path) -> None:
    """The dividend is of what was held before its day: later purchases are no difference."""
    book = booked(tmp_path)
    book.apply(book.plan(DAY, now=True).save(), by="me")
    later = book_of(tmp_path, "0.50", "2024-04-01,VTI,130,2,", "2024-04-01,BND,72.5,,")
    later.deposit("roth", "1")

    assert later.folded().positions["roth", "VTI"] not in (90, 180)
    assert not told(later)
    wrong = told(book_of(tmp_path, "0.40", "2024-04-01,VTI,130,2,", "2024-04-01,BND,72.5,,"))
    assert "comes to 36.00" in wrong[0].message


@pytest.mark.parametrize(("dividend", "subjects"), [("0.50", []), ("0.45", ["taxed/VTI"])])
def test_a_dividend_that_a_statement_booked_is_compared_too(
    tmp_path: Path, dividend: str, subjects: list[str]
) -> None:
    """At a real broker it is booked by the file's figure when the cash is seen."""
    book = booked(tmp_path, broker="manual")
    book.adjust(Statement("taxed", {"VTI": Decimal(50), "BND": Decimal(20)}, 525_00))

    found = told(book_of(tmp_path, dividend))

    assert [one.subject for one in found] == subjects
