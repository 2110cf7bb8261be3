"""What one currency is worth in another on a day, and a price brought over by it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from trimtab.model.frozen import dataclass
from trimtab.model.numbers import MOST_DECIMALS, Price, half_even

OLDEST_RATE = 5
"""Sessions for which a rate may be used after its own, with a finding."""

DECIMALS = 6
"""Decimal places of a price that was brought over, from one unit of money on."""

LEAST_DIGITS = 6
"""So many digits a smaller one keeps."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So much of the portfolio's currency for one unit of another.

    Args:
        value: Exactly.
        pair: The pair that says so, as it is written: EURUSD, or USDEUR turned over.
        shown: What is written there.
        on: The day that it is of, as ISO text.
        age: Sessions from then to the day that it is used for.
    """

    value: Fraction
    pair: str = ""
    shown: str = ""
    on: str = ""
    age: int = 0


@dataclass(frozen=True, slots=True)
class Brought:
    """How the rows of an instrument came to the portfolio's currency.

    Args:
        written: What the files say, by row.
        codes: The currency of each row.
        rates: By row; None where there is none, and so no price.
        since: By row without a rate the place of the first of its stretch of them; else -1.
    """

    written: Sequence[str]
    codes: Sequence[str]
    rates: Sequence[Rate | None]
    since: Sequence[int]


def brought_over(price: Price, rate: Fraction) -> Price:
    """A price in the portfolio's currency, rounded half to even to a millionth or finer.

    >>> str(brought_over(Price(1676936, -2), Fraction(10956, 10000)))
    '18372.510816'
    >>> str(brought_over(Price(3, -2), Fraction(1, 300)))
    '0.0001000000'
    """
    if rate == 1:
        return price
    # Whole numbers throughout: a backtest brings over every row.
    above = price.mantissa * rate.numerator * 10 ** max(price.exponent, 0)
    below = rate.denominator * 10 ** max(-price.exponent, 0)
    decimals = DECIMALS
    while decimals < MOST_DECIMALS and above * 10**decimals < below * 10**LEAST_DIGITS:
        decimals += 1
    return Price(max(half_even(above * 10**decimals, below), 1), -decimals)
