"""Points of a frontier whose limits are not all linear, by a search over the appetite for return.

Under such limits the weights do not move along straight lines, but return and volatility still grow
with the appetite, so that a point of the frontier is a root of a function of one number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING

from trimtab.targets.objectives.curbed import Priced, solve_within
from trimtab.targets.solvers.limits import Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits
    from trimtab.targets.solvers.programme import Solution

    Floats = NDArray[np.float64]

STEPS = 120
LARGEST = 1e9
"""An appetite beyond which nobody moves any more, times that of the assets as they are."""


def best_sharpe(
    limits: Limits, covariance: Floats, returns: Floats, risk_free: float
) -> Solution | None:
    """The best excess return over volatility; None where there is no excess."""

    def short(appetite: float, weights: Floats) -> float:
        # Along the frontier the ratio rises while the appetite is below variance over excess.
        excess = float(returns @ weights) - risk_free
        if excess <= 0.0:
            return float("inf")
        return float(weights @ covariance @ weights) / excess - appetite

    found = _search(limits, covariance, returns, short, lambda *_: inf)
    if found.status != "infeasible" and returns @ found.weights <= risk_free:
        return None
    return found


def at_return(limits: Limits, covariance: Floats, returns: Floats, wanted: float) -> Solution:
    """The least volatility with a return of at least `wanted`, or the most return there is."""

    def gap(appetite: float, near: Solution, weights: Floats) -> float:
        # Nothing that returns as much is below the line that its programme draws.
        own = 0.5 * float(near.weights @ covariance @ near.weights) - near.gap
        bound = own + appetite * (wanted - float(returns @ near.weights))
        return 0.5 * float(weights @ covariance @ weights) - bound

    return _search(
        limits, covariance, returns, lambda _, weights: wanted - float(returns @ weights), gap
    )


def at_volatility(limits: Limits, covariance: Floats, returns: Floats, wanted: float) -> Solution:
    """The most return at a volatility of at most `wanted`, or the least volatility there is."""

    def gap(appetite: float, near: Solution, weights: Floats) -> float:
        if appetite == 0.0:
            return inf
        room = 0.5 * (wanted**2 - float(near.weights @ covariance @ near.weights))
        return float(returns @ (near.weights - weights)) + (room + near.gap) / appetite

    return _search(
        limits,
        covariance,
        returns,
        lambda _, weights: wanted**2 - float(weights @ covariance @ weights),
        gap,
        below=True,
    )


def _search(
    limits: Limits,
    covariance: Floats,
    returns: Floats,
    short: Callable[[float, Floats], float],
    gap: Callable[[float, Solution, Floats], float],
    *,
    below: bool = False,
) -> Solution:
    """The answer at the appetite at which nothing is short any more.

    Args:
        limits, covariance, returns: Of the frontier; `limits.search.stop` ends the search with
            the best weights so far, once there are some.
        short: Of an appetite and its weights: above zero while the appetite is too small.
        gap: Of an appetite, its answer, and the best weights at a stop: how much better any can be.
        below: The answer lies on the side on which something is short still.
    """
    like: Priced | None = None
    limits, stop = replace(limits, search=Search()), limits.search.stop

    def at(appetite: float) -> tuple[float, Solution]:
        nonlocal like
        like = solve_within(limits, covariance, -appetite * returns, covariance, like=like)
        if like.solution.status != "optimal":
            return 0.0, like.solution
        return short(appetite, like.solution.weights), like.solution

    missing, found = at(0.0)
    if missing <= 0.0 or found.status != "optimal":
        return found
    spread = float(returns.max() - returns.min())
    scale = float(covariance.diagonal().mean()) / max(spread, 1e-12)
    low, lower, high = 0.0, (missing, found), 0.1 * scale
    higher = at(high)
    while higher[0] > 0.0:
        low, lower = high, higher
        high *= 4.0
        if high > LARGEST * scale:
            return lower[1]
        higher = at(high)
        if higher[1].status != "optimal":  # beyond what the search can tell: nobody moves any more
            return lower[1]
    for step in range(STEPS):
        if high - low <= 1e-13 * high or lower[0] == 0.0:
            break
        if stop is not None and stop(step, nan, nan):
            best = (lower if below else higher)[1]
            proof = min(gap(low, lower[1], best.weights), gap(high, higher[1], best.weights))
            return replace(best, status="stopped", gap=max(proof, 0.0))
        part = lower[0] / (lower[0] - higher[0]) if lower[0] < float("inf") else 0.5
        middle = low + (0.5 if step % 3 == 2 else min(max(part, 1e-9), 1.0 - 1e-9)) * (high - low)
        one = at(middle)
        if one[0] > 0.0:
            low, lower = middle, one
        else:
            high, higher = middle, one
            if one[0] == 0.0:
                break
    return (lower if below and higher[0] < 0.0 else higher)[1]
