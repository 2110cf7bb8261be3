"""Every rebalance of a run: when, at what prices, what changed and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.kernels.daily_columns import (
    BORROWED,
    DIVIDEND,
    ENDED,
    FEE,
    FLOW,
    PAID_OUT,
    REBALANCE,
    SPENT,
)
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats


@dataclass(frozen=True, eq=False)
class Rebalances:
    """Every rebalance of a run, oldest first; k of them over n symbols.

    Args:
        sessions: Which session each was traded at, shape (k,).
        value: Value before cost, shape (k,).
        cost: Cost, shape (k,).
        moved: Sum of absolute trades, before cost, shape (k,).
        dealing: Prices that could be traded at, by session, shape (sessions, n).
        start_units: Units held before the first, shape (n,).
        units_after: Units held after each, shape (k, n).
        rates: What an order costs by symbol: rate, fee a unit, fee an order, least; shape (4, n).
        kinds: What each was: REBALANCE, CARRIED (the rest of an order), FLOW, FEE, PAID_OUT,
            BORROWED, ENDED, DIVIDEND or SPENT of `kernels.daily_columns`, shape (k,); None where
            all are rebalances.
        cost_by: Cost of each by symbol, shape (k, n); None where it is worked out from `rates`.
        closes: Closes by session, shape (sessions, n), at which money that comes and goes is traded
            whatever the policy trades at; None where there is none of it.
    """

    sessions: NDArray[np.int64]
    value: Floats
    cost: Floats
    moved: Floats
    dealing: Floats
    start_units: Floats
    units_after: Floats
    rates: Floats
    kinds: NDArray[np.int64] | None = None
    cost_by: Floats | None = None
    closes: Floats | None = None

    @property
    def prices(self) -> Floats:
        """Prices traded at, shape (k, n)."""
        import numpy as np

        found = self.dealing[self.sessions]
        if self.kinds is None or self.closes is None:
            return found
        at_close = np.isin(self.kinds, (FLOW, SPENT))
        return np.where(at_close[:, None], self.closes[self.sessions], found)

    @property
    def units_before(self) -> Floats:
        """Units held before each, shape (k, n)."""
        import numpy as np

        return np.vstack([self.start_units[None, :], self.units_after])[: len(self.sessions)]

    @property
    def changes(self) -> Floats:
        """Units bought or, below zero, sold at each, shape (k, n); zero where rounding is all."""
        import numpy as np

        change = self.units_after - self.units_before
        meant = np.abs(change * self.prices) > 1e-12 * self.value[:, None]
        if self.kinds is not None:
            # A fee shrinks all holdings alike, what is delisted is paid out, and so are
            # dividends: no trades.
            orders = ~np.isin(self.kinds, (FEE, PAID_OUT, BORROWED, ENDED, DIVIDEND))
            meant &= orders[:, None]
        return np.where(meant, change, 0.0)

    @property
    def ordered(self) -> NDArray[np.bool_]:
        """Which symbols were bought or sold at each, cash among them, shape (k, n).

        Costs are taken out of all holdings alike: one that only bore its part was not traded.
        """
        import numpy as np

        kept = (self.value - self.cost)[:, None]
        worth = self.value[:, None]
        whole = np.divide(worth, kept, out=np.ones_like(worth), where=kept > 0.0)
        meant = self.units_after * self.prices * whole - self.units_before * self.prices
        found: NDArray[np.bool_] = (self.changes != 0.0) & (np.abs(meant) > 1e-12 * worth)
        return found

    @property
    def acted(self) -> NDArray[np.bool_]:
        """Which rows are what the policy decided, shape (k,): none where money came or went."""
        import numpy as np

        if self.kinds is None:
            return np.ones(len(self.sessions), dtype=np.bool_)
        acted: NDArray[np.bool_] = self.kinds == REBALANCE
        return acted

    @property
    def turned(self) -> Floats:
        """One-way turnover of each, shape (k,); none where no value was left to have a share of."""
        import numpy as np

        above = self.value > 0.0
        return 0.5 * np.divide(self.moved, self.value, out=np.zeros(len(above)), where=above)

    @property
    def shares_of_cost(self) -> Floats:
        """Which part of each rebalance's cost each symbol bore, by its own order; shape (k, n)."""
        import numpy as np

        if self.cost_by is not None:
            paid = self.cost_by.sum(axis=1, keepdims=True)
            parts: Floats = np.divide(
                self.cost_by, paid, out=np.zeros_like(self.cost_by), where=paid > 0
            )
            return parts
        # Undo the cost's own effect on the holdings, to see the orders that were charged.
        kept = (self.value - self.cost)[:, None]
        meant = self.units_after * self.prices * (self.value[:, None] / kept)
        amounts = np.abs(meant - self.units_before * self.prices)
        rate, per_unit, fixed, least = self.rates
        charged = np.maximum(fixed + rate * amounts + per_unit * (amounts / self.prices), least)
        charged = np.where(amounts > 1e-12 * self.value[:, None], charged, 0.0)
        total = charged.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(charged, total, out=np.zeros_like(charged), where=total > 0)
        return shares
