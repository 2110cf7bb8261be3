"""What the outside must offer. Each port has an in-memory fake and one contract suite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from trimtab.model.market import Market
from trimtab.model.orders import BrokerEvent, Order


class MarketData(Protocol):
    """Prices, splits and dividends. The contract is tests/adapters/test_market_data.py."""

    def snapshot(self, as_of: date, instruments: Sequence[str]) -> Market:
        """What was known at the close of `as_of`; nothing later."""
        ...


class Broker(Protocol):
    """Where orders go. Submitting an id that is known already changes nothing."""

    def submit(self, order: Order) -> BrokerEvent:
        """Hand over an order; the answer is its state at the broker."""
        ...

    def cancel(self, order_id: str) -> BrokerEvent:
        """Ask to cancel what is not filled yet."""
        ...

    def report(self, since: int) -> tuple[int, Sequence[BrokerEvent]]:
        """All events after number `since`, oldest first, and the number of the newest.

        From 0 it is everything that it ever did with our orders: before an order leaves, the
        record is compared with it, and what the record knows and the broker does not is told.
        """
        ...


class Clock(Protocol):
    """The time of day, as an argument and never as a global."""

    def now(self) -> datetime:
        """The instant now, aware, in UTC."""
        ...
