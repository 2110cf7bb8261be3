"""A broker that misbehaves: answers lost, reports late or doubled; never a second order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.generated import generated
from tests.execution.desks import AT, Room, kinds, remembered, room_of
from trimtab.execution.brokers import MemoryBroker, PaperTerms
from trimtab.execution.faults import Fault, FaultyBroker, ScriptedBroker
from trimtab.ledger import events
from trimtab.ledger.record import record as book
from trimtab.model.orders import OrderState

HARMLESS: tuple[Fault, ...] = (
    "lost-request",
    "lost-answer",
    "late",
    "doubled",
    "reversed",
    "split",
)
PROPERTY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
CHEAP = (3, 9, 11, 16, 17, 18)
"""Households whose decision takes milliseconds and has one to six trades."""


def faulty(case, faults: Mapping[int, Fault], *, knows: bool = True) -> Room:  # type: ignore[no-untyped-def]
    """A room whose broker misbehaves."""
    room = room_of(case)
    make = ScriptedBroker if knows else FaultyBroker
    inner = MemoryBroker(PaperTerms.of(case.mandate, case.market), room.folded)
    room.broker = make(inner, faults)
    return room


def settle(room: Room, plan, case):  # type: ignore[no-untyped-def]
    """Apply until nothing changes any more, the broker healed in between."""
    result = room.apply(plan, case.request)
    for _ in range(8):
        room.broker.heal()
        result = room.apply(plan, case.request)
        if not result.changed:
            break
    return result


@PROPERTY
@given(
    st.sampled_from(CHEAP),
    st.dictionaries(st.integers(0, 6), st.sampled_from(HARMLESS), min_size=1),
)
def test_whatever_is_lost_late_or_doubled_ends_as_if_nothing_had(seed, faults) -> None:
    """Invariants 1, 2, 8: each order exists once, each fill is booked once, the state is the same
    as with a broker that answers at once.
    """
    case = generated(random.Random(seed))
    calm, rough = room_of(case), faulty(case, faults)
    plan = calm.plan(case.request)
    calm.apply(plan, case.request)

    result = settle(rough, plan, case)

    assert result.status == "already"
    assert set(rough.broker.orders) == set(calm.broker.orders)
    booked, wanted = rough.folded(), calm.folded()
    assert booked.positions == wanted.positions
    assert booked.cash == wanted.cash
    assert booked.periods_acted == wanted.periods_acted
    assert booked.adopted == wanted.adopted
    assert not booked.halted


@pytest.mark.parametrize("seed", CHEAP)
@pytest.mark.parametrize("fault", ["lost-request", "lost-answer"])
def test_an_unknown_order_waits_for_evidence(seed: int, fault: Fault) -> None:
    """Invariant 8: with a broker that cannot say what came, an order without an answer is never
    sent a second time, and becomes final only by a report.
    """
    case = generated(random.Random(seed))
    room = faulty(case, {0: fault}, knows=False)
    plan = room.plan(case.request)
    hidden, room.broker.report = room.broker.report, lambda since: (since, ())

    for _ in range(3):
        result = room.apply(plan, case.request)

    first = result.orders[0]
    assert first.state is OrderState.UNKNOWN
    assert result.status == "waiting"
    assert room.broker.received.count(first.order.id) == (1 if fault == "lost-answer" else 0)

    room.broker.report = hidden
    result = room.apply(plan, case.request)
    final = result.orders[0].state.is_final
    assert final == (fault == "lost-answer"), "only what the broker has can become final"


@pytest.mark.parametrize("seed", CHEAP)
def test_half_filled_then_cancelled_buys_are_cut_to_the_cash(seed: int) -> None:
    """Invariants 2 and 15: sells that brought less leave purchases that cost no more than that."""
    case = generated(random.Random(seed))
    room = faulty(case, dict.fromkeys(range(6), "half-cancelled"))
    plan = room.plan(case.request)

    result = settle(room, plan, case)

    for account, cash in result.folded.cash.items():
        owed = case.request.withdrawals.get(account, 0)
        assert cash >= 0 or cash >= case.state.cash[account] - owed
    for record in result.orders:
        assert record.filled <= (record.order.quantity or 0)
        assert record.state.is_final


@pytest.mark.parametrize("seed", CHEAP)
def test_an_overfill_is_booked_flagged_and_halts_the_account(seed: int) -> None:
    """Invariants 2, 3, 11: more than was ordered is booked as it is, said, and the account stands
    still until a person resumes it.
    """
    case = generated(random.Random(seed))
    room = faulty(case, {0: "overfilled"})
    plan = room.plan(case.request)

    result = room.apply(plan, case.request)

    first = result.orders[0]
    codes = {finding.code for finding in result.findings}
    if "sold-more-than-held" in codes:
        assert first.filled == 0
    else:
        assert "overfill" in codes
        assert first.filled == (first.order.quantity or 0) + 1
    assert first.order.account in result.folded.halted
    sent = Counter(room.broker.received)
    again = room.apply(plan, case.request)
    halted = {p.order.id for p in again.orders if p.order.account == first.order.account}
    assert all(sent[name] == room.broker.received.count(name) for name in halted)
    assert kinds(room.store).count("halted") + kinds(room.store).count("overfilled") == 1


def test_a_stranger_at_the_broker_halts_its_accounts() -> None:
    """Invariant 5: an order that the record does not know means that somebody else trades there."""
    case = generated(random.Random(3))
    room = room_of(case)
    plan = room.plan(case.request)
    other = room_of(generated(random.Random(17)))
    other.apply(other.plan())
    room.broker.events.extend(other.broker.events)

    result = room.apply(plan, case.request)

    assert "order-not-ours" in {finding.code for finding in result.findings}
    assert set(result.folded.halted) == set(case.mandate.household.accounts)
    assert room.orders() == []
    assert result.status == "halted"


def test_who_resumed_is_not_asked_about_the_same_again() -> None:
    """A broker's report is read from its beginning in each run; what a person looked at and
    resumed halts nothing a second time.
    """
    case = generated(random.Random(3))
    room = room_of(case)
    other = room_of(generated(random.Random(17)))
    other.apply(other.plan())
    room.broker.events.extend(other.broker.events)
    plan = room.plan(case.request)
    for scope in sorted(room.apply(plan, case.request).folded.halted):
        resumed = events.resumed(scope, by="me", reason="that was my own order", at=AT)
        book(room.store, room.folded(), [resumed])
    before = kinds(room.store).count("halted")

    result = room.apply(plan, case.request)

    assert result.status == "done"
    assert not result.folded.halted
    assert kinds(room.store).count("halted") == before


def test_a_silent_broker_is_waited_for() -> None:
    """A broker that does not answer at all stops nothing but itself."""
    case = generated(random.Random(3))
    room = faulty(case, {})
    plan = room.plan(case.request)
    answering = room.broker.report

    def silent(since: int):  # type: ignore[no-untyped-def]
        raise TimeoutError("nobody there")

    room.broker.report = silent
    result = room.apply(plan, case.request)
    assert result.status == "waiting"

    room.broker.report = answering
    result = room.apply(plan, case.request)

    assert result.status == "done"
    calm = room_of(case)
    calm.apply(plan, case.request)
    assert remembered(result.folded).lots == remembered(calm.folded()).lots
