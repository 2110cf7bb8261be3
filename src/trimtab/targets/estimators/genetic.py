"""A genetic search over weights, for what is not convex: any fitness, few names, whole lots.

    best = evolve(lambda weights: -drawdown(weights), limits, breeding=Breeding(seed=7))

A population of weights has children: two parents, drawn by tournament, are mixed; some children are
changed at random; each is brought within the limits by the shortest way, and to whole lots where
there are lots. What is beyond a limit on turnover, leverage or tracking error is drawn back in a
line towards weights of the same names that keep to it well. The best of parents and children live
on. What breaks a limit, as whole lots may, loses against what breaks none or breaks it less (Deb
2000). It proves nothing: the same seed gives the same answer, and another seed may give a better
one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from trimtab.kernels import breeding as kernel
from trimtab.kernels.compile import compiled
from trimtab.model.frozen import dataclass
from trimtab.targets.estimators.calm import Calm
from trimtab.targets.estimators.parameters import Parameters
from trimtab.targets.objectives.cardinality import Question
from trimtab.targets.solvers.limits import (
    Breeding,
    Limits,
    Names,
    Search,
    of_some,
    without_needless,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

    from trimtab.targets.estimators.given import Spread
    from trimtab.targets.objectives.constraints import Constraints

SLACK = 1e-9
"""Whole lots may be so far beyond a limit."""

ALIKE = 3
"""Weights that agree to so many decimals are one: only the better of them lives on."""

LIKE = 8
"""Of few names, no choice of who is held has more than this part of those that live on: weights of
a new choice are poor at first, and need some generations."""

BETTER = 1e-12
"""A gain below this share of the fitness is none."""


USUAL = Breeding(size=60, births=60, generations=400, patience=50, mutation=0.6)
"""How the search goes where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Evolved:
    """What a genetic search found.

    Args:
        weights: Shape (n,); with lots they sum to 1 or less, and the rest is cash. NaN where
            nothing within the limits was found.
        fitness: Of the weights, the higher the better.
        broken: By how much they break a limit; 0 as a rule, more only with lots.
        generations: How many there were.
        ended: `patience`, `generations`, `told` by the progress, or `stopped` by the search's
            limit of time.
        gap: No weights are better by more: infinite, as nothing bounds any fitness whatever.
    """

    weights: Floats
    fitness: float
    broken: float
    generations: int
    ended: str
    gap: float = inf

    @property
    def told(self) -> str:
        """How it ended and what is proved, in a sentence."""
        why = {
            "patience": "nothing better was born for a while",
            "generations": "all generations were bred",
            "told": "its progress said so",
            "stopped": "the time was up",
        }[self.ended]
        return (
            f"ended after {self.generations} generations, as {why}; how much better any other "
            "weights are is unknown: a fitness has no bound, and an objective of tt.Optimiser has"
        )


def evolve(
    fitness: Callable[[Floats], Floats],
    limits: Limits,
    *,
    lots: Floats | None = None,
    covariance: Floats | None = None,
    breeding: Breeding | None = None,
    first: Sequence[Floats] = (),
    progress: Callable[[int, float], bool] | None = None,
) -> Evolved:
    """The weights with the best fitness that a genetic search finds.

    Args:
        fitness: Of many weights, shape (many, n), at once: shape (many,), the higher the better;
            what is no number is the worst.
        limits: To keep to; `limits.search.stop`, asked after each generation, ends the search with
            the best so far.
        lots: The weight of one lot of each, shape (n,): price times lot size over the value of the
            portfolio, > 0; None where any fraction may be held.
        covariance: By which a tracking error is measured, a year's.
        breeding: How the search goes.
        first: Weights to begin with, besides those that are drawn.
        progress: Called after each generation with its number and the best fitness; it ends the
            search by returning True.

    Raises:
        ValueError: Limits do not go together, or the fitness is of another shape.
    """
    import numpy as np

    limits, stop = without_needless(limits), limits.search.stop
    _check(limits, lots, covariance)
    how = (
        Breeding(size=60, births=60, generations=300, patience=40) if breeding is None else breeding
    )
    herd = _Herd(fitness, limits, lots, covariance, np.random.default_rng(how.seed))
    herd.begin(how.size, first)
    generation, quiet, ended = 0, 0, "generations"
    while generation < how.generations:
        before = herd.best()
        herd.breed(how.births, how.mutation)
        herd.survive(how.size)
        generation += 1
        after = herd.best()
        gained = after[1] < before[1] or after[0] > before[0] + BETTER * abs(before[0])
        quiet = 0 if gained else quiet + 1
        if progress is not None and progress(generation, after[0]):
            ended = "told"
            break
        if stop is not None and stop(generation, -after[0], np.nan):
            ended = "stopped"
            break
        if quiet >= how.patience:
            ended = "patience"
            break
    value, broken = herd.best()
    weights = herd.weights[0] if np.isfinite(broken) else np.full(len(limits.low), np.nan)
    return Evolved(weights, value, broken, generation, ended)


