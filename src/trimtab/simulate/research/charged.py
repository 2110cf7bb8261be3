"""What orders cost in research mode, as the table by symbol that the kernels read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from trimtab.costs import Costs
from trimtab.kernels.research_trades import COST_IN_ORDER, COST_ONCE
from trimtab.model.errors import OptionError
from trimtab.model.instruments import CASH

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


def rates_of(
    costs: Costs, symbols: Sequence[str], *, cost_rule: int = COST_ONCE, whole: bool = False
) -> Floats:
    """Rate, fee a unit, fee an order and least fee of each symbol, shape (4, n); none for cash.

    Nobody writes to the table: it may be that of other runs as well.

    Args:
        costs: What trading costs.
        symbols: Of what.
        cost_rule: One of the COST_ rules, which must know such costs.
        whole: Whether what else there is to the costs is worked out elsewhere.

    Raises:
        OptionError: There is more to the costs than that, or than the rule knows.
    """
    if not (whole or costs.is_plain):
        raise OptionError("costs: impact, tiers and a maximum are known to `backtest` only")
    cash_at = symbols.index(CASH) if CASH in symbols else None
    if not costs.by_instrument:
        return _alike(_fees(costs, cost_rule), len(symbols), cash_at)
    import numpy as np

    own = [_fees(costs.by_instrument.get(symbol, costs), cost_rule) for symbol in symbols]
    rates = np.array(np.transpose(own), order="C")
    if cash_at is not None:
        rates[:, cash_at] = 0.0
    return rates


@lru_cache(maxsize=64)
def _alike(fees: tuple[float, float, float, float], n: int, cash_at: int | None) -> Floats:
    """The table of symbols that all cost the same, made once for policies that come and go."""
    import numpy as np

    rates = np.empty((4, n))
    rates.T[:] = fees
    if cash_at is not None:
        rates[:, cash_at] = 0.0
    return rates


def _fees(costs: Costs, cost_rule: int) -> tuple[float, float, float, float]:
    """Rate, fee a unit, fee an order and least fee, all of which the rule of cost must know.

    Raises:
        OptionError: It does not.
    """
    rate, per_unit, fixed, least = costs.plain
    if cost_rule != COST_ONCE and (per_unit or fixed or least):
        raise OptionError("cost_rule: fees an order or a share are only known to `once`")
    if cost_rule == COST_IN_ORDER and rate >= 1.0:
        raise OptionError("cost_rule: in-order takes costs out of each sale: they must be below it")
    return costs.plain
