"""A split that the prices of its day contradict: nobody books it until somebody says a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import folder_with_itot
from trimtab.adapters.clock import StillClock
from trimtab.execution.reconcile import Statement
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import state_digest
from trimtab.live.book import OpenBook, open_book
from trimtab.model.plan import Plan

SPLIT = date(2024, 3, 28)
USUAL = (
    "2024-03-27,VTI,260,,", "2024-03-27,BND,72.5,,", "2024-03-27,ITOT,100,,",
    "2024-03-28,VTI,260,,", "2024-03-28,BND,72.5,,",
)  # fmt: skip
TOLD = "2024-03-28,ITOT,100,2:1,"
"""Two new units for an old one, at the price of the old one."""


def book_of(path: Path, *rows: str, broker: str = "paper") -> OpenBook:
    """A household with a little ITOT and these rows beside the usual ones, on the next evening."""
    folder_with_itot(path, broker=broker)
    return mended(path, *rows)


def mended(path: Path, *rows: str) -> OpenBook:
    """The same household with other rows beside the usual ones."""
    lines = ["date,symbol,close,split,dividend", *USUAL, *rows]
    (path / "prices.csv").write_text("".join(f"{line}\n" for line in lines))
    return open_book(path, clock=StillClock(datetime(2024, 4, 1, 21, 0, tzinfo=UTC)))


def applied(book: OpenBook, prices: Mapping[str, str] | None = None) -> Plan:
    """A plan of the split's day, carried out."""
    plan = book.plan(SPLIT, now=True, prices=prices)
    done = book.apply(plan.save(), by="me")
    assert done.status == "done"
    return plan.value


def units(book: OpenBook) -> tuple[int, int]:
    """ITOT in both accounts, as the record has it."""
    positions = book.folded().positions
    return positions["roth", "ITOT"], positions["taxed", "ITOT"]


def codes(plan: Plan, subject: str = "ITOT") -> set[str]:
    """What is said of an instrument."""
    return {finding.code for finding in plan.findings if finding.subject == subject}


def traded(plan: Plan) -> Sequence[tuple[str, str, str, int]]:
    """What a plan trades."""
    return [(one.account, one.instrument, one.side, one.quantity) for one in plan.trades]


def test_a_plan_that_trades_others_books_no_doubted_split(tmp_path: Path) -> None:
    """What it left out is the same after a replay, and nothing claims that the day is booked."""
    book = book_of(tmp_path, TOLD)

    plan = applied(book)

    assert traded(plan)
    assert "ITOT" not in {trade.instrument for trade in plan.trades}
    assert "split-out-of-phase" in codes(plan)
    entries = book.entries()
    assert "split" not in {entry.kind for entry in entries}
    assert units(book) == (10, 5)
    assert book.folded().booked_through("ITOT") == date(2024, 3, 27)
    assert book.folded().booked_through("VTI") == SPLIT
    assert "ITOT" not in book.folded().accepted
    again = fold(entries[3:], fold(entries[:3]))
    assert state_digest(again) == state_digest(book.folded())


def test_what_has_a_doubted_split_is_worth_what_it_was(tmp_path: Path) -> None:
    """Counted at the old count and the old price: as if the price file told of no split."""
    doubted = book_of(tmp_path / "a", TOLD).status(SPLIT)
    without = book_of(tmp_path / "b", "2024-03-28,ITOT,100,,").status(SPLIT)

    assert doubted.drift_before == without.drift_before
    (message,) = [f.message for f in doubted.findings if f.code == "split-out-of-phase"]
    assert "the split is not booked, and ITOT is counted at 100" in message


def test_a_reverse_split_counts_against_the_limit_at_the_higher_worth(tmp_path: Path) -> None:
    """One for four at an unchanged price: held at the old count, the price is at stake in full."""
    book = book_of(tmp_path, "2024-03-28,ITOT,100,1:4,")

    plan = book.status(SPLIT)

    assert "split-out-of-phase" in codes(plan.value)
    assert (
        plan.drift_before
        == book_of(tmp_path / "b", "2024-03-28,ITOT,100,,").status(SPLIT).drift_before
    )
    assert "prices-refused" not in {finding.code for finding in plan.findings}


def test_the_split_is_booked_once_the_price_is_mended(tmp_path: Path) -> None:
    """The next plan books it, with the day that it is of, and nothing is doubted any more."""
    applied(book_of(tmp_path, TOLD))
    book = mended(tmp_path, "2024-03-28,ITOT,50,2:1,", "2024-04-01,ITOT,50,,")

    plan = book.plan("2024-04-01", now=True, deposits={"roth": "500"})
    book.apply(plan.save(), by="me")

    assert not codes(plan.value) & {"split-out-of-phase", "split-not-booked", "price-jump"}
    assert units(book) == (20, 10)
    assert [e.body["on"] for e in book.entries() if e.kind == "split"] == ["2024-03-28"]


