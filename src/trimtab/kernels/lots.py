"""One account's trade problem with tax lots, walked exactly: segments merged by slope.

The problem (DESIGN, trade): minimise

    drift_price x sum |value - goal| + trading cost + tax_weight x tax

over what is sold of each segment (a lot, or a part of one) and what is bought for each sleeve,
where the cash that is left counts as a sleeve too and may not fall below its floor. Everything is
linear but for the absolute values, and only cash couples the sleeves, so the optimum is found by
selling the segment that raises cash most cheaply for the use that gains most from it, until no
pair gains. All amounts are money; fees and tax are per unit of money sold or bought.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel

TIE = 1e-12
"""Slopes nearer than this are the same slope."""


@kernel
def stable_order(keys, size, order, scratch):  # type: ignore[no-untyped-def]
    """Fill `order[:size]` with the positions of `keys` in ascending order; ties keep their order.

    A merge sort from the bottom up: stable, the same interpreted and compiled. `scratch` is work
    space of the same length.
    """
    for i in range(size):
        order[i] = i
    # Runs of eight by insertion, which is quicker than merging such short ones.
    for start in range(0, size, 8):
        stop = min(start + 8, size)
        for i in range(start + 1, stop):
            item = order[i]
            key = keys[item]
            j = i - 1
            while j >= start and keys[order[j]] > key:
                order[j + 1] = order[j]
                j -= 1
            order[j + 1] = item
    width = 8
    while width < size:
        for left in range(0, size, 2 * width):
            middle = min(left + width, size)
            right = min(left + 2 * width, size)
            i = left
            j = middle
            for out in range(left, right):
                if i < middle and (j >= right or keys[order[i]] <= keys[order[j]]):
                    scratch[out] = order[i]
                    i += 1
                else:
                    scratch[out] = order[j]
                    j += 1
        for i in range(size):
            order[i] = scratch[i]
        width *= 2


@kernel
def water_fill(needs, size, supply, given, order):  # type: ignore[no-untyped-def]
    """Share `supply` so that the largest needs that remain are as small and as equal as can be.

    Args:
        needs: How much each place wants, >= 0.
        size: Number of places.
        supply: How much there is, at most the sum of the needs.
        given: Out: the share of each place.
        order: Work space, integers.
    """
    for i in range(size):
        item = i
        j = i - 1
        while j >= 0 and needs[order[j]] < needs[item]:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = item
    # `level` is what the served places still want at the end: it sinks as more are served.
    total = 0.0
    level = 0.0
    for i in range(size):
        total += needs[order[i]]
        level = max((total - supply) / (i + 1), 0.0)
        if i + 1 < size and level >= needs[order[i + 1]]:
            break
    for i in range(size):
        given[i] = max(needs[i] - level, 0.0)


@kernel
def walk(  # type: ignore[no-untyped-def]
    n_sleeves,
    value,
    goal,
    buy_fee,
    buy_room,
    n_segments,
    segment_sleeve,
    segment_amount,
    segment_fee,
    segment_tax,
    cash,
    cash_goal,
    cash_floor,
    drift_price,
    tax_weight,
    sold,
    bought,
    prices,
    amounts,
    owner,
    order,
    scratch,
    need,
    share,
    user,
):
    """Solve one account's trade problem; fills `sold` by segment and `bought` by sleeve.

    Args:
        n_sleeves: Number of sleeves.
        value: Money in each sleeve now.
        goal: Money wanted in each sleeve.
        buy_fee: Trading cost per unit of money bought, by sleeve.
        buy_room: The most money that may be bought, by sleeve; 0 where nothing may be.
        n_segments: Number of segments.
        segment_sleeve: Which sleeve each segment lies in.
        segment_amount: The money each segment is worth.
        segment_fee: Trading cost per unit of money sold; one figure for all segments of a sleeve.
        segment_tax: Tax per unit of money sold, >= 0.
        cash: Cash now.
        cash_goal: Cash wanted.
        cash_floor: Cash at least; met as far as selling everything can.
        drift_price: Cost of one unit of deviation left, > 0.
        tax_weight: Weight of tax in the objective.
        sold: Out: money sold of each segment, before fees.
        bought: Out: money bought for each sleeve, before fees.
        prices, amounts: Work space, floats, at least 2 x n_segments + n_sleeves + 4 places.
        owner, order, scratch: Work space, integers, as many places.
        need, share: Work space, floats, n_sleeves + 1 places.
        user: Work space, integers, n_sleeves + 1 places.

    Returns:
        The cash that is left.
    """
    # A segment that would cross its sleeve's goal counts as two pieces: towards the goal selling
    # takes deviation away, past it selling adds some. The cheapest tax is sold first.
    stable_order(segment_tax, n_segments, order, scratch)
    for s in range(n_sleeves):
        bought[s] = max(value[s] - goal[s], 0.0)
    n = 0
    for i in range(n_segments):
        k = order[i]
        s = segment_sleeve[k]
        toward = min(segment_amount[k], bought[s])
        bought[s] -= toward
        sold[k] = toward
    for k in range(n_segments):
        raised = 1.0 - segment_fee[k]
        cost = segment_fee[k] + tax_weight * segment_tax[k]
        if sold[k] > 0.0:
            prices[n] = (cost - drift_price) / raised
            amounts[n] = sold[k] * raised
            owner[n] = k
            n += 1
        past = segment_amount[k] - sold[k]
        if past > 0.0:
            prices[n] = (cost + drift_price) / raised
            amounts[n] = past * raised
            owner[n] = k
            n += 1
    # Cash is a source too: what lies above its goal, and below that what lies above its floor.
    idle = cash - max(cash_goal, cash_floor)
    if idle > 0.0:
        prices[n] = -drift_price
        amounts[n] = idle
        owner[n] = -1
        n += 1
    reserve = min(cash, cash_goal) - cash_floor
    if reserve > 0.0:
        prices[n] = drift_price
        amounts[n] = reserve
        owner[n] = -1
        n += 1
    n_sources = n
    stable_order(prices, n_sources, order, scratch)

    # The uses are few, so each round looks for those that gain most: they share what there is,
    # the furthest behind first. A user is a sleeve, or -1 for cash.
    for k in range(n_segments):
        sold[k] = 0.0
    for s in range(n_sleeves):
        bought[s] = -1.0 if buy_room[s] > 0.0 and goal[s] > value[s] else 0.0
    deficit = max(cash_floor - cash, 0.0)
    wished = max(cash_goal - max(cash, cash_floor), 0.0)
    left = cash
    source = 0
    while True:
        best = -1.0e300
        if deficit > 0.0:
            best = 1.0e300
        else:
            if wished > 0.0:
                best = drift_price
            for s in range(n_sleeves):
                if bought[s] < 0.0:
                    best = max(best, (drift_price - buy_fee[s]) / (1.0 + buy_fee[s]))
        if best < -1.0e299:
            break
        group = 0
        want = 0.0
        if deficit > 0.0:
            user[0] = -1
            need[0] = deficit
            want = deficit
            group = 1
            deficit = 0.0
        else:
            if wished > 0.0 and drift_price >= best - TIE:
                user[0] = -1
                need[0] = wished
                want = wished
                group = 1
                wished = 0.0
            for s in range(n_sleeves):
                if bought[s] < 0.0:
                    gain = (drift_price - buy_fee[s]) / (1.0 + buy_fee[s])
                    if gain >= best - TIE:
                        user[group] = s
                        need[group] = min(goal[s] - value[s], buy_room[s]) * (1.0 + buy_fee[s])
                        want += need[group]
                        group += 1
        got = 0.0
        while got < want and source < n_sources:
            piece = order[source]
            if best - prices[piece] <= TIE:
                break
            take = amounts[piece]
            if take > want - got:
                take = want - got
                amounts[piece] -= take
                got = want
            else:
                got += take
                source += 1
            k = owner[piece]
            if k >= 0:
                sold[k] += take / (1.0 - segment_fee[k])
                left += take
        # A need that can be met in full is met to the last bit.
        if got < want:
            water_fill(need, group, got, share, scratch)
        else:
            for i in range(group):
                share[i] = need[i]
        for i in range(group):
            s = user[i]
            if s >= 0:
                bought[s] = share[i] / (1.0 + buy_fee[s])
                left -= share[i]
    return left


def workspace(n_sleeves: int, n_segments: int) -> tuple[list[float] | list[int], ...]:
    """Work space of lists for one interpreted `walk`, in the order of its last parameters."""
    pieces = 2 * n_segments + n_sleeves + 4
    return (
        [0.0] * pieces,
        [0.0] * pieces,
        [0] * pieces,
        [0] * pieces,
        [0] * pieces,
        [0.0] * (n_sleeves + 1),
        [0.0] * (n_sleeves + 1),
        [0] * (n_sleeves + 1),
    )
