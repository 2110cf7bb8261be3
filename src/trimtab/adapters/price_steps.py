"""Prices of a tape one after the other: the quote of a row, and the steps that nobody explained."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from trimtab.adapters.price_tape import Tape
from trimtab.engine.jumps import LONG, doubtful
from trimtab.model.market import JUMP, Quote, Step
from trimtab.model.numbers import Price

DOUBTED_FOR = 10
"""Rows for which a price that jumped is not what later ones are compared with."""

MOVED = 1.4
"""A price that moved this far is one that may be doubted: a quote then names its row."""

CALM = 0.72
"""A price between this part of the one before and its inverse made no step to doubt."""


@dataclass(frozen=True, slots=True)
class Since:
    """From where on every step of a price is looked at.

    Args:
        on: The day.
        price: The price of that day that a plan accepted, as it was counted then; None where only
            the rows of the files say it.
    """

    on: date
    price: Price | None = None


def quote_at(tape: Tape, place: int) -> Quote:
    """The quote of the row at a place, with the valid price before it."""
    price = tape.price(place)
    on = tape.day(place)
    quote = quote_after(tape, place - 1, price, on)
    if price is not None and not _has_moved(quote):
        return quote
    return replace(quote, raw=tape.raw(place))


def quote_after(tape: Tape, before: int, price: Price | None, on: date) -> Quote:
    """A quote with the last valid price at or before a place."""
    place = _reference(tape, before)
    if place < 0:
        return Quote(price, on)
    previous_on = tape.day(place)
    ratio = tape.splits_between(previous_on, on)
    return Quote(price, on, tape.price(place), previous_on, ratio)


def first_step(tape: Tape, since: Since, end: int) -> Step | None:
    """The first step since a day that nothing explains and no later price undoes.

    Rows are gone through as numbers; what moved far is looked at exactly.
    """
    start = bisect_right(tape.days, since.on.isoformat())
    before: tuple[Price, date] | None = None
    if since.price is not None:
        before = since.price, since.on
        # A price that the file has for that day only: then it is what is asked about.
        start = min(start, end - 1)
    else:
        start = tape.valid(min(start, end - DOUBTED_FOR) - 1)
    number = float(before[0].decimal) if before else 0.0
    place_before, found = -1, None
    for place in range(max(start, 0), end):
        try:
            now = float(tape.prices[place])
        except ValueError:
            continue
        calm = CALM * number < now and CALM * now < number
        if calm and found is None and not tape.splits:
            number, place_before = now, place
            continue
        price = tape.price(place)
        if price is None:
            continue
        if place_before >= 0:
            earlier = tape.price(place_before)
            if earlier is not None:
                before = earlier, tape.day(place_before)
        number, place_before = now, place
        on = tape.day(place)
        if before is None:
            continue
        told = tape.splits_between(before[1], on)
        ratio = _ratio_of(before[0], price) * told
        if found is None:
            is_long = (on - before[1]).days > LONG
            if doubtful(ratio, told=told, is_long=is_long):
                found = place, before, told
        else:
            whole = _ratio_of(found[1][0], price) * tape.splits_between(found[1][1], on)
            if max(whole, 1 / whole) < max(ratio, 1 / ratio):
                found = None
    if found is None:
        return None
    place, (first, first_on), told = found
    after = tape.price(place)
    assert after is not None, "a step is between prices"
    text = tape.raw(place)
    newest = tape.day(end - 1)
    told_since = tape.splits_between(first_on, newest)
    on = tape.day(place)
    return Step(first, first_on, after, on, told, told_since, text)


def _reference(tape: Tape, before: int) -> int:
    """The newest valid row at or before a place that no jump nearby makes doubtful; -1 if none.

    A row that jumped is not what the next one is compared with: of the last few rows the one
    before the first jump counts, so that a slip of a day, or of two, stays a slip.
    """
    found = tape.valid(before)
    later = found
    for _ in range(DOUBTED_FOR):
        earlier = tape.valid(later - 1)
        if earlier < 0:
            break
        if _jumped(tape, earlier, later):
            found = earlier
        later = earlier
    return found


def _jumped(tape: Tape, earlier: int, later: int) -> bool:
    known = tape.jumped.get((earlier, later))
    if known is not None:
        return known
    before = tape.price(earlier)
    after = tape.price(later)
    assert before is not None
    assert after is not None
    days = tape.day(earlier), tape.day(later)
    was = float(before.decimal)
    now = float(after.decimal) * float(tape.splits_between(*days))
    return tape.jumped.setdefault((earlier, later), now >= JUMP * was or JUMP * now <= was)


def _has_moved(quote: Quote) -> bool:
    """Whether a price is so far from the one before, or so near a split, that it may be doubted."""
    if quote.price is None or quote.previous is None:
        return False
    if quote.split_since_previous != 1:
        return True
    now, was = float(quote.price.decimal), float(quote.previous.decimal)
    return now >= MOVED * was or MOVED * now <= was


def _ratio_of(before: Price, after: Price) -> Fraction:
    return Fraction(after.decimal) / Fraction(before.decimal)
