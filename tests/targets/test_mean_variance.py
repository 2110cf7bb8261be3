"""Objectives against published weights and figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.targets.test_quadratic import covariance
from trimtab.targets.objectives.choices import Chosen
from trimtab.targets.objectives.hierarchy import hierarchical, like_beside_like
from trimtab.targets.objectives.mean_variance import (
    best_sharpe,
    least_volatility,
    least_volatility_for_return,
    most_diversified,
    most_return_for_volatility,
    most_utility,
)
from trimtab.targets.objectives.risk_parity import risk_budgeted, risk_shares
from trimtab.targets.objectives.tails import least_cvar, least_drawdown
from trimtab.targets.solvers.contradiction import Side, contradiction, needed_sides
from trimtab.targets.solvers.limits import Limits, within
from trimtab.targets.solvers.programme import Row


def stocks(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    """Yearly compounded returns and covariance of 20 stocks with gaps."""
    import pandas as pd

    prices = pd.read_csv(shared / "data/pypfopt_stock_prices/stock_prices.csv", index_col=0)
    returns = prices.pct_change(fill_method=None).dropna(how="all")
    mean = (1 + returns).prod() ** (252 / returns.count()) - 1
    return mean.to_numpy(), (returns.cov() * 252).to_numpy()


@pytest.mark.parametrize(
    "name",
    [
        "min_volatility",
        "min_volatility_short(-1,1)",
        "max_sharpe_long_only",
        "max_sharpe_short",
        "efficient_risk_0.19",
        "max_quadratic_utility_risk_aversion_see_test",
    ],
)
def test_pyportfolioopts_figures(shared: Path, name: str) -> None:
    """Return, volatility and Sharpe ratio are those in PyPortfolioOpt's own tests."""
    known = json.loads((shared / "reference/pypfopt_expected.json").read_text())
    returns, matrix = stocks(shared)
    long, short = within(20), within(20, -1.0, 1.0)

    weights = {
        "min_volatility": lambda: least_volatility(matrix, long),
        "min_volatility_short(-1,1)": lambda: least_volatility(matrix, short),
        "max_sharpe_long_only": lambda: best_sharpe(returns, matrix, long, risk_free=0.02),
        "max_sharpe_short": lambda: best_sharpe(returns, matrix, short, risk_free=0.02),
        "efficient_risk_0.19": lambda: most_return_for_volatility(
            returns, matrix, long, wanted=0.19
        ),
        "max_quadratic_utility_risk_aversion_see_test": lambda: most_utility(
            returns, matrix, long, risk_aversion=2.0
        ),
    }[name]().weights

    gained, volatility = returns @ weights, np.sqrt(weights @ matrix @ weights)
    expected = known["performance_return_vol_sharpe"][name]
    np.testing.assert_allclose(
        [gained, volatility, (gained - 0.02) / volatility], expected, atol=1e-6
    )


def riskfolio(
    shared: Path, column: str, objective: str = "MinRisk"
) -> tuple[np.ndarray, np.ndarray]:
    """The last 200 returns of ten stocks, and the published weights of one risk measure."""
    import pandas as pd

    with (shared / f"reference/riskfolio_Classic_{objective}.csv").open() as file:
        table = list(csv.DictReader(file))
    names = [next(iter(row.values())) for row in table]
    prices = pd.read_csv(shared / "data/riskfolio_11stocks_2016_2019/stock_prices.csv", index_col=0)
    returns = prices.pct_change().dropna()[names].iloc[-200:]
    return returns.to_numpy(), np.array([float(row[column]) for row in table])


def test_riskfolios_weights(shared: Path) -> None:
    """Least variance, CVaR and drawdown at risk have the weights in Riskfolio-Lib's tests."""
    returns, variance = riskfolio(shared, "MV")
    _, cvar = riskfolio(shared, "CVaR")
    _, drawdown = riskfolio(shared, "CDaR")
    limits = within(10)

    found = least_volatility(np.cov(returns, rowvar=False), limits).weights
    tail, fall = least_cvar(returns, limits).weights, least_drawdown(returns, limits).weights

    np.testing.assert_allclose(found, variance, atol=1e-5)
    np.testing.assert_allclose(tail, cvar, atol=1e-5)
    np.testing.assert_allclose(fall, drawdown, atol=1e-5)


def test_riskfolios_weights_of_the_best_sharpe_ratio(shared: Path) -> None:
    """By mean returns, above no rate, the weights are those in Riskfolio-Lib's tests."""
    returns, published = riskfolio(shared, "MV", "Sharpe")
    matrix = np.cov(returns, rowvar=False)

    found = best_sharpe(returns.mean(axis=0), matrix, within(10), risk_free=0.0).weights

    np.testing.assert_allclose(found, published, atol=1e-6)


