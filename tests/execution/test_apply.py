"""Carrying out plans: to the cent, only the approved plan, only while it is fresh, never twice."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.generated import Case, generated
from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from tests.execution.desks import AT, NOW, Room, kinds, opening_of, room_of
from trimtab.costs import Costs
from trimtab.engine.decide import plan_hash
from trimtab.engine.mandate import Request
from trimtab.execution.application import Application
from trimtab.execution.apply import carry_out
from trimtab.execution.approval import approve
from trimtab.execution.faults import ScriptedBroker
from trimtab.execution.gate import Limits
from trimtab.execution.manual import HandTrade, as_planned, book_as_planned, book_hand_trades
from trimtab.execution.outcome import conclude, outcome
from trimtab.execution.sending import issue_tickets
from trimtab.execution.sizing import rest_of_cost, short_at_limits, still_to_come, worth_of
from trimtab.ledger import events
from trimtab.ledger.errors import HeadMovedError
from trimtab.ledger.folded import Folded, state_at, unsettled_at
from trimtab.ledger.record import record
from trimtab.model.errors import RefusedError
from trimtab.model.instruments import Instrument
from trimtab.model.market import Quote
from trimtab.model.numbers import Price
from trimtab.model.orders import OrderState
from trimtab.model.plan import Plan
from trimtab.model.settlement import payable_on

PROPERTY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


def small(*, broker: str = "paper", when: str = "monthly", **more: object) -> Room:
    """One account of 90% VTI that wants 60: 100.00 and 50.00 a share, 1,000.00 in cash."""
    mandate_ = mandate(
        tree({"VTI": 60, "BND": 40}),
        accounts=[account("roth", "roth", broker=broker)],
        costs=Costs(half_spread_bps=2, commission=1),
        when=when,
    )
    held = state([lot("roth", "VTI", 90, acquired=date(2020, 1, 2), id_="old")], roth="1000.00")
    prices = market({"VTI": "100.00", "BND": "50.00"})
    by_hand = frozenset({"roth"} if broker == "manual" else ())
    return Room(mandate_, prices, opening_of(held, mandate_), by_hand=by_hand, **more)  # type: ignore[arg-type]


def two_accounts() -> Room:
    """A taxable account that is too heavy in VTI, and a tax-free one that can swap."""
    mandate_ = mandate(
        tree({"VTI": 50, "BND": 50}), accounts=[account("a", "roth"), account("b", "roth")]
    )
    held = state([lot("a", "VTI", 100), lot("b", "VTI", 100)], a="0.00", b="0.00")
    prices = market({"VTI": "100.00", "BND": "50.00"})
    return Room(mandate_, prices, opening_of(held, mandate_))


def on_the_next_session(room: Room) -> None:
    """A session later, at the same prices."""
    day = room.market.calendar.next_session(room.market.as_of)
    quotes = {name: replace(quote, on=day) for name, quote in room.market.quotes.items()}
    room.market = replace(room.market, as_of=day, quotes=quotes)
    room.broker.terms = replace(room.broker.terms, market=room.market)


@PROPERTY
@given(st.integers(0, 2**32).map(lambda seed: generated(random.Random(seed))))
def test_paper_fills_leave_exactly_what_the_plan_said(case: Case) -> None:
    """Filled in whole, every account has the cash, and every lot the steps, that the plan showed;
    planned again in the same session, nothing is traded (invariant 14).
    """
    room = room_of(case)
    plan = room.plan(case.request)
    held = {(one.account, one.instrument): 0 for one in case.state.lots}
    for one in case.state.lots:
        held[one.account, one.instrument] += one.quantity
    for trade in plan.trades:
        sign = 1 if trade.side == "buy" else -1
        key = (trade.account, trade.instrument)
        held[key] = held.get(key, 0) + sign * trade.quantity

    result = room.apply(plan, case.request)

    assert result.status == "done"
    assert dict(result.folded.positions) == {key: steps for key, steps in held.items() if steps}
    if not any(finding.code == "withdrawal-short" for finding in result.findings):
        for name, cash in plan.cash_after.items():
            assert not plan.trades or result.folded.cash[name] == cash
        assert case.request.no_sells or room.plan().trades == ()


def test_sells_are_over_before_what_they_pay_for_leaves() -> None:
    """Buys of an account are sent only when its sells are filled (LEAN 9231)."""
    room = small()

    room.apply(room.plan())

    sides = [entry.body["side"] for entry in room.store.read() if entry.kind in ("order_intended",)]
    assert sides == ["sell", "buy"]
    written = kinds(room.store)
    assert written.index("filled") < len(written) - 1 - written[::-1].index("order_intended")


def test_intent_and_gate_are_written_before_an_order_leaves() -> None:
    """Invariants 1 and 6: at the moment of sending, id, bytes and the gate's pass are durable."""
    room = small()
    seen = []
    submit = room.broker.submit

    def watched(order):  # type: ignore[no-untyped-def]
        known = room.folded().orders[order.id]
        seen.append((known.order == order, bool(known.gated), known.state))
        return submit(order)

    room.broker.submit = watched
    room.apply(room.plan())

    assert seen == [(True, True, OrderState.SENT)] * 2


