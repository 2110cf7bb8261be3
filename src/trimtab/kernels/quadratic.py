"""The quadratic programme of portfolio choice, solved exactly by working out who is held.

    minimise  1/2 w' Q w + c' w + the cost of moving each weight away from what is held
    subject to  low <= w <= high,  row_low <= A w <= row_high

The cost is `sell` for each unit below `held` and `buy` for each unit above. The first row is an
equality (the budget). Q is positive definite.

Each weight stands at one of three marks (low, held, high) or freely between two of them. Once it
is known who stands where and which rows bind, the weights follow from linear equations among the
free ones. So the work grows with how many are free, not with how many there are.

`settle` finds who stands where many at a time: it begins with few free names, frees those whose
gradient asks most loudly, and fixes those that passed a mark (a semismooth Newton method). It looks
at the first row only, and may come to no end. `enforce` takes one step at a time and always ends
(the dual method of Goldfarb and Idnani 1983, with marks that cost): it takes the most violated
mark or row, and follows the optimum while its multiplier grows, until it holds. Where none can, the
rows and marks that contradict each other are left in `blame`.
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.approach import approach, conjugate
from trimtab.kernels.cholesky import append, backward, dot, factor, forward, gather, remove
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column

# Where a weight stands. Even places are marks, odd ones lie between two of them.
AT_LOW, BELOW_HELD, AT_HELD, ABOVE_HELD, AT_HIGH = range(5)

# How a search ended.
SOLVED, SINGULAR, UNSETTLED, INFEASIBLE, TOO_LONG, WANTS_FACTOR, SOLVED_UNFACTORED = range(7)

LOUDEST = 0.6
"""`settle` frees the names that ask at least this loudly, as a share of the loudest."""

MANY = 64
"""Where more are free than this, and than an eighth, they are not found from a corner."""

STEPS = 18
"""So many projected gradients tell nearly who is free where many are."""

DENSE, MANY_ROUNDS, MANY_STEPS = 200, 8, 60
"""Of more free names than this a factor is dearer than `settle_many`, so long as that is quick."""

SLACK = 1e-12
"""A weight, or a row, may be so far beyond its limit."""

ENDLESS = 1e30


class Problem(NamedTuple):
    """A programme over n weights and m rows.

    Args:
        matrix: Q, shape (n, n), symmetric, both halves filled.
        linear: c, shape (n,).
        low, held, high: The marks, low <= held <= high. Where moving costs nothing, held is low.
        sell: Cost of a unit below held, >= 0, shape (n,).
        buy: Cost of a unit above held, >= 0, shape (n,).
        rows: A, shape (m, n), m >= 1.
        row_low, row_high: Limits of the rows, shape (m,); those of the first are equal.
        quiet: Gradients that ask for no more than this are taken for zero.
    """

    matrix: Column
    linear: Column
    low: Column
    held: Column
    high: Column
    sell: Column
    buy: Column
    rows: Column
    row_low: Column
    row_high: Column
    quiet: float


class Answer(NamedTuple):
    """What a search leaves.

    Args:
        weights: Shape (n,).
        place: AT_LOW to AT_HIGH by weight, shape (n,). In: where to begin.
        gradient: Q w + c + A' multipliers, shape (n,).
        row_place: -1 where a row binds at its low limit, 1 at its high one, 0 where it does not
            bind, shape (m,). In for `enforce`: where to begin.
        multipliers: By row, shape (m,).
        blame: 1 for weights, then rows, that contradict each other; shape (n + m,).
    """

    weights: Column
    place: Column
    gradient: Column
    row_place: Column
    multipliers: Column
    blame: Column


class Work(NamedTuple):
    """Space to work in: integers in `free`, `turn`, `binding` and `in_turn`, floats elsewhere.

    Args:
        free: The free names, in the order of the factor, shape (n,).
        turn: Which way each weight is to move, shape (n,).
        factor: Of Q over the free names, shape (n, n).
        step, slope, base: Shape (n,).
        binding: The rows that bind, shape (m,).
        in_turn: 0, 1, 2 ..., shape (m,).
        across: Of each binding row what the factor makes of it, shape (m, n).
        between, between_factor: The products of those rows, and their factor, shape (m, m).
        by_row: Shape (m,).
    """

    free: Column
    turn: Column
    factor: Column
    step: Column
    slope: Column
    base: Column
    binding: Column
    in_turn: Column
    across: Column
    between: Column
    between_factor: Column
    by_row: Column


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
        place[i] = _moved(problem, place[i], 0, i)
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
            turn[i] = _passed(problem, place[i], answer.weights[i], i)
            passed += abs(turn[i])
        if passed == count:
            _keep_one_free(problem, answer, work, n, count)
        # Where many passed a mark, the gradient is not worth listening to.
        loudest = 0.0
        if 4 * passed <= count:
            for i in range(n):
                loudest = max(loudest, _asks(problem, place[i], answer.gradient[i], i))
        least = max(LOUDEST * loudest, problem.quiet) if loudest > problem.quiet else ENDLESS
        changes = passed
        for i in range(n):
            if place[i] % 2 == 0:
                if passed < count:
                    turn[i] = 0
                if _asks(problem, place[i], answer.gradient[i], i) >= least:
                    turn[i] = _way_out(problem, place[i], answer.gradient[i], i)
                    changes += 1
        if changes == 0:
            return SOLVED
        if 8 * changes > count:
            for i in range(n):
                if turn[i] != 0:
                    _move(problem, place, turn[i], i, work, n)
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
                _move(problem, place, turn[i], i, work, n)
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
                answer.weights[i] = _mark(problem, place[i], i)
        done, price = conjugate(
            problem.matrix, problem.linear, own, row, limit, turn, answer.weights, answer.gradient,
            room, n, MANY_STEPS, problem.quiet,
        )  # fmt: skip
        if not done:
            return False
        changes, free = 0, 0
        for i in range(n):
            if place[i] % 2 == 1:
                turn[i] = _passed(problem, place[i], answer.weights[i], i)
                free += 1 - abs(turn[i])
            elif _asks(problem, place[i], answer.gradient[i], i) > problem.quiet:
                turn[i] = _way_out(problem, place[i], answer.gradient[i], i)
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
            place[i] = _moved(problem, place[i], turn[i], i)
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
            by = abs(answer.weights[i] - _mark(problem, place[i] + turn[i], i))
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
                asked = _asks_up(problem, place[i], answer.gradient[i], i) / abs(row[i])
            else:
                asked = _asks_down(problem, place[i], answer.gradient[i], i) / abs(row[i])
            if asked > best:
                best, who = asked, i
    if who >= 0:
        turn[who] = 1 if short * row[who] > 0.0 else -1


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
            _add_row(problem.matrix[i], _mark(problem, place[i], i), n, work.base)


@kernel
def _move(problem: Problem, place: Column, way: int, i: int, work: Work, n: int) -> None:
    """Move a weight to the place next to its own, and keep `work.base` true."""
    if place[i] % 2 == 0:
        _add_row(problem.matrix[i], -_mark(problem, place[i], i), n, work.base)
    place[i] = _moved(problem, place[i], way, i)
    if place[i] % 2 == 0:
        _add_row(problem.matrix[i], _mark(problem, place[i], i), n, work.base)


@kernel
def _add_row(row: Column, times: float, n: int, total: Column) -> None:
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
            weights[i] = _mark(problem, answer.place[i], i)
    for a in range(count):
        i = work.free[a]
        step[a] = -gradient[i] - (problem.buy[i] if answer.place[i] > AT_HELD else -problem.sell[i])
    forward(work.factor, count, step)
    binding = _rows_across(problem, answer, work, m, count)
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
def _rows_across(problem: Problem, answer: Answer, work: Work, m: int, count: int) -> int:
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


@kernel
def _mark(problem: Problem, place: int, i: int) -> float:
    """The weight at a mark."""
    if place == AT_LOW:
        return float(problem.low[i])
    return float(problem.held[i] if place == AT_HELD else problem.high[i])


@kernel
def _moved(problem: Problem, place: int, way: int, i: int) -> int:
    """The place next to this one; marks that are one are called AT_HELD."""
    at = place + way
    if (at == AT_LOW and problem.held[i] == problem.low[i]) or (
        at == AT_HIGH and problem.held[i] == problem.high[i]
    ):
        return AT_HELD
    return at


@kernel
def _passed(problem: Problem, place: int, weight: float, i: int) -> int:
    """Which mark a free weight has passed: -1 the one below it, 1 the one above, 0 none."""
    if weight < _mark(problem, place - 1, i) - SLACK:
        return -1
    if weight > _mark(problem, place + 1, i) + SLACK:
        return 1
    return 0


@kernel
def _asks_up(problem: Problem, place: int, gradient: float, i: int) -> float:
    """By how much the objective falls with a unit more of a weight that stands at a mark."""
    if place == AT_LOW and problem.held[i] > problem.low[i]:
        return float(problem.sell[i] - gradient)
    if place == AT_HELD and problem.high[i] > problem.held[i]:
        return float(-problem.buy[i] - gradient)
    return -ENDLESS


@kernel
def _asks_down(problem: Problem, place: int, gradient: float, i: int) -> float:
    """By how much the objective falls with a unit less of a weight that stands at a mark."""
    if place == AT_HELD and problem.held[i] > problem.low[i]:
        return float(gradient - problem.sell[i])
    if place == AT_HIGH and problem.high[i] > problem.held[i]:
        return float(gradient + problem.buy[i])
    return -ENDLESS


@kernel
def _asks(problem: Problem, place: int, gradient: float, i: int) -> float:
    """How much a weight at a mark would gain by a unit's move, whichever way is better."""
    if place % 2 == 1:
        return -ENDLESS
    return max(_asks_up(problem, place, gradient, i), _asks_down(problem, place, gradient, i))


