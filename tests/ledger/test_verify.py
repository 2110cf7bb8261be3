"""Verification: cuts, rewritten pasts, flipped bits and impossible entries, each with its place."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.ledger.histories import AT, FIRST, history, opening
from tests.ledger.make import bytes_of, record
from trimtab.ledger.chain import EMPTY, Head, head_after, line_bytes, sealed
from trimtab.ledger.checkpoint import Checkpoint, SigningKey, checkpoint_of, origin_of, signed
from trimtab.ledger.errors import CheckpointError
from trimtab.ledger.events import deposited
from trimtab.ledger.folded import state_digest
from trimtab.ledger.merkle import EMPTY_ROOT, consistency_holds, consistency_proof
from trimtab.ledger.proof import proof_text, proved
from trimtab.ledger.verify import Verification, verify
from trimtab.reports.ledger_text import verification_text

ENTRIES = tuple(history(3, 12).entries)
DATA = bytes_of(ENTRIES)
KEY = SigningKey(origin_of(ENTRIES), bytes(range(32)))
NOTE = signed(checkpoint_of(ENTRIES), KEY).encode()


def checked(data: bytes, note: bytes = NOTE) -> Verification:
    """What verification finds, with a checkpoint over all entries."""
    return verify(data, checkpoint=note, verifier_key=KEY.verifier)


def errors(found: Verification) -> list[tuple[str, str]]:
    """Codes and places of what is wrong."""
    return [(f.code, f.subject) for f in found.findings if f.severity == "error"]


def test_a_whole_record_holds() -> None:
    """Nothing is wrong with what was written, and everything is told about it."""
    found = checked(DATA)

    assert errors(found) == [
        (f.code, f.subject) for f in history(3, 12).folded.findings if f.severity == "error"
    ]
    assert found.entries == len(ENTRIES)
    assert found.head == head_after(ENTRIES)
    assert found.checkpoint == checkpoint_of(ENTRIES)
    assert found.root == checkpoint_of(ENTRIES).root.hex()
    assert found.state == state_digest(history(3, 12).folded)


def test_every_truncation_is_found_against_a_checkpoint() -> None:
    """Wherever the file is cut, within a line or after one, the checkpoint shows it."""
    entries = record(12)
    data, key = bytes_of(entries), SigningKey(origin_of(entries), bytes(32))
    note = signed(checkpoint_of(entries), key).encode()
    for size in range(len(data)):
        found = verify(data[:size], checkpoint=note, verifier_key=key.verifier)
        whole = data[:size].count(b"\n")
        is_clean = size == 0 or data[size - 1 : size] == b"\n"

        codes = dict(errors(found))
        assert codes["ledger-cut" if is_clean else "line-torn"]
        assert is_clean or codes["checkpoint-not-compared"] == f"entry {whole + 1}"
        assert not is_clean or codes["ledger-cut"] == f"entry {whole + 1}"
        assert found.checkpoint is None
        assert not found.holds


def test_a_cut_is_invisible_without_a_checkpoint_and_that_is_said() -> None:
    """A record cut after a whole line holds together; the report says what was not checked."""
    found = verify(bytes_of(ENTRIES[:-3]))

    assert "no-checkpoint" in {f.code for f in found.findings}
    assert "ledger-cut" not in {f.code for f in found.findings}
    assert found.entries == len(ENTRIES) - 3


def test_a_longer_record_holds_against_every_earlier_checkpoint() -> None:
    """Every earlier checkpoint is a prefix of every later record."""
    for size in range(1, len(ENTRIES) + 1):
        note = signed(checkpoint_of(ENTRIES[:size]), KEY).encode()

        assert checked(DATA, note).checkpoint == checkpoint_of(ENTRIES[:size])


def test_every_earlier_checkpoint_is_a_prefix_of_every_later_one() -> None:
    """Between any two checkpoints of one record there is a proof that holds."""
    leaves = [bytes.fromhex(entry.hash) for entry in ENTRIES]
    some = sorted(random.Random(5).sample(range(1, len(ENTRIES) + 1), 12))
    for old in some:
        for new in (size for size in some if size >= old):
            assert consistency_holds(
                old_size=old,
                old_root=checkpoint_of(ENTRIES[:old]).root,
                size=new,
                root=checkpoint_of(ENTRIES[:new]).root,
                proof=consistency_proof(leaves[:new], old),
            )


@pytest.mark.parametrize("place", [0, 1, 5, -1])
def test_a_past_that_was_rewritten_and_sealed_again_is_found(place: int) -> None:
    """Whoever rewrites an entry and seals all later ones anew fails against the checkpoint."""
    drafts = [deposited("roth", 100 + n, on=FIRST, at=AT) for n in range(8)]
    original = sealed([*opening(), *drafts], EMPTY)
    changed = list(drafts)
    changed[place] = deposited("roth", 999_999, on=FIRST, at=AT)
    rewritten = sealed([*opening(), *changed], EMPTY)
    key = SigningKey(origin_of(original), bytes(32))
    note = signed(checkpoint_of(original), key).encode()

    found = verify(bytes_of(rewritten), checkpoint=note, verifier_key=key.verifier)

    assert errors(found) == [("ledger-rewritten", "entries 1 to 9")]


def test_a_forged_checkpoint_does_not_help() -> None:
    """A checkpoint over the rewritten past, signed by another key of the same name, is refused."""
    forger = SigningKey(KEY.name, bytes(32))
    forged = signed(checkpoint_of(ENTRIES[:5]), forger).encode()

    found = checked(bytes_of(ENTRIES[:5]), forged)

    assert ("checkpoint-invalid", "checkpoint") in errors(found)
    assert found.checkpoint is None


def test_an_unchecked_signature_is_said() -> None:
    """Without a key the checkpoint is compared, and that it proves little is a finding."""
    found = verify(DATA, checkpoint=NOTE)

    assert "signature-unchecked" in {f.code for f in found.findings}
    assert found.checkpoint == checkpoint_of(ENTRIES)


def test_a_checkpoint_of_another_ledger_is_told_apart() -> None:
    """A checkpoint whose root fits but whose name does not is of another ledger."""
    other = SigningKey("trimtab/other", bytes(32))
    note = signed(replace(checkpoint_of(ENTRIES), origin="trimtab/other"), other).encode()

    found = verify(DATA, checkpoint=note, verifier_key=other.verifier)

    assert ("checkpoint-of-another", "checkpoint") in errors(found)


def test_a_flipped_bit_is_named_with_what_it_was() -> None:
    """The report names line, byte, what stands there and what should."""
    start = len(line_bytes(ENTRIES[0]))
    place = DATA.index(b'"kind":"', start) + 9
    damaged = bytearray(DATA)
    damaged[place] ^= 2

    (finding, *_) = checked(bytes(damaged)).findings

    assert finding.subject == f"line 2, byte {start}"
    assert f"byte {place} " in finding.message
    assert repr(chr(DATA[place])) in finding.message


def test_a_lost_newline_is_named() -> None:
    """When a newline was overwritten, the report says so at the first of the joined lines."""
    end = len(line_bytes(ENTRIES[0])) - 1
    damaged = bytearray(DATA)
    damaged[end] ^= 1

    (finding, *_) = checked(bytes(damaged)).findings

    assert finding.subject == "line 1, byte 0"
    assert "newline" in finding.message


def test_an_entry_that_cannot_have_happened_is_located() -> None:
    """A sound chain with an impossible entry is found by replay, at that entry."""
    first = sealed(opening(), EMPTY)
    good = deposited("roth", 5, on=FIRST, at=AT)
    bad = replace(good, body={**good.body, "amount": "5"})
    (impossible,) = sealed([bad], head_after(first))

    found = verify(bytes_of((*first, impossible)))

    assert errors(found) == [("fold-malformed", "entry 2")]
    assert found.state == ""


def test_another_state_than_expected_is_found() -> None:
    """Replay that does not give the state known from before is a finding."""
    right = verify(DATA, expected_state=state_digest(history(3, 12).folded))
    wrong = verify(DATA, expected_state="0" * 64)

    assert "state-differs" not in {f.code for f in right.findings}
    assert ("state-differs", "replay") in errors(wrong)


def test_an_empty_ledger_is_sound_and_nameless() -> None:
    """Nothing is wrong with a record that has not begun, but nothing can be signed either."""
    found = verify(b"")

    assert found.holds
    assert (found.entries, found.head, found.origin) == (0, Head(), "")
    with pytest.raises(CheckpointError):
        origin_of(())


def test_an_acknowledged_entry_can_be_proved_to_a_stranger() -> None:
    """A proof carries its entry, and holds with the public key alone."""
    for seq in (1, 2, len(ENTRIES) // 2, len(ENTRIES)):
        text = proof_text(ENTRIES, seq, NOTE.decode())

        entry, checkpoint = proved(text.encode(), KEY.verifier)

        assert entry == ENTRIES[seq - 1]
        assert checkpoint == checkpoint_of(ENTRIES)


def test_no_bit_of_a_proof_can_change() -> None:
    """A flipped bit anywhere in a proof makes it no proof."""
    proof = proof_text(ENTRIES, 3, NOTE.decode()).encode()
    for place in random.Random(1).sample(range(len(proof)), 250):
        changed = bytearray(proof)
        changed[place] ^= 1 << (place % 8)

        with pytest.raises(CheckpointError):
            proved(bytes(changed), KEY.verifier)


def test_what_is_not_in_the_record_is_not_proved() -> None:
    """An entry of another record, under a right checkpoint, does not hold."""
    theirs = sealed(
        [*opening(), *[deposited("roth", 7, on=FIRST, at=AT) for _ in ENTRIES[1:]]], EMPTY
    )
    proof = proof_text(ENTRIES, 3, NOTE.decode()).split("\n")
    proof[1] = proof_text(theirs, 3, signed(checkpoint_of(theirs), KEY)).split("\n")[1]

    with pytest.raises(CheckpointError):
        proved("\n".join(proof).encode(), KEY.verifier)
    with pytest.raises(CheckpointError):
        proof_text(ENTRIES, len(ENTRIES) + 1, NOTE.decode())
    with pytest.raises(CheckpointError):
        proof_text(ENTRIES[:-1], 3, NOTE.decode())


def test_a_checkpoint_of_nothing_is_a_prefix_of_everything() -> None:
    """Size zero says nothing, and agrees with every record of that name."""
    note = signed(Checkpoint(KEY.name, 0, EMPTY_ROOT), KEY).encode()

    assert checked(DATA, note).checkpoint is not None


def test_who_waits_is_told_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every so many entries of a replay are told, which changes nothing of what is found."""
    unheard = verify(DATA)
    monkeypatch.setattr("trimtab.ledger.verify._HEARD", 3)
    told: list[str] = []

    heard = verify(DATA, on_progress=told.append)

    assert heard == unheard
    replayed = [text for text in told if text.startswith("replay")]
    assert replayed == [
        f"replay: entry {n:,} of {heard.entries:,}" for n in range(1, heard.entries + 1, 3)
    ]


@pytest.mark.parametrize("line", [0, 4, len(ENTRIES) - 1])
def test_one_flipped_bit_spoils_one_entry_and_the_rest_is_counted(line: int) -> None:
    """Those behind the damage are as they were written, and nobody says that none is sound."""
    lines = DATA.splitlines(keepends=True)
    place = sum(map(len, lines[:line])) + 40
    spoiled = bytearray(DATA)
    spoiled[place] ^= 1

    found = verify(bytes(spoiled))

    (told,) = [f.message for f in found.findings if f.code == "no-checkpoint"]
    shown = verification_text(found, file="ledger.jsonl", width=200)
    assert (found.entries, found.intact) == (line, len(ENTRIES) - 1)
    assert f"{len(ENTRIES) - 1} entries are as they were written" in told
    assert f"{len(ENTRIES) - 1} sound entries" in shown
    assert "no sound" not in shown
