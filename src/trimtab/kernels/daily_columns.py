"""The columns of a run session by session: what it goes by, what it holds, what it writes down.

`Terms` are the policy's, `Conditions` the market's and the account's. `Held` changes from order to
order, `Tally` from session to session; `Log` takes one row an event. `Work` is space to work in.
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.destination import Column

# Rows of `Charges.fees`, by instrument.
RATE, PER_UNIT, FIXED, LEAST, MOST = range(5)

# What a money flow does, or a dividend.
HOLD, TOWARDS_TARGET = range(2)

# What a row of the log is: CARRIED is the rest of an order, PAID_OUT what became of a delisted one,
# BORROWED what short positions and loans cost since the last session, ENDED an insolvent run,
# DIVIDEND cash that holdings paid, SPENT what was bought with it.
REBALANCE, CARRIED, FLOW, FEE, PAID_OUT, BORROWED, ENDED, DIVIDEND, SPENT = range(9)
ROWS_A_SESSION = 9
"""At most so many rows of the log are written on one session."""

# Entries of `Tally.counts` and `Tally.sums`, after those of `research.run`.
# UNFINISHED is 1 while orders of a rebalance wait, and 0 where those of a flow alone do.
ROWS, OPENED, QUEUED, EXHAUSTED, INSOLVENT, DECIDED, UNFINISHED = 2, 3, 4, 5, 6, 7, 8
COUNTS = 9
FEES, NEW_CASH, BORROW, INTEREST, OWED, DIVIDENDS, TO_SPEND = 2, 3, 4, 5, 6, 7, 8
SUMS = 9

# Entries of `Bill.totals`.
COST, MOVED, ORDERS = range(3)
TOTALS = 3


class Terms(NamedTuple):
    """What a policy goes by; all but `cashflow` as for `research.run`.

    Args:
        cashflow: New cash since the last rebalance that fires, in money; below zero for none.
        struck: By session: that on which what is broken there broke, below zero where nothing is;
            it fires once. Shape (0,) for a policy that does not ask.
    """

    looks: Column
    targets: Column
    target_at: Column
    branches: Column
    absolute: float
    relative: float
    drift: float
    cashflow: float
    to: int
    width: float
    lag: int
    struck: Column


class Charges(NamedTuple):
    """What orders cost.

    Args:
        fees: Rows RATE to MOST, shape (5, n).
        money_from: From what money on a step of the schedule counts, shape (k, n).
        money_more: By how much the rate changes there, same shape.
        units_from: The same by units.
        units_more: By how much the fee a unit changes there.
        impact: Cost of an order over its money to the power of 3/2, shape (sessions, n), or
            (0, n) for none.
        temporary: Part of the price that a unit traded costs each unit of its order, same shape;
            there where `permanent` is, at least.
        permanent: Part of the price by which a unit traded moves it for good, same shape.
    """

    fees: Column
    money_from: Column
    money_more: Column
    units_from: Column
    units_more: Column
    impact: Column
    temporary: Column
    permanent: Column


class Conditions(NamedTuple):
    """What a run is up against, over its sessions and instruments.

    Args:
        cash_at: Which column is cash.
        charges: What orders cost.
        caps: Units that may be traded a session, shape (sessions, n), or (0, n) for no limit.
        flow_money: Money that comes at each session's close, below zero goes.
        flow_share: The same as a share of the value.
        fee_share: Share of the value that is taken as a fee at each session's close.
        invest: HOLD or TOWARDS_TARGET.
        short: 1 where positions and cash may be below zero, else 0.
        borrow: Share of a short position's value that its borrowing costs from the session before
            to this one, shape (sessions, n), or (0, n) for nothing.
        loan: What a loan of 1 has become since the session before, shape (sessions,), or (0,)
            where it grows as cash does.
        paid: Share of a holding's worth at each close that is a dividend in cash to whoever held it
            at the close before, shape (sessions, n), or (0, n) where they are reinvested.
        spend: HOLD or TOWARDS_TARGET: what is done with that cash.
    """

    cash_at: int
    charges: Charges
    caps: Column
    flow_money: Column
    flow_share: Column
    fee_share: Column
    invest: int
    short: int
    borrow: Column
    loan: Column
    paid: Column
    spend: int


class Held(NamedTuple):
    """What is held and under way, each of shape (n,).

    Args:
        units: Units held.
        waiting: Units that orders still have to buy, or below zero to sell.
        queued: Goal weights that were decided and are traded at the next session.
        used: Units traded on this session already.
        traded: Units bought less units sold on this session; kept with permanent impact only.
        pushing: The same of all sessions before it, which are what moved the price.
        pushed: By how much of itself the price stands elsewhere for that.
    """

    units: Column
    waiting: Column
    queued: Column
    used: Column
    traded: Column
    pushing: Column
    pushed: Column


class Tally(NamedTuple):
    """What a run comes to.

    Args:
        counts: Shape (COUNTS,).
        sums: Shape (SUMS,).
        equity: By session: value at the close, flows in it, after cost.
        flows: By session: what came, or below zero went.
        fired: By session: whether what broke was acted on; shape (0,) as `Terms.struck`.
    """

    counts: Column
    sums: Column
    equity: Column
    flows: Column
    fired: Column


class Log(NamedTuple):
    """What happened, a row an event.

    Args:
        at: Session.
        cost: Cost.
        moved: Sum of absolute trades.
        value: Value before cost, and before a flow.
        kind: REBALANCE, CARRIED, FLOW, FEE, PAID_OUT, BORROWED, ENDED, DIVIDEND or SPENT.
        units_after: Units held after it, shape (rows, n).
        cost_by: Cost by instrument, shape (rows, n).
    """

    at: Column
    cost: Column
    moved: Column
    value: Column
    kind: Column
    units_after: Column
    cost_by: Column


class Bill(NamedTuple):
    """What the orders of one row of the log come to.

    Args:
        by: Costs by instrument, shape (n,).
        totals: Cost, sum of absolute trades, number of orders filled; shape (TOTALS,).
    """

    by: Column
    totals: Column


class Work(NamedTuple):
    """Work space: `space` and `branch_space` as for `research.run`, and the bill."""

    space: Column
    branch_space: Column
    bill: Bill
