"""A whole quadratic programme in one call: where to begin, who is held, and how good it is.

`settle` and `enforce` are the searches. Here they are put together over a few wide columns, so
that calling costs less than solving a small programme, and a batch solves many in one space.
"""

from __future__ import annotations

from typing import NamedTuple

from trimtab.kernels.cholesky import dot
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.quadratic import (
    ABOVE_HELD,
    AT_HELD,
    AT_HIGH,
    AT_LOW,
    BELOW_HELD,
    ENDLESS,
    SOLVED,
    SOLVED_UNFACTORED,
    UNSETTLED,
    WANTS_FACTOR,
    Answer,
    Problem,
    Work,
)
from trimtab.kernels.quadratic_enforce import enforce
from trimtab.kernels.quadratic_settle import settle
from trimtab.kernels.quadratic_stand import add_rows

# Rows of `marks`.
LOW, HELD, HIGH, SELL, BUY = range(5)
MARKS = 5

# Rows of `limits`.
ROW_LOW, ROW_HIGH = range(2)

# Rows of `Space.floats`, `integers`, `row_floats` and `row_integers`.
WEIGHTS, GRADIENT, STEP, SLOPE, BASE = range(5)
PLACE, FREE, TURN = range(3)
MULTIPLIERS, BY_ROW = range(2)
ROW_PLACE, BINDING, IN_TURN = range(3)

ANEW, FROM_PLACES, SETTLING, ENFORCING = range(4)
"""Where a solution begins, or goes on."""

EVER = 1 << 40
"""As `most`: the kernel makes every factor by itself."""

QUIET = 1e-13
"""Gradients below this share of the loudest number in the programme count as zero."""


class Space(NamedTuple):
    """What a solution is left in, and space to work in.

    Args:
        floats: Shape (5, n): the weights, and work.
        integers: Shape (3, n): where each weight stands, and work.
        row_floats: Shape (2, m): the multipliers, and work.
        row_integers: Shape (3, m): whether each row binds, and work.
        across: Shape (m, n).
        factor: Shape (n, n).
        between: Shape (2, m, m), or two of shape (m, m).
        blame: Shape (n + m,).
    """

    floats: Column
    integers: Column
    row_floats: Column
    row_integers: Column
    across: Column
    factor: Column
    between: Column
    blame: Column


@kernel
def solved(
    matrix: Column, linear: Column, marks: Column, rows: Column, limits: Column, space: Space,
    n: int, m: int, stage: int, most: int, ready: int,
) -> tuple[int, float, float]:  # fmt: skip
    """Solve a programme from its beginning to its bound.

    Args:
        matrix, linear, rows: As in `quadratic.Problem`.
        marks: Low, held, high, sell, buy; shape (5, n).
        limits: Of the rows, low and high; shape (2, m).
        space: What comes out, and space to work in.
        n, m: How many weights and rows.
        stage: ANEW; FROM_PLACES where `space` says where each weight stands, to begin from; after
            WANTS_FACTOR the stage that came with it.
        most: Of more names than this the caller makes the factor: see `quadratic.settle`.
        ready: How many names the factor in `space` is of; 0 but after WANTS_FACTOR.

    Returns:
        How it ended (see `quadratic`), the objective, and how much lower it could be at most. After
        WANTS_FACTOR instead of the objective the stage to go on with, and of how many names.
    """
    weights, place = space.floats[WEIGHTS], space.integers[PLACE]
    row_place = space.row_integers[ROW_PLACE]
    low, high = marks[LOW], marks[HIGH]
    in_turn = space.row_integers[IN_TURN]
    for j in range(m):
        in_turn[j] = j
    loud = 0.0
    for i in range(n):
        loud = max(loud, abs(linear[i]), matrix[i][i])
    problem = Problem(
        matrix, linear, low, marks[HELD], high, marks[SELL], marks[BUY], rows, limits[ROW_LOW],
        limits[ROW_HIGH], QUIET * loud,
    )  # fmt: skip
    answer = Answer(
        weights, place, space.floats[GRADIENT], row_place, space.row_floats[MULTIPLIERS],
        space.blame,
    )  # fmt: skip
    work = Work(
        space.integers[FREE], space.integers[TURN], space.factor, space.floats[STEP],
        space.floats[SLOPE], space.floats[BASE], space.row_integers[BINDING], in_turn,
        space.across, space.between[0], space.between[1], space.row_floats[BY_ROW],
    )  # fmt: skip
    if stage == ANEW:
        begin(problem, place, work.step, n)
    ended = UNSETTLED
    if stage != ENFORCING:
        ended = settle(problem, answer, work, n, m, 50 + 2 * n, most, ready)
        if ended == WANTS_FACTOR:
            return ended, float(SETTLING), float(free_count(place, n))
        ready = free_count(place, n) if ended == SOLVED else 0
        if ended == SOLVED_UNFACTORED:
            ended = SOLVED
        if ended != SOLVED:
            for i in range(n):
                place[i] = ABOVE_HELD
            for j in range(m):
                row_place[j] = 0
    if ended != SOLVED or m > 1:
        ended = enforce(problem, answer, work, n, m, 1000 + 20 * (n + m), most, ready)
        if ended == WANTS_FACTOR:
            return ended, float(ENFORCING), float(free_count(place, n))
    for i in range(n):
        weights[i] = min(max(weights[i], low[i]), high[i])
    value, gap = bound(problem, answer, work, n, m)
    return ended, value, gap


