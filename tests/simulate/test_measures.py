"""Measures of risk, of keeping to a target and of what it takes: published, closed, undefined."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import product
from math import inf, isnan, log, nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.reports.backtest_text import backtest_text
from trimtab.simulate.measures import metrics
from trimtab.simulate.measures.metrics import (
    annual_return,
    calmar,
    conditional_value_at_risk,
    downside_deviation,
    drawdowns,
    excess_growth,
    excess_kurtosis,
    kept,
    max_drawdown,
    omega,
    per_session,
    sharpe,
    skewness,
    sortino,
    tracking_error,
    value_at_risk,
    volatility,
)
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.policy_result import PolicyResult

HALVES = {"A": 0.5, "B": 0.5}
MIXED = [0.01, 0.10, -0.04, 0.02, 0.03, 0.02, 0.01, -0.10]
NEGATIVE = [0.0, -0.06, -0.07, -0.01, -0.09, -0.02, -0.06, -0.08, -0.05]
POSITIVE = [0.01, 0.02, *[0.01] * 7]

returns_lists = st.lists(st.floats(-0.9, 2.0), min_size=2, max_size=60)


def closed_forms(shared: Path) -> dict[str, Any]:
    """The published closed forms of rebalancing."""
    path = shared / "reference" / "rebalancing_closed_forms.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


# -- published ------------------------------------------------------------------------------------


def test_empyrical_agrees(shared: Path) -> None:
    """Yearly return, volatility, worst fall and Calmar of empyrical's own series, each period."""
    known = json.loads((shared / "reference" / "empyrical_metrics.json").read_text("utf-8"))
    series = [0.0 if r is None else r / 100 for r in known["mixed_returns_pct"]]
    curve = np.cumprod([1.0, *(1.0 + r for r in series)])

    for name, a_year in (("daily", 252), ("weekly", 52), ("monthly", 12)):
        grown = annual_return(series, sessions_a_year=a_year)
        wanted = next(v for k, v in known["annual_return"].items() if k.startswith(name))
        assert grown == pytest.approx(wanted, rel=1e-12)
        # Its daily series begins with no return where the other two begin with zero.
        own = curve[1:] if name == "daily" else curve
        spread = volatility(own, sessions_a_year=a_year)
        assert spread == pytest.approx(known["annual_volatility"][name], rel=1e-9)
    assert max_drawdown(curve) == pytest.approx(known["max_drawdown"], rel=1e-12)
    ratio = calmar(annual_return(series), max_drawdown(curve))
    assert ratio == pytest.approx(known["calmar_daily"], rel=1e-9)
    assert curve[-1] - 1.0 == pytest.approx(known["cum_return_final"], abs=5e-6)


@pytest.mark.parametrize(
    ("figure", "published"),
    [
        (lambda: sharpe(MIXED), 1.7238613961706866),
        (lambda: sharpe(NEGATIVE), -24.406808633910085),
        (lambda: sharpe(POSITIVE), 52.915026221291804),
        (lambda: sortino(MIXED), 2.605531251673693),
        (lambda: sortino(NEGATIVE), -13.532743075043401),
        (lambda: downside_deviation(MIXED), 0.60448325038829653),
        (lambda: downside_deviation(MIXED, least=0.1), 1.7161730681956295),
        (lambda: downside_deviation([0.0, *MIXED], sessions_a_year=12), 0.1243650540411842),
        (lambda: omega(MIXED, least=per_session(10.0)), 0.83354263497557934),
        (lambda: omega(POSITIVE, least=0.011), 1.125),
        (lambda: omega(NEGATIVE, least=0.01), 0.0),
        (lambda: max_drawdown(np.cumprod(1.0 + np.array(NEGATIVE))), -0.36590730349873601),
    ],
)
def test_ratios_of_empyricals_own_tests(figure: Callable[[], float], published: float) -> None:
    """Numbers that empyrical's tests (quantopian/empyrical, test_stats.py) hold it to."""
    assert figure() == pytest.approx(published, abs=1e-8)


# -- closed forms ---------------------------------------------------------------------------------


