"""The books find open orders, a plan's orders and fills as if they went through all of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.histories import history
from trimtab.ledger.books import Books
from trimtab.ledger.fold import _apply as apply_
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING


@settings(max_examples=8)
@given(st.integers(0, 2**32))
def test_what_is_kept_to_be_found_is_what_a_search_of_everything_finds(seed: int) -> None:
    """After every entry, busts and corrections among them, in a fold at once and one in parts."""
    entries = history(seed, 40).entries
    books = Books(NOTHING)

    for entry in entries:
        apply_(books, entry)
        parts = Books(books.folded())

        for kept in (books, parts):
            orders = list(kept.orders.values())
            newest = orders[-1].order.plan if orders else ""
            assert list(kept.open_orders()) == [o for o in orders if not o.state.is_final]
            assert kept.newest_orders() == [o for o in orders if o.order.plan == newest]
            fills = {fill.seq: (key, fill) for key, fill in kept.fills.items()}
            assert kept.fill_of(entry.seq) == fills.get(entry.seq)
            for name in kept.steps:
                days = [
                    fill.fill.on
                    for fill in kept.fills.values()
                    if fill.instrument == name and not fill.voided
                ]
                days += [
                    on
                    for seq, moved, on in kept.transfers
                    if moved == name and seq not in kept.voided
                ]
                assert kept.moved_on(name) == max(days, default=None)
    assert fold(entries) == books.folded()
