"""Rows of a price file on days that are no sessions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.live.folders import folder, opened
from trimtab.live.history import account_runs
from trimtab.model.policy import Policy

ROWS = [
    "date,symbol,close", "2024-03-27,VTI,260", "2024-03-27,BND,72.5",
    "2024-03-28,VTI,261", "2024-03-28,BND,72.5",
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2024-03-23,VTI,999", ["2024-03-23"]),
        ("2024-03-24,BND,", []),
        ("2024-03-02,VTI,250", []),
    ],
)
def test_a_row_beside_the_sessions_is_told_with_its_line(
    tmp_path: Path, row: str, told: list[str]
) -> None:
    """Nobody decides on a Saturday: what the file has of the last days says that it waits."""
    folder(tmp_path)
    (tmp_path / "prices.csv").write_text("".join(f"{one}\n" for one in [*ROWS, row]))

    status = opened(tmp_path).status()

    found = [one for one in status.findings if one.code == "row-beside-session"]
    assert [one.subject for one in found] == told
    assert all("(prices.csv:6)" in one.message for one in found)
    assert status.as_of == date(2024, 3, 28)


def test_a_run_of_the_accounts_tells_it_too(tmp_path: Path) -> None:
    """In account mode sessions are the calendar's; a row of another day is not one."""
    folder(tmp_path)
    rows = [*ROWS, "2024-03-26,VTI,260", "2024-03-26,BND,72", "2024-03-22,VTI,260",
            "2024-03-22,BND,72", "2024-03-23,VTI,262"]  # fmt: skip
    (tmp_path / "prices.csv").write_text("".join(f"{one}\n" for one in rows))
    never = Policy(None, when="never")

    (run,) = account_runs(opened(tmp_path), [never])

    assert "row-beside-session" in [one.code for one in run.findings]
