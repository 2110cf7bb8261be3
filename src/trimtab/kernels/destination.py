"""How far to trade: from what each sleeve is worth to what it should be worth afterwards.

One rule for plan, backtest and batch. Of all ways to bring every breached sleeve back within its
width, the one that trades least; among those, the one whose squared deviations are least. That
point needs no solver: breached sleeves move to their width and no further; what their sales and
purchases do not balance among themselves is taken on the other side from the furthest sleeves,
levelled down together, never past their targets. Where inner sleeves have bands too, see `tree`.

Everything here adds, compares and divides by counts only. So it runs on floats, interpreted or
compiled, and on fractions, interpreted, where it is exact. A width below zero means there is none.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from trimtab.kernels.compile import kernel

Column: TypeAlias = Any  # a list when interpreted, a numpy array when compiled
Number: TypeAlias = Any  # a float; interpreted also a Fraction

TO_TARGET = 0
TO_EDGE = 1
TO_HALF = 2
TO_WITHIN = 3
TO_CODES = {"target": TO_TARGET, "edge": TO_EDGE, "half": TO_HALF, "within": TO_WITHIN}


@kernel
def fill_bands(
    aims: Column, base: Number, absolute: Number, relative: Number, bands: Column
) -> None:
    """Each sleeve's band in the unit of `aims`: the narrower of the absolute and relative one.

    A relative band divides by the aim, so a sleeve whose aim is zero has none; of an aim below zero
    (a short position, a loan) its size counts.

    Args:
        aims: What each sleeve should be worth, shape (n,).
        base: What the aims sum to (1 where they are weights).
        absolute: Absolute width as a share of the base; below zero for none.
        relative: Relative width as a share of the sleeve's aim; below zero for none.
        bands: Out, shape (n,); below zero where a sleeve has no band.
    """
    for i in range(len(aims)):
        wide = absolute * base
        if absolute < 0:
            wide = absolute
        if relative >= 0 and aims[i] != 0:
            near = relative * aims[i]
            if near < 0:
                near = -near
            if absolute < 0 or near < wide:
                wide = near
        bands[i] = wide


@kernel
def breached(value: Number, aim: Number, width: Number, allowance: Number) -> bool:
    """Whether a sleeve stands at or beyond its width; never when it stands on its aim.

    Args:
        value: What the sleeve is worth.
        aim: What it should be worth.
        width: Its width in the same unit; below zero for none.
        allowance: How much nearer counts as at the width (0 where numbers are exact).
    """
    away = value - aim
    if away < 0:
        away = -away
    return bool(width >= 0 and away > allowance and away >= width - allowance)


@kernel
def fill_goals(
    values: Column,
    aims: Column,
    bands: Column,
    to: int,
    width: Number,
    allowance: Number,
    goals: Column,
) -> None:
    """What each sleeve should be worth after trading.

    Args:
        values: What each sleeve is worth, shape (n,).
        aims: What it should be worth, shape (n,), with the same sum.
        bands: Its band, shape (n,), below zero for none; as `fill_bands` gives them.
        to: TO_TARGET, TO_EDGE, TO_HALF or TO_WITHIN.
        width: For TO_WITHIN: the width named, in the unit of `aims`. Sleeves without a band are
            breached when they stand beyond it.
        allowance: As for `breached`.
        goals: Out, shape (n,), with the same sum.
    """
    if to == TO_TARGET:
        for i in range(len(values)):
            goals[i] = aims[i]
        return
    net = fill_back(values, aims, bands, to, width, allowance, goals)
    if net > 0:
        level_furthest(len(values), goals, aims, -1, net)
    elif net < 0:
        level_furthest(len(values), goals, aims, 1, -net)


@kernel
def fill_back(
    values: Column,
    aims: Column,
    bands: Column,
    to: int,
    width: Number,
    allowance: Number,
    goals: Column,
) -> Number:
    """Breached sleeves back at their widths and no further, and the others where they are.

    Args:
        values, aims, bands, to, width, allowance: As for `fill_goals`; not TO_TARGET.
        goals: Out, shape (n,).

    Returns:
        How much more the breached sleeves sell than they buy on their way.
    """
    net = 0 * values[0]
    for i in range(len(values)):
        goals[i] = values[i]
        if bands[i] >= 0:
            out = breached(values[i], aims[i], bands[i], allowance)
        else:
            out = to == TO_WITHIN and breached(values[i], aims[i], width, allowance)
        if not out:
            continue
        back = bands[i]
        if to == TO_HALF:
            back = back / 2
        elif to == TO_WITHIN:
            back = width
        if values[i] - aims[i] > back:
            goals[i] = aims[i] + back
        elif aims[i] - values[i] > back:
            goals[i] = aims[i] - back
        net += values[i] - goals[i]
    return net


@kernel
def fill_from_cash(values: Column, aims: Column, cash: Number, goals: Column) -> Number:
    """Where new cash goes, or where a withdrawal comes from, without any other trade.

    New cash goes to the most underweight first, so that the largest shortfalls end equal; what is
    left when all stand at their aims is spread in proportion to the aims. A withdrawal is the
    same rule mirrored: from the most overweight first, then in proportion to the aims, and never
    more from a sleeve than it is worth.

    Args:
        values: What each sleeve is worth, shape (n,), not below zero.
        aims: What it should be worth once the cash is in or out, shape (n,), not below zero.
        cash: New cash if above zero, a withdrawal if below.
        goals: Out, shape (n,): the values after.

    Returns:
        The cash that found no place: all of what is left over when no sleeve has an aim, or a
        withdrawal beyond what is there.
    """
    side = -1 if cash > 0 else 1
    left = cash if cash > 0 else -cash
    room = 0 * left
    for i in range(len(values)):
        goals[i] = values[i]
        gap = side * (values[i] - aims[i])
        if gap > 0:
            room += gap
    if left <= 0:
        return left
    if left < room:
        level_furthest(len(values), goals, aims, side, left)
        return 0 * left
    for i in range(len(values)):
        if side * (values[i] - aims[i]) > 0:
            goals[i] = aims[i]
    left -= room
    # In proportion to the aims; sleeves that would fall below zero give what they have, and the
    # others share the rest, until nobody would.
    while left > 0:
        total = 0 * left
        for i in range(len(values)):
            if side < 0 or goals[i] > 0:
                total += aims[i]
        if total <= 0:
            break
        share = left / total
        emptied = False
        for i in range(len(values)):
            if side > 0 and goals[i] > 0 and goals[i] <= share * aims[i]:
                left -= goals[i]
                goals[i] = 0 * goals[i]
                emptied = True
        if not emptied:
            for i in range(len(values)):
                if side < 0 or goals[i] > 0:
                    goals[i] -= side * (share * aims[i])
            left = 0 * left
    return -side * left


@kernel
def level_furthest(n: int, goals: Column, aims: Column, side: int, need: Number) -> None:
    """Move `need` onto the sleeves of one side: the furthest first, down to a common distance.

    Side 1 takes from those above their aims, side -1 gives to those below. The common distance
    solves sum over the furthest of (distance - level) = need; it is found by dropping those that
    stand nearer than it, until none does (Michelot 1986, on the projection onto a simplex).
    """
    level = 0 * need
    count = n + 1
    while True:
        total = 0 * need
        further = 0
        for i in range(n):
            gap = side * (goals[i] - aims[i])
            if gap > level:
                total += gap
                further += 1
        # Fewer each time but for rounding, which must not make it turn in circles.
        if further >= count or further == 0:
            break
        count = further
        level = (total - need) / further
        if level < 0:  # only by rounding: the other side is always far enough out
            level = 0 * need
    for i in range(n):
        if side * (goals[i] - aims[i]) > level:
            goals[i] = aims[i] + side * level
