"""What is asked when our own search has no answer, or none that is proved: well-kept solvers.

HiGHS where the problem is a quadratic programme, then Clarabel where that is installed. An answer
counts if it keeps to the limits and is no worse than the best by more than `ENOUGH_OF_OTHERS`. That
is not taken from the solver where the limits are linear: by convexity nothing is better than the
weights by more than the slope there makes of the best point within the limits, which is one linear
programme (the gap of M. Frank and P. Wolfe, An algorithm for quadratic programming, 1956).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isnan, nan
from typing import TYPE_CHECKING

from trimtab.targets.objectives.asked import Asked, Attempt
from trimtab.targets.objectives.choices import Chosen
from trimtab.targets.objectives.robust import errors
from trimtab.targets.solvers.conic import Cone, Conic, Found, by_clarabel, by_highs
from trimtab.targets.solvers.limits import Limits
from trimtab.targets.solvers.programme import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH_OF_OTHERS = 1e-5
"""A gap above this is no proof; more than `choices.ENOUGH`, as weights have some six digits."""

PROVED = 1e-9
"""A search that was stopped with a gap of no more was at its end."""

KEPT = 1e-6
"""Limits are kept to this."""


def second_opinions(
    asked: Asked,
    limits: Limits,
    expected: Floats,
    covariance: Floats,
    years: float,
    first: Chosen,
) -> tuple[Chosen, str, list[Attempt]]:
    """The best answer of other solvers, or the first one where none of theirs is better.

    Args:
        asked, limits, expected, covariance, years: As of `optimised.optimise`.
        first: What our own search made of it.

    Returns:
        The answer, the name of the solver whose it is (empty: still the first), and what each of
        the others made of it.
    """
    problem = Problem(asked, limits, expected, covariance, years)
    best, whose, attempts = first, "", []
    solvers: list[tuple[str, Callable[[Conic], Found | None]]] = [("Clarabel", by_clarabel)]
    if not problem.whole.cones:
        solvers.insert(0, ("HiGHS", by_highs))
    for name, solver in solvers:
        found = solver(problem.whole)
        if found is None:
            continue
        weights = problem.weights(found)
        if weights is None:
            attempts.append(Attempt(name, found.status, nan))
            continue
        gap = problem.gap(weights, found.gap)
        attempts.append(Attempt(name, found.status, gap))
        if gap <= ENOUGH_OF_OTHERS:
            solution = replace(first.solution, status="optimal", weights=weights, gap=gap)
            return Chosen(weights, solution), name, attempts
        if first.solution.status != "optimal" and (not whose or gap < best.solution.gap):
            stopped = replace(first.solution, status="stopped", weights=weights, gap=gap)
            best, whose = Chosen(weights, stopped), name
    return best, whose, attempts


def with_proof(
    asked: Asked, limits: Limits, expected: Floats, covariance: Floats, years: float, so_far: Chosen
) -> Chosen:
    """An answer that was stopped, with how much better any can be; arguments as before.

    Where nothing is known with all limits, it is proved without that on tracking error: what is
    best with fewer limits is no worse. NaN where nothing is known then either.
    """
    gap = so_far.solution.gap
    if gap == float("inf"):
        problem = Problem(asked, replace(limits, tracking=None), expected, covariance, years)
        gap = problem.gap(so_far.weights, nan)
        gap = gap if gap < float("inf") else nan
    status: Status = "optimal" if gap <= PROVED else "stopped"
    return replace(so_far, solution=replace(so_far.solution, status=status, gap=gap))


class Problem:
    """An objective and its limits in the form of `conic`.

    Weights come first, then how far each is from what is held, then how large each is. The best
    ratio is looked for over weights times an unknown scale, which comes last (Charnes and Cooper
    1962).
    """

    def __init__(
        self, asked: Asked, limits: Limits, expected: Floats, covariance: Floats, years: float
    ) -> None:
        import numpy as np

        self.asked, self.limits = asked, limits
        self.covariance, self.years = covariance, years
        self.returns = expected
        self.free = asked.risk_free
        if asked.objective == "max-diversification":
            self.returns, self.free = np.sqrt(covariance.diagonal()), 0.0
        n = len(expected)
        self.rows, self.low, self.high = _rows(limits)
        if asked.objective == "target-return":
            self._add(self._wide(expected), asked.wanted, np.inf)
        self.in_box = asked.objective == "robust-utility" and asked.uncertainty == "box"
        self.costs = np.zeros(self.rows.shape[1])
        if self.in_box:
            self._add_sizes()
            spread = errors(covariance, "box", years).diagonal()
            self.costs[-n:] = asked.kappa * np.sqrt(spread)
        self.whole = self._conic()

    def weights(self, found: Found) -> Floats | None:
        """The weights of an answer; None where there is none, or where it breaks a limit."""
        import numpy as np

        n = len(self.returns)
        if found.values is None:
            return None
        weights = np.array(found.values[:n])
        if self.is_ratio:
            if not found.values[-1] > 0.0:
                return None
            weights /= found.values[-1]
        weights = np.clip(weights, self.limits.low, self.limits.high)
        limits, sums = self.limits, self.rows[:, :n] @ weights
        plain = ~self.rows[:, n:].any(axis=1)
        kept = (sums >= self.low - KEPT) & (sums <= self.high + KEPT)
        good = bool(kept[plain].all())
        if limits.turnover is not None:
            good = good and limits.turnover.of(weights) <= limits.turnover.most + KEPT
        if limits.tracking is not None:
            good = good and limits.tracking.of(weights, self.covariance) <= (
                limits.tracking.most + KEPT
            )
        return weights if good else None

    def gap(self, weights: Floats, told: float) -> float:
        """How much better any other weights within the limits could be, at most."""
        import numpy as np

        if self.limits.tracking is not None or self.asked.objective == "target-volatility":
            return told
        n = len(weights)
        slope = self.costs.copy()
        slope[:n] += self._slope(weights)
        least = by_highs(
            Conic(np.zeros((len(slope), len(slope))), slope, self.rows, self.low, self.high)
        )
        if least.values is None:
            return told if not isnan(told) else float("inf")
        here = float(slope[:n] @ weights)
        if self.in_box:
            here += float(slope[-n:] @ np.abs(weights))
        return max(here - float(slope @ least.values), 0.0)

    @property
    def is_ratio(self) -> bool:
        """Whether a ratio is best, and weights come with a scale."""
        return self.asked.objective in ("max-sharpe", "max-diversification")

    def _slope(self, weights: Floats) -> Floats:
        """Of the objective at some weights, in units of the programme that is solved."""
        asked, pull = self.asked, self.covariance @ weights
        if self.is_ratio:
            excess = float(self.returns @ weights) - self.free
            found: Floats = pull - float(weights @ pull) / excess * self.returns
            return found
        if asked.objective == "utility" or self.in_box:
            pull = asked.risk_aversion * pull - self.returns
        elif asked.objective == "robust-utility":
            spread = errors(self.covariance, asked.uncertainty, self.years) @ weights
            robust = asked.kappa * spread / float(weights @ spread) ** 0.5
            pull = asked.risk_aversion * pull - self.returns + robust
        return pull

    def _conic(self) -> Conic:
        """The whole problem."""
        import numpy as np

        asked, n, size = self.asked, len(self.returns), self.rows.shape[1]
        matrix, linear = np.zeros((size, size)), self.costs.copy()
        if asked.objective != "target-volatility":
            with_aversion = asked.objective in ("utility", "robust-utility")
            aversion = asked.risk_aversion if with_aversion else 1.0
            matrix[:n, :n] = aversion * self.covariance
        if asked.objective in ("utility", "robust-utility", "target-volatility"):
            linear[:n] -= self.returns
        whole = Conic(matrix, linear, self.rows, self.low, self.high)
        if self.is_ratio:
            whole = self._scaled(whole)
        return self._with_cones(whole)

    def _scaled(self, plain: Conic) -> Conic:
        """The least variance of an excess return of 1, over weights times a scale."""
        import numpy as np

        size = len(plain.linear)
        top, bottom = np.isfinite(plain.high), np.isfinite(plain.low)
        above = np.column_stack([plain.rows[top], -plain.high[top]])
        below = np.column_stack([plain.rows[bottom], -plain.low[bottom]])
        gain = np.concatenate([self._wide(self.returns), [-self.free]])
        scale = np.zeros(size + 1)
        scale[-1] = 1.0
        return Conic(
            np.pad(plain.matrix, (0, 1)),
            np.append(plain.linear, 0.0),
            np.vstack([above, below, gain, scale]),
            np.concatenate([np.full(len(above), -np.inf), np.zeros(len(below)), [1.0, 0.0]]),
            np.concatenate([np.zeros(len(above)), np.full(len(below), np.inf), [1.0, np.inf]]),
        )

    def _with_cones(self, plain: Conic) -> Conic:
        """The same with its limits and its part of the objective that are no quadratic programme's.

        A limit on volatility or tracking error is a cone; so is the root of a robust objective,
        which gets a variable of its own behind all others.
        """
        import numpy as np

        asked, tracking, n = self.asked, self.limits.tracking, len(self.returns)
        found, cones = plain, []
        if asked.objective == "robust-utility" and not self.in_box:
            found = replace(
                plain,
                matrix=np.pad(plain.matrix, (0, 1)),
                linear=np.append(plain.linear, asked.kappa),
                rows=np.pad(plain.rows, ((0, 0), (0, 1))),
            )
        size = len(found.linear)
        nothing = np.zeros(size)

        def root(square: Floats) -> Floats:
            rows = np.zeros((n, size))
            rows[:, :n] = np.linalg.cholesky(square).T
            return rows

        if found is not plain:
            last = nothing.copy()
            last[-1] = 1.0
            spread = errors(self.covariance, asked.uncertainty, self.years)
            cones.append(Cone(root(spread), np.zeros(n), last, 0.0))
        if asked.objective == "target-volatility":
            cones.append(Cone(root(self.covariance), np.zeros(n), nothing, asked.wanted))
        if tracking is not None:
            rows = root(self.covariance)
            away = -rows[:, :n] @ tracking.benchmark
            if self.is_ratio:
                rows[:, -1] = away
                most = nothing.copy()
                most[-1] = tracking.most
                cones.append(Cone(rows, np.zeros(n), most, 0.0))
            else:
                cones.append(Cone(rows, away, nothing, tracking.most))
        return replace(found, cones=tuple(cones))

    def _wide(self, row: Floats) -> Floats:
        """A row over weights as one over all that there is."""
        import numpy as np

        return np.pad(row, (0, self.rows.shape[1] - len(row)))

    def _add(self, row: Floats, low: float, high: float) -> None:
        """One more row."""
        import numpy as np

        self.rows = np.vstack([self.rows, row])
        self.low, self.high = np.append(self.low, low), np.append(self.high, high)

    def _add_sizes(self) -> None:
        """Behind all others, how large each weight is at least."""
        import numpy as np

        n, size = len(self.returns), self.rows.shape[1]
        one, gap = np.eye(n), np.zeros((n, size - n))
        self.rows = np.vstack(
            [np.pad(self.rows, ((0, 0), (0, n))), np.hstack([one, gap, -one]),
             np.hstack([-one, gap, -one])]
        )  # fmt: skip
        self.low = np.append(self.low, np.full(2 * n, -np.inf))
        self.high = np.append(self.high, np.zeros(2 * n))
        self.costs = np.zeros(size + n)


def _rows(limits: Limits) -> tuple[Floats, Floats, Floats]:
    """Limits as rows: of each weight, of all, of sums, and of how far each is from what is held."""
    import numpy as np

    n = len(limits.low)
    rows = np.vstack([np.eye(n), np.ones(n), *(row.weights for row in limits.rows)])
    below = [-np.inf if row.low is None else row.low for row in limits.rows]
    above = [np.inf if row.high is None else row.high for row in limits.rows]
    low = np.concatenate([limits.low, [1.0], below])
    high = np.concatenate([limits.high, [1.0], above])
    turnover = limits.turnover
    if turnover is None:
        return rows, low, high
    one = np.eye(n)
    moved = np.concatenate([np.zeros(n), np.ones(n)])
    rows = np.vstack(
        [np.pad(rows, ((0, 0), (0, n))), np.hstack([one, -one]), np.hstack([-one, -one]), moved]
    )
    most = 2.0 * (turnover.most - turnover.gone)
    low = np.concatenate([low, np.full(2 * n + 1, -np.inf)])
    return rows, low, np.concatenate([high, turnover.held, -turnover.held, [most]])
