"""Fifth stage: which lots a sale takes, and the tax it causes."""

from __future__ import annotations

from trimtab.engine.problem import Holding
from trimtab.model.plan import LotSale
from trimtab.taxes.relief import relieved


def lots_sold(holding: Holding, steps: int) -> tuple[LotSale, ...]:
    """The lots that a sale of `steps` takes, by the account's order of relief."""
    assert 0 < steps <= holding.sellable, "a sale takes what is there and may be sold"
    return relieved(holding.lots, steps, holding.price)
