"""Rules of when to rebalance: the exact one, and the heuristic of Markowitz and van Dijk."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.targets.at_cost.cost_to_go import (
    Chase,
    _interpolated,
    _lattice,
    exact,
    lognormal_outcomes,
)


def chase(n: int, rate: float = 0.002) -> Chase:
    """A monthly market of two or three assets with volatilities of 15% to 25%."""
    deviations = np.array([0.25, 0.15, 0.2])[:n] / 12**0.5
    matrix = np.outer(deviations, deviations) * (0.7 * np.eye(n) + 0.3)
    return Chase(np.full(n, 1.0 / n), matrix, 4.0, np.full(n, rate))


def run(one: Chase, decide, periods: int, paths: int, seed: int = 0) -> float:
    """The mean cost of a period of a rule from weights to weights, by simulation."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(one.covariance)
    weights = np.tile(one.best, (paths, 1))
    total = 0.0
    for _ in range(periods):
        after = decide(weights)
        total += float((np.abs(after - weights) @ one.rates + one.straying(after)).mean())
        shocks = rng.standard_normal((paths, len(one.best))) @ root.T
        grown = after * np.exp(shocks - 0.5 * one.covariance.diagonal())
        weights = grown / grown.sum(axis=1, keepdims=True)
    return total / periods


def test_outcomes_have_the_moments_of_the_market() -> None:
    """Quadrature has the mean and nearly the covariance of lognormal returns."""
    matrix = chase(3).covariance

    gross, chances = lognormal_outcomes(matrix)

    assert chances.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(chances @ gross, 1.0, atol=1e-6)
    found = (gross - 1.0).T @ np.diag(chances) @ (gross - 1.0)
    np.testing.assert_allclose(found, np.exp(matrix) - 1.0, rtol=0.01)


@pytest.mark.parametrize("n", [2, 3])
def test_interpolation_is_exact_for_what_is_straight(n: int) -> None:
    """Any straight function of the weights is met exactly between the points of the grid."""
    best = np.full(n, 1.0 / n)
    points = best + 0.01 * _lattice(n, 6)
    rng = np.random.default_rng(0)
    away = rng.uniform(-0.02, 0.02, (50, n))
    weights = best + away - away.mean(axis=1, keepdims=True)
    slope = rng.normal(size=n)

    places, shares = _interpolated(best, 0.01, points, weights)

    np.testing.assert_allclose(((points @ slope)[places] * shares).sum(axis=1), weights @ slope)
    assert (shares > -1e-9).all()


@pytest.mark.parametrize(("n", "step", "reach"), [(2, 0.002, 60), (3, 0.01, 12)])
def test_no_rule_costs_less_than_the_exact_one(n: int, step: float, reach: int) -> None:
    """The exact rule costs what it says, and no calendar, band or heuristic costs less."""
    one = chase(n)
    found = exact(one, *lognormal_outcomes(one.covariance), step=step, reach=reach)

    simulated = run(one, found.decide, 120, 200)

    def band(width: float):
        def decide(weights: np.ndarray) -> np.ndarray:
            strays = np.abs(weights - one.best).max(axis=1) > width
            return np.where(strays[:, None], one.best, weights)

        return decide

    assert found.gap < 1e-8
    assert simulated == pytest.approx(found.rate, rel=0.08)
    for other in (0.0, 0.02, 0.05, 0.1):
        assert run(one, band(other), 120, 200) > simulated


def test_the_heuristic_is_near_the_exact_rule() -> None:
    """With its distance well chosen the rule of Markowitz and van Dijk costs little more."""
    one = chase(2)
    found = exact(one, *lognormal_outcomes(one.covariance), step=0.002, reach=60)
    best = run(one, found.decide, 60, 20)

    costs = [
        run(
            one,
            lambda weights, d=distance: np.array([one.nearer(row, distance=d) for row in weights]),
            60,
            20,
        )
        for distance in (0.015, 0.02, 0.03)
    ]

    assert best < min(costs) < 1.08 * best


def test_without_costs_the_rule_is_to_be_at_the_best_weights() -> None:
    """Trading that is free is done in whole every period, and then nothing is lost."""
    one = chase(2, rate=0.0)
    found = exact(one, *lognormal_outcomes(one.covariance), step=0.01, reach=20)

    assert found.rate == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(found.decide(np.array([[0.6, 0.4]])), [[0.5, 0.5]])


def test_what_cannot_be_gridded_is_refused() -> None:
    """Four assets, and grids that leave what can be held, are refused with what would do."""
    gross, chances = lognormal_outcomes(np.eye(4) * 0.001)
    four = Chase(np.full(4, 0.25), np.eye(4) * 0.001, 1.0, np.full(4, 0.001))

    with pytest.raises(ValueError, match="two or three"):
        exact(four, gross, chances)
    with pytest.raises(ValueError, match="below zero"):
        exact(chase(2), *lognormal_outcomes(chase(2).covariance), step=0.1, reach=20)
