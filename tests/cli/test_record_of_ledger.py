"""`trimtab ledger` on a record that somebody touched."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.console import Session, demo_folder


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A household that has traded once."""
    folder = demo_folder(tmp_path)
    made = Session(folder, {"LOGNAME": "tester", "TRIMTAB_HOME": str(tmp_path / "home")})
    made.run("trimtab plan --as-of 2012-09-28")
    made.run("trimtab apply --yes plans/*")
    return made


def ledger(session: Session) -> Path:
    """The file of the record."""
    return session.cwd / "paper" / "ledger.jsonl"


def test_a_flipped_digit_is_found_and_located(session: Session) -> None:
    """An altered entry is named with its line, and the exit code is 1."""
    data = ledger(session).read_bytes()
    ledger(session).write_bytes(data.replace(b"18240.55", b"18241.55", 1))

    printed = session.run("trimtab ledger verify")

    assert "DOES NOT HOLD" in printed
    assert "line 1, byte 0" in printed
    assert printed.endswith("[1]\n")


def test_a_cut_is_found_against_a_checkpoint(session: Session) -> None:
    """Whole entries missing at the end are seen once there is a checkpoint from elsewhere."""
    note = session.run("trimtab ledger checkpoint").partition("2> ")[0]
    (session.cwd / "kept.txt").write_text(note, encoding="utf-8")
    lines = ledger(session).read_bytes().splitlines(keepends=True)
    whole = session.run("trimtab ledger verify --checkpoint kept.txt")

    ledger(session).write_bytes(b"".join(lines[:-2]))
    alone = session.run("trimtab ledger verify")
    against = session.run("trimtab ledger verify --checkpoint kept.txt")

    assert "its signature is right" in whole
    assert not alone.endswith("[1]\n")
    assert "The end was cut off" in against
    assert against.endswith("[1]\n")


def test_reading_a_torn_record_writes_nothing(session: Session) -> None:
    """`show` leaves a line that a crash tore where it is."""
    whole = session.run("trimtab ledger show --kind filled")
    with ledger(session).open("ab") as file:
        file.write(b'{"at":"2012-')
    before = ledger(session).read_bytes()

    printed = session.run("trimtab ledger show --kind filled")

    assert printed.startswith(whole)
    assert ledger(session).read_bytes() == before


def test_a_record_can_be_read_when_the_folder_is_not_in_order(session: Session) -> None:
    """A broken portfolio.toml does not hide the record."""
    (session.cwd / "portfolio.toml").write_text("currency = [", encoding="utf-8")

    printed = session.run("trimtab ledger verify")

    assert printed.startswith("Holds: ")


@pytest.mark.parametrize("key", ["", " --key KEY"])
def test_a_checkpoint_that_is_none_is_named(session: Session, key: str) -> None:
    """What is wrong with a checkpoint is told with the name of its file."""
    public = session.run("trimtab ledger checkpoint").strip().rpartition(" ")[2]
    (session.cwd / "kept.txt").write_text("not a checkpoint", encoding="utf-8")

    printed = session.run(
        f"trimtab ledger verify --checkpoint kept.txt{key}".replace("KEY", public)
    )

    assert printed.startswith("2> kept.txt: ")
    assert printed.endswith("[1]\n")


def test_a_checkpoint_that_is_not_there_is_named(session: Session) -> None:
    """A wrong path is told with the path."""
    printed = session.run("trimtab ledger verify --checkpoint gone.txt")

    assert "gone.txt" in printed
    assert printed.endswith("[1]\n")


def test_filters_of_show_narrow_down_together(session: Session) -> None:
    """By account, symbol, event, day and plan; each answer is a part of the whole record."""

    def shown(options: str) -> list[dict[str, object]]:
        told = json.loads(session.run(f"trimtab ledger show --json {options}"))
        assert told["of"] == len(everything)
        return list(told["entries"])

    everything = json.loads(session.run("trimtab ledger show --json"))["entries"]
    plan = next(e["body"]["plan"] for e in everything if e["kind"] == "planned")

    fills = [entry for entry in everything if entry["kind"] == "filled"]
    of_aapl = [entry for entry in fills if entry["body"]["instrument"] == "AAPL"]
    assert shown("--event filled") == shown("--kind filled") == fills
    assert shown("--symbol AAPL --event filled --since 2012-09-28") == of_aapl
    assert shown("--symbol AAPL --event filled --account roth --limit 1") == [
        entry for entry in of_aapl if entry["body"]["account"] == "roth"
    ]
    assert shown("--until 2000-01-01") == []
    about_plan = shown(f"--plan plans/{plan}.json")
    assert about_plan == shown(f"--plan {plan}")
    assert {"planned", "order_sent", "filled"} <= {entry["kind"] for entry in about_plan}
    assert "opened" not in {entry["kind"] for entry in about_plan}


def test_a_kind_that_there_is_not_is_named(session: Session) -> None:
    """A misspelt event is an error with what was probably meant, not an empty answer."""
    printed = session.run("trimtab ledger show --event fild")

    assert "Did you mean 'filled'?" in printed
    assert printed.endswith("[1]\n")
    assert session.run("trimtab ledger show --event 'order sent'") == session.run(
        "trimtab ledger show --event order_sent"
    )


def test_an_index_that_somebody_broke_changes_no_answer(session: Session) -> None:
    """The index is a cache: damaged or deleted, `show` says the same."""
    whole = session.run("trimtab ledger show")
    index = ledger(session).parent / ".trimtab-cache" / "ledger.sqlite"
    assert index.exists()

    index.write_bytes(b"not a database" * 500)
    damaged = session.run("trimtab ledger show")
    index.unlink()
    deleted = session.run("trimtab ledger show")

    assert damaged == deleted == whole


def test_verify_puts_an_index_right_that_hides_an_entry(session: Session) -> None:
    """What no single answer can show, the complete check finds: a row under a wrong account."""
    whole = session.run("trimtab ledger show --account roth")
    db = sqlite3.connect(ledger(session).parent / ".trimtab-cache" / "ledger.sqlite")
    db.execute("UPDATE entries SET account = 'k401' WHERE account = 'roth'")
    db.commit()
    db.close()
    hidden = session.run("trimtab ledger show --account roth")

    session.run("trimtab ledger verify")

    assert hidden != whole
    assert session.run("trimtab ledger show --account roth") == whole
