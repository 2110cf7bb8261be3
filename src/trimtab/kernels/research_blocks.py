"""Many sessions looked at together: values of a block, and where a trigger fires.

Within a block nothing is traded, so days do not depend on each other: they are valued one
instrument after the other, which is the order of additions in both forms and what a compiler
turns into wide instructions.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel, written_out
from trimtab.kernels.destination import Column
from trimtab.kernels.research_columns import (
    ABOVE,
    ALLOWANCE,
    BELOW,
    BRANCH_LIMIT,
    BRANCH_SHARE,
    HIGHS,
    LANES,
    LIMITS,
    LOWS,
    STRETCH,
)
from trimtab.kernels.research_deviations import worth_inside

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
def next_apart(day: int, first: int, stop: int, drift: float, value: Column, apart: Column) -> int:
    """The first session from `first` on at which the drift fires, or `stop`.

    Args:
        day: The session of the first entry of `apart`.
        first, stop: From which session on, and which to stop before.
        drift: Drift that fires.
        value: What the portfolio is worth by session.
        apart: The sum of deviations, from `day` on.
    """
    for t in range(first, stop):
        if 0.5 * apart[t - day] >= (drift - ALLOWANCE) * value[t]:
            return t
    return stop


@written_out
@kernel
def fill_values(prices: Column, units: Column, day: int, stop: int, value: Column) -> None:
    """What the portfolio is worth on each session of a block.

    Four instruments at a time, added one after the other: each sum is written once for the four,
    and is to the last bit what one at a time comes to. A few sessions more than asked are valued,
    so that none is left to be taken by itself: prices and values have LANES more than sessions.

    Args:
        prices: Prices, shape (n, sessions + LANES).
        units: Units held, shape (n,).
        day, stop: The first session, and the one after the last.
        value: Out, shape (sessions + LANES,).
    """
    # Told so, machine code looks for no place counted from the end, and takes several at a time.
    assert day >= 0
    n = len(units)
    fours = n - n % 4
    size = (stop - day + LANES - 1) // LANES * LANES
    for j in range(size):
        value[day + j] = 0.0
    for i in range(0, fours, 4):
        a, b, c, d = units[i], units[i + 1], units[i + 2], units[i + 3]
        p, q, r, s = prices[i], prices[i + 1], prices[i + 2], prices[i + 3]
        for j in range(size):
            t = day + j
            value[t] = value[t] + a * p[t] + b * q[t] + c * r[t] + d * s[t]
    for i in range(fours, n):
        held, price = units[i], prices[i]
        for j in range(size):
            value[day + j] += held * price[day + j]


@kernel
def fill_reaches(units: Column, aim: Column, space: Column) -> bool:
    """By how much a price is multiplied to be the value that just breaches its band.

    A sleeve is above its band where its worth is at least its highest share of the value: where
    its worth divided by that share is at least the value. Below is likewise. Fills ABOVE, BELOW.

    Returns:
        Whether nothing is sold short: then lowest prices bound the value from below.
    """
    limits, above, below = space[LIMITS], space[ABOVE], space[BELOW]
    is_long = True
    for i in range(len(units)):
        lowest = aim[i] - limits[i]
        # What is sold short is out where it is at most its lowest share, which is below zero.
        edge = aim[i] + limits[i] if units[i] >= 0.0 else min(lowest, -ALLOWANCE)
        above[i] = units[i] / edge
        below[i] = units[i] / lowest if lowest > 0.0 else FAR
        is_long &= units[i] >= 0.0
    return is_long


@kernel
def fill_extremes(closes: Column, extremes: Column) -> None:
    """The highest and the lowest price of each instrument in each stretch of sessions.

    Args:
        closes: Prices, shape (sessions, n).
        extremes: Out, shape (sessions / STRETCH rounded up, 2, n): rows HIGHS and LOWS of each.
    """
    for t in range(len(closes)):
        price, stretch = closes[t], extremes[t // STRETCH]
        high, low = stretch[HIGHS], stretch[LOWS]
        for i in range(len(price)):
            if t % STRETCH == 0:
                high[i] = price[i]
                low[i] = price[i]
            else:
                high[i] = max(high[i], price[i])
                low[i] = min(low[i], price[i])


@kernel
def next_doubt(
    extremes: Column,
    units: Column,
    branches: Column,
    space: Column,
    branch_space: Column,
    first: int,
    stop: int,
) -> int:
    """The first session from `first` on whose stretch may breach a band, or `stop`.

    No session is valued for it. Where the furthest prices of a stretch do not reach a band though
    all were at their lowest, or highest, none of its sessions does, to the last bit: they are
    added in the same order, and what is rounded keeps its order.

    Args:
        extremes: As `fill_extremes` leaves them.
        units: What is held, none sold short.
        branches: Inner sleeves.
        space, branch_space: Work space, with ABOVE and BELOW filled.
        first: Where to begin.
        stop: The session to stop before.
    """
    above, below = space[ABOVE], space[BELOW]
    share, limit = branch_space[BRANCH_SHARE], branch_space[BRANCH_LIMIT]
    at = first
    while at < stop:
        stretch = extremes[at // STRETCH]
        high, low = stretch[HIGHS], stretch[LOWS]
        smallest = largest = 0.0
        for i in range(len(units)):
            smallest += units[i] * low[i]
            largest += units[i] * high[i]
        if may_reach(above, below, high, low, smallest, largest):
            return at
        for b in range(len(share)):
            highest, lowest = share[b] + limit[b], share[b] - limit[b]
            most_inside = worth_inside(units, high, low, branches[b])
            least_inside = worth_inside(units, low, high, branches[b])
            if is_outside(most_inside, smallest, least_inside, largest, highest, lowest):
                return at
        at = (at // STRETCH + 1) * STRETCH
    return stop


@kernel
def next_breach(
    prices: Column,
    closes: Column,
    extremes: Column,
    units: Column,
    branches: Column,
    space: Column,
    branch_space: Column,
    first: int,
    stop: int,
    value: Column,
) -> int:
    """The first session from `first` on at which a band is breached, or `stop`.

    Only of instruments that may be out in their stretch, sessions are looked at one by one.

    Args:
        prices: Prices by instrument, shape (n, sessions + LANES): one after the other in memory,
            and near, since they have just been valued.
        closes: The same by session, shape (sessions, n).
        extremes: As `fill_extremes` leaves them.
        units: What is held.
        branches: Inner sleeves.
        space, branch_space: Work space, with ABOVE and BELOW filled.
        first: Where to begin.
        stop: The session to stop before, of the same stretch.
        value: What the portfolio is worth by session.
    """
    if first >= stop:
        return stop
    most, least = space[ABOVE], space[BELOW]
    share, limit = branch_space[BRANCH_SHARE], branch_space[BRANCH_LIMIT]
    stretch = extremes[first // STRETCH]
    high, low = stretch[HIGHS], stretch[LOWS]
    worth = value[first:stop]
    smallest, largest = least_and_most(worth)
    found = stop
    for i in range(len(units)):
        if most[i] * high[i] >= smallest or least[i] * low[i] <= largest:
            price = prices[i]
            for t in range(first, found):
                reach, drop = most[i] * price[t], least[i] * price[t]
                if reach >= worth[t - first] or drop <= worth[t - first]:
                    found = t
                    break
    for b in range(len(share)):
        highest, lowest = share[b] + limit[b], share[b] - limit[b]
        for t in range(first, found):
            inside = worth_inside(units, closes[t], closes[t], branches[b])
            if is_outside(inside, worth[t - first], inside, worth[t - first], highest, lowest):
                found = t
                break
    return found


@written_out
@kernel
def least_and_most(worth: Column) -> tuple[float, float]:
    """The least and the most that a portfolio is worth on some sessions.

    Four sessions at a time: one after the other, each would wait for the one before it.
    """
    a = b = c = d = p = q = r = s = worth[0]
    fours = len(worth) - len(worth) % 4
    for j in range(0, fours, 4):
        t, u, v, w = worth[j], worth[j + 1], worth[j + 2], worth[j + 3]
        a = t if t < a else a
        b = u if u < b else b
        c = v if v < c else c
        d = w if w < d else d
        p = t if t > p else p
        q = u if u > q else q
        r = v if v > r else r
        s = w if w > s else s
    for j in range(fours, len(worth)):
        a = worth[j] if worth[j] < a else a
        p = worth[j] if worth[j] > p else p
    return min(min(a, b), min(c, d)), max(max(p, q), max(r, s))


@written_out
@kernel
def may_reach(
    most: Column, least: Column, high: Column, low: Column, smallest: float, largest: float
) -> bool:
    """Whether the furthest prices reach a band, whoever's it is.

    Args:
        most, least: ABOVE and BELOW of `fill_reaches`.
        high, low: The highest and the lowest price of each instrument.
        smallest, largest: What the portfolio is worth, at least and at most.
    """
    found = False
    for i in range(len(most)):
        found |= (most[i] * high[i] >= smallest) | (least[i] * low[i] <= largest)
    return found


@kernel
def is_outside(
    most: float, smallest: float, least: float, largest: float, highest: float, lowest: float
) -> bool:
    """Whether an inner sleeve may be outside of its band.

    Args:
        most, least: What it is worth, at most and at least.
        smallest, largest: What the portfolio is worth, at least and at most.
        highest, lowest: The shares that breach its band.
    """
    return most / highest >= smallest or (lowest > 0.0 and least / lowest <= largest)


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
    worth = value[day : day + size]
    for j in range(size):
        apart[j] = 0.0
    for i in range(len(units)):
        held = units[i]
        share = aim[i]
        price = prices[i][day : day + size]
        for j in range(size):
            away = held * price[j] - share * worth[j]
            apart[j] += -away if away < 0.0 else away
