"""Orders: one id for one intention, one state machine, the cash that a purchase may take."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.execution.broker_contract import order
from tests.execution.desks import AT
from tests.execution.test_apply import small
from trimtab.costs import Costs
from trimtab.execution.orders import (
    TRANSITIONS,
    Expected,
    affordable,
    booking,
    collar_limit,
    expected,
    guide_limit,
    order_bytes,
    order_hash,
    order_id,
    paying_limit,
)
from trimtab.ledger import events
from trimtab.ledger.folded import Folded
from trimtab.ledger.record import record
from trimtab.model.instruments import Instrument
from trimtab.model.numbers import Price, StepPrice, decimal_from, rounded_price
from trimtab.model.orders import BrokerEvent, OrderState
from trimtab.model.plan import Trade

names = st.text(min_size=0, max_size=6)
costs = st.builds(
    Costs,
    bps=st.sampled_from([0, 1, 10]),
    half_spread_bps=st.sampled_from([0, 1, 25]),
    per_share=st.sampled_from(["0", "0.005"]),
    commission=st.sampled_from(["0", "4.95"]),
    minimum=st.sampled_from([0, 1]),
)
prices = st.builds(
    lambda cents, more: Price(int(f"{cents}{more}"), -2 - len(more)),
    st.integers(1, 10**7),
    st.sampled_from(["", "9", "9996948242", "9999694824218751"]),
)
"""In cents, or with the digits of a float after them; eighteen decimals are the most."""


@settings(max_examples=300, deadline=None)
@given(st.lists(names, min_size=3, max_size=3), st.lists(names, min_size=3, max_size=3))
def test_different_intentions_never_share_an_id(one: list[str], other: list[str]) -> None:
    """However account, plan and instrument are cut, different intentions have different ids."""
    first = order_id(account=one[0], plan=one[1], instrument=one[2], side="buy")
    second = order_id(account=other[0], plan=other[1], instrument=other[2], side="buy")

    assert (first == second) == (one == other)


def test_side_part_and_attempt_are_part_of_the_intention() -> None:
    """Selling is not buying, the second part is not the first, a new attempt is a new order."""
    named = {"account": "a", "plan": "p", "instrument": "VTI"}
    ids = {
        order_id(**named, side="buy"),
        order_id(**named, side="sell"),
        order_id(**named, side="buy", part=1),
        order_id(**named, side="buy", attempt=1),
    }

    assert len(ids) == 4


def test_every_byte_of_an_order_counts_for_the_gate() -> None:
    """Whatever is changed in an order, its hash is another one."""
    one = order("sell", "VTI", 10)
    changed = [
        replace(one, quantity=11),
        replace(one, limit=Price(2, 0)),
        replace(one, account="x"),
        replace(one, lots=(("other", 10),)),
        replace(one, plan="q"),
    ]

    assert len({order_hash(one), *map(order_hash, changed)}) == 6
    assert order_bytes(one) == order_bytes(replace(one))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["buy", "sell"]), st.integers(1, 10**6), prices, costs)
def test_a_fill_comes_to_what_the_plan_counted_on(side, quantity, price, cost) -> None:
    """Price with spread, money and fees together are exactly value and cost of the plan."""
    instrument = Instrument("VTI", step=Decimal("0.01"))
    worth = expected(side, quantity, price, instrument=instrument, costs=cost)
    value = StepPrice.of(price, instrument.step).value(quantity)
    planned = cost.order_costs("VTI", instrument.step).of(value, quantity)

    assert decimal_from(str(worth.price)) == worth.price.decimal
    assert worth.fees >= 0
    assert worth.total(side) == (value + planned if side == "buy" else value - planned)
    if side == "buy":
        assert worth.price.decimal >= price.decimal
    else:
        assert worth.price.decimal <= price.decimal


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**5), st.integers(0, 10**9), prices, costs)
def test_a_purchase_is_cut_to_the_most_that_cash_pays_for(planned, cash, price, cost) -> None:
    """One step more would cost more than there is; filled at its limit it costs no more either."""
    instrument = Instrument("VTI")
    trade = Trade(
        "a", "VTI", "buy", planned, Decimal(1), None, price, 1, 0, 0, (), "VTI", "underweight", ""
    )
    quantity, worth = affordable(trade, cash, instrument=instrument, costs=cost)

    if quantity < planned:
        more = expected("buy", quantity + 1, price, instrument=instrument, costs=cost)
        assert more.total("buy") > cash
    if worth is not None:
        assert worth.total("buy") <= cash
        collar = collar_limit("buy", price, Fraction(5, 100), worth)
        limit = paying_limit(worth, quantity, cash, collar=collar, instrument=instrument)
        worst = StepPrice.of(limit, instrument.step).value(quantity) + worth.fees
        assert worst <= cash or limit == worth.price
        assert decimal_from(str(limit)) == limit.decimal
        assert limit.decimal >= worth.price.decimal


@settings(max_examples=200, deadline=None)
@given(prices, st.fractions(min_value=Fraction(1, 1000), max_value=Fraction(1, 2)))
def test_limits_lie_inside_the_collar(price: Price, collar: Fraction) -> None:
    """A limit is rounded inwards: never beyond the collar, never on the wrong side of the price."""
    free = Costs()
    instrument = Instrument("VTI")
    for side in ("buy", "sell"):
        worth = expected(side, 1, price, instrument=instrument, costs=free)  # type: ignore[arg-type]
        limit = Fraction(collar_limit(side, price, collar, worth).decimal)  # type: ignore[arg-type]
        away = limit / Fraction(price.decimal) - 1
        assert abs(away) <= collar
        assert away >= 0 if side == "buy" else away <= 0


@settings(max_examples=200, deadline=None)
@given(
    prices,
    st.fractions(min_value=0, max_value=Fraction(1, 2)),
    st.fractions(min_value=Fraction(1, 1000), max_value=Fraction(1, 2)),
)
def test_a_guide_lies_inside_the_collar_and_can_be_typed(
    price: Price, guide: Fraction, collar: Fraction
) -> None:
    """The limit of a ticket is never beyond the collar nor on the wrong side of the price; from one
    unit of money on it is in whole cents, unless not one cent lies inside the collar.
    """
    for side in ("buy", "sell"):
        limit = guide_limit(side, price, guide, collar=collar)  # type: ignore[arg-type]
        away = Fraction(limit.decimal) / Fraction(price.decimal) - 1
        assert abs(away) <= collar
        assert away >= 0 if side == "buy" else away <= 0
        if price.decimal >= 1:
            assert limit.exponent >= -2 or limit == price


def test_prices_round_in_the_direction_asked() -> None:
    """Up and down to the decimals named, without trailing zeros."""
    assert str(rounded_price(Fraction(1001, 1000), -2, up=False)) == "1"
    assert str(rounded_price(Fraction(1001, 1000), -2, up=True)) == "1.01"


# The state machine


def sent() -> tuple[Folded, str, object]:
    """A record with one order that was sent, and its store."""
    room = small()
    room.broker.submit = lambda order: BrokerEvent(order.id, OrderState.ACCEPTED)
    room.broker.fate = lambda order: BrokerEvent(order, OrderState.ACCEPTED)
    room.apply(room.plan())
    folded = room.folded()
    return folded, next(iter(folded.orders)), room.store


def in_state(now: OrderState) -> tuple[Folded, str]:
    """A record with one order in that state."""
    folded, name, _ = sent()
    filled = 1 if now in (OrderState.PARTLY_FILLED, OrderState.FILLED) else 0
    known = replace(folded.orders[name], state=now, filled=filled)
    return replace(folded, orders={name: known}), name


@pytest.mark.parametrize("now", list(OrderState))
@pytest.mark.parametrize("then", list(OrderState))
def test_reports_follow_the_table(now: OrderState, then: OrderState) -> None:
    """A report that the table allows is written, one that is late is passed over, and one that
    contradicts what is final halts the account.
    """
    folded, name = in_state(now)

    booked = booking(folded, BrokerEvent(name, then), at=AT)

    kinds = [draft.kind for draft in booked.drafts]
    if "halted" in kinds:
        assert then not in TRANSITIONS[now]
        assert booked.findings[0].code == "impossible-transition"
    elif kinds:
        wrote = kinds[0].removeprefix("order_")
        assert OrderState(wrote) in TRANSITIONS[now] or now is OrderState.INTENDED
    if now is OrderState.FILLED and then in (OrderState.REJECTED, OrderState.CANCELLED):
        assert kinds == ["halted"]


def test_final_states_lead_nowhere() -> None:
    """What is final stays final; every other state can still end."""
    for now, following in TRANSITIONS.items():
        assert (not following) == now.is_final
        assert now.is_final or any(then.is_final for then in following)


def test_the_same_fill_with_another_content_halts() -> None:
    """A fill that changes after it was booked is somebody's mistake: nothing more leaves."""
    room = small()
    room.apply(room.plan())
    folded = room.folded()
    event = next(event for event in room.broker.events if event.fill is not None)
    assert event.fill is not None

    same = booking(folded, event, at=AT)
    other = booking(folded, replace(event, fill=replace(event.fill, quantity=1)), at=AT)

    assert same.drafts == ()
    assert [draft.kind for draft in other.drafts] == ["halted"]
    assert other.findings[0].code == "fill-conflict"


