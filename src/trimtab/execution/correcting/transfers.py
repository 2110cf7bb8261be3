"""Lots or cash that a statement brought in or took out, put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trimtab.execution.correcting.cash import (
    corrected_since,
    corrections_of,
    fresh,
    moved_otherwise,
)
from trimtab.execution.correcting.lots import name_again, need_same_steps, touched
from trimtab.execution.correcting.reading import minor, parts, tables
from trimtab.execution.correcting.task import Task
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft
from trimtab.ledger.events import Relieved, relieved_part
from trimtab.ledger.fold import fold
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError


def transfer_drafts(task: Task) -> list[Draft]:
    """Corrects a transfer from outside or to outside."""
    body = task.entry.body
    if body["from"] is not None and body["to"] is not None:
        raise RefusedError(f"{task.name} is between two accounts: transfer it back")
    lots = tables(body["lots"])
    account, sign = str(body["to"] or body["from"]), 1 if body["from"] is None else -1
    amount = sign * minor(body["amount"])
    if not lots:
        task.need_only("amount", "account")
        return moved_otherwise(task, account, amount, sign)
    now = corrected_since(task, {account: amount})
    if body["from"] is not None:
        task.need_only()
        return [_taken_back(task, now, added=_returned(task))]
    task.need_only("quantity", "basis", "acquired", "account")
    held = _held(task, lots)
    removed = [relieved_part(lot, lot.quantity) for lot in held]
    if task.change.void:
        return [_taken_back(task, now, removed=removed)]
    (lot,) = held
    return [task.corrected(cash={}, removed=removed, added=[_as_it_was(task, lot)], voids=False)]


def _taken_back(
    task: Task,
    now: Mapping[str, int],
    *,
    removed: Sequence[Relieved] = (),
    added: Sequence[Lot] = (),
) -> Draft:
    """The entry after which it is as if the transfer had never been."""
    cash = {name: -amount for name, amount in now.items()}
    return task.corrected(
        cash=cash, removed=removed, added=added, new_cash=fresh(task, cash), voids=True
    )


def _held(task: Task, lots: Sequence[Mapping[str, Json]]) -> list[Lot]:
    """What came in, as it is now; nothing may have happened to it but corrections of this."""
    names = [str(lot["lot"]) for lot in lots]
    own = corrections_of(task)
    for later in own:
        removed = {str(lot["lot"]) for lot in tables(later.body["removed"])}
        if removed:
            names = [name for name in names if name not in removed]
            names += [str(lot["lot"]) for lot in tables(later.body["added"])]
    if not task.change.void and len(names) != 1:
        raise RefusedError(
            f"{task.name} brought in {len(names)} lots: it can be voided, and imported again"
        )
    held = []
    for name in names:
        lot, seq = task.folded.lots.get(name), touched(task, name)
        rests = seq and seq not in {entry.seq for entry in own}
        if lot is None or rests:
            why = f"entry {seq} rests on it" if rests else "it is not there any more"
            raise RefusedError(f"lot {name} of {task.name} cannot be changed: {why}")
        held.append(lot)
    need_same_steps(task, held[0].instrument)
    return held


def _as_it_was(task: Task, lot: Lot) -> Lot:
    """The lot that came in with the facts put right, under a name of its own."""
    change = task.change
    right = replace(
        lot,
        account=change.account or lot.account,
        quantity=task.steps(lot.instrument, lot.quantity),
        basis=lot.basis if change.basis is None else change.basis,
        acquired=lot.acquired if change.acquired is None else change.acquired,
    )
    if right == lot:
        raise task.nothing_changes()
    return replace(right, id=name_again(lot.id, task.folded.lot_ids))


def _returned(task: Task) -> list[Lot]:
    """What a statement took out by mistake, with the days on which it was bought."""
    before = fold(task.entries[: task.entry.seq - 1])
    added: list[Lot] = []
    for part in parts(task.entry.body["lots"]):
        lot = before.lots[part.lot]
        need_same_steps(task, lot.instrument)
        name = name_again(part.lot, (*task.folded.lot_ids, *(one.id for one in added)))
        added.append(replace(lot, id=name, quantity=part.steps, basis=part.basis))
    return added
