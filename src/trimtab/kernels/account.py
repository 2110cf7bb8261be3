"""The whole decision of one account over columns: value, due, goals, trades, whole steps, lots.

The same stages as the engine's `decide`, for a household of one account without memory, over
the same kernels, in integers wherever the engine is exact: both give the same trades, lots, cost
and tax to the minor unit. Where the decision needs more than that (a solver, products beyond
64 bits, fees an order, prices that are not to be believed) the account is not decided here, and
its `status` says so: nothing is guessed.

Columns come in tables. `Models` holds what many accounts share: targets in integer parts, what may
be held, costs, tax. `Prices` is the market. `Accounts` are accounts and lots, those of an account
side by side. `Answers` is filled. `Work` is space to work in.
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import TO_HALF, TO_TARGET, TO_WITHIN, Column
from trimtab.kernels.goals import fill_cash_moves, fill_whole_goals
from trimtab.kernels.lots import walk
from trimtab.kernels.money import rounded, trade_cost
from trimtab.kernels.rounding import NODE_LIMIT, nearest_steps
from trimtab.kernels.wide import compared, times, worth

# What became of an account. Up to DONE it is decided; from WIDE on it is not.
NOT_DUE, DONE, NO_IMPROVEMENT, CASH_SHORT = 0, 1, 2, 3
NOTHING_TO_DIVIDE, NO_PRICE, SOLVER, WIDE = 10, 11, 12, 13

FIFO, LIFO, HIFO, LOWEST_TAX = 0, 1, 2, 3
"""Relief orders, as the engine's `relief_order` takes them."""

INHERITED_DAY = -1
"""As in the book's columns; UNKNOWN_DAY is 0, and neither counts as a day in any order."""

EXACT = 1 << 53
"""Floats hold every integer below this."""
MOST = 1 << 61
MOST_MONEY = 1 << 50
MOST_STEPS = 1 << 60

SOON_NOTHING = 0.5
ENDLESS = 1e18
ROUNDER = 6755399441055744.0
"""1.5 x 2^52: adding and taking it away rounds a float below 2^51 to an integer, half to even."""


# Rows of `Models.of`: by model.
(
    ANSWER,  # DONE, or the status that every account of the model has without a further look
    FIRST_LEAF,  # where its leaves begin; the next model's begin where they end
    FIRST_BRANCH,
    FIRST_HOLDING,
    PARTS,  # what weights and widths are parts of
    HAS_CASH_LEAF,  # 1 when cash is a leaf
    CASH_SHARE,  # its weight in parts; 0 without one
    CASH_WIDTH,  # its band in parts; below zero for none, as all widths
    LOOKS,  # 1 when the policy looks today
    ON_CALENDAR,  # 1 when the calendar alone asks for action
    DRIFT_LIMIT,  # in parts; below zero for none
    TO,  # code of how far to go
    NAMED,  # the width that `within` names, in parts
    TAXED,  # 1 when gains are taxed
    RELIEF,  # code of the relief order
    LONG_RATE,  # of RATE_PARTS
    SHORT_RATE,
    RATE_PARTS,
    NEAREST_FIRST,  # 1 when whole steps are measured from the goals themselves
) = range(19)

# Rows of `Models.leaves`, and the first two of `Models.branches` (inner sleeves with a band).
SHARE, WIDTH = 0, 1
BRANCH_CASH = 2  # 1 when the leaf that is cash lies in the sleeve
FIRST_MEMBER = 3  # where its leaves begin in `Models.member`

# Rows of `Models.holdings`, which are ordered by leaf and instrument.
(
    INSTRUMENT,
    LEAF,
    BUYABLE,
    SELLABLE,
    RATE,  # cost of an order, as `trade_cost` takes it
    PER_STEP,
    LINEAR,  # 1 when its orders cost nothing beyond that
    LEAST,  # the fewest steps of a trade
) = range(8)


class Models(NamedTuple):
    """What accounts are decided by, as columns of integers; the rows of each table are above.

    Args:
        of: By model, one column more than models.
        leaves, branches, holdings: Side by side for all models; `branches` has one column more.
        member: Leaves of the inner sleeves.
        fee: By holding: cost per unit of money, a float.
        drift_price: By model, a float.
    """

    of: Column
    leaves: Column
    branches: Column
    member: Column
    holdings: Column
    fee: Column
    drift_price: Column


