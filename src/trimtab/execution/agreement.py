"""Record against broker before an order leaves: what was traded there once has to be known there.

The other direction, what a broker tells and the record does not know, is booked or halts the
account as it is told (`following.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trimtab.execution.application import SILENT, Application
from trimtab.execution.brokers import KnowsFates
from trimtab.ledger.folded import FillRecord, OrderRecord
from trimtab.model.orders import OrderState
from trimtab.model.ports import Broker

LOST: Final = "broker-lost-orders"
"""The code of orders or fills in the record that their broker does not know."""

NAMED: Final = 3
"""So many of the lost orders are named."""


def compare_with_brokers(run: Application) -> None:
    """Halt accounts whose broker does not know what the record says was traded there.

    A person who looked and resumed the account is not asked about the same orders again.
    """
    if run.venue.fresh_brokers:
        return
    sent = {entry.body.get("order") for entry in run.entries if entry.kind == "order_sent"}
    fills: dict[str, list[FillRecord]] = {}
    for fill in run.folded.fills.values():
        fills.setdefault(fill.fill.order, []).append(fill)
    lost: dict[str, list[OrderRecord]] = {}
    for record in run.folded.orders.values():
        account = record.order.account
        broker = run.venue.brokers.get(account)
        if broker is None or not run.has_heard(broker) or record.order.id not in sent:
            continue
        if _is_lost(run, record, fills.get(record.order.id, ()), broker):
            lost.setdefault(account, []).append(record)
    for account, records in lost.items():
        reason = _reason(account, records)
        run.halt([account], reason)
        if run.folded.is_halted(account):
            run.note(LOST, account, f"{reason}: {_remedy(run, account, records)}", "error")


def _is_lost(
    run: Application, record: OrderRecord, fills: Sequence[FillRecord], broker: Broker
) -> bool:
    """Whether a broker that has reported everything does not know an order, or a fill of it."""
    order = record.order
    if any(fill.voided for fill in fills):
        # A person put it right: which fills the broker still tells is for them to know.
        return order.id not in run.told_orders
    if fills:
        return any(fill.fill.id not in run.told_fills for fill in fills)
    if record.state is not OrderState.ACCEPTED or order.id in run.told_orders:
        return False
    if not isinstance(broker, KnowsFates):
        return False  # its report may be late
    try:
        return broker.fate(order.id) is None
    except SILENT:
        return False


def _reason(account: str, records: Sequence[OrderRecord]) -> str:
    """Why an account is halted; the same lost orders, the same words."""
    ids = ", ".join(record.order.id[:12] for record in records[:NAMED])
    orders = "1 order" if len(records) == 1 else f"{len(records)} orders"
    return f"its broker does not know {orders} of {account} that the record has ({ids})"


def _remedy(run: Application, account: str, records: Sequence[OrderRecord]) -> str:
    """Which orders a broker lost, and what to do."""
    steps = run.folded.steps
    named = [record.order.in_words(steps.get(record.order.instrument)) for record in records]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return (
        f"{', '.join(named[:NAMED])}{more}. Nothing is sent for {account}. Compare the record with "
        "the broker's statement (on paper, put paper/broker.jsonl back from a backup); resume the "
        "account once they agree"
    )
