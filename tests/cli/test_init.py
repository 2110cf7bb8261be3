"""A new folder is ready to be used, limits and all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.console import PERSON, Session
from trimtab.adapters.limits_file import read_limits
from trimtab.execution.gate import Limits

COLUMNS = ("key", "meaning", "new", "without")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "portfolio-folder.md"


def test_a_new_folder_has_hard_limits(tmp_path: Path) -> None:
    """The limits written are those of a folder without the file, and one on the worth of orders."""
    session = Session(tmp_path, {"TRIMTAB_HOME": str(tmp_path / "home"), **PERSON})

    printed = session.run("trimtab init new")

    limits = read_limits(tmp_path / "new")
    assert "limits.toml" in printed
    assert limits == Limits(order_value=5_000_000)


def test_the_limits_are_documented_as_they_are(tmp_path: Path) -> None:
    """Each key of a new limits.toml stands in the docs with the value it is given there."""
    Session(tmp_path).run("trimtab init new")
    lines = (tmp_path / "new" / "limits.toml").read_text(encoding="utf-8").splitlines()
    written = [line.split("#")[0].split("=") for line in lines if "=" in line and line[0] != "#"]
    rows = [line.strip("| ").split(" | ") for line in DOCS.read_text("utf-8").splitlines()]

    told = {row[0].strip("`"): row[2] for row in rows if len(row) == len(COLUMNS)}

    assert len(written) == 5
    assert {key.strip(): told[key.strip()] for key, _ in written} == {
        key.strip(): value.strip() for key, value in written
    }


def test_the_example_keeps_its_limits(tmp_path: Path) -> None:
    """No order of the example's first plan is refused by the limits that stand beside it."""
    session = Session(tmp_path, {"TRIMTAB_HOME": str(tmp_path / "home"), **PERSON})
    session.run("trimtab init new")
    session.run("cd new")
    session.run("trimtab plan --now")

    printed = session.run("trimtab apply --dry-run plans/*")

    assert "all pass the gate" in printed


def test_a_new_folder_works_when_it_is_tomorrow_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Monday morning in London it is Sunday in New York: nothing is of a day to come."""
    monkeypatch.setattr("tests.cli.console.NOW", datetime(2026, 11, 23, 3, 3, tzinfo=UTC))
    session = Session(tmp_path, {"TRIMTAB_HOME": str(tmp_path / "home"), **PERSON})
    session.run("trimtab init new")
    session.run("cd new")

    printed = session.run("trimtab plan --now")

    assert "future" not in printed
    assert "has no price" not in printed
    assert "Saved plans/" in printed
    assert (
        (tmp_path / "new" / "prices.csv")
        .read_text("utf-8")
        .splitlines()[-1]
        .startswith("2026-11-20")
    )
