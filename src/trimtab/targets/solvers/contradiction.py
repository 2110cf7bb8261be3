"""Which limits cannot be met together: in words, none of those named needless, nor their sides."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeAlias

from trimtab.targets.solvers.limits import TURNOVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.targets.solvers.limits import Limits
    from trimtab.targets.solvers.programme import Solution

Side: TypeAlias = tuple[str, int, str]
"""`weight` or `row`, its place, and `low` or `high`."""

MOST_SIDES = 120
"""Of more, both sides of all are told: each is left out once to see whether it takes it."""


def contradiction(names: list[str], limits: Limits, solution: Solution) -> str:
    """Which limits cannot be met together, in words; none of those named is needless.

    Args:
        names: Of the weights.
        limits: What was asked.
        solution: Of a programme of these limits that is infeasible; in its conflict a row behind
            the last one is the turnover, and the one after that the tracking error.
    """
    weights, rows = solution.conflict
    last = len(limits.rows)
    needed = needed_sides(limits, weights, rows)
    alike: dict[str, list[str]] = {}
    for i in weights:
        low, high = (("weight", i, side) in needed for side in ("low", "high"))
        told = _between(
            float(limits.low[i]) if low else None, float(limits.high[i]) if high else None
        )
        alike.setdefault(told, []).append(names[i])
    parts = [
        f"{'each of ' if len(some) > 1 else ''}{', '.join(some)}{told}"
        for told, some in alike.items()
        if told
    ]
    for j in rows:
        if j == 0:
            parts.append("weights that sum to 1")
            continue
        if j > last:
            parts.append(_curb(limits, j - last))
            continue
        row = limits.rows[j - 1]
        low, high = (("row", j, side) in needed for side in ("low", "high"))
        least = f" at least {row.low:.4g}" if low else ""
        most = f" at most {row.high:.4g}" if high else ""
        parts.append(f"{row.name}{least}{' and' if least and most else ''}{most}")
    return "; ".join(parts)


def _between(low: float | None, high: float | None) -> str:
    """The sides of a limit in words."""
    if low is None:
        return "" if high is None else f" at most {high:.4g}"
    return f" at least {low:.4g}" if high is None else f" between {low:.4g} and {high:.4g}"


def _curb(limits: Limits, place: int) -> str:
    if place == TURNOVER:
        assert limits.turnover is not None, "only a limit that is there can contradict"
        return limits.turnover.words or f"turnover at most {limits.turnover.most:.4g}"
    assert limits.tracking is not None, "only a limit that is there can contradict"
    return limits.tracking.words or f"tracking error at most {limits.tracking.most:.4g}"


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

    from trimtab.targets.solvers.highs import fill_rows, solved

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
