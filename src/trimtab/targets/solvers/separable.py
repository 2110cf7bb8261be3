"""Quadratic programmes whose cost of moving has many prices, and market impact beside them.

    minimise  1/2 w' Q w + c' w + sum_i (priced_i(w_i) + impact_i |w_i - held_i|^(3/2))
    within limits of weights and of sums

`priced` is convex and straight between its kinks: lots that are taxed differently, a spread. The
power of 3/2 is square-root impact, in money.

Each round looks at the stretch around every weight that has one kink, takes impact to second order,
and solves that exactly (a proximal Newton method: Lee, Sun and Saunders 2014); then it goes as far
along the step as the true objective falls. It ends by a bound from below that trusts none of this:
weak duality, with the true costs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.programme import Programme, Solution, bent, times
from trimtab.targets.solvers.quadratic import at_prices, solve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FAR = 1e30
"""Where a kink stands that is not there."""

NEAR = 1e-10
"""Moves below this count as this in the curvature of impact, which is endless at zero."""

ROUNDS = 200
STILL = 5
"""So many rounds without a lower objective end the search."""

ENOUGH = 1e-12
"""A gap below this share of the objective's scale ends the search."""


@dataclass(frozen=True, slots=True)
class Moving:
    """What moving each weight costs, convex in each.

    Args:
        held: Where moving begins, shape (n,).
        kinks: Where the price of moving on changes, ascending, shape (n, k); FAR for none.
        slopes: Cost of a unit more of the weight, from kink to kink, ascending, shape (n, k + 1).
        impact: Of the power of 3/2, >= 0, shape (n,).
        staying: What it costs not to move, shape (n,): nothing, unless costs are bounds of others.
    """

    held: Floats
    kinks: Floats
    slopes: Floats
    impact: Floats
    staying: Floats | float = 0.0

    def priced(self, weights: Floats) -> Floats:
        """What moving to some weights costs at the prices, by weight, shape (n,)."""
        import numpy as np

        edge = np.full((len(weights), 1), FAR)
        left, right = np.hstack([-edge, self.kinks]), np.hstack([self.kinks, edge])
        there = np.clip(weights[:, None], left, right)
        here = np.clip(self.held[:, None], left, right)
        cost: Floats = (self.slopes * (there - here)).sum(axis=1) + self.staying
        return cost

    def pushed(self, weights: Floats) -> Floats:
        """What moving to some weights costs by impact, by weight, shape (n,)."""
        import numpy as np

        cost: Floats = self.impact * np.abs(weights - self.held) ** 1.5
        return cost


@dataclass(frozen=True, slots=True)
class Moved:
    """The answer.

    Args:
        status: As of the last quadratic programme; `stopped` where the gap did not close.
        weights: Shape (n,).
        objective: At the weights, with all costs.
        gap: No choice within the limits has an objective lower than this one's by more.
        solution: Of the last quadratic programme; where infeasible with its conflict.
        rounds: How many quadratic programmes were solved.
    """

    status: str
    weights: Floats
    objective: float
    gap: float
    solution: Solution
    rounds: int


def one_price(held: Floats, sell: Floats, buy: Floats, impact: Floats) -> Moving:
    """Moving at one price down and one up from what is held."""
    import numpy as np

    return Moving(held, held[:, None].copy(), np.column_stack([-sell, buy]), impact)


def move(programme: Programme, moving: Moving) -> Moved:
    """Solve a programme with these costs of moving.

    Args:
        programme: Without costs of its own.
        moving: The costs.
    """
    import numpy as np

    assert programme.held is None, "costs stand in one place"
    weights = np.clip(moving.held, programme.low, programme.high)
    solution, rounds = None, 0
    if not _meets(programme, weights):
        solution = solve(_first(programme, moving))
        rounds = 1
        if solution.status != "optimal":
            return Moved(solution.status, solution.weights, np.nan, np.inf, solution, rounds)
        weights = np.clip(solution.weights, programme.low, programme.high)
    best: tuple[float, Floats, Solution] | None = None
    scale = float(np.abs(programme.linear).max() + np.abs(programme.matrix.diagonal()).max())
    value, still = np.inf, 0
    while rounds < ROUNDS and still < STILL:
        local = _around(programme, moving, weights)
        solution = solve(local, start=None if best is None else best[2].places)
        rounds += 1
        if solution.status != "optimal":
            break
        step = solution.weights - weights
        weights = weights + _length(programme, moving, weights, step) * step
        weights = _snapped(moving, np.clip(weights, programme.low, programme.high))
        gap = gap_of(programme, moving, weights, solution.multipliers)
        if best is None or gap < best[0]:
            best = (gap, weights, solution)
        if gap <= ENOUGH * scale:
            break
        before, value = value, objective_of(programme, moving, weights)
        still = 0 if value < before - ENOUGH * scale else still + 1
    if best is None:
        assert solution is not None
        return Moved(solution.status, weights, np.nan, np.inf, solution, rounds)
    gap, weights, found = best
    status = "optimal" if gap <= 1e-8 * scale else "stopped"
    return Moved(status, weights, objective_of(programme, moving, weights), gap, found, rounds)


def objective_of(programme: Programme, moving: Moving, weights: Floats) -> float:
    """The objective at some weights, with all costs."""
    moved = moving.priced(weights) + moving.pushed(weights)
    return programme.objective(weights) + float(moved.sum())


