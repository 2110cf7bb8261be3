"""Money that comes to and leaves simulated accounts: deposits, withdrawals, fees and tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.ledger import events
from trimtab.ledger.events import instant_text
from trimtab.ledger.record import record
from trimtab.model.findings import Finding
from trimtab.model.market import Market
from trimtab.model.numbers import money_text
from trimtab.model.plan import Plan
from trimtab.model.state import State
from trimtab.simulate.accounts.cash import together
from trimtab.simulate.accounts.desk import Desk
from trimtab.simulate.accounts.flows import Unpaid, affordable, shared_out
from trimtab.simulate.accounts.settled import Leaving, is_settled, leaving
from trimtab.simulate.accounts.tape import Tape


def take_flows(desk: Desk, market: Market) -> dict[str, int]:
    """The fee of a session, booked, and what is to go, noted; then what comes to accounts."""
    if desk.flows is None:
        return {}
    place, at = len(desk.dates), instant_text(desk.clock.now())
    worth = desk.by_account()
    fees = shared_out(desk.flows.fee_at(place, sum(worth.values())), worth)
    there = {a: fee for a, fee in fees.items() if is_settled(desk.folded, a, fee, market.as_of)}
    drafts = [
        events.fee_charged(account, fee, on=market.as_of, ref=f"fee-{market.as_of}", at=at)
        for account, fee in there.items()
    ]
    desk.fees_paid += sum(there.values())
    # A fee for which something has to be sold leaves as a withdrawal does.
    desk.unpaid += [
        Unpaid(account, market.as_of, fee, "fee")
        for account, fee in fees.items()
        if account not in there
    ]
    worth = {account: own - fees.get(account, 0) for account, own in worth.items()}
    moved = desk.flows.at(place, worth)
    come = {account: minor for account, minor in moved.items() if minor > 0}
    desk.unpaid += [
        Unpaid(account, market.as_of, -minor) for account, minor in moved.items() if minor < 0
    ]
    if desk.flows.is_held and come:
        drafts += [
            events.deposited(account, own, on=market.as_of, ref=f"flow-{market.as_of}", at=at)
            for account, own in come.items()
        ]
        desk.paid_in += sum(come.values())
        _move(desk, sum(come.values()))
        come = {}
    if drafts:
        desk.folded = record(desk.store, desk.folded, drafts)
    return come


def tax_due(desk: Desk, state: State, market: Market, request: Request) -> dict[str, int]:
    """What accounts pay of the tax that is due."""
    day = market.as_of
    owed = desk.tax.payable(day) if desk.pay_tax else {}
    due = [Unpaid(account, day, amount, "tax") for account, amount in owed.items()]
    paid = {o.account: o.amount for o in _raisable(desk, due, {}, state, market, request)}
    for one in due:
        if one.account not in paid:
            message = (
                f"the tax of {money_text(one.amount)} that {one.account} owes could not be "
                f"paid on {day}: too little in it could be sold. It stays owed, and "
                "is tried again every session"
            )
            desk.findings.append(Finding("tax-unpaid", one.account, message))
    return paid


def withdrawals_due(
    desk: Desk, tax: Mapping[str, int], state: State, market: Market, request: Request
) -> list[Unpaid]:
    """What accounts pay of the withdrawals that are due, beside their tax."""
    if not desk.unpaid:
        return []
    worth = together(desk.by_account(), request.deposits)
    return _raisable(desk, affordable(desk.unpaid, worth, tax), tax, state, market, request)


def _raisable(
    desk: Desk,
    wanted: Sequence[Unpaid],
    already: Mapping[str, int],
    state: State,
    market: Market,
    request: Request,
) -> list[Unpaid]:
    """Of what is to leave accounts, what can be raised today beside what already can.

    One account that cannot pay must not keep the others from paying, nor from trading; where
    one cannot pay all, its largest debt waits first.
    """
    asked = [*wanted]
    while asked:
        wish = together(already, *({one.account: one.amount} for one in asked))
        plan = decide(state, desk.mandate, market, market.as_of, replace(request, withdrawals=wish))
        short = {finding.subject for finding in plan.findings if finding.code == "cash-short"}
        accounts = dict.fromkeys(one.account for one in asked)
        cannot = [id_ for id_ in accounts if id_ in short] or [
            id_ for id_ in accounts if plan.cash_after.get(id_, 0) < 0
        ]
        if not cannot:
            break
        for account in cannot:
            own = (one for one in asked if one.account == account)
            asked.remove(max(own, key=lambda one: one.amount))
    return asked


def note_payments(
    desk: Desk,
    tape: Tape,
    plan: Plan,
    *,
    tax: Mapping[str, int],
    come: Mapping[str, int],
    go: Sequence[Unpaid],
    leaves: Mapping[str, date],
) -> None:
    """Remember what came and what leaves, and whether a plan only moved cash.

    Args:
        desk: The household.
        tape: The sessions.
        plan: What was carried out.
        tax: What was to be paid of tax, by account.
        come: What came, by account.
        go: What else was to leave.
        leaves: The day on which what a plan takes out of an account leaves it; none where it could
            not be raised.
    """
    refs, place = desk.folded.refs, len(desk.dates)
    for one in [*(Unpaid(id_, plan.as_of, own, "tax") for id_, own in tax.items()), *go]:
        if one.account in leaves:
            _leave(desk, leaving(one, tape.days, decided=place, on=leaves[one.account]), tape)
    arrived = sum(own for id_, own in come.items() if (id_, f"{plan.id}/deposit") in refs)
    desk.paid_in += arrived
    _move(desk, arrived)
    traded = bool(desk.plans) and desk.plans[-1].id == plan.id
    if traded and not plan.adopted:
        (desk.for_tax if tax and not (come or go) else desk.for_cash).append(plan.id)


def release(desk: Desk) -> None:
    """What has settled by this session leaves its account."""
    place = len(desk.dates)
    for one in [one for one in desk.leaving if one.place <= place]:
        desk.leaving.remove(one)
        _gone(desk, one.what)


def _leave(desk: Desk, one: Leaving, tape: Tape) -> None:
    """What was raised leaves now, or when what was sold for it has settled."""
    what = one.what
    day = tape.days[one.place] if one.place < len(tape) else one.on
    if what.kind == "tax":
        desk.tax.paid(what.account, due=one.decided, on=day)
    else:
        desk.unpaid.remove(what)
        if what.on != one.decided and what.kind == "withdrawal":
            desk.late.append((what, day))
    if one.place > len(desk.dates):
        desk.leaving.append(one)
        desk.settled.append(one)
    else:
        _gone(desk, what)


def _gone(desk: Desk, what: Unpaid) -> None:
    """Count what has left."""
    if what.kind == "fee":
        desk.fees_paid += what.amount
    if what.kind == "withdrawal":
        desk.paid_out += what.amount
        _move(desk, -what.amount)


def _move(desk: Desk, moved: int) -> None:
    """What comes, below zero goes, at this session."""
    if moved:
        place = len(desk.dates)
        desk.moved[place] = desk.moved.get(place, 0) + moved
