"""Few names under limits on turnover, tracking error and leverage, against every choice."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from trimtab.targets.estimators.genetic import evolve
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.objectives.cardinality import choice
from trimtab.targets.objectives.constraints import Constraints
from trimtab.targets.objectives.curbed import solve_within
from trimtab.targets.objectives.names_within import choice_within
from trimtab.targets.solvers.limits import (
    Breeding,
    Limits,
    Names,
    Search,
    Tracking,
    Turnover,
    leverage,
    within,
)

N = 6
HELD = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.0])
EQUAL = np.full(N, 1.0 / N)
TURNOVER = replace(within(N), turnover=Turnover(HELD, 0.35))
TRACKING = replace(within(N), tracking=Tracking(EQUAL, 0.07))
SHORT = replace(within(N, -0.3, 1.0), turnover=leverage(N, 1.4))
KINDS = {
    "turnover": replace(TURNOVER, names=Names(3)),
    "turnover, none tiny": replace(TURNOVER, names=Names(3, 2, 0.15)),
    "tracking": replace(TRACKING, names=Names(4)),
    "tracking, none tiny": replace(TRACKING, names=Names(5, 4, 0.12)),
    "both": replace(TURNOVER, tracking=Tracking(EQUAL, 0.1), names=Names(3)),
    "130/30 or so": replace(SHORT, names=Names(3)),
}


def market(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Expected returns and a covariance, a year's."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(0.12, 0.06, (N, 2))
    return rng.normal(0.07, 0.04, N), loads @ loads.T + np.diag(rng.uniform(0.01, 0.05, N))


def best_of_all(limits: Limits, matrix: np.ndarray, linear: np.ndarray) -> float:
    """The least objective over every choice of names, one programme each."""
    names, best = limits.names, np.inf
    assert names is not None
    for count in range(max(names.least, 1), names.most + 1):
        for chosen in combinations(range(N), count):
            held = np.zeros(N, dtype=bool)
            held[list(chosen)] = True
            if (limits.low[~held] > 0.0).any():
                continue
            floor = np.maximum(limits.low, names.smallest) if names.smallest else limits.low
            some = replace(
                limits,
                low=np.where(held, floor, 0.0),
                high=np.where(held, limits.high, 0.0),
                names=None,
            )
            found = solve_within(some, matrix, linear, matrix / 3.0, with_blame=False).solution
            if found.status == "optimal":
                best = min(best, found.objective)
    return best


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_no_choice_of_names_is_better_than_the_proved_one(kind: str, seed: int) -> None:
    """The weights are those of the best of all choices, within every limit, and proved."""
    returns, covariance = market(seed)
    limits = KINDS[kind]
    assert limits.names is not None

    found = choice(limits, 3.0 * covariance, -returns, covariance)

    best = best_of_all(limits, 3.0 * covariance, -returns)
    assert (found.status == "infeasible") == np.isinf(best)
    if found.status != "infeasible":
        assert found.status == "optimal"
        assert found.objective == pytest.approx(best, abs=1e-9)
        held = np.abs(found.weights) > 0.0
        assert held.sum() <= limits.names.most
        assert np.abs(found.weights[held]).min() >= limits.names.smallest - 1e-9
        if limits.turnover is not None:
            assert limits.turnover.of(found.weights) <= limits.turnover.most + 1e-9
        if limits.tracking is not None:
            assert limits.tracking.of(found.weights, covariance) <= limits.tracking.most + 1e-9


@pytest.mark.parametrize("smallest", [0.0, 0.15])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_has_a_minimum_is_held_whichever_search_chooses(seed: int, smallest: float) -> None:
    """A weight's minimum is firm: both searches take in who has one, and hold the best others."""
    returns, covariance = market(seed)
    low = np.where(np.argsort(returns) < 2, [0.2, 0.1, 0.2, 0.1, 0.2, 0.1], 0.0)
    limits = replace(within(N), low=low, names=Names(3, 1, smallest))

    kernel = choice(limits, 3.0 * covariance, -returns, covariance)
    within_limits = choice_within(limits, 3.0 * covariance, -returns, covariance)

    best = best_of_all(limits, 3.0 * covariance, -returns)
    for found in (kernel, within_limits):
        assert found.status == "optimal"
        assert found.objective == pytest.approx(best, abs=1e-9)
        assert (found.weights >= low - 1e-12).all()


