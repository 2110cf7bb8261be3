"""What returns are expected: the market's, one's own views on them, or as they are given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import trimtab as tt
from tests.estimates.test_views import COVARIANCE, MARKET
from trimtab.targets.objectives.foreseen import BlackLitterman, View, foresee

NAMES = ["AUL", "CAN", "FRA", "GER", "JAP", "UKG", "USA"]
SIZES = dict(zip(NAMES, (1e3 * MARKET).tolist(), strict=True))
GERMANY = View("GER", 0.05, over=["FRA", "UKG"])
CANADA = View("CAN", 0.03, over="USA")


def blended(*views: View, risk_free: float = 0.0, **more: float) -> tuple[np.ndarray, np.ndarray]:
    """Expected returns and covariance of He and Litterman's countries."""
    asked = BlackLitterman(views, market=SIZES, **more)
    found = foresee(
        asked, np.empty((0, 7)), COVARIANCE, NAMES, risk_free=risk_free, sessions_a_year=1
    )
    return found.expected, found.covariance


def history(seed: int = 3) -> pd.DataFrame:
    """Daily returns of the seven countries."""
    rng = np.random.default_rng(seed)
    moves = rng.multivariate_normal(np.full(7, 2e-4), COVARIANCE / 252, 400)
    return pd.DataFrame(moves, columns=NAMES)


def test_views_by_name_give_he_and_littermans_tables() -> None:
    """Tables 4 and 5 of their paper: groups by market value, doubts as large as the market's."""
    one, _ = blended(GERMANY)
    two, covariance = blended(GERMANY, CANADA)

    best = np.linalg.solve(2.5 * covariance, two)
    assert 100 * one == pytest.approx([4.3, 7.6, 9.3, 11.0, 4.5, 7.0, 8.1], abs=0.051)
    assert 100 * two == pytest.approx([4.4, 8.7, 9.5, 11.2, 4.6, 7.0, 7.5], abs=0.051)
    assert 100 * best == pytest.approx([1.5, 41.9, -3.4, 33.6, 11.0, -8.2, 18.8], abs=0.051)


def test_the_textbook_formula_over_a_history() -> None:
    """[(tau S)^-1 + P' O^-1 P]^-1 [(tau S)^-1 pi + P' O^-1 q], confidences and doubts mixed."""
    moves = history()
    views = [View("USA", 0.09, confidence=0.25), View("JAP", 0.01, over="USA", doubt=0.03)]
    asked = BlackLitterman(views, market=SIZES, risk_aversion=3.0, tau=0.1)

    found = tt.Optimiser("max-sharpe", expected=asked, low=-1.0).fit(moves).result_

    cov = 252 * np.cov(moves.to_numpy(), rowvar=False)
    prior = 3.0 * cov @ MARKET / MARKET.sum() + 0.02
    picks = np.array([[0, 0, 0, 0, 0, 0, 1.0], [0, 0, 0, 0, 1.0, 0, -1.0]])
    omega = np.diag([0.75 / 0.25 * 0.1 * cov[6, 6], 0.03**2])
    precision = np.linalg.inv(0.1 * cov) + picks.T @ np.linalg.inv(omega) @ picks
    right = np.linalg.inv(0.1 * cov) @ prior + picks.T @ np.linalg.inv(omega) @ [0.09, 0.01]
    mean = np.linalg.solve(precision, right)
    assert found.foreseen is not None
    assert found.foreseen.prior is not None
    np.testing.assert_allclose(found.foreseen.expected, mean, rtol=1e-9)
    np.testing.assert_allclose(found.foreseen.prior, prior, rtol=1e-9)
    best = np.linalg.solve(cov + np.linalg.inv(precision), mean - 0.02)
    np.testing.assert_allclose(found.weights, best / best.sum(), atol=1e-8)


def test_without_views_the_market_is_best() -> None:
    """Equilibrium returns are those for which the market itself has the best Sharpe ratio."""
    fitted = tt.Optimiser("max-sharpe", expected=tt.BlackLitterman(market=SIZES)).fit(history())

    np.testing.assert_allclose(fitted.weights_, MARKET / MARKET.sum(), atol=1e-9)


