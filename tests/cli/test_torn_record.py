"""A record whose last line a crash cut: every command that meets it says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.console import GOLDEN, Session, golden_session

EXPORT = "Symbol,Quantity\nSTOCK,200\nBOND,0\n"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A household with a record that ends in the middle of a line."""
    made = golden_session(GOLDEN / "by-hand.console", tmp_path)
    made.run("trimtab halt ira --reason 'a look at it'")
    with (made.cwd / "ledger.jsonl").open("ab") as record:
        record.write(b'{"at":"2026-04-01T2')
    (made.cwd / "positions.csv").write_text(EXPORT, encoding="utf-8")
    return made


def plan_of(session: Session) -> str:
    """A saved plan."""
    session.run("trimtab plan")
    (path,) = (session.cwd / "plans").glob("*.json")
    return f"plans/{path.name}"


@pytest.mark.parametrize(
    "line",
    [
        "status",
        "plan",
        "ledger verify",
        "ledger show",
        "ledger checkpoint",
        "ledger prove 1",
        "reconcile positions.csv --account brokerage",
        "apply --dry-run PLAN",
    ],
)
def test_who_reads_a_cut_record_is_told(line: str, session: Session) -> None:
    """A command that only reads says that the last line is unfinished, and leaves it there."""
    line = line.replace("PLAN", plan_of(session))
    before = (session.cwd / "ledger.jsonl").read_bytes()

    printed = " ".join(session.run(f"trimtab {line}").split())

    assert "The last line is unfinished" in printed or "last line is incomplete" in printed
    assert (session.cwd / "ledger.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        "halt brokerage --reason why",
        "resume ira --reason why",
        "import positions.csv --account brokerage --yes",
        "ledger correct 1 --lot brokerage-STOCK-2019-05-14-1 --basis 3 --reason why --yes",
        "record --yes --trades trades.csv",
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_who_repairs_a_cut_record_says_so(line: str, as_json: bool, session: Session) -> None:
    """A command that writes puts the torn line away, and tells where it is kept."""
    (session.cwd / "trades.csv").write_text(
        "account,symbol,side,quantity,price,date\nbrokerage,BOND,buy,1,100,2026-04-01\n"
    )

    printed = session.run(f"trimtab {line}{' --json' if as_json else ''}")

    assert (session.cwd / "ledger.jsonl.torn-1").exists()
    if as_json:
        codes = [one["code"] for one in json.loads(printed)["findings"]]
        assert "ledger-torn-line" in codes
    else:
        assert "was torn, as a crash leaves it" in " ".join(printed.split())


@pytest.mark.parametrize("command", ["apply --yes", "record --yes", "cancel --yes"])
def test_who_carries_out_a_plan_repairs_and_says_so(command: str, session: Session) -> None:
    """Carrying out a plan, booking it and cancelling it put the torn line away as well."""
    plan = plan_of(session)
    session.run("trimtab resume ira --reason 'all is well'")
    session.run(f"trimtab apply --yes {plan_again(session, plan)}")
    with (session.cwd / "ledger.jsonl").open("ab") as record:
        record.write(b'{"at":"2026-04-01T2')

    printed = session.run(f"trimtab {command} {plan_again(session, plan)}")

    assert "was torn, as a crash leaves it" in " ".join(printed.split())


def plan_again(session: Session, first: str) -> str:
    """The plan that the record as it is now was looked at for."""
    session.run("trimtab plan")
    newer = [path for path in (session.cwd / "plans").glob("*.json") if path.name not in first]
    return f"plans/{newer[0].name}" if newer else first
