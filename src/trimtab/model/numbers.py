"""Exact numbers: decimals from text, money in minor units, quantities in steps, one rounding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Annotated

from trimtab.model.frozen import dataclass

MOST_DECIMALS = 18
"""Decimal places that a number may have in a file or a record."""

_PLAIN_DECIMAL = re.compile(rf"[+-]?[0-9]{{1,24}}(\.[0-9]{{1,{MOST_DECIMALS}}})?", re.ASCII)

_ESTIMATE = re.compile(r"[+-]?[0-9]{1,24}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)

Money = Annotated[int, "money"]
"""An integer of minor units (cents); in files and JSON a decimal string."""

MINOR_DIGITS = 2
"""Decimal places of money. Every currency that the package knows so far has two."""

MOST_MEANT = 12
"""Shares that a remedy spells out."""

LARGEST = 2**62
"""Above this a money amount or a quantity is taken for a slip of the keyboard, and refused."""


LARGEST_ESTIMATE = Decimal(10) ** 24
"""An estimate or a score this large or larger is none."""


class NumberError(ValueError):
    """Text that is not the plain decimal number it should be."""


def decimal_from(text: str) -> Decimal:
    """The exact value of plain decimal text: digits, at most one point, an optional sign.

    Refuses what other parsers let through: exponents, NaN, infinities, thousands separators,
    decimal commas, digits of other scripts, white space within.

    >>> decimal_from("25410.00")
    Decimal('25410.00')
    """
    stripped = text.strip()
    if _PLAIN_DECIMAL.fullmatch(stripped) is None:
        raise NumberError(f"{_shown(text)} is not a plain decimal number such as 1234.56")
    return Decimal(stripped)


def estimate_from(text: str) -> Decimal:
    """A number of an estimate, as programs write it: with all its decimals, and an exponent.

    Money, quantities and prices are read by `decimal_from`.

    >>> float(estimate_from("-0.0036999999999999997")), float(estimate_from("1e-05"))
    (-0.0036999999999999997, 1e-05)
    """
    stripped = text.strip()
    if _ESTIMATE.fullmatch(stripped) is None or abs(Decimal(stripped)) >= LARGEST_ESTIMATE:
        raise NumberError(f"{_shown(text)} is not a plain decimal number such as 1234.56")
    return Decimal(stripped)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def meant_in_percent(
    shares: Mapping[str, Decimal] | Mapping[str, Fraction], *, due: Decimal | Fraction | int
) -> str:
    """What to say of shares that are fractions where percent is meant; empty where they are not.

    Args:
        shares: By name, as they were written.
        due: What they should add up to, in percent.

    >>> meant_in_percent({"SPY": Decimal("0.6"), "AGG": Decimal("0.4")}, due=100)
    'shares are in percent: did you mean SPY=60,AGG=40?'
    """
    total = sum(map(Fraction, shares.values()))
    if not 0 < total * 100 <= Fraction(due) * Fraction(101, 100):
        return ""
    meant = [f"{name}={float(share * 100):.10g}" for name, share in shares.items()]
    more = ",..." if len(meant) > MOST_MEANT else ""
    return f"shares are in percent: did you mean {','.join(meant[:MOST_MEANT])}{more}?"


def fraction_for_percent(written: Decimal | float) -> str:
    """What may be meant by a number in percent that looks like a fraction; empty if none does.

    >>> fraction_for_percent(Decimal("0.15"))
    '15'
    """
    value = float(written)
    return f"{value * 100:.10g}" if 0 < abs(value) < 1 else ""


def half_even(numerator: int, denominator: int) -> int:
    """The integer nearest to numerator / denominator; a tie goes to the even neighbour.

    Money is never rounded in any other way. Exact for integers of any size.

    >>> [half_even(n, 2) for n in (1, 3, 5, -1, -3)]
    [0, 2, 2, 0, -2]
    """
    assert denominator > 0
    floor, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and floor % 2 == 1):
        return floor + 1
    return floor


def minor_from(amount: Decimal) -> int:
    """A money amount as an integer of minor units; refuses fractions of a minor unit.

    >>> minor_from(Decimal("25410.00"))
    2541000
    """
    scaled = Fraction(amount) * 10**MINOR_DIGITS
    if scaled.denominator != 1:
        raise NumberError(f"{amount} has more than {MINOR_DIGITS} decimal places")
    if abs(scaled.numerator) > LARGEST:
        raise NumberError(f"{amount} is larger than any amount this program accepts")
    return int(scaled.numerator)


def money_text(minor: int) -> str:
    """An integer of minor units as decimal text, the form in files and in the ledger.

    >>> money_text(-2541005)
    '-25410.05'
    """
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**MINOR_DIGITS)
    return f"{sign}{whole}.{rest:0{MINOR_DIGITS}d}"


def steps_from(quantity: Decimal, step: Decimal) -> int:
    """A quantity as an integer of steps; refuses what is not a whole number of them.

    >>> steps_from(Decimal("1.5"), Decimal("0.001"))
    1500
    """
    ratio = Fraction(quantity) / Fraction(step)
    if ratio.denominator != 1:
        raise NumberError(f"{quantity} is not a whole number of steps of {step:f}")
    if abs(ratio.numerator) > LARGEST:
        raise NumberError(f"{quantity} is larger than any quantity this program accepts")
    return ratio.numerator


def quantity_text(steps: int, step: Decimal) -> str:
    """A number of steps as decimal text, without trailing zeros.

    >>> quantity_text(1500, Decimal("0.001"))
    '1.5'
    """
    text = format(Decimal(steps) * step, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@cache
def _power_of_ten(exponent: int) -> float:
    return float(Fraction(10) ** exponent)


@dataclass(frozen=True, slots=True)
class Price:
    """A price of one unit, exactly: mantissa x 10^exponent of the currency's major unit."""

    mantissa: int
    exponent: int

    @classmethod
    def of(cls, value: Decimal) -> Price:
        """The price that a decimal states. Refuses zero, negatives, NaN and infinities."""
        if not value.is_finite() or value <= 0:
            raise NumberError(f"{value} is not a price: prices are finite and above zero")
        _, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        return cls(int("".join(map(str, digits))), exponent)

    @property
    def decimal(self) -> Decimal:
        """The price as a decimal."""
        return Decimal(self.mantissa).scaleb(self.exponent)

    def __float__(self) -> float:
        # Two roundings: near enough to compare, and never what money is made from.
        return self.mantissa * _power_of_ten(self.exponent)

    def __str__(self) -> str:
        return format(self.decimal, "f")


