"""A glide path: shares that change by the calendar, along straight lines between given days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Protocol, TypeVar

from trimtab.model.days import plain_day
from trimtab.model.frozen import dataclass
from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.ranged import UNITS, Range, exact_tree
from trimtab.targets.tree import RawSleeve, TreeProblem, joined, target_tree

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class GlidePath:
    """A target whose sleeves, or some of them, say percent by date.

    Args:
        sleeves: At the top, in the order written.
    """

    sleeves: tuple[RawSleeve, ...]

    def tree_on(self, day: date) -> Sleeve:
        """The target of a day: its exact shares, each to the nearest hundredths of a percent."""
        return _tree_on(self, day if self.knots else date.min)

    @property
    def ranges(self) -> Range:
        """The sleeves without limits: all that the path may ever ask for."""
        return _free("", "", self.sleeves)

    @property
    def knots(self) -> tuple[date, ...]:
        """The days between which shares run straight, oldest first."""
        return tuple(sorted({day for raw in _all(self.sleeves) for day, _ in raw.path}))


@lru_cache(maxsize=4096)
def _tree_on(path: GlidePath, day: date) -> Sleeve:
    """The target of a day, found once: every policy of a run asks for it."""
    exact, problems = target_tree(_raws_on(path.sleeves, day))
    assert exact is not None, problems
    shares = {leaf.name: float(leaf.weight) for leaf in exact.leaves()}
    return exact_tree(path.ranges, shares)


class Glide:
    """A glide path as the target of a policy in Python: weights by date, straight in between.

        tt.Policy(tt.Glide({"2025-01-01": {"SPY": 0.9, "AGG": 0.1},
                            "2055-01-01": {"SPY": 0.4, "AGG": 0.6}}), when="annual")

    Args:
        weights: Weights by symbol that sum to 1, by date; a symbol that is absent has none.

    Raises:
        ValueError: There are fewer than two dates, or one of them is none.
    """

    def __init__(self, weights: Mapping[date | str, Mapping[str, float]]) -> None:
        if len(weights) < 2:
            raise ValueError("weights: a path needs two dates at least")
        self.rows = {day: dict(row) for day, row in days_by(weights).items()}

    @property
    def holds(self) -> tuple[str, ...]:
        """All that it holds on any day."""
        return tuple(dict.fromkeys(symbol for row in self.rows.values() for symbol in row))

    def on(self, day: date) -> dict[str, float]:
        """The weights of a day; before the first date and after the last, theirs."""
        days = list(self.rows)
        place = bisect_right(days, day)
        if place in (0, len(days)):
            return dict(self.rows[days[0] if place == 0 else days[-1]])
        before, after = days[place - 1], days[place]
        share = (day - before).days / (after - before).days
        old, new = self.rows[before], self.rows[after]
        return {
            symbol: old.get(symbol, 0.0) * (1.0 - share) + new.get(symbol, 0.0) * share
            for symbol in dict.fromkeys((*old, *new))
        }

    def __call__(self, view: Dated) -> dict[str, float]:
        """The weights of the last day that a policy can see."""
        return self.on(view.last)


class Dated(Protocol):
    """A view of prices."""

    @property
    def last(self) -> date:
        """Its last session."""
        ...


def days_by(rows: Mapping[date | str, Row]) -> dict[date, Row]:
    """Rows by date, oldest first, with dates that may be written as text.

    Raises:
        ValueError: A text is no date.
    """
    return dict(sorted({plain_day(day): row for day, row in rows.items()}.items()))


def has_path(sleeves: Sequence[RawSleeve]) -> bool:
    """Whether any share changes by date."""
    return any(raw.path for raw in _all(sleeves))


def percent_on(raw: RawSleeve, day: date) -> Fraction:
    """The percent that a path asks for on a day: before its first day and after its last, theirs.

    >>> from decimal import Decimal
    >>> path = ((date(2025, 1, 1), Decimal(90)), (date(2026, 1, 1), Decimal(17)))
    >>> percent_on(RawSleeve("stocks", path=path), date(2025, 1, 6))
    Fraction(89, 1)
    """
    return straight(raw.path, day)


def straight(path: Sequence[tuple[date, Decimal | Fraction]], day: date) -> Fraction:
    """The value of a day on straight lines between given days; beyond them that of the nearest."""
    days = [one for one, _ in path]
    values = [Fraction(value) for _, value in path]
    if day <= days[0]:
        return values[0]
    for place in range(1, len(days)):
        if day <= days[place]:
            gone = (day - days[place - 1]).days
            share = Fraction(gone, (days[place] - days[place - 1]).days)
            return values[place - 1] + share * (values[place] - values[place - 1])
    return values[-1]


def glide_problems(path: GlidePath) -> tuple[TreeProblem, ...]:
    """What is wrong with a path: on each of its days shares add up as those of any target do.

    A path without days has the same shares on all.

    Between those days all shares run straight, so their sums hold there as well.
    """
    for day in path.knots or (date.min,):
        root, problems = target_tree(_raws_on(path.sleeves, day))
        if root is None:
            return tuple(
                replace(one, wrong=f"on {day} {one.wrong}")
                if path.knots and "add up" in one.wrong
                else one
                for one in problems
            )
    return ()


def _all(sleeves: Sequence[RawSleeve]) -> Iterator[RawSleeve]:
    for raw in sleeves:
        yield raw
        yield from _all(raw.children)


def _raws_on(sleeves: Sequence[RawSleeve], day: date) -> list[RawSleeve]:
    """The sleeves with the percent of one day."""
    return [
        replace(
            raw,
            percent=percent_on(raw, day) if raw.path else raw.percent,
            path=(),
            children=tuple(_raws_on(raw.children, day)),
        )
        for raw in sleeves
    ]


def _free(
    parent: str, name: str, below: Sequence[RawSleeve], raw: RawSleeve | None = None
) -> Range:
    path = joined(parent, name) if name else ""
    return Range(
        name=path,
        least=0 if path else UNITS,
        most=UNITS,
        is_fixed=not path,
        is_limited=not path,
        hold=(raw.hold or ()) if raw is not None else (),
        location=raw.location if raw is not None else (),
        children=tuple(_free(path, one.name, one.children, one) for one in below),
    )
