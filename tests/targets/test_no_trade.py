"""The no-trade region, held against the exact answer at the cost of getting there."""

from __future__ import annotations

import numpy as np
import pytest

import trimtab as tt
from tests.targets.test_quadratic import covariance
from trimtab.targets.at_cost.getting_there import MovingCosts, from_holdings
from trimtab.targets.at_cost.no_trade import NoTradeRegion
from trimtab.targets.objectives.mean_variance import most_utility
from trimtab.targets.solvers.limits import Limits, within
from trimtab.targets.solvers.programme import Row


def any_region(seed: int) -> tuple[NoTradeRegion, np.random.Generator]:
    """A region of 2 to 9 instruments, and the chance to pick holdings with."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 10))
    region = NoTradeRegion(
        returns=rng.normal(0.07, 0.02, n),
        covariance=covariance(rng, n),
        risk_aversion=4.0,
        sell=rng.uniform(0.001, 0.01, n),
        buy=rng.uniform(0.001, 0.01, n),
        limits=within(n),
        years=float(rng.choice([0.5, 2.0])),
    )
    return region, rng


def moved(region: NoTradeRegion, held: np.ndarray) -> np.ndarray:
    """Where the exact programme trades to."""
    return from_holdings(
        region.returns, region.covariance, region.limits, risk_aversion=region.risk_aversion,
        held=held, costs=MovingCosts(region.sell, region.buy), years=region.years,
    ).weights  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_outside_the_best_trade_ends_on_the_edge_and_inside_there_is_none(seed: int) -> None:
    """From inside nothing is traded; from outside the answer is in the region, at its edge."""
    region, rng = any_region(seed)
    held = rng.dirichlet(np.ones(len(region.returns)))

    there = moved(region, held)

    assert region.holds(there, allowance=1e-9)
    if region.holds(held):
        np.testing.assert_allclose(there, held, atol=1e-12)
    else:
        assert region.worth(there) == pytest.approx(0.0, abs=1e-9)
        halfway = 0.5 * (held + there)
        assert not region.holds(halfway)
    np.testing.assert_allclose(moved(region, there), there, atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_a_band_ends_where_the_first_trade_is_worth_its_cost(seed: int) -> None:
    """Within its band a weight that strays alone is left alone; past it something is traded."""
    region, _ = any_region(seed)
    best = most_utility(
        region.returns, region.covariance, region.limits, risk_aversion=region.risk_aversion
    ).weights

    bands = region.bands(best)

    assert region.holds(best)
    for i in np.flatnonzero(best > 1e-9):
        for side, sign in enumerate((-1.0, 1.0)):
            room = best[i] if sign < 0 else 1.0 - best[i]
            if not bands[i, side] < 0.98 * room:
                continue
            others = best.copy()
            others[i] = 0.0
            way = -others / others.sum()
            way[i] = 1.0
            assert region.holds(best + 0.99 * bands[i, side] * sign * way)
            assert not region.holds(best + 1.01 * bands[i, side] * sign * way)


def test_twice_the_cost_is_a_band_twice_as_wide() -> None:
    """Where all are held, bands grow in proportion to costs, as utility is quadratic."""
    matrix = np.diag([0.04, 0.02, 0.01])
    best = np.array([0.2, 0.3, 0.5])
    regions = [
        NoTradeRegion(5.0 * matrix @ best, matrix, 5.0, rate, rate, within(3))
        for rate in (np.full(3, 0.0005), np.full(3, 0.001))
    ]

    narrow, wide = (region.bands(best) for region in regions)

    assert (narrow > 0.0).all()
    np.testing.assert_allclose(wide, 2.0 * narrow)


def test_limits_of_sums_are_refused() -> None:
    """The test by pairs does not know limits of sums: it says so."""
    limits = Limits(np.zeros(2), np.ones(2), (Row("some", np.ones(2), None, 0.5),))

    with pytest.raises(ValueError, match="single weights"):
        NoTradeRegion(np.zeros(2), np.eye(2), 1.0, np.zeros(2), np.zeros(2), limits)


def test_an_estimator_knows_what_is_held() -> None:
    """Near the best weights it stays, far from them it goes to the edge, from none to the best."""
    moves = np.random.default_rng(1).normal(0.0, 0.01, (500, 3))
    returns = moves - moves.mean(axis=0) + 0.0004
    free = tt.CostAware(risk_aversion=5.0).fit(returns).weights_
    aware = tt.CostAware(risk_aversion=5.0, cost_bps=50.0, years=0.5)
    near = 0.99 * free + 0.01 / 3
    far = np.array([0.0, 0.0, 1.0])

    stayed = aware.fit(returns, held=near).weights_.copy()
    went = aware.fit(returns, held=far).weights_

    np.testing.assert_allclose(stayed, near, atol=1e-12)
    assert np.abs(went - far).sum() > 0.1
    assert np.abs(went - free).sum() < np.abs(far - free).sum()
    assert aware.result_.costs["spread"] == pytest.approx(0.005 * np.abs(went - far).sum())
    assert set(aware.get_params()) >= {"risk_aversion", "cost_bps", "covariance"}
    with pytest.raises(ValueError, match="no parameter"):
        aware.set_params(cost=3)
