"""Plans and status as plain values for programs: money and quantities as decimal text,
shares of a portfolio as fractions, days as ISO dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from trimtab.model.findings import Finding
from trimtab.model.numbers import money_text, quantity_text
from trimtab.model.plan import LotSale, Plan, Reading, SleeveRow, Trade
from trimtab.reports.found_text import founds_json
from trimtab.reports.status_text import Status


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan with the names that `Plan` has."""
    return {
        "id": plan.id,
        "household": plan.household,
        "currency": plan.currency,
        "as_of": plan.as_of.isoformat(),
        "state_head": plan.state_head,
        "inputs_hash": plan.inputs_hash,
        "due": plan.due,
        "readings": [_reading(one) for one in plan.readings],
        "trades": [_trade(one) for one in plan.trades],
        "sleeves": [_sleeve(one) for one in plan.sleeves],
        "left_alone": [
            {
                "account": one.account or None,
                "instrument": one.instrument,
                "reason": one.reason,
                "why": one.why,
            }
            for one in plan.left_alone
        ],
        "findings": findings_json(plan.findings),
        "drift_before": _shares(plan.drift_before),
        "drift_after": _shares(plan.drift_after),
        "cash_after": _moneys(plan.cash_after),
        "cost": money_text(plan.cost),
        "tax": money_text(plan.tax),
        "gap": _money(plan.gap),
        "periods": dict(plan.periods),
        "adopted": {target: _shares(weights) for target, weights in plan.adopted.items()},
        "flows": _moneys(plan.flows),
        **founds_json(plan.founds),
        **_impact(plan.impact),
    }


def status_json(status: Status) -> dict[str, Any]:
    """Where a household stands."""
    plan = status.plan
    return {
        "household": plan.household,
        "currency": plan.currency,
        "as_of": plan.as_of.isoformat(),
        "state_head": plan.state_head,
        "value": money_text(sum(row.value for row in status.accounts)),
        "policy": {"when": str(status.when), "to": str(status.to)},
        "due": plan.due,
        "drift": _shares(plan.drift_before),
        "sleeves": [
            {
                "target": row.target,
                "sleeve": row.sleeve,
                "is_leaf": row.is_leaf,
                "weight": float(row.weight),
                "now": float(row.now),
                "deviation": float(row.now - row.weight),
                "band": _share(row.band),
                "breached": row.breached,
                "value": money_text(row.value_before),
            }
            for row in plan.sleeves
        ],
        "beside": [
            {
                "target": target,
                "name": one.name,
                "share": _share(one.share),
                "value": money_text(one.value),
            }
            for target, beside in status.beside.items()
            for one in beside
        ],
        "readings": [_reading(one) for one in plan.readings],
        "would_trade": {
            "trades": len(plan.trades),
            "tax": money_text(plan.tax),
            "cost": money_text(plan.cost),
        },
        "accounts": [
            {
                "account": row.account,
                "tax": row.tax,
                "broker": row.broker,
                "value": money_text(row.value),
                "cash": money_text(row.cash),
            }
            for row in status.accounts
        ],
        **founds_json(plan.founds),
        "findings": findings_json(plan.findings),
    }


def findings_json(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings with their stable codes."""
    return [
        {
            "severity": one.severity,
            "code": one.code,
            "subject": one.subject,
            "message": one.message,
        }
        for one in findings
    ]


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "target": reading.target,
        "trigger": reading.trigger,
        "subject": reading.subject or None,
        "fired": reading.fired,
        "why": reading.why,
    }


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "account": trade.account,
        "instrument": trade.instrument,
        "side": trade.side,
        "quantity": quantity_text(trade.quantity, trade.step),
        "amount": _money(trade.amount),
        "price": str(trade.price),
        "value": money_text(trade.value),
        "cost": money_text(trade.cost),
        "tax": money_text(trade.tax),
        "lots": [_lot(lot, trade) for lot in trade.lots],
        "sleeve": trade.sleeve,
        "reason": trade.reason,
        "why": trade.why,
        **_impact(trade.impact),
    }


def _impact(minor: int | None) -> dict[str, str]:
    """What moving prices is estimated to cost, where that is estimated."""
    return {} if minor is None else {"impact": money_text(minor)}


def _lot(lot: LotSale, trade: Trade) -> dict[str, Any]:
    return {
        "lot": lot.lot,
        "quantity": quantity_text(lot.quantity, trade.step),
        "acquired": lot.acquired.isoformat() if isinstance(lot.acquired, date) else lot.acquired,
        "basis": _money(lot.basis),
        "gain": _money(lot.gain),
        "term": lot.term,
        "tax": money_text(lot.tax),
    }


def _sleeve(row: SleeveRow) -> dict[str, Any]:
    return {
        "target": row.target,
        "sleeve": row.sleeve,
        "is_leaf": row.is_leaf,
        "weight": float(row.weight),
        "now": float(row.now),
        "after": float(row.after),
        "band": _share(row.band),
        "breached": row.breached,
        "value_before": money_text(row.value_before),
        "value_after": money_text(row.value_after),
    }


def _money(minor: int | None) -> str | None:
    return None if minor is None else money_text(minor)


def _moneys(amounts: Mapping[str, int]) -> dict[str, str]:
    return {name: money_text(amount) for name, amount in amounts.items()}


def _share(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _shares(shares: Mapping[str, Fraction]) -> dict[str, float]:
    return {name: float(share) for name, share in shares.items()}
