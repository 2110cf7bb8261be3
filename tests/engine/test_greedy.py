"""Whole shares for 10,000, beside what PyPortfolioOpt's greedy allocation publishes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.engine.households import DAY, mandate, market, state, tree
from trimtab.adapters.price_frames import read_prices
from trimtab.cli.optimize_history import own_returns
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.targets.estimators.optimiser import Optimiser

MONEY = 10_000.0


def test_whole_shares_are_no_farther_than_the_greedy_ones(shared: Path) -> None:
    """A plan's whole shares are at least as near to the weights, cash left over included.

    Weights of the best Sharpe ratio and the last prices of PyPortfolioOpt's own file; its shares
    are paid for by the same money, so that the nearest combination cannot be farther off.
    """
    history = read_prices(shared / "data/pypfopt_stock_prices/stock_prices.csv")
    greedy = json.loads((shared / "reference/pypfopt_expected.json").read_text())
    best = Optimiser("max-sharpe", missing="pairwise").fit(
        own_returns(history), names=history.symbols
    )
    parts = {
        symbol: round(100 * weight, 3)
        for symbol, weight in zip(history.symbols, best.weights_.tolist(), strict=True)
        if weight > 1e-4
    }
    parts[max(parts, key=parts.__getitem__)] += 100 - sum(parts.values())
    target = {symbol: f"{part:.3f}" for symbol, part in parts.items()}
    prices = {symbol: f"{history.close[-1, history.column(symbol)]:.2f}" for symbol in target}
    rules = mandate(tree(target))

    plan = decide(state([], brokerage=f"{MONEY:.2f}"), rules, market(prices), DAY, Request())

    ours = {trade.instrument: trade.quantity for trade in plan.trades}
    theirs = greedy["greedy_allocation_10000"]
    assert sum(n * float(prices[symbol]) for symbol, n in ours.items()) <= MONEY
    assert away(ours, target, prices) <= away(theirs, target, prices)
    assert ours == theirs  # which are the nearest there are


def away(shares: dict[str, int], target: dict[str, str], prices: dict[str, str]) -> float:
    """How far shares are from their weights, in money, with what is left of the cash."""
    worth = {symbol: shares.get(symbol, 0) * float(prices[symbol]) for symbol in target}
    off = sum(abs(worth[symbol] - MONEY * float(part) / 100) for symbol, part in target.items())
    return off + abs(MONEY - sum(worth.values()))
