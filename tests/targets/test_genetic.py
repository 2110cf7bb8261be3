"""The genetic search over weights: what it finds where the best is known, and what it keeps to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tests.targets.test_quadratic import covariance
from trimtab.adapters.clock import time_limit
from trimtab.targets.estimators.genetic import GeneticOptimiser, evolve
from trimtab.targets.estimators.parameters import asks_held
from trimtab.targets.objectives.cardinality import proved
from trimtab.targets.objectives.constraints import Constraints, Group
from trimtab.targets.objectives.curbed import solve_within
from trimtab.targets.objectives.mean_variance import least_volatility
from trimtab.targets.solvers.limits import (
    Breeding,
    Limits,
    Names,
    Tracking,
    Turnover,
    leverage,
    within,
)
from trimtab.targets.solvers.programme import Row

QUICK = Breeding(size=40, births=40, generations=150, patience=40, mutation=0.6)


def calm(matrix: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A fitness: the less variance, the better."""
    return lambda weights: -np.einsum("ki,ij,kj->k", weights, matrix, weights)


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_what_is_known(seed: int) -> None:
    """Where a quadratic programme knows the best, the search comes within 0.1% of it."""
    rng = np.random.default_rng(seed)
    matrix = covariance(rng, 10)
    names = Names(4, 2, 0.05)
    limits = Limits(np.zeros(10), np.full(10, 0.6), names=names)

    found = evolve(calm(matrix), limits, breeding=QUICK)

    best = proved(within(10, 0.0, 0.6).programme(2 * matrix, np.zeros(10)), names)
    assert -found.fitness == pytest.approx(best.objective, rel=1e-3)
    assert found.broken == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_children_keep_to_the_limits(seed: int) -> None:
    """Whatever the fitness asks, weights keep to bounds, groups and the number of names."""
    rng = np.random.default_rng(seed)
    row = Row("group", (np.arange(8) < 4).astype(float), 0.3, 0.5)
    limits = Limits(np.zeros(8), np.full(8, 0.4), (row,), names=Names(5, 3, 0.1))
    seen: list[np.ndarray] = []
    taste = rng.normal(size=8)

    def fitness(weights: np.ndarray) -> np.ndarray:
        seen.append(weights.copy())
        return np.sin(7 * weights @ taste)

    evolve(fitness, limits, breeding=Breeding(seed=seed, size=30, births=30, generations=5))

    every = np.vstack(seen)
    held = every > 1e-9
    np.testing.assert_allclose(every.sum(axis=1), 1.0, atol=1e-9)
    assert held.sum(axis=1).max() <= 5
    assert every[held].min() >= 0.1 - 1e-9
    assert every.max() <= 0.4 + 1e-9
    assert (every[:, :4].sum(axis=1) >= 0.3 - 1e-9).all()
    assert (every[:, :4].sum(axis=1) <= 0.5 + 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_whole_lots(seed: int) -> None:
    """Only whole lots are held, none below the smallest weight, and no more than there is."""
    rng = np.random.default_rng(seed)
    matrix, lots = covariance(rng, 8), rng.uniform(0.01, 0.08, 8)
    limits = Limits(np.zeros(8), np.full(8, 0.5), names=Names(5, 1, 0.05))

    found = evolve(
        lambda weights: -((weights.sum(axis=1) - 1) ** 2) + calm(matrix)(weights),
        limits,
        lots=lots,
        breeding=QUICK,
    )

    counts = found.weights / lots
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    assert 1.0 - lots.max() <= found.weights.sum() <= 1.0 + 1e-9
    assert found.weights[found.weights > 0].min() >= 0.05 - 1e-9
    assert found.weights.max() <= 0.5 + 1e-9
    assert found.broken == 0.0


def test_a_fitness_that_is_not_convex() -> None:
    """A fitness with a reward for two certain names together finds them, alone."""
    limits = within(12)

    def fitness(weights: np.ndarray) -> np.ndarray:
        return weights[:, 3] * weights[:, 8] * (weights[:, 3] > 0.2)

    found = evolve(fitness, limits, breeding=QUICK)

    assert found.fitness == pytest.approx(0.25, abs=1e-3)


def test_the_same_seed_gives_the_same_weights_and_another_may_not() -> None:
    """Randomness is an argument."""
    matrix = covariance(np.random.default_rng(1), 10)
    few = Breeding(seed=3, size=20, births=20, generations=4)

    one = evolve(calm(matrix), within(10), breeding=few)
    same = evolve(calm(matrix), within(10), breeding=few)
    other = evolve(calm(matrix), within(10), breeding=Breeding(4, 20, 20, 4))

    np.testing.assert_array_equal(one.weights, same.weights)
    assert (one.weights != other.weights).any()


def test_how_it_ends() -> None:
    """By patience where nothing gets better, by count, or when it is told to."""
    limits = within(4)

    flat = evolve(lambda w: np.zeros(len(w)), limits, breeding=Breeding(generations=99, patience=5))
    told = evolve(lambda w: w[:, 0], limits, progress=lambda generation, best: generation == 3)
    counted = evolve(
        lambda w: -abs(w[:, 0] - 0.123), limits, breeding=Breeding(generations=2, patience=50)
    )

    assert (flat.ended, flat.generations) == ("patience", 5)
    assert (told.ended, told.generations) == ("told", 3)
    assert (counted.ended, counted.generations) == ("generations", 2)


def test_weights_to_begin_with_are_not_lost() -> None:
    """The answer is at least as good as what it was given."""
    matrix = covariance(np.random.default_rng(5), 15)
    best = least_volatility(matrix, within(15)).weights

    found = evolve(calm(matrix), within(15), breeding=Breeding(generations=1, size=5), first=[best])

    assert -found.fitness <= best @ matrix @ best + 1e-12


def test_nothing_within_the_limits() -> None:
    """Two names of at most 40% cannot sum to 1: there are no weights, and the limits are told."""
    limits = Limits(np.zeros(5), np.full(5, 0.4), names=Names(2))

    found = evolve(lambda w: w[:, 0], limits, breeding=Breeding(generations=2))

    assert np.isnan(found.weights).all()
    with pytest.raises(ValueError, match="at most 2 names"):
        GeneticOptimiser(lambda w, _: w[:, 0], constraints=Constraints(high=0.4, max_names=2)).fit(
            np.random.default_rng(1).normal(0, 0.01, (100, 5))
        )


def test_as_an_estimator() -> None:
    """It is cloned, learns from returns, and gives weights within its constraints."""
    from sklearn.base import clone

    moves = np.random.default_rng(1).normal(0.0004, np.linspace(0.004, 0.02, 6), (300, 6))

    def least_fall(weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        wealth = np.cumprod(1 + returns @ weights.T, axis=0)
        return (wealth / np.maximum.accumulate(wealth, axis=0)).min(axis=0)

    rules = Constraints(max_names=3, groups=[Group("late", ["4", "5", "6"], low=0.2)])
    fitted = clone(GeneticOptimiser(least_fall, constraints=rules, breeding=QUICK)).fit(moves)

    assert fitted.weights_.sum() == pytest.approx(1.0)
    assert (fitted.weights_ > 0).sum() <= 3
    assert fitted.weights_[3:].sum() >= 0.2 - 1e-9
    with pytest.raises(ValueError, match="no parameter"):
        fitted.set_params(mood=1)


def test_a_fitness_of_another_shape_is_refused() -> None:
    """One number a row of weights, or the search cannot go on."""
    with pytest.raises(ValueError, match="one each"):
        evolve(lambda w: np.zeros(3), within(4))


def enumerated(
    limits: Limits, matrix: np.ndarray, spread: np.ndarray, *, most: int, smallest: float = 0.0
) -> float:
    """The least variance of any choice of so many names, each choice solved by itself."""
    n, best = len(limits.low), np.inf
    for names in combinations(range(n), most):
        held = np.isin(np.arange(n), names)
        low = np.maximum(limits.low, smallest) if smallest else limits.low
        some = replace(
            limits, low=np.where(held, low, 0.0), high=np.where(held, limits.high, 0.0), names=None
        )
        found = solve_within(some, 2 * matrix, np.zeros(n), spread, with_blame=False).solution
        if found.status == "optimal":
            best = min(best, found.objective)
    return best


def curved(kind: str, rng: np.random.Generator) -> Limits:
    """Limits of eight weights, of which one is not linear."""
    held = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0])
    plain = Limits(np.zeros(8), np.full(8, 0.6))
    match kind:
        case "turnover":
            return replace(plain, turnover=Turnover(held, 0.3))
        case "tracking":
            return replace(plain, tracking=Tracking(rng.dirichlet(np.ones(8)), 0.06))
        case "both":
            near = Tracking(0.5 * held + 0.0625, 0.05)
            return replace(plain, turnover=Turnover(held, 0.35), tracking=near)
        case _:
            return Limits(np.full(8, -0.3), np.full(8, 0.9), turnover=leverage(8, 1.4))


