"""The hash chain: entries, one a line, each carrying the hash of the one before and its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

from trimtab.ledger.canonical import MAX_LINE_BYTES, Json, canonical_bytes, parse_canonical
from trimtab.ledger.errors import CanonicalError, Problem
from trimtab.model.frozen import dataclass

ZERO_HASH: Final = "0" * 64
"""Stands for the hash of the entry before the first."""

_MEMBERS: Final = ("at", "body", "kind", "prev", "seq", "this")
_SEAL_BYTES: Final = len(b',"this":"') + 64 + len(b'"}')
_LINE_START: Final = b'{"at":"'
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z][a-z_]{0,39}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Something that happened, not yet in the record.

    Args:
        at: The instant, UTC, as `2026-03-31T20:00:00Z`, microseconds allowed.
        kind: What happened, in the past tense: `filled`.
        body: The facts; only values that have a canonical form.
    """

    at: str
    kind: str
    body: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the record.

    Args:
        seq: Its number, from 1; the same as its line in the file. Its leaf in the tree is seq - 1.
        at: The instant, UTC.
        kind: What happened.
        body: The facts.
        prev: `hash` of the entry before, or 64 zeros.
        hash: SHA-256 of a zero byte and the canonical bytes of all the other members: the leaf
            hash of RFC 6962, so that one hash serves the chain and the tree.
    """

    seq: int
    at: str
    kind: str
    body: dict[str, Json]
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where the record ends: how many entries, and the hash of the newest."""

    seq: int = 0
    hash: str = ZERO_HASH


EMPTY: Final = Head()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a ledger's bytes hold.

    Args:
        entries: Every entry that is sound by itself, in the order of the file.
        problems: Every place where something is wrong; empty when the record is whole.
        sound_bytes: How many bytes from the start are whole lines without a problem.
        head: The newest entry of that sound part.
        ends: For each entry of the sound part, the byte after its line.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    sound_bytes: int
    head: Head
    ends: tuple[int, ...] = field(default=(), repr=False)


def leaf_hash(data: bytes) -> bytes:
    """The RFC 6962 hash of a leaf: SHA-256 of a zero byte and the data."""
    return sha256(b"\0" + data).digest()


def leaf_bytes(entry: Entry) -> bytes:
    """What an entry's hash is taken over: the canonical bytes of all members but the hash."""
    return canonical_bytes(
        {
            "at": entry.at,
            "body": entry.body,
            "kind": entry.kind,
            "prev": entry.prev,
            "seq": entry.seq,
        }
    )


def line_bytes(entry: Entry) -> bytes:
    """An entry as its line in the file, the newline included."""
    return _line(leaf_bytes(entry), entry.hash)


def _line(leaf: bytes, digest: str) -> bytes:
    # `this` sorts after every other member, so the line is the leaf with one member appended.
    return b'%b,"this":"%b"}\n' % (leaf[:-1], digest.encode())


def sealed(drafts: Iterable[Draft], head: Head) -> tuple[Entry, ...]:
    """Drafts as the entries that follow `head`.

    Raises:
        CanonicalError: when an instant, a kind or a body cannot be written.

    >>> first, = sealed([Draft("2026-03-31T20:00:00Z", "noted", {})], EMPTY)
    >>> first.seq, first.prev == ZERO_HASH
    (1, True)
    """
    entries = []
    for draft in drafts:
        wrong = _wrong_instant(draft.at) or _wrong_kind(draft.kind)
        if wrong:
            raise CanonicalError(wrong)
        unsealed = Entry(head.seq + 1, draft.at, draft.kind, draft.body, head.hash, "")
        leaf = leaf_bytes(unsealed)
        if len(leaf) + _SEAL_BYTES > MAX_LINE_BYTES:
            raise CanonicalError(f"an entry of {len(leaf)} bytes is longer than a line may be")
        digest = leaf_hash(leaf).hex()
        entries.append(Entry(unsealed.seq, draft.at, draft.kind, draft.body, unsealed.prev, digest))
        head = Head(unsealed.seq, digest)
    return tuple(entries)


def head_after(entries: Sequence[Entry], head: Head = EMPTY) -> Head:
    """The head of a record that ended at `head` and got these entries."""
    return Head(entries[-1].seq, entries[-1].hash) if entries else head


def broken_link(entries: Sequence[Entry], head: Head) -> str:
    """Why these entries cannot follow `head`, or empty text when they can."""
    for entry in entries:
        if entry.seq != head.seq + 1 or entry.prev != head.hash:
            return (
                f"entry {entry.seq} does not follow entry {head.seq}: its `prev` is "
                f"{entry.prev[:12]}..., the newest hash is {head.hash[:12]}..."
            )
        if leaf_hash(leaf_bytes(entry)).hex() != entry.hash:
            return f"entry {entry.seq} does not match its own hash"
        head = Head(entry.seq, entry.hash)
    return ""


@lru_cache(maxsize=256)
def _wrong_instant(text: str) -> str:
    if _INSTANT.fullmatch(text) is not None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return ""
    return f"`at` is {text[:40]!r}, not an instant in UTC such as 2026-03-31T20:00:00Z"


@lru_cache(maxsize=256)
def _wrong_kind(text: str) -> str:
    if _KIND.fullmatch(text) is not None:
        return ""
    return f"`kind` is {text[:40]!r}, not a word in small letters such as filled"