def test_a_fill_after_a_cancel_is_booked() -> None:
    """A fill that comes in after the cancel happened before it: lots and cash follow the fact."""
    folded, name, store = sent()
    order_ = folded.orders[name].order
    folded = record(store, folded, [events.order_cancelled(name, at=AT)])  # type: ignore[arg-type]
    late = small()
    late.apply(late.plan())
    event = next(e for e in late.broker.events if e.fill is not None and e.order == name)

    booked = booking(folded, event, at=AT)
    after = record(store, folded, booked.drafts)  # type: ignore[arg-type]

    assert {finding.code for finding in booked.findings} == {"fill-after-final"}
    assert after.positions["roth", "VTI"] == 90 - (order_.quantity or 0)


@pytest.mark.parametrize(
    ("price", "cash", "limit"),
    [
        (1_000_000, 1_009_999, "100.99"),
        (1_000_000, 1_000_050, "100"),
        (1_000_012, 1_000_050, "100.005"),
        (1_000_012, 1_000_000, "100.0012"),
        (1_000_012, 10**9, "105.12"),
    ],
)
def test_a_limit_of_a_purchase_can_be_typed_and_paid(price: int, cash: int, limit: str) -> None:
    """In cents wherever a whole cent lies between the price and what cash pays for; never above
    what cash pays for, unless the price itself is.
    """
    worth = Expected(Price(price, -4), 1_000_000, 0)
    collar = collar_limit("buy", Price(100_123_456, -6), Fraction(5, 100), worth)

    found = paying_limit(worth, 100, cash, collar=collar, instrument=Instrument("VTI"))

    assert found.decimal == Decimal(limit)
