"""Lots of the opening whose cost or day was wrong: doubted before, corrected after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.live.folders import LOTS, folder, opened
from trimtab.execution.correcting.task import Change
from trimtab.live.book import OpenBook
from trimtab.live.corrections import correct
from trimtab.live.elsewhere import book_trades
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError


def begun(path: Path) -> OpenBook:
    """A household traded by hand whose record has begun."""
    book = opened(folder(path, roth="manual", taxed="manual"))
    book.deposit("roth", "10")
    return book


def lot_of(book: OpenBook) -> Lot:
    """The VTI of the taxed account."""
    (lot,) = [
        lot
        for lot in book.folded().lots.values()
        if (lot.account, lot.instrument) == ("taxed", "VTI")
    ]
    return lot


def test_a_lot_of_the_opening_gets_its_right_cost_and_day(tmp_path: Path) -> None:
    """Nothing else of it changes, and no other lot."""
    book = begun(tmp_path)
    was = lot_of(book)
    others = {lot for lot in book.folded().lots.values() if lot.id != was.id}

    change = Change(lot=was.id, basis=9_000_00, acquired=date(2020, 4, 2))
    correct(book, 1, change, reason="misread")

    now = lot_of(book)
    assert replace(now, id=was.id) == replace(was, basis=9_000_00, acquired=date(2020, 4, 2))
    assert {lot for lot in book.folded().lots.values() if lot.id != now.id} == others


def test_a_lot_that_is_partly_sold_keeps_its_sale_and_says_so(tmp_path: Path) -> None:
    """What is left gets its part of the whole cost; the sale that was booked is named."""
    book = begun(tmp_path)
    sale = tmp_path / "trades.csv"
    head = "account,symbol,side,quantity,price,date\n"
    sale.write_text(f"{head}taxed,VTI,sell,10,260,2024-03-28\n")
    book_trades(book, sale)
    was, sold = lot_of(book), book.folded().sales

    found = correct(book, 1, Change(lot=was.id, basis=5_000_00), reason="misread")

    entry = next(e.seq for e in book.entries() if e.kind == "filled")
    assert was.quantity == 40
    assert lot_of(book).basis == 4_000_00
    assert book.folded().sales == sold
    (told,) = [one for one in found.findings if one.code == "sold-at-old-basis"]
    assert f"entry {entry}" in told.message


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(basis=1_00), "say which lot"),
        (Change(lot="nothing", basis=1_00), "no lot nothing"),
        (Change(void=True), "cannot be void"),
    ],
)
def test_an_opening_is_corrected_lot_by_lot(tmp_path: Path, change: Change, why: str) -> None:
    """Which lot has to be said; the lots that there are are named."""
    book = begun(tmp_path)

    with pytest.raises(RefusedError, match=why):
        correct(book, 1, change, reason="misread")


def test_an_edit_of_a_cost_names_the_command_until_it_was_given(tmp_path: Path) -> None:
    """Afterwards the edited file and the corrected record agree, and nothing is told."""
    book = begun(tmp_path)
    lot = lot_of(book)
    (tmp_path / "lots.csv").write_text(LOTS.replace("4000.00", "9000.00"))
    before = opened(tmp_path).findings()

    correct(opened(tmp_path), 1, Change(lot=lot.id, basis=9_000_00), reason="misread")

    (told,) = [one.message for one in before if one.code == "lots-edited"]
    assert f"trimtab ledger correct 1 --lot {lot.id} --basis 9000.00" in told
    assert "lots-edited" not in {one.code for one in opened(tmp_path).findings()}


@pytest.mark.parametrize(("basis", "is_told"), [("300.00", True), ("1300.00", False)])
def test_a_basis_that_looks_like_the_price_of_one_unit_is_doubted(
    tmp_path: Path, basis: str, is_told: bool
) -> None:
    """300 for 50 units that are worth 260 each is a slip; 26 each may be long ago."""
    book = opened(folder(tmp_path, lots=LOTS.replace("4000.00", basis)))

    found = {one.code for one in book.plan().findings}

    assert ("basis-of-one-unit" in found) is is_told


def test_a_price_that_nobody_believes_says_nothing_of_a_basis(tmp_path: Path) -> None:
    """Ten times yesterday's price is one mistake, told once: the lots beside it are in order."""
    folder(tmp_path)
    rows = ["date,symbol,close", "2024-03-27,VTI,260", "2024-03-27,BND,72.5",
            "2024-03-28,VTI,2600", "2024-03-28,BND,72.5"]  # fmt: skip
    (tmp_path / "prices.csv").write_text("".join(f"{row}\n" for row in rows))

    found = {one.code for one in opened(tmp_path).plan().findings}

    assert "price-jump" in found
    assert "basis-of-one-unit" not in found
