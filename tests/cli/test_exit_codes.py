"""Exit codes tell a script what the text tells a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import PERSON, Session, demo_folder


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A person in a copy of the demo's household."""
    return Session(demo_folder(tmp_path), {"TRIMTAB_HOME": str(tmp_path / "home"), **PERSON})


@pytest.mark.parametrize(
    "line",
    [
        "trimtab plan --as-of 2013-06-28",
        "trimtab plan --as-of 2013-06-28 --json",
        "trimtab plan --as-of 2012-09-28 --withdraw k401=9000000",
        "trimtab status --as-of 2013-06-28",
        "trimtab status --as-of 2013-06-28 --json",
        "trimtab status --as-of 2013-06-28 --exit-code",
    ],
)
def test_an_error_in_the_plan_is_an_exit_code(session: Session, line: str) -> None:
    """What stopped the plan is printed, ends with 1, and leaves no plan to be carried out."""
    printed = session.run(line)

    assert printed.endswith("[1]\n")
    assert "2> " not in printed
    assert "Nothing due" not in printed
    assert "Next: trimtab apply" not in printed
    assert not list(session.cwd.glob("plans/*"))
    assert '"severity": "error"' in printed if "--json" in line else "Nothing planned" in printed


def test_a_plan_without_errors_ends_with_none(session: Session) -> None:
    """Warnings alone are no reason to fail."""
    printed = session.run("trimtab plan --as-of 2012-09-28")

    assert "Warning" in printed
    assert "Next: trimtab apply" in printed
    assert not printed.endswith("]\n")


def test_a_look_that_finds_nothing_says_so(session: Session) -> None:
    """A period that is looked at inside every band is not said to be due and not due at once."""
    portfolio = session.cwd / "portfolio.toml"
    text = portfolio.read_text(encoding="utf-8")
    portfolio.write_text(text.replace("band:5pp/25%", "band:50pp"), encoding="utf-8")

    printed = session.run("trimtab plan --as-of 2012-10-03")

    assert "Nothing due" in printed
    assert "a look is due and finds nothing to trade: " in printed