@given(returns_lists)
def test_moments_are_those_of_scipy(returns: list[float]) -> None:
    """Skewness and excess kurtosis of any sample that varies."""
    if np.std(returns) < 1e-6:
        return

    assert skewness(returns) == pytest.approx(stats.skew(returns), rel=1e-6, abs=1e-6)
    assert excess_kurtosis(returns) == pytest.approx(stats.kurtosis(returns), rel=1e-6, abs=1e-6)


@given(returns_lists, st.sampled_from([0.01, 0.05, 0.25, 0.5, 1.0]))
def test_the_tail_is_what_its_definition_says(returns: list[float], tail: float) -> None:
    """VaR is met or undercut by the tail's share at least; CVaR is the best of its own bounds.

    Rockafellar and Uryasev: the mean loss of the tail is the least, over all thresholds, of the
    threshold plus the mean excess of the losses over it, divided by the tail.
    """
    losses = -np.array(returns)

    var, cvar = value_at_risk(returns, tail=tail), conditional_value_at_risk(returns, tail=tail)

    met = np.mean(losses >= -var)
    undercut = np.mean(losses > -var)
    assert met >= tail - 1e-9
    assert undercut <= tail + 1e-9
    bounds = [a + np.maximum(losses - a, 0.0).mean() / tail for a in losses]
    assert -cvar == pytest.approx(min(bounds), rel=1e-9, abs=1e-12)
    assert cvar <= var + 1e-12


def test_the_tail_of_the_normal_distribution() -> None:
    """The worst of twenty normal returns: 1.644854 and 2.062713 deviations below the mean.

    The quantile of the normal table, and its density there over a twentieth (McNeil, Frey and
    Embrechts, Quantitative Risk Management, example 2.14).
    """
    count = 200_000
    returns = stats.norm.ppf((np.arange(count) + 0.5) / count).tolist()

    var, cvar = value_at_risk(returns), conditional_value_at_risk(returns)

    assert var == pytest.approx(-1.644854, abs=5e-5)
    assert cvar == pytest.approx(-2.062713, abs=5e-5)


def test_the_tail_of_a_hundred_and_of_a_hundred_and_one() -> None:
    """Of 100 sessions the worst five count whole; of 101 a twentieth of the sixth as well."""
    worst = [-0.10, -0.09, -0.08, -0.07, -0.06, -0.05]

    of_100 = [*worst, *[0.01] * 94]
    of_101 = [*worst, *[0.01] * 95]

    assert (value_at_risk(of_100), value_at_risk(of_101)) == (-0.06, -0.05)
    assert conditional_value_at_risk(of_100) == pytest.approx(-0.08)
    assert conditional_value_at_risk(of_101) == pytest.approx((-0.40 - 0.05 * 0.05) / 5.05)


@given(returns_lists, st.floats(0.1, 10.0))
def test_ratios_do_not_depend_on_the_size_of_bets(returns: list[float], size: float) -> None:
    """Sharpe, Sortino, Omega, skewness and kurtosis stay when every return is scaled."""
    scaled = [size * r for r in returns]

    for figure in (sharpe, sortino, omega, skewness, excess_kurtosis):
        before, after = figure(returns), figure(scaled)
        if not isnan(before) and not isnan(after):
            assert after == pytest.approx(before, rel=1e-6, abs=1e-6)


def test_a_riskless_rate_is_earned_by_the_riskless_asset() -> None:
    """What earns 5% a year without varying has no Sharpe ratio, and grows by 5%."""
    steady = [per_session(0.05)] * 252

    assert annual_return(steady) == pytest.approx(0.05)
    assert isnan(sharpe(steady, risk_free=0.05))
    assert sharpe([0.01, -0.01], risk_free=0.05) == pytest.approx(
        -per_session(0.05) * 252 / (sqrt(2 * 0.01**2) * sqrt(252))
    )


# -- falls ----------------------------------------------------------------------------------------


