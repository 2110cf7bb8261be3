"""How far to trade where inner sleeves have bands: the rule of `destination` on every level.

Everything is counted in gains here: what a sleeve's money changes by. Below zero it gives.

A leaf moves towards its target only, so the trades of a sleeve are never less than what it gains
or gives, and each unit that it gains beyond its *rest*, or less, is one unit more of trades. At
rest are a leaf that moved back as far as `to` says, or stays, and an inner sleeve all of whose
children are at rest, or that gains the least, or the most, that its own limits allow. So the point
of least turnover has every sleeve at rest, but for those of one side when what the rests gain does
not sum to nothing; and where a limit moves an inner sleeve, for those of one side in it.

Among such points squared deviations are least where all leaves that a side may move end at one
distance from their targets, the *level*, the furthest first, but for inner sleeves that a limit
stops before, or moves on: these have a level of their own. A sleeve's gain changes with its level
in one direction and in straight pieces, so limits of gains are limits of levels, from the smallest
sleeves up, and each is found exactly by halving the places where a piece may end.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import TO_TARGET, Column, Number, fill_back

# Rows of the work space by inner sleeve.
ALLOWED = 0  # how far from its target it may end; below zero for any distance
LEAST, MOST, REST = 1, 2, 3  # the gains that its limits allow, and the one of least turnover
SIDE = 4  # whether leaves above their targets give in it (1), or those below get (-1)
NEAR, FAR = 5, 6  # the levels between which it goes along with the sleeve that it is in
REACH = 7


@kernel
def fill_tree_goals(
    values: Column,
    aims: Column,
    bands: Column,
    branches: Column,
    reach: Column,
    to: int,
    width: Number,
    allowance: Number,
    goals: Column,
) -> None:
    """What each leaf should be worth after trading, when inner sleeves have bands as well.

    Args:
        values, aims, bands, to, width, allowance: As for `fill_goals`, by leaf.
        branches: Inner sleeves, each before those in it: which leaves are in it, ones and zeros,
            shape (b, n).
        reach: REACH rows of shape (b,): in ALLOWED how far each inner sleeve may end from its
            target; the others are work space.
        goals: Out, shape (n,), with the same sum.
    """
    if to == TO_TARGET:
        for i in range(len(values)):
            goals[i] = aims[i]
        return
    fill_back(values, aims, bands, to, width, allowance, goals)
    rest = _fill_rests(values, aims, branches, reach, allowance, goals)
    side = 1 if rest > 0 else -1
    furthest = 0 * rest
    for i in range(len(values)):
        furthest = max(furthest, abs(goals[i] - aims[i]))
    for b in range(len(branches)):
        # At the furthest level all in it are at rest; where a limit moved it, that is found below.
        reach[FAR][b] = -1 - 0 * furthest
        if reach[SIDE][b] == 0:
            reach[SIDE][b] = _side_around(b, side, branches, reach)
            reach[FAR][b] = furthest
    for b in range(len(branches) - 1, -1, -1):
        own, rest = reach[SIDE][b], reach[REST][b]
        end = reach[MOST][b] if _side_around(b, side, branches, reach) < 0 else reach[LEAST][b]
        if reach[FAR][b] < 0:
            reach[FAR][b] = _level_of(b, own, rest, furthest, values, aims, branches, reach, goals)
        reach[NEAR][b] = reach[FAR][b]
        if end != rest:
            reach[NEAR][b] = _level_of(b, own, end, furthest, values, aims, branches, reach, goals)
    level = _level_of(-1, side, 0 * rest, furthest, values, aims, branches, reach, goals)
    for i in range(len(values)):
        ends = level
        pulls = side
        for b in range(len(branches)):
            if branches[b][i]:
                ends = min(max(ends, reach[NEAR][b]), reach[FAR][b])
                pulls = reach[SIDE][b]
        if pulls * (goals[i] - aims[i]) > ends:
            goals[i] = aims[i] + pulls * ends


@kernel
def _fill_rests(
    values: Column,
    aims: Column,
    branches: Column,
    reach: Column,
    allowance: Number,
    goals: Column,
) -> Number:
    """What every sleeve may gain, and gains at rest: fills LEAST, MOST, REST; and SIDE where a
    limit moves it. Returns what all of them gain at rest."""
    inner = len(branches)
    rest = 0 * values[0]
    for b in range(inner):
        for row in (LEAST, MOST, REST, SIDE):
            reach[row][b] = 0 * rest
    for i in range(len(values)):
        gain = goals[i] - values[i]
        b = _inner_sleeve(i, inner, branches)
        if b < 0:
            rest += gain
        else:
            reach[REST][b] += gain
            reach[LEAST][b] += min(gain, aims[i] - values[i])
            reach[MOST][b] += max(gain, aims[i] - values[i])
    for b in range(inner - 1, -1, -1):
        _limit(b, values, aims, branches, reach, allowance)
        around = _around(b, branches)
        if around < 0:
            rest += reach[REST][b]
        else:
            for row in (LEAST, MOST, REST):
                reach[row][around] += reach[row][b]
    return rest


@kernel
def _limit(
    b: int, values: Column, aims: Column, branches: Column, reach: Column, allowance: Number
) -> None:
    """Where an inner sleeve's own limits leave it: LEAST, MOST, REST, and SIDE if they move it."""
    allowed = reach[ALLOWED][b]
    if allowed < 0:
        return
    away = 0 * allowed
    for i in range(len(values)):
        if branches[b][i]:
            away += values[i] - aims[i]
    gain = reach[REST][b]
    if gain > allowed - away:
        if gain > allowed - away + allowance:
            gain = allowed - away
            reach[SIDE][b] = 1
    elif gain < -allowed - away and gain < -allowed - away - allowance:
        gain = -allowed - away
        reach[SIDE][b] = -1
    reach[REST][b] = gain
    reach[MOST][b] = max(gain, min(reach[MOST][b], allowed - away))
    reach[LEAST][b] = min(gain, max(reach[LEAST][b], -allowed - away))


