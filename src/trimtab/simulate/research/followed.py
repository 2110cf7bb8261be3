"""Which target a policy had adopted when, and which changes of a dated one it followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.policy import Policy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Days, Floats


def adopted_at(row_at: NDArray[np.int64], decided: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which row of its targets a policy had adopted last, shape (sessions,).

    Args:
        row_at: Which row was current at each session's close, below zero where none was asked for;
            a run begins with the first.
        decided: Which sessions decided its rebalances, ascending: each adopts what was current.
    """
    import numpy as np

    rows = np.concatenate([[0], row_at[decided]])
    every = np.arange(len(row_at))
    adopted: NDArray[np.int64] = rows[np.searchsorted(decided, every, side="right")]
    return adopted


def changes_not_followed(
    policy: Policy,
    rows: Floats,
    row_at: NDArray[np.int64],
    dates: Days,
    decided: NDArray[np.int64],
    lag: int,
) -> tuple[Finding, ...]:
    """That a policy which does not act by the calendar alone followed a target late or never.

    Such a policy asks whether holdings have left the target last adopted, and a target that moves
    does not wake it: the change is followed when prices do, or is overtaken by the next one.

    Args:
        policy: It.
        rows: Target weights, shape (k, n), oldest first.
        row_at: Which row was current at each session's close, shape (sessions,).
        dates: The sessions.
        decided: Which sessions decided its rebalances, ascending.
        lag: Sessions from a decision to its trades.

    Returns:
        One finding, or none where every change was followed at once.
    """
    import numpy as np

    when = policy.when
    if len(rows) == 1 or (when.calendar is not None and not when.has_band and when.drift is None):
        return ()
    last = len(row_at) - 1 - lag
    count = 0
    never: list[str] = []
    late: list[tuple[int, str]] = []
    for row in range(1, len(rows)):
        current = np.flatnonzero(row_at == row)
        # What changes on the last session cannot be followed any more.
        if not len(current) or current[0] >= last or np.array_equal(rows[row], rows[row - 1]):
            continue
        count += 1
        begins = int(current[0])
        acted = decided[(decided >= begins) & (decided <= int(current[-1]))]
        if not len(acted):
            never.append(str(dates[begins]))
        elif acted[0] > begins:
            days = int((dates[acted[0]] - dates[begins]).astype("timedelta64[D]").astype(int))
            late.append((days, str(dates[begins])))
    if not (never or late):
        return ()
    said = []
    if never:
        said.append(f"{len(never)} never followed (first that of {never[0]})")
    if late:
        days, day = max(late, key=lambda one: one[0])
        said.append(f"{len(late)} followed late (by up to {days} days, that of {day})")
    message = (
        f"of {count} changes of its target {' and '.join(said)}: it measures against the target "
        "last adopted, and a target that moves sets off no trade. A calendar follows every change."
    )
    return (Finding("target-not-followed", policy.label, message, "warning"),)
