"""The decision: from state, policy, market and day to a plan. Same arguments, same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from trimtab.engine import explain
from trimtab.engine.aim import Aim, aims, drift, drift_now
from trimtab.engine.destination import destination
from trimtab.engine.due import Due, due
from trimtab.engine.finish import Finished, finish
from trimtab.engine.left_alone import left_alone
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.onward import settled
from trimtab.engine.problem import problem
from trimtab.engine.tidy import tidied
from trimtab.engine.value import Valuation, valuation
from trimtab.engine.walked import is_walkable
from trimtab.ledger.canonical import digest_of
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Market
from trimtab.model.numbers import money_text
from trimtab.model.plain import to_plain
from trimtab.model.plan import LeftAlone, Plan, Reading, SleeveRow, Trade
from trimtab.model.state import State
from trimtab.triggers.expected import worth_reading

AVOID_WASH = " To avoid it,"
"""How what a plan that washes a loss says begins to say what to leave out."""

NO_FLOWS = Request()


@dataclass(frozen=True, slots=True)
class _Part:
    """What was decided for one target."""

    aim: Aim
    due: Due
    trades: tuple[Trade, ...]
    rows: tuple[SleeveRow, ...]
    left_alone: tuple[LeftAlone, ...]
    findings: tuple[Finding, ...]
    drift_before: Fraction
    drift_after: Fraction
    cash_after: dict[str, int]
    gap: int


def decide(
    state: State, mandate: Mandate, market: Market, as_of: date, request: Request = NO_FLOWS
) -> Plan:
    """What to trade on a day, and why.

    Pure: reads nothing but its arguments, and the same arguments give the same plan, to the byte.

    Args:
        state: Open lots, cash and memory, as folded from the ledger.
        mandate: The household with its target, policy and costs.
        market: A snapshot of `as_of`; nothing in it is later.
        as_of: The session to decide for.
        request: Deposits, withdrawals and wishes for this one plan.

    Returns:
        The plan. It trades nothing when nothing is due, or when prices are not good enough.
    """
    assert market.as_of == as_of, "the market must be a snapshot of the day decided for"
    value = valuation(state, mandate, market, request)
    parts = [
        _decide_one(aim, state, mandate, market, value, request)
        for aim in aims(mandate, value, request)
    ]
    moved = [one for found in mandate.founds for one in found.findings]
    findings = [*value.findings, *moved, *_unassigned(state, parts)]
    if not market.calendar.covers(as_of):
        message = (
            f"the table of {market.calendar.name} sessions does not reach {as_of}: holidays are "
            "not known there, every weekday counts as a session"
        )
        findings.append(Finding("calendar-ends", market.calendar.name, message))
    for part in parts:
        findings.extend(part.findings)
    trades = sorted(
        (trade for part in parts for trade in part.trades),
        key=lambda trade: trade.side == "buy",
    )
    findings.extend(_washed(trades, state, mandate, as_of))
    draft = Plan(
        id="",
        household=mandate.household.name,
        currency=mandate.household.currency,
        as_of=as_of,
        state_head=state.head,
        inputs_hash=inputs_hash(state, mandate, market, request),
        due=any(part.due.scope != "nothing" for part in parts) and not value.refused,
        readings=tuple(reading for part in parts for reading in part.due.readings),
        trades=tuple(trades),
        sleeves=tuple(row for part in parts for row in part.rows),
        left_alone=tuple(note for part in parts for note in part.left_alone),
        findings=tuple(findings),
        drift_before={part.aim.name: part.drift_before for part in parts},
        drift_after={part.aim.name: part.drift_after for part in parts},
        cash_after={id_: cash for part in parts for id_, cash in part.cash_after.items()},
        cost=sum(trade.cost for trade in trades),
        tax=sum(trade.tax for trade in trades),
        gap=sum(part.gap for part in parts),
        periods={
            part.aim.name: part.due.period
            for part in parts
            if part.due.period and not value.refused
        },
        adopted={
            part.aim.name: {leaf.name: leaf.weight for leaf in part.aim.root.leaves()}
            for part in parts
            if part.due.scope == "full" and not value.refused
        },
        flows={
            id_: request.deposits.get(id_, 0) - request.withdrawals.get(id_, 0)
            for id_ in sorted({*request.deposits, *request.withdrawals})
        },
        found=mandate.found,
        found_own=mandate.found_own,
    )
    return replace(draft, id=f"{as_of.isoformat()}-{plan_hash(draft)[:6]}")


def wants_plan(
    state: State, mandate: Mandate, market: Market, as_of: date, request: Request = NO_FLOWS
) -> bool:
    """Whether `decide` would trade, look on the calendar, or have to report a refusal.

    The first three stages only: what a simulation asks on every session before it makes a plan.
    """
    assert market.as_of == as_of, "the market must be a snapshot of the day decided for"
    value = valuation(state, mandate, market, request)
    if value.refused:
        return True
    asked = (due(aim, mandate, state, market, request) for aim in aims(mandate, value, request))
    return any(part.scope != "nothing" or part.period for part in asked)


def is_due(
    state: State, mandate: Mandate, market: Market, as_of: date, request: Request = NO_FLOWS
) -> bool:
    """Whether a trigger, new cash, a withdrawal or the user asks for trades; nothing when refused.

    A look on the calendar that finds every sleeve inside its band asks for none.
    """
    assert market.as_of == as_of, "the market must be a snapshot of the day decided for"
    value = valuation(state, mandate, market, request)
    return not value.refused and any(
        due(aim, mandate, state, market, request).scope != "nothing"
        for aim in aims(mandate, value, request)
    )


def plan_hash(plan: Plan) -> str:
    """SHA-256 of a plan's canonical form, its id left out."""
    return digest_of(to_plain(replace(plan, id="")))


