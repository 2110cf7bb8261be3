"""Who stands where, many at a time: a semismooth Newton method, which may come to no end."""

from __future__ import annotations

from trimtab.kernels.approach import approach, conjugate
from trimtab.kernels.cholesky import append, factor, gather, remove
from trimtab.kernels.compile import kernel
from trimtab.kernels.quadratic import (
    ABOVE_HELD,
    AT_HELD,
    AT_HIGH,
    AT_LOW,
    BELOW_HELD,
    ENDLESS,
    SINGULAR,
    SOLVED,
    SOLVED_UNFACTORED,
    UNSETTLED,
    WANTS_FACTOR,
    Answer,
    Problem,
    Work,
)
from trimtab.kernels.quadratic_marks import (
    asks_down,
    asks_loudly,
    asks_up,
    mark_of,
    place_moved,
    place_passed,
    way_out,
)
from trimtab.kernels.quadratic_stand import (
    free_names,
    lay_base,
    move_base,
    stand,
)

LOUDEST = 0.6
"""`settle` frees the names that ask at least this loudly, as a share of the loudest."""

MANY = 64
"""Where more are free than this, and than an eighth, they are not found from a corner."""

STEPS = 18
"""So many projected gradients tell nearly who is free where many are."""

DENSE, MANY_ROUNDS, MANY_STEPS = 200, 8, 60
"""Of more free names than this a factor is dearer than `settle_many`, so long as that is quick."""


