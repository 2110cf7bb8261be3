"""Black and Litterman's model: published examples and what must hold of any views."""

from __future__ import annotations

import numpy as np
import pytest

from tests.estimates.made import drawn
from trimtab.estimates.expected_returns import equilibrium_return
from trimtab.estimates.views import (
    black_litterman,
    confident_doubt,
    proportional_doubt,
    relative_view,
)

#: He and Litterman 1999, tables 1 and 2: Australia, Canada, France, Germany, Japan, UK, USA.
CORRELATION = np.array(
    [
        [1.000, 0.488, 0.478, 0.515, 0.439, 0.512, 0.491],
        [0.488, 1.000, 0.664, 0.655, 0.310, 0.608, 0.779],
        [0.478, 0.664, 1.000, 0.861, 0.355, 0.783, 0.668],
        [0.515, 0.655, 0.861, 1.000, 0.354, 0.777, 0.653],
        [0.439, 0.310, 0.355, 0.354, 1.000, 0.405, 0.306],
        [0.512, 0.608, 0.783, 0.777, 0.405, 1.000, 0.652],
        [0.491, 0.779, 0.668, 0.653, 0.306, 0.652, 1.000],
    ]
)
VOLATILITY = np.array([0.160, 0.203, 0.248, 0.271, 0.210, 0.200, 0.187])
MARKET = np.array([0.016, 0.022, 0.052, 0.055, 0.116, 0.124, 0.615])
COVARIANCE = CORRELATION * np.outer(VOLATILITY, VOLATILITY)
PRIOR = equilibrium_return(COVARIANCE, MARKET, risk_aversion=2.5)
GERMANY = relative_view([3], [2, 5], 7, sizes=MARKET)
CANADA = relative_view([1], [6], 7)


def percent(values: np.ndarray) -> list[float]:
    """As the paper prints them: percent, one decimal."""
    return np.round(100.0 * values, 1).tolist()


def test_equilibrium_returns_of_he_and_litterman() -> None:
    """Table 2 of their paper, to its last digit."""
    assert percent(PRIOR) == [3.9, 6.9, 8.4, 9.0, 4.3, 6.8, 7.6]


@pytest.mark.parametrize(
    ("picks", "views", "returns", "weights"),
    [
        (
            [GERMANY],
            [0.05],
            [4.3, 7.6, 9.3, 11.0, 4.5, 7.0, 8.1],
            [1.5, 2.1, -4.0, 35.4, 11.0, -9.5, 58.6],
        ),
        (
            [GERMANY, CANADA],
            [0.05, 0.03],
            [4.4, 8.7, 9.5, 11.2, 4.6, 7.0, 7.5],
            [1.5, 41.9, -3.4, 33.6, 11.0, -8.2, 18.8],
        ),
    ],
    ids=["Germany over Europe", "and Canada over the USA"],
)
def test_views_of_he_and_litterman(
    picks: list[np.ndarray], views: list[float], returns: list[float], weights: list[float]
) -> None:
    """Tables 4 and 5 of their paper: returns and the best portfolio, to their last digit."""
    found = black_litterman(PRIOR, COVARIANCE, picks, views)

    best = np.linalg.solve(2.5 * found.covariance, found.returns)
    assert percent(found.returns) == pytest.approx(returns, abs=1e-9)
    # 11.05 prints as 11.0 or 11.1 by the last bit.
    assert 100 * best == pytest.approx(weights, abs=0.0501)
    assert percent(GERMANY) == [0.0, 0.0, -29.5, 100.0, 0.0, -70.5, 0.0]
    assert (proportional_doubt(picks, COVARIANCE) / 0.05).round(3).tolist() == [0.021, 0.017][
        : len(picks)
    ]


def test_the_textbook_form_with_inverses_gives_the_same() -> None:
    """[(tau S)^-1 + P' O^-1 P]^-1 [(tau S)^-1 pi + P' O^-1 q], and that inverse as uncertainty."""
    picks, views = np.array([GERMANY, CANADA]), np.array([0.05, 0.03])
    doubt = np.array([0.0007, 0.0002])
    prior_precision = np.linalg.inv(0.1 * COVARIANCE)
    precision = prior_precision + picks.T @ np.diag(1 / doubt) @ picks
    mean = np.linalg.solve(precision, prior_precision @ PRIOR + picks.T @ (views / doubt))

    found = black_litterman(PRIOR, COVARIANCE, picks, views, doubt=doubt, tau=0.1)

    assert found.returns == pytest.approx(mean, rel=1e-9)
    assert found.uncertainty == pytest.approx(np.linalg.inv(precision), rel=1e-8, abs=1e-12)
    assert found.covariance == pytest.approx(COVARIANCE + found.uncertainty)


def test_without_views_the_market_stays() -> None:
    """No view, or only ones in which nobody has any confidence."""
    doubt = confident_doubt([CANADA], COVARIANCE, [0.0])

    found = black_litterman(PRIOR, COVARIANCE, [CANADA], [0.5], doubt=doubt)

    assert found.returns.tolist() == PRIOR.tolist()
    assert found.uncertainty == pytest.approx(0.05 * COVARIANCE)


