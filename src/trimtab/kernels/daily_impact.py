"""Linear impact of own orders: what it costs them, and where it leaves the price for good."""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.daily_columns import Charges, Conditions, Held
from trimtab.kernels.destination import Column

LEAST_PRICE = 0.01
"""Own sales leave at least this part of a price: the linear model ends long before."""


@kernel
def linear_cost(units: float, price: float, i: int, at: int, charges: Charges, held: Held) -> float:
    """What an order costs by moving the price while it is traded, and half of what that leaves.

    Args:
        units: Units bought, or below zero sold.
        price: Price of a unit, where own orders have left it.
        i: Which instrument.
        at: The session.
        charges: What orders cost.
        held: Where own orders have left prices.
    """
    part: float = charges.temporary[at][i] * abs(units)
    if len(charges.permanent) > 0:
        part += 0.5 * abs(pushed_by(units, charges.permanent[at][i], i, held) - held.pushed[i])
    # In proportion to the price that others made: so the model is linear.
    cost: float = part * abs(units) * (price / (1.0 + held.pushed[i]))
    return cost


@kernel
def pushed_by(units: float, rate: float, i: int, held: Held) -> float:
    """By how much of itself a price stands elsewhere after units bought, or below zero sold.

    What takes back earlier orders takes the price back as far as it had moved for them, on average;
    what goes beyond them moves it at the rate of its session.
    """
    before = held.pushing[i]
    after = before + units
    pushed: float
    if before * units >= 0.0:
        pushed = held.pushed[i] + rate * units
    elif before * after > 0.0:
        pushed = held.pushed[i] * (after / before)
    else:
        pushed = rate * after
    return pushed if pushed > LEAST_PRICE - 1.0 else LEAST_PRICE - 1.0


@kernel
def note_trades(wanted: Column, conditions: Conditions, held: Held) -> None:
    """Note what is traded on this session to hold these units, for the price moves with it."""
    if len(conditions.charges.permanent) > 0:
        for i in range(len(wanted)):
            held.traded[i] += wanted[i] - held.units[i]


@kernel
def move_prices(close: Column, dealing: Column, t: int, conditions: Conditions, held: Held) -> None:
    """Leave a session's prices where own orders of the sessions before have moved them.

    The price is where others left it once as much is sold as was bought.

    Args:
        close: In and out: the session's closes.
        dealing: In and out: what is traded at; not the same column as `close`.
        t: The session.
        conditions: What the run is up against.
        held: In and out.
    """
    permanent = conditions.charges.permanent
    for i in range(len(close)):
        if t > 0 and held.traded[i] != 0.0:
            held.pushed[i] = pushed_by(held.traded[i], permanent[t - 1][i], i, held)
            held.pushing[i] += held.traded[i]
        held.traded[i] = 0.0
        if held.pushed[i] != 0.0:
            close[i] *= 1.0 + held.pushed[i]
            dealing[i] *= 1.0 + held.pushed[i]