@kernel
def settle(
    problem: Problem, answer: Answer, work: Work, n: int, m: int, rounds: int, most: int, ready: int
) -> int:
    """Find who stands where under the first row alone, beginning from `answer.place`.

    Args:
        problem, answer, work: What is asked, what is found, and space for it.
        n, m: How many weights and rows.
        rounds: After so many it stops.
        most: Of more free names the factor is left to the caller: `work.factor` then holds, in its
            upper half, the matrix whose factor is wanted there, over `work.free`.
        ready: How many names the caller's factor is of, to go on with; 0 to begin.

    Returns:
        SOLVED, with factor, weights and gradient as they should be; SOLVED_UNFACTORED, the same
        without a factor; SINGULAR; WANTS_FACTOR; or UNSETTLED: after `rounds`, or where the free
        names cannot meet the row.
    """
    place, turn = answer.place, work.turn
    for i in range(n):
        place[i] = place_moved(problem, place[i], 0, i)
    for j in range(m):
        answer.row_place[j] = 0
    answer.row_place[0] = 1
    lay_base(problem, place, work, n)
    count = ready if ready > 0 else -1
    approached = ready > 0
    for _ in range(rounds):
        if count < 0:
            count = free_names(place, n, work.free)
            if count > max(MANY, n // 8) and not approached:
                approached = True
                guess(problem, answer, work, n)
                count = free_names(place, n, work.free)
                if count > DENSE and settle_many(problem, answer, work, n, m):
                    return SOLVED_UNFACTORED
                lay_base(problem, place, work, n)
                count = free_names(place, n, work.free)
            if count > most:
                gather(problem.matrix, work.free, count, work.factor)
                return WANTS_FACTOR
            if factor(problem.matrix, work.free, count, work.factor) >= 0:
                return SINGULAR
        if not stand(problem, answer, work, n, m, count):
            return UNSETTLED
        passed = 0
        for a in range(count):
            i = work.free[a]
            turn[i] = place_passed(problem, place[i], answer.weights[i], i)
            passed += abs(turn[i])
        if passed == count:
            _keep_one_free(problem, answer, work, n, count)
        # Where many passed a mark, the gradient is not worth listening to.
        loudest = 0.0
        if 4 * passed <= count:
            for i in range(n):
                loudest = max(loudest, asks_loudly(problem, place[i], answer.gradient[i], i))
        least = max(LOUDEST * loudest, problem.quiet) if loudest > problem.quiet else ENDLESS
        changes = passed
        for i in range(n):
            if place[i] % 2 == 0:
                if passed < count:
                    turn[i] = 0
                if asks_loudly(problem, place[i], answer.gradient[i], i) >= least:
                    turn[i] = way_out(problem, place[i], answer.gradient[i], i)
                    changes += 1
        if changes == 0:
            return SOLVED
        if 8 * changes > count:
            for i in range(n):
                if turn[i] != 0:
                    move_base(problem, place, turn[i], i, work, n)
            count = -1
            continue
        for a in range(count - 1, -1, -1):
            if turn[work.free[a]] != 0:
                remove(work.free, count, a, work.factor)
                count -= 1
        for i in range(n):
            if turn[i] != 0:
                if place[i] % 2 == 0:
                    if not append(problem.matrix, work.free, count, i, work.factor, work.step):
                        return SINGULAR
                    count += 1
                move_base(problem, place, turn[i], i, work, n)
    return UNSETTLED


@kernel
def guess(problem: Problem, answer: Answer, work: Work, n: int) -> None:
    """Put everybody where a rough answer has them, unless it has nobody free."""
    weights, place = answer.weights, answer.place
    low, held, high = problem.low, problem.held, problem.high
    for i in range(n):
        weights[i] = 0.5 * (low[i] + high[i])
    marks, costs = (low, held, high), (problem.sell, problem.buy)
    room = (work.step, work.slope, work.base)
    row, limit = problem.rows[0], problem.row_high[0]
    approach(problem.matrix, problem.linear, marks, costs, row, limit, weights, room, n, STEPS)
    free = 0
    for i in range(n):
        weight = weights[i]
        if weight != low[i] and weight != held[i] and weight != high[i]:
            free += 1
    if free > 0:
        for i in range(n):
            weight = weights[i]
            if weight == held[i]:
                place[i] = AT_HELD
            elif weight < held[i]:
                place[i] = AT_LOW if weight == low[i] else BELOW_HELD
            else:
                place[i] = AT_HIGH if weight == high[i] else ABOVE_HELD


@kernel
def settle_many(problem: Problem, answer: Answer, work: Work, n: int, m: int) -> bool:
    """Settle from `answer.weights` and `answer.place` without a factor.

    Returns:
        Whether it came to its end; if not, `answer.place` is nearer to it, or as near.
    """
    place, turn, own = answer.place, work.turn, work.step
    row, limit = problem.rows[0], problem.row_high[0]
    room = (work.slope, work.base)
    for _ in range(MANY_ROUNDS):
        for i in range(n):
            turn[i] = place[i] % 2
            own[i] = problem.buy[i] if place[i] > AT_HELD else -problem.sell[i]
            if turn[i] == 0:
                answer.weights[i] = mark_of(problem, place[i], i)
        done, price = conjugate(
            problem.matrix, problem.linear, own, row, limit, turn, answer.weights, answer.gradient,
            room, n, MANY_STEPS, problem.quiet,
        )  # fmt: skip
        if not done:
            return False
        changes, free = 0, 0
        for i in range(n):
            if place[i] % 2 == 1:
                turn[i] = place_passed(problem, place[i], answer.weights[i], i)
                free += 1 - abs(turn[i])
            elif asks_loudly(problem, place[i], answer.gradient[i], i) > problem.quiet:
                turn[i] = way_out(problem, place[i], answer.gradient[i], i)
            else:
                turn[i] = 0
            changes += abs(turn[i])
        if changes == 0:
            for j in range(m):
                answer.multipliers[j] = 0.0
            answer.multipliers[0] = price
            return True
        if free == 0:
            return False
        for i in range(n):
            place[i] = place_moved(problem, place[i], turn[i], i)
    return False


@kernel
def _keep_one_free(problem: Problem, answer: Answer, work: Work, n: int, count: int) -> None:
    """Where every free weight passed a mark, somebody must stay free to meet the first row.

    Of several the one that passed by least stays. A single one changes places with the weight that
    makes up for it at the least cost.
    """
    place, turn = answer.place, work.turn
    for i in range(n):
        if place[i] % 2 == 0:
            turn[i] = 0
    if count > 1:
        least, who = ENDLESS, 0
        for a in range(count):
            i = work.free[a]
            by = abs(answer.weights[i] - mark_of(problem, place[i] + turn[i], i))
            if by < least:
                least, who = by, i
        turn[who] = 0
        return
    row = problem.rows[0]
    only = work.free[0]
    short = row[only] * turn[only]
    best, who = -ENDLESS, -1
    for i in range(n):
        if place[i] % 2 == 0 and row[i] != 0.0:
            if short * row[i] > 0.0:
                asked = asks_up(problem, place[i], answer.gradient[i], i) / abs(row[i])
            else:
                asked = asks_down(problem, place[i], answer.gradient[i], i) / abs(row[i])
            if asked > best:
                best, who = asked, i
    if who >= 0:
        turn[who] = 1 if short * row[who] > 0.0 else -1
