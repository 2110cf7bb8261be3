"""What people type and see: `tests/cli/golden/` holds folders and their console texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import GOLDEN, alike, golden_session, replayed

TEXTS = sorted(GOLDEN.glob("*.console"))


@pytest.mark.parametrize("golden", TEXTS, ids=[path.stem for path in TEXTS])
def test_a_command_prints_what_its_golden_text_says(golden: Path, tmp_path: Path) -> None:
    """Command by command, output, messages and exit code are those that were looked at and kept."""
    shown = golden.read_text(encoding="utf-8")

    printed = replayed(shown, golden_session(golden, tmp_path))

    assert alike(printed) == alike(shown)


@pytest.mark.parametrize("golden", TEXTS, ids=[path.stem for path in TEXTS])
def test_a_narrow_screen_is_not_overrun(golden: Path) -> None:
    """On 80 columns nothing that a report prints is wider, but names of files to be copied."""
    shown = golden.read_text(encoding="utf-8")
    narrow = [part for part in shown.split("$ ") if part.startswith("COLUMNS=80 ")]

    wide = [
        line
        for part in narrow
        for line in part.splitlines()[1:]
        if len(line) > 80 and "plans/" not in line
    ]

    assert wide == []


def test_no_golden_text_shows_a_bug() -> None:
    """A traceback is for a bug, and no bug is kept as what is meant."""
    assert [path.name for path in TEXTS if "Traceback" in path.read_text("utf-8")] == []
