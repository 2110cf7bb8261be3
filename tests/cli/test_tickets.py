"""Tickets that were traded in part, and the fees of what is recorded as planned."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.console import GOLDEN, Session, golden_session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The household that trades by hand, with open tickets."""
    made = golden_session(GOLDEN / "by-hand.console", tmp_path)
    made.run("trimtab plan")
    made.run("trimtab apply --yes plans/*")
    return made


def test_what_is_still_to_trade_has_its_own_column(session: Session) -> None:
    """Units traded and units still to trade are two figures under their names."""
    printed = session.run("trimtab record --yes plans/* fills.csv")

    assert re.search(r"traded +still to trade", printed)
    assert re.search(r"sell +FUND +ira +100 +157\.598 ", printed)
    assert " of 257.598" not in printed


@pytest.mark.parametrize("command", ["apply --dry-run", "apply", "record", "cancel"])
def test_a_plan_is_named_as_in_its_folder(session: Session, command: str) -> None:
    """With -C a plan may be named as from the portfolio folder, not only as from here."""
    elsewhere = Session(session.cwd.parent, session.environ)
    (saved,) = (session.cwd / "plans").iterdir()

    printed = elsewhere.run(f"echo n | trimtab -C {session.cwd.name} {command} plans/{saved.name}")

    assert saved.stem in printed
    assert "no such file" not in printed


def test_a_plan_that_is_not_there_is_not_called_broken(session: Session) -> None:
    """A name that nothing has is said to be that, and not to be a file that is no plan."""
    printed = session.run("trimtab apply plans/2026-01-01-abcdef.json")

    assert "there is no such file" in printed
    assert "no saved plan" not in printed


def test_an_open_order_counts_what_is_still_open(session: Session) -> None:
    """Status names what is still to be traded of an order, not all that it was for."""
    session.run("trimtab record --yes plans/* fills.csv")

    printed = " ".join(session.run("trimtab status").split())

    assert "3 orders are still open: sell 157.598 FUND in ira" in printed


def test_fees_are_shown_before_they_are_booked_as_planned(session: Session) -> None:
    """The preview has each fee in money; the same fees stand in the result and in JSON."""
    shown = session.run("echo n | trimtab record plans/*")
    preview = re.findall(r"^  (?:buy|sell) .* (\d+\.\d\d)  2026-03-31$", shown, re.MULTILINE)

    told = json.loads(session.run("trimtab record --yes --json plans/*"))

    assert "as planned  2026" not in shown
    assert preview == ["1.00", "1.00", "1.00"]
    assert [one["fees"] for one in told["orders"]] == preview


@pytest.mark.parametrize(
    ("before", "options", "is_cancelled"),
    [
        ("echo y | ", "", True),
        ("echo n | ", "", False),
        ("", "", False),
        ("", " --yes", True),
        ("", " --json", False),
        ("", " --yes --json", True),
    ],
)
def test_what_is_open_is_cancelled_by_a_yes_alone(
    before: str, options: str, is_cancelled: bool, session: Session
) -> None:
    """Before a clear yes, or --yes, nothing is written; a program that cannot ask is refused."""
    record = session.cwd / "ledger.jsonl"
    was = record.read_bytes()

    printed = session.run(f"{before}trimtab cancel plans/*{options}")

    assert (record.read_bytes() != was) == is_cancelled
    assert ("Cancel 3 open orders of" in printed) == (options == "")
    assert ("Nothing was cancelled." in printed) == (not options and not is_cancelled)
    assert ("--json cannot ask" in printed) == (options == " --json")


def test_nothing_is_asked_where_nothing_is_open(session: Session) -> None:
    """A plan that is over is cancelled by saying so, once and again."""
    session.run("trimtab cancel --yes plans/*")

    printed = session.run("trimtab cancel plans/*")

    assert "Cancel " not in printed
    assert "0 of 3 orders filled" in printed
