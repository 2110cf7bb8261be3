"""One policy over history, session by session: what the fast loop of `research` does not know.

Impact and schedules of fees, a limit on the part of a day's volume, money that comes and goes, a
yearly fee on assets, and instruments that cannot be traded on some sessions. Where none of these
is asked for, the figures are those of `research.run`, bit for bit; that loop is the faster one.

Cash is a column here, always. Units of it are worth its price, as those of any other.
"""

from __future__ import annotations

from math import sqrt

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import TO_TARGET, Column
from trimtab.kernels.research import (
    ADOPTED,
    ALLOWANCE,
    COST_PAID,
    REBALANCES,
    TURNOVER,
    branch_away,
    fill_branch_shares,
    fill_limits,
    goal_weights,
)

# Where `run_daily` keeps what it must know when it is called again, after what `run` keeps.
ROWS, OPENED, QUEUED, EXHAUSTED = 2, 3, 4, 5
COUNTS = 6
FEES = 2
SUMS = 3

# Rows of `fees`, by instrument.
RATE, PER_UNIT, FIXED, LEAST, MOST = range(5)

# What a row of the log is.
REBALANCE, CARRIED, FLOW, FEE, ENDED = range(5)
ROWS_A_SESSION = 6
"""At most so many rows of the log are written on one session."""

# What may be done with an instrument on a session.
CLOSED, OPEN, ENDS = range(3)

# What a money flow does.
HOLD, TOWARDS_TARGET = range(2)

NOTHING, PART, WHOLE = range(3)


@kernel
def charge(
    amount: float,
    price: float,
    i: int,
    fees: Column,
    money_from: Column,
    money_more: Column,
    units_from: Column,
    units_more: Column,
    impact: Column,
    at: int,
) -> float:
    """What one order costs: fees by their schedule, and how it moves the price.

    Args:
        amount: Money that is bought or sold.
        price: Price of a unit.
        i: Which instrument.
        fees: Rows RATE to MOST, shape (5, n).
        money_from: From what money on a step of the schedule counts, shape (k, n).
        money_more: By how much the rate changes there, same shape.
        units_from: The same by units.
        units_more: By how much the fee a unit changes there.
        impact: Cost of an order over its money to the power of 3/2, shape (sessions, n), or no
            rows.
        at: The session.
    """
    if not amount > 0.0:
        return 0.0
    cost: float = fees[FIXED][i] + fees[RATE][i] * amount
    if fees[PER_UNIT][i] > 0.0:
        cost += fees[PER_UNIT][i] * (amount / price)
    for k in range(len(money_from)):
        if amount > money_from[k][i]:
            cost += money_more[k][i] * (amount - money_from[k][i])
    for k in range(len(units_from)):
        units = amount / price
        if units > units_from[k][i]:
            cost += units_more[k][i] * (units - units_from[k][i])
    if cost < fees[LEAST][i]:
        cost = fees[LEAST][i]
    if cost > fees[MOST][i]:
        cost = fees[MOST][i]
    if len(impact) > 0:
        cost += impact[at][i] * amount * sqrt(amount)
    return cost


@kernel
def is_open(state: Column, at: int, i: int) -> bool:
    """Whether an instrument can be traded on a session."""
    return len(state) == 0 or state[at][i] == OPEN