def test_a_plan_without_trades_records_the_look() -> None:
    """A calendar look that led to nothing is a look all the same."""
    room = small(when="monthly+band:90pp")
    plan = room.plan()
    assert plan.trades == ()

    result = room.apply(plan)

    assert result.status == "done"
    assert dict(result.folded.periods_acted) == dict(plan.periods) != {}
    assert not result.folded.rebalanced_on


def test_deposits_and_withdrawals_are_booked_with_the_plan() -> None:
    """Cash that the plan counted on is in first; cash that leaves goes when the sells are done."""
    room = two_accounts()
    request = Request(deposits={"a": 50_000}, withdrawals={"b": 200_000})
    plan = room.plan(request)

    result = room.apply(plan, request)

    written = kinds(room.store)
    assert written.index("deposited") < written.index("order_intended")
    assert written.index("withdrawn") > len(written) - 1 - written[::-1].index("filled")
    assert result.folded.cash == dict(plan.cash_after)
    assert not result.folded.new_cash


def paid_on(room: Room) -> dict[str, str]:
    """The day on which each account paid its withdrawal."""
    entries = [entry for entry in room.store.read() if entry.kind == "withdrawn"]
    return {str(entry.body["account"]): str(entry.body["on"]) for entry in entries}


def test_a_withdrawal_is_paid_when_what_was_sold_for_it_settles() -> None:
    """No cash and a withdrawal: it leaves on the day of settlement, and the reader is told."""
    room = two_accounts()
    request = Request(withdrawals={"b": 200_000})
    plan = room.plan(request)

    result = room.apply(plan, request)

    assert paid_on(room) == {"b": "2026-04-01"}
    assert [f.code for f in result.findings if f.subject == "b"] == ["withdrawal-settles"]
    assert result.folded.cash == dict(plan.cash_after)
    assert room.apply(plan, request).status == "already"


def test_a_withdrawal_that_the_cash_covers_is_paid_at_once() -> None:
    """Cash that was there before the trades does not wait for their settlement."""
    room = small()
    request = Request(withdrawals={"roth": 60_000})

    result = room.apply(room.plan(request), request)

    assert paid_on(room) == {"roth": "2026-03-31"}
    assert "withdrawal-settles" not in {finding.code for finding in result.findings}


def test_cash_that_a_purchase_has_spent_is_not_paid_out_before_the_sale_settles() -> None:
    """A purchase that settles before the sale that pays for it takes the cash that was there: what
    is to be withdrawn waits for the sale.
    """
    room = small()
    room.apply(room.plan())
    folded = room.folded()
    day, later = date(2026, 4, 1), date(2026, 4, 2)
    sold = next(one for one in folded.fills.values() if one.side == "sell")
    fills = {key: replace(one, settles=later if one is sold else day)
             for key, one in folded.fills.items()}  # fmt: skip
    moved = replace(folded, fills=fills)
    there = folded.cash["roth"]

    def payable(known: Folded, since: date) -> date:
        return payable_on(there, unsettled_at(known, since), "roth", there, since=since)

    assert payable(moved, DAY) == later
    assert payable(moved, later) == later
    assert payable(folded, DAY) == DAY


# What is refused


def assert_refused(room: Room, plan: Plan, request: Request | None = None, **more: object) -> str:
    """It is refused, and not a byte is written."""
    before = room.store.data()
    with pytest.raises(RefusedError) as caught:
        room.apply(plan, request, **more)  # type: ignore[arg-type]
    assert room.store.data() == before
    assert room.orders() == []
    return str(caught.value)


