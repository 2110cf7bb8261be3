"""First stage: what the book is worth at prices that can be believed, and what is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from trimtab.engine.mandate import Mandate, Request
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding, Severity
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price, StepPrice, money_text
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import AcceptedPrice, State

JUMP = 3
"""A price this many times its predecessor, or this part of it, is not believed without a split.

Ten times would let a slipped decimal point through on every day on which the market moved the
other way.
"""

SPLIT_LIKE = Fraction(4, 100)
"""How near to half or to twice its predecessor a price looks like a split that nobody told."""

OUT_OF_PHASE = Fraction(25, 100)
"""How near to its predecessor a price stays that a split should have moved, and did not."""

ACCEPTED_FOR = 10
"""Sessions for which a price that a plan accepted is what later ones are compared with."""

MOST_COUNTED = 2**53 - 1
"""Minor units: whole numbers above it are not written into plans and records."""

Position = tuple[str, str]
"""Account id and instrument id."""


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


@dataclass(frozen=True, slots=True)
class _Belief:
    """What is believed of one instrument's price; without trouble, a message is only a remark."""

    price: Price | None
    since: date | None
    trouble: str = ""
    message: str = ""


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
    wanted = {id_ for root in _roots(mandate) for leaf in root.leaves() for id_ in leaf.hold}
    findings: list[Finding] = []
    prices: dict[str, Price] = {}
    frozen: set[str] = set()
    refused = ""
    for id_ in sorted(held | (wanted & set(household.instruments))):
        belief = _belief(household.instruments[id_], state, market, household.currency)
        if belief.price is not None:
            prices[id_] = belief.price
        if not belief.trouble:
            if belief.message:
                findings.append(Finding("typed-price-jump", id_, belief.message))
            continue
        frozen.add(id_)
        severity: Severity = "error" if id_ in held and belief.price is None else "warning"
        findings.append(Finding(belief.trouble, id_, belief.message, severity))
        if id_ not in held:
            continue
        if belief.price is None:
            refused = refused or f"{id_} is held and has no price that can be believed"
        elif belief.since is not None:
            sessions = _sessions_frozen(household.instruments[id_], belief.since, market)
            if sessions > household.frozen_sessions:
                refused = refused or (
                    f"{id_} is held and has been without a good price for {sessions} sessions"
                )
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
    idle = sum(money for (_, id_), money in values.items() if id_ in frozen)
    if idle and Fraction(idle) > Fraction(household.frozen_share) * total:
        refused = refused or (
            f"{money_text(idle)} of {money_text(total)} is in instruments without a good price, "
            f"above the limit of {household.frozen_share:%}"
        )
    if refused:
        message = f"No trade is planned: {refused}. Mend the prices, then plan again."
        findings.append(Finding("prices-refused", household.name, message, "error"))
    return Valuation(
        prices, step_prices, frozenset(frozen), steps, values, cash, tuple(findings), refused
    )


def _of_earlier_days(
    believed: Sequence[str], mandate: Mandate, market: Market
) -> Iterator[Finding]:
    """Prices of the market that are not of the day itself: young enough, and still worth saying."""
    by_day: dict[date, list[str]] = {}
    for id_ in believed:
        instrument = mandate.household.instruments[id_]
        on = market.quotes[id_].on
        if instrument.price_source == "market" and _age(instrument, market.quotes[id_], market)[0]:
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


def _roots(mandate: Mandate) -> list[Sleeve]:
    roots = [account.target for account in mandate.household.accounts.values() if account.target]
    return roots + ([mandate.target] if mandate.target else [])


def _belief(instrument: Instrument, state: State, market: Market, currency: str) -> _Belief:
    quote = market.quotes.get(instrument.id)
    accepted = state.memory.accepted.get(instrument.id)
    last = accepted.price if accepted else None
    last_on = accepted.on if accepted else None
    if instrument.currency != currency:
        return _Belief(
            None,
            None,
            "foreign-currency",
            f"{instrument.id} is priced in {instrument.currency}, the household counts in "
            f"{currency}, and there is no exchange rate: use a line priced in {currency}.",
        )
    if quote is None:
        message = (
            f"{instrument.id} has no price on or before {market.as_of}: add a row of it to the "
            "prices."
        )
        return _Belief(last, last_on, "missing-price", message)
    if quote.price is None:
        last, last_on = (last, last_on) if last else (_adjusted(quote), quote.previous_on)
        shown = quote.raw or "empty"
        message = (
            f"{instrument.id}: the price of {quote.on} is {shown}, which is not a price; it is "
            f"counted at {last or 'nothing'} and not traded. Correct that row of the prices."
        )
        return _Belief(last, last_on, "invalid-price", message)
    assert quote.on <= market.as_of, f"the market shows a price of {quote.on} on {market.as_of}"
    reference = _reference(instrument.id, quote, accepted, market)
    trouble = _jump(instrument.id, quote, reference)
    if trouble is not None and reference is not None:
        if not quote.confirmed:
            return _Belief(reference.in_new_units, reference.on, *trouble)
        message = (
            f"{instrument.id}: the price that was typed, {quote.price}, is far from "
            f"{reference.in_new_units} of {reference.on}. It is believed because it was typed: "
            "look at it twice."
        )
        return _Belief(quote.price, quote.on, message=message)
    age, unit = _age(instrument, quote, market)
    if age > instrument.age_limit:
        message = (
            f"{instrument.id}: the newest price is of {quote.on}, {age} {unit} old (at most "
            f"{instrument.age_limit}); counted at {quote.price} and not traded. Add a newer one."
        )
        return _Belief(quote.price, quote.on, "stale-price", message)
    return _Belief(quote.price, quote.on)


