"""What an optimised target must keep to: limits on weights, and on sums of weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from math import sqrt
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.programme import Programme, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turnover:
    """At most so much may move: half the sum of what each weight changes by.

    Args:
        held: The weights now, shape (n,).
        most: One way, as a share of the portfolio, >= 0.
        gone: Turnover that is needed whatever the weights are: what must be sold and is not among
            them.
        words: What the limit is, for messages.
    """

    held: Floats
    most: float
    gone: float = 0.0
    words: str = ""

    def of(self, weights: Floats) -> float:
        """How much moves to reach these weights."""
        return 0.5 * float(abs(weights - self.held).sum()) + self.gone


def leverage(n: int, most: float) -> Turnover:
    """At most so much is held, long and short together: the turnover from nothing, both ways."""
    import numpy as np

    words = f"leverage, shorts without their sign, at most {most:.4g}"
    return Turnover(np.zeros(n), 0.5 * most, words=words)


@dataclass(frozen=True, slots=True)
class Tracking:
    """The volatility of the difference from a benchmark is at most so much, a year.

    Args:
        benchmark: Its weights, shape (n,).
        most: Tracking error, >= 0.
        words: What the limit is, for messages.
    """

    benchmark: Floats
    most: float
    words: str = ""

    def of(self, weights: Floats, covariance: Floats) -> float:
        """The tracking error of these weights."""
        apart = weights - self.benchmark
        return sqrt(max(float(apart @ covariance @ apart), 0.0))


@dataclass(frozen=True, slots=True)
class Names:
    """How many names may be held.

    Args:
        most: At most so many, >= 1.
        least: At least so many.
        smallest: A name that is held has at least this weight.
        words: What `most`, `least` and `smallest` are called in messages, where it is told.
    """

    most: int
    least: int = 1
    smallest: float = 0.0
    words: Mapping[str, str] = field(default_factory=dict)


Stop = Callable[[int, float, float], bool]
"""Asked between the steps of a search, with how many there were, the best objective so far and the
bound below it (NaN where a step has none): the search ends where it returns True."""


@dataclass(frozen=True, slots=True)
class Breeding:
    """How a genetic search goes.

    Args:
        seed: Of its random numbers: the same seed, the same answer.
        size: Choices that have children.
        births: Children of a generation.
        generations: At most so many.
        patience: Generations without a better choice after which it ends.
        mutation: How often a child is changed at random.
    """

    seed: int = 0
    size: int = 40
    births: int = 40
    generations: int = 60
    patience: int = 12
    mutation: float = 0.3


@dataclass(frozen=True, slots=True)
class Search:
    """How far a search for the best weights goes.

    Args:
        breeding: The genetic search that it begins with.
        most_nodes: Parts of the tree of choices after which it stops with the best so far.
        stop: Ends any search, of names or of weights, with the best so far; see `Stop`.
    """

    breeding: Breeding = Breeding()
    most_nodes: int = 1_000_000
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on what is held, which always sums to 1.

    Args:
        low, high: Of each weight, shape (n,), low <= high.
        rows: Limits of sums: sectors, scores, factors.
        turnover: From what is held now, or from nothing: see `leverage`.
        tracking: Around a benchmark.
        names: How many may be held, and how small.
        search: How far to look for the best.
        part: Of the whole that these are limits of; then messages tell percent of the whole, else
            fractions.
    """

    low: Floats
    high: Floats
    rows: tuple[Row, ...] = ()
    turnover: Turnover | None = None
    tracking: Tracking | None = None
    names: Names | None = None
    search: Search = Search()
    part: float | None = None

    @property
    def is_linear(self) -> bool:
        """Whether one quadratic programme holds them all."""
        return self.turnover is None and self.tracking is None and self.names is None

    @property
    def is_curved(self) -> bool:
        """Whether it limits turnover, leverage or tracking error."""
        return self.turnover is not None or self.tracking is not None

    def programme(self, matrix: Floats, linear: Floats) -> Programme:
        """The quadratic programme with these limits."""
        import numpy as np

        budget = Row("all weights", np.ones(len(self.low)), 1.0, 1.0)
        return Programme(matrix, linear, self.low, self.high, (budget, *self.rows))


def within(n: int, low: float = 0.0, high: float = 1.0) -> Limits:
    """The same limits for each of n weights."""
    import numpy as np

    lows, highs = np.empty(n), np.empty(n)  # filled quicker than np.full does
    lows.fill(low)
    highs.fill(high)
    return Limits(lows, highs)


def of_some(limits: Limits, kept: NDArray[np.int64], names: Sequence[str]) -> Limits:
    """The limits of some of the weights; the others are not held.

    Raises:
        ValueError: The benchmark holds one of the others.
    """
    import numpy as np

    rows = tuple(replace(row, weights=row.weights[kept]) for row in limits.rows)
    turnover, tracking = limits.turnover, limits.tracking
    if turnover is not None:
        gone = 0.5 * float(np.delete(np.abs(turnover.held), kept).sum())
        turnover = replace(turnover, held=turnover.held[kept], gone=turnover.gone + gone)
    if tracking is not None:
        known = set(kept.tolist())
        lost = [
            name for i, name in enumerate(names) if i not in known and tracking.benchmark[i] != 0.0
        ]
        if lost:
            raise ValueError(
                f"the benchmark holds {', '.join(lost)}, of which the history teaches nothing: "
                "its tracking error is unknown"
            )
        tracking = replace(tracking, benchmark=tracking.benchmark[kept])
    return replace(
        limits,
        low=limits.low[kept],
        high=limits.high[kept],
        rows=rows,
        turnover=turnover,
        tracking=tracking,
    )


def without_needless(limits: Limits) -> Limits:
    """The limits without one on leverage where nothing is short: it is always 1 then."""
    moved = limits.turnover
    if moved is None or moved.held.any() or (limits.low < 0.0).any():
        return limits
    assert moved.most >= 0.5 + moved.gone, "leverage is 1 or more"
    return replace(limits, turnover=None)


TURNOVER, TRACKING = 1, 2
"""Places behind the last row, in a conflict."""