@kernel
def fill_part(
    units: Column,
    prices: Column,
    at: int,
    cash_at: int,
    least: float,
    fees: Column,
    money_from: Column,
    money_more: Column,
    units_from: Column,
    units_more: Column,
    impact: Column,
    caps: Column,
    state: Column,
    pending: Column,
    used: Column,
    charged: Column,
    totals: Column,
) -> int:
    """Fill what the day's volume allows of the orders that wait; sales pay for purchases.

    Args:
        units: In and out: units held.
        prices: Prices to trade at.
        at: The session.
        cash_at: Which column is cash.
        least: Money below which an order is no order.
        fees, money_from, money_more, units_from, units_more, impact: As for `charge`.
        caps: Units that may be traded at most, shape (sessions, n), or no rows.
        state: What may be traded, shape (sessions, n), or no rows.
        pending: In and out: units to buy, or below zero to sell.
        used: In and out: units traded on this session already.
        charged: In and out: costs of the session's orders by instrument.
        totals: In and out: cost, sum of absolute trades.

    Returns:
        NOTHING or PART.
    """
    n = len(units)
    purse = units[cash_at] * prices[cash_at]
    traded = False
    waits = False
    for i in range(n):
        if i == cash_at or not pending[i] < 0.0:
            continue
        size = -pending[i]
        size = units[i] if size > units[i] else size
        whole = True
        if len(caps) > 0 and size > caps[at][i] - used[i]:
            size = caps[at][i] - used[i]
            whole = False
        if not is_open(state, at, i):
            size = 0.0
            whole = False
        if size > 0.0:
            amount = size * prices[i]
            cost = charge(
                amount, prices[i], i, fees, money_from, money_more, units_from, units_more, impact,
                at,
            )  # fmt: skip
            units[i] -= size
            pending[i] += size
            used[i] += size
            charged[i] += cost
            purse += amount - cost
            totals[0] += cost
            totals[1] += amount
            traded = True
        if whole or -pending[i] * prices[i] <= least:
            pending[i] = 0.0
        else:
            waits = True
    outlay = 0.0
    for i in range(n):
        if i != cash_at and pending[i] > 0.0 and is_open(state, at, i):
            size = pending[i]
            if len(caps) > 0 and size > caps[at][i] - used[i]:
                size = caps[at][i] - used[i]
            if size > 0.0:
                amount = size * prices[i]
                outlay += amount + charge(
                    amount, prices[i], i, fees, money_from, money_more, units_from, units_more,
                    impact, at,
                )  # fmt: skip
    # What is short is taken from all purchases alike: less of each never costs more.
    part = 1.0
    if outlay > purse:
        part = purse / outlay if purse > 0.0 else 0.0
    for i in range(n):
        if i == cash_at or not pending[i] > 0.0:
            continue
        size = pending[i]
        if len(caps) > 0 and size > caps[at][i] - used[i]:
            size = caps[at][i] - used[i]
        if not is_open(state, at, i):
            size = 0.0
        size = size * part
        amount = size * prices[i]
        if amount > 0.0:
            cost = charge(
                amount, prices[i], i, fees, money_from, money_more, units_from, units_more, impact,
                at,
            )  # fmt: skip
            # A fee that is the same for less is not covered by taking less of the order.
            if amount + cost <= purse * (1.0 + ALLOWANCE):
                units[i] += size
                pending[i] -= size
                used[i] += size
                charged[i] += cost
                purse -= amount + cost
                totals[0] += cost
                totals[1] += amount
                traded = True
        if pending[i] * prices[i] <= least or (part < 1.0 and not waits):
            # Nothing that is still to be sold would pay for the rest.
            pending[i] = 0.0
    if traded:
        units[cash_at] = purse / prices[cash_at]
    return PART if traded else NOTHING


