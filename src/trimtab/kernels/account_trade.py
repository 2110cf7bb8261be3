"""What to trade of each holding, in money: the walk over lots, and no trade that is too small."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    BUYABLE,
    DONE,
    F_AMOUNTS,
    F_BOUGHT,
    F_BUY_FEE,
    F_CHANGE,
    F_GAIN,
    F_GIVEN,
    F_GOAL_F,
    F_NEED,
    F_PART,
    F_PRICES,
    F_ROOM,
    F_SEGMENT_AMOUNT,
    F_SEGMENT_TAX,
    F_SELL_FEE,
    F_SOLD,
    F_VALUE_F,
    FIRST_HOLDING,
    FIRST_LEAF,
    INSTRUMENT,
    LEAF,
    LEAST,
    LINEAR,
    PARTS,
    SELLABLE,
    SHARE,
    SOLVER,
    SOON_NOTHING,
    W_ACTIVE,
    W_BLOCKED,
    W_BUY_HOLDING,
    W_FIRST_SEGMENT,
    W_GOALS,
    W_HELD,
    W_LOT_FROM,
    W_LOT_TO,
    W_ORDER,
    W_OWNER,
    W_POOLED,
    W_SCRATCH,
    W_SEGMENT_OWNER,
    W_VALUES,
    WIDE,
    Accounts,
    Models,
    Prices,
    Work,
)
from trimtab.kernels.account_lots import fill_segments
from trimtab.kernels.compile import kernel
from trimtab.kernels.lots import walk
from trimtab.kernels.money import rounded

ENDLESS = 1e18
"""More money than can be spent: nothing limits a purchase but its goal."""


@kernel
def fill_active(m: int, models: Models, work: Work) -> None:
    """Mark the holdings in which something can happen: what is held, or may be bought."""
    h0 = models.of[FIRST_HOLDING, m]
    for i in range(models.of[FIRST_HOLDING, m + 1] - h0):
        work.ints[W_ACTIVE, i] = 0
        held = work.ints[W_LOT_TO, i] > work.ints[W_LOT_FROM, i]
        if held or models.holdings[BUYABLE, h0 + i] == 1:
            work.ints[W_ACTIVE, i] = 1


@kernel
def is_walkable(m: int, models: Models, work: Work) -> bool:
    """Whether the walk can solve the account, as the engine's `is_walkable`."""
    h0 = models.of[FIRST_HOLDING, m]
    size = models.of[FIRST_HOLDING, m + 1] - h0
    for i in range(size):
        if work.ints[W_ACTIVE, i] == 0:
            continue
        if models.holdings[LINEAR, h0 + i] == 0:
            return False
        for j in range(i):
            if (
                models.holdings[LEAF, h0 + j] == models.holdings[LEAF, h0 + i]
                and work.ints[W_ACTIVE, j] == 1
                and models.holdings[SELLABLE, h0 + i] == 1
                and models.holdings[SELLABLE, h0 + j] == 1
                and work.ints[W_HELD, i] > 0
                and work.ints[W_HELD, j] > 0
                and models.fee[h0 + i] != models.fee[h0 + j]
            ):
                return False
    return True


