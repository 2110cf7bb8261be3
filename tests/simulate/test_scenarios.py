"""Models of markets: what they draw is what was fitted, and what was drawn is fitted again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.estimates.regimes import Regimes, fit_regimes
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.uncertainty.difference import PLACES
from trimtab.simulate.uncertainty.monte_carlo import model_paths, monte_carlo, sessions_after
from trimtab.simulate.uncertainty.paths import figures_of, stream
from trimtab.simulate.uncertainty.scenarios import (
    NormalModel,
    RegimeModel,
    TCopulaModel,
    fit,
    fit_normal,
    fit_t_copula,
)

NAMES = ("A", "B", "C")
CORRELATION = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.1], [-0.3, 0.1, 1.0]])
DEVIATION = np.array([0.01, 0.015, 0.004])
MEAN = np.array([0.0004, 0.0002, 0.0001])


def normal() -> NormalModel:
    """Three instruments."""
    return NormalModel(NAMES, MEAN, CORRELATION * np.outer(DEVIATION, DEVIATION))


def stormy() -> RegimeModel:
    """Calm and storm: twice the volatility and much higher correlations."""
    storm = 0.8 * np.ones((3, 3)) + 0.2 * np.eye(3)
    size = np.outer(DEVIATION, DEVIATION)
    regimes = Regimes(
        np.array([MEAN, -2 * MEAN]),
        np.array([CORRELATION * size, 6.0 * storm * size]),
        np.array([[0.98, 0.02], [0.06, 0.94]]),
        np.empty((0, 2)),
        0.0,
        0,
    )
    return RegimeModel(NAMES, regimes)


def tailed() -> TCopulaModel:
    """Fat tails that come together."""
    return TCopulaModel(
        NAMES, MEAN, DEVIATION, np.array([4.0, 6.0, 10.0]), 50 * DEVIATION, CORRELATION, 5.0
    )


def test_a_normal_model_draws_its_moments() -> None:
    """Means, deviations and correlations of many paths are the fitted ones within error."""
    model, count = normal(), 200_000
    drawn = np.concatenate([model.draw(stream(1, i), 1000) for i in range(count // 1000)])

    error = DEVIATION / np.sqrt(count)
    assert (np.abs(drawn.mean(axis=0) - MEAN) < 4 * error).all()
    assert drawn.std(axis=0) == pytest.approx(DEVIATION, rel=4 / np.sqrt(2 * count))
    assert np.corrcoef(drawn, rowvar=False) == pytest.approx(CORRELATION, abs=4 / np.sqrt(count))


def test_a_fitted_normal_is_historys() -> None:
    """What is fitted are the sample's mean and covariance."""
    returns = np.random.default_rng(1).normal(size=(100, 2)) / 100

    model = fit_normal(returns, ("A", "B"))

    assert model.mean == pytest.approx(returns.mean(axis=0))
    assert model.covariance == pytest.approx(np.cov(returns, rowvar=False))


def test_a_t_copula_draws_its_margins_and_its_taus() -> None:
    """Each margin is its Student t, and Kendall's tau is 2 / pi x arcsin of the correlation."""
    model, count = tailed(), 20_000

    drawn = model.draw(np.random.default_rng(2), count)

    for i, freedom in enumerate(model.freedom):
        scale = DEVIATION[i] * np.sqrt((freedom - 2) / freedom)
        assert stats.kstest(drawn[:, i], stats.t(freedom, MEAN[i], scale).cdf).pvalue > 1e-3
        for j in range(i):
            tau = stats.kendalltau(drawn[:, i], drawn[:, j]).statistic
            expected = 2 / np.pi * np.arcsin(CORRELATION[i, j])
            assert tau == pytest.approx(expected, abs=4 * 0.67 / np.sqrt(count))
    assert drawn.std(axis=0) == pytest.approx(DEVIATION, rel=0.05)


def test_the_worst_days_come_together_as_often_as_the_copula_says() -> None:
    """Lower tail dependence by its closed form (Demarta and McNeil 2005), in the far tail."""
    model = TCopulaModel(
        ("A", "B"), MEAN[:2], DEVIATION[:2], np.full(2, 4.0), 50 * DEVIATION[:2],
        np.array([[1.0, 0.5], [0.5, 1.0]]), 3.0,
    )  # fmt: skip
    drawn = model.draw(np.random.default_rng(3), 400_000)

    low = drawn < np.quantile(drawn, 0.001, axis=0)
    together = low.all(axis=1).sum() / low[:, 0].sum()

    dependence = 2 * stats.t.cdf(-np.sqrt(4.0 * 0.5 / 1.5), 4.0)
    assert together == pytest.approx(dependence, abs=0.09)
    assert together > 0.2  # a normal copula has 0.06 there