@kernel
def rebalance_daily(
    units: Column,
    prices: Column,
    value: float,
    goals: Column,
    at: int,
    cash_at: int,
    fees: Column,
    money_from: Column,
    money_more: Column,
    units_from: Column,
    units_more: Column,
    impact: Column,
    caps: Column,
    state: Column,
    pending: Column,
    used: Column,
    charged: Column,
    orders: Column,
    totals: Column,
) -> int:
    """Trade to goal weights at one session's prices, or as near as the session allows.

    By the convention of `research.rebalance` (COST_ONCE). What cannot be traded stays as it is,
    and the others share the rest as their goals are to each other.

    Args:
        units, prices, at, cash_at: As for `fill_part`; likewise what follows `goals`.
        value: What the units are worth at these prices.
        goals: Goal weights, summing to 1.
        orders: Work space, shape (n,).

    Returns:
        NOTHING, PART or WHOLE. In part, the rest waits in `pending`.
    """
    n = len(units)
    least = ALLOWANCE * value
    base = value
    share = 1.0
    if len(state) > 0:
        tradable = 0.0
        stuck = False
        for i in range(n):
            if is_open(state, at, i):
                tradable += goals[i]
            else:
                base -= units[i] * prices[i]
                stuck = stuck or units[i] != 0.0 or goals[i] != 0.0
        if stuck:
            share = tradable
    if not share > 0.0:
        return NOTHING
    moved = 0.0
    cost = 0.0
    for i in range(n):
        orders[i] = 0.0
        if not is_open(state, at, i):
            continue
        goal = goals[i] if share == 1.0 else goals[i] / share
        amount = goal * base - units[i] * prices[i]
        amount = -amount if amount < 0.0 else amount
        moved += amount
        if amount > least:
            orders[i] = charge(
                amount, prices[i], i, fees, money_from, money_more, units_from, units_more, impact,
                at,
            )  # fmt: skip
            cost += orders[i]
    if moved <= least or cost >= base:
        return NOTHING
    rest = base - cost
    limited = False
    if len(caps) > 0:
        for i in range(n):
            if i != cash_at and is_open(state, at, i):
                goal = goals[i] if share == 1.0 else goals[i] / share
                size = goal * rest / prices[i] - units[i]
                size = -size if size < 0.0 else size
                if size > caps[at][i] - used[i]:
                    limited = True
    for i in range(n):
        pending[i] = 0.0
        if not is_open(state, at, i):
            continue
        goal = goals[i] if share == 1.0 else goals[i] / share
        wanted = goal * rest / prices[i]
        if limited:
            pending[i] = wanted - units[i] if i != cash_at else 0.0
        else:
            size = wanted - units[i]
            used[i] += -size if size < 0.0 else size
            units[i] = wanted
            charged[i] += orders[i]
    if not limited:
        totals[0] += cost
        totals[1] += moved
        return WHOLE
    fill_part(
        units, prices, at, cash_at, least, fees, money_from, money_more, units_from, units_more,
        impact, caps, state, pending, used, charged, totals,
    )  # fmt: skip
    return PART


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
def flow_daily(
    units: Column,
    prices: Column,
    value: float,
    aim: Column,
    money: float,
    invest: int,
    at: int,
    cash_at: int,
    fees: Column,
    money_from: Column,
    money_more: Column,
    units_from: Column,
    units_more: Column,
    impact: Column,
    caps: Column,
    state: Column,
    pending: Column,
    used: Column,
    charged: Column,
    gaps: Column,
    totals: Column,
) -> float:
    """Take money in, or pay it out, at one session's close.

    What comes in buys what is furthest below its target, what goes out is sold from what is
    furthest above it. The cost of a purchase is taken from its money, that of a sale is sold as
    well.

    Args:
        units, prices, at, cash_at: As for `fill_part`; likewise what follows `invest`.
        value: What the units are worth before the flow.
        aim: Target weights last adopted.
        money: What comes in, or below zero what goes out.
        invest: HOLD leaves money that comes in as cash, and pays out of cash first.
        gaps: Work space, shape (n,).

    Returns:
        The flow: `money`, or less where less is there to be paid.
    """
    n = len(units)
    purse = units[cash_at] * prices[cash_at]
    if money > 0.0 and invest == HOLD:
        units[cash_at] += money / prices[cash_at]
        return money
    wanted = money if money > 0.0 else -money
    after = value + money
    sign = 1.0 if money > 0.0 else -1.0
    for i in range(n):
        gaps[i] = 0.0
        if is_open(state, at, i):
            gaps[i] = sign * (aim[i] * after - units[i] * prices[i])
            if invest == HOLD and i == cash_at:
                gaps[i] = purse
            elif invest == HOLD:
                gaps[i] = units[i] * prices[i]
    if invest == HOLD:
        # Cash first; the rest from everything alike.
        own = wanted if purse > wanted else purse
        own = own if own > 0.0 else 0.0
        total = 0.0
        for i in range(n):
            total += gaps[i] if i != cash_at else 0.0
        for i in range(n):
            if i != cash_at and total > 0.0:
                gaps[i] = gaps[i] * ((wanted - own) / total)
        gaps[cash_at] = own
    else:
        level = level_of(gaps, wanted)
        for i in range(n):
            gaps[i] = gaps[i] - level if gaps[i] > level else 0.0
        if money < 0.0:
            total = 0.0
            left = 0.0
            for i in range(n):
                total += gaps[i]
                if is_open(state, at, i):
                    left += units[i] * prices[i] - gaps[i]
            if total < wanted * (1.0 - ALLOWANCE) and left > 0.0:
                more = (wanted - total) / left
                more = 1.0 if more > 1.0 else more
                for i in range(n):
                    if is_open(state, at, i):
                        gaps[i] += more * (units[i] * prices[i] - gaps[i])
    risky = 0.0
    cost = 0.0
    for i in range(n):
        if i == cash_at:
            continue
        if gaps[i] <= ALLOWANCE * wanted:
            gaps[i] = 0.0
        risky += gaps[i]
        cost += charge(
            gaps[i], prices[i], i, fees, money_from, money_more, units_from, units_more, impact, at
        )
    if money > 0.0 and cost >= risky:
        units[cash_at] += money / prices[cash_at]
        return money
    # Where nothing waits and nothing is limited, orders are filled here and now, whole.
    factor = 1.0
    if risky > 0.0:
        factor = (risky - cost) / risky if money > 0.0 else (risky + cost) / risky
    limited = False
    if len(caps) > 0:
        for i in range(n):
            if i != cash_at and factor * gaps[i] / prices[i] > caps[at][i] - used[i]:
                limited = True
            if pending[i] != 0.0:
                limited = True
    if limited:
        units[cash_at] += money / prices[cash_at]
        for i in range(n):
            if i != cash_at and gaps[i] > 0.0:
                pending[i] += sign * (factor * gaps[i] / prices[i])
        fill_part(
            units, prices, at, cash_at, ALLOWANCE * value, fees, money_from, money_more,
            units_from, units_more, impact, caps, state, pending, used, charged, totals,
        )  # fmt: skip
        return money
    spent = 0.0
    for i in range(n):
        if i == cash_at or not gaps[i] > 0.0:
            continue
        own = charge(
            gaps[i], prices[i], i, fees, money_from, money_more, units_from, units_more, impact, at
        )
        size = factor * gaps[i] / prices[i]
        if money < 0.0 and size > units[i]:
            size = units[i]
        units[i] += sign * size
        used[i] += size
        charged[i] += own
        spent += size * prices[i]
    totals[0] += cost
    totals[1] += risky
    if money > 0.0:
        # What was not meant for purchases stays as cash, to the last bit none where that is none.
        kept = money - risky
        if kept > ALLOWANCE * money:
            units[cash_at] += kept / prices[cash_at]
        return money
    short = wanted + cost - spent
    if short > ALLOWANCE * wanted:
        left = purse - short
        if left < 0.0:
            units[cash_at] = 0.0
            return money - left if money - left < 0.0 else 0.0
        units[cash_at] = left / prices[cash_at]
    return money


