"""How far to trade on every level of a tree: least turnover, then least squares, against solvers.

The solvers know nothing of rests and levels: they are told the limits and what to make least.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.kernels import tree
from trimtab.kernels.compile import compiled
from trimtab.kernels.destination import (
    TO_EDGE,
    TO_HALF,
    TO_TARGET,
    TO_WITHIN,
    breached,
    fill_bands,
    fill_goals,
)
from trimtab.kernels.tree import REACH, fill_tree_goals

Column = list[Any]


@dataclass(frozen=True, slots=True)
class Case:
    """Leaves, and the inner sleeves that hold them, with where each may end."""

    values: Column
    aims: Column
    bands: Column
    branches: list[list[int]]
    allowed: Column
    to: int
    width: Any

    def goals(self, allowance: Any = 0) -> Column:
        """What the kernel says."""
        goals = list(self.values)
        reach = [list(self.allowed) for _ in range(REACH)]
        rules = (self.to, self.width, allowance)
        fill_tree_goals(self.values, self.aims, self.bands, self.branches, reach, *rules, goals)
        return goals

    def limits(self) -> list[tuple[list[int], Any]]:
        """Which leaves may together end how far from their targets."""
        found = []
        for i, (value, aim, band) in enumerate(
            zip(self.values, self.aims, self.bands, strict=True)
        ):
            if self.to != TO_WITHIN and band < 0:
                continue
            if breached(value, aim, band if band >= 0 else self.width, 0):
                found.append(([i], _back(band, self.to, self.width)))
        for inside, allowed in zip(self.branches, self.allowed, strict=True):
            if allowed >= 0:
                found.append(([i for i, own in enumerate(inside) if own], allowed))
        return found


def _back(band: Any, to: int, width: Any) -> Any:
    return {TO_EDGE: band, TO_HALF: band / 2, TO_WITHIN: width}[to]


def _case(seed: int, number: Any = Fraction) -> Case:
    """A household of a tree of up to three inner levels: some sleeves stand on target, some tie,
    some have a target of nothing, and bands may be missing at the leaves."""
    draw = random.Random(seed)
    branches: list[list[int]] = []
    n = _grow(draw, 0, branches, 0)
    spread = draw.choice((3, 10, 40))
    wanted = [draw.choice((0, 1, 1, 2, 2, 3)) * draw.randint(1, 6) for _ in range(n)]
    wanted[draw.randrange(n)] += 5
    held = [max(0, x * 10 + draw.choice((0, 1)) * draw.randint(-spread, spread)) for x in wanted]
    held[draw.randrange(n)] += 5
    base = Fraction(sum(held))
    aims = [base * x / sum(wanted) for x in wanted]
    values = [Fraction(x) for x in held]
    inner = [[int(i in own) for i in range(n)] for own in branches]
    to = draw.choice((TO_EDGE, TO_HALF, TO_WITHIN))
    width = base * Fraction(draw.randint(0, 6), 100) if to == TO_WITHIN else Fraction(-1)
    absolute = Fraction(draw.choice((0, 1, 2, 5, 8)), 100) if draw.random() < 0.8 else Fraction(-1)
    relative = Fraction(draw.choice((5, 10, 25)), 100) if draw.random() < 0.5 else Fraction(-1)
    bands: Column = [Fraction(-1)] * n
    if draw.random() < 0.8:
        fill_bands(aims, base, absolute, relative, bands)
    sums = [sum(aim for aim, own in zip(aims, row, strict=True) if own) for row in inner]
    allowed: Column = [Fraction(-1)] * len(inner)
    fill_bands(sums, base, absolute, relative, allowed)
    for b, row in enumerate(inner):
        now = sum(value for value, own in zip(values, row, strict=True) if own)
        if breached(now, sums[b], allowed[b], 0):
            allowed[b] = _back(allowed[b], to, width)
    columns = [[number(x) for x in column] for column in (values, aims, bands, allowed)]
    return Case(columns[0], columns[1], columns[2], inner, columns[3], to, number(width))


def _grow(draw: random.Random, depth: int, branches: list[list[int]], first: int) -> int:
    """Children of a sleeve, leaves numbered from `first` on; an inner sleeve is noted before those
    in it. Returns the number after the last leaf."""
    for _ in range(draw.randint(2, 4) if depth == 0 else draw.randint(1, 3)):
        if depth < 3 and draw.random() < 0.5:
            own: list[int] = []
            branches.append(own)
            after = _grow(draw, depth + 1, branches, first)
            own += range(first, after)
            first = after
        else:
            first += 1
    return first


def _least_turnover(case: Case) -> float:
    """The least sum of absolute trades that keeps to all limits, by HiGHS, with no other rule than
    that no trade passes its target."""
    import highspy

    lp = highspy.Highs()
    lp.setOptionValue("output_flag", False)
    n = len(case.values)
    gaps = [float(aim - value) for value, aim in zip(case.values, case.aims, strict=True)]
    for gap in gaps:
        lp.addVar(min(gap, 0.0), max(gap, 0.0))
    for i in range(n):
        lp.changeColCost(i, 1.0 if gaps[i] > 0 else -1.0)
    every = np.arange(n, dtype=np.int32)
    lp.addRow(0.0, 0.0, n, every, np.ones(n))
    for own, allowed in case.limits():
        reach = sum(gaps[i] for i in own)
        index = np.array(own, dtype=np.int32)
        low, high = reach - float(allowed), reach + float(allowed)
        lp.addRow(low, high, len(own), index, np.ones(len(own)))
    lp.run()
    assert lp.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(lp.getInfo().objective_function_value)


def _least_squares(case: Case, turnover: float) -> Any:
    """Of all points that keep to the limits and trade so much, the least squared deviation."""
    import cvxpy as cp

    before = np.array([float(v - t) for v, t in zip(case.values, case.aims, strict=True)])
    scale = max(1.0, float(np.abs(before).max()))
    after = cp.Variable(len(before))
    rules = [cp.sum(after) == 0, cp.norm1(after - before / scale) <= turnover / scale + 1e-9]
    rules += [after <= np.maximum(before, 0) / scale, after >= np.minimum(before, 0) / scale]
    for own, allowed in case.limits():
        rules += [cp.abs(cp.sum(after[own])) <= float(allowed) / scale]
    problem = cp.Problem(cp.Minimize(cp.sum_squares(after)), rules)
    problem.solve(solver=cp.CLARABEL)
    return after.value * scale, scale


def _turnover(case: Case, goals: Column) -> Any:
    return sum(abs(goal - value) for goal, value in zip(goals, case.values, strict=True))


def test_least_turnover_matches_a_linear_programme() -> None:
    """No point within the limits of all levels, and past no target, is reached by trading less."""
    moved = 0
    for seed in range(400):
        case = _case(seed)

        turnover = float(_turnover(case, case.goals()))

        moved += turnover > 0
        assert turnover == pytest.approx(_least_turnover(case), rel=1e-6, abs=1e-6), seed
    assert moved > 150


def test_ties_go_to_the_least_squared_deviation() -> None:
    """Among the points that trade least, the one with the least squared deviations, by a QP."""
    solved = 0
    for seed in range(1000, 1060):
        case = _case(seed)
        goals = case.goals()
        turnover = float(_turnover(case, goals))
        if turnover == 0:
            continue

        after, scale = _least_squares(case, turnover)

        solved += 1
        apart = [float(goal - aim) for goal, aim in zip(goals, case.aims, strict=True)]
        assert np.allclose(after, apart, atol=1e-5 * scale), seed
    assert solved > 20


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_limits_hold_exactly_on_every_level(seed: int) -> None:
    """On fractions money is conserved, every sleeve ends within its limit, and nothing passes its
    target, to the last digit."""
    case = _case(seed)

    goals = case.goals()

    assert sum(goals) == sum(case.values)
    for value, aim, goal in zip(case.values, case.aims, goals, strict=True):
        assert min(value, aim) <= goal <= max(value, aim)
    for own, allowed in case.limits():
        assert abs(sum(goals[i] - case.aims[i] for i in own)) <= allowed


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), number=st.sampled_from([Fraction, float]))
def test_it_always_ends(seed: int, number: Any) -> None:
    """A level is found within as many steps as there are places where a gain may bend, exactly and
    on floats; there are two levels for an inner sleeve, and one for the whole."""
    case = _case(seed, number)
    inner, leaves = len(case.branches), len(case.values)
    most = (2 * inner + 1) * (2 + leaves + 2 * inner)
    steps = 0
    gain = tree._gain

    def counted(*columns: Any) -> Any:
        nonlocal steps
        steps += 1
        assert steps <= most
        return gain(*columns)

    with mock.patch.object(tree, "_gain", counted):
        goals = case.goals()

    assert sum(goals) == pytest.approx(sum(case.values))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_without_inner_bands_it_is_the_flat_rule(seed: int) -> None:
    """Inner sleeves that may end anywhere change nothing: leaves go where `fill_goals` says."""
    case = _case(seed)
    free = replace(case, allowed=[Fraction(-1)] * len(case.branches))
    flat = list(case.values)

    fill_goals(case.values, case.aims, case.bands, case.to, case.width, 0, flat)

    assert free.goals() == flat


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_compiled_and_interpreted_agree_to_the_bit_and_with_fractions(seed: int) -> None:
    """Machine code gives the interpreter's goals bit for bit, and those of fractions nearly."""
    exact = _case(seed)
    case = _case(seed, float)
    allowance = 1e-12 * sum(case.values)
    reach = np.array([case.allowed] * REACH).reshape(REACH, -1)
    columns = [np.array(column) for column in (case.values, case.aims, case.bands)]
    branches = np.array(case.branches, dtype=np.int64).reshape(-1, len(case.values))
    out = np.zeros(len(case.values))

    plain = case.goals(allowance)
    compiled(fill_tree_goals)(*columns, branches, reach, case.to, case.width, allowance, out)

    assert out.tolist() == plain
    wanted = [float(goal) for goal in exact.goals()]
    assert plain == pytest.approx(wanted, abs=1e-9 * sum(case.values))