def test_a_t_copula_is_found_again() -> None:
    """Fitted to what it drew, its degrees of freedom and correlations come back."""
    drawn = tailed().draw(np.random.default_rng(4), 6000)

    found = fit_t_copula(drawn, NAMES)

    assert found.joint == pytest.approx(5.0, rel=0.25)
    assert 1 / found.freedom == pytest.approx(1 / tailed().freedom, abs=0.04)
    assert found.correlation == pytest.approx(CORRELATION, abs=0.05)
    assert found.mean == pytest.approx(drawn.mean(axis=0))
    assert found.deviation == pytest.approx(drawn.std(axis=0, ddof=1))


def test_no_draw_is_further_than_twice_the_furthest_in_history() -> None:
    """A Student t would some day lose everything at once."""
    known = tailed().draw(np.random.default_rng(5), 500)
    model = fit_t_copula(known, NAMES)

    drawn = model.draw(np.random.default_rng(6), 200_000)

    most = 2 * np.abs(known - known.mean(axis=0)).max(axis=0)
    assert (np.abs(drawn - model.mean).max(axis=0) <= most * (1 + 1e-12)).all()


def test_regimes_are_found_again() -> None:
    """Means, volatilities, correlations and moves of two regimes that are known."""
    model = stormy().regimes
    drawn = stormy().draw(np.random.default_rng(7), 8000)

    found = fit_regimes(drawn)

    assert found.volatility == pytest.approx(model.volatility, rel=0.08)
    assert found.correlations == pytest.approx(model.correlations, abs=0.06)
    assert found.moves == pytest.approx(model.moves, abs=0.02)
    assert found.shares == pytest.approx([0.75, 0.25], abs=0.06)
    error = model.volatility / np.sqrt(252 * 8000 * model.shares[:, None])
    assert (np.abs(found.means - model.means) < 5 * error).all()


def test_three_regimes_are_found_again() -> None:
    """More than two states, in the order of their volatility."""
    size = np.outer(DEVIATION, DEVIATION)
    model = Regimes(
        np.tile(MEAN, (3, 1)),
        np.array([CORRELATION * size * factor for factor in (0.25, 2.0, 16.0)]),
        np.array([[0.97, 0.02, 0.01], [0.02, 0.97, 0.01], [0.02, 0.02, 0.96]]),
        np.empty((0, 3)),
        0.0,
        0,
    )
    drawn = RegimeModel(NAMES, model).draw(np.random.default_rng(8), 8000)

    found = fit_regimes(drawn, states=3)

    assert found.volatility == pytest.approx(model.volatility, rel=0.1)
    assert found.moves == pytest.approx(model.moves, abs=0.02)


def test_regimes_draw_their_long_run() -> None:
    """Moments over many paths are those of the mixture; stays are as long as the moves say."""
    model, count = stormy().regimes, 300
    drawn = np.concatenate([stormy().draw(stream(9, i), 1000) for i in range(count)])

    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(model.covariance)), rel=0.03)
    # Some 4,500 storms came: how long they lasted in all is known to two percent.
    sizes = np.sqrt(np.diag(model.covariance))
    apart = (np.cov(drawn, rowvar=False) - model.covariance) / np.outer(sizes, sizes)
    assert np.abs(apart).max() < 0.06
    assert model.lengths == pytest.approx([50.0, 1 / 0.06])
    assert model.shares == pytest.approx([0.75, 0.25])
    squares = drawn[:, 0] ** 2
    nearby = np.corrcoef(squares[1:], squares[:-1])[0, 1]
    assert nearby > 0.1  # a storm is followed by a storm


def test_correlations_rose_in_the_crises_of_history(shared: Path) -> None:
    """In the stormy regime of five ETFs stocks of the world are closer to each other."""
    prices = read_prices(shared / "data" / "etf_daily_yahoo")

    found = fit(prices, "regimes", symbols=("SPY", "EFA", "VNQ", "AGG"))

    assert isinstance(found, RegimeModel)
    regimes = found.regimes
    calm, storm = regimes.correlations
    assert storm[0, 1] > calm[0, 1] + 0.05
    assert storm[0, 2] > calm[0, 2] + 0.05
    assert (regimes.volatility[1] > 2 * regimes.volatility[0]).all()
    assert regimes.rounds < 500


