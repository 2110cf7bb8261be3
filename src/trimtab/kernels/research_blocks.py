"""Many sessions looked at together: values and reaches of a block, and where a trigger fires.

Within a block nothing is traded, so days do not depend on each other: they are valued one
instrument after the other, which is the order of additions in both forms and what a compiler
turns into wide instructions.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.research_columns import (
    ABOVE,
    ALLOWANCE,
    BELOW,
    BRANCH_LIMIT,
    BRANCH_SHARE,
    LIMITS,
)

FAR = 1e300
"""More than any portfolio is worth, also times a price."""


@kernel
def next_look(looks: Column, day: int, stop: int) -> int:
    """The first session from `day` on at which the policy looks, or `stop`."""
    for t in range(day, stop):
        if looks[t]:
            return t
    return stop


@kernel
def next_fire(first: int, stop: int, banded: bool, drift: float, blocks: Column) -> int:
    """The first place of a block from `first` on at which a band or the drift fires, or `stop`."""
    value, above, below, apart = blocks[0], blocks[1], blocks[2], blocks[3]
    if banded and drift < 0.0:
        # Most blocks have none, which is seen soonest without asking where.
        fires = False
        for j in range(first, stop):
            fires |= (above[j] >= value[j]) | (below[j] <= value[j])
        if not fires:
            return max(first, stop)
    for j in range(first, stop):
        if banded and (above[j] >= value[j] or below[j] <= value[j]):
            return j
        if drift >= 0.0 and 0.5 * apart[j] >= (drift - ALLOWANCE) * value[j]:
            return j
    return max(first, stop)


@kernel
def fill_values(prices: Column, units: Column, day: int, size: int, value: Column) -> None:
    """What the portfolio is worth on each session of a block."""
    for j in range(size):
        value[j] = 0.0
    for i in range(len(units)):
        held = units[i]
        price = prices[i][day : day + size]
        for j in range(size):
            value[j] += held * price[j]


@kernel
def fill_reaches(units: Column, aim: Column, space: Column) -> None:
    """By how much a price is multiplied to be the value that just breaches its band.

    A sleeve is above its band where its worth is at least its highest share of the value: where
    its worth divided by that share is at least the value. Below is likewise. Fills ABOVE, BELOW.
    """
    limits, above, below = space[LIMITS], space[ABOVE], space[BELOW]
    for i in range(len(units)):
        lowest = aim[i] - limits[i]
        # What is sold short is out where it is at most its lowest share, which is below zero.
        edge = aim[i] + limits[i] if units[i] >= 0.0 else min(lowest, -ALLOWANCE)
        above[i] = units[i] / edge
        below[i] = units[i] / lowest if lowest > 0.0 else FAR


@kernel
def fill_values_and_reaches(
    prices: Column,
    units: Column,
    branches: Column,
    space: Column,
    branch_space: Column,
    day: int,
    size: int,
    value: Column,
    above: Column,
    below: Column,
    inside: Column,
) -> None:
    """What the portfolio is worth on each session of a block, and at what worth a band fires.

    Bands fire where the value is at most `above` or at least `below`, the furthest reaches of all
    sleeves. Four instruments at a time, for what takes time is to fetch and store these columns;
    where there are not four left, the last is taken again at nothing.
    """
    most, least = space[ABOVE], space[BELOW]
    branch_share, branch_limit = branch_space[BRANCH_SHARE], branch_space[BRANCH_LIMIT]
    for j in range(size):
        value[j] = 0.0
        above[j] = 0.0
        below[j] = FAR
    last = len(units) - 1
    for a in range(0, last + 1, 4):
        b, c, d = min(a + 1, last), min(a + 2, last), min(a + 3, last)
        held_a = units[a]
        held_b = units[b] if b > a else 0.0
        held_c = units[c] if c > b else 0.0
        held_d = units[d] if d > c else 0.0
        price_a, price_b = prices[a][day : day + size], prices[b][day : day + size]
        price_c, price_d = prices[c][day : day + size], prices[d][day : day + size]
        most_a, most_b, most_c, most_d = most[a], most[b], most[c], most[d]
        least_a, least_b, least_c, least_d = least[a], least[b], least[c], least[d]
        for j in range(size):
            of_a, of_b, of_c, of_d = price_a[j], price_b[j], price_c[j], price_d[j]
            value[j] = value[j] + held_a * of_a + held_b * of_b + held_c * of_c + held_d * of_d
            top = max(above[j], most_a * of_a)
            top = max(top, most_b * of_b)
            top = max(top, most_c * of_c)
            above[j] = max(top, most_d * of_d)
            bottom = min(below[j], least_a * of_a)
            bottom = min(bottom, least_b * of_b)
            bottom = min(bottom, least_c * of_c)
            below[j] = min(bottom, least_d * of_d)
    for b in range(len(branch_share)):
        for j in range(size):
            inside[j] = 0.0
        for i in range(len(units)):
            if branches[b][i]:
                held = units[i]
                price = prices[i][day : day + size]
                for j in range(size):
                    inside[j] += held * price[j]
        highest = branch_share[b] + branch_limit[b]
        lowest = branch_share[b] - branch_limit[b]
        for j in range(size):
            reach = inside[j] / highest
            above[j] = reach if reach > above[j] else above[j]
        if lowest > 0.0:
            for j in range(size):
                reach = inside[j] / lowest
                below[j] = reach if reach < below[j] else below[j]


@kernel
def fill_apart(
    prices: Column,
    units: Column,
    aim: Column,
    day: int,
    size: int,
    value: Column,
    apart: Column,
) -> None:
    """The sum of absolute deviations on each session of a block, in money."""
    for j in range(size):
        apart[j] = 0.0
    for i in range(len(units)):
        held = units[i]
        share = aim[i]
        price = prices[i][day : day + size]
        for j in range(size):
            away = held * price[j] - share * value[j]
            apart[j] += -away if away < 0.0 else away
