"""Programmes under a factor model: the answers of the dense matrix, which is not formed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.targets.test_quadratic import excess
from trimtab.estimates.factors import statistical_factors
from trimtab.targets.objectives.mean_variance import (
    best_sharpe,
    least_volatility,
    most_return_for_volatility,
)
from trimtab.targets.solvers.factors import Factors
from trimtab.targets.solvers.limits import within
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.quadratic import duality_gap, solve


def any_factors(rng: np.random.Generator, n: int, k: int) -> Factors:
    """A market, some styles, and what is each stock's own."""
    common = 0.05 * rng.normal(size=(n, k))
    common[:, 0] = 0.15 + 0.05 * rng.normal(size=n)
    return Factors(common, rng.uniform(0.1, 0.4, n) ** 2)


def any_programme(seed: int) -> Programme:
    """Up to 80 names: caps, groups, costs of moving from what is held."""
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(5, 80)), int(rng.integers(0, 4))
    matrix = any_factors(rng, n, 4)
    rows = [Row("budget", np.ones(n), 1.0, 1.0)]
    for j in range(groups):
        share = (np.arange(n) % groups == j).astype(float)
        rows.append(Row(f"group {j}", share, 0.3 / groups, 1.4 / groups))
    low, high = np.zeros(n), np.full(n, min(1.0, rng.choice([1.0, 3.0 / n])))
    costs = {}
    if rng.random() < 0.6:
        costs = {
            "held": np.clip(rng.dirichlet(np.ones(n)), low, high),
            "sell": rng.uniform(0.0, 0.01, n),
            "buy": rng.uniform(0.0, 0.01, n),
        }
    linear = -rng.choice([0.0, 0.3, 2.0]) * (0.05 + 0.02 * rng.normal(size=n))
    return Programme(matrix, linear, low, high, tuple(rows), **costs)


@pytest.mark.parametrize("seed", range(40))
def test_factors_give_the_dense_answer(seed: int) -> None:
    """With the matrix as factors, and formed, the weights are the same and proved best."""
    programme = any_programme(seed)
    dense = replace(programme, matrix=programme.matrix.part(np.arange(len(programme.linear))))

    found, expected = solve(programme), solve(dense)

    assert found.status == expected.status
    if found.status == "optimal":
        np.testing.assert_allclose(found.weights, expected.weights, atol=1e-9)
        assert found.objective == pytest.approx(expected.objective, abs=1e-12)
        assert excess(programme, found.weights) < 1e-10
        assert duality_gap(dense, found.weights, found.multipliers) < 1e-10


def test_three_thousand_names_are_solved_without_the_dense_matrix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of the size of the dense matrix is formed, and the answer is proved best."""
    rng = np.random.default_rng(1)
    covariance = any_factors(rng, 3000, 50)
    expected = 0.3 * covariance.common[:, 0] + 0.02 * rng.normal(size=3000)
    limits = within(3000, 0.0, 0.02)
    monkeypatch.setattr(Factors, "part", None)

    found = solve(limits.programme(4.0 * covariance, -expected))

    assert found.status == "optimal"
    assert found.gap < 1e-12
    assert (found.weights > 1e-9).sum() >= 50


@pytest.mark.parametrize("seed", range(3))
def test_objectives_take_factors_for_a_covariance(seed: int) -> None:
    """Least volatility, best Sharpe ratio and a volatility wanted are those of the dense matrix."""
    rng = np.random.default_rng(seed)
    covariance = any_factors(rng, 40, 3)
    dense = covariance.part(np.arange(40))
    expected, limits = rng.normal(0.08, 0.04, 40), within(40, 0.0, 0.2)

    def chosen(matrix: object) -> list[np.ndarray]:
        return [
            least_volatility(matrix, limits).weights,
            best_sharpe(expected, matrix, limits, risk_free=0.01).weights,
            most_return_for_volatility(expected, matrix, limits, wanted=0.2).weights,
        ]

    np.testing.assert_allclose(chosen(covariance), chosen(dense), atol=1e-8)


def test_an_estimated_model_keeps_its_covariance() -> None:
    """Factors of a model mean the covariance that the model means."""
    rng = np.random.default_rng(2)
    returns = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=(200, 12))
    model = statistical_factors(0.01 * returns, 3)

    made = Factors.of(model)

    np.testing.assert_allclose(made.part(np.arange(12)), model.dense(), atol=1e-12)
    np.testing.assert_allclose(made.diagonal(), model.dense().diagonal(), atol=1e-12)


def test_a_name_with_nothing_of_its_own_is_refused() -> None:
    """A model that explains a name altogether is singular there: it wants the dense matrix."""
    rng = np.random.default_rng(3)
    model = statistical_factors(0.01 * rng.normal(size=(50, 4)), 4)
    certain = replace(model, own=np.zeros(4))

    with pytest.raises(ValueError, match="dense covariance"):
        Factors.of(certain)