def test_futures_begin_where_history_ends() -> None:
    """The first price is the last known one; each step is what the model drew."""
    prices = lively(NAMES, 100)
    source = model_paths(normal(), prices, sessions=50, seed=3)

    path = source.path(4)

    assert path.close[0] == pytest.approx(prices.close[-1], rel=1e-15)
    drawn = normal().draw(stream(3, 4), 49)
    assert np.diff(np.log(path.close), axis=0) == pytest.approx(drawn)
    assert path.dates[0] == prices.dates[-1]


def test_a_year_of_the_future_has_252_sessions() -> None:
    """Weekdays, ascending, none twice, from any weekday on."""
    days = sessions_after(np.datetime64("2025-09-26"), 252 * 20 + 1)

    assert (np.diff(days) > np.timedelta64(0)).all()
    assert np.is_busday(days).all()
    years = (days[-1] - days[0]).astype(int) / 365.25
    assert years == pytest.approx(20, abs=0.02)


def test_every_future_is_a_backtest_of_its_own() -> None:
    """Figures over a future are those of a backtest over its prices; threads change nothing."""
    prices = lively(NAMES, 200)
    policies = [
        Policy({"B": 0.5, "A": 0.3, "CASH": 0.2}, when="monthly", name="cash"),
        Policy({"A": 0.5, "C": 0.5}, when="band:3pp", to="edge", name="bands"),
    ]
    options: dict[str, Any] = {"costs": Costs(bps=10), "cash_rate": 0.02}
    model = fit(prices, "normal")

    chance: dict[str, Any] = {"model": model, "years": 1, "paths": 3, "seed": 6}
    found = monte_carlo(prices, policies, **chance, **options)
    alone = monte_carlo(prices, policies, threads=1, **chance, **options)

    assert np.array_equal(found.table, alone.table)
    path = model_paths(model, prices, sessions=253, seed=6).path(2)
    run = backtest(path, policies, **options)
    assert run.ready is not None
    assert np.array_equal(found.table[2], figures_of(run.ready, run.policies))


def test_wealth_left_alone_is_lognormal() -> None:
    """One instrument, never traded: mean and deviation of log wealth by their closed form."""
    model = NormalModel(("A",), MEAN[:1], np.array([[DEVIATION[0] ** 2]]))

    found = monte_carlo(
        lively(("A",), 100), Policy({"A": 1.0}, name="hold"), model=model, years=1, paths=2000
    )

    logs = np.log(found.of("hold", "final_value") / found.cash)
    spread = DEVIATION[0] * np.sqrt(252)
    assert logs.mean() == pytest.approx(252 * MEAN[0], abs=4 * spread / np.sqrt(2000))
    assert logs.std() == pytest.approx(spread, rel=4 / np.sqrt(4000))
    chance = stats.norm.cdf(-252 * MEAN[0] / spread)
    assert found.shortfall()["hold"] == pytest.approx(chance, abs=0.04)
    assert found.shortfall(goal=1e12)["hold"] == 1.0


def test_outcomes_are_told_in_text_page_and_frames() -> None:
    """Median, tails and chances of a loss; frames with all percentiles and every path."""
    prices = lively(NAMES, 200)
    found = monte_carlo(prices, Policy({"A": 1.0}, name="a<b"), years=0.5, paths=20)

    assert "20 futures of 0.5 years" in found.summary()
    assert "a&lt;b" in found._repr_html_()
    frame = found.to_frame("pandas")
    row = frame[frame["figure"] == "final_value"].iloc[0]
    assert row["p50"] == np.median(found.of("a<b", "final_value"))
    paths = found.to_paths("polars")
    assert paths["cagr"].to_list() == found.table[:, 0, PLACES["cagr"]].tolist()
    with pytest.raises(KeyError, match="a<b"):
        found.of("x", "cagr")