def _sessions_frozen(instrument: Instrument, since: date, market: Market) -> int:
    """Sessions without a good price; a typed one is good for the days that it may be old."""
    if instrument.price_source == "manual":
        since += timedelta(days=instrument.age_limit)
    return max(market.calendar.sessions_between(since, market.as_of), 0)


def _age(instrument: Instrument, quote: Quote, market: Market) -> tuple[int, str]:
    if instrument.price_source == "manual":
        return (market.as_of - quote.on).days, "days"
    return market.calendar.sessions_between(quote.on, market.as_of), "sessions"


@dataclass(frozen=True, slots=True)
class _Reference:
    """A price that was believed, with what splits since then make of it."""

    price: Price
    on: date
    split: Fraction

    @property
    def in_new_units(self) -> Price:
        """The price divided by the split; six decimals more than the old one lose nothing real."""
        if self.split == 1:
            return self.price
        exact = Fraction(self.price.decimal) / self.split
        exponent = self.price.exponent - 6
        return Price(round(exact / Fraction(10) ** exponent), exponent)


def _reference(
    id_: str, quote: Quote, accepted: AcceptedPrice | None, market: Market
) -> _Reference | None:
    """What a price is compared with: the last one that a plan accepted, else the one before."""
    if accepted is not None and accepted.on <= quote.on:
        age = market.calendar.sessions_between(accepted.on, quote.on)
        if age <= ACCEPTED_FOR:
            split = Fraction(1)
            for one in market.splits:
                if one.instrument == id_ and accepted.on < one.on <= quote.on:
                    split *= one.ratio
            return _Reference(accepted.price, accepted.on, split)
    if quote.previous is None or quote.previous_on is None:
        return None
    return _Reference(quote.previous, quote.previous_on, quote.split_since_previous)


def _split_to_add(id_: str, on: date, ratio: Fraction, units: int) -> str:
    """What to write for a split that a price looks like: 2 for two new units, 1:2 for a half."""
    told, cell = (f"{units} for 1", f"{units}") if ratio < 1 else (f"1 for {units}", f"1:{units}")
    return (
        f"if {id_} was split {told}, write {cell} into the column split of its row of the first "
        f"day at the new count, {on} or shortly before"
    )


def _jump(id_: str, quote: Quote, reference: _Reference | None) -> tuple[str, str] | None:
    """Why a price is not believed beside its reference: a code and a sentence; None if it is."""
    if reference is None or quote.price is None:
        return None
    plain = Fraction(quote.price.decimal) / Fraction(reference.price.decimal)
    ratio = plain * reference.split
    shown = quote.raw or quote.price
    went = f"{id_} went from {reference.price} on {reference.on} to {shown} on {quote.on}"
    counted = f"not believed, counted at {reference.in_new_units} and not traded"
    if reference.split != 1 and abs(plain - 1) <= OUT_OF_PHASE < abs(ratio - 1):
        message = (
            f"{went}, while the prices tell of a split of {reference.split} for 1: {counted}. "
            f"Correct the price or the split."
        )
        return "split-out-of-phase", message
    if ratio >= JUMP or JUMP * ratio <= 1:
        units = round(max(ratio, 1 / ratio))
        like = abs(max(ratio, 1 / ratio) / units - 1) <= SPLIT_LIKE
        remedy = "Correct the row, or add the split."
        if like:
            remedy = f"Correct the row; or {_split_to_add(id_, quote.on, ratio, units)}"
        return "price-jump", f"{went}: {counted}. {remedy}"
    for multiple in (Fraction(2), Fraction(1, 2)):
        if abs(ratio / multiple - 1) <= SPLIT_LIKE:
            told = "2 for 1" if multiple < 1 else "1 for 2"
            message = (
                f"{went}, as after a split of {told} that the prices do not tell of: {counted}. "
                f"Correct the row; or {_split_to_add(id_, quote.on, ratio, 2)}"
            )
            return "split-missing", message
    return None


def _adjusted(quote: Quote) -> Price | None:
    """The previous price in today's units."""
    if quote.previous is None or quote.previous_on is None:
        return quote.previous
    return _Reference(quote.previous, quote.previous_on, quote.split_since_previous).in_new_units
