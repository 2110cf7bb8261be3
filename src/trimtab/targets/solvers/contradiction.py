"""Which limits cannot be met together: in words, none of those named needless, nor their sides."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.targets.solvers.limits import TRACKING, TURNOVER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trimtab.targets.solvers.limits import Limits, Names
    from trimtab.targets.solvers.programme import Row, Solution

Side: TypeAlias = tuple[str, int, str]
"""`weight` or `row`, its place, and `low` or `high`; or `names`, and which of them."""

MOST_SIDES = 120
"""So many are left out one after the other to see whether it takes each; of more, most go first."""


def contradiction(
    names: list[str],
    limits: Limits,
    solution: Solution,
    *,
    meets: Callable[[Limits], bool] | None = None,
) -> str:
    """Which limits cannot be met together, in words; none of those named is needless.

    Args:
        names: Of the weights.
        limits: What was asked.
        solution: Of a programme of these limits that is infeasible; in its conflict a row behind
            the last one is the turnover, and the one after that the tracking error.
        meets: As of `needed_sides`.
    """
    weights, rows = solution.conflict
    needed = needed_sides(limits, weights, rows, meets=meets)
    return _unreachable(limits, needed, rows) or told_sides(names, limits, needed, rows)


def told_sides(names: list[str], limits: Limits, needed: set[Side], rows: Sequence[int]) -> str:
    """Sides of limits in words.

    Args:
        names, limits: As of `contradiction`.
        needed: The sides.
        rows: The places of rows and of what stands behind them; 0: that weights sum to 1.
    """
    last = len(limits.rows)
    alike: dict[str, list[str]] = {}
    for i, name in enumerate(names):
        low, high = (("weight", i, side) in needed for side in ("low", "high"))
        told = _between(
            _amount(limits, float(limits.low[i])) if low else None,
            _amount(limits, float(limits.high[i])) if high else None,
        )
        alike.setdefault(told, []).append(name)
    parts = []
    for told, some in alike.items():
        if told:
            each = "each of " if len(some) > 1 else ""
            of = "each" if len(some) == len(names) > 1 else f"{each}{', '.join(some)}"
            parts.append(f"{of}{told}")
    for j in rows:
        if j == 0:
            parts.append(f"weights that sum to {_amount(limits, 1.0)}")
            continue
        if j > last:
            parts.append(_curb(limits, j - last))
            continue
        row = limits.rows[j - 1]
        low, high = (("row", j, side) in needed for side in ("low", "high"))
        least = f" at least {_amount(limits, row.low, row)}" if low else ""
        most = f" at most {_amount(limits, row.high, row)}" if high else ""
        parts.append(f"{row.name}{least}{' and' if least and most else ''}{most}")
    few = limits.names
    if few is not None:
        sides = [side for side in name_sides(few) if side in needed]
        parts += [_of_names(limits, few, which) for _, _, which in sides]
    return "; ".join(parts)


def name_sides(few: Names) -> list[Side]:
    """What is limited about a number of names."""
    limited = (("most", True), ("least", few.least > 1), ("smallest", few.smallest > 0.0))
    return [("names", 0, which) for which, is_limited in limited if is_limited]


def _of_names(limits: Limits, few: Names, which: str) -> str:
    """One side of a number of names in words."""
    if which in few.words:
        return few.words[which]
    if which == "smallest":
        return f"each that is held at least {_amount(limits, few.smallest)}"
    return f"at most {few.most} names" if which == "most" else f"at least {few.least} names"


def _unreachable(limits: Limits, needed: set[Side], rows: Sequence[int]) -> str:
    """What one limit of a sum asks for, and the most there is, where no other limit is in its way.

    What is so of every weight unless told, 0 and 1, is no limit that somebody set.
    """
    import numpy as np

    own = [side for side in needed if side[0] == "row"]
    if len(own) != 1 or any(j > len(limits.rows) for j in rows):
        return ""
    if any(side[0] == "weight" and _value(limits, side) not in (0.0, 1.0) for side in needed):
        return ""
    ((_, place, which),) = own
    row, sign = limits.rows[place - 1], 1.0 if which == "low" else -1.0
    # The best weights by one score: what must be held, then the highest, as much as may be held.
    weights, rest = limits.low.copy(), 1.0 - float(limits.low.sum())
    for i in np.argsort(-sign * row.weights, kind="stable"):
        more = min(rest, float(limits.high[i] - limits.low[i]))
        weights[i] += max(more, 0.0)
        rest -= max(more, 0.0)
    if abs(rest) > 1e-9:
        return ""
    asks, extreme = ("at least", "highest") if sign > 0.0 else ("at most", "lowest")
    found = float(weights @ row.weights)
    wanted = f"{row.name} {asks} {_amount(limits, _value(limits, own[0]), row)}"
    return f"{wanted}, and the {extreme} {row.name} is {_amount(limits, found, row)}"


def _amount(limits: Limits, value: float | None, row: Row | None = None) -> str:
    """A side as a fraction, or in percent of the whole where these are limits of a part."""
    assert value is not None, "a side that is told is there"
    if limits.part is None or (row is not None and not row.is_share):
        return f"{value:.4g}"
    return f"{value * limits.part * 100:.4g}%"


def _between(low: str | None, high: str | None) -> str:
    """The sides of a limit in words."""
    if low is None:
        return "" if high is None else f" at most {high}"
    return f" at least {low}" if high is None else f" between {low} and {high}"


def _curb(limits: Limits, place: int) -> str:
    if place == TURNOVER:
        assert limits.turnover is not None, "only a limit that is there can contradict"
        return limits.turnover.words or f"turnover at most {limits.turnover.most:.4g}"
    assert limits.tracking is not None, "only a limit that is there can contradict"
    return limits.tracking.words or f"tracking error at most {limits.tracking.most:.4g}"


def needed_sides(
    limits: Limits,
    weights: Sequence[int],
    rows: Sequence[int],
    *,
    meets: Callable[[Limits], bool] | None = None,
) -> set[Side]:
    """The sides that contradict each other, none of them needless.

    Args:
        limits: What was asked.
        weights, rows: Those of them that contradict each other, as of `Solution.conflict`.
        meets: Whether limits of every kind can be met together, weights summing to 1; without it
            both sides are told of what contradicts a limit that is not linear.
    """
    sides = [("weight", i, side) for i in weights for side in ("low", "high")]
    sides += [
        ("row", j, side)
        for j in rows
        if 0 < j <= len(limits.rows)
        for side in ("low", "high")
        if getattr(limits.rows[j - 1], side) is not None
    ]
    kept, whole = set(sides), 0 in rows
    curbed = {j - len(limits.rows) for j in rows if j > len(limits.rows)}
    if curbed and meets is None:
        return kept

    def is_possible(some: set[Side]) -> bool:
        if curbed:
            assert meets is not None, "told above"
            return meets(_only(limits, some, curbed))
        return _is_possible(limits, some, whole)

    if is_possible(kept):
        # Only just impossible: less than a linear programme can tell.
        return kept
    # What is so of every weight unless told, 0 and 1, is the first to be left out.
    sides.sort(key=lambda side: _value(limits, side) not in (0.0, 1.0))
    if len(sides) > MOST_SIDES:
        if curbed:
            sides.reverse()
            return set(halved([], sides, lambda some: is_possible(set(some)), fresh=False))
        few = _by_multipliers(limits, sides, whole)
        if not few or is_possible(few):
            return kept
        kept, sides = few, [side for side in sides if side in few]
        if len(sides) > MOST_SIDES:
            # A corner of the multipliers: none of them is needless (Gleeson and Ryan 1990).
            return kept
    for side in sides:
        if not is_possible(kept - {side}):
            kept.discard(side)
    return kept


def halved(
    given: list[Any], items: list[Any], can_hold: Callable[[Sequence[Any]], bool], *, fresh: bool
) -> list[Any]:
    """Which of the items contradict `given`, none of them needless (QuickXplain, Junker 2004)."""
    if fresh and not can_hold(given):
        return []
    if len(items) == 1:
        return items
    left, right = items[: len(items) // 2], items[len(items) // 2 :]
    late = halved([*given, *left], right, can_hold, fresh=True)
    early = halved([*given, *late], left, can_hold, fresh=bool(late))
    return [*early, *late]


def _only(limits: Limits, sides: set[Side], curbed: set[int]) -> Limits:
    """Some sides of limits, and those of turnover and tracking error that are asked for."""
    import numpy as np

    n = len(limits.low)
    low, high = np.full(n, -inf), np.full(n, inf)
    for kind, place, which in sides:
        if kind == "weight":
            (low if which == "low" else high)[place] = _value(limits, (kind, place, which))
    return replace(
        limits,
        low=low,
        high=high,
        rows=rows_of(limits, sides),
        turnover=limits.turnover if TURNOVER in curbed else None,
        tracking=limits.tracking if TRACKING in curbed else None,
    )


def rows_of(limits: Limits, sides: set[Side]) -> tuple[Row, ...]:
    """The limits of sums with these sides, without those that have none."""
    return tuple(
        replace(
            row,
            low=row.low if ("row", j, "low") in sides else None,
            high=row.high if ("row", j, "high") in sides else None,
        )
        for j, row in enumerate(limits.rows, start=1)
        if ("row", j, "low") in sides or ("row", j, "high") in sides
    )


def _by_multipliers(limits: Limits, sides: Sequence[Side], whole: bool) -> set[Side]:
    """Sides whose weighted sum says that something is less than itself (Farkas).

    Of all such sums one at a corner, with as little as can be of what is so unless told.
    """
    import highspy
    import numpy as np

    from trimtab.targets.solvers.highs import fill_rows, solved

    n, count = len(limits.low), len(sides)
    # A side is a row of `a w <= b`; its multiplier a column, and that of the sum the last one.
    table = np.zeros((n + 1, count + whole))
    for k, side in enumerate(sides):
        kind, place, which = side
        sign = 1.0 if which == "high" else -1.0
        if kind == "weight":
            table[place, k] = sign
        else:
            table[:n, k] = sign * limits.rows[place - 1].weights
        table[n, k] = sign * _value(limits, side)
    table[:, count:] = 1.0
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = count + whole, n + 1
    dear = [10.0 if _value(limits, side) in (0.0, 1.0) else 1.0 for side in sides]
    programme.col_cost_ = np.array(dear + [0.0] * whole)
    programme.col_lower_ = np.array([0.0] * count + [-inf] * whole)
    programme.col_upper_ = np.full(count + whole, inf)
    programme.row_lower_ = programme.row_upper_ = np.append(np.zeros(n), -1.0)
    fill_rows(programme, table)
    solver = solved(programme)
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return set()
    found = np.array(solver.getSolution().col_value[:count])
    used = found > 1e-9 * found.max(initial=0.0)
    return {side for side, is_used in zip(sides, used, strict=True) if is_used}


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