def test_a_plan_is_stale_once_the_record_moved() -> None:
    """Anything that changed the record since makes the plan stale."""
    room = small(when="monthly+band:90pp")
    room.apply(room.plan())
    on_the_next_session(room)
    plan = room.plan(Request(now=True))
    folded = room.folded()
    record(room.store, folded, [events.deposited("roth", 100, on=DAY, at=AT)])

    told = assert_refused(room, plan, Request(now=True))

    assert "deposited" in told


@pytest.mark.parametrize("what", ["prices", "policy", "holdings", "request"])
def test_a_plan_is_stale_once_its_inputs_changed(what: str) -> None:
    """Prices, policy, holdings or wishes that are not what it was made from make it stale."""
    room = small()
    plan = room.plan()
    request = None
    if what == "prices":
        quotes = {**room.market.quotes, "VTI": Quote(Price(10001, -2), DAY)}
        room.market = replace(room.market, quotes=quotes)
    elif what == "policy":
        room.mandate = replace(room.mandate, min_trade=1)
    elif what == "holdings":
        room.opening = replace(room.opening, cash={"roth": 100_001})
    else:
        request = Request(no_sells=True)

    assert_refused(room, plan, request)


def test_a_plan_of_a_household_with_another_name_is_told_by_it() -> None:
    """A folder that was renamed or copied gives its name to the household: that is what is said."""
    room = small()
    plan = room.plan()
    household = replace(room.mandate.household, name="moved")
    room.mandate = replace(room.mandate, household=household)

    told = assert_refused(room, plan)

    assert f'named "{plan.household}", and this one is "moved"' in told
    assert "stale" not in told


def test_an_altered_plan_is_refused_even_with_a_fresh_hash() -> None:
    """Whoever edits the trades and computes the hash anew is found out by deciding again."""
    room = small()
    plan = room.plan()
    doubled = tuple(replace(t, quantity=t.quantity * 2) for t in plan.trades)
    forged = replace(plan, trades=doubled)
    forged = replace(forged, id=f"{DAY}-{plan_hash(forged)[:6]}")

    told = assert_refused(room, forged)

    assert "altered" in told


def test_who_has_just_decided_need_not_decide_again_from_the_same_state_only() -> None:
    """A caller's word that it decided from a state counts while the record still has that state:
    from any other the plan is decided anew, and an altered one refused.
    """
    room = small()
    plan = room.plan()
    forged = replace(plan, trades=tuple(replace(t, quantity=1) for t in plan.trades))
    forged = replace(forged, id=f"{DAY}-{plan_hash(forged)[:6]}")
    other = state([lot("roth", "VTI", 89, acquired=date(2020, 1, 2), id_="old")], roth="1000.00")

    with pytest.raises(RefusedError, match="altered"):
        carry_out(Application(forged, Request(), room.venue(), decided_from=other), by="test")
    done = carry_out(
        Application(plan, Request(), room.venue(), decided_from=room.state()), by="test"
    )

    assert done.status == "done"
    assert {record.state for record in done.orders} == {OrderState.FILLED}


def test_a_plan_expires_after_a_session() -> None:
    """A plan of the session before is carried out, one of two sessions before is not."""
    room = small()
    plan = room.plan()

    assert_refused(room, plan, today=DAY + timedelta(days=2))
    assert room.apply(plan, today=DAY + timedelta(days=1)).status == "done"


def test_the_same_id_with_another_content_is_refused() -> None:
    """Six digits of a hash can be the same by chance; the record would notice."""
    room = small()
    plan = room.plan()
    room.apply(plan)

    with pytest.raises(RefusedError):
        room.apply(replace(plan, household="Another"))


def test_two_who_apply_at_once_do_not_both_trade() -> None:
    """Who read the record first and writes second is refused; the order exists once."""
    room = small()
    plan = room.plan()
    first = Application(plan, Request(), room.venue())
    room.apply(plan)

    with pytest.raises(HeadMovedError):
        approve(first, "somebody else", today=None)
    assert len(room.orders()) == 2


def test_an_earlier_plan_ends_where_a_later_one_begins() -> None:
    """Once another plan was approved, the earlier one sends nothing and concludes nothing."""
    room = small(when="monthly+band:90pp")
    first = room.plan()
    room.apply(first)
    on_the_next_session(room)
    second = room.plan(Request(now=True))
    room.apply(second, Request(now=True))
    before = room.store.data()

    result = room.apply(first)

    assert result.status == "already"
    assert room.store.data() == before


# By hand


