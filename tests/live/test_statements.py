"""Statements against the record: of which day they may be, and what their cash is booked as."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.execution.correcting.task import Change
from trimtab.execution.reconcile import Statement
from trimtab.live.book import OpenBook, open_book
from trimtab.live.corrections import to_correct
from trimtab.live.statements import to_adjust
from trimtab.model.errors import RefusedError

NOW = datetime(2024, 4, 5, 21, 0, tzinfo=UTC)
DAY = date(2024, 4, 5)


def paying(path: Path, *, broker: str = "manual") -> OpenBook:
    """A folder whose VTI pays 0.91 and BND 0.25 in the first week of April 2024."""
    folder(path, roth=broker, taxed=broker)
    rows = ["date,symbol,close,dividend"]
    rows += [f"2024-03-28,{name},{price}," for name, price in (("VTI", 260), ("BND", 72.5))]
    rows += ["2024-04-01,BND,72.5,0.25", "2024-04-01,VTI,260,"]
    rows += ["2024-04-02,VTI,259,0.91", "2024-04-02,BND,72.5,"]
    rows += ["2024-04-05,VTI,259,", "2024-04-05,BND,72.5,"]
    (path / "prices.csv").write_text("\n".join(rows) + "\n")
    return open_book(path, clock=StillClock(NOW))


def stated(cash: int) -> Statement:
    """The taxed account with other cash: it had 500.00, 50 VTI (45.50 due) and 20 BND (5.00)."""
    return Statement("taxed", {"VTI": Decimal(50), "BND": Decimal(20)}, cash)


def booked(book: OpenBook) -> list[tuple[str, str, str]]:
    """What was booked of cash: kind, instrument, amount."""
    kinds = ("dividend_paid", "interest_paid", "transferred")
    return [
        (entry.kind, str(entry.body.get("instrument", "")), str(entry.body["amount"]))
        for entry in book.entries()
        if entry.kind in kinds
    ]


@pytest.mark.parametrize(
    ("cash", "expected"),
    [
        (55_050, [("dividend_paid", "BND", "5.00"), ("dividend_paid", "VTI", "45.50")]),
        (54_550, [("dividend_paid", "VTI", "45.50")]),
        (50_500, [("dividend_paid", "BND", "5.00")]),
        (50_700, [("transferred", "", "7.00")]),
        (49_000, [("transferred", "", "10.00")]),
        (
            56_050,
            [
                ("dividend_paid", "BND", "5.00"),
                ("dividend_paid", "VTI", "45.50"),
                ("transferred", "", "10.00"),
            ],
        ),
    ],
)
def test_cash_that_dividends_explain_is_booked_as_dividends(
    tmp_path: Path, cash: int, expected: list[tuple[str, str, str]]
) -> None:
    """All that are waited for where there is room for them, else those it is to the cent; the
    rest is a transfer and no income.
    """
    book = paying(tmp_path)

    book.adjust(stated(cash))

    assert booked(book) == expected
    assert book.compare(stated(cash)) == ()


def test_the_rest_of_the_cash_is_interest_for_who_says_so(tmp_path: Path) -> None:
    """With `income` what dividends leave over is interest."""
    book = paying(tmp_path)

    done = book.adjust(stated(55_123), income=True)

    assert booked(book)[-1] == ("interest_paid", "", "0.73")
    assert "0.73" in done.findings[-1].message


def test_a_dividend_is_booked_once(tmp_path: Path) -> None:
    """A second statement with more cash does not pay the same dividends again."""
    book = paying(tmp_path)
    book.adjust(stated(55_050))

    book.adjust(stated(60_100))

    assert booked(book)[2:] == [("transferred", "", "50.50")]


def test_a_dividend_is_waited_for_beyond_the_next_plan(tmp_path: Path) -> None:
    """That the record went past the ex-date does not make the cash a transfer."""
    book = paying(tmp_path)
    book.deposit("taxed", 1)

    book.adjust(stated(50_100 + 4_550 + 500))

    assert [kind for kind, _, _ in booked(book)] == ["dividend_paid", "dividend_paid"]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        (date(2024, 4, 7), "future"),
        (date(2024, 3, 19), "before the record begins|reaches"),
        (date(2024, 4, 3), "reaches 2024-04-05"),
    ],
)
def test_a_statement_is_of_a_day_that_can_be(tmp_path: Path, on: date, told: str) -> None:
    """Neither of the future, nor from before the record, nor older than what it has."""
    book = paying(tmp_path)
    book.deposit("taxed", 1)
    before = bytes_of(tmp_path)

    with pytest.raises(RefusedError, match=told):
        book.adjust(stated(70_000), on=on)
    assert bytes_of(tmp_path) == before


def test_less_than_nothing_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    """A statement of a short position has nothing that it could be booked as."""
    book = paying(tmp_path)

    with pytest.raises(RefusedError, match="less than nothing"):
        book.adjust(Statement("taxed", {"VTI": Decimal(-5), "BND": Decimal(20)}, None))


@pytest.mark.parametrize(
    ("stated", "cash", "subjects"),
    [
        ({"VTI": "900"}, 100_000, {"roth/VTI"}),
        ({"VTI": "9"}, 100_000, {"roth/VTI"}),
        ({"VTI": "270"}, 100_000, set()),
        ({"VTI": "90"}, 10_000_000, {"roth/CASH"}),
        ({"VTI": "90"}, 10_000, {"roth/CASH"}),
        ({"VTI": "90"}, 1_500_000, set()),
    ],
)
def test_a_statement_with_ten_times_what_is_recorded_is_doubted(
    tmp_path: Path, stated: dict[str, str], cash: int, subjects: set[str]
) -> None:
    """A decimal mark that was misread shows as tenfold quantities, or cash of the same digits."""
    book = opened(folder(tmp_path, roth="manual", taxed="manual"))
    positions = {name: Decimal(units) for name, units in stated.items()}

    found = to_adjust(book, Statement("roth", positions, cash)).findings

    assert {f.subject for f in found if f.code == "quantity-tenfold"} == subjects


def test_a_basis_far_from_what_a_lot_was_worth_is_refused(tmp_path: Path) -> None:
    """What came by a statement and was bought on a day with a price is measured by that price."""
    book = opened(folder(tmp_path, roth="manual", taxed="manual"))
    book.adjust(Statement("taxed", {"VTI": Decimal(60), "BND": Decimal(20)}, 50_000))
    entry = next(one.seq for one in book.entries() if one.kind == "transferred")
    day = date(2024, 3, 27)

    with pytest.raises(RefusedError, match="--as-it-was"):
        to_correct(book, entry, Change(basis=25_950, acquired=day), reason="bought")
    right = to_correct(book, entry, Change(basis=259_500, acquired=day), reason="bought")
    earlier = Change(basis=25_950, acquired=date(2014, 3, 27))
    unknown = to_correct(book, entry, earlier, reason="bought")

    assert right.findings == ()
    assert unknown.findings == ()


def splitting(path: Path) -> OpenBook:
    """The taxed account holds 50 VTI; they are split 2 for 1 on 4 April, with prices to the 5th."""
    folder(path, roth="manual", taxed="manual")
    rows = ["date,symbol,close,split"]
    rows += [f"2024-03-28,{name},{price}," for name, price in (("VTI", 260), ("BND", 72.5))]
    rows += ["2024-04-02,VTI,260,", "2024-04-02,BND,72.5,", "2024-04-03,VTI,260,"]
    rows += ["2024-04-04,VTI,130,2", "2024-04-05,VTI,131,", "2024-04-05,BND,72.5,"]
    (path / "prices.csv").write_text("\n".join(rows) + "\n")
    return open_book(path, clock=StillClock(NOW))


def test_a_statement_from_before_a_split_is_laid_beside_the_holdings_of_its_day(
    tmp_path: Path,
) -> None:
    """50 units of 3 April are right although they are 100 since: nothing leaves the account."""
    book = splitting(tmp_path)
    before = date(2024, 4, 3)

    found = book.compare(stated(500_00), on=before)
    done = book.adjust(stated(500_00), on=before)

    assert found == ()
    assert done.drafts == ()
    assert [one.missing for one in book.compare(stated(500_00))] == [Decimal(-50)]


def test_what_a_statement_books_is_booked_through_its_own_day(tmp_path: Path) -> None:
    """A later split and a later day are not booked with it, and come in their turn."""
    book = splitting(tmp_path)

    book.adjust(stated(510_00), on=date(2024, 4, 3))

    assert book.folded().actions_through == date(2024, 4, 3)
    assert book.folded().positions["taxed", "VTI"] == 50
    assert book.prepared(DAY).folded.positions["taxed", "VTI"] == 100


def test_a_statement_older_than_a_booked_split_is_refused(tmp_path: Path) -> None:
    """Once the record has the split, one from before it cannot be compared, nor booked."""
    book = splitting(tmp_path)
    book.adjust(Statement("taxed", {"VTI": Decimal(100), "BND": Decimal(20)}, 510_00))

    with pytest.raises(RefusedError, match="reaches 2024-04-05") as compared:
        book.compare(stated(510_00), on=date(2024, 4, 3))
    with pytest.raises(RefusedError) as booked_late:
        book.adjust(stated(510_00), on=date(2024, 4, 3))

    assert str(booked_late.value) == str(compared.value)
