"""What a backtest in research mode was told: enough to run it again, and to judge it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs

if TYPE_CHECKING:
    from trimtab.simulate.research.rules import Rules
    from trimtab.simulate.research.settings import Ready, Setting
    from trimtab.targets.moving.cppi import CppiRule


def assumed(ready: Ready | None, names: Sequence[str]) -> dict[str, Any]:
    """Costs, money and targets of a run, as plain values.

    Args:
        ready: What it ran on; None where a result does not know.
        names: Of its policies.

    Returns:
        `costs`: what is not zero of `tt.Costs`, by its names; `cash`; `cash_rate` and `fee` a
        year; `participation` in a session's volume, where there is a limit; `targets`: for each
        policy its weights by symbol, or `dated` or `found` where they moved; `insured`: of those
        with a floor, that and its multiplier. Empty where nothing is known.
    """
    if ready is None:
        return {}
    rules = ready.rules
    targets = {name: _target(setting) for name, setting in zip(names, ready.settings, strict=True)}
    told = {"costs": _costs(rules.costs), **_of_rules(rules), "targets": targets}
    floors = {
        name: _floor(setting.make.insured)
        for name, setting in zip(names, ready.settings, strict=True)
        if setting.make is not None and setting.make.insured is not None
    }
    return told | ({"insured": floors} if floors else {})


def assumed_of_all(rules: Rules, costs: Mapping[str, Costs]) -> dict[str, Any]:
    """What every policy of a sweep ran with, as `assumed` has it; costs by their name.

    Args:
        rules: What is the same for all of them.
        costs: What trading costs, by name.
    """
    return {"costs": {name: _costs(own) for name, own in costs.items()}, **_of_rules(rules)}


def _of_rules(rules: Rules) -> dict[str, Any]:
    """Money, rates and the limit of volume."""
    told = {"cash": rules.cash, "cash_rate": rules.cash_rate, "fee": rules.fee}
    if rules.participation is not None:
        told["participation"] = rules.participation
    return told


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
