"""What the record makes of transfers, adjustments and corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.ledger.facts import (
    DAY,
    SELL,
    changed,
    codes,
    plan,
    refused,
    sale,
    sent,
)
from tests.ledger.histories import AT, folded_after, opening, opening_lots
from trimtab.ledger import events
from trimtab.ledger.chain import sealed
from trimtab.ledger.events import relieved_part
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, state_at
from trimtab.model.accounts import Lot
from trimtab.model.orders import OrderState


def test_a_transfer_carries_lots_with_their_history() -> None:
    """Day and basis go along; what stays keeps the rest."""
    lot = opening_lots()[0]
    part = relieved_part(lot, 60)

    folded = folded_after(
        events.transferred("brokerage", "roth", [(part, "T1")], amount=1_000, on=DAY, at=AT)
    )

    assert folded.lots["T1"] == Lot("T1", "roth", "VTI", 60, lot.acquired, part.basis)
    assert folded.lots["L1"].quantity == 150
    assert (folded.lots["L1"].basis or 0) + (part.basis or 0) == lot.basis
    assert folded.cash["brokerage"] == 259_000
    assert folded.cash["roth"] == 5_001_000
    assert len(folded.sales) == 1


def test_a_whole_lot_may_keep_its_name_when_it_moves() -> None:
    """A lot that moves entirely is the same lot; a part needs a name of its own."""
    lot = opening_lots()[1]
    whole = events.transferred("brokerage", "roth", [(relieved_part(lot, 33), "L2")], on=DAY, at=AT)
    part = events.transferred("brokerage", "roth", [(relieved_part(lot, 3), "L2")], on=DAY, at=AT)

    assert folded_after(whole).lots["L2"] == replace(lot, account="roth")
    assert refused(part).code == "lot-taken"


def test_transfers_have_two_ends_that_fit() -> None:
    """From somewhere to somewhere else, of what is there."""
    part = relieved_part(opening_lots()[0], 1)
    there = events.transferred("brokerage", "roth", [(part, "T1")], on=DAY, at=AT)

    assert refused(changed(there, to="brokerage")).code == "transfer-nowhere"
    assert refused(changed(there, **{"from": "k401"})).code == "lot-not-there"
    assert refused(changed(there, to=None)).code == "malformed"
    incoming = events.received("roth", [Lot("I1", "k401", "VTI", 1)], on=DAY, at=AT)
    assert refused(incoming).code == "malformed"


def test_a_washed_loss_goes_into_the_basis_and_the_day() -> None:
    """US-1: 250 disallowed makes 1,050 of 800, and the holding period tacks on."""
    lot = Lot("W1", "brokerage", "VTI", 10, date(2025, 12, 28), 80_000)
    start = fold(sealed(opening(lots=[lot]), NOTHING.head))
    since = date(2024, 5, 1)

    folded = folded_after(
        events.basis_adjusted("W1", 25_000, acquired=since, reason="wash-sale", on=DAY, at=AT),
        start=start,
    )

    assert folded.lots["W1"] == replace(lot, basis=105_000, acquired=since)
    below = events.basis_adjusted("L1", -2_541_001, reason="return-of-capital", on=DAY, at=AT)
    unknown = events.basis_adjusted("L3", 1, reason="wash-sale", on=DAY, at=AT)
    gone = events.basis_adjusted("L9", 1, reason="wash-sale", on=DAY, at=AT)
    assert refused(below).code == "basis-negative"
    assert refused(unknown).code == "basis-unknown"
    assert refused(gone).code == "lot-not-there"


def test_a_busted_sale_is_undone_by_a_new_entry() -> None:
    """The lot comes back under a new name, the money goes, and its order is open again."""
    done = [*plan(), *sent(SELL), sale(41)]
    before = folded_after(*done)
    back = Lot("L1b", "brokerage", "VTI", 41, date(2017, 3, 6), before.sales[-1].sale.basis)
    bust = events.corrected(
        before.head.seq,
        reason="busted",
        cash={"brokerage": -(41 * 30_000 - 310)},
        added=[back],
        voids=True,
        on=DAY,
        at=AT,
    )

    folded = folded_after(bust, start=before)

    assert folded.cash["brokerage"] == 260_000
    assert folded.positions["brokerage", "VTI"] == 243
    assert sum(x.basis or 0 for x in folded.lots.values() if x.instrument == "VTI") == 3_531_001
    assert [b.sale for b in folded.sales] == [b.sale for b in folded_after().sales]
    over = folded_after(events.order_cancelled("o1", at=AT), start=folded)
    assert folded.orders["o1"].filled == 0
    assert folded.orders["o1"].state is OrderState.ACCEPTED
    assert over.orders["o1"].state is OrderState.CANCELLED
    assert state_at(folded, DAY).memory.unsettled == ()
    assert codes(folded_after(sale(41), start=folded)) == ["fill-repeated"]
    assert refused(*done, bust, bust).code == "voided-twice"


def test_a_wrong_deposit_is_corrected_and_not_edited() -> None:
    """The cash and the new cash are put right; both entries stay."""
    wrong = events.deposited("roth", 1_000_000, on=DAY, at=AT)
    fix = events.corrected(
        2,
        reason="1,000 was meant",
        cash={"roth": -900_000},
        new_cash={"roth": -900_000},
        on=DAY,
        at=AT,
    )

    folded = folded_after(wrong, fix)

    assert folded.cash["roth"] == 5_100_000
    assert folded.new_cash == {"roth": 100_000}
    assert folded.head.seq == 3
    later = changed(fix, of=9)
    assert refused(later).code == "correction-of-later"


def test_a_finer_step_counts_everything_anew() -> None:
    """From whole shares to thousandths: the same holdings, a thousand times the steps."""
    folded = folded_after(events.declared("VTI", Decimal("0.001"), at=AT))

    assert folded.lots["L1"] == replace(opening_lots()[0], quantity=210_000)
    assert folded.positions["roth", "VTI"] == 95_000
    assert refused(events.declared("BND", Decimal("0.01"), at=AT)).code == "step-not-finer"
    assert refused(events.declared("BND", Decimal("0.0007"), at=AT)).code == "step-not-finer"
    assert refused(events.declared("USD", Decimal(1), at=AT)).code == "instrument-is-money"
    open_order = [*plan(), *sent(SELL), events.declared("VTI", Decimal("0.1"), at=AT)]
    assert refused(*open_order).code == "order-open"
