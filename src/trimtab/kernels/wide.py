"""Integers of two limbs: products that one int64 cannot hold, the same interpreted and compiled.

A wide integer is a pair (high, low) that stands for high x 2^62 + low with 0 <= low < 2^62. No
intermediate result leaves int64, so compiled code, whose integers wrap silently, gives what
Python's own integers give. Used where a decision is in doubt, which is rare.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.money import rounded

HALF = 31
HALF_MASK = (1 << 31) - 1
LIMB = 62
LIMB_MASK = (1 << 62) - 1
NARROW = 4.0e18
"""Products of floats below this are of integers that one int64 holds: most are."""

MOST_WORTH = 1 << 51
"""The largest position, in minor units, that `worth` values."""


@kernel
def times(a: int, b: int) -> tuple[int, int]:
    """The product of two integers whose magnitudes are below 2^62."""
    if abs(1.0 * a * b) < NARROW:
        return a * b >> LIMB, a * b & LIMB_MASK
    negative = (a < 0) != (b < 0)
    a = -a if a < 0 else a
    b = -b if b < 0 else b
    a1, a0 = a >> HALF, a & HALF_MASK
    b1, b0 = b >> HALF, b & HALF_MASK
    middle = a1 * b0 + a0 * b1
    low = a0 * b0 + ((middle & HALF_MASK) << HALF)
    high = a1 * b1 + (middle >> HALF) + (low >> LIMB)
    low = low & LIMB_MASK
    if negative:
        return minus((0, 0), (high, low))
    return high, low


@kernel
def minus(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """The difference of two wide integers."""
    low = a[1] - b[1]
    return a[0] - b[0] + (low >> LIMB), low & LIMB_MASK


@kernel
def times_wide(a: tuple[int, int], b: int) -> tuple[int, int]:
    """A wide integer times one below 2^62 in magnitude; the product has to stay below 2^124."""
    negative = a[0] < 0
    if negative:
        a = minus((0, 0), a)
    factor = -b if b < 0 else b
    product = times(a[1], factor)
    high = product[0] + a[0] * factor
    if negative != (b < 0):
        return minus((0, 0), (high, product[1]))
    return high, product[1]


@kernel
def compared(a: tuple[int, int], b: tuple[int, int]) -> int:
    """-1, 0 or 1: how two wide integers stand to each other."""
    if a[0] != b[0]:
        return 1 if a[0] > b[0] else -1
    if a[1] != b[1]:
        return 1 if a[1] > b[1] else -1
    return 0


@kernel
def worth(steps: int, numerator: int, denominator: int) -> int:
    """What `steps` are worth at numerator / denominator each, half to even; -1 where it cannot be.

    It cannot be for steps below zero and for a worth of more than MOST_WORTH minor units.
    """
    if steps < 0:
        return -1
    estimate = 1.0 * steps * numerator
    if estimate / denominator > MOST_WORTH:
        return -1
    if denominator == 1:
        return steps * numerator
    if estimate < NARROW:
        return int(rounded(steps * numerator, denominator))
    # The product is too wide: its quotient is an estimate, at most a few off, set right by what
    # it leaves.
    floor = int(estimate / denominator)
    left = minus(times(steps, numerator), times(floor, denominator))
    while left[0] < 0:
        floor -= 1
        left = minus(left, (-1, LIMB_MASK + 1 - denominator))
    while compared(left, (0, denominator)) >= 0:
        floor += 1
        left = minus(left, (0, denominator))
    twice = 2 * left[1]
    if twice > denominator or (twice == denominator and floor % 2 == 1):
        return floor + 1
    return floor