LONE_ROWS = 18
"""Rows of the sheet of `solved_alone`, besides one for each weight."""

LONE_WEIGHTS, LONE_MULTIPLIER = 8, 13
"""Which of them hold the answer."""

LONE_PLACES = 7
"""Rows of its `places`, of which the first says where each weight, and the budget, stands."""


@kernel
def solved_alone(
    matrix: Column, linear: Column, sheet: Column, places: Column, n: int, most: int
) -> tuple[int, float, float]:
    """Solve a programme in which weights sum to 1, and moving costs nothing.

    The most common one, so that its space is one sheet: making many columns takes longer than the
    search over a few names.

    Args:
        matrix, linear: As for `solved`.
        sheet: Zeros, shape (LONE_ROWS + n, n), but for the rows LOW and HIGH. Out: the weights.
        places: Zeros, integers, shape (LONE_PLACES, n + 1). Out: where each stands.
        n: How many weights.
        most: Of more names than this it is left unsolved, and WANTS_FACTOR returned.

    Returns:
        As `solved`.
    """
    rows, limits = sheet[5:6], sheet[6:8]
    limits[ROW_LOW][0] = limits[ROW_HIGH][0] = 1.0
    for i in range(n):
        rows[0][i] = 1.0
        sheet[HELD][i] = sheet[LOW][i]
    space = Space(
        sheet[LONE_WEIGHTS:13], places[0:3], sheet[LONE_MULTIPLIER:15], places[3:6],
        sheet[15:16], sheet[LONE_ROWS : LONE_ROWS + n], (sheet[16:17], sheet[17:18]), places[6],
    )  # fmt: skip
    found = solved(matrix, linear, sheet[0:5], rows, limits, space, n, 1, ANEW, most, 0)
    places[PLACE][n] = places[3 + ROW_PLACE][0]
    return found


class Each(NamedTuple):
    """What differs from account to account, and what comes out, a row an account.

    Args:
        aversion: Risk aversion, above zero, shape (accounts,).
        held: Weights now, shape (accounts, n).
        weights: Out, shape (accounts, n).
        ended: Out: how it ended, shape (accounts,).
        gap: Out: how much lower the objective could be at most, shape (accounts,).
    """

    aversion: Column
    held: Column
    weights: Column
    ended: Column
    gap: Column


@kernel
def utilities(
    matrix: Column, returns: Column, terms: Column, rows: Column, limits: Column, each: Each,
    first: int, last: int, space: Space, marks: Column, linear: Column, n: int, m: int,
) -> None:  # fmt: skip
    """The best utility of many accounts, each from what it holds.

    An account's risk aversion divides the objective, so that all share one matrix. Each search
    begins where the one before it ended, which is never far; the first begins anew.

    Args:
        matrix, returns: Covariance and expected returns.
        terms: As `marks` of `solved`, the same for all; what is held is not read.
        rows, limits: As for `solved`.
        each: What differs, and what comes out.
        first, last: The accounts to solve, the last not included.
        space, marks, linear: Space to work in.
        n, m: How many weights and rows.
    """
    for i in range(n):
        marks[LOW][i], marks[HIGH][i] = terms[LOW][i], terms[HIGH][i]
    stage = ANEW
    for a in range(first, last):
        aversion, held, weights = each.aversion[a], each.held[a], each.weights[a]
        for i in range(n):
            marks[HELD][i] = min(max(held[i], terms[LOW][i]), terms[HIGH][i])
            marks[SELL][i] = terms[SELL][i] / aversion
            marks[BUY][i] = terms[BUY][i] / aversion
            linear[i] = -returns[i] / aversion
        if stage == FROM_PLACES and not begin_as_before(space, marks, n):
            stage = ANEW
        ended, _, gap = solved(
            matrix, linear, marks, rows, limits, space, n, m, stage, EVER, 0
        )  # fmt: skip
        stage = FROM_PLACES if ended == SOLVED else ANEW
        each.ended[a] = ended
        each.gap[a] = gap * aversion
        for i in range(n):
            weights[i] = space.floats[WEIGHTS][i]


