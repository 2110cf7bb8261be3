"""What became of a plan: what counts from now on, and what its reader should know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from trimtab.engine.mandate import HOUSEHOLD
from trimtab.execution.application import Application
from trimtab.execution.sizing import short_at_limits
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry
from trimtab.ledger.folded import Folded, OrderRecord, state_at
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import money_text, quantity_text
from trimtab.model.orders import Order, OrderState
from trimtab.model.plan import Trade
from trimtab.model.settlement import payable_on
from trimtab.model.state import AcceptedPrice

Status = Literal["done", "already", "waiting", "halted", "unfilled", "superseded"]
"""How far a plan is.

`done`: carried out now. `already`: it was before. `waiting`: for tickets to be recorded, or for a
broker. `halted`: an account stands still until a person resumes it. `unfilled`: all orders are
over and none was filled, so nothing counts as done. `superseded`: a later plan was approved.
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan.

    Args:
        plan: Its id.
        status: How far it is.
        orders: Its orders with their states, in the plan's order.
        tickets: Orders that a person still has to trade.
        findings: What its reader should know.
        changed: Whether this run wrote anything.
        folded: Everything known now.
    """

    plan: str
    status: Status
    orders: tuple[OrderRecord, ...]
    tickets: tuple[Order, ...]
    findings: tuple[Finding, ...]
    changed: bool
    folded: Folded

    def with_findings(self, more: Iterable[Finding]) -> Applied:
        """The same with more to tell."""
        return replace(self, findings=(*self.findings, *more))


def conclude(run: Application) -> None:
    """When all orders are over: cash goes out, and what was decided counts from now on."""
    if _is_over(run):
        _pay_withdrawals(run)
        remember(run)


def remember(run: Application) -> None:
    """When all orders are over, what was decided counts from now on; no cash goes out."""
    if not _is_over(run):
        return
    is_idle = bool(run.parts) and not any(record.filled for record in run.records())
    if is_idle and not any(refused_again(run, target) for target in run.plan.periods):
        return
    written = _concluded(run)
    run.write([draft for draft in _conclusions(run) if _about(draft) not in written])


def _is_over(run: Application) -> bool:
    """Whether every order of the plan was made and is final, and no later plan was approved."""
    records = run.records()
    if run.is_superseded or len(records) < len(run.parts):
        return False
    return all(record.state.is_final for record in records)


def _concluded(run: Application) -> set[tuple[str, str]]:
    """What the plan left behind already: it is not said again, whatever prices say by now."""
    written = {_about(entry) for entry in run.entries[_approved_at(run) :]}
    if any(kind in ("period_acted", "target_adopted") for kind, _ in written):
        # Prices are the first that is written, if there were any to believe.
        written.add(("prices_accepted", ""))
    return written


def _about(one: Draft | Entry) -> tuple[str, str]:
    """What an entry concludes: its kind, and the target it is of."""
    return one.kind, str(one.body.get("target", ""))


def _pay_withdrawals(run: Application) -> None:
    """Book the cash that goes out, where it is there, on the day on which it has settled."""
    for account in sorted(run.request.withdrawals):
        amount = run.withdrawal_pending(account)
        there = run.folded.cash.get(account, 0)
        if not amount:
            continue
        if there < amount:
            message = (
                f"the withdrawal of {money_text(amount)} from {account} is not booked: it has "
                f"{money_text(there)}"
            )
            run.note("withdrawal-short", account, message, "error")
            continue
        moving = state_at(run.folded, run.plan.as_of).memory.unsettled
        on = payable_on(there, moving, account, amount, since=run.plan.as_of)
        if on > run.plan.as_of:
            message = (
                f"the withdrawal of {money_text(amount)} from {account} is paid on {on}, when "
                "what was sold for it settles"
            )
            run.note("withdrawal-settles", account, message, "info")
        ref = f"{run.plan.id}/withdrawal"
        run.write([events.withdrawn(account, amount, on=on, ref=ref, at=run.at())])


def _conclusions(run: Application) -> list[Draft]:
    """What carrying out the plan leaves behind in memory."""
    plan, at = run.plan, run.at()
    drafts = []
    if not run.parts or any(record.filled for record in run.records()):
        believed = _believed(run)
        if believed:
            drafts.append(events.prices_accepted(believed, at=at))
    for target, period in sorted(plan.periods.items()):
        if _acted(run, target) is not False or refused_again(run, target):
            drafts.append(events.period_acted(target, period, on=plan.as_of, at=at))
    for target, weights in sorted(plan.adopted.items()):
        # A trigger that leads to no trade is no rebalance.
        if _acted(run, target):
            accounts = _accounts_of(run, target)
            drafts.append(
                events.target_adopted(target, weights, accounts=accounts, on=plan.as_of, at=at)
            )
    return drafts


def _accounts_of(run: Application, target: str) -> list[str]:
    """The accounts that follow a target of their own, or the household's."""
    accounts = run.venue.mandate.household.accounts.values()
    return [a.id for a in accounts if target == (HOUSEHOLD if a.shares_target else a.id)]


