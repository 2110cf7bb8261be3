"""Quadratic programmes: held against an independent solver, against themselves, and against limits.

The oracle is Clarabel, an interior-point method, through cvxpy; for what cannot be met, a linear
programme.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trimtab.kernels import programme as kernel
from trimtab.targets.solvers import quadratic
from trimtab.targets.solvers.limits import Limits, leverage, within
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.quadratic import Repeated, duality_gap, solve, solve_alone


def covariance(rng: np.random.Generator, n: int) -> np.ndarray:
    """A yearly covariance as stocks have it: a market, some styles, and each one's own."""
    days = 2 * n + 10
    loadings = rng.normal(size=(n, 3)) * 0.5 + np.array([1.0, 0.0, 0.0])
    moves = rng.normal(size=(days, 3)) * 0.01 @ loadings.T
    own = rng.normal(size=(days, n)) * rng.uniform(0.005, 0.03, n)
    return np.cov(moves + own, rowvar=False) * 252


def any_programme(seed: int) -> Programme:
    """A programme of up to 24 weights and 5 rows: caps, floors, costs, groups, often tight."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 25))
    high = np.minimum(np.full(n, rng.choice([1.0, 1.5 / n, 3 / n])), 1.0)
    low = np.full(n, rng.choice([0.0, 0.0, -0.2]))
    rows = [Row("budget", np.ones(n), 1.0, 1.0)]
    for j in range(int(rng.integers(0, 5))):
        least = rng.uniform(0.0, 0.3) if rng.random() < 0.5 else None
        most = rng.uniform(0.3, 0.7) if rng.random() < 0.5 else None
        rows.append(Row(f"group {j}", (rng.random(n) < 0.5).astype(float), least, most))
    costs = {}
    if rng.random() < 0.6:
        costs = {
            "held": np.clip(rng.dirichlet(np.ones(n)), low, high),
            "sell": rng.uniform(0.0, 0.02, n),
            "buy": rng.uniform(0.0, 0.02, n),
        }
    linear = -rng.choice([0.0, 0.1, 1.0]) * rng.normal(0.08, 0.1, n)
    return Programme(covariance(rng, n), linear, low, high, tuple(rows), **costs)


def oracle(programme: Programme) -> float:
    """The least objective that Clarabel finds; infinite where nothing is within the limits."""
    import cvxpy as cp

    weights = cp.Variable(len(programme.linear))
    value = 0.5 * cp.quad_form(weights, cp.psd_wrap(programme.matrix)) + programme.linear @ weights
    if programme.held is not None:
        value += programme.sell @ cp.pos(programme.held - weights)
        value += programme.buy @ cp.pos(weights - programme.held)
    limits = [weights >= programme.low, weights <= programme.high]
    for row in programme.rows:
        if row.low is not None:
            limits.append(row.weights @ weights >= row.low)
        if row.high is not None:
            limits.append(row.weights @ weights <= row.high)
    asked = cp.Problem(cp.Minimize(value), limits)
    asked.solve(solver="CLARABEL", tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    return float(asked.value)


def excess(programme: Programme, weights: np.ndarray) -> float:
    """By how much weights break a limit."""
    over = [float((programme.low - weights).max()), float((weights - programme.high).max())]
    for row in programme.rows:
        met = float(row.weights @ weights)
        over.append(-np.inf if row.low is None else row.low - met)
        over.append(-np.inf if row.high is None else met - row.high)
    return max(over)


def can_be_met(programme: Programme, weights: set[int], rows: set[int]) -> bool:
    """Whether the limits of some weights and some rows can be met together."""
    from scipy.optimize import linprog

    left, right = [], []
    for j in rows:
        row = programme.rows[j]
        if row.high is not None:
            left.append(row.weights)
            right.append(row.high)
        if row.low is not None:
            left.append(-row.weights)
            right.append(-row.low)
    n = len(programme.linear)
    limits = [
        (programme.low[i], programme.high[i]) if i in weights else (None, None) for i in range(n)
    ]
    found = linprog(np.zeros(n), A_ub=left or None, b_ub=right or None, bounds=limits)
    return bool(found.status == 0)


@pytest.mark.parametrize("seed", range(60))
def test_the_answer_is_the_oracles(seed: int) -> None:
    """No choice within the limits is better; where none is within them, as few are named as do."""
    programme = any_programme(seed)

    found = solve(programme)

    best = oracle(programme)
    if np.isinf(best):
        assert found.status == "infeasible"
        weights, rows = set(found.conflict[0]), set(found.conflict[1])
        assert not can_be_met(programme, weights, rows)
        for i in weights:
            assert can_be_met(programme, weights - {i}, rows)
        for j in rows:
            assert can_be_met(programme, weights, rows - {j})
    else:
        assert found.status == "optimal"
        assert excess(programme, found.weights) < 1e-10
        assert found.objective == pytest.approx(best, abs=1e-8)
        assert found.gap < 1e-10


@pytest.mark.parametrize("seed", range(12))
def test_interpreted_and_compiled_are_the_same_bits(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machine code and the interpreter give the same weights to the last bit."""
    programme = any_programme(seed)

    monkeypatch.setattr(quadratic, "INTERPRETED_UP_TO", 0)
    compiled = solve(programme)
    monkeypatch.setattr(quadratic, "INTERPRETED_UP_TO", 10**6)
    interpreted = solve(programme)

    np.testing.assert_array_equal(compiled.weights, interpreted.weights)
    np.testing.assert_array_equal(compiled.multipliers, interpreted.multipliers)