def test_target_goes_all_the_way() -> None:
    """`target` brings everything to its target, whatever the bands."""
    case = replace(_case(7), to=TO_TARGET)

    assert case.goals() == case.aims


def test_trees_on_which_moves_were_once_halved_for_ever_have_an_answer() -> None:
    """Four inner sleeves, three of them beyond their bands and with leaves beyond theirs on both
    sides: each inner sleeve ends at half its band at most, by the least trades."""
    held = [1, 2, 13, 8, 1, 12, 7, 17, 22, 5, 6]
    wanted = [3, 11, 8, 4, 4, 20, 6, 9, 23, 6, 6]
    sizes = [3, 3, 2, 3]
    owners = [b for b, size in enumerate(sizes) for _ in range(size)]
    branches = [[int(owner == b) for owner in owners] for b in range(len(sizes))]
    values = [Fraction(100 * x) for x in held]
    aims = [Fraction(94 * x) for x in wanted]
    band = Fraction(188)
    case = Case(values, aims, [band] * 11, branches, [band / 2] * 3 + [band], TO_HALF, Fraction(-1))

    goals = case.goals()

    assert float(_turnover(case, goals)) == pytest.approx(_least_turnover(case))
    ends = [
        sum(g - t for g, t, own in zip(goals, aims, row, strict=True) if own) for row in branches
    ]
    assert all(abs(end) <= allowed for end, allowed in zip(ends, case.allowed, strict=True))


def test_what_stands_at_its_limit_but_for_rounding_stays() -> None:
    """An inner sleeve that is further from its target than allowed by less than the allowance is
    at its limit: nothing is traded for it."""
    values, aims = [65.0 + 1e-13, 35.0 - 1e-13], [60.0, 40.0]
    case = Case(values, aims, [-1.0, -1.0], [[1, 0]], [5.0], TO_EDGE, -1.0)

    assert case.goals(1e-10) == values
    assert case.goals(0.0) != values
