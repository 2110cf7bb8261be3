"""How far to trade: least turnover, then least squares, against solvers and by hand."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.kernels.compile import compiled
from trimtab.kernels.destination import (
    TO_EDGE,
    TO_HALF,
    TO_TARGET,
    TO_WITHIN,
    breached,
    fill_bands,
    fill_from_cash,
    fill_goals,
)

Column = list[Any]


def _goals(values: Column, aims: Column, bands: Column, to: int, width: Any = -1) -> Column:
    goals = [0] * len(values)
    fill_goals(values, aims, bands, to, width, 0, goals)
    return goals


def _case(draw: random.Random, exact: bool = False) -> tuple[Column, Column, Column, int, Any]:
    """A random household of 1000: some sleeves tie, some stand on target, some have no target."""
    n = draw.randint(2, 7)
    cuts = sorted(draw.choice((0, 5, 10, 20, 30)) * draw.randint(0, 33) for _ in range(n - 1))
    held = sorted(draw.choice((1, 2, 50)) * draw.randint(0, 20) for _ in range(n - 1))
    aims = [b - a for a, b in zip([0, *cuts], [*cuts, 1000], strict=True)]
    values = [b - a for a, b in zip([0, *held], [*held, 1000], strict=True)]
    to = draw.choice((TO_EDGE, TO_HALF, TO_WITHIN))
    width = draw.randint(1, 60) if to == TO_WITHIN else -1
    absolute = Fraction(draw.randint(1, 12), 100) if draw.random() < 0.8 else Fraction(-1)
    relative = Fraction(draw.randint(1, 40), 100) if draw.random() < 0.5 else Fraction(-1)
    if absolute < 0 and relative < 0 and to != TO_WITHIN:
        absolute = Fraction(1, 20)
    bands: Column = [Fraction(0)] * n
    fill_bands([Fraction(aim) for aim in aims], Fraction(1000), absolute, relative, bands)
    number = Fraction if exact else float
    return (
        [number(value) for value in values],
        [number(aim) for aim in aims],
        [number(band) for band in bands],
        to,
        number(width),
    )


def _limits(
    values: Column, aims: Column, bands: Column, to: int, width: Any
) -> tuple[Column, Column]:
    """The least and most that each sleeve may deviate by afterwards: None where it is free."""
    low: Column = [None] * len(values)
    high: Column = [None] * len(values)
    for i, (value, aim, band) in enumerate(zip(values, aims, bands, strict=True)):
        if breached(value, aim, band if band >= 0 else width, 0):
            back = {TO_EDGE: band, TO_HALF: band / 2, TO_WITHIN: width}[to]
            low[i], high[i] = -back, back
    return low, high


def _least_turnover(values: Column, aims: Column, low: Column, high: Column) -> float:
    """The least sum of absolute trades that brings the breached back, by HiGHS."""
    import highspy

    lp = highspy.Highs()
    lp.setOptionValue("output_flag", False)
    inf = highspy.kHighsInf
    n = len(values)
    for i in range(n):
        after = values[i] - aims[i]
        lp.addVar(0.0, inf if low[i] is None else max(high[i] - after, 0.0))  # bought
        lp.addVar(0.0, inf if low[i] is None else max(after - low[i], 0.0))  # sold
    for i in range(n):
        after = values[i] - aims[i]
        lp.changeColCost(2 * i, 1.0)
        lp.changeColCost(2 * i + 1, 1.0)
        if low[i] is not None:
            lp.changeColBounds(2 * i, 0.0, inf)
            lp.changeColBounds(2 * i + 1, 0.0, inf)
            index = np.array([2 * i, 2 * i + 1], dtype=np.int32)
            lp.addRow(low[i] - after, high[i] - after, 2, index, np.array([1.0, -1.0]))
    every = np.arange(2 * n, dtype=np.int32)
    lp.addRow(0.0, 0.0, 2 * n, every, np.array([1.0, -1.0] * n))
    lp.run()
    assert lp.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(lp.getInfo().objective_function_value)


def test_least_turnover_matches_a_linear_programme() -> None:
    """No way of bringing every breached sleeve back trades less, in thousands of households."""
    draw = random.Random(20)
    moved = 0
    for _ in range(2000):
        values, aims, bands, to, width = _case(draw)
        low, high = _limits(values, aims, bands, to, width)

        goals = _goals(values, aims, bands, to, width)

        turnover = sum(abs(goal - value) for goal, value in zip(goals, values, strict=True))
        moved += turnover > 0
        assert turnover == pytest.approx(_least_turnover(values, aims, low, high), abs=1e-6)
        for i in range(len(values)):
            if low[i] is not None:
                assert low[i] - 1e-9 <= goals[i] - aims[i] <= high[i] + 1e-9
    assert moved > 1000


def test_ties_go_to_the_least_squared_deviation() -> None:
    """Among the points that trade least, the one with the least squared deviations, by a QP."""
    import cvxpy as cp

    draw = random.Random(21)
    for _ in range(25):
        values, aims, bands, to, width = _case(draw)
        low, high = _limits(values, aims, bands, to, width)
        goals = _goals(values, aims, bands, to, width)
        turnover = sum(abs(goal - value) for goal, value in zip(goals, values, strict=True))
        if turnover == 0:
            continue
        deviation = cp.Variable(len(values))
        before = np.array(values) - np.array(aims)
        rules = [cp.sum(deviation) == 0, cp.norm1(deviation - before) <= turnover + 1e-7]
        for i in range(len(values)):
            if low[i] is not None:
                rules += [deviation[i] >= low[i], deviation[i] <= high[i]]

        cp.Problem(cp.Minimize(cp.sum_squares(deviation)), rules).solve(solver=cp.CLARABEL)

        assert np.allclose(deviation.value, np.array(goals) - np.array(aims), atol=2e-3)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_money_is_conserved_exactly_and_nothing_passes_its_target(seed: int) -> None:
    """On fractions goals sum to the values to the last digit, and no trade passes a target."""
    values, aims, bands, to, width = _case(random.Random(seed), exact=True)

    goals = _goals(values, aims, bands, to, width)

    assert sum(goals) == sum(values)
    for value, aim, goal in zip(values, aims, goals, strict=True):
        assert min(value, aim) <= goal <= max(value, aim)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_compiled_and_interpreted_agree_to_the_bit(seed: int) -> None:
    """Machine code gives the same goals as the interpreter, bit for bit."""
    values, aims, bands, to, width = _case(random.Random(seed))
    scale = 1.0 / 3.0
    columns = [[x * scale for x in column] for column in (values, aims)]
    allowance = 1e-12 * 1000 * scale
    out = np.zeros(len(values))

    plain = [0.0] * len(values)
    fill_goals(*columns, bands, to, width, allowance, plain)
    arrays = [np.array(column) for column in (*columns, bands)]
    compiled(fill_goals)(*arrays, to, width, allowance, out)

    assert out.tolist() == plain


def test_target_goes_all_the_way() -> None:
    """`target` brings everything to its target, breached or not."""
    assert _goals([70.0, 30.0], [60.0, 40.0], [-1.0, -1.0], TO_TARGET) == [60.0, 40.0]


def test_edge_half_and_within_by_hand() -> None:
    """A sleeve at 70 against 60 with a band of 5 goes to 65, to 62.5, or to the width named."""
    values, aims, bands = [70.0, 30.0], [60.0, 40.0], [5.0, 20.0]

    assert _goals(values, aims, bands, TO_EDGE) == [65.0, 35.0]
    assert _goals(values, aims, bands, TO_HALF) == [62.5, 37.5]
    assert _goals(values, aims, bands, TO_WITHIN, 1.75) == [61.75, 38.25]


def test_balancing_trades_take_the_furthest_first() -> None:
    """What a breached sleeve sells goes to the most underweight, levelled, not to all alike."""
    values = [68.0, 7.0, 8.0, 17.0]
    aims = [60.0, 12.0, 10.0, 18.0]
    bands = [5.0, 6.0, 6.0, 6.0]

    goals = _goals(values, aims, bands, TO_EDGE)

    assert goals == [65.0, 10.0, 8.0, 17.0]


def test_a_breached_sleeve_may_also_be_the_furthest() -> None:
    """A breached sleeve back at its edge takes more when it is still the furthest on its side."""
    values, aims, bands = [68.0, 14.0, 18.0], [60.0, 20.0, 20.0], [5.0, 5.0, 5.0]

    goals = _goals(values, aims, bands, TO_EDGE)

    assert goals == [65.0, 17.0, 18.0]


def test_exactly_on_the_band_is_breached_and_needs_no_trade_to_its_edge() -> None:
    """A band compares with >=; a sleeve that stands at its edge already stays where it is."""
    values, aims, bands = [65.0, 35.0], [60.0, 40.0], [5.0, 5.0]

    assert breached(values[0], aims[0], bands[0], 0)
    assert _goals(values, aims, bands, TO_EDGE) == values
    assert _goals(values, aims, bands, TO_HALF) == [62.5, 37.5]


def test_a_sleeve_on_its_target_is_never_breached() -> None:
    """However narrow the band, a sleeve on its target stays where it is."""
    assert not breached(10.0, 10.0, 0.0, 0)
    assert breached(10.5, 10.0, 0.0, 0)
    assert not breached(10.5, 10.0, -1.0, 0)


def test_an_empty_target_has_no_relative_band() -> None:
    """A relative band divides by the target, so a target of zero has an absolute one at most."""
    relative: Column = [0, 0]
    both: Column = [0, 0]

    fill_bands([0.0, 1.0], 1.0, -1.0, 0.2, relative)
    fill_bands([0.0, 1.0], 1.0, 0.05, 0.2, both)

    assert relative == [-1.0, 0.2]
    assert both == [0.05, 0.05]


def test_whichever_band_comes_first_counts() -> None:
    """With two widths the narrower holds: 25% of a target of 10% is less than 5pp."""
    bands: Column = [0, 0]

    fill_bands([Fraction(1, 10), Fraction(9, 10)], 1, Fraction(1, 20), Fraction(1, 4), bands)

    assert bands == [Fraction(1, 40), Fraction(1, 20)]


_money = st.integers(0, 200).map(lambda units: Fraction(units * 5))


@settings(max_examples=300, deadline=None)
@given(
    sleeves=st.lists(st.tuples(_money, _money), min_size=1, max_size=6),
    cash=st.integers(-3000, 3000).map(Fraction),
)
def test_cash_goes_where_it_levels_most(
    sleeves: list[tuple[Fraction, Fraction]], cash: Fraction
) -> None:
    """New cash and withdrawals only buy or only sell, lose nothing, and end level."""
    values, aims = [value for value, _ in sleeves], [aim for _, aim in sleeves]
    goals: Column = [0] * len(values)

    unplaced = fill_from_cash(values, aims, cash, goals)

    assert sum(goals) + unplaced == sum(values) + cash
    side = 1 if cash > 0 else -1
    moves = [side * (goal - value) for goal, value in zip(goals, values, strict=True)]
    assert min(moves) >= 0
    assert min(goals) >= 0
    if unplaced:
        assert sum(aims) == 0 or sum(goals) == 0
    gaps = [side * (aim - goal) for aim, goal in zip(aims, goals, strict=True)]
    furthest = max(gaps)
    if furthest > 0 and cash != 0:
        # Some shortfall is left, so only the furthest were served, down to one level.
        served = [gap for gap, move in zip(gaps, moves, strict=True) if move > 0]
        assert all(gap == furthest for gap in served)


def test_new_cash_fills_the_largest_shortfalls_first() -> None:
    """100 of new cash against shortfalls of 80, 50 and 0 leaves 15 and 15 to go."""
    goals: Column = [0.0] * 3

    unplaced = fill_from_cash([20.0, 50.0, 130.0], [100.0, 100.0, 100.0], 100.0, goals)

    assert (goals, unplaced) == ([85.0, 85.0, 130.0], 0.0)


def test_cash_beyond_all_aims_is_spread_like_the_aims() -> None:
    """What is left when all stand at their aims is spread in proportion to them."""
    goals: Column = [0.0] * 2

    fill_from_cash([50.0, 30.0], [60.0, 40.0], 120.0, goals)

    assert goals == [120.0, 80.0]


def test_a_withdrawal_comes_from_the_most_overweight_and_never_more_than_is_there() -> None:
    """A withdrawal levels the overweight first, then takes like the aims, never below zero."""
    goals: Column = [0.0] * 3

    fill_from_cash([70.0, 50.0, 10.0], [40.0, 40.0, 20.0], -20.0, goals)
    levelled = list(goals)
    fill_from_cash([40.0, 40.0, 2.0], [40.0, 40.0, 20.0], -32.0, goals)
    shared = list(goals)
    unplaced = fill_from_cash([40.0, 40.0, 5.0], [40.0, 40.0, 20.0], -90.0, goals)

    assert levelled == [50.0, 50.0, 10.0]
    assert shared == [25.0, 25.0, 0.0]
    assert (goals, unplaced) == ([0.0, 0.0, 0.0], -5.0)
