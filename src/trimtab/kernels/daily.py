"""One policy over history, session by session: what the fast loop of `research` does not know.

Impact, also what stays of it in prices, schedules of fees, a limit on the part of a day's volume,
money that comes and goes, a yearly fee on assets, short positions and loans with what they cost,
and dividends in cash. Where none of these is asked for, the figures are those of `research.run`,
bit for bit; that loop is the faster one.

Cash is a column here, always. Units of it are worth its price, as those of any other.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.daily_columns import (
    BORROW,
    BORROWED,
    CARRIED,
    COST,
    DECIDED,
    DIVIDEND,
    DIVIDENDS,
    ENDED,
    EXHAUSTED,
    FEE,
    FEES,
    FLOW,
    HOLD,
    INSOLVENT,
    INTEREST,
    MOVED,
    NEW_CASH,
    OPENED,
    OWED,
    QUEUED,
    REBALANCE,
    ROWS,
    ROWS_A_SESSION,
    SPENT,
    TO_SPEND,
    UNFINISHED,
    Bill,
    Conditions,
    Held,
    Log,
    Tally,
    Terms,
    Work,
)
from trimtab.kernels.daily_impact import move_prices
from trimtab.kernels.daily_orders import (
    clear_bill,
    fill_waiting,
    is_waiting,
    pay_out_all,
    rebalance_daily,
    take_money,
)
from trimtab.kernels.destination import Column
from trimtab.kernels.research_columns import (
    ADOPTED,
    ALLOWANCE,
    COST_PAID,
    GOALS,
    HOLDINGS,
    LIMITS,
    REBALANCES,
    TURNOVER,
)
from trimtab.kernels.research_deviations import (
    NO_LIMIT,
    beyond,
    is_apart,
    measure_against,
    worth_of,
)
from trimtab.kernels.research_goals import fill_goal_weights


@kernel
def run_daily(
    closes: Column,
    dealing: Column,
    terms: Terms,
    conditions: Conditions,
    start: int,
    stop: int,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> int:
    """Run one policy from a session to the end, or to where the caller must provide something.

    A session: what was borrowed since the last one is paid for; dividends are paid to who held at
    the close before; what was decided then is traded, or what still waits; at the close dividends
    are spent, the fee on assets is taken, then money comes or goes, then the policy looks. A run
    that may be short and is worth nothing at a close ends there.

    Args:
        closes: Prices by session, shape (sessions, n), finite and above zero.
        dealing: With a lag, prices that are traded at, shape (sessions, n): closes or opens.
        terms: What the policy goes by.
        conditions: What it is up against.
        start: The session to start at.
        stop: The session to stop before: what can be held changes there.
        held, tally, log: In and out.
        work: Work space.

    Returns:
        `stop`, or what `research.run` returns before it; more room is needed where fewer than
        ROWS_A_SESSION rows are left.
    """
    sessions = len(tally.equity)
    measure_by(tally.counts[ADOPTED], conditions.cash_at, terms, work)
    for t in range(start, stop):
        close = closes[t]
        between = 0 < t < sessions - 1
        if tally.counts[ROWS] + ROWS_A_SESSION > len(log.at):
            return t
        if tally.counts[INSOLVENT] > 0:
            tally.equity[t] = 0.0
            continue
        if tally.counts[OPENED] <= t:
            # Once a session: the caller may have been asked for a target in its midst.
            tally.counts[OPENED] = t + 1
            for i in range(len(held.used)):
                held.used[i] = 0.0
            if len(conditions.charges.permanent) > 0:
                move_prices(close, dealing[t], t, conditions, held)
            if conditions.short and t > 0:
                pay_for_borrowed(closes[t - 1], close, t, conditions, held, tally, log, work)
            take_dividends(close, t, conditions, held, tally, log, work)
            if terms.lag > 0 and between:
                trade_later(dealing[t], t, terms, conditions, held, tally, log, work)
            if between:
                spend_dividends(close, t, terms, conditions, held, tally, log, work)
            take_fee(close, t, conditions, held, tally, log, work)
            if conditions.short and is_insolvent(close, t, held, tally, log, work):
                continue
            take_flow(close, t, terms, conditions, held, tally, log, work)
        value = worth_of(held.units, close)
        tally.equity[t] = value
        acts = is_due(close, t, value, terms, held, tally, work)
        row = terms.target_at[t] if acts else -1
        if acts and row < 0:
            return t
        if acts:
            if has_broken(t, terms, tally):
                tally.fired[t] = True
            tally.counts[DECIDED] = t
            fill_goal_weights(
                close, held.units, value, terms.targets[row], terms.targets[tally.counts[ADOPTED]],
                terms.absolute, terms.relative, terms.to, terms.width, terms.branches,
                conditions.cash_at, tally.sums[NEW_CASH], work.space, work.branch_space,
            )  # fmt: skip
            if has_moved_in(t, tally, log):
                tally.sums[NEW_CASH] = 0.0
        if terms.lag > 0:
            if acts:
                queue(close, value, row, held, tally, work)
            continue
        traded = acts and rebalance_to(
            close, t, row, work.space[GOALS], terms, conditions, held, tally, log, work
        )
        if not traded and between:
            traded = carry_on(close, t, conditions, held, tally, log, work)
        if traded:
            tally.equity[t] = value - work.bill.totals[COST]
    return stop


# -- the steps of a session -----------------------------------------------------------------------


@kernel
def trade_later(
    prices: Column,
    t: int,
    terms: Terms,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> None:
    """Trade what was decided the session before, or what still waits."""
    row = tally.counts[QUEUED] - 1
    tally.counts[QUEUED] = 0
    if row >= 0:
        rebalance_to(prices, t, row, held.queued, terms, conditions, held, tally, log, work)
    else:
        carry_on(prices, t, conditions, held, tally, log, work)


@kernel
def pay_for_borrowed(
    before: Column,
    close: Column,
    t: int,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> None:
    """Pay in cash for what was borrowed from one close to the next, at the value of the first."""
    cash_at = conditions.cash_at
    owed = 0.0
    if len(conditions.borrow) > 0:
        for i in range(len(held.units)):
            if i != cash_at and held.units[i] < 0.0:
                owed += -held.units[i] * before[i] * conditions.borrow[t][i]
    tally.sums[BORROW] += owed
    if held.units[cash_at] < 0.0:
        debt = -held.units[cash_at] * before[cash_at]
        grown = close[cash_at] / before[cash_at]
        if len(conditions.loan) > 0:
            # Units of cash have grown as cash does; what a loan grows beyond that is owed as well.
            owed += debt * (conditions.loan[t] - grown)
            grown = conditions.loan[t]
        tally.sums[INTEREST] += debt * (grown - 1.0)
    if owed != 0.0:
        value = worth_of(held.units, close)
        held.units[cash_at] -= owed / close[cash_at]
        clear_bill(work.bill)
        write_row(t, value, BORROWED, held, tally, log, work.bill)


@kernel
def is_insolvent(close: Column, t: int, held: Held, tally: Tally, log: Log, work: Work) -> bool:
    """Whether nothing is left, or less: then the run ends there, and what is owed is told."""
    value = worth_of(held.units, close)
    if value > 0.0 or tally.counts[EXHAUSTED] > 0:
        return False
    for i in range(len(held.units)):
        held.units[i] = 0.0
        held.waiting[i] = 0.0
        held.queued[i] = 0.0
    tally.counts[QUEUED] = 0
    tally.counts[INSOLVENT] = t + 1
    tally.sums[OWED] = -value
    tally.equity[t] = 0.0
    clear_bill(work.bill)
    write_row(t, value, ENDED, held, tally, log, work.bill)
    return True


@kernel
def take_dividends(
    close: Column,
    t: int,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> None:
    """Pay in cash what was held at the close before; who is short pays it.

    A unit here is worth its dividends reinvested, so that what is paid leaves fewer of them.
    """
    tally.sums[TO_SPEND] = 0.0
    if len(conditions.paid) == 0:
        return
    paid = conditions.paid[t]
    money = 0.0
    for i in range(len(held.units)):
        if paid[i] > 0.0 and i != conditions.cash_at:
            money += held.units[i] * close[i] * paid[i]
    if money == 0.0:
        return
    value = worth_of(held.units, close)
    for i in range(len(held.units)):
        if paid[i] > 0.0 and i != conditions.cash_at:
            held.units[i] *= 1.0 - paid[i]
            held.waiting[i] *= 1.0 - paid[i]
            held.pushing[i] *= 1.0 - paid[i]
    held.units[conditions.cash_at] += money / close[conditions.cash_at]
    tally.sums[DIVIDENDS] += money
    tally.sums[NEW_CASH] += money
    tally.sums[TO_SPEND] = money
    clear_bill(work.bill)
    write_row(t, value, DIVIDEND, held, tally, log, work.bill)


@kernel
def spend_dividends(
    close: Column,
    t: int,
    terms: Terms,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> None:
    """Buy what is furthest below its target with this session's dividends, where so asked.

    No more than is there: what was traded at the open may have taken them along.
    """
    money = tally.sums[TO_SPEND]
    cash_at = conditions.cash_at
    if conditions.spend == HOLD or not money > 0.0:
        return
    money = min(money, held.units[cash_at] * close[cash_at])
    whole = worth_of(held.units, close)
    if not money > ALLOWANCE * whole:
        return
    held.units[cash_at] -= money / close[cash_at]
    clear_bill(work.bill)
    take_money(
        close, t, whole - money, money, terms.targets[tally.counts[ADOPTED]], conditions.spend,
        conditions, held, work.space[HOLDINGS], work.bill,
    )  # fmt: skip
    if work.bill.totals[MOVED] > 0.0:
        write_row(t, whole, SPENT, held, tally, log, work.bill)


@kernel
def take_fee(
    close: Column,
    t: int,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> None:
    """Take the fee on assets, from all holdings alike."""
    if not conditions.fee_share[t] > 0.0:
        return
    value = worth_of(held.units, close)
    fee = conditions.fee_share[t] * value
    if not fee > 0.0:
        return
    fee = value if fee > value else fee
    kept = 1.0 - fee / value
    for i in range(len(held.units)):
        held.units[i] *= kept
        if held.waiting[i] < 0.0:
            held.waiting[i] *= kept
    tally.sums[FEES] += fee
    clear_bill(work.bill)
    write_row(t, value, FEE, held, tally, log, work.bill)


@kernel
def take_flow(
    close: Column,
    t: int,
    terms: Terms,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> None:
    """Take in the money that comes, or pay out what goes: everything, where it is not enough."""
    if conditions.flow_money[t] == 0.0 and conditions.flow_share[t] == 0.0:
        return
    value = worth_of(held.units, close)
    money = conditions.flow_money[t] + conditions.flow_share[t] * value
    clear_bill(work.bill)
    if money < 0.0 and not value > 0.0:
        # Less than nothing is there: nothing is paid, and nothing that is owed is forgiven.
        money = 0.0
        if tally.counts[EXHAUSTED] == 0:
            tally.counts[EXHAUSTED] = t + 1
    elif money < 0.0 and -money >= value:
        money = pay_out_all(close, t, value, conditions, held, work.bill)
        if tally.counts[EXHAUSTED] == 0:
            tally.counts[EXHAUSTED] = t + 1
    elif money != 0.0:
        money = take_money(
            close, t, value, money, terms.targets[tally.counts[ADOPTED]], conditions.invest,
            conditions, held, work.space[HOLDINGS], work.bill,
        )  # fmt: skip
    tally.flows[t] = money
    tally.sums[NEW_CASH] += money
    write_row(t, value, FLOW, held, tally, log, work.bill)


@kernel
def is_due(
    close: Column, t: int, value: float, terms: Terms, held: Held, tally: Tally, work: Work
) -> bool:
    """Whether the policy acts on what it sees at a close."""
    # The last session never trades, so a decision must come early enough to be carried out.
    if t > len(tally.equity) - 2 - terms.lag or not value > 0.0:
        return False
    if terms.cashflow >= 0.0 and tally.sums[NEW_CASH] >= terms.cashflow:
        return True
    if has_broken(t, terms, tally):
        return True
    if not terms.looks[t]:
        return False
    banded = terms.absolute >= 0.0 or terms.relative >= 0.0
    if not (banded or terms.drift >= 0.0):
        return True
    return beyond(
        close, held.units, terms.targets[tally.counts[ADOPTED]], value, banded, terms.drift,
        terms.branches, work.space, work.branch_space,
    )  # fmt: skip


@kernel
def has_broken(t: int, terms: Terms, tally: Tally) -> bool:
    """Whether something broke since the policy last acted."""
    return len(terms.struck) > 0 and bool(terms.struck[t] > tally.counts[DECIDED])


@kernel
def has_moved_in(t: int, tally: Tally, log: Log) -> bool:
    """Whether this session's new cash was invested or raised: what then fires has traded with it.

    A trigger that leads to no trade is no rebalance, and new cash stays due.
    """
    k = tally.counts[ROWS] - 1
    if not (k >= 0 and log.at[k] == t and log.moved[k] > 0.0):
        return False
    return bool(log.kind[k] == FLOW or log.kind[k] == SPENT)


@kernel
def queue(close: Column, value: float, row: int, held: Held, tally: Tally, work: Work) -> None:
    """Leave goal weights to the next session; nothing to trade now is nothing decided."""
    goals = work.space[GOALS]
    if is_apart(close, held.units, value, goals):
        tally.counts[QUEUED] = row + 1
        tally.sums[NEW_CASH] = 0.0
        for i in range(len(goals)):
            held.queued[i] = goals[i]


# -- trades and their rows of the log -------------------------------------------------------------


@kernel
def rebalance_to(
    prices: Column,
    t: int,
    row: int,
    goals: Column,
    terms: Terms,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> bool:
    """Rebalance to goal weights, and adopt the row of the targets that they are for.

    While orders of the last rebalance wait, the same target decided anew only carries them on.
    """
    value = worth_of(held.units, prices)
    goes_on = tally.counts[UNFINISHED] > 0 and row == tally.counts[ADOPTED]
    clear_bill(work.bill)
    if not rebalance_daily(prices, t, value, goals, conditions, held, work.space, work.bill):
        return False
    write_row(t, value, CARRIED if goes_on else REBALANCE, held, tally, log, work.bill)
    tally.counts[REBALANCES] += 0 if goes_on else 1
    tally.counts[UNFINISHED] = 1 if is_waiting(held) else 0
    if terms.lag == 0:
        tally.sums[NEW_CASH] = 0.0
    if row != tally.counts[ADOPTED]:
        tally.counts[ADOPTED] = row
        measure_by(row, conditions.cash_at, terms, work)
    return True


@kernel
def carry_on(
    prices: Column,
    t: int,
    conditions: Conditions,
    held: Held,
    tally: Tally,
    log: Log,
    work: Work,
) -> bool:
    """Fill what this session allows of the orders that wait."""
    if not is_waiting(held):
        tally.counts[UNFINISHED] = 0
        return False
    value = worth_of(held.units, prices)
    clear_bill(work.bill)
    if not fill_waiting(prices, t, ALLOWANCE * value, conditions, held, work.bill):
        return False
    write_row(t, value, CARRIED, held, tally, log, work.bill)
    if not is_waiting(held):
        tally.counts[UNFINISHED] = 0
    return True


@kernel
def measure_by(row: int, cash_at: int, terms: Terms, work: Work) -> None:
    """Bands measure against a row of the targets from now on."""
    measure_against(
        terms.targets[row], terms.branches, terms.absolute, terms.relative, work.space,
        work.branch_space,
    )  # fmt: skip
    if terms.targets[row][cash_at] == 0.0:
        # Cash that is in no sleeve has no band: a plan measures sleeves.
        work.space[LIMITS][cash_at] = NO_LIMIT


@kernel
def write_row(
    t: int, value: float, kind: int, held: Held, tally: Tally, log: Log, bill: Bill
) -> None:
    """Write one row of the log, and add its bill to the sums."""
    k = tally.counts[ROWS]
    tally.counts[ROWS] = k + 1
    log.at[k] = t
    log.cost[k] = bill.totals[COST]
    log.moved[k] = bill.totals[MOVED]
    log.value[k] = value
    log.kind[k] = kind
    units_after, cost_by = log.units_after[k], log.cost_by[k]
    for i in range(len(held.units)):
        units_after[i] = held.units[i]
        cost_by[i] = bill.by[i]
    if value > 0.0:
        tally.sums[TURNOVER] += 0.5 * bill.totals[MOVED] / value
    tally.sums[COST_PAID] += bill.totals[COST]
