"""A record kept in memory only: for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.ledger.chain import EMPTY, Entry, Head, broken_link, head_after, line_bytes
from trimtab.ledger.errors import HeadMovedError


class MemoryLedger:
    """A `LedgerStore` that forgets everything when the program ends."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._head = EMPTY

    @property
    def head(self) -> Head:
        """Where the record ends."""
        return self._head

    def read(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        return tuple(self._entries)

    def data(self) -> bytes:
        """The bytes that a file would hold."""
        return b"".join(line_bytes(entry) for entry in self._entries)

    def append(self, entries: Sequence[Entry], expected_head: Head) -> Head:
        """Keep the entries; see `LedgerStore.append`."""
        if expected_head != self._head:
            raise HeadMovedError(moved_message(expected_head, self._head))
        wrong = broken_link(entries, self._head)
        if wrong:
            raise HeadMovedError(wrong)
        self._entries.extend(entries)
        self._head = head_after(entries, self._head)
        return self._head


def moved_message(expected: Head, actual: Head) -> str:
    """What a caller reads whose knowledge of the record is out of date."""
    return (
        f"the ledger has {actual.seq} entries now, not {expected.seq}"
        if actual.seq != expected.seq
        else f"entry {actual.seq} of the ledger is another one than expected"
    ) + (
        ": another command wrote to it meanwhile, this one wrote nothing. Look at what is there "
        "(`trimtab status`, `trimtab ledger show`), then run it again if it is still wanted"
    )
