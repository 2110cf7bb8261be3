"""What a trade says in units and money beside its exact integers."""

from __future__ import annotations

from decimal import Decimal

from tests.engine.households import DAY, lot, mandate, market, state, tree
from trimtab.engine.decide import decide
from trimtab.model.instruments import Instrument


def test_a_trade_of_a_fund_tells_its_units_and_money() -> None:
    """A fund in thousandths is sold as 80 units, not as 80,000, and its worth is told in money."""
    fund = Instrument("EX500", step=Decimal("0.001"))
    mandate_ = mandate(tree({"EX500": 60, "BND": 40}), instruments=[fund])
    lots = [lot("brokerage", "EX500", 800_815, "5000"), lot("brokerage", "BND", 400)]
    prices = market({"EX500": "100", "BND": "100"})

    plan = decide(state(lots, brokerage="0"), mandate_, prices, DAY)

    (sold,) = [trade for trade in plan.trades if trade.side == "sell"]
    assert (sold.quantity, sold.units) == (80_000, Decimal("80.000"))
    assert sold.unit_price == Decimal(100)
    assert (sold.value, sold.worth) == (800_000, Decimal("8000.00"))
    assert sold.trading_cost == Decimal(sold.cost) / 100
    assert sold.tax > 0
    assert sold.tax_due == Decimal(sold.tax) / 100
