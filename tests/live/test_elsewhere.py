"""Trades that no plan asked for: checked like fills, booked by the account's relief."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.live.folders import LOTS, bytes_of, folder, opened
from trimtab.cli.main import main
from trimtab.live.elsewhere import book_trades, to_book_trades
from trimtab.model.errors import InputError, RefusedError

HEAD = "account,symbol,side,quantity,price,fees,date"
TWO_LOTS = LOTS + "taxed,VTI,10,2021-01-04,2590.00\n"


def trades(path: Path, *rows: str, head: str = HEAD, lots: str = LOTS) -> Path:
    """A household traded by hand, and a file of trades."""
    folder(path, roth="manual", taxed="manual", lots=lots)
    file = path / "trades.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return file


def test_a_trade_without_a_plan_is_booked_once(tmp_path: Path) -> None:
    """Cash and lots follow; the same file again books nothing and says so."""
    file = trades(tmp_path, "taxed,VTI,sell,10,260.00,1.00,2024-03-28")
    book = opened(tmp_path)

    book_trades(book, file)
    again = book_trades(opened(tmp_path), file)

    folded = opened(tmp_path).folded()
    assert folded.positions["taxed", "VTI"] == 40
    assert folded.cash["taxed"] == 500_00 + 2600_00 - 1_00
    assert [one.code for one in again.found.findings] == ["fill-repeated"]


@pytest.mark.parametrize(("lot", "basis"), [("", 2590_00), ("old", 800_00)])
def test_a_sale_takes_the_lots_of_the_relief_or_the_one_that_is_named(
    tmp_path: Path, lot: str, basis: int
) -> None:
    """Lowest tax takes the dear lot first; a column `lot` says otherwise."""
    file = trades(tmp_path, lots=TWO_LOTS)
    book = opened(tmp_path)
    name = next(one.id for one in book.portfolio.lots if one.basis == 4000_00) if lot else ""
    file.write_text(f"{HEAD},lot\ntaxed,VTI,sell,10,260.00,0,2024-03-28,{name}\n")

    book_trades(book, file)

    (sold,) = [one.sale for one in book.folded().sales]
    assert sold.basis == basis


@pytest.mark.parametrize(
    ("row", "why", "insisted"),
    [
        ("taxed,VTI,sell,51,260,0,2024-03-28", "more would be sold", False),
        ("taxed,VTI,sell,1,260,0,2024-03-20", "opening of 2024-03-20", False),
        ("taxed,VTI,sell,1,26,0,2024-03-28", "90% from the price", True),
        ("taxed,VTI,buy,10,260,0,2024-03-28", "takes 2,?600.00", True),
        ("taxed,VTI,sell,10,260,260,2024-03-28", "fees of 260.00", True),
    ],
)
def test_what_cannot_be_or_looks_like_a_slip_is_refused(
    tmp_path: Path, row: str, why: str, insisted: bool
) -> None:
    """Nothing is written; what only looks like a slip is booked when somebody insists."""
    file = trades(tmp_path, row)
    before = bytes_of(tmp_path)

    with pytest.raises(RefusedError, match=why):
        book_trades(opened(tmp_path), file)
    if insisted:
        to_book_trades(opened(tmp_path), file, as_it_was=True)

    assert bytes_of(tmp_path) == before


def test_a_trade_without_a_date_is_an_error(tmp_path: Path) -> None:
    """No plan says of which day it is."""
    file = trades(tmp_path, "taxed,VTI,sell,1,260,0,")

    with pytest.raises(InputError, match="date"):
        to_book_trades(opened(tmp_path), file)


def test_a_trade_of_a_sunday_is_booked_with_a_warning(tmp_path: Path) -> None:
    """The exchange was closed: most likely the date is a slip, but fills report odd days."""
    file = trades(tmp_path, "taxed,VTI,sell,1,260,0,2024-03-24")

    found = to_book_trades(opened(tmp_path), file).found

    assert [one.code for one in found.findings] == ["no-session"]
    assert "Sunday" in found.findings[0].message


def test_the_command_shows_and_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A no writes nothing; a yes books."""
    file = trades(tmp_path, "taxed,VTI,sell,10,260.00,1.00,2024-03-28")
    before = bytes_of(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    refused = main(["-C", str(tmp_path), "record", "--trades", str(file)])
    told = capsys.readouterr()
    untouched = bytes_of(tmp_path) == before
    booked = main(["-C", str(tmp_path), "record", "--trades", str(file), "--yes"])

    assert (refused, booked, untouched) == (1, 0, True)
    assert "260.00" in told.out
    assert "1 trade outside any plan" in told.err
    assert opened(tmp_path).folded().positions["taxed", "VTI"] == 40


def test_fees_ten_times_off_are_refused_until_somebody_insists(tmp_path: Path) -> None:
    """Fees of a tenth of the trade where next to none were planned: a slip of the decimal point."""
    book = opened(folder(tmp_path, roth="manual", taxed="manual"))
    plan = book.plan(now=True)
    saved = plan.save()
    one = plan.trades[0]
    file = tmp_path / "fills.csv"
    file.write_text(
        f"{HEAD}\n{one.account},{one.instrument},{one.side},{one.quantity},{one.price},"
        f"{one.quantity * 20}.00,2024-03-28\n"
    )

    with pytest.raises(RefusedError, match="has fees of"):
        book.record(saved, file)
    applied = opened(tmp_path).record(saved, file, as_it_was=True)

    assert "fees-far-from-plan" in {finding.code for finding in applied.findings}


def splitting(path: Path, *rows: str) -> Path:
    """50 VTI in the taxed account, split 2 for 1 on 27 March; nothing is recorded yet."""
    file = trades(path, *rows)
    (path / "prices.csv").write_text(
        "date,symbol,close,split\n2024-03-25,VTI,260,\n2024-03-26,VTI,260,\n"
        "2024-03-27,VTI,130,2\n2024-03-28,VTI,131,\n2024-03-28,BND,72.5,\n"
    )
    return file


def test_a_trade_from_before_a_split_is_booked_before_it(tmp_path: Path) -> None:
    """With no record yet 10 of 50 are sold, the other 40 are split, and 5 of the 80 are sold."""
    file = splitting(
        tmp_path, "taxed,VTI,sell,5,131,0,2024-03-28", "taxed,VTI,sell,10,260,0,2024-03-26"
    )

    done = book_trades(opened(tmp_path), file)

    book = opened(tmp_path)
    kinds = [one.kind for one in book.entries() if one.kind in ("split", "filled")]
    assert kinds == ["filled", "split", "filled"]
    assert book.folded().positions["taxed", "VTI"] == (50 - 10) * 2 - 5
    assert book.folded().cash["taxed"] == 500_00 + 2600_00 + 655_00
    assert len(done.found.drafts) == 2
    assert book.prepared(book.as_of()).drafts == ()


def test_a_trade_from_before_a_booked_split_is_refused(tmp_path: Path) -> None:
    """What is booked stays: the trade is named with the entry of the split."""
    file = splitting(tmp_path, "taxed,VTI,sell,5,131,0,2024-03-28")
    book_trades(opened(tmp_path), file)
    file.write_text(f"{HEAD}\ntaxed,VTI,sell,10,260,0,2024-03-26\n")

    with pytest.raises(RefusedError, match=r"before the split of 2024-03-27 \(2 for 1, entry 2\)"):
        to_book_trades(opened(tmp_path), file)
