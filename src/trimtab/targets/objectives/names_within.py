"""Few names under limits that are not linear: turnover, tracking error, leverage with shorts.

Branch and bound over who is held: each part of the tree is the programme of `curbed` without its
number of names, whose bound from below is proved, and the best part is looked at first. A part of
the tree takes milliseconds, where `cardinality` takes microseconds under linear limits.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.objectives.curbed import solve_within
from trimtab.targets.solvers.limits import Limits, Search
from trimtab.targets.solvers.programme import Solution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Choice = NDArray[np.bool_]

MOST_PARTS = 5_000
"""Parts of the tree after which the search stops with the best so far: a minute or less."""

HELD = 1e-9
"""A weight no larger is none."""

EXACT = 1e-9
"""Choices better by less than this share of the objective are not looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the tree: who is held, who is not, and the answer where the others may be."""

    inside: Choice
    outside: Choice
    found: Solution


def choice_within(limits: Limits, matrix: Floats, linear: Floats, covariance: Floats) -> Solution:
    """The best weights of few names under limits of every kind, proved, or the best so far.

    Args:
        limits: With `names`; with weights below zero no smallest one.
        matrix, linear: Of the objective `1/2 w' Q w + c' w`.
        covariance: By which the tracking error is measured, a year's.
    """
    import numpy as np

    tree = Tree(limits, matrix, linear, covariance)
    must = (limits.low > 0.0) | (limits.high < 0.0)
    best = tree.solved(must, tree.never)
    nowhere = replace(best, weights=np.full(len(linear), np.nan), objective=np.inf, gap=np.inf)
    if best.status != "optimal":
        return nowhere
    bound, count, stop = best.objective - best.gap, 0, limits.search.stop
    open_ = [(bound, count, Part(must, tree.never, best))]
    best, looked = replace(nowhere, status="infeasible"), 0
    is_stopped = False
    while open_ and not is_stopped:
        bound, _, part = heappop(open_)
        if bound >= best.objective - EXACT * abs(bound):
            open_ = []
            break
        for tried in tree.candidates(part):
            if tried.status == "optimal" and tried.objective < best.objective:
                best = tried
        for child in tree.children(part):
            looked += 1
            least = child.found.objective - child.found.gap
            if child.found.status == "optimal" and least < best.objective:
                count += 1
                heappush(open_, (max(least, bound), count, child))
        is_stopped = looked >= min(limits.search.most_nodes, MOST_PARTS) or (
            stop is not None and stop(looked, best.objective, open_[0][0] if open_ else bound)
        )
    if best.objective == np.inf:
        return replace(nowhere, status="stopped" if open_ else "infeasible")
    lowest = min(best.objective, open_[0][0]) if open_ else best.objective
    gap = max(best.objective - lowest, EXACT * abs(best.objective))
    return replace(
        best, status="stopped" if gap > 2.0 * EXACT * abs(best.objective) else "optimal", gap=gap
    )


class Tree:
    """The programme, and who may be held in it."""

    def __init__(self, limits: Limits, matrix: Floats, linear: Floats, covariance: Floats) -> None:
        import numpy as np

        assert limits.names is not None, "there is a choice to make"
        self.limits, self.names = limits, limits.names
        self.programme = matrix, linear, covariance
        self.never = (limits.high <= 0.0) & (limits.low >= 0.0)
        self.floor = np.maximum(limits.low, limits.names.smallest or -np.inf)
        self.never |= self.floor > limits.high

    def solved(self, inside: Choice, outside: Choice) -> Solution:
        """The answer where these are held, those are not, and the others may be."""
        import numpy as np

        low = np.where(inside, self.floor, self.limits.low)
        some = replace(
            self.limits,
            low=np.where(outside, 0.0, low),
            high=np.where(outside, 0.0, self.limits.high),
            names=None,
            search=Search(),
        )
        return solve_within(some, *self.programme, with_blame=False).solution

    def candidates(self, part: Part) -> list[Solution]:
        """Answers that have no more names than asked: of the largest weights of a part."""
        import numpy as np

        size = np.abs(part.found.weights) + 10.0 * part.inside - 20.0 * part.outside
        order = np.argsort(-size, kind="stable")[: self.names.most]
        held = np.zeros(len(size), dtype=bool)
        held[order] = True
        held &= ~part.outside & (part.inside | (np.abs(part.found.weights) > HELD))
        few = self.names.least - int(held.sum())
        if few > 0:
            held[[i for i in order if not held[i] and not part.outside[i]][:few]] = True
        if held.sum() < self.names.least or (part.inside & ~held).any():
            return []
        return [self.solved(held, ~held)]

    def children(self, part: Part) -> list[Part]:
        """The same with one more name that is held, and with it left out; none at the end."""
        import numpy as np

        size = np.abs(part.found.weights)
        free = ~part.inside & ~part.outside
        held = part.inside | (size > HELD)
        tiny = free & (size > HELD) & (size < self.names.smallest - HELD)
        enough = held.sum() >= self.names.least or self.names.smallest == 0.0
        if not free.any() or (held.sum() <= self.names.most and not tiny.any() and enough):
            return []
        one = int(np.argmax(np.where(tiny if tiny.any() else free, size + 1.0, 0.0)))
        found = []
        inside, outside = part.inside.copy(), part.outside.copy()
        inside[one] = outside[one] = True
        full = ~inside if inside.sum() >= self.names.most else part.outside
        if inside.sum() <= self.names.most:
            is_same = full is part.outside and self.names.smallest == 0.0
            answer = part.found if is_same else self.solved(inside, full)
            found.append(Part(inside, full, answer))
        if (~outside).sum() >= self.names.least:
            found.append(Part(part.inside, outside, self.solved(part.inside, outside)))
        return found