class Prices(NamedTuple):
    """Worth of one step by instrument, in the order of their ids; a numerator of 0 is no price."""

    numerator: Column
    denominator: Column
    price: Column


class Accounts(NamedTuple):
    """Accounts and their lots.

    Args:
        model: By account.
        cash: Minor units by account.
        buffer: Minor units that stay in cash, by account.
        first_lot: Where the lots of each account begin, one more than accounts.
        instrument, quantity, basis, day: By lot; a basis below zero is unknown.
        long_through: Lots bought up to this day are long-term.
    """

    model: Column
    cash: Column
    buffer: Column
    first_lot: Column
    instrument: Column
    quantity: Column
    basis: Column
    day: Column
    long_through: int


# Rows of `Answers.trades`. The lots that a trade takes begin at T_FIRST_SALE and end where the
# next trade's begin; steps are above zero for purchases.
T_INSTRUMENT, T_STEPS, T_VALUE, T_COST, T_TAX, T_FIRST_SALE = range(6)

# Rows of `Answers.sales`: the lot, its steps sold, their basis (below zero: unknown) and tax.
S_LOT, S_TAKEN, S_SALE_BASIS, S_SALE_TAX = range(4)


class Answers(NamedTuple):
    """What was decided.

    Args:
        status, gap: By account.
        first_trade: By account: where its trades begin; the next account's is where they end.
        trades, sales: Tables with the rows above.
    """

    status: Column
    gap: Column
    first_trade: Column
    trades: Column
    sales: Column


# Rows of the work space: integers W_, floats F_.
(
    W_HELD, W_WORTHS, W_LOT_FROM, W_LOT_TO, W_LOTS, W_GAINS, W_VALUES, W_GOALS, W_MOVED, W_BANDS,
    W_AIMS, W_ACTIVE, W_BLOCKED, W_TRADE_ORDER, W_MADE, W_BUY_HOLDING, W_SEGMENT_SLEEVE,
    W_SEGMENT_OWNER, W_SEGMENT_STEPS, W_SEGMENT_GAIN, W_OWNER, W_ORDER, W_SCRATCH, W_USER,
    W_DIRECTION, W_NUMERATOR, W_DENOMINATOR, W_LOW, W_HIGH, W_START, W_RATE, W_PER_STEP, W_NONE,
    W_SLEEVE, W_ACCOUNT, W_PURSE, W_FLOOR, W_BEST,
) = range(38)  # fmt: skip
(
    F_CHANGE, F_VALUE_F, F_GOAL_F, F_BUY_FEE, F_ROOM, F_BOUGHT, F_SEGMENT_AMOUNT, F_SEGMENT_FEE,
    F_SEGMENT_TAX, F_SOLD, F_PRICES, F_AMOUNTS, F_NEED, F_GIVEN,
) = range(14)  # fmt: skip


class Work(NamedTuple):
    """Work space; `workspace` makes it. `slot` is -1 by instrument before and after."""

    slot: Column
    ints: Column
    floats: Column
    search: Column


@kernel
def decide_accounts(
    first: int,
    last: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    answers: Answers,
    work: Work,
) -> tuple[int, int]:
    """Decide the accounts from `first` to `last`; how many trades and lots sold that makes."""
    answers.first_trade[first] = 0
    trades = answers.first_trade[first]
    sales = answers.first_trade[first]
    for a in range(first, last):
        status, trades, sales = decide_account(
            a, models, market, accounts, answers, work, trades, sales
        )
        answers.status[a] = status
        answers.first_trade[a + 1] = trades
    return trades, sales


