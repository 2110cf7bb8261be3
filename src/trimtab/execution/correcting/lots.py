"""Which lots an entry is about, by whatever name they have now, and what rests on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from trimtab.execution.correcting.reading import tables
from trimtab.execution.correcting.task import Task
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Entry
from trimtab.ledger.folded import FillRecord
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError

AGAIN: Final = "~c"
"""Between the id of a fill or lot and the number of its correction."""


def root(name: str) -> str:
    """The id that a fill or lot had before it was made anew."""
    return name.partition(AGAIN)[0]


def name_again(name: str, taken: Collection[str]) -> str:
    """The id of something that is made anew: the old one and a number that is free."""
    number = 2
    while f"{root(name)}{AGAIN}{number}" in taken:
        number += 1
    return f"{root(name)}{AGAIN}{number}"


def joined(lot: Lot, steps: int, basis: int | None) -> Lot:
    """A lot with more of the same in it."""
    known = None if lot.basis is None or basis is None else lot.basis + basis
    return replace(lot, quantity=lot.quantity + steps, basis=known)


def lots_of(task: Task, lot: str, record: FillRecord) -> list[Lot]:
    """What is there of a lot, by whatever name corrections gave it."""
    return [
        held
        for held in task.folded.lots.values()
        if root(held.id) == root(lot)
        and (held.account, held.instrument) == (record.account, record.instrument)
    ]


def touched(task: Task, lot: str) -> int:
    """The newest later entry by which something happened to a lot, or will; 0 for none.

    What was taken back since does not count, and neither does its taking back.
    """
    for later in reversed(task.later):
        if later.seq in task.folded.voided or later.kind == "order_intended":
            continue
        if not later.body.get("voids") and root(lot) in _roots(later):
            return later.seq
    for record in task.folded.orders.values():
        if any(root(name) == root(lot) for name, _ in record.lots_left):
            return record.seq
    return 0


def _roots(entry: Entry) -> set[str]:
    """The lots to which an entry does something, by the ids that they had first."""
    named: list[Json] = [entry.body["lot"]] if entry.kind == "basis_adjusted" else []
    for key in ("relieved", "lots", "removed"):
        value = entry.body.get(key)
        named += [item["lot"] for item in tables(value)] if isinstance(value, list) else []
    return {root(str(name)) for name in named}


def need_same_steps(task: Task, instrument: str, again: FillRecord | None = None) -> None:
    """What was traded before a split is counted otherwise now; on its day and since it is not."""
    for later in task.later:
        is_split = later.kind == "split" and later.body.get("instrument") == instrument
        if is_split and again is not None and str(later.body["on"]) <= again.fill.on.isoformat():
            continue
        if later.kind in ("split", "declared") and later.body.get("instrument") == instrument:
            raise RefusedError(
                f"{instrument} is counted anew since {task.name} (entry {later.seq}, "
                f"{later.kind}): bring the record to the broker's statement with `trimtab import`"
            )
