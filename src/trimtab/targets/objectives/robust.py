"""Utility when expected returns are not to be trusted: the worst of a region around them counts.

    maximise  r'w - kappa sqrt(w'Vw) - risk_aversion/2 w'Sw          an ellipsoid
    maximise  r'w - kappa sum_i sqrt(V_ii) |w_i| - risk_aversion/2 w'Sw      a box

V is the covariance of the errors of the expected returns: that of means over the years of history,
S / years, or its diagonal. D. Goldfarb and G. Iyengar, Robust portfolio selection problems,
Mathematics of Operations Research 28, 2003; R. Tutuncu and M. Koenig, Robust asset allocation,
Annals of Operations Research 132, 2004.

The root is half of the least of `w'Vw price / kappa + kappa / price` over prices, so the answer is
that of a quadratic programme with `price V` added, at the price where `price sqrt(w'Vw)` is kappa;
that product rises with the price. The gap is a proof of its own: the root is never below its slope
at the answer, and the programme with the slope in its place is solved to bound it from below.
"""

from __future__ import annotations

from dataclasses import replace
from math import nan, sqrt
from typing import TYPE_CHECKING, Literal, get_args

from trimtab.targets.objectives.choices import Chosen, most_utility
from trimtab.targets.objectives.curbed import Priced, solve_within
from trimtab.targets.solvers.limits import Search
from trimtab.targets.solvers.programme import Solution, Status
from trimtab.targets.solvers.quadratic import solve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]

Uncertainty = Literal["covariance", "diagonal", "box"]
UNCERTAINTIES: tuple[Uncertainty, ...] = get_args(Uncertainty)

STEPS = 60
NEAR = 1e-13
"""The price is looked for until its product is this near to kappa, as a share of it."""


def errors(covariance: Floats, uncertainty: Uncertainty, years: float) -> Floats:
    """The covariance of the errors of expected returns, shape (n, n).

    Args:
        covariance: A year's, shape (n, n).
        uncertainty: Whether errors of different instruments go together.
        years: Of history that means were taken over.
    """
    import numpy as np

    if uncertainty == "covariance":
        return covariance / years
    return np.diag(covariance.diagonal() / years)


def penalty(
    weights: Floats, covariance: Floats, *, kappa: float, uncertainty: Uncertainty, years: float
) -> float:
    """What the worst of the region costs these weights a year, against the expected returns."""
    import numpy as np

    spread = errors(covariance, uncertainty, years)
    if uncertainty == "box":
        return float(kappa * np.sqrt(spread.diagonal()) @ np.abs(weights))
    return float(kappa * np.sqrt(weights @ spread @ weights))


def most_robust(
    returns: Floats,
    covariance: Floats,
    limits: Limits,
    *,
    risk_aversion: float,
    kappa: float,
    uncertainty: Uncertainty = "covariance",
    years: float = 1.0,
) -> Chosen:
    """The weights with the best utility at the worst returns of the region.

    Args:
        returns: Expected, shape (n,).
        covariance: Shape (n, n).
        limits: To keep to; no number of names.
        risk_aversion: How much return a unit of variance, halved, must bring, > 0.
        kappa: How large the region is, in standard deviations of its errors, >= 0.
        uncertainty: Its form.
        years: Of history that means were taken over.

    Raises:
        ValueError: The limits are of a kind that does not go with it.
    """
    if limits.names is not None:
        raise ValueError("robust-utility goes with no limit on the number of names")
    if kappa == 0.0:
        return most_utility(returns, covariance, limits, risk_aversion=risk_aversion)
    matrix, spread = risk_aversion * covariance, errors(covariance, uncertainty, years)
    if uncertainty == "box":
        return _in_box(returns, matrix, covariance, limits, kappa * spread.diagonal() ** 0.5)
    return _in_ellipsoid(returns, matrix, covariance, limits, kappa, spread)


def _in_box(
    returns: Floats, matrix: Floats, covariance: Floats, limits: Limits, widths: Floats
) -> Chosen:
    """The worst of a box: what is held earns less, what is short costs more."""
    import numpy as np

    if not (limits.low < 0.0).any():
        found = _solved(limits, matrix, widths - returns, covariance, None).solution
        return Chosen(found.weights, found)
    if not limits.is_linear:
        raise ValueError(
            "a box of expected returns takes weights below zero, or limits on turnover, leverage "
            "and tracking error, not both: choose another uncertainty"
        )
    none = np.clip(np.zeros(len(returns)), limits.low, limits.high)
    programme = replace(limits.programme(matrix, -returns), held=none, sell=widths, buy=widths)
    found = solve(programme)
    return Chosen(found.weights, found)


def _in_ellipsoid(
    returns: Floats,
    matrix: Floats,
    covariance: Floats,
    limits: Limits,
    kappa: float,
    spread: Floats,
) -> Chosen:
    """The worst of an ellipsoid, by a search for the price of its variance."""
    limits, stop = replace(limits, search=Search()), limits.search.stop
    near: Priced | None = None

    def at(price: float) -> tuple[Solution, float]:
        nonlocal near
        near = _solved(limits, matrix + price * spread, -returns, covariance, near)
        weights = near.solution.weights
        return near.solution, float(weights @ spread @ weights) ** 0.5

    found, size = at(0.0)
    if found.status != "optimal":
        return Chosen(found.weights, found)
    # The size falls as the price rises, so each of these prices is too low, and the next higher.
    low = kappa / size
    found, size = at(low)
    under, high, over = low * size - kappa, kappa / _least_size(limits, spread, covariance), None
    price = min(kappa / size, high)
    status: Status = "optimal"
    for step in range(STEPS):
        found, size = at(price)
        miss = price * size - kappa
        if abs(miss) <= NEAR * kappa or high - low <= NEAR * high:
            break
        if stop is not None and stop(step, nan, nan):
            status = "stopped"
            break
        if miss < 0.0:
            low, under = price, miss
            over = None if over is None else 0.5 * over  # Illinois: neither end stays for ever
        else:
            high, over = price, miss
            under = 0.5 * under
        price = kappa / size if over is None else low + (high - low) * under / (under - over)
        if not low < price < high:
            price = 0.5 * (low + high)
    weights = found.weights
    slope = kappa * (spread @ weights) / size
    bound = _solved(limits, matrix, slope - returns, covariance, near).solution
    value = 0.5 * float(weights @ matrix @ weights) - float(returns @ weights) + kappa * size
    gap = max(value - (bound.objective - bound.gap), 0.0)
    return Chosen(weights, replace(found, status=status, objective=value, gap=gap))


def _least_size(limits: Limits, spread: Floats, covariance: Floats) -> float:
    """The least root of `w'Vw` within the limits."""
    import numpy as np

    found = _solved(limits, spread, np.zeros(len(spread)), covariance, None).solution
    return sqrt(float(found.weights @ spread @ found.weights))


def _solved(
    limits: Limits, matrix: Floats, linear: Floats, covariance: Floats, like: Priced | None
) -> Priced:
    """One programme under limits of every kind but the number of names."""
    if limits.is_linear:
        start = None if like is None else like.solution.places
        return Priced(solve(limits.programme(matrix, linear), start=start))
    return solve_within(limits, matrix, linear, covariance, like=like)
