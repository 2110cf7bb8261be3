"""Sixth stage, the one door from weights to orders: whole steps that the cash really pays for."""

from __future__ import annotations

from math import isfinite

from trimtab.engine.problem import Holding, Problem
from trimtab.engine.trade import Changes, raises_cash, reached
from trimtab.engine.walked import SOON_NOTHING, lots_sold
from trimtab.kernels.money import RATE_SCALE
from trimtab.kernels.rounding import (
    ENDLESS,
    NODE_LIMIT,
    nearest_steps,
    nearest_steps_workspace,
)
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
    otherwise from the continuous answer, which has weighed drift against cost and tax already.
    Tax counts beside nearness, lot by lot, at what drift is worth: no share is sold at a tax of 80
    to come cents nearer.
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
    ends, cash_goal, _ = reached(problem, changes)
    goals, away = ends, 0
    if nearest_first and len(problem.accounts) == 1:
        away = abs(cash_goal - problem.cash_goal)
        goals, cash_goal = list(problem.goals), problem.cash_goal
        away += sum(abs(end - goal) for end, goal in zip(ends, goals, strict=True))
    best, objective, bound = _search(
        problem, changes, traded, values, goals, cash_goal, _least(problem, changes, traded, away),
        exact=True,
    )  # fmt: skip
    if objective < 0:
        # The floors cannot be met, whatever is sold: come as near as selling can, and go no lower
        # than where the cash stands.
        best, objective, bound = _search(
            problem, changes, traded, values, goals, cash_goal, 0, exact=False
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


def taxes(holding: Holding, *, buys: bool, price: float) -> list[tuple[int, int]]:
    """The lots of a trade in order: their steps, and what counts of each beside nearness.

    That is its tax, in 1e-8 of the money and over what drift is worth, and by how much a cost is
    dearer where drift is worth less than money. None where nothing is to be counted.
    """
    dearer = max(1.0 / price - 1.0, 0.0) * holding.fee
    if buys:
        found = [(ENDLESS, round(dearer * RATE_SCALE))]
    else:
        found = [
            (steps, round((float(share) / price + dearer) * RATE_SCALE))
            for steps, share in lots_sold(holding)
        ]
    return found if any(rate for _, rate in found) else []


def _least(problem: Problem, changes: Changes, traded: list[int], away: int) -> int:
    """What no whole steps can beat: the continuous answer in the same measure, less roundings.

    By the triangle inequality this is so from the continuous answer as from the goals. Of what an
    order costs however small it is, whole steps may save all.
    """
    if not changes.is_least:
        return 0
    spent = 0.0
    for i in traded:
        holding, money = problem.holdings[i], abs(changes.money[i])
        if not holding.costs.is_linear:
            spent += max(holding.costs.fixed, holding.costs.minimum - money * holding.fee)
            spent -= max(holding.costs.fixed, holding.costs.minimum) * (1.0 / changes.price - 1.0)
        spent += money * holding.fee
        tax, left = 0.0, money
        for steps, rate in taxes(holding, buys=changes.money[i] > 0, price=changes.price):
            part = min(left, steps * float(holding.price))
            left -= part
            tax += part * (rate / RATE_SCALE)
        spent += tax
    return max(away + int(spent) - len(problem.values) - 2 - 3 * len(traded), 0)


def _search(
    problem: Problem,
    changes: Changes,
    traded: list[int],
    values: list[int],
    goals: list[int],
    cash_goal: int,
    least: int,
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
    raising = raises_cash(problem, changes.money)
    low = [
        h.least if buy else 1 if h.account in raising else min(h.least, h.sellable)
        for h, buy in zip(holdings, buys, strict=True)
    ]
    first, last, lots = [], [], list[tuple[int, int]]()
    for holding, buy in zip(holdings, buys, strict=True):
        first.append(len(lots))
        lots += taxes(holding, buys=buy, price=changes.price)
        last.append(len(lots))
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
        first,
        last,
        [steps for steps, _ in lots],
        [rate for _, rate in lots],
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
        least,
        NODE_LIMIT,
        best,
        *nearest_steps_workspace(len(traded)),
    )
    return best, objective, bound


def _assert_affordable(problem: Problem, steps: list[int]) -> None:
    """The last look at this door: nothing oversold, no purse left emptier than allowed."""
    purses = list(problem.purses)
    for holding, change in zip(problem.holdings, steps, strict=True):
        assert change >= 0 or -change <= holding.sellable, "more sold than may be"
        assert change <= 0 or holding.buyable, "bought what this account does not buy"
        purses[holding.account] += cash_change(holding, change)
    for before, after in zip(problem.purses, purses, strict=True):
        assert after >= min(before, 0), "more cash spent than there is"
