"""Which price of an instrument is believed; what is doubted counts at its last good one."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from trimtab.engine.foreign import FOREIGN, remedy, without_rate
from trimtab.engine.jumps import Reference, adjusted, for_one, of_step, reference_of, trouble_of
from trimtab.engine.mandate import Mandate, leaves_of
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.state import State

FAR_MOVE = Fraction(40, 100)
"""A price that is believed and this much above or below the one before it is told of.

Real prices fall by half in a session, so it is a word of caution and freezes nothing.
"""

MOVED_FAR = "price-moved-far"
"""The code of that word."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of one instrument's price; without trouble, a message is only a remark.

    `doubted` is the price that is not believed, where there is one.
    """

    price: Price | None
    since: date | None
    trouble: str = ""
    message: str = ""
    doubted: Price | None = None


def belief_in(instrument: Instrument, state: State, market: Market, mandate: Mandate) -> Belief:
    """What is believed of an instrument's price, and why the one of the market is not if so."""
    currency = mandate.household.currency
    quote = market.quotes.get(instrument.id)
    accepted = state.memory.accepted.get(instrument.id)
    last = accepted.price if accepted else None
    last_on = accepted.on if accepted else None
    if instrument.currency != currency and market.currency != currency:
        return Belief(
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
        return Belief(last, last_on, "missing-price", message)
    step = market.looked.get(instrument.id)
    if quote.price is None:
        if step is not None:
            stands = of_step(step)
            last, last_on = stands.in_new_units, stands.on
        elif last_on is None or (quote.previous_on is not None and quote.previous_on >= last_on):
            last, last_on = adjusted(quote), quote.previous_on
        shown = quote.raw or "empty"
        if instrument.id in market.unconverted:
            one = market.unconverted[instrument.id]
            sleeves = (leaf.name for leaf in leaves_of(mandate) if instrument.id in leaf.hold)
            message = (
                f"{without_rate(instrument.id, one, sleeves, currency)}; it is counted at "
                f"{last or 'nothing'} and not traded. {remedy(one, currency)}"
            )
            return Belief(last, last_on, FOREIGN, message)
        if instrument.id in market.unbooked:
            message = (
                f"{instrument.id}: the price of {quote.on} is at the new count of the split of "
                f"{market.unbooked[instrument.id]}, and the record is at the old one: it is "
                f"counted at {last or 'nothing'} and not traded. `trimtab import` of a statement "
                "with the new quantity books the split; the row of the prices may be right."
            )
            return Belief(last, last_on, "invalid-price", message)
        if instrument.id in market.misbooked:
            message = (
                f"{instrument.id}: the record has its split of {market.misbooked[instrument.id]} "
                "otherwise than the prices show it, so the count that its price is of is not "
                f"known: it is counted at {last or 'nothing'} and not traded until the record or "
                "the price file is put right."
            )
            return Belief(last, last_on, "invalid-price", message)
        message = (
            f"{instrument.id}: the price of {quote.on} is {shown}, which is not a price; it is "
            f"counted at {last or 'nothing'} and not traded. Correct that row of the prices."
        )
        return Belief(last, last_on, "invalid-price", message)
    assert quote.on <= market.as_of, f"the market shows a price of {quote.on} on {market.as_of}"
    reference = reference_of(instrument.id, quote, state, market)
    trouble = trouble_of(instrument.id, quote, reference, market)
    waits = Fraction(1) if step is None else step.unbooked
    if trouble is not None and reference is not None:
        if not quote.confirmed or waits != 1:
            most = Reference(quote.price, quote.on, min(1 / waits, Fraction(1))).in_new_units
            return Belief(reference.in_new_units, reference.on, *trouble, doubted=most)
        message = (
            f"{instrument.id}: the price that was typed, {quote.price}, is far from "
            f"{reference.in_new_units} of {reference.on}. It is believed because it was typed: "
            "look at it twice."
        )
        if step is not None and step.told_since != 1:
            split = for_one(step.told_since)
            message += f" The split of {split} that the prices tell of counts with it."
        return Belief(quote.price, quote.on, message=message)
    age, unit = age_of(instrument, quote, market)
    if age > instrument.age_limit:
        message = (
            f"{instrument.id}: the newest price is of {quote.on}, {age} {unit} old (at most "
            f"{instrument.age_limit}); counted at {quote.price} and not traded. Add a newer one."
        )
        return Belief(quote.price, quote.on, "stale-price", message)
    return Belief(quote.price, quote.on, message=_moved_far(instrument.id, quote, market))


def _moved_far(id_: str, quote: Quote, market: Market) -> str:
    """What is told of a price that is believed although it went far; empty where it did not.

    Only where a person decides on it: in a backtest nobody could look at the row.
    """
    before = adjusted(quote)
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


def age_of(instrument: Instrument, quote: Quote, market: Market) -> tuple[int, str]:
    """How old a price is, and in what: sessions, or days where it is typed by hand."""
    if instrument.price_source == "manual":
        return (market.as_of - quote.on).days, "days"
    return market.calendar.sessions_between(quote.on, market.as_of), "sessions"
