"""Expected returns: against published figures, pandas, closed forms and simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.estimates.made import correlated, drawn
from trimtab.estimates.covariance import pairwise_covariance
from trimtab.estimates.expected_returns import (
    bayes_stein,
    compounded_return,
    equilibrium_return,
    fading_return,
    james_stein,
    mean_return,
)


def stock_returns(shared: Path) -> pd.DataFrame:
    """Daily returns of the twenty stocks of PyPortfolioOpt's tests, with gaps before listings."""
    prices = pd.read_csv(shared / "data/pypfopt_stock_prices/stock_prices.csv", index_col=0)
    return prices.pct_change(fill_method=None).iloc[1:]


def gappy() -> np.ndarray:
    """Returns of three instruments of which two begin later and one misses days."""
    table = drawn(300, 3)
    table[:120, 1] = np.nan
    table[::7, 2] = np.nan
    return table


def test_published_figures_of_the_minimum_volatility_portfolio(shared: Path) -> None:
    """Its return, volatility and Sharpe ratio as PyPortfolioOpt's tests state them, to 1e-8."""
    import cvxpy as cp

    table = stock_returns(shared).to_numpy()
    expected, covariance = compounded_return(table), pairwise_covariance(table)
    weights = cp.Variable(20)
    problem = cp.Problem(
        cp.Minimize(cp.quad_form(weights, cp.psd_wrap(covariance))),
        [cp.sum(weights) == 1, weights >= 0],
    )
    tight = {"tol_gap_abs": 1e-14, "tol_gap_rel": 1e-14, "tol_feas": 1e-13}
    problem.solve(solver=cp.CLARABEL, **tight)
    found = expected @ weights.value
    volatility = np.sqrt(weights.value @ covariance @ weights.value)

    published = json.loads((shared / "reference/pypfopt_expected.json").read_text())
    figures = published["performance_return_vol_sharpe"]["min_volatility"]
    assert [found, volatility, (found - 0.02) / volatility] == pytest.approx(figures, rel=1e-8)


def test_published_figures_of_the_tangency_portfolio(shared: Path) -> None:
    """The maximum Sharpe ratio with short sales, in closed form: every estimate enters it.

    PyPortfolioOpt's tests bound weights by -1 and 1, which binds nowhere.
    """
    table = stock_returns(shared).to_numpy()
    excess = compounded_return(table) - 0.02

    sharpe = np.sqrt(excess @ np.linalg.solve(pairwise_covariance(table), excess))

    published = json.loads((shared / "reference/pypfopt_expected.json").read_text())
    figures = published["performance_return_vol_sharpe"]
    assert sharpe == pytest.approx(figures["max_sharpe_short"][2], rel=1e-10)


def test_means_are_those_of_pandas_over_what_is_known() -> None:
    """Arithmetic, compounded and fading means leave gaps out and keep the age of the rest."""
    table = gappy()
    frame = pd.DataFrame(table)

    assert mean_return(table) == pytest.approx(252 * frame.mean().to_numpy(), rel=1e-12)
    compounded = (1 + frame).prod() ** (252 / frame.count()) - 1
    assert compounded_return(table) == pytest.approx(compounded.to_numpy(), rel=1e-10)
    fading = frame.ewm(halflife=40.0).mean().iloc[-1].to_numpy()
    assert fading_return(table, half_life=40.0) == pytest.approx(252 * fading, rel=1e-10)


def test_an_instrument_without_returns_has_no_expected_one() -> None:
    """NaN, and no warning; the others have theirs."""
    table = drawn(50, 2)
    table[:, 0] = np.nan

    for found in (mean_return(table), compounded_return(table), fading_return(table, half_life=9)):
        assert np.isnan(found).tolist() == [True, False]


def test_a_loss_of_everything_compounds_to_minus_one() -> None:
    """Whatever came before and after it."""
    assert compounded_return([[0.5], [-1.0], [0.5]]).tolist() == [-1.0]


def test_compounding_costs_half_the_variance() -> None:
    """log(1 + compounded) is about the mean less half the variance, a year."""
    table = drawn(20_000, 3, seed=4)

    found = np.log1p(compounded_return(table))

    drag = 0.5 * 252 * table.var(axis=0)
    assert found == pytest.approx(mean_return(table) - drag, abs=2e-3)


def test_jorions_estimate_is_his_formula() -> None:
    """Intensity, target and predictive covariance written out as in his paper, term by term."""
    table = drawn(120, 6, seed=1)
    sessions, n = table.shape
    mean = table.mean(axis=0)
    sigma = np.cov(table, rowvar=False) * (sessions - 1) / (sessions - n - 2)
    inverse, ones = np.linalg.inv(sigma), np.ones(n)
    common = ones @ inverse @ mean / (ones @ inverse @ ones)
    away = mean - common * ones
    lam = (n + 2) / (away @ inverse @ away)
    weight = lam / (lam + sessions)
    predictive = sigma * (1 + 1 / (sessions + lam)) + lam / (
        sessions * (sessions + 1 + lam)
    ) * np.outer(ones, ones) / (ones @ inverse @ ones)

    found = bayes_stein(table, sessions_a_year=12)

    assert found.intensity == pytest.approx(weight, rel=1e-9)
    assert found.towards == pytest.approx(12 * common, rel=1e-9)
    assert found.returns == pytest.approx(12 * ((1 - weight) * mean + weight * common), rel=1e-9)
    assert found.covariance == pytest.approx(12 * predictive, rel=1e-9)