def test_each_view_is_told_before_and_after() -> None:
    """A view that one is half sure of comes out halfway between the market's return and itself."""
    view = View("CAN", 0.2, confidence=0.5)
    asked = BlackLitterman([view], market=SIZES)

    found = foresee(asked, np.empty((0, 7)), COVARIANCE, NAMES, risk_free=0.0, sessions_a_year=1)

    (told,) = found.views
    assert (told.words, told.returns, told.confidence) == ("CAN", 0.2, 0.5)
    assert told.posterior == pytest.approx(0.5 * (told.prior + 0.2))


def test_the_riskless_rate_moves_own_returns_and_no_difference() -> None:
    """Returns are in all: with rates a point higher, equilibrium returns are a point higher."""
    low, _ = blended(CANADA)
    high, _ = blended(CANADA, risk_free=0.01)

    np.testing.assert_allclose(high - low, 0.01)


@pytest.mark.parametrize("form", [dict, pd.Series])
def test_given_returns_are_believed(form: type) -> None:
    """One's own signals, as a dict or a Series in any order, are the expected returns."""
    given = dict(zip(reversed(NAMES), np.linspace(0.01, 0.08, 7).tolist(), strict=True))

    fitted = tt.Optimiser("utility", risk_aversion=3.0, expected=form(given)).fit(history())

    found = fitted.result_
    assert found.expected_return == pytest.approx(
        sum(given[name] * weight for name, weight in zip(NAMES, found.weights, strict=True))
    )
    assert found.weights[0] > 0.3  # the most return, and the least volatility


def test_views_run_as_the_target_of_a_policy() -> None:
    """In a backtest the views meet the covariance of each day; equilibrium holds the market."""
    prices = 100 * (1 + history()).cumprod()
    prices.index = pd.bdate_range("2018-01-01", periods=len(prices))
    bull = tt.BlackLitterman([tt.View("JAP", 0.3, over="USA", confidence=0.9)], market=SIZES)
    policies = [
        tt.Policy(tt.Optimiser("max-sharpe", expected=bull), when="quarterly", name="view"),
        tt.Policy(
            tt.Optimiser("max-sharpe", expected=tt.BlackLitterman(market=SIZES)),
            when="quarterly",
            name="market",
        ),
    ]

    result = tt.backtest(prices, policies)

    assert result["view"].weights["JAP"].iloc[-1] > 0.5
    assert result["market"].weights["USA"].iloc[-1] == pytest.approx(0.615, abs=0.05)


@pytest.mark.parametrize(
    ("expected", "word"),
    [
        ("hope", "one of compounded"),
        (7, "one of compounded"),
        ({"AUL": 0.1}, "CAN, FRA"),
        (dict.fromkeys(NAMES, float("nan")), "no return"),
        (BlackLitterman(), "weighs nothing"),
        (BlackLitterman(market={"XXX": 1.0}), "weighs nothing"),
        (BlackLitterman(market={**SIZES, "XXX": 1.0}), "'XXX'"),
        (BlackLitterman(market={**SIZES, "USA": -1.0}), "USA"),
        (BlackLitterman(market=SIZES, tau=0.0), "tau"),
        (BlackLitterman(market=SIZES, risk_aversion=-1.0), "risk_aversion"),
        (BlackLitterman([View("XXX", 0.1)], market=SIZES), "'XXX'"),
        (BlackLitterman([("USA", 0.1)], market=SIZES), "tt.View"),
    ],
)
def test_expectations_that_make_no_sense_are_refused(expected: object, word: str) -> None:
    """The message names the symbol or the figure."""
    with pytest.raises(ValueError, match=word):
        tt.Optimiser(expected=expected).fit(history())


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        ({"over": "USA"}, "twice"),
        ({"symbols": ()}, "no symbol"),
        ({"symbols": {"USA": 1.0}}, "a symbol or a list"),
        ({"symbols": ["USA", 3]}, "a symbol or a list"),
        ({"over": 0.5}, "a symbol or a list"),
        ({"confidence": 1.1}, "confidence"),
        ({"confidence": 0.0}, "leave it out"),
        ({"confidence": float("nan")}, "confidence"),
        ({"confidence": 0.1, "doubt": 0.1}, "both"),
        ({"doubt": -0.1}, "doubt"),
        ({"returns": float("inf")}, "no return"),
        ({"returns": float("nan")}, "no return"),
        ({"returns": "7%"}, "no return"),
    ],
)
def test_a_view_that_makes_no_sense_is_none(terms: dict[str, Any], word: str) -> None:
    """It is refused where it is made, not where it is used."""
    with pytest.raises(ValueError, match=word):
        View(**{"symbols": "USA", "returns": 0.1, **terms})
