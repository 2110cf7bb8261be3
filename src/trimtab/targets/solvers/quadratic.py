"""Quadratic programmes over weights: what to hold, at the cost of getting there.

    minimise  1/2 w' Q w + c' w + sell' (held - w)+ + buy' (w - held)+
    subject to  low <= w <= high, and limits on sums of weights

Every objective of mean-variance choice is one of these. The answer is exact, and comes with a gap
that does not trust the search: a bound from below on every other choice, by weak duality.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trimtab.estimates.arrays import as_compiled
from trimtab.kernels import programme as kernel
from trimtab.kernels.compile import compiled
from trimtab.kernels.quadratic import ENDLESS, INFEASIBLE, SINGULAR, SOLVED, WANTS_FACTOR
from trimtab.targets.solvers.programme import Programme, Solution, Status, part, times

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.factors import Factors
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]

FACTORED_UP_TO = 96
"""Factors of more names than this are made by LAPACK: to the last bits they may be others."""

MOST_FACTORS = 30
"""After so many of them the rest is left to the kernel, which comes to an end."""

INTERPRETED_UP_TO = 16
"""So many names are solved without compiling: quicker than starting Numba."""


ALONE_UP_TO = 128
"""So many names are first solved in one sheet; for more it saves nothing worth having."""


def solve_alone(matrix: Floats | Factors, linear: Floats, limits: Limits) -> Solution | None:
    """The same as `solve`, quicker, where weights have limits but no sums of them do.

    None where `solve` is to say what there is to say.
    """
    import numpy as np

    n = len(linear)
    if limits.rows or not INTERPRETED_UP_TO < n <= ALONE_UP_TO or not limits.is_linear:
        return None
    if not isinstance(matrix, np.ndarray):
        return None
    sheet = np.zeros((kernel.LONE_ROWS + n, n))
    sheet[kernel.LOW], sheet[kernel.HIGH] = limits.low, limits.high
    places = np.zeros((kernel.LONE_PLACES, n + 1), dtype=np.int64)
    ended, value, gap = compiled(kernel.solved_alone)(
        as_compiled(matrix), as_compiled(linear), sheet, places, n, FACTORED_UP_TO
    )
    if ended != SOLVED:
        return None
    weights, multipliers = sheet[kernel.LONE_WEIGHTS].copy(), sheet[kernel.LONE_MULTIPLIER, :1]
    return Solution("optimal", weights, value, gap, multipliers.copy(), places[0].copy())


def solve(programme: Programme, *, start: NDArray[np.int64] | None = None) -> Solution:
    """Solve a quadratic programme exactly.

    Args:
        programme: The programme.
        start: `places` of the solution of a like programme, to begin from; it only saves time.
    """
    import numpy as np

    n, m = len(programme.linear), len(programme.rows)
    if not isinstance(programme.matrix, np.ndarray):
        found = _solved_by_factors(programme, start)
        if found is not None:
            return found
    parts, space = programme_parts(programme), space_for(n, m)
    if n <= INTERPRETED_UP_TO:  # the interpreter is quicker with lists
        parts = tuple(part.tolist() for part in parts)
        space = kernel.Space(*(part.tolist() for part in space))
    if start is not None:
        space.integers[kernel.PLACE][:] = (
            start[:n].tolist() if n <= INTERPRETED_UP_TO else start[:n]
        )
    return _answer(parts, space, n, m, kernel.ANEW if start is None else kernel.FROM_PLACES)


class Repeated:
    """A programme that is solved again and again, as returns and holdings change.

    What stays is laid out once, and each search begins where the one before it ended. Not for two
    threads at a time.

    Args:
        programme: Matrix, limits and costs, which stay.
    """

    def __init__(self, programme: Programme) -> None:
        self._size = len(programme.linear), len(programme.rows)
        self._parts, self._space = programme_parts(programme), space_for(*self._size)
        self._stage = kernel.ANEW

    def solve(self, *, linear: Floats | None = None, held: Floats | None = None) -> Solution:
        """Solve it with another linear part, or from other holdings; None leaves them.

        Args:
            linear: c, shape (n,).
            held: The weights now, within the limits, shape (n,).
        """
        _, own, marks, _, _ = self._parts
        if linear is not None:
            own[:] = linear
        if held is not None:
            marks[kernel.HELD] = held
        found = _answer(self._parts, self._space, *self._size, self._stage)
        self._stage = kernel.FROM_PLACES if found.status == "optimal" else kernel.ANEW
        return found


def _answer(parts: tuple[Any, ...], space: kernel.Space, n: int, m: int, stage: int) -> Solution:
    """The solution of a programme laid out as arrays, or as lists, which are interpreted."""
    import numpy as np

    many = isinstance(space.floats, np.ndarray)
    solved: Any = compiled(kernel.solved) if many else kernel.solved
    most, ready = FACTORED_UP_TO, 0
    for _ in range(MOST_FACTORS):
        ended, value, gap = solved(*parts, space, n, m, stage, most, ready)
        if ended != WANTS_FACTOR:
            break
        stage, ready = int(value), int(gap)
        if not _make_factor(space.factor, ready):
            ended = SINGULAR
            break
    else:
        ended, value, gap = solved(*parts, space, n, m, kernel.FROM_PLACES, kernel.EVER, 0)
    weights = np.array(space.floats[kernel.WEIGHTS])
    multipliers = np.array(space.row_floats[kernel.MULTIPLIERS])
    places = np.empty(n + m, dtype=np.int64)
    places[:n], places[n:] = space.integers[kernel.PLACE], space.row_integers[kernel.ROW_PLACE]
    if ended == INFEASIBLE:
        blame = np.flatnonzero(np.asarray(space.blame))
        conflict = (
            tuple(int(i) for i in blame if i < n),
            tuple(int(i) - n for i in blame if i >= n),
        )
        nowhere = np.full(n, np.nan)
        return Solution("infeasible", nowhere, np.nan, np.inf, multipliers, places, conflict)
    status: Status = "optimal"
    if ended != SOLVED:
        status = "not positive definite" if ended == SINGULAR else "stopped"
    return Solution(status, weights, value, gap, multipliers, places)


def _solved_by_factors(programme: Programme, start: NDArray[np.int64] | None) -> Solution | None:
    """The solution where the matrix is `Factors`; None where it was not found that way."""
    import numpy as np

    from trimtab.targets.solvers.factored import settled

    found = settled(programme, start)
    if found is None:
        return None
    places, stand = found
    weights = np.clip(stand.weights, programme.low, programme.high)
    gap = duality_gap(programme, weights, stand.multipliers)
    value = programme.objective(weights)
    return Solution("optimal", weights, value, gap, stand.multipliers, places)


def duality_gap(programme: Programme, weights: Floats, multipliers: Floats) -> float:
    """How much lower than at these weights the objective could be at most, >= 0.

    By convexity 1/2 x'Qx >= w'Qx - 1/2 w'Qw for every x, and with the rows priced at any
    multipliers what is left falls apart into one small problem for each weight, whose least value
    lies at one of its marks. So the bound holds whatever the multipliers are.
    """
    import numpy as np

    price, bound = at_prices(programme, weights, multipliers)
    marks = [programme.low, programme.high]
    if programme.held is not None:
        marks.append(programme.held)
    least = np.full(len(weights), np.inf)
    for mark in marks:
        value = price * mark
        if programme.held is not None and programme.sell is not None:
            value = value + programme.sell * np.maximum(programme.held - mark, 0.0)
        if programme.held is not None and programme.buy is not None:
            value = value + programme.buy * np.maximum(mark - programme.held, 0.0)
        least = np.minimum(least, value)
    return max(programme.objective(weights) - bound - float(least.sum()), 0.0)


def at_prices(programme: Programme, weights: Floats, multipliers: Floats) -> tuple[Floats, float]:
    """What is left by weight once the rows are priced, and the bound from below without it.

    Returns:
        The price of a unit of each weight, shape (n,), and a number: for every x within the limits
        1/2 x'Qx + c'x is at least the number plus price'x.
    """
    pull = times(programme.matrix, weights)
    price = pull + programme.linear
    bound = -0.5 * float(weights @ pull)
    for row, multiplier in zip(programme.rows, multipliers, strict=True):
        limit = row.high if multiplier > 0.0 else row.low
        if multiplier != 0.0 and limit is not None:
            price = price + multiplier * row.weights
            bound -= float(multiplier) * limit
    return price, bound


def programme_parts(programme: Programme) -> tuple[Any, ...]:
    """The programme as the kernel takes it: matrix, linear, marks, rows and limits."""
    import numpy as np

    n = len(programme.linear)
    marks = np.zeros((kernel.MARKS, n))
    marks[kernel.LOW] = programme.low
    marks[kernel.HELD] = programme.low if programme.held is None else programme.held
    marks[kernel.HIGH] = programme.high
    if programme.held is not None and programme.sell is not None:
        marks[kernel.SELL] = programme.sell
    if programme.held is not None and programme.buy is not None:
        marks[kernel.BUY] = programme.buy
    rows = np.array([row.weights for row in programme.rows], dtype=np.float64)
    lows = [-ENDLESS if row.low is None else row.low for row in programme.rows]
    highs = [ENDLESS if row.high is None else row.high for row in programme.rows]
    limits = np.array([lows, highs], dtype=np.float64)
    assert limits[0, 0] == limits[1, 0], "the first row of a programme is an equality"
    linear = np.array(programme.linear, dtype=np.float64)
    return as_compiled(part(programme.matrix)), linear, marks, rows, limits


def _make_factor(square: Floats, count: int) -> bool:
    """Put the factor of the matrix whose upper half stands in `square` in its place."""
    import numpy as np

    block = square[:count, :count]
    try:
        block[:] = np.linalg.cholesky(block.T).T  # quicker than asking for the upper factor
    except np.linalg.LinAlgError:
        return False
    return True


def space_for(n: int, m: int) -> kernel.Space:
    """Places for an answer over n weights and m rows, and space to work in."""
    import numpy as np

    return kernel.Space(
        floats=np.zeros((5, n)),
        integers=np.zeros((3, n), dtype=np.int64),
        row_floats=np.zeros((2, m)),
        row_integers=np.zeros((3, m), dtype=np.int64),
        across=np.zeros((m, n)),
        factor=np.zeros((n, n)),
        between=np.zeros((2, m, m)),
        blame=np.zeros(n + m, dtype=np.int64),
    )
