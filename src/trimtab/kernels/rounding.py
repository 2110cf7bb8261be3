"""From money to whole steps: the nearest affordable combination, by branch and bound.

Trades in one or several accounts, each of an instrument in one direction, are to be whole steps.
Wanted is the combination that leaves the least

    sum over sleeves |value - goal| + |cash - cash_goal| + trading cost

without the cash of any account, or of all together, falling below its floor. Rounding each trade
by itself is not the answer: a share too few of one pays for a share more of another. The search
goes depth first through the trades,
dearest step first, trying quantities outwards from the best one, and leaves a branch when the
deviation already certain, together with what the sum of all deviations makes unavoidable, is no
better than the best found. All amounts are integers of minor units.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.money import rounded, trade_cost

NODE_LIMIT = 4_000
"""Quantities tried before the search stops and reports how far from the best it may be."""

SPREAD = 2
"""How far a quantity may stray from the continuous answer where its sleeve is not complete yet."""


@kernel
def nearest_steps(  # type: ignore[no-untyped-def]
    size,
    direction,
    numerator,
    denominator,
    low,
    high,
    start,
    rate,
    per_step,
    fixed_fee,
    minimum,
    sleeve,
    n_sleeves,
    value,
    goal,
    account,
    purse,
    floor,
    cash,
    cash_goal,
    cash_floor,
    node_limit,
    best,
    steps,
    center,
    up,
    down,
    spent_at,
    cash_at,
    loss_at,
    net_at,
    value_at,
    rest,
    raises,
    raises_all,
):
    """Fill `best` with the steps to trade of each instrument; returns (objective, bound).

    Args:
        size: Number of trades, in the order in which they are searched: dearest step
            first, then by id, so that the order of the user's rows does not matter.
        direction: +1 buys, -1 sells.
        numerator, denominator: Worth of one step in minor units, as a ratio.
        low, high: Fewest and most steps that may be traded; none at all is always allowed.
        start: The continuous answer in steps, rounded.
        rate, per_step, fixed_fee, minimum: Trading cost as `trade_cost` takes it.
        sleeve: Sleeve of each instrument.
        n_sleeves, value, goal: Sleeves: minor units before trading, and wanted.
        account: Account of each trade.
        purse, floor: Cash by account, minor units now and at least. `purse` is work space too and
            is as it was when the search returns.
        cash, cash_goal, cash_floor: Cash of all accounts: minor units now, wanted, and at least.
        node_limit: Quantities tried at most.
        best: Out: steps by instrument.
        steps, center, up, down, spent_at, cash_at, loss_at, net_at, value_at, rest, raises,
            raises_all: Work space of size + 1 integers each.

    Returns:
        The objective reached and a bound that no answer can beat; they are equal when the answer
        is proved. An objective of -1 says that nothing affordable was found.
    """
    # What is certain: sleeves that no trade touches. What is conserved: the sum of all deviations.
    fixed = 0
    total = cash - cash_goal
    for s in range(n_sleeves):
        touched = False
        for k in range(size):
            if sleeve[k] == s:
                touched = True
        if touched:
            total += value[s] - goal[s]
        else:
            fixed += abs(value[s] - goal[s])
    # The least deviation each sleeve with a single traded instrument can reach by itself: summed
    # over the instruments still to come, `rest[d]` bounds what is left at depth d.
    rest[size] = 0
    raises_all[size] = 0
    for back in range(size):
        k = size - 1 - back
        alone = True
        for j in range(size):
            if j != k and sleeve[j] == sleeve[k]:
                alone = False
        residue = 0
        if alone:
            gap = (goal[sleeve[k]] - value[sleeve[k]]) * direction[k]
            if gap > 0:
                below = gap * denominator[k] // numerator[k]
                below = min(below, high[k])
                if below < low[k]:
                    below = 0
                above = min(max(below + 1, low[k]), high[k])
                residue = min(
                    abs(gap - rounded(below * numerator[k], denominator[k])),
                    abs(gap - rounded(above * numerator[k], denominator[k])),
                )
            else:
                residue = -gap
        rest[k] = rest[k + 1] + residue
        # What later sales can still bring into the same account, and into all.
        raises[k] = 0
        raises_all[k] = raises_all[k + 1]
        if direction[k] < 0:
            raises_all[k] += rounded(high[k] * numerator[k], denominator[k])
        for j in range(k + 1, size):
            if account[j] == account[k] and direction[j] < 0:
                raises[k] += rounded(high[j] * numerator[j], denominator[j])
    cash_at[0] = cash
    loss_at[0] = fixed
    net_at[0] = total
    bound = fixed + max(abs(total), rest[0])
    best_objective = -1
    for k in range(size):
        best[k] = 0
        up[k] = -1
    if size == 0:
        return fixed + abs(total), fixed + abs(total)
    depth = 0
    nodes = 0
    complete = True
    while depth >= 0:
        k = depth
        s = sleeve[k]
        if up[k] < 0:
            # Arriving at this instrument: where does its search start, and how far may it go?
            here = value[s]
            last = True
            for j in range(size):
                if sleeve[j] == s:
                    if j < k:
                        here += direction[j] * rounded(steps[j] * numerator[j], denominator[j])
                    elif j > k:
                        last = False
                        complete = False
            value_at[k] = here
            if last:
                gap = (goal[s] - here) * direction[k]
                wanted = rounded(max(gap, 0) * denominator[k], numerator[k])
            else:
                wanted = start[k]
            most = high[k]
            if direction[k] > 0:
                spare = min(
                    purse[account[k]] + raises[k] - floor[account[k]],
                    cash_at[k] + raises_all[k + 1] - cash_floor,
                )
                most = min(most, max(spare, 0) * denominator[k] // numerator[k] + 1)
            if direction[k] < 0:
                missing = max(
                    floor[account[k]] - purse[account[k]] - raises[k],
                    cash_floor - cash_at[k] - raises_all[k + 1],
                )
                if missing > 0:
                    wanted = max(wanted, missing * denominator[k] // numerator[k])
            center[k] = min(max(min(wanted, most), 0), high[k])
            if 0 < center[k] < low[k]:
                center[k] = 0
            up[k] = 0
            down[k] = 1
        # The next quantity to try: upwards and downwards in turn, nearest first.
        last = True
        for j in range(k + 1, size):
            if sleeve[j] == s:
                last = False
        reach = high[k] + 1 if last else SPREAD + 1
        quantity = -1
        while quantity < 0 and (up[k] < reach or down[k] < reach):
            if up[k] <= down[k] and up[k] < reach:
                quantity = center[k] + up[k]
                up[k] += 1
                if quantity > high[k]:
                    up[k] = reach
                    quantity = -1
            elif down[k] < reach:
                quantity = center[k] - down[k]
                down[k] += 1
                if quantity < 0:
                    down[k] = reach
                    quantity = -1
            else:
                quantity = center[k] + up[k]
                up[k] += 1
                if quantity > high[k]:
                    up[k] = reach
                    quantity = -1
            if 0 < quantity < low[k]:
                # Below the least trade only none at all is left.
                if quantity < center[k]:
                    quantity = 0
                    down[k] = reach
                else:
                    quantity = -1
                    up[k] = max(up[k], low[k] - center[k])
        if quantity < 0 or nodes >= node_limit:
            if nodes >= node_limit:
                complete = False
            up[k] = -1
            depth -= 1
            if depth >= 0:
                purse[account[depth]] += spent_at[depth]
            continue
        nodes += 1
        worth = rounded(quantity * numerator[k], denominator[k])
        cost = trade_cost(worth, quantity, rate[k], per_step[k], fixed_fee[k], minimum[k])
        spent = direction[k] * worth + cost
        money = cash_at[k] - spent
        loss = loss_at[k] + cost
        net = net_at[k] - cost
        deviation = 0
        if last:
            deviation = value_at[k] + direction[k] * worth - goal[s]
            loss += abs(deviation)
            net -= deviation
        least = loss + max(abs(net), rest[k + 1])
        if best_objective >= 0 and least >= best_objective:
            # Past the goal, going further the same way adds to the deviation what it can at most
            # take from the rest; buying less saves at most its cost, in the sum and in cash.
            # Trading nothing may save a fee, so that is tried even then.
            if last:
                if deviation * direction[k] >= 0:
                    up[k] = reach
                if deviation * direction[k] <= 0 and least - 2 * cost >= best_objective:
                    skip = center[k] if minimum[k] + fixed_fee[k] > 0 and quantity > 0 else reach
                    down[k] = max(down[k], skip)
            continue
        own = purse[account[k]] - spent + raises[k]
        if own < floor[account[k]] or money + raises_all[k + 1] < cash_floor:
            # More of a purchase, or less of a sale, only costs more cash.
            if direction[k] > 0:
                up[k] = reach
            else:
                down[k] = reach
            continue
        steps[k] = quantity
        if k + 1 < size:
            spent_at[k] = spent
            purse[account[k]] -= spent
            cash_at[k + 1] = money
            loss_at[k + 1] = loss
            net_at[k + 1] = net
            depth += 1
            continue
        objective = loss + abs(money - cash_goal)
        if best_objective < 0 or objective < best_objective:
            best_objective = objective
            for j in range(size):
                best[j] = steps[j]
    if complete and best_objective >= 0:
        bound = best_objective
    return best_objective, bound


def nearest_steps_workspace(size: int) -> tuple[list[int], ...]:
    """Work space of lists for one interpreted search, in the order of its last parameters."""
    return tuple([0] * (size + 1) for _ in range(12))
