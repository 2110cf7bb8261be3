"""What the record makes of plans and orders: approval, gate, halts, states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.facts import (
    ACCEPTED,
    CANCELLED,
    DAY,
    OTHER,
    REJECTED,
    SELL,
    UNKNOWN,
    changed,
    codes,
    plan,
    refused,
    sale,
    sent,
)
from tests.ledger.histories import AT, SHA, folded_after
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.ledger.folded import state_at
from trimtab.model.orders import OrderState


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
    left = 41 - folded.orders["o1"].filled
    open_part = replace(SELL, quantity=left, lots=(("L1", left),))
    open_orders = state_at(folded, DAY).memory.open_orders
    assert open_orders == (() if state.is_final else (open_part,))


def test_a_broker_that_has_an_ungated_order_is_an_error_that_is_recorded() -> None:
    """After a crash between gate and send the facts are booked, and the gap is said."""
    folded = folded_after(*plan(), events.order_intended(SELL, at=AT), ACCEPTED)

    assert codes(folded) == ["order-ungated"]
    assert folded.orders["o1"].state is OrderState.ACCEPTED
