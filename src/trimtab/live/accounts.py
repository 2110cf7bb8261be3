"""What is booked of an account beside its trades: cash that comes and goes, halts."""

from __future__ import annotations

from datetime import date

from trimtab.engine.mandate import HOUSEHOLD
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.ledger.folded import Folded
from trimtab.live.observed import ObservedBook
from trimtab.live.venue import need_one_record
from trimtab.live.writing import need_account, now_text, user_name, write, write_alone
from trimtab.model.errors import RefusedError
from trimtab.model.numbers import money_text


def deposit(book: ObservedBook, account: str, amount: int, *, on: date | None = None) -> Folded:
    """Book cash that came in, minor units."""
    return _cash(book, account, amount, on, came_in=True)


def withdraw(book: ObservedBook, account: str, amount: int, *, on: date | None = None) -> Folded:
    """Book cash that went out, minor units."""
    return _cash(book, account, amount, on, came_in=False)


def halt(book: ObservedBook, scope: str, reason: str) -> Folded:
    """No new order leaves an account, or any account for `household`, until somebody resumes it."""
    _need_scope(book, scope)
    return write_alone(book, events.halted(scope, reason=reason, at=now_text(book)))


def resume(book: ObservedBook, scope: str, *, reason: str, by: str = "") -> Folded:
    """End a halt: a person looked, and says why it may go on."""
    _need_scope(book, scope)
    if scope not in book.folded().halted:
        raise RefusedError(f"{scope} is not halted")
    user = by or user_name()
    return write_alone(book, events.resumed(scope, by=user, reason=reason, at=now_text(book)))


def _cash(
    book: ObservedBook, account: str, amount: int, on: date | None, *, came_in: bool
) -> Folded:
    need_account(book, account)
    need_one_record(book)
    if amount <= 0:
        raise RefusedError("an amount is above zero; deposit and withdraw say the direction")
    day = on or book.as_of()

    def drafts(folded: Folded) -> list[Draft]:
        there = folded.cash.get(account, 0)
        if not came_in and there < amount:
            raise RefusedError(
                f"{account} has {money_text(there)}, so {money_text(amount)} cannot have left it: "
                "plan a withdrawal to raise it"
            )
        make = events.deposited if came_in else events.withdrawn
        return [make(account, amount, on=day, at=now_text(book))]

    return write(book, drafts)


def _need_scope(book: ObservedBook, scope: str) -> None:
    known = [HOUSEHOLD, *book.portfolio.household.accounts]
    if scope not in known:
        raise RefusedError(f"{scope} is no account: known are {', '.join(known)}")
