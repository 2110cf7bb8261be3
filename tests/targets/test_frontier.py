"""The efficient frontier: against the published ones, and against itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.targets.test_quadratic import any_programme, covariance
from trimtab.targets.objectives import frontier
from trimtab.targets.objectives.frontier import (
    at_return,
    at_volatility,
    best_sharpe,
    corners,
    stretches,
)
from trimtab.targets.solvers.limits import within
from trimtab.targets.solvers.programme import Programme, Solution

PUBLISHED = ("orlib_port1_HangSeng31", "orlib_port2_DAX85", "orlib_port3_FTSE89")


def of(matrix: np.ndarray, high: float = 1.0) -> Programme:
    """Long-only weights with this covariance."""
    return within(len(matrix), 0.0, high).programme(matrix, np.zeros(len(matrix)))


def published(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covariance, returns, and the frontier as rows of return and variance."""
    alone = np.genfromtxt(folder / "mean_std.csv", delimiter=",", names=True)
    pairs = np.genfromtxt(folder / "corr_pairs.csv", delimiter=",", names=True)
    frontier = np.genfromtxt(
        folder / "portef_unconstrained_frontier.csv", delimiter=",", names=True
    )
    together = np.eye(len(alone))
    for i, j, correlation in zip(
        pairs["i"].astype(int), pairs["j"].astype(int), pairs["corr"], strict=True
    ):
        together[i - 1, j - 1] = together[j - 1, i - 1] = correlation
    matrix = together * np.outer(alone["std"], alone["std"])
    points = np.column_stack([frontier["mean_return"], frontier["variance"]])
    return matrix, alone["mean"], points


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_frontiers(shared: Path, name: str) -> None:
    """At each of the 2,000 published returns the least variance is the published one."""
    matrix, returns, points = published(shared / "data" / name)

    turns = corners(of(matrix), returns)

    reached = turns @ returns
    for wanted, variance in points:
        k = int(np.clip(np.searchsorted(reached, wanted), 1, len(reached) - 1))
        part = (wanted - reached[k - 1]) / (reached[k] - reached[k - 1])
        weights = turns[k - 1] + part * (turns[k] - turns[k - 1])
        assert weights @ matrix @ weights == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_stretches_follow_each_other(seed: int) -> None:
    """Where one straight part of the frontier ends the next begins, with the same weights."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 25))
    matrix, returns = covariance(rng, n), rng.normal(0.08, 0.1, n)

    parts = list(stretches(of(matrix, max(0.3, 2 / n)), returns))

    assert parts[0].first == 0.0
    assert parts[-1].last == np.inf
    for before, after in pairwise(parts):
        assert after.first == pytest.approx(before.last, rel=1e-6)
        np.testing.assert_allclose(
            before.weights(before.last), after.weights(before.last), atol=1e-7
        )


def test_a_walk_that_does_not_come_to_its_end_has_no_corners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A frontier that is cut off in the middle is never taken for a whole one."""
    rng = np.random.default_rng(3)
    programme, returns = of(covariance(rng, 6)), rng.normal(0.08, 0.1, 6)
    whole, asked, solve = corners(programme, returns), 0, frontier.solve

    def fails_late(*given: object, **named: object) -> Solution:
        nonlocal asked
        asked += 1
        found = solve(*given, **named)  # type: ignore[arg-type]
        return found if asked < len(whole) else replace(found, status="stopped")

    monkeypatch.setattr(frontier, "solve", fails_late)

    assert len(whole) > 2
    assert corners(programme, returns).shape == (0, 6)


@pytest.mark.parametrize("seed", range(30))
def test_a_point_of_the_frontier_is_what_was_asked(seed: int) -> None:
    """A wanted return, or volatility, is met; the best Sharpe ratio is not beaten near by."""
    asked = any_programme(seed)
    programme = replace(asked, linear=0.0 * asked.linear, held=None, sell=None, buy=None)
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.08, 0.1, len(programme.linear))
    turns = corners(programme, returns)
    if len(turns) < 2 or not np.isfinite(turns).all():
        pytest.skip("there is no frontier")
    middle = 0.5 * (turns[0] + turns[-1])
    wanted = float(returns @ middle)

    by_return = at_return(programme, returns, wanted).solution.weights
    volatility = float(np.sqrt(by_return @ programme.matrix @ by_return))
    by_volatility = at_volatility(programme, returns, volatility).solution.weights
    tangent = best_sharpe(programme, returns, 0.0)

    assert returns @ by_return == pytest.approx(wanted, abs=1e-9)
    np.testing.assert_allclose(by_volatility, by_return, atol=1e-5)
    if tangent is not None:
        best = ratio(programme, returns, tangent.solution.weights)
        for k in range(len(turns) - 1):
            for part in np.linspace(0.0, 1.0, 11):
                other = turns[k] + part * (turns[k + 1] - turns[k])
                assert ratio(programme, returns, other) <= best + 1e-9


def ratio(programme: Programme, returns: np.ndarray, weights: np.ndarray) -> float:
    """Return over volatility."""
    return float(returns @ weights / np.sqrt(weights @ programme.matrix @ weights))
