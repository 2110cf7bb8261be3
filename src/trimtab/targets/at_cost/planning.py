"""Planning several periods ahead: trade now what a whole plan of trades begins with.

Model-predictive choice (Boyd and others, Multi-period trading via convex optimization, 2017,
section 5): for forecasts of each of the next H periods find the weights of all of them together,

    minimise  sum_t [ risk_aversion/2 w_t'S_t w_t - r_t'w_t + the cost of moving from w_(t-1) ]

trade the first step, and plan anew in the next period. As there, weights do not drift between
periods within the plan: returns of a period are small beside the trades that matter.

It is one programme over the trades of all periods. Each trade has its kink at nothing traded, which
is where the active set has its marks, so no solver is needed beside the one of a single period;
limits of weights after the first period are rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.at_cost.getting_there import MovingCosts
from trimtab.targets.solvers.limits import Limits
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.separable import Moved, move, one_price

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan of several periods, of which the first is traded.

    Args:
        status: `optimal`, `infeasible`, or `stopped` where the gap did not close.
        weights: After the trades of each period, shape (H, n); NaN where infeasible.
        objective: What was made least, summed over the periods.
        gap: No plan within the limits has an objective lower than this by more.
        moved: What was solved.
    """

    status: str
    weights: Floats
    objective: float
    gap: float
    moved: Moved

    @property
    def first(self) -> Floats:
        """The weights to trade to now, shape (n,)."""
        first: Floats = self.weights[0]
        return first


def plan_ahead(
    returns: Floats,
    covariance: Floats | Sequence[Floats],
    limits: Limits,
    *,
    risk_aversion: float,
    held: Floats,
    costs: MovingCosts,
) -> Planned:
    """The best trades of several periods.

    Args:
        returns: Expected in each period, of that period, shape (H, n).
        covariance: Of a period's returns, shape (n, n), or one for each period; positive definite.
        limits: On the weights of every period; not on turnover or tracking error.
        risk_aversion: How much return a unit of variance, halved, must bring, > 0.
        held: The weights now, within the limits of single weights, shape (n,).
        costs: Of moving in any period; without lots, whose tax hangs on what was sold before.

    Raises:
        ValueError: Something of this makes no sense; it says what.
    """
    import numpy as np

    expected = np.atleast_2d(np.asarray(returns, dtype=np.float64))
    horizon, n = expected.shape
    matrices = _by_period(covariance, horizon, n)
    held = np.asarray(held, dtype=np.float64)
    if not risk_aversion > 0.0:
        raise ValueError(f"risk_aversion {risk_aversion!r}: above zero")
    if not limits.is_linear:
        raise ValueError("limits on turnover or tracking error do not go with costs of moving")
    if costs.lots:
        raise ValueError("lots: taxes of several periods are not planned; use from_holdings")
    programme = _over_trades(expected, risk_aversion * matrices, limits, held)
    sell, buy, impact = (
        np.tile(np.broadcast_to(np.asarray(one, dtype=np.float64), (n,)), horizon)
        for one in (costs.sell, costs.buy, costs.impact)
    )
    for name, column in (("sell", sell), ("buy", buy), ("impact", impact)):
        if not (np.isfinite(column).all() and (column >= 0.0).all()):
            raise ValueError(f"{name}: zero or more, and finite")
    still = np.zeros(horizon * n)
    found = move(programme, one_price(still, sell, buy, impact))
    weights = held + found.weights.reshape(horizon, n).cumsum(axis=0)
    staying = sum(
        0.5 * risk_aversion * float(held @ matrix @ held) - float(mean @ held)
        for matrix, mean in zip(matrices, expected, strict=True)
    )
    return Planned(found.status, weights, found.objective + staying, found.gap, found)


def _by_period(covariance: Floats | Sequence[Floats], horizon: int, n: int) -> Floats:
    """A covariance for each period, shape (H, n, n)."""
    import numpy as np

    given = np.asarray(covariance, dtype=np.float64)
    matrices = np.broadcast_to(given, (horizon, n, n)) if given.ndim == 2 else given
    if matrices.shape != (horizon, n, n):
        raise ValueError(f"covariance {given.shape}: ({n}, {n}), or one for each of {horizon}")
    return matrices


def _over_trades(expected: Floats, matrices: Floats, limits: Limits, held: Floats) -> Programme:
    """The programme over the trades of all periods, laid end to end: z, with w_t = held + sums."""
    import numpy as np

    horizon, n = expected.shape
    # What is bought in a period is held in all that follow: sums from the end.
    later = np.cumsum(matrices[::-1], axis=0)[::-1]
    matrix = np.empty((horizon * n, horizon * n))
    for s in range(horizon):
        for t in range(horizon):
            matrix[s * n : (s + 1) * n, t * n : (t + 1) * n] = later[max(s, t)]
    gains = np.einsum("tij,j->ti", matrices, held) - expected
    linear = np.cumsum(gains[::-1], axis=0)[::-1].ravel()
    reach = limits.high - limits.low
    low = np.concatenate([limits.low - held, *[-reach] * (horizon - 1)])
    high = np.concatenate([limits.high - held, *[reach] * (horizon - 1)])
    rows = []
    for t in range(horizon):
        own = np.zeros((horizon, n))
        own[t] = 1.0
        rest = 1.0 - float(held.sum()) if t == 0 else 0.0
        rows.append(Row(f"all weights of period {t + 1}", own.ravel(), rest, rest))
    for t in range(horizon):
        for row in limits.rows:
            sums = np.zeros((horizon, n))
            sums[: t + 1] = row.weights
            now = float(row.weights @ held)
            least = None if row.low is None else row.low - now
            most = None if row.high is None else row.high - now
            rows.append(Row(f"{row.name} of period {t + 1}", sums.ravel(), least, most))
        for i in range(n if t else 0):
            one = np.zeros((horizon, n))
            one[: t + 1, i] = 1.0
            rows.append(
                Row(
                    f"weight {i + 1} of period {t + 1}",
                    one.ravel(),
                    float(limits.low[i] - held[i]),
                    float(limits.high[i] - held[i]),
                )
            )
    return Programme(matrix, linear, low, high, tuple(rows))
