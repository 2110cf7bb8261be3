"""The trade problem without a solver: account after account, each walked with what is left to do.

What the decision falls back on when HiGHS ends without an answer. Every account keeps its own cash
and is led towards the goals of all as the accounts before it have left them; what only several can
do together, and fees an order, are not weighed. So it is sound and not the best.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from trimtab.engine.problem import Problem
from trimtab.engine.walked import walked


def apart(
    problem: Problem, blocked: AbstractSet[tuple[int, str]], drift_price: float | None
) -> list[float]:
    """The change of each holding in minor units; accounts with new cash first, then by name."""
    change = [0.0] * len(problem.holdings)
    values = [float(value) for value in problem.values]
    order = sorted(
        range(len(problem.accounts)),
        key=lambda a: (not (problem.fresh and problem.fresh[a]), problem.accounts[a]),
    )
    kept = _kept(problem, order)
    cash_goal = problem.cash_goal
    for account in order:
        places = [i for i, h in enumerate(problem.holdings) if h.account == account]
        cash = problem.purses[account] - kept[account]
        goal = min(max(cash, 0), cash_goal)
        cash_goal -= goal
        own = replace(
            problem,
            values=tuple(round(value) for value in values),
            accounts=(problem.accounts[account],),
            purses=(problem.purses[account],),
            cash=cash,
            cash_goal=goal,
            holdings=tuple(replace(problem.holdings[i], account=0) for i in places),
            location=tuple((ranks[account],) for ranks in problem.location),
            fresh=(),
        )
        not_here = {(places.index(i), side) for i, side in blocked if i in places}
        for i, money in zip(places, walked(own, not_here, drift_price).change, strict=True):
            change[i] = money
            values[problem.holdings[i].leaf] += money
    return change


def _kept(problem: Problem, order: list[int]) -> dict[int, int]:
    """What each account keeps of the cash buffer: from its cash, then from what it can sell."""
    left = sum(problem.purses) - problem.cash
    kept = dict.fromkeys(order, 0)
    sellable = dict.fromkeys(order, 0)
    for holding in problem.holdings:
        sellable[holding.account] += holding.price.value(holding.sellable)
    for room in (dict(enumerate(problem.purses)), sellable):
        for account in reversed(order):
            part = min(max(room[account], 0), left)
            kept[account] += part
            left -= part
    return kept
