"""A stated tolerance for risk, mapped to a point of the frontier, and the mapping in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING, Literal

from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.front import Front, Point
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]

Kind = Literal["volatility", "loss", "score"]

ONE_YEAR_IN_TWENTY = 1.6448536269514722
"""Standard deviations below the mean that a normal year falls in one of twenty."""

SCORES = 10
"""Scores of a questionnaire go from 1, the least risk, to this."""

STEPS = 60
"""Volatilities that are tried for one loss; some ten are usual."""

NEAR = 1e-10
"""A loss is met to this return a year."""

MET = 1e-7
"""A loss of few names is met to this."""


@dataclass(frozen=True, slots=True)
class Tolerated:
    """The point of a frontier that a tolerance leads to.

    Args:
        weights: Shape (n,).
        how: The mapping, in a sentence.
        met: Whether any point of the frontier is within the tolerance; else this is the calmest.
        status: As of `Point`, or `missed`; `given` where nothing is claimed.
        gap: How much more return any other weights within the tolerance can have, at most; NaN
            where nothing is known.
        solver: What found it.
    """

    weights: Floats
    how: str
    met: bool
    status: str = "given"
    gap: float = nan
    solver: str = "frontier"


@dataclass(frozen=True, slots=True)
class Richest:
    """Weights with the most return at a volatility.

    Args:
        weights: Shape (n,), money last where it is counted.
        expected_return, volatility: Of them, a year's.
        status, gap, solver: As of `Tolerated`.
        missed: Whether all weights have more volatility; then these are the calmest.
    """

    weights: Floats
    expected_return: float
    volatility: float
    status: str
    gap: float
    solver: str
    missed: bool


def richest_by(
    expected: Floats, covariance: Floats, limits: Limits, *, cash: float | None = None,
    risk_free: float = 0.0,
) -> Callable[[float], Richest]:  # fmt: skip
    """What finds the most return at a volatility, as the objective `target-volatility` does.

    Args:
        expected, covariance: A year's, of what is invested.
        limits: To keep to.
        cash, risk_free: As of `front`.
    """
    import numpy as np

    from trimtab.targets.objectives.asked import Asked
    from trimtab.targets.objectives.optimised import optimise

    names = [str(place + 1) for place in range(len(expected))]
    part = 1.0 - (cash or 0.0)

    def at(volatility: float) -> Richest:
        found = optimise(
            Asked("target-volatility", wanted=volatility / part), limits, expected=expected,
            covariance=covariance, returns=np.zeros((0, len(expected))), names=names,
        )  # fmt: skip
        weights, gained = found.weights, found.expected_return
        if cash is not None:
            weights = np.append(weights * part, cash)
            gained = gained * part + cash * risk_free
        missed = any(one.code == "objective-missed" for one in found.findings)
        return Richest(
            weights, gained, found.volatility * part, found.status, found.optimality_gap * part,
            found.solver, missed,
        )  # fmt: skip

    return at


def tolerated(
    front: Front, kind: Kind, amount: float, *, richest: Callable[[float], Richest] | None = None
) -> Tolerated:
    """The weights with the most return that a tolerance allows.

    Args:
        front: The frontier.
        kind: `volatility`, a year's at most; `loss`, of a year, exceeded in one year of twenty if
            years are normal; `score`, from 1 to SCORES, spread evenly over the volatilities.
        amount: The volatility or the loss as a fraction, or the score.
        richest: What finds the most return at a volatility, see `richest_by`. Without it two
            neighbouring points are mixed, which claims nothing: it is for a frontier that is a mean
            of many, whose limits are all linear; a mixture of few names has more of them.

    Raises:
        ValueError: The amount makes no sense.
    """
    calm, bold = front.points[0], front.points[-1]
    if kind == "score":
        if not 1 <= amount <= SCORES:
            raise ValueError(f"a score of {amount:g}: from 1 to {SCORES}")
        share = (amount - 1.0) / (SCORES - 1.0)
        limit = calm.volatility + share * (bold.volatility - calm.volatility)
        how = (
            f"A score of {amount:g} of {SCORES} is {share:.0%} of the way from the least "
            f"volatility, {calm.volatility:.2%}, to that of the most return, "
            f"{bold.volatility:.2%}: "
            f"{limit:.2%} volatility."
        )
    else:
        if not amount >= 0.0:
            raise ValueError(f"{kind} {amount:g}: zero or more")
        limit = amount
        how = f"At most {amount:.2%} volatility a year."
        if kind == "loss":
            how = (
                f"A loss of at most {amount:.2%} in all but one year of twenty, if years are "
                f"normal: the return less {ONE_YEAR_IN_TWENTY:.2f} volatilities."
            )

    def risk(point: Point | Richest) -> float:
        if kind == "loss":
            return ONE_YEAR_IN_TWENTY * point.volatility - point.expected_return
        return point.volatility

    slack = 1e-12 + 1e-9 * abs(limit)
    found: Tolerated | None
    if richest is None:
        found = _mixed(front.points, risk, limit, slack, how)
    elif risk(bold) <= limit + slack:
        found = Tolerated(bold.weights, how, True, bold.status, bold.gap)
    elif kind != "loss" and risk(calm) > limit - slack:
        found = None
        if risk(calm) <= limit + slack:
            found = Tolerated(calm.weights, how, True, calm.status, calm.gap)
    else:
        best = richest(limit) if kind != "loss" else _least_bad(richest, bold, limit)
        found = None
        if risk(best) <= limit + max(slack, 2.0 * MET * (kind == "loss")):
            found = Tolerated(best.weights, how, True, best.status, best.gap, best.solver)
    if found is not None:
        return found
    safest = min(front.points, key=risk)
    told = f"{how} Nothing on the frontier is within that; this is the nearest."
    return Tolerated(safest.weights, told, False, "missed")


def _least_bad(richest: Callable[[float], Richest], bold: Point, loss: float) -> Richest:
    """The most return at which a bad year loses no more than so much.

    What returns no more than r may have a volatility of (loss + r) / 1.64, and then returns no more
    than the most at that volatility, which is the next r: from the most of all it falls to the
    answer, and nothing above it is left out, whether the frontier bends inwards or not.
    """
    bound = bold.expected_return
    best = richest(max(loss + bound, 0.0) / ONE_YEAR_IN_TWENTY)
    proof = best.status
    for _ in range(STEPS):
        # The most return of few names is known to its gap alone.
        near = NEAR + min(best.gap, MET)
        if best.missed or bound - best.expected_return <= near:
            break
        bound = best.expected_return
        best = richest(max(loss + bound, 0.0) / ONE_YEAR_IN_TWENTY)
        proof = proof if best.status == "optimal" else best.status
    return replace(best, status=proof)


def _mixed(
    points: tuple[Point, ...],
    risk: Callable[[Point], float],
    limit: float,
    slack: float,
    how: str,
) -> Tolerated | None:
    """The mixture of two neighbours at which the risk is at its limit, as straight as they lie."""
    within = [k for k, point in enumerate(points) if risk(point) <= limit + slack]
    if not within:
        return None
    last = within[-1]
    low, high = points[last], points[min(last + 1, len(points) - 1)]
    under, over = risk(low), risk(high)
    share = (limit - under) / (over - under) if over > under else 0.0
    share = min(max(share, 0.0), 1.0)
    return Tolerated((1.0 - share) * low.weights + share * high.weights, how, True)
