"""A stated tolerance for risk leads to the point of the frontier that it allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.targets.test_front import NAMES, market
from trimtab.targets.objectives.choices import most_return_for_volatility
from trimtab.targets.objectives.front import Front, front
from trimtab.targets.objectives.tolerance import ONE_YEAR_IN_TWENTY, richest_by, tolerated
from trimtab.targets.solvers.limits import Names, within


def curve(seed: int) -> tuple[Front, np.ndarray, np.ndarray]:
    """A frontier with its returns and covariance."""
    returns, matrix = market(seed)
    found = front(NAMES, returns, matrix, within(8), points=101)
    assert isinstance(found, Front)
    return found, returns, matrix


@pytest.mark.parametrize("seed", range(4))
def test_no_more_risk_than_is_tolerated_and_hardly_less(seed: int) -> None:
    """The volatility, or the loss of a bad year, is at its limit, and not above it."""
    found, returns, matrix = curve(seed)
    middle = found.points[60]
    bad_year = ONE_YEAR_IN_TWENTY * middle.volatility - middle.expected_return

    richest = richest_by(returns, matrix, within(8))
    calm = tolerated(found, "volatility", middle.volatility * 1.001, richest=richest)
    careful = tolerated(found, "loss", bad_year + 1e-4, richest=richest)

    for one in (calm, careful):
        assert one.met
        assert one.weights.sum() == pytest.approx(1.0)
        assert returns @ one.weights >= middle.expected_return - 1e-9
    volatility = float(np.sqrt(calm.weights @ matrix @ calm.weights))
    assert volatility <= middle.volatility * 1.001 + 1e-9
    spread = float(np.sqrt(careful.weights @ matrix @ careful.weights))
    loss = ONE_YEAR_IN_TWENTY * spread - float(returns @ careful.weights)
    assert loss == pytest.approx(bad_year + 1e-4, abs=1e-9)


@pytest.mark.parametrize("seed", [1])
def test_a_tolerance_is_the_best_of_few_names(seed: int) -> None:
    """Of two names at most there are two, as at a wanted volatility, however coarse the curve."""
    returns, matrix = market(seed)
    limits = replace(within(8), names=Names(2))
    found = front(NAMES, returns, matrix, limits, points=4)
    assert isinstance(found, Front)
    wanted = 0.5 * (found.points[1].volatility + found.points[2].volatility)
    richest = richest_by(returns, matrix, limits)
    best = most_return_for_volatility(returns, matrix, limits, wanted=wanted)
    spread = float(np.sqrt(best.weights @ matrix @ best.weights))
    loss = ONE_YEAR_IN_TWENTY * spread - float(returns @ best.weights)

    calm = tolerated(found, "volatility", wanted, richest=richest)
    careful = tolerated(found, "loss", loss, richest=richest)

    assert (calm.weights > 0.0).sum() <= 2
    np.testing.assert_allclose(calm.weights, best.weights, atol=1e-6)
    assert calm.status == "optimal"
    assert (careful.weights > 0.0).sum() <= 2
    assert returns @ careful.weights >= returns @ best.weights - 1e-6
    assert careful.met


def test_a_tolerance_loses_nothing_between_the_points_of_a_curve() -> None:
    """Three points or a hundred: the return at a volatility is the most there is."""
    returns, matrix = market(1)
    coarse = front(NAMES, returns, matrix, within(8), points=3)
    assert isinstance(coarse, Front)
    wanted = 0.6 * coarse.points[0].volatility + 0.4 * coarse.points[1].volatility

    one = tolerated(coarse, "volatility", wanted, richest=richest_by(returns, matrix, within(8)))

    best = most_return_for_volatility(returns, matrix, within(8), wanted=wanted)
    np.testing.assert_allclose(one.weights, best.weights, atol=1e-9)
    assert one.status == "optimal"


def test_a_mean_of_frontiers_claims_nothing() -> None:
    """Without a programme to solve, neighbours are mixed, and no proof is told."""
    found, _, matrix = curve(1)
    wanted = 0.5 * (found.points[50].volatility + found.points[51].volatility)

    one = tolerated(found, "volatility", wanted)

    assert one.status == "given"
    assert float(np.sqrt(one.weights @ matrix @ one.weights)) <= wanted + 1e-12


def test_scores_go_from_the_calmest_to_the_boldest() -> None:
    """A score of 1 is the least volatility, one of 10 the most return, and each says how."""
    found, returns, matrix = curve(1)
    richest = richest_by(returns, matrix, within(8))

    scores = [tolerated(found, "score", score, richest=richest) for score in (1, 4, 7, 10)]

    gained = [float(returns @ one.weights) for one in scores]
    assert gained == sorted(gained)
    np.testing.assert_allclose(scores[0].weights, found.points[0].weights, atol=1e-9)
    np.testing.assert_allclose(scores[-1].weights, found.points[-1].weights, atol=1e-9)
    assert "4 of 10" in scores[1].how


def test_what_nothing_is_calm_enough_for() -> None:
    """Less volatility than there is gives the calmest, and says so."""
    found, returns, matrix = curve(2)

    none = tolerated(found, "volatility", 0.0001, richest=richest_by(returns, matrix, within(8)))

    assert not none.met
    assert "Nothing on the frontier" in none.how
    np.testing.assert_allclose(none.weights, found.points[0].weights)


@pytest.mark.parametrize(("kind", "amount"), [("score", 0), ("score", 11), ("loss", -0.1)])
def test_a_tolerance_that_makes_no_sense(kind: str, amount: float) -> None:
    """A score outside its scale and a loss below zero are refused."""
    with pytest.raises(ValueError, match=r"score|loss"):
        tolerated(curve(1)[0], kind, amount)
