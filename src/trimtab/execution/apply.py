"""Carrying out a plan, exactly once: a procedure that can be killed anywhere and run again.

Nothing is remembered outside the record and the broker. Each run reads both, does the next thing
that is not done yet, and writes down what it is about to do before it does it. Here are its steps;
each has a file of its own beside this one, and all work on an `Application`.
"""

from __future__ import annotations

from datetime import date

from trimtab.execution.application import Application
from trimtab.execution.approval import approve
from trimtab.execution.following import follow_brokers
from trimtab.execution.outcome import Applied, conclude, outcome
from trimtab.execution.sending import send_orders
from trimtab.ledger import events


def carry_out(
    run: Application, *, by: str, today: date | None = None, whole: bool = False
) -> Applied:
    """Carry out a plan, or go on where an earlier run was stopped: each step not done yet.

    Args:
        run: The plan, what it was made with, and where it is carried out.
        by: Who approved it.
        today: The plan must not be older than one session before this day; None: of any age.
        whole: Refuse a plan of which the gate is certain to refuse a part.

    Raises:
        RefusedError: It may not be carried out; nothing was written.
        LedgerError: The record cannot be written, or somebody else is writing it.
    """
    approve(run, by, today=today, whole=whole)
    book_deposits(run)
    follow_brokers(run)
    send_orders(run)
    conclude(run)
    return outcome(run)


def book_deposits(run: Application) -> None:
    """Deposits that the plan counted on are in; withdrawals leave when the trades are done."""
    for account, amount in sorted(run.request.deposits.items()):
        ref = f"{run.plan.id}/deposit"
        if amount > 0 and (account, ref) not in run.folded.refs and not run.is_superseded:
            run.write([events.deposited(account, amount, on=run.plan.as_of, ref=ref, at=run.at())])
