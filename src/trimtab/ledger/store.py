"""The port to wherever the record is kept, and the one way to add to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trimtab.ledger.chain import Draft, Entry, Head, sealed


class LedgerStore(Protocol):
    """Keeps the record. Every implementation passes the suite in tests/ledger/contract.py."""

    @property
    def head(self) -> Head:
        """Where the record ended when this store last looked."""
        ...

    def read(self) -> tuple[Entry, ...]:
        """All entries, oldest first, with what other processes added meanwhile.

        Raises:
            LedgerDamagedError: when the bytes are not what was written.
        """
        ...

    def data(self) -> bytes:
        """The very bytes of all whole lines, for proofs and for verification."""
        ...

    def append(self, entries: Sequence[Entry], expected_head: Head) -> Head:
        """Make entries durable, all of them in one write, and return the new head.

        When it returns, they survive a loss of power. A crash within may leave the first few of
        them: order them so that every beginning is true by itself.

        Args:
            entries: Sealed after `expected_head`.
            expected_head: Where the caller believes the record to end.

        Raises:
            HeadMovedError: somebody else appended; nothing was written.
            LedgerBusyError: another process is writing; nothing was written.
            LedgerWriteError: the disk refused.
            LedgerDamagedError: the record is not sound; nothing was written.
        """
        ...


def append_drafts(store: LedgerStore, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
    """Seal drafts after the store's head, append them, and return them as entries."""
    head = store.head
    entries = sealed(drafts, head)
    store.append(entries, head)
    return entries
