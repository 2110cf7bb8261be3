"""A stated tolerance for risk leads to the point of the frontier that it allows."""

from __future__ import annotations

import numpy as np
import pytest

from tests.targets.test_front import NAMES, market
from trimtab.targets.objectives.front import Front, front
from trimtab.targets.objectives.tolerance import ONE_YEAR_IN_TWENTY, tolerated
from trimtab.targets.solvers.limits import within


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

    calm = tolerated(found, "volatility", middle.volatility * 1.001)
    careful = tolerated(found, "loss", bad_year + 1e-4)

    for one in (calm, careful):
        assert one.met
        assert one.weights.sum() == pytest.approx(1.0)
        assert returns @ one.weights >= middle.expected_return - 1e-9
    volatility = float(np.sqrt(calm.weights @ matrix @ calm.weights))
    assert volatility <= middle.volatility * 1.001 + 1e-9
    spread = float(np.sqrt(careful.weights @ matrix @ careful.weights))
    loss = ONE_YEAR_IN_TWENTY * spread - float(returns @ careful.weights)
    assert bad_year - 1e-3 <= loss <= bad_year + 1e-4 + 1e-9


def test_scores_go_from_the_calmest_to_the_boldest() -> None:
    """A score of 1 is the least volatility, one of 10 the most return, and each says how."""
    found, returns, _ = curve(1)

    scores = [tolerated(found, "score", score) for score in (1, 4, 7, 10)]

    gained = [float(returns @ one.weights) for one in scores]
    assert gained == sorted(gained)
    np.testing.assert_allclose(scores[0].weights, found.points[0].weights, atol=1e-9)
    np.testing.assert_allclose(scores[-1].weights, found.points[-1].weights, atol=1e-9)
    assert "4 of 10" in scores[1].how


def test_what_nothing_is_calm_enough_for() -> None:
    """Less volatility than there is gives the calmest, and says so."""
    found, _, _ = curve(2)

    none = tolerated(found, "volatility", 0.0001)

    assert not none.met
    assert "Nothing on the frontier" in none.how
    np.testing.assert_allclose(none.weights, found.points[0].weights)


@pytest.mark.parametrize(("kind", "amount"), [("score", 0), ("score", 11), ("loss", -0.1)])
def test_a_tolerance_that_makes_no_sense(kind: str, amount: float) -> None:
    """A score outside its scale and a loss below zero are refused."""
    with pytest.raises(ValueError, match=r"score|loss"):
        tolerated(curve(1)[0], kind, amount)
