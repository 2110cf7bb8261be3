"""What the record refuses, what it only remarks on, and what each kind of entry does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.ledger.histories import AT, FIRST, SHA, STEPS, folded_after, opening, opening_lots
from trimtab.ledger import events
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.errors import FoldError, HeadMovedError
from trimtab.ledger.events import relieved_part
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded, state_at, state_digest
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import caught_up, record
from trimtab.model.accounts import Lot
from trimtab.model.numbers import Price
from trimtab.model.orders import Fill, Order, OrderState
from trimtab.model.state import AcceptedPrice, Unsettled

DAY = date(2026, 3, 31)
NEXT = date(2026, 4, 1)
OTHER = "7" * 64
SELL = Order("o1", "brokerage", "VTI", "sell", 41, None, Price(30000, -2), "p1", lots=(("L1", 41),))
BUY = Order("o2", "roth", "VXUS", "buy", 500, None, Price(6101, -2), "p1")


def plan() -> list[Draft]:
    """A plan that somebody approved."""
    return [
        events.planned("p1", SHA, as_of=DAY, head="", at=AT),
        events.approved("p1", SHA, by="owner", at=AT),
    ]


def sent(order: Order) -> list[Draft]:
    """An order of that plan on its way."""
    return [
        events.order_intended(order, at=AT),
        events.order_gated(order.id, SHA, at=AT),
        events.order_sent(order.id, SHA, at=AT),
    ]


def sale(steps: int = 41, *, fill: str = "f1", order: str = "o1", lot: str = "L1") -> Draft:
    """A fill of the sale, at 300.00 with fees of 3.10."""
    held = {x.id: x for x in opening_lots()}[lot]
    fact = Fill(fill, order, steps, Price(30000, -2), 30_000 * steps, 310, DAY, NEXT)
    return events.filled(
        fact,
        account=held.account,
        instrument=held.instrument,
        side="sell",
        relieved=[relieved_part(held, steps)],
        at=AT,
    )


def purchase(steps: int = 500, *, fill: str = "f2", lot: str = "N1") -> Draft:
    """A fill of the purchase: hundredths of a share at 61.01."""
    fact = Fill(fill, "o2", steps, Price(6101, -2), 61 * steps, 100, DAY, NEXT)
    return events.filled(fact, account="roth", instrument="VXUS", side="buy", lot=lot, at=AT)


def refused(*drafts: Draft) -> FoldError:
    """The error at the last of these; all before it are fine."""
    before = folded_after(*drafts[:-1])
    with pytest.raises(FoldError) as caught:
        folded_after(drafts[-1], start=before)
    assert caught.value.seq == before.head.seq + 1
    assert caught.value.kind == drafts[-1].kind
    return caught.value


def codes(folded: Folded) -> list[str]:
    """What was noticed."""
    return [finding.code for finding in folded.findings]


def changed(draft: Draft, **members: Json) -> Draft:
    """The draft with other members in its body."""
    return replace(draft, body={**draft.body, **members})


def without(draft: Draft, member: str) -> Draft:
    """The draft with a member missing."""
    return replace(draft, body={k: v for k, v in draft.body.items() if k != member})


# The opening


def test_the_opening_is_the_book() -> None:
    """Lots, cash, sales and steps of the statement are what is known after it."""
    folded = folded_after()

    assert tuple(folded.lots.values()) == tuple(opening_lots())
    assert folded.cash == {"brokerage": 260_000, "roth": 5_000_000, "k401": 0}
    assert folded.steps == STEPS
    assert [b.sale.proceeds for b in folded.sales] == [90_000]
    assert (folded.household, folded.currency, folded.opened_on) == ("Example", "USD", FIRST)
    assert folded.actions_through == FIRST


def test_a_large_opening_takes_several_entries() -> None:
    """More lots than one line should hold are split, and fold to one book."""
    lots = [Lot(f"L{n}", "roth", "VTI", 1 + n, date(2020, 1, 1), n) for n in range(4500)]

    drafts = opening(lots=lots)
    folded = fold(sealed(drafts, NOTHING.head))

    assert len(drafts) == 3
    assert tuple(folded.lots.values()) == tuple(lots)
    assert folded.cash["roth"] == 5_000_000


def test_a_record_opens_first_and_once() -> None:
    """Nothing happens before the opening, and there is only one."""
    second = refused(*opening())
    deposit = events.deposited("roth", 1, on=DAY, at=AT)
    late_part = changed(opening()[0], part=1)
    gap = changed(opening()[0], part=2)

    with pytest.raises(FoldError) as before:
        fold(sealed([deposit], NOTHING.head))

    assert before.value.code == "not-opened"
    assert second.code == "opened-twice"
    assert refused(deposit, gap).code == "opened-twice"
    assert refused(changed(late_part, lots_sha256=OTHER)).code == "opened-twice"


def test_a_newer_format_is_refused() -> None:
    """A record of a format that this program does not know is not guessed at."""
    with pytest.raises(FoldError) as caught:
        fold(sealed([changed(opening()[0], format=2)], NOTHING.head))

    assert caught.value.code == "format-unknown"


def test_lots_need_an_instrument_whose_step_is_known() -> None:
    """Nobody can count an instrument that was not declared."""
    with pytest.raises(FoldError) as caught:
        fold(sealed(opening(steps={"VTI": Decimal(1)}, sales=[]), NOTHING.head))

    assert caught.value.code == "instrument-not-declared"


# Reading bodies


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("amount", "5"),
        ("amount", "5.0"),
        ("amount", "5.000"),
        ("amount", "+5.00"),
        ("amount", "05.00"),
        ("amount", "-5.00"),
        ("amount", "0.00"),
        ("amount", "1e3"),
        ("amount", "NaN"),
        ("amount", "٥.00"),
        ("amount", 500),
        ("amount", None),
        ("amount", "99999999999999999999.00"),
        ("account", ""),
        ("account", "a\nb"),
        ("account", 7),
        ("account", "x" * 300),
        ("on", "2026-3-31"),
        ("on", "2026-02-30"),
        ("on", "20260331"),
        ("on", None),
        ("ref", ""),
    ],
)
def test_a_member_has_one_spelling(member: str, value: Json) -> None:
    """Money, names and days that are spelled otherwise are refused, not read leniently."""
    deposit = events.deposited("roth", 500, on=DAY, at=AT)

    assert refused(changed(deposit, **{member: value})).code == "malformed"


def test_every_member_is_there_and_none_is_unknown() -> None:
    """A missing member is an error, and so is one that only a newer version understands."""
    deposit = events.deposited("roth", 500, on=DAY, at=AT)

    for member in deposit.body:
        assert refused(without(deposit, member)).code == "malformed"
    assert refused(changed(deposit, surprise="x")).code == "malformed"
    assert refused(replace(deposit, kind="dreamed")).code == "kind-unknown"


# Cash


@pytest.mark.parametrize(
    ("draft", "added"),
    [
        (events.deposited("roth", 500, on=DAY, at=AT), 500),
        (events.withdrawn("roth", 500, on=DAY, at=AT), -500),
        (events.interest_paid("roth", 500, on=DAY, at=AT), 500),
        (events.fee_charged("roth", 500, on=DAY, at=AT), -500),
        (events.dividend_paid("roth", "VTI", 500, withheld=75, on=DAY, at=AT), 425),
    ],
)
def test_cash_that_moves_is_cash_and_new_cash(draft: Draft, added: int) -> None:
    """What comes in is there to invest; what goes out is not."""
    folded = folded_after(draft)

    assert folded.cash["roth"] == 5_000_000 + added
    assert folded.new_cash == {"roth": added}


def test_the_same_reference_is_the_same_fact() -> None:
    """A movement that the broker tells twice is booked once; another account may use its id."""
    deposit = events.deposited("roth", 500, on=DAY, ref="tx-1", at=AT)
    elsewhere = events.deposited("k401", 500, on=DAY, ref="tx-1", at=AT)

    folded = folded_after(deposit, elsewhere, deposit)

    assert folded.cash["roth"] == 5_000_500
    assert folded.cash["k401"] == 500
    assert codes(folded) == ["repeated-ref"]


def test_cash_below_zero_is_booked_and_said() -> None:
    """A fact is recorded even when it should not have been possible."""
    folded = folded_after(events.withdrawn("k401", 1, on=DAY, at=AT))

    assert folded.cash["k401"] == -1
    assert codes(folded) == ["cash-negative"]


def test_more_cannot_be_withheld_than_was_paid() -> None:
    """Tax withheld is a part of the dividend."""
    draft = events.dividend_paid("roth", "VTI", 500, withheld=501, on=DAY, at=AT)

    assert refused(draft).code == "withheld-too-much"


# Plans and orders


def test_an_order_needs_a_plan_that_was_approved_as_it_is() -> None:
    """An approval counts for the content that was approved, and no order leaves without one."""
    made, said_yes = plan()

    assert refused(said_yes).code == "plan-unknown"
    assert refused(made, changed(said_yes, sha256=OTHER)).code == "plan-altered"
    assert refused(made, changed(made, sha256=OTHER)).code == "plan-conflict"
    assert refused(made, events.order_intended(SELL, at=AT)).code == "plan-not-approved"
    assert folded_after(*plan(), *plan()).plans["p1"].approved_by == "owner"


def test_an_order_id_means_one_order_forever() -> None:
    """The same id is never intended again, not even after it is final."""
    intention = events.order_intended(SELL, at=AT)
    over = events.order_cancelled("o1", at=AT)

    assert refused(*plan(), intention, intention).code == "order-twice"
    assert refused(*plan(), intention, over, intention).code == "order-twice"


def test_only_the_bytes_that_passed_the_gate_leave() -> None:
    """Sending needs a recorded pass over the same bytes."""
    intention, gated, leaves = sent(SELL)
    other = events.order_sent("o1", OTHER, at=AT)

    assert refused(*plan(), intention, leaves).code == "order-not-gated"
    assert refused(*plan(), intention, gated, other).code == "order-not-gated"
    assert refused(*plan(), intention, gated, leaves, gated).code == "gate-late"


@pytest.mark.parametrize(
    "after",
    [
        [],
        [events.order_unknown("o1", message="timeout", at=AT)],
        [events.order_accepted("o1", at=AT)],
        [events.order_cancelled("o1", at=AT)],
    ],
)
def test_an_order_is_never_sent_again(after: list[Draft]) -> None:
    """Not when its fate is unknown either: only the broker's evidence settles that."""
    leaves = events.order_sent("o1", SHA, at=AT)

    assert refused(*plan(), *sent(SELL), *after, leaves).code == "order-resent"