@kernel
def _way_out(problem: Problem, place: int, gradient: float, i: int) -> int:
    """Which way a weight at a mark gains by moving: 1 or -1."""
    up = _asks_up(problem, place, gradient, i)
    return 1 if up >= _asks_down(problem, place, gradient, i) else -1


@kernel
def enforce(
    problem: Problem,
    answer: Answer,
    work: Work,
    n: int,
    m: int,
    longest: int,
    most: int,
    ready: int,
) -> int:
    """Make every mark and row hold, one at a time, from an optimum without some of them.

    `answer.place` and `answer.row_place` say where to begin: where nothing that binds would gain by
    letting go. `settle` leaves it so; so do all names free and no row binding.

    Args:
        problem, answer, work: What is asked, what is found, and space for it.
        n, m: How many weights and rows.
        longest: How many steps it may take.
        most: As for `settle`.
        ready: How many names `work.free` and `work.factor` are of; 0 where they are not yet.

    Returns:
        SOLVED, SINGULAR, WANTS_FACTOR, TOO_LONG, or INFEASIBLE, with `answer.blame`.
    """
    count = ready
    if count == 0:
        count = free_names(answer.place, n, work.free)
        if count > most:
            gather(problem.matrix, work.free, count, work.factor)
            return WANTS_FACTOR
        if factor(problem.matrix, work.free, count, work.factor) >= 0:
            return SINGULAR
    lay_base(problem, answer.place, work, n)
    if not stand(problem, answer, work, n, m, count):
        return SINGULAR
    steps = 0
    while True:
        worst, side, excess = _worst(problem, answer, work, n, m, count)
        if side == 0:
            return SOLVED
        pushed = 0.0
        while True:
            steps += 1
            if steps > longest:
                return TOO_LONG
            binding = _rows_across(problem, answer, work, m, count)
            if binding < 0:
                return SINGULAR
            speed = _direction(problem, work, n, count, binding, worst, side)
            until = excess / speed if speed > 0.0 else ENDLESS
            who, until_lets_go = _first_to_let_go(problem, answer, work, n, binding)
            through = _until_through(problem, answer.place[worst] if worst < n else 0, worst, side)
            through -= pushed
            length = min(until, until_lets_go, through)
            if length >= ENDLESS:
                _lay_blame(problem, answer, work, n, m, binding, worst)
                return INFEASIBLE
            for a in range(count):
                answer.weights[work.free[a]] += length * work.step[a]
            for i in range(n):
                answer.gradient[i] += length * work.slope[i]
            for r in range(binding):
                answer.multipliers[work.binding[r]] += length * work.by_row[r]
            pushed += length
            excess -= length * speed
            if length == until_lets_go and length < until and length < through:
                if who >= n:
                    j = who - n
                    answer.row_place[j] = 0
                    answer.multipliers[j] = 0.0
                    continue
                up = work.slope[who] < 0.0
                answer.place[who] += 1 if up else -1
                if not append(problem.matrix, work.free, count, who, work.factor, work.step):
                    return SINGULAR
                count += 1
                continue
            if worst >= n:
                answer.row_place[worst - n] = side
                answer.multipliers[worst - n] = side * pushed
            elif through <= until:
                answer.place[worst] += 2 * side
            else:
                answer.place[worst] = _moved(problem, answer.place[worst], side, worst)
                for a in range(count - 1, -1, -1):
                    if work.free[a] == worst:
                        remove(work.free, count, a, work.factor)
                count -= 1
                answer.weights[worst] = _mark(problem, answer.place[worst], worst)
            break


