"""The record in a file: crashes, full disks, damage, and several processes."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.contract import LedgerStoreContract
from tests.ledger.make import bytes_of, notes, record
from tests.ledger.rivals import append_as_rival
from trimtab.adapters.ledger_file import FileLedger, OsDisk
from trimtab.ledger.chain import EMPTY, head_after, line_bytes, sealed, verify_bytes
from trimtab.ledger.errors import (
    HeadMovedError,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerWriteError,
)
from trimtab.ledger.merkle import root_of

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions or locks")


class TestFileLedger(LedgerStoreContract):
    """The file keeps the contract that its fake keeps."""

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Callable[[], FileLedger]:
        """Makes an empty record."""
        return lambda: FileLedger(tmp_path / "ledger.jsonl", patience=0)


class Crash(BaseException):
    """The process dies here."""


class FaultyDisk(OsDisk):
    """A disk that fails at its n-th call of one kind, and from then on if it stays broken."""

    def __init__(
        self, fails: str, *, at: int = 1, after_bytes: int = 0, stays: bool = False
    ) -> None:
        self.fails, self.at, self.after_bytes, self.stays = fails, at, after_bytes, stays
        self.calls: list[str] = []

    def _is_due(self, call: str) -> bool:
        self.calls.append(call)
        count = self.calls.count(call)
        return call == self.fails and (count == self.at or (self.stays and count > self.at))

    def write(self, descriptor: int, data: bytes) -> int:
        """Write only a part when it is due."""
        if not self._is_due("write"):
            return super().write(descriptor, data)
        if self.after_bytes == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data[: self.after_bytes])

    def fsync(self, descriptor: int) -> None:
        """Fail when it is due."""
        if self._is_due("fsync"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Fail when it is due, or always when the disk stays broken."""
        if self.stays or self._is_due("truncate"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().truncate(descriptor, size)


class CrashingDisk(OsDisk):
    """A machine that dies after so many bytes of the first write."""

    def __init__(self, after_bytes: int) -> None:
        self.after_bytes = after_bytes

    def write(self, descriptor: int, data: bytes) -> int:
        """Write a part, then die."""
        super().write(descriptor, data[: self.after_bytes])
        raise Crash


def filled(path: Path, count: int = 5) -> FileLedger:
    """A file with that many entries."""
    ledger = FileLedger(path, patience=0)
    ledger.append(record(count), EMPTY)
    return ledger


def test_another_process_sees_what_was_appended(tmp_path: Path) -> None:
    """What append acknowledged is there for everybody, and the tree grows with it."""
    path = tmp_path / "ledger.jsonl"
    writer, reader = filled(path, 3), FileLedger(path)
    entries = record(6)

    writer.append(entries[3:], writer.head)

    assert reader.head.seq == 3
    assert reader.read() == entries
    assert reader.tree == writer.tree
    assert reader.tree.root == root_of([bytes.fromhex(e.hash) for e in entries])


def test_one_append_is_one_write_and_one_fsync(tmp_path: Path) -> None:
    """A batch costs one write and one fsync; the folder's own only when the file is made."""
    disk = FaultyDisk("nothing")
    ledger = FileLedger(tmp_path / "ledger.jsonl", disk=disk)

    ledger.append(record(3), EMPTY)
    first = list(disk.calls)
    disk.calls.clear()
    ledger.append(record(20)[3:], ledger.head)

    assert first == (["write", "fsync"] if sys.platform == "win32" else ["write", "fsync", "fsync"])
    assert disk.calls == ["write", "fsync"]


def test_a_crash_within_a_write_loses_no_acknowledged_entry(tmp_path: Path) -> None:
    """However much of a batch reached the disk, the next start has a sound record and goes on."""
    old, new = record(5)[:2], record(5)[2:]
    data = bytes_of(new)
    newlines = [place for place in range(len(data)) if data[place : place + 1] == b"\n"]
    inside = random.Random(7).sample(range(len(data) + 1), 100)
    for reached in sorted({0, 1, len(data), *newlines, *(n + 1 for n in newlines), *inside}):
        path = tmp_path / f"ledger-{reached}.jsonl"
        path.write_bytes(bytes_of(old))
        with pytest.raises(Crash):
            FileLedger(path, disk=CrashingDisk(reached)).append(new, head_after(old))

        ledger = FileLedger(path, patience=0)

        codes = [finding.code for finding in ledger.findings]
        whole = sum(1 for newline in newlines if newline < reached)
        if reached in newlines:
            assert codes == ["ledger-tail-completed"]
            whole += 1
        elif reached == 0 or reached - 1 in newlines:
            assert codes == []
        else:
            assert codes == ["ledger-torn-line"]
            torn = path.with_name(path.name + ".torn-1").read_bytes()
            assert bytes_of(old) + bytes_of(new[:whole]) + torn == bytes_of(old) + data[:reached]
        assert ledger.read() == old + new[:whole]
        assert path.read_bytes() == bytes_of(old + new[:whole])
        ledger.append(new[whole:], ledger.head)
        assert FileLedger(path).read() == old + new


def test_a_torn_line_never_overwrites_an_earlier_one(tmp_path: Path) -> None:
    """Each torn line is kept in a file of its own."""
    path = tmp_path / "ledger.jsonl"
    filled(path)

    for text in (b'{"at":', b'{"at":"2026'):
        with path.open("ab") as file:
            file.write(text)
        assert FileLedger(path).head.seq == 5

    assert path.with_name("ledger.jsonl.torn-1").read_bytes() == b'{"at":'
    assert path.with_name("ledger.jsonl.torn-2").read_bytes() == b'{"at":"2026'


def test_blocks_that_never_reached_the_disk_are_a_torn_line(tmp_path: Path) -> None:
    """A last line of zeros, as a file system leaves after a power cut, is repaired too."""
    path = tmp_path / "ledger.jsonl"
    filled(path)
    with path.open("ab") as file:
        file.write(b'{"at":"2026' + bytes(200) + b'"}\n')

    ledger = FileLedger(path)

    assert [f.code for f in ledger.findings] == ["ledger-torn-line"]
    assert ledger.read() == record(5)


def test_a_torn_line_is_left_alone_while_somebody_writes(tmp_path: Path) -> None:
    """An unfinished line may be on its way: readers leave it out and do not touch it."""
    path = tmp_path / "ledger.jsonl"
    writer = filled(path)
    with writer.hold():
        with path.open("ab") as file:
            file.write(b'{"at":"2026')
        before = path.read_bytes()

        reader = FileLedger(path, patience=0)

        assert reader.read() == record(5)
        assert reader.data() == bytes_of(record(5))
        assert [f.code for f in reader.findings] == ["ledger-tail-unfinished"]
        assert path.read_bytes() == before


def test_a_writer_repairs_what_a_rival_left_torn(tmp_path: Path) -> None:
    """A line torn by another process that crashed is repaired before the next append."""
    path = tmp_path / "ledger.jsonl"
    ledger = filled(path)
    with path.open("ab") as file:
        file.write(b'{"at":"2026')

    ledger.append(record(6)[5:], ledger.head)

    assert FileLedger(path).read() == record(6)
    assert [f.code for f in ledger.findings] == ["ledger-torn-line"]


@pytest.mark.parametrize("line", range(5))
def test_damage_is_an_error_that_says_where_and_writes_nothing(tmp_path: Path, line: int) -> None:
    """A flipped bit in any acknowledged line, the last one too, is refused and located."""
    path = tmp_path / "ledger.jsonl"
    filled(path)
    lines = [line_bytes(e) for e in record(5)]
    start = sum(map(len, lines[:line]))
    data = bytearray(path.read_bytes())
    data[start + 60] ^= 1
    path.write_bytes(data)

    with pytest.raises(LedgerDamagedError) as caught:
        FileLedger(path)

    assert caught.value.problems[0].line == line + 1
    assert caught.value.problems[0].offset == start
    assert path.read_bytes() == data
    assert not list(tmp_path.glob("*.torn-*"))


def test_a_flipped_last_newline_is_damage_and_not_a_torn_line(tmp_path: Path) -> None:
    """A whole last entry with another byte for its newline was acknowledged: it stays."""
    path = tmp_path / "ledger.jsonl"
    filled(path)
    data = path.read_bytes()[:-1] + b"\x0b"
    path.write_bytes(data)

    with pytest.raises(LedgerDamagedError) as caught:
        FileLedger(path)

    assert caught.value.problems[0].line == 5
    assert path.read_bytes() == data


def test_damage_under_a_running_process_is_noticed_before_writing(tmp_path: Path) -> None:
    """A record that changed under our hands is not added to."""
    path = tmp_path / "ledger.jsonl"
    ledger = filled(path)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))

    with pytest.raises(LedgerDamagedError):
        ledger.append(record(6)[5:], ledger.head)

    assert path.read_bytes() == data


