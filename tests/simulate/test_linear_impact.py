"""Permanent and temporary impact in runs: one object with the calculator of a single order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.costs.impact import expected_cost
from trimtab.model.errors import OptionError
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import Form, backtest
from trimtab.simulate.research.policy_result import PolicyResult
from trimtab.simulate.uncertainty.monte_carlo import monte_carlo

PRICE = 50.0
USUAL = 5_000_000.0
BEGINS = 30
SESSIONS = 60


def _market(sessions: int = SESSIONS) -> PriceHistory:
    """At 50 on sessions of an even number, which alone have volume; volatility never changes."""
    price = np.where(np.arange(sessions) % 2, 51.0, PRICE)
    volume = np.where(np.arange(sessions) % 2, 0.0, 2.0 * USUAL)
    return replace(history({"A": price}), volume=volume[:, None])


def _volatility(prices: PriceHistory) -> float:
    close = prices.close[:20, 0]
    return float(np.std(np.append(close[1:], PRICE) / close - 1.0, ddof=1))


def _liquidated(units: float, days: int, costs: Costs, form: Form = "interpreted") -> PolicyResult:
    """The sale of so many units in equal parts, on so many sessions with volume."""
    prices = _market()
    weights = {prices.dates[BEGINS]: {"A": 1.0}, prices.dates[BEGINS + 2]: {"CASH": 1.0}}
    target = {day.astype("O"): {"A": 0.0, "CASH": 0.0, **own} for day, own in weights.items()}
    # On weekdays from Monday on, both fall on days that the policy looks at.
    return backtest(
        prices, Policy(target, when="daily"), costs=costs, cash=units * PRICE, trade_at="close",
        participation=units / days / (2.0 * USUAL), form=form,
    ).policies[0]  # fmt: skip


def _codes(result: Any) -> set[str]:
    return {finding.code for finding in result.findings}


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
def test_a_sale_in_equal_parts_costs_what_the_paper_says(shared: Path, form: Form) -> None:
    """A run over the order of Almgren and Chriss pays their expected cost: equation 8."""
    cases = json.loads((shared / "reference" / "almgren_chriss_paper.json").read_text())["cases"]
    case = next(one for one in cases if one["lam"] == 0.0)
    scale = USUAL / (PRICE * _volatility(_market()))
    costs = Costs(
        # Half of what a day moves the price is part of the paper's eta.
        temporary_impact=(case["eta"] - case["gamma"] / 2.0) * scale,
        permanent_impact=case["gamma"] * scale,
        per_share=case["epsilon"],
    )

    run = _liquidated(case["X"], case["N"], costs, form)

    assert run.cash - run.final_value == pytest.approx(case["expected_cost"], rel=1e-9)
    assert run.final_weights == {"A": 0.0, "CASH": 1.0}
    assert int((run.log.moved > 0.0).sum()) == case["N"]


@pytest.mark.parametrize("days", [1, 2, 4, 10])
def test_calculator_and_run_are_one_object(days: int) -> None:
    """What a run pays for a sale in equal parts is the expected cost of its own `LinearImpact`."""
    costs = Costs(temporary_impact=3, permanent_impact="1.2", per_share="0.02")
    units = 400_000.0
    impact = costs.linear_impact(
        "A", price=PRICE, daily_volatility=_volatility(_market()), daily_volume=USUAL
    )

    run = _liquidated(units, days, costs)

    told = expected_cost(impact, [units / days] * days)
    assert run.cash - run.final_value == pytest.approx(told, rel=1e-9)


def test_a_plan_and_a_run_charge_an_order_alike() -> None:
    """What is told of one order beforehand, square root included, is what a run charges it."""
    costs = Costs(impact=1, temporary_impact=3, permanent_impact="1.2")

    run = _liquidated(400_000.0, 1, costs)

    told = costs.impact_cost(
        "A", 400_000.0, price=PRICE, daily_volatility=_volatility(_market()), daily_volume=USUAL,
        daily_money=PRICE * USUAL,
    )  # fmt: skip
    assert run.cost_paid == pytest.approx(told, rel=1e-9)
    assert run.cash - run.final_value == pytest.approx(told, rel=1e-9)


def test_an_order_spread_over_days_costs_less() -> None:
    """The smaller the part of a day's volume, the more days, and the less the whole sale costs."""
    costs = Costs(temporary_impact=3, permanent_impact=1)

    paid = [1e6 * PRICE - _liquidated(1e6, days, costs).final_value for days in (1, 2, 5, 10)]

    assert paid == sorted(paid, reverse=True)
    assert paid[0] > 1.5 * paid[-1] > 0.0


