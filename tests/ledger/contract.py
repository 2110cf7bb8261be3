"""What every keeper of the record must do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ledger.make import bytes_of, notes, record
from trimtab.ledger.chain import EMPTY, Head, head_after, sealed, verify_bytes
from trimtab.ledger.errors import HeadMovedError
from trimtab.ledger.store import LedgerStore, append_drafts


class LedgerStoreContract:
    """Subclass it and give a fixture `fresh`: a function that makes an empty store."""

    def test_a_new_record_is_empty(self, fresh: Callable[[], LedgerStore]) -> None:
        """Nothing has happened before the first entry."""
        store = fresh()

        assert store.head == EMPTY
        assert store.read() == ()
        assert store.data() == b""

    def test_what_is_appended_is_read(self, fresh: Callable[[], LedgerStore]) -> None:
        """Entries come back in order, byte for byte, with the head after the last."""
        store, entries = fresh(), record(9)

        first = store.append(entries[:2], EMPTY)
        last = store.append(entries[2:], first)

        assert store.read() == entries
        assert store.data() == bytes_of(entries)
        assert store.head == last == head_after(entries)
        assert verify_bytes(store.data()).problems == ()

    def test_appending_nothing_changes_nothing(self, fresh: Callable[[], LedgerStore]) -> None:
        """An empty batch is no entry and no error."""
        store, entries = fresh(), record(2)
        head = store.append(entries, EMPTY)

        assert store.append((), head) == head
        assert store.read() == entries

    def test_a_moved_head_is_refused(self, fresh: Callable[[], LedgerStore]) -> None:
        """Whoever decided on an old record may not add to the new one."""
        store, entries = fresh(), record(4)
        store.append(entries[:2], EMPTY)
        rival = sealed(notes(1, seed=5), head_after(entries[:1]))

        with pytest.raises(HeadMovedError):
            store.append(rival, head_after(entries[:1]))
        with pytest.raises(HeadMovedError):
            store.append(record(1), EMPTY)

        assert store.read() == entries[:2]

    def test_a_head_of_another_record_is_refused(self, fresh: Callable[[], LedgerStore]) -> None:
        """The same number of entries is not the same record."""
        store, theirs = fresh(), record(3, seed=8)
        store.append(record(2), EMPTY)

        with pytest.raises(HeadMovedError):
            store.append(theirs[2:], head_after(theirs[:2]))

        assert store.read() == record(2)

    def test_entries_that_do_not_chain_are_refused(self, fresh: Callable[[], LedgerStore]) -> None:
        """A batch with a gap, or not sealed after the head it names, writes nothing."""
        store, entries = fresh(), record(4)

        with pytest.raises(HeadMovedError):
            store.append((entries[0], entries[2]), EMPTY)
        with pytest.raises(HeadMovedError):
            store.append(entries[1:], EMPTY)
        with pytest.raises(HeadMovedError):
            store.append(entries[:1], Head(7, "f" * 64))

        assert store.read() == ()
        assert store.head == EMPTY

    def test_drafts_are_sealed_after_the_head(self, fresh: Callable[[], LedgerStore]) -> None:
        """The short way in gives the same record as sealing by hand."""
        store = fresh()

        append_drafts(store, notes(3))
        added = append_drafts(store, notes(5)[3:])

        assert store.read() == record(5)
        assert added == record(5)[3:]
