"""What it costs to exchange money for what is quoted in another currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.costs.costs import Costs


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


def exchanged(
    costs: Mapping[str, Costs], foreign: Sequence[str], fx_bps: Mapping[str, Decimal]
) -> dict[str, Costs]:
    """The same for each account; what is said of none counts where nothing else is said.

    Args:
        costs: By account; the empty key is every other account.
        foreign: Instruments that are quoted in another currency than the portfolio's.
        fx_bps: Half-spreads of exchange, by account in the same way.
    """
    usual = fx_bps.get("", Decimal(0))
    return {
        account: with_exchange(own, foreign, fx_bps.get(account, usual))
        for account, own in costs.items()
    }