@pytest.mark.parametrize("scope", ["brokerage", "household"])
def test_no_order_leaves_while_halted_and_cancels_may(scope: str) -> None:
    """A halt stops new orders of its scope; what the broker says is still booked."""
    intention, gated, leaves = sent(SELL)
    halt = events.halted(scope, reason="statement differs", at=AT)
    resume = events.resumed(scope, by="owner", reason="explained", at=AT)

    stopped = folded_after(*plan(), *sent(SELL), halt, events.order_cancelled("o1", at=AT))

    assert refused(*plan(), intention, gated, halt, leaves).code == "halted"
    assert stopped.orders["o1"].state is OrderState.CANCELLED
    assert stopped.is_halted("brokerage")
    after = folded_after(*plan(), intention, gated, halt, resume, leaves)
    assert after.orders["o1"].state is OrderState.SENT
    assert not after.is_halted("brokerage")
    assert refused(resume).code == "not-halted"


def test_a_halt_of_one_account_does_not_stop_another() -> None:
    """Only the scope that is halted stands still."""
    folded = folded_after(events.halted("roth", reason="x", at=AT), *plan(), *sent(SELL))

    assert folded.orders["o1"].state is OrderState.SENT
    assert not folded.is_halted("brokerage")


ACCEPTED = events.order_accepted("o1", at=AT)
REJECTED = events.order_rejected("o1", message="no", at=AT)
CANCELLED = events.order_cancelled("o1", at=AT)
UNKNOWN = events.order_unknown("o1", message="timeout", at=AT)


