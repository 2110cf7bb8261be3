"""At most so many names, each of a smallest size: a quadratic programme with a choice of names.

    minimise  1/2 w' Q w + c' w  over a choice S of `least` to `most` names
    subject to  w = 0 outside S,  floor <= w <= high inside it,  and limits on sums of weights

`chosen` solves the programme of one choice. `branch` finds the best choice and proves it: a name is
taken in or left out, and a part of the tree is cut off where its programme without the count is no
better than the best choice known. Good choices to begin with are bred (see `breeding`).
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.programme import (
    ANEW,
    EVER,
    FROM_PLACES,
    HIGH,
    LOW,
    PLACE,
    SLOPE,
    STEP,
    WEIGHTS,
    Space,
    solved,
)
from trimtab.kernels.quadratic import ENDLESS, SOLVED

UNDECIDED, TAKEN, LEFT_OUT = range(3)

NOTHING = 1e-11
"""A weight below this is none."""


class Task(NamedTuple):
    """A programme with a choice of names.

    Args:
        matrix, linear: Shape (n, n) and (n,).
        floor, high: Of a name that is held, shape (n,), floor >= 0.
        must: Whether a name has to be held, shape (n,); at most `most` have to.
        rows, limits: As in `programme.solved`, shape (m, n) and (2, m).
        n, m: How many weights and rows.
        least, most: How many names may be held.
    """

    matrix: Column
    linear: Column
    floor: Column
    high: Column
    must: Column
    rows: Column
    limits: Column
    n: int
    m: int
    least: int
    most: int


class Small(NamedTuple):
    """Room for the programme of a choice: as its arguments, over `most` names."""

    matrix: Column
    linear: Column
    marks: Column
    rows: Column
    space: Space


class Tree(NamedTuple):
    """Parts of the tree that wait, the one to look at next behind all others.

    Args:
        state: UNDECIDED, TAKEN or LEFT_OUT by name, shape (depth, n).
        place: Where each weight stands, to begin from, shape (depth, n).
        bound: No choice in this part is better, shape (depth,).
    """

    state: Column
    place: Column
    bound: Column


class Best(NamedTuple):
    """The best choice so far.

    Args:
        names: Shape (most,); only the first `count[0]` count.
        weights: Theirs, shape (most,).
        count: Shape (1,).
        value: Shape (1,), ENDLESS where there is none.
    """

    names: Column
    weights: Column
    count: Column
    value: Column


@kernel
def chosen(task: Task, small: Small, names: Column, count: int) -> float:
    """The least objective with these names held; ENDLESS where they cannot meet the limits.

    `small.space` keeps weights and multipliers.
    """
    for a in range(count):
        i = names[a]
        source, row = task.matrix[i], small.matrix[a]
        for b in range(count):
            row[b] = source[names[b]]
        small.linear[a] = task.linear[i]
        small.marks[LOW][a] = task.floor[i]
        small.marks[1][a] = task.floor[i]
        small.marks[HIGH][a] = task.high[i]
    for j in range(task.m):
        for a in range(count):
            small.rows[j][a] = task.rows[j][names[a]]
    ended, value, _ = solved(
        small.matrix, small.linear, small.marks, small.rows, task.limits, small.space,
        count, task.m, ANEW, EVER, 0,
    )  # fmt: skip
    return value if ended == SOLVED else ENDLESS


@kernel
def remember(small: Small, best: Best, names: Column, count: int, value: float) -> bool:
    """Keep a choice that was just solved if it is the best one; whether it is."""
    if value >= best.value[0]:
        return False
    best.value[0] = value
    best.count[0] = count
    for a in range(count):
        best.names[a] = names[a]
        best.weights[a] = small.space.floats[WEIGHTS][a]
    return True


@kernel
def branch(
    task: Task, tree: Tree, wide: Space, marks: Column, small: Small, best: Best, names: Column,
    waiting: int, steps: int, enough: float,
) -> tuple[int, int]:  # fmt: skip
    """Look at parts of the tree until none waits, or `steps` were looked at.

    Args:
        task, tree, best: The question, what waits, and the best so far.
        wide, marks: Room for programmes over all names.
        small: Room for the programmes of choices.
        names: Room for a choice, shape (n,).
        waiting: How many parts wait.
        steps: How many to look at.
        enough: Parts that could be better by less than this are cut off.

    Returns:
        How many wait now, and how many were looked at.
    """
    n = task.n
    looked = 0
    while waiting > 0 and looked < steps:
        waiting -= 1
        state, place = tree.state[waiting], tree.place[waiting]
        if tree.bound[waiting] >= best.value[0] - enough:
            continue
        looked += 1
        taken, undecided = 0, 0
        for i in range(n):
            taken += 1 if state[i] == TAKEN else 0
            undecided += 1 if state[i] == UNDECIDED else 0
        if taken + undecided < task.least:
            continue
        if taken == task.most or undecided == 0:
            count = 0
            for i in range(n):
                if state[i] == TAKEN:
                    names[count] = i
                    count += 1
            value = chosen(task, small, names, count) if count > 0 else ENDLESS
            remember(small, best, names, count, value)
            continue
        begin = wide.integers[PLACE]
        for i in range(n):
            held = task.floor[i] if state[i] == TAKEN else 0.0
            marks[LOW][i], marks[1][i] = held, held
            marks[HIGH][i] = 0.0 if state[i] == LEFT_OUT else task.high[i]
            begin[i] = place[i]
        ended, value, gap = solved(
            task.matrix, task.linear, marks, task.rows, task.limits, wide, n, task.m,
            FROM_PLACES, EVER, 0,
        )  # fmt: skip
        if ended != SOLVED:
            continue
        bound = value - gap
        if task.least > taken:
            bound += _lay_off(task, wide, state, task.least - taken, best.value[0] - enough - bound)
        if bound >= best.value[0] - enough:
            continue
        weights, gradient = wide.floats[WEIGHTS], wide.floats[SLOPE]
        support, whole = taken, True
        largest, who = -ENDLESS, -1
        for i in range(n):
            if state[i] == UNDECIDED:
                if weights[i] > NOTHING:
                    support += 1
                    whole = whole and weights[i] >= task.floor[i] - NOTHING
                eager = weights[i] if weights[i] > NOTHING else -max(gradient[i], 0.0)
                if eager > largest:
                    largest, who = eager, i
        if who < 0:  # all others were left out: what is taken is looked at as a choice
            tree.bound[waiting] = bound
            waiting += 1
            continue
        if task.least <= support <= task.most and whole:
            count = 0
            for i in range(n):
                if state[i] == TAKEN or (state[i] == UNDECIDED and weights[i] > NOTHING):
                    names[count] = i
                    count += 1
            remember(small, best, names, count, chosen(task, small, names, count))
            continue
        _try_largest(task, small, best, state, weights, names)
        for i in range(n):
            tree.state[waiting + 1][i] = state[i]
            tree.place[waiting][i] = begin[i]
            tree.place[waiting + 1][i] = begin[i]
        tree.bound[waiting], tree.bound[waiting + 1] = bound, bound
        tree.state[waiting][who] = LEFT_OUT
        tree.state[waiting + 1][who] = TAKEN
        waiting += 2
    return waiting, looked


@kernel
def _lay_off(task: Task, wide: Space, state: Column, missing: int, room: float) -> float:
    """What names that are still missing cost at least; those that would cost `room` are left out.

    By the same duality as the bound of the programme, which leaves in `SLOPE` what a unit of each
    weight costs at its prices: each of the missing names has at least its smallest weight, and
    none cost less than those for which that costs least.
    """
    step, gradient = wide.floats[STEP], wide.floats[SLOPE]
    for i in range(task.n):
        step[i] = task.floor[i] * max(gradient[i], 0.0) if state[i] == UNDECIDED else ENDLESS
    total, last = 0.0, 0.0
    for _ in range(missing):
        least, who = ENDLESS, -1
        for i in range(task.n):
            if step[i] < least:
                least, who = step[i], i
        if who < 0:
            return ENDLESS
        step[who] = ENDLESS
        total += least
        last = least
    for i in range(task.n):
        # These are dearer than all that were counted: with one of them the last makes way for it.
        if step[i] < ENDLESS and total - last + step[i] >= room:
            state[i] = LEFT_OUT
    return total


@kernel
def _try_largest(
    task: Task, small: Small, best: Best, state: Column, weights: Column, names: Column
) -> None:
    """Try the choice of the largest weights: those that are taken, and as many others as may be."""
    count = 0
    for i in range(task.n):
        if state[i] == TAKEN:
            names[count] = i
            count += 1
    while count < task.most:
        largest, who = -1.0, -1
        for i in range(task.n):
            if state[i] == UNDECIDED and weights[i] > largest:
                already = False
                for a in range(count):
                    already = already or names[a] == i
                if not already:
                    largest, who = weights[i], i
        if who < 0 or (largest <= NOTHING and count >= task.least):
            break
        names[count] = who
        count += 1
    if count > 0:
        remember(small, best, names, count, chosen(task, small, names, count))