def three_funds(**more: object) -> Room:
    """One account by hand with 100,000.00 to put into three funds."""
    mandate_ = mandate(
        tree({"VTI": 50, "BND": 30, "VXUS": 20}),
        accounts=[account("ira", "roth", broker="manual")],
        costs=Costs(half_spread_bps=2, commission=1),
    )
    held = state([], ira="100000.00")
    prices = market({"VTI": "251.37", "BND": "72.11", "VXUS": "60.09"})
    opening = opening_of(held, mandate_)
    return Room(mandate_, prices, opening, by_hand=frozenset({"ira"}), **more)  # type: ignore[arg-type]


def test_every_ticket_of_an_ordinary_plan_is_issued() -> None:
    """The cash that pays for all buys as planned lets all their tickets pass, not the first two."""
    room = three_funds()
    plan = room.plan()

    result = room.apply(plan)

    assert len(plan.trades) == 3
    assert result.status == "waiting"
    assert {order.instrument for order in result.tickets} == {"VTI", "BND", "VXUS"}


def test_a_tickets_limit_is_one_percent_from_the_plan_in_cents() -> None:
    """A person trades later than the price was made: the limit leaves room for a day, and is a
    price that can be typed at a broker.
    """
    room = three_funds()

    result = room.apply(room.plan())

    limits = {order.instrument: str(order.limit) for order in result.tickets}
    assert limits == {"VTI": "253.89", "BND": "72.84", "VXUS": "60.7"}


def test_a_tickets_limit_is_not_beyond_the_collar() -> None:
    """Whoever allows less than one percent gets less, and the gate lets the ticket pass."""
    room = three_funds(limits=Limits(collar=Fraction(5, 1000)))

    result = room.apply(room.plan())

    limits = {order.instrument: str(order.limit) for order in result.tickets}
    assert limits == {"VTI": "252.62", "BND": "72.47", "VXUS": "60.39"}


def test_tickets_that_the_cash_may_not_pay_at_their_limits_are_told() -> None:
    """How much cash would be missing if every ticket were traded at its limit is said, to the cent,
    and only where something is missing.
    """
    room, rich = three_funds(), three_funds()
    rich.mandate = replace(rich.mandate, cash_buffer=200_000)
    plan = room.plan()

    result = room.apply(plan)

    paid = sum(round(o.limit.decimal * o.quantity * 100) for o in result.tickets)  # type: ignore[operator, union-attr]
    (told,) = [f for f in result.findings if f.code == "tickets-short"]
    assert told.subject == "ira"
    at_limits = short_at_limits(Application(plan, Request(), room.venue()))
    assert at_limits == {"ira": paid + 300 - 10_000_000}
    codes = {finding.code for finding in rich.apply(rich.plan()).findings}
    assert "tickets-short" not in codes


def half_filled(*, fees: int) -> tuple[Application, Plan]:
    """Three tickets at a commission of 1.00, of which VTI's is filled to a half."""
    room = three_funds()
    plan = room.plan()
    (ticket,) = [one for one in room.apply(plan).tickets if one.instrument == "VTI"]
    half = (ticket.quantity or 0) // 2
    run = Application(plan, Request(), room.venue())
    price = Price.of(Decimal("251.37"))
    book_hand_trades(run, [HandTrade("ira", "VTI", "buy", half, price, fees, plan.as_of)])
    return run, plan


@pytest.mark.parametrize(("booked", "wanted"), [(100, 0), (0, 100), (40, 60), (5_000, 0)])
def test_a_commission_is_counted_once_an_order(booked: int, wanted: int) -> None:
    """What a ticket has left to fill wants the part of its commission that was not booked yet."""
    run, _ = half_filled(fees=booked)
    (record,) = [one for one in run.tickets() if one.order.instrument == "VTI"]
    left = (record.order.quantity or 0) - record.filled
    others = sum(
        round(one.order.limit.decimal * one.order.quantity * 100) + 100  # type: ignore[operator, union-attr]
        for one in run.tickets()
        if one is not record
    )

    short = short_at_limits(run)

    rest = round(record.order.limit.decimal * left * 100)  # type: ignore[union-attr]
    assert short == {"ira": rest + wanted + others - run.folded.cash["ira"]}
    assert -still_to_come(run, record) == worth_of(run, run.trades[record.order.id], left).gross + (
        wanted
    )


def test_the_rest_booked_as_planned_pays_no_commission_again() -> None:
    """As planned means the plan's cost of the order, of which a part was booked before."""
    run, plan = half_filled(fees=100)
    (trade,) = [one for one in plan.trades if one.instrument == "VTI"]

    fees = {run.folded.orders[fill.order].order.instrument: fill.fees for fill in as_planned(run)}

    assert 0 < fees["VTI"] < trade.cost - 100 + 1
    assert fees["BND"] == next(one.cost for one in plan.trades if one.instrument == "BND")


