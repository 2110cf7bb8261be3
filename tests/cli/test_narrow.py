"""Reports on a narrow screen, and where only ASCII can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import GOLDEN, Session, golden_session

LINES = (
    "status",
    "status --explain",
    "plan",
    "plan --explain",
    "apply --dry-run plans/*",
    "backtest --prices prices.csv --target IBM=60,BOND10=40 --policy monthly --policy band:5pp",
)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The household of the demo, with a plan."""
    made = golden_session(GOLDEN / "demo.console", tmp_path)
    made.run("trimtab plan")
    return made


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("width", [60, 72])
def test_a_narrow_screen_is_not_overrun(line: str, width: int, session: Session) -> None:
    """On 60 columns nothing is wider, but names of files and commands to be copied."""
    printed = session.run(f"COLUMNS={width} trimtab {line}")

    wide = [one for one in printed.splitlines() if len(one) > width and "trimtab" not in one]

    assert len(printed) > 300
    assert [one for one in wide if "plans/" not in one and not one.startswith("2> ")] == []


def test_the_reason_of_each_trade_is_told_on_a_narrow_screen_too(session: Session) -> None:
    """What has no room beside a trade stands below the table."""
    printed = " ".join(session.run("COLUMNS=60 trimtab plan").split())

    assert "sell GOOG in roth: growth 3.0pp over; no tax in roth" in printed


@pytest.mark.parametrize("line", LINES)
def test_a_terminal_without_unicode_gets_ascii(line: str, session: Session) -> None:
    """Nothing fails, and signs have a form in ASCII instead of codes."""
    printed = session.run(f"PYTHONIOENCODING=ascii trimtab {line}")

    assert printed.isascii()
    assert "\\u" not in printed
    assert "Traceback" not in printed
