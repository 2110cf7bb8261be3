"""`trimtab backtest` where an instrument has no price: holidays, late listings, delistings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.console import Session, demo_folder

LINE = "trimtab backtest --prices p.csv --target A=50,B=50 --when daily"


def _prices(folder: Path) -> None:
    rows = [f"2024-01-{d:02},{100 + d},{50 + d if d < 12 else ''}" for d in range(1, 31)]
    rows[5] = "2024-01-06,106,"
    (folder / "p.csv").write_text("\n".join(["date,A,B", *rows]))


def test_options_say_what_became_of_missing_prices(tmp_path: Path) -> None:
    """A price of 1 for what ended, and a holiday that counts as a session."""
    _prices(tmp_path)

    found = json.loads(
        Session(tmp_path).run(f"{LINE} --missing hold --delisted B=1 --late spread --json")
    )
    text = Session(tmp_path).run(f"{LINE} --delisted B")

    assert found["sessions"] == 30
    assert found["final_weights"] == {"A": 1.0, "B": 0.0, "CASH": 0.0}
    assert "turned into cash on 2024-01-12 at its last price" in " ".join(text.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "prices end on 2024-01-11, 19 sessions before the last"),
        ("--delisted B=much", "write ENRN or ENRN=0.26"),
        ("--delisted B=-1", "zero or more"),
        ("--delisted C", "has no prices"),
        ("--missing fill", "drop, hold, or hold:10"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, options: str, said: str) -> None:
    """An end that nobody explained, and options that mean nothing, are told with the remedy."""
    _prices(tmp_path)

    shown = " ".join(Session(tmp_path).run(f"{LINE} {options}").split())

    assert said in shown


@pytest.mark.parametrize(
    ("option", "instead"),
    [("--missing hold", "freezes"), ("--late spread", "freezes")],
)
def test_account_mode_has_its_own_rule(tmp_path: Path, option: str, instead: str) -> None:
    """In account mode the options are refused, with what it does instead."""
    folder = demo_folder(tmp_path)

    shown = Session(folder).run(f"trimtab backtest --account-mode {option}")

    assert f"{option.split()[0]} will not go with --account-mode" in shown
    assert instead in shown


@pytest.mark.parametrize("option", ["--short", "--borrow-bps 80", "--loan-rate 0"])
def test_account_mode_is_long_only(tmp_path: Path, option: str) -> None:
    """Shorts and loans are refused there, with the mode that has them and a command that runs."""
    shown = Session(demo_folder(tmp_path)).run(f"trimtab backtest --account-mode {option}")

    assert "long only" in shown
    assert "Leave out --account-mode" in shown
    assert "--target SPY=130,AGG=-30 --short --borrow-bps 80" in " ".join(shown.split())


LONG = "# mine\ndate,symbol,close\n2024-01-03,A,{}\n2024-01-02,A,100\n2024-01-04,A,101\n"
OTHER = "".join(f"2024-01-{day:02},B,50\n" for day in range(2, 5))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (LONG.format("9.9") + OTHER, "p.csv:3: A:"),
        ("date,A,B\n2024-01-02,100,50\n\n2024-01-03,9.9,50\n2024-01-04,101,50\n", "p.csv:4: A:"),
    ],
)
def test_a_jump_names_its_line_and_is_taken_for_real_when_told(
    tmp_path: Path, text: str, place: str
) -> None:
    """Long or wide, in whatever order: the row is named; `--accept-jumps` runs over it."""
    (tmp_path / "p.csv").write_text(text)

    refused = Session(tmp_path).run(LINE)
    taken = json.loads(Session(tmp_path).run(f"{LINE} --accept-jumps --json"))

    assert place in refused
    assert "correct the row of 2024-01-03" in " ".join(refused.split())
    assert "--accept-jumps" in refused
    assert refused.rstrip().endswith("[1]")
    assert taken["sessions"] == 3


@pytest.mark.parametrize("command", ["sweep --when daily"])
def test_sweep_and_advise_take_jumps_for_real_too(tmp_path: Path, command: str) -> None:
    """The same option in all that runs over history; without it they refuse."""
    rows = [f"2024-01-{d:02},{10 + 90 * (d > 20)},50" for d in range(1, 31)]
    (tmp_path / "p.csv").write_text("\n".join(["date,A,B", *rows]))
    line = f"trimtab {command} --prices p.csv --target A=50,B=50"

    refused = Session(tmp_path).run(line)
    taken = Session(tmp_path).run(f"{line} --accept-jumps")

    assert "p.csv:22: A:" in refused
    assert refused.rstrip().endswith("[1]")
    assert "[1]" not in taken
