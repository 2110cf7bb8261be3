"""What a person booked wrongly, put right by new entries: nothing in the record is ever edited.

A trade is voided and booked anew with the facts as they were; cash and lots that came by a
statement are moved by the difference. What the record says afterwards is what it would say had the
right facts been booked at once; only lots that had to be made anew have another id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from trimtab.execution.correcting.cash import cash_drafts
from trimtab.execution.correcting.opening_lots import opening_drafts, sales_of
from trimtab.execution.correcting.splits import split_drafts
from trimtab.execution.correcting.task import Change, Task
from trimtab.execution.correcting.trades import trade_drafts
from trimtab.execution.correcting.transfers import transfer_drafts
from trimtab.ledger.chain import Draft, Entry, sealed
from trimtab.ledger.errors import FoldError
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import money_text

_CASH: Final[Mapping[str, int]] = {
    "deposited": 1,
    "withdrawn": -1,
    "interest_paid": 1,
    "fee_charged": -1,
    "dividend_paid": 1,
}
"""Entries that move nothing but cash, and in which direction."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What corrects an entry.

    Args:
        of: The entry that was wrong.
        drafts: What is added to the record.
        before: What is known without them.
        after: What is known with them.
        findings: What is noticed when they are booked, as cash below zero.
    """

    of: Entry
    drafts: tuple[Draft, ...]
    before: Folded
    after: Folded
    findings: tuple[Finding, ...]


def correction(
    entries: Sequence[Entry],
    folded: Folded,
    of: int,
    change: Change,
    *,
    again: bool = False,
    accounts: Collection[str],
    reason: str,
    on: date,
    at: str,
    settles: Callable[[date], date],
) -> Correction:
    """Entries that make the record say what really happened instead of what an entry says.

    Args:
        entries: The whole record.
        folded: What they fold to.
        of: The number of the entry that was wrong.
        change: What was different.
        again: A trade that was voided is booked after all.
        accounts: Accounts that are traded by hand: what a broker reports is corrected by it.
        reason: Why, for whoever reads the record.
        on: The day of the correction.
        at: The instant of the new entries.
        settles: The day on which a trade of a day settles.

    Raises:
        RefusedError: It cannot be corrected, or not so: it changes nothing, something that was
            booked later rests on it, or more would be sold than there is.
    """
    if not 1 <= of <= len(entries):
        raise RefusedError(f"there is no entry {of}: the record has {len(entries)}")
    task = Task(entries, folded, entries[of - 1], change, again, reason, on, at, settles)
    _need_sense(task, accounts)
    try:
        drafts = _drafts(task, accounts)
        after = fold(sealed(drafts, folded.head), folded)
    except FoldError as error:
        raise RefusedError(f"{task.name} cannot be corrected so: {error}") from None
    found = list(_noticed(folded, after))
    if task.entry.kind == "opened" and change.lot is not None:
        found += sales_of(list(task.later), change.lot, folded)
    return Correction(task.entry, tuple(drafts), folded, after, tuple(found))


def _need_sense(task: Task, accounts: Collection[str]) -> None:
    """Refuse what can be meant of no entry, whatever its kind."""
    change = task.change
    if task.again and (task.entry.seq not in task.folded.voided or task.entry.kind != "filled"):
        raise RefusedError(f"{task.name} is no trade that was voided: there is nothing to repeat")
    if change.void and change.named():
        raise RefusedError("what never happened has no other facts: void stands alone")
    if change.account is not None and change.account not in accounts:
        raise RefusedError(
            f"{change.account} is no account that is traded by hand: those are "
            f"{', '.join(sorted(accounts)) or 'none'}"
        )


def _drafts(task: Task, accounts: Collection[str]) -> list[Draft]:
    kind = task.entry.kind
    if kind == "filled":
        return trade_drafts(task, accounts)
    if kind in _CASH:
        return cash_drafts(task, _CASH[kind])
    if kind == "transferred":
        return transfer_drafts(task)
    if kind == "split":
        return split_drafts(task)
    if kind == "opened":
        return opening_drafts(task)
    raise RefusedError(
        f"{task.name} is `{kind}`: trades, cash that came or went, transfers, splits and the "
        "lots of the opening can be corrected"
    )


def _noticed(before: Folded, after: Folded) -> Iterator[Finding]:
    """What a reader should know of the end; what is so only half way is not worth a remark."""
    passing = ("cash-negative", "fill-after-final")
    for finding in after.findings[len(before.findings) :]:
        if finding.code not in passing:
            yield finding
    for account, cash in sorted(after.cash.items()):
        if cash < 0 and cash < before.cash.get(account, 0):
            message = (
                f"{account} has {money_text(cash)} after this, less than nothing: compare with the "
                "broker's statement"
            )
            yield Finding("cash-negative", account, message)
