"""One account's trade problem with tax lots, solved exactly.

The problem (DESIGN, trade): minimise

    drift_price x sum |value - goal| + trading cost + tax_weight x tax

over what is sold of each segment (a lot, or a part of one) and what is bought for each sleeve,
where the cash that is left counts as a sleeve too and may not fall below its floor. Everything is
linear but for the absolute values, and only cash couples the sleeves. So the optimum raises cash
from the cheapest sources for the uses that gain most from it, until no pair gains.

Almost always that is: all that lies above the goals is sold, the cheapest lots first, and what it
raises is shared among the sleeves below theirs. Whether it is so takes one comparison, and no
order among the sources. Only where it is not are they put in order and used from the cheapest on.

All amounts are money; fees and tax are per unit of money sold or bought.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column, level_furthest

TIE = 1e-12
"""A use that gains no more than this over its source is not worth the trade."""

ENDLESSLY_LITTLE = -1.0e300


@kernel
def stable_order(keys: Column, first: int, last: int, order: Column, scratch: Column) -> None:
    """Fill `order[first:last]` with the positions from `first` to `last` by ascending key.

    A merge sort from the bottom up: stable, the same interpreted and compiled. `scratch` is work
    space of the same length.
    """
    # Runs of eight by insertion, which is quicker than merging such short ones.
    for start in range(first, last, 8):
        for i in range(start, min(start + 8, last)):
            key = keys[i]
            j = i - 1
            while j >= start and keys[order[j]] > key:
                order[j + 1] = order[j]
                j -= 1
            order[j + 1] = i
    width = 8
    while width < last - first:
        for left in range(first, last, 2 * width):
            middle = min(left + width, last)
            right = min(left + 2 * width, last)
            i = left
            j = middle
            for out in range(left, right):
                if i < middle and (j >= right or keys[order[i]] <= keys[order[j]]):
                    scratch[out] = order[i]
                    i += 1
                else:
                    scratch[out] = order[j]
                    j += 1
        for i in range(first, last):
            order[i] = scratch[i]
        width *= 2


@kernel
def walk(
    n_sleeves: int,
    value: Column,
    goal: Column,
    buy_fee: Column,
    buy_room: Column,
    sell_fee: Column,
    first_segment: Column,
    segment_amount: Column,
    segment_tax: Column,
    cash: float,
    cash_goal: float,
    cash_floor: float,
    drift_price: float,
    tax_weight: float,
    sold: Column,
    bought: Column,
    gain: Column,
    need: Column,
    part: Column,
    given: Column,
    prices: Column,
    amounts: Column,
    owner: Column,
    order: Column,
    scratch: Column,
) -> float:
    """Solve one account's trade problem; fills `sold` by segment and `bought` by sleeve.

    Args:
        n_sleeves: Number of sleeves.
        value: Money in each sleeve now.
        goal: Money wanted in each sleeve.
        buy_fee: Trading cost per unit of money bought, by sleeve, >= 0.
        buy_room: The most money that may be bought, by sleeve; 0 where nothing may be.
        sell_fee: Trading cost per unit of money sold, by sleeve, >= 0 and < 1.
        first_segment: Where the segments of each sleeve begin, which lie side by side; the next
            sleeve's begin where they end. One place more than sleeves.
        segment_amount: The money each segment is worth.
        segment_tax: Tax per unit of money sold, >= 0.
        cash: Cash now.
        cash_goal: Cash wanted.
        cash_floor: Cash at least; met as far as selling everything can.
        drift_price: Cost of one unit of deviation left, above 0 and at most 1.
        tax_weight: Weight of tax in the objective.
        sold: Out: money sold of each segment, before fees.
        bought: Out: money bought for each sleeve, before fees.
        gain, need, part, given: Work space, floats, n_sleeves + 1 places.
        prices, amounts: Work space, floats, 2 x segments + 1 places.
        owner, order, scratch: Work space, integers, as many places.

    Returns:
        The cash that is left.
    """
    # Uses of cash are the sleeves below their goals and, last, cash itself; for each what it needs,
    # fees included, and what a unit of that gains. Sources are the segments and idle cash.
    raised = 0.0
    dearest = ENDLESSLY_LITTLE
    for s in range(n_sleeves):
        first, last = first_segment[s], first_segment[s + 1]
        for k in range(first, last):
            sold[k] = 0.0
        bought[s] = 0.0
        need[s] = 0.0
        over = value[s] - goal[s]
        if over > 0.0:
            stable_order(segment_tax, first, last, order, scratch)
            left = over
            for i in range(first, last):
                k = order[i]
                if segment_amount[k] > 0.0:
                    sold[k] = min(segment_amount[k], left)
                    cost = sell_fee[s] + tax_weight * segment_tax[k]
                    dearest = max(dearest, (cost - drift_price) / (1.0 - sell_fee[s]))
                    left -= sold[k]
                    if left <= 0.0:
                        break
            raised += (over - left) * (1.0 - sell_fee[s])
        elif over < 0.0 and buy_room[s] > 0.0:
            bought[s] = min(-over, buy_room[s])
            need[s] = bought[s] * (1.0 + buy_fee[s])
            gain[s] = (drift_price - buy_fee[s]) / (1.0 + buy_fee[s])
    need[n_sleeves] = max(cash_goal - max(cash, cash_floor), 0.0)
    gain[n_sleeves] = drift_price
    deficit = max(cash_floor - cash, 0.0)
    idle = max(cash - max(cash_goal, cash_floor), 0.0)
    if idle > 0.0:
        dearest = max(dearest, -drift_price)

    # Where all of that finds a use that gains, even the dearest of it, all of it is used, and
    # nothing else: a deficit that it fills asks for no more.
    supply = raised + idle
    usable = _wanted(dearest, n_sleeves, gain, need, deficit)
    if supply > usable or (deficit > 0.0 and supply <= deficit):
        raised, supply = _sell_cheapest(
            n_sleeves, sell_fee, first_segment, segment_amount, segment_tax, idle, deficit,
            drift_price, tax_weight, gain, need, sold, prices, amounts, owner, order, scratch,
        )  # fmt: skip
    spent = _spend(n_sleeves, supply - deficit, buy_fee, gain, need, bought, part, given)
    return cash + raised - spent


@kernel
def _wanted(price: float, n: int, gain: Column, need: Column, deficit: float) -> float:
    """How much cash has a use that gains more than its source costs."""
    want = deficit
    for s in range(n + 1):
        if need[s] > 0.0 and gain[s] - price > TIE:
            want += need[s]
    return want


@kernel
def _sell_cheapest(
    n_sleeves: int,
    sell_fee: Column,
    first_segment: Column,
    segment_amount: Column,
    segment_tax: Column,
    idle: float,
    deficit: float,
    drift_price: float,
    tax_weight: float,
    gain: Column,
    need: Column,
    sold: Column,
    prices: Column,
    amounts: Column,
    owner: Column,
    order: Column,
    scratch: Column,
) -> tuple[float, float]:
    """Sell what gains, the cheapest first, where `sold` holds what lies above the goals.

    A segment that crosses its sleeve's goal counts as two pieces: towards the goal selling takes
    deviation away, past it selling adds some. That is never worth its while but to fill a deficit,
    since a unit of cash gains no more than the drift it takes away.

    Returns:
        The cash that the sales raise, and that with the idle cash that is used.
    """
    segments = first_segment[n_sleeves]
    pieces = 0
    for s in range(n_sleeves):
        kept = 1.0 - sell_fee[s]
        for k in range(first_segment[s], first_segment[s + 1]):
            cost = sell_fee[s] + tax_weight * segment_tax[k]
            if sold[k] > 0.0:
                prices[pieces] = (cost - drift_price) / kept
                amounts[pieces] = sold[k] * kept
                owner[pieces] = k
                pieces += 1
            if deficit > 0.0 and segment_amount[k] > sold[k]:
                prices[pieces] = (cost + drift_price) / kept
                amounts[pieces] = (segment_amount[k] - sold[k]) * kept
                owner[pieces] = segments + k
                pieces += 1
    if idle > 0.0:
        prices[pieces] = -drift_price
        amounts[pieces] = idle
        owner[pieces] = -1
        pieces += 1
    stable_order(prices, 0, pieces, order, scratch)
    used = 0.0
    raised = 0.0
    for i in range(pieces):
        piece = order[i]
        # The dearer the source, the fewer the uses: once a piece is not used up, no later one is.
        room = _wanted(prices[piece], n_sleeves, gain, need, deficit) - used
        take = max(min(amounts[piece], room), 0.0)
        used += take
        k = owner[piece]
        if k < 0:
            continue
        raised += take
        if k >= segments:
            k -= segments
            if take >= amounts[piece]:
                sold[k] = segment_amount[k]
            else:
                sold[k] += (segment_amount[k] - sold[k]) * (take / amounts[piece])
        elif take < amounts[piece]:
            sold[k] *= take / amounts[piece]
    return raised, used


@kernel
def _spend(
    n_sleeves: int,
    supply: float,
    buy_fee: Column,
    gain: Column,
    need: Column,
    bought: Column,
    part: Column,
    given: Column,
) -> float:
    """Share the cash among its uses, where `bought` holds what each wants: most gain goes first.

    Uses that gain the same share what there is: the largest needs are levelled down.

    Returns:
        What the purchases cost.
    """
    spent = 0.0
    while True:
        best = ENDLESSLY_LITTLE
        for s in range(n_sleeves + 1):
            if need[s] > 0.0:
                best = max(best, gain[s])
        if best == ENDLESSLY_LITTLE:
            return spent
        want = 0.0
        for s in range(n_sleeves + 1):
            part[s] = 0.0
            given[s] = 0.0
            if need[s] > 0.0 and gain[s] >= best - TIE:
                part[s] = need[s]
                want += need[s]
                need[s] = 0.0
        if want > supply and supply > 0.0:
            level_furthest(n_sleeves + 1, given, part, -1, supply)
        # A need that can be met in full is met to the last bit.
        for s in range(n_sleeves):
            if part[s] > 0.0 and want > supply:
                bought[s] = given[s] / (1.0 + buy_fee[s])
                spent += given[s]
            else:
                spent += part[s]
        supply -= min(want, max(supply, 0.0))


def workspace(n_sleeves: int, n_segments: int) -> tuple[list[float] | list[int], ...]:
    """Work space of lists for one interpreted `walk`, in the order of its last parameters."""
    uses, pieces = n_sleeves + 1, 2 * n_segments + 1
    return (
        [0.0] * uses,
        [0.0] * uses,
        [0.0] * uses,
        [0.0] * uses,
        [0.0] * pieces,
        [0.0] * pieces,
        [0] * pieces,
        [0] * pieces,
        [0] * pieces,
    )
