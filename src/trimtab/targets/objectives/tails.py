"""Weights by the losses that history shows, by linear programmes on HiGHS."""

from __future__ import annotations

from math import floor, nan
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.highs import fill_rows, solved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Least:
    """Weights by a linear programme.

    Args:
        weights: Shape (n,); NaN where there are none.
        status: `optimal`, or the solver's own word for what became of it.
        bound: No weights within the limits come to less, by the programme's dual; NaN if unknown.
    """

    weights: Floats
    status: str
    bound: float = nan


def cvar(weights: Floats, returns: Floats, *, confidence: float) -> float:
    """The mean of a history's worst losses, as a fraction of the portfolio; positive is a loss.

    Args:
        weights: Shape (n,).
        returns: Simple returns, shape (periods, n).
        confidence: The worst 1 - confidence of periods count, counted in parts of a period.
    """
    return _mean_of_worst(-(returns @ weights), confidence)


def cdar(weights: Floats, returns: Floats, *, confidence: float) -> float:
    """The mean of a history's worst drawdowns, of returns summed; arguments as of `cvar`."""
    import numpy as np

    wealth = np.cumsum(returns @ weights)
    return _mean_of_worst(np.maximum(np.maximum.accumulate(wealth), 0.0) - wealth, confidence)


def _mean_of_worst(losses: Floats, confidence: float) -> float:
    """The mean of the worst 1 - confidence of losses, the last of them in part."""
    import numpy as np

    count = (1.0 - confidence) * len(losses)
    worst = np.sort(losses)[::-1]
    whole = min(floor(count), len(losses) - 1)
    return float((worst[:whole].sum() + (count - whole) * worst[whole]) / count)


def least_cvar(returns: Floats, limits: Limits, *, confidence: float = 0.95) -> Least:
    """The weights with the least mean of the worst losses of a period (Rockafellar-Uryasev 2000).

    Args:
        returns: Simple returns, shape (periods, n).
        limits: To keep to.
        confidence: The worst 1 - confidence of periods count, counted in parts of a period.
    """
    import numpy as np

    periods = len(returns)
    # Columns: weights, the threshold, and how far each period's loss exceeds it.
    count = returns.shape[1] + 1 + periods
    cost = np.zeros(count)
    cost[returns.shape[1]] = 1.0
    cost[returns.shape[1] + 1 :] = 1.0 / ((1.0 - confidence) * periods)
    rows = np.hstack([returns, np.ones((periods, 1)), np.eye(periods)])
    return _solve(cost, rows, limits, free=1)


def least_drawdown(returns: Floats, limits: Limits, *, confidence: float = 0.95) -> Least:
    """The weights with the least mean of the worst drawdowns (CDaR, Chekhlov et al. 2005).

    Drawdowns are of returns summed, not compounded, as in the paper; otherwise as `least_cvar`.
    """
    import numpy as np

    periods, n = returns.shape
    summed = np.cumsum(returns, axis=0)
    # Columns: weights, threshold, excess of each period, high-water mark of each period (>= 0).
    count = n + 1 + 2 * periods
    cost = np.zeros(count)
    cost[n] = 1.0
    cost[n + 1 : n + 1 + periods] = 1.0 / ((1.0 - confidence) * periods)
    one, nothing = np.eye(periods), np.zeros((periods, periods))
    rise = one - np.eye(periods, k=-1)
    rows = np.vstack(
        [
            np.hstack([summed, np.ones((periods, 1)), one, -one]),  # excess >= drawdown - threshold
            np.hstack([-summed, np.zeros((periods, 1)), nothing, one]),  # mark >= wealth
            np.hstack([np.zeros((periods, n + 1)), nothing, rise]),  # the mark never falls
        ]
    )
    return _solve(cost, rows, limits, free=1)


def _solve(cost: Floats, rows: Floats, limits: Limits, *, free: int) -> Least:
    """Least cost with rows >= 0 and the limits; all columns >= 0 but `free` after the weights."""
    import highspy
    import numpy as np

    n, count = len(limits.low), len(cost)
    sums = [np.ones(n), *(row.weights for row in limits.rows)]
    below = [1.0, *(-np.inf if row.low is None else row.low for row in limits.rows)]
    above = [1.0, *(np.inf if row.high is None else row.high for row in limits.rows)]
    limited = np.zeros((len(sums), count))
    limited[:, :n] = sums
    whole = np.vstack([rows, limited])
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = count, len(whole)
    programme.col_cost_ = cost
    programme.col_lower_ = np.concatenate(
        [limits.low, np.full(free, -np.inf), np.zeros(count - n - free)]
    )
    programme.col_upper_ = np.concatenate([limits.high, np.full(count - n, np.inf)])
    programme.row_lower_ = np.concatenate([np.zeros(len(rows)), below])
    programme.row_upper_ = np.concatenate([np.full(len(rows), np.inf), above])
    fill_rows(programme, whole)
    solver = solved(programme)
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        return Least(np.full(n, nan), solver.modelStatusToString(status).lower())
    answer = solver.getSolution()
    found = np.array(answer.col_value[:n])
    # What is no weight is a loss, or less than two: no further from zero than this.
    furthest = np.maximum(np.abs(limits.low), np.abs(limits.high)).sum()
    reach = 2.0 * float(np.abs(rows[:, :n]).max() * furthest)
    bound = _dual(
        np.array(answer.row_dual), cost, whole,
        rows=(np.array(programme.row_lower_), np.array(programme.row_upper_)),
        columns=(
            np.maximum(np.array(programme.col_lower_), -reach),
            np.append(limits.high, np.full(count - n, reach)),
        ),
    )  # fmt: skip
    return Least(np.clip(found, limits.low, limits.high), "optimal", bound)


def _dual(
    prices: Floats,
    cost: Floats,
    matrix: Floats,
    *,
    rows: tuple[Floats, Floats],
    columns: tuple[Floats, Floats],
) -> float:
    """What no point within the bounds costs less than, whatever prices the rows are given.

    Args:
        prices: Of the rows; a price of the sign that an open bound forbids counts as none.
        cost, matrix: Of the programme.
        rows, columns: Their lower and upper bounds; those of columns are finite.
    """
    import numpy as np

    priced = np.where(np.isfinite(np.where(prices > 0.0, *rows)), prices, 0.0)
    reduced = cost - priced @ matrix
    bound = np.where(priced > 0.0, *rows)[priced != 0.0] @ priced[priced != 0.0]
    return float(bound + np.where(reduced > 0.0, *columns) @ reduced)
