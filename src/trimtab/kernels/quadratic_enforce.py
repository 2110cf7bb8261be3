"""One mark or row at a time, always to an end: the dual method of Goldfarb and Idnani (1983)."""

from __future__ import annotations

from trimtab.kernels.cholesky import append, backward, dot, factor, forward, gather, remove
from trimtab.kernels.compile import kernel
from trimtab.kernels.quadratic import (
    ABOVE_HELD,
    BELOW_HELD,
    ENDLESS,
    INFEASIBLE,
    SINGULAR,
    SLACK,
    SOLVED,
    TOO_LONG,
    WANTS_FACTOR,
    Answer,
    Problem,
    Work,
)
from trimtab.kernels.quadratic_marks import (
    asks_down,
    asks_up,
    mark_of,
    place_moved,
)
from trimtab.kernels.quadratic_stand import (
    add_rows,
    free_names,
    lay_base,
    rows_across,
    stand,
)


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
            binding = rows_across(problem, answer, work, m, count)
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
                answer.place[worst] = place_moved(problem, answer.place[worst], side, worst)
                for a in range(count - 1, -1, -1):
                    if work.free[a] == worst:
                        remove(work.free, count, a, work.factor)
                count -= 1
                answer.weights[worst] = mark_of(problem, answer.place[worst], worst)
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
        below = mark_of(problem, answer.place[i] - 1, i) - weight
        above = weight - mark_of(problem, answer.place[i] + 1, i)
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
            asked = asks_up(problem, place, answer.gradient[i], i)
        else:
            asked = asks_down(problem, place, answer.gradient[i], i)
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
