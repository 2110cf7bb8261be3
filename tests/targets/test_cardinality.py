"""Few names: against every choice there is, against SCIP, and against published heuristics."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.targets.test_frontier import PUBLISHED, published
from tests.targets.test_quadratic import covariance
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.objectives.cardinality import bred, proved
from trimtab.targets.objectives.constraints import Constraints, Group
from trimtab.targets.objectives.few_names import at_return, at_volatility, best_sharpe
from trimtab.targets.objectives.mean_variance import least_volatility
from trimtab.targets.solvers.limits import Breeding, Limits, Names, Search, within
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.quadratic import solve

TEN = Names(10, 10, 0.01)


def any_choice(seed: int) -> tuple[Programme, Names]:
    """A programme of up to nine weights with a group, and a number of names, sometimes too few."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 10))
    rows = (Row("group", (rng.random(n) < 0.5).astype(float), 0.1, 0.7),)
    limits = Limits(np.zeros(n), np.full(n, rng.choice([0.4, 0.7, 1.0])), rows)
    linear = -rng.choice([0.0, 0.3, 1.0]) * rng.normal(0.08, 0.1, n)
    most = int(rng.integers(1, n + 1))
    least = int(rng.integers(1, most + 1))
    return limits.programme(covariance(rng, n), linear), Names(
        most, least, float(rng.choice([0.0, 0.05, 0.2]))
    )


def of_each_choice(
    programme: Programme, names: Names, solved: Callable[[Programme], float]
) -> float:
    """The least value over all choices of names there are."""
    n = len(programme.linear)
    best = np.inf
    for size in range(names.least, names.most + 1):
        for held in combinations(range(n), size):
            inside = np.isin(np.arange(n), held)
            low = np.where(inside, np.maximum(programme.low, names.smallest), 0.0)
            high = np.where(inside, programme.high, 0.0)
            if (low > high).any():
                continue
            part = Programme(programme.matrix, programme.linear, low, high, programme.rows)
            best = min(best, solved(part))
    return best


def least(programme: Programme) -> float:
    """The least objective of a programme; infinite where there is none."""
    found = solve(programme)
    return found.objective if found.status == "optimal" else np.inf


@pytest.mark.parametrize("seed", range(40))
def test_no_choice_is_better_than_the_proved_one(seed: int) -> None:
    """Of all choices of names, each solved by itself, the proved one is the best."""
    programme, names = any_choice(seed)

    found = proved(programme, names)

    best = of_each_choice(programme, names, least)
    if np.isinf(best):
        assert found.status == "infeasible"
        assert np.isnan(found.weights).all()
        return
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best, abs=1e-10)
    held = found.weights[found.weights > 1e-9]
    assert names.least <= max(len(held), names.least if names.smallest == 0.0 else 0) <= names.most
    assert held.min() >= names.smallest - 1e-9


def of_orlib(shared: Path, name: str, share: float) -> tuple[np.ndarray, np.ndarray, Programme]:
    """Returns, covariance, and the programme at a share of risk in the objective (Chang 2000)."""
    matrix, returns, _ = published(shared / "data" / name)
    risk = max(share, 1e-9)
    programme = within(len(returns)).programme(2 * risk * matrix, -(1 - share) * returns)
    return returns, matrix, programme


def by_scip(programme: Programme, names: Names) -> tuple[float, float]:
    """SCIP's best objective, and its bound from below."""
    from pyscipopt import Model, quicksum

    model, n = Model(), len(programme.linear)
    model.hideOutput()
    model.setParam("limits/gap", 1e-6)
    weights = [model.addVar(lb=0, ub=float(high)) for high in programme.high]
    held = [model.addVar(vtype="B") for _ in range(n)]
    model.addCons(quicksum(weights) == 1)
    model.addCons(quicksum(held) <= names.most)
    model.addCons(quicksum(held) >= names.least)
    root = np.linalg.cholesky(1e3 * programme.matrix)
    across = [model.addVar(lb=None) for _ in range(n)]
    for i in range(n):
        model.addCons(weights[i] <= held[i])
        model.addCons(weights[i] >= names.smallest * held[i])
        moved = quicksum(float(root[j, i]) * weights[j] for j in range(i, n))
        model.addCons(across[i] == moved)
    risk = model.addVar(lb=None)
    model.addCons(0.5 * quicksum(one * one for one in across) <= risk)
    gain = quicksum(1e3 * float(c) * w for c, w in zip(programme.linear, weights, strict=True))
    model.setObjective(risk + gain)
    model.optimize()
    return model.getObjVal() / 1e3, model.getDualbound() / 1e3


