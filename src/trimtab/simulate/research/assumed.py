"""What a backtest in research mode was told: enough to run it again, and to judge it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs

if TYPE_CHECKING:
    from trimtab.simulate.research.settings import Ready, Setting
    from trimtab.targets.moving.cppi import CppiRule


def assumed(ready: Ready | None, names: Sequence[str]) -> dict[str, Any]:
    """Costs, money and targets of a run, as plain values.

    Args:
        ready: What it ran on; None where a result does not know.
        names: Of its policies.

    Returns:
        `costs`: what is not zero of `tt.Costs`, by its names; `cash`; `cash_rate` and `fee` a
        year; `targets`: for each policy its weights by symbol, or `dated` or `found` where they
        moved; `insured`: of those with a floor, that and its multiplier. Empty where nothing is
        known.
    """
    if ready is None:
        return {}
    rules = ready.rules
    targets = {name: _target(setting) for name, setting in zip(names, ready.settings, strict=True)}
    told: dict[str, Any] = {"cash": rules.cash, "costs": _costs(rules.costs)}
    told |= {"cash_rate": rules.cash_rate, "fee": rules.fee, "targets": targets}
    floors = {
        name: _floor(setting.make.insured)
        for name, setting in zip(names, ready.settings, strict=True)
        if setting.make is not None and setting.make.insured is not None
    }
    return told | ({"insured": floors} if floors else {})


def _floor(rule: CppiRule) -> dict[str, Any]:
    """A floor and how much of what is above it is at risk."""
    floor = {day.isoformat(): float(money) for day, money in rule.floor}
    always = next(iter(floor.values())) if len(floor) == 1 else floor
    told = {"words": rule.words, "multiplier": float(rule.multiplier), "floor": always}
    return told | {"most": float(rule.most), "safe": rule.safe}


def _target(setting: Setting) -> dict[str, float] | str:
    if setting.make is not None:
        return "found"
    if len(setting.rows) != 1:
        return "dated"
    weights = setting.rows[0].tolist()
    return {
        symbol: weight
        for symbol, weight in zip(setting.history.symbols, weights, strict=False)
        if weight
    }


def _costs(costs: Costs) -> dict[str, Any]:
    """What is not as it is by default, in names that `Costs` takes."""
    found: dict[str, Any] = {}
    for one in fields(costs):
        value = getattr(costs, one.name)
        if one.name == "by_instrument":
            value = {symbol: _costs(own) for symbol, own in value.items()}
        elif isinstance(value, Mapping):
            value = {str(size): float(rate) for size, rate in value.items()}
        elif isinstance(value, Decimal):
            value = float(value)
        if value:
            found[one.name] = value
    return found
