"""The whole decision of one account over columns: value, due, goals, trades, whole steps, lots.

The same stages as the engine's `decide`, for a household of one account without memory, over
the same kernels, in integers wherever the engine is exact: both give the same trades, lots, cost
and tax to the minor unit. Where the decision needs more than that (a solver, products beyond
64 bits, fees an order, prices that are not to be believed) the account is not decided here, and
its `status` says so: nothing is guessed.

Here is the way through the stages; each has a file of its own beside this one, and all work on
the tables of `account_columns`.
"""

from __future__ import annotations

from trimtab.kernels.account_answers import write_trades
from trimtab.kernels.account_columns import (
    ANSWER,
    CASH_SHORT,
    DONE,
    FIRST_HOLDING,
    FIRST_LEAF,
    MOST,
    MOST_MONEY,
    NOT_DUE,
    NOTHING_TO_DIVIDE,
    PARTS,
    SOLVER,
    TO,
    W_ACTIVE,
    W_VALUES,
    WIDE,
    Accounts,
    Answers,
    Models,
    Prices,
    Work,
)
from trimtab.kernels.account_due import fires, twice_drift
from trimtab.kernels.account_finish import fill_whole_steps, outcome
from trimtab.kernels.account_goals import fill_account_goals
from trimtab.kernels.account_lots import order_lots
from trimtab.kernels.account_trade import ends_elsewhere, fill_active, fill_changes, is_walkable
from trimtab.kernels.account_value import fill_values
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import TO_TARGET


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
    n = models.of[FIRST_LEAF, m + 1] - models.of[FIRST_LEAF, m]
    size = models.of[FIRST_HOLDING, m + 1] - models.of[FIRST_HOLDING, m]

    status, unassigned = fill_values(a, m, models, market, accounts, work)
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
    if 1.0 * gross * models.of[PARTS, m] * 16.0 > MOST or gross > MOST_MONEY:
        return WIDE, trades, sales

    before = twice_drift(m, models, work.ints[W_VALUES], unassigned, cash, base)
    full = fires(m, models, work.ints[W_VALUES], cash, base, before)
    if not full and purse >= 0:
        return NOT_DUE, trades, sales

    status, cash_goal = fill_account_goals(m, models, work, full, cash, base, gross)
    if status != DONE:
        return status, trades, sales

    fill_active(m, models, work)
    if not is_walkable(m, models, work):
        return SOLVER, trades, sales
    for i in range(size):
        if work.ints[W_ACTIVE, i] == 1 and not order_lots(i, m, models, market, accounts, work):
            return WIDE, trades, sales
    status = fill_changes(m, models, market, accounts, work, purse, cash, cash_goal)
    if status != DONE:
        return status, trades, sales
    short = not full or models.of[TO, m] != TO_TARGET
    if short and ends_elsewhere(m, models, work, cash, cash_goal, base):
        return SOLVER, trades, sales
    status, gap = fill_whole_steps(m, models, market, accounts, work, purse, cash, cash_goal, gross)
    if status != DONE:
        return status, trades, sales

    status = outcome(a, m, models, market, accounts, work, unassigned, base, before)
    if status not in (DONE, CASH_SHORT):
        return status, trades, sales
    answers.gap[a] = gap
    trades, sales = write_trades(m, models, market, accounts, answers, work, trades, sales)
    return status, trades, sales