@pytest.mark.parametrize(("n", "low", "high"), [(17, 0.0, 1.0), (40, -0.2, 0.1), (101, 0.0, 0.3)])
def test_the_short_way_of_a_lone_budget_cannot_be_seen(n: int, low: float, high: float) -> None:
    """Solved in one sheet, or as any programme: the same bits, multipliers and places included."""
    rng = np.random.default_rng(n)
    matrix, linear, limits = covariance(rng, n), rng.normal(0.0, 0.1, n), within(n, low, high)

    short, usual = solve_alone(matrix, linear, limits), solve(limits.programme(matrix, linear))

    assert short is not None
    assert (short.status, short.objective, short.gap) == ("optimal", usual.objective, usual.gap)
    for name in ("weights", "multipliers", "places"):
        np.testing.assert_array_equal(getattr(short, name), getattr(usual, name))


def test_the_short_way_interpreted_is_the_same_bits() -> None:
    """Of its kernel too: machine code and the interpreter agree."""
    n, rng = 20, np.random.default_rng(1)
    matrix, linear, limits = covariance(rng, n), rng.normal(0.0, 0.1, n), within(n)
    sheet = np.zeros((kernel.LONE_ROWS + n, n))
    sheet[kernel.HIGH] = 1.0
    rows = sheet.tolist()
    places = np.zeros((kernel.LONE_PLACES, n + 1), dtype=np.int64).tolist()

    kernel.solved_alone(matrix.tolist(), linear.tolist(), rows, places, n, 96)

    short = solve_alone(matrix, linear, limits)
    assert short is not None
    assert rows[kernel.LONE_WEIGHTS] == short.weights.tolist()
    assert places[0] == short.places.tolist()


@pytest.mark.parametrize(
    "limits",
    [
        within(20, 0.0, 0.04),
        Limits(np.zeros(20), np.ones(20), (Row("half", np.eye(20)[0], 0.5, None),)),
        Limits(np.full(20, -0.3), np.ones(20), turnover=leverage(20, 1.6)),
        within(16),
        within(129),
    ],
    ids=["infeasible", "rows", "leverage", "few", "many"],
)
def test_what_the_short_way_cannot_is_left_to_the_usual_one(limits: Limits) -> None:
    """Limits of sums, what has no answer, and sizes for which it saves nothing."""
    n = len(limits.low)

    found = solve_alone(np.eye(n), np.zeros(n), limits)

    assert found is None