def test_ten_assets_of_markowitz(shared: Path) -> None:
    """At each return of the computed frontier, the weights are the computed ones."""
    folder = shared / "reference/markowitz10"
    problem = np.genfromtxt(folder / "problem.csv", delimiter=",", skip_header=1)
    returns, matrix = problem[0], problem[3:]
    with (folder / "frontier_computed.csv").open() as file:
        points = list(csv.DictReader(file))

    for point in points:
        wanted = np.array([float(point[f"w{i}"]) for i in range(1, 11)])
        if point["point"] == "min_variance":
            found = least_volatility(matrix, within(10))
        else:
            found = least_volatility_for_return(
                returns, matrix, within(10), wanted=float(point["ret"])
            )

        np.testing.assert_allclose(found.weights, wanted, atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_diversification_ratio_is_not_beaten(seed: int) -> None:
    """No random weights are more diversified than the most diversified ones."""
    rng = np.random.default_rng(seed)
    matrix = covariance(rng, 8)
    own = np.sqrt(matrix.diagonal())

    best = most_diversified(matrix, within(8)).weights

    most = own @ best / np.sqrt(best @ matrix @ best)
    for other in rng.dirichlet(np.ones(8), 200):
        assert own @ other / np.sqrt(other @ matrix @ other) <= most + 1e-12


def test_what_no_limits_allow_is_told() -> None:
    """A return beyond the frontier gives the nearest there is, and says what that is."""
    matrix, returns = np.diag([0.04, 0.09]), np.array([0.05, 0.08])

    more = least_volatility_for_return(returns, matrix, within(2), wanted=0.2)
    calmer = most_return_for_volatility(returns, matrix, within(2), wanted=0.01)
    none = best_sharpe(returns, matrix, within(2), risk_free=0.1)

    np.testing.assert_allclose(more.weights, [0.0, 1.0], atol=1e-9)
    assert "8.00%" in more.missed
    assert "least volatility" in calmer.missed
    assert "risk-free" in none.missed


def test_limits_that_contradict_each_other_are_named() -> None:
    """Three weights of at most 0.3 cannot sum to 1: they and the sum are named, nothing else."""
    limits = Limits(
        np.zeros(4), np.array([0.3, 0.3, 0.3, 1.0]), (Row("sector", np.eye(4)[3], None, 0.05),)
    )

    found = least_volatility(np.eye(4), limits)

    assert isinstance(found, Chosen)
    assert found.solution.status == "infeasible"
    told = contradiction(["A", "B", "C", "D"], limits, found.solution)
    assert told == "each of A, B, C at most 0.3; weights that sum to 1; sector at most 0.05"


@pytest.mark.parametrize("seed", range(6))
def test_of_limits_that_contradict_each_other_no_side_is_needless(seed: int) -> None:
    """Together the sides that are named are impossible; without any one of them they are not."""
    rng = np.random.default_rng(seed)
    n = 5
    rows = tuple(Row(f"group {k}", (rng.random(n) < 0.5).astype(float), 0.6, 0.9) for k in range(3))
    limits = Limits(
        np.full(n, 0.0),
        np.full(n, 0.15 if seed % 2 else 1.0),
        (
            *rows,
            Row("late", np.ones(n), 0.2, 0.5 if seed % 2 == 0 else None),
        ),
    )

    solution = least_volatility(np.eye(n), limits).solution
    weights, places = solution.conflict
    needed = needed_sides(limits, weights, places)

    assert solution.status == "infeasible"
    assert needed
    for left in [None, *needed]:
        sides = needed - {left} if left else needed
        assert possible(limits, sides, 0 in places) == (left is not None)


def possible(limits: Limits, sides: set[Side], whole: bool) -> bool:
    """Whether another solver finds weights that keep to these sides."""
    cp = pytest.importorskip("cvxpy")
    w = cp.Variable(len(limits.low))
    some = [cp.sum(w) == 1] if whole else []
    for kind, place, side in sides:
        row = limits.rows[place - 1] if kind == "row" else None
        value = w[place] if row is None else row.weights @ w
        bound = getattr(limits, side)[place] if row is None else getattr(row, side)
        some.append(value >= bound if side == "low" else value <= bound)
    asked = cp.Problem(cp.Minimize(0), some)
    asked.solve(solver="CLARABEL")
    return bool(asked.status in ("optimal", "optimal_inaccurate"))


@pytest.mark.parametrize("seed", range(10))
def test_each_adds_its_budget_to_the_risk(seed: int) -> None:
    """Shares of the variance are the budgeted ones, however unequal."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    matrix, budget = covariance(rng, n), rng.dirichlet(np.full(n, 0.5)) + 1e-4

    weights = risk_budgeted(matrix, budget)

    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(risk_shares(weights, matrix), budget / budget.sum(), atol=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_like_beside_like_is_scipys_order(seed: int) -> None:
    """The leaves stand as in the single-linkage tree of scipy."""
    from scipy.cluster.hierarchy import linkage, to_tree
    from scipy.spatial.distance import pdist

    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    correlation = np.corrcoef(rng.normal(size=(60, n)) @ rng.normal(size=(n, n)), rowvar=False)
    distance = np.sqrt(np.clip((1 - correlation.reshape(n, n)) / 2, 0, 1))

    order = like_beside_like(distance)

    assert order == to_tree(linkage(pdist(distance.T), "single")).pre_order()


def test_two_assets_by_hierarchy_are_inverse_variances() -> None:
    """Of two assets each gets weight by the other's variance, whatever their correlation."""
    matrix = np.array([[0.04, 0.03], [0.03, 0.16]])

    weights = hierarchical(matrix)

    np.testing.assert_allclose(weights, [0.8, 0.2])
