"""Mean-variance choice (Markowitz 1952): the best weights for expected returns and a covariance.

Returns and covariance are of a year, or of any period so long as both are of the same. All weights
sum to 1 and keep to limits; every answer is exact, and says how far it may be from the best.
A number that is missing, and a covariance that is not symmetric, are a ValueError with its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.targets.objectives import choices
from trimtab.targets.solvers.sound import check_estimates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.choices import Chosen
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]


def least_volatility(covariance: Floats, limits: Limits) -> Chosen:
    """The weights with the least volatility."""
    check_estimates(covariance)
    return choices.least_volatility(covariance, limits)


def most_utility(
    returns: Floats, covariance: Floats, limits: Limits, *, risk_aversion: float
) -> Chosen:
    """The weights with the best return less half the risk aversion times the variance.

    Args:
        returns: Expected, shape (n,).
        covariance: Shape (n, n).
        limits: To keep to.
        risk_aversion: How much return a unit of variance, halved, must bring, > 0.
    """
    check_estimates(covariance, returns)
    return choices.most_utility(returns, covariance, limits, risk_aversion=risk_aversion)


def best_sharpe(returns: Floats, covariance: Floats, limits: Limits, *, risk_free: float) -> Chosen:
    """The weights with the best excess return over volatility.

    Where nothing within the limits is expected to return more than `risk_free` there is no such
    thing: then they are those with the least volatility, and `missed` says so.
    """
    check_estimates(covariance, returns)
    return choices.best_sharpe(returns, covariance, limits, risk_free=risk_free)


def least_volatility_for_return(
    returns: Floats, covariance: Floats, limits: Limits, *, wanted: float
) -> Chosen:
    """The least volatility with an expected return of at least `wanted`."""
    check_estimates(covariance, returns)
    return choices.least_volatility_for_return(returns, covariance, limits, wanted=wanted)


def most_return_for_volatility(
    returns: Floats, covariance: Floats, limits: Limits, *, wanted: float
) -> Chosen:
    """The best expected return with a volatility of at most `wanted`."""
    check_estimates(covariance, returns)
    return choices.most_return_for_volatility(returns, covariance, limits, wanted=wanted)


def most_diversified(covariance: Floats, limits: Limits) -> Chosen:
    """The weights whose volatilities, summed, exceed their joint one most (Choueifaty 2008).

    It is the best Sharpe ratio where each asset is expected to return its own volatility.
    """
    check_estimates(covariance)
    return choices.most_diversified(covariance, limits)
