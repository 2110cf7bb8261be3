"""First stage: what the book is worth at prices that can be believed, and what is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from trimtab.engine.belief import MOVED_FAR, age_of, belief_in
from trimtab.engine.mandate import Mandate, Request, leaves_of
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding, Severity
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import Price, StepPrice, money_text
from trimtab.model.state import State

MOST_COUNTED = 2**53 - 1
"""Minor units: whole numbers above it are not written into plans and records."""

PLAN_AGAIN = " Mend the prices, then plan again."
"""What to do where nothing is planned; a simulated past says it in other words."""

Position = tuple[str, str]
"""Account id and instrument id."""

MOST_NAMED = 8
"""Instruments without a good price that are named where nothing is planned for them."""


@dataclass(frozen=True, slots=True)
class Valuation:
    """The book in money.

    Args:
        prices: The price at which each instrument is counted.
        step_prices: The worth of one step of each.
        frozen: Instruments that are counted but not traded.
        steps: Steps held, by account and instrument.
        values: Minor units, by account and instrument.
        cash: Minor units by account, with what the request brings in; withdrawals not yet out.
        findings: What was noticed.
        refused: Why the household plans nothing at all; empty when it may.
    """

    prices: Mapping[str, Price]
    step_prices: Mapping[str, StepPrice]
    frozen: frozenset[str]
    steps: Mapping[Position, int]
    values: Mapping[Position, int]
    cash: Mapping[str, int]
    findings: tuple[Finding, ...]
    refused: str

    def of(self, account: str, instrument: str) -> int:
        """What an account holds of an instrument, in minor units."""
        return self.values.get((account, instrument), 0)


def valuation(state: State, mandate: Mandate, market: Market, request: Request) -> Valuation:
    """Value every position at the market's prices; freeze what has no price to believe.

    An instrument whose price is missing, stale or not credible is counted at its last accepted
    price and not traded. The household plans nothing when such an instrument is held for more
    sessions, or for a larger share of the whole, than its limits allow, or has no price at all.
    """
    household = mandate.household
    steps: dict[Position, int] = {}
    for lot in state.lots:
        key = (lot.account, lot.instrument)
        steps[key] = steps.get(key, 0) + lot.quantity
    held = {instrument for _, instrument in steps}
    wanted = {id_ for leaf in leaves_of(mandate) for id_ in leaf.hold}
    findings: list[Finding] = []
    prices: dict[str, Price] = {}
    doubted: dict[str, Price] = {}
    frozen: set[str] = set()
    unpriced: list[str] = []
    long: dict[int, list[str]] = {}
    for id_ in sorted(held | (wanted & set(household.instruments))):
        belief = belief_in(household.instruments[id_], state, market, mandate)
        if belief.price is not None:
            prices[id_] = belief.price
        if not belief.trouble:
            if belief.message:
                typed = market.quotes[id_].confirmed
                code = "typed-price-jump" if typed else MOVED_FAR
                findings.append(Finding(code, id_, belief.message))
            continue
        frozen.add(id_)
        if belief.doubted is not None:
            doubted[id_] = belief.doubted
        severity: Severity = "error" if id_ in held and belief.price is None else "warning"
        findings.append(Finding(belief.trouble, id_, belief.message, severity, market.as_of))
        if id_ not in held:
            continue
        if belief.price is None:
            unpriced.append(id_)
        elif belief.since is not None:
            sessions = _sessions_frozen(household.instruments[id_], belief.since, market)
            if sessions > household.frozen_sessions:
                long.setdefault(sessions, []).append(id_)
    refused, halted = _refused(unpriced, long)
    findings.extend(_of_earlier_days(sorted(prices.keys() - frozen), mandate, market))
    step_prices = {
        id_: StepPrice.of(price, household.instruments[id_].step) for id_, price in prices.items()
    }
    values = {
        key: step_prices[key[1]].value(count) if key[1] in step_prices else 0
        for key, count in steps.items()
    }
    cash = {account: state.cash.get(account, 0) for account in household.accounts}
    for account, amount in request.deposits.items():
        cash[account] += amount
    total = sum(values.values()) + sum(cash.values())
    if total > MOST_COUNTED:
        raise RefusedError(_beyond_counting(values, household.currency))
    # The limit holds whichever of two prices is the right one: the higher is what may be at stake.
    idle = 0
    for (account, id_), money in values.items():
        if id_ in frozen:
            most = money
            if id_ in doubted:
                worth = StepPrice.of(doubted[id_], household.instruments[id_].step)
                most = max(money, worth.value(steps[account, id_]))
            idle += most
            total += most - money
    if idle and Fraction(idle) > Fraction(household.frozen_share) * total:
        refused = refused or (
            f"{money_text(idle)} of {money_text(total)} is in instruments without a good price, "
            f"above the limit of {household.frozen_share:%}"
        )
    if refused:
        message = f"No trade is planned: {refused}.{PLAN_AGAIN}{halted}"
        named = [*unpriced, *(id_ for names in long.values() for id_ in names)]
        named = sorted(named or {id_ for _, id_ in values if id_ in frozen})
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        subject = f"{', '.join(named[:MOST_NAMED])}{more}"
        findings.append(Finding("prices-refused", subject, message, "error"))
    return Valuation(
        prices, step_prices, frozenset(frozen), steps, values, cash, tuple(findings), refused
    )


def _refused(unpriced: Sequence[str], long: Mapping[int, Sequence[str]]) -> tuple[str, str]:
    """Why nothing is planned, with every holding that stands in the way; and what to do if halted.

    Args:
        unpriced: What is held and has no price at all.
        long: By sessions without a good price: what is held, each beyond the limit.
    """
    held = [(unpriced, "no price that can be believed")] if unpriced else []
    for sessions, names in sorted(long.items(), reverse=True):
        held.append((names, f"been without a good price for {sessions} sessions"))
    refused = "; ".join(
        f"{', '.join(names)} {'is held and has' if len(names) == 1 else 'are held and have'} {what}"
        for names, what in held
    )
    if unpriced or not long:
        return refused, ""
    names = [name for _, own in sorted(long.items(), reverse=True) for name in own]
    if len(names) == 1:
        who, counts = f"{names[0]} really is", "it then counts at its last price"
    else:
        who, counts = "they really are", "they then count at their last prices"
    return refused, (
        f" If {who} halted, raise limits.frozen_sessions to {max(long)} or more in "
        f"portfolio.toml: {counts}, untraded."
    )


def _of_earlier_days(
    believed: Sequence[str], mandate: Mandate, market: Market
) -> Iterator[Finding]:
    """Prices of the market that are not of the day itself: young enough, and still worth saying."""
    by_day: dict[date, list[str]] = {}
    for id_ in believed:
        instrument = mandate.household.instruments[id_]
        on = market.quotes[id_].on
        if (
            instrument.price_source == "market"
            and age_of(instrument, market.quotes[id_], market)[0]
        ):
            by_day.setdefault(on, []).append(id_)
    for on, names in sorted(by_day.items()):
        joined = ", ".join(names)
        has, its = ("has", "its price") if len(names) == 1 else ("have", "their prices")
        yield Finding(
            "earlier-price",
            joined,
            f"{joined} {has} no price of {market.as_of}: valued and traded at {its} of {on}. Add "
            "the rows of that day to trade at its prices.",
            "info",
        )


def _beyond_counting(values: Mapping[Position, int], currency: str) -> str:
    """What a household that is worth more than can be counted is told."""
    said = (
        f"the household is worth more than can be counted ({money_text(MOST_COUNTED)} {currency})"
    )
    if not values:
        return f"{said}: correct its cash"
    (account, id_), money = max(values.items(), key=lambda item: item[1])
    worth = f"{id_} in {account} comes to {money_text(money)}"
    return f"{said}: {worth}. Correct its quantity or its price"


def _sessions_frozen(instrument: Instrument, since: date, market: Market) -> int:
    """Sessions without a good price; a typed one is good for the days that it may be old."""
    if instrument.price_source == "manual":
        since += timedelta(days=instrument.age_limit)
    return max(market.calendar.sessions_between(since, market.as_of), 0)
