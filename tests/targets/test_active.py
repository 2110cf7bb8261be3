"""A tactical overlay: shares leave the strategic ones within limits, and add up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.targets.objectives.active import Bounds, overlaid

STRATEGIC = {
    "us": Fraction(40, 100),
    "intl": Fraction(20, 100),
    "bonds": Fraction(30, 100),
    "gold": Fraction(10, 100),
}


def percents(shares: dict[str, Fraction]) -> list[float]:
    """In the order written."""
    return [float(share * 100) for share in shares.values()]


@pytest.mark.parametrize(
    ("shifts", "bounds", "most", "wanted", "stops"),
    [
        # Nothing in the way: added as they are.
        ({"us": 5, "bonds": -5}, [], 100, [45, 20, 25, 10], ()),
        # us takes 2 of 8: bonds and gold give 2 together, in proportion to 6 and 2.
        (
            {"us": 8, "bonds": -6, "gold": -2}, [("us", 0, 42)], 100,
            [42, 20, 28.5, 9.5], ("limits",),
        ),
        # gold gives 10 of 16: us and intl get 10 together, 3 to 1.
        ({"us": 12, "intl": 4, "gold": -16}, [], 100, [47.5, 22.5, 30, 0], ("limits",)),
        # Stocks may be 63: 3 of 9 for us and intl, so a third of every shift.
        (
            {"us": 6, "intl": 3, "bonds": -9}, [("us intl", 50, 63)], 100,
            [42, 21, 27, 10], ("groups",),
        ),
        # One way 4 of 8: half of every shift.
        ({"us": -8, "bonds": 6, "gold": 2}, [], 4, [36, 20, 33, 11], ("most",)),
        # A leaf at its limit gives nothing, so nobody gets anything.
        ({"us": 5, "bonds": -5}, [("bonds", 30, 100)], 100, [40, 20, 30, 10], ("limits",)),
    ],
)  # fmt: skip
def test_tables_by_hand(
    shifts: dict[str, int],
    bounds: list[tuple[str, int, int]],
    most: int,
    wanted: list[float],
    stops: tuple[str, ...],
) -> None:
    """Clipped, made even, scaled for sleeves above and for the most: step by step on paper."""
    limits = [
        Bounds(tuple(names.split()), Fraction(low, 100), Fraction(high, 100))
        for names, low, high in bounds
    ]

    found = overlaid(
        STRATEGIC,
        {leaf: Fraction(points, 100) for leaf, points in shifts.items()},
        bounds=limits,
        most=Fraction(most, 100),
    )

    assert percents(dict(found.shares)) == wanted
    assert found.stops == stops


room = st.tuples(st.integers(0, 10), st.integers(0, 10))
points = st.integers(-60, 60).map(lambda one: Fraction(one, 100))


@given(
    shifts=st.fixed_dictionaries(dict.fromkeys(STRATEGIC, points)),
    room=st.fixed_dictionaries(dict.fromkeys(STRATEGIC, room)),
    stocks=room,
    most=st.integers(0, 30).map(lambda one: Fraction(one, 100)),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_shares_stay_inside_every_limit_and_add_up(
    shifts: dict[str, Fraction],
    room: dict[str, tuple[int, int]],
    stocks: tuple[int, int],
    most: Fraction,
) -> None:
    """Exactly 100% always; no leaf, no sleeve above and no total beyond its limit; none moves
    against what is wanted of it, nor further.
    """
    limits = [
        Bounds((leaf,), STRATEGIC[leaf] - Fraction(low, 100), STRATEGIC[leaf] + Fraction(high, 100))
        for leaf, (low, high) in room.items()
    ]
    group = Bounds(("us", "intl"), Fraction(60 - stocks[0], 100), Fraction(60 + stocks[1], 100))

    found = overlaid(STRATEGIC, shifts, bounds=[*limits, group], most=most)

    moved = {leaf: share - STRATEGIC[leaf] for leaf, share in found.shares.items()}
    assert sum(found.shares.values()) == 1
    assert all(one.least <= found.shares[one.leaves[0]] <= one.most for one in limits)
    assert group.least <= found.shares["us"] + found.shares["intl"] <= group.most
    assert sum(map(abs, moved.values())) / 2 == found.moved <= most
    assert all(
        0 <= moved[leaf] * (1 if want > 0 else -1) <= abs(want) for leaf, want in shifts.items()
    )
