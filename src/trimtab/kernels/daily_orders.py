"""Orders of one session: what each costs, what the day's volume allows, what a flow buys or sells.

Where nothing limits them, orders are filled whole, here and now. Where a day's volume does, they
wait in `Held.waiting`, and sales pay for purchases day by day.
"""

from __future__ import annotations

from math import sqrt

from trimtab.kernels.compile import kernel
from trimtab.kernels.daily_columns import (
    COST,
    FIXED,
    HOLD,
    LEAST,
    MOST,
    MOVED,
    ORDERS,
    PER_UNIT,
    RATE,
    Bill,
    Charges,
    Conditions,
    Held,
)
from trimtab.kernels.daily_impact import linear_cost, note_trades
from trimtab.kernels.destination import Column
from trimtab.kernels.research_columns import AIMS, ALLOWANCE, HOLDINGS
from trimtab.kernels.research_trades import order_cost

# -- one order ------------------------------------------------------------------------------------


@kernel
def charge(money: float, price: float, i: int, at: int, charges: Charges, held: Held) -> float:
    """What one order costs: fees by their schedule, and how it moves the price.

    Args:
        money: What is bought, or below zero sold.
        price: Price of a unit.
        i: Which instrument.
        at: The session.
        charges: What orders cost.
        held: Where own orders have left prices.
    """
    amount = abs(money)
    if not amount > 0.0:
        return 0.0
    fees = charges.fees
    cost: float = order_cost(amount, price, fees[RATE][i], fees[PER_UNIT][i], fees[FIXED][i], 0.0)
    for k in range(len(charges.money_from)):
        if amount > charges.money_from[k][i]:
            cost += charges.money_more[k][i] * (amount - charges.money_from[k][i])
    for k in range(len(charges.units_from)):
        units = amount / price
        if units > charges.units_from[k][i]:
            cost += charges.units_more[k][i] * (units - charges.units_from[k][i])
    if cost < fees[LEAST][i]:
        cost = fees[LEAST][i]
    if cost > fees[MOST][i]:
        cost = fees[MOST][i]
    if len(charges.impact) > 0:
        cost += charges.impact[at][i] * amount * sqrt(amount)
    if len(charges.temporary) > 0:
        cost += linear_cost(money / price, price, i, at, charges, held)
    return cost


@kernel
def is_capped(size: float, i: int, at: int, conditions: Conditions, held: Held) -> bool:
    """Whether a session's volume leaves less than so many units to be traded."""
    caps = conditions.caps
    return len(caps) > 0 and size > caps[at][i] - held.used[i]


@kernel
def allowed(size: float, i: int, at: int, conditions: Conditions, held: Held) -> float:
    """So many units, or those that a session's volume leaves."""
    most: float = size
    if is_capped(size, i, at, conditions, held):
        most = conditions.caps[at][i] - held.used[i]
    return most


@kernel
def clear_bill(bill: Bill) -> None:
    """Nothing is ordered yet."""
    for i in range(len(bill.by)):
        bill.by[i] = 0.0
    for k in range(len(bill.totals)):
        bill.totals[k] = 0.0


# -- orders that wait -----------------------------------------------------------------------------


@kernel
def is_waiting(held: Held) -> bool:
    """Whether an order waits."""
    waits = False
    for i in range(len(held.waiting)):
        waits = waits or held.waiting[i] != 0.0
    return waits


@kernel
def fill_waiting(
    prices: Column, at: int, least: float, conditions: Conditions, held: Held, bill: Bill
) -> bool:
    """Fill what the day's volume allows of the orders that wait; sales pay for purchases.

    Args:
        prices: Prices to trade at.
        at: The session.
        least: Money below which an order is no order.
        conditions: What the run is up against.
        held: In and out.
        bill: In and out: nothing yet.

    Returns:
        Whether anything was traded.
    """
    cash_at = conditions.cash_at
    purse = held.units[cash_at] * prices[cash_at]
    purse = sell_waiting(prices, at, least, purse, conditions, held, bill)
    purse = buy_waiting(prices, at, least, purse, conditions, held, bill)
    traded: bool = bill.totals[ORDERS] > 0.0
    if traded:
        held.units[cash_at] = purse / prices[cash_at]
    return traded


