"""Trades that a person made: booked as they really were, in part if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from hashlib import sha256

from trimtab.execution.apply import Application
from trimtab.execution.orders import lot_id, relief
from trimtab.ledger import events
from trimtab.ledger.canonical import canonical_bytes
from trimtab.ledger.chain import Draft
from trimtab.ledger.folded import Folded, OrderRecord
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.numbers import Price, StepPrice, money_text, quantity_text
from trimtab.model.orders import BrokerEvent, Fill, OrderState, Side


@dataclass(frozen=True, slots=True)
class HandTrade:
    """What a person traded, as a line of the file says.

    Args:
        account: Account id.
        instrument: Instrument id.
        side: `buy` or `sell`.
        quantity: Steps.
        price: Price a unit.
        fees: Minor units.
        on: The day of the trade.
        place: Where it was written, for messages: `fills.csv:3`.
        id: The broker's id; empty if none was given.
    """

    account: str
    instrument: str
    side: Side
    quantity: int
    price: Price
    fees: int
    on: date
    place: str = ""
    id: str = ""

    def fill_id(self, plan: str) -> str:
        """The broker's id, or one told from the trade: the same line twice is the same trade."""
        if self.id:
            return self.id
        told = [plan, self.account, self.instrument, self.side, str(self.quantity),
                str(self.price), str(self.fees), self.on.isoformat()]  # fmt: skip
        return "hand-" + sha256(canonical_bytes(list(told))).hexdigest()[:24]


def check_hand_trades(run: Application, trades: Sequence[HandTrade]) -> None:
    """That all trades can be booked; nothing is booked when one of them cannot.

    Raises:
        RefusedError: With the place of each line that cannot, and why.
    """
    wrong: list[str] = []
    seen: dict[str, HandTrade] = {}
    sold: dict[tuple[str, str], int] = {}
    for trade in trades:
        fill = trade.fill_id(run.plan.id)
        name = f"{trade.place or 'trade'}: {trade.side} {trade.instrument} in {trade.account}"
        if fill in seen:
            same = f"is the same as {seen[fill].place}"
            wrong.append(f"{name} {same}; if both happened, give each its `id` from the broker")
        seen[fill] = trade
        if _record(run, trade) is None:
            wrong.append(f"{name} is not among the tickets of plan {run.plan.id}")
            continue
        if trade.on < run.plan.as_of:
            wrong.append(f"{name} is of {trade.on}, before the plan's day {run.plan.as_of}")
        if (trade.account, fill) in run.folded.fills:
            continue
        if trade.side == "sell":
            key = (trade.account, trade.instrument)
            sold[key] = sold.get(key, 0) + trade.quantity
            if sold[key] > run.folded.positions.get(key, 0):
                wrong.append(f"{name}: more would be sold than is there")
    if wrong:
        raise RefusedError("nothing was recorded:\n" + "\n".join(f"  {line}" for line in wrong))


def book_hand_trades(run: Application, trades: Sequence[HandTrade]) -> None:
    """Book trades that were checked; the same trade a second time changes nothing."""
    for trade in trades:
        _book(run, trade)


def book_as_planned(run: Application) -> None:
    """Book every open ticket as if it had been traded exactly as planned."""
    settles = run.venue.market.calendar.next_session(run.plan.as_of)
    for record in run.tickets():
        order = record.order
        planned = run.trade_of(order.id)
        steps = (order.quantity or planned.quantity) - record.filled
        whole = steps == planned.quantity
        value = StepPrice.of(planned.price, planned.step).value(steps)
        fill = Fill(
            id=f"{order.id[:24]}-as-planned",
            order=order.id,
            quantity=steps,
            price=planned.price,
            gross=planned.value if whole else value,
            fees=planned.cost if whole else run.cost_of(planned, value, steps),
            on=run.plan.as_of,
            settles=settles,
        )
        run.take(BrokerEvent(order.id, OrderState.FILLED, fill))


def close_tickets(run: Application) -> None:
    """Nothing more will be traded of what is open."""
    for record in run.tickets():
        message = "closed by hand"
        run.write([events.order_cancelled(record.order.id, message=message, at=run.at())])