def _acted(run: Application, target: str) -> bool | None:
    """Whether a target was rebalanced: all its orders taken, and some filled; None: none planned.

    An order that was refused leaves the look open, so that the next plan says what is still due.
    """
    accounts = _accounts_of(run, target)
    records = [r for r in run.records() if r.order.account in accounts]
    if any(record.state is OrderState.REJECTED for record in records):
        return False
    return any(record.filled for record in records) if records else None


def refused_again(run: Application, target: str) -> bool:
    """Whether an order of a target that was refused had been refused since its last look.

    Refused once, the look stays open, for somebody to mend the reason. Refused again it is used up:
    a policy that looks once a month would otherwise trade the rest at every session
    (docs/decisions/0016).
    """
    looked = 0
    for entry in run.entries:
        if entry.kind == "period_acted" and entry.body.get("target") == target:
            looked = entry.seq
    accounts = _accounts_of(run, target)
    now, before = set(), set()
    for record in run.folded.orders.values():
        order = record.order
        if record.state is not OrderState.REJECTED or order.account not in accounts:
            continue
        kind = (order.account, order.instrument, order.side)
        if order.plan == run.plan.id:
            now.add(kind)
        elif record.seq > looked:
            before.add(kind)
    return bool(now & before)


def _believed(run: Application) -> dict[str, AcceptedPrice]:
    """The prices of the plan's day that were believed, of what is held or was traded."""
    value = run.valuation()
    held = {instrument for _, instrument in run.folded.positions}
    held |= {part.trade.instrument for part in run.parts}
    quotes = run.venue.market.quotes
    return {
        name: AcceptedPrice(price, quotes[name].on)
        for name, price in sorted(value.prices.items())
        if name in held and name not in value.frozen and name in quotes
    }


def _approved_at(run: Application) -> int:
    """Where in the record the plan was approved."""
    for place in range(len(run.entries) - 1, -1, -1):
        entry = run.entries[place]
        if entry.kind == "approved" and entry.body.get("plan") == run.plan.id:
            return place
    raise AssertionError("a plan is approved before it is carried out")


def outcome(run: Application) -> Applied:
    """What became of the plan so far."""
    records = run.records()
    status = _status(run, records)
    findings = [
        *run.findings,
        *_shortfalls(run, records),
        *_flows(run, status, records),
        *_beyond_cash(run),
    ]
    return Applied(
        plan=run.plan.id,
        status=status,
        orders=tuple(records),
        tickets=tuple(record.order for record in run.tickets()),
        findings=tuple(dict.fromkeys(findings)),
        changed=run.changed,
        folded=run.folded,
    )


def _status(run: Application, records: Sequence[OrderRecord]) -> Status:
    if run.is_superseded:
        return "superseded" if run.changed else "already"
    accounts = {part.trade.account for part in run.parts}
    is_open = len(records) < len(run.parts) or not all(r.state.is_final for r in records)
    if is_open and any(run.folded.is_halted(account) for account in accounts):
        return "halted"
    if is_open:
        return "waiting"
    if not run.changed:
        return "already"
    if run.parts and not any(record.filled for record in records):
        return "unfilled"
    return "done"


