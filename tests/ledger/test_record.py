"""Adding to the record: what is refused is never written, and who is out of date looks again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ledger.facts import (
    DAY,
    plan,
    sale,
)
from tests.ledger.histories import AT, folded_after, opening
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.ledger.errors import FoldError, HeadMovedError
from trimtab.ledger.folded import NOTHING, state_digest
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import caught_up, record


def test_what_cannot_have_happened_is_never_written() -> None:
    """A refused draft leaves the record as it was, all of its batch."""
    store = MemoryLedger()
    folded = record(store, NOTHING, opening())
    before = store.data()

    with pytest.raises(FoldError):
        record(store, folded, [events.deposited("roth", 1, on=DAY, at=AT), sale(41)])

    assert store.data() == before


def test_whoever_is_out_of_date_is_refused_and_catches_up() -> None:
    """Two who add to one record: the later one has to look first."""
    store = MemoryLedger()
    start = record(store, NOTHING, opening())
    deposit = events.deposited("roth", 1, on=DAY, at=AT)
    record(store, start, [deposit])

    with pytest.raises(HeadMovedError):
        record(store, start, [deposit])
    now = caught_up(store, start)

    assert now.head == store.head
    assert state_digest(now) == state_digest(caught_up(store))
    assert record(store, now, [deposit]).cash["roth"] == 5_000_002


def test_catching_up_with_another_record_starts_over() -> None:
    """What was known of another record counts for nothing."""
    store, other = MemoryLedger(), MemoryLedger()
    known = record(other, NOTHING, opening(household="Other"))
    record(store, NOTHING, opening())

    assert caught_up(store, known).household == "Example"


def test_the_digest_changes_with_anything_known() -> None:
    """Two states with one digest are the same state."""
    drafts: list[Callable[[], list[Draft]]] = [
        list,
        lambda: [events.deposited("roth", 1, on=DAY, at=AT)],
        lambda: [events.deposited("roth", 2, on=DAY, at=AT)],
        lambda: [events.halted("roth", reason="x", at=AT)],
        lambda: [events.period_acted("household", "2026-03", on=DAY, at=AT)],
        lambda: plan(),
    ]

    digests = {state_digest(folded_after(*make())) for make in drafts}

    assert len(digests) == len(drafts)
