"""What a year may bring to a target's sleeves, by what prices were: for triggers that weigh it.

Estimates are floats; a decision compares exactly. So they come to it as whole numbers of a small
unit, and a tracking error beside its limit is compared without a rounding between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import isqrt, lcm

from trimtab.model.frozen import dataclass

UNIT = 10**12
"""Covariances and expected returns are whole numbers of this part of one."""

MOST = 2**53 // UNIT
"""Beyond so much in a year, variance or return, an estimate is of no use: prices are wrong."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of a target's leaves in a year.

    Args:
        target: `household`, or the account whose own target it is.
        leaves: Names of those that have prices. What is held beside them, and what no sleeve names,
            counts as money: it earns `risk_free` and moves with nothing.
        covariance: A year's, of simple returns, a row a leaf, in units of `1 / UNIT`.
        expected: A year's returns in units of `1 / UNIT`; empty where none were estimated.
        risk_aversion: What the target's utility pays for variance: return less half of this times
            the variance. None where it has no utility.
        first, last: Days of the first and the last price that were used.
        sessions: How many there are, both included.
        lacking: Why there are no estimates, in a sentence; else empty.
        risk_free: What money earns in a year, in units of `1 / UNIT`.
    """

    target: str
    leaves: tuple[str, ...] = ()
    covariance: tuple[tuple[int, ...], ...] = ()
    expected: tuple[int, ...] = ()
    risk_aversion: Decimal | None = None
    first: date | None = None
    last: date | None = None
    sessions: int = 0
    lacking: str = ""
    risk_free: int = 0

    @property
    def words(self) -> str:
        """What it was estimated from."""
        return f"{self.sessions} sessions to {self.last}"

    def variance(self, shares: Mapping[str, Fraction]) -> Fraction:
        """A year's variance of shares of a portfolio, exactly; of differences as well.

        >>> Outlook("household", ("a",), ((UNIT // 25,),)).variance({"a": Fraction(1, 2)})
        Fraction(1, 100)
        """
        held = [shares[leaf] for leaf in self.leaves]
        whole = lcm(*(share.denominator for share in held))
        parts = [share.numerator * (whole // share.denominator) for share in held]
        total = sum(
            part * sum(c * other for c, other in zip(row, parts, strict=True))
            for part, row in zip(parts, self.covariance, strict=True)
            if part
        )
        # Rounded to units, a covariance may be a hair less than positive.
        return Fraction(max(total, 0), whole * whole * UNIT)

    def gain(self, shares: Mapping[str, Fraction]) -> Fraction:
        """A year's expected return of shares of a portfolio, exactly; the rest of it is money.

        >>> one = Outlook("household", ("a",), expected=(UNIT // 10,), risk_free=UNIT // 50)
        >>> one.gain({"a": Fraction(1, 2)})
        Fraction(3, 50)
        """
        pairs = zip(self.leaves, self.expected, strict=True)
        excess = (shares[leaf] * (own - self.risk_free) for leaf, own in pairs)
        return sum(excess, Fraction(self.risk_free)) / UNIT

    def utility(self, shares: Mapping[str, Fraction]) -> Fraction:
        """Expected return less what the risk aversion asks for variance, a year, exactly."""
        assert self.risk_aversion is not None, "the target has a utility"
        return self.gain(shares) - Fraction(self.risk_aversion) / 2 * self.variance(shares)


def root(square: Fraction) -> Fraction:
    """The square root to twelve decimals, rounded down: of an exact square, exactly it.

    >>> root(Fraction(1, 100))
    Fraction(1, 10)
    """
    return Fraction(isqrt(square.numerator * UNIT * UNIT // square.denominator), UNIT)