@pytest.mark.parametrize(
    ("happened", "state", "noticed"),
    [
        ([], OrderState.SENT, []),
        ([ACCEPTED], OrderState.ACCEPTED, []),
        ([REJECTED], OrderState.REJECTED, []),
        ([UNKNOWN], OrderState.UNKNOWN, []),
        ([UNKNOWN, ACCEPTED], OrderState.ACCEPTED, []),
        ([UNKNOWN, REJECTED], OrderState.REJECTED, []),
        ([UNKNOWN, sale(41)], OrderState.FILLED, []),
        ([UNKNOWN, sale(1)], OrderState.PARTLY_FILLED, []),
        ([sale(41)], OrderState.FILLED, []),
        ([sale(1)], OrderState.PARTLY_FILLED, []),
        ([sale(1), UNKNOWN, ACCEPTED], OrderState.PARTLY_FILLED, []),
        ([sale(1), CANCELLED], OrderState.CANCELLED, []),
        ([sale(1), REJECTED], OrderState.CANCELLED, ["rejected-after-fill"]),
        ([CANCELLED, sale(1)], OrderState.CANCELLED, ["fill-after-final"]),
        ([REJECTED, sale(41)], OrderState.REJECTED, ["fill-after-final"]),
        ([sale(41), CANCELLED], OrderState.FILLED, ["order-event-late"]),
        ([sale(41), UNKNOWN], OrderState.FILLED, ["order-event-late"]),
        ([CANCELLED, ACCEPTED], OrderState.CANCELLED, ["order-event-late"]),
        ([ACCEPTED, ACCEPTED], OrderState.ACCEPTED, ["order-event-late"]),
        ([CANCELLED, REJECTED], OrderState.CANCELLED, ["order-event-late"]),
    ],
)
def test_where_an_order_stands(
    happened: list[Draft], state: OrderState, noticed: list[str]
) -> None:
    """Lost, late and repeated messages leave the order where the facts put it."""
    folded = folded_after(*plan(), *sent(SELL), *happened)

    assert folded.orders["o1"].state is state
    assert codes(folded) == noticed
    open_orders = state_at(folded, DAY).memory.open_orders
    assert open_orders == (() if state.is_final else (SELL,))


