"""The no-trade region: the holdings from which no trade is worth its cost.

With proportional costs and return less half the risk aversion times the variance, moving a unit
from one instrument to another is worth the difference of their marginal utilities; it costs a sale
and a purchase. Where no pair's difference is above its cost, nothing is worth trading: these
holdings are a region around the best ones, and from outside it the best trade ends on its edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]

AT_LIMIT = 1e-12


@dataclass(frozen=True, slots=True)
class NoTradeRegion:
    """What decides whether any trade is worth its cost.

    Args:
        returns, covariance: A year's, shapes (n,) and (n, n).
        risk_aversion: As of `getting_there.from_holdings`.
        sell, buy: Costs of a unit of weight, shape (n,), paid once.
        limits: Of each weight; there are none of sums but the budget.
        years: What costs are spread over.
    """

    returns: Floats
    covariance: Floats
    risk_aversion: float
    sell: Floats
    buy: Floats
    limits: Limits
    years: float = 1.0

    def __post_init__(self) -> None:
        if self.limits.rows or not self.limits.is_linear:
            raise ValueError("a no-trade region knows limits of single weights only")

    def worth(self, weights: Floats) -> float:
        """What the best of all small trades is worth, a unit of weight and year, after its cost.

        At or below zero no trade is worth its cost: the weights are in the region.
        """
        import numpy as np

        marginal = self.returns - self.risk_aversion * (self.covariance @ weights)
        bought = marginal - self.buy / self.years
        sold = marginal + self.sell / self.years
        may_buy = weights < self.limits.high - AT_LIMIT
        may_sell = weights > self.limits.low + AT_LIMIT
        if not (may_buy.any() and may_sell.any()):
            return -np.inf
        best, worst = np.where(may_buy, bought, -np.inf), np.where(may_sell, sold, np.inf)
        return float(best.max() - worst.min())

    def holds(self, weights: Floats, *, allowance: float = 1e-12) -> bool:
        """Whether no trade from these weights is worth its cost."""
        return self.worth(weights) <= allowance

    def bands(self, best: Floats) -> Floats:
        """How far each weight may stray below and above its best before a trade is worth its cost.

        The others make room in proportion to their weights. Utility is quadratic, so marginal
        utilities change in proportion to the way, and the first pair whose difference reaches its
        cost ends it.

        Args:
            best: The best weights without costs, shape (n,): the middle of the region.

        Returns:
            Shape (n, 2): down and up, >= 0, as shares of the portfolio; NaN where the others hold
            nothing that could make room.
        """
        import numpy as np

        n = len(best)
        pairs = (self.buy[:, None] + self.sell[None, :]) / self.years
        marginal = self.returns - self.risk_aversion * (self.covariance @ best)
        found = np.full((n, 2), np.nan)
        for i in range(n):
            others = best.copy()
            others[i] = 0.0
            if not others.sum() > 0.0:
                continue
            way = -others / others.sum()
            way[i] = 1.0
            for side, sign in enumerate((-1.0, 1.0)):
                change = -self.risk_aversion * (self.covariance @ (sign * way))
                # What is not held can be bought, and not sold.
                may_sell = (best > self.limits.low + AT_LIMIT) | (sign * way > 0.0)
                may_buy = (best < self.limits.high - AT_LIMIT) | (sign * way < 0.0)
                slack = pairs - (marginal[:, None] - marginal[None, :])
                speed = change[:, None] - change[None, :]
                usable = may_buy[:, None] & may_sell[None, :] & (speed > 1e-15)
                reach = np.where(usable, slack / np.where(usable, speed, 1.0), np.inf)
                found[i, side] = max(float(reach.min()), 0.0)
        return found
