"""What an optimised target must keep to: limits on weights, and on sums of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.quadratic import Programme, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.quadratic import Solution

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on what is held, which always sums to 1.

    Args:
        low, high: Of each weight, shape (n,), low <= high.
        rows: Limits of sums: sectors, scores, factors.
    """

    low: Floats
    high: Floats
    rows: tuple[Row, ...] = ()

    def programme(self, matrix: Floats, linear: Floats) -> Programme:
        """The quadratic programme with these limits."""
        import numpy as np

        budget = Row("all weights", np.ones(len(self.low)), 1.0, 1.0)
        return Programme(matrix, linear, self.low, self.high, (budget, *self.rows))


def within(n: int, low: float = 0.0, high: float = 1.0) -> Limits:
    """The same limits for each of n weights."""
    import numpy as np

    return Limits(np.full(n, low), np.full(n, high))


def contradiction(names: list[str], limits: Limits, solution: Solution) -> str:
    """Which limits cannot be met together, in words; none of those named is needless.

    Args:
        names: Of the weights.
        limits: What was asked.
        solution: Of a programme of these limits that is infeasible.
    """
    weights, rows = solution.conflict
    alike: dict[tuple[float, float], list[str]] = {}
    for i in weights:
        alike.setdefault((float(limits.low[i]), float(limits.high[i])), []).append(names[i])
    parts = [
        f"{'each of ' if len(some) > 1 else ''}{', '.join(some)} between {low:.4g} and {high:.4g}"
        for (low, high), some in alike.items()
    ]
    for j in rows:
        if j == 0:
            parts.append("weights that sum to 1")
            continue
        row = limits.rows[j - 1]
        least = "" if row.low is None else f" at least {row.low:.4g}"
        most = "" if row.high is None else f" at most {row.high:.4g}"
        parts.append(f"{row.name}{least}{' and' if least and most else ''}{most}")
    return "; ".join(parts)