def inputs_hash(state: State, mandate: Mandate, market: Market, request: Request) -> str:
    """SHA-256 of all that a decision depends on: a plan whose inputs changed is stale.

    The calendar enters by its name: its table is part of the program.
    """
    quotes = {id_: to_plain(quote) for id_, quote in sorted(market.quotes.items())}
    inputs = {
        "state": to_plain(state),
        "mandate": _MANDATE.of(mandate),
        "request": to_plain(request),
        "as_of": market.as_of.isoformat(),
        "calendar": market.calendar.name,
        "quotes": quotes,
    }
    # Only where there is one: a plan that was saved before they were looked for is not stale.
    steps = {id_: to_plain(step) for id_, step in sorted(market.looked.items()) if step}
    if steps:
        inputs["steps"] = steps
    return digest_of(inputs)


class _PlainMandate:
    """The plain form of the mandate that was asked for last: a run has thousands of decisions."""

    def __init__(self) -> None:
        self._last: tuple[Mandate, Any] | None = None

    def of(self, mandate: Mandate) -> Any:
        """Its plain form; nobody may change it."""
        last = self._last
        if last is None or last[0] is not mandate:
            last = self._last = mandate, to_plain(mandate)
        return last[1]


_MANDATE = _PlainMandate()


def _decide_one(
    aim: Aim,
    state: State,
    mandate: Mandate,
    market: Market,
    value: Valuation,
    request: Request,
) -> _Part:
    asked = due(aim, mandate, state, market, request)
    part = _part(aim, asked, state, mandate, market, value, request)
    if not asked.worth:
        return part
    reading = _weighed(part, mandate)
    known = replace(asked, readings=(*asked.readings, reading), worth="")
    if asked.worth == "told" or reading.fired:
        return replace(part, due=replace(part.due, readings=known.readings))
    rest = replace(known, scope=asked.otherwise)
    return _part(aim, rest, state, mandate, market, value, request)


def _weighed(part: _Part, mandate: Mandate) -> Reading:
    """What the trades of a part are expected to gain in a year, against what they cost."""
    outlook, aim = mandate.outlook(part.aim.name), part.aim
    before = {leaf.name: aim.now(leaf) for leaf in aim.root.leaves()}
    after = {row.sleeve: row.after for row in part.rows if row.is_leaf}
    gain = (outlook.utility(after) - outlook.utility(before)) * max(aim.base, 0)
    cost = sum(trade.cost + trade.tax for trade in part.trades)
    times = mandate.when.worth
    assert times is not None, "the policy asks what trades are worth"
    return worth_reading(
        aim.name, gain=round(gain), cost=cost, times=times, outlook=outlook,
        trades=bool(part.trades),
    )  # fmt: skip


