"""At most so many names, none of them tiny: the best choice, bred first and then proved.

A programme with a limit on the number of names is not convex. `bred` finds good choices in
milliseconds, by a genetic search over who is held; the weights of each choice are exact. `proved`
begins there and goes through the tree of choices until nothing can be better, or until it is told
to stop; its gap then says how much better anything could be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.kernels import breeding
from trimtab.kernels import cardinality as kernel
from trimtab.kernels.compile import compiled
from trimtab.kernels.programme import MARKS, PLACE, Space
from trimtab.kernels.quadratic import ENDLESS
from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.limits import Breeding, Limits, Names, Search, without_needless
from trimtab.targets.solvers.programme import Programme, Row, Solution, Status
from trimtab.targets.solvers.quadratic import programme_parts, space_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AT_ONCE = 2_000
"""Parts of the tree between two questions whether to stop."""

EXACT = 1e-9
"""Choices better by less than this share of the objective are not looked for."""


@dataclass(frozen=True, slots=True)
class Picked:
    """A choice of names and its weights.

    Args:
        status: `optimal`: proved; `stopped`: the best so far; `infeasible`: there is none.
        weights: Shape (n,); NaN where there is none.
        objective: Of the programme.
        gap: No choice is better by more; infinite where nothing is known.
        steps: Generations, or parts of the tree that were looked at.
    """

    status: Status
    weights: Floats
    objective: float
    gap: float
    steps: int


def bred(
    programme: Programme,
    names: Names,
    *,
    breeding: Breeding | None = None,
    progress: Callable[[int, float], bool] | None = None,
) -> Picked:
    """The best choice that a genetic search finds.

    Args:
        programme: Without a cost of moving; who may not weigh 0 has to be held.
        names: How many.
        breeding: How the search goes.
        progress: Called after each generation with its number and the best objective so far; it
            ends the search by returning True.
    """
    how = Breeding() if breeding is None else breeding
    return _bred(Question(programme, names), how, progress)


def proved(
    programme: Programme,
    names: Names,
    *,
    search: Search | None = None,
) -> Picked:
    """The best choice there is, or the best so far with its gap.

    Args:
        programme: Without a cost of moving; who may not weigh 0 has to be held.
        names: How many.
        search: How far to look.
    """
    how = Search() if search is None else search
    question = Question(programme, names)
    found = _bred(question, how.breeding, None)
    best = question.best
    tree, depth = question.tree(), 1
    branch: Any = compiled(kernel.branch)
    looked = 0
    while depth > 0 and looked < how.most_nodes:
        enough = EXACT * abs(float(best.value[0])) if best.value[0] < ENDLESS else 0.0
        depth, steps = branch(
            question.task, tree, question.wide, question.marks, question.small, best,
            question.room, depth, min(AT_ONCE, how.most_nodes - looked), enough,
        )  # fmt: skip
        looked += steps
        value = float(best.value[0])
        bound = min(value, float(tree.bound[:depth].min(initial=value)))
        if how.stop is not None and depth > 0 and how.stop(looked, value, bound):
            break
    if best.value[0] >= ENDLESS:
        status: Status = "stopped" if depth > 0 else "infeasible"
        return question.picked(status, found.gap, looked)
    value = float(best.value[0])
    open_parts = float(tree.bound[:depth].min(initial=value))
    gap = max(value - open_parts, EXACT * abs(value))
    return question.picked("stopped" if depth > 0 else "optimal", gap, looked)


def choice(limits: Limits, matrix: Floats, linear: Floats, covariance: Floats) -> Solution:
    """The answer to a quadratic programme with a limit on the number of names, proved.

    Args:
        limits: With `names`.
        matrix, linear: Of the objective `1/2 w' Q w + c' w`.
        covariance: By which a tracking error is measured, a year's.

    Raises:
        ValueError: There is a smallest weight, and some may be below zero.
    """
    import numpy as np

    names = limits.names
    assert names is not None, "there is a choice to make"
    if float(limits.low.min(initial=0.0)) < 0.0 and names.smallest > 0.0:
        raise ValueError(
            "a smallest position goes with weights of zero or more: low 0 or above, or leave the "
            "smallest position out"
        )
    limits = without_needless(limits)
    if limits.turnover is not None or limits.tracking is not None or (limits.low < 0.0).any():
        from trimtab.targets.objectives.names_within import choice_within

        return choice_within(limits, matrix, linear, covariance)
    programme = limits.programme(matrix, linear)
    found = proved(programme, names, search=limits.search)
    n, m = len(linear), len(programme.rows)
    places = np.zeros(n + m, dtype=np.int64)
    return Solution(found.status, found.weights, found.objective, found.gap, np.zeros(m), places)


class Question:
    """A programme and its count of names, as the kernel takes them, with room to work in."""

    def __init__(self, programme: Programme, names: Names) -> None:
        import numpy as np

        assert programme.held is None, "a choice of names knows no cost of moving"
        n = len(programme.linear)
        most = min(names.most, n)
        floor = np.maximum(programme.low, names.smallest or -np.inf)
        high = programme.high
        if not (floor < 0.0).any():
            # Who is held with others leaves them their smallest weights.
            others = (min(names.least, most) - 1) * float(floor.min(initial=0.0))
            high = np.minimum(high, programme.rows[0].high or 1.0)
            high = np.maximum(np.minimum(high, (programme.rows[0].high or 1.0) - others), 0.0)
            high[high < floor] = 0.0
            floor = np.minimum(floor, high)
        # Not to be held is against a limit that does not allow 0.
        must = (programme.low > 0.0) | (programme.high < 0.0)
        if must.sum() > most or (must & (high == 0.0)).any():
            never = Row("who must be held cannot be", np.zeros(n), 1.0, None)
            programme, must = replace(programme, rows=(*programme.rows, never)), must & False
        m = len(programme.rows)
        matrix, linear, _, rows, limits = programme_parts(programme)
        self.n = n
        self.task = kernel.Task(
            matrix, linear, floor, high, must, rows, limits, n, m, names.least, most
        )
        self.small = kernel.Small(
            np.zeros((most, most)),
            np.zeros(most),
            np.zeros((MARKS, most)),
            np.zeros((m, most)),
            space_for(most, m),
        )
        self.wide: Space = space_for(n, m)
        self.marks = np.zeros((MARKS, n))
        self.room = np.zeros(n + 2 * most, dtype=np.int64)
        self.best = kernel.Best(
            np.zeros(most, dtype=np.int64),
            np.zeros(most),
            np.zeros(1, dtype=np.int64),
            np.full(1, ENDLESS),
        )

    def tree(self) -> kernel.Tree:
        """The tree before anything is decided."""
        import numpy as np

        depth = self.n + 2
        tree = kernel.Tree(
            np.zeros((depth, self.n), dtype=np.int64),
            np.zeros((depth, self.n), dtype=np.int64),
            np.full(depth, -ENDLESS),
        )
        tree.state[0][np.asarray(self.task.high) <= 0.0] = kernel.LEFT_OUT
        tree.state[0][np.asarray(self.task.must)] = kernel.TAKEN
        self.wide.integers[PLACE] = 2
        tree.place[0] = 3
        return tree

    def herd(self, size: int) -> breeding.Herd:
        """Room for so many choices."""
        import numpy as np

        most = self.task.most
        return breeding.Herd(
            np.zeros((size, most), dtype=np.int64),
            np.zeros(size, dtype=np.int64),
            np.full(size, ENDLESS),
            np.zeros(2 * most + 1, dtype=np.int64),
            np.zeros(self.n + 2 * most, dtype=np.int64),
        )

    def picked(self, status: Status, gap: float, steps: int) -> Picked:
        """The best choice so far."""
        import numpy as np

        value = float(self.best.value[0])
        if value >= ENDLESS:
            return Picked(status, np.full(self.n, np.nan), np.nan, np.inf, steps)
        weights = np.zeros(self.n)
        count = int(self.best.count[0])
        weights[self.best.names[:count]] = self.best.weights[:count]
        return Picked(status, weights, value, gap, steps)


def _bred(
    question: Question, how: Breeding, progress: Callable[[int, float], bool] | None
) -> Picked:
    """Breed until nothing better was born for a while."""
    import numpy as np

    task, best = question.task, question.best
    must = np.asarray(task.must)
    usable = np.flatnonzero(np.asarray(task.high) > 0.0)
    count = min(task.most, len(usable))
    if count == 0 or count < task.least:
        return question.picked("infeasible", np.inf, 0)
    rng = np.random.default_rng(how.seed)
    herd = question.herd(how.size)
    breed: Any = compiled(breeding.breed)
    # The first choices are drawn, but for one: of the names that are best alone.
    alone = 0.5 * np.diagonal(task.matrix) + task.linear
    for k in range(how.size):
        drawn = rng.permutation(usable)
        if k == 0:
            drawn = usable[np.argsort(alone[usable], kind="stable")]
        # Those that have to be held come first.
        drawn = drawn[np.argsort(~must[drawn], kind="stable")[:count]]
        herd.names[k, :count] = np.sort(drawn)
        herd.count[k] = -1 - count
    quiet, generation = 0, 0
    while generation < how.generations and quiet < how.patience:
        draws = rng.random((how.births, breeding.DRAWS + task.n))
        better = breed(task, herd, question.small, best, draws, how.size, how.mutation)
        generation += 1
        quiet = 0 if better else quiet + 1
        if progress is not None and progress(generation, float(best.value[0])):
            break
    return question.picked("stopped", np.inf, generation)
