"""What to hold at the cost of getting there: held against an independent solver and enumeration.

The oracle is Clarabel, an interior-point method that knows the power of 3/2 as a cone, through
cvxpy.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.targets.test_quadratic import covariance
from trimtab.targets.at_cost.getting_there import (
    MovingCosts,
    Reached,
    TaxLot,
    from_holdings,
    impact_of,
    moving_by,
    taxed,
)
from trimtab.targets.estimators.cost_aware import CostAware
from trimtab.targets.objectives.constraints import Constraints, Group
from trimtab.targets.solvers.limits import Limits, within
from trimtab.targets.solvers.programme import Row
from trimtab.targets.solvers.separable import gap_of, objective_of


class Case:
    """A portfolio to be moved: up to 20 instruments, lots with gains, losses where asked for."""

    def __init__(self, seed: int, *, losses: bool = False, impact: bool = True) -> None:
        rng = np.random.default_rng(seed)
        n = self.n = int(rng.integers(2, 5 if losses else 21))
        self.covariance = covariance(rng, n)
        self.returns = rng.normal(0.08, 0.08, n)
        self.held = rng.dirichlet(np.ones(n)) * (rng.random(n) < 0.7)
        self.held = self.held / self.held.sum() if self.held.sum() > 0 else np.eye(n)[0]
        most = max(float(rng.choice([1.0, 0.6])), 1.5 / n)
        rows = ()
        if rng.random() < 0.5:
            some = (rng.random(n) < 0.5).astype(float)
            rows = (Row("some", some, None, float(some @ self.held) * 0.8 + 0.2),)
        self.limits = Limits(np.zeros(n), np.full(n, most), rows)
        self.lots = []
        for i in np.flatnonzero(self.held):
            parts = rng.dirichlet(np.ones(3)) * self.held[i] * 0.999
            taxes = rng.uniform(-0.08 if losses else 0.0, 0.1, 3)
            self.lots += [
                TaxLot(int(i), float(w), float(t)) for w, t in zip(parts, taxes, strict=True)
            ]
        self.costs = MovingCosts(
            sell=rng.uniform(0, 0.01, n),
            buy=rng.uniform(0, 0.01, n),
            impact=rng.uniform(0.0, 0.1, n) * (rng.random(n) < 0.7) * impact,
            lots=self.lots,
        )
        self.aversion = float(rng.choice([1.0, 4.0, 20.0]))
        self.years = float(rng.choice([0.5, 1.0, 5.0]))

    def found(self) -> Reached:
        """Ours."""
        return from_holdings(
            self.returns, self.covariance, self.limits, risk_aversion=self.aversion,
            held=self.held, costs=self.costs, years=self.years,
        )  # fmt: skip

    def oracle(self, sides: tuple[int, ...] | None = None) -> float:
        """The least objective; `sides`: -1 where a weight may only fall, 1 where only rise."""
        import cvxpy as cp

        n = self.n
        buys, sells = cp.Variable(n, nonneg=True), cp.Variable(n, nonneg=True)
        weights = self.held + buys - sells
        value = 0.5 * self.aversion * cp.quad_form(weights, cp.psd_wrap(self.covariance))
        value -= self.returns @ weights
        paid = np.asarray(self.costs.buy) @ buys + np.asarray(self.costs.sell) @ sells
        impact = np.asarray(self.costs.impact)
        for i in np.flatnonzero(impact):
            paid += impact[i] * cp.power(cp.abs(weights[i] - self.held[i]), 1.5)
        limits = [weights <= self.limits.high, weights >= self.limits.low, cp.sum(weights) == 1]
        limits += [row.weights @ weights <= row.high for row in self.limits.rows]
        for i in range(n):
            lots = [lot for lot in self.lots if lot.instrument == i]
            rest = self.held[i] - sum(lot.weight for lot in lots)
            parts = cp.Variable(len(lots) + 1, nonneg=True)
            sizes = np.array([*(lot.weight for lot in lots), max(rest, 0.0)])
            limits += [parts <= sizes, cp.sum(parts) == sells[i]]
            paid += np.array([*(lot.tax for lot in lots), 0.0]) @ parts
            if sides is not None:
                limits.append(buys[i] <= (1.0 if sides[i] > 0 else 0.0))
                limits.append(sells[i] <= (1.0 if sides[i] < 0 else 0.0))
        problem = cp.Problem(cp.Minimize(value + paid / self.years), limits)
        problem.solve(solver="CLARABEL", tol_gap_abs=1e-8, tol_gap_rel=1e-8, tol_feas=1e-8)
        return float(problem.value)


@pytest.mark.parametrize("seed", range(24))
def test_spread_impact_and_tax_are_weighed_as_the_oracle_does(seed: int) -> None:
    """With spread, square-root impact and taxed lots no weights within the limits are better."""
    case = Case(seed)

    found = case.found()

    assert found.status == "optimal"
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-10)
    assert (found.weights >= -1e-12).all()
    assert found.objective == pytest.approx(case.oracle(), abs=1e-7)
    assert found.gap < 1e-8


@pytest.mark.parametrize("seed", range(8))
def test_where_losses_save_tax_no_choice_of_buying_or_selling_is_better(seed: int) -> None:
    """With lots at a loss the answer is the best of all choices of who may fall and who rise."""
    case = Case(seed, losses=True, impact=False)

    found = case.found()

    best = min(case.oracle(sides) for sides in product((-1, 1), repeat=case.n))
    assert found.objective == pytest.approx(best, abs=1e-7)
    assert found.gap < 1e-7


def test_selling_and_buying_back_at_a_loss_earns_nothing() -> None:
    """A loss is taken by holding less, as far as that is worth it, and not by buying back."""
    matrix = np.diag([0.04, 0.04])
    costs = MovingCosts(sell=0.001, buy=0.001, lots=[TaxLot(0, 0.5, -0.05)])

    found = from_holdings(
        np.zeros(2), matrix, within(2), risk_aversion=50.0, held=np.array([0.5, 0.5]), costs=costs
    )

    # Selling d costs 50 x 0.04 d^2 of utility, and saves 0.05 less the spread of each unit.
    moved = 0.5 - found.weights[0]
    assert moved == pytest.approx((0.05 - 0.002) / (2 * 50 * 0.04), abs=1e-9)
    assert found.costs["tax"] == pytest.approx(-0.05 * moved)


def test_costs_are_told_by_kind_as_shares_of_the_portfolio() -> None:
    """Spread, impact and tax are those of the trades, whatever they are spread over."""
    costs = MovingCosts(
        sell=0.002, buy=0.001, impact=0.01, lots=[TaxLot(0, 0.2, 0.01), TaxLot(0, 0.8, 0.05)]
    )

    found = from_holdings(
        np.array([0.0, 1.0]), np.eye(2) * 0.04, within(2), risk_aversion=5.0,
        held=np.array([1.0, 0.0]), costs=costs, years=4.0,
    )  # fmt: skip

    moved = found.weights[1]
    assert moved > 0.2
    assert found.costs["spread"] == pytest.approx(0.003 * moved)
    assert found.costs["impact"] == pytest.approx(2 * 0.01 * moved**1.5)
    assert found.costs["tax"] == pytest.approx(0.01 * 0.2 + 0.05 * (moved - 0.2))
    assert found.cost == pytest.approx(sum(found.costs.values()))
    assert found.turnover == pytest.approx(moved)


@pytest.mark.parametrize("seed", range(10))
def test_the_gap_is_a_bound_at_any_weights_and_multipliers(seed: int) -> None:
    """Weights that are not best, at prices that are wrong, have at least the gap that they have."""
    case = Case(seed)
    best = case.found()
    rng = np.random.default_rng(seed)
    programme = case.limits.programme(case.aversion * case.covariance, -case.returns)
    moving = moving_by(case.costs, case.held, case.limits, years=case.years)
    weights = np.clip(best.weights + rng.normal(0, 0.01, case.n), 0.0, case.limits.high)
    prices = best.moved.solution.multipliers + rng.normal(0, 0.01, 1 + len(case.limits.rows))

    gap = gap_of(programme, moving, weights, prices)

    assert gap >= objective_of(programme, moving, weights) - best.objective - 1e-10


def test_many_instruments_are_moved_as_exactly_as_few() -> None:
    """With 120 instruments and impact in each the gap closes."""
    rng = np.random.default_rng(5)
    n = 120
    held = rng.dirichlet(np.ones(n))
    found = from_holdings(
        rng.normal(0.08, 0.05, n), covariance(rng, n), within(n, 0.0, 0.05), risk_aversion=3.0,
        held=np.minimum(held, 0.05), costs=MovingCosts(0.0005, 0.0005, rng.uniform(0.0, 0.1, n)),
    )  # fmt: skip

    assert found.status == "optimal"
    assert found.gap < 1e-9


def test_what_is_held_beyond_the_limits_is_brought_back() -> None:
    """An instrument that must not be held is sold, whatever that costs."""
    limits = Limits(np.zeros(3), np.array([0.0, 1.0, 1.0]))
    held = np.array([0.6, 0.4, 0.0])
    costs = MovingCosts(0.01, 0.01, 0.02, [TaxLot(0, 0.6, 0.2)])

    found = from_holdings(
        np.zeros(3), np.eye(3) * 0.04, limits, risk_aversion=1.0, held=held, costs=costs
    )

    assert found.weights[0] == pytest.approx(0.0, abs=1e-12)
    assert found.costs["tax"] == pytest.approx(0.12)
    assert found.gap < 1e-9


def test_limits_that_cannot_be_met_are_told() -> None:
    """Where nothing is within the limits there are no weights, and the conflict is named."""
    limits = within(3, 0.0, 0.3)

    found = from_holdings(
        np.zeros(3), np.eye(3), limits, risk_aversion=1.0, held=np.full(3, 1 / 3),
        costs=MovingCosts(0.01, 0.01),
    )  # fmt: skip

    assert found.status == "infeasible"
    assert np.isnan(found.weights).all()
    assert found.moved.solution.conflict == ((0, 1, 2), (0,))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"costs": MovingCosts(-0.1)}, "sell"),
        ({"costs": MovingCosts(impact=np.nan)}, "impact"),
        ({"costs": MovingCosts(lots=[TaxLot(0, 0.9, 0.1)])}, "lots"),
        ({"costs": MovingCosts(lots=[TaxLot(3, 0.1, 0.1)])}, "lots"),
        ({"risk_aversion": 0.0}, "risk_aversion"),
        ({"years": 0.0}, "years"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], told: str) -> None:
    """Costs below zero, lots of what is not held, no time to earn in: refused with their name."""
    asked = {
        "risk_aversion": 1.0, "held": np.full(2, 0.5), "costs": MovingCosts(), "years": 1.0
    } | change  # fmt: skip

    with pytest.raises(ValueError, match=told):
        from_holdings(np.zeros(2), np.eye(2), within(2), **asked)


def test_lots_and_impact_follow_from_money() -> None:
    """A lot's tax is that of its gain, and impact that of the order's share of a usual day."""
    lot = taxed(1, value=10_000.0, basis=12_000.0, whole=50_000.0, rate=0.25)
    impact = impact_of(4e6, daily_money=1e6, daily_volatility=0.01)

    assert (lot.weight, lot.tax) == (0.2, -0.05)
    assert impact * 0.25**1.5 * 4e6 == pytest.approx(0.01 * 1.0 * 1e6)


def test_impact_of_several_is_that_of_each() -> None:
    """An array of what is traded gives an array of impacts, and what is not traded is refused."""
    money, moves = np.array([1e6, 4e6]), np.array([0.01, 0.02])

    both = impact_of(4e6, daily_money=money, daily_volatility=moves)

    each = [
        impact_of(4e6, daily_money=one, daily_volatility=other)
        for one, other in zip(money.tolist(), moves.tolist(), strict=True)
    ]
    assert both.tolist() == each == [0.02, 0.02]
    with pytest.raises(ValueError, match="daily_money"):
        impact_of(4e6, daily_money=[1e6, 0.0], daily_volatility=0.01)


def test_an_estimator_keeps_to_limits_by_name() -> None:
    """`CostAware` keeps to weights and groups by name, and takes limits in one form only."""
    returns = np.random.default_rng(4).normal([0.0002, 0.0005, 0.001], 0.01, (200, 3))
    rules = Constraints(groups=[Group("calm", ["A", "B"], low=0.7)], exclude=["B"])
    given = {"A": 0.01, "B": 0.02, "C": 0.9}

    bound = CostAware(constraints=rules, expected=given).fit(returns, names=["A", "B", "C"])
    wrong = CostAware(constraints=rules, limits=within(3))
    turning = CostAware(constraints=Constraints(max_names=2))

    assert bound.weights_ == pytest.approx([0.7, 0.0, 0.3], abs=1e-9)
    with pytest.raises(ValueError, match="one of them"):
        wrong.fit(returns, names=["A", "B", "C"])
    with pytest.raises(ValueError, match="numbers of names"):
        turning.fit(returns, names=["A", "B", "C"])
