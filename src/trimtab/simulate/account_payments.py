"""Money that comes to and leaves simulated accounts: deposits, withdrawals, fees and tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
from trimtab.simulate.account_cash import together
from trimtab.simulate.account_desk import Desk
from trimtab.simulate.account_flows import Unpaid, affordable, shared_out


def take_flows(desk: Desk, market: Market) -> dict[str, int]:
    """The fee of a session, booked, and what is to go, noted; then what comes to accounts."""
    if desk.flows is None:
        return {}
    place, at = len(desk.dates), instant_text(desk.clock.now())
    worth = desk.by_account()
    fees = shared_out(desk.flows.fee_at(place, sum(worth.values())), worth)
    drafts = [
        events.fee_charged(account, fee, on=market.as_of, ref=f"fee-{market.as_of}", at=at)
        for account, fee in fees.items()
    ]
    desk.fees_paid += sum(fees.values())
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
        desk.moved[place] = sum(come.values())
        desk.paid_in += desk.moved[place]
        come = {}
    if drafts:
        desk.folded = record(desk.store, desk.folded, drafts)
    return come


def tax_due(desk: Desk, state: State, market: Market, request: Request) -> dict[str, int]:
    """What accounts pay of the tax that is due."""
    day = market.as_of
    owed = desk.tax.payable(day) if desk.pay_tax else {}
    due = [Unpaid(account, day, amount) for account, amount in owed.items()]
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
    plan: Plan,
    market: Market,
    tax: Mapping[str, int],
    come: Mapping[str, int],
    go: Sequence[Unpaid],
) -> None:
    """Remember what came and what left, and whether a plan only moved cash."""
    refs, place = desk.folded.refs, len(desk.dates)
    owing = {*tax, *(one.account for one in go)}
    left = {account for account in owing if (account, f"{plan.id}/withdrawal") in refs}
    for account in tax:
        if account in left:
            desk.tax.paid(account, on=market.as_of)
    paid = [one for one in go if one.account in left]
    for one in paid:
        desk.unpaid.remove(one)
        if one.on != market.as_of:
            desk.late.append((one, market.as_of))
    arrived = sum(own for id_, own in come.items() if (id_, f"{plan.id}/deposit") in refs)
    gone = sum(one.amount for one in paid)
    desk.paid_in += arrived
    desk.paid_out += gone
    if moved := arrived - gone:
        desk.moved[place] = desk.moved.get(place, 0) + moved
    traded = bool(desk.plans) and desk.plans[-1].id == plan.id
    if traded and not plan.adopted:
        (desk.for_tax if tax and not (come or go) else desk.for_cash).append(plan.id)
