"""A tactical overlay: how far shares may leave the strategic ones, and always add up again.

Wanted shifts of leaves become shifts that can be held, in four exact steps:

1. each is clipped where its leaf would pass a limit;
2. what is added and what is taken are made equal: the larger of the two is scaled down to the
   smaller, so what one leaf cannot take no other gives;
3. all are scaled by one factor where a sleeve above leaves would pass a limit of its own;
4. and where together they would move more, one way, than is allowed.

No leaf ever moves against what was wanted, nor further, and one that nobody wants moved stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

from trimtab.model.frozen import dataclass

NOTHING = Fraction(0)
WHOLE = Fraction(1)

Stop = Literal["limits", "groups", "most"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one leaf, or several together, may be as a share of the whole.

    Args:
        leaves: Which; one, or those of a sleeve that holds others.
        least, most: With the strategic share between them.
    """

    leaves: tuple[str, ...]
    least: Fraction = NOTHING
    most: Fraction = WHOLE


@dataclass(frozen=True, slots=True)
class Overlay:
    """Shifts that can be held.

    Args:
        shares: Of the whole by leaf; they sum to what the strategic ones sum to.
        moved: One way: half of the absolute shifts.
        stops: What made them smaller than wanted, in the order of the steps.
    """

    shares: Mapping[str, Fraction]
    moved: Fraction
    stops: tuple[Stop, ...] = ()


def overlaid(
    strategic: Mapping[str, Fraction],
    shifts: Mapping[str, Fraction],
    *,
    bounds: Sequence[Bounds] = (),
    most: Fraction = WHOLE,
) -> Overlay:
    """Strategic shares with a tactical shift, inside limits.

    Args:
        strategic: Shares by leaf.
        shifts: What is wanted of some of them, as shares of the whole; positive is more.
        bounds: Of leaves and of sleeves above them; a leaf that none names may be 0 to 1.
        most: One way, what all shifts together may move.

    >>> third = Fraction(1, 3)
    >>> found = overlaid({"a": 2 * third, "b": third}, {"a": third, "b": -third},
    ...     bounds=[Bounds(("a",), most=Fraction(3, 4))])
    >>> found.shares["a"], found.shares["b"], found.stops
    (Fraction(3, 4), Fraction(1, 4), ('limits',))
    """
    stops: list[Stop] = []
    own = {one.leaves[0]: one for one in bounds if len(one.leaves) == 1}
    clipped = {
        leaf: min(max(shift, limit.least - share), limit.most - share)
        for leaf, share in strategic.items()
        for limit in (own.get(leaf) or Bounds((leaf,)),)
        if (shift := shifts.get(leaf, NOTHING))
    }
    added = sum((one for one in clipped.values() if one > 0), NOTHING)
    taken = sum((-one for one in clipped.values() if one < 0), NOTHING)
    moved = min(added, taken)
    even = {
        leaf: one * (moved / added if one > 0 else moved / taken)
        for leaf, one in clipped.items()
        if one
    }
    if any(even.get(leaf, NOTHING) != shift for leaf, shift in shifts.items()):
        stops.append("limits")
    factor = WHOLE
    for group in (one for one in bounds if len(one.leaves) > 1):
        share = sum((strategic[leaf] for leaf in group.leaves), NOTHING)
        shift = sum((even.get(leaf, NOTHING) for leaf in group.leaves), NOTHING)
        room = max(group.most - share if shift > 0 else share - group.least, NOTHING)
        if abs(shift) * factor > room:
            factor = room / abs(shift)
    if factor < 1:
        stops.append("groups")
    if moved * factor > most:
        factor = most / moved
        stops.append("most")
    shares = {leaf: share + even.get(leaf, NOTHING) * factor for leaf, share in strategic.items()}
    return Overlay(shares, moved * factor, tuple(stops))
