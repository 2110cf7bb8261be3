"""Taking a trade back: its money, and what it did to lots."""

from __future__ import annotations

from trimtab.execution.correcting.lots import joined, lots_of, name_again, root, touched
from trimtab.execution.correcting.reading import parts
from trimtab.execution.correcting.task import Task
from trimtab.ledger.chain import Draft
from trimtab.ledger.events import Relieved, relieved_part
from trimtab.ledger.folded import FillRecord
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.orders import Fill


def undone(task: Task, record: FillRecord, fill: Fill | None) -> Draft:
    """The entry that takes a trade back.

    Args:
        task: What is to be corrected.
        record: The trade as it was booked.
        fill: As it really was; None if it never happened.
    """
    cash = {record.account: -record.moved}
    if record.side == "buy":
        removed = [relieved_part(lot, lot.quantity) for lot in _bought(task, record)]
        return task.corrected(cash=cash, removed=removed, voids=True)
    is_same = (
        fill is not None
        and fill.quantity == record.fill.quantity
        and task.change.account in (None, record.account)
    )
    removed, added = _unsold(task, record, is_sold_again=is_same)
    return task.corrected(cash=cash, removed=removed, added=added, voids=True)


def _bought(task: Task, record: FillRecord) -> list[Lot]:
    """What a purchase brought, which has to be there whole and as it was bought."""
    name = str(task.entry.body["lot"])
    held = lots_of(task, name, record)
    paid = record.fill.gross + record.fill.fees
    is_whole = (
        sum(lot.quantity for lot in held) == record.fill.quantity
        and sum(lot.basis or 0 for lot in held) == paid
        and all(lot.acquired == record.fill.on for lot in held)
    )
    seq = touched(task, name)
    if is_whole and not seq:
        return held
    rests = f"entry {seq} rests on it" if seq else "it is not what was bought any more"
    remedy = (
        f": take that back first (trimtab ledger correct {seq} --void), correct this one, then "
        f"book it again (trimtab ledger correct {seq} --again)"
        if seq and task.entries[seq - 1].kind == "filled"
        else ""
    )
    raise RefusedError(f"lot {name} of {task.name} cannot be changed: {rests}{remedy}")


def _unsold(
    task: Task, record: FillRecord, *, is_sold_again: bool
) -> tuple[list[Relieved], list[Lot]]:
    """What is taken out, and the lots that are there again; each whole, if it was so before."""
    removed: list[Relieved] = []
    added: dict[str, Lot] = {}
    sales = [booked.sale for booked in task.folded.sales if booked.seq == task.entry.seq]
    for part, sale in zip(parts(task.entry.body["relieved"]), sales, strict=True):
        first = root(part.lot)
        # One lot again, if nothing else happened to it; a part that is sold again at once is not.
        if first in added and not is_sold_again:
            added[first] = joined(added[first], part.steps, part.basis)
            continue
        name = name_again(part.lot, (*task.folded.lot_ids, *(lot.id for lot in added.values())))
        back = Lot(name, record.account, record.instrument, part.steps, sale.acquired, part.basis)
        if not is_sold_again and not touched(task, part.lot):
            for rest in lots_of(task, part.lot, record):
                removed.append(relieved_part(rest, rest.quantity))
                back = joined(back, rest.quantity, rest.basis)
        added[name if is_sold_again else first] = back
    return removed, list(added.values())
