"""A stated tolerance for risk, mapped to a point of the frontier, and the mapping in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.front import Front, Point

    Floats = NDArray[np.float64]

Kind = Literal["volatility", "loss", "score"]

ONE_YEAR_IN_TWENTY = 1.6448536269514722
"""Standard deviations below the mean that a normal year falls in one of twenty."""

SCORES = 10
"""Scores of a questionnaire go from 1, the least risk, to this."""


@dataclass(frozen=True, slots=True)
class Tolerated:
    """The point of a frontier that a tolerance leads to.

    Args:
        weights: Shape (n,).
        how: The mapping, in a sentence.
        met: Whether any point of the frontier is within the tolerance; else this is the calmest.
    """

    weights: Floats
    how: str
    met: bool


def tolerated(front: Front, kind: Kind, amount: float) -> Tolerated:
    """The point with the most return that a tolerance allows.

    Between two points of the frontier the weights are mixed, which is never riskier than it looks:
    volatility is convex.

    Args:
        front: The frontier, with points enough to mix.
        kind: `volatility`, a year's at most; `loss`, of a year, exceeded in one year of twenty if
            years are normal; `score`, from 1 to SCORES, spread evenly over the volatilities.
        amount: The volatility or the loss as a fraction, or the score.

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

    def risk(point: Point) -> float:
        if kind == "loss":
            return ONE_YEAR_IN_TWENTY * point.volatility - point.expected_return
        return point.volatility

    slack = 1e-12 + 1e-9 * abs(limit)
    within = [k for k, point in enumerate(front.points) if risk(point) <= limit + slack]
    if not within:
        safest = min(front.points, key=risk)
        told = f"{how} Nothing on the frontier is within that; this is the nearest."
        return Tolerated(safest.weights, told, False)
    last = within[-1]
    weights = front.points[last].weights
    if last + 1 < len(front.points):
        weights = _mixed(front.points[last], front.points[last + 1], risk, limit)
    return Tolerated(weights, how, True)


def _mixed(low: Point, high: Point, risk: Callable[[Point], float], limit: float) -> Floats:
    """The mixture of two neighbours at which the risk is at its limit, as straight as they lie."""
    under, over = risk(low), risk(high)
    share = (limit - under) / (over - under) if over > under else 0.0
    share = min(max(share, 0.0), 1.0)
    mixed: Floats = (1.0 - share) * low.weights + share * high.weights
    return mixed
