"""Weights over drawn histories: what is drawn, what comes out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import trimtab as tt
from tests.targets.test_robust import market
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.front import Front, _mean_curve, front
from trimtab.targets.objectives.mean_variance import least_volatility, most_utility
from trimtab.targets.objectives.optimised import optimise
from trimtab.targets.objectives.resampled import draws
from trimtab.targets.solvers.limits import within


def history(n: int = 5, sessions: int = 260) -> np.ndarray:
    """Daily returns."""
    rng = np.random.default_rng(3)
    return rng.normal(0.0004, np.linspace(0.006, 0.02, n), (sessions, n))


def test_histories_are_drawn_around_the_estimates() -> None:
    """On average they have the covariance and the means, which stray as means over years do."""
    expected, covariance = market(4, n=3)

    drawn = list(draws(expected, covariance, sessions=500, years=2.0, count=600, seed=1))

    means = np.array([mean for mean, _ in drawn])
    spread = np.mean([each for _, each in drawn], axis=0)
    np.testing.assert_allclose(spread, covariance, rtol=0.02, atol=3e-4)
    np.testing.assert_allclose(means.mean(axis=0), expected, atol=0.03)
    np.testing.assert_allclose(np.cov(means.T), covariance / 2.0, rtol=0.3, atol=4e-3)


def test_the_weights_are_the_mean_of_the_best_of_each() -> None:
    """Drawn by the same seed and chosen one by one, they are the same."""
    expected, covariance = market(4, n=5)
    asked = Asked("utility", risk_aversion=3.0, resampled=20, seed=7)

    found = optimise(
        asked, within(5), expected=expected, covariance=covariance, returns=history(),
        names=list("ABCDE"), years=1.0,
    )  # fmt: skip

    each = [
        most_utility(mean, spread, within(5), risk_aversion=3.0).weights
        for mean, spread in draws(expected, covariance, sessions=260, years=1.0, count=20, seed=7)
    ]
    np.testing.assert_allclose(found.weights, np.mean(each, axis=0), atol=1e-12)
    assert found.status == "resampled"
    assert np.isnan(found.optimality_gap)


def test_convex_limits_hold_for_the_mean() -> None:
    """A sector and a turnover are convex, so the mean of weights that keep to them does."""
    held = dict(zip("12345", [0.2] * 5, strict=True))
    rules = tt.Constraints(groups=[tt.Group("calm", ["1", "2"], high=0.5)], held=held, turnover=0.4)
    found = tt.Optimiser("max-sharpe", constraints=rules, resampled=30, seed=2).fit(history())

    assert found.weights_.sum() == pytest.approx(1.0)
    assert found.weights_[:2].sum() <= 0.5 + 1e-9
    assert 0.5 * np.abs(found.weights_ - 0.2).sum() <= 0.4 + 1e-9


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"objective": "min-cvar"}, "min-cvar"),
        ({"resampled": -1}, "resampled"),
        ({"constraints": tt.Constraints(max_names=2)}, "number of names"),
        ({"constraints": tt.Constraints(benchmark={"1": 1.0}, tracking_error=0.1)}, "tracking"),
    ],
)
def test_what_does_not_go_with_it_is_refused(parameters: dict[str, object], word: str) -> None:
    """The message says what to leave out."""
    with pytest.raises(ValueError, match=word):
        tt.Optimiser(**{"resampled": 5, **parameters}).fit(history())  # type: ignore[arg-type]


def test_contradicting_limits_are_named_all_the_same() -> None:
    """They contradict each other in every history."""
    with pytest.raises(ValueError, match="cannot be met together"):
        tt.Optimiser(high=0.1, resampled=5).fit(history())


def test_a_resampled_frontier_is_the_mean_of_frontiers() -> None:
    """Rank by rank: its ends are the means of the calmest and of the richest weights."""
    expected, covariance = market(4, n=4)
    limits = within(4, 0.0, 0.6)
    drawn = list(draws(expected, covariance, sessions=300, years=1.5, count=12, seed=3))

    found = front(
        list("ABCD"), expected, covariance, limits, points=5, current=np.full(4, 0.25), drawn=drawn
    )

    calm = np.mean([least_volatility(spread, limits).weights for _, spread in drawn], axis=0)
    rich = []
    for mean, _ in drawn:
        order = np.argsort(-mean)
        best = np.zeros(4)
        best[order[:2]] = 0.6, 0.4
        rich.append(best)
    assert isinstance(found, Front)
    np.testing.assert_allclose(found.points[0].weights, calm, atol=1e-9)
    mean = _mean_curve(drawn, limits, 5)
    np.testing.assert_allclose(mean[-1], np.mean(rich, axis=0), atol=1e-9)
    for one, other in zip(found.points, mean, strict=False):
        np.testing.assert_array_equal(one.weights, other)
    assert found.points[-1].expected_return == max(float(expected @ one) for one in mean)
    assert found.current is not None
    assert any(found.as_calm is one for one in found.points)
    assert found.best_sharpe is max(found.points, key=lambda one: one.sharpe)
