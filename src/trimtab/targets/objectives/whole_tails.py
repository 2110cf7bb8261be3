"""The mildest worst losses by the whole linear programme at once, each period with its loss.

Of losses: Rockafellar and Uryasev (2000). Of drawdowns: Chekhlov, Uryasev and Zabarankin (2005),
where each drawdown is no less than the one before it less the return between them.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.highs import silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits
    from trimtab.targets.solvers.programme import Row

    Floats = NDArray[np.float64]

STEPS = 200
"""Steps of the simplex method between two questions whether to stop: some hundredths of a second.
"""

SMALL_ENOUGH = {"losses": 250_000, "drawdowns": 100_000}
"""Returns of a history, names by periods, above which nothing is solved: some three seconds."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What the whole programme says.

    Args:
        weights: The best, shape (n,).
        prices: Of the limits of sums.
        plane: What each weight adds to a mean of losses that is nowhere above that of the worst.
    """

    weights: Floats
    prices: Floats
    plane: Floats


def at_once(
    returns: Floats,
    confidence: float,
    limits: Limits,
    rows: tuple[Row, ...],
    *,
    of_falls: bool,
    near: float,
    is_over: Callable[[], bool],
) -> Whole | None:
    """The best weights and their proof, or None: too large, stopped, or failed.

    Args:
        returns: Simple returns, shape (periods, n).
        confidence: The worst 1 - confidence of periods count.
        limits: Of each weight.
        rows: Of sums of weights, with that of all.
        of_falls: Whether the losses are drawdowns.
        near: The solver's tolerance.
        is_over: Whether to stop, asked now and then.
    """
    import highspy
    import numpy as np

    if returns.size > SMALL_ENOUGH["drawdowns" if of_falls else "losses"]:
        return None
    solver = silent()
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        solver.setOptionValue(option, near)
    solver.setOptionValue("simplex_iteration_limit", STEPS)
    most = 1.0 / ((1.0 - confidence) * len(returns))
    solver.passModel(_model(returns, most, limits, rows, of_falls=of_falls))
    solver.run()
    while solver.getModelStatus() == highspy.HighsModelStatus.kIterationLimit and not is_over():
        solver.run()  # goes on from where it was
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    answer = solver.getSolution()
    periods, n = returns.shape
    prices = np.array(answer.row_dual)
    # Rounding makes no proof: shares are none below zero, none above the most, 1 in all.
    share = np.clip(prices[:periods], 0.0, most)
    short = 1.0 - share.sum()
    room = most - share if short > 0.0 else share
    share += short * room / room.sum()
    if of_falls:  # a return has a share in the drawdowns from its period on, and in no others
        later = np.cumsum(share[::-1])[::-1]
        over = np.maximum(prices[periods : 2 * periods], 0.0) - later
        share = later + np.minimum(np.minimum.accumulate(over[::-1])[::-1], 0.0)
    weights = np.clip(answer.col_value[:n], limits.low, limits.high)
    return Whole(weights, prices[-len(rows) :], -(share @ returns))


def _model(
    returns: Floats, most: float, limits: Limits, rows: tuple[Row, ...], *, of_falls: bool
) -> Any:
    """The programme: weights, a threshold, each loss above it, and where asked each drawdown."""
    import highspy
    import numpy as np

    periods, n = returns.shape
    each, weight = np.arange(periods), np.arange(n)
    above = n + 1 + each
    fall = above + periods
    # Entries by blocks of the matrix, each with rows, columns and values.
    first = periods if of_falls else 0  # the row of the first return
    last = first + periods
    blocks = [
        (each, np.full(periods, n), np.ones(periods)),
        (each, above, np.ones(periods)),
        (first + np.repeat(each, n), np.tile(weight, periods), returns.ravel()),
        *((np.full(n, last + k), weight, row.weights) for k, row in enumerate(rows)),
    ]
    if of_falls:
        blocks += [
            (each, fall, np.full(periods, -1.0)),
            (first + each, fall, np.ones(periods)),
            (first + each[1:], fall[:-1], np.full(periods - 1, -1.0)),
        ]
    row, column, value = (np.concatenate(part) for part in zip(*blocks, strict=True))
    order = np.argsort(row, kind="stable")
    more = last  # a loss, and a drawdown, for each of their rows
    programme = highspy.HighsLp()
    programme.num_row_, programme.num_col_ = last + len(rows), n + 1 + more
    programme.col_cost_ = np.repeat([0.0, 1.0, most, 0.0], [n, 1, periods, more - periods])
    programme.col_lower_ = np.concatenate([limits.low, [-inf], np.zeros(more)])
    programme.col_upper_ = np.concatenate([limits.high, np.full(1 + more, inf)])
    lows = [-inf if row.low is None else row.low for row in rows]
    highs = [inf if row.high is None else row.high for row in rows]
    programme.row_lower_ = np.concatenate([np.zeros(last), lows])
    programme.row_upper_ = np.concatenate([np.full(last, inf), highs])
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = np.searchsorted(row[order], np.arange(last + len(rows) + 1))
    programme.a_matrix_.index_ = column[order]
    programme.a_matrix_.value_ = value[order]
    return programme
