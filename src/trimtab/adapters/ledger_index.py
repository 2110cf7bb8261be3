"""An index over the ledger in SQLite, for questions; it can be deleted at any time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final

from trimtab.adapters.portfolio_tables.files import CACHE_FOLDER, INDEX_FILE
from trimtab.ledger.chain import EMPTY, Entry, Head, Reading, entry_from, verify_bytes
from trimtab.ledger.errors import CanonicalError, LedgerDamagedError
from trimtab.ledger.events import subjects
from trimtab.model.frozen import dataclass

_TAG: Final = """\
Signature: 8a477f597d28d172789f06886806bc55
# What lies here is made from the ledger whenever it is missing: it can be deleted at any time.
"""
"""The sign of https://bford.info/cachedir/ that backups look for."""

_VERSION: Final = 1
_BUSY_MILLISECONDS: Final = 5_000

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, account TEXT, instrument TEXT,
    order_id TEXT, plan_id TEXT, date TEXT NOT NULL, "offset" INTEGER NOT NULL,
    length INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS indexed (
    one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, seq INTEGER NOT NULL,
    hash TEXT NOT NULL, bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS by_account ON entries (account, seq) WHERE account IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_instrument ON entries (instrument, seq) WHERE instrument IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_order ON entries (order_id, seq) WHERE order_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_plan ON entries (plan_id, seq) WHERE plan_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_kind ON entries (kind, seq);
CREATE INDEX IF NOT EXISTS by_date ON entries (date, seq);
"""

_Row = tuple[int, str, str, str | None, str | None, str | None, str | None, str, int, int]


@dataclass(frozen=True, slots=True)
class _Indexed:
    """How far the index goes: the head it knows, and the bytes up to there."""

    head: Head
    bytes: int


_NONE: Final = _Indexed(EMPTY, 0)


def index_of(ledger: Path) -> LedgerIndex:
    """The index of a ledger, in a cache beside it; in memory where nothing can be written.

    Args:
        ledger: The ledger file; its folder is there.
    """
    folder = ledger.parent / CACHE_FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
            if not (folder / name).exists():
                (folder / name).write_text(text, encoding="utf-8")
        index = LedgerIndex(folder / INDEX_FILE, ledger)
    except (OSError, sqlite3.Error):
        return LedgerIndex(None, ledger)
    try:
        index.catch_up()
    except sqlite3.Error:  # a full disk, another user's file, a lock that does not end
        index.close()
        return LedgerIndex(None, ledger)
    except BaseException:
        index.close()
        raise
    return index


class LedgerIndex:
    """Finds entries by account, instrument, order, plan, kind or day.

    The ledger is the truth and this is a copy: every question first takes in what was appended,
    every answer is read from the ledger itself, and an index that does not match is made anew.

    Args:
        path: The SQLite file; made when it is not there. None keeps the index in memory.
        ledger: The ledger file.
    """

    def __init__(self, path: Path | None, ledger: Path) -> None:
        self.path = path
        self.ledger = ledger
        self.rebuilt = 0
        """How often the index was found not to match, and was made anew."""
        self._db = self._opened()

    def __enter__(self) -> LedgerIndex:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def catch_up(self) -> int:
        """Take in what was appended since; how many entries.

        Raises:
            LedgerDamagedError: when the ledger itself is not sound.
        """
        try:
            with self._writing():
                return self._take_in()
        except sqlite3.DatabaseError as error:
            if _is_of_the_machine(error):
                raise
            self._start_over()
            with self._writing():
                return self._take_in()

    def rebuild(self) -> int:
        """Make the index anew from the ledger; how many entries it holds."""
        self._start_over()
        return self.catch_up()

    def is_exact(self) -> bool:
        """Whether every row is what the ledger says: the complete comparison, for `verify`."""
        try:
            self.catch_up()
            rows = self._db.execute("SELECT * FROM entries ORDER BY seq").fetchall()
            healthy = self._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        except sqlite3.DatabaseError:
            return False
        return healthy and rows == _rows(self._read(_NONE), _NONE)

    def __len__(self) -> int:
        """How many entries there are."""
        self.catch_up()
        return int(self._db.execute("SELECT count(*) FROM entries").fetchone()[0])

    def entry(self, seq: int) -> Entry | None:
        """One entry by its number; None when there is none."""
        return next(iter(self._found("SELECT * FROM entries WHERE seq = ?", [seq])), None)

    def query(
        self,
        *,
        kind: str | Sequence[str] | None = None,
        account: str | None = None,
        instrument: str | None = None,
        order: str | None = None,
        plan: str | None = None,
        first: date | None = None,
        last: date | None = None,
        newest: int | None = None,
    ) -> list[Entry]:
        """The entries that fit all that is asked for, oldest first.

        Args:
            kind: One kind or several.
            account: Only entries about this account alone.
            instrument: Only entries about this instrument.
            order: Only entries about this order.
            plan: Only entries about this plan and its orders.
            first: The first day.
            last: The last day, included.
            newest: At most so many, the newest ones.
        """
        kinds = [kind] if isinstance(kind, str) else kind
        asked: list[tuple[str, str | None]] = [
            ("account = ?", account),
            ("instrument = ?", instrument),
            ("order_id = ?", order),
            ("date >= ?", first.isoformat() if first else None),
            ("date <= ?", last.isoformat() if last else None),
        ]
        clauses = [clause for clause, value in asked if value is not None]
        values: list[str | int] = [value for _, value in asked if value is not None]
        if plan is not None:
            orders = "SELECT order_id FROM entries WHERE plan_id = ? AND order_id IS NOT NULL"
            clauses.append(f"(plan_id = ? OR order_id IN ({orders}))")
            values.extend((plan, plan))
        if kinds is not None:
            clauses.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values.extend(kinds)
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        values.append(-1 if newest is None else newest)
        return self._found(f"SELECT * FROM entries{where} ORDER BY seq DESC LIMIT ?", values)

    def _found(self, statement: str, values: Sequence[str | int]) -> list[Entry]:
        self.catch_up()
        found = self._answer(statement, values)
        if found is None:
            self.rebuild()
            found = self._answer(statement, values)
        assert found is not None, "an index that was just made from the ledger matches it"
        return found

    def _answer(self, statement: str, values: Sequence[str | int]) -> list[Entry] | None:
        """The entries, read from the ledger; None when a row is not what the ledger says."""
        try:
            rows: list[_Row] = self._db.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            if _is_of_the_machine(error):
                raise
            return None
        if not rows:
            return []
        entries = []
        with self.ledger.open("rb") as file:
            for row in reversed(rows):
                file.seek(max(row[8], 0))
                try:
                    entry = entry_from(file.read(max(row[9], 0))[:-1])
                except CanonicalError:
                    return None
                if _row(entry, row[8], row[8] + row[9]) != row:
                    return None
                entries.append(entry)
        return entries

    def _take_in(self) -> int:
        known = self._known()
        if known is None:
            self._db.execute("DELETE FROM entries")
            self._db.execute("DELETE FROM indexed")
            self.rebuilt += 1
            known = _NONE
        reading = self._read(known)
        rows = _rows(reading, known)
        self._db.executemany(f"INSERT INTO entries VALUES ({', '.join('?' * 10)})", rows)
        self._db.execute(
            "INSERT OR REPLACE INTO indexed VALUES (1, ?, ?, ?, ?)",
            (_VERSION, reading.head.seq, reading.head.hash, reading.sound_bytes),
        )
        return len(rows)

    def _known(self) -> _Indexed | None:
        """How far the index goes; None when it does not match the ledger."""
        found = self._db.execute("SELECT version, seq, hash, bytes FROM indexed").fetchone()
        count, newest, end = self._db.execute(
            'SELECT count(*), max(seq), max("offset" + length) FROM entries'
        ).fetchone()
        if found is None:
            return _NONE if count == 0 else None
        version, seq, digest, size = found
        if version != _VERSION or count != seq or (newest or 0) != seq or (end or 0) != size:
            return None
        if seq == 0:
            return _NONE
        length = self._db.execute("SELECT length FROM entries WHERE seq = ?", (seq,)).fetchone()[0]
        return (
            _Indexed(Head(seq, digest), size) if self._is_there(seq, digest, size, length) else None
        )

    def _is_there(self, seq: int, digest: str, size: int, length: int) -> bool:
        """Whether the newest indexed entry stands in the ledger where the index says."""
        try:
            with self.ledger.open("rb") as file:
                file.seek(size - length)
                line = file.read(length)
            entry = entry_from(line[:-1])
        except (OSError, ValueError, CanonicalError):
            return False
        return line.endswith(b"\n") and (entry.seq, entry.hash) == (seq, digest)

    def _read(self, known: _Indexed) -> Reading:
        """The whole lines of the ledger after what is known."""
        try:
            with self.ledger.open("rb") as file:
                file.seek(known.bytes)
                data = file.read()
        except FileNotFoundError:
            data = b""
        data = data[: data.rfind(b"\n") + 1]
        reading = verify_bytes(data, after=known.head, offset=known.bytes)
        if reading.problems:
            raise LedgerDamagedError(str(self.ledger), reading.problems)
        return reading

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that nobody else can write beside."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _start_over(self) -> None:
        self._db.close()
        self._remove()
        self.rebuilt += 1
        self._db = _connected(self.path)

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            if self.path is not None:
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        try:
            return _connected(self.path)
        except sqlite3.DatabaseError as error:
            if _is_of_the_machine(error):
                raise
            self._remove()
            self.rebuilt += 1
            return _connected(self.path)


def _is_of_the_machine(error: sqlite3.DatabaseError) -> bool:
    """Whether the trouble is not the index itself: busy, disk full, no permission."""
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return primary in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_IOERR,
    )


def _connected(path: Path | None) -> sqlite3.Connection:
    db = sqlite3.connect(
        path or ":memory:", timeout=_BUSY_MILLISECONDS / 1000, isolation_level=None
    )
    try:
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        db.execute("PRAGMA journal_mode = WAL")
        # What a loss of power takes away is made again from the ledger.
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _rows(reading: Reading, known: _Indexed) -> list[_Row]:
    starts = [known.bytes, *reading.ends[:-1]]
    return [
        _row(entry, start, end)
        for entry, start, end in zip(
            reading.entries, starts, reading.ends, strict=bool(reading.ends)
        )
    ]


def _row(entry: Entry, start: int, end: int) -> _Row:
    about = subjects(entry)
    return (
        entry.seq,
        entry.at,
        entry.kind,
        about.account,
        about.instrument,
        about.order,
        about.plan,
        about.on,
        start,
        end - start,
    )
