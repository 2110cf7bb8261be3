"""Limits of every kind: held against Clarabel through cvxpy, and against each other."""

from __future__ import annotations

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest

import trimtab as tt
from tests.targets.test_quadratic import covariance
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.objectives.constraints import Constraints, Group, Score, days_of_volume
from trimtab.targets.objectives.mean_variance import (
    best_sharpe,
    least_volatility,
    least_volatility_for_return,
    most_return_for_volatility,
    most_utility,
)
from trimtab.targets.solvers.contradiction import contradiction
from trimtab.targets.solvers.limits import Limits, Tracking, Turnover, leverage
from trimtab.targets.solvers.programme import Row

NAMES = tuple("ABCDEF")


def any_market(seed: int) -> tuple[np.ndarray, np.ndarray, Limits]:
    """Returns, a covariance, and limits with a turnover, a tracking error, or both."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 22))
    matrix, returns = covariance(rng, n), rng.normal(0.08, 0.08, n)
    rows = (Row("sector", (rng.random(n) < 0.5).astype(float), None, 0.7),)
    limits = Limits(np.zeros(n), np.full(n, 0.6), rows)
    held, benchmark = rng.dirichlet(np.ones(n)), rng.dirichlet(np.full(n, 4.0))
    if seed % 3 != 0:
        limits = replace(limits, turnover=Turnover(held, float(rng.uniform(0.1, 0.6))))
    if seed % 3 != 1:
        limits = replace(limits, tracking=Tracking(benchmark, float(rng.uniform(0.02, 0.1))))
    return returns, matrix, limits


def within(limits: Limits, matrix: np.ndarray, weights: cp.Variable) -> list[cp.Constraint]:
    """The limits for cvxpy."""
    root = np.linalg.cholesky(matrix)
    found = [cp.sum(weights) == 1, weights >= limits.low, weights <= limits.high]
    found += [row.weights @ weights <= row.high for row in limits.rows]
    if limits.turnover is not None:
        found.append(cp.norm1(weights - limits.turnover.held) <= 2 * limits.turnover.most)
    if limits.tracking is not None:
        apart = weights - limits.tracking.benchmark
        found.append(cp.norm(root.T @ apart) <= limits.tracking.most)
    return found


def oracle(objective: cp.Minimize | cp.Maximize, limits: list[cp.Constraint]) -> float:
    """What Clarabel finds; infinite or minus infinite where nothing is within the limits."""
    asked = cp.Problem(objective, limits)
    asked.solve(solver="CLARABEL", tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    return float(asked.value)


@pytest.mark.parametrize("seed", range(24))
def test_the_best_within_turnover_and_tracking_error(seed: int) -> None:
    """Utility and volatility are the oracle's, within the limits, and the gap says so."""
    returns, matrix, limits = any_market(seed)
    root = np.linalg.cholesky(matrix)

    useful = most_utility(returns, matrix, limits, risk_aversion=3.0)
    calm = least_volatility(matrix, limits)

    w = cp.Variable(len(returns))
    allowed = within(limits, matrix, w)
    best = oracle(cp.Maximize(returns @ w - 1.5 * cp.sum_squares(root.T @ w)), allowed)
    if np.isinf(best):
        assert {useful.solution.status, calm.solution.status} == {"infeasible"}
        return
    least = oracle(cp.Minimize(cp.sum_squares(root.T @ w)), allowed)
    assert -useful.solution.objective == pytest.approx(best, abs=1e-7)
    assert 2 * calm.solution.objective == pytest.approx(least, abs=1e-7)
    for found in (useful, calm):
        assert found.solution.gap < 1e-8
        assert found.weights.sum() == pytest.approx(1.0)
        if limits.turnover is not None:
            assert limits.turnover.of(found.weights) <= limits.turnover.most + 1e-9
        if limits.tracking is not None:
            assert limits.tracking.of(found.weights, matrix) <= limits.tracking.most + 1e-7


