"""From money to whole steps: the nearest affordable combination, by branch and bound.

Trades in one or several accounts, each of an instrument in one direction, are to be whole steps.
Wanted is the combination that leaves the least

    sum over sleeves |value - goal| + |cash - cash_goal| + trading cost

without the cash of any account, or of all together, falling below its floor. Rounding each trade
by itself is not the answer: a share too few of one pays for a share more of another. The search
goes depth first through the trades,
dearest step first, trying quantities outwards from the best one, and leaves a branch when the
deviation already certain, together with what the sum of all deviations makes unavoidable, is no
better than the best found. It starts from the continuous answer rounded to what the cash pays
for, so that it always has an answer; where it ends before it has proved one, single steps and
pairs of them are exchanged for as long as that comes nearer. All amounts are integers of minor
units.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.money import rounded, trade_cost

NODE_LIMIT = 4_000
"""Quantities tried before the search stops and reports how far from the best it may be."""

SPREAD = 2
"""How far a quantity may stray from the continuous answer where its sleeve is not complete yet."""

IMPROVEMENTS = 1_000
"""Exchanges of single steps that are made at most where the search ended before it proved."""


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
        purse, floor: Cash by account, minor units now and at least. `purse` and `value` are work
            space too and are as they were when the search returns.
        cash, cash_goal, cash_floor: Cash of all accounts: minor units now, wanted, and at least.
        node_limit: Quantities tried at most.
        best: Out: steps by instrument.
        steps, center, up, down, spent_at, cash_at, loss_at, net_at, value_at, rest, raises,
            raises_all: Work space of size + 1 integers each.

    Returns:
        The objective reached and a bound that no answer can beat; they are equal when the answer
        is proved. An objective of -1 says that nothing is affordable.
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
    if size == 0:
        return fixed + abs(total), fixed + abs(total)
    known = _affordable_start(
        size, direction, numerator, denominator, low, high, start, rate, per_step, fixed_fee,
        minimum, sleeve, n_sleeves, value, goal, account, purse, floor, cash, cash_goal,
        cash_floor, best,
    )  # fmt: skip
    # One more than known: among equal answers the first in the order of the search is kept.
    best_objective = known + 1 if known >= 0 else -1
    for k in range(size):
        up[k] = -1
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
    if known >= 0:
        best_objective = min(best_objective, known)
    if complete and best_objective >= 0:
        bound = best_objective
    elif best_objective > bound:
        best_objective = _improve(
            size, direction, numerator, denominator, low, high, rate, per_step, fixed_fee, minimum,
            sleeve, value, goal, account, purse, floor, cash, cash_goal, cash_floor, best,
            best_objective,
        )  # fmt: skip
    return best_objective, bound


@kernel
def _affordable_start(  # type: ignore[no-untyped-def]
    size, direction, numerator, denominator, low, high, start, rate, per_step, fixed_fee, minimum,
    sleeve, n_sleeves, value, goal, account, purse, floor, cash, cash_goal, cash_floor, best,
):  # fmt: skip
    """Fill `best` with the continuous answer, fewer bought and more sold where the cash is short.

    Returns its objective, or -1 where it could not be made affordable.
    """
    money = cash
    for k in range(size):
        count = min(start[k], high[k])
        if 0 < count < low[k]:
            count = 0 if 2 * count < low[k] or low[k] > high[k] else low[k]
        best[k] = count
        spent = _spent(k, count, direction, numerator, denominator, rate, per_step, fixed_fee,
                       minimum)  # fmt: skip
        purse[account[k]] -= spent
        money -= spent
    # The cheapest steps give way first: purchases shrink, then sales grow.
    for side in (1, -1):
        for back in range(size):
            k = size - 1 - back
            a = account[k]
            while direction[k] == side:
                short = max(floor[a] - purse[a], cash_floor - money)
                step = short * denominator[k] // numerator[k] + 1
                count = max(best[k] - step, 0) if side > 0 else min(best[k] + step, high[k])
                if 0 < count < low[k]:
                    count = 0 if side > 0 else min(low[k], high[k])
                if short <= 0 or count == best[k] or 0 < count < low[k]:
                    break
                change = _spent(k, count, direction, numerator, denominator, rate, per_step,
                                fixed_fee, minimum) - _spent(
                                    k, best[k], direction, numerator, denominator, rate, per_step,
                                    fixed_fee, minimum)  # fmt: skip
                if change >= 0:  # a fee that eats what it brings
                    break
                best[k] = count
                purse[a] -= change
                money -= change
    affordable = money >= cash_floor
    objective = abs(money - cash_goal)
    for s in range(n_sleeves):
        after = value[s]
        for k in range(size):
            if sleeve[k] == s:
                after += direction[k] * rounded(best[k] * numerator[k], denominator[k])
        objective += abs(after - goal[s])
    for k in range(size):
        if purse[account[k]] < floor[account[k]]:
            affordable = False
    for k in range(size):
        spent = _spent(k, best[k], direction, numerator, denominator, rate, per_step, fixed_fee,
                       minimum)  # fmt: skip
        purse[account[k]] += spent
        objective += spent - direction[k] * rounded(best[k] * numerator[k], denominator[k])
        if not affordable:
            best[k] = 0
    return objective if affordable else -1


@kernel
def _improve(  # type: ignore[no-untyped-def]
    size, direction, numerator, denominator, low, high, rate, per_step, fixed_fee, minimum,
    sleeve, value, goal, account, purse, floor, cash, cash_goal, cash_floor, best, objective,
):  # fmt: skip
    """Trade a step more or less of one or of two, for as long as it comes nearer.

    Changes `best` and returns its objective. The moves are tried in one order, so that the same
    answer comes out everywhere.
    """
    money = cash
    for k in range(size):
        spent = _spent(k, best[k], direction, numerator, denominator, rate, per_step, fixed_fee,
                       minimum)  # fmt: skip
        purse[account[k]] -= spent
        money -= spent
        value[sleeve[k]] += direction[k] * rounded(best[k] * numerator[k], denominator[k])
    made = 0
    better = True
    while better and made < IMPROVEMENTS:
        better = False
        for j in range(size):
            for k in range(j, size):
                # A step more or less of j, and where k is another trade also of k.
                for move in range(4):
                    one = 1 if move < 2 else -1
                    two = 1 if move % 2 == 0 else -1
                    if j == k and move % 2 == 1:
                        continue
                    change = _moved(
                        j, one, k, two, direction, numerator, denominator, low, high, rate,
                        per_step, fixed_fee, minimum, sleeve, value, goal, account, purse, floor,
                        money, cash_goal, cash_floor, best,
                    )  # fmt: skip
                    if change >= 0:
                        continue
                    objective += change
                    money -= _make(j, one, direction, numerator, denominator, rate, per_step,
                                   fixed_fee, minimum, sleeve, value, account, purse,
                                   best)  # fmt: skip
                    if j != k:
                        money -= _make(k, two, direction, numerator, denominator, rate, per_step,
                                       fixed_fee, minimum, sleeve, value, account, purse,
                                       best)  # fmt: skip
                    made += 1
                    better = True
    for k in range(size):
        purse[account[k]] += _spent(k, best[k], direction, numerator, denominator, rate, per_step,
                                    fixed_fee, minimum)  # fmt: skip
        value[sleeve[k]] -= direction[k] * rounded(best[k] * numerator[k], denominator[k])
    return objective


@kernel
def _moved(  # type: ignore[no-untyped-def]
    j, one, k, two, direction, numerator, denominator, low, high, rate, per_step, fixed_fee,
    minimum, sleeve, value, goal, account, purse, floor, money, cash_goal, cash_floor, best,
):  # fmt: skip
    """What a step of one trade, and of another unless they are the same, does to the objective.

    Positive where the move is not allowed.
    """
    refused = 1
    count = best[j] + one
    if count < 0 or count > high[j] or 0 < count < low[j]:
        return refused
    worth = direction[j] * (
        rounded(count * numerator[j], denominator[j])
        - rounded(best[j] * numerator[j], denominator[j])
    )
    spent = _spent(j, count, direction, numerator, denominator, rate, per_step, fixed_fee,
                   minimum) - _spent(j, best[j], direction, numerator, denominator, rate, per_step,
                                     fixed_fee, minimum)  # fmt: skip
    cost = spent - worth
    others_worth = 0
    others_spent = 0
    if j != k:
        count = best[k] + two
        if count < 0 or count > high[k] or 0 < count < low[k]:
            return refused
        others_worth = direction[k] * (
            rounded(count * numerator[k], denominator[k])
            - rounded(best[k] * numerator[k], denominator[k])
        )
        others_spent = _spent(k, count, direction, numerator, denominator, rate, per_step,
                              fixed_fee, minimum) - _spent(
                                  k, best[k], direction, numerator, denominator, rate, per_step,
                                  fixed_fee, minimum)  # fmt: skip
        cost += others_spent - others_worth
    if j != k and account[j] == account[k]:
        if purse[account[j]] - spent - others_spent < floor[account[j]]:
            return refused
    else:
        if purse[account[j]] - spent < floor[account[j]]:
            return refused
        if j != k and purse[account[k]] - others_spent < floor[account[k]]:
            return refused
    after = money - spent - others_spent
    if after < cash_floor:
        return refused
    change = cost + abs(after - cash_goal) - abs(money - cash_goal)
    if j != k and sleeve[j] == sleeve[k]:
        off = value[sleeve[j]] - goal[sleeve[j]]
        return change + abs(off + worth + others_worth) - abs(off)
    off = value[sleeve[j]] - goal[sleeve[j]]
    change += abs(off + worth) - abs(off)
    if j != k:
        off = value[sleeve[k]] - goal[sleeve[k]]
        change += abs(off + others_worth) - abs(off)
    return change


@kernel
def _make(  # type: ignore[no-untyped-def]
    k, step, direction, numerator, denominator, rate, per_step, fixed_fee, minimum, sleeve, value,
    account, purse, best,
):  # fmt: skip
    """Trade a step more or less; returns the cash that it takes."""
    before = _spent(k, best[k], direction, numerator, denominator, rate, per_step, fixed_fee,
                    minimum)  # fmt: skip
    value[sleeve[k]] -= direction[k] * rounded(best[k] * numerator[k], denominator[k])
    best[k] += step
    value[sleeve[k]] += direction[k] * rounded(best[k] * numerator[k], denominator[k])
    spent = _spent(k, best[k], direction, numerator, denominator, rate, per_step, fixed_fee,
                   minimum) - before  # fmt: skip
    purse[account[k]] -= spent
    return spent


@kernel
def _spent(  # type: ignore[no-untyped-def]
    k, count, direction, numerator, denominator, rate, per_step, fixed_fee, minimum
):
    """Cash that trading so many steps takes, its cost included; negative where it brings some."""
    worth = rounded(count * numerator[k], denominator[k])
    cost = trade_cost(worth, count, rate[k], per_step[k], fixed_fee[k], minimum[k])
    return direction[k] * worth + cost


def nearest_steps_workspace(size: int) -> tuple[list[int], ...]:
    """Work space of lists for one interpreted search, in the order of its last parameters."""
    return tuple([0] * (size + 1) for _ in range(12))
