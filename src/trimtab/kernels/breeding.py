"""Choices of names that have children: a genetic search for the best choice.

What two parents share stays, the rest is drawn (Chang et al. 2000); of a child the name that helps
least makes way for the one outside that asks most loudly, while that helps. `repair` brings any
weights within the limits, for searches by another fitness. Random numbers are arguments.
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.cardinality import NOTHING, Best, Small, Task, chosen, remember
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.programme import MULTIPLIERS, WEIGHTS
from trimtab.kernels.quadratic import ENDLESS

DRAWS = 8
"""Random numbers that a child takes besides one for each name."""


class Herd(NamedTuple):
    """Choices that have children.

    Args:
        names: Of each, sorted, shape (size, most).
        count: How many names each has, shape (size,); below zero where it is new: then less one.
        value: The objective of each, shape (size,).
        child: Room for one, shape (2 most + 1,).
        pool: Room for names to draw from, shape (n,).
    """

    names: Column
    count: Column
    value: Column
    child: Column
    pool: Column


@kernel
def breed(
    task: Task, herd: Herd, small: Small, best: Best, draws: Column, size: int, mutation: float
) -> int:
    """Let one child be born for each row of `draws`; it takes the place of a worse one.

    Args:
        task, herd, small, best: The question, the choices, room, and the best so far.
        draws: Uniform random numbers, shape (births, DRAWS + n).
        size: How many choices there are.
        mutation: How often a name of a child is exchanged for any other.

    Returns:
        How many children were better than the best before them.
    """
    better = 0
    for k in range(size):
        if herd.count[k] < 0:
            herd.count[k] = -1 - herd.count[k]
            herd.value[k] = chosen(task, small, herd.names[k], herd.count[k])
            remember(small, best, herd.names[k], herd.count[k], herd.value[k])
    for birth in range(len(draws)):
        draw = draws[birth]
        one = _tournament(herd, size, draw[0], draw[1])
        other = _tournament(herd, size, draw[2], draw[3])
        count = _crossed(task, herd, one, other, draw)
        if draw[4] < mutation:
            _mutate(task, herd, count, draw)
        value = chosen(task, small, herd.child, count)
        # A child of names that cannot meet the limits is not worth improving.
        for _ in range(task.most):
            if value >= ENDLESS or not _exchange(task, herd, small, count):
                break
            improved = chosen(task, small, herd.pool, count)
            if improved >= value - 1e-12 * abs(value):
                break
            value = improved
            for a in range(count):
                herd.child[a] = herd.pool[a]
        value = chosen(task, small, herd.child, count)
        better += 1 if remember(small, best, herd.child, count, value) else 0
        _settle_in(herd, size, count, value)
    return better


@kernel
def _tournament(herd: Herd, size: int, first: float, second: float) -> int:
    """The better of two drawn at random."""
    one, other = int(first * size), int(second * size)
    return one if herd.value[one] <= herd.value[other] else other


@kernel
def _crossed(task: Task, herd: Herd, one: int, other: int, draw: Column) -> int:
    """Fill `child` with what both parents have, then with what one has, then with any; its size."""
    child, pool = herd.child, herd.pool
    count, single = 0, 0
    for a in range(herd.count[one]):
        i = herd.names[one][a]
        shared = False
        for b in range(herd.count[other]):
            shared = shared or herd.names[other][b] == i
        if shared:
            child[count] = i
            count += 1
        else:
            pool[single] = i
            single += 1
    for b in range(herd.count[other]):
        i = herd.names[other][b]
        shared = False
        for a in range(count):
            shared = shared or child[a] == i
        if not shared:
            pool[single] = i
            single += 1
    wanted = min(max(herd.count[one], task.least), task.most)
    drawn = 0
    while count < wanted and single > 0:
        a = int(draw[DRAWS + drawn] * single)
        child[count] = pool[a]
        single -= 1
        pool[a] = pool[single]
        count += 1
        drawn += 1
    return filled(task, child, count, wanted, draw[5])


@kernel
def filled(task: Task, child: Column, count: int, wanted: int, draw: float) -> int:
    """Add names from a drawn one on, until there are enough."""
    at = int(draw * task.n)
    for step in range(task.n):
        if count >= wanted:
            break
        i = (at + step) % task.n
        already = task.high[i] <= 0.0 and task.floor[i] >= 0.0
        for a in range(count):
            already = already or child[a] == i
        if not already:
            child[count] = i
            count += 1
    return count


@kernel
def _mutate(task: Task, herd: Herd, count: int, draw: Column) -> None:
    """Exchange one name of the child for one that it does not have."""
    if count == 0:
        return
    child = herd.child
    place = int(draw[6] * count)
    if task.must[child[place]]:
        return
    child[place] = child[count - 1]
    filled(task, child, count - 1, count, draw[7])


@kernel
def _exchange(task: Task, herd: Herd, small: Small, count: int) -> bool:
    """Fill `pool` with the child, its least useful name exchanged for the loudest outside.

    `small.space` holds the solution of the child. False where nobody outside asks.
    """
    weights, multipliers = small.space.floats[WEIGHTS], small.space.row_floats[MULTIPLIERS]
    child = herd.child
    least, leaves = ENDLESS, -1
    for a in range(count):
        i = child[a]
        spare = weights[a] * weights[a] * task.matrix[i][i]
        if spare < least and not task.must[i]:
            least, leaves = spare, a
    loudest, comes = ENDLESS, -1
    for i in range(task.n):
        inside = task.high[i] <= 0.0
        for a in range(count):
            inside = inside or child[a] == i
        if inside:
            continue
        pull = task.linear[i]
        row = task.matrix[i]
        for a in range(count):
            pull += row[child[a]] * weights[a]
        for j in range(task.m):
            pull += multipliers[j] * task.rows[j][i]
        if pull < loudest:
            loudest, comes = pull, i
    if comes < 0 or leaves < 0 or loudest >= 0.0:
        return False
    for a in range(count):
        herd.pool[a] = child[a]
    herd.pool[leaves] = comes
    return True


@kernel
def _settle_in(herd: Herd, size: int, count: int, value: float) -> None:
    """Let the child take the place of the worst, unless it is worse still or there already."""
    child = herd.child
    for a in range(1, count):  # few names, all but sorted: by insertion
        i, b = child[a], a
        while b > 0 and child[b - 1] > i:
            child[b] = child[b - 1]
            b -= 1
        child[b] = i
    worst, who = -ENDLESS, -1
    for k in range(size):
        if herd.value[k] > worst:
            worst, who = herd.value[k], k
        if herd.value[k] == value and herd.count[k] == count:
            same = True
            for a in range(count):
                same = same and herd.names[k][a] == child[a]
            if same:
                return
    if value < worst:
        herd.value[who] = value
        herd.count[who] = count
        for a in range(count):
            herd.names[who][a] = child[a]


@kernel
def repair(
    task: Task, small: Small, wanted: Column, found: Column, is_met: Column, names: Column,
    draws: Column, count: int,
) -> None:  # fmt: skip
    """Bring wishes within the limits: of each the largest weights, moved as little as need be.

    Args:
        task: Its matrix is the unit matrix; its linear part is written over.
        small: Room for programmes.
        wanted: A wish a row, shape (count, n).
        found: Receives the weights, shape (count, n).
        is_met: Receives 1 where there are such weights, else 0, shape (count,).
        names: Room for a choice, shape (n,).
        draws: Uniform random numbers, shape (count,): where to begin where names are missing.
        count: How many wishes.
    """
    for k in range(count):
        wish = wanted[k]
        for i in range(task.n):
            task.linear[i] = -wish[i]
            found[k][i] = 0.0
        held = 0
        for i in range(task.n):
            if task.must[i]:
                names[held] = i
                held += 1
        while held < task.most:
            largest, who = NOTHING, -1
            for i in range(task.n):
                size = abs(wish[i])
                if size > largest and (task.high[i] > 0.0 or task.floor[i] < 0.0):
                    already = False
                    for a in range(held):
                        already = already or names[a] == i
                    if not already:
                        largest, who = size, i
            if who < 0:
                break
            names[held] = who
            held += 1
        held = filled(task, names, held, max(task.least, 1), draws[k])
        is_met[k] = 1 if chosen(task, small, names, held) < ENDLESS else 0
        for a in range(held):
            found[k][names[a]] = small.space.floats[WEIGHTS][a]
