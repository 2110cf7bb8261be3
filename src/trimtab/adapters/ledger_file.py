"""The record as one append-only file, with one writer at a time and repair after a crash."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from trimtab.ledger.chain import (
    EMPTY,
    Entry,
    Head,
    Reading,
    broken_link,
    head_after,
    is_sound,
    line_bytes,
    verify_bytes,
)
from trimtab.ledger.errors import (
    HeadMovedError,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerWriteError,
    Problem,
)
from trimtab.ledger.memory import moved_message
from trimtab.ledger.merkle import Tree
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass

_UNWRITTEN: Final = b"\0" * 16
"""A run that no entry holds: blocks of the file that never reached the disk."""

_UNFINISHED: Final = "ledger-tail-unfinished"
_IF_ACKNOWLEDGED: Final = "If it was acknowledged, only a checkpoint kept elsewhere shows it."

_O_BINARY: Final[int] = getattr(os, "O_BINARY", 0)


class Disk(Protocol):
    """The three calls on which durability rests; tests put failing ones in their place."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write, and say how many bytes."""
        ...

    def fsync(self, descriptor: int) -> None:
        """Return when what was written survives a loss of power."""
        ...

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        ...


class OsDisk:
    """The disk as the operating system offers it."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write in one call."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Flush to the medium itself; on macOS that needs a call of its own."""
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file."""
        os.ftruncate(descriptor, size)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What this process knows of the file: its identity then, and what it held."""

    identity: tuple[int, int, int, int] | None
    size: int
    head: Head
    last_line: bytes
    tree: Tree
    has_tail: bool
    """Whether an unfinished line followed: one that is being written, or torn by a crash."""


_NOTHING: Final = _Seen(None, 0, EMPTY, b"", Tree(), has_tail=False)


