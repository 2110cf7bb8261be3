"""The lots of an account, in the order in which a sale takes them, with the tax on each."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    F_SEGMENT_AMOUNT,
    F_SEGMENT_TAX,
    FIFO,
    FIRST_HOLDING,
    HIFO,
    INHERITED_DAY,
    INSTRUMENT,
    LIFO,
    LONG_RATE,
    LOWEST_TAX,
    MOST,
    MOST_MONEY,
    RATE_PARTS,
    RELIEF,
    SHORT_RATE,
    TAXED,
    W_GAINS,
    W_LOT_FROM,
    W_LOT_TO,
    W_LOTS,
    W_POOLED,
    W_SEGMENT_GAIN,
    W_SEGMENT_OWNER,
    W_SEGMENT_STEPS,
    Accounts,
    Models,
    Prices,
    Work,
)
from trimtab.kernels.compile import kernel
from trimtab.kernels.wide import compared, times

EXACT = 1 << 53
"""Floats hold every integer below this."""


@kernel
def gain_rate(day: int, long_through: int, long_rate: int, short_rate: int) -> int:
    """The rate of tax on a lot's gain: the long-term one for what was inherited or held long.

    Numbers, not tables: machine code counts who holds a table handed on, which would cost more.
    """
    if day == INHERITED_DAY or 0 < day <= long_through:
        return long_rate
    return short_rate


@kernel
def order_lots(
    i: int, m: int, models: Models, market: Prices, accounts: Accounts, work: Work
) -> bool:
    """Put the lots of a holding in the order in which a sale takes them; False: too wide.

    Fills `gains`: the tax of each lot, times `rate_parts` and the price's denominator.
    """
    g = models.holdings[INSTRUMENT, models.of[FIRST_HOLDING, m] + i]
    num, den = market.numerator[g], market.denominator[g]
    begin, end = work.ints[W_LOT_FROM, i], work.ints[W_LOT_TO, i]
    method = models.of[RELIEF, m] if models.of[TAXED, m] == 1 else FIFO
    long_rate, short_rate = models.of[LONG_RATE, m], models.of[SHORT_RATE, m]
    for p in range(begin, end):
        k = work.ints[W_LOTS, p]
        work.ints[W_GAINS, p] = 0
        if models.of[TAXED, m] == 0:
            continue
        rate = gain_rate(accounts.day[k], accounts.long_through, long_rate, short_rate)
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
def fill_segments(
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
        pooled = 0
        while (
            count > begin
            and compared(
                times(work.ints[W_SEGMENT_GAIN, count - 1], steps),
                times(gain, work.ints[W_SEGMENT_STEPS, count - 1]),
            )
            > 0
        ):
            count -= 1
            pooled = 1
            steps += work.ints[W_SEGMENT_STEPS, count]
            gain += work.ints[W_SEGMENT_GAIN, count]
            if gain > MOST:
                return -1
        work.ints[W_SEGMENT_STEPS, count] = steps
        work.ints[W_SEGMENT_GAIN, count] = gain
        work.ints[W_POOLED, count] = pooled
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
        work.ints[W_SEGMENT_OWNER, k] = i
    return count