def test_shrinking_beats_the_means_on_average() -> None:
    """Stein's promise: over many samples the squared error in the metric of the truth is less.

    For a common return far from the truth too, where it helps least.
    """
    n, sessions = 8, 60
    covariance = correlated(n, 0.4) * np.outer(np.geomspace(0.5, 2, n), np.geomspace(0.5, 2, n))
    truth = np.linspace(-0.001, 0.002, n)
    inverse, root = np.linalg.inv(covariance), np.linalg.cholesky(covariance)
    generator = np.random.default_rng(5)
    errors: dict[str, list[float]] = {"mean": [], "james": [], "far": [], "bayes": []}
    for _ in range(300):
        table = truth + generator.standard_normal((sessions, n)) @ root.T
        for name, found in (
            ("mean", mean_return(table, sessions_a_year=1)),
            ("james", james_stein(table, sessions_a_year=1).returns),
            ("far", james_stein(table, towards=0.01, sessions_a_year=1).returns),
            ("bayes", bayes_stein(table, sessions_a_year=1).returns),
        ):
            errors[name].append(float((found - truth) @ inverse @ (found - truth)))

    risk = {name: np.mean(values) for name, values in errors.items()}
    assert risk["mean"] == pytest.approx(n / sessions, rel=0.1)
    assert risk["james"] < 0.8 * risk["mean"]
    assert risk["bayes"] < 0.8 * risk["mean"]
    assert risk["far"] < risk["mean"]


def test_james_and_steins_estimate_is_their_formula() -> None:
    """Towards a return that was known before: (n - 2) over T times the squared distance."""
    table = drawn(200, 5, seed=2)
    mean, inverse = table.mean(axis=0), np.linalg.inv(np.cov(table, rowvar=False))
    away = mean - 0.05 / 252
    intensity = 3 / (200 * (away @ inverse @ away))

    found = james_stein(table, towards=0.05)

    assert found.intensity == pytest.approx(min(1.0, intensity), rel=1e-9)
    expected = 252 * mean + found.intensity * (0.05 - 252 * mean)
    assert found.returns == pytest.approx(expected, rel=1e-9)


def test_too_few_instruments_are_not_shrunk() -> None:
    """Below three (or four, where the common return is estimated) the means cannot be beaten."""
    assert james_stein(drawn(100, 3)).intensity == 0.0
    assert james_stein(drawn(100, 2), towards=0.05).intensity == 0.0
    assert james_stein(drawn(100, 4)).intensity > 0.0


@pytest.mark.parametrize("estimate", [bayes_stein, james_stein])
def test_order_and_unit_of_instruments_do_not_matter_to_shrinking(estimate: object) -> None:
    """Another order gives the same in that order; measured in percent, a hundred times as much."""
    assert callable(estimate)
    table, order = drawn(90, 5, seed=3), [3, 1, 4, 0, 2]

    found, other, percent = estimate(table), estimate(table[:, order]), estimate(100 * table)

    assert other.returns == pytest.approx(found.returns[order], rel=1e-9)
    assert percent.returns == pytest.approx(100 * found.returns, rel=1e-9)
    assert percent.intensity == pytest.approx(found.intensity, rel=1e-9)


def test_a_singular_sample_is_refused() -> None:
    """Shrinking needs the inverse: fewer sessions than instruments have none."""
    with pytest.raises(ValueError, match="sessions of 30 instruments"):
        bayes_stein(drawn(20, 30))
    with pytest.raises(ValueError, match="singular"):
        james_stein(drawn(20, 30))
    with pytest.raises(ValueError, match="never changes"):
        james_stein(np.column_stack([drawn(50, 3), np.full(50, 0.001)]))


def test_the_market_is_best_at_its_equilibrium_returns() -> None:
    """Maximising return less half the risk aversion times variance gives the market back."""
    covariance = np.cov(drawn(500, 5), rowvar=False) * 252
    market = np.array([0.1, 0.15, 0.2, 0.25, 0.3])

    implied = equilibrium_return(covariance, market, risk_aversion=2.5, risk_free=0.02)

    best = np.linalg.solve(2.5 * covariance, implied - 0.02)
    assert best == pytest.approx(market, rel=1e-9)
    asked = (implied @ market - 0.02) / (market @ covariance @ market)
    assert asked == pytest.approx(2.5)


@pytest.mark.parametrize(
    "returns", [[[0.01]], [0.01, 0.02], np.empty((5, 0))], ids=["one session", "no table", "none"]
)
def test_what_is_no_history_is_refused(returns: object) -> None:
    """Told with its shape."""
    with pytest.raises(ValueError, match="shape"):
        mean_return(returns)  # type: ignore[arg-type]


def test_a_half_life_is_above_zero() -> None:
    """Zero or less would forget before it learns."""
    with pytest.raises(ValueError, match="half_life"):
        fading_return(drawn(10, 2), half_life=0.0)
