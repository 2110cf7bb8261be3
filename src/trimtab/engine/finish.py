"""Sixth stage, the one door from weights to orders: whole steps that the cash really pays for."""

from __future__ import annotations

from math import isfinite

from trimtab.engine.problem import Holding, Problem
from trimtab.engine.trade import SOON_NOTHING, Changes
from trimtab.kernels.rounding import NODE_LIMIT, nearest_steps, nearest_steps_workspace
from trimtab.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Finished:
    """Whole trades.

    Args:
        steps: Change of each holding in steps, positive for purchases.
        gap: How far it may be from the nearest affordable combination, minor units; 0 if proved.
    """

    steps: tuple[int, ...]
    gap: int


def finish(problem: Problem, changes: Changes, *, nearest_first: bool) -> Finished:
    """The whole steps nearest to where the trade stage wants to go.

    Never more cash than there is, account by account, with every rounding and fee counted. For
    one account that goes to its target first, nearness is measured from the goals themselves;
    otherwise from the continuous answer, which has weighed cost and tax already.
    """
    assert all(isfinite(money) for money in changes.money), "no NaN or infinity becomes an order"
    traded = [i for i, money in enumerate(changes.money) if abs(money) >= SOON_NOTHING]
    # Dearest step first makes the search short; names make it independent of the rows' order.
    traded.sort(
        key=lambda i: (
            -float(problem.holdings[i].price),
            problem.holdings[i].instrument,
            problem.holdings[i].account_id,
        )
    )
    if not traded:
        return Finished((0,) * len(problem.holdings), 0)
    values = list(problem.values)
    if nearest_first and len(problem.accounts) == 1:
        goals, cash_goal = list(problem.goals), problem.cash_goal
    else:
        goals, cash_goal = _reached(problem, changes)
    best, objective, bound = _search(problem, changes, traded, values, goals, cash_goal, exact=True)
    if objective < 0:
        # The floors cannot be met, whatever is sold: come as near as selling can, and go no lower
        # than where the cash stands.
        best, objective, bound = _search(
            problem, changes, traded, values, goals, cash_goal, exact=False
        )
    steps = [0] * len(problem.holdings)
    if objective >= 0:
        for i, count in zip(traded, best, strict=True):
            steps[i] = count if changes.money[i] > 0 else -count
    _assert_affordable(problem, steps)
    return Finished(tuple(steps), max(objective - bound, 0))


def cost_of(holding: Holding, steps: int) -> int:
    """What trading so many steps, bought or sold, costs in minor units."""
    count = abs(steps)
    return holding.costs.of(holding.price.value(count), count)


def cash_change(holding: Holding, steps: int) -> int:
    """What a change of a holding does to its account's cash, in minor units."""
    count = abs(steps)
    value = holding.price.value(count)
    return (value if steps < 0 else -value) - cost_of(holding, steps)


def _search(
    problem: Problem,
    changes: Changes,
    traded: list[int],
    values: list[int],
    goals: list[int],
    cash_goal: int,
    *,
    exact: bool,
) -> tuple[list[int], int, int]:
    holdings = [problem.holdings[i] for i in traded]
    money = [changes.money[i] for i in traded]
    buys = [change > 0 for change in money]
    start = [round(abs(m) / float(h.price)) for h, m in zip(holdings, money, strict=True)]
    wealth = sum(values) + sum(max(purse, 0) for purse in problem.purses)
    high = [
        h.price.steps_below(wealth) if buy else h.sellable
        for h, buy in zip(holdings, buys, strict=True)
    ]
    raising = problem.cash < 0 or any(purse < 0 for purse in problem.purses)
    low = [
        1 if raising and not buy else min(h.least, h.sellable) if not buy else h.least
        for h, buy in zip(holdings, buys, strict=True)
    ]
    best = [0] * len(traded)
    objective, bound = nearest_steps(
        len(traded),
        [1 if buy else -1 for buy in buys],
        [h.price.numerator for h in holdings],
        [h.price.denominator for h in holdings],
        low,
        high,
        start,
        [h.costs.rate for h in holdings],
        [h.costs.per_step for h in holdings],
        [h.costs.fixed for h in holdings],
        [h.costs.minimum for h in holdings],
        [h.leaf for h in holdings],
        len(values),
        values,
        goals,
        [h.account for h in holdings],
        list(problem.purses),
        [0 if exact else min(purse, 0) for purse in problem.purses],
        problem.cash,
        cash_goal,
        0 if exact else min(problem.cash, 0),
        NODE_LIMIT,
        best,
        *nearest_steps_workspace(len(traded)),
    )
    return best, objective, bound


def _reached(problem: Problem, changes: Changes) -> tuple[list[int], int]:
    """Where the continuous answer ends: leaves and cash, rounded to minor units."""
    values = [float(value) for value in problem.values]
    cash = float(problem.cash)
    for holding, money in zip(problem.holdings, changes.money, strict=True):
        values[holding.leaf] += money
        if abs(money) >= SOON_NOTHING:
            fee = holding.costs.fixed + abs(money) * holding.fee
            cash -= money + max(fee, float(holding.costs.minimum))
    return [round(value) for value in values], round(cash)


def _assert_affordable(problem: Problem, steps: list[int]) -> None:
    """The last look at this door: nothing oversold, no purse left emptier than allowed."""
    purses = list(problem.purses)
    for holding, change in zip(problem.holdings, steps, strict=True):
        assert change >= 0 or -change <= holding.sellable, "more sold than may be"
        assert change <= 0 or holding.buyable, "bought what this account does not buy"
        purses[holding.account] += cash_change(holding, change)
    for before, after in zip(problem.purses, purses, strict=True):
        assert after >= min(before, 0), "more cash spent than there is"