def _record(run: Application, trade: HandTrade) -> OrderRecord | None:
    for part in run.parts:
        planned = part.trade
        if (planned.account, planned.instrument, planned.side) != (
            trade.account,
            trade.instrument,
            trade.side,
        ):
            continue
        if planned.account not in run.venue.brokers and part.id in run.folded.orders:
            return run.folded.orders[part.id]
    return None


def _book(run: Application, trade: HandTrade) -> None:
    record = _record(run, trade)
    assert record is not None, "trades are checked before they are booked"
    order = record.order
    fill_id = trade.fill_id(run.plan.id)
    if (trade.account, fill_id) in run.folded.fills:
        message = (
            f"{trade.place or 'this trade'}: {trade.side} {trade.instrument} in {trade.account} "
            "was recorded before; if it is another one, give it its `id` from the broker"
        )
        run.findings.append(Finding("fill-repeated", fill_id, message, "info"))
        return
    step = run.folded.steps[trade.instrument]
    worth = StepPrice.of(trade.price, step)
    fill = Fill(
        id=fill_id,
        order=order.id,
        quantity=trade.quantity,
        price=trade.price,
        gross=worth.value(trade.quantity),
        fees=trade.fees,
        on=trade.on,
        settles=run.venue.market.calendar.next_session(trade.on),
    )
    _warn(run, fill, trade)
    if order.quantity is None:
        _book_money(run, record, fill)
        return
    room = 0 if record.state.is_final else min(fill.quantity, order.quantity - record.filled)
    if room == fill.quantity:
        run.take(BrokerEvent(order.id, OrderState.PARTLY_FILLED, fill))
        return
    message = (
        f"{trade.side} {trade.instrument} in {trade.account}: "
        f"{quantity_text(trade.quantity, step)} were traded, and the ticket had "
        f"{quantity_text(room, step)} left; the rest is booked as a trade outside the plan"
    )
    run.findings.append(Finding("more-than-planned", order.id, message))
    if room:
        inside = replace(fill, quantity=room, gross=worth.value(room))
        run.take(BrokerEvent(order.id, OrderState.PARTLY_FILLED, inside))
        fill = replace(fill, id=f"{fill_id}+", gross=fill.gross - inside.gross, fees=0)
    extra = replace(fill, order="", quantity=trade.quantity - room)
    run.write([_outside(run.folded, trade, extra, at=run.at())])


def _book_money(run: Application, record: OrderRecord, fill: Fill) -> None:
    """A purchase for an amount: the fund rounds the steps, so the money is what was ordered."""
    assert record.order.amount is not None
    left = record.order.amount - record.filled_gross
    one_step = StepPrice.of(fill.price, run.folded.steps[record.order.instrument]).value(1)
    is_whole = abs(fill.gross - left) <= one_step + 1
    state = OrderState.FILLED if is_whole else OrderState.PARTLY_FILLED
    run.take(BrokerEvent(record.order.id, state, replace(fill, gross=left) if is_whole else fill))


def _outside(folded: Folded, trade: HandTrade, fill: Fill, *, at: str) -> Draft:
    """A trade outside any order."""
    is_sale = trade.side == "sell"
    parts = relief(folded, trade.account, trade.instrument, fill.quantity) if is_sale else ()
    assert parts is not None, "trades are checked before they are booked"
    return events.filled(
        fill,
        account=trade.account,
        instrument=trade.instrument,
        side=trade.side,
        relieved=parts,
        lot=None if is_sale else lot_id(folded, trade.account, trade.instrument, fill),
        at=at,
    )


def _warn(run: Application, fill: Fill, trade: HandTrade) -> None:
    """A price far from the plan's is booked as it is said, and looked at twice."""
    planned = run.trade_of(fill.order)
    low, high = sorted((Fraction(planned.price.decimal), Fraction(fill.price.decimal)))
    if high > low * (1 + run.venue.limits.collar):
        message = (
            f"{trade.side} {trade.instrument} in {trade.account} was recorded at {fill.price} and "
            f"planned at {planned.price} ({money_text(fill.gross)} in all): is that right?"
        )
        run.findings.append(Finding("price-far-from-plan", fill.order, message))
