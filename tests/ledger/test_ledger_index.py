"""The index: finds what the ledger says, and is thrown away when it does not match."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.ledger.histories import history
from tests.ledger.make import bytes_of, record
from trimtab.adapters.ledger_file import FileLedger
from trimtab.adapters.ledger_index import LedgerIndex, index_of
from trimtab.adapters.portfolio_tables.files import CACHE_FOLDER, INDEX_FILE
from trimtab.ledger.chain import EMPTY, Entry, Reading, sealed, verify_bytes
from trimtab.ledger.errors import LedgerDamagedError
from trimtab.ledger.events import (
    approved,
    deposited,
    order_intended,
    order_sent,
    planned,
    split,
    subjects,
    withdrawn,
)
from trimtab.model.orders import Order

DAY = date(2026, 3, 31)
AT = "2026-03-31T20:00:00Z"


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    """A ledger with events of several kinds."""
    store = FileLedger(tmp_path / "ledger.jsonl")
    drafts = [
        deposited("roth", 100, on=date(2026, 3, 1), at=AT),
        deposited("brokerage", 200, on=date(2026, 3, 2), at=AT),
        withdrawn("roth", 50, on=date(2026, 3, 3), at=AT),
        planned("2026-03-31-7f3a", "a" * 64, as_of=DAY, head="b" * 64, at=AT),
        approved("2026-03-31-7f3a", "a" * 64, by="owner", at=AT),
        split("VTI", new=2, old=1, on=DAY, at=AT),
        order_sent("o1", "c" * 64, at=AT),
    ]
    store.append(sealed(drafts, EMPTY), EMPTY)
    return store


@pytest.fixture
def index(ledger: FileLedger, tmp_path: Path) -> Iterator[LedgerIndex]:
    """An index over it."""
    with LedgerIndex(tmp_path / "index.sqlite", ledger.path) as index:
        yield index


def numbers(entries: list[Entry]) -> list[int]:
    """Which entries these are."""
    return [entry.seq for entry in entries]


def test_each_question_finds_its_entries(index: LedgerIndex) -> None:
    """By account, instrument, order, plan, kind and day, alone and together, oldest first."""
    assert numbers(index.query(account="roth")) == [1, 3]
    assert numbers(index.query(instrument="VTI")) == [6]
    assert numbers(index.query(order="o1")) == [7]
    assert numbers(index.query(plan="2026-03-31-7f3a")) == [4, 5]
    assert numbers(index.query(kind="deposited")) == [1, 2]
    assert numbers(index.query(kind=["withdrawn", "split"])) == [3, 6]
    assert numbers(index.query(first=date(2026, 3, 2), last=date(2026, 3, 3))) == [2, 3]
    assert numbers(index.query(account="roth", kind="deposited")) == [1]
    assert numbers(index.query(newest=2)) == [6, 7]
    assert index.query(account="nobody") == []
    assert numbers(index.query()) == [1, 2, 3, 4, 5, 6, 7]


def test_answers_are_the_entries_of_the_ledger(index: LedgerIndex, ledger: FileLedger) -> None:
    """What comes back is read from the ledger and checked, not from the index."""
    assert tuple(index.query()) == ledger.read()
    assert index.is_exact()
    assert index.rebuilt == 0


def test_what_is_appended_is_found_at_once(index: LedgerIndex, ledger: FileLedger) -> None:
    """A question takes in what was appended since the last one."""
    assert index.catch_up() == 7
    ledger.append(sealed([deposited("roth", 1, on=DAY, at=AT)], ledger.head), ledger.head)

    assert numbers(index.query(account="roth")) == [1, 3, 8]
    assert index.catch_up() == 0
    assert index.rebuilt == 0


def test_deleting_the_index_loses_nothing(ledger: FileLedger, tmp_path: Path) -> None:
    """A new index over the same ledger answers the same."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as index:
        before = index.query()
    path.unlink()

    with LedgerIndex(path, ledger.path) as index:
        assert index.query() == before
        assert index.is_exact()


