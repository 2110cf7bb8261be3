"""Market impact: the published Almgren-Chriss case, and what must hold for any order."""

from __future__ import annotations

import json
from itertools import pairwise
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.costs.impact import (
    LinearImpact,
    cost_variance,
    efficient_frontier,
    expected_cost,
    optimal_trajectory,
    square_root_impact,
)

PAPER = LinearImpact(volatility=0.95, permanent=2.5e-7, temporary=2.5e-6, spread=0.0625)


def test_the_published_case(shared: Path) -> None:
    """Five risk aversions of the paper's order: trades, cost, deviation, utility and half-life."""
    cases = json.loads((shared / "reference" / "almgren_chriss_paper.json").read_text())["cases"]
    for case in cases:
        impact = LinearImpact(case["sigma"], case["gamma"], case["eta"], case["epsilon"])
        period = case["T_days"] / case["N"]

        found = optimal_trajectory(
            impact, case["X"], periods=case["N"], period=period, risk_aversion=case["lam"]
        )

        assert found.holdings == pytest.approx(case["holdings"], rel=1e-12, abs=1e-6)
        assert found.trades == pytest.approx(case["trades"], rel=1e-12)
        assert found.expected_cost == pytest.approx(case["expected_cost"], rel=1e-12)
        assert found.variance == pytest.approx(case["variance"], rel=1e-12)
        assert found.deviation == pytest.approx(case["std_cost"], rel=1e-12)
        assert found.utility == pytest.approx(case["utility"], rel=1e-12)
        assert found.decay == pytest.approx(case["kappa_per_day"], rel=1e-12)
        assert found.half_life == pytest.approx(case["half_life_days"] or inf, rel=1e-12)
    assert len(cases) == 5


@given(
    units=st.floats(1.0, 1e7),
    periods=st.integers(1, 40),
    risk_aversion=st.floats(0.0, 1.0),
    shift=st.floats(-0.2, 0.2),
)
def test_no_shift_of_a_trade_makes_an_optimal_trajectory_better(
    units: float, periods: int, risk_aversion: float, shift: float
) -> None:
    """Moving part of the first trade into the last never lowers what the trajectory makes least."""
    best = optimal_trajectory(PAPER, units, periods=periods, risk_aversion=risk_aversion)
    trades = list(best.trades)
    trades[0] += shift * units
    trades[-1] -= shift * units

    moved = expected_cost(PAPER, trades) + risk_aversion * cost_variance(PAPER, trades)

    assert moved >= best.utility * (1.0 - 1e-9)
    assert sum(best.trades) == pytest.approx(units)
    assert best.holdings[-1] == 0.0


def test_the_frontier_pays_cost_for_variance() -> None:
    """The more risk is disliked, the more the trade costs and the less it may vary."""
    found = efficient_frontier(PAPER, 1e6, [0.0, 1e-8, 1e-6, 1e-4, 1.0, 1e6], periods=10)

    for calm, urgent in pairwise(found):
        assert urgent.expected_cost > calm.expected_cost
        assert urgent.variance < calm.variance
    assert found[-1].trades[0] == pytest.approx(1e6)


def test_a_risk_aversion_near_none_is_near_equal_trades() -> None:
    """There is no jump between no risk aversion and a very small one."""
    even, nearly = (
        optimal_trajectory(PAPER, 1e6, periods=7, risk_aversion=small) for small in (0.0, 1e-20)
    )

    assert nearly.trades == pytest.approx(even.trades, rel=1e-9)
    assert even.trades == pytest.approx([1e6 / 7] * 7)


def test_what_makes_no_sense_is_refused() -> None:
    """A temporary impact that the permanent one outweighs has no best trajectory; nor nonsense."""
    with pytest.raises(ValueError, match="temporary"):
        optimal_trajectory(LinearImpact(1.0, 1.0, 0.4), 10.0, periods=2)
    with pytest.raises(ValueError, match="periods"):
        optimal_trajectory(PAPER, 10.0, periods=0)
    with pytest.raises(ValueError, match="units"):
        optimal_trajectory(PAPER, float("nan"), periods=2)
    with pytest.raises(ValueError, match="volatility"):
        LinearImpact(-0.1, 0.0, 1.0)


def test_four_times_the_order_costs_eight_times() -> None:
    """By the square root: twice the impact a unit, on four times the units."""
    once, four = (
        square_root_impact(m, daily_volatility=0.01, daily_money=1e8, scale=0.7) for m in (1e6, 4e6)
    )

    assert once == pytest.approx(0.7 * 0.01 * 0.1 * 1e6)
    assert four == pytest.approx(8.0 * once)