def _flows(run: Application, status: Status, records: Sequence[OrderRecord]) -> Iterator[Finding]:
    """Which deposits of the plan are booked, whatever becomes of it, and what is not paid out."""
    is_filled = all(record.state is OrderState.FILLED for record in records)
    if status == "already" and is_filled:
        return
    is_over = len(records) == len(run.parts) and all(r.state.is_final for r in records)
    is_cut = run.is_superseded or (is_over and not is_filled)
    corrected = {e.body.get("of") for e in run.entries if e.kind == "corrected"}
    for entry in run.entries:
        is_own = entry.kind == "deposited" and entry.body.get("ref") == f"{run.plan.id}/deposit"
        if not is_own or entry.seq in corrected:
            continue
        account, amount = str(entry.body["account"]), str(entry.body["amount"])
        stays = "stays booked although not all of the plan was traded" if is_cut else "is booked"
        message = (
            f"the deposit of {amount} into {account} {stays} (entry {entry.seq}); if it did not "
            f"come in: `trimtab ledger correct {entry.seq} --void --reason TEXT`"
        )
        yield Finding("deposit-booked", account, message, "warning" if is_cut else "info")
    for account in sorted(run.request.withdrawals):
        pending = run.withdrawal_pending(account)
        if pending and not any(one.code == "withdrawal-short" for one in run.findings):
            until = "" if is_cut else " yet; it is when all orders of the plan are over"
            message = f"the withdrawal of {money_text(pending)} from {account} is not booked{until}"
            yield Finding("withdrawal-waits", account, message, "info")


def _beyond_cash(run: Application) -> list[Finding]:
    """Tickets whose prices may move further than the cash reaches."""
    return [
        Finding(
            "tickets-short",
            account,
            f"if all tickets of {account} are traded at their limits, {money_text(short)} of cash "
            "is missing: sell first, then buy fewer units",
            "info",
        )
        for account, short in short_at_limits(run).items()
    ]


def _shortfalls(run: Application, records: Sequence[OrderRecord]) -> list[Finding]:
    """Where less was ordered or filled than planned, and why."""
    found = []
    for record in records:
        order, trade = record.order, run.trades[record.order.id]
        name = f"{order.side} {order.instrument} in {order.account}"
        cut = _cut(order, trade)
        if cut:
            message = f"{name}: {cut}, because the sells brought less cash than planned"
            found.append(Finding("buy-cut", order.id, message))
        if record.state in (OrderState.REJECTED, OrderState.CANCELLED):
            filled = quantity_text(record.filled, trade.step) if record.filled else "nothing"
            why = f" ({record.message.rstrip('.')})" if record.message else ""
            message = f"{name} was {record.state.value} with {filled} of it traded{why}"
            found.append(Finding(f"order-{record.state.value}", order.id, message))
    is_over = len(records) == len(run.parts) and all(r.state.is_final for r in records)
    if is_over and found and not run.is_superseded:
        message = f"not all of plan {run.plan.id} was traded: `trimtab plan --now` plans the rest"
        refused = {r.order.account for r in records if r.state is OrderState.REJECTED}
        targets = [t for t in run.plan.periods if refused & set(_accounts_of(run, t))]
        if targets and all(_is_used_up(run, target) for target in targets):
            message += (
                " once the reason is mended; what was refused had been refused before, so the look "
                "is used up all the same and nothing is due until the next"
            )
        elif refused:
            message += (
                " once the reason is mended; where an order was refused its look is not used up, "
                "so `trimtab plan` finds it due still, once"
            )
        else:
            message += " now, else it waits until something is due again"
        found.append(Finding("plan-unfinished", run.plan.id, message))
    return found


def _is_used_up(run: Application, target: str) -> bool:
    """Whether the look of a target that this plan was made for counts as done."""
    return run.folded.periods_acted.get(target, "") >= run.plan.periods[target]


def _cut(order: Order, trade: Trade) -> str:
    """How much less than planned was ordered; empty when it was all."""
    if order.quantity is not None and order.quantity < trade.quantity:
        ordered = quantity_text(order.quantity, trade.step)
        return f"{ordered} ordered instead of {quantity_text(trade.quantity, trade.step)}"
    if order.amount is not None and order.amount < (trade.amount or 0):
        return f"{money_text(order.amount)} ordered instead of {money_text(trade.amount or 0)}"
    return ""