@pytest.mark.parametrize(("paths", "is_few"), [(1, True), (99, True), (100, False)])
def test_too_few_futures_have_no_percentiles(paths: int, is_few: bool) -> None:
    """Below 100 paths the ends and the chance of a loss are not told, and text says why."""
    policy = Policy({"A": 1.0}, name="hold")

    found = monte_carlo(lively("A", 300), policy, years=0.5, paths=paths, threads=1)

    row = next(line for line in found.summary().splitlines() if line.startswith("hold"))
    assert ("Too few paths" in found.summary()) is is_few
    assert row.split().count("-") == (4 if is_few else 0)
    ends = np.asarray(found.to_frame("columns")["p5"])
    assert np.isnan(ends).all() == is_few
    assert np.isfinite(np.asarray(found.to_frame("columns")["p50"])).any()


def test_a_difference_over_futures_shows_medians() -> None:
    """There is no history of the future: what stands beside the difference are medians."""
    prices = lively(NAMES, 200)
    both = [Policy({"A": 1.0}, name="a"), Policy({"B": 1.0}, name="b")]
    futures = monte_carlo(prices, both, years=0.5, paths=20)

    found = futures.difference("a", "b")

    growth = found["cagr"]
    medians = tuple(np.median(futures.of(name, "cagr")) for name in "ab")
    assert growth.medians == medians
    assert growth.observed == growth.median
    assert f"{medians[0]:.2%}" in str(found)
    assert "medians over the paths" in str(found)


def test_targets_made_from_prices_see_only_their_future() -> None:
    """On every path a function is asked again, and sees that path up to the look, no session more.

    Four runs: a trial on the first path, then the three.
    """
    seen: list[Any] = []

    def lately(view: PriceHistory) -> dict[str, float]:
        seen.append(view.close.copy())
        return {"A": 1.0} if view.close[-1, 0] > view.close[0, 0] else {"B": 1.0}

    found = monte_carlo(
        lively(NAMES, 200), Policy(lately, when="monthly", name="made"), years=0.5, paths=3,
        threads=1,
    )  # fmt: skip

    assert len(set(found.of("made", "final_value"))) == 3
    looks = [len(close) for close in seen]
    a_path = looks[: looks.index(1, 1)]
    assert looks == a_path * 4
    assert all(15 <= later - earlier <= 24 for earlier, later in pairwise(a_path))
    for earlier, later in pairwise(seen):
        assert len(later) == 1 or np.array_equal(later[: len(earlier)], earlier)
    ends = {close[-1].tobytes() for close in seen if len(close) == a_path[-1]}
    assert len(ends) >= 3


def test_what_cannot_be_fitted_is_named() -> None:
    """Too few prices, prices that never change, models and states that are none."""
    with pytest.raises(InputError, match="teach"):
        fit(lively(NAMES, 30))
    with pytest.raises(InputError, match="never changes"):
        fit(history({"A": [1.0] * 100}))
    with pytest.raises(ValueError, match="t-copula"):
        fit(lively(NAMES, 100), "garch")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="states"):
        fit(lively(NAMES, 100), "regimes", states=1)
    with pytest.raises(ValueError, match="years"):
        monte_carlo(lively(NAMES, 100), Policy({"A": 1.0}), years=0)


def test_money_comes_and_goes_in_futures() -> None:
    """Four percent a year of each future is spent: its growth is that of the future without."""
    prices = lively("AB", 300, seed=3)
    policy = Policy({"A": 0.5, "B": 0.5}, when="monthly", name="monthly")
    options: dict[str, Any] = {"years": 1.0, "paths": 3, "seed": 4}

    plain = monte_carlo(prices, policy, **options)
    spent = monte_carlo(prices, policy, flows=-0.04, **options)
    charged = monte_carlo(prices, policy, fee=0.01, **options)

    assert spent.of("monthly", "cagr") == pytest.approx(plain.of("monthly", "cagr"), abs=2e-3)
    gone = spent.of("monthly", "final_value") / plain.of("monthly", "final_value")
    assert gone == pytest.approx(0.9630, abs=2e-3)  # eleven of twelve months: the last never trades
    kept = charged.of("monthly", "final_value") / plain.of("monthly", "final_value")
    assert kept == pytest.approx(0.99, abs=1e-3)


def test_futures_have_no_volumes_to_make_an_impact_on() -> None:
    """Impact over drawn futures is refused, rather than left out in silence."""
    with pytest.raises(ValueError, match="volumes"):
        monte_carlo(lively("AB", 300), Policy({"A": 1.0}), costs=Costs(impact=1), paths=2)
