"""When to rebalance, given the best weights: exactly for two or three assets, nearly for many.

Each period the weights may be traded, at a cost; then straying from the best weights costs half the
risk aversion times the variance of the difference; then returns move the weights. The best rule
makes the sum of both least in the long run. `exact` finds it by dynamic programming over a grid of
weights, which is out of reach beyond three assets. Markowitz and van Dijk (2003; Kritzman, Myrgren
and Page, Optimal rebalancing: a scalable solution, 2009) replace the cost of all that is still to
come by a multiple of the squared distance, and then each decision is one quadratic programme.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.quadratic import solve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_ROUNDS = 5_000


@dataclass(frozen=True, slots=True)
class Chase:
    """Best weights that returns keep moving away from.

    Args:
        best: The weights to be near to, shape (n,), summing to 1.
        covariance: Of a period's returns, shape (n, n), positive definite.
        risk_aversion: How much return a unit of variance, halved, must bring.
        rates: Cost of a unit bought or sold, shape (n,).
    """

    best: Floats
    covariance: Floats
    risk_aversion: float
    rates: Floats

    def straying(self, weights: Floats) -> Floats:
        """What a period away from the best weights costs, by row of weights."""
        import numpy as np

        apart = weights - self.best
        cost: Floats = (
            0.5 * self.risk_aversion * np.einsum("...i,ij,...j->...", apart, self.covariance, apart)
        )
        return cost

    def nearer(self, held: Floats, *, distance: float) -> Floats:
        """Where to trade to, by the rule of Markowitz and van Dijk.

        Args:
            held: The weights now, shape (n,).
            distance: What a unit of squared distance costs in all that is still to come, >= 0.
        """
        import numpy as np

        n = len(held)
        matrix = self.risk_aversion * self.covariance + 2.0 * distance * np.eye(n)
        budget = Row("all weights", np.ones(n), 1.0, 1.0)
        programme = Programme(
            matrix, -matrix @ self.best, np.zeros(n), np.ones(n), (budget,),
            held=np.clip(held, 0.0, 1.0), sell=self.rates, buy=self.rates,
        )  # fmt: skip
        return solve(programme).weights


@dataclass(frozen=True, slots=True)
class Exact:
    """The best rule, on a grid.

    Args:
        chase: What it is the best rule for.
        points: Weights of the grid, shape (points, n).
        onward: Cost from each point on, just after trading, above that of the best weights.
        rate: Cost of a period in the long run.
        gap: By how much the rate may be off on this grid.
        step: Width of the grid.
    """

    chase: Chase
    points: Floats
    onward: Floats
    rate: float
    gap: float
    step: float

    def decide(self, held: Floats) -> Floats:
        """Where to trade to from each row of weights, shape (rows, n).

        What is still to come is straight between the points of the grid, and the cost of trading
        straight between lines on which a weight is not traded. So the best is at a point of the
        grid, where such a line crosses the grid, or to stay.
        """
        import numpy as np

        best = held.copy()
        least = self._onward_at(held)
        for row, (weights, now) in enumerate(zip(held, least, strict=True)):
            tried = np.vstack([self.points, self._crossings(weights)])
            costs = np.abs(tried - weights) @ self.chase.rates
            costs[: len(self.points)] += self.onward
            costs[len(self.points) :] += self._onward_at(tried[len(self.points) :])
            where = int(costs.argmin())
            if costs[where] < now:
                best[row] = tried[where]
        return best

    def _onward_at(self, weights: Floats) -> Floats:
        """Cost from any weights on, just after trading, shape (rows,)."""
        places, shares = _interpolated(self.chase.best, self.step, self.points, weights)
        onward: Floats = (self.onward[places] * shares).sum(axis=1)
        return onward

    def _crossings(self, weights: Floats) -> Floats:
        """Where lines on which one weight is not traded cross the grid, shape (crossings, n)."""
        import numpy as np

        n = len(weights)
        if n == 2:
            return np.empty((0, n))
        reach = np.rint((self.points[:, 0].max() - self.chase.best[0]) / self.step)
        steps = self.step * np.arange(-reach, reach + 1)
        found = []
        for still in range(n):
            for on_grid in range(n):
                if on_grid != still:
                    line = np.tile(weights, (len(steps), 1))
                    line[:, on_grid] = self.chase.best[on_grid] + steps
                    rest = n - still - on_grid
                    line[:, rest] = 1.0 - line[:, still] - line[:, on_grid]
                    found.append(line)
        return np.vstack(found)


def lognormal_outcomes(covariance: Floats, *, nodes: int = 3) -> tuple[Floats, Floats]:
    """Gross returns of a period and their probabilities, by Gauss-Hermite quadrature.

    Args:
        covariance: Of a period's log returns, shape (n, n); expected simple returns are zero.
        nodes: In each direction.

    Returns:
        Shapes (nodes ** n, n) and (nodes ** n,).
    """
    import numpy as np

    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight = weight / weight.sum()
    n = len(covariance)
    shocks = np.array(list(product(at, repeat=n)))
    chances = np.array([np.prod(one) for one in product(weight, repeat=n)])
    root = np.linalg.cholesky(covariance)
    return np.exp(shocks @ root.T - 0.5 * covariance.diagonal()), chances


def exact(
    chase: Chase,
    outcomes: Floats,
    chances: Floats,
    *,
    step: float = 0.005,
    reach: int = 20,
    tolerance: float = 1e-9,
) -> Exact:
    """The best rule for two or three assets, by relative value iteration.

    Args:
        chase: What is to be chased.
        outcomes, chances: Gross returns of a period, shape (m, n), and their probabilities.
        step: Width of the grid.
        reach: Steps that it reaches from the best weights; beyond, costs are those at its edge.
        tolerance: How well the rate must be known.

    Raises:
        ValueError: There are not two or three assets, or the grid leaves what can be held.
    """
    import numpy as np

    n = len(chase.best)
    if n not in (2, 3):
        raise ValueError(f"{n} assets: a dynamic programme over a grid takes two or three")
    points = chase.best + step * _lattice(n, reach)
    if points.min() < -1e-12:
        raise ValueError(
            f"step {step} x reach {reach}: weights below zero; the best are {chase.best.tolist()}"
        )
    moved = (np.abs(points[:, None, :] - points[None]) * chase.rates).sum(axis=2)
    grown = points[:, None, :] * outcomes[None]
    drifted = grown / grown.sum(axis=2, keepdims=True)
    places, shares = _interpolated(chase.best, step, points, drifted.reshape(-1, n))
    shape = (len(points), len(chances), -1)
    places, shares = places.reshape(shape), shares.reshape(shape)
    straying = chase.straying(points)
    middle = int(np.abs(points - chase.best).sum(axis=1).argmin())
    value = np.zeros(len(points))
    rate, gap, onward = 0.0, np.inf, straying
    for _ in range(MOST_ROUNDS):
        onward = straying + (value[places] * shares).sum(axis=2) @ chances
        after = (moved + onward).min(axis=1)
        change = after - value
        # The rate lies between the least and the largest change (Odoni 1969).
        rate, gap = 0.5 * float(change.max() + change.min()), 0.5 * float(np.ptp(change))
        value = after - after[middle]
        if gap <= tolerance:
            break
    return Exact(chase, points, onward, rate, gap, step)


def _lattice(n: int, reach: int) -> Floats:
    """Steps from the best weights that sum to nothing, shape (points, n)."""
    import numpy as np

    around = range(-reach, reach + 1)
    if n == 2:
        return np.array([(i, -i) for i in around], dtype=np.float64)
    found = [(i, j, -i - j) for i in around for j in around if abs(i + j) <= reach]
    return np.array(found, dtype=np.float64)


def _interpolated(
    best: Floats, step: float, points: Floats, weights: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Corners of the grid around some weights, and the share of each; both shape (rows, n).

    Weights beyond the grid are drawn in to its edge.
    """
    import numpy as np

    n = len(best)
    steps = np.rint((points - best) / step).astype(np.int64)
    reach = int(steps.max())
    table = np.zeros((2 * reach + 2,) * (n - 1), dtype=np.int64)
    table[tuple(steps[:, :-1].T + reach)] = np.arange(len(points))
    away = (weights - best) / step
    far = np.abs(away).max(axis=1, keepdims=True)
    away = away * np.minimum(1.0, (reach - 1e-9) / np.maximum(far, 1e-300))
    low = np.floor(away[:, :-1]).astype(np.int64)
    part = away[:, :-1] - low
    if n == 2:
        corners = [low, low + 1]
        shares = [1.0 - part[:, 0], part[:, 0]]
    else:
        u, v = part.T
        beyond = u + v > 1.0  # which of the two triangles of a cell
        east, north = low + np.array([1, 0]), low + np.array([0, 1])
        third = np.where(beyond[:, None], low + 1, low)
        corners = [third, east, north]
        shares = [
            np.where(beyond, u + v - 1.0, 1.0 - u - v),
            np.where(beyond, 1.0 - v, u),
            np.where(beyond, 1.0 - u, v),
        ]
    places = np.stack([table[tuple(corner.T + reach)] for corner in corners], axis=1)
    return places, np.stack(shares, axis=1)
