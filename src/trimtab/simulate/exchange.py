"""What it costs to exchange money for what is quoted in another currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.costs import Costs


def with_exchange(costs: Costs, foreign: Sequence[str], fx_bps: float | str | Decimal) -> Costs:
    """The costs with a half-spread of exchange on each order in another currency.

    Args:
        costs: What trading costs otherwise.
        foreign: Symbols that are quoted in another currency.
        fx_bps: Half the distance between what a currency is bought and sold at, in basis points.

    >>> with_exchange(Costs(bps=1), ["EWG"], 3).by_instrument["EWG"].half_spread_bps
    Decimal('3')

    Raises:
        ValueError: It is below zero, or no number.
    """
    if not fx_bps:
        return costs
    charge = Costs(half_spread_bps=fx_bps).half_spread_bps
    if not charge or not foreign:
        return costs
    by_instrument = dict(costs.by_instrument)
    for symbol in foreign:
        own = costs.by_instrument.get(symbol, replace(costs, by_instrument={}))
        by_instrument[symbol] = replace(own, half_spread_bps=own.half_spread_bps + charge)
    return replace(costs, by_instrument=by_instrument)
