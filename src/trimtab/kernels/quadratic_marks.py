"""Where a weight stands among its marks: what it asks for there, and what lies either way."""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.quadratic import (
    AT_HELD,
    AT_HIGH,
    AT_LOW,
    ENDLESS,
    SLACK,
    Problem,
)


@kernel
def mark_of(problem: Problem, place: int, i: int) -> float:
    """The weight at a mark."""
    if place == AT_LOW:
        return float(problem.low[i])
    return float(problem.held[i] if place == AT_HELD else problem.high[i])


@kernel
def place_moved(problem: Problem, place: int, way: int, i: int) -> int:
    """The place next to this one; marks that are one are called AT_HELD."""
    at = place + way
    if (at == AT_LOW and problem.held[i] == problem.low[i]) or (
        at == AT_HIGH and problem.held[i] == problem.high[i]
    ):
        return AT_HELD
    return at


@kernel
def place_passed(problem: Problem, place: int, weight: float, i: int) -> int:
    """Which mark a free weight has passed: -1 the one below it, 1 the one above, 0 none."""
    if weight < mark_of(problem, place - 1, i) - SLACK:
        return -1
    if weight > mark_of(problem, place + 1, i) + SLACK:
        return 1
    return 0


@kernel
def asks_up(problem: Problem, place: int, gradient: float, i: int) -> float:
    """By how much the objective falls with a unit more of a weight that stands at a mark."""
    if place == AT_LOW and problem.held[i] > problem.low[i]:
        return float(problem.sell[i] - gradient)
    if place == AT_HELD and problem.high[i] > problem.held[i]:
        return float(-problem.buy[i] - gradient)
    return -ENDLESS


@kernel
def asks_down(problem: Problem, place: int, gradient: float, i: int) -> float:
    """By how much the objective falls with a unit less of a weight that stands at a mark."""
    if place == AT_HELD and problem.held[i] > problem.low[i]:
        return float(gradient - problem.sell[i])
    if place == AT_HIGH and problem.high[i] > problem.held[i]:
        return float(gradient + problem.buy[i])
    return -ENDLESS


@kernel
def asks_loudly(problem: Problem, place: int, gradient: float, i: int) -> float:
    """How much a weight at a mark would gain by a unit's move, whichever way is better."""
    if place % 2 == 1:
        return -ENDLESS
    return max(asks_up(problem, place, gradient, i), asks_down(problem, place, gradient, i))


@kernel
def way_out(problem: Problem, place: int, gradient: float, i: int) -> int:
    """Which way a weight at a mark gains by moving: 1 or -1."""
    up = asks_up(problem, place, gradient, i)
    return 1 if up >= asks_down(problem, place, gradient, i) else -1