@pytest.mark.parametrize("names", [Names(3), Names(N, 1, 0.25)])
def test_more_minima_than_may_be_held_are_no_choice(names: Names) -> None:
    """Four that have to be held are not three names, nor a quarter each where 20% is the most."""
    returns, covariance = market(1)
    low = np.array([0.1, 0.1, 0.1, 0.1, 0.0, 0.0])
    limits = replace(within(N), low=low, high=np.array([0.2, 1, 1, 1, 1, 1]), names=names)

    kernel = choice(limits, 3.0 * covariance, -returns, covariance)
    within_limits = choice_within(limits, 3.0 * covariance, -returns, covariance)

    assert kernel.status == within_limits.status == "infeasible"
    assert np.isnan(kernel.weights).all()


def test_a_genetic_search_holds_what_has_a_minimum() -> None:
    """With few names and with any number of them, a fitness that shuns a minimum meets it."""
    low = np.array([0.0, 0.1, 0.0, 0.2, 0.0, 0.0])
    shuns = np.array([1.0, -1.0, 0.5, -1.0, 0.2, 0.1])
    breeding = Breeding(size=10, births=10, generations=10)

    few = evolve(
        lambda w: w @ shuns, replace(within(N), low=low, names=Names(3)), breeding=breeding
    )
    free = evolve(lambda w: w @ shuns, replace(within(N), low=low), breeding=breeding)

    assert few.broken == free.broken == 0.0
    for found in (few, free):
        np.testing.assert_allclose(found.weights, [0.7, 0.1, 0.0, 0.2, 0.0, 0.0], atol=1e-6)


def test_a_stopped_choice_has_the_best_so_far_and_a_proven_gap() -> None:
    """Stopped after the first parts of the tree, the best of all choices is within the gap."""
    returns, covariance = market(2)
    limits = KINDS["tracking, none tiny"]
    stopped = replace(limits, search=Search(stop=lambda *_: True))

    found = choice(stopped, 3.0 * covariance, -returns, covariance)

    best = best_of_all(limits, 3.0 * covariance, -returns)
    assert found.status == "stopped"
    assert 1e-4 <= found.objective - best <= found.gap + 1e-12


@pytest.mark.parametrize("objective", ["max-sharpe", "target-return", "target-volatility"])
def test_other_objectives_take_few_names_within_a_turnover(objective: str) -> None:
    """Ratios and points of the frontier keep to the number of names and to the turnover."""
    moves = np.random.default_rng(2).normal(0.0008, [0.01, 0.012, 0.014, 0.02], (250, 4))
    held = dict(zip("ABCD", [0.5, 0.5, 0.0, 0.0], strict=True))
    rules = Constraints(max_names=2, held=held, turnover=0.3)

    found = Optimiser(objective, wanted=0.15, constraints=rules).optimised(moves, list("ABCD"))  # type: ignore[arg-type]

    assert found.solver == "branch and bound"
    assert (found.weights > 0.0).sum() <= 2
    moved = 0.5 * np.abs(found.weights - np.array(list(held.values()))).sum()
    assert moved <= 0.3 + 1e-9


def test_leverage_without_shorts_leaves_the_choice_of_names_as_it_is() -> None:
    """What is held long only is 1 in all: a limit of 1 or more changes nothing."""
    returns, covariance = market(2)
    plain = replace(within(N), names=Names(2))
    levered = replace(plain, turnover=leverage(N, 1.6))

    one, other = (choice(some, 3.0 * covariance, -returns, covariance) for some in (plain, levered))

    np.testing.assert_array_equal(one.weights, other.weights)
