"""Whole steps that can be paid for: a start for the search of `rounding`, and how to better an end.

The start is the continuous answer, rounded to what the cash pays for. Where the search ended before
it proved an answer, single steps and pairs of them are exchanged for as long as that comes nearer.
All amounts are integers of minor units; arguments are those of `nearest_steps`.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.money import RATE_SCALE, rounded, trade_cost

IMPROVEMENTS = 1_000
"""Exchanges of single steps that are made at most where the search ended before it proved."""


@kernel
def affordable_start(  # type: ignore[no-untyped-def]
    size, direction, numerator, denominator, low, high, start, rate, per_step, fixed_fee, minimum,
    tax_first, tax_last, tax_steps, tax_rate, sleeve, n_sleeves, value, goal, account, purse,
    floor, cash, cash_goal, cash_floor, best,
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
        objective += steps_tax(k, best[k], numerator, denominator, tax_first, tax_last, tax_steps,
                               tax_rate)  # fmt: skip
        if not affordable:
            best[k] = 0
    return objective if affordable else -1


@kernel
def improved(  # type: ignore[no-untyped-def]
    size, direction, numerator, denominator, low, high, rate, per_step, fixed_fee, minimum,
    tax_first, tax_last, tax_steps, tax_rate, sleeve, value, goal, account, purse, floor, cash,
    cash_goal, cash_floor, best, objective,
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
                        per_step, fixed_fee, minimum, tax_first, tax_last, tax_steps, tax_rate,
                        sleeve, value, goal, account, purse, floor, money, cash_goal,
                        cash_floor, best,
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
    minimum, tax_first, tax_last, tax_steps, tax_rate, sleeve, value, goal, account, purse, floor,
    money, cash_goal, cash_floor, best,
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
    cost += steps_tax(j, count, numerator, denominator, tax_first, tax_last, tax_steps, tax_rate)
    cost -= steps_tax(j, best[j], numerator, denominator, tax_first, tax_last, tax_steps, tax_rate)
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
        cost += steps_tax(
            k, count, numerator, denominator, tax_first, tax_last, tax_steps, tax_rate
        )
        cost -= steps_tax(
            k, best[k], numerator, denominator, tax_first, tax_last, tax_steps, tax_rate
        )
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


@kernel
def steps_tax(  # type: ignore[no-untyped-def]
    k, count, numerator, denominator, tax_first, tax_last, tax_steps, tax_rate
):
    """The tax of trading so many steps, lot after lot, in minor units, rounded down."""
    total = 0
    rest = 0
    taken = 0
    reached = 0
    for p in range(tax_first[k], tax_last[k]):
        if taken >= count:
            break
        taken = min(taken + tax_steps[p], count)
        upto = rounded(taken * numerator[k], denominator[k])
        # In two parts, so that no product is wide.
        rest += (upto - reached) % RATE_SCALE * tax_rate[p]
        total += (upto - reached) // RATE_SCALE * tax_rate[p] + rest // RATE_SCALE
        rest = rest % RATE_SCALE
        reached = upto
    return total
