"""Of limits that contradict each other, which of their two sides it takes: least, most, or both."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.targets.limits import Limits

Side: TypeAlias = tuple[str, int, str]
"""`weight` or `row`, its place, and `low` or `high`."""

MOST_SIDES = 120
"""Of more, both sides of all are told: each is left out once to see whether it takes it."""


def needed_sides(limits: Limits, weights: Sequence[int], rows: Sequence[int]) -> set[Side]:
    """The sides that contradict each other, none of them needless.

    Args:
        limits: What was asked.
        weights, rows: Those of them that contradict each other, as of `Solution.conflict`.

    Returns:
        Of what was given: all sides there are where more than linear limits contradict.
    """
    sides = [("weight", i, side) for i in weights for side in ("low", "high")]
    sides += [
        ("row", j, side)
        for j in rows
        if 0 < j <= len(limits.rows)
        for side in ("low", "high")
        if getattr(limits.rows[j - 1], side) is not None
    ]
    kept = set(sides)
    if any(j > len(limits.rows) for j in rows) or len(sides) > MOST_SIDES:
        return kept
    whole = 0 in rows
    if _is_possible(limits, kept, whole):
        # Only just impossible: less than a linear programme can tell.
        return kept
    # What is so of every weight unless told, 0 and 1, is the first to be left out.
    for side in sorted(sides, key=lambda side: _value(limits, side) not in (0.0, 1.0)):
        if not _is_possible(limits, kept - {side}, whole):
            kept.discard(side)
    return kept


def _value(limits: Limits, side: Side) -> float:
    kind, place, which = side
    if kind == "weight":
        return float((limits.low if which == "low" else limits.high)[place])
    found = getattr(limits.rows[place - 1], which)
    return inf if found is None else float(found)


def _is_possible(limits: Limits, sides: set[Side], whole: bool) -> bool:
    """Whether any weights meet these limits, summing to 1 where that counts."""
    import highspy
    import numpy as np

    from trimtab.targets.highs import fill_rows, solved

    n = len(limits.low)
    low, high = np.full(n, -inf), np.full(n, inf)
    bounds: dict[int, list[float]] = {}
    for side in sides:
        kind, place, which = side
        if kind == "weight":
            (low if which == "low" else high)[place] = _value(limits, side)
        else:
            bounds.setdefault(place, [-inf, inf])[which == "high"] = _value(limits, side)
    places = sorted(bounds)
    rows = [np.ones(n)] * whole + [limits.rows[j - 1].weights for j in places]
    if not rows:
        return bool((low <= high).all())
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = n, len(rows)
    programme.col_cost_ = np.zeros(n)
    programme.col_lower_, programme.col_upper_ = low, high
    programme.row_lower_ = np.array([1.0] * whole + [bounds[j][0] for j in places])
    programme.row_upper_ = np.array([1.0] * whole + [bounds[j][1] for j in places])
    fill_rows(programme, np.array(rows))
    status = solved(programme).getModelStatus()
    return bool(status != highspy.HighsModelStatus.kInfeasible)
