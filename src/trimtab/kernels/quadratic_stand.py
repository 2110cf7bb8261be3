"""The weights, gradient and multipliers of a programme where each name stands as marked."""

from __future__ import annotations

from trimtab.kernels.cholesky import backward, dot, factor, forward
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.quadratic import (
    AT_HELD,
    Answer,
    Problem,
    Work,
)
from trimtab.kernels.quadratic_marks import (
    mark_of,
    place_moved,
)


@kernel
def free_names(place: Column, n: int, out: Column) -> int:
    """Fill `out` with the names that stand between two marks, and return how many they are."""
    count = 0
    for i in range(n):
        if place[i] % 2 == 1:
            out[count] = i
            count += 1
    return count


@kernel
def lay_base(problem: Problem, place: Column, work: Work, n: int) -> None:
    """Fill `work.base` with the gradient of what stands at its marks."""
    for i in range(n):
        work.base[i] = problem.linear[i]
    for i in range(n):
        if place[i] % 2 == 0:
            add_row(problem.matrix[i], mark_of(problem, place[i], i), n, work.base)


@kernel
def move_base(problem: Problem, place: Column, way: int, i: int, work: Work, n: int) -> None:
    """Move a weight to the place next to its own, and keep `work.base` true."""
    if place[i] % 2 == 0:
        add_row(problem.matrix[i], -mark_of(problem, place[i], i), n, work.base)
    place[i] = place_moved(problem, place[i], way, i)
    if place[i] % 2 == 0:
        add_row(problem.matrix[i], mark_of(problem, place[i], i), n, work.base)


@kernel
def add_row(row: Column, times: float, n: int, total: Column) -> None:
    """Add a row, times a number, to `total`."""
    if times != 0.0:
        for b in range(n):
            total[b] += times * row[b]


@kernel
def stand(problem: Problem, answer: Answer, work: Work, n: int, m: int, count: int) -> bool:
    """Weights, multipliers and gradient where everybody stands as `place` and `row_place` say.

    `work.free` and `work.factor` are those of the `count` free names, `work.base` is what
    `lay_base` makes it. False where the free names cannot meet the rows that bind.
    """
    weights, gradient, step = answer.weights, answer.gradient, work.step
    for i in range(n):
        gradient[i] = work.base[i]
        if answer.place[i] % 2 == 0:
            weights[i] = mark_of(problem, answer.place[i], i)
    for a in range(count):
        i = work.free[a]
        step[a] = -gradient[i] - (problem.buy[i] if answer.place[i] > AT_HELD else -problem.sell[i])
    forward(work.factor, count, step)
    binding = rows_across(problem, answer, work, m, count)
    if binding < 0:
        return False
    for r in range(binding):
        j = work.binding[r]
        row = problem.rows[j]
        met = 0.0
        for i in range(n):
            if answer.place[i] % 2 == 0:
                met += row[i] * weights[i]
        limit = problem.row_high[j] if answer.row_place[j] > 0 else problem.row_low[j]
        work.by_row[r] = dot(work.across[r], step, count) - (limit - met)
    forward(work.between_factor, binding, work.by_row)
    backward(work.between_factor, binding, work.by_row)
    for j in range(m):
        answer.multipliers[j] = 0.0
    for r in range(binding):
        times = work.by_row[r]
        answer.multipliers[work.binding[r]] = times
        row = work.across[r]
        for a in range(count):
            step[a] -= times * row[a]
    backward(work.factor, count, step)
    for a in range(count):
        weights[work.free[a]] = step[a]
    add_rows(problem.matrix, work.free, step, count, n, gradient)
    for r in range(binding):
        row = problem.rows[work.binding[r]]
        times = work.by_row[r]
        for i in range(n):
            gradient[i] += times * row[i]
    return True


@kernel
def rows_across(problem: Problem, answer: Answer, work: Work, m: int, count: int) -> int:
    """What the factor makes of the rows that bind, and the factor of their products.

    Returns:
        How many bind; -1 where the free names do not tell them apart.
    """
    binding = 0
    for j in range(m):
        if answer.row_place[j] != 0:
            work.binding[binding] = j
            row = problem.rows[j]
            seen = work.across[binding]
            for a in range(count):
                seen[a] = row[work.free[a]]
            forward(work.factor, count, seen)
            binding += 1
    for r in range(binding):
        for s in range(binding):
            work.between[r][s] = dot(work.across[r], work.across[s], count)
    for r in range(binding):
        if not work.between[r][r] > 0.0:
            return -1
    if factor(work.between, work.in_turn, binding, work.between_factor) >= 0:
        return -1
    return binding


@kernel
def add_rows(
    matrix: Column, names: Column, times: Column, count: int, n: int, total: Column
) -> None:
    """Add to `total` the rows of `names`, each times its own; four at a time, to read it less."""
    whole = count - count % 4
    for a in range(0, whole, 4):
        one, two = matrix[names[a]], matrix[names[a + 1]]
        three, four = matrix[names[a + 2]], matrix[names[a + 3]]
        x1, x2, x3, x4 = times[a], times[a + 1], times[a + 2], times[a + 3]
        for b in range(n):
            total[b] += x1 * one[b] + x2 * two[b] + x3 * three[b] + x4 * four[b]
    for a in range(whole, count):
        one = matrix[names[a]]
        x1 = times[a]
        for b in range(n):
            total[b] += x1 * one[b]
