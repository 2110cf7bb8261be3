"""Volatilities that no instrument has: a slip in the prices, not a risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding

if TYPE_CHECKING:
    from trimtab.estimates.arrays import Floats

MOST_VOLATILITY = 3.0
"""A year's. Above 300% prices have a slip, a split nobody told, or are of something else."""


FAR = 20.0
"""Variances that are so many times those of the prices, or so small a part, are in another unit."""


def is_absurd(covariance: Floats) -> bool:
    """Whether any variance, a year's, is beyond belief."""
    return bool((covariance.diagonal() > MOST_VOLATILITY**2).any())


def absurd(covariance: Floats, names: Sequence[str]) -> tuple[Finding, ...]:
    """A warning for each instrument whose volatility is beyond belief.

    Args:
        covariance: A year's, shape (n, n).
        names: Of the instruments.
    """
    if not is_absurd(covariance):
        return ()
    deviations = covariance.diagonal() ** 0.5
    return tuple(
        Finding(
            "volatility-absurd",
            name,
            f"its volatility comes to {deviation:.0%} a year: look for a slip or an untold split "
            "in its prices",
            "warning",
        )
        for name, deviation in zip(names, deviations.tolist(), strict=True)
        if deviation > MOST_VOLATILITY
    )


def unbelievable(
    covariance: Floats, names: Sequence[str], given: object, returns: Floats, year: float
) -> tuple[Finding, ...]:
    """A warning of variances that are in another unit than a year's, or else of absurd ones.

    Args:
        covariance: A year's, shape (n, n).
        names: Of the instruments.
        given: How it was come by: a word where it is estimated, anything else where it is given.
        returns: Simple returns of the same, shape (sessions, n); NaN where there is none.
        year: Sessions that make a year.
    """
    import numpy as np

    if isinstance(given, str):
        return absurd(covariance, names)
    own = np.nanvar(returns, axis=0) * year
    moves = own > 0.0
    if not moves.any():
        return absurd(covariance, names)
    times = float(np.median(covariance.diagonal()[moves] / own[moves]))
    if 1.0 / FAR <= times <= FAR:
        return absurd(covariance, names)
    units = {
        f"a session's: multiply by {year:g}": 1.0 / year,
        "of returns in percent: divide by 10,000": 1e4,
        f"a session's, of returns in percent: multiply by {year:g} / 10,000": 1e4 / year,
    }
    unit, usual = min(units.items(), key=lambda one: abs(np.log(times / one[1])))
    guess = f" Maybe they are {unit}." if 0.25 < times / usual < 4.0 else ""
    message = (
        f"the variances that are given are {times:.2g} times those of the prices, a year's as "
        f"fractions: weights and volatilities are in doubt.{guess}"
    )
    return (Finding("covariance-unit", "covariance", message, "warning"),)
