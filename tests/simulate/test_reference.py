"""Published backtests, computed independently, on real prices: to the last printed digit."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import Form, backtest

WORDS = {
    "none": "never",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "annual": "annual",
    "abs5": "band:5pp",
    "rel20": "band:20%",
}


@pytest.fixture(scope="module")
def etfs(shared: Path) -> PriceHistory:
    """The daily ETF prices."""
    return read_prices(shared / "data" / "etf_daily_yahoo")


@pytest.fixture(scope="module")
def cases(shared: Path) -> dict[str, Any]:
    """The published cases."""
    path = shared / "reference" / "independent_rebalancing_backtests.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
@pytest.mark.parametrize("mix", ["spy_agg_6040", "five_asset"])
def test_published_backtests(
    etfs: PriceHistory, cases: dict[str, Any], mix: str, form: Form
) -> None:
    """Twelve policies and costs each: final value to the printed digit, rebalances exactly."""
    case = cases[mix]
    target = dict(zip(case["assets"], case["weights"], strict=True))
    for name, expected in case["results"].items():
        word, _, bps = name.partition("_cost")
        policy = Policy(target, when=WORDS[word])

        found = backtest(etfs, policy, costs=Costs(bps=bps.removesuffix("bp")), form=form)

        one = found.policies[0]
        final = expected["final_value"]
        assert one.final_value == pytest.approx(final, abs=max(1e-9 * final, 0.5e-4))
        assert one.rebalances == expected["n_rebalances"]
        assert one.trade_count == len(target) * expected["n_rebalances"]
        assert one.turnover_one_way == pytest.approx(expected["sum_one_way_turnover"], abs=1e-8)
        assert one.cost_paid == pytest.approx(expected["cost_paid"], abs=1e-4)
        assert one.cagr == pytest.approx(expected["cagr_act365_25"], abs=1e-8)
        assert one.volatility == pytest.approx(expected["ann_vol"], abs=1e-8)
        assert one.max_drawdown == pytest.approx(expected["max_drawdown"], abs=1e-8)
        assert list(one.final_weights.values()) == pytest.approx(
            expected["final_weights"], abs=1e-6
        )
        assert (one.first.isoformat(), one.last.isoformat()) == (case["first"], case["last"])
        assert one.sessions == case["days"]


def _levels(shared: Path, iso: str, first: int, last: int) -> PriceHistory:
    """A country's stocks and bonds as levels that begin at 1 the year before `first`."""
    path = shared / "data" / "jst_macrohistory_r6" / "jst_r6_returns_A.csv"
    with path.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["iso"] == iso]
    years = [row for row in rows if first <= int(row["year"]) <= last]
    levels = {
        name: np.cumprod([1.0, *(1.0 + float(row[key]) for row in years)]).tolist()
        for name, key in (("stocks", "eq_tr"), ("bonds", "bond_tr"))
    }
    dates = [date(first - 1, 12, 31), *(date(int(row["year"]), 12, 31) for row in years)]
    return history(levels, dates=dates)


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
def test_a_century_and_a_half_of_annual_rebalancing(
    shared: Path, cases: dict[str, Any], form: Form
) -> None:
    """60/40 in three countries, rebalanced each year and left alone: terminal wealth to 1e-9."""
    target = {"stocks": 0.6, "bonds": 0.4}
    for case in cases["jst_annual_6040"]:
        prices = _levels(shared, case["iso"], case["first"], case["last"])
        policies = [Policy(target, when="annual", name="yearly"), Policy(target, name="alone")]

        found = backtest(prices, policies, cash=1.0, form=form)

        assert found["yearly"].final_value == pytest.approx(case["rebal_6040_terminal"], rel=1e-9)
        assert found["alone"].final_value == pytest.approx(case["buyhold_6040_terminal"], rel=1e-9)
        returns = np.diff(found["yearly"].value) / found["yearly"].value[:-1]
        worst = int(np.argmin(returns))
        assert case["first"] + worst == case["worst_year"][0]
        assert returns[worst] == pytest.approx(case["worst_year"][1], rel=1e-9)
        assert np.std(returns, ddof=1) == pytest.approx(case["rebal_6040_std"], rel=1e-9)


def test_shannons_demon(shared: Path) -> None:
    """Half in something that doubles and halves in turn, half in cash: rebalancing alone grows."""
    known = json.loads((shared / "reference" / "rebalancing_closed_forms.json").read_text())
    demon = known["shannons_demon"]
    prices = history({"X": [2.0 if t % 2 else 1.0 for t in range(22)]})

    found = backtest(prices, Policy({"X": 0.5, "CASH": 0.5}, when="daily"))

    curve = found.policies[0].value / found.cash
    assert curve[2] == pytest.approx(demon["factor_per_two_alternating_steps"], rel=1e-14)
    assert curve[20] == pytest.approx(demon["after_20_alternating_steps_rebalanced"], rel=1e-14)


def test_costs_agree_with_a_published_example(shared: Path) -> None:
    """PerformanceAnalytics' example: a two-sided turnover of 20% at 1% costs 0.2% of wealth."""
    known = json.loads((shared / "reference" / "rebalancing_closed_forms.json").read_text())
    case = known["portfolio_txn_cost"]
    returns = np.array([[0.0, 0.0], *case["returns"]])
    levels = np.cumprod(1.0 + returns, axis=0)
    prices = history({"A": levels[:, 0].tolist(), "B": levels[:, 1].tolist()})
    first, second = case["start_weights"], case["rebalance_before_period2_to"]
    dated = {
        prices.first: dict(zip("AB", first, strict=True)),
        date(2024, 1, 2): dict(zip("AB", second, strict=True)),
    }

    found = backtest(prices, Policy(dated, when="daily"), costs=Costs(bps=100))

    one = found.policies[0]
    assert one.rebalances == 1
    assert 2 * one.turnover_one_way == pytest.approx(case["turnover_two_sided"])
    assert one.cost_paid == pytest.approx(110_000.0 * case["cost_fraction"])
    # Charged at the close of period 1 it is 0.2% of the wealth that then earns period 2's 20%.
    assert one.value[2] / 110_000.0 == pytest.approx(1.2 * (1 - case["cost_fraction"]))