@kernel
def _worst(
    problem: Problem, answer: Answer, work: Work, n: int, m: int, count: int
) -> tuple[int, int, float]:
    """The free weight, or the row (counted from n on), that is furthest beyond its limit.

    Returns:
        Which, on which side (1 above, -1 below, 0 for none at all), and by how much.
    """
    worst, side, excess = 0, 0, SLACK
    for a in range(count):
        i = work.free[a]
        weight = answer.weights[i]
        below = _mark(problem, answer.place[i] - 1, i) - weight
        above = weight - _mark(problem, answer.place[i] + 1, i)
        if below > excess:
            worst, side, excess = i, -1, below
        if above > excess:
            worst, side, excess = i, 1, above
    for j in range(m):
        if answer.row_place[j] == 0:
            met = dot(problem.rows[j], answer.weights, n)
            if problem.row_low[j] - met > excess:
                worst, side, excess = n + j, -1, problem.row_low[j] - met
            if met - problem.row_high[j] > excess:
                worst, side, excess = n + j, 1, met - problem.row_high[j]
    return worst, side, excess


@kernel
def _direction(
    problem: Problem, work: Work, n: int, count: int, binding: int, worst: int, side: int
) -> float:
    """How everything moves while the multiplier of `worst` grows by one.

    Fills `work.step` (free weights, in the order of the factor), `work.by_row` (multipliers of the
    binding rows) and `work.slope` (gradients). Returns how fast the excess shrinks.
    """
    step, slope = work.step, work.slope
    for i in range(n):
        slope[i] = 0.0
    if worst < n:
        slope[worst] = 1.0 * side
    else:
        row = problem.rows[worst - n]
        for i in range(n):
            slope[i] = side * row[i]
    for a in range(count):
        step[a] = slope[work.free[a]]
    forward(work.factor, count, step)
    whole = dot(step, step, count)
    for r in range(binding):
        work.by_row[r] = -dot(work.across[r], step, count)
    forward(work.between_factor, binding, work.by_row)
    backward(work.between_factor, binding, work.by_row)
    for r in range(binding):
        times = work.by_row[r]
        seen = work.across[r]
        for a in range(count):
            step[a] += times * seen[a]
        row = problem.rows[work.binding[r]]
        for i in range(n):
            slope[i] += times * row[i]
    speed = dot(step, step, count)
    backward(work.factor, count, step)
    for a in range(count):
        step[a] = -step[a]
    if speed <= 1e-12 * whole:  # the rows that bind leave no way: only multipliers move
        speed = 0.0
        for a in range(count):
            step[a] = 0.0
    else:
        add_rows(problem.matrix, work.free, step, count, n, slope)
    if worst < n:  # its own multiplier is not part of the gradient: a mark has none of its own
        slope[worst] -= 1.0 * side
    return speed


