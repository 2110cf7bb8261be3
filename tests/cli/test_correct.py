"""`trimtab ledger correct`: shown, asked, booked, and seen again in `ledger show`."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.cli.main import main


@pytest.fixture
def traded(tmp_path: Path) -> int:
    """A household traded by hand, with a sale at a price that somebody mistyped; its entry."""
    folder(tmp_path, roth="manual", taxed="manual")
    book = opened(tmp_path)
    plan = book.plan(book.as_of()).save()
    book.apply(plan, by="me")
    fills = tmp_path / "fills.csv"
    fills.write_text(
        "account,symbol,side,quantity,price,date\nroth,VTI,sell,49,252.50,2024-03-28\n"
    )
    opened(tmp_path).record(plan, fills, by="me")
    return next(e.seq for e in opened(tmp_path).entries() if e.kind == "filled")


def run(path: Path, *words: str) -> int:
    """A command line of `trimtab ledger` in that folder."""
    return main(["-C", str(path), "ledger", *words])


def test_what_is_booked_at_once_is_not_called_unwritten(
    tmp_path: Path, traded: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --yes nothing says that nothing is written above what was booked."""
    code = run(tmp_path, "correct", str(traded), "--price", "250", "--reason", "typed", "--yes")

    printed = capsys.readouterr().out
    assert code == 0
    assert "Booked" in printed
    assert "nothing is written" not in printed


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_emptied_record_does_not_hold(
    tmp_path: Path, traded: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """No command leaves a record without an entry, so verifying one is no success."""
    (tmp_path / "ledger.jsonl").write_bytes(b"")

    code = run(tmp_path, "verify", *words)

    assert code == 1
    assert "holds no entry" in " ".join(capsys.readouterr().out.split())


def test_a_correction_is_shown_and_asked_about(
    tmp_path: Path,
    traded: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was booked, what instead, and the cash before and after; a no writes nothing."""
    before = bytes_of(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    code = run(tmp_path, "correct", str(traded), "--price", "262.50", "--reason", "mistyped")

    told = capsys.readouterr()
    cash = opened(tmp_path).folded().cash["roth"]
    assert code == 1
    assert "sold 49 VTI at 252.50" in told.out
    assert "sold 49 VTI at 262.50" in told.out
    assert f"{cash / 100:,.2f}" in told.out
    assert f"{(cash + 49_000) / 100:,.2f}" in told.out
    assert f"Correct entry {traded} so?" in told.err
    assert bytes_of(tmp_path) == before


def test_a_correction_for_programs(
    tmp_path: Path, traded: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json wants --yes; then one object says what changed, and `show` names the correction."""
    words = ["correct", str(traded), "--price", "262.50", "--reason", "mistyped", "--json"]
    refused = run(tmp_path, *words)
    capsys.readouterr()

    code = run(tmp_path, *words, "--yes")
    done: dict[str, Any] = json.loads(capsys.readouterr().out)
    run(tmp_path, "show", str(traded), "--json")
    shown = json.loads(capsys.readouterr().out)

    assert (refused, code) == (1, 0)
    assert [one["kind"] for one in done["booked"]] == ["corrected", "filled"]
    (cash, gain) = done["changes"]
    assert (cash["what"], gain["what"]) == ("cash", "realised gain")
    assert float(cash["after"]) - float(cash["before"]) == 490
    assert shown["corrected_by"] == [done["booked"][0]["seq"]]


def test_the_table_of_the_record_names_corrections(
    tmp_path: Path, traded: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who reads an entry sees that it was corrected, and by which; the record still holds."""
    run(tmp_path, "correct", str(traded), "--void", "--reason", "not traded", "--yes")
    capsys.readouterr()

    code = run(tmp_path, "verify")
    run(tmp_path, "show", "--event", "filled")
    told = capsys.readouterr().out

    voided = next(e.seq for e in opened(tmp_path).entries() if e.kind == "corrected")
    assert code == 0
    assert f"[corrected by entry {voided}]" in " ".join(told.split())


def test_what_the_paper_broker_reported_is_not_corrected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On paper the broker's report is the fact; the message says who corrects it."""
    book = opened(folder(tmp_path))
    book.apply(book.plan(), by="me")
    filled = next(e.seq for e in book.entries() if e.kind == "filled")
    before = bytes_of(tmp_path)

    code = run(tmp_path, "correct", str(filled), "--fees", "9", "--reason", "x", "--yes")

    assert code == 1
    assert "broker reported" in capsys.readouterr().err
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize(
    "words",
    [
        ["--fees", "-1"],
        ["--price", "0"],
        ["--amount", "1.001"],
        ["--void", "--again"],
        ["--date", "2999-01-01"],
    ],
)
def test_facts_that_cannot_be_are_refused(
    tmp_path: Path, traded: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Below zero, nothing, parts of a cent, a day to come: an error, and nothing is written."""
    before = bytes_of(tmp_path)

    code = run(tmp_path, "correct", str(traded), *words, "--reason", "x", "--yes")

    assert code == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert bytes_of(tmp_path) == before


def test_a_day_that_changes_no_figure_is_shown_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lot that an import brought is shown with day and basis, as booked and as it will be."""
    folder(tmp_path, roth="manual", taxed="manual")
    (tmp_path / "pos.csv").write_text("Symbol,Quantity\nVTI,95\nCash,1000\n")
    main(["-C", str(tmp_path), "import", str(tmp_path / "pos.csv"), "--account", "roth", "--yes"])
    entry = next(e.seq for e in opened(tmp_path).entries() if e.kind == "transferred")
    capsys.readouterr()

    run(tmp_path, "correct", str(entry), "--acquired", "2020-01-02", "--reason", "x", "--yes")

    told = capsys.readouterr().out
    assert "5 VTI in roth, of 2024-03-28, an unknown basis" in told
    assert "5 VTI in roth, of 2020-01-02, an unknown basis" in told


@pytest.mark.parametrize("price", ["2525", "25.25", "780.01", "313", "207"])
def test_a_price_far_from_its_day_s_is_refused_until_somebody_insists(
    tmp_path: Path, traded: int, price: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fifth above the close of the day of the trade, or below it, is a slip as where a trade is
    recorded: nothing is written; --as-it-was books it.
    """
    before = bytes_of(tmp_path)
    words = ("correct", str(traded), "--price", price, "--reason", "typed", "--yes")

    refused = run(tmp_path, *words)
    said = capsys.readouterr().err
    untouched = bytes_of(tmp_path) == before
    insisted = run(tmp_path, *words, "--as-it-was")

    assert (refused, insisted) == (1, 0)
    assert "260.00" in said
    assert "--as-it-was" in said
    assert untouched


@pytest.mark.parametrize("change", [("--void",), ("--price", "261")])
def test_an_entry_that_was_replaced_names_the_one_in_its_place(
    tmp_path: Path, traded: int, change: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Voiding it too: whoever corrects the old entry is told where the trade stands now."""
    words = ("correct", str(traded), "--reason", "typed", "--yes")
    run(tmp_path, *words, "--price", "262.50")
    now = next(e.seq for e in reversed(opened(tmp_path).entries()) if e.kind == "filled")
    capsys.readouterr()

    code = run(tmp_path, *words, *change)

    assert code == 1
    assert f"booked anew as entry {now}" in " ".join(capsys.readouterr().err.split())


def test_a_correction_of_a_slip_is_no_slip(tmp_path: Path, traded: int) -> None:
    """What is measured is the new figure against the market, not against the wrong one before."""
    words = ("correct", "--reason", "typed", "--yes")
    run(tmp_path, *words, str(traded), "--price", "2525", "--as-it-was")
    wrong = next(e.seq for e in reversed(opened(tmp_path).entries()) if e.kind == "filled")

    assert run(tmp_path, *words, str(wrong), "--price", "252.50") == 0


def test_other_facts_of_a_trade_at_an_odd_price_can_be_corrected(
    tmp_path: Path, traded: int
) -> None:
    """A price that somebody insisted on is not doubted again when the fees are put right."""
    words = ("correct", "--reason", "typed", "--yes")
    run(tmp_path, *words, str(traded), "--price", "2525", "--as-it-was")
    wrong = next(e.seq for e in reversed(opened(tmp_path).entries()) if e.kind == "filled")

    assert run(tmp_path, *words, str(wrong), "--fees", "1.00") == 0


def test_a_tenth_of_a_quantity_is_told_before_it_is_asked(
    tmp_path: Path, traded: int, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    """A quantity has no market to be measured by, so it gets a warning and no refusal."""
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    run(tmp_path, "correct", str(traded), "--quantity", "4", "--reason", "typed")

    assert "1/12 of the one that was recorded" in " ".join(capsys.readouterr().out.split())
