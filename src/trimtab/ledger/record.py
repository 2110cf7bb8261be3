"""Adding to the record: what cannot have happened is refused before a byte is written."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.ledger.chain import Draft, head_after, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.ledger.store import LedgerStore


def record(store: LedgerStore, folded: Folded, drafts: Sequence[Draft]) -> Folded:
    """Fold drafts, then append them; everything known after them.

    Args:
        store: Where the record is kept.
        folded: What was known; its head must still be the record's.
        drafts: What happened, in an order in which every beginning is true by itself.

    Raises:
        FoldError: a draft cannot have happened after what is known; nothing was written.
        HeadMovedError: somebody else appended; `folded` is out of date, nothing was written.
        LedgerBusyError: another process is writing; nothing was written.
        LedgerWriteError: the disk refused.
    """
    entries = sealed(drafts, folded.head)
    after = fold(entries, folded)
    store.append(entries, folded.head)
    return after


def caught_up(store: LedgerStore, folded: Folded = NOTHING) -> Folded:
    """Everything known now, folding only what was appended since `folded`."""
    entries = store.read()
    known = folded.head.seq
    if head_after(entries[:known]) != folded.head:
        folded, known = NOTHING, 0  # of another record
    return fold(entries[known:], folded)
