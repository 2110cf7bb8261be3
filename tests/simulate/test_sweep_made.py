"""A sweep of targets made from prices: as `backtest` runs each, and blind to the future."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trimtab as tt
from tests.cli.console import Session, demo_folder
from tests.moving import moving_folder
from trimtab.adapters.price_frames import read_prices
from trimtab.model.errors import InputError
from trimtab.simulate.prices.history import PriceHistory

WHENS = ("never", "daily", "monthly", "band:4pp", "quarterly+band:3pp", "drift:3pp")
FIGURES = ("final_value", "rebalances", "cost_paid", "turnover_one_way", "max_drawdown")


def market(sessions: int = 420, seed: int = 4) -> PriceHistory:
    """Closes of three instruments, the last the wildest."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0004, [0.004, 0.01, 0.02], (sessions, 3))
    days = pd.bdate_range("2019-01-01", periods=sessions)
    closes = 100 * np.exp(steps.cumsum(axis=0))
    return read_prices(pd.DataFrame(closes, index=days, columns=["CALM", "MID", "WILD"]))


def ewma(view: Any) -> dict[str, float]:
    """Weights that differ every day: by the inverse of the last month's volatility."""
    risk = np.maximum(view.returns[-21:].std(axis=0), 1e-4) if len(view.dates) > 30 else np.ones(3)
    shares = (1 / risk) / (1 / risk).sum()
    return dict(zip(view.symbols, shares.tolist(), strict=True))


@pytest.mark.parametrize(
    "target", [tt.Optimiser("min-volatility", high=0.6), ewma], ids=["estimator", "function"]
)
@pytest.mark.parametrize("flows", [None, -0.04], ids=["plain", "flows"])
def test_each_policy_is_that_of_a_backtest(target: Any, flows: float | None) -> None:
    """Walk-forward at the same looks traded at the same closes: the same figures, each of them.

    Tracking error is from the target that each policy adopted last.
    """
    prices, costs = market(), tt.Costs(bps=10)

    swept = tt.sweep(
        prices, tt.Policy(target), when=WHENS, to=["target", "edge"], costs=costs, flows=flows
    )

    for row in range(len(swept)):
        policy, _ = swept.grid.policy(row)
        alone = tt.backtest(prices, policy, costs=costs, flows=flows)[policy.label]
        assert np.datetime64(swept.first) == alone.dates[0]
        measured = alone.measures.figures() | {"downside": alone.measures.downside_deviation}
        for figure, found in swept.figures.items():
            expected = measured[figure] if figure in measured else getattr(alone, figure)
            assert found[row] == pytest.approx(expected, rel=1e-9), (policy.label, figure)


@pytest.mark.parametrize("flows", [None, -0.04], ids=["fast", "daily"])
def test_what_is_not_adopted_moves_no_measure(flows: float | None) -> None:
    """A band's target counts from the look that decided to trade to it, not from being found.

    Its prices stand still, so the policy holds what it began with for good, and is on target.
    """
    still = np.full((60, 2), 100.0)
    still[30:, 1] = 101.0
    pd = pytest.importorskip("pandas")
    days = pd.bdate_range("2019-01-01", periods=60)
    prices = read_prices(pd.DataFrame(still, index=days, columns=["A", "B"]))

    def turning(view: Any) -> dict[str, float]:
        return {"A": 0.5, "B": 0.5} if len(view.dates) < 20 else {"A": 1.0, "B": 0.0}

    policy = tt.Policy(turning, when="band:5pp", name="bands")
    alone = tt.backtest(prices, policy, flows=flows)["bands"]
    swept = tt.sweep(prices, policy, when=["band:5pp", "daily"], flows=flows)

    assert alone.rebalances == 0
    np.testing.assert_array_equal(alone.targets, np.full((60 - 1, 2), 0.5))
    assert alone.measures.drift_max < 0.01
    error = swept.figures["tracking_error"][0]
    assert error == pytest.approx(alone.measures.tracking_error, rel=1e-6)


