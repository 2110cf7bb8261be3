"""Exact money over integers: one rounding, the worth of a quantity, what a trade costs."""

from __future__ import annotations

from trimtab.kernels.compile import kernel

RATE_SCALE = 100_000_000
"""Rates of cost are integers of 1e-8 of the money traded; costs a step, of 1e-8 of a minor unit."""


@kernel
def rounded(numerator, denominator):  # type: ignore[no-untyped-def]
    """The integer nearest to numerator / denominator; a tie goes to the even neighbour."""
    floor = numerator // denominator
    twice = 2 * (numerator - floor * denominator)
    if twice > denominator or (twice == denominator and floor % 2 == 1):
        return floor + 1
    return floor


@kernel
def trade_cost(value, steps, rate, per_step, fixed, minimum):  # type: ignore[no-untyped-def]
    """What trading `steps` worth `value` costs, in minor units; nothing traded costs nothing."""
    if steps == 0:
        return 0
    cost = fixed + rounded(value * rate + steps * per_step, RATE_SCALE)
    return max(cost, minimum)
