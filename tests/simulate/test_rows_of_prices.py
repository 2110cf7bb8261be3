"""How far apart prices are, and whether they move: what a run says of its rows, and counts by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import sqrt

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.costs import Costs
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import sweep
from trimtab.simulate.measures.metrics import sessions_a_year
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.prices.unchanged import unchanged_findings
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.monte_carlo import monte_carlo

HALVES = {"A": 0.5, "B": 0.5}


def months(count: int) -> list[date]:
    """The last day of each of so many months."""
    firsts = [date(2000 + k // 12, k % 12 + 1, 1) for k in range(1, count + 1)]
    return [first - timedelta(days=1) for first in firsts]


def apart(days: int, count: int = 12) -> list[date]:
    """Dates so many days apart."""
    return [date(2001, 1, 5) + timedelta(days=days * k) for k in range(count)]


@pytest.mark.parametrize(
    ("dates", "rate"),
    [
        (apart(1), 252),
        (apart(3, 2), 252),
        ([*apart(1), *apart(1, 40)[35:]], 252),
        (apart(7), 52),
        (apart(14), 26),
        (months(30), 12),
        (months(2), 12),
        (months(37)[::3], 4),
        (months(61)[::12], 1),
        (apart(60), 365.25 / 60),
        (apart(1, 1), 252),
    ],
)
def test_sessions_a_year_go_by_the_usual_gap(dates: list[date], rate: float) -> None:
    """Days count 252 a year, however many holes they have; weeks 52, months 12, years 1."""
    assert sessions_a_year(np.array(dates, dtype="datetime64[D]")) == pytest.approx(rate)


def test_monthly_risk_is_a_years_everywhere() -> None:
    """Backtest, sweep and shuffled histories multiply monthly deviations by the root of 12."""
    prices = lively("AB", 60, dates=months(60))
    monthly = Policy(HALVES, "quarterly", name="one")

    result = backtest(prices, monthly, costs=Costs(bps=10))
    swept = sweep(prices, grid(monthly, costs=Costs(bps=10)), threads=1)
    paths = bootstrap(result, paths=3, threads=1)

    one = result.policies[0]
    returns = one.value[1:] / one.value[:-1] - 1.0
    wanted = float(np.std(returns, ddof=1)) * sqrt(12)
    assert one.volatility == pytest.approx(wanted)
    assert one.measures.sessions_a_year == 12
    assert one.measures.sharpe == pytest.approx(returns.mean() * 12 / wanted)
    assert swept.figures["volatility"][0] == pytest.approx(wanted)
    assert swept.figures["tracking_error"][0] == pytest.approx(one.measures.tracking_error)
    observed = dict(zip(("final_value", "cagr", "volatility"), paths.observed[0], strict=False))
    assert observed["volatility"] == pytest.approx(wanted)
    assert paths.of("one", "volatility").mean() == pytest.approx(wanted, rel=0.5)
    rolled = one.rolling(12)["volatility"][-1]
    assert rolled == pytest.approx(float(np.std(returns[-12:], ddof=1)) * sqrt(12))


def test_models_of_days_refuse_months() -> None:
    """A model that draws days is not fitted to monthly prices."""
    prices = lively("AB", 300, dates=months(300))

    with pytest.raises(InputError, match="12 times a year"):
        monte_carlo(prices, Policy(HALVES), model="normal", years=1, paths=2)


def stuck(sessions: int, still: int) -> PriceHistory:
    """Two symbols that wander, of which one stands still for some sessions in the middle."""
    prices = lively("AB", sessions)
    close = prices.close.copy()
    close[100 : 100 + still, 0] = close[100, 0]
    return history({"A": close[:, 0].tolist(), "B": close[:, 1].tolist()})


@pytest.mark.parametrize("still", [20, 21, 37, 60])
def test_a_price_that_stands_still_for_a_month_is_told(still: int) -> None:
    """Sixty identical closes in a row are a note, with where they are and how many."""
    found = backtest(stuck(300, still), Policy(HALVES)).findings

    (told,) = (one for one in found if one.code == "price-unchanged")
    assert (told.subject, told.severity) == ("A", "info")
    assert f"for {still} sessions" in told.message
    assert str(stuck(300, still).dates[100]) in told.message


def test_a_price_that_stands_still_for_less_is_not_told() -> None:
    """Nineteen sessions are not told, nor is money, whose price never moves."""
    money = history({"A": [1.0] * 300, "B": lively("B", 300).close[:, 0].tolist()})

    assert unchanged_findings(stuck(300, 19)) == ()
    assert unchanged_findings(money) == ()


def test_who_has_too_little_volume_is_named() -> None:
    """A note on volumes names the instrument, also one that is called like a part of a word."""
    prices = replace(lively("AB", 60), volume=np.full((60, 2), 1e6))
    volume = prices.volume.copy()  # type: ignore[union-attr]
    volume[30:34, 0] = np.nan
    prices = replace(prices, symbols=("T", "B"), volume=volume)
    target = {"T": 0.5, "B": 0.5}

    found = backtest(prices, Policy(target), costs=Costs(impact=1), participation=0.1)

    told = [one for one in found.findings if one.code == "volume-unknown"]
    assert ["volume of T, B was" in told[0].message, told[1].subject] == [True, "T"]
    assert "volume of T is" in told[1].message


def test_notes_on_volume_are_one_for_all_and_leave_out_what_is_gone() -> None:
    """The same sessions without volume are told once, and none of those after prices ended."""
    prices = lively("AB", 60)
    volume = np.full((60, 2), 1e6)
    close = prices.close.copy()
    volume[30:] = np.nan
    volume[40:, 0] = 1e6
    close[40:, 1] = np.nan
    prices = replace(prices, volume=volume, close=close)

    found = backtest(
        prices, Policy({"A": 0.5, "B": 0.5}), participation=0.1, delisted=["B"], missing="hold"
    )

    told = [one.message for one in found.findings if one.code == "volume-unknown"]
    what = "no volume of A, B is known: nothing is traded in it then"
    assert told == [f"on 10 sessions {what}, first on {prices.dates[30]}."]