@pytest.mark.parametrize("seed", range(12))
def test_points_of_a_frontier_within_such_limits(seed: int) -> None:
    """The best Sharpe ratio, a wanted return and a wanted volatility are the oracle's."""
    returns, matrix, limits = any_market(seed)
    if least_volatility(matrix, limits).solution.status == "infeasible":
        pytest.skip("nothing is within the limits")
    root = np.linalg.cholesky(matrix)

    tangent = best_sharpe(returns, matrix, limits, risk_free=0.01).weights
    wanted = float(returns @ tangent)
    spread = float(np.sqrt(tangent @ matrix @ tangent))
    calm = least_volatility_for_return(returns, matrix, limits, wanted=wanted).weights
    rich = most_return_for_volatility(returns, matrix, limits, wanted=spread).weights

    w = cp.Variable(len(returns))
    allowed = within(limits, matrix, w)
    size = cp.norm(root.T @ w)
    least = oracle(cp.Minimize(size), [*allowed, returns @ w >= wanted])
    most = oracle(cp.Maximize(returns @ w), [*allowed, size <= spread])
    assert np.sqrt(calm @ matrix @ calm) == pytest.approx(least, abs=1e-6)
    assert returns @ rich == pytest.approx(most, abs=1e-6)
    # With the best ratio k, no weights have more return than the risk-free one plus k volatilities.
    ratio = (wanted - 0.01) / spread
    beyond = oracle(cp.Maximize(returns @ w - 0.01 - ratio * size), allowed)
    assert beyond == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_limits_that_contradict_each_other_are_all_needed(seed: int) -> None:
    """Without any one of the limits named the others could be met; with all of them nothing is."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 9))
    matrix = covariance(rng, n)
    sector = np.zeros(n)
    sector[:2] = 1.0
    limits = Limits(
        np.zeros(n),
        np.full(n, 0.5),
        (Row("sector", sector, 0.6, None),),
        Turnover(np.eye(n)[n - 1], 0.9 if seed % 2 else 0.4),
        Tracking(np.full(n, 1 / n), 1e-4 if seed % 2 else 0.5),
    )

    found = least_volatility(matrix, limits).solution

    assert found.status == "infeasible"
    weights, rows = found.conflict
    assert can_hold(limits, matrix, set(weights), set(rows)) is False
    for i in weights:
        assert can_hold(limits, matrix, set(weights) - {i}, set(rows)) is True
    for j in set(rows) - {0}:
        assert can_hold(limits, matrix, set(weights), set(rows) - {j}) is True


def can_hold(limits: Limits, matrix: np.ndarray, weights: set[int], rows: set[int]) -> bool:
    """Whether Clarabel finds weights within some of the limits."""
    n, last = len(limits.low), len(limits.rows)
    w = cp.Variable(n)
    some: list[cp.Constraint] = [cp.sum(w) == 1]
    for i in weights:
        some += [w[i] >= limits.low[i], w[i] <= limits.high[i]]
    for j in rows - {0, last + 1, last + 2}:
        row = limits.rows[j - 1]
        some.append(row.weights @ w >= row.low)
    if last + 1 in rows:
        some.append(cp.norm1(w - limits.turnover.held) <= 2 * limits.turnover.most)
    if last + 2 in rows:
        root = np.linalg.cholesky(matrix)
        some.append(cp.norm(root.T @ (w - limits.tracking.benchmark)) <= limits.tracking.most)
    asked = cp.Problem(cp.Minimize(0), some)
    asked.solve(solver="CLARABEL")
    return bool(asked.status in ("optimal", "optimal_inaccurate"))


def test_a_turnover_too_small_is_named() -> None:
    """Who may move 10% cannot hold 50% of another sector: the three limits are told."""
    limits = Limits(
        np.zeros(3), np.ones(3), (Row("bonds", np.eye(3)[2], 0.5, None),),
        Turnover(np.array([0.9, 0.1, 0.0]), 0.1),
    )  # fmt: skip

    found = least_volatility(np.eye(3) * 0.04, limits)

    told = contradiction(["A", "B", "C"], limits, found.solution)
    assert "bonds at least 0.5" in told
    assert "turnover at most 0.1" in told
    assert "tracking" not in told


def test_names_become_places() -> None:
    """Each constraint stands where its names stand; an exclusion beats a minimum."""
    rules = Constraints(
        low=0.05,
        high=0.5,
        own={"B": (0.1, 0.2)},
        groups=[Group("duo", ["A", "C"], None, 0.4)],
        scores=[Score("esg", dict.fromkeys(NAMES[:5], 50.0), low=40.0)],
        exclude=["F"],
        most={"E": 0.01},
        held={"A": 1.0},
        turnover=0.3,
        benchmark={"D": 1.0},
        tracking_error=0.1,
    )

    limits = rules.limits(NAMES)

    np.testing.assert_allclose(limits.low, [0.05, 0.1, 0.05, 0.05, 0.01, 0.0])
    np.testing.assert_allclose(limits.high, [0.5, 0.2, 0.5, 0.5, 0.01, 0.0])
    np.testing.assert_allclose(limits.rows[0].weights, [1, 0, 1, 0, 0, 0])
    np.testing.assert_allclose(limits.rows[1].weights, [50, 50, 50, 50, 50, 0])
    assert limits.turnover is not None
    assert limits.turnover.held.tolist() == [1, 0, 0, 0, 0, 0]
    assert limits.tracking is not None
    assert limits.tracking.benchmark.tolist() == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        (Constraints(exclude=["Z"]), "'Z'"),
        (Constraints(groups=[Group("g", ["A", "Y"])]), "'Y'"),
        (Constraints(own={"X": (0.0, 1.0)}), "'X'"),
        (Constraints(low=0.5, high=0.1), "above"),
        (Constraints(scores=[Score("esg", {"A": 1.0})]), "none for B"),
        (Constraints(turnover=0.1), "summing to 1"),
        (Constraints(held={"A": 1.0}, turnover=-0.1), "zero or more"),
        (Constraints(benchmark={"A": 0.5}, tracking_error=0.1), "benchmark"),
    ],
)
def test_constraints_that_make_no_sense(rules: Constraints, word: str) -> None:
    """A name that is not there, or limits upside down, are refused with the name."""
    with pytest.raises(ValueError, match=word):
        rules.limits(NAMES)


def history(n: int = 6) -> np.ndarray:
    """Daily returns of six instruments, calm to wild, the last of which never moves."""
    rng = np.random.default_rng(3)
    moves = rng.normal(0.0004, np.linspace(0.004, 0.02, n), (300, n))
    moves[:, -1] = 0.0
    return moves


def test_what_must_be_sold_counts_as_turnover() -> None:
    """An instrument without a usable history is sold, and that is part of what may move."""
    held = {"E": 0.7, "F": 0.3}
    rules = Constraints(held=held, turnover=0.5)

    found = Optimiser("min-volatility", constraints=rules)
    weights = found.optimised(history(), NAMES).weights

    moved = 0.5 * sum(abs(w - held.get(s, 0.0)) for s, w in zip(NAMES, weights, strict=True))
    assert weights[5] == 0.0
    assert moved == pytest.approx(0.5)


def test_a_benchmark_of_the_unknown_is_refused() -> None:
    """The error of tracking what has no history cannot be told."""
    rules = Constraints(benchmark={"F": 1.0}, tracking_error=0.1)

    with pytest.raises(ValueError, match="benchmark holds F"):
        Optimiser("min-volatility", constraints=rules).optimised(history(), NAMES)


@pytest.mark.parametrize("objective", ["min-cvar", "risk-parity"])
def test_objectives_that_take_no_such_limits_say_so(objective: str) -> None:
    """A limit is never silently left out."""
    rules = Constraints(held={"A": 1.0}, turnover=0.5)

    with pytest.raises(ValueError, match="takes no"):
        Optimiser(objective, constraints=rules).optimised(history(), NAMES)


def test_days_of_volume() -> None:
    """A tenth of ten days' volume is the most that is held; more days allow more."""
    most = days_of_volume({"A": 2e6, "B": 1e5}, value=1e7, days=10)

    assert most == {"A": pytest.approx(0.2), "B": pytest.approx(0.01)}
    with pytest.raises(ValueError, match="days"):
        days_of_volume({"A": 1.0}, value=1.0, days=0)


