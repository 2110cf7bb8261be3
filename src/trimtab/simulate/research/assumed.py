"""What a backtest was told: enough to run it again, and to judge it by; in both modes alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH

if TYPE_CHECKING:
    from trimtab.simulate.research.policy_result import PolicyResult
    from trimtab.simulate.research.rules import Rules
    from trimtab.simulate.research.settings import Ready, Setting
    from trimtab.targets.moving.cppi import CppiRule

CONVERTED = "converted"
"""The code of findings that say by which rate prices were brought over; their subject is a pair."""

RESEARCH_LACKS = ("taxes", "settlement of trades", "whole shares and least sizes")
"""What research mode leaves out."""


def assumed(
    ready: Ready | None, results: Sequence[PolicyResult], findings: Sequence[Finding] = ()
) -> dict[str, Any]:
    """Costs, money and targets of a run, how it trades and what it leaves out, as plain values.

    Args:
        ready: What it ran on; None where a result does not know.
        results: Of its policies.
        findings: What was found, among it the rates of exchange.

    Returns:
        `costs`: what is not zero of `tt.Costs`, by its names; `cash`; `cash_rate` and `fee` a
        year; `participation` in a session's volume, where there is a limit; `targets`: for each
        policy its weights by symbol, or `dated` or `found` where they moved; `insured`: of those
        with a floor, that and its multiplier; `impact_not_charged`: what moved no price for want
        of volumes, though costs have impact; and what `way_told` has. Empty where nothing is known.
    """
    if ready is None:
        return {}
    rules = ready.rules
    names = [one.name for one in results]
    targets = {name: _target(setting) for name, setting in zip(names, ready.settings, strict=True)}
    told = {"costs": costs_told(rules.costs), **_of_rules(rules), "targets": targets}
    floors = {
        name: floor_told(setting.make.insured)
        for name, setting in zip(names, ready.settings, strict=True)
        if setting.make is not None and setting.make.insured is not None
    }
    asked, uncharged = _impact_of(ready)
    return {
        **told,
        **({"insured": floors} if floors else {}),
        **way_told(
            trade_at={one.name: one.trade_at for one in results},
            begins="invested",
            first_cost={one.name: 0.0 for one in results},
            dividends=results[0].dividends,
            findings=findings,
            lacks=RESEARCH_LACKS,
            moves_prices=bool(asked - uncharged),
            is_limited=rules.participation is not None,
        ),
        **({"impact_not_charged": sorted(uncharged)} if uncharged else {}),
    }


def way_told(
    *,
    trade_at: Mapping[str, str],
    begins: str,
    first_cost: Mapping[str, float],
    dividends: str,
    findings: Sequence[Finding],
    lacks: Sequence[str],
    moves_prices: bool,
    is_limited: bool,
) -> dict[str, Any]:
    """How a run trades and what it leaves out, beside its costs and its target.

    Args:
        trade_at: Where each policy trades what it decided.
        begins: `invested` at target, in `cash` that is invested at the first session, or in `lots`.
        first_cost: What each policy's first investment cost, exchange included.
        dividends: What becomes of them.
        findings: What was found, among it the rates of exchange.
        lacks: What its mode leaves out.
        moves_prices: Whether orders are charged market impact.
        is_limited: Whether a session's volume limits them.

    Returns:
        `begins`, `first_cost` and `trade_at` by policy; `dividends`; `rates`: pairs by which prices
        were brought to one currency, where any was; `not_modelled`: what is left out.
    """
    rates = list(dict.fromkeys(one.subject for one in findings if one.code == CONVERTED))
    left = list(lacks)
    left += [] if moves_prices else ["market impact"]
    left += [] if is_limited else ["limits of volume"]
    return {
        "begins": begins,
        "first_cost": dict(first_cost),
        "trade_at": dict(trade_at),
        "dividends": dividends,
        **({"rates": rates} if rates else {}),
        "not_modelled": left,
    }


def assumed_of_all(rules: Rules, costs: Mapping[str, Costs]) -> dict[str, Any]:
    """What every policy of a sweep ran with, as `assumed` has it; costs by their name.

    Args:
        rules: What is the same for all of them.
        costs: What trading costs, by name.
    """
    return {"costs": {name: costs_told(own) for name, own in costs.items()}, **_of_rules(rules)}


def _of_rules(rules: Rules) -> dict[str, Any]:
    """Money, rates and the limit of volume."""
    told = {"cash": rules.cash, "cash_rate": rules.cash_rate, "fee": rules.fee}
    if rules.participation is not None:
        told["participation"] = rules.participation
    return told


def floor_told(rule: CppiRule) -> dict[str, Any]:
    """A floor and how much of what is above it is at risk."""
    floor = {day.isoformat(): float(money) for day, money in rule.floor}
    always = next(iter(floor.values())) if len(floor) == 1 else floor
    told = {"words": rule.words, "multiplier": float(rule.multiplier), "floor": always}
    return told | {"most": float(rule.most), "safe": rule.safe}


def _impact_of(ready: Ready) -> tuple[set[str], set[str]]:
    """What costs charge market impact on, and of that what was charged none on any session."""
    costs = ready.rules.costs
    asked: set[str] = set()
    charged: set[str] = set()
    for setting in ready.settings:
        made = setting.conditions
        rates = () if made is None else made.charges[-3:]
        for at, symbol in enumerate(setting.history.symbols):
            if symbol == CASH or not costs.by_instrument.get(symbol, costs).moves_prices:
                continue
            asked.add(symbol)
            if made is None or any(rate[:, at].any() for rate in rates):
                charged.add(symbol)
    return asked, asked - charged


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


def costs_told(costs: Costs) -> dict[str, Any]:
    """What is not as it is by default, in names that `Costs` takes."""
    found: dict[str, Any] = {}
    for one in fields(costs):
        value = getattr(costs, one.name)
        if one.name == "by_instrument":
            value = {symbol: costs_told(own) for symbol, own in value.items()}
        elif isinstance(value, Mapping):
            value = {str(size): float(rate) for size, rate in value.items()}
        elif isinstance(value, Decimal):
            value = float(value)
        if value:
            found[one.name] = value
    return found