@pytest.mark.parametrize(
    ("name", "share"),
    [
        (PUBLISHED[0], 0.3),
        (PUBLISHED[0], 0.6),
        (PUBLISHED[0], 0.9),
        (PUBLISHED[1], 0.3),
        (PUBLISHED[1], 0.6),
        (PUBLISHED[2], 0.3),
    ],
)
def test_scip_finds_nothing_better(shared: Path, name: str, share: float) -> None:
    """Ten names of up to 89 are SCIP's optimum, and the genetic search is within 0.1% of it."""
    pytest.importorskip("pyscipopt", reason="SCIP is not installed")
    _, _, programme = of_orlib(shared, name, share)

    exact, near = proved(programme, TEN), bred(programme, TEN)

    best, bound = by_scip(programme, TEN)
    assert exact.status == "optimal"
    assert exact.objective == pytest.approx(best, rel=1e-5)
    assert exact.objective >= bound - 1e-6 * abs(bound)
    assert near.objective <= best + 1e-3 * abs(best)


def percentage_error(points: np.ndarray, gained: float, variance: float) -> float:
    """The lesser of the distances to the unconstrained frontier, in return and in deviation."""
    returns, deviations = points[::-1, 0], np.sqrt(points[::-1, 1])
    deviation = float(np.sqrt(variance))
    errors = []
    if returns[0] <= gained <= returns[-1]:
        there = np.interp(gained, returns, deviations)
        errors.append(100 * abs(deviation - there) / there)
    if deviations[0] <= deviation <= deviations[-1]:
        there = np.interp(deviation, deviations, returns)
        errors.append(100 * abs(gained - there) / there)
    return float(min(errors))


@pytest.mark.parametrize(
    ("name", "key"), list(zip(PUBLISHED, ("HangSeng31", "DAX85", "FTSE89"), strict=True))
)
def test_the_genetic_search_beats_published_tabu_search(shared: Path, name: str, key: str) -> None:
    """With ten names its mean error over 50 points is below theirs, and near the proved one."""
    known = json.loads((shared / "reference/orlib_cardinality_heuristics.json").read_text())
    _, _, points = published(shared / "data" / name)

    errors = []
    for place, share in enumerate(np.linspace(0.0, 1.0, 50)):
        returns, matrix, programme = of_orlib(shared, name, float(share))
        found = bred(programme, TEN)
        weights = found.weights
        errors.append(
            percentage_error(points, float(returns @ weights), float(weights @ matrix @ weights))
        )
        if place % 7 == 0:
            exact = proved(programme, TEN)
            assert exact.status == "optimal"
            assert found.objective <= exact.objective + 1e-3 * abs(exact.objective)

    assert np.mean(errors) < known["sets"][key]["chang2000_TS"]["mean_pct_error"]


def test_a_search_that_is_stopped_tells_its_gap(shared: Path) -> None:
    """Stopped at once, it has the best so far, and the optimum lies within the gap."""
    _, _, programme = of_orlib(shared, PUBLISHED[1], 1.0)
    asked = []

    def stop(looked: int, best: float, bound: float) -> bool:
        asked.append((looked, best, bound))
        return True

    early = proved(programme, TEN, search=Search(Breeding(generations=1), 50))
    told = proved(programme, TEN, search=Search(Breeding(generations=1), 10**6, stop))

    whole = proved(programme, TEN)
    assert early.status == "stopped"
    assert early.objective - early.gap <= whole.objective <= early.objective
    assert whole.status == "optimal"
    assert len(asked) <= 1
    assert told.objective - told.gap <= whole.objective + 1e-12


def test_the_same_seed_breeds_the_same_choice(shared: Path) -> None:
    """Randomness is an argument: to the last bit."""
    _, _, programme = of_orlib(shared, PUBLISHED[2], 0.95)
    seven = Breeding(seed=7, generations=3)

    one, other = bred(programme, TEN, breeding=seven), bred(programme, TEN, breeding=seven)

    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.steps == other.steps == 3