@kernel
def decide_account(
    a: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    answers: Answers,
    work: Work,
    trades: int,
    sales: int,
) -> tuple[int, int, int]:
    """Decide one account; its status, and how many trades and lots sold there are by then."""
    m = accounts.model[a]
    answers.gap[a] = 0
    if models.of[ANSWER, m] != DONE:
        return models.of[ANSWER, m], trades, sales
    l0, h0 = models.of[FIRST_LEAF, m], models.of[FIRST_HOLDING, m]
    n = models.of[FIRST_LEAF, m + 1] - l0
    size = models.of[FIRST_HOLDING, m + 1] - h0
    parts = models.of[PARTS, m]

    status, unassigned = _value(a, m, models, market, accounts, work)
    if status != DONE:
        return status, trades, sales
    purse = accounts.cash[a]
    if not -MOST_MONEY < purse < MOST_MONEY:
        return WIDE, trades, sales
    cash = purse - accounts.buffer[a]
    base = unassigned + cash
    gross = unassigned + abs(cash) + abs(purse)
    for s in range(n):
        base += work.ints[W_VALUES, s]
        gross += work.ints[W_VALUES, s]
    if base <= 0:
        return NOTHING_TO_DIVIDE, trades, sales
    if 1.0 * gross * parts * 16.0 > MOST or gross > MOST_MONEY:
        return WIDE, trades, sales

    before = _drift(m, models, work.ints[W_VALUES], unassigned, cash, base)
    full = _fires(m, models, work.ints[W_VALUES], cash, base, before)
    if not full and purse >= 0:
        return NOT_DUE, trades, sales

    cash_goal = 0
    if full and models.of[TO, m] == TO_TARGET:
        for s in range(n):
            work.ints[W_GOALS, s] = rounded(models.leaves[SHARE, l0 + s] * base, parts)
        cash_goal = rounded(models.of[CASH_SHARE, m] * base, parts)
    else:
        status, cash_goal = _destination(m, models, work, full, cash, base, gross)
        if status != DONE:
            return status, trades, sales

    for i in range(size):
        h = h0 + i
        work.ints[W_ACTIVE, i] = 0
        if models.holdings[BUYABLE, h] == 1 or work.ints[W_LOT_TO, i] > work.ints[W_LOT_FROM, i]:
            work.ints[W_ACTIVE, i] = 1
    if not _walkable(m, models, work):
        return SOLVER, trades, sales
    for i in range(size):
        if work.ints[W_ACTIVE, i] == 1 and not _order_lots(i, m, models, market, accounts, work):
            return WIDE, trades, sales
    if not _changes(m, models, market, accounts, work, purse, cash, cash_goal):
        return WIDE, trades, sales
    status, gap = _whole(m, models, market, work, purse, cash, cash_goal, gross)
    if status != DONE:
        return status, trades, sales

    # What the trades leave: is it nearer than before, and is the cash there?
    for s in range(n):
        work.ints[W_MOVED, s] = work.ints[W_VALUES, s]
    purse_after = purse
    traded = 0
    for i in range(size):
        change = work.ints[W_MADE, i]
        if change == 0:
            continue
        traded = 1
        h = h0 + i
        g = models.holdings[INSTRUMENT, h]
        num, den = market.numerator[g], market.denominator[g]
        count = abs(change)
        later = worth(work.ints[W_HELD, i] + change, num, den)
        money = worth(count, num, den)
        if later < 0 or money < 0:
            return WIDE, trades, sales
        work.ints[W_MOVED, models.holdings[LEAF, h]] += later - work.ints[W_WORTHS, i]
        cost = trade_cost(
            money, count, models.holdings[RATE, h], models.holdings[PER_STEP, h], 0, 0
        )
        purse_after += (money if change < 0 else -money) - cost
    cash_after = purse_after - accounts.buffer[a]
    base_after = unassigned + cash_after
    for s in range(n):
        base_after += work.ints[W_MOVED, s]
    after = 0
    if base_after > 0:
        after = _drift(m, models, work.ints[W_MOVED], unassigned, cash_after, base_after)
    else:
        base_after = 1
    # No nearer than before is no reason to trade; only what is missing in cash is.
    away = compared(times(after, base), times(before, base_after))
    if cash >= 0 and (away > 0 or (away == 0 and traded == 1)):
        return NO_IMPROVEMENT, trades, sales
    answers.gap[a] = gap
    trades, sales = _write(m, models, market, accounts, answers, work, trades, sales)
    return CASH_SHORT if purse_after < 0 else DONE, trades, sales


