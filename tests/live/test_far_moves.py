"""Prices that are believed although they went far: whoever decides on them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.folders import folder, opened
from trimtab.engine.belief import MOVED_FAR


def moved(path: Path, price: str) -> Path:
    """A household whose VTI closed at 260 and, a session later, at this price; its price file."""
    folder(path)
    file = path / "prices.csv"
    rows = [row for row in file.read_text().splitlines() if row and "VTI" not in row]
    rows += ["2024-03-27,VTI,260", f"2024-03-28,VTI,{price}"]
    file.write_text("\n".join(rows) + "\n")
    return file


@pytest.mark.parametrize(
    ("price", "told"),
    [("363", False), ("366", True), ("450", True), ("157", False), ("150", True)],
)
def test_a_price_that_went_far_is_told_and_traded(tmp_path: Path, price: str, told: bool) -> None:
    """Beyond 40% in a session: old and new price, file and line; nothing is frozen for it."""
    path = moved(tmp_path, price)

    plan = opened(tmp_path).plan(now=True)

    found = [one for one in plan.findings if one.code == MOVED_FAR]
    assert [one.subject for one in found] == ["VTI"] * told
    assert all("from 260 on 2024-03-27" in one.message for one in found)
    assert all(f"prices.csv:{len(path.read_text().splitlines())}" in one.message for one in found)
    assert {one.severity for one in found} <= {"warning"}
    assert any(trade.instrument == "VTI" for trade in plan.trades)


def test_what_was_applied_carries_the_warning(tmp_path: Path) -> None:
    """Who applies without being asked finds it in the result."""
    moved(tmp_path, "450")
    book = opened(tmp_path)

    applied = book.apply(book.plan(now=True).save(), by="me")

    assert MOVED_FAR in {one.code for one in applied.findings}