@kernel
def run_daily(
    closes: Column,
    dealing: Column,
    looks: Column,
    targets: Column,
    target_at: Column,
    branches: Column,
    absolute: float,
    relative: float,
    drift: float,
    cashflow: float,
    to: int,
    width: float,
    lag: int,
    cash_at: int,
    fees: Column,
    money_from: Column,
    money_more: Column,
    units_from: Column,
    units_more: Column,
    impact: Column,
    caps: Column,
    state: Column,
    flow_money: Column,
    flow_share: Column,
    fee_share: Column,
    invest: int,
    start: int,
    units: Column,
    counts: Column,
    sums: Column,
    equity: Column,
    flows: Column,
    traded_at: Column,
    traded_cost: Column,
    traded_moved: Column,
    traded_value: Column,
    traded_as: Column,
    units_after: Column,
    cost_by: Column,
    space: Column,
    branch_space: Column,
    totals: Column,
    waiting: Column,
) -> int:
    """Run one policy from a session to the end, or to where the caller must provide something.

    A session: what ended is cash, at its last price; what was decided the session before is
    traded, or what still waits; at the close the fee on assets is taken, then money comes or
    goes, then the policy looks.

    Args:
        closes: Prices by session, shape (sessions, n), finite and above zero.
        dealing, looks, targets, target_at, branches: As for `research.run`.
        absolute, relative, drift, to, width, lag: As for `research.run`.
        cashflow: New cash that fires, in money; below zero for none.
        cash_at: Which column is cash.
        fees, money_from, money_more, units_from, units_more, impact: As for `charge`.
        caps: Units of each instrument that may be traded a session, or no rows for no limit.
        state: CLOSED, OPEN or ENDS, shape (sessions, n), or no rows where all is always open.
        flow_money: Money that comes at each session's close, below zero goes.
        flow_share: The same as a share of the value.
        fee_share: Share of the value that is taken as a fee at each session's close.
        invest: HOLD or TOWARDS_TARGET.
        start: The session to start at.
        units: In and out: units held.
        counts: In and out, shape (COUNTS,).
        sums: In and out, shape (SUMS,).
        equity: Out, by session: value at the close, flows in it, after cost.
        flows: Out, by session: what came, or below zero went.
        traded_at: Out, by row of the log: session; likewise what follows.
        traded_cost: Cost.
        traded_moved: Sum of absolute trades.
        traded_value: Value before cost, and before a flow.
        traded_as: What it was: REBALANCE, CARRIED, FLOW, FEE or ENDED.
        units_after: Units held after it.
        cost_by: Cost by instrument.
        space: Work space, ten rows of shape (n,); what the last two hold is kept.
        branch_space: Work space, three rows of shape (b,).
        totals: Work space, shape (2,).
        waiting: In and out: orders that wait, in units, shape (n,).

    Returns:
        As `research.run`; more room is needed where fewer than ROWS_A_SESSION rows are left.
    """
    sessions = len(equity)
    n = len(units)
    banded = absolute >= 0.0 or relative >= 0.0
    tested = banded or drift >= 0.0
    limits, orders, goals = space[0], space[2], space[3]
    queued, used = space[8], space[9]
    branch_share, branch_limit, branch_allowed = branch_space[0], branch_space[1], branch_space[2]
    last_decision = sessions - 2 - lag
    adopted = counts[ADOPTED]
    fill_limits(targets[adopted], absolute, relative, limits)
    fill_branch_shares(targets[adopted], branches, branch_share)
    fill_limits(branch_share, absolute, relative, branch_limit)
    for t in range(start, sessions):
        close = closes[t]
        if counts[ROWS] + ROWS_A_SESSION > len(traded_at):
            return t
        charged = cost_by[counts[ROWS]]
        if counts[OPENED] <= t:
            counts[OPENED] = t + 1
            for i in range(n):
                used[i] = 0.0
            for i in range(n):
                if len(state) > 0 and state[t][i] == ENDS:
                    waiting[i] = 0.0
                    if units[i] != 0.0:
                        value = worth_of(units, close)
                        units[cash_at] += units[i] * close[i] / close[cash_at]
                        units[i] = 0.0
                        k = counts[ROWS] - 1
                        if k < 0 or traded_at[k] != t or traded_as[k] != ENDED:
                            k = k + 1
                            counts[ROWS] = k + 1
                        write_row(
                            k, t, 0.0, 0.0, value, ENDED, units, traded_at, traded_cost,
                            traded_moved, traded_value, traded_as, units_after,
                        )  # fmt: skip
            waits = False
            for i in range(n):
                waits = waits or waiting[i] != 0.0
            if lag > 0 and t > 0 and t < sessions - 1 and (waits or counts[QUEUED] > 0):
                prices = dealing[t]
                value = worth_of(units, prices)
                totals[0] = 0.0
                totals[1] = 0.0
                charged = cost_by[counts[ROWS]]
                found = NOTHING
                kind = CARRIED
                row = counts[QUEUED] - 1
                if row >= 0:
                    counts[QUEUED] = 0
                    kind = REBALANCE
                    found = rebalance_daily(
                        units, prices, value, queued, t, cash_at, fees, money_from, money_more,
                        units_from, units_more, impact, caps, state, waiting, used, charged,
                        orders, totals,
                    )  # fmt: skip
                elif waits:
                    found = fill_part(
                        units, prices, t, cash_at, ALLOWANCE * value, fees, money_from, money_more,
                        units_from, units_more, impact, caps, state, waiting, used, charged, totals,
                    )  # fmt: skip
                if found != NOTHING:
                    write_row(
                        counts[ROWS], t, totals[0], totals[1], value, kind, units, traded_at,
                        traded_cost, traded_moved, traded_value, traded_as, units_after,
                    )  # fmt: skip
                    counts[ROWS] += 1
                    sums[TURNOVER] += 0.5 * totals[1] / value
                    sums[COST_PAID] += totals[0]
                    if kind == REBALANCE:
                        counts[REBALANCES] += 1
                        if row != adopted:
                            adopted = row
                            counts[ADOPTED] = row
                            fill_limits(targets[row], absolute, relative, limits)
                            fill_branch_shares(targets[row], branches, branch_share)
                            fill_limits(branch_share, absolute, relative, branch_limit)
            if fee_share[t] > 0.0:
                value = worth_of(units, close)
                fee = fee_share[t] * value
                tradable = 0.0
                for i in range(n):
                    tradable += units[i] * close[i] if is_open(state, t, i) else 0.0
                if tradable > 0.0 and fee > 0.0:
                    fee = tradable if fee > tradable else fee
                    kept = 1.0 - fee / tradable
                    for i in range(n):
                        if is_open(state, t, i):
                            units[i] *= kept
                            waiting[i] = waiting[i] * kept if waiting[i] < 0.0 else waiting[i]
                    sums[FEES] += fee
                    write_row(
                        counts[ROWS], t, 0.0, 0.0, value, FEE, units, traded_at, traded_cost,
                        traded_moved, traded_value, traded_as, units_after,
                    )  # fmt: skip
                    counts[ROWS] += 1
            if flow_money[t] != 0.0 or flow_share[t] != 0.0:
                value = worth_of(units, close)
                money = flow_money[t] + flow_share[t] * value
                totals[0] = 0.0
                totals[1] = 0.0
                charged = cost_by[counts[ROWS]]
                if money < 0.0 and -money >= value:
                    # Everything goes: what it costs to sell it comes out of what is paid.
                    for i in range(n):
                        if units[i] > 0.0:
                            amount = units[i] * close[i]
                            cost = charge(
                                amount, close[i], i, fees, money_from, money_more, units_from,
                                units_more, impact, t,
                            )  # fmt: skip
                            charged[i] += cost
                            totals[0] += cost
                            totals[1] += amount if i != cash_at else 0.0
                        units[i] = 0.0
                        waiting[i] = 0.0
                    money = totals[0] - value if value > totals[0] else 0.0
                    if counts[EXHAUSTED] == 0:
                        counts[EXHAUSTED] = t + 1
                elif money != 0.0:
                    money = flow_daily(
                        units, close, value, targets[adopted], money, invest, t, cash_at, fees,
                        money_from, money_more, units_from, units_more, impact, caps, state,
                        waiting, used, charged, orders, totals,
                    )  # fmt: skip
                flows[t] = money
                if value > 0.0:
                    sums[TURNOVER] += 0.5 * totals[1] / value
                sums[COST_PAID] += totals[0]
                write_row(
                    counts[ROWS], t, totals[0], totals[1], value, FLOW, units, traded_at,
                    traded_cost, traded_moved, traded_value, traded_as, units_after,
                )  # fmt: skip
                counts[ROWS] += 1
        value = worth_of(units, close)
        equity[t] = value
        fires = False
        if t <= last_decision and value > 0.0:
            if looks[t]:
                fires = not tested or beyond(
                    close, units, targets[adopted], limits, value, banded, drift, branches,
                    branch_share, branch_limit, state, t,
                )  # fmt: skip
            if cashflow >= 0.0 and flows[t] > 0.0 and flows[t] >= cashflow:
                fires = True
        found = NOTHING
        if fires:
            row = target_at[t]
            if row < 0:
                return t
            wanted = targets[row]
            if to == TO_TARGET:
                for i in range(n):
                    goals[i] = wanted[i]
            else:
                goal_weights(
                    close, units, value, wanted, absolute, relative, to, width, branches,
                    branch_share, branch_allowed, space, goals,
                )  # fmt: skip
                if len(branch_share) > 0:
                    fill_branch_shares(targets[adopted], branches, branch_share)
            if lag > 0:
                moved = 0.0
                for i in range(n):
                    moved += abs(goals[i] * value - units[i] * close[i])
                if moved > ALLOWANCE * value:
                    counts[QUEUED] = row + 1
                    for i in range(n):
                        queued[i] = goals[i]
                continue
            totals[0] = 0.0
            totals[1] = 0.0
            charged = cost_by[counts[ROWS]]
            found = rebalance_daily(
                units, close, value, goals, t, cash_at, fees, money_from, money_more, units_from,
                units_more, impact, caps, state, waiting, used, charged, orders, totals,
            )  # fmt: skip
            if found != NOTHING:
                counts[REBALANCES] += 1
                if row != adopted:
                    adopted = row
                    counts[ADOPTED] = row
                    fill_limits(targets[row], absolute, relative, limits)
                    fill_branch_shares(targets[row], branches, branch_share)
                    fill_limits(branch_share, absolute, relative, branch_limit)
        kind = REBALANCE
        if lag == 0 and found == NOTHING and t > 0 and t < sessions - 1:
            waits = False
            for i in range(n):
                waits = waits or waiting[i] != 0.0
            if waits:
                totals[0] = 0.0
                totals[1] = 0.0
                charged = cost_by[counts[ROWS]]
                kind = CARRIED
                found = fill_part(
                    units, close, t, cash_at, ALLOWANCE * value, fees, money_from, money_more,
                    units_from, units_more, impact, caps, state, waiting, used, charged, totals,
                )  # fmt: skip
        if found != NOTHING:
            write_row(
                counts[ROWS], t, totals[0], totals[1], value, kind, units, traded_at, traded_cost,
                traded_moved, traded_value, traded_as, units_after,
            )  # fmt: skip
            counts[ROWS] += 1
            sums[TURNOVER] += 0.5 * totals[1] / value
            sums[COST_PAID] += totals[0]
            equity[t] = value - totals[0]
    return sessions


