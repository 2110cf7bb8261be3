"""Cash that came or went otherwise than an entry says: it is moved by the difference."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.execution.correcting.reading import items, minor
from trimtab.execution.correcting.task import Task
from trimtab.ledger.chain import Draft, Entry
from trimtab.model.errors import RefusedError


def cash_drafts(task: Task, sign: int) -> list[Draft]:
    """Corrects an entry that moves nothing but cash, into the account or (-1) out of it."""
    task.need_only("amount", "account")
    if any(
        finding.subject == task.name and finding.code == "repeated-ref"
        for finding in task.folded.findings
    ):
        raise RefusedError(f"{task.name} repeats an earlier one and changed nothing")
    body = task.entry.body
    withheld = minor(body.get("withheld", "0.00"))
    booked = sign * (minor(body["amount"]) - withheld)
    return moved_otherwise(task, str(body["account"]), booked, sign, withheld=withheld)


def moved_otherwise(
    task: Task, account: str, booked: int, sign: int, *, withheld: int = 0
) -> list[Draft]:
    """Moves cash to where it really went, and as much as it really was.

    Args:
        task: What is to be corrected.
        account: Where the entry says that it came or went.
        booked: How much it says, signed.
        sign: 1 for cash that came, -1 for cash that went.
        withheld: What was withheld of the amount and never came.
    """
    change, now = task.change, corrected_since(task, {account: booked})
    wanted: dict[str, int] = {}
    if not change.void:
        (place,) = [name for name, amount in now.items() if amount] or [account]
        amount = now.get(place, 0)
        if change.amount is not None:
            if change.amount <= withheld:
                least = "what was withheld of it" if withheld else "zero"
                raise RefusedError(
                    f"an amount is above {least}; void what never happened", remedy="void"
                )
            amount = sign * (change.amount - withheld)
        wanted = {change.account or place: amount}
    cash = {name: wanted.get(name, 0) - now.get(name, 0) for name in {*now, *wanted}}
    if not any(cash.values()):
        raise task.nothing_changes()
    return [task.corrected(cash=cash, new_cash=fresh(task, cash), voids=change.void)]


def corrected_since(task: Task, booked: Mapping[str, int]) -> dict[str, int]:
    """What an entry comes to by account, with all that corrected it since."""
    if task.entry.seq in task.folded.voided:
        raise RefusedError(f"{task.name} was voided before")
    now = dict(booked)
    for later in corrections_of(task):
        moved = later.body["cash"]
        assert isinstance(moved, dict), "an entry that was folded is well formed"
        for account, amount in moved.items():
            now[account] = now.get(account, 0) + minor(amount)
    return now


def corrections_of(task: Task) -> list[Entry]:
    """The entries that corrected this one before."""
    return [
        later
        for later in task.later
        if later.kind == "corrected" and later.body["of"] == task.entry.seq
    ]


def fresh(task: Task, cash: Mapping[str, int]) -> dict[str, int]:
    """What of moved cash is new to the policy: a rebalance since then counts from zero."""
    adopted = {
        account
        for later in task.later
        if later.kind == "target_adopted"
        for account in items(later.body["accounts"])
    }
    return {name: amount for name, amount in cash.items() if name not in adopted}
