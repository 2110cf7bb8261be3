"""Where names stand beside points of a picture, so that none lies over another or over a point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from trimtab.model.frozen import dataclass

LINE_TALL = 13.0
"""Height of a line of text, from top to foot."""

UP = 10.0
"""How much of that is above the line on which letters stand."""

NEAR = 3.0
"""Between a point and its name."""


@dataclass(frozen=True, slots=True)
class Named:
    """A point with a name, in units of the picture; down is more.

    Args:
        name: The name.
        x, y: The middle of the point.
        radius: How far the point reaches.
        wide: How wide the name is.
    """

    name: str
    x: float
    y: float
    radius: float
    wide: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands: its left end, and the line on which letters stand."""

    x: float
    y: float


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def placed(
    points: Sequence[Named], room: Box, *, curve: Sequence[tuple[float, float]] = ()
) -> list[Place | None]:
    """A place for every name, those that come first first; None for what has no room.

    Of eight places around its point a name takes the one that crosses least of the curve; none
    where each is taken by a name, by a point or by the edge.

    Args:
        points: What is named; all of them are kept free.
        room: Where names may stand.
        curve: Points close to each other along lines that names had better leave alone.

    >>> a, b = placed([Named("A", 50, 50, 4, 20), Named("B", 60, 50, 4, 20)], (0, 0, 99, 99))
    >>> a.x < b.x
    True
    """
    taken: list[Box] = []
    found: list[Place | None] = []
    for number, one in enumerate(points):
        others = [other for place, other in enumerate(points) if place != number]
        best: tuple[int, Place, Box] | None = None
        for place in _around(one):
            box = (place.x, place.y - UP, place.x + one.wide, place.y - UP + LINE_TALL)
            if not _inside(box, room) or any(_meet(box, other) for other in taken):
                continue
            if any(_meet(box, _disc(other)) for other in others):
                continue
            crossed = sum(_inside((x, y, x, y), box) for x, y in curve)
            if best is None or crossed < best[0]:
                best = (crossed, place, box)
        found.append(None if best is None else best[1])
        if best is not None:
            taken.append(best[2])
    return found


def _around(one: Named) -> list[Place]:
    """Eight places around a point, the usual one first."""
    away = one.radius + NEAR
    right, left, middle = one.x + away, one.x - away - one.wide, one.x - one.wide / 2
    level, above, below = one.y + 4.0, one.y - away, one.y + away + UP - 2.0
    near = one.radius * 0.7 + NEAR
    return [
        Place(one.x + near, one.y - near),
        Place(right, level),
        Place(left, level),
        Place(middle, above),
        Place(middle, below),
        Place(one.x + near, one.y + near + UP - 2.0),
        Place(one.x - near - one.wide, one.y - near),
        Place(one.x - near - one.wide, one.y + near + UP - 2.0),
    ]


def _disc(one: Named) -> Box:
    return one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius


def _inside(box: Box, room: Box) -> bool:
    return box[0] >= room[0] and box[1] >= room[1] and box[2] <= room[2] and box[3] <= room[3]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def along(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points along a line, a few pixels apart."""
    found = []
    for (a, b), (c, d) in pairwise(places):
        steps = max(1, int(max(abs(c - a), abs(d - b)) / 4.0))
        found += [(a + (c - a) * k / steps, b + (d - b) * k / steps) for k in range(steps)]
    return found