def _part(
    aim: Aim,
    asked: Due,
    state: State,
    mandate: Mandate,
    market: Market,
    value: Valuation,
    request: Request,
) -> _Part:
    """What is traded for what is due."""
    findings = list(asked.findings)
    scope = asked.scope
    if value.refused or aim.base <= 0:
        scope = "nothing"
    out = sum(request.withdrawals.get(id_, 0) for id_ in aim.accounts)
    if aim.base <= 0 and out and not value.refused:
        asking = ", ".join(id_ for id_ in aim.accounts if request.withdrawals.get(id_))
        message = (
            f"a withdrawal of {money_text(out)} is more than {aim.name} holds beyond its cash "
            f"buffer ({money_text(aim.base + out)}): nothing is planned; withdraw less"
        )
        findings.append(Finding("cash-short", asking, message, "error"))
    elif aim.base <= 0 and not value.refused:
        message = (
            f"there is nothing to divide: the accounts hold {money_text(aim.base)} beyond the "
            "cash buffer and withdrawals"
        )
        findings.append(Finding("nothing-to-divide", ", ".join(aim.accounts), message))
    if scope == "nothing" and asked.scope != "nothing":
        # What could not be done is not remembered as done: the period stays due.
        asked = replace(asked, scope="nothing", period="")
    before = drift_now(aim)
    purses = {id_: value.cash[id_] - request.withdrawals.get(id_, 0) for id_ in aim.accounts}
    if scope == "nothing":
        return _untouched(aim, asked, mandate, purses, findings)
    goals = destination(aim, scope, mandate, state, request)
    written = problem(
        aim, goals, mandate=mandate, value=value, state=state, request=request,
        as_of=market.as_of,
    )  # fmt: skip
    written, wanted = settled(written, mandate, aim)
    findings.extend(wanted.findings)
    done = finish(written, wanted, nearest_first=mandate.drift_price is None)
    needless = False
    if not is_walkable(written):
        steps = tidied(
            written, done.steps, price=mandate.price_of_drift, adds=not mandate.fewest_trades
        )
        needless = any(done.steps) and not any(steps)
        done = replace(done, steps=steps)
    leaves, purses_after = explain.values_after(aim, written, done.steps, value)
    after, base_after = _drift_after(aim, leaves, purses_after)
    short = _shortfalls(purses_after, purses, request)
    if short and any(request.withdrawals.get(id_, 0) for id_ in aim.accounts):
        asked = replace(asked, scope="nothing", period="")
        return _untouched(aim, asked, mandate, purses, [*findings, *short])
    unmoved = drift(aim, aim.values, aim.cash, aim.unassigned)
    futile = after > unmoved or (after == unmoved and any(done.steps))
    if (futile and not _forced(aim, purses)) or needless:
        message = (
            f"no combination of whole trades brings {aim.name} nearer to its target: the nearest "
            "one found would leave it no nearer, so nothing is traded"
        )
        findings.append(Finding("no-improvement", aim.name, message, "info"))
        done = Finished((0,) * len(written.holdings), 0)
        leaves, purses_after = dict(aim.values), purses
        after, base_after = unmoved, aim.base
    findings.extend(short)
    made = explain.trades(aim, written, done.steps, mandate=mandate, value=value, request=request)
    notes = left_alone(
        aim, written, done.steps, wanted, asked,
        mandate=mandate, value=value, request=request, further=after > before,
        gap=done.gap + round(wanted.gap),
    )  # fmt: skip
    rows = explain.sleeve_rows(aim, mandate, leaves, base_after)
    return _Part(
        aim, asked, tuple(made), tuple(rows), tuple(notes), tuple(findings),
        before, after, purses_after, done.gap + round(wanted.gap),
    )  # fmt: skip


def _untouched(
    aim: Aim, asked: Due, mandate: Mandate, purses: dict[str, int], findings: list[Finding]
) -> _Part:
    """What is decided where nothing is to be traded."""
    before = drift_now(aim)
    rows = explain.sleeve_rows(aim, mandate, aim.values, aim.base)
    return _Part(aim, asked, (), tuple(rows), (), tuple(findings), before, before, purses, 0)