@kernel
def _value(
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


@kernel
def _drift(m: int, models: Models, values: Column, unassigned: int, cash: int, base: int) -> int:
    """The sum of absolute deviations, times parts: twice the drift times base and parts."""
    parts = models.of[PARTS, m]
    l0 = models.of[FIRST_LEAF, m]
    total = abs(unassigned) * parts
    if models.of[HAS_CASH_LEAF, m] == 1:
        total += abs(cash * parts - models.of[CASH_SHARE, m] * base)
    else:
        total += abs(cash) * parts
    for s in range(models.of[FIRST_LEAF, m + 1] - l0):
        total += abs(values[s] * parts - models.leaves[SHARE, l0 + s] * base)
    return int(total)


@kernel
def _fires(m: int, models: Models, values: Column, cash: int, base: int, drift: int) -> bool:
    """Whether bands, drift or the calendar ask for all that the policy does."""
    if models.of[LOOKS, m] == 0:
        return False
    if models.of[ON_CALENDAR, m] == 1:
        return True
    parts = models.of[PARTS, m]
    limit = models.of[DRIFT_LIMIT, m]
    if limit >= 0 and drift > 0 and drift >= 2 * limit * base:
        return True
    l0 = models.of[FIRST_LEAF, m]
    for s in range(models.of[FIRST_LEAF, m + 1] - l0):
        if _breached(
            values[s] * parts,
            models.leaves[SHARE, l0 + s] * base,
            models.leaves[WIDTH, l0 + s] * base,
        ):
            return True
    if models.of[HAS_CASH_LEAF, m] == 1 and _breached(
        cash * parts, models.of[CASH_SHARE, m] * base, models.of[CASH_WIDTH, m] * base
    ):
        return True
    for b in range(models.of[FIRST_BRANCH, m], models.of[FIRST_BRANCH, m + 1]):
        money = cash if models.branches[BRANCH_CASH, b] == 1 else 0
        for k in range(models.branches[FIRST_MEMBER, b], models.branches[FIRST_MEMBER, b + 1]):
            money += values[models.member[k]]
        if _breached(
            money * parts,
            models.branches[SHARE, b] * base,
            models.branches[WIDTH, b] * base,
        ):
            return True
    return False


@kernel
def _breached(value: int, aim: int, width: int) -> bool:
    """Whether a sleeve stands at or beyond its width; never when it stands on its aim."""
    return width >= 0 and value != aim and abs(value - aim) >= width


@kernel
def _destination(
    m: int, models: Models, work: Work, full: bool, cash: int, base: int, gross: int
) -> tuple[int, int]:
    """Goals short of the target: where cash leads, and where `to` names. Status and cash wanted."""
    l0 = models.of[FIRST_LEAF, m]
    n = models.of[FIRST_LEAF, m + 1] - l0
    parts = models.of[PARTS, m]
    if full and models.of[FIRST_BRANCH, m + 1] > models.of[FIRST_BRANCH, m]:
        return SOLVER, 0
    # Every amount below is an integer of 1 / scale minor units.
    scale = 2 * parts
    if 2.0 * gross * scale * (n + 2) * (n + 2) * (n + 2) > MOST:
        return WIDE, 0
    for s in range(n):
        work.ints[W_MOVED, s] = work.ints[W_VALUES, s] * scale
        work.ints[W_AIMS, s] = 2 * models.leaves[SHARE, l0 + s] * base
        work.ints[W_BANDS, s] = 2 * models.leaves[WIDTH, l0 + s] * base
    money = cash * scale
    moving = 0
    if models.of[HAS_CASH_LEAF, m] == 0 or cash < 0:
        moving = money - 2 * models.of[CASH_SHARE, m] * base
    work.ints[W_AIMS, n] = 2 * models.of[CASH_SHARE, m] * base
    work.ints[W_BANDS, n] = -1
    if models.of[HAS_CASH_LEAF, m] == 1:
        work.ints[W_BANDS, n] = 2 * models.of[CASH_WIDTH, m] * base
    times_ = fill_cash_moves(n, work.ints[W_MOVED], work.ints[W_AIMS], moving, work.ints[W_GOALS])
    if times_ == 0:
        return WIDE, 0
    money -= moving
    if times_ > 1:
        for s in range(n):
            work.ints[W_AIMS, s] *= times_
            work.ints[W_BANDS, s] *= times_
        work.ints[W_AIMS, n] *= times_
        work.ints[W_BANDS, n] *= times_
        money *= times_
    scale *= times_
    for s in range(n):
        work.ints[W_MOVED, s] = work.ints[W_GOALS, s]
    work.ints[W_MOVED, n] = money
    if not full:
        for s in range(n):
            work.ints[W_GOALS, s] = rounded(work.ints[W_MOVED, s], scale)
        return DONE, rounded(money, scale)
    named = 2 * models.of[NAMED, m] * base * times_
    times_ = fill_whole_goals(
        n + 1,
        work.ints[W_MOVED],
        work.ints[W_AIMS],
        work.ints[W_BANDS],
        models.of[TO, m] == TO_HALF,
        models.of[TO, m] == TO_WITHIN,
        named,
        work.ints[W_GOALS],
    )
    scale *= times_
    for s in range(n):
        work.ints[W_GOALS, s] = rounded(work.ints[W_GOALS, s], scale)
    return DONE, rounded(work.ints[W_GOALS, n], scale)


@kernel
def _walkable(m: int, models: Models, work: Work) -> bool:
    """Whether the walk solves the account exactly, as the engine's `is_walkable`."""
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
def _order_lots(
    i: int, m: int, models: Models, market: Prices, accounts: Accounts, work: Work
) -> bool:
    """Put the lots of a holding in the order in which a sale takes them; False: too wide.

    Fills `gains`: the tax of each lot, times `rate_parts` and the price's denominator.
    """
    g = models.holdings[INSTRUMENT, models.of[FIRST_HOLDING, m] + i]
    num, den = market.numerator[g], market.denominator[g]
    begin, end = work.ints[W_LOT_FROM, i], work.ints[W_LOT_TO, i]
    method = models.of[RELIEF, m] if models.of[TAXED, m] == 1 else FIFO
    for p in range(begin, end):
        k = work.ints[W_LOTS, p]
        work.ints[W_GAINS, p] = 0
        if models.of[TAXED, m] == 0:
            continue
        rate = models.of[SHORT_RATE, m]
        if accounts.day[k] == INHERITED_DAY or 0 < accounts.day[k] <= accounts.long_through:
            rate = models.of[LONG_RATE, m]
        quantity, basis = accounts.quantity[k], max(accounts.basis[k], 0)
        if (
            (1.0 * quantity * num + 1.0 * basis * den) * (rate + 1.0) > MOST
            or basis > MOST_MONEY
            or 2.0 * basis * quantity > MOST
        ):
            return False
        work.ints[W_GAINS, p] = rate * max(quantity * num - basis * den, 0)
    for p in range(begin + 1, end):
        k, gain = work.ints[W_LOTS, p], work.ints[W_GAINS, p]
        q = p - 1
        while q >= begin and _before(
            k, gain, work.ints[W_LOTS, q], work.ints[W_GAINS, q], method, accounts
        ):
            work.ints[W_LOTS, q + 1] = work.ints[W_LOTS, q]
            work.ints[W_GAINS, q + 1] = work.ints[W_GAINS, q]
            q -= 1
        work.ints[W_LOTS, q + 1] = k
        work.ints[W_GAINS, q + 1] = gain
    return True


@kernel
def _before(
    k: int, gain: int, other: int, other_gain: int, method: int, accounts: Accounts
) -> bool:
    """Whether lot k is sold before another one that stands before it in the book."""
    q1, q2 = accounts.quantity[k], accounts.quantity[other]
    if method == LOWEST_TAX:
        tax = compared(times(gain, q2), times(other_gain, q1))
        if tax != 0:
            return tax < 0
    if method >= HIFO:
        basis = compared(
            times(max(accounts.basis[k], 0), q2), times(max(accounts.basis[other], 0), q1)
        )
        if basis != 0:
            return basis > 0
    day, other_day = max(accounts.day[k], 1), max(accounts.day[other], 1)
    if method == LIFO:
        return bool(day > other_day)
    return bool(day < other_day)


@kernel
def _changes(
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    work: Work,
    purse: int,
    cash: int,
    cash_goal: int,
) -> bool:
    """What to trade in money, by the walk; trades below the minimum dropped, smallest first.

    Returns:
        Whether it could be worked out here.
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
            count = _segments(i, h, m, models, market, accounts, work, count)
            if count < 0:
                return False
        walk(
            n,
            work.floats[F_VALUE_F],
            work.floats[F_GOAL_F],
            work.floats[F_BUY_FEE],
            work.floats[F_ROOM],
            count,
            work.ints[W_SEGMENT_SLEEVE],
            work.floats[F_SEGMENT_AMOUNT],
            work.floats[F_SEGMENT_FEE],
            work.floats[F_SEGMENT_TAX],
            1.0 * cash,
            1.0 * cash_goal,
            0.0,
            models.drift_price[m],
            1.0,
            work.floats[F_SOLD],
            work.floats[F_BOUGHT],
            work.floats[F_PRICES],
            work.floats[F_AMOUNTS],
            work.ints[W_OWNER],
            work.ints[W_ORDER],
            work.ints[W_SCRATCH],
            work.floats[F_NEED],
            work.floats[F_GIVEN],
            work.ints[W_USER],
        )
        for i in range(size):
            work.floats[F_CHANGE, i] = 0.0
        for k in range(count):
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
            return True
        # One bit a side: 1 buying, 2 selling.
        work.ints[W_BLOCKED, smallest] |= 1 if work.floats[F_CHANGE, smallest] > 0 else 2


@kernel
def _segments(
    i: int,
    h: int,
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    work: Work,
    count: int,
) -> int:
    """What may be sold of a holding, cheapest first: lots, pooled where their order asks for it.

    Returns:
        How many segments there are then; -1: a tax share is too wide to be the engine's float.
    """
    g = models.holdings[INSTRUMENT, h]
    num = market.numerator[g]
    begin = count
    for p in range(work.ints[W_LOT_FROM, i], work.ints[W_LOT_TO, i]):
        steps = accounts.quantity[work.ints[W_LOTS, p]]
        gain = work.ints[W_GAINS, p]
        while (
            count > begin
            and compared(
                times(work.ints[W_SEGMENT_GAIN, count - 1], steps),
                times(gain, work.ints[W_SEGMENT_STEPS, count - 1]),
            )
            > 0
        ):
            count -= 1
            steps += work.ints[W_SEGMENT_STEPS, count]
            gain += work.ints[W_SEGMENT_GAIN, count]
            if gain > MOST:
                return -1
        work.ints[W_SEGMENT_STEPS, count] = steps
        work.ints[W_SEGMENT_GAIN, count] = gain
        count += 1
    parts = models.of[RATE_PARTS, m]
    for k in range(begin, count):
        steps, gain = work.ints[W_SEGMENT_STEPS, k], work.ints[W_SEGMENT_GAIN, k]
        # One division of integers that floats hold is the float nearest to the exact share.
        if gain > EXACT or 1.0 * parts * num * steps > EXACT:
            return -1
        work.floats[F_SEGMENT_TAX, k] = 0.0
        if gain > 0:
            work.floats[F_SEGMENT_TAX, k] = gain / (parts * num * steps)
        work.floats[F_SEGMENT_AMOUNT, k] = steps * market.price[g]
        work.floats[F_SEGMENT_FEE, k] = models.fee[h]
        work.ints[W_SEGMENT_SLEEVE, k] = models.holdings[LEAF, h]
        work.ints[W_SEGMENT_OWNER, k] = i
    return count


@kernel
def _whole(
    m: int,
    models: Models,
    market: Prices,
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
    if models.of[NEAREST_FIRST, m] == 0:
        cash_goal = _reached(m, models, work, cash)
    wealth = max(purse, 0)
    for s in range(n):
        wealth += work.ints[W_VALUES, s]
    raising = cash < 0 or purse < 0
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
        )
        if objective >= 0:
            for j in range(count):
                i = work.ints[W_TRADE_ORDER, j]
                work.ints[W_MADE, i] = work.ints[W_DIRECTION, j] * work.ints[W_BEST, j]
            return DONE, max(objective - bound, 0)
        if attempt == 0:
            work.ints[W_FLOOR, 0] = min(purse, 0)
            cash_floor = min(cash, 0)
    return DONE, 0


@kernel
def _reached(m: int, models: Models, work: Work, cash: int) -> int:
    """Replace the goals by where the continuous answer ends; what it leaves in cash."""
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
    for s in range(n):
        work.ints[W_GOALS, s] = int(_half_even(work.floats[F_GOAL_F, s]))
    return int(_half_even(left))


@kernel
def _half_even(number: float) -> float:
    """The integer nearest to a float below 2^51 in magnitude; a tie goes to the even one."""
    return (number + ROUNDER) - ROUNDER


@kernel
def _write(
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    answers: Answers,
    work: Work,
    trades: int,
    sales: int,
) -> tuple[int, int]:
    """Write the trades: sells before buys, the largest first; and the lots that the sells take."""
    h0 = models.of[FIRST_HOLDING, m]
    size = models.of[FIRST_HOLDING, m + 1] - h0
    begin = trades
    for i in range(size):
        change = work.ints[W_MADE, i]
        if change == 0:
            continue
        h = h0 + i
        g = models.holdings[INSTRUMENT, h]
        count = abs(change)
        money = worth(count, market.numerator[g], market.denominator[g])
        t = trades
        while t > begin and _after(answers, t - 1, change, money):
            answers.trades[T_INSTRUMENT, t] = answers.trades[T_INSTRUMENT, t - 1]
            answers.trades[T_STEPS, t] = answers.trades[T_STEPS, t - 1]
            answers.trades[T_VALUE, t] = answers.trades[T_VALUE, t - 1]
            answers.trades[T_COST, t] = answers.trades[T_COST, t - 1]
            answers.trades[T_FIRST_SALE, t] = answers.trades[T_FIRST_SALE, t - 1]
            t -= 1
        answers.trades[T_INSTRUMENT, t] = g
        answers.trades[T_STEPS, t] = change
        answers.trades[T_VALUE, t] = money
        answers.trades[T_COST, t] = trade_cost(
            money, count, models.holdings[RATE, h], models.holdings[PER_STEP, h], 0, 0
        )
        # Until the order stands, the holding is remembered where its lots will be.
        answers.trades[T_FIRST_SALE, t] = i
        trades += 1
    for t in range(begin, trades):
        i = answers.trades[T_FIRST_SALE, t]
        answers.trades[T_FIRST_SALE, t] = sales
        answers.trades[T_TAX, t] = 0
        if answers.trades[T_STEPS, t] < 0:
            before = sales
            sales = _relieve(
                i, -answers.trades[T_STEPS, t], m, models, market, accounts, answers, work, sales
            )
            for k in range(before, sales):
                answers.trades[T_TAX, t] += answers.sales[S_SALE_TAX, k]
    answers.trades[T_FIRST_SALE, trades] = sales
    return trades, sales


@kernel
def _after(answers: Answers, t: int, change: int, money: int) -> bool:
    """Whether a trade that is written belongs after a new one."""
    if (answers.trades[T_STEPS, t] > 0) != (change > 0):
        return bool(answers.trades[T_STEPS, t] > 0)
    return bool(answers.trades[T_VALUE, t] < money)


@kernel
def _relieve(
    i: int,
    steps: int,
    m: int,
    models: Models,
    market: Prices,
    accounts: Accounts,
    answers: Answers,
    work: Work,
    sales: int,
) -> int:
    """The lots that a sale takes, with the part of the basis and the tax of each."""
    g = models.holdings[INSTRUMENT, models.of[FIRST_HOLDING, m] + i]
    num, den = market.numerator[g], market.denominator[g]
    taken = 0
    reached = 0
    for p in range(work.ints[W_LOT_FROM, i], work.ints[W_LOT_TO, i]):
        if taken == steps:
            break
        k = work.ints[W_LOTS, p]
        part = min(accounts.quantity[k], steps - taken)
        upto = worth(taken + part, num, den)
        proceeds = upto - reached
        reached = upto
        taken += part
        basis = accounts.basis[k]
        if basis >= 0:
            basis = rounded(basis * part, accounts.quantity[k])
        rate = 0
        if models.of[TAXED, m] == 1:
            rate = models.of[SHORT_RATE, m]
            if accounts.day[k] == INHERITED_DAY or 0 < accounts.day[k] <= accounts.long_through:
                rate = models.of[LONG_RATE, m]
        answers.sales[S_LOT, sales] = k
        answers.sales[S_TAKEN, sales] = part
        answers.sales[S_SALE_BASIS, sales] = basis
        taxable = max(proceeds - max(basis, 0), 0)
        answers.sales[S_SALE_TAX, sales] = rounded(taxable * rate, models.of[RATE_PARTS, m])
        sales += 1
    return sales


def workspace(*, leaves: int, holdings: int, lots: int, instruments: int) -> Work:
    """Work space for accounts no larger than that.

    Args:
        leaves, holdings: The most of a model.
        lots: The most of an account.
        instruments: How many there are in all.
    """
    import numpy as np

    width = 2 * lots + leaves + holdings + 8
    return Work(
        slot=np.full(instruments, -1, dtype=np.int64),
        ints=np.zeros((38, width), dtype=np.int64),
        floats=np.zeros((14, width)),
        search=np.zeros((12, holdings + 1), dtype=np.int64),
    )


def answers(*, accounts: int, trades: int, lots: int) -> Answers:
    """Room for the answers of so many accounts with so many trades and lots at most."""
    import numpy as np

    return Answers(
        status=np.zeros(accounts, dtype=np.int64),
        gap=np.zeros(accounts, dtype=np.int64),
        first_trade=np.zeros(accounts + 1, dtype=np.int64),
        trades=np.zeros((6, trades + 1), dtype=np.int64),
        sales=np.zeros((4, lots + 1), dtype=np.int64),
    )
