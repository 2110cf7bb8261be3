"""The columns of the compiled decision of an account: what goes in, what comes out, work space.

`Models` holds what many accounts share: targets in integer parts, what may be held, costs, tax.
`Prices` is the market. `Accounts` are accounts and lots, those of an account side by side.
`Answers` is filled. `Work` is space to work in.

A table of a compiled kernel has rows, not named fields: the names of the rows stand above it.
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.destination import Column

# What became of an account; from NOTHING_TO_DIVIDE on it is not decided here.
NOT_DUE, DONE, NO_IMPROVEMENT, CASH_SHORT = 0, 1, 2, 3
NOTHING_TO_DIVIDE, NO_PRICE, SOLVER, WIDE = 10, 11, 12, 13

FIFO, LIFO, HIFO, LOWEST_TAX = 0, 1, 2, 3
"""Relief orders, as the engine's `relief_order` takes them."""

INHERITED_DAY = -1
"""How a column of days says that a lot was inherited; 0 says that its day is not known. Neither
counts as a day in any order."""

MOST = 1 << 61
"""No product of the decision is larger, so that none wraps; what might be is WIDE."""
MOST_MONEY = 1 << 50
"""No amount of an account, in minor units."""
MOST_STEPS = 1 << 60
"""No holding, in steps."""

SOON_NOTHING = 0.5
"""A trade of less money is none, in minor units."""


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
    W_AIMS, W_ACTIVE, W_BLOCKED, W_TRADE_ORDER, W_MADE, W_BUY_HOLDING, W_FIRST_SEGMENT,
    W_SEGMENT_OWNER, W_SEGMENT_STEPS, W_SEGMENT_GAIN, W_OWNER, W_ORDER, W_SCRATCH,
    W_DIRECTION, W_NUMERATOR, W_DENOMINATOR, W_LOW, W_HIGH, W_START, W_RATE, W_PER_STEP, W_NONE,
    W_SLEEVE, W_ACCOUNT, W_PURSE, W_FLOOR, W_BEST, W_TAX_FIRST, W_TAX_LAST, W_TAX_STEPS,
    W_TAX_RATE, W_POOLED,
) = range(42)  # fmt: skip
(
    F_CHANGE, F_VALUE_F, F_GOAL_F, F_BUY_FEE, F_ROOM, F_BOUGHT, F_SEGMENT_AMOUNT, F_SELL_FEE,
    F_SEGMENT_TAX, F_SOLD, F_GAIN, F_NEED, F_PART, F_GIVEN, F_PRICES, F_AMOUNTS,
) = range(16)  # fmt: skip


class Work(NamedTuple):
    """Work space; `workspace` makes it. `slot` is -1 by instrument before and after."""

    slot: Column
    ints: Column
    floats: Column
    search: Column


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
        ints=np.zeros((42, width), dtype=np.int64),
        floats=np.zeros((16, width)),
        search=np.zeros((15, holdings + 1), dtype=np.int64),
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