@kernel
def _first_to_let_go(
    problem: Problem, answer: Answer, work: Work, n: int, binding: int
) -> tuple[int, float]:
    """Which mark, or row (from n on), would first rather let go, and after what growth."""
    who, soonest = -1, ENDLESS
    for i in range(n):
        place = answer.place[i]
        if place % 2 == 1:
            continue
        change = work.slope[i]
        if change < 0.0:
            asked = _asks_up(problem, place, answer.gradient[i], i)
        else:
            asked = _asks_down(problem, place, answer.gradient[i], i)
        if asked > -ENDLESS and abs(change) > 1e-13:
            after = max(-asked, 0.0) / abs(change)
            if after < soonest:
                who, soonest = i, after
    for r in range(binding):
        j = work.binding[r]
        if problem.row_low[j] == problem.row_high[j]:
            continue
        change = work.by_row[r] * answer.row_place[j]
        if change < -1e-13:
            after = max(answer.multipliers[j] * answer.row_place[j], 0.0) / -change
            if after < soonest:
                who, soonest = n + j, after
    return who, soonest


@kernel
def _until_through(problem: Problem, place: int, i: int, side: int) -> float:
    """What multiplier drives a free weight through the mark of what is held, to its other side."""
    down = place == ABOVE_HELD and side < 0 and problem.held[i] > problem.low[i]
    up = place == BELOW_HELD and side > 0 and problem.high[i] > problem.held[i]
    return float(problem.buy[i] + problem.sell[i]) if down or up else ENDLESS


@kernel
def _lay_blame(
    problem: Problem, answer: Answer, work: Work, n: int, m: int, binding: int, worst: int
) -> None:
    """Mark what together cannot hold: `worst`, and all that stays in its way for ever."""
    for i in range(n + m):
        answer.blame[i] = 0
    answer.blame[worst] = 1
    for i in range(n):
        if answer.place[i] % 2 == 0 and abs(work.slope[i]) > 1e-9:
            answer.blame[i] = 1
    for r in range(binding):
        if abs(work.by_row[r]) > 1e-9:
            answer.blame[n + work.binding[r]] = 1
