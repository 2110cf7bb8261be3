"""Quadratic programmes over weights: what to hold, at the cost of getting there.

    minimise  1/2 w' Q w + c' w + sell' (held - w)+ + buy' (w - held)+
    subject to  low <= w <= high, and limits on sums of weights

Every objective of mean-variance choice is one of these. The answer is exact, and comes with a gap
that does not trust the search: a bound from below on every other choice, by weak duality.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from trimtab.kernels import quadratic as kernel
from trimtab.kernels.compile import compiled
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Status = Literal["optimal", "infeasible", "not positive definite", "stopped"]

INTERPRETED_UP_TO = 16
"""So many names are solved without compiling: quicker than starting Numba."""


@dataclass(frozen=True, slots=True)
class Row:
    """A limit on a weighted sum of weights, such as a sector, a factor or a turnover.

    Args:
        name: What a message calls it.
        weights: Shape (n,).
        low, high: Its limits; None for none. Equal ones make an equality.
    """

    name: str
    weights: Floats
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """A quadratic programme over n weights.

    Args:
        matrix: Q, shape (n, n), symmetric and positive definite.
        linear: c, shape (n,).
        low, high: Limits of each weight, shape (n,), low <= high.
        rows: Limits of sums; the first is an equality, as a rule the budget.
        held: The weights now, within the limits, shape (n,); None where moving costs nothing.
        sell, buy: What a unit of weight below and above `held` costs, >= 0, shape (n,).
    """

    matrix: Floats
    linear: Floats
    low: Floats
    high: Floats
    rows: tuple[Row, ...]
    held: Floats | None = None
    sell: Floats | None = None
    buy: Floats | None = None

    def objective(self, weights: Floats) -> float:
        """The objective at some weights, trading cost included."""
        import numpy as np

        value = 0.5 * weights @ times(self.matrix, weights) + self.linear @ weights
        if self.held is not None:
            if self.sell is not None:
                value += self.sell @ np.maximum(self.held - weights, 0.0)
            if self.buy is not None:
                value += self.buy @ np.maximum(weights - self.held, 0.0)
        return float(value)


def times(matrix: Floats, weights: Floats) -> Floats:
    """A symmetric matrix times weights, of which as a rule few are not zero."""
    import numpy as np

    some = np.flatnonzero(weights)
    product: Floats = weights[some] @ matrix[some]
    return product


@dataclass(frozen=True, slots=True)
class Solution:
    """The answer to a programme.

    Args:
        status: `optimal`; otherwise the weights are not an answer.
        weights: Shape (n,).
        objective: At the weights.
        gap: No choice within the limits has an objective lower than this one's by more.
        multipliers: By row: how fast the objective rises with the row's sum held lower.
        places: Where each weight stands (see kernels.quadratic), and, behind those, whether each
            row binds: at its low limit -1, at its high one 1, else 0.
        conflict: Where infeasible: the positions of weights, and of rows, whose limits contradict
            each other; without any one of them the others could be met.
    """

    status: Status
    weights: Floats
    objective: float
    gap: float
    multipliers: Floats
    places: NDArray[np.int64]
    conflict: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


def solve(programme: Programme, *, start: NDArray[np.int64] | None = None) -> Solution:
    """Solve a quadratic programme exactly.

    Args:
        programme: The programme.
        start: `places` of the solution of a like programme, to begin from; it only saves time.
    """
    import numpy as np

    n, m = len(programme.linear), len(programme.rows)
    problem, many = _problem(programme), n > INTERPRETED_UP_TO
    answer, work = _space(n, m, many)
    settle: Any = compiled(kernel.settle) if many else kernel.settle
    enforce: Any = compiled(kernel.enforce) if many else kernel.enforce
    taken = problem if many else _lists(problem)
    answer.place[:] = (_first_guess(problem) if start is None else start[:n]).tolist()
    ended = settle(taken, answer, work, n, m, 50 + 2 * n)
    if ended != kernel.SOLVED:
        answer.place[:] = [kernel.ABOVE_HELD] * n
        answer.row_place[:] = [0] * m
    if ended != kernel.SOLVED or m > 1:
        ended = enforce(taken, answer, work, n, m, 1000 + 20 * (n + m))
    weights = np.clip(np.asarray(answer.weights), problem.low, problem.high)
    multipliers = np.asarray(answer.multipliers, dtype=np.float64)
    places = np.concatenate([answer.place, answer.row_place]).astype(np.int64)
    if ended == kernel.INFEASIBLE:
        blame = np.flatnonzero(np.asarray(answer.blame))
        conflict = (
            tuple(int(i) for i in blame if i < n),
            tuple(int(i) - n for i in blame if i >= n),
        )
        nowhere = np.full(n, np.nan)
        return Solution("infeasible", nowhere, np.nan, np.inf, multipliers, places, conflict)
    status: Status = "optimal"
    if ended != kernel.SOLVED:
        status = "not positive definite" if ended == kernel.SINGULAR else "stopped"
    gap = duality_gap(programme, weights, multipliers)
    return Solution(status, weights, programme.objective(weights), gap, multipliers, places)


def duality_gap(programme: Programme, weights: Floats, multipliers: Floats) -> float:
    """How much lower than at these weights the objective could be at most, >= 0.

    By convexity 1/2 x'Qx >= w'Qx - 1/2 w'Qw for every x, and with the rows priced at any
    multipliers what is left falls apart into one small problem for each weight, whose least value
    lies at one of its marks. So the bound holds whatever the multipliers are.
    """
    import numpy as np

    pull = times(programme.matrix, weights)
    price = pull + programme.linear
    bound = -0.5 * float(weights @ pull)
    for row, multiplier in zip(programme.rows, multipliers, strict=True):
        limit = row.high if multiplier > 0.0 else row.low
        if multiplier != 0.0 and limit is not None:
            price = price + multiplier * row.weights
            bound -= float(multiplier) * limit
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


def _problem(programme: Programme) -> kernel.Problem:
    """The programme as the kernel takes it."""
    import numpy as np

    n = len(programme.linear)
    free = np.zeros(n)
    low = np.ascontiguousarray(programme.low, dtype=np.float64)
    matrix = np.ascontiguousarray(programme.matrix, dtype=np.float64)
    linear = np.ascontiguousarray(programme.linear, dtype=np.float64)
    row_low = [-kernel.ENDLESS if row.low is None else row.low for row in programme.rows]
    row_high = [kernel.ENDLESS if row.high is None else row.high for row in programme.rows]
    assert row_low[0] == row_high[0], "the first row of a programme is an equality"
    loud = max(float(np.abs(linear).max(initial=0.0)), float(matrix.diagonal().max(initial=0.0)))
    return kernel.Problem(
        matrix,
        linear,
        low,
        low if programme.held is None else np.ascontiguousarray(programme.held, dtype=np.float64),
        np.ascontiguousarray(programme.high, dtype=np.float64),
        free if programme.sell is None else np.ascontiguousarray(programme.sell, dtype=np.float64),
        free if programme.buy is None else np.ascontiguousarray(programme.buy, dtype=np.float64),
        np.ascontiguousarray([row.weights for row in programme.rows], dtype=np.float64),
        np.array(row_low, dtype=np.float64),
        np.array(row_high, dtype=np.float64),
        1e-13 * loud,
    )


def _lists(problem: kernel.Problem) -> kernel.Problem:
    """The same for the interpreter, which is quicker with lists."""
    return kernel.Problem(*(c if isinstance(c, float) else c.tolist() for c in problem))


def _space(n: int, m: int, arrays: bool) -> tuple[kernel.Answer, kernel.Work]:
    """Places for an answer, and space to work in."""
    import numpy as np

    def floats(*shape: int) -> Any:
        column = np.zeros(shape)
        return column if arrays else column.tolist()

    def integers(count: int) -> Any:
        column = np.zeros(count, dtype=np.int64)
        return column if arrays else column.tolist()

    in_turn: Any = np.arange(m) if arrays else list(range(m))
    answer = kernel.Answer(
        floats(n), integers(n), floats(n), integers(m), floats(m), integers(n + m)
    )
    work = kernel.Work(
        free=integers(n),
        turn=integers(n),
        factor=floats(n, n),
        step=floats(n),
        slope=floats(n),
        base=floats(n),
        binding=integers(m),
        in_turn=in_turn,
        across=floats(m, n),
        between=floats(m, m),
        between_factor=floats(m, m),
        by_row=floats(m),
    )
    return answer, work


def _first_guess(problem: kernel.Problem) -> NDArray[np.int64]:
    """A corner that meets the first row: the best names each alone, filled up in that order."""
    import numpy as np

    row = problem.rows[0]
    places = np.full(len(row), kernel.AT_HELD)
    left = problem.row_high[0] - row @ problem.held
    towards = np.sign(left) if left != 0.0 else 1.0
    useful = np.abs(row) > 0.0
    score = np.full(len(row), np.inf)
    alone = np.divide(1.0, row, out=np.zeros_like(row), where=useful)
    score[useful] = (0.5 * problem.matrix.diagonal() * alone**2 + problem.linear * alone)[useful]
    for i in np.argsort(score, kind="stable"):
        up = row[i] * towards > 0.0
        room = abs(row[i]) * (
            problem.high[i] - problem.held[i] if up else problem.held[i] - problem.low[i]
        )
        if room <= 0.0:
            continue
        if room >= abs(left):
            places[i] = kernel.ABOVE_HELD if up else kernel.BELOW_HELD
            break
        places[i] = kernel.AT_HIGH if up else kernel.AT_LOW
        left -= towards * room
    return places