def test_the_table_of_falls_by_hand() -> None:
    """Depth, peak, trough and recovery of each fall, deepest first; the last is not over."""
    days = np.busday_offset("2024-01-01", np.arange(9), roll="forward")
    curve = [100.0, 90.0, 95.0, 100.0, 110.0, 55.0, 110.0, 121.0, 108.9]

    deepest, first, last = drawdowns(curve, days)

    assert (deepest.depth, first.depth, last.depth) == pytest.approx((-0.5, -0.1, -0.1))
    assert (first.peak, first.trough, first.recovery) == (
        date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 4),
    )  # fmt: skip
    assert (first.fall_sessions, first.recovery_sessions, first.under_water_days) == (1, 2, 3)
    assert (deepest.peak, deepest.recovery) == (date(2024, 1, 5), date(2024, 1, 9))
    assert deepest.under_water_days == 4
    assert (last.recovery, last.recovery_sessions, last.under_water_days) == (None, None, 1)


@given(st.lists(st.floats(-0.5, 0.8), min_size=1, max_size=40))
def test_falls_cover_the_time_under_water_once(returns: list[float]) -> None:
    """The deepest is the worst fall; falls do not overlap, and outside of them there is a high."""
    curve = np.cumprod([100.0, *(1.0 + r for r in returns)])
    days = np.busday_offset("2024-01-01", np.arange(len(curve)), roll="forward")

    found = drawdowns(curve, days)

    assert min([one.depth for one in found], default=0.0) == pytest.approx(
        max_drawdown(curve), abs=1e-12
    )
    under = np.zeros(len(curve), dtype=int)
    for one in found:
        until = days[-1] + 1 if one.recovery is None else np.datetime64(one.recovery)
        under += (days > np.datetime64(one.peak)) & (days < until)
    assert under.max() <= 1
    fallen = curve / np.maximum.accumulate(curve) < 1.0 - 1e-12
    assert not (fallen & (under == 0)).any()


# -- not defined ----------------------------------------------------------------------------------

ODD: list[list[float]] = [
    [], [0.01], [0.0, 0.0], [0.01] * 5, [nan, 0.01], [inf, 0.01], [-1.0, -1.0], [-1.0, 1e308],
    [1e-300, -1e-300], [0.1, 0.2], [1e149, 1e149, -1.0],
]  # fmt: skip


@pytest.mark.parametrize("returns", ODD, ids=str)
def test_figures_of_odd_returns_are_numbers_or_nan(returns: list[float]) -> None:
    """Too few returns, none that vary, none that are numbers: NaN, no exception, no warning."""
    figures = [
        annual_return, metrics.deviation_of, downside_deviation, sharpe, sortino, omega, skewness,
        excess_kurtosis, value_at_risk, conditional_value_at_risk,
    ]  # fmt: skip

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [figure(returns) for figure in figures]
        found.append(tracking_error(returns, returns))

    assert all(isinstance(one, float) and one not in (inf, -inf) for one in found)
    if not returns or not max(returns) < 1e150:
        assert all(isnan(one) for one in found)


def test_what_cannot_be_divided_is_nan() -> None:
    """Nothing varied, nothing fell short, nothing fell, no time passed: no ratio."""
    day = date(2024, 1, 1)

    assert isnan(sharpe([0.01, 0.01, 0.01]))
    assert isnan(sortino([0.01, 0.02]))
    assert isnan(omega([0.01, 0.02]))
    assert isnan(calmar(0.1, 0.0))
    assert isnan(metrics.cagr(1.0, 2.0, day, day))
    assert isnan(metrics.cagr(1.0, -2.0, day, date(2025, 1, 1)))
    assert isnan(metrics.cagr(1.0, 1e300, day, date(2024, 1, 2)))
    assert isnan(max_drawdown([]))
    assert isnan(max_drawdown([0.0, 1.0]))
    assert drawdowns([nan, 1.0], np.array(["2024-01-01", "2024-01-02"], "datetime64[D]")) == ()
    assert isnan(kept([10.0], [10.0]))
    assert isnan(excess_growth([nan, 1.0], [[1.0, 0.0], [0.0, 1.0]]))


# -- what rebalancing adds ------------------------------------------------------------------------


