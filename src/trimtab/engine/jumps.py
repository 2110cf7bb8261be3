"""Whether a price may follow the one before it, or looks like a jump or a split untold."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from trimtab.model.frozen import dataclass
from trimtab.model.market import JUMP, Market, Quote, Step
from trimtab.model.numbers import Price
from trimtab.model.state import State

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


@dataclass(frozen=True, slots=True)
class Reference:
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


def of_step(step: Step) -> Reference:
    """The price before a step, with the splits that the record has of those told since."""
    return Reference(step.before, step.before_on, step.told_since / step.unbooked)


def reference_of(id_: str, quote: Quote, state: State, market: Market) -> Reference | None:
    """What a price is compared with.

    The last one that was believed before a step that nothing explains; without one the last that
    a plan accepted, else the one before.
    """
    step = market.looked.get(id_)
    if step is not None:
        return of_step(step)
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
            return Reference(accepted.price, accepted.on, split)
    if quote.previous is None or quote.previous_on is None:
        return None
    return Reference(quote.previous, quote.previous_on, quote.split_since_previous)


def for_one(split: Fraction) -> str:
    """A split in the words of an announcement: 2 for 1, 3 for 2, 1 for 10."""
    return f"{split.numerator} for {split.denominator}"


def _cell(split: Fraction) -> str:
    """What to write into the column split: 2 for two new units, 1:2 for a half."""
    one = split.denominator == 1
    return f"{split.numerator}" if one else f"{split.numerator}:{split.denominator}"


def _split_to_add(id_: str, on: date, split: Fraction) -> str:
    """What to write for a split that a price looks like."""
    return (
        f"if {id_} was split {for_one(split)}, write {_cell(split)} into the column split of its "
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


def trouble_of(
    id_: str, quote: Quote, reference: Reference | None, market: Market
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
        Reference(step.before, step.before_on, step.told),
        counted=of_step(step).in_new_units,
        is_long=(step.on - step.before_on).days > LONG,
        waits=step.unbooked != 1,
    )
    assert found is not None, f"a step of {id_} on {step.on} that nothing speaks against"
    return found


def _typed_before_split(id_: str, quote: Quote, step: Step) -> tuple[str, str]:
    """A price was typed beside a split that waits for a word, and it is none for the split."""
    message = (
        f"{id_}: the price that was typed, {quote.price}, is nearer to {step.before} of "
        f"{step.before_on} as it was than after the split of {for_one(step.unbooked)} that the "
        f"prices tell of. The split is not booked, and {id_} is counted at "
        f"{of_step(step).in_new_units} and not traded. If there was no split, take it out of the "
        "prices; if there was, give the price of a new unit, or `trimtab import` a statement with "
        "the new quantity."
    )
    return "typed-before-split", message


def _jump(
    id_: str,
    quote: Quote,
    reference: Reference | None,
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
            said += f" and look like one of {for_one(like)}"
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
            f"{went}, as after a split of {for_one(like)} that the prices do not tell of: "
            f"{stands}. Correct the row; or {_split_to_add(id_, quote.on, like)}."
        )
        return "split-missing", message
    return None


def adjusted(quote: Quote) -> Price | None:
    """The previous price in today's units."""
    if quote.previous is None or quote.previous_on is None:
        return quote.previous
    return Reference(quote.previous, quote.previous_on, quote.split_since_previous).in_new_units