def test_a_slope_of_all_but_nothing_leads_nowhere_far() -> None:
    """A step of the search that a flat stretch makes endless is cut: the limit can be met."""
    rng = np.random.default_rng(0)
    returns = rng.normal(0.08, 0.06, 8)
    limits = Limits(np.zeros(8), np.full(8, 0.6), turnover=Turnover(np.full(8, 0.125), 0.4))
    matrix = covariance(rng, 8)

    found = best_sharpe(returns, matrix, limits, risk_free=0.02)

    assert found.solution.status == "optimal"
    assert limits.turnover is not None
    assert limits.turnover.of(found.weights) <= 0.4 + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_leverage_is_limited_exactly(seed: int) -> None:
    """Long and short together keep to 1.6, beside a tracking error too, and Clarabel finds nothing
    better for any objective."""
    returns, matrix, limits = any_market(3 * seed + 1)
    n = len(returns)
    geared = replace(
        limits, low=np.full(n, -0.3), high=np.ones(n), turnover=leverage(n, 1.6),
        tracking=Tracking(np.full(n, 1.0 / n), 0.3) if seed == 2 else None,
    )  # fmt: skip
    w = cp.Variable(n)
    variance = cp.quad_form(w, cp.psd_wrap(matrix))
    rules = within(geared, matrix, w)

    rich = most_utility(returns, matrix, geared, risk_aversion=2.0)
    calm = least_volatility(matrix, geared)
    sharp = best_sharpe(returns, matrix, geared, risk_free=0.02)

    best = oracle(cp.Maximize(returns @ w - variance), rules)
    least = oracle(cp.Minimize(variance), rules)
    mine = returns @ rich.weights - rich.weights @ matrix @ rich.weights
    ratio = (sharp.weights @ returns - 0.02) / np.sqrt(sharp.weights @ matrix @ sharp.weights)
    bar = oracle(
        cp.Maximize(returns @ w - 0.02 - ratio * cp.norm(np.linalg.cholesky(matrix).T @ w)), rules
    )
    assert mine == pytest.approx(best, abs=1e-7)
    assert calm.weights @ matrix @ calm.weights == pytest.approx(least, abs=1e-7)
    assert bar == pytest.approx(0.0, abs=1e-7)
    for found in (rich, calm, sharp):
        assert np.abs(found.weights).sum() <= 1.6 + 1e-9
        assert found.solution.gap < 1e-8
    assert np.abs(rich.weights).sum() == pytest.approx(1.6)


