"""Shares that are found: what each sleeve may weigh, and exact shares within it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.targets.moving.ranged import UNITS, Range, exact_tree, ranged_tree
from trimtab.targets.tree import RawSleeve


def raw(name: str, *below: RawSleeve, **said: object) -> RawSleeve:
    """A sleeve as it is written; a leaf holds what is called like it."""
    numbers = {key: Decimal(str(value)) for key, value in said.items()}
    if below:
        return RawSleeve(name, children=below, **numbers)  # type: ignore[arg-type]
    return RawSleeve(name, hold=(name.upper(),), **numbers)  # type: ignore[arg-type]


def ranged(*sleeves: RawSleeve, least: int = 0, most: int = 100) -> Range:
    """A tree without problems."""
    root, problems = ranged_tree(sleeves, least=Decimal(least), most=Decimal(most))
    assert root is not None, problems
    return root


def wrongs(*sleeves: RawSleeve) -> list[tuple[str, str]]:
    """Where the problems of a tree are."""
    _, problems = ranged_tree(sleeves, least=Decimal(0), most=Decimal(100))
    return [(problem.sleeve, problem.key) for problem in problems]


def test_the_largest_remainder_gets_the_unit_that_is_left() -> None:
    """Shares sum to 1 exactly: whole hundredths of a percent, the rest to the largest remainders,
    the first written among equals.
    """
    root = ranged(raw("a"), raw("b"), raw("c"))

    tree = exact_tree(root, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})

    assert [leaf.weight * UNITS for leaf in tree.leaves()] == [3334, 3333, 3333]


def test_a_unit_never_goes_past_a_limit() -> None:
    """Rounding keeps to every limit that the search kept to."""
    root = ranged(raw("a", most_percent="33.33"), raw("b"), raw("c", percent="10.01"))

    tree = exact_tree(root, {"a": 0.33334, "b": 0.56656})

    weights = {leaf.name: leaf.weight for leaf in tree.leaves()}
    assert weights == {
        "a": Fraction(3333, UNITS),
        "b": Fraction(5666, UNITS),
        "c": Fraction(1001, UNITS),
    }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4),
    st.integers(0, 40),
    st.integers(0, 30),
)
def test_every_level_sums_to_the_one_above(found: list[float], group: int, cash: int) -> None:
    """Below each parent exact shares add up to its own, whatever was found, within its limits."""
    root = ranged(
        raw("stocks", raw("us"), raw("intl", least_percent=group / 4), least_percent=group),
        raw("bonds"),
        raw("gold"),
        raw("cash", percent=cash),
    )
    shares = [share / sum(found) * (1 - cash / 100) for share in found]
    names = ("stocks.us", "stocks.intl", "bonds", "gold")

    tree = exact_tree(root, dict(zip(names, shares, strict=True)))

    assert tree.weight == 1
    for sleeve, limits in zip(tree.walk(), root.walk(), strict=True):
        if sleeve.children:
            assert sum(child.weight for child in sleeve.children) == sleeve.weight
        assert limits.least <= sleeve.weight * UNITS <= limits.most


def test_limits_follow_from_the_sleeves_below() -> None:
    """A sleeve may weigh what those below it may together, and no more."""
    root = ranged(raw("stocks", raw("us", most_percent=30), raw("intl", most_percent=20)), raw("b"))

    assert [(one.name, one.most) for one in root.walk() if one.name == "stocks"] == [
        ("stocks", 5000)
    ]


def test_what_cannot_be_is_told_at_its_sleeve() -> None:
    """Limits that contradict each other are found where they are written, before any search."""
    assert wrongs(raw("a", percent=60), raw("b", least_percent=50)) == [("", "")]
    assert wrongs(raw("a", most_percent=30), raw("b", most_percent=60)) == [("", "")]
    assert wrongs(raw("a", least_percent=30, most_percent=20), raw("b")) == [("a", "min_percent")]
    assert wrongs(raw("a", percent=30, most_percent=20), raw("b")) == [("a", "max_percent")]
    assert wrongs(raw("a", percent="33.333"), raw("b")) == [("a", "percent")]
    assert wrongs(raw("x"), RawSleeve("m", hold=("CASH",))) == [("m", "percent")]
    assert wrongs(raw("g", raw("a", percent_of_parent=50), raw("b")), raw("c")) == [
        ("g.a", "percent_of_parent")
    ]
    assert wrongs(raw("a", percent=40), raw("b", percent=60)) == [("", "optimize")]
