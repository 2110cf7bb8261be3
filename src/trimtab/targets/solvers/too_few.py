"""Which limits cannot be met together with a number of names, none of those told needless."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.targets.solvers.contradiction import halved, name_sides, rows_of, told_sides
from trimtab.targets.solvers.limits import TRACKING, TURNOVER, Names, Search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.contradiction import Side
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]

ONE_BY_ONE = 60
"""So many sides are left out one by one; of more, those of weights with one value together."""

SECONDS = 2.0
"""For one question; what is not settled by then is taken for possible."""

PARTS = 200
"""Of the tree, for one question about a tracking error; the same."""

FREE = 10.0
"""No weight is further from 0 where some may be below it and nothing else is said."""

WHOLE: Side = ("whole", 0, "")
NEAR: Side = ("curb", TRACKING, "")


def too_few(
    names: list[str],
    limits: Limits,
    *,
    nearest: Callable[[Limits], float] | None = None,
) -> str:
    """What contradicts a number of names, which the limits without it do not; "" if unsettled.

    Args:
        names: Of the weights.
        limits: With `names`.
        nearest: The least tracking error there is within limits that have none, or what it surely
            is not below; needed where one is limited.

    Beside a tracking error that is needed, that weights sum to 1 is not told.
    """
    few = limits.names
    assert few is not None, "there is a number of names"

    def can_hold(some: Sequence[Sequence[Side]]) -> bool:
        sides = {side for group in some for side in group}
        if NEAR not in sides:
            return _is_possible(limits, sides)
        assert nearest is not None, "a tracking error is told with the nearest there is"
        assert limits.tracking is not None, "only a limit that is there can contradict"
        return nearest(_only(limits, sides)) <= limits.tracking.most + 1e-9

    given: list[tuple[Side, ...]] = []
    groups = _sides(limits)
    if can_hold(groups):
        given, groups = [(NEAR,)], [group for group in groups if group != (WHOLE,)]
        if limits.tracking is None or can_hold([*given, *groups]):
            return ""
    needed = [side for group in halved(given, groups, can_hold, fresh=False) for side in group]
    if len(needed) <= ONE_BY_ONE:
        single = [(side,) for side in needed]
        needed = [one for (one,) in halved(given, single, can_hold, fresh=False)]
    needed += [side for group in given for side in group]
    rows = {place for kind, place, _ in needed if kind in ("whole", "row")}
    rows |= {len(limits.rows) + place for kind, place, _ in needed if kind == "curb"}
    return told_sides(names, limits, set(needed), sorted(rows))


def _ends(limits: Limits) -> tuple[float, float]:
    """What every weight is between unless somebody says so."""
    return (-FREE, FREE) if (limits.low < 0.0).any() else (0.0, 1.0)


def _sides(limits: Limits) -> list[tuple[Side, ...]]:
    """The sides but of a tracking error: of weights those with one value together, others each."""
    assert limits.names is not None, "there is a number of names"
    least, most = _ends(limits)
    alike: dict[tuple[str, float], list[Side]] = {}
    for i, (low, high) in enumerate(zip(limits.low, limits.high, strict=True)):
        if low > least:
            alike.setdefault(("low", float(low)), []).append(("weight", i, "low"))
        if high < most:
            alike.setdefault(("high", float(high)), []).append(("weight", i, "high"))
    found: list[tuple[Side, ...]] = [(WHOLE,)]
    found += [(side,) for side in name_sides(limits.names)]
    if limits.turnover is not None:
        found.append((("curb", TURNOVER, ""),))
    found += [tuple(some) for some in alike.values()]
    for j, row in enumerate(limits.rows, start=1):
        found += [(("row", j, side),) for side in ("low", "high") if getattr(row, side) is not None]
    return found


def _only(limits: Limits, sides: set[Side]) -> Limits:
    """These sides of the limits, without the one on tracking error."""
    import numpy as np

    few, (n, ends) = limits.names, (len(limits.low), _ends(limits))
    assert few is not None, "there is a number of names"
    low = [limits.low[i] if ("weight", i, "low") in sides else ends[0] for i in range(n)]
    high = [limits.high[i] if ("weight", i, "high") in sides else ends[1] for i in range(n)]
    return replace(
        limits,
        low=np.array(low, dtype=np.float64),
        high=np.array(high, dtype=np.float64),
        rows=rows_of(limits, sides),
        turnover=limits.turnover if ("curb", TURNOVER, "") in sides else None,
        tracking=None,
        names=Names(
            few.most if ("names", 0, "most") in sides else n,
            few.least if ("names", 0, "least") in sides else 1,
            few.smallest if ("names", 0, "smallest") in sides else 0.0,
        ),
        search=Search(most_nodes=PARTS),
    )


def _is_possible(limits: Limits, sides: set[Side]) -> bool:
    """Whether any weights meet these sides: a programme of whole numbers."""
    import highspy
    import numpy as np

    from trimtab.targets.solvers.highs import fill_rows, solved

    some, n = _only(limits, sides), len(limits.low)
    few, moved = some.names, some.turnover
    assert few is not None, "there is a number of names"
    low, high = some.low, some.high
    # Columns: the weights, whether each is held, and how far it is from what is held now.
    one, none, zeros, ones = np.eye(n), np.zeros((n, n)), np.zeros(n), np.ones(n)
    table: list[tuple[Floats, Floats, Floats]] = [  # row, least, most
        (np.hstack([one, -np.diag(high), none]), np.full(n, -np.inf), zeros),
        (
            np.hstack([one, -np.diag(np.maximum(low, few.smallest or -FREE)), none]),
            zeros,
            ones + FREE,
        ),
    ]

    def limited(row: Sequence[Floats], least: float | None, most: float | None) -> None:
        ends = (-np.inf if least is None else least, np.inf if most is None else most)
        table.append((np.concatenate(row)[None, :], np.array(ends[:1]), np.array(ends[1:])))

    limited([zeros, ones, zeros], few.least, few.most)
    if WHOLE in sides:
        limited([ones, zeros, zeros], 1.0, 1.0)
    for row in some.rows:
        limited([row.weights, zeros, zeros], row.low, row.high)
    if moved is not None:
        for sign in (1.0, -1.0):
            far = np.hstack([-sign * one, none, one])
            table.append((far, -sign * moved.held, np.full(n, np.inf)))
        limited([zeros, zeros, ones], None, 2.0 * (moved.most - moved.gone))
    whole = np.vstack([rows for rows, _, _ in table])
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = 3 * n, len(whole)
    programme.col_cost_ = np.zeros(3 * n)
    programme.col_lower_ = np.concatenate([low, zeros, zeros])
    programme.col_upper_ = np.concatenate([high, ones, np.full(n, 2.0 * FREE)])
    programme.row_lower_ = np.concatenate([least for _, least, _ in table])
    programme.row_upper_ = np.concatenate([most for _, _, most in table])
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    programme.integrality_ = [kinds[0]] * n + [kinds[1]] * n + [kinds[0]] * n
    fill_rows(programme, whole)
    status = solved(programme, seconds=SECONDS).getModelStatus()
    return bool(status != highspy.HighsModelStatus.kInfeasible)