def test_an_index_of_another_ledger_is_made_anew(ledger: FileLedger, tmp_path: Path) -> None:
    """A ledger that was restored from elsewhere is noticed, though it has as many entries."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as index:
        index.catch_up()
    ledger.path.write_bytes(bytes_of(record(7, seed=4)))

    with LedgerIndex(path, ledger.path) as index:
        assert tuple(index.query()) == record(7, seed=4)
        assert index.rebuilt == 1
        assert index.is_exact()


@pytest.mark.parametrize("count", [0, 3])
def test_an_index_ahead_of_its_ledger_is_made_anew(
    ledger: FileLedger, tmp_path: Path, count: int
) -> None:
    """A ledger that is shorter than the index is the truth all the same."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as index:
        index.catch_up()
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[:count]))

    with LedgerIndex(path, ledger.path) as index:
        assert numbers(index.query()) == list(range(1, count + 1))
        assert index.rebuilt == 1


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM entries WHERE seq = 3",
        "DELETE FROM indexed",
        "DELETE FROM entries WHERE seq = 7",
        "UPDATE entries SET account = 'k401' WHERE seq = 3",
        'UPDATE entries SET "offset" = 0, length = 9 WHERE seq = 3',
        "UPDATE entries SET kind = 'filled' WHERE seq = 3",
        "UPDATE indexed SET version = 99",
        "UPDATE indexed SET hash = 'ff'",
        "UPDATE indexed SET seq = 6",
    ],
)
def test_a_tampered_index_does_not_give_wrong_answers(
    ledger: FileLedger, tmp_path: Path, tampering: str
) -> None:
    """Whatever was changed in the index, what comes out is what the ledger says."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as index:
        index.catch_up()
    db = sqlite3.connect(path)
    db.execute(tampering)
    db.commit()
    db.close()

    with LedgerIndex(path, ledger.path) as index:
        assert tuple(index.query()) == ledger.read()
        assert index.rebuilt == 1
        assert index.is_exact()


def test_rows_that_hide_an_entry_are_found_by_the_complete_comparison(
    ledger: FileLedger, tmp_path: Path
) -> None:
    """A row that no longer answers to its account is what only the complete comparison sees."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as index:
        index.catch_up()
        db = sqlite3.connect(path)
        db.execute("UPDATE entries SET account = 'k401' WHERE seq = 3")
        db.commit()
        db.close()

        exact_before = index.is_exact()
        index.rebuild()

        assert not exact_before
        assert index.is_exact()
        assert numbers(index.query(account="roth")) == [1, 3]


def test_a_foreign_table_in_the_index_is_thrown_away(ledger: FileLedger, tmp_path: Path) -> None:
    """A database of somebody else's making, with a table of the same name, is replaced."""
    path = tmp_path / "index.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE entries (seq INTEGER, kind TEXT, account, instrument, order_id)")
    db.execute("CREATE TABLE indexed (x)")
    db.commit()
    db.close()

    with LedgerIndex(path, ledger.path) as index:
        assert tuple(index.query()) == ledger.read()


@pytest.mark.parametrize("seed", range(6))
def test_garbage_in_the_index_file_is_thrown_away(
    ledger: FileLedger, tmp_path: Path, seed: int
) -> None:
    """A damaged or foreign file in the index's place is replaced, and the answers are right."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as index:
        index.catch_up()
    rng = random.Random(seed)
    data = bytearray(path.read_bytes())
    if seed == 0:
        data = bytearray(b"not a database at all" * 400)
    else:
        for _ in range(4000):
            data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(data)

    with LedgerIndex(path, ledger.path) as index:
        assert tuple(index.query()) == ledger.read()


def test_a_damaged_ledger_is_not_indexed(index: LedgerIndex, ledger: FileLedger) -> None:
    """The index takes nothing from a ledger that is not sound, and says where it is not."""
    data = bytearray(ledger.path.read_bytes())
    data[700] ^= 1
    ledger.path.write_bytes(data)

    with pytest.raises(LedgerDamagedError):
        index.catch_up()


def test_an_unfinished_line_is_not_indexed(index: LedgerIndex, ledger: FileLedger) -> None:
    """A line that is just being written is taken in once it is whole."""
    with ledger.path.open("ab") as file:
        file.write(b'{"at":"2026')

    assert len(index.query()) == 7


def test_no_ledger_is_an_empty_answer(tmp_path: Path) -> None:
    """Before the first entry there is nothing to find."""
    with LedgerIndex(tmp_path / "index.sqlite", tmp_path / "ledger.jsonl") as index:
        assert index.query() == []
        assert index.is_exact()


def test_catching_up_keeps_other_writers_out_from_the_start(
    index: LedgerIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read to decide what to add is read under the lock that the adding needs."""
    tried: list[str] = []

    def look(known: object) -> Reading:
        rival = sqlite3.connect(index.path or "", timeout=0, isolation_level=None)
        try:
            rival.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            tried.append(str(error))
        finally:
            rival.close()
        return verify_bytes(b"")

    monkeypatch.setattr(index, "_read", look)
    index.catch_up()

    assert tried == ["database is locked"]