def _there_and_back(costs: Costs, volume: Any = 1e6, **options: Any) -> PolicyResult:
    """Half of the money goes into A on one day, and all of it out again some days later."""
    prices = lively("AB", 60, seed=4)
    prices = replace(prices, volume=np.broadcast_to(volume, prices.close.shape).astype(float))
    none = {"A": 0.0, "B": 0.0, "CASH": 1.0}
    rows = {29: none, 34: {"A": 0.5, "B": 0.0, "CASH": 0.5}, 39: none}
    target = {prices.dates[t].astype("O"): row for t, row in rows.items()}
    policy = Policy(target, when="weekly")
    options = {"trade_at": "close", "cash": 1e7, "warmup": 1, **options}
    return backtest(prices, policy, costs=costs, **options).policies[0]


def test_permanent_impact_stays_until_as_many_are_sold() -> None:
    """Later prices stand higher by what was bought, and are what others made once it is sold."""
    plain = _there_and_back(Costs())

    run = _there_and_back(Costs(permanent_impact=2))

    pushed = run.closes[:, 0] / plain.closes[:, 0] - 1.0
    prices = lively("AB", 60, seed=4).close[:34, 0]
    sigma = float(np.std((prices[1:] / prices[:-1] - 1.0)[-20:], ddof=1))
    bought = run.log.units_after[0, 0]
    assert pushed[:6] == pytest.approx(0.0, abs=0.0)
    assert pushed[6:11] == pytest.approx(2.0 * sigma * bought / 1e6, rel=1e-9)
    assert pushed[6] > 0.001
    assert run.units[8, 0] == bought
    assert pushed[11:] == pytest.approx(0.0, abs=1e-12)
    assert run.closes[:, 1] == pytest.approx(plain.closes[:, 1], abs=0.0)
    # Each order pays half of how far it moves the price.
    assert run.log.cost[0] == pytest.approx(pushed[6] / 2.0 * run.log.moved[0] / 2.0, rel=2e-3)


def test_volumes_that_change_leave_no_trace_of_a_round_trip() -> None:
    """Sold on days with another volume than it was bought on, it takes the price back as well."""
    rising = np.linspace(2e5, 5e6, 60)[:, None]
    plain = _there_and_back(Costs())

    run = _there_and_back(Costs(permanent_impact=2), rising)

    assert run.closes[11:] == pytest.approx(plain.closes[11:], rel=1e-12)
    assert not np.allclose(run.closes[6:11, 0], plain.closes[6:11, 0])


def test_temporary_impact_is_gone_with_its_session() -> None:
    """It costs the order, and leaves every price where others made it."""
    plain = _there_and_back(Costs())

    run = _there_and_back(Costs(temporary_impact=2))

    assert np.array_equal(run.closes, plain.closes)
    assert (run.log.cost > 0.0).all()
    assert run.final_value < plain.final_value


@settings(max_examples=25, deadline=None)
@given(
    permanent=st.floats(0.0, 20.0),
    temporary=st.floats(0.0, 20.0),
    share=st.floats(0.01, 1.0),
    days=st.integers(1, 6),
)
def test_a_round_trip_earns_nothing(
    permanent: float, temporary: float, share: float, days: int
) -> None:
    """Where nothing but own orders moves a price, buying and selling never leaves more money."""
    prices = replace(history({"A": [10.0, 10.1] * 30}), volume=np.full((60, 1), 1e6))
    calm = prices.close.copy()
    calm[26:] = 10.0
    prices = replace(prices, close=calm)
    rows = {25: 0.0, 27: share, 27 + days: 0.0}
    target = {prices.dates[t].astype("O"): {"A": own, "CASH": 1.0 - own} for t, own in rows.items()}
    costs = Costs(permanent_impact=permanent, temporary_impact=temporary)

    run = backtest(prices, Policy(target, when="daily"), costs=costs, cash=1e5, trade_at="close")

    assert run.policies[0].final_value <= 1e5 * (1.0 + 1e-12)


