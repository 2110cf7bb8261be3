"""A quadratic programme over weights, its limits, and what an answer to it says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.factors import Factors

    Floats = NDArray[np.float64]

Status = Literal["optimal", "infeasible", "not positive definite", "stopped"]


@dataclass(frozen=True, slots=True)
class Row:
    """A limit on a weighted sum of weights, such as a sector, a factor or a turnover.

    Args:
        name: What a message calls it.
        weights: Shape (n,).
        low, high: Its limits; None for none. Equal ones make an equality.
        is_share: Whether the sum is a share of what is held, for messages; a score's is none.
    """

    name: str
    weights: Floats
    low: float | None = None
    high: float | None = None
    is_share: bool = True


@dataclass(frozen=True, slots=True)
class Programme:
    """A quadratic programme over n weights.

    Args:
        matrix: Q, shape (n, n), symmetric and positive definite; or as factors.
        linear: c, shape (n,).
        low, high: Limits of each weight, shape (n,), low <= high.
        rows: Limits of sums; the first is an equality, as a rule the budget.
        held: The weights now, within the limits, shape (n,); None where moving costs nothing.
        sell, buy: What a unit of weight below and above `held` costs, >= 0, shape (n,).
    """

    matrix: Floats | Factors
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


def times(matrix: Floats | Factors, weights: Floats) -> Floats:
    """A symmetric matrix times weights, of which as a rule few are not zero."""
    import numpy as np

    if not isinstance(matrix, np.ndarray):
        return matrix.times(weights)
    some = np.flatnonzero(weights)
    product: Floats = weights[some] @ matrix[some]
    return product


def part(matrix: Floats | Factors, names: NDArray[np.int64] | None = None) -> Floats:
    """A matrix over some of its names, or over all."""
    import numpy as np

    if not isinstance(matrix, np.ndarray):
        return matrix.part(np.arange(len(matrix)) if names is None else names)
    if names is None:
        return matrix
    some: Floats = matrix[np.ix_(names, names)]
    return some


def bent(matrix: Floats | Factors, more: Floats) -> Floats | Factors:
    """A matrix with more on its diagonal."""
    import numpy as np

    if not isinstance(matrix, np.ndarray):
        return replace(matrix, own=matrix.own + more)
    found: Floats = matrix + np.diag(more)
    return found


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