def _check(limits: Limits, lots: Floats | None, covariance: Floats | None) -> None:
    """Be sure that the limits go together.

    Raises:
        ValueError: They do not.
    """
    if limits.tracking is not None and covariance is None:
        raise ValueError("a limit on tracking error needs a covariance to measure it by")
    if float(limits.low.min(initial=0.0)) >= 0.0:
        return
    if lots is not None or (limits.names is not None and limits.names.smallest > 0.0):
        raise ValueError(
            "whole lots and a smallest position go with weights of zero or more: low 0 or above, "
            "or leave them out"
        )


class _Herd:
    """Weights that have children, the best first."""

    def __init__(
        self,
        fitness: Callable[[Floats], Floats],
        limits: Limits,
        lots: Floats | None,
        covariance: Floats | None,
        rng: np.random.Generator,
    ) -> None:
        import numpy as np

        n = len(limits.low)
        self.fitness, self.limits, self.lots, self.rng, self.n = fitness, limits, lots, rng, n
        self.names = limits.names if limits.names is not None else Names(n)
        programme = replace(limits, names=None).programme(np.eye(n), np.zeros(n))
        self.question = Question(programme, self.names)
        self.weights: Floats = np.zeros((0, n))
        self.value: Floats = np.zeros(0)
        self.broken: Floats = np.zeros(0)
        self.calm = Calm(limits, self.names, covariance) if limits.is_curved else None
        self.is_short = bool((limits.low < 0.0).any())
        self.repair: Any = compiled(kernel.repair)

    def best(self) -> tuple[float, float]:
        """Fitness of the best, and by how much it breaks a limit."""
        return float(self.value[0]), float(self.broken[0])

    def begin(self, size: int, first: Sequence[Floats]) -> None:
        """Draw weights: a few names each, of any shares."""
        import numpy as np

        most = min(self.names.most, self.n)
        wishes = np.zeros((max(size, len(first)), self.n))
        calm = None if self.calm is None else self.calm.first()
        if calm is not None:
            first = [*first, calm]
        for k in range(len(wishes)):
            if k < len(first):
                wishes[k] = first[k]
                continue
            count = int(self.rng.integers(max(self.names.least, 1), most + 1))
            held = self.rng.permutation(self.n)[:count]
            wishes[k, held] = self.rng.dirichlet(np.ones(count))
            if calm is not None and k % 2:  # few that are drawn keep to such limits
                wishes[k] = calm
                self._change(wishes[k])
        self._add(wishes)
        self.survive(size)

    def breed(self, births: int, mutation: float) -> None:
        """Add children: mixtures of two parents, or names of both, some changed at random."""
        import numpy as np

        rng, size = self.rng, len(self.weights)
        # The best stand first, so that the winner of a tournament is the one further ahead.
        parents = rng.integers(0, size, (births, 4)).reshape(births, 2, 2).min(axis=2)
        one, other = self.weights[parents[:, 0]], self.weights[parents[:, 1]]
        share = rng.uniform(-0.25, 1.25, (births, 1))
        mixed = share * one + (1.0 - share) * other
        picked = np.where(rng.random((births, self.n)) < 0.5, one, other)
        children = np.where(rng.random((births, 1)) < 0.6, mixed, picked)
        if not self.is_short:
            children = np.maximum(children, 0.0)
        for k in np.flatnonzero(rng.random(births) < mutation):
            self._change(children[k])
        if not self.is_short:
            total = children.sum(axis=1, keepdims=True)
            np.divide(children, total, out=children, where=total > 0.0)
        self._add(children)

    def _change(self, child: Floats) -> None:
        """Move weight from a name to any other, all of it or a part; or a little everywhere."""
        import numpy as np

        rng = self.rng
        held = np.flatnonzero(child)
        if len(held) == 0 or rng.random() < 0.3:
            spread = 10.0 ** rng.uniform(-3.0, -0.5)
            child[held] *= np.exp(rng.normal(0.0, spread, len(held)))
            return
        source, goal = int(rng.choice(held)), int(rng.integers(0, self.n))
        moved = child[source] * (1.0 if rng.random() < 0.5 else rng.random())
        if self.is_short and rng.random() < 0.5:
            moved = rng.exponential(0.1)
        child[source] -= moved
        child[goal] += moved

    def _add(self, wishes: Floats) -> None:
        """Bring wishes within the limits and add them."""
        import numpy as np

        count = len(wishes)
        found, is_met = np.zeros_like(wishes), np.zeros(count, dtype=np.int64)
        question = self.question
        self.repair(
            question.task, question.small, np.ascontiguousarray(wishes), found, is_met,
            question.room, self.rng.random(count), count,
        )  # fmt: skip
        broken = np.where(is_met == 1, 0.0, np.inf)
        if self.calm is not None:
            self.calm.draw_back(found, is_met)
            broken = np.maximum(broken, self._kept(self.calm.beyond(found)))
        if self.lots is not None:
            found = whole_lots(found, self.lots, self.limits, self.names)
            broken = np.maximum(broken, self._broken(found))
        values = np.full(count, -np.inf)
        usable = np.isfinite(broken)
        if usable.any():
            told = np.asarray(self.fitness(found[usable]), dtype=np.float64)
            if told.shape != (int(usable.sum()),):
                raise ValueError(
                    f"the fitness of {int(usable.sum())} weights has shape {told.shape}: one each"
                )
            values[usable] = np.where(np.isnan(told), -np.inf, told)
        self.weights = np.vstack([self.weights, found])
        self.value = np.concatenate([self.value, values])
        self.broken = np.concatenate([self.broken, broken])

    def _broken(self, weights: Floats) -> Floats:
        """By how much whole lots are beyond their limits."""
        import numpy as np

        over = np.maximum((weights - self.limits.high).max(axis=1), 0.0)
        short = np.where(weights > 0.0, self.limits.low - weights, self.limits.low)
        over = np.maximum(over, short.max(axis=1))
        over = np.maximum(over, self.names.least - (weights > 0.0).sum(axis=1))
        for row in self.limits.rows:
            met = weights @ row.weights
            if row.low is not None:
                over = np.maximum(over, row.low - met)
            if row.high is not None:
                over = np.maximum(over, met - row.high)
        if self.calm is not None:
            over = np.maximum(over, self.calm.beyond(weights))
        return self._kept(over)

    def _kept(self, over: Floats) -> Floats:
        """The same, and nothing for what is beyond by rounding."""
        import numpy as np

        kept: Floats = np.where(over <= SLACK, 0.0, over)
        return kept

    def survive(self, size: int) -> None:
        """Keep the best, each once."""
        import numpy as np

        order = np.lexsort((-self.value, self.broken))
        ahead = self.weights[order]
        _, once = np.unique(ahead.round(ALIKE), axis=0, return_index=True)
        once = np.sort(once)
        if self.names.most < self.n:
            once = once[_first_of_each(ahead[once] != 0.0, max(size // LIKE, 2))]
        kept = order[once[:size]]
        self.weights, self.value, self.broken = (
            self.weights[kept], self.value[kept], self.broken[kept]
        )  # fmt: skip


def _first_of_each(held: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Which of many choices of names, shape (many, n), have fewer than `most` like them before."""
    import numpy as np

    seen: dict[bytes, int] = {}
    first = np.zeros(len(held), dtype=bool)
    for k, row in enumerate(held):
        key = row.tobytes()
        seen[key] = seen.get(key, 0) + 1
        first[k] = seen[key] <= most
    return first


def whole_lots(weights: Floats, lots: Floats, limits: Limits, names: Names) -> Floats:
    """Weights in whole lots, near by: down first, then up where the most is missing.

    Args:
        weights: Shape (many, n).
        lots: The weight of one lot of each, shape (n,).
        limits: No weight rises above its limit; the others are not looked at.
        names: A name that falls below the smallest weight is rounded up to it.

    Returns:
        Shape (many, n), each summing to 1 or less.
    """
    import numpy as np

    least = np.ceil(np.maximum(names.smallest, lots) / lots - 1e-9)
    counts = np.floor(weights / lots + 1e-9)
    counts = np.where((weights > 0.0) & (counts < least), least, counts)
    for k, row in enumerate(counts):
        # Rounding up to the smallest weight may be too much: then the smallest names go.
        while row @ lots > 1.0 + SLACK:
            held = np.flatnonzero(row)
            row[held[np.argmin(weights[k][held])]] = 0.0
        missing = weights[k] - row * lots
        for i in np.argsort(-missing, kind="stable"):
            room = 1.0 - row @ lots
            high = limits.high[i] + SLACK
            if row[i] > 0.0 and missing[i] > 0.0 and lots[i] <= room + SLACK:
                row[i] += 1.0 if (row[i] + 1.0) * lots[i] <= high else 0.0
    found: Floats = counts * lots
    return found


class GeneticOptimiser(Parameters):
    """Weights by any fitness, from a history of simple returns, in the manner of scikit-learn.

    Args:
        fitness: Of many weights, shape (many, n), and the returns that were learned from, shape
            (sessions, n): shape (many,), the higher the better.
        constraints: What weights must keep to; its `search=tt.time_limit(30)` ends the search with
            the best so far.
        lots: The weight of one lot by instrument; None where any fraction may be held.
        breeding: How the search goes, its seed included.
        progress: As in `evolve`.
        covariance: By which a tracking error is measured; as `tt.Optimiser` has it.
        sessions_a_year: Sessions in the history that make a year, for the tracking error.

    Attributes:
        weights_: Shape (n,), after `fit`.
        result_: All that is known of them.
    """

    weights_: Floats
    result_: Evolved

    def __init__(
        self,
        fitness: Callable[[Floats, Floats], Floats],
        *,
        constraints: Constraints | None = None,
        lots: dict[str, float] | None = None,
        breeding: Breeding | None = None,
        progress: Callable[[int, float], bool] | None = None,
        covariance: Spread = "sample",
        sessions_a_year: float = 252,
    ) -> None:
        self.fitness = fitness
        self.constraints = constraints
        self.lots = lots
        self.breeding = breeding
        self.progress = progress
        self.covariance = covariance
        self.sessions_a_year = sessions_a_year

    @property
    def counts_from_held(self) -> bool:
        """Whether a limit on turnover counts from what `fit` is told that is held."""
        return self.constraints is not None and self.constraints.counts_from_held

    def fit(self, X: Any, y: object = None, *, held: ArrayLike | None = None) -> GeneticOptimiser:
        """Find the weights.

        Args:
            X: Simple returns, shape (sessions, n), oldest first; a frame or an array.
            y: Not used.
            held: As `tt.Optimiser.fit` has it.

        Raises:
            ValueError: Nothing can be learned from the returns, or nothing is within the limits.
        """
        import numpy as np

        from trimtab.estimates.history import usable
        from trimtab.targets.solvers.limits import within

        returns, names = self._table(X)
        history = usable(returns, names=names)
        wrong = [one.message for one in history.findings if one.severity == "error"]
        if wrong:
            raise ValueError(" ".join(wrong))
        kept, known = history.kept, history.returns
        rules = self.constraints
        if rules is not None and held is not None and rules.counts_from_held:
            rules = rules.counted_from(held, names)
        limits = within(len(names)) if rules is None else rules.limits(names)
        limits = of_some(limits, kept, names)
        called = [names[i] for i in kept]
        covariance = None if limits.tracking is None else self._covariance(known, called, kept)
        lots = None
        if self.lots is not None:
            lots = np.array([self.lots[names[i]] for i in kept])
        found = self.result_ = evolve(
            lambda weights: self.fitness(weights, known),
            limits,
            lots=lots,
            covariance=covariance,
            breeding=self.breeding,
            progress=self.progress,
        )
        if found.broken <= 0.0 and not np.isfinite(found.fitness):
            raise ValueError(
                "fitness was no number for any weights within the limits: it takes weights, shape "
                "(candidates, n), and returns, and gives a number for each candidate"
            )
        if found.broken > 0.0 or not np.isfinite(found.broken):
            from trimtab.targets.objectives.optimised import why_nothing

            anything = np.eye(len(kept)) if covariance is None else covariance
            raise ValueError(why_nothing(called, replace(limits, search=Search()), anything))
        self.weights_ = np.zeros(len(names))
        self.weights_[kept] = found.weights
        return self

    def _covariance(self, returns: Floats, names: Sequence[str], kept: NDArray[np.int64]) -> Floats:
        """A year's covariance of the instruments that were learned of, for the tracking error.

        Raises:
            ValueError: There is none that can be used.
        """
        from trimtab.estimates.repair import repaired
        from trimtab.targets.estimators.given import check_covariance
        from trimtab.targets.estimators.missing import covariance_for, spread_of

        check_covariance(self.covariance)
        asked = covariance_for(self.covariance, names, kept)
        matrix = spread_of(asked, returns, names, sessions_a_year=self.sessions_a_year)
        fit = repaired(matrix, names=names)
        if fit.covariance is None:
            raise ValueError(" ".join(finding.message for finding in fit.findings))
        return fit.covariance
