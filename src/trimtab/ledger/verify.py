"""Everything that can be checked of a record: bytes, chain, tree, signature, replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from trimtab.ledger.chain import Entry, Head, Reading, flipped_bit, is_sound, verify_bytes
from trimtab.ledger.checkpoint import (
    Checkpoint,
    VerifierKey,
    checkpoint_from,
    origin_of,
    verified,
)
from trimtab.ledger.errors import CheckpointError, FoldError, Problem
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded, state_digest
from trimtab.ledger.merkle import EMPTY_ROOT, root_of
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass

_RESTORE: Final = "Restore the file from a backup"
_HEARD: Final = 5_000
"""Who waits for a replay hears of it every so many entries."""

_LOOKED_AT: Final = 10
"""For so many damaged lines the report looks for the very bit; it takes up to 0.2 s a line."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Args:
        entries: How many sound entries there are from the start, up to the first damage.
        intact: How many entries are as they were written, those behind a damage included.
        head: The newest of those from the start.
        root: Tree head over them, hexadecimal.
        origin: The ledger's name; empty when it has no entry.
        checkpoint: The checkpoint that was believed and held; None when there was none.
        state: Digest of the state that they fold to; empty when they do not fold.
        folded: That state.
        findings: Everything that is wrong (severity `error`) or worth knowing, located.
    """

    entries: int
    intact: int
    head: Head
    root: str
    origin: str
    checkpoint: Checkpoint | None
    state: str
    folded: Folded
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.severity == "error" for finding in self.findings)


def verify(
    data: bytes,
    *,
    checkpoint: bytes | None = None,
    verifier_key: VerifierKey | None = None,
    expected_state: str = "",
    on_progress: Callable[[str], None] | None = None,
) -> Verification:
    """Check a ledger's bytes against themselves, a checkpoint, and a known state.

    Args:
        data: The bytes of the file.
        checkpoint: A signed checkpoint that was kept elsewhere; without one, a clean cut at the
            end cannot be seen.
        verifier_key: The key that must have signed it; without it the signature is not checked,
            and that is a finding.
        expected_state: Digest that the entries must fold to, from `state_digest`.
        on_progress: Called with what is being done, for somebody who waits.
    """
    told = on_progress or _unheard
    told(f"chain of {len(data):,} bytes ...")
    reading = verify_bytes(data)
    findings = [
        _damage(problem, data, look_closer=number < _LOOKED_AT)
        for number, problem in enumerate(reading.problems)
    ]
    sound = reading.entries[: reading.head.seq]
    told("tree ...")
    root = root_of([bytes.fromhex(entry.hash) for entry in sound])
    believed = None
    if checkpoint is None:
        findings.append(_no_checkpoint(reading))
    else:
        believed = _check(checkpoint, verifier_key, reading, findings)
    folded, state = NOTHING, ""
    try:
        folded = fold(_heard(sound, told))
        told("digest of the state ...")
        state = state_digest(folded)
        findings.extend(folded.findings)
    except FoldError as error:
        folded = NOTHING
        findings.append(_cannot_be(error))
    if state and expected_state and state != expected_state:
        findings.append(_other_state(state, expected_state))
    return Verification(
        entries=len(sound),
        intact=len(reading.entries),
        head=reading.head,
        root=root.hex(),
        origin=origin_of(sound) if sound else "",
        checkpoint=believed,
        state=state,
        folded=folded,
        findings=tuple(findings),
    )


def _heard(entries: Sequence[Entry], told: Callable[[str], None]) -> Iterator[Entry]:
    """The entries one by one, for one fold: each fold copies the books."""
    for done, entry in enumerate(entries):
        if done % _HEARD == 0:
            told(f"replay: entry {done + 1:,} of {len(entries):,}")
        yield entry


def _unheard(text: str) -> None:
    """Nobody waits."""


def _damage(problem: Problem, data: bytes, *, look_closer: bool) -> Finding:
    line = data[problem.offset :].partition(b"\n")[0]
    message = f"{problem.message[0].upper()}{problem.message[1:]}."
    remedy = f"{_RESTORE}, or compare with one from this line on."
    if problem.code == "line-torn":
        remedy = (
            "A crash leaves that; the next command that writes moves it aside. If it was "
            "acknowledged, only a checkpoint kept elsewhere shows it."
        )
    elif look_closer and problem.code.startswith(("hash-", "line-")):
        found = flipped_bit(line)
        if found is not None:
            place, right = found
            remedy = (
                f"One bit flipped: byte {problem.offset + place} of the file is "
                f"{chr(line[place])!r} and was {chr(right)!r}. {_RESTORE}, and check the disk."
            )
        elif _lost_newline(line) is not None:
            remedy = f"A newline within it was overwritten. {_RESTORE}, and check the disk."
    subject = f"line {problem.line}, byte {problem.offset}"
    return Finding(problem.code, subject, f"{message} {remedy}", "error")


def _lost_newline(line: bytes) -> int | None:
    """Where two sound entries were joined by a byte that should be a newline."""
    place = line.find(b'"}', 0)
    while place >= 0:
        if is_sound(line[: place + 2]):
            return place + 2
        place = line.find(b'"}', place + 1)
    return None


def _no_checkpoint(reading: Reading) -> Finding:
    count = len(reading.entries)
    intact = f"the {count} entries hold together" if count != 1 else "its one entry is sound"
    if reading.problems:
        intact = f"beside the damage, {count} entries are as they were written"
        intact = intact if count != 1 else "beside the damage, 1 entry is as it was written"
    message = (
        f"Checked without a checkpoint: {intact}, but if later ones were cut off nobody can tell. "
        "Keep what `trimtab ledger checkpoint` prints elsewhere."
    )
    return Finding("no-checkpoint", "end of the ledger", message, "info")


def _check(
    note: bytes, key: VerifierKey | None, reading: Reading, findings: list[Finding]
) -> Checkpoint | None:
    """The checkpoint, when it is believed and the ledger agrees with it."""
    try:
        if key is None:
            claimed = checkpoint_from(note).checkpoint
            message = "The checkpoint's signature was not checked: give the verifier key."
            findings.append(Finding("signature-unchecked", "checkpoint", message))
        else:
            claimed = verified(note, key)
    except CheckpointError as error:
        message = f"{error}. Use the checkpoint and the key that you kept for this ledger."
        findings.append(Finding("checkpoint-invalid", "checkpoint", message, "error"))
        return None
    finding = _disagreement(claimed, reading)
    if finding is None:
        return claimed
    findings.append(finding)
    return None


def _disagreement(claimed: Checkpoint, reading: Reading) -> Finding | None:
    sound = reading.entries[: reading.head.seq]
    if claimed.size > len(sound):
        if reading.problems:
            message = (
                f"The checkpoint is of {claimed.size} entries; only {len(sound)} are sound before "
                "the damage, so it cannot be compared."
            )
            return Finding("checkpoint-not-compared", f"entry {len(sound) + 1}", message, "error")
        message = (
            f"The end was cut off: the checkpoint is of {claimed.size} entries, the file ends "
            f"with entry {len(sound)} (byte {reading.sound_bytes}). {_RESTORE}."
        )
        return Finding("ledger-cut", f"entry {len(sound) + 1}", message, "error")
    leaves = [bytes.fromhex(entry.hash) for entry in sound[: claimed.size]]
    root = root_of(leaves) if leaves else EMPTY_ROOT
    if root != claimed.root:
        message = (
            f"The first {claimed.size} entries are not those that were signed: the past was "
            f"rewritten, or the checkpoint is of another ledger. {_RESTORE}."
        )
        return Finding("ledger-rewritten", f"entries 1 to {claimed.size}", message, "error")
    if sound and claimed.origin != origin_of(sound):
        message = f"The checkpoint is of {claimed.origin}, this ledger is {origin_of(sound)}."
        return Finding("checkpoint-of-another", "checkpoint", message, "error")
    return None


def _cannot_be(error: FoldError) -> Finding:
    message = (
        f"The bytes are as they were written, but {error}. The state after entry "
        f"{error.seq - 1} is the last that can be told; report this, it should not happen."
    )
    return Finding(f"fold-{error.code}", f"entry {error.seq}", message, "error")


def _other_state(state: str, expected: str) -> Finding:
    message = (
        f"The entries fold to state {state[:16]}..., not to {expected[:16]}... as expected: the "
        "ledger or the program is another one than before."
    )
    return Finding("state-differs", "replay", message, "error")
