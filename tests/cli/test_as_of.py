"""The day that a plan or a status is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import Session, demo_folder


@pytest.mark.parametrize("command", ["plan", "status"])
def test_a_day_that_has_not_begun_at_the_exchange_is_refused(command: str, tmp_path: Path) -> None:
    """The clock says 16:30 of 1 April in New York, when it is 2 April in Auckland."""
    session = Session(demo_folder(tmp_path))

    tomorrow = session.run(f"trimtab {command} --as-of 2026-04-02")
    today = session.run(f"trimtab {command} --as-of 2026-04-01")

    assert tomorrow.startswith("2> 2026-04-02 is in the future")
    assert tomorrow.endswith("[1]\n")
    assert "future" not in today
