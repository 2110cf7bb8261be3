"""What a backtest was told, in words: costs, rates, targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trimtab.reports.words import clean, listed
from trimtab.simulate.research.results import Backtest, percent

MOST_NAMES = 8
"""Weights that are named before the rest is counted."""

_COSTS = {
    "bps": "{} bp of the money traded",
    "half_spread_bps": "a half-spread of {} bp",
    "per_share": "{} a unit",
    "commission": "{} an order",
    "minimum": "at least {} an order",
    "maximum": "at most {} an order",
    "impact": "square-root impact of {} daily volatilities",
    "temporary_impact": "temporary impact of {} daily volatilities for a usual day's volume",
    "permanent_impact": "permanent impact of {} daily volatilities for it, in all later prices",
    "borrow_bps": "{} bp a year on what is borrowed",
}


def assumptions(result: Backtest) -> list[str]:
    """What the run was told, in words: costs, rates, targets."""
    told = result.assumed
    if not told:
        return []
    words = [f"Trading costs {_costs_in_words(told['costs'])}", *_of_rules(told)]
    return [f"{'; '.join(words)}.", *_targets(told["targets"], told.get("insured", {}))]


def assumptions_of_all(told: Mapping[str, Any]) -> list[str]:
    """What every policy of a sweep ran with, in words: costs, by name where there are several."""
    if not told:
        return []
    costs = {clean(name): _costs_in_words(own) for name, own in told["costs"].items()}
    if len(costs) == 1:
        words = [f"Trading costs {next(iter(costs.values()))}"]
    else:
        words = [f"with {name} trading costs {own}" for name, own in costs.items()]
    line = "; ".join([*words, *_of_rules(told)])
    return [f"{line[0].upper()}{line[1:]}."]


def _of_rules(told: Mapping[str, Any]) -> list[str]:
    rates = [(told["cash_rate"], "cash earns {} a year"), (told["fee"], "a fee of {} a year")]
    words = [text.format(percent(rate, 2)) for rate, text in rates if rate]
    if (most := told.get("participation")) is not None:
        words.append(f"at most {most * 100:g}% of a session's volume is traded")
    return words


def _costs_in_words(costs: Mapping[str, Any]) -> str:
    words = [text.format(f"{costs[name]:g}") for name, text in _COSTS.items() if name in costs]
    if "tiers" in costs or "share_tiers" in costs:
        words.append("by a schedule of sizes")
    words = words or ["nothing"]
    if "by_instrument" in costs:
        words.append(
            f"and other rates for {listed([clean(one) for one in costs['by_instrument']])}"
        )
    return ", ".join(words)


def _targets(targets: Mapping[str, Any], insured: Mapping[str, Any]) -> list[str]:
    """A line for each target, with the policies that have it."""
    by_words: dict[str, list[str]] = {}
    for name, target in targets.items():
        words = insured[name]["words"] if name in insured else ""
        words = (
            words
            or {"found": "found anew over time", "dated": "as dated weights say"}.get(
                str(target), ""
            )
            or _weights_in_words(target)
        )
        by_words.setdefault(words, []).append(clean(name))
    if len(by_words) == 1:
        return [f"Target: {next(iter(by_words))}."]
    return [f"Target of {listed(names)}: {words}." for words, names in by_words.items()]


def _weights_in_words(target: Mapping[str, float]) -> str:
    ordered = sorted(target.items(), key=lambda one: -one[1])
    shown = [f"{clean(symbol)} {percent(weight, 1)}" for symbol, weight in ordered[:MOST_NAMES]]
    more = f" and {len(ordered) - MOST_NAMES} more" if len(ordered) > MOST_NAMES else ""
    return f"{', '.join(shown)}{more}"
