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

from trimtab.kernels.destination import Column

# Where a weight stands. Even places are marks, odd ones lie between two of them.
AT_LOW, BELOW_HELD, AT_HELD, ABOVE_HELD, AT_HIGH = range(5)

# How a search ended.
SOLVED, SINGULAR, UNSETTLED, INFEASIBLE, TOO_LONG, WANTS_FACTOR, SOLVED_UNFACTORED = range(7)

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