def test_leverage_that_cannot_be_met_is_named() -> None:
    """With the limits that need it: shorts that are demanded leave no room."""
    moves = np.random.default_rng(3).normal(0.0004, 0.01, (300, 6))
    rules = Constraints(low=-1.0, high=2.0, own={"A": (-1.0, -0.5)}, leverage=1.6)

    found = Optimiser("min-volatility", constraints=rules).optimised(moves, NAMES)

    (finding,) = found.findings
    assert finding.code == "limits-contradict"
    assert "leverage, shorts without their sign, at most 1.6" in finding.message
    assert "A at most -0.5" in finding.message
    assert "B" not in finding.message


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        (Constraints(leverage=0.9), "1 or more"),
        (Constraints(leverage=1.6, held={"A": 1.0}, turnover=0.3), "keep one"),
    ],
)
def test_leverage_that_goes_with_nothing_is_refused(rules: Constraints, word: str) -> None:
    """Below 1 it contradicts the budget; with turnover it is another problem."""
    moves = np.random.default_rng(3).normal(0.0004, 0.01, (300, 6))

    with pytest.raises(ValueError, match=word):
        Optimiser("min-volatility", constraints=rules).optimised(moves, NAMES)


def test_shorts_that_were_found_pay_for_what_they_borrow() -> None:
    """A policy of 130/30 runs in a backtest, and a borrow fee makes it poorer."""
    rng = np.random.default_rng(5)
    days = pd.bdate_range("2018-01-01", periods=500)
    steps = rng.normal([0.0008, 0.0002, -0.0006], 0.01, (500, 3))
    prices = pd.DataFrame(100 * np.exp(steps.cumsum(axis=0)), index=days, columns=list("ABC"))
    rules = Constraints(low=-0.3, high=1.3, leverage=1.6)
    policy = tt.Policy(Optimiser("utility", constraints=rules), when="quarterly", name="130/30")

    free, paid = (
        tt.backtest(prices, [policy], costs=tt.Costs(bps=5, borrow_bps=fee), short=True)["130/30"]
        for fee in (0, 300)
    )

    held = free.weights[list("ABC")].iloc[-1]
    assert held.min() < -0.05
    assert paid.value[-1] < free.value[-1]
