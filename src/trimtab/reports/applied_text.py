"""What became of a plan: its orders, what a person still has to trade, what went otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from trimtab.execution.manual import HandTrade
from trimtab.execution.orders import parts_of
from trimtab.execution.outcome import Applied
from trimtab.ledger.folded import Folded, OrderRecord
from trimtab.model.numbers import Price, money_text, quantity_text
from trimtab.model.orders import Order, OrderState
from trimtab.model.plan import Plan
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import (
    FULL,
    LABEL,
    Column,
    Look,
    columns_of,
    headline,
    packed,
    paragraph,
    shortened,
    stacked,
    table,
)
from trimtab.reports.plan_json import findings_json
from trimtab.reports.plan_trades import NAME_WIDTH
from trimtab.reports.words import clean, counted, money, quantity

SAID = {
    "done": "carried out",
    "already": "was carried out before; nothing was done again",
    "short": "over, and not all of it was traded",
    "short already": "was over before, with not all of it traded; nothing was done again",
    "waiting": "not all of it is done yet",
    "halted": "HALTED: an account stands still until a person resumes it",
    "unfilled": "nothing was traded",
    "superseded": "a later plan was approved; nothing more of this one is traded",
}

Steps = Mapping[str, Decimal]

_BY_HAND = (
    "Trade these at your broker, then record them. The limit is a guide: how far from the planned "
    "price still fits this plan."
)

_ENDLESS = 10_000


def applied_text(
    applied: Applied,
    plan: Plan,
    *,
    width: int = 100,
    look: Look = FULL,
    ending: Sequence[str] = (),
) -> str:
    """What became of a plan, for a terminal of `width` columns."""
    steps = applied.folded.steps
    tickets = {order.id for order in applied.tickets}
    sent = [record for record in applied.orders if record.order.id not in tickets]
    blocks = [headline(_headline(applied), width=width, look=look)]
    if sent:
        fees = _fees(applied.folded)
        blocks.append(orders_table(sent, steps, fees=fees, width=width, look=look))
    if applied.tickets:
        blocks.append(
            paragraph(
                "By hand",
                [_BY_HAND],
                width=width,
                look=look,
            )
        )
        waiting = [record for record in applied.orders if record.order.id in tickets]
        blocks.extend(_tickets(waiting, _planned(plan), steps, width=width, look=look))
    blocks.append(findings_text(applied.findings, width=width, look=look, explain=True))
    blocks.append([look.styled(line, "bold") for line in packed(ending, width)])
    return stacked(blocks)


def _headline(applied: Applied) -> list[str]:
    """How far a plan is, with each way in which its orders ended that is not the planned one."""
    states = [record.state for record in applied.orders]
    filled = states.count(OrderState.FILLED)
    said: str = applied.status
    if applied.status in ("done", "already") and filled < len(states):
        said = "short" if applied.status == "done" else "short already"
    parts = [f"Plan {applied.plan}", SAID[said]]
    if not states:
        return parts
    is_over = applied.status in ("done", "already")
    count = f"{filled} of {counted(len(states), 'order')} filled"
    parts.append(count if is_over else f"{count} so far")
    begun = sum(1 for r in applied.orders if r.filled and not r.state.is_final)
    partly = [r for r in applied.orders if r.state is OrderState.CANCELLED and r.filled]
    others = (
        (begun, "filled in part"),
        (states.count(OrderState.REJECTED), "rejected"),
        (states.count(OrderState.CANCELLED) - len(partly), "cancelled"),
        (len(partly), "cancelled after a part of it"),
    )
    parts.extend(f"{number} {word}" for number, word in others if number)
    return parts


def _planned(plan: Plan) -> dict[str, Price]:
    """The price that each order was planned at, by its id."""
    return {part.id: part.trade.price for part in parts_of(plan)}


def rehearsal_text(applied: Applied, plan: Plan, *, width: int = 100, look: Look = FULL) -> str:
    """The orders of a plan as they would leave, and what the gate says of each."""
    steps, planned = applied.folded.steps, _planned(plan)
    refused = [r for r in applied.orders if r.state is OrderState.REJECTED]
    parts = [
        f"Dry run of plan {applied.plan}",
        counted(len(applied.orders), "order"),
        f"the gate refuses {len(refused)}" if refused else "all pass the gate",
        "nothing was written or sent",
    ]
    columns = [
        *_whose("order"),
        Column("quantity", "right"),
        Column("planned at", "right"),
        Column("limit", "right"),
        Column("gate"),
    ]
    rows = []
    for record in applied.orders:
        order = record.order
        gate = "refuses" if record.state is OrderState.REJECTED else "passes"
        size = _size(order, steps[order.instrument])
        rows.append((*_about(order, look), size, *_prices(order, planned), gate))
    orders = [record.order for record in applied.orders]
    return stacked(
        [
            headline(parts, width=width, look=look),
            *_with_lots(columns, rows, orders, steps, width=width, look=look),
            findings_text(applied.findings, width=width, look=look, explain=True),
        ]
    )


def orders_table(
    records: Sequence[OrderRecord],
    steps: Steps,
    *,
    fees: Mapping[str, int],
    width: int,
    look: Look,
) -> list[str]:
    """Orders with how far each got, and the fees that were booked where there were any."""
    has_fees = any(fees.get(record.order.id) for record in records)
    columns = [
        *_whose("order"),
        Column("filled", "right"),
        Column("of", "right"),
        Column("limit", "right"),
        Column("value", "right"),
        *([Column("fees", "right")] if has_fees else []),
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
                order.account,
                quantity(quantity_text(record.filled, step)),
                _size(order, step),
                _price(order.limit),
                money(record.filled_gross),
                *([money(fees.get(order.id, 0))] if has_fees else []),
                record.state.value.replace("_", " "),
            )
        )
    return table(columns, rows, width=width, look=look)


def _fees(folded: Folded) -> dict[str, int]:
    """The fees that were booked of each order, minor units."""
    fees: dict[str, int] = {}
    for record in folded.fills.values():
        if not record.voided:
            order = record.fill.order
            fees[order] = fees.get(order, 0) + record.fill.fees
    return fees


def _tickets(
    records: Sequence[OrderRecord],
    planned: Mapping[str, Price],
    steps: Steps,
    *,
    width: int,
    look: Look,
) -> list[list[str]]:
    is_begun = any(record.filled for record in records)
    columns = [
        *_whose("ticket"),
        *([Column("traded", "right")] if is_begun else []),
        Column("still to trade" if is_begun else "quantity", "right"),
        Column("planned at", "right"),
        Column("limit", "right"),
    ]
    rows = []
    for record in records:
        order = record.order
        step = steps[order.instrument]
        size = _size(order, step)
        if record.filled and order.quantity is not None:
            size = quantity(quantity_text(order.quantity - record.filled, step))
        done = [quantity(quantity_text(record.filled, step))] if is_begun else []
        rows.append((*_about(order, look), *done, size, *_prices(order, planned)))
    left = [replace(record.order, lots=record.lots_left) for record in records]
    return _with_lots(columns, rows, left, steps, width=width, look=look)


def _with_lots(
    columns: Sequence[Column],
    rows: Sequence[tuple[str, ...]],
    orders: Sequence[Order],
    steps: Steps,
    *,
    width: int,
    look: Look,
) -> list[list[str]]:
    """Orders with the lots that they sell: in a column where that has room, else below.

    A lot's id is looked for at the broker, letter by letter, so it is not broken over lines.
    """
    if not rows:
        return []
    lots = [_lots(order, steps[order.instrument]) for order in orders]
    beside = [*columns, Column("lots", room="text")]
    wide = [(*row, ", ".join(parts)) for row, parts in zip(rows, lots, strict=True)]
    natural = table(beside, wide, width=_ENDLESS, look=FULL)
    if all(columns_of(line) <= width for line in natural):
        return [table(beside, wide, width=width, look=look)]
    told = [
        line
        for order, parts in zip(orders, lots, strict=True)
        if parts
        for line in (
            f"{order.side} {order.instrument} in {order.account}:",
            *packed([f"{part}," for part in parts[:-1]] + parts[-1:], width - LABEL, " "),
        )
    ]
    return [
        table(columns, rows, width=width, look=look),
        paragraph("Lots", told, width=width, look=look),
    ]


def _lots(order: Order, step: Decimal) -> list[str]:
    return [f"{quantity_text(count, step)} of {lot}" for lot, count in order.lots]


def _whose(first: str) -> list[Column]:
    """The columns that say which order a row is about: its side, instrument and account."""
    return [Column(first), Column("instrument", room="name"), Column("account", room="whole")]


def _about(order: Order, look: Look) -> tuple[str, str, str]:
    return (
        order.side,
        shortened(order.instrument, NAME_WIDTH, look),
        order.account,
    )


def _prices(order: Order, planned: Mapping[str, Price]) -> tuple[str, str]:
    """The planned price and the limit of an order; an order in money has no limit."""
    price = planned.get(order.id)
    return (_price(price), _price(order.limit))


def _price(price: Price | None) -> str:
    """A price with cents at least."""
    if price is None:
        return ""
    exact = price.decimal
    return f"{exact:.2f}" if price.exponent > -2 else str(price)


def _size(order: Order, step: Decimal) -> str:
    if order.quantity is None:
        return f"for {money(order.amount or 0)}"
    return quantity(quantity_text(order.quantity, step))


def applied_json(applied: Applied, plan: Plan) -> dict[str, Any]:
    """What became of a plan, for programs."""
    steps, planned, fees = applied.folded.steps, _planned(plan), _fees(applied.folded)
    return {
        "plan": applied.plan,
        "status": applied.status,
        "changed": applied.changed,
        "orders": [
            order_json(record, steps, planned.get(record.order.id))
            | {"fees": money_text(fees.get(record.order.id, 0))}
            for record in applied.orders
        ],
        "tickets": [order.id for order in applied.tickets],
        "findings": findings_json(applied.findings),
        "head": applied.folded.head.hash,
    }


def order_json(record: OrderRecord, steps: Steps, planned: Price | None) -> dict[str, Any]:
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
        "planned_price": None if planned is None else str(planned),
        "limit": None if order.limit is None else str(order.limit),
        "lots": [{"lot": lot, "quantity": quantity_text(n, step)} for lot, n in order.lots],
        "state": record.state.value,
        "filled": quantity_text(record.filled, step),
        "filled_value": money_text(record.filled_gross),
        "message": record.message,
    }


def booked_columns(first: str) -> list[Column]:
    """The columns of what is booked as done elsewhere; `first` is what is done with each row."""
    return [
        *_whose(first),
        Column("quantity", "right"),
        Column("price", "right"),
        Column("fees", "right"),
        Column("date"),
    ]


def hand_trades_text(
    trades: Sequence[HandTrade],
    steps: Mapping[str, Decimal],
    *,
    width: int = 100,
    look: Look = FULL,
) -> str:
    """Trades done elsewhere, as they would be booked; `steps` are those of their instruments."""
    columns = booked_columns("record")
    rows = [
        (one.side, clean(one.instrument), clean(one.account),
         quantity(quantity_text(one.quantity, steps[one.instrument])), str(one.price),
         money(one.fees), one.on.isoformat())
        for one in trades
    ]  # fmt: skip
    return "\n".join(table(columns, rows, width=width, look=look)) + "\n"
