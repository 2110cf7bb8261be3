"""What a backtest was told, in words: costs, rates, targets, how it trades, what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.reports.words import clean, counted, listed
from trimtab.simulate.research.results import percent
from trimtab.taxes.countries import rules_taken
from trimtab.taxes.payment import payable_from

MOST_NAMES = 8
"""Weights that are named before the rest is counted."""

MOST_OTHERS = 3
"""Costs of single instruments that are told before those are named that have some."""

_COSTS = {
    "bps": "{} bp of the money traded",
    "half_spread_bps": "a half-spread of {} bp",
    "per_share": "{} a unit",
    "commission": "{} an order",
    "minimum": "at least {} an order",
    "maximum": "at most {} an order",
    "borrow_bps": "{} bp a year on what is borrowed",
}

_IMPACTS = {
    "impact": "square-root impact of {} daily volatilities",
    "temporary_impact": "temporary impact of {} daily volatilities for a usual day's volume",
    "permanent_impact": "permanent impact of {} daily volatilities for it, in all later prices",
}
"""What moves prices, which costs nothing where no volume is known."""


_TRADED = {
    "close": "at the close that decides",
    "next-open": "at the open after the close that decides",
    "next-close": "at the close after the one that decides",
}

_DIVIDENDS = {
    "none": "Without dividends: prices have neither adjusted closes nor a dividend column.",
    "in-prices": "Dividends are what the prices have of them, reinvested at no cost.",
    "reinvest": "Dividends are reinvested at the close of their day, at no cost.",
    "reinvest-orders": (
        "Dividends buy whole steps of the same instrument at the close of their day, at its cost; "
        "the rest stays cash."
    ),
    "hold": "Dividends stay as cash until the policy trades.",
    "towards-target": (
        "Dividends buy what is furthest below its target at the close of their day, at its cost."
    ),
}

_TARGETS = {
    "found": "found anew over time",
    "dated": "as dated weights say",
    "by account": "as each account has its own",
}


def assumptions(told: Mapping[str, Any]) -> list[str]:
    """What a run was told, in words, the same for research mode and for account mode.

    Args:
        told: What a result has as `assumed`; empty where it does not know.
    """
    if not told:
        return []
    dividends = told["dividends"]
    if "taxes" in told and dividends == "reinvest":
        dividends = "reinvest-orders"
    return [
        _costs_line(told["costs"].get("by_account") or {"": told["costs"]}, told),
        *_uncharged(told),
        *_targets(told["targets"], told.get("insured", {})),
        *_first(told),
        *_trades(told["trade_at"]),
        _DIVIDENDS[dividends],
        *_rates(told),
        *_settles(told.get("settlement", ())),
        *_taxes(told),
        f"Not modelled: {listed(told['not_modelled'])}.",
    ]


def _first(told: Mapping[str, Any]) -> list[str]:
    """What the first investment cost, where it is charged: research mode begins invested."""
    paid = {clean(name): cost for name, cost in told["first_cost"].items() if cost}
    if not paid:
        return []
    alike = len(set(paid.values())) == 1 and len(paid) == len(told["first_cost"])
    words = [f"{cost:,.2f}" + ("" if alike else f" ({name})") for name, cost in paid.items()]
    line = (
        f"Investing the cash of the start cost {listed(words[:1] if alike else words)}, exchange "
        "included: it is in final value and cost, and in no return, which counts from the first "
        "close. Research mode begins invested at no cost: add it to compare final values."
    )
    return [line]


def _trades(trade_at: Mapping[str, str]) -> list[str]:
    """Where policies trade what they decided."""
    ways: dict[str, list[str]] = {}
    for name, way in trade_at.items():
        ways.setdefault(way, []).append(clean(name))
    if len(ways) == 1:
        return [f"Trades {_TRADED[way]}." for way in ways]
    return [f"{', '.join(names)}: trades {_TRADED[way]}." for way, names in ways.items()]


def _rates(told: Mapping[str, Any]) -> list[str]:
    if not told.get("rates"):
        return []
    home = f" to {told['currency']}" if "currency" in told else ""
    return [f"Prices are brought over{home} at {listed(told['rates'])} of the same session."]


def _settles(cycles: Sequence[Mapping[str, Any]]) -> list[str]:
    """When money can leave that something was sold for."""
    if not cycles:
        return []
    parts = []
    for one in cycles:
        days = counted(one["days"], "business day", "business days")
        begins = f" from {one['from']} on" if one["from"] else ""
        parts.append(f"{days} after the sale{begins}" if one["days"] else f"at once{begins}")
    told = (
        "What was sold pays for purchases at once, as at brokers. Withdrawals, tax and fees leave "
        f"when what was sold for them has settled: {listed(parts)}."
    )
    return [told]


def _taxes(told: Mapping[str, Any]) -> list[str]:
    """What gains are taxed at, where, and when that is paid."""
    if "taxes" not in told:
        return []
    taxes = told["taxes"]
    if not taxes["accounts"]:
        return ["No account's gains are taxed."]
    rates = (
        f"{taxes['long_rate'] * 100:g}% of long-term and {taxes['short_rate'] * 100:g}% of "
        "short-term gains"
    )
    where = listed([clean(one) for one in taxes["accounts"]])
    if taxes["paid"] == "counted":
        paid = "counted, not paid: final value and return are before it."
    else:
        day = payable_from(1)
        paid = (
            f"paid at the first session from {day.day} {day:%B} of the next year on, out of the "
            "account that sold: what is sold for it is no rebalance, and is taxed a year later."
        )
    country = clean(taxes["country"])
    line = f"Tax ({country}) is {rates} in {where}; it is {paid}"
    foreign = rules_taken(country)
    return [line, foreign] if foreign else [line]


def assumptions_of_all(told: Mapping[str, Any]) -> list[str]:
    """What every policy of a sweep ran with, in words: costs, by name where there are several."""
    if not told:
        return []
    return [_costs_line(told["costs"], told)]


def _costs_line(by_name: Mapping[str, Mapping[str, Any]], told: Mapping[str, Any]) -> str:
    """Costs, by name where there are several, and rates."""
    kinds = _COSTS if _lacks_impact(told) else _COSTS | _IMPACTS
    costs = {clean(name): _costs_in_words(own, kinds) for name, own in by_name.items()}
    if len(costs) == 1:
        words = [f"Trading costs {next(iter(costs.values()))}"]
    else:
        words = [f"with {name} trading costs {own}" for name, own in costs.items()]
    line = "; ".join([*words, *_of_rules(told)])
    return f"{line[0].upper()}{line[1:]}."


def _lacks_impact(told: Mapping[str, Any]) -> bool:
    """Whether no order was charged market impact."""
    return "market impact" in told.get("not_modelled", ())


def _uncharged(told: Mapping[str, Any]) -> list[str]:
    """That market impact was asked for, and not charged, of all or of some."""
    some_costs = told["costs"].get("by_account", {"": told["costs"]}).values()
    each = [one for own in some_costs for one in (own, *own.get("by_instrument", {}).values())]
    if not any(name in own for own in each for name in _IMPACTS):
        return []
    names = [clean(one) for one in told.get("impact_not_charged", ())]
    if _lacks_impact(told):
        return ["Market impact was asked for and is not charged: no volume is known to go by."]
    return [f"Market impact is not charged on {listed(names)}: no volume is known."] * bool(names)


def _of_rules(told: Mapping[str, Any]) -> list[str]:
    rates = [(told["cash_rate"], "cash earns {} a year"), (told["fee"], "a fee of {} a year")]
    words = [text.format(percent(rate, 2)) for rate, text in rates if rate]
    if (most := told.get("participation")) is not None:
        words.append(f"at most {most * 100:g}% of a session's volume is traded")
    return words


def _costs_in_words(costs: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    words = [text.format(f"{costs[name]:g}") for name, text in kinds.items() if name in costs]
    if "tiers" in costs or "share_tiers" in costs:
        words.append("by a schedule of sizes")
    words = words or ["nothing"]
    line = ", ".join(words)
    others = costs.get("by_instrument")
    return f"{line} ({_by_instrument(others, kinds)})" if others else line


def _by_instrument(costs: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, str]) -> str:
    """What some instruments cost instead: in words where that is soon said."""
    by_words: dict[str, list[str]] = {}
    for name, own in costs.items():
        by_words.setdefault(_costs_in_words(own, kinds), []).append(clean(name))
    if len(by_words) > MOST_OTHERS:
        return f"other rates for {listed([clean(one) for one in costs])}"
    return "; ".join(f"{listed(names)} instead {words}" for words, names in by_words.items())


def _targets(targets: Mapping[str, Any], insured: Mapping[str, Any]) -> list[str]:
    """A line for each target, with the policies that have it."""
    by_words: dict[str, list[str]] = {}
    for name, target in targets.items():
        words = insured[name]["words"] if name in insured else ""
        words = (
            words
            or (_TARGETS[target] if isinstance(target, str) else "")
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
