"""What the record makes of splits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.ledger.facts import (
    BUY,
    DAY,
    codes,
    plan,
    purchase,
    refused,
    sent,
)
from tests.ledger.histories import AT, FIRST, folded_after, opening, opening_lots
from trimtab.ledger import events
from trimtab.ledger.chain import sealed
from trimtab.ledger.events import relieved_part
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING
from trimtab.model.accounts import Lot
from trimtab.model.numbers import Price
from trimtab.model.state import AcceptedPrice


def test_a_split_multiplies_every_lot_and_keeps_its_basis() -> None:
    """Two for one: twice the steps, the same basis, day and cash, in every account."""
    folded = folded_after(events.split("VTI", new=2, old=1, on=DAY, at=AT))

    for lot in opening_lots()[:3]:
        assert folded.lots[lot.id] == replace(lot, quantity=2 * lot.quantity)
    assert folded.lots["L4"] == opening_lots()[3]
    assert folded.cash == folded_after().cash
    assert folded.sales[0].sale.quantity == 6
    assert codes(folded) == []


def test_what_is_not_whole_is_paid_in_cash_or_refused() -> None:
    """Three for two leaves halves in brokerage (243 steps) and roth (95): both must be paid."""
    paid = {"brokerage": 15_000, "roth": 15_000}
    right = events.split("VTI", new=3, old=2, cash_in_lieu=paid, on=DAY, at=AT)
    unpaid = events.split("VTI", new=3, old=2, cash_in_lieu={"roth": 15_000}, on=DAY, at=AT)
    not_due = events.split("VTI", new=2, old=1, cash_in_lieu={"roth": 1}, on=DAY, at=AT)
    nobody = events.split("VTI", new=2, old=1, cash_in_lieu={"k401": 1}, on=DAY, at=AT)

    folded = folded_after(right)

    assert folded.positions["brokerage", "VTI"] == 364
    assert folded.positions["roth", "VTI"] == 142
    assert folded.cash["roth"] == 5_015_000
    # The half step is 1/729 of the 729 half steps; each lot gives that part of its basis.
    assert folded.lots["L1"].basis == 2_541_000 - 3_486
    assert folded.lots["L2"].basis == 990_001 - 1_358
    assert refused(unpaid).code == "split-fraction"
    assert refused(not_due).code == "split-cash-not-due"
    assert refused(nobody).code == "malformed"


def test_lots_that_are_not_whole_alone_are_whole_together() -> None:
    """Two lots of one share, three for two: three shares, no cash, said as a remark."""
    lots = [Lot(f"S{n}", "roth", "VTI", 1, date(2020, 1, n), 100) for n in (1, 2)]
    start = fold(sealed(opening(lots=lots), NOTHING.head))

    folded = folded_after(events.split("VTI", new=3, old=2, on=DAY, at=AT), start=start)

    assert [lot.quantity for lot in folded.lots.values()] == [1, 2]
    assert [lot.basis for lot in folded.lots.values()] == [100, 100]
    assert codes(folded) == ["split-lots-rounded"]


def test_a_reverse_split_never_loses_basis() -> None:
    """Lots that are left without a step hand their basis to a neighbour."""
    lots = [Lot(f"S{n}", "roth", "VTI", 5, date(2020, 1, n), 100 + n) for n in (1, 2)]
    start = fold(sealed(opening(lots=lots), NOTHING.head))

    folded = folded_after(events.split("VTI", new=1, old=10, on=DAY, at=AT), start=start)

    assert [(lot.id, lot.quantity, lot.basis) for lot in folded.lots.values()] == [("S2", 1, 203)]
    assert "split-lot-merged" in codes(folded)


def test_a_split_is_booked_once() -> None:
    """The same split again is ignored; another ratio for its day is refused."""
    split = events.split("VTI", new=2, old=1, on=DAY, at=AT)
    other = events.split("VTI", new=3, old=1, on=DAY, at=AT)

    folded = folded_after(split, split)

    assert folded.positions["roth", "VTI"] == 190
    assert codes(folded) == ["split-repeated"]
    assert refused(split, other).code == "split-conflict"
    assert refused(events.split("VTI", new=1, old=1, on=DAY, at=AT)).code == "split-of-nothing"


def test_a_split_is_not_applied_to_what_is_at_the_new_count() -> None:
    """Before the opening it is in the statement; after a trade of its day it comes too late."""
    early = events.split("VTI", new=2, old=1, on=FIRST, at=AT)
    late = events.split("VXUS", new=2, old=1, on=DAY, at=AT)
    bought = [*plan(), *sent(BUY), purchase()]
    lot = Lot("N1", "roth", "VXUS", 500, DAY, 30_600)
    seq = folded_after(*bought).head.seq
    bust = events.corrected(
        seq,
        reason="booked before the split",
        cash={"roth": 30_600},
        removed=[relieved_part(lot, 500)],
        voids=True,
        on=DAY,
        at=AT,
    )

    assert refused(early).code == "split-before-opening"
    assert refused(*bought, late).code == "split-late"
    assert folded_after(*bought, bust, late).splits[0][:4] == ("VXUS", DAY, 2, 1)


def test_a_believed_price_is_split_too() -> None:
    """What a frozen instrument is counted at stays worth the same."""
    price = events.prices_accepted({"VTI": AcceptedPrice(Price(30001, -2), FIRST)}, at=AT)
    split = events.split("VTI", new=2, old=1, on=DAY, at=AT)

    folded = folded_after(price, split)

    assert folded.accepted["VTI"].price.decimal == Decimal("150.005")
