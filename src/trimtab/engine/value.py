"""First stage: what the book is worth at prices that can be believed, and what is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from trimtab.engine.foreign import FOREIGN, remedy, without_rate
from trimtab.engine.mandate import Mandate, Request
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding, Severity
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import JUMP, Market, Quote, Step
from trimtab.model.numbers import Price, StepPrice, money_text
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State

FAR_MOVE = Fraction(40, 100)
"""A price that is believed and this much above or below the one before it is told of.

Real prices fall by half in a session, so it is a word of caution and freezes nothing.
"""

MOVED_FAR = "price-moved-far"
"""The code of that word."""

SPLIT_LIKE = Fraction(4, 100)
"""How near to half or to twice its predecessor a price looks like a split that nobody told."""

SPLIT_LIKE_LATER = Fraction(10, 100)
"""The same where no price is known for more than `LONG` days between the two."""

CALM = 0.73
"""A price between this part of another and its inverse is no jump, and like no split."""

SPLITS = (Fraction(2), Fraction(3), Fraction(3, 2), Fraction(5, 2), Fraction(1, 2), Fraction(1, 3))
"""New units for an old one in the splits that a price can look like without jumping by `JUMP`."""

OUT_OF_PHASE = Fraction(25, 100)
"""How far beside a split that is told a price may be."""

LONG = 14
"""Days between two prices after which a price may have drifted far beside its split."""

ACCEPTED_FOR = 10
"""Sessions for which a price that a plan accepted is what later ones are compared with."""

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


@dataclass(frozen=True, slots=True)
class _Belief:
    """What is believed of one instrument's price; without trouble, a message is only a remark.

    `doubted` is the price that is not believed, where there is one.
    """

    price: Price | None
    since: date | None
    trouble: str = ""
    message: str = ""
    doubted: Price | None = None


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
        belief = _belief(household.instruments[id_], state, market, mandate)
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


def leaves_of(mandate: Mandate) -> list[Sleeve]:
    """The leaves of all targets: of accounts that have their own, and of the household."""
    own = [account.target for account in mandate.household.accounts.values() if account.target]
    roots = own + ([mandate.target] if mandate.target else [])
    return [leaf for root in roots for leaf in root.leaves()]


def _belief(instrument: Instrument, state: State, market: Market, mandate: Mandate) -> _Belief:
    currency = mandate.household.currency
    quote = market.quotes.get(instrument.id)
    accepted = state.memory.accepted.get(instrument.id)
    last = accepted.price if accepted else None
    last_on = accepted.on if accepted else None
    if instrument.currency != currency and market.currency != currency:
        return _Belief(
            None,
            None,
            FOREIGN,
            f"{instrument.id} is priced in {instrument.currency}, the household counts in "
            f"{currency}, and there is no exchange rate: use a line priced in {currency}.",
        )
    if quote is None:
        message = (
            f"{instrument.id} has no price on or before {market.as_of}: add a row of it to the "
            "prices."
        )
        return _Belief(last, last_on, "missing-price", message)
    step = market.looked.get(instrument.id)
    if quote.price is None:
        if step is not None:
            stands = _of_step(step)
            last, last_on = stands.in_new_units, stands.on
        elif last_on is None or (quote.previous_on is not None and quote.previous_on >= last_on):
            last, last_on = _adjusted(quote), quote.previous_on
        shown = quote.raw or "empty"
        if instrument.id in market.unconverted:
            one = market.unconverted[instrument.id]
            sleeves = (leaf.name for leaf in leaves_of(mandate) if instrument.id in leaf.hold)
            message = (
                f"{without_rate(instrument.id, one, sleeves, currency)}; it is counted at "
                f"{last or 'nothing'} and not traded. {remedy(one, currency)}"
            )
            return _Belief(last, last_on, FOREIGN, message)
        if instrument.id in market.unbooked:
            message = (
                f"{instrument.id}: the price of {quote.on} is at the new count of the split of "
                f"{market.unbooked[instrument.id]}, and the record is at the old one: it is "
                f"counted at {last or 'nothing'} and not traded. `trimtab import` of a statement "
                "with the new quantity books the split; the row of the prices may be right."
            )
            return _Belief(last, last_on, "invalid-price", message)
        if instrument.id in market.misbooked:
            message = (
                f"{instrument.id}: the record has its split of {market.misbooked[instrument.id]} "
                "otherwise than the prices show it, so the count that its price is of is not "
                f"known: it is counted at {last or 'nothing'} and not traded until the record or "
                "the price file is put right."
            )
            return _Belief(last, last_on, "invalid-price", message)
        message = (
            f"{instrument.id}: the price of {quote.on} is {shown}, which is not a price; it is "
            f"counted at {last or 'nothing'} and not traded. Correct that row of the prices."
        )
        return _Belief(last, last_on, "invalid-price", message)
    assert quote.on <= market.as_of, f"the market shows a price of {quote.on} on {market.as_of}"
    reference = _reference(instrument.id, quote, state, market)
    trouble = _trouble(instrument.id, quote, reference, market)
    waits = Fraction(1) if step is None else step.unbooked
    if trouble is not None and reference is not None:
        if not quote.confirmed or waits != 1:
            most = _Reference(quote.price, quote.on, min(1 / waits, Fraction(1))).in_new_units
            return _Belief(reference.in_new_units, reference.on, *trouble, doubted=most)
        message = (
            f"{instrument.id}: the price that was typed, {quote.price}, is far from "
            f"{reference.in_new_units} of {reference.on}. It is believed because it was typed: "
            "look at it twice."
        )
        if step is not None and step.told_since != 1:
            split = _for_one(step.told_since)
            message += f" The split of {split} that the prices tell of counts with it."
        return _Belief(quote.price, quote.on, message=message)
    age, unit = _age(instrument, quote, market)
    if age > instrument.age_limit:
        message = (
            f"{instrument.id}: the newest price is of {quote.on}, {age} {unit} old (at most "
            f"{instrument.age_limit}); counted at {quote.price} and not traded. Add a newer one."
        )
        return _Belief(quote.price, quote.on, "stale-price", message)
    return _Belief(quote.price, quote.on, message=_moved_far(instrument.id, quote, market))


def _moved_far(id_: str, quote: Quote, market: Market) -> str:
    """What is told of a price that is believed although it went far; empty where it did not.

    Only where a person decides on it: in a backtest nobody could look at the row.
    """
    before = _adjusted(quote)
    if quote.confirmed or id_ not in market.looked or before is None or quote.price is None:
        return ""
    ratio = Fraction(quote.price.decimal) / Fraction(before.decimal)
    if abs(ratio - 1) <= FAR_MOVE:
        return ""
    change = f"{'+' if ratio > 1 else '-'}{float(abs(ratio - 1)):.0%}"
    return (
        f"{id_} went from {before} on {quote.previous_on} to {quote.raw or quote.price} on "
        f"{quote.on} ({change}). It is believed, since prices do move so: look it up before you "
        "trade, and correct the row if it is wrong."
    )


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


def _of_step(step: Step) -> _Reference:
    return _Reference(step.before, step.before_on, step.told_since / step.unbooked)


def _reference(id_: str, quote: Quote, state: State, market: Market) -> _Reference | None:
    """What a price is compared with.

    The last one that was believed before a step that nothing explains; without one the last that
    a plan accepted, else the one before.
    """
    step = market.looked.get(id_)
    if step is not None:
        return _of_step(step)
    accepted = state.memory.accepted.get(id_)
    if accepted is not None and accepted.on <= quote.on:
        age = market.calendar.sessions_between(accepted.on, quote.on)
        if age <= ACCEPTED_FOR:
            # A split that is in the book has changed the accepted price along with the count.
            since = max(accepted.on, state.memory.actions_through or accepted.on)
            split = Fraction(1)
            for one in market.splits:
                if one.instrument == id_ and since < one.on <= quote.on:
                    split *= one.ratio
            return _Reference(accepted.price, accepted.on, split)
    if quote.previous is None or quote.previous_on is None:
        return None
    return _Reference(quote.previous, quote.previous_on, quote.split_since_previous)


def _for_one(split: Fraction) -> str:
    """A split in the words of an announcement: 2 for 1, 3 for 2, 1 for 10."""
    return f"{split.numerator} for {split.denominator}"


def _cell(split: Fraction) -> str:
    """What to write into the column split: 2 for two new units, 1:2 for a half."""
    one = split.denominator == 1
    return f"{split.numerator}" if one else f"{split.numerator}:{split.denominator}"


def _split_to_add(id_: str, on: date, split: Fraction) -> str:
    """What to write for a split that a price looks like."""
    return (
        f"if {id_} was split {_for_one(split)}, write {_cell(split)} into the column split of its "
        f"row of the first day at the new count, {on} or shortly before"
    )


def doubtful(ratio: Fraction, *, told: Fraction = Fraction(1), is_long: bool = False) -> bool:
    """Whether a move from one price to the next is none to believe without a word about it.

    Args:
        ratio: The later price by the earlier one, in the same units.
        told: New units for one old one by the splits told between the two.
        is_long: Whether no price is known for more than `LONG` days between them.

    >>> doubtful(Fraction(1, 2)), doubtful(Fraction(3, 5))
    (True, False)
    """
    if told != 1 and abs(ratio - 1) > OUT_OF_PHASE:
        return True
    return ratio >= JUMP or JUMP * ratio <= 1 or split_like(1 / ratio, is_long=is_long) is not None


def is_calm(price: Price, before: Price) -> bool:
    """Whether a price is so near to another that nobody doubts it: most are, and quickly known.

    >>> is_calm(Price(75, 0), Price(100, 0)), is_calm(Price(50, 0), Price(100, 0))
    (True, False)
    """
    now, then = float(price), float(before)
    return CALM * then < now and CALM * now < then


def split_like(units: Fraction, *, is_long: bool = False) -> Fraction | None:
    """The split that so many new units for an old one are near to; None if to none.

    >>> split_like(Fraction(199, 100)), split_like(Fraction(1, 10)), split_like(Fraction(6, 5))
    (Fraction(2, 1), Fraction(1, 10), None)
    """
    if units >= JUMP or JUMP * units <= 1:
        many = max(units, 1 / units)
        whole = Fraction(round(many))
        if abs(many / whole - 1) > SPLIT_LIKE:
            return None
        return whole if units > 1 else 1 / whole
    for one in SPLITS:
        width = SPLIT_LIKE_LATER if is_long and 1 in one.as_integer_ratio() else SPLIT_LIKE
        if abs(one / units - 1) <= width:
            return one
    return None


def _trouble(
    id_: str, quote: Quote, reference: _Reference | None, market: Market
) -> tuple[str, str] | None:
    """Why a price is not believed: a code and a sentence; None if it is."""
    step = market.looked.get(id_)
    if step is not None and step.unbooked != 1 and quote.confirmed:
        return _typed_before_split(id_, quote, step)
    if step is None or quote.confirmed:
        # Where every step was looked at, a price that moved far in small ones is believed.
        return _jump(id_, quote, reference) if quote.confirmed or id_ not in market.looked else None
    first = Quote(step.after, step.on, raw=step.raw)
    found = _jump(
        id_,
        first,
        _Reference(step.before, step.before_on, step.told),
        counted=_of_step(step).in_new_units,
        is_long=(step.on - step.before_on).days > LONG,
        waits=step.unbooked != 1,
    )
    assert found is not None, f"a step of {id_} on {step.on} that nothing speaks against"
    return found


def _typed_before_split(id_: str, quote: Quote, step: Step) -> tuple[str, str]:
    """A price was typed beside a split that waits for a word, and it is none for the split."""
    message = (
        f"{id_}: the price that was typed, {quote.price}, is nearer to {step.before} of "
        f"{step.before_on} as it was than after the split of {_for_one(step.unbooked)} that the "
        f"prices tell of. The split is not booked, and {id_} is counted at "
        f"{_of_step(step).in_new_units} and not traded. If there was no split, take it out of the "
        "prices; if there was, give the price of a new unit, or `trimtab import` a statement with "
        "the new quantity."
    )
    return "typed-before-split", message


def _jump(
    id_: str,
    quote: Quote,
    reference: _Reference | None,
    *,
    counted: Price | None = None,
    is_long: bool = False,
    waits: bool = False,
) -> tuple[str, str] | None:
    """Why a price is not believed beside its reference: a code and a sentence; None if it is.

    `waits` says that what is held is counted as before a split that is told.
    """
    if reference is None or quote.price is None:
        return None
    if reference.split == 1 and is_calm(quote.price, reference.price):
        return None
    plain = Fraction(quote.price.decimal) / Fraction(reference.price.decimal)
    ratio = plain * reference.split
    shown = quote.raw or quote.price
    went = f"{id_} went from {reference.price} on {reference.on} to {shown} on {quote.on}"
    at = counted or reference.in_new_units
    stands = f"not believed, counted at {at} and not traded"
    if waits:
        stands = f"the split is not booked, and {id_} is counted at {at}, as before it, not traded"
    if reference.split != 1 and abs(ratio - 1) > OUT_OF_PHASE:
        said = f"{went}, while the prices tell of a split of {reference.split} for 1"
        like = split_like(1 / plain)
        remedy = "Correct the price or the split."
        if abs(plain - 1) > OUT_OF_PHASE and like is not None:
            said += f" and look like one of {_for_one(like)}"
            remedy = f"Correct the split ({_cell(like)} in its column), or the price."
        return "split-out-of-phase", f"{said}: {stands}. {remedy}"
    like = split_like(1 / ratio, is_long=is_long)
    if ratio >= JUMP or JUMP * ratio <= 1:
        remedy = "Correct the row, or add the split."
        if like is not None:
            remedy = f"Correct the row; or {_split_to_add(id_, quote.on, like)}."
        return "price-jump", f"{went}: {stands}. {remedy}"
    if like is not None:
        message = (
            f"{went}, as after a split of {_for_one(like)} that the prices do not tell of: "
            f"{stands}. Correct the row; or {_split_to_add(id_, quote.on, like)}."
        )
        return "split-missing", message
    return None


def _adjusted(quote: Quote) -> Price | None:
    """The previous price in today's units."""
    if quote.previous is None or quote.previous_on is None:
        return quote.previous
    return _Reference(quote.previous, quote.previous_on, quote.split_since_previous).in_new_units
