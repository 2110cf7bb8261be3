"""A sweep under flows, fees, volumes, gaps and short positions: what `backtest` gives for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.costs import Costs
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.choosing.daily import AT_ONCE
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import fingerprint, sweep
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows

TARGET = {"A": 0.5, "B": 0.3, "C": 0.2}
BASE = Policy(TARGET, when="monthly")


def patchy() -> PriceHistory:
    """Three walks: B has holidays of its own, C ends early; volumes throughout."""
    prices = lively("ABC", 260, seed=2)
    close = prices.close.copy()
    close[40:200:17, 1] = np.nan
    close[180:, 2] = np.nan
    return replace(prices, close=close, volume=np.full(close.shape, 5_000.0))


CONDITIONS: dict[str, dict[str, Any]] = {
    "flows": {"flows": Flows(yearly=-0.06), "fee": 0.01},
    "gaps": {"missing": "hold", "delisted": {"C": 20.0}},
    "volumes": {"participation": 0.01, "missing": "hold", "delisted": ["C"]},
    "late": {"late": "spread", "end": date(2024, 8, 1)},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_each_policy_is_its_backtest(name: str) -> None:
    """Figures of each policy are those of its own backtest, to the last bit of its final value."""
    options = CONDITIONS[name]
    prices = patchy()
    policies = grid(
        BASE,
        when=["monthly", "never", "band:3pp", "cashflow:500"],
        to=["target", "half"],
        target={"three": TARGET, "two": {"A": 0.7, "B": 0.3}},
        costs={"plain": Costs(bps=10), "impact": Costs(bps=5, impact=1, permanent_impact=1)},
    )
    if "delisted" not in options:
        prices = replace(prices, close=np.where(np.isnan(prices.close), 55.0, prices.close))

    found = sweep(prices, policies, **options)

    assert len(found) == 20
    for row in range(0, len(policies), 3):
        policy, costs = policies.policy(row)
        other = Policy(TARGET, when="never", name="so that all run over the same sessions")
        alone = backtest(prices, [policy, other], costs=costs, form="compiled", **options)[
            policy.label
        ]
        at = {word: column[row] for word, column in found.figures.items()}
        assert at["final_value"] == alone.final_value
        assert (at["rebalances"], at["cost_paid"]) == (alone.rebalances, alone.cost_paid)
        assert at["turnover_one_way"] == alone.turnover_one_way
        assert at["cagr"] == pytest.approx(alone.cagr, rel=1e-9)
        assert at["volatility"] == pytest.approx(alone.volatility, rel=1e-9)
        assert at["max_drawdown"] == pytest.approx(alone.max_drawdown, rel=1e-9)
        assert at["tracking_error"] == pytest.approx(alone.measures.tracking_error, rel=1e-6)
        assert (found.first, found.last, found.sessions) == (
            alone.first,
            alone.last,
            alone.sessions,
        )


def test_conditions_that_ask_for_nothing_change_nothing() -> None:
    """Gaps that are allowed and not there, session by session, give the fast loop's figures."""
    prices, policies = lively("ABC", 200), grid(BASE, when=["monthly", "band:2pp"])

    fast, slow = sweep(prices, policies), sweep(prices, policies, fee=1e-300)

    for name, column in fast.figures.items():
        assert slow.figures[name].tolist() == pytest.approx(column.tolist(), rel=1e-12)
    assert slow.held_sharpe.tolist() == pytest.approx(fast.held_sharpe.tolist())
    assert slow.parts.ravel().tolist() == pytest.approx(fast.parts.ravel().tolist())


def test_it_goes_on_where_it_was_stopped() -> None:
    """Portions that are known are not run again, and the whole is the same."""
    prices = lively("ABC", 80)
    policies = grid(BASE, when=[f"band:{k / 10}pp" for k in range(5, 5 + AT_ONCE + 8)])
    kept: dict[int, Any] = {}
    whole = sweep(prices, policies, fee=0.01, on_progress=lambda _, portion: kept.update(portion))
    done: list[int] = []

    again = sweep(
        prices, policies, fee=0.01, known={0: kept[0]}, on_progress=lambda n, _: done.append(n)
    )

    assert done == [len(policies)]
    assert again.figures["final_value"].tolist() == whole.figures["final_value"].tolist()
    assert fingerprint(prices, policies, {"fee": 0.01}) != fingerprint(prices, policies, {})


def test_the_number_of_threads_changes_nothing() -> None:
    """One thread or three, the same bits and the same findings, in the order of the policies."""
    prices = patchy()
    policies = grid(BASE, when=[f"band:{k / 10}pp" for k in range(5, 5 + 2 * AT_ONCE + 3)])
    told: list[int] = []

    one, three = (
        sweep(prices, policies, **CONDITIONS["volumes"], threads=threads,
              on_progress=lambda done, _: told.append(done))
        for threads in (1, 3)
    )  # fmt: skip

    assert told == 2 * [AT_ONCE, 2 * AT_ONCE, len(policies)]
    assert one.findings == three.findings
    assert one.parts.tobytes() == three.parts.tobytes()
    for name, column in one.figures.items():
        assert column.tobytes() == three.figures[name].tobytes(), name


def test_a_policy_that_is_ruined_is_ranked_last() -> None:
    """A run that is insolvent ends at nothing, is told once, and leaves all figures finite."""
    prices = history(
        {"A": [10 * 1.02**t for t in range(60)], "B": [5.0 + t % 2 for t in range(60)]}
    )
    policies = grid(
        Policy({"A": -1.5, "B": 1.0, CASH: 1.5}),
        when=["never", "weekly", "daily"],
    )

    found = sweep(prices, policies, short=True, accept_jumps=True)

    ruined = found.figures["final_value"] == 0.0
    assert ruined.tolist() == [True, False, False]
    assert found.figures["cagr"][0] == -1.0
    assert np.isfinite(found.figures["sharpe"]).all()
    assert found.best("final_value")[-1] == 0
    assert [one.code for one in found.findings].count("insolvent") == 1


def test_options_are_checked_as_by_backtest() -> None:
    """What makes no sense to a backtest makes none to a sweep."""
    prices, policies = lively("ABC", 40), grid(BASE)

    for wrong in ({"fee": 2.0}, {"participation": 0.0}, {"loan_rate": 0.1}, {"missing": "guess"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            sweep(prices, policies, **wrong)
    with pytest.raises(ValueError, match="once"):
        sweep(prices, policies, fee=0.01, cost_rule="solved")