class FileLedger:
    """A `LedgerStore` in a file such as `ledger.jsonl`.

    Opening reads and checks the whole record. A last line that a crash left torn is moved to
    `ledger.jsonl.torn-1` and reported in `findings`, at the latest by the next append; anything
    else that is wrong is an error, and nothing is ever written to a damaged record.

    Args:
        path: The file; it is created by the first append, its folder must exist.
        patience: Seconds to wait for another process that is just writing.
        disk: The calls on which durability rests.
        repair: Whether opening puts a torn last line away; else it is read past, and said.

    Raises:
        LedgerDamagedError: when the bytes are not what was written.
    """

    def __init__(
        self,
        path: Path,
        *,
        patience: float = 2.0,
        disk: Disk | None = None,
        repair: bool = True,
    ) -> None:
        self.path = path
        self._patience = patience
        self._disk: Disk = disk if disk is not None else OsDisk()
        self._seen = _NOTHING
        self._entries: list[Entry] = []
        self._findings: list[Finding] = []
        self._held = False
        self._one_thread = threading.RLock()
        self._refresh()
        if repair:
            self.repair()

    @property
    def head(self) -> Head:
        """Where the record ended when this process last looked."""
        return self._seen.head

    @property
    def tree(self) -> Tree:
        """The tree over all entries seen, for checkpoints; grown, never computed anew."""
        return self._seen.tree

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was repaired since this object was made, and what was only read past."""
        if not self._seen.has_tail or any(one.code == _UNFINISHED for one in self._findings):
            return tuple(self._findings)
        message = (
            "The last line is unfinished, as a crash leaves it or a process that is just writing, "
            f"and is left out here; the record ends with entry {self._seen.head.seq}. The next "
            f"command that writes puts it away. {_IF_ACKNOWLEDGED}"
        )
        return (*self._findings, Finding(_UNFINISHED, str(self.path), message))

    def repair(self) -> None:
        """Put away what a crash left unfinished; left alone while another process writes."""
        self._refresh()
        if self._seen.has_tail:
            self._repair_if_alone()

    def read(self) -> tuple[Entry, ...]:
        """All entries, with what other processes added; needs no lock."""
        self._refresh()
        return tuple(self._entries)

    def data(self) -> bytes:
        """The bytes of all whole lines; a line that is still being written is left out."""
        self._refresh()
        return self._bytes(0)[: self._seen.size] if self._seen.size else b""

    def append(self, entries: Sequence[Entry], expected_head: Head) -> Head:
        """Write entries with one call and one fsync; see `LedgerStore.append`."""
        wrong = broken_link(entries, expected_head)
        if wrong:
            raise HeadMovedError(wrong)
        with self.hold():
            self._settle()
            if expected_head != self._seen.head:
                raise HeadMovedError(moved_message(expected_head, self._seen.head))
            if entries:
                self._write(entries)
        return self._seen.head

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other process from writing until the end of the `with`.

        Raises:
            LedgerBusyError: when another process writes, and still does after `patience`.
        """
        with self._one_thread:
            held = self._held
        if held:
            yield
            return
        lock = self.path.with_name(self.path.name + ".lock")
        with self._one_thread, _writer_lock(lock, self._patience):
            self._held = True
            try:
                yield
            finally:
                self._held = False

    def _repair_if_alone(self) -> None:
        # Only who has the lock may call an unfinished line torn: it could be on its way.
        try:
            with self.hold():
                self._settle()
        except (LedgerBusyError, LedgerWriteError) as error:
            message = f"The last line is unfinished and is left out here; not repaired: {error}"
            self._findings.append(Finding(_UNFINISHED, str(self.path), message))

    def _write(self, entries: Sequence[Entry]) -> None:
        lines = [line_bytes(entry) for entry in entries]
        data = b"".join(lines)
        is_new = not self.path.exists()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _O_BINARY
        try:
            descriptor = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise LedgerWriteError(
                _refused(self.path, error, certain=True), certain=True
            ) from error
        try:
            try:
                written = self._disk.write(descriptor, data)
                if written != len(data):
                    message = f"only {written} of {len(data)} bytes were written: disk full?"
                    raise OSError(errno.ENOSPC, message)
                self._disk.fsync(descriptor)
                if is_new:
                    self._fsync_folder()
            except OSError as error:
                certain = self._undo(descriptor)
                raise LedgerWriteError(
                    _refused(self.path, error, certain=certain), certain=certain
                ) from error
            identity = _identity(os.fstat(descriptor))
        finally:
            os.close(descriptor)
        self._entries.extend(entries)
        self._seen = _Seen(
            identity,
            self._seen.size + len(data),
            head_after(entries, self._seen.head),
            lines[-1],
            self._seen.tree.extended(bytes.fromhex(entry.hash) for entry in entries),
            has_tail=False,
        )

    def _undo(self, descriptor: int) -> bool:
        """Cut off what a failed write may have left; whether it is sure that nothing stayed."""
        try:
            self._disk.truncate(descriptor, self._seen.size)
            self._disk.fsync(descriptor)
        except OSError:
            return False
        return True

    def _fsync_folder(self) -> None:
        if sys.platform == "win32":
            return
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            self._disk.fsync(folder)
        finally:
            os.close(folder)

    def _refresh(self) -> None:
        """Take in what was added since; whole lines only."""
        try:
            identity = _identity(self.path.stat())
        except FileNotFoundError:
            if self._seen.head != EMPTY:
                raise _vanished(self.path, self._seen, "the file is gone") from None
            return
        seen = self._seen
        if identity == seen.identity:
            return
        if (
            seen.identity is not None
            and identity[:2] == seen.identity[:2]
            and (identity[2] > seen.size or seen.has_tail)
        ):
            start = seen.size - len(seen.last_line)
            suffix = self._bytes(start)
            if suffix.startswith(seen.last_line):
                self._take(suffix[len(seen.last_line) :], seen, identity)
                return
        self._take_anew(identity)

    def _take_anew(self, identity: tuple[int, int, int, int]) -> None:
        entries, seen = self._entries, self._seen
        known = seen.head
        self._entries = []
        try:
            self._take(self._bytes(0), _NOTHING, identity)
            if known.seq and (
                len(self._entries) < known.seq or self._entries[known.seq - 1].hash != known.hash
            ):
                raise _vanished(self.path, seen, "entries read before are gone or changed")
        except LedgerError:
            self._entries, self._seen = entries, seen
            raise

    def _take(self, data: bytes, before: _Seen, identity: tuple[int, int, int, int]) -> None:
        end = data.rfind(b"\n") + 1
        whole = data[:end]
        reading = verify_bytes(whole, after=before.head, offset=before.size)
        if reading.problems and _is_unwritten(whole, reading, before.size):
            end = reading.sound_bytes - before.size
        elif reading.problems:
            raise LedgerDamagedError(str(self.path), reading.problems)
        last_start = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
        kept = [entry for entry in reading.entries if entry.seq <= reading.head.seq]
        self._entries.extend(kept)
        self._seen = _Seen(
            identity,
            before.size + end,
            reading.head,
            data[last_start:end] if end else before.last_line,
            before.tree.extended(bytes.fromhex(entry.hash) for entry in kept),
            has_tail=end < len(data),
        )

    def _settle(self) -> None:
        """With the lock held: take in what is new, and repair what a crash left unfinished."""
        self._refresh()
        if not self._seen.has_tail:
            return
        tail = self._bytes(self._seen.size)
        if is_sound(tail):
            self._complete()
        elif is_sound(tail[:-1]):
            place = self._seen.size
            reading = verify_bytes(tail, after=self._seen.head, offset=place)
            raise LedgerDamagedError(str(self.path), reading.problems)
        else:
            self._move_away(tail)
        self._refresh()

    def _complete(self) -> None:
        """The last entry is whole but for its newline: it only needs that."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | _O_BINARY)
        try:
            self._disk.write(descriptor, b"\n")
            self._disk.fsync(descriptor)
        except OSError as error:
            raise LedgerWriteError(
                _refused(self.path, error, certain=False), certain=False
            ) from error
        finally:
            os.close(descriptor)
        self._findings.append(
            Finding(
                "ledger-tail-completed",
                str(self.path),
                f"Line {self._seen.head.seq + 1} lacked its newline after a crash; it is kept.",
            )
        )

    def _move_away(self, tail: bytes) -> None:
        try:
            kept = _keep_aside(self.path, tail, self._disk)
            self._fsync_folder()
            descriptor = os.open(self.path, os.O_WRONLY | _O_BINARY)
            try:
                self._disk.truncate(descriptor, self._seen.size)
                self._disk.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise LedgerWriteError(
                f"{self.path} has a torn last line that could not be repaired: {error}. "
                "Free some space or fix the permissions, then try again.",
                certain=True,
            ) from error
        self._findings.append(
            Finding(
                "ledger-torn-line",
                str(self.path),
                f"The last line (byte {self._seen.size}, {len(tail)} bytes) was torn, as a crash "
                f"leaves it. It is kept in {kept.name}, and the record ends with entry "
                f"{self._seen.head.seq}. {_IF_ACKNOWLEDGED}",
            )
        )

    def _bytes(self, start: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read()


def _vanished(path: Path, seen: _Seen, what: str) -> LedgerDamagedError:
    message = (
        f"{what}, though this process saw {seen.head.seq} entries: restore the file from a backup"
    )
    place = seen.size - len(seen.last_line)
    return LedgerDamagedError(
        str(path), [Problem("record-rewritten", seen.head.seq, place, message)]
    )


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _is_unwritten(data: bytes, reading: Reading, offset: int) -> bool:
    """Whether all that is wrong is a last line with blocks that never reached the disk."""
    bad = reading.problems[0].offset - offset
    return len(reading.problems) == 1 and (
        data.find(b"\n", bad) == len(data) - 1 and _UNWRITTEN in data[bad:]
    )


def _keep_aside(path: Path, tail: bytes, disk: Disk) -> Path:
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.torn-{number}")
        try:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_BINARY, 0o666)
        except FileExistsError:
            number += 1
            continue
        try:
            if disk.write(descriptor, tail) != len(tail):
                raise OSError(errno.ENOSPC, "disk full")
            disk.fsync(descriptor)
        finally:
            os.close(descriptor)
        return aside


def _refused(path: Path, error: OSError, *, certain: bool) -> str:
    reason = error.strerror or str(error)
    if certain and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: nothing was recorded, it cannot be written: {reason}. Allow it."
    if certain:
        return f"{path}: nothing was recorded, the disk refused: {reason}. Make room and try again."
    return (
        f"{path}: the disk refused ({reason}), and it is not certain whether the entries stayed: "
        "make room, then look with `trimtab ledger verify` before doing anything again"
    )


@contextlib.contextmanager
def _writer_lock(path: Path, patience: float) -> Iterator[None]:
    """Hold the operating system's lock on a file beside the ledger; it ends with the process."""
    deadline = time.monotonic() + patience
    while True:
        descriptor = _try_lock(path)
        if descriptor is not None:
            break
        if time.monotonic() >= deadline:
            raise LedgerBusyError(_busy(path))
        time.sleep(0.01)
    try:
        with contextlib.suppress(OSError):  # who holds it is only a courtesy: the disk may be full
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        _unlock(descriptor)


