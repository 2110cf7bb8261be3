"""The trades of research mode: from units held to goal weights, and what that costs."""

from __future__ import annotations

from trimtab.kernels.compile import kernel, kernel_without_zero, written_out
from trimtab.kernels.destination import Column
from trimtab.kernels.research_columns import ALLOWANCE

# How the cost of a rebalance is found. `COST_ONCE` is the convention of this package; the others
# are exact versions of what other programs do, so that results can be compared to the last digit.
COST_ONCE = 0  # rate x sum |aim x value - holding|, value before cost; holdings become aim x rest
COST_SOLVED = 1  # the same with the value after cost: the cost equation, solved exactly
COST_IN_ORDER = 2  # each order's outlay or proceeds, cost included, equal what was meant to move
COST_FROM_LAST = 3  # sales in full, purchases in full, the largest takes what cash is left


@kernel
def order_cost(
    amount: float, price: float, rate: float, per_unit: float, fixed: float, minimum: float
) -> float:
    """What one order costs: fixed, and by money, and by unit, and at least a minimum.

    Args:
        amount: Money that is bought or sold, above zero.
        price: Price of a unit.
        rate: Cost as a share of the money.
        per_unit: Cost of a unit.
        fixed: Cost of an order.
        minimum: The least that an order costs.
    """
    cost = fixed + rate * amount
    if per_unit > 0.0:
        cost += per_unit * (amount / price)
    if cost < minimum:
        cost = minimum
    return cost


@written_out
@kernel
def rebalance(
    units: Column,
    prices: Column,
    value: float,
    goals: Column,
    cost_rule: int,
    rate: Column,
    per_unit: Column,
    fixed: Column,
    minimum: Column,
    holdings: Column,
    totals: Column,
) -> bool:
    """Trade to the goal weights at one session's prices: changes `units`, if there is a trade.

    Args:
        units: In and out: units held, shape (n,).
        prices: Prices to trade at, shape (n,), above zero.
        value: What the units are worth at these prices.
        goals: Goal weights, shape (n,), summing to 1.
        cost_rule: One of the COST_ rules.
        rate: Cost rates by instrument, shape (n,); likewise the next three. Rules other than
            COST_ONCE know rates only, and COST_IN_ORDER such below 1.
        per_unit: Costs of a unit.
        fixed: Costs of an order.
        minimum: Least costs of an order.
        holdings: Work space, shape (n,).
        totals: Out: cost, sum of absolute trades (before cost).

    Returns:
        Whether anything was to be traded.
    """
    n = len(units)
    least = ALLOWANCE * value
    for i in range(n):
        holdings[i] = units[i] * prices[i]
    moved = 0.0
    cost = 0.0
    for i in range(n):
        amount = goals[i] * value - holdings[i]
        amount = -amount if amount < 0.0 else amount
        moved += amount
        if cost_rule == COST_ONCE and amount > least:
            cost += order_cost(amount, prices[i], rate[i], per_unit[i], fixed[i], minimum[i])
    if moved <= least:
        return False
    if cost_rule == COST_SOLVED:
        cost = _solved_cost(value, goals, holdings, rate)
    if cost_rule <= COST_SOLVED:
        _hold(units, prices, goals, value - cost)
    elif cost_rule == COST_IN_ORDER:
        cost = _trade_in_order(units, prices, goals, value, rate, holdings)
    else:
        cost = _trade_from_cash(units, prices, goals, value, rate, holdings)
    totals[0] = cost
    totals[1] = moved
    return True


@written_out
@kernel_without_zero
def _hold(units: Column, prices: Column, goals: Column, rest: float) -> None:
    """Hold goal weights of what is left after costs; prices, which divide, are above zero."""
    for i in range(len(units)):
        units[i] = goals[i] * rest / prices[i]


@written_out
@kernel_without_zero
def _trade_in_order(
    units: Column,
    prices: Column,
    goals: Column,
    value: float,
    rate: Column,
    holdings: Column,
) -> float:
    """Let each order bear its own cost: what it moves and its cost are what was meant to move.

    Prices and `1 +- rate`, which divide, are above zero: rates are below 1 under this rule.
    """
    for i in range(len(units)):
        amount = goals[i] * value - holdings[i]
        # From here on `holdings` holds the orders.
        holdings[i] = amount / (1.0 + rate[i] if amount > 0.0 else 1.0 - rate[i])
        units[i] += holdings[i] / prices[i]
    cost = 0.0
    for i in range(len(units)):
        cost += rate[i] * abs(holdings[i])
    return cost


@kernel
def _solved_cost(value: float, goals: Column, holdings: Column, rate: Column) -> float:
    """The cost that solves cost = sum rate x |goal x (value - cost) - holding|.

    The difference of the two sides falls and is convex in the cost, made of straight pieces; so
    Newton's method from zero climbs to the root and reaches it exactly after a few pieces.
    """
    cost = 0.0
    for _ in range(60):
        excess = -cost
        slope = 1.0
        for i in range(len(goals)):
            amount = goals[i] * (value - cost) - holdings[i]
            if amount > 0.0:
                excess += rate[i] * amount
                slope += rate[i] * goals[i]
            else:
                excess -= rate[i] * amount
                slope -= rate[i] * goals[i]
        step = excess / slope
        if not cost + step > cost:
            break
        cost += step
    return cost


@written_out
@kernel
def _trade_from_cash(
    units: Column,
    prices: Column,
    goals: Column,
    value: float,
    rate: Column,
    holdings: Column,
) -> float:
    """Sell in full, then buy from the smallest order to the largest while the cash lasts."""
    cost = 0.0
    short = 0.0
    for i in range(len(units)):
        # From here on `holdings` holds the orders.
        holdings[i] = goals[i] * value - holdings[i]
        if holdings[i] < 0.0:
            short += holdings[i] * (1.0 - rate[i])
        else:
            short += holdings[i] * (1.0 + rate[i])
    while short > 0.0:
        largest = 0
        for i in range(len(units)):
            if holdings[i] > holdings[largest]:
                largest = i
        if holdings[largest] <= 0.0:
            break
        outlay = holdings[largest] * (1.0 + rate[largest])
        if outlay > short:
            holdings[largest] = (outlay - short) / (1.0 + rate[largest])
            short = 0.0
        else:
            holdings[largest] = 0.0
            short -= outlay
    for i in range(len(units)):
        cost += rate[i] * abs(holdings[i])
        units[i] += holdings[i] / prices[i]
    return cost
