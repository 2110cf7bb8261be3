"""One session after another of a simulated household, decided and carried out."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import date

from trimtab.engine.decide import decide, wants_plan
from trimtab.engine.follow import NOT_ASKED, on_day
from trimtab.engine.mandate import Request
from trimtab.engine.quiet import next_look
from trimtab.engine.worth import stood
from trimtab.ledger.events import instant_text
from trimtab.ledger.record import record
from trimtab.model.market import Market
from trimtab.model.sessions import Period
from trimtab.model.state import State
from trimtab.simulate.accounts.cash import (
    PaidDividend,
    at_open,
    before_it_came,
    by_account,
    dividends_in,
    together,
)
from trimtab.simulate.accounts.desk import Desk
from trimtab.simulate.accounts.ended import mandate_without
from trimtab.simulate.accounts.findings import in_a_backtest
from trimtab.simulate.accounts.flows import sessions_without
from trimtab.simulate.accounts.payments import (
    note_payments,
    release,
    take_flows,
    tax_due,
    withdrawals_due,
)
from trimtab.simulate.accounts.quiet import quiet_worth
from trimtab.simulate.accounts.tape import Tape
from trimtab.simulate.accounts.trades import NEVER, carry_out_plan, hear, pay_out, reinvest
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import EVERY


def session(desk: Desk, tape: Tape, request: Request) -> None:
    """One session: splits and dividends, the decision, its orders, the value at the close."""
    market = tape.market(len(desk.dates))
    desk.clock.day = market.as_of
    desk.read_prices(tape)
    release(desk)
    _earn(desk, market)
    paid = _book_actions(desk, market)
    pay_out(desk, market)
    _move_target(desk, market)
    _trade_waiting(desk, market)
    if paid and desk.terms.dividends == "reinvest":
        reinvest(desk, paid, market)
    spend = by_account(paid) if desk.terms.dividends == "towards-target" else {}
    come = take_flows(desk, market)
    ready = desk.prepared(market)
    # What prices alone cannot change is looked at again at the next session.
    desk.is_booked = all(draft.kind == "actions_booked" for draft in ready.drafts)
    head = desk.folded.head.hash if desk.folded.head.seq else ""
    state = ready.state(market.as_of, head=head)
    request = replace(request, deposits=come)
    tax = tax_due(desk, state, market, request)
    go = withdrawals_due(desk, tax, state, market, request)
    request = replace(request, withdrawals=together(tax, *({o.account: o.amount} for o in go)))
    # Dividends that are spent at once are decided on as a deposit, and are in cash already.
    seen = before_it_came(state, spend)
    asked = replace(request, deposits=together(come, spend))
    waits = desk.terms.trade_at != "close" and not request.now
    mandate = replace(desk.mandate, when=NEVER) if waits else desk.mandate
    looks = not waits and _looks(desk, tape, state)
    if looks or wants_plan(seen, mandate, market, market.as_of, asked):
        plan = decide(seen, mandate, market, market.as_of, asked)
        hear(desk, plan)
        if plan.trades or plan.periods or request.withdrawals or request.deposits:
            leaves = carry_out_plan(desk, plan, state, market, request)
            note_payments(desk, tape, plan, tax=tax, come=come, go=go, leaves=leaves)
    if waits:
        _decide_for_later(desk, tape, market)
    now = desk.folded if desk.folded.head.seq else ready.folded
    worth = {
        key: [desk.prices[key[1]].value(steps) if key[1] in desk.prices else 0]
        for key, steps in now.positions.items()
    }
    desk.note([market.as_of], worth, now.cash)


def pass_over(desk: Desk, tape: Tape) -> None:
    """The sessions from here on at which surely nothing happens: no more than their worth."""
    start = len(desk.dates)
    if start == len(tape) or not desk.is_booked or desk.waiting is not None:
        return
    due = desk.tax.next_due() if desk.pay_tax else None
    for every in _found_anew(desk):
        # A new finding is looked at on its day, whatever the policy asks for.
        marks = tape.sessions.marks(every)
        anew = bisect_right(marks, marks[start - 1])
        found = tape.days[anew] if anew < len(tape) else None
        due = min((day for day in (due, found) if day is not None), default=None)
    moves = desk.flows.next_after(start - 1) if desk.flows else None
    later = [one.place for one in desk.ends if one.place >= start]
    later += desk.interest.next_from(start) if desk.interest else []
    later += [one.place for one in desk.leaving if one.place < len(tape)]
    # What is asked for in the end is told of the last session.
    if any(_is_asked_when_it_looks(desk, mover) for mover in desk.movers.values()):
        later.append(len(tape) - 1)
    for place in [*later, *([] if moves is None else [moves])]:
        due = min(tape.days[place], due or date.max)
    quiet = quiet_worth(tape, start, folded=desk.folded, mandate=desk.mandate, due=due)
    count = quiet.count
    if desk.unpaid:
        count = sessions_without(desk.unpaid, quiet.worth, desk.folded.cash, count)
    if count:
        worth = {key: own[:count].tolist() for key, own in quiet.worth.items()}
        desk.note(tape.days[start : start + count], worth, desk.folded.cash)
        desk.read_prices(tape, len(desk.dates) - 1)


def _move_target(desk: Desk, market: Market) -> None:
    """The mandate of a session; a target that asks what is held is told at its prices."""
    rules = {owner: mover.target for owner, mover in desk.movers.items()}
    known = NOT_ASKED
    if any(rule.of_one_book for rule in rules.values()):
        state = desk.prepared(market).state(market.as_of, head=desk.folded.head.hash)
        known = stood(state, desk.mandate, market, Request(), rules)
    moved = on_day(
        desk.mandate,
        market.as_of,
        desk.folded.adopted,
        movers=desk.movers,
        watch=desk.watch,
        stood=known,
    )
    place = len(desk.dates)
    desk.mandate = mandate_without(
        moved, {one.instrument for one in desk.ends if one.place <= place}
    )


def _looks(desk: Desk, tape: Tape, state: State) -> bool:
    """Whether the calendar lets the policy look today, so that there is a plan to remember."""
    if desk.mandate.when.calendar is None or state.memory.open_orders:
        return False
    return next_look(state, desk.mandate, tape.sessions.marks) <= len(desk.dates)


def _decide_for_later(desk: Desk, tape: Tape, market: Market) -> None:
    """What the policy asks for at a close that is traded at the next session."""
    ready = desk.prepared(market)
    state = ready.state(market.as_of, head=desk.folded.head.hash)
    seen = state
    if desk.terms.trade_at == "next-open" and desk.dates:
        # What was traded at this session's open is looked at anew at its close.
        on = {
            name: desk.dates[-1] if day == market.as_of else day
            for name, day in state.memory.rebalanced_on.items()
        }
        seen = replace(state, memory=replace(state.memory, rebalanced_on=on))
    day = market.as_of
    if not (_looks(desk, tape, seen) or wants_plan(seen, desk.mandate, market, day)):
        return
    plan = decide(seen, desk.mandate, market, day)
    hear(desk, plan)
    if plan.trades:
        desk.waiting = plan
    elif plan.periods:
        carry_out_plan(desk, plan, state, market, Request())


def _trade_waiting(desk: Desk, market: Market) -> None:
    """Act on what was decided at the last close, by a plan at the prices of this session."""
    decided, desk.waiting = desk.waiting, None
    if decided is None:
        return
    goes_on = any(plan.id == decided.id for plan in desk.plans[-1:])
    if desk.terms.trade_at == "next-open":
        assert desk.opens is not None, "there are opens to trade at"
        market = at_open(market, desk.opens(market.as_of))
    request = Request(now=True)
    state = desk.prepared(market).state(market.as_of, head=desk.folded.head.hash)
    plan = decide(state, desk.mandate, market, market.as_of, request)
    hear(desk, plan)
    # The period that was looked at is that of the close: this session's own is still to come.
    plan = replace(plan, periods=decided.periods)
    carry_out_plan(desk, plan, state, market, request)
    if goes_on:
        desk.carried.append(plan.id)


def _earn(desk: Desk, market: Market) -> None:
    """Count what cash earned since the last close, and book it at a month's end."""
    if desk.interest is None or not desk.dates:
        return
    desk.interest.earn(desk.folded.cash, market.as_of)
    if len(desk.dates) in desk.interest.places:
        drafts = desk.interest.book(market.as_of, at=instant_text(desk.clock.now()))
        if drafts:
            desk.folded = record(desk.store, desk.folded, drafts)


