"""Time-weighted and money-weighted returns: published numbers, closed forms, every root or none."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import pairwise
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from trimtab.simulate.measures.returns import (
    _only_root,
    _roots,
    modified_dietz,
    money_weighted,
    session_returns,
    time_weighted,
    xirr,
)


def worth(dates: list[date], amounts: list[float], rate: float) -> float:
    """What flows are worth on their first day at a rate."""
    first = min(dates)
    return sum(
        amount / (1.0 + rate) ** ((day - first).days / 365.0)
        for day, amount in zip(dates, amounts, strict=True)
    )


# -- published ------------------------------------------------------------------------------------


def test_published_rates_of_flows(shared: Path) -> None:
    """XIRR is what a spreadsheet and another program's tests say, to the last digit but three."""
    cases = json.loads((shared / "reference" / "performance_xirr_moddietz.json").read_text())[
        "xirr"
    ]

    for case in cases:
        rate = xirr(case["dates"], case["cash"])

        assert rate == pytest.approx(case["computed"], rel=1e-13)
        assert rate == pytest.approx(case["published"], abs=1e-8)


def test_a_published_modified_dietz(shared: Path) -> None:
    """Four flows of a month, each weighted from its day's end."""
    reference = json.loads((shared / "reference" / "performance_xirr_moddietz.json").read_text())
    (case,) = reference["modified_dietz"]
    days, amounts = zip(*case["flows"], strict=True)

    found = modified_dietz(case["V0"], case["V1"], days, amounts, case["days"])

    assert found == pytest.approx(case["computed"], rel=1e-14)
    assert round(found, 4) == case["return_published"]


def test_the_help_page_of_1996() -> None:
    """XIRR of the example in Microsoft's article Q116041: 37.3363%."""
    dates = ["1992-01-01", "1992-03-01", "1992-10-30", "1993-02-15", "1993-04-01"]

    assert xirr(dates, [-10_000, 2_750, 4_250, 3_250, 2_750]) == pytest.approx(0.373363, abs=5e-7)


# -- rates ----------------------------------------------------------------------------------------


def test_exam_questions_tell_both_returns() -> None:
    """Answers to two CFA exam questions, as published: a year, to the digits that are given."""
    # Four shares at 50; two of them sold at 50 a year later, two at 80 with 5 each another later.
    whole = time_weighted([200.0, 100.0, 170.0], [0.0, -100.0, 0.0])
    money = xirr(["2021-01-01", "2022-01-01", "2023-01-01"], [-200.0, 100.0, 170.0])
    # A share at 100, others at 125 and 150, all sold at 140; 10 a share paid out each year.
    other = time_weighted([100.0, 250.0, 450.0, 450.0], [0.0, 115.0, 130.0, 0.0])

    assert round((1.0 + whole) ** (1 / 2) - 1.0, 4) == 0.3038
    assert round(money, 4) == 0.2052
    assert round((1.0 + other) ** (1 / 3) - 1.0, 4) == 0.2000


def test_two_flows_have_a_closed_form() -> None:
    """In and out once: (out / in) ** (365 / days) - 1, from ruin to a fortune overnight."""
    for growth in (1e-6, 0.5, 1.0, 1.0001, 3.0):
        for days in (1, 30, 365, 20_000):
            dates = [date(2000, 1, 3), date(2000, 1, 3) + timedelta(days)]

            found = xirr(dates, [-100.0, 100.0 * growth])

            assert found == pytest.approx(growth ** (365.0 / days) - 1.0, rel=1e-9, abs=1e-12)


def test_the_order_of_flows_and_their_parts_do_not_matter() -> None:
    """Flows may come unsorted, and a flow in two parts on a day is one."""
    dates = [date(2021, 5, 1), date(2020, 1, 1), date(2022, 1, 1), date(2021, 5, 1)]

    parted = xirr(dates, [-30.0, -100.0, 160.0, -20.0])

    assert parted == xirr(sorted(set(dates)), [-100.0, -50.0, 160.0])


def test_several_rates_are_all_told() -> None:
    """A sum of four factors is zero at its four rates, and at no other."""
    rates = (-0.5, 0.1, 0.2, 3.0)
    coefficients = np.poly([1.0 + rate for rate in rates])
    dates = [date(2001, 1, 1) + timedelta(365 * k) for k in range(len(coefficients))]

    found = money_weighted(dates, coefficients)

    assert found.rates == pytest.approx(rates, rel=1e-9)
    assert isnan(found.rate)
    assert found.reason.startswith("4 rates")


