"""What the record makes of fills: lots, basis, money, overfills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.facts import (
    BUY,
    CANCELLED,
    DAY,
    NEXT,
    SELL,
    changed,
    codes,
    plan,
    purchase,
    refused,
    sale,
    sent,
)
from tests.ledger.histories import AT, folded_after, opening_lots
from trimtab.ledger import events
from trimtab.ledger.canonical import Json
from trimtab.ledger.events import relieved_part
from trimtab.ledger.folded import state_at
from trimtab.model.accounts import Lot
from trimtab.model.numbers import Price
from trimtab.model.orders import Fill, Order, OrderState


def test_a_sale_takes_its_lots_and_brings_its_money() -> None:
    """Cash, steps, lots, basis and the year's sales all move together."""
    folded = folded_after(*plan(), *sent(SELL), sale(41))

    left = 2_541_000 - folded.sales[-1].sale.basis
    assert folded.cash["brokerage"] == 260_000 + 41 * 30_000 - 310
    assert folded.lots["L1"] == replace(opening_lots()[0], quantity=169, basis=left)
    assert folded.sales[-1].sale.basis == round(2_541_000 * 41 / 210)
    assert folded.sales[-1].sale.proceeds == 41 * 30_000 - 310
    assert folded.positions["brokerage", "VTI"] == 169 + 33


def test_a_purchase_is_a_lot_that_cost_all_that_was_paid() -> None:
    """The basis of a new lot is the price with its fees, and its day is the trade's."""
    folded = folded_after(*plan(), *sent(BUY), purchase())

    assert folded.lots["N1"] == Lot("N1", "roth", "VXUS", 500, DAY, 61 * 500 + 100)
    assert folded.cash["roth"] == 5_000_000 - 61 * 500 - 100
    assert state_at(folded, DAY).memory.purchases[-1] == folded.lots["N1"]


def test_the_proceeds_of_parts_add_up_exactly() -> None:
    """A sale of several lots gives each its part of the money, to the last cent."""
    lots = [*opening_lots()[:2]]
    parts = [relieved_part(lots[0], 100), relieved_part(lots[1], 33)]
    fact = Fill("f9", "", 133, Price(30000, -2), 133 * 30_000, 101, DAY, NEXT)

    folded = folded_after(
        events.filled(
            fact, account="brokerage", instrument="VTI", side="sell", relieved=parts, at=AT
        )
    )

    sales = [b.sale for b in folded.sales[-2:]]
    assert sum(s.proceeds for s in sales) == 133 * 30_000 - 101
    assert [s.basis for s in sales] == [1_210_000, 990_001]
    assert "L2" not in folded.lots


def test_no_lot_is_sold_twice_or_more_than_is_there() -> None:
    """A lot that is gone, too small, elsewhere or never was cannot be sold."""
    whole = sale(210, order="")
    whole_again = changed(whole, fill="f7")
    relieved: Json = [{"basis": "25410.00", "lot": "L1", "steps": "210"}]
    twice_in_one = changed(whole, steps="420", relieved=[*relieved, *relieved])  # type: ignore[misc]
    too_much = changed(
        whole, steps="211", relieved=[{"basis": "25410.00", "lot": "L1", "steps": "211"}]
    )
    never = changed(whole, relieved=[{"basis": "25410.00", "lot": "L99", "steps": "210"}])
    elsewhere = changed(whole, account="roth")

    assert refused(whole, whole_again).code == "lot-not-there"
    assert refused(twice_in_one).code == "lot-not-there"
    assert refused(too_much).code == "lot-too-small"
    assert refused(never).code == "lot-not-there"
    assert refused(elsewhere).code == "lot-not-there"


def test_two_open_orders_do_not_sell_one_lot() -> None:
    """What one open order sells, another may not intend to; what is over frees its lots."""
    first = replace(SELL, quantity=200, lots=(("L1", 200),))
    second = replace(SELL, id="o9", quantity=11, lots=(("L1", 11),))
    fits = replace(second, quantity=10, lots=(("L1", 10),))
    intend = events.order_intended

    assert refused(*plan(), *sent(first), intend(second, at=AT)).code == "lot-sold-twice"
    assert "o9" in folded_after(*plan(), *sent(first), intend(fits, at=AT)).orders
    freed = folded_after(*plan(), *sent(first), CANCELLED, intend(second, at=AT))
    assert freed.orders["o9"].lots_left == (("L1", 11),)


def test_a_part_of_a_lot_takes_its_part_of_the_basis() -> None:
    """Another basis than the rule gives is refused: no cent of basis is made or lost."""
    right = sale(41, order="")
    wrong = changed(right, relieved=[{"basis": "4961.01", "lot": "L1", "steps": "41"}])
    unknown = changed(right, relieved=[{"basis": None, "lot": "L1", "steps": "41"}])

    assert refused(wrong).code == "basis-mismatch"
    assert refused(unknown).code == "basis-mismatch"