def test_the_rest_of_a_cost_that_grows_with_the_trade_is_its_own() -> None:
    """Where nothing is charged an order, what the first half really cost changes nothing."""
    costs = [rest_of_cost(whole=20, filled=10, rest=10, booked=paid) for paid in (0, 2, 10, 30)]

    assert costs == [10, 10, 10, 10]


def test_a_refused_ticket_does_not_pass_for_a_plan_carried_out() -> None:
    """What the gate refused is said to be untraded, with the command that plans the rest."""
    room = three_funds(limits=Limits(order_value=4_000_000))
    plan = room.plan()
    run = Application(plan, Request(), room.venue())
    approve(run, "tester", today=None)
    issue_tickets(run)
    book_as_planned(run)
    conclude(run)

    result = outcome(run)

    told = [f.message for f in result.findings if f.code == "plan-unfinished"]
    states = {record.order.instrument: record.state for record in result.orders}
    assert states["VTI"] is OrderState.REJECTED
    assert states["BND"] is states["VXUS"] is OrderState.FILLED
    assert len(told) == 1
    assert "trimtab plan --now" in told[0]


# Halts


def test_a_halted_account_sends_nothing_and_goes_on_when_resumed() -> None:
    """Invariant 11: HALTED lets no order leave; a person resumes, and the plan goes on."""
    room = small()
    plan = room.plan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "limits", Limits(minute_orders=0))
        stopped = room.apply(plan)
    assert stopped.status == "halted"
    assert room.orders() == []

    still = room.apply(plan)
    assert still.status == "halted"
    assert room.orders() == []

    folded = room.folded()
    record(room.store, folded, [events.resumed("household", by="me", reason="looked", at=AT)])
    assert room.apply(plan).status == "done"


def test_the_throttle_trips_within_a_second_and_needs_a_person() -> None:
    """Knight 2012: one order too many in a minute halts everything until a person resumes it."""
    room = small(limits=Limits(minute_orders=1))
    plan = room.plan()

    result = room.apply(plan)

    assert result.status == "halted"
    assert "throttle" in {finding.code for finding in result.findings}
    assert len(room.orders()) == 1
    room.clock.at = NOW + timedelta(hours=1)
    assert room.apply(plan).status == "halted"
    folded = room.folded()
    record(room.store, folded, [events.resumed("household", by="me", reason="looked", at=AT)])
    assert room.apply(plan).status == "done"
    assert len(room.orders()) == 2


def test_an_order_above_the_limit_is_not_sent() -> None:
    """Citi 2022: what one order may be worth is a hard limit, not a warning."""
    room = small(limits=Limits(order_value=200_000))

    result = room.apply(room.plan())

    sell, buy = result.orders
    assert sell.state is OrderState.REJECTED
    assert "limits.toml" in sell.message
    assert buy.filled < 60


def test_when_nothing_is_filled_nothing_counts_as_done() -> None:
    """All orders refused: the period is still open and the target not adopted."""
    room = small(limits=Limits(order_value=1))

    result = room.apply(room.plan())

    assert result.status == "unfilled"
    assert not result.folded.periods_acted
    assert not result.folded.adopted
    assert room.plan().trades


@pytest.mark.parametrize("limit", [1, 200_000])
def test_what_is_refused_again_does_not_make_a_month_due_at_every_session(limit: int) -> None:
    """Refused once, the look stays open; refused for the same period again, it is used up.

    Whether all was refused or only the sale. In the next period it begins anew.
    """
    room = small(limits=Limits(order_value=limit))
    told = []
    for _ in range(2):
        result = room.apply(room.plan())
        told += [one.message for one in result.findings if one.code == "plan-unfinished"]
        on_the_next_session(room)

    assert kinds(room.store).count("period_acted") == 1
    assert not room.folded().adopted
    assert ["used up all the same" in message for message in told] == [False, True]
    while room.market.as_of < date(2026, 4, 30):
        assert not room.plan().due
        on_the_next_session(room)
    assert room.plan().due
    assert room.plan().trades


