"""The paper broker: trades at the day's close, and remembers it in a file that survives a kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from trimtab.adapters.ledger_file import FileLedger
from trimtab.execution.brokers import BrokerSilentError, MemoryBroker, PaperTerms
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft, Entry
from trimtab.ledger.errors import LedgerError
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import Folded, plain
from trimtab.ledger.store import append_drafts
from trimtab.model.numbers import Price
from trimtab.model.orders import BrokerEvent, Fill, Order, OrderState
from trimtab.model.ports import Clock

BROKER_FILE: Final = "broker.jsonl"
_KIND: Final = "order_taken"


class PaperBroker:
    """The port `Broker` on paper, in a file of its own.

    An order and all that became of it are one line, written with one fsync: after a kill the
    order was either never taken, or taken with everything that happened. The file is a hash chain
    like the record, with the same repair of a torn last line.

    Args:
        path: The file; it is made with the first order.
        terms: Prices and costs.
        book: What the record says now.
        clock: For the instants in the file.
    """

    def __init__(
        self, path: Path, *, terms: PaperTerms, book: Callable[[], Folded], clock: Clock
    ) -> None:
        self._store = FileLedger(path)
        self._clock = clock
        self._taken = 0
        self._memory = MemoryBroker(terms, book)
        self._catch_up()

    @property
    def orders(self) -> tuple[Order, ...]:
        """All orders that it was ever given, oldest first."""
        self._catch_up()
        return tuple(self._memory.orders.values())

    def submit(self, order: Order) -> BrokerEvent:
        """Trade an order at the close, or say again what became of it."""
        return self._do(lambda: self._memory.submit(order), order)

    def cancel(self, order_id: str) -> BrokerEvent:
        """Nothing stays open here: says what became of it. One that never came is dead now."""
        return self._do(lambda: self._memory.cancel(order_id), None)

    def report(self, since: int) -> tuple[int, Sequence[BrokerEvent]]:
        """All events after number `since`."""
        self._catch_up()
        return self._memory.report(since)

    def fate(self, order_id: str) -> BrokerEvent | None:
        """The order's state; None when it never came: nothing is ever on its way."""
        self._catch_up()
        return self._memory.fate(order_id)

    def _do(self, act: Callable[[], BrokerEvent], order: Order | None) -> BrokerEvent:
        try:
            self._store.path.parent.mkdir(parents=True, exist_ok=True)
            with self._store.hold():
                self._catch_up()
                before = len(self._memory.events)
                told = act()
                happened = self._memory.events[before:]
                if happened:
                    at = instant_text(self._clock.now())
                    body = _body(order, happened)
                    try:
                        append_drafts(self._store, [Draft(at, _KIND, body)])
                    except LedgerError:
                        self._forget()
                        raise
                    self._taken += 1
        except LedgerError as error:
            raise BrokerSilentError(f"the paper broker could not keep its book: {error}") from error
        return told

    def _forget(self) -> None:
        """After a write that failed: know again only what the file holds."""
        self._memory.orders.clear()
        self._memory.events.clear()
        self._taken = 0

    def _catch_up(self) -> None:
        entries = self._store.read()
        for entry in entries[self._taken :]:
            order, happened = _from(entry)
            self._memory.keep(order, happened)
        self._taken = len(entries)


def _body(order: Order | None, happened: Sequence[BrokerEvent]) -> dict[str, Json]:
    return {
        "events": [plain(event) for event in happened],
        "order": None if order is None else plain(order),
    }


def _from(entry: Entry) -> tuple[Order | None, list[BrokerEvent]]:
    body = entry.body
    order, happened = body["order"], body["events"]
    assert isinstance(happened, list)
    return (
        None if order is None else _order(_table(order)),
        [_event(_table(event)) for event in happened],
    )


def _table(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict), "the paper broker reads only what it wrote"
    return value


def _order(body: dict[str, Json]) -> Order:
    lots = body["lots"]
    assert isinstance(lots, list)
    side = str(body["side"])
    return Order(
        id=str(body["id"]),
        account=str(body["account"]),
        instrument=str(body["instrument"]),
        side="buy" if side == "buy" else "sell",
        quantity=_whole(body["quantity"]),
        amount=_whole(body["amount"]),
        limit=None if body["limit"] is None else _price(body["limit"]),
        plan=str(body["plan"]),
        slice=int(str(body["slice"])),
        attempt=int(str(body["attempt"])),
        lots=tuple((str(_pair(item)[0]), int(str(_pair(item)[1]))) for item in lots),
    )


def _event(body: dict[str, Json]) -> BrokerEvent:
    fill = body["fill"]
    return BrokerEvent(
        order=str(body["order"]),
        state=OrderState(str(body["state"])),
        fill=None if fill is None else _fill(_table(fill)),
        message=str(body["message"]),
    )


def _fill(body: dict[str, Json]) -> Fill:
    return Fill(
        id=str(body["id"]),
        order=str(body["order"]),
        quantity=int(str(body["quantity"])),
        price=_price(body["price"]),
        gross=int(str(body["gross"])),
        fees=int(str(body["fees"])),
        on=date.fromisoformat(str(body["on"])),
        settles=date.fromisoformat(str(body["settles"])),
    )


def _pair(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _whole(value: Json) -> int | None:
    return None if value is None else int(str(value))


def _price(value: Json) -> Price:
    body = _table(value)
    exponent = int(str(body["exponent"]))
    return Price(int(str(body["mantissa"])), exponent)


__all__ = ["BROKER_FILE", "PaperBroker"]
