"""The fold over random histories: conservation, double entry, replay to the same bytes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.histories import history
from tests.ledger.make import bytes_of
from trimtab.ledger.chain import verify_bytes
from trimtab.ledger.fold import KINDS, fold, journal
from trimtab.ledger.folded import state_at, state_digest

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(5, 25)


@given(seed=seeds, length=lengths)
@settings(max_examples=40, deadline=None)
def test_cash_and_positions_are_those_counted_by_hand(seed: int, length: int) -> None:
    """Cash, positions and open lots are exactly the sum of what happened."""
    made = history(seed, length)
    lots: defaultdict[tuple[str, str], int] = defaultdict(int)

    for lot in made.folded.lots.values():
        lots[lot.account, lot.instrument] += lot.quantity

    assert made.folded.cash == made.cash
    assert made.folded.positions == made.steps
    assert dict(lots) == made.steps
    assert all(lot.quantity > 0 for lot in made.folded.lots.values())


@given(seed=seeds, length=lengths)
@settings(max_examples=25, deadline=None)
def test_every_entry_balances_and_nothing_comes_from_nowhere(seed: int, length: int) -> None:
    """The postings of each entry sum to zero in every unit, and so do all places together."""
    made = history(seed, length)
    everywhere: defaultdict[str, int] = defaultdict(int)

    for _, postings in journal(made.entries):
        balance: defaultdict[str, int] = defaultdict(int)
        for posting in postings:
            assert posting.place.startswith(("account:", "outside:"))
            balance[posting.unit] += posting.amount
        assert not any(balance.values())
    folded = made.folded
    for (_, instrument), steps in folded.positions.items():
        everywhere["#" + instrument] += steps
    everywhere["USD"] += sum(folded.cash.values())
    everywhere["basis"] += sum(lot.basis or 0 for lot in folded.lots.values())
    for units in folded.outside.values():
        for unit, amount in units.items():
            everywhere[unit] += amount

    assert not any(everywhere.values())


@given(seed=seeds, length=lengths, cut=st.integers(0, 200))
@settings(max_examples=25, deadline=None)
def test_replay_gives_the_same_state_byte_for_byte(seed: int, length: int, cut: int) -> None:
    """Folding at once, in two parts, and from the bytes of the file gives one digest."""
    made = history(seed, length)
    entries = made.entries
    from_bytes = verify_bytes(bytes_of(tuple(entries))).entries

    at_once = fold(entries)
    in_parts = fold(entries[cut:], fold(entries[:cut]))

    assert state_digest(at_once) == state_digest(in_parts) == state_digest(made.folded)
    assert state_digest(fold(from_bytes)) == state_digest(at_once)
    assert fold(from_bytes) == at_once
    day = date(2026, 2, 1)
    assert state_digest(state_at(in_parts, day)) == state_digest(state_at(at_once, day))


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_known_basis_is_conserved(seed: int) -> None:
    """Basis comes in with lots and adjustments, and goes out with what is relieved."""
    made = history(seed, 20)

    held = sum(lot.basis or 0 for lot in made.folded.lots.values())
    outside = sum(units.get("basis", 0) for units in made.folded.outside.values())

    assert held == -outside
    assert held == sum(made.folded.basis.values())


def test_random_histories_reach_every_kind() -> None:
    """The histories that the properties run over hold every kind of entry."""
    seen = {entry.kind for seed in range(12) for entry in history(seed, 25).entries}

    assert seen == KINDS
