"""Programmes whose limits are not all linear: on turnover, on the error of tracking a benchmark.

Each such limit has a price: a cost for each unit moved, a weight on the variance around the
benchmark. What it limits falls as its price rises, so the price at which it is just met is found by
a search along a line, one quadratic programme a step. The gap stays a proof: by weak duality it is
that of the last programme, and what the prices ask for the room that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING

from trimtab.kernels.quadratic import ABOVE_HELD, BELOW_HELD
from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.contradiction import halved
from trimtab.targets.solvers.highs import add_row, silent
from trimtab.targets.solvers.limits import TRACKING, TURNOVER, Limits, Search, Stop
from trimtab.targets.solvers.programme import Programme, Row, Solution, Status, part, times
from trimtab.targets.solvers.quadratic import solve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEPS = 200
"""Programmes that one search may take; some ten are usual."""

DEAREST = 1e9
"""A price beyond which a limit is taken for one that cannot be met."""

ALLOWED = 1e-11
"""Turnover may be so far beyond its limit."""

FURTHEST = 1e3
"""A weight without a limit lies within this of zero."""


@dataclass(frozen=True, slots=True)
class Priced:
    """The answer at the prices of the limits that are not linear."""

    solution: Solution
    turnover_price: float = 0.0
    tracking_price: float = 0.0


def solve_within(
    limits: Limits,
    matrix: Floats,
    linear: Floats,
    covariance: Floats,
    *,
    like: Priced | None = None,
    with_blame: bool = True,
) -> Priced:
    """Solve a quadratic programme under limits of every kind.

    Args:
        limits: To keep to; `limits.search.stop` ends the search for prices with the best weights
            so far, once there are some.
        matrix, linear: Of the objective `1/2 w' Q w + c' w`.
        covariance: By which the tracking error is measured, a year's.
        like: The answer to a like programme, to begin from; it only saves time.
        with_blame: Where there is no answer, find which limits contradict each other.
    """
    tracking = limits.tracking
    if tracking is None:
        return _within_turnover(limits, limits.programme(matrix, linear), like, with_blame)
    benchmark, near = covariance @ tracking.benchmark, like
    limits, stop = replace(limits, search=Search()), limits.search.stop

    def at(price: float) -> Tried:
        nonlocal near
        programme = limits.programme(matrix + price * covariance, linear - price * benchmark)
        found = _within_turnover(limits, programme, near, with_blame)
        near = replace(found, tracking_price=price)
        if near.solution.status != "optimal":
            return Tried(near, -1.0, 0.0)
        apart = near.solution.weights - tracking.benchmark
        pull = covariance @ apart
        size = float(apart @ pull) ** 0.5
        moves = _moves(limits, programme, near, pull)
        # The inverse of a distance is all but linear in its price (More and Sorensen 1983).
        slope = float(pull @ moves) * tracking.most / size**2 if size > 0.0 else 0.0
        return Tried(near, size - tracking.most, min(slope, 0.0))

    scale = float(matrix.diagonal().sum() / covariance.diagonal().sum())
    allowed = 1e-9 * tracking.most + 1e-11
    first = None if like is None or like.tracking_price == 0.0 else like.tracking_price
    tried = _cheapest(at, scale, allowed, first=first, stop=stop)
    found = tried.found
    if found.solution.status != "optimal":
        return found
    if tried.over > allowed:
        return _nowhere(limits, covariance, found, with_blame)
    solution = found.solution
    weights, size = solution.weights, tracking.most + tried.over
    objective = 0.5 * float(weights @ matrix @ weights) + float(linear @ weights)
    room = max(tracking.most**2 - size**2, 0.0)
    gap = solution.gap + 0.5 * found.tracking_price * room
    status: Status = "stopped" if tried.is_stopped else "optimal"
    return replace(found, solution=replace(solution, status=status, objective=objective, gap=gap))


def _within_turnover(
    limits: Limits, programme: Programme, like: Priced | None, with_blame: bool = True
) -> Priced:
    """The answer with a limit on turnover, where there is one."""
    import numpy as np

    turnover = limits.turnover
    near = None if like is None else like.solution.places
    if turnover is None:
        return Priced(solve(programme, start=near))
    held = np.clip(turnover.held, limits.low, limits.high)
    level = float(np.abs(times(programme.matrix, held) + programme.linear).max())
    scale = max(level, float(programme.matrix.diagonal().max()), 1e-12)

    def at(price: float) -> Tried:
        nonlocal near
        each = np.full(len(held), 0.5 * price)
        asked = replace(programme, held=held, sell=each, buy=each)
        found = Priced(solve(asked, start=near), price)
        if found.solution.status != "optimal":
            return Tried(found, -1.0, 0.0)
        near = found.solution.places
        drive = _sides(found.solution, len(held))
        slope = float(drive @ _moves(replace(limits, turnover=None), asked, found, drive))
        return Tried(found, turnover.of(found.solution.weights) - turnover.most, min(slope, 0.0))

    first = None if like is None or like.turnover_price == 0.0 else like.turnover_price
    tried = _cheapest(at, scale, ALLOWED, first=first, stop=limits.search.stop)
    found = tried.found
    if found.solution.status != "optimal":
        return found
    if tried.over > ALLOWED:
        return _nowhere(replace(limits, tracking=None), None, found, with_blame)
    solution = found.solution
    gap = solution.gap + found.turnover_price * max(-tried.over, 0.0)
    objective = programme.objective(solution.weights)
    status: Status = "stopped" if tried.is_stopped else "optimal"
    return replace(found, solution=replace(solution, status=status, objective=objective, gap=gap))


def _sides(solution: Solution, n: int) -> Floats:
    """How turnover grows with each free weight: half up above what is held, half down below."""

    places = solution.places[:n]
    sides: Floats = 0.5 * (places == ABOVE_HELD) - 0.5 * (places == BELOW_HELD)
    return sides


def _moves(limits: Limits, programme: Programme, found: Priced, drive: Floats) -> Floats:
    """How fast the weights move with a price that adds `drive` to the gradient.

    The same names stay free and the same rows bind; a limit on turnover that binds is one of them.
    """
    import numpy as np

    n = len(programme.linear)
    solution = found.solution
    free = np.flatnonzero(solution.places[:n] % 2 == 1)
    binding = np.flatnonzero(solution.places[n:])
    across = [programme.rows[j].weights[free] for j in binding]
    if limits.turnover is not None and found.turnover_price > 0.0:
        across.append(_sides(solution, n)[free])
    k, m = len(free), len(across)
    moves: Floats = np.zeros(n)
    if k == 0:
        return moves
    system = np.zeros((k + m, k + m))
    system[:k, :k] = part(programme.matrix, free)
    if m:
        system[:k, k:] = np.array(across).T
        system[k:, :k] = system[:k, k:].T
    right = np.concatenate([-drive[free], np.zeros(m)])
    try:
        moves[free] = np.linalg.solve(system, right)[:k]
    except np.linalg.LinAlgError:  # a row says nothing of those that are free
        moves[free] = np.linalg.lstsq(system, right, rcond=None)[0][:k]
    return moves


@dataclass(frozen=True, slots=True)
class Tried:
    """The answer at a price, how much is over the limit, and how fast that changes with it.

    `is_stopped` where cheaper prices were left untried.
    """

    found: Priced
    over: float
    slope: float
    is_stopped: bool = False


def _cheapest(
    at: Callable[[float], Tried],
    scale: float,
    allowed: float,
    *,
    first: float | None = None,
    stop: Stop | None = None,
) -> Tried:
    """The least price at which no more than `allowed` is over a limit, or that at a stop.

    By steps of Newton between the dearest price that was too low and the cheapest that was not.
    """
    now, price = at(0.0 if first is None else first), 0.0 if first is None else first
    if now.over < -allowed and price > 0.0:
        cheap = at(0.0)
        if cheap.over <= allowed:
            return cheap
    elif now.over <= allowed:
        return now
    low, high = (0.0, price) if now.over <= allowed else (price, float("inf"))
    best = now
    for step in range(STEPS):
        if abs(now.over) <= allowed:
            return now
        if high < float("inf") and stop is not None and stop(step, nan, nan):
            return replace(best, is_stopped=True)
        if now.over > 0.0:
            low = price
        else:
            high, best = price, now
        if high < float("inf") and high - low <= 1e-14 * high:
            break
        if low > DEAREST * scale:
            return now
        aim = price - now.over / now.slope if now.slope < 0.0 else float("inf")
        if high == float("inf"):  # a slope of all but nothing points anywhere
            aim = min(aim, 100.0 * max(low, 0.01 * scale))
        if not low < aim < high:
            aim = 10.0 * max(low, 0.01 * scale) if high == float("inf") else 0.5 * (low + high)
        price = aim
        now = at(price)
    return best if high < float("inf") else now


def _nowhere(limits: Limits, covariance: Floats | None, found: Priced, with_blame: bool) -> Priced:
    """That there is no answer, and why where that is asked."""
    import numpy as np

    if with_blame:
        return replace(found, solution=_infeasible(limits, covariance, found.solution))
    nowhere = np.full(len(limits.low), nan)
    return replace(found, solution=replace(found.solution, status="infeasible", weights=nowhere))


# -- limits that contradict each other ------------------------------------------------------------


def _infeasible(
    limits: Limits, covariance: Floats | None, like: Solution | None = None
) -> Solution:
    """An answer that there is none, with a set of limits of which none is needless.

    The set is what remains after halving (QuickXplain, Junker 2004): what can be left out, in
    blocks, while the rest still contradicts itself. That weights sum to 1 is always part of it.
    """
    import numpy as np

    n, m = len(limits.low), len(limits.rows)
    items = list(range(n + m))
    items += [n + m + TURNOVER - 1] if limits.turnover is not None else []
    items += [n + m + TRACKING - 1] if limits.tracking is not None else []

    def can_hold(kept: Sequence[int]) -> bool:
        return _can_hold(limits, covariance, frozenset(kept))

    # At the very edge the search may fail where the check does not: then it is they that bind.
    needed = items[n + m :] if can_hold(items) else halved([], items, can_hold, fresh=False)
    weights = tuple(sorted(i for i in needed if i < n))
    rows = (0, *sorted(i - n + 1 for i in needed if i >= n))
    nowhere = np.full(n, np.nan)
    nothing = np.zeros(m + 1)
    places = np.zeros(n + m + 1, dtype=np.int64) if like is None else like.places
    return Solution("infeasible", nowhere, np.nan, np.inf, nothing, places, (weights, rows))


def _can_hold(limits: Limits, covariance: Floats | None, kept: frozenset[int]) -> bool:
    """Whether some of the limits can be met together."""
    import numpy as np

    n, m = len(limits.low), len(limits.rows)
    low, high = np.full(n, -FURTHEST), np.full(n, FURTHEST)
    own = [i for i in kept if i < n]
    low[own], high[own] = limits.low[own], limits.high[own]
    some = Limits(
        low,
        high,
        tuple(row for j, row in enumerate(limits.rows) if n + j in kept),
        limits.turnover if n + m + TURNOVER - 1 in kept else None,
        limits.tracking if n + m + TRACKING - 1 in kept else None,
    )
    return can_meet(some, covariance)


def can_meet(limits: Limits, covariance: Floats | None) -> bool:
    """Whether limits can be met together, whatever the number of names.

    By the least of what the limits that are not linear limit: first the tracking error at no price
    on turnover, then with one.

    Args:
        limits: To keep to; a weight without one lies within FURTHEST of zero.
        covariance: By which a tracking error is measured, a year's.
    """
    import numpy as np

    n, turnover, tracking = len(limits.low), limits.turnover, limits.tracking
    some = Limits(np.maximum(limits.low, -FURTHEST), np.minimum(limits.high, FURTHEST), limits.rows)
    if turnover is None and tracking is None:
        plain = solve(some.programme(np.eye(n), np.zeros(n)))
        return plain.status == "optimal"
    if turnover is not None and _least_turnover(some, turnover.held) + turnover.gone > (
        turnover.most + 1e-9
    ):
        return False
    if tracking is None:
        return True
    assert covariance is not None, "a tracking error is measured by a covariance"
    nearest = _within_turnover(
        replace(some, turnover=turnover),
        some.programme(covariance, -covariance @ tracking.benchmark),
        None,
    )
    if nearest.solution.status != "optimal":
        return False
    return tracking.of(nearest.solution.weights, covariance) <= tracking.most + 1e-8


def _least_turnover(limits: Limits, held: Floats) -> float:
    """The least that has to move to be within linear limits; infinite where nothing is."""
    import highspy
    import numpy as np

    n = len(held)
    solver = silent()
    nothing, many = np.array([], dtype=np.int32), np.array([])
    # Weights first, then how far each stands from what is held.
    solver.addCols(
        2 * n,
        np.concatenate([np.zeros(n), np.full(n, 0.5)]),
        np.concatenate([limits.low, np.zeros(n)]),
        np.concatenate([limits.high, np.full(n, np.inf)]),
        0,
        nothing,
        nothing,
        many,
    )
    for row in (Row("all weights", np.ones(n), 1.0, 1.0), *limits.rows):
        add_row(solver, row.weights, row.low, row.high)
    one = np.eye(n)
    for i in range(n):
        add_row(solver, np.concatenate([one[i], -one[i]]), None, float(held[i]))
        add_row(solver, np.concatenate([one[i], one[i]]), float(held[i]), None)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return float("inf")
    return float(solver.getObjectiveValue())