@pytest.mark.parametrize("what", ["cut", "replaced", "gone"])
def test_a_rewritten_record_is_noticed_by_a_process_that_saw_it(tmp_path: Path, what: str) -> None:
    """A sound but shorter or other record is refused by whoever remembers the longer one."""
    path = tmp_path / "ledger.jsonl"
    ledger = filled(path)
    if what == "gone":
        path.unlink()
    else:
        other = record(5)[:3] if what == "cut" else record(9, seed=4)
        path.with_name("new").write_bytes(bytes_of(other))
        path.with_name("new").replace(path)

    with pytest.raises(LedgerDamagedError) as caught:
        ledger.append(record(6)[5:], head_after(record(5)))

    assert [p.code for p in caught.value.problems] == ["record-rewritten"]
    assert ledger.head == head_after(record(5))


def test_a_file_in_the_place_of_the_old_one_is_read_anew(tmp_path: Path) -> None:
    """A restored file may end as ours did and differ before: what was known of ours is no proof."""
    path = tmp_path / "ledger.jsonl"
    ledger = filled(path)
    data = bytearray(bytes_of(record(7)))
    data[400] ^= 1
    path.with_name("new").write_bytes(data)
    path.with_name("new").replace(path)

    with pytest.raises(LedgerDamagedError):
        ledger.read()

    assert ledger.head == head_after(record(5))