@pytest.mark.parametrize("seed", range(12))
def test_where_a_search_begins_does_not_matter(seed: int) -> None:
    """From the places of another programme's solution the answer is the same."""
    programme = any_programme(seed)
    rng = np.random.default_rng(seed)
    start = rng.integers(2, 4, len(programme.linear))

    near, far = solve(programme), solve(programme, start=start)

    assert near.status == far.status
    if near.status == "optimal":
        np.testing.assert_allclose(far.weights, near.weights, atol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_the_gap_is_a_bound_at_any_multipliers(seed: int) -> None:
    """Weights that are not best, at prices that are wrong, have at least the gap that they have."""
    programme = any_programme(seed)
    best = solve(programme)
    if best.status != "optimal":
        pytest.skip("nothing is within the limits")
    rng = np.random.default_rng(seed)
    weights = np.clip(
        best.weights + rng.normal(0, 0.01, len(best.weights)), programme.low, programme.high
    )
    prices = best.multipliers + rng.normal(0, 0.01, len(best.multipliers))

    gap = duality_gap(programme, weights, prices)

    assert gap >= programme.objective(weights) - best.objective - 1e-12


def test_a_matrix_that_is_none_is_told() -> None:
    """A covariance with two equal assets is singular: nothing is said to be optimal."""
    matrix = np.full((2, 2), 0.04)
    rows = (Row("budget", np.ones(2), 1.0, 1.0),)
    programme = Programme(matrix, np.zeros(2), np.full(2, -1.0), np.full(2, 2.0), rows)

    found = solve(programme, start=np.array([3, 3]))

    assert found.status == "not positive definite"


def test_the_kernel_is_given_matrices_of_one_kind() -> None:
    """A matrix that may not be written, as pandas gives out, has nothing compiled once more."""
    programme = any_programme(1)
    kept = programme.matrix.copy()
    kept.flags.writeable = False

    given, own = (
        quadratic.programme_parts(replace(programme, matrix=one))[0]
        for one in (kept, programme.matrix)
    )

    assert given.flags.writeable
    assert np.array_equal(given, kept)
    assert own is programme.matrix  # one that may be written is not copied


@pytest.mark.parametrize("seed", range(20))
def test_the_kernels_bound_is_the_bound_by_weak_duality(seed: int) -> None:
    """Objective and gap that come with an answer are those reckoned from it alone."""
    programme = any_programme(seed)
    found = solve(programme)
    if found.status != "optimal":
        pytest.skip("nothing is within the limits")

    value = programme.objective(found.weights)
    gap = duality_gap(programme, found.weights, found.multipliers)

    assert found.objective == pytest.approx(value, abs=1e-14)
    assert found.gap == pytest.approx(gap, abs=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_a_programme_solved_again_is_as_if_solved_anew(seed: int) -> None:
    """With other returns and holdings, one after another, each answer is that of a fresh solve."""
    programme = any_programme(seed)
    rng = np.random.default_rng(seed)
    n = len(programme.linear)
    again = Repeated(programme)

    for _ in range(4):
        linear = -rng.choice([0.1, 1.0]) * rng.normal(0.08, 0.1, n)
        changed = replace(programme, linear=linear)
        if programme.held is not None:
            held = np.clip(rng.dirichlet(np.ones(n)), programme.low, programme.high)
            changed = replace(changed, held=held)
        found, fresh = again.solve(linear=linear, held=changed.held), solve(changed)

        assert found.status == fresh.status
        if fresh.status == "optimal":
            np.testing.assert_allclose(found.weights, fresh.weights, atol=1e-9)
            assert duality_gap(changed, found.weights, found.multipliers) < 1e-10