def rounded_price(exact: Fraction, exponent: int, *, up: bool | None = None) -> Price:
    """The price with so many decimals, and never more than a record holds.

    Every price that is computed is made here, so that what a plan sends and a broker fills can be
    written down, however many digits the quoted price has.

    Args:
        exact: Above zero.
        exponent: Of its last decimal; -2 for cents.
        up: Round up, or down; None: half to even.

    >>> str(rounded_price(Fraction("50.7838195816040039062"), -19, up=False))
    '50.783819581604003906'
    """
    exponent = max(exponent, -MOST_DECIMALS)
    scaled = exact / Fraction(10) ** exponent
    if up is None:
        mantissa = half_even(scaled.numerator, scaled.denominator)
    else:
        mantissa = -(-scaled.numerator // scaled.denominator) if up else scaled.__floor__()
    while exponent < 0 and mantissa % 10 == 0 and mantissa:
        mantissa, exponent = mantissa // 10, exponent + 1
    return Price(max(mantissa, 1), exponent)


@dataclass(frozen=True, slots=True)
class StepPrice:
    """What one step of an instrument is worth in minor units, as an exact ratio in lowest terms."""

    numerator: int
    denominator: int

    @classmethod
    def of(cls, price: Price, step: Decimal) -> StepPrice:
        """The worth of one `step` at `price`."""
        return _step_price(price.mantissa, price.exponent, step)

    def value(self, steps: int) -> int:
        """The money that `steps` are worth, rounded once, half to even.

        >>> StepPrice.of(Price(10025, -2), Decimal(1)).value(3)
        30075
        """
        return half_even(steps * self.numerator, self.denominator)

    def steps_below(self, minor: int) -> int:
        """The most whole steps that are worth no more than `minor` before rounding."""
        return minor * self.denominator // self.numerator

    def __float__(self) -> float:
        return self.numerator / self.denominator


@lru_cache(maxsize=8192)
def _step_price(mantissa: int, exponent: int, step: Decimal) -> StepPrice:
    # Asked for the same few prices again and again while a plan is made and carried out.
    worth = mantissa * Fraction(10) ** (exponent + MINOR_DIGITS) * Fraction(step)
    return StepPrice(worth.numerator, worth.denominator)
