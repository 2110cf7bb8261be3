"""What trading costs: one object serves the engine and the simulator."""

from __future__ import annotations

from trimtab.costs.costs import Costs, OrderCosts

__all__ = ["Costs", "OrderCosts"]
