"""From money to whole steps: the nearest affordable combination, by branch and bound.

Trades in one or several accounts, each of an instrument in one direction, are to be whole steps.
Wanted is the combination that leaves the least

    sum over sleeves |value - goal| + |cash - cash_goal| + trading cost + tax

without the cash of any account, or of all together, falling below its floor. Rounding each trade
by itself is not the answer: a share too few of one pays for a share more of another. The search
goes depth first through the trades,
dearest step first, trying quantities outwards from the best one, and leaves a branch when the
deviation already certain, together with what the sum of all deviations makes unavoidable, is no
better than the best found. It starts from the continuous answer rounded to what the cash pays
for, so that it always has an answer; where it ends before it has proved one, single steps and
pairs of them are exchanged for as long as that comes nearer. All amounts are integers of minor
units.

Tax counts but takes no cash, and it is as large as a deviation, so that what is still to be sold
must be bounded with its tax. Of a sleeve that lies e above its goal and ends d away from it, at
least e - d is sold. Let m be any rate and K the most that its lots together save against it, the
sum over its trades of max over w (m w - tax of w). Then

    |d| + tax  >=  |d| + m (e - d) - K  =  (m e - K) + |d| - m d

for every d: a part that is certain, and a deviation above the goal that weighs 1 - m instead of 1.
The rate at which the continuous answer stops makes it tight.
"""

from __future__ import annotations

from trimtab.kernels.affordable import affordable_start, improved, steps_tax
from trimtab.kernels.compile import kernel
from trimtab.kernels.money import RATE_SCALE, rounded, trade_cost

NODE_LIMIT = 4_000
"""Quantities tried before the search stops and reports how far from the best it may be."""

TWICE = 2 * RATE_SCALE
"""No unit sold takes more deviation away than one from its sleeve and one from what it pays for."""

STEEPEST = 1 << 36
"""No rate of tax is higher, in 1e-8; so that no product is wide."""

