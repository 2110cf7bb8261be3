"""Cash that comes to accounts on the way, what is done with it, and the prices of an open."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.costs import Costs
from trimtab.engine.decide import plan_hash
from trimtab.ledger.chain import Draft
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import Price, StepPrice, minor_from, money_text
from trimtab.model.plan import Plan, Trade
from trimtab.model.state import State
from trimtab.simulate.accounts.tape import Tape


@dataclass(frozen=True, slots=True)
class PaidDividend:
    """Cash that an instrument paid to an account, minor units."""

    account: str
    instrument: str
    amount: int


def dividends_in(drafts: Sequence[Draft]) -> list[PaidDividend]:
    """The dividends among what is written into the record, in its order."""
    return [
        PaidDividend(
            str(draft.body["account"]),
            str(draft.body["instrument"]),
            minor_from(Decimal(str(draft.body["amount"]))),
        )
        for draft in drafts
        if draft.kind == "dividend_paid"
    ]


def large_dividends(tape: Tape) -> list[Finding]:
    """The first dividend of each instrument that is more than half of its price before."""
    found: dict[str, Finding] = {}
    for one in tape.market(len(tape) - 1).dividends:
        place = bisect_left(tape.days, one.on)
        if not 0 < place < len(tape) or one.instrument not in tape.names:
            continue
        at = int(tape.latest[place - 1, tape.names.index(one.instrument)])
        price = tape.market(at).quotes[one.instrument].price if at >= 0 else None
        if price is None or 2 * one.amount.decimal <= price.decimal:
            continue
        message = (
            f"{one.instrument} paid a dividend of {one.amount} a unit on {one.on}, more than half "
            f"of its price of {price} before. If it is of all units together, or in cents, correct "
            "it in the price file; it is counted as it stands"
        )
        found.setdefault(
            one.instrument, Finding("large-dividend", one.instrument, message, "warning")
        )
    return list(found.values())


def by_account(paid: Sequence[PaidDividend]) -> dict[str, int]:
    """What each account was paid, minor units."""
    return together(*({one.account: one.amount} for one in paid))


def together(*amounts: Mapping[str, int]) -> dict[str, int]:
    """The sums by account.

    >>> together({"ira": 1}, {"ira": 2, "taxable": 3})
    {'ira': 3, 'taxable': 3}
    """
    found: dict[str, int] = {}
    for one in amounts:
        for account, amount in one.items():
            found[account] = found.get(account, 0) + amount
    return found


def before_it_came(state: State, money: Mapping[str, int]) -> State:
    """The state without cash that came in today, so that it can be decided on as a deposit."""
    if not money:
        return state
    cash, new = dict(state.cash), dict(state.memory.new_cash)
    for account, amount in money.items():
        cash[account] -= amount
        new[account] = new.get(account, 0) - amount
    return replace(state, cash=cash, memory=replace(state.memory, new_cash=new))


def reinvesting(
    empty: Plan,
    paid: Sequence[PaidDividend],
    market: Market,
    *,
    instruments: Mapping[str, Instrument],
    costs: Mapping[str, Costs],
    place_of: Mapping[str, str],
) -> Plan:
    """A plan that buys whole steps of what paid, for what it paid and no more, costs included.

    What has no price of the day, or pays less than a step and its cost, stays cash.

    Args:
        empty: A plan of the same day and state that trades nothing.
        paid: The dividends.
        market: The prices.
        instruments: By id.
        costs: What trading costs, by account; the empty key is every other account.
        place_of: The leaf that each instrument serves.
    """
    trades = []
    for one in paid:
        instrument, quote = instruments[one.instrument], market.quotes.get(one.instrument)
        if quote is None or quote.price is None or quote.on != market.as_of:
            continue
        own = costs.get(one.account) or costs.get("") or Costs()
        order_costs = own.order_costs(instrument.id, instrument.step)
        worth = StepPrice.of(quote.price, instrument.step)
        steps = worth.steps_below(one.amount)
        while steps and worth.value(steps) + order_costs.of(worth.value(steps), steps) > one.amount:
            fee = order_costs.of(worth.value(steps), steps)
            # Fewer steps never cost more: at least what the fee is over can go.
            steps = max(min(steps - 1, worth.steps_below(max(one.amount - fee, 0))), 0)
        if not steps:
            continue
        value = worth.value(steps)
        trades.append(
            Trade(
                account=one.account,
                instrument=one.instrument,
                side="buy",
                quantity=steps,
                step=instrument.step,
                amount=None,
                price=quote.price,
                value=value,
                cost=order_costs.of(value, steps),
                tax=0,
                lots=(),
                sleeve=place_of.get(one.instrument, ""),
                reason="new-cash",
                why=f"reinvests the dividend of {money_text(one.amount)}",
            )
        )
    draft = replace(
        empty, id="", trades=tuple(trades), cost=sum(trade.cost for trade in trades), periods={},
        adopted={},
    )  # fmt: skip
    return replace(draft, id=f"{market.as_of.isoformat()}-{plan_hash(draft)[:6]}")


def at_open(market: Market, opens: Mapping[str, Price]) -> Market:
    """A session's market at its open: what has none that day has no price there.

    Args:
        market: The session's, with closes.
        opens: Opens of the day, by instrument.
    """
    quotes = {
        id_: replace(quote, price=opens.get(id_)) if quote.on == market.as_of else quote
        for id_, quote in market.quotes.items()
    }
    return replace(market, quotes=quotes)
