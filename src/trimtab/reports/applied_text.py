"""What became of a plan: its orders, what a person still has to trade, what went otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trimtab.execution.apply import Applied
from trimtab.ledger.folded import OrderRecord
from trimtab.model.numbers import money_text, quantity_text
from trimtab.model.orders import Order, OrderState
from trimtab.reports.layout import (
    FULL,
    Column,
    Look,
    headline,
    packed,
    paragraph,
    shortened,
    stacked,
    table,
)
from trimtab.reports.plan_json import findings_json
from trimtab.reports.plan_text import NAME_WIDTH, findings_text
from trimtab.reports.words import counted, money, quantity

SAID = {
    "done": "carried out",
    "already": "was carried out before; nothing was done again",
    "waiting": "not all of it is done yet",
    "halted": "HALTED: an account stands still until a person resumes it",
    "unfilled": "nothing was traded",
    "superseded": "a later plan was approved; nothing more of this one is traded",
}

Steps = Mapping[str, Decimal]


def applied_text(
    applied: Applied, *, width: int = 100, look: Look = FULL, ending: Sequence[str] = ()
) -> str:
    """What became of a plan, for a terminal of `width` columns."""
    steps = applied.folded.steps
    tickets = {order.id for order in applied.tickets}
    sent = [record for record in applied.orders if record.order.id not in tickets]
    filled = sum(record.state is OrderState.FILLED for record in applied.orders)
    parts = [f"Plan {applied.plan}", SAID[applied.status]]
    if applied.orders:
        is_over = applied.status in ("done", "already")
        count = f"{filled} of {counted(len(applied.orders), 'order')} filled"
        parts.append(count if is_over else f"{counted(filled, 'order')} filled so far")
    blocks = [headline(parts, width=width, look=look)]
    if sent:
        blocks.append(orders_table(sent, steps, width=width, look=look))
    if applied.tickets:
        blocks.append(
            paragraph(
                "By hand",
                ["Trade these at your broker, at the limit or better; then record them."],
                width=width,
                look=look,
            )
        )
        left = {r.order.id: r.filled for r in applied.orders}
        blocks.append(_tickets(applied.tickets, left, steps, width=width, look=look))
    blocks.append(findings_text(applied.findings, width=width, look=look))
    blocks.append([look.styled(line, "bold") for line in packed(ending, width)])
    return stacked(blocks)


def rehearsal_text(applied: Applied, *, width: int = 100, look: Look = FULL) -> str:
    """The orders of a plan as they would leave, and what the gate says of each."""
    steps = applied.folded.steps
    refused = [r for r in applied.orders if r.state is OrderState.REJECTED]
    parts = [
        f"Dry run of plan {applied.plan}",
        counted(len(applied.orders), "order"),
        f"the gate refuses {len(refused)}" if refused else "all pass the gate",
        "nothing was written or sent",
    ]
    columns = [
        Column("order"),
        Column("instrument", room="name"),
        Column("account", room="name"),
        Column("quantity", "right"),
        Column("limit", "right"),
        Column("gate"),
        Column("lots", room="text"),
    ]
    rows = []
    for record in applied.orders:
        order = record.order
        step = steps[order.instrument]
        lots = ", ".join(f"{quantity_text(count, step)} of {lot}" for lot, count in order.lots)
        rows.append(
            (
                order.side,
                shortened(order.instrument, NAME_WIDTH, look),
                shortened(order.account, NAME_WIDTH, look),
                _size(order, step),
                "" if order.limit is None else str(order.limit),
                "refuses" if record.state is OrderState.REJECTED else "passes",
                lots,
            )
        )
    return stacked(
        [
            headline(parts, width=width, look=look),
            table(columns, rows, width=width, look=look) if rows else [],
            findings_text(applied.findings, width=width, look=look),
        ]
    )


def orders_table(
    records: Sequence[OrderRecord], steps: Steps, *, width: int, look: Look
) -> list[str]:
    """Orders with how far each got."""
    columns = [
        Column("order"),
        Column("instrument", room="name"),
        Column("account", room="name"),
        Column("filled", "right"),
        Column("of", "right"),
        Column("limit", "right"),
        Column("value", "right"),
        Column("state", room="text"),
    ]
    rows = []
    for record in records:
        order = record.order
        step = steps[order.instrument]
        rows.append(
            (
                order.side,
                shortened(order.instrument, NAME_WIDTH, look),
                shortened(order.account, NAME_WIDTH, look),
                quantity(quantity_text(record.filled, step)),
                _size(order, step),
                "" if order.limit is None else str(order.limit),
                money(record.filled_gross),
                record.state.value.replace("_", " "),
            )
        )
    return table(columns, rows, width=width, look=look)


def _tickets(
    orders: Sequence[Order], filled: Mapping[str, int], steps: Steps, *, width: int, look: Look
) -> list[str]:
    columns = [
        Column("ticket"),
        Column("instrument", room="name"),
        Column("account", room="name"),
        Column("quantity", "right"),
        Column("limit", "right"),
        Column("lots", room="text"),
    ]
    rows = []
    for order in orders:
        step = steps[order.instrument]
        done = filled.get(order.id, 0)
        size = _size(order, step)
        if done and order.quantity is not None:
            size = f"{quantity(quantity_text(order.quantity - done, step))} of {size}"
        lots = ", ".join(f"{quantity_text(count, step)} of {lot}" for lot, count in order.lots)
        rows.append(
            (
                order.side,
                shortened(order.instrument, NAME_WIDTH, look),
                shortened(order.account, NAME_WIDTH, look),
                size,
                "" if order.limit is None else str(order.limit),
                lots,
            )
        )
    return table(columns, rows, width=width, look=look)


def _size(order: Order, step: Decimal) -> str:
    if order.quantity is None:
        return f"for {money(order.amount or 0)}"
    return quantity(quantity_text(order.quantity, step))


def applied_json(applied: Applied) -> dict[str, Any]:
    """What became of a plan, for programs."""
    steps = applied.folded.steps
    return {
        "plan": applied.plan,
        "status": applied.status,
        "changed": applied.changed,
        "orders": [order_json(record, steps) for record in applied.orders],
        "tickets": [order.id for order in applied.tickets],
        "findings": findings_json(applied.findings),
        "head": applied.folded.head.hash,
    }


def order_json(record: OrderRecord, steps: Steps) -> dict[str, Any]:
    """An order with how far it got."""
    order = record.order
    step = steps[order.instrument]
    return {
        "order": order.id,
        "account": order.account,
        "instrument": order.instrument,
        "side": order.side,
        "quantity": None if order.quantity is None else quantity_text(order.quantity, step),
        "amount": None if order.amount is None else money_text(order.amount),
        "limit": None if order.limit is None else str(order.limit),
        "lots": [{"lot": lot, "quantity": quantity_text(n, step)} for lot, n in order.lots],
        "state": record.state.value,
        "filled": quantity_text(record.filled, step),
        "filled_value": money_text(record.filled_gross),
        "message": record.message,
    }