def _drift_after(aim: Aim, leaves: dict[str, int], purses: dict[str, int]) -> tuple[Fraction, int]:
    """Drift and base once the trades are done; fills in the leaf that is cash."""
    cash = sum(purses.values()) - aim.buffer
    if aim.cash_leaf:
        leaves[aim.cash_leaf] = cash + aim.values[aim.cash_leaf] - aim.cash
        base = sum(leaves.values()) + aim.unassigned
    else:
        base = sum(leaves.values()) + aim.unassigned + cash
    later = replace(aim, base=base)
    return drift(later, leaves, cash, aim.unassigned), base


def _forced(aim: Aim, purses: dict[str, int]) -> bool:
    """Whether cash has to be raised, which may lead away from the target.

    An account that lacks it has to, whatever lies in the others: cash never crosses accounts.
    """
    return aim.cash < 0 or min(purses.values()) < 0


def _shortfalls(after: dict[str, int], before: dict[str, int], request: Request) -> list[Finding]:
    """Accounts that cannot pay what is asked of them even after the trades."""
    found = []
    for account, cash in after.items():
        if cash < 0:
            asked = request.withdrawals.get(account, 0)
            purpose = f"the withdrawal of {money_text(asked)}" if asked else "its debts"
            message = (
                f"{account} stays {money_text(-cash)} short of {purpose}: nothing more in it may "
                "be sold. Ask for less, or bring cash in from elsewhere."
            )
            found.append(Finding("cash-short", account, message, "error"))
    assert all(after[id_] >= min(cash, 0) for id_, cash in before.items())
    return found


def _washed(trades: list[Trade], state: State, mandate: Mandate, as_of: date) -> list[Finding]:
    """Losses that a purchase in this plan, or of the last 30 days, may take away again.

    Only a remark: the rules of wash sales are not in the code yet, and losses earn no credit.
    """
    window = as_of - timedelta(days=30)
    groups = mandate.household.tax.identical
    buys = [trade for trade in trades if trade.side == "buy"]
    before = {
        lot.instrument
        for lot in state.memory.purchases
        if isinstance(lot.acquired, date) and lot.acquired >= window
    }
    found = []
    for trade in trades:
        loss = -sum(lot.gain for lot in trade.lots if lot.gain is not None and lot.gain < 0)
        taxed = mandate.household.accounts[trade.account].tax.taxes_gains
        same = {trade.instrument}.union(*(group for group in groups if trade.instrument in group))
        own = [one for one in buys if one.instrument in same]
        if loss and taxed and (own or same & before):
            found.append(_possible_wash(trade, loss, own, sorted(same & before)))
    return found


def _possible_wash(trade: Trade, loss: int, own: list[Trade], before: list[str]) -> Finding:
    """That a loss may not count, and what of this very plan can be left out so that it does."""
    sold = f"{trade.instrument} is sold in {trade.account} at a loss of {money_text(loss)}, and "
    again = [f"{', '.join(before)} was bought within 30 days"] if before else []
    if own:
        names = [f"{one.instrument} in {one.account}" for one in own]
        again.insert(0, f"this plan buys {', '.join(names)}")
    message = (
        f"{sold}{' and '.join(again)}: the loss may be disallowed as a wash sale. This program "
        "does not work that out yet."
    )
    if own:
        keys = dict.fromkeys((one.account, one.instrument) for one in own)
        buys = ", ".join(f'do_not_buy = ["{name}"] under [accounts.{at}]' for at, name in keys)
        message += (
            f"{AVOID_WASH} leave out the purchase ({buys}, for 31 days) or the sale "
            f'(do_not_sell = ["{trade.instrument}"] under [accounts.{trade.account}]), and plan '
            "again."
        )
    return Finding("wash-sale-possible", trade.instrument, message)


def _unassigned(state: State, parts: list[_Part]) -> list[Finding]:
    """Held instruments that no leaf of their target names: counted, reported, left alone."""
    found = []
    for part in parts:
        names = sorted(
            {
                lot.instrument
                for lot in state.lots
                if lot.account in part.aim.accounts and lot.instrument not in part.aim.leaf_of
            }
        )
        for name in names:
            message = (
                f"{name} is held but in no sleeve of {part.aim.name}: it is counted and left "
                "alone. Add it to a sleeve's hold list, or make a sleeve of 0 percent to sell it."
            )
            found.append(Finding("unassigned", name, message))
    return found
