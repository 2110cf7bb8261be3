"""A broker that misbehaves by script: lost answers, late, doubled and disordered reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from trimtab.execution.brokers import BrokerSilentError, MemoryBroker
from trimtab.model.orders import BrokerEvent, Order, OrderState

Fault = Literal[
    "lost-request", "lost-answer", "late", "doubled", "reversed", "half-cancelled", "overfilled",
    "split",
]  # fmt: skip
"""What goes wrong with an order.

`lost-request`: it never arrives, and no answer comes. `lost-answer`: it arrives, and no answer
comes. `late`: what happened is reported only after `heal`. `doubled`: every report comes twice.
`reversed`: the last report comes first. `half-cancelled`: half is filled, the rest is cancelled.
`overfilled`: one step more is filled than was ordered. `split`: it is filled in two parts.
"""


class FaultyBroker:
    """The port `Broker` around a paper broker, with faults by the number of the order.

    It cannot say whether an order that was lost ever came; `ScriptedBroker` can.

    Args:
        broker: What really trades.
        faults: The fault of the first, second, ... new order, from 0.
    """

    def __init__(self, broker: MemoryBroker, faults: Mapping[int, Fault]) -> None:
        self.broker = broker
        self.faults = dict(faults)
        self.received: list[str] = []
        self._numbers: dict[str, int] = {}
        self._told: list[BrokerEvent] = []
        self._late: list[BrokerEvent] = []

    def submit(self, order: Order) -> BrokerEvent:
        """Trade an order, with the fault that is due."""
        is_new = order.id not in self._numbers
        number = self._numbers.setdefault(order.id, len(self._numbers))
        fault = self.faults.get(number)
        if fault == "lost-request" and is_new:
            raise BrokerSilentError("no answer within 30 seconds")
        self.received.append(order.id)
        if order.id in self.broker.orders:
            return self.broker.submit(order)
        happened = self._traded(order, fault)
        if fault == "late":
            self._late.extend(happened)
        elif fault == "doubled":
            self._told.extend(event for event in happened for _ in range(2))
        elif fault == "reversed":
            self._told.extend(reversed(happened))
        else:
            self._told.extend(happened)
        if fault == "lost-answer":
            raise BrokerSilentError("no answer within 30 seconds")
        return BrokerEvent(order.id, OrderState.ACCEPTED)

    def cancel(self, order_id: str) -> BrokerEvent:
        """Cancel what is open."""
        before = len(self.broker.events)
        answer = self.broker.cancel(order_id)
        self._told.extend(self.broker.events[before:])
        return answer

    def report(self, since: int) -> tuple[int, Sequence[BrokerEvent]]:
        """What has been told so far."""
        return len(self._told), tuple(self._told[since:])

    def heal(self) -> None:
        """Everything that was late is told now, and nothing goes wrong any more."""
        self._told.extend(self._late)
        self._late.clear()
        self.faults.clear()

    @property
    def orders(self) -> Mapping[str, Order]:
        """The orders that exist at the broker."""
        return self.broker.orders

    def _traded(self, order: Order, fault: Fault | None) -> list[BrokerEvent]:
        before = len(self.broker.events)
        self.broker.submit(order)
        happened = list(self.broker.events[before:])
        place = next((i for i, event in enumerate(happened) if event.fill is not None), None)
        if place is None or order.quantity is None:
            return happened
        if fault == "overfilled":
            happened[place] = _resized(happened[place], order.quantity + 1)
        elif fault == "half-cancelled" and order.quantity > 1:
            part = _resized(happened[place], order.quantity // 2)
            happened[place:] = [
                replace(part, state=OrderState.PARTLY_FILLED),
                BrokerEvent(order.id, OrderState.CANCELLED, message="cancelled by the broker"),
            ]
        elif fault == "split" and order.quantity > 1:
            whole = happened[place]
            first = _resized(whole, order.quantity // 2)
            assert whole.fill is not None
            assert first.fill is not None
            rest = replace(
                whole.fill,
                id=f"{whole.fill.id}-2",
                quantity=whole.fill.quantity - first.fill.quantity,
                gross=whole.fill.gross - first.fill.gross,
                fees=whole.fill.fees - first.fill.fees,
            )
            happened[place : place + 1] = [
                replace(first, state=OrderState.PARTLY_FILLED),
                replace(whole, fill=rest),
            ]
        self.broker.events[before:] = happened
        return happened


class ScriptedBroker(FaultyBroker):
    """A faulty broker that knows for certain which orders came."""

    def fate(self, order_id: str) -> BrokerEvent | None:
        """Whether it ever came."""
        return self.broker.fate(order_id)


def _resized(event: BrokerEvent, quantity: int) -> BrokerEvent:
    """A fill of another quantity at the same price."""
    fill = event.fill
    assert fill is not None
    gross = fill.gross * quantity // fill.quantity
    fees = fill.fees * quantity // fill.quantity
    return replace(event, fill=replace(fill, quantity=quantity, gross=gross, fees=fees))