def test_a_lot_of_unknown_basis_keeps_it_unknown() -> None:
    """In a sheltered account the sale counts without gain or loss."""
    folded = folded_after(sale(41, order="", lot="L3"))

    assert folded.lots["L3"].basis is None
    assert folded.sales[-1].sale.basis == folded.sales[-1].sale.proceeds


def test_a_fill_makes_or_takes_lots_as_its_side_says() -> None:
    """Purchases name a new lot, sales the lots they take, all of it."""
    buy, sell = purchase(), sale(41)
    relieved = sell.body["relieved"]
    ready = [*plan(), *sent(SELL), *sent(BUY)]

    assert refused(*ready, changed(buy, lot=None)).code == "fill-malformed"
    assert refused(*ready, changed(buy, relieved=relieved)).code == "fill-malformed"
    assert refused(*ready, changed(sell, lot="N9")).code == "fill-malformed"
    assert refused(*ready, changed(sell, relieved=[])).code == "fill-malformed"
    assert refused(*ready, changed(sell, steps="40")).code == "fill-malformed"
    assert refused(*ready, changed(buy, lot="L2")).code == "lot-taken"
    assert refused(*ready, changed(buy, settles="2026-03-30")).code == "settles-early"


def test_a_fill_is_of_an_order_that_ordered_it() -> None:
    """A fill names an order of the same account, instrument and side, or none."""
    stray = changed(sale(41), order="o77")
    other = changed(purchase(), order="o1")

    assert refused(*plan(), *sent(SELL), stray).code == "order-not-intended"
    assert refused(*plan(), *sent(SELL), other).code == "fill-of-another"


def test_the_same_fill_twice_is_booked_once() -> None:
    """A repeated report is only remarked on; a contradicting one is an error to look at."""
    once = folded_after(*plan(), *sent(SELL), sale(1))
    repeated = folded_after(sale(1), start=once)
    contradicting = folded_after(changed(sale(1), fees="9.99"), start=once)

    assert codes(repeated) == ["fill-repeated"]
    assert codes(contradicting) == ["fill-conflict"]
    for folded in (repeated, contradicting):
        assert (folded.lots, folded.cash, folded.orders) == (once.lots, once.cash, once.orders)


def test_an_overfill_is_flagged_first_and_halts_the_account() -> None:
    """More than was ordered is only booked once it was recorded as such."""
    flag = events.overfilled("o2", steps=10, at=AT)
    nothing = events.overfilled("o2", at=AT)
    ready = [*plan(), *sent(BUY)]

    folded = folded_after(*ready, flag, purchase(510))

    assert refused(*ready, purchase(501)).code == "overfill-unflagged"
    assert refused(*ready, flag, purchase(511)).code == "overfill-unflagged"
    assert refused(*ready, nothing).code == "overfill-of-nothing"
    assert folded.is_halted("roth")
    assert codes(folded) == ["overfill"]
    assert folded.lots["N1"].quantity == 510


def test_an_order_in_money_ends_when_the_broker_says_so() -> None:
    """Nobody knows the steps of an order in money before; its money is the limit."""
    order = replace(BUY, quantity=None, amount=30_000, limit=None)
    first = changed(purchase(100), completes=False)
    last = changed(purchase(390, fill="f3", lot="N2"), completes=True)
    too_much = changed(purchase(400, fill="f3", lot="N2"), completes=True)
    ready = [*plan(), *sent(order)]

    assert folded_after(*ready, first).orders["o2"].state is OrderState.PARTLY_FILLED
    assert folded_after(*ready, first, last).orders["o2"].state is OrderState.FILLED
    assert refused(*ready, first, too_much).code == "overfill-unflagged"


@pytest.mark.parametrize(
    "order",
    [
        replace(SELL, quantity=40),
        replace(SELL, amount=5),
        replace(SELL, quantity=None, lots=()),
        replace(BUY, lots=(("L3", 500),)),
    ],
)
def test_a_malformed_order_is_refused(order: Order) -> None:
    """Quantity or amount, and lots that add up, for sales only."""
    draft = events.order_intended(order, at=AT)

    assert refused(*plan(), draft).code == "order-malformed"


def test_gross_far_from_price_times_steps_is_said() -> None:
    """A fund that rounds its steps is off by less than a step; more is a remark."""
    near = changed(purchase(), gross="305.60")
    far = changed(purchase(), gross="350.00")

    assert codes(folded_after(*plan(), *sent(BUY), near)) == []
    assert codes(folded_after(*plan(), *sent(BUY), far)) == ["gross-differs"]
