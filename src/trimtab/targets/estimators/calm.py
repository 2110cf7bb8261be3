"""Weights that keep well to limits on turnover, leverage and tracking error, for genetic searches.

All such limits are convex: on the line between weights beyond them and weights within them, a share
of the way is within, and linear limits hold all along it, and so does the choice of names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.targets.objectives.cardinality import choice
from trimtab.targets.objectives.curbed import solve_within
from trimtab.targets.solvers.limits import Limits, Names, Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HALVINGS = 45
"""Of a line, to find how far along it limits are kept."""


class Calm:
    """Limits that are not linear, and for each choice of names weights that keep well to them.

    Args:
        limits: With one on turnover, leverage or tracking error.
        names: How many may be held.
        covariance: By which a tracking error is measured, a year's.
    """

    def __init__(self, limits: Limits, names: Names, covariance: Floats | None) -> None:
        import numpy as np

        n = len(limits.low)
        self.limits, self.names = replace(limits, names=None, search=Search()), names
        self.is_chosen = names.most < n or names.least > 1 or names.smallest > 0.0
        # Nearest to the benchmark, to what is held, or to nothing.
        if limits.tracking is not None:
            assert covariance is not None, "a tracking error is measured by a covariance"
            self.matrix, centre = covariance, limits.tracking.benchmark
        else:
            assert limits.turnover is not None, "there is a limit that is not linear"
            self.matrix, centre = np.eye(n), limits.turnover.held
        self.linear: Floats = -self.matrix @ centre
        self.covariance = self.matrix if covariance is None else covariance
        self._known: dict[bytes, Floats | None] = {}

    def first(self) -> Floats | None:
        """Weights that keep to all limits, any number of names included; None: none were found."""
        import numpy as np

        if not self.is_chosen:
            return self._of(None)
        any_do = Search(stop=lambda looked, best, bound: best < np.inf)
        limits = replace(self.limits, names=self.names, search=any_do)
        found = choice(limits, self.matrix, self.linear, self.covariance).weights
        return found if np.isfinite(found).all() else None

    def beyond(self, weights: Floats) -> Floats:
        """By how much many weights are beyond the limits that are not linear, shape (many,)."""
        import numpy as np

        over = np.full(len(weights), -np.inf)
        turnover, tracking = self.limits.turnover, self.limits.tracking
        if turnover is not None:
            moved = np.abs(weights - turnover.held).sum(axis=1)
            if turnover.held.any():  # of what whole lots leave in cash, too
                moved += np.abs(1.0 - weights.sum(axis=1))
            over = 0.5 * moved + turnover.gone - turnover.most
        if tracking is not None:
            apart = weights - tracking.benchmark
            size = np.sqrt(np.maximum(((apart @ self.covariance) * apart).sum(axis=1), 0.0))
            over = np.maximum(over, size - tracking.most)
        return over

    def draw_back(self, weights: Floats, is_met: NDArray[np.int64]) -> None:
        """Bring weights that are beyond the limits to the edge, where their names allow it.

        Args:
            weights: Shape (many, n), within all other limits; written over.
            is_met: 1 where they are such weights, shape (many,).
        """
        import numpy as np

        beyond = np.flatnonzero((is_met == 1) & (self.beyond(weights) > 0.0))
        calm = [self._of(weights[k] != 0.0 if self.is_chosen else None) for k in beyond]
        able = np.array([one is not None for one in calm], dtype=bool)
        if not able.any():
            return
        beyond = beyond[able]
        begin = np.array([one for one in calm if one is not None])
        way = weights[beyond] - begin
        low, high = np.zeros((len(beyond), 1)), np.ones((len(beyond), 1))
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            within = self.beyond(begin + middle * way)[:, None] <= 0.0
            low, high = np.where(within, middle, low), np.where(within, high, middle)
        weights[beyond] = begin + low * way

    def _of(self, held: NDArray[np.bool_] | None) -> Floats | None:
        """The weights of these names that keep best to the limits; None where none do."""
        import numpy as np

        limits, key = self.limits, b"" if held is None else held.tobytes()
        if key not in self._known:
            if held is not None and self.is_chosen:
                low = np.maximum(limits.low, self.names.smallest or -np.inf)
                limits = replace(
                    limits, low=np.where(held, low, 0.0), high=np.where(held, limits.high, 0.0)
                )
            found = solve_within(
                limits, self.matrix, self.linear, self.covariance, with_blame=False
            ).solution
            self._known[key] = found.weights if found.status == "optimal" else None
        return self._known[key]