@pytest.mark.parametrize(
    ("kind", "most"),
    [("turnover", 4), ("tracking", 8), ("both", 8), ("both", 4), ("leverage", 4)],
)
def test_it_finds_what_enumeration_finds_under_limits_that_are_not_linear(
    kind: str, most: int
) -> None:
    """Turnover, tracking error and leverage are kept to, and the best of all choices of eight names
    is found to 0.5%.
    """
    rng = np.random.default_rng(11)
    matrix = covariance(rng, 8)
    matrix *= 0.04 / np.diagonal(matrix).mean()
    limits = curved(kind, rng)
    best = enumerated(limits, matrix, matrix, most=most)
    names = None if most == 8 else Names(most)

    found = evolve(calm(matrix), replace(limits, names=names), covariance=matrix, breeding=QUICK)

    assert -found.fitness == pytest.approx(best, rel=5e-3)
    assert (np.abs(found.weights) > 1e-9).sum() <= most
    assert found.weights.sum() == pytest.approx(1.0)
    if limits.turnover is not None:
        assert limits.turnover.of(found.weights) <= limits.turnover.most + 1e-9
    if limits.tracking is not None:
        assert limits.tracking.of(found.weights, matrix) <= limits.tracking.most + 1e-9


def test_whole_lots_keep_to_a_limit_on_turnover() -> None:
    """What rounding to whole lots moves counts as well, the cash that it leaves included."""
    rng = np.random.default_rng(3)
    matrix, lots = covariance(rng, 8), np.full(8, 0.03)
    held = np.array([0.39, 0.3, 0.21, 0.09, 0.0, 0.0, 0.0, 0.0])
    limits = Limits(np.zeros(8), np.ones(8), turnover=Turnover(held, 0.2), names=Names(5))

    found = evolve(
        lambda weights: weights.sum(axis=1) + calm(matrix)(weights), limits, lots=lots,
        breeding=replace(QUICK, generations=40),
    )  # fmt: skip

    moved = found.weights - held
    assert found.broken == 0.0
    assert 0.0 < max(moved[moved > 0].sum(), -moved[moved < 0].sum()) <= 0.2 + 1e-9
    np.testing.assert_allclose(found.weights / lots, (found.weights / lots).round(), atol=1e-9)