def test_a_rate_that_only_touches_is_found() -> None:
    """Where the worth touches zero without crossing it, that is the one rate."""
    found = money_weighted(["2001-01-01", "2002-01-01", "2003-01-01"], [-100.0, 220.0, -121.0])

    assert found.rates == pytest.approx((0.1,), abs=1e-6)


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ([], "no money"),
        ([0.0, 0.0], "no money"),
        ([100.0], "one day"),
        ([-100.0, -5.0], "one way"),
        ([100.0, 0.0], "one day"),
        ([-100.0, 200.0, -132.0], "no rate"),
        ([-100.0, nan], "no finite amount"),
        ([-100.0, float("inf")], "no finite amount"),
        ([-1.0, 1e300, -1.0], "2 rates"),
        ([-1e-300, 1e300], "too large"),
    ],
)
def test_no_one_rate_is_nan_with_the_reason(amounts: list[float], said: str) -> None:
    """Without one rate there is NaN and a sentence, and numpy keeps quiet."""
    dates = [date(2001, 1, 1) + timedelta(365 * k if said != "too large" else k)
             for k in range(len(amounts))]  # fmt: skip

    found = money_weighted(np.array(dates, dtype="datetime64[D]"), amounts)

    assert isnan(found.rate)
    assert said in found.reason


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(-900, 900)), min_size=2, max_size=12))
@settings(max_examples=60)
def test_every_rate_is_a_rate_and_none_is_missed(flows: list[tuple[int, int]]) -> None:
    """At each rate flows are worth nothing, and between rates their worth never changes sign."""
    dates = [date(2001, 1, 1)]
    for gap, _ in flows[1:]:
        dates.append(dates[-1] + timedelta(gap))
    amounts = [float(amount) for _, amount in flows]

    found = money_weighted(dates, amounts)

    parts = [abs(amount) for amount in amounts]
    for rate in found.rates:
        if not 1e-4 < 1.0 + rate < 1e6:
            continue  # a float near -100%, or beyond all measure, is too coarse to show it
        scale = worth(dates, parts, rate)
        assert abs(worth(dates, amounts, rate)) <= 1e-9 * scale
    # Looked at closely between -90% and 1,000%, the worth crosses zero only at the rates found.
    grid = np.expm1(np.linspace(np.log(0.1), np.log(11.0), 400)).tolist()
    values = [worth(dates, amounts, rate) for rate in grid]
    for (low, high), (before, after) in zip(pairwise(grid), pairwise(values), strict=True):
        if before * after < 0:
            root = brentq(lambda rate: worth(dates, amounts, rate), low, high, xtol=1e-14)
            assert min(abs(rate - root) for rate in found.rates) <= 1e-6 * (1.0 + abs(root))


# -- time-weighted --------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(-50.0, 50.0)), min_size=1, max_size=20))
@settings(max_examples=60)
def test_flows_do_not_change_the_time_weighted_return(steps: list[tuple[float, float]]) -> None:
    """Whatever comes and goes, the chained return is that of the policy."""
    values, flows, growth = [1_000_000.0], [0.0], 1.0
    for change, flow in steps:
        growth *= 1.0 + change
        values.append(values[-1] * (1.0 + change) + flow)
        flows.append(flow)

    assert time_weighted(values, flows) == pytest.approx(growth - 1.0, rel=1e-9, abs=1e-9)


def test_without_flows_all_returns_agree() -> None:
    """Over one year without flows, every way of counting gives the same return."""
    dates = [date(2021, 1, 1), date(2022, 1, 1)]

    assert time_weighted([100.0, 80.0, 107.0]) == pytest.approx(0.07)
    assert xirr(dates, [-100.0, 107.0]) == pytest.approx(0.07)
    assert modified_dietz(100.0, 107.0, [], [], 365) == pytest.approx(0.07)


def test_modified_dietz_is_near_the_money_weighted_return() -> None:
    """Over a short span with a small flow the one approximates the other."""
    dietz = modified_dietz(1_000.0, 1_120.0, [10], [100.0], 30)
    dates = [date(2021, 4, 1), date(2021, 4, 11), date(2021, 5, 1)]

    exact = (1.0 + xirr(dates, [-1_000.0, -100.0, 1_120.0])) ** (30 / 365) - 1.0

    assert dietz == pytest.approx(exact, abs=1e-5)


def test_what_is_not_defined_is_nan() -> None:
    """Nothing there to earn, no time, no capital: NaN, without a warning."""
    assert np.isnan(session_returns([0.0, 5.0])).all()
    assert np.isnan(session_returns([nan, 5.0, float("inf")])).all()
    assert len(session_returns([])) == 0
    assert isnan(time_weighted([1.0]))
    assert isnan(time_weighted([0.0, 1.0]))
    assert isnan(modified_dietz(100.0, 110.0, [], [], 0))
    assert isnan(modified_dietz(100.0, 10.0, [0], [-150.0], 30))
    assert isnan(modified_dietz(nan, 10.0, [], [], 30))


def _saved_and_spent(seed: int, count: int, rate: float) -> tuple[Any, Any]:
    """Money in one day and some of it out the next, on an account that earns a rate."""
    draw = np.random.default_rng(seed)
    days = np.datetime64("2000-01-03") + np.arange(count + 1).astype("timedelta64[D]")
    amounts = np.where(np.arange(count) % 2 == 0, -10.0, 9.0) * draw.uniform(0.95, 1.0, count)
    times = np.arange(count + 1) / 365.0
    grown = float(-(amounts * (1.0 + rate) ** (times[-1] - times[:-1])).sum())
    return days, np.append(amounts, grown)


def test_thousands_of_changes_of_sign_have_their_one_rate() -> None:
    """An account in and out of which money goes every day gives back the rate it was made with."""
    days, amounts = _saved_and_spent(3, 8_000, 0.0725)

    found = money_weighted(days, amounts)

    assert int((np.sign(amounts[1:]) != np.sign(amounts[:-1])).sum()) >= 7_999
    assert found.rate == pytest.approx(0.0725, abs=1e-11)


@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=9),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None)
def test_one_look_never_overlooks_a_rate(amounts: list[int], seed: int) -> None:
    """Where the balance is said to have one side only, the whole search finds the same one rate."""
    net = np.array([amount or 1 for amount in amounts], dtype=float)
    gaps = np.random.default_rng(seed).integers(1, 800, len(net))
    times = np.cumsum(gaps) / 365.0

    only = _only_root(times - times[0], net)

    if only is not None:
        assert _roots(times - times[0], net) == pytest.approx([only], abs=1e-9)
