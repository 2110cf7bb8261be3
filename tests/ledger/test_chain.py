"""The hash chain: whatever is changed in the bytes is found, and where."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.make import bytes_of, notes, record
from trimtab.ledger.canonical import canonical_bytes
from trimtab.ledger.chain import (
    EMPTY,
    ZERO_HASH,
    Draft,
    Entry,
    Head,
    broken_link,
    entry_from,
    flipped_bit,
    head_after,
    leaf_bytes,
    leaf_hash,
    line_bytes,
    sealed,
    verify_bytes,
)
from trimtab.ledger.errors import CanonicalError


def line_of(data: bytes, place: int) -> int:
    """The line, from 1, that holds the byte at `place`; its newline belongs to it."""
    return data.count(b"\n", 0, place) + 1


def test_what_is_written_is_read() -> None:
    """Entries come back as they were, with the head of the last."""
    entries = record(50)

    reading = verify_bytes(bytes_of(entries))

    assert reading.entries == entries
    assert reading.problems == ()
    assert reading.head == Head(50, entries[-1].hash)
    assert reading.sound_bytes == reading.ends[-1] == len(bytes_of(entries))


def test_a_line_is_canonical_json_that_hashes_itself() -> None:
    """Anybody with SHA-256 can check a line: the leaf hash is over the line without `this`."""
    (entry,) = record(1)
    line = line_bytes(entry)

    assert entry_from(line[:-1]) == entry
    assert (
        line
        == canonical_bytes(
            {
                "at": entry.at,
                "body": entry.body,
                "kind": entry.kind,
                "prev": ZERO_HASH,
                "seq": 1,
                "this": leaf_hash(leaf_bytes(entry)).hex(),
            }
        )
        + b"\n"
    )


def test_every_flipped_bit_of_a_small_ledger_is_found_at_its_line() -> None:
    """Each of the bits of a ledger of 2 KiB, newlines too, is covered and located."""
    data = bytes_of(record(7))
    assert 1900 < len(data) < 2600
    changed = bytearray(data)

    for place in range(len(data)):
        wanted = line_of(data, place)
        for bit in range(8):
            changed[place] ^= 1 << bit
            reading = verify_bytes(bytes(changed))
            changed[place] ^= 1 << bit

            assert reading.problems, (place, bit)
            assert reading.problems[0].line == wanted, (place, bit)
            assert reading.head.seq == wanted - 1


def test_sampled_flipped_bits_of_a_larger_ledger_are_found_at_their_line() -> None:
    """The same for a ledger of 64 KiB, for bits drawn at random."""
    data = bytes_of(record(220))
    assert len(data) > 60_000
    rng = random.Random(20260331)

    for _ in range(150):
        place, bit = rng.randrange(len(data)), rng.randrange(8)
        changed = bytearray(data)
        changed[place] ^= 1 << bit

        problems = verify_bytes(bytes(changed)).problems

        assert problems
        assert problems[0].line == line_of(data, place), (place, bit)
        assert problems[0].offset <= place


def test_a_flipped_bit_spoils_only_its_own_lines() -> None:
    """One flipped bit is one problem: what follows is checked against what was written."""
    entries = record(9)
    data = bytearray(bytes_of(entries))
    place = data.index(b'"amount"', len(line_bytes(entries[0]))) + 12
    data[place] ^= 1

    reading = verify_bytes(bytes(data))

    assert [p.code for p in reading.problems] == ["hash-mismatch"]
    assert [p.line for p in reading.problems] == [2]
    assert [e.seq for e in reading.entries] == [1, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("where", ["body", "prev", "this", "frame"])
def test_the_flipped_bit_itself_is_found(where: str) -> None:
    """A report can name the byte that was flipped, and what it should be."""
    line = line_bytes(record(1)[0])[:-1]
    place = {
        "body": line.index(b"amount") + 11,
        "prev": line.index(b'"prev"') + 20,
        "this": len(line) - 30,
        "frame": len(line) - 72,
    }[where]
    damaged = bytearray(line)
    damaged[place] ^= 4

    assert flipped_bit(bytes(damaged)) == (place, line[place])


def test_two_flipped_bits_are_not_explained_by_one() -> None:
    """Where more than one bit changed, no byte is blamed."""
    damaged = bytearray(line_bytes(record(1)[0])[:-1])
    damaged[30] ^= 1
    damaged[90] ^= 1

    assert flipped_bit(bytes(damaged)) is None


@pytest.mark.parametrize("first", range(8))
def test_swapped_lines_are_found(first: int) -> None:
    """Two neighbours in each other's place are found at the first of them."""
    lines = [line_bytes(e) for e in record(9)]
    lines[first], lines[first + 1] = lines[first + 1], lines[first]

    reading = verify_bytes(b"".join(lines))

    assert reading.problems[0].line == first + 1
    assert "entry-out-of-place" in {p.code for p in reading.problems}
    assert reading.head.seq == first


@pytest.mark.parametrize("gone", range(8))
def test_a_deleted_line_is_found(gone: int) -> None:
    """A line taken out anywhere but at the end is found where it is missing, once."""
    lines = [line_bytes(e) for e in record(9)]
    del lines[gone]

    reading = verify_bytes(b"".join(lines))

    assert [(p.code, p.line) for p in reading.problems] == [("entries-missing", gone + 1)]


