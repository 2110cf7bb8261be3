"""The pre-trade gate: each reason for which an order does not leave, and the bytes it judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.execution.desks import AT
from tests.execution.test_apply import small
from trimtab.execution.gate import Desk, Limits, gate
from trimtab.execution.orders import collar_limit, expected, order_hash, order_of, parts_of
from trimtab.ledger import events
from trimtab.ledger.record import record
from trimtab.model.market import Quote
from trimtab.model.numbers import Price
from trimtab.model.orders import Order
from trimtab.model.plan import Trade

Case = tuple[Order, Trade, Desk]


def case(side: str = "sell") -> Case:
    """An order of an approved plan that the gate lets pass."""
    room = small()
    plan = room.plan()
    room.broker.submit = lambda order: (_ for _ in ()).throw(TimeoutError("not today"))
    room.broker.fate = lambda order: (_ for _ in ()).throw(TimeoutError("not today"))
    room.apply(plan)
    folded = replace(room.folded(), orders={})
    part = next(part for part in parts_of(plan) if part.trade.side == side)
    instrument = room.mandate.household.instruments[part.trade.instrument]
    costs = room.mandate.costs[""]
    worth = expected(
        part.trade.side, part.trade.quantity, part.trade.price, instrument=instrument, costs=costs
    )
    limit = collar_limit(part.trade.side, part.trade.price, Fraction(5, 100), worth)
    order = order_of(part, plan, quantity=part.trade.quantity, limit=limit)
    desk = Desk(
        folded, room.mandate, room.market, frozenset(), Limits(), cash=10**7, worst=worth.gross
    )
    return order, part.trade, desk


def changed_account(desk: Desk, **more: Any) -> Desk:
    """The desk with another rule for its account."""
    household = desk.mandate.household
    accounts = {"roth": replace(household.accounts["roth"], **more)}
    household = replace(household, accounts=accounts)
    return replace(desk, mandate=replace(desk.mandate, household=household))


def quoted(desk: Desk, instrument: str, quote: Quote | None) -> Desk:
    """The desk with another price."""
    quotes = {name: one for name, one in desk.market.quotes.items() if name != instrument}
    if quote is not None:
        quotes[instrument] = quote
    return replace(desk, market=replace(desk.market, quotes=quotes))


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_order_as_planned_passes(side: str) -> None:
    """The gate lets pass what was planned, and names the hash of exactly these bytes."""
    order, trade, desk = case(side)

    verdict = gate(order, trade, desk)

    assert verdict.passed, verdict.why
    assert verdict.sha256 == order_hash(order)


DAY = date(2026, 3, 31)
REFUSALS: dict[str, tuple[str, Callable[[Case], Case], str]] = {
    "nobody approved": (
        "gate-approval",
        lambda c: (c[0], c[1], replace(c[2], folded=replace(c[2].folded, plans={}))),
        "sell",
    ),
    "an id of its own": ("gate-id", lambda c: (replace(c[0], id="x" * 64), c[1], c[2]), "sell"),
    "another instrument": (
        "gate-plan", lambda c: (c[0], replace(c[1], instrument="BND"), c[2]), "sell"
    ),
    "more than planned": (
        "gate-size", lambda c: (replace(c[0], quantity=c[1].quantity + 1), c[1], c[2]), "buy"
    ),
    "nothing at all": ("gate-size", lambda c: (replace(c[0], quantity=0), c[1], c[2]), "buy"),
    "too many orders": (
        "gate-count", lambda c: (c[0], c[1], replace(c[2], limits=Limits(plan_orders=0))), "sell"
    ),
    "halted account": (
        "gate-halted",
        lambda c: (c[0], c[1], replace(c[2], folded=replace(c[2].folded, halted={"roth": "x"}))),
        "sell",
    ),
    "halted household": (
        "gate-halted",
        lambda c: (
            c[0], c[1], replace(c[2], folded=replace(c[2].folded, halted={"household": "x"}))
        ),
        "buy",
    ),
    "off the menu": (
        "gate-restricted", lambda c: (c[0], c[1], changed_account(c[2], menu=("VTI",))), "buy"
    ),
    "never sold": (
        "gate-restricted",
        lambda c: (c[0], c[1], changed_account(c[2], do_not_sell=frozenset({"VTI"}))),
        "sell",
    ),
    "kept": (
        "gate-restricted", lambda c: (c[0], c[1], changed_account(c[2], keep={"VTI": 90})), "sell"
    ),
    "no price": ("gate-price", lambda c: (c[0], c[1], quoted(c[2], "VTI", None)), "sell"),
    "a price that is none": (
        "gate-price", lambda c: (c[0], c[1], quoted(c[2], "VTI", Quote(None, DAY))), "sell"
    ),
    "a frozen price": (
        "gate-price", lambda c: (c[0], c[1], replace(c[2], frozen=frozenset({"VTI"}))), "sell"
    ),
    "an old price": (
        "gate-age",
        lambda c: (c[0], c[1], quoted(c[2], "VTI", Quote(Price(100, 0), date(2026, 3, 27)))),
        "sell",
    ),
    "old by the clock": (
        "gate-age", lambda c: (c[0], c[1], replace(c[2], today=date(2026, 4, 2))), "sell"
    ),
    "no limit": ("gate-collar", lambda c: (replace(c[0], limit=None), c[1], c[2]), "sell"),
    "outside the collar": (
        "gate-collar", lambda c: (replace(c[0], limit=Price(9499, -2)), c[1], c[2]), "sell"
    ),
    "tenfold": (
        "gate-collar", lambda c: (c[0], c[1], quoted(c[2], "VTI", Quote(Price(10, 0), DAY))), "sell"
    ),
    "too large": (
        "gate-value", lambda c: (c[0], c[1], replace(c[2], limits=Limits(order_value=1))), "sell"
    ),
    "too large in a purchase": (
        "gate-value",
        lambda c: (c[0], c[1], replace(c[2], limits=Limits(order_value=c[1].value))),
        "buy",
    ),
    "no cash": ("gate-cash", lambda c: (c[0], c[1], replace(c[2], cash=c[2].worst - 1)), "buy"),
    "lots that do not add up": (
        "gate-lots", lambda c: (replace(c[0], lots=(("old", 1),)), c[1], c[2]), "sell"
    ),
    "lots that are not there": (
        "gate-lots",
        lambda c: (replace(c[0], lots=(("gone", c[0].quantity or 0),)), c[1], c[2]),
        "sell",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_each_reason_keeps_an_order_back(name: str) -> None:
    """One thing wrong is enough, and it is named."""
    code, change, side = REFUSALS[name]

    verdict = gate(*change(case(side)))

    assert not verdict.passed
    assert code in {finding.code for finding in verdict.refused}
    assert verdict.why


def test_lots_that_another_order_takes_are_not_there() -> None:
    """Invariant 7: the gate counts what open orders are going to sell."""
    room = small()
    plan = room.plan()
    room.broker.submit = lambda order: (_ for _ in ()).throw(TimeoutError("not today"))
    room.broker.fate = lambda order: (_ for _ in ()).throw(TimeoutError("not today"))
    room.apply(plan)
    order, trade, desk = case()
    other = replace(order, id="o" * 64, quantity=89, lots=(("old", 89),))
    folded = replace(room.folded(), orders={})
    folded = record(room.store, room.folded(), [events.order_cancelled(order.id, at=AT)])
    folded = record(room.store, folded, [events.order_intended(other, at=AT)])

    verdict = gate(order, trade, replace(desk, folded=folded))

    assert "gate-lots" in {finding.code for finding in verdict.refused}


def test_a_collar_of_the_users_own() -> None:
    """Exactly at the collar passes, a cent beyond does not."""
    order, trade, desk = case("sell")
    tight = replace(desk, limits=Limits(collar=Fraction(1, 100)))
    at, beyond = Price.of(Decimal("99.00")), Price.of(Decimal("98.99"))

    assert gate(replace(order, limit=at), trade, tight).passed
    assert not gate(replace(order, limit=beyond), trade, tight).passed