def test_the_time_is_up() -> None:
    """By the clock it is given it ends with the best so far, within the limits, and says that
    nobody knows how much better anything could be.
    """
    seconds = iter(range(100))
    rules = Constraints(
        held={"1": 0.5, "2": 0.5},
        turnover=0.2,
        search=time_limit(3.5, elapsed=lambda: float(next(seconds))),
    )
    moves = np.random.default_rng(1).normal(0.0, 0.01, (100, 6))
    fitness = calm(np.eye(6))

    found = GeneticOptimiser(lambda w, _: fitness(w), constraints=rules).fit(moves)

    assert (found.result_.ended, found.result_.generations) == ("stopped", 4)
    assert found.result_.gap == np.inf
    assert "unknown" in found.result_.told
    assert 0.0 < found.weights_[2:].sum() <= 0.2 + 1e-9


def test_an_estimator_keeps_to_a_tracking_error_of_its_own_history() -> None:
    """The error is measured by the covariance of the returns that were learned from, a year's, and
    turnover counts from what `fit` is told.
    """
    moves = np.random.default_rng(1).normal(0.0004, np.linspace(0.004, 0.02, 6), (300, 6))
    benchmark = dict.fromkeys("123456", 1 / 6)
    rules = Constraints(benchmark=benchmark, tracking_error=0.02, turnover=0.15)
    held = np.array([0.2, 0.2, 0.2, 0.2, 0.1, 0.1])
    quick = replace(QUICK, generations=30)

    found = GeneticOptimiser(lambda w, _: w[:, 5], constraints=rules, breeding=quick)
    weights = found.fit(moves, held=held).weights_

    apart = weights - 1 / 6
    assert 0.015 < (apart @ np.cov(moves.T) @ apart * 252) ** 0.5 <= 0.02 + 1e-9
    assert 0.5 * np.abs(weights - held).sum() <= 0.15 + 1e-9
    assert asks_held(found)


def test_limits_that_contradict_each_other_are_told() -> None:
    """Two names and little turnover from four: nothing keeps to both, and that is told."""
    rules = Constraints(held=dict.fromkeys("1234", 0.25), turnover=0.1, max_names=2)
    moves = np.random.default_rng(1).normal(0.0, 0.01, (100, 5))

    with pytest.raises(ValueError, match="at most 2 names"):
        GeneticOptimiser(
            lambda w, _: w[:, 0], constraints=rules, breeding=replace(QUICK, generations=2)
        ).fit(moves)


def test_what_does_not_go_with_short_positions() -> None:
    """Whole lots and a smallest position are refused beside weights below zero, with the reason."""
    limits = Limits(np.full(4, -0.5), np.ones(4), names=Names(3, 1, 0.1))

    with pytest.raises(ValueError, match="zero or more"):
        evolve(lambda w: w[:, 0], limits)
    with pytest.raises(ValueError, match="zero or more"):
        evolve(lambda w: w[:, 0], replace(limits, names=None), lots=np.full(4, 0.1))
    with pytest.raises(ValueError, match="covariance"):
        evolve(lambda w: w[:, 0], replace(within(4), tracking=Tracking(np.full(4, 0.25), 0.1)))
