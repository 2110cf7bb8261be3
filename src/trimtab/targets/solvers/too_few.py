"""Which limits cannot be met together with a number of names, none of those told needless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.targets.solvers.contradiction import halved, told_sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.targets.solvers.contradiction import Side
    from trimtab.targets.solvers.limits import Limits

ONE_BY_ONE = 60
"""So many sides are left out one by one; of more, those of weights with one value together."""

SECONDS = 2.0
"""For one question; what is not settled by then is taken for possible."""


def too_few(names: list[str], limits: Limits) -> str:
    """What contradicts a number of names, which the limits without it do not; "" if unsettled.

    Args:
        names: Of the weights.
        limits: Linear ones of weights of zero or more, and `names`.
    """
    few = limits.names
    assert few is not None, "there is a number of names"
    groups = _sides(limits)

    def can_hold(some: Sequence[Sequence[Side]]) -> bool:
        return _is_possible(limits, {side for group in some for side in group})

    if not groups or can_hold(groups):
        return ""
    needed = [side for group in halved([], groups, can_hold, fresh=False) for side in group]
    if len(needed) <= ONE_BY_ONE:
        needed = [one for (one,) in halved([], [(side,) for side in needed], can_hold, fresh=False)]
    rows = [0, *sorted({place for kind, place, _ in needed if kind == "row"})]
    told = f"at most {few.most} names" + (f", at least {few.least}" if few.least > 1 else "")
    if few.smallest > 0.0:
        told += f", each of at least {few.smallest:.4g}"
    return f"{told_sides(names, limits, set(needed), rows)}; {few.words or told}"


def _sides(limits: Limits) -> list[tuple[Side, ...]]:
    """The sides that somebody set: of weights those with one value together, and of sums each."""
    alike: dict[tuple[str, float], list[Side]] = {}
    for i, (low, high) in enumerate(zip(limits.low, limits.high, strict=True)):
        if low > 0.0:
            alike.setdefault(("low", float(low)), []).append(("weight", i, "low"))
        if high < 1.0:
            alike.setdefault(("high", float(high)), []).append(("weight", i, "high"))
    found = [tuple(some) for some in alike.values()]
    for j, row in enumerate(limits.rows, start=1):
        found += [(("row", j, side),) for side in ("low", "high") if getattr(row, side) is not None]
    return found


def _is_possible(limits: Limits, sides: set[Side]) -> bool:
    """Whether so many names can meet these limits, summing to 1: a programme of whole numbers."""
    import highspy
    import numpy as np

    from trimtab.targets.solvers.highs import fill_rows, solved

    few, n = limits.names, len(limits.low)
    assert few is not None, "there is a number of names"
    low = np.array([limits.low[i] if ("weight", i, "low") in sides else 0.0 for i in range(n)])
    high = np.array([limits.high[i] if ("weight", i, "high") in sides else 1.0 for i in range(n)])
    # Columns: the weights, then whether each is held.
    one, zeros = np.eye(n), np.zeros(n)
    table = [
        np.hstack([one, -np.diag(np.minimum(high, 1.0))]),
        np.hstack([one, -np.diag(np.maximum(low, few.smallest))]),
        np.append(np.ones(n), zeros)[None, :],
        np.append(zeros, np.ones(n))[None, :],
    ]
    least = [np.full(n, -np.inf), zeros, np.ones(1), np.array([float(few.least)])]
    most = [zeros, np.full(n, np.inf), np.ones(1), np.array([float(few.most)])]
    for j, row in enumerate(limits.rows, start=1):
        table.append(np.append(row.weights, zeros)[None, :])
        is_low, is_high = ("row", j, "low") in sides, ("row", j, "high") in sides
        least.append(np.array([row.low if is_low else -np.inf], dtype=np.float64))
        most.append(np.array([row.high if is_high else np.inf], dtype=np.float64))
    whole = np.vstack(table)
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = 2 * n, len(whole)
    programme.col_cost_ = np.zeros(2 * n)
    programme.col_lower_, programme.col_upper_ = np.zeros(2 * n), np.ones(2 * n)
    programme.row_lower_, programme.row_upper_ = np.concatenate(least), np.concatenate(most)
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    programme.integrality_ = [kinds[0]] * n + [kinds[1]] * n
    fill_rows(programme, whole)
    status = solved(programme, seconds=SECONDS).getModelStatus()
    return bool(status != highspy.HighsModelStatus.kInfeasible)
