"""What the market says on a day: prices with their dates, splits and dividends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from trimtab.model.frozen import dataclass
from trimtab.model.numbers import Price
from trimtab.model.sessions import Calendar

JUMP = 3
"""A price this many times its predecessor, or this part of it, is not believed without a split.

Ten times would let a slipped decimal point through on every day on which the market moved the
other way.
"""

AS_TENFOLD = 8
"""A price this many times its predecessor, or this part of it, is a split by ten or a slip of the
decimal point on a day on which the market moved besides: no history is run over it until it is
said to be real."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The newest price known for an instrument on or before a day.

    Args:
        price: The price; None where the source has a row without a usable price.
        on: The day the price is of.
        previous: The last price before it that looked right, on `previous_on`; None for the first.
        split_since_previous: New units for one old unit between the two, 1 when no split.
        raw: What the source wrote, and where, when `price` is None or may be doubted: shown to
            the user. Empty for all others: it enters the hash of a plan's inputs.
        confirmed: Whether a person typed this price for this day; then it is believed.
    """

    price: Price | None
    on: date
    previous: Price | None = None
    previous_on: date | None = None
    split_since_previous: Fraction = Fraction(1)
    raw: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A move from one price to the next that no split explains, and that later ones did not undo.

    Args:
        before: The last price that is believed, on `before_on`.
        after: The first one that is not, on `on`.
        told: New units for one old one by the splits told between the two.
        told_since: The same from `before_on` to the newest price.
        raw: What the source wrote for `after`, and where; empty for what was typed.
        unbooked: The part of `told_since` that the record lacks: what is held is at the old count.
    """

    before: Price
    before_on: date
    after: Price
    on: date
    told: Fraction = Fraction(1)
    told_since: Fraction = Fraction(1)
    raw: str = ""
    unbooked: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Split:
    """From `on` (the first session at the new count) one old unit is `ratio` new ones."""

    instrument: str
    on: date
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class Dividend:
    """Cash of `amount` a unit for those who held before `on`, the ex-date."""

    instrument: str
    on: date
    amount: Price


@dataclass(frozen=True, slots=True)
class Unconverted:
    """Prices in another currency that no exchange rate brings to the portfolio's.

    Args:
        currency: What they are in.
        pair: The pair whose rate is missing.
        first, last: The days of the rows that it is missing for.
    """

    currency: str
    pair: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Market:
    """A snapshot: nothing in it is later than `as_of`.

    Args:
        as_of: The session that it shows.
        calendar: The exchange's sessions.
        quotes: By instrument id; an instrument without any price is absent.
        splits: Splits up to `as_of`, oldest first.
        dividends: Dividends up to `as_of`, oldest first.
        looked: What came of looking at every step up to the newest price since the last one that
            a plan accepted, by instrument: a step that nothing explains, or None. What was not
            looked at is absent.
        unbooked: The day of a split that the record lacks, by instrument.
        misbooked: The day of a split that the record has otherwise than the prices, by instrument.
        currency: What all prices and dividends were brought to; empty: each is in the currency of
            its instrument.
        unconverted: By instrument why its newest row could not be; then it has no price.
    """

    as_of: date
    calendar: Calendar
    quotes: Mapping[str, Quote]
    splits: tuple[Split, ...] = ()
    dividends: tuple[Dividend, ...] = ()
    looked: Mapping[str, Step | None] = field(default_factory=dict)
    unbooked: Mapping[str, date] = field(default_factory=dict)
    misbooked: Mapping[str, date] = field(default_factory=dict)
    currency: str = ""
    unconverted: Mapping[str, Unconverted] = field(default_factory=dict)
