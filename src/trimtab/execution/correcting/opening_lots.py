"""A lot of the opening statement whose cost or day was wrong: what is left of it, put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from trimtab.execution.correcting.lots import name_again, root
from trimtab.execution.correcting.reading import tables
from trimtab.execution.correcting.task import Task
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft, Entry
from trimtab.ledger.events import relieved_part
from trimtab.ledger.folded import Folded
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.numbers import half_even

_TOLD = 8
"""So many lots are named where none was."""


def opening_drafts(task: Task) -> list[Draft]:
    """Takes out what is left of a lot, and puts it in with the cost and day that it had.

    A basis is that of the whole lot as it was opened: what is left of it gets its part.
    """
    if task.change.void:
        raise RefusedError(f"{task.name} is the opening: it cannot be void; correct a lot of it")
    item = _item(task)
    task.need_only("lot", "basis", "acquired")
    if task.change.basis is None and task.change.acquired is None:
        raise RefusedError("say what was different of the lot: its basis, or its day acquired")
    name, instrument = str(item["lot"]), str(item["instrument"])
    held = [lot for lot in task.folded.lots.values() if _is_of(lot, name, instrument)]
    if not held:
        raise RefusedError(f"lot {name} is not there any more: nothing of it is left to correct")
    for later in task.later:
        if later.kind == "basis_adjusted" and root(str(later.body["lot"])) == root(name):
            raise RefusedError(
                f"the basis of lot {name} was adjusted since (entry {later.seq}): it cannot be "
                "corrected below that"
            )
    whole = Fraction(int(str(item["steps"]))) * _times(task, instrument)
    right: list[Lot] = []
    up_to = done = 0
    for lot in held:
        basis = lot.basis
        if task.change.basis is not None:
            up_to += lot.quantity
            share = Fraction(up_to) / whole
            basis = half_even(task.change.basis * share.numerator, share.denominator) - done
            done += basis
        acquired = lot.acquired if task.change.acquired is None else task.change.acquired
        right.append(replace(lot, basis=basis, acquired=acquired))
    if right == held:
        raise task.nothing_changes()
    taken = set(task.folded.lot_ids)
    added = []
    for lot in right:
        added.append(replace(lot, id=name_again(lot.id, taken)))
        taken.add(added[-1].id)
    removed = [relieved_part(lot, lot.quantity) for lot in held]
    return [task.corrected(cash={}, removed=removed, added=added, voids=False)]


def sales_of(later: list[Entry], lot: str, folded: Folded) -> Iterator[Finding]:
    """Sales of a lot that were booked at the cost that was wrong."""
    sold = [
        entry.seq
        for entry in later
        if entry.kind == "filled"
        and entry.seq not in folded.voided
        and any(root(str(part["lot"])) == root(lot) for part in tables(entry.body["relieved"]))
    ]
    if sold:
        told = ", ".join(str(seq) for seq in sold)
        message = (
            f"part of lot {lot} is sold (entry {told}) and its gain keeps the cost and day that "
            "were booked: only what is left is corrected. For the tax return count that sale anew"
        )
        yield Finding("sold-at-old-basis", lot, message)


def _item(task: Task) -> Mapping[str, Json]:
    items = tables(task.entry.body["lots"])
    for item in items:
        if task.change.lot is not None and root(task.change.lot) == str(item["lot"]):
            return item
    names = [str(item["lot"]) for item in items]
    told = ", ".join(names[:_TOLD]) + (", ..." if len(names) > _TOLD else "")
    wrong = "say which lot" if task.change.lot is None else f"there is no lot {task.change.lot}"
    raise RefusedError(
        f"{task.name} is the opening: its lots can get another basis or day acquired, and "
        f"{wrong} (--lot). Its lots: {told or 'none'}"
    )


def _is_of(lot: Lot, name: str, instrument: str) -> bool:
    return root(lot.id) == root(name) and lot.instrument == instrument


def _times(task: Task, instrument: str) -> Fraction:
    """Today's steps for one step of the opening: by a finer step, and by splits since."""
    steps = task.entries[0].body["instruments"]
    assert isinstance(steps, Mapping), "an entry that was folded is well formed"
    now = task.folded.steps[instrument]
    then = Decimal(str(steps.get(instrument, now)))
    times = Fraction(then) / Fraction(now)
    for name, _, new, old, _ in task.folded.splits:
        if name == instrument:
            times *= Fraction(new, old)
    return times
