"""The answers of an account written down: its trades in order, and the lots that its sales take."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    FIRST_HOLDING,
    INSTRUMENT,
    LONG_RATE,
    PER_STEP,
    RATE,
    RATE_PARTS,
    S_LOT,
    S_SALE_BASIS,
    S_SALE_TAX,
    S_TAKEN,
    SHORT_RATE,
    T_COST,
    T_FIRST_SALE,
    T_INSTRUMENT,
    T_STEPS,
    T_TAX,
    T_VALUE,
    TAXED,
    W_LOT_FROM,
    W_LOT_TO,
    W_LOTS,
    W_MADE,
    Accounts,
    Answers,
    Models,
    Prices,
    Work,
)
from trimtab.kernels.account_lots import gain_rate
from trimtab.kernels.compile import kernel
from trimtab.kernels.money import rounded, trade_cost
from trimtab.kernels.wide import worth


@kernel
def write_trades(
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
    long_rate, short_rate = models.of[LONG_RATE, m], models.of[SHORT_RATE, m]
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
            rate = gain_rate(accounts.day[k], accounts.long_through, long_rate, short_rate)
        answers.sales[S_LOT, sales] = k
        answers.sales[S_TAKEN, sales] = part
        answers.sales[S_SALE_BASIS, sales] = basis
        taxable = max(proceeds - max(basis, 0), 0)
        answers.sales[S_SALE_TAX, sales] = rounded(taxable * rate, models.of[RATE_PARTS, m])
        sales += 1
    return sales
