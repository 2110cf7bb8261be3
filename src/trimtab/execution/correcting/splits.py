"""A split that was booked wrongly: what it multiplied is there again as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from trimtab.execution.correcting.lots import name_again, root
from trimtab.execution.correcting.reading import minor
from trimtab.execution.correcting.task import Task
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.events import relieved_part
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.numbers import quantity_text


def split_drafts(task: Task) -> list[Draft]:
    """Takes a split back, and books it at the ratio that it had.

    What it multiplied gets the very steps and basis that it had before; so nothing of it may have
    changed hands since, or have been counted anew.
    """
    task.need_only("ratio")
    instrument = str(task.entry.body["instrument"])
    is_voided = task.entry.seq in task.folded.voided
    if is_voided and task.change.void:
        raise RefusedError(f"{task.name} was voided before")
    for known in task.folded.splits if is_voided else ():
        if known[:2] == (instrument, date.fromisoformat(str(task.entry.body["on"]))):
            raise RefusedError(
                f"{task.name} was corrected before, and is booked anew as entry {known[-1]}: "
                "correct that one"
            )
    if not is_voided and all(known[-1] != task.entry.seq for known in task.folded.splits):
        raise RefusedError(f"{task.name} repeats an earlier one and changed nothing")
    booked = Fraction(int(str(task.entry.body["new"])), int(str(task.entry.body["old"])))
    if task.change.ratio == booked and not is_voided:
        raise task.nothing_changes()
    _need_untouched(task, instrument)
    drafts = [] if is_voided else [_taken_back(task, instrument)]
    if task.change.ratio is not None:
        drafts.append(_booked(task, instrument, task.change.ratio, drafts))
    return drafts


def _need_untouched(task: Task, instrument: str) -> None:
    """Refuse where something that was booked since rests on the split."""
    for order in task.folded.orders.values():
        if order.order.instrument == instrument and not order.state.is_final:
            raise RefusedError(
                f"an order in {instrument} is open: record what was traded of it, or close it, "
                f"before {task.name} is corrected"
            )
    fills = (
        fill.seq
        for fill in task.folded.fills.values()
        if fill.instrument == instrument and not fill.voided
    )
    transfers = (seq for seq, name, _ in task.folded.transfers if name == instrument)
    since = sorted({s for s in (*fills, *transfers) if s > task.entry.seq} - task.folded.voided)
    if since:
        told = ", ".join(str(seq) for seq in since)
        raise RefusedError(
            f"{instrument} was traded or moved since {task.name} (entry {told}): take that back "
            f"first, the newest first (trimtab ledger correct {since[-1]} --void), correct this "
            "one, then book the trades again (trimtab ledger correct ENTRY --again)"
        )


def _taken_back(task: Task, instrument: str) -> Draft:
    """The entry after which the lots are what they were before the split."""
    before = fold(task.entries[: task.entry.seq - 1])
    after = fold([task.entry], before)
    now = [lot for lot in task.folded.lots.values() if lot.instrument == instrument]
    if _in_all(after, instrument) != _in_all(task.folded, instrument):
        raise RefusedError(
            f"what {task.name} split is not what it was then any more: correct or void what was "
            f"booked of {instrument} since, the newest first"
        )
    added: list[Lot] = []
    for lot in before.lots.values():
        if lot.instrument == instrument:
            taken = (*task.folded.lot_ids, *(one.id for one in added))
            added.append(_named(lot, name_again(lot.id, taken)))
    paid = task.entry.body["cash_in_lieu"]
    assert isinstance(paid, Mapping), "an entry that was folded is well formed"
    draft = task.corrected(
        cash={account: -minor(amount) for account, amount in paid.items()},
        removed=[relieved_part(lot, lot.quantity) for lot in now],
        added=added,
        voids=True,
    )
    _need_exact(task, instrument, before, fold(sealed([draft], task.folded.head), task.folded))
    return draft


def _named(lot: Lot, name: str) -> Lot:
    return Lot(name, lot.account, lot.instrument, lot.quantity, lot.acquired, lot.basis)


def _in_all(folded: Folded, instrument: str) -> dict[object, tuple[int, int]]:
    """Steps and basis by what a lot is, whatever corrections called it."""
    found: dict[object, tuple[int, int]] = {}
    for lot in folded.lots.values():
        if lot.instrument == instrument:
            key = (root(lot.id), lot.account, lot.acquired, lot.basis is None)
            steps, basis = found.get(key, (0, 0))
            found[key] = (steps + lot.quantity, basis + (lot.basis or 0))
    return found


def _need_exact(task: Task, instrument: str, before: Folded, after: Folded) -> None:
    """Refuse where sales and purchases before the split cannot be counted back exactly."""
    for was, is_now in (
        (dict(_sold(before, instrument)), dict(_sold(after, instrument))),
        (dict(_bought(before, instrument)), dict(_bought(after, instrument))),
    ):
        if any(was.get(key, steps) != steps for key, steps in is_now.items()):
            raise RefusedError(
                f"{task.name} rounded earlier trades of {instrument} to steps, so it cannot be "
                "taken back exactly: bring the record to the broker's statement with "
                "`trimtab import`"
            )


def _sold(folded: Folded, instrument: str) -> Iterator[tuple[tuple[int, str], int]]:
    counts: dict[int, int] = {}
    for booked in folded.sales:
        if booked.sale.instrument == instrument:
            counts[booked.seq] = counts.get(booked.seq, 0) + 1
            yield (booked.seq, str(counts[booked.seq])), booked.sale.quantity


def _bought(folded: Folded, instrument: str) -> Iterator[tuple[tuple[int, str], int]]:
    for purchase in folded.purchases:
        if purchase.lot.instrument == instrument:
            yield (purchase.seq, purchase.lot.id), purchase.lot.quantity


def _booked(task: Task, instrument: str, ratio: Fraction, undone: list[Draft]) -> Draft:
    """The split at the ratio that it really had."""
    known = fold(sealed(undone, task.folded.head), task.folded)
    new, old = ratio.numerator, ratio.denominator
    for (account, name), steps in sorted(known.positions.items()):
        if name == instrument and steps * new % old:
            held = quantity_text(steps, known.steps[instrument])
            raise RefusedError(
                f"{ratio} for 1 leaves {account} a part of a step of its {held} {instrument}, and "
                "nobody says what cash it got for that: void the entry, write the split into the "
                "price file, and `trimtab import` a statement with the new quantity"
            )
    on = date.fromisoformat(str(task.entry.body["on"]))
    return events.split(instrument, new=new, old=old, on=on, at=task.at)