class _Damage(Exception):
    """A line that is not a sound entry: code and message."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def entry_from(line: bytes) -> Entry:
    """The entry of a line (without its newline), checked against its own hash.

    Raises:
        CanonicalError: when the line is not a sound entry.
    """
    try:
        return _entry_from(line)
    except _Damage as damage:
        raise CanonicalError(str(damage)) from damage


def _entry_from(line: bytes) -> Entry:
    try:
        value = parse_canonical(line)
    except CanonicalError as error:
        raise _Damage("line-not-canonical", f"not a canonical entry: {error}") from error
    if type(value) is not dict or tuple(value) != _MEMBERS:
        raise _Damage("line-not-an-entry", f"not an entry with the members {', '.join(_MEMBERS)}")
    at, body, kind, prev, seq, this = value.values()
    if (
        type(at) is not str
        or type(body) is not dict
        or type(kind) is not str
        or type(prev) is not str
        or type(seq) is not int
        or type(this) is not str
    ):
        raise _Damage("line-not-an-entry", "a member of the entry is of the wrong type")
    wrong = _wrong_instant(at) or _wrong_kind(kind)
    if wrong:
        raise _Damage("line-not-an-entry", wrong)
    if _HASH.fullmatch(prev) is None or _HASH.fullmatch(this) is None or seq < 1:
        raise _Damage("line-not-an-entry", "`prev`, `seq` or `this` is malformed")
    if leaf_hash(line[:-_SEAL_BYTES] + b"}").hex() != this:
        raise _Damage("hash-mismatch", f"entry {seq} was altered: its content and hash disagree")
    return Entry(seq, at, kind, body, prev, this)


def _lines(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Offset, bytes without newline, and whether a newline ends it, of each line."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        if end < 0:
            yield start, data[start:], False
            return
        yield start, data[start:end], True
        start = end + 1


def verify_bytes(data: bytes, *, after: Head = EMPTY, offset: int = 0) -> Reading:
    """Read a ledger's bytes and locate everything in them that is not as it was written.

    Every bit is covered: a line's content by its own hash, the hash by the content, `prev` by
    both, and each newline by the two lines that it parts. A clean cut after a whole line leaves
    a shorter but sound record: only a checkpoint kept elsewhere shows that.

    Args:
        data: Whole lines, from `after` on.
        after: The head that the first line follows.
        offset: Where `data` begins in the file; places are reported for the file.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    ends: list[int] = []
    head, sound_head, sound_bytes = after, after, offset
    missing = 0  # damaged lines since `head`, each of which may hold one entry
    for line_number, (start, line, whole) in enumerate(_lines(data), start=after.seq + 1):
        try:
            if not whole:
                raise _Damage("line-torn", _torn(line))
            entry = _entry_from(line)
        except _Damage as damage:
            problems.append(Problem(damage.code, line_number, offset + start, str(damage)))
            missing += max(1, line.count(_LINE_START))  # a lost newline joins several entries
            continue
        trouble = _link_trouble(entry, head, missing)
        if trouble is not None:
            problems.append(Problem(trouble[0], line_number, offset + start, trouble[1]))
        entries.append(entry)
        head, missing = Head(entry.seq, entry.hash), 0
        if not problems:
            sound_bytes = offset + start + len(line) + 1
            sound_head = head
            ends.append(sound_bytes)
    return Reading(tuple(entries), tuple(problems), sound_bytes, sound_head, tuple(ends))


def _torn(line: bytes) -> str:
    if is_sound(line):
        return "the last line is a whole entry without its newline"
    return "the last line is incomplete: it does not end with a newline"


def is_sound(line: bytes) -> bool:
    """Whether a line (without newline) is an entry that matches its own hash."""
    try:
        _entry_from(line)
    except _Damage:
        return False
    return True


def _link_trouble(entry: Entry, head: Head, missing: int) -> tuple[str, str] | None:
    """What is wrong between the newest sound entry and this one, if anything."""
    if entry.seq == head.seq + 1 and entry.prev == head.hash:
        return None
    if head.seq < entry.seq - 1 <= head.seq + missing:
        # The damaged lines before are reported already; they explain this gap.
        return None
    if entry.seq == head.seq + 1:
        return (
            "chain-broken",
            f"entry {entry.seq} was written after another entry {head.seq} than stands here",
        )
    if entry.seq > head.seq + 1:
        first, last = head.seq + 1, entry.seq - 1
        gap = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        return "entries-missing", f"entry {entry.seq} stands here, but {gap} missing before it"
    return (
        "entry-out-of-place",
        f"entry {entry.seq} stands after entry {head.seq}: it was moved or inserted",
    )


def flipped_bit(line: bytes) -> tuple[int, int] | None:
    """The byte of a damaged line, and its right value, if one flipped bit explains the damage.

    Undoing the right bit makes content and hash agree, which no other change does by accident.
    Looks at every bit, a few microseconds each: for a report, not for a loop, and only for lines
    up to 8 KiB.
    """
    if len(line) <= _SEAL_BYTES or len(line) > 8_192:
        return None
    seal = len(line) - _SEAL_BYTES
    leaf = bytearray(line[:seal] + b"}")
    actual = b',"this":"%b"}' % leaf_hash(bytes(leaf)).hex().encode()
    wrong = [place for place in range(_SEAL_BYTES) if line[seal + place] != actual[place]]
    if len(wrong) == 1:
        return seal + wrong[0], actual[wrong[0]]
    wanted = line[-66:-2]
    for place in range(seal):
        right = leaf[place]
        for bit in range(8):
            leaf[place] = right ^ (1 << bit)
            if leaf_hash(bytes(leaf)).hex().encode() == wanted:
                return place, leaf[place]
        leaf[place] = right
    return None
