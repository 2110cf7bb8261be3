"""A plan as it was filled: its trades, and of their lots, cost and tax, the parts that were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from trimtab.execution.application import Venue
from trimtab.execution.orders import first_steps, parts_of
from trimtab.ledger.folded import OrderRecord
from trimtab.model.numbers import StepPrice, half_even
from trimtab.model.plan import LotSale, Plan, Trade


def as_filled(
    plan: Plan, orders: Iterable[OrderRecord], venue: Venue, impact: Mapping[str, int]
) -> Plan:
    """A plan with no more than what was filled of it: its trades, their cost and their tax.

    The tax of a lot of which only a part was sold is that part of its tax, half to even.

    Args:
        plan: The plan.
        orders: What became of its orders.
        venue: Where it was carried out.
        impact: What orders moved the price against themselves, by id, minor units.
    """
    filled = {record.order.id: record.filled for record in orders}
    trades = []
    for part in parts_of(plan):
        trade, steps = part.trade, filled.get(part.id, 0)
        if steps:
            own = trade if steps >= trade.quantity else _part_of(trade, steps, venue)
            moved = impact.get(part.id, 0)
            trades.append(replace(own, cost=own.cost + moved) if moved else own)
    return replace(
        plan,
        trades=tuple(trades),
        cost=sum(trade.cost for trade in trades),
        tax=sum(trade.tax for trade in trades),
    )


def _part_of(trade: Trade, steps: int, venue: Venue) -> Trade:
    """The first steps of a trade."""
    value = StepPrice.of(trade.price, trade.step).value(steps)
    costs = venue.costs_of(trade.account).order_costs(trade.instrument, trade.step)
    sold = dict(first_steps([(sale.lot, sale.quantity) for sale in trade.lots], steps))
    lots = tuple(_lot_part(sale, sold[sale.lot]) for sale in trade.lots if sale.lot in sold)
    return replace(
        trade,
        quantity=steps,
        value=value,
        cost=costs.of(value, steps),
        tax=sum(sale.tax for sale in lots),
        lots=lots,
    )


def _lot_part(sale: LotSale, steps: int) -> LotSale:
    def part(minor: int) -> int:
        return half_even(minor * steps, sale.quantity)

    return replace(
        sale,
        quantity=steps,
        basis=None if sale.basis is None else part(sale.basis),
        gain=None if sale.gain is None else part(sale.gain),
        tax=part(sale.tax),
    )