def test_a_split_that_is_taken_out_of_the_file_is_never_booked(tmp_path: Path) -> None:
    """The day counts as booked then, and the price is believed."""
    applied(book_of(tmp_path, TOLD))
    book = mended(tmp_path, "2024-03-28,ITOT,100,,")

    plan = book.plan(SPLIT, now=True, deposits={"roth": "500"})
    book.apply(plan.save(), by="me")

    assert not codes(plan.value) & {"split-out-of-phase", "split-not-booked"}
    assert units(book) == (10, 5)
    assert book.folded().booked_through("ITOT") == SPLIT


def test_a_price_of_a_new_unit_is_the_word_that_books_the_split(tmp_path: Path) -> None:
    """Typed and applied: the split is in the record, and later rows at the new count are right."""
    book = book_of(tmp_path, TOLD)

    plan = applied(book, {"ITOT": "51"})

    assert "split-out-of-phase" not in codes(plan)
    assert units(book) == (20, 10)
    later = mended(tmp_path, TOLD, "2024-04-01,ITOT,52,,").status("2024-04-01")
    assert not codes(later.value) & {"split-out-of-phase", "split-not-booked", "split-missing"}


def test_a_price_of_an_old_unit_is_no_word_for_the_split(tmp_path: Path) -> None:
    """It contradicts the split as the file's does: neither is booked or traded, and it is told."""
    book = book_of(tmp_path, TOLD)

    plan = applied(book, {"ITOT": "99"})

    assert "typed-before-split" in codes(plan)
    assert "ITOT" not in {trade.instrument for trade in plan.trades}
    assert units(book) == (10, 5)
    assert "ITOT" not in book.folded().accepted


def test_a_real_fall_beside_its_split_is_believed_when_it_is_typed(tmp_path: Path) -> None:
    """Two for one and a fall by a third: doubted in the file, booked and remarked on when typed."""
    row = "2024-03-28,ITOT,33,2:1,"
    assert "split-out-of-phase" in codes(book_of(tmp_path / "a", row).status(SPLIT).value)
    book = book_of(tmp_path / "b", row)

    plan = applied(book, {"ITOT": "33"})

    (message,) = [f.message for f in plan.findings if f.code == "typed-price-jump"]
    assert "The split of 2 for 1 that the prices tell of counts with it." in message
    assert units(book) == (20, 10)


@pytest.mark.parametrize(("stated", "booked"), [(20, ["split"]), (10, [])])
def test_a_statement_at_the_new_count_is_a_word(
    tmp_path: Path, stated: int, booked: list[str]
) -> None:
    """With the new quantity it books the split in every account, with the old one nothing."""
    book = book_of(tmp_path, TOLD, broker="manual")
    book.deposit("roth", "1", on=SPLIT)
    assert "split" not in {entry.kind for entry in book.entries()}
    held = {"VTI": Decimal(90), "ITOT": Decimal(stated)}

    done = book.adjust(Statement("roth", held, 100_100))

    assert [draft.kind for draft in done.drafts] == booked
    assert units(book) == ((20, 10) if booked else (10, 5))


def test_a_dividend_after_a_doubted_split_waits_with_it(tmp_path: Path) -> None:
    """Nobody knows of how many units it is; the dividends of others do not wait."""
    rows = ["2024-03-28,ITOT,100,2:1,0.40"]
    book = book_of(tmp_path, *rows)
    text = (tmp_path / "prices.csv").read_text()
    (tmp_path / "prices.csv").write_text(
        text.replace("2024-03-28,BND,72.5,,", "2024-03-28,BND,72.5,,0.10")
    )
    applied(book)
    paid = [e.body["instrument"] for e in book.entries() if e.kind == "dividend_paid"]

    text = (tmp_path / "prices.csv").read_text().replace("ITOT,100,2:1", "ITOT,50,2:1")
    (tmp_path / "prices.csv").write_text(text)
    later = open_book(tmp_path, clock=book.clock)
    later.deposit("roth", "1", on=SPLIT)

    assert paid == ["BND"]
    amounts = {
        (e.body["account"], e.body["instrument"]): e.body["amount"]
        for e in later.entries()
        if e.kind == "dividend_paid"
    }
    assert amounts == {
        ("taxed", "BND"): "2.00", ("roth", "ITOT"): "4.00", ("taxed", "ITOT"): "2.00",
    }  # fmt: skip