@kernel
def worth_of(units: Column, prices: Column) -> float:
    """What units are worth, instrument after instrument."""
    value = 0.0
    for i in range(len(units)):
        value += units[i] * prices[i]
    return value


@kernel
def write_row(
    k: int,
    at: int,
    cost: float,
    moved: float,
    value: float,
    kind: int,
    units: Column,
    traded_at: Column,
    traded_cost: Column,
    traded_moved: Column,
    traded_value: Column,
    traded_as: Column,
    units_after: Column,
) -> None:
    """Write one row of the log."""
    traded_at[k] = at
    traded_cost[k] = cost
    traded_moved[k] = moved
    traded_value[k] = value
    traded_as[k] = kind
    after = units_after[k]
    for i in range(len(units)):
        after[i] = units[i]


@kernel
def beyond(
    close: Column,
    units: Column,
    aim: Column,
    limits: Column,
    value: float,
    banded: bool,
    drift: float,
    branches: Column,
    branch_share: Column,
    branch_limit: Column,
    state: Column,
    at: int,
) -> bool:
    """Whether a band is breached or the drift reached; what cannot be traded has no band."""
    fires = False
    apart = 0.0
    for i in range(len(units)):
        away = units[i] * close[i] - aim[i] * value
        away = -away if away < 0.0 else away
        apart += away
        if banded and away - limits[i] * value >= 0.0 and is_open(state, at, i):
            fires = True
    if drift >= 0.0 and 0.5 * apart >= (drift - ALLOWANCE) * value:
        fires = True
    for b in range(len(branch_share)):
        away = branch_away(close, units, branches[b], branch_share[b], value)
        if banded and abs(away) - branch_limit[b] * value >= 0.0:
            fires = True
    return fires
