"""The cash flow trigger: new cash of at least so much asks to be invested."""

from __future__ import annotations

from trimtab.model.numbers import money_text
from trimtab.model.plan import Reading


def cashflow_reading(target: str, *, new_cash: int, limit: int) -> Reading:
    """What the cash flow trigger saw; both in minor units."""
    fired = new_cash >= limit
    why = f"new cash of {money_text(new_cash)} since the last rebalance, limit {money_text(limit)}"
    return Reading(target, "cashflow", "", fired, why)
