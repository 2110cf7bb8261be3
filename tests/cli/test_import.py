"""`trimtab import`: what it says of the record is what became of it."""

from __future__ import annotations

import io
from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.console import GOLDEN, Session, golden_session
from trimtab.adapters.ledger_file import FileLedger
from trimtab.cli.main import main


@pytest.mark.parametrize(
    ("line", "booked"),
    [
        ("trimtab import positions.csv --account brokerage --yes", True),
        ("echo y | trimtab import positions.csv --account brokerage", True),
        ("echo n | trimtab import positions.csv --account brokerage", False),
    ],
)
def test_an_import_never_says_that_nothing_changed_when_it_booked(
    line: str, booked: bool, tmp_path: Path
) -> None:
    """Before the question nothing is booked yet; after a yes, only what was booked is told."""
    folder = tmp_path / "folder"
    copytree(GOLDEN / "statement", folder)

    said = Session(folder).run(line)

    assert "was not changed" not in said
    assert ("nothing is booked yet" in said) == (line[:4] == "echo")
    assert ("Booked 2 entries." in said) == booked
    assert ("Nothing was booked." in said) != booked


def test_an_export_without_rows_empties_no_account_by_itself(tmp_path: Path) -> None:
    """With --yes it is refused all the same; --empty says that nothing is held there."""
    folder = tmp_path / "folder"
    copytree(GOLDEN / "statement", folder)
    (folder / "none.csv").write_text("Symbol,Quantity\n")
    session = Session(folder)

    refused = session.run("trimtab import none.csv --account brokerage --yes")
    booked = session.run("trimtab import none.csv --account brokerage --yes --empty")

    assert "--empty" in refused
    assert "Booked" not in refused
    assert "Booked" in booked


def test_the_same_row_twice_is_told(tmp_path: Path) -> None:
    """Rows of one symbol are added up; where they are the same in all, that may be a slip."""
    folder = tmp_path / "folder"
    copytree(GOLDEN / "statement", folder)
    (folder / "twice.csv").write_text("Symbol,Quantity\nBOND,4\nBOND,4\nFUND,1\nFUND,2\n")

    said = " ".join(Session(folder).run("trimtab reconcile twice.csv --account brokerage").split())

    assert "are the same row of BOND" in said
    assert "same row of FUND" not in said


def test_a_question_that_nobody_answers_names_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the end of the input a program asked, not a person: it reads of --yes."""
    folder = tmp_path / "folder"
    copytree(GOLDEN / "statement", folder)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    export = str(folder / "positions.csv")

    code = main(["-C", str(folder), "import", export, "--account", "brokerage"])

    assert code == 1
    assert "--yes goes on without asking" in capsys.readouterr().err


def test_the_column_map_waits_for_its_turn(tmp_path: Path) -> None:
    """While another process writes, no map is added: two that add at once would lose one."""
    session = golden_session(GOLDEN / "statement.console", tmp_path)
    folder = session.cwd
    ledger = FileLedger(folder / "ledger.jsonl")

    with ledger.hold():
        busy = session.run("trimtab import positions.csv --account brokerage --yes")
        is_written = (folder / "import-map.toml").exists()
    after = session.run("trimtab import positions.csv --account brokerage --yes")

    assert "is writing" in busy
    assert not is_written
    assert "Booked" in after
    assert (folder / "import-map.toml").exists()
    assert [path.name for path in folder.iterdir() if path.name.endswith(".new")] == []


@pytest.mark.parametrize("command", ["import", "reconcile"])
def test_a_guess_that_does_not_do_is_shown_to_be_corrected(command: str, tmp_path: Path) -> None:
    """Where no map is written yet, the one that was guessed can be pasted, mended and used."""
    folder = tmp_path / "folder"
    copytree(GOLDEN / "statement", folder)
    (folder / "sweep.csv").write_text("Symbol,Quantity,Current Value\nBOND,4,400\nSWEEP**,,1500\n")
    session = Session(folder)
    line = f"trimtab {command} sweep.csv --account brokerage"

    refused = session.run(line)
    start = refused.index('["brokerage"]')
    shown = [row.removeprefix("2>").strip() for row in refused[start:].splitlines()]
    pasted = "\n".join(row for row in shown if row and row != "[1]")
    mended = pasted.replace("cash = [", 'cash = ["SWEEP**", ')
    (folder / "import-map.toml").write_text(mended)
    after = session.run(line)

    assert "'SWEEP**' is not a symbol" in refused
    assert mended != pasted
    assert "SWEEP" not in after
    assert "BOND" in after