def test_a_certain_view_comes_true() -> None:
    """With confidence 1 the posterior returns what the view says, and has no doubt about it."""
    picks = np.array([GERMANY, relative_view([6], [], 7)])
    doubt = confident_doubt(picks, COVARIANCE, [1.0, 1.0])

    found = black_litterman(PRIOR, COVARIANCE, picks, [0.05, 0.1], doubt=doubt)

    assert picks @ found.returns == pytest.approx([0.05, 0.1])
    assert picks @ found.uncertainty @ picks.T == pytest.approx(np.zeros((2, 2)), abs=1e-12)


def test_confidence_moves_a_view_that_share_of_the_way() -> None:
    """Idzorek's meaning: of the way from the market's return to the view's, when alone."""
    before = float(GERMANY @ PRIOR)
    for confidence in (0.1, 0.25, 0.5, 0.65, 0.9):
        doubt = confident_doubt([GERMANY], COVARIANCE, [confidence])
        found = black_litterman(PRIOR, COVARIANCE, [GERMANY], [0.05], doubt=doubt)

        assert GERMANY @ found.returns == pytest.approx(before + confidence * (0.05 - before))


def test_idzoreks_tilt_is_that_share_of_the_certain_tilt() -> None:
    """His definition, for weights: the tilt is the confidence times the tilt of a certain view."""
    for confidence in (0.25, 0.5, 0.65):
        tilts = []
        for sure in (confidence, 1.0):
            doubt = confident_doubt([GERMANY], COVARIANCE, [sure])
            found = black_litterman(PRIOR, COVARIANCE, [GERMANY], [0.05], doubt=doubt)
            tilts.append(np.linalg.solve(2.5 * COVARIANCE, found.returns) - MARKET)

        assert tilts[0] == pytest.approx(confidence * tilts[1], abs=1e-12)


def test_certain_views_that_contradict_each_other_meet_halfway() -> None:
    """No inverse exists, and neither is dropped."""
    picks, doubt = [CANADA, CANADA], [0.0, 0.0]

    found = black_litterman(PRIOR, COVARIANCE, picks, [0.02, 0.04], doubt=doubt)

    assert CANADA @ found.returns == pytest.approx(0.03)


def test_a_view_that_says_the_same_changes_no_return() -> None:
    """What the market expects already only makes it surer."""
    found = black_litterman(PRIOR, COVARIANCE, [GERMANY], [GERMANY @ PRIOR])

    assert found.returns == pytest.approx(PRIOR)
    assert GERMANY @ found.uncertainty @ GERMANY < 0.6 * 0.05 * GERMANY @ COVARIANCE @ GERMANY


def test_uncertainty_is_never_below_zero_and_order_does_not_matter() -> None:
    """Positive semidefinite after many views; instruments in another order give the same."""
    covariance = 252 * np.cov(drawn(300, 6), rowvar=False)
    generator = np.random.default_rng(1)
    picks, views = generator.normal(size=(4, 6)), generator.normal(0, 0.1, 4)
    prior, order = generator.normal(0, 0.1, 6), [4, 2, 0, 5, 1, 3]

    found = black_litterman(prior, covariance, picks, views)
    other = black_litterman(prior[order], covariance[np.ix_(order, order)], picks[:, order], views)

    assert np.linalg.eigvalsh(found.uncertainty)[0] > -1e-12
    assert other.returns == pytest.approx(found.returns[order])
    assert other.covariance == pytest.approx(found.covariance[np.ix_(order, order)])


def test_views_are_weighted_by_size_or_evenly() -> None:
    """Each side of a relative view sums to one."""
    assert relative_view([0, 1], [2], 3).tolist() == [0.5, 0.5, -1.0]
    assert relative_view([0, 1], [], 3, sizes=[1, 3, 9]).tolist() == [0.25, 0.75, 0.0]


@pytest.mark.parametrize(
    ("over", "under"), [([], [0]), ([0], [0]), ([3], [0]), ([-1], [0])],
    ids=["nobody", "itself", "not there", "below"],
)  # fmt: skip
def test_a_view_names_each_instrument_once(over: list[int], under: list[int]) -> None:
    """And at least one that will do better."""
    with pytest.raises(ValueError, match="once"):
        relative_view(over, under, 3)


def test_what_does_not_fit_together_is_refused() -> None:
    """Shapes, doubts below zero, confidences beyond one, no uncertainty of the prior."""
    with pytest.raises(ValueError, match="picks"):
        black_litterman(PRIOR, COVARIANCE, [CANADA[:6]], [0.1])
    with pytest.raises(ValueError, match="doubt"):
        black_litterman(PRIOR, COVARIANCE, [CANADA], [0.1], doubt=[-1.0])
    with pytest.raises(ValueError, match="tau"):
        black_litterman(PRIOR, COVARIANCE, [CANADA], [0.1], tau=0.0)
    with pytest.raises(ValueError, match="confidence"):
        confident_doubt([CANADA], COVARIANCE, [1.5])
    with pytest.raises(ValueError, match="above zero"):
        relative_view([0], [1], 2, sizes=[0.0, 1.0])
