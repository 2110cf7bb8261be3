"""How far to trade, in integers only: the rule of `destination` for compiled accounts.

`destination` is exact on fractions, which machine code does not have. Here every amount is an
integer of some small part of a minor unit. Levelling divides by a count, so amounts are first
multiplied by it: what is returned says by how much, and nothing is ever rounded.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column


@kernel
def fill_cash_moves(n: int, values: Column, aims: Column, cash: int, goals: Column) -> int:
    """Where new cash goes (above zero), or where cash is raised (below): as `fill_from_cash`.

    Args:
        n: Number of sleeves.
        values, aims: What each is worth, and should be.
        cash: Cash to be placed, or to be raised, in the same unit.
        goals: Out: the values after, times what is returned.

    Returns:
        The factor by which `goals` are larger; 0 when more moves than the sleeves are away from
        their aims on that side, which is not decided here.
    """
    for i in range(n):
        goals[i] = values[i]
    if cash == 0:
        return 1
    side = -1 if cash > 0 else 1
    left = abs(cash)
    room = 0
    for i in range(n):
        room += max(side * (values[i] - aims[i]), 0)
    if left > room:
        return 0
    if left == room:
        for i in range(n):
            if side * (values[i] - aims[i]) > 0:
                goals[i] = aims[i]
        return 1
    return level_whole(n, goals, aims, side, left)


@kernel
def fill_whole_goals(
    n: int,
    values: Column,
    aims: Column,
    bands: Column,
    half: bool,
    within: bool,
    width: int,
    goals: Column,
) -> int:
    """What each sleeve should be worth after trading to `edge`, `half` or `within`.

    As `fill_goals`, exactly.

    Args:
        n: Number of sleeves.
        values, aims, bands: As there; bands are even numbers where `half` is asked for.
        half: Back to half the band.
        within: Back to `width`; a sleeve without a band is breached when it stands beyond it.
        width: The width named.
        goals: Out: the values after, times what is returned.

    Returns:
        The factor by which `goals` are larger.
    """
    net = 0
    for i in range(n):
        goals[i] = values[i]
        away = values[i] - aims[i]
        limit = bands[i] if bands[i] >= 0 else width
        if bands[i] < 0 and not within:
            continue
        if away == 0 or abs(away) < limit:
            continue
        back = bands[i]
        if half:
            back = back // 2
        elif within:
            back = width
        if away > back:
            goals[i] = aims[i] + back
        elif -away > back:
            goals[i] = aims[i] - back
        net += values[i] - goals[i]
    if net > 0:
        return level_whole(n, goals, aims, -1, net)
    if net < 0:
        return level_whole(n, goals, aims, 1, -net)
    return 1


@kernel
def level_whole(n: int, goals: Column, aims: Column, side: int, need: int) -> int:
    """Move `need` onto the sleeves of one side, the furthest first, down to a common distance.

    The distance is a fraction, `top / bottom`; all goals are multiplied by `bottom`.

    Returns:
        That factor.
    """
    top, bottom = 0, 1
    count = n + 1
    while True:
        total = 0
        further = 0
        for i in range(n):
            gap = side * (goals[i] - aims[i])
            if gap * bottom > top:
                total += gap
                further += 1
        if further >= count or further == 0:
            break
        count = further
        top, bottom = total - need, further
        if top < 0:
            top, bottom = 0, 1
    if top % bottom == 0:
        top, bottom = top // bottom, 1
    for i in range(n):
        if side * (goals[i] - aims[i]) * bottom > top:
            goals[i] = aims[i] * bottom + side * top
        else:
            goals[i] = goals[i] * bottom
    return bottom
