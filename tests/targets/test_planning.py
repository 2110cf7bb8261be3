"""Planning several periods ahead, held against an independent solver and against one period."""

from __future__ import annotations

import numpy as np
import pytest

from tests.targets.test_quadratic import covariance
from trimtab.targets.at_cost.getting_there import MovingCosts, TaxLot, from_holdings
from trimtab.targets.at_cost.planning import plan_ahead
from trimtab.targets.solvers.limits import Limits, within
from trimtab.targets.solvers.programme import Row


class Case:
    """Forecasts of several periods for up to 9 instruments, with costs and a sector's limit."""

    def __init__(self, seed: int, horizon: int) -> None:
        rng = np.random.default_rng(seed)
        n = self.n = int(rng.integers(2, 10))
        self.returns = rng.normal(0.02, 0.03, (horizon, n))
        self.matrices = np.array([covariance(rng, n) / 4 for _ in range(horizon)])
        most = max(0.5, 1.5 / n)
        some = (np.arange(n) < n / 2).astype(float)
        self.limits = Limits(np.zeros(n), np.full(n, most), (Row("some", some, 0.1, 0.8),))
        self.held = np.full(n, 1.0 / n)
        impact = rng.uniform(0.0, 0.05, n) * (seed % 2)
        self.costs = MovingCosts(rng.uniform(0, 0.01, n), rng.uniform(0, 0.01, n), impact)

    def oracle(self) -> float:
        """The least sum of all periods, by Clarabel."""
        import cvxpy as cp

        before, value = self.held, 0.0
        limits = []
        row = self.limits.rows[0]
        impact = np.asarray(self.costs.impact)
        for mean, matrix in zip(self.returns, self.matrices, strict=True):
            now = cp.Variable(self.n)
            limits += [now >= 0.0, now <= self.limits.high, cp.sum(now) == 1.0]
            value += 1.5 * cp.quad_form(now, cp.psd_wrap(matrix)) - mean @ now
            value += np.asarray(self.costs.buy) @ cp.pos(now - before)
            value += np.asarray(self.costs.sell) @ cp.pos(before - now)
            for i in np.flatnonzero(impact):
                value += impact[i] * cp.power(cp.abs(now[i] - before[i]), 1.5)
            limits += [row.weights @ now >= row.low, row.weights @ now <= row.high]
            before = now
        problem = cp.Problem(cp.Minimize(value), limits)
        problem.solve(solver="CLARABEL", tol_gap_abs=1e-8, tol_gap_rel=1e-8, tol_feas=1e-8)
        return float(problem.value)


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_of_three_periods_is_the_oracles(seed: int) -> None:
    """Over three periods with costs, impact and limits no plan is better; limits hold in all."""
    case = Case(seed, 3)

    found = plan_ahead(
        case.returns, case.matrices, case.limits, risk_aversion=3.0, held=case.held,
        costs=case.costs,
    )  # fmt: skip

    assert found.status == "optimal"
    assert found.objective == pytest.approx(case.oracle(), abs=1e-7)
    assert found.gap < 1e-8
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0, atol=1e-10)
    assert (found.weights >= -1e-9).all()
    assert (found.weights <= case.limits.high + 1e-9).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_plan_of_one_period_is_the_single_period(seed: int) -> None:
    """With a horizon of one the first step is that of `from_holdings`."""
    case = Case(seed, 1)

    plan = plan_ahead(
        case.returns, case.matrices, case.limits, risk_aversion=3.0, held=case.held,
        costs=case.costs,
    )  # fmt: skip
    single = from_holdings(
        case.returns[0], case.matrices[0], case.limits, risk_aversion=3.0, held=case.held,
        costs=case.costs,
    )  # fmt: skip

    np.testing.assert_allclose(plan.first, single.weights, atol=1e-7)
    assert plan.objective == pytest.approx(single.objective, abs=1e-10)


def test_a_longer_horizon_trades_more_for_a_gain_that_lasts() -> None:
    """A cost that one period does not earn back is paid where several periods will."""
    returns, matrix = np.array([0.01, 0.015]), np.diag([0.01, 0.01])
    costs = MovingCosts(0.004, 0.004)
    held = np.array([0.8, 0.2])

    short, long = (
        plan_ahead(
            np.tile(returns, (horizon, 1)),
            matrix,
            within(2),
            risk_aversion=1.0,
            held=held,
            costs=costs,
        )
        for horizon in (1, 6)
    )

    assert short.first[1] < long.first[1]
    np.testing.assert_allclose(long.weights, np.tile(long.first, (6, 1)), atol=1e-9)


def test_what_makes_no_sense_is_refused() -> None:
    """Lots, shapes that do not fit and costs below zero are refused with their name."""
    two = np.full(2, 0.5)
    for change, told in (
        ({"costs": MovingCosts(lots=[TaxLot(0, 0.5, 0.1)])}, "lots"),
        ({"costs": MovingCosts(buy=-1.0)}, "buy"),
        ({"covariance": np.stack([np.eye(2)] * 3)}, "covariance"),
        ({"risk_aversion": -1.0}, "risk_aversion"),
    ):
        asked = {"covariance": np.eye(2), "risk_aversion": 1.0, "costs": MovingCosts()} | change
        with pytest.raises(ValueError, match=told):
            plan_ahead(np.zeros((2, 2)), limits=within(2), held=two, **asked)