def test_two_indexes_on_one_file_take_turns(ledger: FileLedger, tmp_path: Path) -> None:
    """Two processes that catch up on the same index do not double its rows."""
    path = tmp_path / "index.sqlite"
    with LedgerIndex(path, ledger.path) as one, LedgerIndex(path, ledger.path) as two:
        assert one.catch_up() + two.catch_up() == 7
        assert numbers(one.query()) == numbers(two.query()) == [1, 2, 3, 4, 5, 6, 7]
        assert (one.rebuilt, two.rebuilt) == (0, 0)


def test_a_plan_is_found_with_what_became_of_its_orders(
    index: LedgerIndex, ledger: FileLedger
) -> None:
    """Fills and answers name their order only; who asks for the plan gets them as well."""
    order = Order("o2", "roth", "VTI", "buy", 5, None, None, "2026-03-31-7f3a")
    drafts = [order_intended(order, at=AT), order_sent("o2", "c" * 64, at=AT)]
    ledger.append(sealed(drafts, ledger.head), ledger.head)

    assert numbers(index.query(plan="2026-03-31-7f3a")) == [4, 5, 8, 9]


def test_one_entry_is_found_by_its_number(index: LedgerIndex) -> None:
    """Numbers begin with one and end with the newest entry."""
    third = index.entry(3)
    assert third is not None

    assert third.kind == "withdrawn"
    assert index.entry(0) is None
    assert index.entry(8) is None
    assert len(index) == 7


@pytest.mark.parametrize("seed", range(3))
def test_each_filter_answers_what_a_reader_of_the_whole_record_finds(
    tmp_path: Path, seed: int
) -> None:
    """Over a random history every question has the answer of a plain search."""
    made = history(seed, 60)
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(bytes_of(tuple(made.entries)))
    about = [(entry, subjects(entry)) for entry in made.entries]
    middle = about[len(about) // 2][1].on

    with index_of(path) as index:
        for account in ("roth", "k401", "nobody"):
            wanted = [e.seq for e, s in about if s.account == account]
            assert numbers(index.query(account=account)) == wanted
        for name in ("VTI", "BND"):
            wanted = [e.seq for e, s in about if s.instrument == name and e.kind == "filled"]
            assert numbers(index.query(instrument=name, kind="filled")) == wanted
        wanted = [e.seq for e, s in about if s.on >= middle][-5:]
        assert numbers(index.query(first=date.fromisoformat(middle), newest=5)) == wanted


def test_the_index_lies_in_a_cache_that_git_leaves_out(ledger: FileLedger) -> None:
    """It stands beside the ledger, with a note for git and for backups, and can be deleted."""
    folder = ledger.path.parent / CACHE_FOLDER

    with index_of(ledger.path) as index:
        first = numbers(index.query())
    (folder / INDEX_FILE).unlink()
    with index_of(ledger.path) as index:
        again = numbers(index.query())

    assert first == again == [1, 2, 3, 4, 5, 6, 7]
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886")


@pytest.mark.parametrize("in_the_way", [CACHE_FOLDER, f"{CACHE_FOLDER}/{INDEX_FILE}/x"])
def test_where_no_index_can_be_written_it_is_made_in_memory(
    ledger: FileLedger, in_the_way: str
) -> None:
    """Reading a record needs no right to write: the answers are the same."""
    place = ledger.path.parent / in_the_way
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("not a cache")

    with index_of(ledger.path) as index:
        assert index.path is None
        assert numbers(index.query(account="roth")) == [1, 3]
        assert index.rebuild() == 7


def test_a_damaged_ledger_is_told_and_not_hidden_by_the_cache(ledger: FileLedger) -> None:
    """Opening the index of a ledger that is not sound says where it is not."""
    data = bytearray(ledger.path.read_bytes())
    data[700] ^= 1
    ledger.path.write_bytes(data)

    with pytest.raises(LedgerDamagedError):
        index_of(ledger.path)