def _found_anew(desk: Desk) -> set[Period]:
    """At the end of which periods targets are found, or estimates made, anew."""
    found = {
        mover.target.every
        for mover in desk.movers.values()
        if not _is_asked_when_it_looks(desk, mover)
    }
    if desk.watch is not None and desk.mandate.when.needs_prices:
        found.add(EVERY)
    return found


def _is_asked_when_it_looks(desk: Desk, mover: Mover) -> bool:
    """Whether a floor's target, another one at every close, only counts when the policy looks.

    A calendar says when that is, and bands and drift go by the target last adopted.
    """
    when = desk.mandate.when
    if mover.target.cppi is None or when.needs_prices:
        return False
    return when.never or when.calendar is not None or mover.owner in desk.folded.adopted


def _book_actions(desk: Desk, market: Market) -> list[PaidDividend]:
    """Write splits and dividends on their day, so that the record never lags behind prices."""
    count = len(market.splits) + len(market.dividends)
    if count == desk.actions and desk.folded.head.seq:
        return []
    desk.actions = count
    ready = desk.prepared(market)
    desk.findings.extend(map(in_a_backtest, ready.findings))
    desk.folded = record(desk.store, desk.folded, ready.drafts)
    paid = dividends_in(ready.drafts)
    desk.dividends_paid += sum(one.amount for one in paid)
    return paid
