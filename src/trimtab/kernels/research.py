"""One policy over history in research mode: units held as floats, every convention in one loop.

The loop starts invested at target, looks at each session, trades where the policy says so, and
leaves an equity curve. Units are held rather than values, so that days between two trades do not
depend on each other: they are valued a block at a time, one instrument after the other, which is
the order of additions in both forms and what a compiler turns into wide instructions.

Prices come twice, by instrument to value blocks (`prices[i][t]`) and by session to trade
(`closes[t][i]`): each use then reads memory in order.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import (
    TO_HALF,
    TO_TARGET,
    TO_WITHIN,
    Column,
    breached,
    fill_bands,
    fill_from_cash,
    fill_goals,
)
from trimtab.kernels.tree import ALLOWED, REACH, fill_tree_goals

ALLOWANCE = 1e-12
"""How much nearer to a band than its width counts as at it; trades of less are no trades."""

BLOCK = 128
"""Most sessions valued at a time. A trade makes the rest of its block worthless, so blocks start
at FIRST_BLOCK after it and double: frequent traders waste little, rare ones go in long strides."""
FIRST_BLOCK = 16

NO_CASH = -1
"""No column is cash that new cash would come into."""

NO_LIMIT = 1e9
"""The limit of a sleeve without a band, as a weight."""

FAR = 1e300
"""More than any portfolio is worth, also times a price."""

# How the cost of a rebalance is found. `COST_ONCE` is the convention of this package; the others
# are exact versions of what other programs do, so that results can be compared to the last digit.
COST_ONCE = 0  # rate x sum |aim x value - holding|, value before cost; holdings become aim x rest
COST_SOLVED = 1  # the same with the value after cost: the cost equation, solved exactly
COST_IN_ORDER = 2  # each order's outlay or proceeds, cost included, equal what was meant to move
COST_FROM_LAST = 3  # sales in full, purchases in full, the largest takes what cash is left

# Where `run` keeps what it must know when it is called again.
ADOPTED, REBALANCES = 0, 1
TURNOVER, COST_PAID = 0, 1

# Rows of the work space by instrument.
LIMITS, AIMS, HOLDINGS, GOALS, BANDS, PART, ABOVE, BELOW = range(8)
SPACE = 8

# Rows of the work space by inner sleeve; from BRANCH_REACH on, those of `tree`.
BRANCH_SHARE, BRANCH_LIMIT, BRANCH_REACH = range(3)
BRANCH_SPACE = BRANCH_REACH + REACH


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
        prices: Prices to trade at, shape (n,).
        value: What the units are worth at these prices.
        goals: Goal weights, shape (n,), summing to 1.
        cost_rule: One of the COST_ rules.
        rate: Cost rates by instrument, shape (n,); likewise the next three. Rules other than
            COST_ONCE know rates only.
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
        rest = value - cost
        for i in range(n):
            units[i] = goals[i] * rest / prices[i]
    elif cost_rule == COST_IN_ORDER:
        for i in range(n):
            amount = goals[i] * value - holdings[i]
            # From here on `holdings` holds the orders.
            holdings[i] = amount / (1.0 + rate[i] if amount > 0.0 else 1.0 - rate[i])
            units[i] += holdings[i] / prices[i]
        for i in range(n):
            cost += rate[i] * abs(holdings[i])
    else:
        cost = _trade_from_cash(units, prices, goals, value, rate, holdings)
    totals[0] = cost
    totals[1] = moved
    return True


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


@kernel
def run(
    prices: Column,
    closes: Column,
    dealing: Column,
    looks: Column,
    every: bool,
    targets: Column,
    target_at: Column,
    branches: Column,
    absolute: float,
    relative: float,
    drift: float,
    to: int,
    width: float,
    lag: int,
    cost_rule: int,
    rates: Column,
    start: int,
    units: Column,
    counts: Column,
    sums: Column,
    equity: Column,
    traded_at: Column,
    traded_cost: Column,
    traded_moved: Column,
    traded_value: Column,
    units_after: Column,
    space: Column,
    branch_space: Column,
    totals: Column,
    blocks: Column,
) -> int:
    """Run one policy from a session to the end, or to where the caller must provide something.

    Args:
        prices: Prices that value the portfolio, shape (n, sessions), finite and above zero.
        closes: The same prices by session, shape (sessions, n).
        dealing: With a lag, prices that are traded at, shape (sessions, n): closes or opens.
        looks: By session: whether the policy looks.
        every: Whether it looks at every session.
        targets: Target weights, shape (k, n).
        target_at: By session: the row of `targets` that is current; below zero: not made yet.
        branches: Inner sleeves: which symbols are in which, ones and zeros, shape (b, n).
        absolute: Absolute band, a share of the portfolio; below zero for none.
        relative: Relative band, a share of the target; below zero for none.
        drift: Drift that fires; below zero for none.
        to: How far to trade, one of the TO_ codes.
        width: The width of TO_WITHIN.
        lag: Sessions between decision and trade: 0 or 1.
        cost_rule: One of the COST_ rules.
        rates: Costs by instrument, shape (4, n): rates, costs of a unit, costs of an order and
            least costs, as for `rebalance`.
        start: The session to start at.
        units: In and out: units held, shape (n,).
        counts: In and out: row of the target last adopted, number of rebalances.
        sums: In and out: one-way turnover, cost paid.
        equity: Out, by session: value at the close, after cost.
        traded_at: Out, by rebalance: session; likewise the next four.
        traded_cost: Cost.
        traded_moved: Sum of absolute trades.
        traded_value: Value before cost.
        units_after: Units held after it, rows of shape (n,).
        space: Work space, SPACE rows of shape (n,).
        branch_space: Work space, BRANCH_SPACE rows of shape (b,).
        totals: Work space, shape (2,).
        blocks: Work space, four rows of BLOCK, by session of a block: value, the values from which
            down and from which up a band fires, and what is in a branch or the sum of deviations.

    Returns:
        The number of sessions when it is done; else a session at which something is missing.
        Where `target_at` is below zero that is a target, elsewhere more room for rebalances:
        provide it and call again with `start` at that session.
    """
    sessions = len(equity)
    n = len(units)
    banded = absolute >= 0.0 or relative >= 0.0
    tested = banded or drift >= 0.0
    goals = space[GOALS]
    rate, per_unit, fixed, minimum = rates[0], rates[1], rates[2], rates[3]
    block_value, block_above, block_below = blocks[0], blocks[1], blocks[2]
    block_other = blocks[3]
    # The last session never trades, so a decision must come early enough to be carried out.
    last_decision = sessions - 2 - lag
    adopted = counts[ADOPTED]
    measure_against(targets[adopted], branches, absolute, relative, space, branch_space)
    day = start
    stride = FIRST_BLOCK
    while day < sessions:
        stop = min(day + stride, sessions) if tested else min(day + BLOCK, sessions)
        stride = min(2 * stride, BLOCK)
        if not tested:
            stop = min(next_look(looks, day, stop) + 1, stop)
        size = stop - day
        aim = targets[adopted]
        if every and banded:
            fill_reaches(units, aim, space)
            _value_and_reach(
                prices, units, branches, space, branch_space, day, size, block_value, block_above,
                block_below, block_other,
            )  # fmt: skip
        else:
            _value(prices, units, day, size, block_value)
        if every and drift >= 0.0:
            _apart(prices, units, aim, day, size, block_value, block_other)
        for j in range(size):
            equity[day + j] = block_value[j]
        resume = stop
        deciding = min(stop, last_decision + 1)
        t = day - 1
        while True:
            if every and tested:
                t = day + _next_fire(t + 1 - day, deciding - day, banded, drift, blocks)
            else:
                t = next_look(looks, t + 1, deciding)
            if t >= deciding:
                break
            value = block_value[t - day]
            close = closes[t]
            if (
                tested
                and not every
                and not beyond(
                    close, units, aim, value, banded, drift, branches, space, branch_space
                )
            ):
                continue
            row = target_at[t]
            if row < 0:
                return t
            fill_goal_weights(
                close, units, value, targets[row], aim, absolute, relative, to, width, branches,
                NO_CASH, 0.0, space, branch_space,
            )  # fmt: skip
            k = counts[REBALANCES]
            if k >= len(traded_at):
                return t
            at = t + lag
            prices_at = close
            if lag > 0:
                # Decided now, traded at other prices: nothing to trade now is nothing decided.
                if not is_apart(close, units, value, goals):
                    continue
                prices_at = dealing[at]
                value = worth_of(units, prices_at)
            if not rebalance(
                units,
                prices_at,
                value,
                goals,
                cost_rule,
                rate,
                per_unit,
                fixed,
                minimum,
                space[HOLDINGS],
                totals,
            ):
                continue
            traded_at[k] = at
            traded_value[k] = value
            traded_cost[k] = totals[0]
            traded_moved[k] = totals[1]
            after = units_after[k]
            for i in range(n):
                after[i] = units[i]
            counts[REBALANCES] = k + 1
            sums[TURNOVER] += 0.5 * totals[1] / value
            sums[COST_PAID] += totals[0]
            if row != adopted:
                adopted = row
                counts[ADOPTED] = row
                measure_against(targets[row], branches, absolute, relative, space, branch_space)
            if lag == 0:
                equity[t] = value - totals[0]
            resume = t + 1
            stride = FIRST_BLOCK
            break
        day = resume
    return sessions


@kernel
def _next_fire(first: int, stop: int, banded: bool, drift: float, blocks: Column) -> int:
    """The first place of a block from `first` on at which a band or the drift fires, or `stop`."""
    value, above, below, apart = blocks[0], blocks[1], blocks[2], blocks[3]
    if banded and drift < 0.0:
        # Most blocks have none, which is seen soonest without asking where.
        fires = False
        for j in range(first, stop):
            fires |= (above[j] >= value[j]) | (below[j] <= value[j])
        if not fires:
            return max(first, stop)
    for j in range(first, stop):
        if banded and (above[j] >= value[j] or below[j] <= value[j]):
            return j
        if drift >= 0.0 and 0.5 * apart[j] >= (drift - ALLOWANCE) * value[j]:
            return j
    return max(first, stop)


@kernel
def next_look(looks: Column, day: int, stop: int) -> int:
    """The first session from `day` on at which the policy looks, or `stop`."""
    for t in range(day, stop):
        if looks[t]:
            return t
    return stop


@kernel
def measure_against(
    target: Column,
    branches: Column,
    absolute: float,
    relative: float,
    space: Column,
    branch_space: Column,
) -> None:
    """Bands measure against this target from now on: fills LIMITS, BRANCH_SHARE, BRANCH_LIMIT."""
    branch_share = branch_space[BRANCH_SHARE]
    fill_limits(target, absolute, relative, space[LIMITS])
    fill_branch_shares(target, branches, branch_share)
    fill_limits(branch_share, absolute, relative, branch_space[BRANCH_LIMIT])


@kernel
def worth_of(units: Column, prices: Column) -> float:
    """What units are worth, instrument after instrument."""
    value = 0.0
    for i in range(len(units)):
        value += units[i] * prices[i]
    return value


@kernel
def is_apart(close: Column, units: Column, value: float, goals: Column) -> bool:
    """Whether there is anything to trade on the way to goal weights."""
    moved = 0.0
    for i in range(len(units)):
        moved += abs(goals[i] * value - units[i] * close[i])
    return moved > ALLOWANCE * value


@kernel
def fill_goal_weights(
    close: Column,
    units: Column,
    value: float,
    wanted: Column,
    adopted: Column,
    absolute: float,
    relative: float,
    to: int,
    width: float,
    branches: Column,
    cash_at: int,
    new_cash: float,
    space: Column,
    branch_space: Column,
) -> None:
    """Where a policy wants to go, as weights: fills GOALS of the work space.

    Args:
        close: Prices, shape (n,).
        units: Units held, shape (n,).
        value: What they are worth.
        wanted: Target weights, shape (n,).
        adopted: Target weights last adopted, against which branches go on being measured.
        absolute, relative, to, width, branches: As for `run`.
        cash_at: Which column is cash, of which new cash is invested before anything else; NO_CASH
            where none is, or none can have come.
        new_cash: What came in since the last rebalance, less what went out.
        space, branch_space: Work space as for `run`.
    """
    goals = space[GOALS]
    if to == TO_TARGET:
        for i in range(len(units)):
            goals[i] = wanted[i]
        return
    aims, holdings, bands = space[AIMS], space[HOLDINGS], space[BANDS]
    fill_bands(wanted, 1.0, absolute, relative, bands)
    for i in range(len(units)):
        aims[i] = wanted[i] * value
        holdings[i] = units[i] * close[i]
        if bands[i] > 0.0:
            bands[i] = bands[i] * value
    if cash_at >= 0:
        move_new_cash(holdings, aims, cash_at, new_cash, ALLOWANCE * value, space[PART])
    branch_share, reach = branch_space[BRANCH_SHARE], branch_space[BRANCH_REACH:]
    if len(branch_share) == 0:
        fill_goals(holdings, aims, bands, to, width * value, ALLOWANCE * value, goals)
    else:
        allowed = reach[ALLOWED]
        fill_branch_shares(wanted, branches, branch_share)
        fill_bands(branch_share, 1.0, absolute, relative, allowed)
        for b in range(len(branch_share)):
            away = -branch_share[b] * value
            for i in range(len(units)):
                if branches[b][i]:
                    away += holdings[i]
            wide = allowed[b] * value
            if breached(away, 0.0, wide, ALLOWANCE * value):
                if to == TO_HALF:
                    wide = 0.5 * wide
                elif to == TO_WITHIN:
                    wide = width * value
            allowed[b] = wide
        fill_tree_goals(
            holdings, aims, bands, branches, reach, to, width * value, ALLOWANCE * value, goals
        )
        fill_branch_shares(adopted, branches, branch_share)
    for i in range(len(units)):
        goals[i] = goals[i] / value


@kernel
def move_new_cash(
    holdings: Column, aims: Column, cash_at: int, new_cash: float, allowance: float, filled: Column
) -> None:
    """New cash goes to the most underweight, and what is missing comes from the most overweight.

    Where cash has an aim of its own, what came in or went out moves and the rest stays; elsewhere
    all of it moves, as in a plan.

    Args:
        holdings: In and out: what is held by column, in money.
        aims: What should be.
        cash_at: Which column is cash.
        new_cash: What came in since the last rebalance, less what went out.
        allowance: Money below which nothing moves.
        filled: Work space, shape (n,).
    """
    idle = holdings[cash_at] - aims[cash_at]
    moving = idle
    if aims[cash_at] > 0.0 and holdings[cash_at] >= 0.0:
        if new_cash > 0.0:
            moving = max(min(new_cash, idle), 0.0)
        else:
            moving = min(max(new_cash, idle), 0.0)
    if abs(moving) <= allowance:
        return
    cash, aim = holdings[cash_at], aims[cash_at]
    # Set aside: cash is no place for cash to go.
    holdings[cash_at] = aims[cash_at] = 0.0
    left = fill_from_cash(holdings, aims, moving, filled)
    for i in range(len(holdings)):
        holdings[i] = filled[i]
    holdings[cash_at] = cash - moving + left
    aims[cash_at] = aim


@kernel
def fill_limits(target: Column, absolute: float, relative: float, limits: Column) -> None:
    """From what deviation on each sleeve is breached, allowance taken off, as weights."""
    fill_bands(target, 1.0, absolute, relative, limits)
    for i in range(len(target)):
        # A sleeve on its target is never breached, however narrow its band.
        limits[i] = max(limits[i] - ALLOWANCE, ALLOWANCE) if limits[i] >= 0.0 else NO_LIMIT


@kernel
def fill_branch_shares(target: Column, branches: Column, shares: Column) -> None:
    """The target of each inner sleeve: the sum of what is in it."""
    for b in range(len(shares)):
        shares[b] = 0.0
        for i in range(len(target)):
            if branches[b][i]:
                shares[b] += target[i]


@kernel
def branch_away(close: Column, units: Column, inside: Column, share: float, value: float) -> float:
    """How far an inner sleeve is from its target on one session, in money."""
    away = -share * value
    for i in range(len(units)):
        if inside[i]:
            away += units[i] * close[i]
    return away


@kernel
def _value(prices: Column, units: Column, day: int, size: int, value: Column) -> None:
    """What the portfolio is worth on each session of a block."""
    for j in range(size):
        value[j] = 0.0
    for i in range(len(units)):
        held = units[i]
        price = prices[i][day : day + size]
        for j in range(size):
            value[j] += held * price[j]


@kernel
def fill_reaches(units: Column, aim: Column, space: Column) -> None:
    """By how much a price is multiplied to be the value that just breaches its band.

    A sleeve is above its band where its worth is at least its highest share of the value: where
    its worth divided by that share is at least the value. Below is likewise. Fills ABOVE, BELOW.
    """
    limits, above, below = space[LIMITS], space[ABOVE], space[BELOW]
    for i in range(len(units)):
        lowest = aim[i] - limits[i]
        # What is sold short is out where it is at most its lowest share, which is below zero.
        edge = aim[i] + limits[i] if units[i] >= 0.0 else min(lowest, -ALLOWANCE)
        above[i] = units[i] / edge
        below[i] = units[i] / lowest if lowest > 0.0 else FAR


@kernel
def _value_and_reach(
    prices: Column,
    units: Column,
    branches: Column,
    space: Column,
    branch_space: Column,
    day: int,
    size: int,
    value: Column,
    above: Column,
    below: Column,
    inside: Column,
) -> None:
    """What the portfolio is worth on each session of a block, and at what worth a band fires.

    Bands fire where the value is at most `above` or at least `below`, the furthest reaches of all
    sleeves. Four instruments at a time, for what takes time is to fetch and store these columns;
    where there are not four left, the last is taken again at nothing.
    """
    most, least = space[ABOVE], space[BELOW]
    branch_share, branch_limit = branch_space[BRANCH_SHARE], branch_space[BRANCH_LIMIT]
    for j in range(size):
        value[j] = 0.0
        above[j] = 0.0
        below[j] = FAR
    last = len(units) - 1
    for a in range(0, last + 1, 4):
        b, c, d = min(a + 1, last), min(a + 2, last), min(a + 3, last)
        held_a = units[a]
        held_b = units[b] if b > a else 0.0
        held_c = units[c] if c > b else 0.0
        held_d = units[d] if d > c else 0.0
        price_a, price_b = prices[a][day : day + size], prices[b][day : day + size]
        price_c, price_d = prices[c][day : day + size], prices[d][day : day + size]
        most_a, most_b, most_c, most_d = most[a], most[b], most[c], most[d]
        least_a, least_b, least_c, least_d = least[a], least[b], least[c], least[d]
        for j in range(size):
            of_a, of_b, of_c, of_d = price_a[j], price_b[j], price_c[j], price_d[j]
            value[j] = value[j] + held_a * of_a + held_b * of_b + held_c * of_c + held_d * of_d
            top = max(above[j], most_a * of_a)
            top = max(top, most_b * of_b)
            top = max(top, most_c * of_c)
            above[j] = max(top, most_d * of_d)
            bottom = min(below[j], least_a * of_a)
            bottom = min(bottom, least_b * of_b)
            bottom = min(bottom, least_c * of_c)
            below[j] = min(bottom, least_d * of_d)
    for b in range(len(branch_share)):
        for j in range(size):
            inside[j] = 0.0
        for i in range(len(units)):
            if branches[b][i]:
                held = units[i]
                price = prices[i][day : day + size]
                for j in range(size):
                    inside[j] += held * price[j]
        highest = branch_share[b] + branch_limit[b]
        lowest = branch_share[b] - branch_limit[b]
        for j in range(size):
            reach = inside[j] / highest
            above[j] = reach if reach > above[j] else above[j]
        if lowest > 0.0:
            for j in range(size):
                reach = inside[j] / lowest
                below[j] = reach if reach < below[j] else below[j]


@kernel
def _apart(
    prices: Column,
    units: Column,
    aim: Column,
    day: int,
    size: int,
    value: Column,
    apart: Column,
) -> None:
    """The sum of absolute deviations on each session of a block, in money."""
    for j in range(size):
        apart[j] = 0.0
    for i in range(len(units)):
        held = units[i]
        share = aim[i]
        price = prices[i][day : day + size]
        for j in range(size):
            away = held * price[j] - share * value[j]
            apart[j] += -away if away < 0.0 else away


@kernel
def beyond(
    close: Column,
    units: Column,
    aim: Column,
    value: float,
    banded: bool,
    drift: float,
    branches: Column,
    space: Column,
    branch_space: Column,
) -> bool:
    """Whether a band is breached, also of an inner sleeve, or the drift reached on one session.

    Args:
        close, units, value: Prices, units held and what they are worth.
        aim: Target weights last adopted.
        banded: Whether there is a band.
        drift, branches, space, branch_space: As for `run`.
    """
    limits = space[LIMITS]
    branch_share, branch_limit = branch_space[BRANCH_SHARE], branch_space[BRANCH_LIMIT]
    fires = False
    apart = 0.0
    for i in range(len(units)):
        away = units[i] * close[i] - aim[i] * value
        away = -away if away < 0.0 else away
        apart += away
        if banded and away - limits[i] * value >= 0.0:
            fires = True
    if drift >= 0.0 and 0.5 * apart >= (drift - ALLOWANCE) * value:
        fires = True
    for b in range(len(branch_share)):
        away = branch_away(close, units, branches[b], branch_share[b], value)
        if banded and abs(away) - branch_limit[b] * value >= 0.0:
            fires = True
    return fires