def _busy(path: Path) -> str:
    ledger = path.with_suffix("")
    try:
        owner = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        owner = ""
    who = f"process {owner}" if owner.isdecimal() else "another process"
    return (
        f"{who} is writing {ledger}: nothing was written. Wait until it is done, or stop it, and "
        "try again (a process that crashed holds no lock; there is nothing to delete)"
    )


def _try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock, or None while somebody else does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _O_BINARY, 0o666)
    except FileNotFoundError as error:
        raise LedgerWriteError(f"the folder {path.parent} does not exist", certain=True) from error
    except OSError as error:
        raise LedgerWriteError(_refused(path, error, certain=True), certain=True) from error
    try:
        if _lock_now(descriptor) and _is_same_file(descriptor, path):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _is_same_file(descriptor: int, path: Path) -> bool:
    """Whether the locked file is still the one at `path`, and not one that somebody deleted."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return sys.platform == "win32" or (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)


if sys.platform == "win32":
    import msvcrt

    _LOCK_AT: Final = 1 << 30  # beyond the text, so that others can read who holds it

    def _lock_now(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCK_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCK_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        os.close(descriptor)

else:
    import fcntl

    def _lock_now(descriptor: int) -> bool:
        # flock and not lockf: the latter ends when any descriptor of the file is closed.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.close(descriptor)
