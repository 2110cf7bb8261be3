"""The proof that one entry stands in the record, for somebody who sees no other entry.

The text form is C2SP tlog-proof, with the entry itself as its extra data, so that a proof is
complete: who has it and the public key needs nothing else.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from trimtab.ledger.chain import Entry, entry_from, line_bytes
from trimtab.ledger.checkpoint import (
    Checkpoint,
    VerifierKey,
    base64_bytes,
    checkpoint_from,
    verified,
)
from trimtab.ledger.errors import CanonicalError, CheckpointError
from trimtab.ledger.merkle import inclusion_holds, inclusion_proof

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MAX_STEPS: Final = 64


def proof_text(entries: Sequence[Entry], seq: int, note: str) -> str:
    """The proof that entry `seq` is in the tree that the signed checkpoint `note` is of.

    Raises:
        CheckpointError: when the checkpoint does not cover the entry, or more than there is.
    """
    checkpoint = checkpoint_from(note.encode()).checkpoint
    if not 1 <= seq <= checkpoint.size <= len(entries):
        raise CheckpointError(
            f"entry {seq} is not among the {checkpoint.size} entries of the checkpoint"
            if seq > checkpoint.size or seq < 1
            else f"the checkpoint is of {checkpoint.size} entries, there are {len(entries)}"
        )
    leaves = [bytes.fromhex(entry.hash) for entry in entries[: checkpoint.size]]
    steps = inclusion_proof(leaves, seq - 1)
    line = line_bytes(entries[seq - 1])[:-1]
    head = [_HEADER, f"extra {b64encode(line).decode()}", f"index {seq - 1}"]
    return "\n".join([*head, *(b64encode(step).decode() for step in steps), "", note])


def proved(
    proof: bytes, key: VerifierKey, *, origin: str | None = None
) -> tuple[Entry, Checkpoint]:
    """The entry that a proof shows, and the checkpoint that it stands in.

    Args:
        proof: The text of a proof.
        key: The key that must have signed the checkpoint.
        origin: The ledger that it must be of; None takes the key's name.

    Raises:
        CheckpointError: when the proof is malformed or does not hold.
    """
    try:
        text = proof.decode()
    except UnicodeDecodeError as error:
        raise CheckpointError(f"the proof is not UTF-8 at byte {error.start}") from error
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or len(lines) < 3 or lines[0] != _HEADER:
        raise CheckpointError(f"not a proof: it does not begin with {_HEADER}")
    if not lines[1].startswith("extra "):
        raise CheckpointError("the proof does not carry its entry")
    index = _INDEX.fullmatch(lines[2])
    if index is None or len(lines) > 3 + _MAX_STEPS:
        raise CheckpointError("the proof has no index, or too many steps")
    checkpoint = verified(note.encode(), key, origin=origin)
    line = base64_bytes(lines[1][len("extra ") :], "the entry")
    try:
        entry = entry_from(line)
    except CanonicalError as error:
        raise CheckpointError(f"the proof's entry was altered: {error}") from error
    holds = inclusion_holds(
        index=int(index[1]),
        size=checkpoint.size,
        leaf=bytes.fromhex(entry.hash),
        root=checkpoint.root,
        proof=[base64_bytes(step, "a step of the proof") for step in lines[3:]],
    )
    if not holds or entry.seq != int(index[1]) + 1:
        raise CheckpointError(f"entry {entry.seq} is not in the record that was signed")
    return entry, checkpoint
