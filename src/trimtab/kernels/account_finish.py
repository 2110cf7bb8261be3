"""Whole steps that the cash pays for, and whether they bring an account nearer to its target."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    CASH_SHORT,
    DONE,
    F_CHANGE,
    F_GOAL_F,
    FIRST_HOLDING,
    FIRST_LEAF,
    INSTRUMENT,
    LEAF,
    LEAST,
    MOST,
    MOST_MONEY,
    NEAREST_FIRST,
    NO_IMPROVEMENT,
    PER_STEP,
    RATE,
    RATE_PARTS,
    SOON_NOTHING,
    W_ACCOUNT,
    W_ACTIVE,
    W_BEST,
    W_DENOMINATOR,
    W_DIRECTION,
    W_FLOOR,
    W_GAINS,
    W_GOALS,
    W_HELD,
    W_HIGH,
    W_LOT_FROM,
    W_LOT_TO,
    W_LOTS,
    W_LOW,
    W_MADE,
    W_MOVED,
    W_NONE,
    W_NUMERATOR,
    W_PER_STEP,
    W_PURSE,
    W_RATE,
    W_SLEEVE,
    W_START,
    W_TAX_FIRST,
    W_TAX_LAST,
    W_TAX_RATE,
    W_TAX_STEPS,
    W_TRADE_ORDER,
    W_VALUES,
    W_WORTHS,
    WIDE,
    Accounts,
    Models,
    Prices,
    Work,
)
from trimtab.kernels.account_due import twice_drift
from trimtab.kernels.compile import kernel
from trimtab.kernels.money import RATE_SCALE, trade_cost
from trimtab.kernels.rounding import ENDLESS, NODE_LIMIT, STEEPEST, nearest_steps
from trimtab.kernels.wide import compared, times, worth

ROUNDER = 6755399441055744.0
"""1.5 x 2^52: adding and taking it away rounds a float below 2^51 to an integer, half to even."""


@kernel
def fill_whole_steps(
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    work: Work,
    purse: int,
    cash: int,
    cash_goal: int,
    gross: int,
) -> tuple[int, int]:
    """Whole steps that the cash pays for: fills `made`; status, and gap to the best."""
    h0 = models.of[FIRST_HOLDING, m]
    n = models.of[FIRST_LEAF, m + 1] - models.of[FIRST_LEAF, m]
    size = models.of[FIRST_HOLDING, m + 1] - h0
    count = 0
    for i in range(size):
        work.ints[W_MADE, i] = 0
        if work.ints[W_ACTIVE, i] == 0 or abs(work.floats[F_CHANGE, i]) < SOON_NOTHING:
            continue
        # Dearest step first, then by id.
        g = models.holdings[INSTRUMENT, h0 + i]
        price = market.price[g]
        j = count - 1
        while j >= 0:
            other = models.holdings[INSTRUMENT, h0 + work.ints[W_TRADE_ORDER, j]]
            if price < market.price[other] or (price == market.price[other] and g > other):
                break
            work.ints[W_TRADE_ORDER, j + 1] = work.ints[W_TRADE_ORDER, j]
            j -= 1
        work.ints[W_TRADE_ORDER, j + 1] = i
        count += 1
    if count == 0:
        return DONE, 0
    away, cash_goal = _reached(m, models, work, cash, cash_goal)
    wealth = max(purse, 0)
    for s in range(n):
        wealth += work.ints[W_VALUES, s]
    raising = cash < 0 or purse < 0
    lots = 0
    spent = 0.0
    for j in range(count):
        i = work.ints[W_TRADE_ORDER, j]
        h = h0 + i
        g = models.holdings[INSTRUMENT, h]
        num, den = market.numerator[g], market.denominator[g]
        buys = work.floats[F_CHANGE, i] > 0
        start = _half_even(abs(work.floats[F_CHANGE, i]) / market.price[g])
        if (
            8.0 * gross * den + 4.0 * num > MOST
            or (4.0 * gross + num / den) * models.holdings[RATE, h] > MOST
            or (4.0 * gross / market.price[g] + 2.0) * models.holdings[PER_STEP, h] > MOST
            or start > MOST_MONEY
        ):
            return WIDE, 0
        work.ints[W_DIRECTION, j] = 1 if buys else -1
        work.ints[W_NUMERATOR, j] = num
        work.ints[W_DENOMINATOR, j] = den
        work.ints[W_START, j] = int(start)
        work.ints[W_HIGH, j] = wealth * den // num if buys else work.ints[W_HELD, i]
        work.ints[W_LOW, j] = models.holdings[LEAST, h]
        if not buys:
            work.ints[W_LOW, j] = (
                1 if raising else min(models.holdings[LEAST, h], work.ints[W_HELD, i])
            )
        work.ints[W_RATE, j] = models.holdings[RATE, h]
        work.ints[W_PER_STEP, j] = models.holdings[PER_STEP, h]
        work.ints[W_NONE, j] = 0
        work.ints[W_SLEEVE, j] = models.holdings[LEAF, h]
        work.ints[W_ACCOUNT, j] = 0
        money = abs(work.floats[F_CHANGE, i])
        spent += money * models.fee[h]
        lots, tax = _fill_taxes(j, i, m, models, market, accounts, work, lots, money)
        if lots < 0:
            return WIDE, 0
        spent += tax
    known_bound = max(away + int(spent) - n - 2 - 3 * count, 0)
    work.ints[W_PURSE, 0] = purse
    work.ints[W_FLOOR, 0] = 0
    # The second time only where the floors cannot be met, whatever is sold: then as near as
    # selling can come, and no lower than where the cash stands.
    cash_floor = 0
    for attempt in range(2):
        objective, bound = nearest_steps(
            count,
            work.ints[W_DIRECTION],
            work.ints[W_NUMERATOR],
            work.ints[W_DENOMINATOR],
            work.ints[W_LOW],
            work.ints[W_HIGH],
            work.ints[W_START],
            work.ints[W_RATE],
            work.ints[W_PER_STEP],
            work.ints[W_NONE],
            work.ints[W_NONE],
            work.ints[W_TAX_FIRST],
            work.ints[W_TAX_LAST],
            work.ints[W_TAX_STEPS],
            work.ints[W_TAX_RATE],
            work.ints[W_SLEEVE],
            n,
            work.ints[W_VALUES],
            work.ints[W_GOALS],
            work.ints[W_ACCOUNT],
            work.ints[W_PURSE],
            work.ints[W_FLOOR],
            cash,
            cash_goal,
            cash_floor,
            known_bound,
            NODE_LIMIT,
            work.ints[W_BEST],
            work.search[0],
            work.search[1],
            work.search[2],
            work.search[3],
            work.search[4],
            work.search[5],
            work.search[6],
            work.search[7],
            work.search[8],
            work.search[9],
            work.search[10],
            work.search[11],
            work.search[12],
            work.search[13],
            work.search[14],
        )
        if objective >= 0:
            for j in range(count):
                i = work.ints[W_TRADE_ORDER, j]
                work.ints[W_MADE, i] = work.ints[W_DIRECTION, j] * work.ints[W_BEST, j]
            return DONE, max(objective - bound, 0)
        if attempt == 0:
            work.ints[W_FLOOR, 0] = min(purse, 0)
            cash_floor = min(cash, 0)
            known_bound = 0
    return DONE, 0


@kernel
def _fill_taxes(
    j: int,
    i: int,
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    work: Work,
    lots: int,
    money: float,
) -> tuple[int, float]:
    """The lots of trade j with their tax, as `finish.taxes`; the tax of `money` of them.

    Returns:
        How many lots there are then, -1 where a rate is too high; and that tax.
    """
    h = models.of[FIRST_HOLDING, m] + i
    g = models.holdings[INSTRUMENT, h]
    price = models.drift_price[m]
    dearer = max(1.0 / price - 1.0, 0.0) * models.fee[h]
    first = lots
    taxed = False
    if work.floats[F_CHANGE, i] > 0:
        work.ints[W_TAX_STEPS, lots] = ENDLESS
        work.ints[W_TAX_RATE, lots] = int(_half_even(dearer * RATE_SCALE))
        taxed = work.ints[W_TAX_RATE, lots] > 0
        lots += 1
    else:
        for p in range(work.ints[W_LOT_FROM, i], work.ints[W_LOT_TO, i]):
            steps = accounts.quantity[work.ints[W_LOTS, p]]
            share = 0.0
            if work.ints[W_GAINS, p] > 0:
                share = work.ints[W_GAINS, p] / (
                    models.of[RATE_PARTS, m] * market.numerator[g] * steps
                )
            rate = _half_even((share / price + dearer) * RATE_SCALE)
            if rate > STEEPEST:
                return -1, 0.0
            work.ints[W_TAX_STEPS, lots] = steps
            work.ints[W_TAX_RATE, lots] = int(rate)
            taxed = taxed or rate > 0
            lots += 1
    if not taxed:
        lots = first
    work.ints[W_TAX_FIRST, j] = first
    work.ints[W_TAX_LAST, j] = lots
    total = 0.0
    left = money
    for k in range(first, lots):
        part = min(left, work.ints[W_TAX_STEPS, k] * market.price[g])
        left -= part
        total += part * (work.ints[W_TAX_RATE, k] / RATE_SCALE)
    return lots, total


@kernel
def _reached(m: int, models: Models, work: Work, cash: int, cash_goal: int) -> tuple[int, int]:
    """Where the continuous answer ends: how far from the goals, and the cash wanted.

    Unless the nearest point comes first, where it ends is what is wanted: the goals are replaced.
    """
    h0 = models.of[FIRST_HOLDING, m]
    n = models.of[FIRST_LEAF, m + 1] - models.of[FIRST_LEAF, m]
    for s in range(n):
        work.floats[F_GOAL_F, s] = 1.0 * work.ints[W_VALUES, s]
    left = 1.0 * cash
    for i in range(models.of[FIRST_HOLDING, m + 1] - h0):
        if work.ints[W_ACTIVE, i] == 0:
            continue
        money = work.floats[F_CHANGE, i]
        work.floats[F_GOAL_F, models.holdings[LEAF, h0 + i]] += money
        if abs(money) >= SOON_NOTHING:
            left -= money + abs(money) * models.fee[h0 + i]
    away = 0
    for s in range(n):
        end = int(_half_even(work.floats[F_GOAL_F, s]))
        if models.of[NEAREST_FIRST, m] == 0:
            work.ints[W_GOALS, s] = end
        away += abs(end - work.ints[W_GOALS, s])
    end = int(_half_even(left))
    if models.of[NEAREST_FIRST, m] == 0:
        cash_goal = end
    return away + abs(end - cash_goal), cash_goal


@kernel
def _half_even(number: float) -> float:
    """The integer nearest to a float below 2^51 in magnitude; a tie goes to the even one."""
    return (number + ROUNDER) - ROUNDER


@kernel
def outcome(
    a: int,
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    work: Work,
    unassigned: int,
    base: int,
    before: int,
) -> int:
    """What the trades in `made` leave: is it nearer than before, and is the cash there?

    Args:
        a, m, models, market, accounts, work: The account, and the tables.
        unassigned: Money in what no leaf names.
        base: What all weights were shares of before the trades.
        before: `twice_drift` before them.

    Returns:
        DONE, CASH_SHORT, NO_IMPROVEMENT, or WIDE.
    """
    h0 = models.of[FIRST_HOLDING, m]
    n = models.of[FIRST_LEAF, m + 1] - models.of[FIRST_LEAF, m]
    for s in range(n):
        work.ints[W_MOVED, s] = work.ints[W_VALUES, s]
    purse = accounts.cash[a]
    traded = False
    for i in range(models.of[FIRST_HOLDING, m + 1] - h0):
        change = work.ints[W_MADE, i]
        if change == 0:
            continue
        traded = True
        h = h0 + i
        g = models.holdings[INSTRUMENT, h]
        num, den = market.numerator[g], market.denominator[g]
        count = abs(change)
        later = worth(work.ints[W_HELD, i] + change, num, den)
        money = worth(count, num, den)
        if later < 0 or money < 0:
            return WIDE
        work.ints[W_MOVED, models.holdings[LEAF, h]] += later - work.ints[W_WORTHS, i]
        cost = trade_cost(
            money, count, models.holdings[RATE, h], models.holdings[PER_STEP, h], 0, 0
        )
        purse += (money if change < 0 else -money) - cost
    cash = purse - accounts.buffer[a]
    base_after = unassigned + cash
    for s in range(n):
        base_after += work.ints[W_MOVED, s]
    after = 0
    if base_after > 0:
        after = twice_drift(m, models, work.ints[W_MOVED], unassigned, cash, base_after)
    else:
        base_after = 1
    # No nearer than before is no reason to trade; only what is missing in cash is.
    away = compared(times(after, base), times(before, base_after))
    raising = accounts.cash[a] < accounts.buffer[a]
    if not raising and (away > 0 or (away == 0 and traded)):
        return NO_IMPROVEMENT
    return CASH_SHORT if purse < 0 else DONE
