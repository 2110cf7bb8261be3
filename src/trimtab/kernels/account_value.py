"""What an account holds: its lots by holding, and the money in each leaf of the target."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    DONE,
    FIRST_HOLDING,
    FIRST_LEAF,
    INSTRUMENT,
    LEAF,
    MOST_MONEY,
    MOST_STEPS,
    NO_PRICE,
    W_HELD,
    W_LOT_FROM,
    W_LOT_TO,
    W_LOTS,
    W_VALUES,
    W_WORTHS,
    WIDE,
    Accounts,
    Models,
    Prices,
    Work,
)
from trimtab.kernels.compile import kernel
from trimtab.kernels.wide import worth


@kernel
def fill_values(
    a: int, m: int, models: Models, market: Prices, accounts: Accounts, work: Work
) -> tuple[int, int]:
    """What the account holds: lots by holding, steps and money by holding, money by leaf.

    Returns:
        DONE, or why it cannot be valued, and the money in what no leaf names.
    """
    h0 = models.of[FIRST_HOLDING, m]
    size = models.of[FIRST_HOLDING, m + 1] - h0
    lot0, lot1 = accounts.first_lot[a], accounts.first_lot[a + 1]
    slots = size
    status = DONE
    for i in range(size):
        work.slot[models.holdings[INSTRUMENT, h0 + i]] = i
        work.ints[W_HELD, i] = 0
        work.ints[W_LOT_TO, i] = 0
    for k in range(lot0, lot1):
        g = accounts.instrument[k]
        i = work.slot[g]
        if i < 0:
            # In no leaf of the target: counted by itself, and left alone.
            i = slots
            work.slot[g] = i
            work.ints[W_HELD, i] = 0
            work.ints[W_LOT_TO, i] = 0
            slots += 1
        quantity = accounts.quantity[k]
        if market.numerator[g] == 0:
            status = NO_PRICE
        if not 0 < quantity < MOST_STEPS or work.ints[W_HELD, i] >= MOST_STEPS:
            status = WIDE if status == DONE else status
        else:
            work.ints[W_HELD, i] += quantity
        work.ints[W_LOT_TO, i] += 1
    # Lots by holding, in the order of the rows: counted, then placed.
    place = 0
    for i in range(slots):
        work.ints[W_LOT_FROM, i] = place
        place += work.ints[W_LOT_TO, i]
        work.ints[W_LOT_TO, i] = work.ints[W_LOT_FROM, i]
    for k in range(lot0, lot1):
        i = work.slot[accounts.instrument[k]]
        work.ints[W_LOTS, work.ints[W_LOT_TO, i]] = k
        work.ints[W_LOT_TO, i] += 1
    n = models.of[FIRST_LEAF, m + 1] - models.of[FIRST_LEAF, m]
    for s in range(n):
        work.ints[W_VALUES, s] = 0
    unassigned = 0
    if status == DONE:
        for i in range(slots):
            if work.ints[W_LOT_TO, i] == work.ints[W_LOT_FROM, i]:
                work.ints[W_WORTHS, i] = 0
                continue
            g = accounts.instrument[work.ints[W_LOTS, work.ints[W_LOT_FROM, i]]]
            money = worth(work.ints[W_HELD, i], market.numerator[g], market.denominator[g])
            if money < 0 or money > MOST_MONEY:
                status = WIDE
                break
            work.ints[W_WORTHS, i] = money
            if i < size:
                work.ints[W_VALUES, models.holdings[LEAF, h0 + i]] += money
            else:
                unassigned += money
    for i in range(size):
        work.slot[models.holdings[INSTRUMENT, h0 + i]] = -1
    for k in range(lot0, lot1):
        work.slot[accounts.instrument[k]] = -1
    return status, unassigned
