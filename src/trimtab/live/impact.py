"""What the trades of a plan are estimated to cost by moving prices: told, not decided by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.costs import Costs
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.findings import Finding
from trimtab.model.numbers import MINOR_DIGITS
from trimtab.model.plan import Plan, Trade

if TYPE_CHECKING:
    from trimtab.simulate.prices.history import PriceHistory


def with_impact(plan: Plan, portfolio: Portfolio) -> tuple[Plan, list[Finding]]:
    """The plan with the estimated impact of its trades, and which of them nothing is known of.

    From volatility and volume of the last 20 sessions up to the plan's, as a backtest charges it,
    each trade as one order of one day. Where costs state no impact, it is the plan as it was, and
    no price file is read.

    Args:
        plan: As decided.
        portfolio: Whose costs, and whose price files.
    """
    asked = [trade for trade in plan.trades if _moves_prices(_costs_of(trade, portfolio), trade)]
    if not asked:
        return plan, []
    from trimtab.adapters.portfolio_prices import portfolio_prices

    try:
        history = portfolio_prices(portfolio)
    except (InputError, RefusedError) as error:
        said = f"no impact is estimated: {error}"
        return plan, [Finding("impact-unknown", trade.instrument, said, "info") for trade in asked]
    findings: dict[str, Finding] = {}
    trades = []
    for trade in plan.trades:
        if trade not in asked:
            trades.append(trade)
            continue
        money = _impact_of(trade, plan, _costs_of(trade, portfolio), history)
        if money is None:
            said = (
                "too little volume of it is known: no impact is estimated for its trades. Give its "
                "prices a volume, or say under [costs] that it has no impact (docs/costs.md)."
            )
            findings[trade.instrument] = Finding(
                "volume-unknown", trade.instrument, said, "warning"
            )
        trades.append(replace(trade, impact=money))
    return replace(plan, trades=tuple(trades)), list(findings.values())


def _costs_of(trade: Trade, portfolio: Portfolio) -> Costs:
    """What trading costs in its account."""
    costs = portfolio.mandate.costs
    return costs.get(trade.account) or costs.get("") or Costs()


def _moves_prices(costs: Costs, trade: Trade) -> bool:
    return costs.by_instrument.get(trade.instrument, costs).moves_prices


def _impact_of(trade: Trade, plan: Plan, costs: Costs, history: PriceHistory) -> int | None:
    """What a trade is estimated to cost by moving the price, in minor units; None if unknown."""
    import numpy as np

    from trimtab.simulate.research.conditions import usual_day

    if trade.instrument not in history.symbols or not trade.quantity:
        return None
    usual = usual_day(history, trade.instrument)
    at = int(np.searchsorted(usual.days, np.datetime64(plan.as_of, "D"), side="right")) - 1
    if at < 0 or not usual.units[at] > 0.0 or not usual.deviation[at] >= 0.0:
        return None
    units = float(trade.units)
    price = float(trade.worth) / units
    # Volumes are on the scale of total-return prices: brought to that of the plan's price.
    session = int(np.searchsorted(history.dates, usual.days[at]))
    close = float(history.close[session, history.column(trade.instrument)])
    cost = costs.impact_cost(
        trade.instrument,
        units,
        price=price,
        daily_volatility=float(usual.deviation[at]),
        daily_volume=float(usual.units[at]) * close / price,
        daily_money=float(usual.money[at]),
    )
    minor: int = round(cost * 10**MINOR_DIGITS)
    return minor
