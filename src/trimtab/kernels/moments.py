"""Means and covariance of a plain history in one pass, with the proof that they can be used.

A history is plain where every return is a finite number, can be a return, and every instrument
moves; a covariance can be used where its correlations have no eigenvalue as low as asked for. That
holds nearly always, and is found out on the way; where it does not hold the answer is no, and
somebody looks closer.

Loops over names run from the first one on: that is what lets a compiler take several at a time.
The parts are written out in the whole: called, they took twice the time in the process that had
just compiled them.
"""

from __future__ import annotations

from math import sqrt

from trimtab.kernels.compile import kernel, written_out
from trimtab.kernels.destination import Column

AT_ONCE = 8
"""Sessions whose products are added together: the sums are then read and written less."""

ALIKE = 4
"""Rows of the lower half end together where so many do: a compiler then leaves no odd ends."""

ENDLESS = 1e300
"""Numbers beyond this, or 1 over it, are left to somebody who looks closer."""

STILL = 1e-24
"""A variance below this share of the largest square may be rounding."""


@kernel
def plain_moments(
    table: Column, sessions: int, n: int, scale: float, least: float, most: float,
    means: Column, growth: Column, covariance: Column, block: Column, work: Column,
) -> bool:  # fmt: skip
    """Fill `means`, `growth` and `covariance`, and tell whether they can be used as they are.

    Args:
        table: Returns, shape (sessions, n), with two sessions or more.
        sessions, n: Its shape.
        scale: What to multiply variances and covariances of a session by.
        least: Correlations must have no eigenvalue as low.
        most: Variances, scaled, must be no larger.
        means: Out: of a session, shape (n,).
        growth: Out: what 1 became over all sessions, shape (n,).
        covariance: Out: about the means, ddof 1, shape (n, n), symmetric to the last bit.
        block: Space to work in, shape (9, n).
        work: Space to work in, shape (n, n).
    """
    if not means_of_columns(table, sessions, n, means, growth, block[0]):
        return False
    lower_products(table, sessions, n, means, block, covariance)
    for i in range(n):
        own = covariance[i][i]
        square = own + sessions * means[i] * means[i]  # no return of it is larger, squared
        if not own > STILL * sessions * square or not square < ENDLESS:
            return False
    times = scale / (sessions - 1.0)
    for i in range(n):
        row = covariance[i]
        for j in range(i + 1):
            row[j] *= times
    for i in range(n):
        row = covariance[i]
        if not row[i] <= most:
            return False
        for j in range(i):
            covariance[j][i] = row[j]
    return correlations_above(covariance, n, least, block[0], work)


@written_out
@kernel
def means_of_columns(
    table: Column, sessions: int, n: int, means: Column, growth: Column, lowest: Column
) -> bool:
    """Fill `means` with the average of each column, and `growth` with the product of 1 + r.

    Four sessions at a time: no sum then waits for the one before it to be written.

    Returns:
        Whether they can be returns: nothing loses more than all, not everything at least doubles
        (prices do), and no product is beyond all measure.
    """
    for i in range(n):
        means[i], growth[i], lowest[i] = 0.0, 1.0, ENDLESS
    whole = sessions - sessions % 4
    for s in range(0, whole, 4):
        one, two, three, four = table[s], table[s + 1], table[s + 2], table[s + 3]
        for i in range(n):
            w, x, y, z = one[i], two[i], three[i], four[i]
            means[i] += (w + x) + (y + z)
            growth[i] *= ((1.0 + w) * (1.0 + x)) * ((1.0 + y) * (1.0 + z))
            lowest[i] = min(lowest[i], min(w, x), min(y, z))
    for s in range(whole, sessions):
        row = table[s]
        for i in range(n):
            means[i] += row[i]
            growth[i] *= 1.0 + row[i]
            lowest[i] = min(lowest[i], row[i])
    least = ENDLESS
    for i in range(n):
        means[i] /= sessions
        least = min(least, lowest[i])
        if not 1.0 / ENDLESS < growth[i] < ENDLESS:
            return False
    return -1.0 <= least <= 1.0