def gap_of(programme: Programme, moving: Moving, weights: Floats, multipliers: Floats) -> float:
    """How much lower than at these weights the objective could be at most, >= 0.

    As `quadratic.duality_gap`: with 1/2 x'Qx >= w'Qx - 1/2 w'Qw and the rows priced, what is left
    falls apart by weight. Its least value lies at a limit, at a kink, or between two of them, where
    the price of moving on, impact included, is nothing.
    """
    import numpy as np

    price, bound = at_prices(programme, weights, multipliers)
    low, high = programme.low[:, None], programme.high[:, None]
    edge = np.full((len(weights), 1), FAR)
    left = np.clip(np.hstack([-edge, moving.kinks]), low, high)
    right = np.clip(np.hstack([moving.kinks, edge]), low, high)
    slope = price[:, None] + moving.slopes
    push = np.where(moving.impact > 0.0, moving.impact, 1.0)[:, None]
    still = moving.held[:, None] - np.sign(slope) * (slope / (1.5 * push)) ** 2
    inner = np.where(moving.impact[:, None] > 0.0, np.clip(still, left, right), left)
    least = np.full(len(weights), np.inf)
    for places in (left, right, inner):
        for column in places.T:
            value = price * column + moving.priced(column) + moving.pushed(column)
            least = np.minimum(least, value)
    return max(objective_of(programme, moving, weights) - bound - float(least.sum()), 0.0)


def _meets(programme: Programme, weights: Floats) -> bool:
    """Whether weights meet the limits of sums."""
    for row in programme.rows:
        met = float(row.weights @ weights)
        if (row.low is not None and met < row.low - 1e-12) or (
            row.high is not None and met > row.high + 1e-12
        ):
            return False
    return True


def _first(programme: Programme, moving: Moving) -> Programme:
    """A programme that only finds weights within the limits, near to what is held."""
    import numpy as np

    push = 0.75 * moving.impact / np.sqrt(0.1)
    held = np.clip(moving.held, programme.low, programme.high)
    linear = programme.linear - push * held
    steep = np.abs(moving.slopes).max(axis=1)
    matrix = bent(programme.matrix, push)
    return replace(programme, matrix=matrix, linear=linear, held=held, sell=steep, buy=steep)


def _around(programme: Programme, moving: Moving, weights: Floats) -> Programme:
    """The programme on the stretch around some weights that has one kink in each of them."""
    import numpy as np

    n = len(weights)
    edge = np.full((n, 1), FAR)
    marks = np.hstack([-edge, moving.kinks, edge])
    at = np.arange(n)
    nearest = 1 + np.abs(moving.kinks - weights[:, None]).argmin(axis=1)
    below = np.maximum(programme.low, marks[at, nearest - 1])
    above = np.minimum(programme.high, marks[at, nearest + 1])
    kink = marks[at, nearest]
    down, up = moving.slopes[at, nearest - 1], moving.slopes[at, nearest]
    matrix, linear = programme.matrix, programme.linear
    if moving.impact.any():
        away = weights - moving.held
        size = np.maximum(np.abs(away), NEAR)
        # To second order impact is known on one side of what is held only: nobody crosses in one
        # step, nor comes so near at once that the way back would be long.
        leave = np.where(size < 16.0 * NEAR, moving.held, moving.held + away / 16.0)
        sided = (np.abs(away) > NEAR) & (moving.impact > 0.0)
        below = np.where(sided & (away > 0.0), np.maximum(below, leave), below)
        above = np.where(sided & (away < 0.0), np.minimum(above, leave), above)
        bend = 0.75 * moving.impact / np.sqrt(size)
        push = 1.5 * moving.impact * np.sign(away) * np.sqrt(np.abs(away))
        matrix = bent(matrix, bend)
        linear = linear + push - bend * weights
    inside = (below < kink) & (kink < above)
    return replace(
        programme,
        matrix=matrix,
        linear=linear + np.where(kink <= below, up, down),
        low=below,
        high=above,
        held=np.where(inside, kink, below),
        sell=np.zeros(n),
        buy=np.where(inside, up - down, 0.0),
    )


def _length(programme: Programme, moving: Moving, weights: Floats, step: Floats) -> float:
    """How far along a step the objective falls, from 0 to 1."""
    import numpy as np

    pull = times(programme.matrix, step)
    begin = float(pull @ weights + programme.linear @ step)
    bend = float(pull @ step)
    edge = np.full((len(weights), 1), FAR)
    left, right = np.hstack([-edge, moving.kinks]), np.hstack([moving.kinks, edge])
    ahead = step > 0.0

    def rises(share: float) -> bool:
        there = weights + share * step
        # The price of the stretch that is left behind: what was paid for the last bit of the way.
        place = there[:, None]
        behind = np.where(
            ahead[:, None], (left < place) & (place <= right), (left <= place) & (place < right)
        )
        price = np.where(behind, moving.slopes, 0.0).sum(axis=1)
        away = there - moving.held
        price = price + 1.5 * moving.impact * np.sign(away) * np.sqrt(np.abs(away))
        return begin + share * bend + float(price @ step) > 0.0

    if not rises(1.0):
        return 1.0
    least, most = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (least + most)
        if rises(middle):
            most = middle
        else:
            least = middle
    return 0.5 * (least + most)


def _snapped(moving: Moving, weights: Floats) -> Floats:
    """Weights that are at a kink but for rounding, at it."""
    import numpy as np

    at = np.arange(len(weights))
    kink = moving.kinks[at, np.abs(moving.kinks - weights[:, None]).argmin(axis=1)]
    return np.where(np.abs(kink - weights) < 1e-14, kink, weights)
