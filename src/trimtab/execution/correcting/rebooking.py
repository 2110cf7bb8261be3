"""Booking a trade anew as it was: for its order as far as that has room, the rest outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trimtab.execution.correcting.lots import name_again
from trimtab.execution.correcting.reading import tables
from trimtab.execution.correcting.task import Task
from trimtab.execution.orders import relief
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.events import Relieved
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import FillRecord, Folded, OrderRecord
from trimtab.model.errors import RefusedError
from trimtab.model.numbers import StepPrice, quantity_text
from trimtab.model.orders import Fill


def rebooked(task: Task, record: FillRecord, fill: Fill, undone: Sequence[Draft]) -> list[Draft]:
    """The entries that book a trade which others have just taken back."""
    known = fold(sealed(undone, task.folded.head), task.folded)
    account = task.change.account or record.account
    fill = replace(fill, id=fill_again(known, account, record.fill.id))
    named = [
        (str(lot["lot"]), int(str(lot["steps"])))
        for draft in undone
        for lot in tables(draft.body["added"])
    ]
    need_held(task, known, record, account, fill.quantity)
    order = known.orders.get(fill.order) if account == record.account else None
    price = StepPrice.of(fill.price, known.steps[record.instrument])
    drafts: list[Draft] = []
    for one, completes in _for_order(fill, order, price):
        draft = booked(task, known, record, account, one, named, completes=completes)
        known = fold(sealed([draft], known.head), known)
        drafts.append(draft)
    return drafts


def _for_order(fill: Fill, order: OrderRecord | None, price: StepPrice) -> list[tuple[Fill, bool]]:
    """A fill in one part or two: what its order has room for, and whether that completes it."""
    outside = replace(fill, order="")
    if order is None:
        return [(outside, False)]
    if order.order.quantity is None:
        left = (order.order.amount or 0) - order.filled_gross
        if abs(fill.gross - left) <= price.value(1) + 1:
            return [(replace(fill, gross=left), True)]
        return [(fill if fill.gross <= left else outside, False)]
    room = order.order.quantity + order.excess - order.filled
    if fill.quantity <= room:
        return [(fill, False)]
    if room <= 0:
        return [(outside, False)]
    first = replace(fill, quantity=room, gross=price.value(room))
    rest = replace(
        outside,
        id=f"{fill.id}+",
        quantity=fill.quantity - room,
        gross=fill.gross - first.gross,
        fees=0,
    )
    return [(first, False), (rest, False)]


def booked(
    task: Task,
    known: Folded,
    record: FillRecord,
    account: str,
    fill: Fill,
    named: Sequence[tuple[str, int]],
    *,
    completes: bool = False,
) -> Draft:
    """The entry of a trade; a sale takes the lots that are named first."""
    parts: Sequence[Relieved] = ()
    if record.side == "sell":
        found = relief(known, account, record.instrument, fill.quantity, named)
        assert found is not None, "what is not there is refused before"
        parts = found
    old = task.entry.body.get("lot") or f"{account}-{record.instrument}-{fill.on}"
    return events.filled(
        fill,
        account=account,
        instrument=record.instrument,
        side=record.side,
        relieved=parts,
        lot=name_again(str(old), known.lot_ids) if record.side == "buy" else None,
        completes=completes,
        at=task.at,
    )


def fill_again(known: Folded, account: str, fill: str) -> str:
    """The id of a fill that is booked anew in an account."""
    return name_again(fill, {id_ for name, id_ in known.fills if name == account})


def need_held(task: Task, known: Folded, record: FillRecord, account: str, steps: int) -> None:
    """Refuse to sell more than an account has."""
    there = known.positions.get((account, record.instrument), 0)
    if record.side == "sell" and there < steps:
        held = quantity_text(there, known.steps[record.instrument])
        raise RefusedError(
            f"{task.name} cannot be corrected so: {account} had {held} {record.instrument} to sell"
        )