@written_out
@kernel
def lower_products(
    table: Column, sessions: int, n: int, means: Column, block: Column, out: Column
) -> None:
    """Fill the lower half of `out` with the sums of products of what lies off the means.

    Two names at a time, which then read the others once; beside an odd one stands a `spare`.
    """
    for i in range(n):
        row = out[i]
        for j in range(n):
            row[j] = 0.0
    r1, r2, r3, r4 = block[0], block[1], block[2], block[3]
    r5, r6, r7, r8, spare = block[4], block[5], block[6], block[7], block[8]
    for i in range(n):
        spare[i] = 0.0
    for first in range(0, sessions, AT_ONCE):
        for k in range(AT_ONCE):
            away = block[k]
            if first + k < sessions:
                row = table[first + k]
                for i in range(n):
                    away[i] = row[i] - means[i]
            else:
                for i in range(n):
                    away[i] = 0.0
        for i in range(0, n, 2):
            k = min(i + 1, n - 1)
            x1, x2, x3, x4 = r1[i], r2[i], r3[i], r4[i]
            x5, x6, x7, x8 = r5[i], r6[i], r7[i], r8[i]
            y1, y2, y3, y4 = r1[k], r2[k], r3[k], r4[k]
            y5, y6, y7, y8 = r5[k], r6[k], r7[k], r8[k]
            row = out[i]
            other = out[k] if k > i else spare
            for j in range(min(i - i % ALIKE + ALIKE, n)):
                b1, b2, b3, b4 = r1[j], r2[j], r3[j], r4[j]
                b5, b6, b7, b8 = r5[j], r6[j], r7[j], r8[j]
                row[j] += ((x1 * b1 + x2 * b2) + (x3 * b3 + x4 * b4)) + (
                    (x5 * b5 + x6 * b6) + (x7 * b7 + x8 * b8)
                )
                other[j] += ((y1 * b1 + y2 * b2) + (y3 * b3 + y4 * b4)) + (
                    (y5 * b5 + y6 * b6) + (y7 * b7 + y8 * b8)
                )


@written_out
@kernel
def correlations_above(
    covariance: Column, n: int, least: float, scale: Column, work: Column
) -> bool:
    """Whether the correlations of a symmetric matrix have no eigenvalue as low as `least`.

    Less `least` on their diagonal, and a whisker for rounding, they have a Cholesky factor. It is
    made from the last name to the first, in the lower half of `work`, four rows at a time.

    Args:
        covariance: Shape (n, n); its lower half is read.
        n: How many names.
        least: At or above zero.
        scale: Space to work in, shape (n,).
        work: Space to work in, shape (n, n).
    """
    for i in range(n):
        if not covariance[i][i] > 0.0:
            return False
        scale[i] = 1.0 / sqrt(covariance[i][i])
    for i in range(n):
        row = covariance[i]
        into = work[i]
        own = scale[i]
        for j in range(i):
            into[j] = row[j] * own * scale[j]
        into[i] = 1.0 - least - 1e-14 * n
    last = n
    while last > 0:
        first = max(last - 4, 0)
        for a in range(last - 1, first - 1, -1):
            into = work[a]
            for p in range(a + 1, last):
                row = work[p]
                times = row[a]
                for b in range(a + 1):
                    into[b] -= times * row[b]
            if not into[a] > 0.0:
                return False
            times = 1.0 / sqrt(into[a])
            for b in range(a + 1):
                into[b] *= times
        if last - first == 4:
            one, two, three, four = work[first], work[first + 1], work[first + 2], work[first + 3]
            for a in range(first):
                x1, x2, x3, x4 = one[a], two[a], three[a], four[a]
                into = work[a]
                for b in range(a + 1):
                    into[b] -= x1 * one[b] + x2 * two[b] + x3 * three[b] + x4 * four[b]
        last = first
    return True