@kernel
def begin_as_before(space: Space, marks: Column, n: int) -> bool:
    """Put everybody where the weights in `space` lie among new marks; false where none is free.

    Who stood between two marks still does; who stood at a limit stays there.
    """
    weights, place = space.floats[WEIGHTS], space.integers[PLACE]
    low, held, high = marks[LOW], marks[HELD], marks[HIGH]
    free = 0
    for i in range(n):
        if place[i] % 2 == 1:
            place[i] = ABOVE_HELD if weights[i] >= held[i] else BELOW_HELD
            free += 1
        elif weights[i] == low[i]:
            place[i] = AT_LOW
        elif weights[i] == high[i]:
            place[i] = AT_HIGH
        else:
            place[i] = AT_HELD
    return free > 0


@kernel
def free_count(place: Column, n: int) -> int:
    """How many stand between two marks."""
    count = 0
    for i in range(n):
        count += place[i] % 2
    return count


@kernel
def begin(problem: Problem, place: Column, score: Column, n: int) -> None:
    """A corner that meets the first row: the best names each alone, filled up in that order."""
    row = problem.rows[0]
    left = problem.row_high[0]
    for i in range(n):
        place[i] = AT_HELD
        left -= row[i] * problem.held[i]
        score[i] = ENDLESS
        if row[i] != 0.0:
            alone = 1.0 / row[i]
            score[i] = (0.5 * problem.matrix[i][i] * alone + problem.linear[i]) * alone
    towards = -1.0 if left < 0.0 else 1.0
    while True:
        best = -1
        for i in range(n):
            if score[i] < ENDLESS and (best < 0 or score[i] < score[best]):
                best = i
        if best < 0:
            return
        score[best] = ENDLESS
        up = row[best] * towards > 0.0
        room = (
            problem.high[best] - problem.held[best]
            if up
            else problem.held[best] - problem.low[best]
        ) * abs(row[best])
        if room <= 0.0:
            continue
        if room >= abs(left):
            place[best] = ABOVE_HELD if up else BELOW_HELD
            return
        place[best] = AT_HIGH if up else AT_LOW
        left -= towards * room


@kernel
def bound(problem: Problem, answer: Answer, work: Work, n: int, m: int) -> tuple[float, float]:
    """The objective at the weights, and how much lower it could be anywhere within the limits.

    It trusts neither the search nor the gradient that it left. By convexity 1/2 x'Qx >= w'Qx -
    1/2 w'Qw for every x, and with the rows priced at any multipliers what is left falls apart into
    one small problem for each weight, whose least value lies at one of its marks.
    """
    weights, pull, price = answer.weights, work.step, work.slope
    held, sell, buy = problem.held, problem.sell, problem.buy
    some = 0
    for i in range(n):
        pull[i] = 0.0
        if weights[i] != 0.0:
            work.free[some] = i
            price[some] = weights[i]
            some += 1
    add_rows(problem.matrix, work.free, price, some, n, pull)
    whole = dot(weights, pull, n)
    value, least = 0.5 * whole, -0.5 * whole
    for i in range(n):
        price[i] = pull[i] + problem.linear[i]
    for j in range(m):
        times = answer.multipliers[j]
        limit = problem.row_high[j] if times > 0.0 else problem.row_low[j]
        if times != 0.0 and abs(limit) < ENDLESS:
            row = problem.rows[j]
            for i in range(n):
                price[i] += times * row[i]
            least -= times * limit
    for i in range(n):
        moved = weights[i] - held[i]
        cost = buy[i] * moved if moved > 0.0 else -sell[i] * moved
        value += problem.linear[i] * weights[i] + cost
        at_low = price[i] * problem.low[i] + sell[i] * (held[i] - problem.low[i])
        at_high = price[i] * problem.high[i] + buy[i] * (problem.high[i] - held[i])
        least += min(at_low, price[i] * held[i], at_high)
    return value, max(value - least, 0.0)
