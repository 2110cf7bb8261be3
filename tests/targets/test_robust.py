"""Utility at the worst expected returns of a region, against a conic solver."""

from __future__ import annotations

import numpy as np
import pytest

import trimtab as tt
from trimtab.targets.objectives.robust import UNCERTAINTIES, errors, most_robust, penalty
from trimtab.targets.solvers.limits import Limits, Tracking, Turnover, within
from trimtab.targets.solvers.programme import Row


def market(seed: int, n: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Expected returns and a covariance."""
    rng = np.random.default_rng(seed)
    some = rng.normal(size=(4 * n, n))
    return rng.normal(0.06, 0.04, n), 0.04 * some.T @ some / (4 * n)


def by_clarabel(
    returns: np.ndarray, covariance: np.ndarray, limits: Limits, aversion: float, kappa: float,
    uncertainty: str, years: float,
) -> tuple[np.ndarray, float]:  # fmt: skip
    """The same by cvxpy and Clarabel: weights and the objective, maximised."""
    import cvxpy as cp

    w = cp.Variable(len(returns))
    spread = errors(covariance, uncertainty, years)  # type: ignore[arg-type]
    if uncertainty == "box":
        lost = kappa * np.sqrt(spread.diagonal()) @ cp.abs(w)
    else:
        lost = kappa * cp.norm(np.linalg.cholesky(spread).T @ w)
    value = returns @ w - lost - 0.5 * aversion * cp.quad_form(w, cp.psd_wrap(covariance))
    rules = [cp.sum(w) == 1, w >= limits.low, w <= limits.high]
    rules += [row.weights @ w <= row.high for row in limits.rows]
    if limits.turnover is not None:
        rules.append(0.5 * cp.norm1(w - limits.turnover.held) <= limits.turnover.most)
    if limits.tracking is not None:
        apart = np.linalg.cholesky(covariance).T @ (w - limits.tracking.benchmark)
        rules.append(cp.norm(apart) <= limits.tracking.most)
    problem = cp.Problem(cp.Maximize(value), rules)
    exact = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}
    problem.solve(solver="CLARABEL", **exact)
    return w.value, problem.value


def kinds(n: int) -> dict[str, Limits]:
    """Limits of several kinds."""
    even = np.full(n, 1.0 / n)
    capped = Row("first half", np.repeat([1.0, 0.0], n // 2), None, 0.4)
    return {
        "plain": within(n),
        "shorts": within(n, -0.3, 0.6),
        "rows": Limits(np.zeros(n), np.full(n, 0.5), (capped,)),
        "turnover": Limits(np.zeros(n), np.ones(n), turnover=Turnover(even, 0.25)),
        "tracking": Limits(np.zeros(n), np.ones(n), tracking=Tracking(even, 0.04)),
    }


@pytest.mark.parametrize("kind", kinds(8))
@pytest.mark.parametrize("uncertainty", UNCERTAINTIES)
def test_a_conic_solver_finds_nothing_better(uncertainty: str, kind: str) -> None:
    """Under limits of every kind, and the gap says so."""
    returns, covariance = market(5)
    limits = kinds(8)[kind]
    for kappa in (0.3, 2.0):
        found = most_robust(
            returns, covariance, limits, risk_aversion=3.0, kappa=kappa,
            uncertainty=uncertainty, years=4.0,  # type: ignore[arg-type]
        )  # fmt: skip

        weights, value = by_clarabel(returns, covariance, limits, 3.0, kappa, uncertainty, 4.0)
        lost = penalty(
            found.weights, covariance, kappa=kappa, uncertainty=uncertainty, years=4.0,  # type: ignore[arg-type]
        )  # fmt: skip
        own = returns @ found.weights - lost
        own -= 1.5 * found.weights @ covariance @ found.weights
        assert found.solution.status == "optimal"
        assert own == pytest.approx(value, abs=1e-8)
        np.testing.assert_allclose(found.weights, weights, atol=1e-4)
        assert found.solution.gap < 1e-10


def test_more_doubt_of_the_returns_is_more_like_the_calmest() -> None:
    """Where nothing is known of returns, the ellipsoid by the covariance asks for least risk."""
    returns, covariance = market(7)
    calm = np.linalg.solve(covariance, np.ones(8))

    found = most_robust(returns, covariance, within(8, -9, 9), risk_aversion=1.0, kappa=1e5)

    np.testing.assert_allclose(found.weights, calm / calm.sum(), atol=1e-3)


def test_no_doubt_is_plain_utility() -> None:
    """With kappa 0 the expected returns are believed."""
    moves = np.random.default_rng(2).normal(0.0005, 0.01, (300, 4))

    robust = tt.Optimiser("robust-utility", kappa=0.0, risk_aversion=4.0).fit(moves)

    plain = tt.Optimiser("utility", risk_aversion=4.0).fit(moves)
    np.testing.assert_allclose(robust.weights_, plain.weights_)


def test_the_value_is_utility_at_the_worst_returns() -> None:
    """What the estimator maximised is told: a history of two years is worth that of its means."""
    moves = np.random.default_rng(2).normal(0.0005, [0.01, 0.02, 0.03], (504, 3))

    found = tt.Optimiser("robust-utility", kappa=0.5, risk_aversion=4.0).fit(moves).result_

    worst = found.expected_return - 0.5 * found.volatility / np.sqrt(2.0)
    assert found.objective_value == pytest.approx(worst - 2.0 * found.volatility**2)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"kappa": -1.0}, "kappa"),
        ({"uncertainty": "ball"}, "uncertainty"),
        ({"constraints": tt.Constraints(max_names=2)}, "number of names"),
        (
            {"uncertainty": "box", "constraints": tt.Constraints(
                low=-0.5, held={"1": 0.5, "2": 0.5}, turnover=0.3)},
            "choose another uncertainty",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_with_it_is_refused(parameters: dict[str, object], word: str) -> None:
    """The message says what."""
    moves = np.random.default_rng(2).normal(0.0005, 0.01, (300, 4))

    with pytest.raises(ValueError, match=word):
        tt.Optimiser("robust-utility", **parameters).fit(moves)  # type: ignore[arg-type]