@kernel
def sell_waiting(
    prices: Column,
    at: int,
    least: float,
    purse: float,
    conditions: Conditions,
    held: Held,
    bill: Bill,
) -> float:
    """Sell of what waits to be sold what is allowed; the purse with what it brings."""
    units, waiting = held.units, held.waiting
    for i in range(len(units)):
        if i == conditions.cash_at or not waiting[i] < 0.0:
            continue
        meant = -waiting[i]
        if meant > units[i] and not conditions.short:
            meant = units[i]
        size = allowed(meant, i, at, conditions, held)
        if size > 0.0:
            amount = size * prices[i]
            cost = charge(-amount, prices[i], i, at, conditions.charges, held)
            book_order(-size, amount, cost, i, held, bill)
            purse += amount - cost
        if size == meant or -waiting[i] * prices[i] <= least:
            waiting[i] = 0.0
    return purse


@kernel
def buy_waiting(
    prices: Column,
    at: int,
    least: float,
    purse: float,
    conditions: Conditions,
    held: Held,
    bill: Bill,
) -> float:
    """Buy of what waits to be bought what is allowed and can be paid; what the purse has left."""
    waiting = held.waiting
    # What is short is taken from all purchases alike: less of each never costs more.
    outlay = outlay_of_waiting(prices, at, conditions, held)
    part = 1.0
    if outlay > purse and not conditions.short:
        part = purse / outlay if purse > 0.0 else 0.0
    to_sell = False
    for i in range(len(waiting)):
        to_sell = to_sell or waiting[i] < 0.0
    for i in range(len(waiting)):
        if i == conditions.cash_at or not waiting[i] > 0.0:
            continue
        size = allowed(waiting[i], i, at, conditions, held) * part
        amount = size * prices[i]
        if amount > 0.0:
            cost = charge(amount, prices[i], i, at, conditions.charges, held)
            # A fee that is the same for less is not covered by taking less of the order.
            if conditions.short or amount + cost <= purse * (1.0 + ALLOWANCE):
                book_order(size, amount, cost, i, held, bill)
                purse -= amount + cost
        if waiting[i] * prices[i] <= least or (part < 1.0 and not to_sell):
            # Nothing that is still to be sold would pay for the rest.
            waiting[i] = 0.0
    return purse


@kernel
def outlay_of_waiting(prices: Column, at: int, conditions: Conditions, held: Held) -> float:
    """What all that waits to be bought, as far as it is allowed, takes out of the purse."""
    outlay = 0.0
    for i in range(len(held.waiting)):
        if i != conditions.cash_at and held.waiting[i] > 0.0:
            size = allowed(held.waiting[i], i, at, conditions, held)
            if size > 0.0:
                amount = size * prices[i]
                outlay += amount + charge(amount, prices[i], i, at, conditions.charges, held)
    return outlay


@kernel
def book_order(units: float, amount: float, cost: float, i: int, held: Held, bill: Bill) -> None:
    """Book units that were bought, or below zero sold, of what waited."""
    held.units[i] += units
    held.waiting[i] -= units
    held.used[i] += abs(units)
    held.traded[i] += units
    bill.by[i] += cost
    bill.totals[COST] += cost
    bill.totals[MOVED] += amount
    bill.totals[ORDERS] += 1.0


# -- to goal weights ------------------------------------------------------------------------------


@kernel
def rebalance_daily(
    prices: Column,
    at: int,
    value: float,
    goals: Column,
    conditions: Conditions,
    held: Held,
    space: Column,
    bill: Bill,
) -> bool:
    """Trade to goal weights at one session's prices, or as near as its volume allows.

    By the convention of `research_trades.rebalance` (COST_ONCE); what the volume does not allow
    waits.

    Args:
        prices: Prices to trade at.
        at: The session.
        value: What the units are worth at these prices.
        goals: Goal weights, summing to 1.
        conditions: What the run is up against.
        held: In and out.
        space: Work space as for `research.run`.
        bill: In and out: nothing yet.

    Returns:
        Whether anything was to be traded.
    """
    units, waiting = held.units, held.waiting
    n = len(units)
    wanted, costs = space[AIMS], space[HOLDINGS]
    least = ALLOWANCE * value
    moved = 0.0
    cost = 0.0
    for i in range(n):
        change = goals[i] * value - units[i] * prices[i]
        amount = abs(change)
        moved += amount
        costs[i] = 0.0
        if amount > least:
            costs[i] = charge(change, prices[i], i, at, conditions.charges, held)
        cost += costs[i]
    if moved <= least or cost >= value:
        return False
    limited = False
    for i in range(n):
        wanted[i] = goals[i] * (value - cost) / prices[i]
        change = abs(wanted[i] - units[i])
        if i != conditions.cash_at and is_capped(change, i, at, conditions, held):
            limited = True
    if limited:
        for i in range(n):
            waiting[i] = wanted[i] - units[i] if i != conditions.cash_at else 0.0
        fill_waiting(prices, at, least, conditions, held, bill)
        return True
    note_trades(wanted, conditions, held)
    for i in range(n):
        waiting[i] = 0.0
        held.used[i] += abs(wanted[i] - units[i])
        units[i] = wanted[i]
        bill.by[i] += costs[i]
    bill.totals[COST] += cost
    bill.totals[MOVED] += moved
    return True


