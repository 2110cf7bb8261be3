"""Weights by what each adds to the risk, without expected returns."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING

from trimtab.targets.solvers.sound import check_estimates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.asked import Optimised
    from trimtab.targets.solvers.limits import Stop

    Floats = NDArray[np.float64]

ROUNDS = 200
EXACT = 1e-13
"""Shares of risk may differ from their budget by this."""


def risk_budgeted(
    covariance: Floats, budget: Floats | None = None, *, stop: Stop | None = None
) -> Floats:
    """Long-only weights of which each adds its budgeted share to the variance.

    The minimum of 1/2 x'Sx - b' log x, scaled to sum to 1 (Spinu 2013), by Newton steps that are
    shortened where needed: the function is self-concordant, so they always arrive.

    Args:
        covariance: Shape (n, n), positive definite.
        budget: Shares of the variance, > 0, summing to 1, shape (n,); None for equal ones.
        stop: Ends the search before its shares are exact.

    Returns:
        Shape (n,), summing to 1.

    Raises:
        ValueError: A number is missing, the covariance is not symmetric, or a budget is not above
            zero.
    """
    import numpy as np

    check_estimates(covariance)
    if budget is not None and not (budget > 0.0).all():
        at = int((~(budget > 0.0)).argmax())
        raise ValueError(f"budget[{at}] is {budget[at]}: every share of the risk is above zero")

    n = len(covariance)
    share = np.full(n, 1.0 / n) if budget is None else budget / budget.sum()
    # By correlations the problem is as well conditioned as it can be.
    own = np.sqrt(covariance.diagonal())
    correlation = covariance / np.outer(own, own)
    x = np.sqrt(share) / np.sqrt(max(float(np.sqrt(share) @ correlation @ np.sqrt(share)), 1e-12))
    for step in range(ROUNDS):
        pull = correlation @ x
        if np.abs(x * pull - share).max() <= EXACT:
            break
        if stop is not None and stop(step, nan, nan):
            break
        gradient = pull - share / x
        move = np.linalg.solve(correlation + np.diag(share / x**2), gradient)
        furthest = float(np.abs(move / x).max())
        decrement = float(np.sqrt(max(gradient @ move, 0.0) / share.min()))
        x = x - (move if furthest < 0.5 else move / (1.0 + max(decrement, furthest)))
    weights: Floats = x / own
    weights /= weights.sum()
    return weights


def with_risk_shares(
    found: Optimised, covariance: Floats | None, kept: NDArray[np.int64]
) -> Optimised:
    """The same weights with what part of the variance each of them adds, where there is one.

    Args:
        found: Weights, shape (n,).
        covariance: Of those that were learned of; None where nothing was.
        kept: Which of the n those are.
    """
    import numpy as np

    weights = found.weights[kept]
    if covariance is None or not weights @ covariance @ weights > 0.0:
        return found
    shares = np.zeros(len(found.weights))
    shares[kept] = risk_shares(weights, covariance)
    return replace(found, risk_shares=shares)


def risk_shares(weights: Floats, covariance: Floats) -> Floats:
    """What part of the variance each weight adds, shape (n,), summing to 1."""
    pull = covariance @ weights
    shares: Floats = weights * pull / (weights @ pull)
    return shares
