"""Volatilities that no instrument has: a slip in the prices, not a risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding

if TYPE_CHECKING:
    from trimtab.estimates.arrays import Floats

MOST_VOLATILITY = 3.0
"""A year's. Above 300% prices have a slip, a split nobody told, or are of something else."""


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