ENDLESS = 1 << 60
"""More steps than there are."""

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
    tax_first,
    tax_last,
    tax_steps,
    tax_rate,
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
    known_bound,
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
    least,
    taxes,
    steepest,
):
    """Fill `best` with the steps to trade of each instrument; returns (objective, bound).

    Args:
        size: Number of trades, in the order in which they are searched: dearest step
            first, then by id, so that the order of the user's rows does not matter.
        direction: +1 buys, -1 sells.
        numerator, denominator: Worth of one step in minor units, as a ratio.
        low, high: Fewest and most steps that may be traded; none at all is always allowed. A
            quantity whose worth rounds to nothing is no trade, whatever `low` says.
        start: The continuous answer in steps, rounded.
        rate, per_step, fixed_fee, minimum: Trading cost as `trade_cost` takes it.
        tax_first, tax_last: Where the lots of each trade begin and end in the next two, in the
            order in which they are taken.
        tax_steps, tax_rate: By lot: its steps, and its tax in 1e-8 of the money traded: what
            counts and takes no cash. At most `STEEPEST`.
        sleeve: Sleeve of each instrument.
        n_sleeves, value, goal: Sleeves: minor units before trading, and wanted.
        account: Account of each trade.
        purse, floor: Cash by account, minor units now and at least. `purse` and `value` are work
            space too and are as they were when the search returns.
        cash, cash_goal, cash_floor: Cash of all accounts: minor units now, wanted, and at least.
        known_bound: What no answer can beat, as far as the caller knows; 0 for nothing known.
        node_limit: Quantities tried at most.
        best: Out: steps by instrument.
        steps, center, up, down, spent_at, cash_at, loss_at, net_at, value_at, rest, raises,
            raises_all, least, taxes, steepest: Work space of size + 1 integers each.

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
    # The least deviation and tax each sleeve with a single traded instrument can reach by itself:
    # summed over the instruments still to come, `rest[d]` bounds what is left at depth d. So do
    # `taxes[d]`, the certain part of the tax of sleeves that no trade before d touches, and
    # `steepest[d]`, the dearest rate that a deviation above the goal can save on.
    rest[size] = 0
    raises_all[size] = 0
    taxes[size] = 0
    steepest[size] = 0
    for k in range(size):
        least[k] = max(low[k], denominator[k] // (2 * numerator[k]) + 1)
    for back in range(size):
        k = size - 1 - back
        steep, certain = _certain_tax(
            k, size, direction, numerator, denominator, high, start, tax_first, tax_last,
            tax_steps, tax_rate, sleeve, value, goal,
        )  # fmt: skip
        taxes[k] = taxes[k + 1] + certain
        steepest[k] = max(steepest[k + 1], steep)
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
                if below < least[k]:
                    below = 0
                above = min(max(below + 1, least[k]), high[k])
                residue = min(
                    abs(gap - rounded(below * numerator[k], denominator[k]))
                    + steps_tax(k, below, numerator, denominator, tax_first, tax_last, tax_steps,
                                tax_rate),
                    abs(gap - rounded(above * numerator[k], denominator[k]))
                    + steps_tax(k, above, numerator, denominator, tax_first, tax_last, tax_steps,
                                tax_rate),
                )  # fmt: skip
                if tax_last[k] > tax_first[k]:
                    # Both are straight within a lot: dear lots are left at their beginning.
                    residue = min(residue, gap)
                    ends = 0
                    for p in range(tax_first[k], tax_last[k]):
                        ends += min(tax_steps[p], high[k] - ends)
                        if ends < below:
                            residue = min(
                                residue,
                                gap - rounded(ends * numerator[k], denominator[k])
                                + steps_tax(k, ends, numerator, denominator, tax_first, tax_last,
                                            tax_steps, tax_rate),
                            )  # fmt: skip
                    residue = max(residue - 2, 0)  # roundings of worth and tax
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
    bound = max(fixed + max(taxes[0] + _weighed(total, steepest[0]), rest[0]), known_bound)
    if size == 0:
        return fixed + abs(total), fixed + abs(total)
    known = affordable_start(
        size, direction, numerator, denominator, least, high, start, rate, per_step, fixed_fee,
        minimum, tax_first, tax_last, tax_steps, tax_rate, sleeve, n_sleeves, value, goal,
        account, purse, floor, cash, cash_goal, cash_floor, best,
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
            if 0 < center[k] < least[k]:
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
            if 0 < quantity < least[k]:
                # Below the least trade only none at all is left.
                if quantity < center[k]:
                    quantity = 0
                    down[k] = reach
                else:
                    quantity = -1
                    up[k] = max(up[k], least[k] - center[k])
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
        tax = steps_tax(
            k, quantity, numerator, denominator, tax_first, tax_last, tax_steps, tax_rate
        )
        loss = loss_at[k] + cost + tax
        net = net_at[k] - cost
        deviation = 0
        if last:
            deviation = value_at[k] + direction[k] * worth - goal[s]
            loss += abs(deviation)
            net -= deviation
        sure = loss + taxes[k + 1] + _weighed(net, steepest[k + 1])
        surest = max(sure, loss + rest[k + 1])
        if best_objective >= 0 and surest >= best_objective:
            # Past the goal, going further the same way adds to the deviation what it can at most
            # take from the rest; buying less saves at most its cost, in the sum and in cash, and
            # what `_spared` says of its tax. Trading nothing may save a fee, so that is tried
            # even then.
            if last:
                if deviation * direction[k] >= 0:
                    up[k] = reach
                if tax > 0:
                    spared, is_flat = _spared(
                        k, quantity, tax, net, direction, tax_first, tax_last, tax_steps,
                        tax_rate, steepest[k + 1],
                    )  # fmt: skip
                    surest = (surest if is_flat else sure) - spared
                if deviation * direction[k] <= 0 and surest - 2 * cost >= best_objective:
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
        best_objective = improved(
            size, direction, numerator, denominator, least, high, rate, per_step, fixed_fee,
            minimum, tax_first, tax_last, tax_steps, tax_rate, sleeve, value, goal, account, purse,
            floor, cash, cash_goal, cash_floor, best, best_objective,
        )  # fmt: skip
    return best_objective, bound


@kernel
def _certain_tax(  # type: ignore[no-untyped-def]
    k, size, direction, numerator, denominator, high, start, tax_first, tax_last, tax_steps,
    tax_rate, sleeve, value, goal,
):  # fmt: skip
    """The rate m of the sleeve whose trades begin at k, and m e - K, as the file's head has it.

    Nothing where the sleeve has an earlier trade, or lies at its goal or below.
    """
    excess = value[sleeve[k]] - goal[sleeve[k]]
    first = excess > 0
    for j in range(k):
        if sleeve[j] == sleeve[k]:
            first = False
    rate = 0
    if first:
        for j in range(k, size):
            if sleeve[j] == sleeve[k] and direction[j] < 0:
                ends = 0
                for p in range(tax_first[j], tax_last[j]):
                    if ends < start[j]:
                        rate = max(rate, min(tax_rate[p], TWICE))
                    ends += tax_steps[p]
    if rate == 0:
        return 0, 0
    certain = excess // RATE_SCALE * rate + excess % RATE_SCALE * rate // RATE_SCALE
    for j in range(k, size):
        if sleeve[j] != sleeve[k] or direction[j] > 0:
            continue
        most = 0
        saved = 0
        rest = 0
        taken = 0
        reached = 0
        for p in range(tax_first[j], tax_last[j]):
            taken = min(taken + tax_steps[p], high[j])
            upto = rounded(taken * numerator[j], denominator[j])
            rest += (upto - reached) % RATE_SCALE * (rate - tax_rate[p])
            saved += (upto - reached) // RATE_SCALE * (rate - tax_rate[p]) + rest // RATE_SCALE
            rest = rest % RATE_SCALE
            reached = upto
            most = max(most, saved + 1)
        if taken < high[j]:
            # Without a lot that is known there is no tax.
            rest = rounded(high[j] * numerator[j], denominator[j]) - reached
            saved += rest // RATE_SCALE * rate + rest % RATE_SCALE * rate // RATE_SCALE + 2
            most = max(most, saved)
        certain -= most + 1
    if certain <= 0:
        return 0, 0
    return rate, certain


@kernel
def _weighed(net, steepest):  # type: ignore[no-untyped-def]
    """The least deviation that a sum of signed deviations leaves, less the tax that it saves."""
    if net <= 0:
        return -net
    weight = RATE_SCALE - steepest
    return net // RATE_SCALE * weight + net % RATE_SCALE * weight // RATE_SCALE


@kernel
def _spared(  # type: ignore[no-untyped-def]
    k, quantity, tax, net, direction, tax_first, tax_last, tax_steps, tax_rate, steepest
):
    """What trading fewer steps, all short of the goal, can take off a bound by its tax.

    A unit less adds one to the deviation and saves its rate. It takes one more off the bound of
    the rest only for as long as the rest has to deviate to the other side, by `net`; beyond that
    the bound grows. So no more than that much, times the rate, is spared in all.

    Returns:
        That, and whether it holds for every part of the bound, or only for the deviations' sum.
    """
    rate = 0
    taken = 0
    for p in range(tax_first[k], tax_last[k]):
        if taken < quantity:
            rate = max(rate, tax_rate[p])
            taken += tax_steps[p]
    other = net if direction[k] < 0 else -net
    if rate > TWICE or (direction[k] > 0 and (steepest > RATE_SCALE or rate > RATE_SCALE)):
        return tax, True
    other = max(other, 0)
    spared = other // RATE_SCALE * rate + other % RATE_SCALE * rate // RATE_SCALE + 2
    return min(spared, tax), rate <= RATE_SCALE


def nearest_steps_workspace(size: int) -> tuple[list[int], ...]:
    """Work space of lists for one interpreted search, in the order of its last parameters."""
    return tuple([0] * (size + 1) for _ in range(15))
