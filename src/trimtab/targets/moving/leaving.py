"""What it costs to leave what is held, as far as a target of sleeves can know it before trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import TYPE_CHECKING

from trimtab.estimates.usual_day import USUAL_SESSIONS, usual_days
from trimtab.model.frozen import dataclass
from trimtab.targets.moving.held import Held

if TYPE_CHECKING:
    from trimtab.targets.at_cost.getting_there import MovingCosts
    from trimtab.targets.prices import Prices

UsualMoney = tuple[float, float]
"""What is traded on a usual day, in money, and the standard deviation of a day's return."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What it costs to leave what is held.

    Args:
        rates: By sleeve, of a unit of money that is bought or sold.
        years: What costs are spread over.
        per_share: By sleeve, the fee of a share, in money; what is not named has none.
        impact: By sleeve, the scale of square-root impact; what is not named has none.
        uncounted: What else trading costs that cannot be counted here, in words.
    """

    rates: Mapping[str, float]
    years: float = 1.0
    per_share: Mapping[str, float] = field(default_factory=dict)
    impact: Mapping[str, float] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()


def usual_money(prices: Prices, symbols: Mapping[str, str], on: date) -> dict[str, UsualMoney]:
    """A usual day of each sleeve's symbol as known on a day, as a plan's estimate of impact has it.

    Args:
        prices: Closes and volumes.
        symbols: By sleeve; what has too little volume is left out of what is returned.
        on: The last day that counts.
    """
    import numpy as np

    found = {}
    last = int(np.searchsorted(prices.dates, np.datetime64(on, "D"), side="right"))
    for sleeve, symbol in symbols.items():
        place = prices.symbols.index(symbol)
        rows = np.flatnonzero(~np.isnan(prices.close[:last, place]))[-USUAL_SESSIONS - 1 :]
        if prices.volume is None or not len(rows):
            continue
        usual = usual_days(
            prices.dates[rows], prices.close[rows, place], prices.volume[rows, place]
        )
        money, deviation = float(usual.money[-1]), float(usual.deviation[-1])
        if money > 0.0 and deviation >= 0.0:
            found[sleeve] = money, deviation
    return found


def moving_costs(
    leaving: Leaving,
    names: Sequence[str],
    *,
    held: Held,
    invested: float,
    usual: Mapping[str, UsualMoney],
) -> tuple[MovingCosts, str]:
    """What leaving what is held costs on a day, and in words what of it is counted and what is not.

    Args:
        leaving: The rates.
        names: Of the sleeves, in the order of the weights.
        held: What is held, with the prices of the day.
        invested: What the weights are shares of, in money.
        usual: A usual day of each sleeve, as of `usual_money`.
    """
    import numpy as np

    from trimtab.targets.at_cost.getting_there import MovingCosts, impact_of

    rates = np.array([leaving.rates[name] for name in names])
    impact = np.zeros(len(names))
    unpriced, untraded = [], []
    for i, name in enumerate(names):
        fee, scale = leaving.per_share.get(name, 0.0), leaving.impact.get(name, 0.0)
        if fee > 0.0 and name in held.prices:
            rates[i] += fee / held.prices[name]
        elif fee > 0.0:
            unpriced.append(name)
        if scale > 0.0 and name in usual:
            money, deviation = usual[name]
            impact[i] = impact_of(
                invested, daily_money=money, daily_volatility=deviation, scale=scale
            )
        elif scale > 0.0:
            untraded.append(name)
    counted = [
        said
        for said, is_any in (
            ("fees and spread by the money", any(leaving.rates.values())),
            ("fees a share", len(unpriced) < len(leaving.per_share)),
            ("impact", bool(impact.any())),
        )
        if is_any
    ]
    without = ["tax of lots", *leaving.uncounted]
    if unpriced:
        without.append(f"fees a share of {', '.join(unpriced)}, which has no price")
    if untraded:
        without.append(f"impact of {', '.join(untraded)}, whose volume is not known")
    told = f"counted: {', '.join(counted) or 'nothing'}; not counted: {', '.join(without)}"
    return MovingCosts(rates, rates, impact), told
