"""Points of a frontier of few names: a wanted return, a wanted volatility, the best Sharpe ratio.

A wanted return is one more limit, so its answer is proved. The least volatility grows with the
return that is wanted, so a wanted volatility is found by halving. For the best Sharpe ratio there
is no such order: it is looked for at one appetite after the other, the weights of a choice are then
exact, and the gap is to the best ratio of any number of names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.targets.objectives import appetite as appetite_search
from trimtab.targets.objectives import frontier
from trimtab.targets.objectives.cardinality import choice
from trimtab.targets.solvers.limits import Search
from trimtab.targets.solvers.programme import Row, Solution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]

HALVINGS = 40
NEAR = 1e-7
"""A wanted volatility is met to this share of the span of returns."""

TRIES = 12
"""Appetites at which the best Sharpe ratio is looked for."""

ALL_BUT_NOTHING = 1e-7
"""What risk counts where the most return is looked for: among equals, the calmest."""


def at_return(limits: Limits, covariance: Floats, returns: Floats, wanted: float) -> Solution:
    """The least volatility with a return of at least `wanted`, or the most return there is."""
    import numpy as np

    floor = Row("expected return", returns, wanted, None)
    some = replace(limits, rows=(*limits.rows, floor))
    found = choice(some, covariance, np.zeros(len(returns)), covariance)
    if found.status != "infeasible":
        return found
    return _most_return(limits, covariance, returns)


def at_volatility(limits: Limits, covariance: Floats, returns: Floats, wanted: float) -> Solution:
    """The most return at a volatility of at most `wanted`, or the least volatility there is."""
    import numpy as np

    calm = choice(limits, covariance, np.zeros(len(returns)), covariance)
    if calm.status == "infeasible" or calm.weights @ covariance @ calm.weights >= wanted**2:
        return calm
    rich = _most_return(limits, covariance, returns)
    if rich.weights @ covariance @ rich.weights <= wanted**2:
        return rich
    low, high = float(returns @ calm.weights), float(returns @ rich.weights)
    best, span, proof = calm, high - low, calm.status
    for _ in range(HALVINGS):
        if high - low <= NEAR * span:
            break
        middle = 0.5 * (low + high)
        found = at_return(limits, covariance, returns, middle)
        if found.status != "optimal":
            proof = "stopped"
        if found.weights @ covariance @ found.weights <= wanted**2:
            best, low = found, max(middle, float(returns @ found.weights))
        else:
            high = middle
    return replace(best, status=proof, gap=max(high - float(returns @ best.weights), 0.0))


def best_sharpe(
    limits: Limits, covariance: Floats, returns: Floats, risk_free: float
) -> Solution | None:
    """The best excess return over volatility that is found; None where there is no excess."""
    import numpy as np

    loose = _of_any(replace(limits, names=None), covariance, returns, risk_free)
    if loose is None or loose.status != "optimal":
        return loose
    weights = loose.weights
    bound = _ratio(weights, covariance, returns, risk_free)
    best: Solution | None = None
    ratio, tried = -np.inf, set()
    appetite = _worth(weights, covariance, returns, risk_free)
    for attempt in range(TRIES):
        found = choice(limits, covariance, -appetite * returns, covariance)
        if found.status == "infeasible":
            return found
        held = found.weights != 0.0
        if found.weights @ returns > risk_free:
            polished = _polished(limits, covariance, returns, risk_free, held)
            now = _ratio(polished.weights, covariance, returns, risk_free)
            if now > ratio:
                best, ratio = polished, now
        key = held.tobytes()
        if key in tried:  # the same names: look beside them
            appetite *= 1.25 if attempt % 2 else 0.7
            continue
        tried.add(key)
        if best is not None:
            appetite = _worth(best.weights, covariance, returns, risk_free)
        else:
            appetite *= 2.0
    if best is None:
        return None
    gap = max(bound - ratio, 0.0)
    return replace(best, status="optimal" if gap <= 1e-9 else "stopped", gap=gap)


def _most_return(limits: Limits, covariance: Floats, returns: Floats) -> Solution:
    """The choice with the most return, whatever its risk."""
    spread = float(returns.max() - returns.min())
    scale = ALL_BUT_NOTHING * max(spread, 1e-9) / float(covariance.diagonal().max())
    return choice(limits, scale * covariance, -returns, covariance)


def _polished(
    limits: Limits, covariance: Floats, returns: Floats, risk_free: float, held: NDArray[np.bool_]
) -> Solution:
    """The best ratio of these names, of which each has its smallest weight at least."""
    import numpy as np

    assert limits.names is not None, "there is a choice to make"
    floor = np.maximum(limits.low, limits.names.smallest)
    some = replace(
        limits,
        names=None,
        low=np.where(held, floor if limits.names.smallest else limits.low, 0.0),
        high=np.where(held, limits.high, 0.0),
    )
    found = _of_any(some, covariance, returns, risk_free)
    assert found is not None, "the choice itself has an excess return"
    return found


def _of_any(
    limits: Limits, covariance: Floats, returns: Floats, risk_free: float
) -> Solution | None:
    """The best ratio of any number of names; None where nothing has an excess return."""
    import numpy as np

    limits = replace(limits, search=Search())
    if not limits.is_linear:
        return appetite_search.best_sharpe(limits, covariance, returns, risk_free)
    programme = limits.programme(covariance, np.zeros(len(returns)))
    found = frontier.best_sharpe(programme, returns, risk_free)
    return None if found is None else found.solution


def _ratio(weights: Floats, covariance: Floats, returns: Floats, risk_free: float) -> float:
    return float((weights @ returns - risk_free) / (weights @ covariance @ weights) ** 0.5)


def _worth(weights: Floats, covariance: Floats, returns: Floats, risk_free: float) -> float:
    """The appetite at which the best ratio lies where it is that of these weights."""
    return float(weights @ covariance @ weights / (weights @ returns - risk_free))
