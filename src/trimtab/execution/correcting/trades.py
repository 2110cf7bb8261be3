"""A trade that was booked wrongly: taken back, and booked anew as it was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from trimtab.execution.correcting.lots import lots_of, need_same_steps, root
from trimtab.execution.correcting.reading import parts
from trimtab.execution.correcting.rebooking import (
    booked,
    fill_again,
    need_held,
    rebooked,
)
from trimtab.execution.correcting.task import Task
from trimtab.execution.correcting.undoing import undone
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import FillRecord
from trimtab.model.errors import RefusedError
from trimtab.model.numbers import StepPrice
from trimtab.model.orders import Fill


def trade_drafts(task: Task, accounts: Collection[str]) -> list[Draft]:
    """Corrects a trade in one of the accounts that are traded by hand."""
    change = task.change
    record = next((f for f in task.folded.fills.values() if f.seq == task.entry.seq), None)
    if record is None:
        raise RefusedError(f"{task.name} repeats an earlier one and changed nothing")
    if record.account not in accounts:
        raise RefusedError(
            f"{task.name} is what a broker reported of {record.account}: it reports corrections, "
            "too"
        )
    need_same_steps(task, record.instrument, record if record.voided else None)
    if record.voided:
        return [_booked_after_all(task, record)]
    task.need_only("price", "quantity", "fees", "account", "on")
    fill = None if change.void else _as_it_was(task, record)
    if fill is not None and fill == record.fill and change.account in (None, record.account):
        raise task.nothing_changes()
    drafts = [undone(task, record, fill)]
    if fill is not None:
        drafts += rebooked(task, record, fill, drafts)
    return drafts + _closed(task, record, drafts)


def _as_it_was(task: Task, record: FillRecord) -> Fill:
    """The fill with the facts put right."""
    change, old = task.change, record.fill
    quantity = task.steps(record.instrument, old.quantity)
    price = old.price if change.price is None else change.price
    same = (quantity, price.decimal) == (old.quantity, old.price.decimal)
    step = task.folded.steps[record.instrument]
    on = old.on if change.on is None else change.on
    if on < (task.folded.opened_on or on):
        raise RefusedError(f"{on} is before the record begins, on {task.folded.opened_on}")
    return replace(
        old,
        quantity=quantity,
        price=old.price if same else price,
        gross=old.gross if same else StepPrice.of(price, step).value(quantity),
        fees=old.fees if change.fees is None else change.fees,
        on=on,
        settles=old.settles if on == old.on else task.settles(on),
    )


def _closed(task: Task, record: FillRecord, drafts: Sequence[Draft]) -> list[Draft]:
    """An order that was over stays over, though less of it was traded than was thought."""
    order = task.folded.orders.get(record.fill.order)
    if order is None or not order.state.is_final:
        return []
    after = fold(sealed(drafts, task.folded.head), task.folded)
    if after.orders[record.fill.order].state.is_final:
        return []
    message = f"{task.name} was corrected, and nothing more is traded of it"
    return [events.order_cancelled(record.fill.order, message=message, at=task.at)]


def _booked_after_all(task: Task, record: FillRecord) -> Draft:
    """A trade that was taken back; a crash between taking back and booking leaves that, too."""
    _need_not_booked(task, record)
    # It takes the lots that it took, by whatever name they have now.
    taken = parts(task.entry.body["relieved"])
    named = [(lot.id, part.steps) for part in taken for lot in lots_of(task, part.lot, record)]
    account = task.change.account or record.account
    fill = _as_it_was(task, record)
    fill = replace(fill, id=fill_again(task.folded, account, record.fill.id))
    order = task.folded.orders.get(fill.order)
    room = 0 if order is None else (order.order.quantity or 0) + order.excess - order.filled
    if account != record.account or fill.quantity > room:
        fill = replace(fill, order="")
    need_held(task, task.folded, record, account, fill.quantity)
    return booked(task, task.folded, record, account, fill, named)


def _need_not_booked(task: Task, record: FillRecord) -> None:
    """Refuse to book a trade twice, or without being told that it happened after all."""
    for other in task.folded.fills.values():
        if not other.voided and root(other.fill.id) == root(record.fill.id):
            raise RefusedError(
                f"{task.name} was corrected before, and is booked anew as entry {other.seq}: "
                "correct that one"
            )
    if task.change.void:
        raise RefusedError(f"{task.name} was voided before")
    if not task.again:
        raise RefusedError(
            f"{task.name} was voided before; it can be booked after all", remedy="again"
        )
