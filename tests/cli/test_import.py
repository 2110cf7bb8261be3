"""`trimtab import`: what it says of the record is what became of it."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.console import GOLDEN, Session


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