def test_progress_is_told_and_may_end_the_search(shared: Path) -> None:
    """After each generation the best so far is told; True ends it there."""
    _, _, programme = of_orlib(shared, PUBLISHED[0], 1.0)
    told: list[float] = []

    def progress(generation: int, best: float) -> bool:
        told.append(best)
        return generation == 2

    found = bred(programme, TEN, progress=progress)

    assert len(told) == 2
    assert told[1] <= told[0]
    assert found.objective == told[-1]


@pytest.mark.parametrize("seed", range(10))
def test_points_of_a_frontier_of_few_names(seed: int) -> None:
    """A wanted return is the best of all choices; a wanted volatility is not exceeded."""
    rng = np.random.default_rng(seed)
    n = 7
    matrix, returns = covariance(rng, n), rng.normal(0.08, 0.05, n)
    limits = Limits(np.zeros(n), np.ones(n), names=Names(3, 2, 0.1))
    wanted = float(np.sort(returns)[-3])

    calm = at_return(limits, matrix, returns, wanted)
    deviation = float(np.sqrt(calm.weights @ matrix @ calm.weights))
    rich = at_volatility(limits, matrix, returns, deviation * 1.0001)
    tangent = best_sharpe(limits, matrix, returns, 0.0)

    floor = Row("return", returns, wanted, None)
    programme = Limits(np.zeros(n), np.ones(n), (floor,)).programme(matrix, np.zeros(n))
    assert calm.objective == pytest.approx(of_each_choice(programme, Names(3, 2, 0.1), least))
    assert returns @ rich.weights >= wanted - 1e-6
    assert rich.weights @ matrix @ rich.weights <= (deviation * 1.0001) ** 2 + 1e-12
    assert tangent is not None
    assert 2 <= (tangent.weights > 1e-9).sum() <= 3

    def worst_ratio(part: Programme) -> float:
        found = least_volatility(matrix, Limits(part.low, part.high)).solution
        if found.status != "optimal":
            return np.inf
        from trimtab.targets.objectives.mean_variance import best_sharpe as plain

        w = plain(returns, matrix, Limits(part.low, part.high), risk_free=0.0).weights
        return -float(returns @ w / np.sqrt(w @ matrix @ w))

    best = -of_each_choice(within(n).programme(matrix, np.zeros(n)), Names(3, 2, 0.1), worst_ratio)
    ratio = float(returns @ tangent.weights / np.sqrt(tangent.weights @ matrix @ tangent.weights))
    assert ratio <= best + 1e-9
    assert ratio >= best - 0.02 * abs(best)
    assert best <= ratio + tangent.gap + 1e-9


def test_few_names_by_constraints() -> None:
    """The estimator holds as few names as it is told, and a group's minimum holds as well."""
    rng = np.random.default_rng(2)
    moves = rng.normal(0.0004, np.linspace(0.005, 0.02, 12), (300, 12))
    names = [f"S{i}" for i in range(12)]
    rules = Constraints(
        max_names=4, min_names=4, smallest=0.1, groups=[Group("late", names[8:], low=0.2)]
    )

    found = Optimiser("min-volatility", constraints=rules).optimised(moves, names)

    held = found.weights[found.weights > 1e-9]
    assert (len(held), found.status, found.solver) == (4, "optimal", "branch and bound")
    assert held.min() >= 0.1 - 1e-9
    assert found.weights[8:].sum() >= 0.2 - 1e-9


def test_names_that_contradict_the_other_limits_are_told() -> None:
    """Two names of at most 40% cannot sum to 1: the number of names is part of the answer."""
    moves = np.random.default_rng(2).normal(0.0, 0.01, (200, 5))
    rules = Constraints(high=0.4, max_names=2)

    found = Optimiser("min-volatility", constraints=rules).optimised(moves, list("ABCDE"))

    assert found.status == "infeasible"
    assert "at most 2 names" in found.findings[-1].message


@pytest.mark.parametrize(
    "rules",
    [
        Constraints(max_names=2, low=-0.5, smallest=0.1),
        Constraints(max_names=0),
        Constraints(max_names=2, min_names=3),
        Constraints(smallest=1.0),
    ],
)
def test_what_goes_with_no_choice_of_names_is_refused(rules: Constraints) -> None:
    """A limit is never silently left out."""
    moves = np.random.default_rng(2).normal(0.0, 0.01, (200, 3))

    with pytest.raises(ValueError, match=r"names|smallest"):
        Optimiser("min-volatility", constraints=rules).optimised(moves, list("ABC"))
