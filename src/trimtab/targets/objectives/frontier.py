"""The efficient frontier, walked from corner to corner.

    minimise  1/2 w' S w - appetite x r' w, under limits

As the appetite for return grows from nothing (least volatility) without end (most return), the best
weights move along straight lines and turn only where a name enters, leaves or meets a limit
(Markowitz 1956). So a stretch of the frontier is known exactly from one solution on it: how far it
reaches, and which point of it has a given return, a given volatility or the best Sharpe ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING

from trimtab.kernels.quadratic import AT_HELD, AT_HIGH, AT_LOW
from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.programme import Programme, Solution, part, times
from trimtab.targets.solvers.quadratic import INTERPRETED_UP_TO, Repeated, solve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TURN = 1e-9
"""So far beyond a corner, as a share of its appetite, the next stretch is looked for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A straight part of the frontier.

    Args:
        first, last: The appetites between which it holds; `last` is infinite on the last one.
        at: The appetite at which it was found.
        solution: The solution there.
        direction: How the weights move with the appetite, shape (n,).
    """

    first: float
    last: float
    at: float
    solution: Solution
    direction: Floats

    def weights(self, appetite: float) -> Floats:
        """The best weights at an appetite within the stretch."""
        return self.solution.weights + (appetite - self.at) * self.direction


def stretch_at(
    programme: Programme,
    returns: Floats,
    appetite: float,
    *,
    like: Stretch | None = None,
    again: Repeated | None = None,
) -> Stretch:
    """The straight part of the frontier at an appetite for return, >= 0.

    Args:
        programme: Covariance and limits; its linear part is what an appetite of zero minimises.
        returns: Expected returns, shape (n,).
        appetite: How much variance, halved, a unit of return is worth.
        like: A stretch not far off, to begin from.
        again: The programme laid out once, where many stretches are asked for.
    """
    import numpy as np

    asked = replace(programme, linear=programme.linear - appetite * returns)
    if again is not None:
        solution = again.solve(linear=asked.linear)
    else:
        solution = solve(asked, start=None if like is None else like.solution.places)
    n = len(returns)
    direction = np.zeros(n)
    if solution.status != "optimal":
        return Stretch(appetite, appetite, appetite, solution, direction)
    free = np.flatnonzero(solution.places[:n] % 2 == 1)
    binding = np.flatnonzero(solution.places[n:])
    k = len(free)
    across = np.array([programme.rows[j].weights for j in binding]).reshape(len(binding), n)
    system = np.zeros((k + len(binding), k + len(binding)))
    system[:k, :k] = part(programme.matrix, free)
    system[:k, k:] = across[:, free].T
    system[k:, :k] = across[:, free]
    moves = np.linalg.solve(system, np.concatenate([returns[free], np.zeros(len(binding))]))
    direction[free] = moves[:k]
    tilt = times(programme.matrix, direction) - returns + moves[k:] @ across
    pull = times(programme.matrix, solution.weights) + asked.linear
    for j in binding:
        pull = pull + solution.multipliers[j] * programme.rows[j].weights
    ahead, behind = inf, inf
    for value, change in _distances(programme, solution, direction, pull, tilt, moves[k:], binding):
        if change < -1e-12:
            ahead = min(ahead, max(value, 0.0) / -change)
        elif change > 1e-12:
            behind = min(behind, max(value, 0.0) / change)
    return Stretch(max(appetite - behind, 0.0), appetite + ahead, appetite, solution, direction)


def _distances(
    programme: Programme,
    solution: Solution,
    direction: Floats,
    pull: Floats,
    tilt: Floats,
    row_moves: Floats,
    binding: NDArray[np.int64],
) -> Iterator[tuple[float, float]]:
    """What must stay at or above zero for the same names to stand where they do, and its slope."""
    n = len(direction)
    held = programme.low if programme.held is None else programme.held
    nothing = 0.0 * direction
    sell = nothing if programme.sell is None else programme.sell
    buy = nothing if programme.buy is None else programme.buy
    weights = solution.weights
    for i, place in enumerate(solution.places[:n]):
        if place % 2 == 1:
            below, above = (held, programme.high) if place > AT_HELD else (programme.low, held)
            yield weights[i] - below[i], direction[i]
            yield above[i] - weights[i], -direction[i]
            continue
        if place == AT_LOW and held[i] > programme.low[i]:
            yield pull[i] - sell[i], tilt[i]
        if place == AT_HELD and programme.high[i] > held[i]:
            yield pull[i] + buy[i], tilt[i]
        if place == AT_HELD and held[i] > programme.low[i]:
            yield sell[i] - pull[i], -tilt[i]
        if place == AT_HIGH and programme.high[i] > held[i]:
            yield -buy[i] - pull[i], -tilt[i]
    for j, row in enumerate(programme.rows):
        if solution.places[n + j] == 0:
            met, change = float(row.weights @ weights), float(row.weights @ direction)
            if row.low is not None:
                yield met - row.low, change
            if row.high is not None:
                yield row.high - met, -change
    for r, j in enumerate(binding):
        if programme.rows[j].low != programme.rows[j].high:
            side = float(solution.places[n + j])
            yield side * solution.multipliers[j], side * float(row_moves[r])


def stretches(programme: Programme, returns: Floats) -> Iterator[Stretch]:
    """The whole frontier, from the least volatility to the most return.

    A single stretch that is not `optimal` where the limits cannot be met.
    """
    found = stretch_at(programme, returns, 0.0)
    yield found
    while found.solution.status == "optimal" and isfinite(found.last):
        found = _after(programme, returns, found)
        yield found


def _after(programme: Programme, returns: Floats, before: Stretch) -> Stretch:
    """The stretch behind another one: the nearest point on which somebody stands elsewhere."""
    step = TURN * max(before.last, 1e-6)
    while True:
        found = stretch_at(programme, returns, before.last + step, like=before)
        if (found.solution.places != before.solution.places).any():
            return found
        step *= 10.0


def corners(programme: Programme, returns: Floats) -> Floats:
    """The weights at which the frontier turns, from the least volatility to the most return.

    Returns:
        Shape (corners, n); the frontier's weights between two of them lie on a straight line. None
        at all, shape (0, n), where a search on the way found no answer.
    """
    import numpy as np

    turns: list[Floats] = []
    for stretch in stretches(programme, returns):
        if stretch.solution.status != "optimal":
            return np.empty((0, len(returns)))
        if not turns:
            turns.append(stretch.weights(0.0))
        if isfinite(stretch.last) and np.abs(stretch.direction).max() > 0.0:
            turns.append(stretch.weights(stretch.last))
    return np.array(turns)


def best_sharpe(programme: Programme, returns: Floats, risk_free: float) -> Stretch | None:
    """The frontier where excess return over volatility is best; the stretch is found at that point.

    None where nothing within the limits is expected to return more than `risk_free`.
    """

    def tangent(stretch: Stretch) -> float:
        # The ratio's slope along w + t d has the sign of `over - t * under`.
        weights, d = stretch.solution.weights, stretch.direction
        pull, drag = times(programme.matrix, weights), times(programme.matrix, d)
        excess, gain = returns @ weights - risk_free * weights.sum(), returns @ d
        over, under = (
            gain * (weights @ pull) - excess * (d @ pull),
            excess * (d @ drag) - gain * (d @ pull),
        )
        if not d.any():  # nobody moves: best where the appetite is what these weights are worth
            return float(weights @ pull / excess) if excess > 0.0 else inf
        if under <= 0.0:
            return inf if over > 0.0 else -inf
        return float(stretch.at + over / under)

    found = _search(programme, returns, tangent)
    weights = found.solution.weights
    if found.solution.status == "optimal" and returns @ weights <= risk_free * weights.sum():
        return None
    return found


def at_return(programme: Programme, returns: Floats, wanted: float) -> Stretch:
    """The frontier where the expected return is `wanted`, or as near to it as the frontier goes."""

    def appetite(stretch: Stretch) -> float:
        short = wanted - float(returns @ stretch.solution.weights)
        gain = float(returns @ stretch.direction)
        return stretch.at + short / gain if gain > 0.0 else (inf if short > 0.0 else -inf)

    return _search(programme, returns, appetite)


def at_volatility(programme: Programme, returns: Floats, wanted: float) -> Stretch:
    """The most return at a volatility of at most `wanted`, or the least volatility there is."""

    def appetite(stretch: Stretch) -> float:
        weights, d = stretch.solution.weights, stretch.direction
        drag = times(programme.matrix, d)
        square, cross = float(d @ drag), float(weights @ drag)
        room = wanted**2 - float(weights @ times(programme.matrix, weights))
        if square <= 0.0:
            return inf if room >= 0.0 else -inf
        root = cross**2 + square * room
        return stretch.at + (sqrt(root) - cross) / square if root >= 0.0 else -inf

    return _search(programme, returns, appetite)


def _search(programme: Programme, returns: Floats, wanted: Callable[[Stretch], float]) -> Stretch:
    """The stretch at the appetite that `wanted` tells, of a stretch that holds it.

    `wanted` of a stretch before it lies beyond that stretch, and of one after it before that one.
    """
    import numpy as np

    low, high, appetite = 0.0, inf, 0.0
    many = isinstance(programme.matrix, np.ndarray) and len(returns) > INTERPRETED_UP_TO
    again = Repeated(programme) if many else None
    found = stretch_at(programme, returns, appetite, again=again)
    while found.solution.status == "optimal":
        aim = wanted(found)
        if aim > found.last * (1.0 + TURN) and isfinite(found.last):
            low = found.last * (1.0 + TURN)
        elif aim < found.first and found.first > low:
            high = found.first * (1.0 - TURN)
        else:
            # Best at a corner: where it lies beyond a stretch, and before the next one.
            aim = min(max(aim, found.first), found.last)
            return stretch_at(
                programme, returns, aim if isfinite(aim) else found.at, like=found, again=again
            )
        if not low < high:  # at the corner between two stretches, each of which points to the other
            return stretch_at(programme, returns, min(low, high), like=found, again=again)
        if low < aim < high and isfinite(aim):
            appetite = aim
        else:
            appetite = max(2.0 * low, 1e-6) if high == inf else 0.5 * (low + high)
        found = stretch_at(programme, returns, appetite, like=found, again=again)
    return found
