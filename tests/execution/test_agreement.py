"""What the record says was traded at a broker, and the broker does not know any more."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.engine.generated import generated
from tests.execution.desks import AT, Room, room_of
from trimtab.engine.mandate import Request
from trimtab.execution.brokers import BrokerSilentError
from trimtab.ledger import events
from trimtab.ledger.record import record
from trimtab.model.numbers import Price

SEED = 5
"""A household with one account and several trades."""
NOW = Request(now=True)


def traded() -> Room:
    """A household whose first plan was carried out; then prices moved."""
    case = generated(random.Random(SEED))
    room = room_of(case)
    room.apply(room.plan(NOW), NOW)
    first, *_ = sorted(room.market.quotes)
    quote = room.market.quotes[first]
    assert quote.price is not None
    moved = replace(quote, price=Price(quote.price.mantissa * 13, quote.price.exponent - 1))
    room.market = replace(room.market, quotes={**room.market.quotes, first: moved})
    room.broker.terms = replace(room.broker.terms, market=room.market)
    return room


def codes(result) -> set[str]:  # type: ignore[no-untyped-def]
    """The codes of what was found."""
    return {finding.code for finding in result.findings}


@pytest.mark.parametrize("left", [0, 1, -1, -2])
def test_a_broker_that_lost_orders_gets_no_more(left: int) -> None:
    """Whether all of its book is gone or the end of it: halted, told, and nothing sent."""
    room = traded()
    plan = room.plan(NOW)
    assert plan.trades
    del room.broker.events[left:]
    before = room.orders()

    result = room.apply(plan, NOW)

    assert result.status == "halted"
    assert "broker-lost-orders" in codes(result)
    assert room.orders() == before
    assert room.folded().halted


def test_after_a_person_resumed_it_the_same_loss_is_not_asked_about_again() -> None:
    """Somebody compared the statement: the account trades on, until more is gone."""
    room = traded()
    room.broker.events.clear()
    plan = room.plan(NOW)
    room.apply(plan, NOW)
    known = room.folded()
    back = [events.resumed(scope, by="me", reason="looked", at=AT) for scope in known.halted]
    record(room.store, known, back)

    result = room.apply(plan, NOW)

    assert result.status == "done"
    assert "broker-lost-orders" not in codes(result)


def test_a_broker_that_knows_everything_is_believed() -> None:
    """Nothing lost, nothing halted."""
    room = traded()

    result = room.apply(room.plan(NOW), NOW)

    assert (result.status, room.folded().halted) == ("done", {})


def test_nothing_is_sent_to_a_broker_that_has_not_reported() -> None:
    """Without its report nobody can compare: the plan waits until it answers."""
    room = traded()
    plan = room.plan(NOW)
    before, report = room.orders(), room.broker.report

    def silent(since: int) -> None:
        raise BrokerSilentError("no answer")

    room.broker.report = silent
    waiting = room.apply(plan, NOW)
    assert (waiting.status, codes(waiting)) == ("waiting", {"broker-silent"})
    assert room.orders() == before

    room.broker.report = report
    assert room.apply(plan, NOW).status == "done"