def test_a_target_of_a_sweep_knows_nothing_of_later() -> None:
    """Prices after a run's end, however wild, change no figure of it."""
    calm, wild = market(), market()
    wild.close.flags.writeable = True
    wild.close[400:] *= np.random.default_rng(1).uniform(0.5, 2.0, (20, 3))
    end = calm.dates[399].astype("datetime64[D]").item()

    plain, poisoned = (
        tt.sweep(prices, tt.Policy(tt.Optimiser()), when=WHENS, end=end) for prices in (calm, wild)
    )

    for figure in FIGURES:
        np.testing.assert_array_equal(plain.figures[figure], poisoned.figures[figure])


@pytest.mark.parametrize(
    "target",
    [tt.CostAware(cost_bps=10), lambda view: {"CALM": Fraction(view.worth) / 100_000}],
    ids=["held", "worth"],
)
def test_a_target_that_depends_on_what_is_held_is_refused(target: Any) -> None:
    """Policies of a sweep share a target, and hold different things of different worth."""
    with pytest.raises(InputError, match="what is held"):
        tt.sweep(market(), tt.Policy(target), when=WHENS)


def test_at_the_same_close_is_told() -> None:
    """Who asks to trade at the close that decides is told that it cannot be done."""
    swept = tt.sweep(market(), tt.Policy(tt.Optimiser()), when=["monthly"], trade_at="close")

    assert "same-close" in {finding.code for finding in swept.findings}


def test_a_found_target_is_swept_in_its_folder(tmp_path: Path) -> None:
    """`[target.optimize]` under `trimtab sweep`: the figures of `trimtab backtest`."""
    session = Session(moving_folder(tmp_path))

    swept = json.loads(session.run("trimtab sweep --when quarterly --when band:5pp --json"))

    for when in ("quarterly", "band:5pp"):
        alone = json.loads(session.run(f"trimtab backtest --when {when} --json"))
        row = next(one for one in swept["policies"] if one["name"] == f"{when} to target")
        other = next(one for one in alone["policies"] if one["name"] == when)
        for figure in FIGURES:
            assert row[figure] == pytest.approx(other[figure], rel=1e-9), (when, figure)


@pytest.mark.parametrize("flows", [None, -0.04], ids=["fast", "daily"])
def test_bands_are_not_said_to_leave_a_made_target(flows: float | None) -> None:
    """Nobody expects each of its changes to be followed; sweep and backtest are silent alike."""
    prices, policy = market(), tt.Policy(ewma, when="band:4pp")

    swept = tt.sweep(prices, policy, when=["band:4pp"], flows=flows)

    alone = tt.backtest(prices, policy, flows=flows)
    codes = [{finding.code for finding in one.findings} for one in (swept, alone)]
    assert all("target-not-followed" not in one for one in codes)


def test_dated_weights_beside_a_made_target_are_told_of() -> None:
    """A band that follows weights by date late is told of, whatever else is in the sweep."""
    prices = market()
    days = [str(day) for day in prices.dates[[0, 300]].astype("datetime64[D]")]
    by_date = dict(zip(days, ({"CALM": 1.0}, {"WILD": 1.0}), strict=True))

    swept = tt.sweep(
        prices, tt.Policy(ewma), when=["band:50pp"], target={"dated": by_date, "made": ewma}
    )

    told = [one for one in swept.findings if one.code == "target-not-followed"]
    assert len(told) == 1
    assert "dated" in told[0].subject


@pytest.mark.parametrize("words", ["sweep --when monthly", "advise --tax-percent 1"])
def test_an_insured_folder_is_refused_by_name(tmp_path: Path, words: str) -> None:
    """A floor depends on what each policy is worth; what compares them instead is said."""
    folder = demo_folder(tmp_path)
    rule = '[target.cppi]\nmultiplier = 4\nfloor = 80000\nsafe = "bonds"\n'
    with (folder / "portfolio.toml").open("a") as file:
        file.write(rule)
    session = Session(folder)

    refused = session.run(f"trimtab {words}")
    instead = session.run("trimtab backtest --policy monthly --policy quarterly --start 2012-06-01")

    assert "[target.cppi]" in refused
    assert "trimtab backtest --policy monthly --policy quarterly" in refused
    assert "[1]" in refused
    assert "quarterly" in instead
    assert "monthly " in instead
    assert "[1]" not in instead