def test_splits_leave_permanent_impact_alone(tmp_path: Path) -> None:
    """A file with a split between purchase and sale gives the values of one without."""
    prices = lively("A", 60, seed=4)
    lines = {
        "plain": ["date,symbol,close,volume,split"],
        "split": ["date,symbol,close,volume,split"],
    }
    for t, day in enumerate(prices.dates):
        close, late = float(prices.close[t, 0]), t >= 38
        lines["plain"].append(f"{day},A,{close!r},1000000,")
        told = "4" if t == 38 else ""
        lines["split"].append(
            f"{day},A,{close / (4 if late else 1)!r},{4000000 if late else 1000000},{told}"
        )
    rows = {30: 0.0, 35: 0.5, 42: 0.2}
    target = {prices.dates[t].astype("O"): {"A": own, "CASH": 1.0 - own} for t, own in rows.items()}
    values = {}
    for name, own in lines.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(own))
        values[name] = backtest(
            read_prices(tmp_path / f"{name}.csv"), Policy(target, when="daily"), cash=1e7,
            costs=Costs(permanent_impact=2, temporary_impact=1), trade_at="close",
        ).policies[0]  # fmt: skip

    assert values["split"].value == pytest.approx(values["plain"].value, rel=1e-9)
    assert values["plain"].cost_paid > 1_000.0


def test_dividends_in_cash_leave_as_many_to_sell() -> None:
    """What was bought and sold again, a dividend between, leaves the price where others made it."""
    prices = lively("A", 60, seed=4)
    kept = np.where(np.arange(60) < 38, 1.0, 0.97)[:, None]
    prices = replace(prices, volume=np.full((60, 1), 1e6), stripped=kept)
    rows = {29: 0.0, 34: 0.5, 44: 0.0}
    target = {prices.dates[t].astype("O"): {"A": own, "CASH": 1.0 - own} for t, own in rows.items()}

    run = backtest(
        prices, Policy(target, when="weekly"), costs=Costs(permanent_impact=2), cash=1e7,
        trade_at="close", dividends="hold",
    ).policies[0]  # fmt: skip

    pushed = run.closes[:, 0] / prices.close[29:, 0] - 1.0
    assert pushed.max() > 0.001
    assert pushed[-1] == pytest.approx(0.0, abs=1e-12)
    assert run.dividends_paid > 0.0


def test_impact_beyond_what_is_measured_is_told() -> None:
    """Orders of several days' volume move a price further than a linear law can say."""
    run = _there_and_back(Costs(permanent_impact=2), 2_000.0)

    assert "impact-too-large" in _codes(run)
    assert np.isfinite(run.value).all()
    assert "impact-too-large" not in _codes(_there_and_back(Costs(permanent_impact=2)))


def test_futures_without_volumes_are_refused() -> None:
    """Drawn futures have no volumes, so no impact of any kind is charged there."""
    prices = lively("A", 300, seed=4)

    with pytest.raises(OptionError, match="impact"):
        monte_carlo(prices, Policy({"A": 1.0}), costs=Costs(temporary_impact=1), paths=2)


def test_linear_impact_of_one_instrument() -> None:
    """Costs of one instrument stand for the others: its impact, fees and spread."""
    own = Costs(permanent_impact=2, temporary_impact=1, bps=8, half_spread_bps=2, per_share="0.01")
    costs = Costs(bps=5, by_instrument={"A": own})

    found = costs.linear_impact("A", price=20.0, daily_volatility=0.01, daily_volume=1e5)

    assert found.permanent == pytest.approx(20.0 * 2 * 0.01 / 1e5)
    assert found.temporary == pytest.approx(20.0 * (1 + 1) * 0.01 / 1e5)
    assert found.spread == pytest.approx(20.0 * 0.001 + 0.01)
    assert found.volatility == pytest.approx(0.2)
    other = costs.linear_impact("B", price=20.0, daily_volatility=0.01, daily_volume=1e5)
    assert (other.permanent, other.temporary, other.spread) == (0.0, 0.0, 0.01)