@pytest.mark.parametrize(
    ("fails", "after_bytes"), [("write", 0), ("write", 100), ("write", 900), ("fsync", 0)]
)
def test_a_failing_disk_leaves_the_good_record(
    tmp_path: Path, fails: str, after_bytes: int
) -> None:
    """Disk full or a failed fsync: nothing is recorded, the old record reads, a retry works."""
    path = tmp_path / "ledger.jsonl"
    filled(path)
    ledger = FileLedger(path, disk=FaultyDisk(fails, after_bytes=after_bytes))
    new = record(9)[5:]

    with pytest.raises(LedgerWriteError) as caught:
        ledger.append(new, ledger.head)

    assert caught.value.certain
    assert path.read_bytes() == bytes_of(record(5))
    assert ledger.read() == record(5)
    assert ledger.append(new, ledger.head) == head_after(new)
    assert FileLedger(path).read() == record(9)


@pytest.mark.parametrize(("fails", "after_bytes"), [("write", 100), ("fsync", 0)])
def test_a_disk_that_stays_broken_is_said_to_be_uncertain(
    tmp_path: Path, fails: str, after_bytes: int
) -> None:
    """When not even the clean-up works, the error says so, and the next look tells the truth."""
    path = tmp_path / "ledger.jsonl"
    filled(path)
    disk = FaultyDisk(fails, after_bytes=after_bytes, stays=True)
    ledger = FileLedger(path, disk=disk)

    with pytest.raises(LedgerWriteError) as caught:
        ledger.append(record(6)[5:], ledger.head)

    assert not caught.value.certain
    assert FileLedger(path).read() in (record(5), record(6))


def test_a_failed_first_append_leaves_an_empty_record(tmp_path: Path) -> None:
    """If the folder's fsync fails when the file is made, there is no entry."""
    ledger = FileLedger(tmp_path / "ledger.jsonl", disk=FaultyDisk("fsync", at=2))

    with pytest.raises(LedgerWriteError):
        ledger.append(record(2), EMPTY)

    assert ledger.read() == ()
    assert FileLedger(ledger.path).head == EMPTY


def test_a_missing_folder_is_said_plainly(tmp_path: Path) -> None:
    """The record does not make folders on its own."""
    ledger = FileLedger(tmp_path / "nowhere" / "ledger.jsonl")

    with pytest.raises(LedgerWriteError, match="nowhere does not exist"):
        ledger.append(record(1), EMPTY)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """While one holds the record, another is told who it is and what to do; then it goes on."""
    path = tmp_path / "ledger.jsonl"
    holder, other = filled(path), FileLedger(path, patience=0)

    with holder.hold():
        with pytest.raises(LedgerBusyError) as caught:
            other.append(record(6)[5:], other.head)
        assert other.read() == record(5)
        holder.append(record(6)[5:], holder.head)

    assert str(os.getpid()) in str(caught.value)
    other.read()
    other.append(record(7)[6:], other.head)
    assert FileLedger(path).read() == record(7)


@posix_only
def test_a_deleted_lock_file_does_not_let_two_in(tmp_path: Path) -> None:
    """Removing the lock file while nobody holds it is harmless; the next writer makes a new one."""
    path = tmp_path / "ledger.jsonl"
    ledger = filled(path)
    path.with_name("ledger.jsonl.lock").unlink()

    ledger.append(record(6)[5:], ledger.head)

    assert FileLedger(path).read() == record(6)
    assert path.with_name("ledger.jsonl.lock").exists()


def test_two_processes_append_and_exactly_one_wins_each_time(tmp_path: Path) -> None:
    """Two writers racing for every entry lose nothing and double nothing."""
    path, each = tmp_path / "ledger.jsonl", 40
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        wins = pool.starmap_async(append_as_rival, [(path, "a", each), (path, "b", each)])
        results = wins.get(timeout=60)

    entries = FileLedger(path).read()
    reading = verify_bytes(path.read_bytes())
    assert reading.problems == ()
    assert len(entries) == 2 * each
    assert sorted(str(e.body["tag"]) for e in entries) == sorted(
        f"{name}{number}" for name in "ab" for number in range(each)
    )
    won = {seq for seqs in results for seq in seqs}
    assert won == set(range(1, 2 * each + 1))
    assert sum(map(len, results)) == 2 * each


def test_a_stale_writer_is_refused(tmp_path: Path) -> None:
    """Whoever read before somebody else appended has to read again."""
    path = tmp_path / "ledger.jsonl"
    one, two = filled(path), FileLedger(path)
    old = two.head
    one.append(record(6)[5:], one.head)
    rival = sealed(notes(1, seed=9), old)

    with pytest.raises(HeadMovedError):
        two.append(rival, old)

    assert two.head == head_after(record(6))
    assert path.read_bytes() == bytes_of(record(6))