@kernel
def _inner_sleeve(i: int, before: int, branches: Column) -> int:
    """The smallest inner sleeve that a leaf is in, of those before one; -1 for none."""
    for b in range(before - 1, -1, -1):
        if branches[b][i]:
            return b
    return -1


@kernel
def _around(b: int, branches: Column) -> int:
    """The inner sleeve that another is in; -1 for none."""
    for i in range(len(branches[b])):
        if branches[b][i]:
            return _inner_sleeve(i, b, branches)
    return -1


@kernel
def _side_around(b: int, side: int, branches: Column, reach: Column) -> Number:
    """The side that moves in what an inner sleeve is in; `side` is that of the whole."""
    around = _around(b, branches)
    moves = side
    if around >= 0:
        moves = reach[SIDE][around]
    return moves


@kernel
def _level_of(
    sleeve: int,
    side: Number,
    wanted: Number,
    furthest: Number,
    values: Column,
    aims: Column,
    branches: Column,
    reach: Column,
    goals: Column,
) -> Number:
    """The level at which a sleeve gains what is wanted.

    The pieces between two levels are halved until the gain is straight there; every step leaves
    out one of them at least, so it ends.

    Args:
        sleeve: Which inner sleeve; -1 for the whole.
        side: Which of its leaves move.
        wanted: What it is to gain.
        furthest: No leaf is further from its target.
        values, aims, branches, reach: As for `fill_tree_goals`; NEAR, FAR and SIDE of the inner
            sleeves in it are filled.
        goals: What each leaf is worth at rest.
    """
    low, high = 0 * wanted, furthest
    at_low = _gain(sleeve, side, low, values, aims, branches, reach, goals)
    if side * (wanted - at_low) <= 0:
        return low
    at_high = _gain(sleeve, side, high, values, aims, branches, reach, goals)
    if side * (wanted - at_high) >= 0:
        return high
    ends = len(goals) + 2 * len(branches)
    while True:
        count = 0
        for k in range(ends):
            count += low < _piece_end(k, sleeve, side, aims, branches, reach, goals) < high
        if count == 0:
            break
        left = count // 2
        level = low
        for k in range(ends):
            end = _piece_end(k, sleeve, side, aims, branches, reach, goals)
            if low < end < high:
                if left == 0:
                    level = end
                    break
                left -= 1
        gain = _gain(sleeve, side, level, values, aims, branches, reach, goals)
        if side * (wanted - gain) >= 0:
            low, at_low = level, gain
        else:
            high, at_high = level, gain
    if at_low == wanted:
        return low
    return low + (high - low) * ((at_low - wanted) / (at_low - at_high))


@kernel
def _piece_end(
    k: int,
    sleeve: int,
    side: Number,
    aims: Column,
    branches: Column,
    reach: Column,
    goals: Column,
) -> Number:
    """A level at which a sleeve's gain may bend, one of so many; below zero for none."""
    n = len(goals)
    if k >= n:
        b = (k - n) // 2
        row = NEAR if (k - n) % 2 == 0 else FAR
        return reach[row][b] if b > sleeve else -1 - 0 * goals[0]
    if sleeve >= 0 and not branches[sleeve][k]:
        return -1 - 0 * goals[0]
    pulls = side
    for b in range(sleeve + 1, len(branches)):
        if branches[b][k]:
            pulls = reach[SIDE][b]
    return pulls * (goals[k] - aims[k])


@kernel
def _gain(
    sleeve: int,
    side: Number,
    level: Number,
    values: Column,
    aims: Column,
    branches: Column,
    reach: Column,
    goals: Column,
) -> Number:
    """What a sleeve gains at a level."""
    gain = 0 * level
    for i in range(len(goals)):
        if sleeve >= 0 and not branches[sleeve][i]:
            continue
        gain += goals[i] - values[i]
        ends = level
        pulls = side
        for b in range(sleeve + 1, len(branches)):
            if branches[b][i]:
                ends = min(max(ends, reach[NEAR][b]), reach[FAR][b])
                pulls = reach[SIDE][b]
        beyond = pulls * (goals[i] - aims[i]) - ends
        if beyond > 0:
            gain -= pulls * beyond
    return gain