@pytest.mark.parametrize("place", range(9))
def test_an_inserted_line_is_found(place: int) -> None:
    """A sound line of another ledger, or a copy of one of ours, put in anywhere, is found."""
    ours = [line_bytes(e) for e in record(9)]
    theirs = [line_bytes(e) for e in record(9, seed=1)]

    foreign = verify_bytes(b"".join([*ours[:place], theirs[place], *ours[place:]]))
    doubled = verify_bytes(b"".join([*ours[: place + 1], *ours[place:]]))

    assert foreign.problems[0].line == (place + 1 if place else 2)
    assert (doubled.problems[0].code, doubled.problems[0].line) == ("entry-out-of-place", place + 2)


def test_a_garbage_line_is_one_problem() -> None:
    """Something that is no entry between two that belong together is reported once."""
    lines = [line_bytes(e) for e in record(4)]
    lines.insert(2, b"hello\n")

    problems = verify_bytes(b"".join(lines)).problems

    assert [(p.code, p.line) for p in problems] == [("line-not-canonical", 3)]


def test_a_spliced_tail_is_found() -> None:
    """Our beginning with another ledger's sound end does not pass."""
    ours, theirs = record(9), record(9, seed=3)

    reading = verify_bytes(bytes_of(ours[:5]) + bytes_of(theirs[5:]))

    assert [(p.code, p.line) for p in reading.problems] == [("chain-broken", 6)]


def test_a_rewritten_entry_with_a_right_hash_breaks_the_chain() -> None:
    """Sealing an altered entry again does not help: the next one remembers the original."""
    entries = list(record(6))
    old = entries[2]
    (forged,) = sealed(
        [Draft(old.at, old.kind, {"amount": "1.00"})], Head(entries[1].seq, entries[1].hash)
    )
    entries[2] = forged

    reading = verify_bytes(bytes_of(tuple(entries)))

    assert [(p.code, p.line) for p in reading.problems] == [("chain-broken", 4)]


@given(cut=st.integers(0, 3000))
@settings(max_examples=100)
def test_a_cut_within_a_line_is_a_torn_line(cut: int) -> None:
    """A file that ends within a line keeps all whole entries and reports the torn one."""
    entries = record(9)
    data = bytes_of(entries)[:cut]
    whole = data.count(b"\n")

    reading = verify_bytes(data)

    assert reading.entries == entries[:whole]
    torn = not data.endswith(b"\n") and data != b""
    assert [p.code for p in reading.problems] == (["line-torn"] if torn else [])


def test_a_suffix_is_checked_against_the_head_it_follows() -> None:
    """What was appended since is read alone, and still has to fit."""
    entries = record(9)
    start = len(bytes_of(entries[:4]))

    fits = verify_bytes(bytes_of(entries[4:]), after=head_after(entries[:4]), offset=start)
    gap = verify_bytes(bytes_of(entries[5:]), after=head_after(entries[:4]), offset=start)

    assert fits.problems == ()
    assert fits.entries == entries[4:]
    assert fits.sound_bytes == len(bytes_of(entries))
    assert [(p.code, p.line, p.offset) for p in gap.problems] == [("entries-missing", 5, start)]


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-31",
        "2026-03-31T20:00:00",
        "2026-03-31T20:00:00+00:00",
        "2026-02-30T20:00:00Z",
        "2026-03-31T25:00:00Z",
        "2026-03-31T20:00:00.5Z",
        "٢٠٢٦-03-31T20:00:00Z",
        "",
    ],
)
def test_an_instant_is_utc_in_one_spelling(at: str) -> None:
    """Instants have one form, are real days and hours, and are in UTC."""
    with pytest.raises(CanonicalError):
        sealed([Draft(at, "filled", {})], EMPTY)


@pytest.mark.parametrize("kind", ["", "Filled", "filled ", "f" * 41, "filled\n", "1st"])
def test_a_kind_is_one_word(kind: str) -> None:
    """Kinds are words in small letters."""
    with pytest.raises(CanonicalError):
        sealed([Draft("2026-03-31T20:00:00Z", kind, {})], EMPTY)


def test_an_entry_longer_than_a_line_may_be_is_refused() -> None:
    """What could not be read back is not sealed."""
    with pytest.raises(CanonicalError):
        sealed([Draft("2026-03-31T20:00:00Z", "noted", {"x": "a" * (1 << 20)})], EMPTY)


def test_entries_that_do_not_follow_are_named() -> None:
    """Before anything is written, entries are checked against the head and themselves."""
    entries = record(3)
    altered = Entry(2, entries[1].at, "filled", {}, entries[1].prev, entries[1].hash)

    assert broken_link(entries, EMPTY) == ""
    assert broken_link(entries[1:], EMPTY)
    assert broken_link((entries[0], entries[2]), EMPTY)
    assert broken_link((entries[0], altered), EMPTY)


def test_sealing_in_parts_is_sealing_at_once() -> None:
    """How entries were batched leaves no trace in the record."""
    drafts = notes(10)

    first = sealed(drafts[:4], EMPTY)
    second = sealed(drafts[4:], head_after(first))

    assert first + second == sealed(drafts, EMPTY)
