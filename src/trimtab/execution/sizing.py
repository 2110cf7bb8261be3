"""What an order is worth and what it may take: the cash that is really there, and the limit."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from trimtab.execution.application import Application
from trimtab.execution.orders import (
    Expected,
    Part,
    affordable,
    collar_limit,
    expected,
    guide_limit,
    order_of,
    paying_limit,
)
from trimtab.ledger.folded import OrderRecord
from trimtab.model.numbers import StepPrice
from trimtab.model.orders import Order
from trimtab.model.plan import Trade

GUIDE: Final = Fraction(1, 100)
"""How far from the planned price a person may trade a ticket before they should ask again."""


def sell_order(run: Application, part: Part) -> Order:
    """A sale of all that the plan sells."""
    trade = part.trade
    worth = worth_of(run, trade, trade.quantity)
    limit = collar_limit("sell", trade.price, run.venue.limits.collar, worth)
    return order_of(part, run.plan, quantity=trade.quantity, limit=limit)


def buy_order(run: Application, part: Part, later: Iterable[Part]) -> Order:
    """A purchase, cut down to the cash that is really there after the sells."""
    trade = part.trade
    instrument = run.instrument(trade.instrument)
    cash = _spendable(run, trade.account)
    quantity, worth = affordable(
        trade, cash, instrument=instrument, costs=run.venue.costs_of(trade.account)
    )
    if worth is None:
        quantity, worth = trade.quantity, worth_of(run, trade, trade.quantity)
    collar = collar_limit("buy", trade.price, run.venue.limits.collar, worth)
    # What later purchases are going to take is not this one's to lose on a bad price.
    others = sum(worth_of(run, other.trade, other.trade.quantity).total("buy") for other in later)
    own = max(cash - others, worth.total("buy"))
    own = min(own, _most_to_pay(run, worth.fees) or own)
    limit = paying_limit(worth, quantity, own, collar=collar, instrument=instrument)
    return order_of(part, run.plan, quantity=quantity, limit=limit)


def ticket_order(run: Application, part: Part) -> Order:
    """What a person is to trade: all of it, with the price beyond which they should ask again.

    They trade later than the price was made, so a limit at the planned price could rarely be kept.
    """
    trade = part.trade
    limit = guide_limit(trade.side, trade.price, GUIDE, collar=run.venue.limits.collar)
    worth = worth_of(run, trade, trade.quantity)
    most = _most_to_pay(run, worth.fees)
    if trade.side == "buy" and most is not None:
        instrument = run.instrument(trade.instrument)
        limit = paying_limit(worth, trade.quantity, most, collar=limit, instrument=instrument)
    return order_of(part, run.plan, quantity=trade.quantity, limit=limit)


def _most_to_pay(run: Application, fees: int) -> int | None:
    """The most that a purchase may take with its fees, so that the gate lets its limit pass."""
    most = run.venue.limits.order_value
    return None if most is None else most + fees


def short_at_limits(run: Application) -> dict[str, int]:
    """By account, the cash that its open tickets would lack if all were traded at their limits."""
    found = {}
    tickets = run.tickets()
    for account in dict.fromkeys(record.order.account for record in tickets):
        cash = run.folded.cash.get(account, 0) - run.withdrawal_pending(account)
        buys = False
        for record in tickets:
            order = record.order
            if order.account != account:
                continue
            buys = buys or order.side == "buy"
            if order.quantity is None or order.limit is None:
                cash += still_to_come(run, record)
                continue
            trade = run.trades[order.id]
            left = order.quantity - record.filled
            gross = StepPrice.of(order.limit, trade.step).value(left)
            fees = _fees_left(run, record)  # the spread is in the limit
            cash += gross - fees if order.side == "sell" else -gross - fees
        if buys and cash < 0:
            found[account] = -cash
    return found


def _spendable(run: Application, account: str) -> int:
    """Cash that purchases may take: not what is to be withdrawn, reserved, or the buffer."""
    floor = max(min(run.plan.cash_after.get(account, 0), run.venue.mandate.cash_buffer), 0)
    cash = run.folded.cash.get(account, 0) - run.withdrawal_pending(account) - floor
    for record in run.folded.orders.values():
        order = record.order
        if order.account == account and order.side == "buy" and not record.state.is_final:
            cash -= worst_case(run, order) - record.filled_gross
    return cash


def worst_case(run: Application, order: Order) -> int:
    """What a purchase takes from the account if it is filled as badly as it allows."""
    instrument = run.instrument(order.instrument)
    costs = run.venue.costs_of(order.account).order_costs(instrument.id, instrument.step)
    if order.quantity is None:
        assert order.amount is not None
        return order.amount + costs.of(order.amount, _steps_about(run, order))
    trade = run.trades.get(order.id)
    assert order.limit is not None, "an order for a quantity has a limit"
    gross = StepPrice.of(order.limit, instrument.step).value(order.quantity)
    if trade is None:
        return gross + costs.of(gross, order.quantity)
    return gross + worth_of(run, trade, order.quantity).fees


def _steps_about(run: Application, order: Order) -> int:
    """About how many steps an order in money buys; its fees may count them."""
    trade = run.trades.get(order.id)
    return trade.quantity if trade is not None else 1


def still_to_come(run: Application, record: OrderRecord) -> int:
    """The cash that the rest of a ticket brings as planned; below zero for a purchase."""
    order, trade = record.order, run.trades[record.order.id]
    if order.quantity is None:
        assert order.amount is not None
        worst = worst_case(run, order)
        return record.filled_gross - worst + min(booked_fees(run, record), worst - order.amount)
    left = order.quantity - record.filled
    if left <= 0:
        return 0
    gross, fees = worth_of(run, trade, left).gross, _fees_left(run, record)
    return gross - fees if order.side == "sell" else -gross - fees


def booked_fees(run: Application, record: OrderRecord) -> int:
    """What the fills of an order have cost so far, in minor units."""
    if not record.filled:
        return 0
    fills = (one for one in run.folded.fills.values() if not one.voided)
    return sum(one.fill.fees for one in fills if one.fill.order == record.order.id)


def rest_of_cost(*, whole: int, filled: int, rest: int, booked: int) -> int:
    """What the rest of an order still costs: a commission is charged once an order.

    It is what the whole order costs less what is booked of it; never more than an order of the
    rest alone costs, nor less than the rest adds to what the part that is filled should cost.

    Args:
        whole: What all of the order costs, in minor units.
        filled: What an order of the part that is filled costs.
        rest: What an order of the rest alone costs.
        booked: What was booked for the part that is filled.
    """
    return max(whole - filled, min(rest, whole - booked), 0)


def _fees_left(run: Application, record: OrderRecord) -> int:
    """The fees of what an order for a quantity has left to fill."""
    order, trade = record.order, run.trades[record.order.id]
    assert order.quantity is not None
    rest = worth_of(run, trade, order.quantity - record.filled).fees
    if not record.filled:
        return rest
    return rest_of_cost(
        whole=worth_of(run, trade, order.quantity).fees,
        filled=worth_of(run, trade, record.filled).fees,
        rest=rest,
        booked=booked_fees(run, record),
    )


def worth_of(run: Application, trade: Trade, quantity: int) -> Expected:
    """What so many steps of a trade are expected to bring or take."""
    return expected(
        trade.side,
        quantity,
        trade.price,
        instrument=run.instrument(trade.instrument),
        costs=run.venue.costs_of(trade.account),
    )


def cost_of(run: Application, trade: Trade, value: int, steps: int) -> int:
    """What trading so much of a trade costs, in minor units."""
    instrument = run.instrument(trade.instrument)
    costs = run.venue.costs_of(trade.account).order_costs(instrument.id, instrument.step)
    return costs.of(value, steps)