def test_less_from_the_sells_cuts_the_buys_and_says_so() -> None:
    """Half of the sale is filled: the purchase shrinks to the cash that is there."""
    room = small(terms={"volumes": {"VTI": Fraction(10)}, "participation": Fraction(1)})
    plan = room.plan()

    result = room.apply(plan)

    sell, buy = result.orders
    planned = next(trade for trade in plan.trades if trade.side == "buy")
    assert sell.filled == 10
    assert 0 < buy.filled < planned.quantity
    assert result.folded.cash["roth"] >= 0
    assert {"buy-cut", "order-cancelled"} <= {finding.code for finding in result.findings}
    assert room.orders()[-1].quantity == buy.filled


def test_a_fund_is_bought_for_money() -> None:
    """An order in money is for the amount; the steps come back from the fund."""
    mandate_ = mandate(
        tree({"FUND": 100}),
        accounts=[account("roth", "roth", broker="paper")],
        instruments=[Instrument("FUND", step=Decimal("0.001"), order_in="money")],
    )
    held = state([], roth="1000.00")
    room = Room(mandate_, market({"FUND": "33.33"}), opening_of(held, mandate_))
    plan = room.plan()

    result = room.apply(plan)

    (order,) = room.orders()
    assert (order.quantity, order.amount) == (None, plan.trades[0].value)
    assert result.orders[0].state is OrderState.FILLED
    assert result.folded.cash["roth"] == plan.cash_after["roth"]


def test_the_limit_never_lets_a_purchase_cost_more_than_there_is() -> None:
    """Invariant 15: filled as badly as its limit allows, a purchase is still paid for."""
    room = small()
    plan = room.plan()
    room.apply(plan)

    sell, buy = room.orders()
    assert buy.limit is not None
    assert buy.quantity is not None
    sold = next(r for r in room.folded().fills.values() if r.fill.order == sell.id)
    cash = 100_000 + sold.moved
    assert buy.quantity * int(buy.limit.decimal * 100) + 100 <= cash
    assert state_at(room.folded(), DAY).cash["roth"] >= 0


def test_unsettled_cash_is_remembered_until_the_next_session() -> None:
    """What was sold today is cash tomorrow: the memory says how much is on its way."""
    room = small()
    room.apply(room.plan())

    folded = room.folded()

    assert {item.settles for item in state_at(folded, DAY).memory.unsettled} == {date(2026, 4, 1)}
    assert state_at(folded, date(2026, 4, 1)).memory.unsettled == ()


def test_purchases_wait_for_a_sale_that_is_still_open() -> None:
    """While a sale is not over, nothing that it pays for leaves, in however many runs."""
    room = small()
    plan = room.plan()
    room.broker = ScriptedBroker(room.broker, {0: "late"})
    for _ in range(3):
        waiting = room.apply(plan)
        assert waiting.status == "waiting"
        assert [order.side for order in room.orders()] == ["sell"]

    room.broker.heal()

    assert room.apply(plan).status == "done"
    assert [order.side for order in room.orders()] == ["sell", "buy"]


def test_a_look_that_finds_everything_on_target_adopts_nothing() -> None:
    """A trigger that leads to no trade is no rebalance: the look is recorded, the target is not."""
    mandate_ = mandate(tree({"VTI": 60, "BND": 40}), accounts=[account("roth", "roth")])
    held = state([lot("roth", "VTI", 60), lot("roth", "BND", 40)], roth="0.00")
    room = Room(mandate_, market({"VTI": "10", "BND": "10"}), opening_of(held, mandate_))
    plan = room.plan()
    assert plan.adopted
    assert not plan.trades

    result = room.apply(plan)

    assert result.folded.periods_acted
    assert not result.folded.adopted
    assert not result.folded.rebalanced_on


def test_a_target_whose_orders_were_all_refused_is_still_due() -> None:
    """Of two targets, the one that traded is done; the one whose orders were refused is not."""
    own = tree({"GLD": 50, "CASH": 50})
    mandate_ = mandate(
        tree({"VTI": 60, "BND": 40}),
        accounts=[account("roth", "roth"), account("gold", "roth", target=own)],
    )
    held = state([lot("roth", "VTI", 90)], roth="1000.00", gold="1000.00")
    prices = market({"VTI": "100.00", "BND": "50.00", "GLD": "10.00"})
    room = Room(mandate_, prices, opening_of(held, mandate_), limits=Limits(order_value=60_000))
    plan = room.plan()
    assert {trade.account for trade in plan.trades} == {"roth", "gold"}

    result = room.apply(plan)

    assert set(result.folded.periods_acted) == {"gold"}
    assert set(result.folded.adopted) == {"gold"}