@kernel
def fill_changes(
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    work: Work,
    purse: int,
    cash: int,
    cash_goal: int,
) -> int:
    """What to trade in money, by the walk; trades below the minimum dropped, smallest first.

    Returns:
        DONE, or why it could not be worked out here: numbers too wide, or a pool of lots that is
        sold in part, which only a solver does exactly.
    """
    h0 = models.of[FIRST_HOLDING, m]
    n = models.of[FIRST_LEAF, m + 1] - models.of[FIRST_LEAF, m]
    size = models.of[FIRST_HOLDING, m + 1] - h0
    for s in range(n):
        work.floats[F_VALUE_F, s] = 1.0 * work.ints[W_VALUES, s]
        work.floats[F_GOAL_F, s] = 1.0 * work.ints[W_GOALS, s]
    for i in range(size):
        work.ints[W_BLOCKED, i] = 0
    exempt = cash < 0 or purse < 0
    while True:
        for s in range(n):
            work.floats[F_BUY_FEE, s] = 0.0
            work.floats[F_ROOM, s] = 0.0
            work.ints[W_BUY_HOLDING, s] = -1
            work.ints[W_FIRST_SEGMENT, s + 1] = 0
        work.ints[W_FIRST_SEGMENT, 0] = 0
        count = 0
        for i in range(size):
            if work.ints[W_ACTIVE, i] == 0:
                continue
            h = h0 + i
            if models.holdings[BUYABLE, h] == 1 and work.ints[W_BLOCKED, i] & 1 == 0:
                s = models.holdings[LEAF, h]
                work.floats[F_BUY_FEE, s] = models.fee[h]
                work.floats[F_ROOM, s] = ENDLESS
                work.ints[W_BUY_HOLDING, s] = i
            if work.ints[W_BLOCKED, i] & 2 != 0 or models.holdings[SELLABLE, h] == 0:
                continue
            count = fill_segments(i, h, m, models, market, accounts, work, count)
            if count < 0:
                return WIDE
            if count > work.ints[W_FIRST_SEGMENT, models.holdings[LEAF, h] + 1]:
                work.ints[W_FIRST_SEGMENT, models.holdings[LEAF, h] + 1] = count
                work.floats[F_SELL_FEE, models.holdings[LEAF, h]] = models.fee[h]
        # Holdings are ordered by leaf: a leaf without segments begins where the one before ends.
        for s in range(n):
            work.ints[W_FIRST_SEGMENT, s + 1] = max(
                work.ints[W_FIRST_SEGMENT, s], work.ints[W_FIRST_SEGMENT, s + 1]
            )
        walk(
            n,
            work.floats[F_VALUE_F],
            work.floats[F_GOAL_F],
            work.floats[F_BUY_FEE],
            work.floats[F_ROOM],
            work.floats[F_SELL_FEE],
            work.ints[W_FIRST_SEGMENT],
            work.floats[F_SEGMENT_AMOUNT],
            work.floats[F_SEGMENT_TAX],
            1.0 * cash,
            1.0 * cash_goal,
            0.0,
            models.drift_price[m],
            1.0,
            work.floats[F_SOLD],
            work.floats[F_BOUGHT],
            work.floats[F_GAIN],
            work.floats[F_NEED],
            work.floats[F_PART],
            work.floats[F_GIVEN],
            work.floats[F_PRICES],
            work.floats[F_AMOUNTS],
            work.ints[W_OWNER],
            work.ints[W_ORDER],
            work.ints[W_SCRATCH],
        )
        for i in range(size):
            work.floats[F_CHANGE, i] = 0.0
        for k in range(count):
            if work.ints[W_POOLED, k] == 1:
                part, whole = work.floats[F_SOLD, k], work.floats[F_SEGMENT_AMOUNT, k]
                if SOON_NOTHING < part < whole - SOON_NOTHING:
                    return SOLVER
            work.floats[F_CHANGE, work.ints[W_SEGMENT_OWNER, k]] -= work.floats[F_SOLD, k]
        for s in range(n):
            if work.ints[W_BUY_HOLDING, s] >= 0:
                work.floats[F_CHANGE, work.ints[W_BUY_HOLDING, s]] += work.floats[F_BOUGHT, s]
        smallest = -1
        for i in range(size):
            if work.ints[W_ACTIVE, i] == 0:
                continue
            change = work.floats[F_CHANGE, i]
            money = abs(change)
            if money < SOON_NOTHING or (exempt and change <= 0):
                continue
            h = h0 + i
            g = models.holdings[INSTRUMENT, h]
            least = (models.holdings[LEAST, h] - 0.5) * market.price[g]
            if models.holdings[LEAST, h] > 1 and money < least:
                least_money = abs(work.floats[F_CHANGE, max(smallest, 0)])
                if (
                    smallest < 0
                    or money < least_money
                    or (money == least_money and g < models.holdings[INSTRUMENT, h0 + smallest])
                ):
                    smallest = i
        if smallest < 0:
            return DONE
        # One bit a side: 1 buying, 2 selling.
        work.ints[W_BLOCKED, smallest] |= 1 if work.floats[F_CHANGE, smallest] > 0 else 2


@kernel
def ends_elsewhere(
    m: int, models: Models, work: Work, cash: int, cash_goal: int, base: int
) -> bool:
    """Whether trades short of the target leave cash that something would take, or sell below goals.

    Then the engine changes the goals of what this account may trade (`engine.onward`). In doubt
    yes: the engine looks again.
    """
    h0 = models.of[FIRST_HOLDING, m]
    l0 = models.of[FIRST_LEAF, m]
    size = models.of[FIRST_HOLDING, m + 1] - h0
    left = 1.0 * (cash - cash_goal)
    cost = 0.0
    for i in range(size):
        change = work.floats[F_CHANGE, i]
        cost += abs(change) * models.fee[h0 + i]
        left -= change + abs(change) * models.fee[h0 + i]
    below = 0.0
    for s in range(models.of[FIRST_LEAF, m + 1] - l0):
        end = 1.0 * work.ints[W_VALUES, s]
        sells = False
        for i in range(size):
            if models.holdings[LEAF, h0 + i] == s:
                end += work.floats[F_CHANGE, i]
                sells = sells or work.floats[F_CHANGE, i] < 0
        if sells and end < work.ints[W_GOALS, s]:
            below += work.ints[W_GOALS, s] - end
        i = work.ints[W_BUY_HOLDING, s]
        aim = rounded(models.leaves[SHARE, l0 + s] * base, models.of[PARTS, m])
        if left >= SOON_NOTHING / 2 and i >= 0 and work.ints[W_GOALS, s] <= aim:
            return True
    return below > cost + SOON_NOTHING
