"""What commands ask before they write, and what they do not: through the command line itself."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.cli.main import main


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What the person types next."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def planned(path: Path, *, broker: str = "manual", **files: str) -> str:
    """A folder with a saved plan of the day that it was asked for."""
    folder(path, roth=broker, taxed=broker, **files)
    book = opened(path)
    return str(book.plan(book.as_of()).save())


def test_what_a_file_would_book_is_shown_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of trades is shown before it is booked; a no books nothing."""
    plan = planned(tmp_path)
    file = tmp_path / "mine.csv"
    file.write_text("account,symbol,side,quantity,price\nroth,VTI,sell,5,261.10\n")
    before = bytes_of(tmp_path)
    typed(monkeypatch, "n\n")

    code = main(["-C", str(tmp_path), "record", plan, str(file)])

    told = capsys.readouterr()
    assert code == 1
    assert "261.10" in told.out
    assert "Book 1 trade" in told.err
    assert bytes_of(tmp_path) == before


def test_a_day_that_nobody_wrote_down_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trade without a date is of the plan's day: the preview and the result both say so."""
    plan = planned(tmp_path)
    file = tmp_path / "mine.csv"
    head = "account,symbol,side,quantity,price,date\n"
    file.write_text(head + "roth,VTI,sell,5,261.10,\nroth,VTI,sell,6,261.10,2024-03-28\n")
    typed(monkeypatch, "n\n")

    main(["-C", str(tmp_path), "record", plan, str(file)])
    preview = capsys.readouterr().out
    main(["-C", str(tmp_path), "record", "--yes", "--json", plan, str(file)])
    findings = json.loads(capsys.readouterr().out)["findings"]

    assert "2024-03-28 (the plan's)" in preview
    assert "mine.csv:2: no date is given" in preview
    assert [one["subject"] for one in findings if one["code"] == "date-assumed"] == ["mine.csv:2"]


def test_a_slip_is_refused_though_nobody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--yes answers the question; it does not make a tenth of the price right."""
    plan = planned(tmp_path)
    file = tmp_path / "mine.csv"
    file.write_text("account,symbol,side,quantity,price\nroth,VTI,sell,5,26.11\n")

    refused = main(["-C", str(tmp_path), "record", "--yes", plan, str(file)])
    told = capsys.readouterr().err
    insisted = main(["-C", str(tmp_path), "record", "--yes", "--as-it-was", plan, str(file)])

    assert refused != 0
    assert "mine.csv:2" in told
    assert "(--as-it-was)" in told
    assert "as_it_was=" not in told
    assert insisted == 0


def test_where_no_ticket_is_open_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All recorded: a second `record` says so and does not ask."""
    plan = planned(tmp_path)
    main(["-C", str(tmp_path), "record", "--yes", plan])
    before = bytes_of(tmp_path)
    capsys.readouterr()
    typed(monkeypatch, "y\n")

    code = main(["-C", str(tmp_path), "record", plan])

    told = capsys.readouterr()
    assert code == 0
    assert "no open tickets" in told.out
    assert "[y/N]" not in told.err
    assert bytes_of(tmp_path) == before


def test_a_finished_plan_is_not_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second `apply` says that it was carried out before and does not ask."""
    plan = planned(tmp_path, broker="paper")
    assert main(["-C", str(tmp_path), "apply", "--yes", plan]) == 0
    capsys.readouterr()
    typed(monkeypatch, "y\n")

    code = main(["-C", str(tmp_path), "apply", plan])

    told = capsys.readouterr()
    assert code == 0
    assert "carried out before" in told.out
    assert "[y/N]" not in told.err


def test_a_refused_order_is_an_exit_code_of_one(tmp_path: Path) -> None:
    """What the gate turned down is seen by whoever looks only at the exit code."""
    plan = planned(tmp_path, limits_toml="max_order_value = 5000\n")

    assert main(["-C", str(tmp_path), "apply", "--yes", "--in-part", plan]) == 1
