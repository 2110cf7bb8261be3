"""Ours inside skfolio, and skfolio's as a target of ours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trimtab as tt
from tests.moving import moving_folder
from tests.simulate.test_moving_runs import aim_of
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import mover_of
from trimtab.live.book import open_book
from trimtab.live.history import account_runs
from trimtab.model.policy import Policy, parse_policy
from trimtab.targets.moving.window import window_of
from trimtab.targets.solvers.limits import Breeding

pytest.importorskip("skfolio", reason="skfolio is not installed: pip install 'trimtab[skfolio]'")
pd = pytest.importorskip("pandas")


def returns(sessions: int = 600, seed: int = 3) -> Any:
    """Daily returns of four instruments, the last the wildest, as a frame."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0004, [0.004, 0.008, 0.012, 0.02], (sessions, 4))
    days = pd.bdate_range("2020-01-01", periods=sessions)
    return pd.DataFrame(steps, index=days, columns=["CALM", "MID", "BRISK", "WILD"])


def least_variance(weights: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """A fitness: least variance."""
    return -(moves @ weights.T).var(axis=0)


QUICK = Breeding(size=10, births=10, generations=5, patience=5)
OURS = [
    tt.Optimiser("min-volatility", high=0.6),
    tt.CostAware(risk_aversion=5.0),
    tt.GeneticOptimiser(least_variance, breeding=QUICK),
]


@pytest.mark.parametrize("estimator", OURS, ids=lambda one: type(one).__name__)
def test_ours_run_in_its_walk_forward(estimator: Any) -> None:
    """Each stretch is held by weights that are fitted on the sessions before it, and no others."""
    from skfolio.model_selection import WalkForward, cross_val_predict

    from trimtab.adapters.skfolio import InSkfolio

    X = returns()

    found = cross_val_predict(
        InSkfolio(estimator), X, cv=WalkForward(test_size=100, train_size=300)
    )

    assert len(found.portfolios) == 3
    first = estimator.fit(X.iloc[:300]).weights_
    np.testing.assert_allclose(found.portfolios[0].weights, first, atol=1e-12)
    np.testing.assert_allclose(found.portfolios[0].returns, X.iloc[300:400].to_numpy() @ first)


def test_what_is_held_before_reaches_who_asks() -> None:
    """At a cost that no trade is worth, the second stretch keeps what the first one held."""
    from skfolio.model_selection import WalkForward, cross_val_predict

    from trimtab.adapters.skfolio import InSkfolio

    dear = tt.CostAware(risk_aversion=5.0, cost_bps=5_000, years=0.1)

    found = cross_val_predict(
        InSkfolio(dear), returns(), cv=WalkForward(test_size=100, train_size=300)
    )

    first, second, _ = found.portfolios
    np.testing.assert_allclose(first.weights, second.weights, atol=1e-9)


def test_ours_run_in_its_combinatorial_purged_validation() -> None:
    """Every path of held-out folds is a portfolio of all sessions."""
    from skfolio.model_selection import CombinatorialPurgedCV, cross_val_predict

    from trimtab.adapters.skfolio import InSkfolio

    X = returns()
    folds = CombinatorialPurgedCV(n_folds=4, n_test_folds=2, purged_size=5, embargo_size=5)

    found = cross_val_predict(InSkfolio(tt.Optimiser("max-sharpe")), X, cv=folds)

    assert len(found) == 3
    assert {len(path.returns) for path in found} == {len(X)}


def test_its_search_finds_parameters_of_ours() -> None:
    """A grid over an estimator's own parameters tries each of them on a clone."""
    from skfolio.model_selection import WalkForward
    from sklearn.model_selection import GridSearchCV

    from trimtab.adapters.skfolio import InSkfolio

    search = GridSearchCV(
        InSkfolio(tt.Optimiser()),
        {"estimator__high": [0.3, 0.9]},
        cv=WalkForward(test_size=100, train_size=300),
    )

    found = search.fit(returns())

    assert found.best_params_["estimator__high"] in (0.3, 0.9)
    assert found.best_estimator_.weights_.max() <= found.best_params_["estimator__high"] + 1e-9


def prices(sessions: int = 420) -> Any:
    """Closes of the same four, as a frame."""
    return 100 * (1 + returns(sessions)).cumprod()


def test_its_optimisations_are_targets_of_ours() -> None:
    """A policy holds what skfolio finds on the sessions until then, fitted anew each time."""
    from skfolio.optimization import InverseVolatility

    closes = prices()

    result = tt.backtest(
        closes, [tt.Policy(InverseVolatility(), when="monthly", name="theirs")], costs=tt.Costs()
    )["theirs"]

    known = closes.iloc[:252].pct_change().iloc[1:]
    expected = InverseVolatility().fit(known).weights_
    np.testing.assert_allclose(result.aims[0], expected, rtol=1e-9)
    assert result.dates[0] == closes.index[252].to_numpy()
    assert len(np.unique(result.aims, axis=0)) > 3


def test_what_skfolio_finds_knows_nothing_of_later() -> None:
    """Prices that go wild after a day change no weight that was found until that day."""
    from skfolio.optimization import MeanRisk

    closes = prices()
    poisoned = closes.copy()
    poisoned.iloc[350:] *= np.random.default_rng(1).uniform(0.5, 2.0, (len(closes) - 350, 4))
    policy = tt.Policy(MeanRisk(max_weights=0.6), when="monthly", name="theirs")

    plain, wild = (
        tt.backtest(one, [policy], costs=tt.Costs())["theirs"] for one in (closes, poisoned)
    )

    until = int((plain.dates < closes.index[350].to_numpy()).sum())
    made = plain.aim_at[:until].max() + 1
    assert made > 3
    np.testing.assert_array_equal(plain.value[:until], wild.value[:until])
    np.testing.assert_array_equal(plain.aims[:made], wild.aims[:made])
    assert not np.array_equal(plain.aims[-1], wild.aims[-1])


BY_NAME = (
    '[target.optimize]\nestimator = "skfolio:MeanRisk"\nhistory = "1y"\n'
    'set = { risk_measure = "cvar" }\n'
)


def test_its_optimisations_are_targets_of_a_folder(tmp_path: Path) -> None:
    """By name in portfolio.toml: its weights of the same window, within the sleeves' limits."""
    from skfolio.measures import RiskMeasure
    from skfolio.optimization import MeanRisk

    portfolio = read_portfolio(moving_folder(tmp_path, optimize=BY_NAME))
    mover = mover_of(portfolio)
    day = date(2013, 1, 31)

    root, found = mover.at(day, None)

    assert mover.prices is not None
    leaves = [leaf for leaf in mover.target.tree.leaves() if not leaf.is_cash]
    window, wrong = window_of(mover.target, mover.prices, mover.stands_for, day, mover.calendar)
    assert window is not None, wrong
    low, high = ([getattr(leaf, end) / 9500 for leaf in leaves] for end in ("least", "most"))
    theirs = MeanRisk(
        risk_measure=RiskMeasure.CVAR, min_weights=low, max_weights=np.minimum(high, 1)
    ).fit(window.returns)
    assert root is not None
    shares = {leaf.name: float(leaf.weight) for leaf in root.leaves()}
    got = [shares[leaf.name] for leaf in leaves]
    np.testing.assert_allclose(got, theirs.weights_ * 0.95, atol=2e-4)
    assert found.rule == "skfolio:MeanRisk, found monthly"


def test_such_a_folder_is_planned_and_backtested_alike(tmp_path: Path) -> None:
    """A plan, account mode and research mode find the same on the same day."""
    folder, day = moving_folder(tmp_path, optimize=BY_NAME), date(2012, 12, 31)
    book = open_book(folder)
    aim, prices = aim_of(folder)

    planned = book.mover().at(day, None)[1]
    run = account_runs(
        book, [Policy(None, *parse_policy("monthly"))], start=date(2012, 12, 3), end=day,
        cash=Decimal(300_000),
    )[0]  # fmt: skip
    view = prices.until(int(np.searchsorted(prices.dates, np.datetime64(day))))
    researched = aim(view)

    shares = {one.sleeve: one.weight for one in planned.sleeves}
    found = run.plans[-1].found
    assert found is not None
    assert found.on == planned.on == day
    assert {one.sleeve: one.weight for one in found.sleeves} == shares
    assert researched is not None
    assert sorted(researched.values()) == pytest.approx(sorted(map(float, shares.values())))
