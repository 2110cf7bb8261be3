"""A glide path: shares along straight lines between days, exact on every day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.targets.moving.glide import Glide, GlidePath, glide_problems
from trimtab.targets.tree import RawSleeve

FIRST, LAST = date(2025, 1, 1), date(2055, 1, 1)


def leaf(name: str, **said: object) -> RawSleeve:
    """A leaf that holds what is called like it."""
    return RawSleeve(name, hold=(name.upper(),), **said)  # type: ignore[arg-type]


def path(first: int, last: int) -> tuple[tuple[date, Decimal], ...]:
    """From one percent to another over thirty years."""
    return ((FIRST, Decimal(first)), (LAST, Decimal(last)))


STOCKS = RawSleeve(
    "stocks",
    path=path(90, 40),
    children=(
        leaf("us", percent_of_parent=Decimal(60)),
        leaf("intl", percent_of_parent=Decimal(40)),
    ),
)
GLIDE = GlidePath((STOCKS, leaf("bonds", path=path(5, 55)), leaf("cash", percent=Decimal(5))))


def weights(day: date) -> dict[str, Fraction]:
    """Of the leaves on a day."""
    return {one.name: one.weight for one in GLIDE.tree_on(day).leaves()}


def test_half_way_is_half_way() -> None:
    """Between two days a share lies on the straight line, before and after at their ends."""
    days = (LAST - FIRST).days
    middle = FIRST + timedelta(days=days // 2)

    assert glide_problems(GLIDE) == ()
    assert weights(FIRST - timedelta(days=900))["bonds"] == Fraction(5, 100)
    assert weights(LAST + timedelta(days=900))["bonds"] == Fraction(55, 100)
    assert abs(weights(middle)["bonds"] - Fraction(30, 100)) <= Fraction(1, 10_000)
    assert weights(FIRST)["stocks.us"] == Fraction(54, 100)


@settings(max_examples=60, deadline=None)
@given(st.integers(-400, 12_000))
def test_every_day_sums_to_the_whole(after: int) -> None:
    """On every day shares are whole hundredths of a percent that add up to exactly 100, within a
    hundredth of the line.
    """
    day = FIRST + timedelta(days=after)

    found = weights(day)

    gone = min(max(Fraction(after, (LAST - FIRST).days), Fraction(0)), Fraction(1))
    assert sum(found.values()) == 1
    assert all((weight * 10_000).denominator == 1 for weight in found.values())
    assert abs(found["bonds"] - (5 + 50 * gone) / 100) < Fraction(1, 10_000)
    assert found["cash"] == Fraction(1, 20)


def test_a_path_that_does_not_add_up_is_told_with_its_day() -> None:
    """Shares add up on each day that is written, or the day is named."""
    wrong = GlidePath((STOCKS, leaf("bonds", path=path(10, 50)), leaf("x", percent=Decimal(5))))

    (problem,) = glide_problems(wrong)

    assert "on 2025-01-01" in problem.wrong
    assert "5 too much" in problem.wrong


def test_a_path_in_python_is_straight_between_its_dates() -> None:
    """Weights by date, with what is absent at none; they sum to 1 on every day."""
    glide = Glide({"2026-01-01": {"A": 0.4, "B": 0.6}, date(2025, 1, 1): {"A": 1.0}})

    middle = glide.on(date(2025, 7, 2))

    assert glide.on(date(2020, 1, 1)) == {"A": 1.0}
    assert glide.on(date(2030, 1, 1)) == {"A": 0.4, "B": 0.6}
    assert abs(middle["A"] - (1.0 - 0.6 * 182 / 365)) < 1e-12
    assert abs(sum(middle.values()) - 1.0) < 1e-12
    with pytest.raises(ValueError, match="two dates"):
        Glide({"2026-01-01": {"A": 1.0}})
