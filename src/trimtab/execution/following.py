"""What brokers say: reports booked, and orders without an answer asked after."""

from __future__ import annotations

from trimtab.execution.agreement import compare_with_brokers
from trimtab.execution.application import SILENT, Application
from trimtab.execution.brokers import KnowsFates
from trimtab.execution.orders import (
    booking,
    order_hash,
)
from trimtab.ledger import events
from trimtab.ledger.errors import FoldError
from trimtab.ledger.folded import OrderRecord
from trimtab.model.orders import BrokerEvent, Order, OrderState
from trimtab.model.ports import Broker


def follow_brokers(run: Application) -> None:
    """Book everything that brokers report, and ask for the fate of orders without an answer."""
    hear_brokers(run)
    for record in list(run.folded.orders.values()):
        if record.state in (OrderState.SENT, OrderState.UNKNOWN):
            _find_fate(run, record)
            poll_brokers(run)


def hear_brokers(run: Application) -> None:
    """Book what brokers report, and compare the record with each that is heard first."""
    heard = set(run.cursors)
    poll_brokers(run)
    if set(run.cursors) != heard:
        compare_with_brokers(run)


def poll_brokers(run: Application) -> None:
    """Book what brokers report."""
    for broker in _brokers(run):
        since = run.cursors.get(id(broker), 0)
        try:
            number, happened = broker.report(since)
        except SILENT as error:
            run.note("broker-silent", "", f"a broker does not answer: {error}. Apply again.")
            continue
        for event in happened:
            run.told_orders.add(event.order)
            if event.fill is not None:
                run.told_fills.add(event.fill.id)
            book_report(run, event, broker)
        run.cursors[id(broker)] = max(number, since)


def _brokers(run: Application) -> list[Broker]:
    """Each broker once, however many accounts it has."""
    return list({id(broker): broker for broker in run.venue.brokers.values()}.values())


def book_report(run: Application, event: BrokerEvent, broker: Broker | None = None) -> None:
    """Book one report, of a broker or of a person."""
    if event.order not in run.folded.orders:
        message = (
            f"a broker reports an order {event.order[:12]} that the record does not know: its "
            "accounts are halted; compare with the statement"
        )
        accounts = [name for name, one in run.venue.brokers.items() if one is broker]
        run.note("order-not-ours", event.order, message, "error")
        run.halt(accounts, message)
        return
    booked = booking(run.folded, event, at=run.at())
    run.findings.extend(booked.findings)
    halts = [draft for draft in booked.drafts if draft.kind == "halted"]
    for draft in halts:
        run.halt([str(draft.body["scope"])], str(draft.body["reason"]))
    others = [draft for draft in booked.drafts if draft.kind != "halted"]
    try:
        run.write(others)
    except FoldError as error:
        record = run.folded.orders[event.order]
        message = f"a report of order {event.order[:12]} cannot be booked: {error}"
        run.note("report-impossible", event.order, message, "error")
        run.halt([record.order.account], message)


def _find_fate(run: Application, record: OrderRecord) -> None:
    """An order without an answer: only the broker can say what became of it."""
    order = record.order
    broker = run.venue.brokers.get(order.account)
    if broker is None:
        return
    if not isinstance(broker, KnowsFates):
        note_unknown(run, record, "no answer came")
        return
    try:
        fate = broker.fate(order.id)
    except SILENT as error:
        note_unknown(run, record, str(error))
        return
    if fate is not None:
        _answered(run, fate, broker)
    elif order.id not in run.trades or run.is_superseded:
        message = "the broker never got it, and its plan is over"
        run.write([events.order_rejected(order.id, message=message, at=run.at())])
    elif not run.folded.is_halted(order.account) and order.id not in run.resubmitted:
        # The broker's word that it never came: the same bytes under the same id once more.
        run.resubmitted.add(order.id)
        submit(run, order, broker)


def note_unknown(run: Application, record: OrderRecord, message: str) -> None:
    """Write down, once, that nobody knows what became of an order, and tell the reader."""
    order = record.order
    if record.state is not OrderState.UNKNOWN:
        run.write([events.order_unknown(order.id, message=message, at=run.at())])
    run.note(
        "order-unknown",
        order.id,
        f"nobody knows whether the broker has order {order.id[:12]} ({order.side} "
        f"{order.instrument} in {order.account}): {message}. It is not sent again; apply "
        "again once the broker answers, or look there.",
        "error",
    )


def submit(run: Application, order: Order, broker: Broker) -> None:
    """Send an order that was written down and passed the gate, and book the answer."""
    record = run.folded.orders[order.id]
    assert record.gated == order_hash(order), "only the bytes that passed the gate leave"
    assert record.state in (OrderState.SENT, OrderState.UNKNOWN), "it is written down first"
    try:
        answer = broker.submit(order)
    except SILENT as error:
        note_unknown(run, record, str(error))
        return
    _answered(run, answer, broker)


def _answered(run: Application, answer: BrokerEvent, broker: Broker) -> None:
    """The answer to a submission says that the order arrived; fills come by the report."""
    if answer.state in (OrderState.REJECTED, OrderState.UNKNOWN):
        book_report(run, answer, broker)
    elif run.folded.orders[answer.order].state in (OrderState.SENT, OrderState.UNKNOWN):
        book_report(run, BrokerEvent(answer.order, OrderState.ACCEPTED), broker)