def test_a_broker_that_has_an_ungated_order_is_an_error_that_is_recorded() -> None:
    """After a crash between gate and send the facts are booked, and the gap is said."""
    folded = folded_after(*plan(), events.order_intended(SELL, at=AT), ACCEPTED)

    assert codes(folded) == ["order-ungated"]
    assert folded.orders["o1"].state is OrderState.ACCEPTED


# Fills and lots


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


# Settlement and the memory


def test_cash_is_unsettled_until_its_day() -> None:
    """Money that was earned moves on its day, or on the day that it really did."""
    folded = folded_after(*plan(), *sent(SELL), sale(41))
    earned = 41 * 30_000 - 310
    late = folded_after(
        events.settled("brokerage", "f1", on=NEXT + timedelta(days=2), at=AT), start=folded
    )

    assert state_at(folded, DAY).memory.unsettled == (Unsettled("brokerage", NEXT, earned),)
    assert state_at(folded, NEXT).memory.unsettled == ()
    assert len(state_at(late, NEXT).memory.unsettled) == 1
    unknown = events.settled("brokerage", "f9", on=NEXT, at=AT)
    early = events.settled("brokerage", "f1", on=FIRST, at=AT)
    assert refused(unknown).code == "fill-unknown"
    assert refused(*plan(), *sent(SELL), sale(41), early).code == "settles-early"


def test_the_memory_looks_back_as_far_as_the_tax_rules_do() -> None:
    """Sales of this year and of 30 days before; purchases of 30 days, day 30 in, day 31 out."""
    folded = folded_after(*plan(), *sent(BUY), purchase())

    def purchases(days: int) -> int:
        state = state_at(folded, DAY + timedelta(days=days))
        return sum(lot.id == "N1" for lot in state.memory.purchases)

    assert [purchases(days) for days in (0, 30, 31)] == [1, 1, 0]
    assert len(state_at(folded, date(2026, 1, 29)).memory.sales) == 1
    assert len(state_at(folded, date(2026, 1, 30)).memory.sales) == 0
    assert len(state_at(folded_after(sale(1, order="")), date(2026, 12, 31)).memory.sales) == 1


def test_what_was_decided_is_remembered() -> None:
    """Periods, adopted weights, the day, believed prices, and new cash from zero again."""
    weights = {"us": Fraction(54, 100), "bonds": Fraction(46, 100)}
    price = AcceptedPrice(Price(12345, -2), DAY)
    folded = folded_after(
        events.deposited("roth", 70_000, on=DAY, at=AT),
        events.deposited("k401", 30_000, on=DAY, at=AT),
        events.period_acted("household", "2026-03", on=DAY, at=AT),
        events.target_adopted("household", weights, accounts=["roth"], on=DAY, at=AT),
        events.prices_accepted({"VTI": price}, at=AT),
        events.actions_booked(DAY, at=AT),
    )

    memory = state_at(folded, DAY).memory

    assert memory.periods_acted == {"household": "2026-03"}
    assert memory.adopted == {"household": weights}
    assert memory.rebalanced_on == {"household": DAY}
    assert memory.accepted == {"VTI": price}
    assert memory.new_cash == {"k401": 30_000}
    assert memory.actions_through == DAY
    assert state_at(folded, DAY).head == folded.head.hash


def test_weights_that_are_no_shares_are_refused() -> None:
    """A target's weights are exact and sum to one."""
    right = events.target_adopted("household", {"us": Fraction(1)}, accounts=[], on=DAY, at=AT)

    for weights in ({"us": "1/2"}, {"us": "3/2", "b": "-1/2"}, {"us": "2/2"}, {"us": "1/0"}, {}):
        assert refused(changed(right, weights=weights)).code in ("weights-wrong", "malformed")  # type: ignore[arg-type]


def test_actions_are_booked_forwards() -> None:
    """The day through which splits and dividends are booked never goes back."""
    back = events.actions_booked(FIRST, at=AT)

    assert refused(events.actions_booked(DAY, at=AT), back).code == "actions-backwards"


# Splits


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
    assert folded_after(*bought, bust, late).splits == (("VXUS", DAY, 2, 1),)


def test_a_believed_price_is_split_too() -> None:
    """What a frozen instrument is counted at stays worth the same."""
    price = events.prices_accepted({"VTI": AcceptedPrice(Price(30001, -2), FIRST)}, at=AT)
    split = events.split("VTI", new=2, old=1, on=DAY, at=AT)

    folded = folded_after(price, split)

    assert folded.accepted["VTI"].price.decimal == Decimal("150.005")


# Transfers, adjustments, corrections


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


# Adding to the record


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
