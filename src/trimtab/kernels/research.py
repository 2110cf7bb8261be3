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
from trimtab.kernels.destination import TO_TARGET, Column
from trimtab.kernels.research_blocks import (
    fill_apart,
    fill_reaches,
    fill_values,
    next_apart,
    next_breach,
    next_doubt,
    next_look,
)
from trimtab.kernels.research_columns import (
    ADOPTED,
    BLOCK,
    COST_PAID,
    FIRST_BLOCK,
    GOALS,
    HOLDINGS,
    REBALANCES,
    STRETCH,
    TURNOVER,
)
from trimtab.kernels.research_deviations import beyond, is_apart, measure_against, worth_of
from trimtab.kernels.research_goals import NO_CASH, fill_goal_weights
from trimtab.kernels.research_trades import rebalance


@kernel
def run(
    prices: Column,
    closes: Column,
    extremes: Column,
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
    apart: Column,
) -> int:
    """Run one policy from a session to the end, or to where the caller must provide something.

    Args:
        prices: Prices that value the portfolio, shape (n, sessions + LANES), finite and above zero;
            the last LANES are never looked at.
        closes: The same prices by session, shape (sessions, n).
        extremes: The highest and lowest by stretch, as `research_blocks.fill_extremes` leaves
            them; read only where bands are watched at every session.
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
            least costs, as for `research_trades.rebalance`.
        start: The session to start at.
        units: In and out: units held, shape (n,).
        counts: In and out: row of the target last adopted, number of rebalances.
        sums: In and out: one-way turnover, cost paid.
        equity: Out, by session: value at the close, after cost; shape (sessions + LANES,).
        traded_at: Out, by rebalance: session; likewise the next four.
        traded_cost: Cost.
        traded_moved: Sum of absolute trades.
        traded_value: Value before cost.
        units_after: Units held after it, rows of shape (n,).
        space: Work space, SPACE rows of shape (n,).
        branch_space: Work space, BRANCH_SPACE rows of shape (b,).
        totals: Work space, shape (2,).
        apart: Work space, shape (BLOCK,): the sum of deviations by session of a block.

    Returns:
        The number of sessions when it is done; else a session at which something is missing.
        Where `target_at` is below zero that is a target, elsewhere more room for rebalances:
        provide it and call again with `start` at that session.
    """
    sessions = len(looks)
    n = len(units)
    banded = absolute >= 0.0 or relative >= 0.0
    tested = banded or drift >= 0.0
    watched = every and banded
    rate, per_unit, fixed, minimum = rates[0], rates[1], rates[2], rates[3]
    # The last session never trades, so a decision must come early enough to be carried out.
    last_decision = sessions - 2 - lag
    adopted = counts[ADOPTED]
    measure_against(targets[adopted], branches, absolute, relative, space, branch_space)
    day = start
    is_new = True  # what is held is not what it was a block ago
    is_long = False  # nothing is sold short, so that stretches can be passed over
    stride = FIRST_BLOCK
    while day < sessions:
        stop = min(day + stride, sessions) if tested else min(day + BLOCK, sessions)
        stride = min(2 * stride, BLOCK)
        if not tested:
            stop = min(next_look(looks, day, stop) + 1, stop)
        aim = targets[adopted]
        doubt = day  # before it no band is breached
        if watched:
            if is_new:
                is_long = fill_reaches(units, aim, space)
                is_new = False
            if drift < 0.0:
                stop = sessions
            if is_long:
                doubt = next_doubt(extremes, units, branches, space, branch_space, day, stop)
            stop = min((doubt // STRETCH + 1) * STRETCH, stop)
        first = day
        while first < stop:
            # From one multiple of BLOCK to the next, where columns begin on a line of the cache.
            last = min((first // BLOCK + 1) * BLOCK, stop)
            fill_values(prices, units, first, last, equity)
            first = last
        if every and drift >= 0.0:
            fill_apart(prices, units, aim, day, stop - day, equity, apart)
        resume = stop
        deciding = min(stop, last_decision + 1)
        # Who only goes by the calendar was seen not to look before the last session of the block.
        t = day - 1 if tested else stop - 2
        while True:
            t += 1
            if not (every and tested):
                t = next_look(looks, t, deciding)
            else:
                fires = deciding
                if drift >= 0.0:
                    fires = next_apart(day, t, fires, drift, equity, apart)
                if banded:
                    fires = next_breach(
                        prices, closes, extremes, units, branches, space, branch_space,
                        max(t, doubt), fires, equity,
                    )  # fmt: skip
                t = fires
            if t >= deciding:
                break
            value = equity[t]
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
            goals = targets[row]
            if to != TO_TARGET:
                goals = space[GOALS]
                fill_goal_weights(
                    close, units, value, targets[row], aim, absolute, relative, to, width,
                    branches, NO_CASH, 0.0, space, branch_space,
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
            is_new = True
            stride = FIRST_BLOCK
            break
        day = resume
    return sessions