# -- money that comes and goes --------------------------------------------------------------------


@kernel
def take_money(
    prices: Column,
    at: int,
    value: float,
    money: float,
    aim: Column,
    invest: int,
    conditions: Conditions,
    held: Held,
    gaps: Column,
    bill: Bill,
) -> float:
    """Take money in, or pay it out, at one session's close.

    What comes in buys what is furthest below its target, what goes out is sold from what is
    furthest above it. The cost of a purchase is taken from its money, that of a sale is sold as
    well. With HOLD, what comes in stays cash, and what goes out is cash first.

    Args:
        prices: Prices to trade at.
        at: The session.
        value: What the units are worth before the flow.
        money: What comes in, or below zero what goes out.
        aim: Target weights last adopted.
        invest: HOLD or TOWARDS_TARGET.
        conditions: What the run is up against.
        held: In and out.
        gaps: Work space, shape (n,).
        bill: In and out: nothing yet.

    Returns:
        The flow: `money`, or less where less is there to be paid.
    """
    cash_at = conditions.cash_at
    if conditions.short or (money > 0.0 and invest == HOLD):
        # With loans allowed, cash pays what goes as well.
        held.units[cash_at] += money / prices[cash_at]
        return money
    if invest == HOLD:
        fill_gaps_alike(prices, -money, cash_at, held, gaps)
    else:
        fill_furthest_gaps(prices, value, money, aim, held, gaps)
    risky = 0.0
    cost = 0.0
    sign = 1.0 if money > 0.0 else -1.0
    for i in range(len(gaps)):
        if i == cash_at:
            continue
        if gaps[i] <= ALLOWANCE * abs(money):
            gaps[i] = 0.0
        risky += gaps[i]
        cost += charge(sign * gaps[i], prices[i], i, at, conditions.charges, held)
    if money > 0.0 and cost >= risky:
        held.units[cash_at] += money / prices[cash_at]
        return money
    factor = 1.0
    if risky > 0.0:
        factor = (risky - cost) / risky if money > 0.0 else (risky + cost) / risky
    if is_flow_limited(prices, at, factor, conditions, held, gaps):
        held.units[cash_at] += money / prices[cash_at]
        for i in range(len(gaps)):
            if i != cash_at and gaps[i] > 0.0:
                held.waiting[i] += sign * (factor * gaps[i] / prices[i])
        fill_waiting(prices, at, ALLOWANCE * value, conditions, held, bill)
        return money
    bill.totals[COST] += cost
    bill.totals[MOVED] += risky
    spent = fill_flow(prices, at, money, factor, conditions, held, gaps, bill)
    if money > 0.0:
        # What was not meant for purchases stays as cash, to the last bit none where that is none.
        kept = money - risky
        if kept > ALLOWANCE * money:
            held.units[cash_at] += kept / prices[cash_at]
        return money
    short = -money + cost - spent
    if short > ALLOWANCE * -money:
        left = held.units[cash_at] * prices[cash_at] - short
        if left < 0.0:
            held.units[cash_at] = 0.0
            return money - left if money - left < 0.0 else 0.0
        held.units[cash_at] = left / prices[cash_at]
    return money


