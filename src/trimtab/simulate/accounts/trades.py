"""How a simulated household trades: a plan, carried out as a person would, on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from trimtab.engine.aim import targets
from trimtab.engine.decide import AVOID_WASH, decide
from trimtab.engine.mandate import Request
from trimtab.execution.application import Application, Venue
from trimtab.execution.apply import carry_out
from trimtab.execution.brokers import MemoryBroker, PaperTerms, without_volume
from trimtab.execution.gate import Limits
from trimtab.execution.outcome import Applied
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import Folded, OrderRecord
from trimtab.ledger.record import record
from trimtab.model.errors import UnbookedError
from trimtab.model.findings import Finding
from trimtab.model.market import Market
from trimtab.model.numbers import StepPrice
from trimtab.model.orders import OrderState
from trimtab.model.plan import Plan
from trimtab.model.policy import parse_when
from trimtab.model.state import State
from trimtab.simulate.accounts.cash import PaidDividend, reinvesting
from trimtab.simulate.accounts.desk import Desk
from trimtab.simulate.accounts.ended import ended_said, paid_out
from trimtab.simulate.accounts.filled import as_filled
from trimtab.simulate.accounts.findings import listed_late
from trimtab.simulate.accounts.volume import OF_VOLUME

NEVER = parse_when("never")
"""A policy that lets everything be: what is done beside it."""

ENDLESS = 2**60
"""Simulated days pass in milliseconds: the throttle on orders a minute has nothing to say."""

_ONLY_REAL = ("deposit-booked", "withdrawal-settles")
"""What only a real record is to be told: which entry to void, on which later day money leaves."""


def _simulated(plan: Plan) -> Iterator[Finding]:
    """What a plan has to say, without what to leave out of it: it is history already."""
    for one in plan.findings:
        is_wash = one.code == "wash-sale-possible"
        yield replace(one, message=one.message.partition(AVOID_WASH)[0]) if is_wash else one


def hear(desk: Desk, plan: Plan) -> None:
    """Keep what a plan has to say; that it may not decide is told once, in the end."""
    for one in _simulated(plan):
        if one.code == "prices-refused":
            desk.undecided.note(plan.as_of, one)
        elif one.code == "missing-price" and one.subject in desk.listed:
            desk.findings.append(listed_late(one.subject, desk.listed[one.subject]))
        else:
            desk.findings.append(one)


def pay_out(desk: Desk, market: Market) -> None:
    """Turn what has no price from this session on into cash, before anything else."""
    for end in desk.ends:
        if end.place != len(desk.dates):
            continue
        id_ = end.instrument
        lots = [lot for lot in desk.folded.lots.values() if lot.instrument == id_]
        roots = [root for _, root, _ in targets(desk.mandate)]
        desk.findings.append(ended_said(end, market.as_of, roots, is_held=bool(lots)))
        if not lots:
            continue
        state = desk.prepared(market).state(market.as_of, head=desk.folded.head.hash)
        still = replace(desk.mandate, when=NEVER)
        plan, drafts = paid_out(
            decide(state, still, market, market.as_of),
            end,
            lots,
            mandate=desk.mandate,
            sleeve=desk.place_of.get(id_, ""),
            on=market.as_of,
            at=instant_text(desk.clock.now()),
        )
        desk.folded = record(desk.store, desk.folded, drafts)
        desk.tax.sold(plan)
        desk.plans.append(plan)
        desk.for_cash.append(plan.id)


def reinvest(desk: Desk, paid: Sequence[PaidDividend], market: Market) -> None:
    """Buy more of what paid, for what it paid, beside all that the policy does."""
    ready = desk.prepared(market)
    state = ready.state(market.as_of, head=desk.folded.head.hash)
    still = replace(desk.mandate, when=NEVER)
    plan = reinvesting(
        decide(state, still, market, market.as_of),
        paid,
        market,
        instruments=desk.mandate.household.instruments,
        costs=desk.mandate.costs,
        place_of=desk.place_of,
    )
    if plan.trades:
        carry_out_plan(desk, plan, state, market, Request())
        desk.for_cash.append(plan.id)


def carry_out_plan(
    desk: Desk, plan: Plan, state: State, market: Market, request: Request
) -> dict[str, date]:
    """Apply a plan as a person would, on paper brokers that fill at this close.

    Returns:
        The day on which what is withdrawn leaves each account; without those that could not pay.
    """
    terms = _terms(desk, market)
    broker = MemoryBroker(terms, lambda: run.folded)
    accounts = desk.mandate.household.accounts
    venue = Venue(
        store=desk.store,
        clock=desk.clock,
        mandate=desk.mandate,
        market=market,
        opening=desk.opening,
        brokers=dict.fromkeys(accounts, broker),
        limits=replace(Limits(), minute_orders=ENDLESS, plan_orders=ENDLESS),
        paper=frozenset(accounts),
        fresh_brokers=True,
    )
    before = _worth(desk, desk.folded, market)
    run = Application(plan, request, venue, known=desk.folded, decided_from=state)
    begun = len(run.entries)
    applied = carry_out(run, by="backtest")
    desk.folded = applied.folded
    _need_booked(applied, accounts, market.as_of)
    by_volume = desk.terms.participation is not None or bool(terms.usual)
    silent = (*_ONLY_REAL, *(OF_VOLUME if by_volume else ()))
    desk.findings += [one for one in applied.findings if one.code not in silent]
    desk.findings.extend(without_volume(terms, broker.orders.values()))
    impact = desk.volume.note(broker.orders, broker.events, terms) if by_volume else {}
    if desk.terms.participation is not None:
        desk.volume.traded(broker.orders, broker.events, terms)
    if desk.terms.participation is not None and plan.adopted and _is_cut(applied.orders):
        desk.waiting = plan
    plan = as_filled(plan, applied.orders, venue, impact)
    desk.tax.sold(plan)
    desk.good_faith.note(plan, desk.folded)
    if plan.trades:
        desk.plans.append(plan)
        desk.orders.extend(broker.orders.values())
        if before > 0:
            traded = sum(trade.value for trade in plan.trades)
            desk.turnover.append(traded / (2 * before))
    return {
        str(entry.body["account"]): date.fromisoformat(str(entry.body["on"]))
        for entry in run.entries[begun:]
        if entry.kind == "withdrawn"
    }


def _need_booked(applied: Applied, accounts: Iterable[str], day: date) -> None:
    """Make sure that all is in the record: an account that is halted would trade no more.

    Raises:
        UnbookedError: Something could not be booked; what comes after it means nothing.
    """
    halted = [name for name in accounts if applied.folded.is_halted(name)]
    if not halted:
        return
    reasons = [one.message for one in applied.findings if one.severity == "error"]
    reason = (reasons or ["its broker and its record differ"])[0]
    raise UnbookedError(
        f"the run stopped on {day}, and has no results: {', '.join(halted)} was halted, since "
        f"{reason.removesuffix('.')}. Correct the prices of that day where they are wrong; where "
        "they are right, please report it"
    )


def _terms(desk: Desk, market: Market) -> PaperTerms:
    """What the paper brokers of a session trade by."""
    volumes = None
    if desk.participation is not None and desk.volumes is not None:
        volumes = desk.volume.left(desk.volumes(market.as_of), market.as_of, desk.participation)
    return PaperTerms.of(
        desk.mandate,
        market,
        volumes=volumes,
        participation=desk.participation,
        exchange=desk.exchange,
        usual={} if desk.usual is None else desk.usual(market.as_of),
        costs=desk.costs,
    )


def _is_cut(orders: Sequence[OrderRecord]) -> bool:
    """Whether the broker left something of an order undone at the end of the day."""
    return any(record.state is OrderState.CANCELLED for record in orders)


def _worth(desk: Desk, folded: Folded, market: Market) -> int:
    """What is held is worth at a market's prices, or else the newest."""
    instruments, held = desk.mandate.household.instruments, 0
    for (_, id_), steps in folded.positions.items():
        quote = market.quotes.get(id_)
        if quote is not None and quote.price is not None and quote.on == market.as_of:
            held += StepPrice.of(quote.price, instruments[id_].step).value(steps)
        elif id_ in desk.prices:
            held += desk.prices[id_].value(steps)
    return held + sum(folded.cash.values())
