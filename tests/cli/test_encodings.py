"""Files that a spreadsheet saved as Latin-1: each is named, with its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import GOLDEN, Session, golden_session

LATIN = "Müller,VTI,1,1,1,1,1\n".encode("latin-1")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The household that trades by hand, with a plan."""
    made = golden_session(GOLDEN / "by-hand.console", tmp_path)
    made.run("trimtab plan")
    return made


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("lots.csv", "status"),
        ("sales.csv", "status"),
        ("prices.csv", "status"),
        ("manual-prices.csv", "plan"),
        ("fills.csv", "record --yes plans/*"),
        ("prices.csv", "backtest --prices prices.csv --target STOCK=60,BOND=40"),
        ("flows.csv", "backtest --prices prices.csv --target STOCK=60,BOND=40 --flows flows.csv"),
        ("portfolio.toml", "status"),
        ("limits.toml", "plan"),
    ],
)
def test_a_file_that_is_not_utf8_is_named_with_line_and_remedy(
    file: str, line: str, session: Session
) -> None:
    """The user is told which file, where in it, and to save it as UTF-8."""
    path = session.cwd / file
    whole = path.read_bytes() if path.exists() else b"date,amount\n"
    path.write_bytes(whole + LATIN)
    place = whole.count(b"\n") + 1

    printed = session.run(f"trimtab {line}{' fills.csv' if file == 'fills.csv' else ''}")

    told = " ".join(printed.split())
    assert f"{file}:{place}: it is not UTF-8 text" in told
    assert "UTF-8" in told.partition("->")[2]