@kernel
def fill_gaps_alike(prices: Column, wanted: float, cash_at: int, held: Held, gaps: Column) -> None:
    """What to take for a withdrawal: cash first, the rest from everything alike."""
    units = held.units
    purse = units[cash_at] * prices[cash_at]
    own = wanted if purse > wanted else purse
    own = own if own > 0.0 else 0.0
    total = 0.0
    for i in range(len(units)):
        gaps[i] = units[i] * prices[i]
        total += gaps[i] if i != cash_at else 0.0
    for i in range(len(units)):
        if i != cash_at and total > 0.0:
            gaps[i] = gaps[i] * ((wanted - own) / total)
    gaps[cash_at] = own


@kernel
def fill_furthest_gaps(
    prices: Column, value: float, money: float, aim: Column, held: Held, gaps: Column
) -> None:
    """What to buy with money that comes, or to sell for money that goes: the furthest first."""
    units = held.units
    wanted = abs(money)
    sign = 1.0 if money > 0.0 else -1.0
    for i in range(len(units)):
        gaps[i] = sign * (aim[i] * (value + money) - units[i] * prices[i])
    level = level_of(gaps, wanted)
    total = 0.0
    left = 0.0
    for i in range(len(units)):
        gaps[i] = gaps[i] - level if gaps[i] > level else 0.0
        total += gaps[i]
        left += units[i] * prices[i] - gaps[i]
    if money < 0.0 and total < wanted * (1.0 - ALLOWANCE) and left > 0.0:
        more = (wanted - total) / left
        more = 1.0 if more > 1.0 else more
        for i in range(len(units)):
            gaps[i] += more * (units[i] * prices[i] - gaps[i])


@kernel
def level_of(gaps: Column, amount: float) -> float:
    """The level above which gaps, cut off there, sum to an amount: the furthest come first.

    Of all ways to spend the amount on the gaps, cutting at a level leaves the least sum of
    squares. Zero where the gaps above zero sum to less.
    """
    level = 0.0
    for _ in range(len(gaps) + 1):
        total = -amount
        count = 0
        for i in range(len(gaps)):
            if gaps[i] > level:
                total += gaps[i]
                count += 1
        if count == 0:
            break
        found = total / count
        if not found > level:
            break
        level = found
    return level


@kernel
def is_flow_limited(
    prices: Column, at: int, factor: float, conditions: Conditions, held: Held, gaps: Column
) -> bool:
    """Whether a flow must wait its turn: its orders are capped, or others wait already."""
    if len(conditions.caps) == 0:
        return False
    limited = is_waiting(held)
    for i in range(len(gaps)):
        size = factor * gaps[i] / prices[i]
        if i != conditions.cash_at and is_capped(size, i, at, conditions, held):
            limited = True
    return limited


@kernel
def fill_flow(
    prices: Column,
    at: int,
    money: float,
    factor: float,
    conditions: Conditions,
    held: Held,
    gaps: Column,
    bill: Bill,
) -> float:
    """Fill a flow's orders whole, each with its part of the cost; the money that they moved."""
    units = held.units
    sign = 1.0 if money > 0.0 else -1.0
    spent = 0.0
    for i in range(len(units)):
        if i == conditions.cash_at or not gaps[i] > 0.0:
            continue
        bill.by[i] += charge(sign * gaps[i], prices[i], i, at, conditions.charges, held)
        size = factor * gaps[i] / prices[i]
        if money < 0.0 and size > units[i]:
            size = units[i]
        units[i] += sign * size
        held.used[i] += size
        held.traded[i] += sign * size
        spent += size * prices[i]
    return spent


@kernel
def pay_out_all(
    prices: Column, at: int, value: float, conditions: Conditions, held: Held, bill: Bill
) -> float:
    """Sell everything and pay it out, less what that costs; the flow, zero or below."""
    units = held.units
    for i in range(len(units)):
        if units[i] > 0.0 or (conditions.short and units[i] < 0.0):
            amount = abs(units[i] * prices[i])
            cost = charge(-units[i] * prices[i], prices[i], i, at, conditions.charges, held)
            bill.by[i] += cost
            bill.totals[COST] += cost
            bill.totals[MOVED] += amount if i != conditions.cash_at else 0.0
        held.traded[i] -= units[i]
        units[i] = 0.0
        held.waiting[i] = 0.0
    cost_of_all: float = bill.totals[COST]
    return cost_of_all - value if value > cost_of_all else 0.0
