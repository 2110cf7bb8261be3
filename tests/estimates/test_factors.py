"""Factor models: against scikit-learn, least squares and a truth that is known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from tests.estimates.made import drawn
from trimtab.estimates.factors import FactorModel, given_factors, statistical_factors


def test_statistical_factors_are_principal_components() -> None:
    """Directions, variances and explained covariance are scikit-learn's, on scaled returns."""
    table = drawn(200, 8, seed=1)
    deviation = table.std(axis=0, ddof=1)
    pca = PCA(3).fit((table - table.mean(axis=0)) / deviation)

    found = statistical_factors(table, 3, sessions_a_year=1)

    assert np.diag(found.factors) == pytest.approx(pca.explained_variance_)
    directions = found.loadings / deviation[:, None]
    assert np.abs(directions.T @ pca.components_.T) == pytest.approx(np.eye(3), abs=1e-8)
    assert (directions.sum(axis=0) >= 0.0).all()


def test_variances_of_the_model_are_the_samples() -> None:
    """What factors do not explain is the instrument's own; with all factors nothing is."""
    table = drawn(150, 6, seed=2)
    sample = 252 * np.cov(table, rowvar=False)

    some, every = statistical_factors(table, 2), statistical_factors(table, 6)

    assert np.diag(some.dense()) == pytest.approx(np.diag(sample))
    assert (some.own > 0.0).all()
    assert every.dense() == pytest.approx(sample, rel=1e-9)
    assert every.own == pytest.approx(np.zeros(6), abs=1e-12)


def test_more_instruments_than_sessions_give_a_covariance_with_an_inverse() -> None:
    """Three hundred over a hundred: own variances keep it from being singular."""
    found = statistical_factors(drawn(100, 300, seed=3), 5)

    assert found.loadings.shape == (300, 5)
    assert np.linalg.eigvalsh(found.dense())[0] > 0.0


def test_given_factors_are_found_again() -> None:
    """Loadings, own variances and alphas are those that the returns were made with."""
    generator = np.random.default_rng(4)
    sessions, n = 50_000, 5
    factors = generator.normal(0.0, [0.01, 0.004], (sessions, 2)) @ np.array([[1, 0.5], [0, 1]])
    loadings = generator.normal(1.0, 0.5, (n, 2))
    own, alpha = np.geomspace(0.002, 0.02, n), np.linspace(-0.001, 0.001, n)
    table = alpha + factors @ loadings.T + own * generator.standard_normal((sessions, n))

    found = given_factors(table, factors, sessions_a_year=1)

    assert found.loadings == pytest.approx(loadings, abs=0.07)
    assert found.own == pytest.approx(own**2, rel=0.03)
    assert found.alpha == pytest.approx(alpha, abs=4 * 0.02 / np.sqrt(sessions))
    assert found.factors == pytest.approx(np.cov(factors, rowvar=False))


def test_regression_is_least_squares_with_a_constant() -> None:
    """Coefficients and residual variances of the normal equations, whatever the factors' units."""
    table, factors = drawn(80, 4, seed=5), drawn(80, 2, seed=6) * [1.0, 1000.0]
    design = np.column_stack([np.ones(80), factors])
    solved = np.linalg.solve(design.T @ design, design.T @ table)
    residuals = table - design @ solved

    found = given_factors(table, factors, sessions_a_year=12)

    assert found.loadings == pytest.approx(solved[1:].T, rel=1e-8)
    assert found.alpha == pytest.approx(12 * solved[0], rel=1e-8)
    assert found.own == pytest.approx(12 * (residuals**2).sum(axis=0) / (80 - 3), rel=1e-9)


def test_nothing_dense_is_needed_to_use_it() -> None:
    """Variance and covariances of a portfolio are those of the dense matrix."""
    generator = np.random.default_rng(7)
    root = generator.normal(size=(3, 3))
    model = FactorModel(
        generator.normal(size=(40, 3)), root @ root.T, generator.uniform(1, 2, 40), np.zeros(40)
    )
    weights = generator.dirichlet(np.ones(40))

    assert model.variance(weights) == pytest.approx(weights @ model.dense() @ weights)
    assert model.times(weights) == pytest.approx(model.dense() @ weights)


@pytest.mark.parametrize("kind", ["statistical", "given"])
def test_order_and_unit_do_not_matter(kind: str) -> None:
    """Instruments in another order, and one of them in percent, give the same covariance."""
    table, factors = drawn(90, 5, seed=8), drawn(90, 2, seed=9)
    order, unit = [2, 4, 0, 1, 3], np.array([1.0, 100.0, 1.0, 1.0, 1.0])

    def dense(returns: np.ndarray) -> np.ndarray:
        if kind == "given":
            return given_factors(returns, factors).dense()
        return statistical_factors(returns, 2).dense()

    found = dense(table)
    assert dense(table[:, order]) == pytest.approx(found[np.ix_(order, order)], rel=1e-9)
    assert dense(table * unit) == pytest.approx(found * np.outer(unit, unit), rel=1e-9)


def test_what_says_nothing_is_refused() -> None:
    """Too many factors, factors that are blends of others, constants, sessions that differ."""
    table, factors = drawn(50, 4), drawn(50, 2, seed=1)
    with pytest.raises(ValueError, match="from 1 to 4"):
        statistical_factors(table, 5)
    with pytest.raises(ValueError, match="blend"):
        given_factors(table, np.column_stack([factors, factors.sum(axis=1)]))
    with pytest.raises(ValueError, match="column 1 never changes"):
        given_factors(table, np.column_stack([factors[:, 0], np.full(50, 0.01)]))
    with pytest.raises(ValueError, match="sessions"):
        given_factors(table[:40], factors)