def test_the_excess_growth_rate_matches_published_ones(shared: Path) -> None:
    """Two and four assets, correlated and not."""
    two, four = closed_forms(shared)["excess_growth_rate"]
    sigma = np.array(two["sigma"])

    correlated = excess_growth(two["w"], np.array(two["corr"]) * np.outer(sigma, sigma))
    independent = excess_growth(four["w"], np.diag(np.square(four["sigma"])))

    assert correlated == pytest.approx(two["value"], rel=1e-12)
    assert independent == pytest.approx(four["value"], rel=1e-12)


def corners(moves: np.ndarray[Any, Any], sessions: int) -> PriceHistory:
    """Log-price walks through every combination of signs in turn: exact moments, no chance.

    Args:
        moves: A matrix M with M M' the covariance of a session's log returns, shape (n, n).
        sessions: Sessions, a multiple of 2 to the power of n.
    """
    n = len(moves)
    signs = np.array(list(product([1.0, -1.0], repeat=n)))
    steps = np.tile(signs, (sessions // len(signs), 1)) @ moves.T
    levels = np.exp(np.cumsum(np.vstack([np.zeros(n), steps]), axis=0))
    return history({f"S{i}": 100.0 * levels[:, i] for i in range(n)})


@pytest.mark.parametrize("case", [0, 1])
def test_the_backtester_earns_the_excess_growth_rate(shared: Path, case: int) -> None:
    """Prices that vary as published and go nowhere: rebalanced daily, the log grows by that rate.

    A session's move is not infinitely small: what is left over is of the order of its variance.
    """
    known = closed_forms(shared)["excess_growth_rate"][case]
    sigma = np.array(known["sigma"])
    corr = np.eye(len(sigma)) if known["corr"] == "identity" else np.array(known["corr"])
    V = corr * np.outer(sigma, sigma)
    sessions, a_year = 16 * 400, 100_000.0
    prices = corners(np.linalg.cholesky(V / a_year), sessions)
    target = {f"S{i}": weight for i, weight in enumerate(known["w"])}

    # The last session never trades, but neither is there anything left to earn.
    one = backtest(prices, Policy(target, when="daily"), cash=1.0).policies[0]

    assert prices.close[-1] == pytest.approx(prices.close[0], rel=1e-9)
    rate = log(one.final_value) * a_year / sessions
    assert rate == pytest.approx(known["value"], rel=1e-3)


def test_shannons_demon_and_holding_still(shared: Path) -> None:
    """Doubling and halving beside cash grows by the published log a step; held, it does not."""
    demon = closed_forms(shared)["shannons_demon"]
    prices = history({"X": [2.0 if t % 2 else 1.0 for t in range(22)]})
    target = {"X": 0.5, "CASH": 0.5}
    policies = [Policy(target, when="daily", name="demon"), Policy(target, name="still")]

    found = backtest(prices, policies)

    steps = np.log(found["demon"].value[20] / found.cash) / 20
    assert steps == pytest.approx(demon["growth_log_per_step"], rel=1e-12)
    held = found["still"].value[20] / found.cash
    assert held == pytest.approx(demon["buy_hold_5050_after_even_alternating"], rel=1e-12)


def test_a_rebalance_half_way_back_from_above_and_below(shared: Path) -> None:
    """Daryanani's example: beyond 48% or 72% of a 60% target, back to 54% or 66% and no further."""
    rule = closed_forms(shared)["relative_band"]
    target = {"X": rule["target"], "CASH": 1.0 - rule["target"]}
    # A fifth of 60% is 12pp; said so, it is the band of the other side as well.
    width = 100 * rule["target"] * rule["rebalance_band_rel"]

    def restored(weight: float) -> float:
        price = weight / (1.0 - weight) * (1.0 - rule["target"]) / rule["target"]
        policy = Policy(target, when=f"band:{width:g}pp", to="half")
        prices = history({"X": [1.0, price, price]})
        return float(backtest(prices, policy).policies[0].final_weights["X"])

    assert restored(rule["upper"] + 0.01) == pytest.approx(rule["restore_to_when_above"])
    assert restored(rule["lower"] - 0.01) == pytest.approx(rule["restore_to_when_below"])
    inside = (rule["upper"] - 0.001, rule["lower"] + 0.001)
    assert [restored(weight) for weight in inside] == pytest.approx(inside)


def test_drift_and_the_turnover_that_undoes_it(shared: Path) -> None:
    """One session's drift, the portfolio's return, and what has to move to restore it."""
    case = closed_forms(shared)["drift"]
    symbols = "ABC"
    moved = [1.0 + r for r in case["returns"]]
    prices = history({s: [1.0, m, m] for s, m in zip(symbols, moved, strict=True)})
    target = dict(zip(symbols, case["weights"], strict=True))
    policies = [Policy(target, name="still"), Policy(target, when="daily", name="daily")]

    found = backtest(prices, policies, cash=1.0)

    still, daily = found["still"], found["daily"]
    assert still.shares[1] == pytest.approx(case["drifted"], rel=1e-12)
    assert still.value[1] - 1.0 == pytest.approx(case["portfolio_return"], rel=1e-12)
    assert still.measures.drift_max == pytest.approx(case["one_way_turnover_to_restore"], rel=1e-12)
    assert daily.turnover_one_way == pytest.approx(case["one_way_turnover_to_restore"], rel=1e-12)
    assert daily.measures.drift_max == pytest.approx(0.0, abs=1e-15)


# -- of a backtest --------------------------------------------------------------------------------


def _one(prices: PriceHistory, policy: Policy, **options: Any) -> PolicyResult:
    return backtest(prices, policy, **options).policies[0]


def test_cost_drag_is_the_difference_to_the_published_run_without_costs(shared: Path) -> None:
    """The CAGR without costs, computed by others, is the CAGR with costs and the drag."""
    path = shared / "reference" / "independent_rebalancing_backtests.json"
    cases = json.loads(path.read_text("utf-8"))["spy_agg_6040"]["results"]
    prices = read_prices(shared / "data" / "etf_daily_yahoo")
    target = {"SPY": 0.6, "AGG": 0.4}

    for word, when in (("monthly", "monthly"), ("abs5", "band:5pp"), ("rel20", "band:20%")):
        one = _one(prices, Policy(target, when=when), costs=Costs(bps="10"))

        free = cases[f"{word}_cost0bp"]["cagr_act365_25"]
        charged = cases[f"{word}_cost10bp"]["cagr_act365_25"]
        assert one.measures.cost_drag == pytest.approx(free - charged, abs=1.1e-8)


@pytest.mark.parametrize("when", ["monthly", "band:3pp", "drift:2pp"])
@pytest.mark.parametrize("trade_at", ["close", "next-close"])
@pytest.mark.parametrize("rule", ["once", "solved"])
def test_cost_drag_is_the_difference_to_the_run_without_costs(
    when: str, trade_at: Any, rule: Any
) -> None:
    """Costs leave weights alone, so handing them back gives the very run without costs."""
    prices, policy = lively("ABC", 400, seed=3), Policy({"A": 0.5, "B": 0.3, "C": 0.2}, when=when)

    charged = _one(prices, policy, costs=Costs(bps=40), trade_at=trade_at, cost_rule=rule)
    free = _one(prices, policy, trade_at=trade_at)

    assert charged.rebalances == free.rebalances > 0
    assert charged.measures.cost_drag == pytest.approx(free.cagr - charged.cagr, rel=1e-9)
    assert free.measures.cost_drag == 0.0


def test_taxes_owed_drag_by_what_paying_them_would_have_taken() -> None:
    """A tax of a tenth at the end of two years takes a tenth of the wealth."""
    span: dict[str, Any] = {
        "start_value": 100.0,
        "final_value": 144.0,
        "first": date(2021, 1, 1),
        "last": date(2023, 1, 1),
    }

    owed = metrics.drag_of_owed([14.4], [144.0], **span)
    paid = metrics.drag_of_paid([16.0], [160.0], **span)

    years = 730 / 365.25
    assert owed == pytest.approx(1.44 ** (1 / years) - 1.296 ** (1 / years))
    assert paid == pytest.approx(1.6 ** (1 / years) - 1.44 ** (1 / years))


def test_held_at_target_every_session_nothing_is_off_target() -> None:
    """Rebalanced daily at no cost it is the target portfolio; only the last day never trades."""
    one = _one(lively("AB", 300), Policy(HALVES, when="daily")).measures

    assert one.tracking_error == 0.0
    assert one.tracking_difference == pytest.approx(0.0, abs=1e-9)
    assert one.drift_mean == pytest.approx(one.drift_max / 300, rel=1e-6)


def test_drift_over_time_has_a_closed_form() -> None:
    """Held and not traded, w of A is wa / (wa + 1 - w) when A has grown by a: drift is the rest."""
    grown = np.linspace(1.0, 3.0, 50)
    prices = history({"A": (10.0 * grown).tolist(), "B": [10.0] * 50})

    one = backtest(prices, Policy({"A": 0.6, "B": 0.4}, "never")).policies[0]

    wanted = 0.6 * grown / (0.6 * grown + 0.4) - 0.6
    assert one.drift["drift"].tolist() == pytest.approx(wanted.tolist(), abs=1e-12)
    assert one.measures.drift_mean == pytest.approx(wanted.mean())
    assert one.measures.drift_max == pytest.approx(wanted[-1])


def test_tracking_error_has_a_closed_form() -> None:
    """A stock that swings by s beside cash, held at 60% but meant at 60% once: the gap's deviation.

    Up by s and down by s / (1 + s), over and over: bought once and held, the stock's weight is
    60% before each rise and u = 0.6 (1 + s) / (1 + 0.6 s) before each fall, so that the gap to the
    target is 0 and (u - 0.6) of the fall, by turns.
    """
    swing, pairs = 0.5, 60
    prices = history({"A": [10.0, 15.0] * pairs + [10.0]})

    one = backtest(prices, Policy({"A": 0.6, "CASH": 0.4}, "never")).policies[0]

    fall = swing / (1.0 + swing)
    gap = (0.6 * (1.0 + swing) / (1.0 + 0.6 * swing) - 0.6) * fall
    count = 2 * pairs
    wanted = gap / 2.0 * (count / (count - 1)) ** 0.5 * 252**0.5
    assert one.measures.tracking_error == pytest.approx(wanted, rel=1e-12)


def test_tracking_error_by_hand() -> None:
    """Never rebalanced, half in what doubles: the second session is off by a sixth of its move."""
    prices = history({"A": [1.0, 2.0, 3.0, 3.0], "B": [1.0, 1.0, 1.0, 1.0]})

    one = _one(prices, Policy(HALVES)).measures

    # Weights are 1/2, 2/3, 3/4; A moves by 100%, 50%, 0%.
    differences = [0.0, (2 / 3 - 1 / 2) * 0.5, 0.0]
    assert one.tracking_error == pytest.approx(np.std(differences, ddof=1) * sqrt(252))
    assert one.drift_mean == pytest.approx((0 + 1 / 6 + 1 / 4 + 1 / 4) / 4)
    assert one.drift_max == pytest.approx(1 / 4)


def test_a_dated_target_is_followed_from_its_date() -> None:
    """Drift and tracking error are against the target that is current, not the first one."""
    prices = lively("AB", 40)
    turn = prices.dates[20].item()
    dated = {prices.first: {"A": 0.9, "B": 0.1}, turn: {"A": 0.2, "B": 0.8}}

    kept_to = _one(prices, Policy(dated, when="daily"))
    ignored = _one(prices, Policy(dated, when="never"))

    assert kept_to.targets[19].tolist() == [0.9, 0.1]
    assert kept_to.targets[20].tolist() == [0.2, 0.8]
    assert kept_to.measures.tracking_error == 0.0
    assert ignored.measures.drift_max > 0.6


def test_a_target_made_from_data_has_no_drift_until_its_rows_are_given() -> None:
    """Without the rows that were made the measures against it are unknown; with them, known."""
    made = _one(lively("AB", 60), Policy(lambda view: HALVES, when="daily"))
    unknown = replace(made, aims=None, aim_at=None)
    width = len(made.symbols)
    row = np.array([[HALVES.get(symbol, 0.0) for symbol in made.symbols]])
    at = np.array([0, *[-1] * (made.sessions - 1)])

    given_rows = replace(made, aims=row, aim_at=at)

    assert isnan(unknown.measures.tracking_error)
    assert isnan(unknown.measures.drift_mean)
    assert unknown.to_dict()["measures"]["tracking_error"] is None
    assert given_rows.targets.shape == (made.sessions, width)
    # Traded one close later, by default: never far off, never quite there.
    assert 0.0 < given_rows.measures.drift_max < 0.05


def test_counts_of_a_run() -> None:
    """Trades are single orders without cash; turnover a year is that of the run over its years."""
    prices = lively("AB", 505)
    target = {"A": 0.4, "B": 0.4, "CASH": 0.2}

    one = _one(prices, Policy(target, when="monthly"))

    years = (one.last - one.first).days / 365.25
    assert one.measures.trades == 2 * one.rebalances > 0
    assert one.measures.turnover_a_year == pytest.approx(one.turnover_one_way / years)
    assert one.measures.time_weighted_return == pytest.approx(one.final_value / one.cash - 1.0)
    assert one.measures.money_weighted_return == pytest.approx(
        (one.final_value / one.cash) ** (365 / (one.last - one.first).days) - 1.0
    )


def test_measures_reach_every_kind_of_result() -> None:
    """JSON, frames, tables and rolling figures say the same; names do not clash."""
    policies = [Policy(HALVES, when="monthly", name="m"), Policy(HALVES, name="n")]
    found = backtest(lively("AB", 300), policies, costs=Costs(bps=5))
    one = found["m"]

    printed, frame = one.to_dict(), found.to_frame("columns")
    text = backtest_text(found, width=80)

    assert json.loads(json.dumps(printed, allow_nan=False)) == printed
    assert not set(printed["measures"]) & set(printed)
    assert printed["measures"]["sharpe"] == one.measures.sharpe == frame["sharpe"][0]
    assert printed["measures"]["tax_drag"] is None
    assert len(frame["drift_max"]) == 2
    assert "tracking error" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    deepest = printed["measures"]["drawdowns"][0]["depth"]
    assert deepest == pytest.approx(printed["max_drawdown"], abs=1e-14)
    assert one.drawdowns["depth"][0] == deepest


def test_rolling_figures_are_those_of_their_window() -> None:
    """At each session the figures of the window that ends there; before the first window NaN."""
    one = _one(lively("AB", 60), Policy(HALVES, when="monthly"))

    rolled = one.rolling(20)

    assert np.isnan(rolled["volatility"][:20]).all()
    assert np.isnan(one.rolling(100)["return"]).all()
    for at in (20, 41, 59):
        window = one.value[at - 20 : at + 1]
        assert rolled["volatility"][at] == pytest.approx(volatility(window))
        assert rolled["return"][at] == pytest.approx(window[-1] / window[0] - 1.0)


def test_a_run_of_two_sessions_has_few_measures() -> None:
    """What two sessions cannot tell is None in JSON and a dash in the table, without a warning."""
    found = backtest(history({"A": [1.0, 1.1], "B": [1.0, 1.0]}), Policy(HALVES))

    measures = found.policies[0].to_dict()["measures"]

    assert measures["sharpe"] is None
    assert measures["tracking_error"] is None
    assert measures["drift_max"] == pytest.approx(1.1 / 2.1 - 0.5)
    assert " - " in backtest_text(found)


def test_prices_once_a_month_are_said_to_be_so() -> None:
    """Where sessions are no days, the report says so and how many a year are counted."""
    months = [date(2000 + k // 12, k % 12 + 1, 1) for k in range(60)]
    prices = lively("AB", 60, dates=months)

    one = backtest(prices, Policy(HALVES))

    assert "12 times a year" in backtest_text(one)
    assert "times a year" not in backtest_text(backtest(lively("AB", 600), Policy(HALVES)))
    daily = one.policies[0].measured(sessions_a_year=252).sharpe
    assert daily == pytest.approx(one.policies[0].measures.sharpe * sqrt(252 / 12))
