"""Trades that a person made: booked as they really were, in part if need be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import Final

from trimtab.execution.application import Application
from trimtab.execution.following import book_report
from trimtab.execution.orders import lot_id, relief
from trimtab.execution.sizing import booked_fees, cost_of, rest_of_cost
from trimtab.ledger import events
from trimtab.ledger.canonical import canonical_bytes
from trimtab.ledger.chain import Draft
from trimtab.ledger.events import Relieved
from trimtab.ledger.folded import Folded, OrderRecord
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import Price, StepPrice, money_text, quantity_text
from trimtab.model.orders import BrokerEvent, Fill, Order, OrderState, Side
from trimtab.model.sessions import Calendar
from trimtab.model.settlement import settles_on


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
        dated: Whether the day was written there; else it is the plan's.
        lot: The lot that a sale outside any plan takes; empty for those that the account takes.
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
    dated: bool = True
    lot: str = ""

    def fill_id(self, plan: str) -> str:
        """The broker's id, or one told from the trade: the same line twice is the same trade."""
        if self.id:
            return self.id
        told = [plan, self.account, self.instrument, self.side, str(self.quantity),
                str(self.price), str(self.fees), self.on.isoformat()]  # fmt: skip
        return "hand-" + sha256(canonical_bytes(list(told))).hexdigest()[:24]


_TOLD: Final = 5
"""So many lines of a file are named one by one."""

FAR: Final = Fraction(20, 100)
"""A price this far from the planned one is a slip of the keyboard until somebody insists."""

MOST_FEES: Final = Fraction(5, 100)
"""Fees above this part of a trade's value are doubted, if they are ten times what was planned."""

TENFOLD: Final = 10

LEAST_FEES: Final = 20_00
"""Fees up to this are no slip worth a question, however small the trade."""


def check_hand_trades(
    run: Application, trades: Sequence[HandTrade], *, as_it_was: bool = False
) -> None:
    """That all trades can be booked; nothing is booked when one of them cannot.

    Args:
        run: The plan, with its tickets.
        trades: What a person says they traded.
        as_it_was: They insist: trades beyond a ticket or the cash, or at a price far from the
            plan's, are booked too. What is not there cannot be sold all the same.

    Raises:
        RefusedError: With the place of each line that cannot, and why.
    """
    wrong: list[str] = []
    seen: dict[str, HandTrade] = {}
    sold: dict[tuple[str, str], int] = {}
    fresh: list[HandTrade] = []
    doubts: list[str] = []
    taken: dict[str, int] = {}
    for trade in trades:
        fill = trade.fill_id(run.plan.id)
        name = f"{trade.place or 'trade'}: {trade.side} {trade.instrument} in {trade.account}"
        if fill in seen:
            same = f"is the same as {seen[fill].place}"
            wrong.append(f"{name} {same}; if both happened, give each its `id` from the broker")
        seen[fill] = trade
        record = _record(run, trade)
        if record is None:
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
        fresh.append(trade)
        already = taken.get(record.order.id, 0)
        taken[record.order.id] = already + trade.quantity
        doubts.extend(f"{name} {doubt}" for doubt in _doubts(run, record, trade, already))
    doubts.extend(overdrawn(run.folded, fresh))
    if as_it_was:
        doubts = []
    elif doubts:
        doubts.append("If it was so all the same, say so")
    if wrong or doubts:
        lines = "\n".join(f"  {line}" for line in (*wrong, *doubts))
        remedy = "as_it_was" if doubts else ""
        raise RefusedError(f"nothing was recorded:\n{lines}", remedy=remedy)


def _doubts(run: Application, record: OrderRecord, trade: HandTrade, already: int) -> Iterator[str]:
    """What a slip of the keyboard would look like, in one trade."""
    order, step = record.order, run.folded.steps[trade.instrument]
    planned = run.trades[order.id]
    if order.quantity is not None:
        left = 0 if record.state.is_final else order.quantity - record.filled
        room = max(left - already, 0)
        if trade.quantity > room:
            yield (
                f"is for {quantity_text(trade.quantity, step)}, and its ticket has "
                f"{quantity_text(room, step)} left"
            )
    elif record.state.is_final:
        yield "is of a ticket that is over"
    else:
        one_step = StepPrice.of(trade.price, step).value(1)
        paid = StepPrice.of(trade.price, step).value(already + trade.quantity)
        room = (order.amount or 0) - record.filled_gross
        if paid > room + one_step + 1:
            yield f"is worth {money_text(paid)}, and its ticket has {money_text(room)} left"
    gross = StepPrice.of(trade.price, step).value(trade.quantity)
    yield from fees_doubt(trade.fees, gross, planned.cost)
    away = Fraction(trade.price.decimal) / Fraction(planned.price.decimal) - 1
    if abs(away) > FAR:
        yield (
            f"is at {trade.price}, {float(abs(away)):.0%} from the planned price {planned.price}"
        )


def fees_doubt(fees: int, gross: int, planned: int) -> Iterator[str]:
    """Fees that a decimal point made that slipped: a large part of the trade, and no plan's."""
    if fees > gross * MOST_FEES and fees >= TENFOLD * planned and fees > LEAST_FEES:
        expected = f", planned were {money_text(planned)}" if planned else ""
        yield f"has fees of {money_text(fees)} on {money_text(gross)}{expected}"


def without_session(calendar: Calendar, trades: Sequence[HandTrade]) -> list[Finding]:
    """Trades of a day on which the exchange was closed."""
    return [
        Finding(
            "no-session",
            trade.place,
            f"{trade.place or 'trade'}: {trade.on} ({trade.on:%A}) is no session of "
            f"{calendar.name}: look whether the date is right",
        )
        for trade in trades
        if calendar.session_on_or_before(trade.on) != trade.on
    ]


def odd_fees(run: Application, trades: Sequence[HandTrade]) -> list[Finding]:
    """Fees that somebody insisted on: whoever reads the result knows."""
    found = []
    for trade in trades:
        record = _record(run, trade)
        if record is None:
            continue
        step, planned = run.folded.steps[trade.instrument], run.trades[record.order.id].cost
        gross = StepPrice.of(trade.price, step).value(trade.quantity)
        name = f"{trade.place or 'trade'}: {trade.side} {trade.instrument} in {trade.account}"
        found += [
            Finding("fees-far-from-plan", record.order.id, f"{name} {doubt}")
            for doubt in fees_doubt(trade.fees, gross, planned)
        ]
    return found


def overdrawn(folded: Folded, trades: Sequence[HandTrade]) -> Iterator[str]:
    """Trades that take more cash than is there, day after day, what was sold first."""
    cash = dict(folded.cash)
    told: set[str] = set()
    for trade in sorted(trades, key=lambda one: (one.on, one.side == "buy")):
        worth = StepPrice.of(trade.price, folded.steps[trade.instrument])
        gross = worth.value(trade.quantity)
        before = cash.get(trade.account, 0)
        after = before + (gross if trade.side == "sell" else -gross) - trade.fees
        cash[trade.account] = after
        if trade.side == "buy" and after < 0 and trade.account not in told:
            told.add(trade.account)
            yield (
                f"{trade.place or 'trade'}: {trade.side} {trade.instrument} in {trade.account} "
                f"takes {money_text(gross + trade.fees)}, and the account has {money_text(before)}"
            )


def undated(trades: Sequence[HandTrade]) -> list[Finding]:
    """What is to be told of trades whose day nobody wrote down: it decides tax and settlement."""
    silent = [trade for trade in trades if not trade.dated]
    if not silent:
        return []
    places = ", ".join(trade.place or "a trade" for trade in silent[:_TOLD])
    more = f" and {len(silent) - _TOLD} more" if len(silent) > _TOLD else ""
    message = (
        f"{places}{more}: no date is given, so the day of the plan is taken, {silent[0].on}; if it "
        "was traded on another day, add a column date"
    )
    return [Finding("date-assumed", silent[0].place, message)]


def beyond_limits(run: Application, trades: Sequence[HandTrade]) -> list[Finding]:
    """Trades at a worse price than their ticket's limit: it was so, and whoever reads it knows."""
    found = []
    for trade in trades:
        record = _record(run, trade)
        if record is None or not is_beyond(record.order, trade):
            continue
        planned = run.trades[record.order.id]
        side = "above" if trade.side == "buy" else "below"
        message = (
            f"{trade.place or 'trade'}: {trade.side} {trade.instrument} in {trade.account} is at "
            f"{trade.price}, {side} the ticket's limit of {record.order.limit} (planned at "
            f"{planned.price})"
        )
        found.append(Finding("price-beyond-limit", record.order.id, message))
    return found


def is_beyond(order: Order, trade: HandTrade) -> bool:
    """Whether a trade's price is worse than the limit of its ticket."""
    if order.limit is None:
        return False
    limit, price = order.limit.decimal, trade.price.decimal
    return price > limit if trade.side == "buy" else price < limit


def book_hand_trades(run: Application, trades: Sequence[HandTrade]) -> None:
    """Book trades that were checked; the same trade a second time changes nothing."""
    for trade in trades:
        _book(run, trade)


def book_as_planned(run: Application) -> None:
    """Book every open ticket as if it had been traded exactly as planned."""
    for fill in as_planned(run):
        book_report(run, BrokerEvent(fill.order, OrderState.FILLED, fill))


def as_planned(run: Application) -> tuple[Fill, ...]:
    """What is booked of each open ticket if it was traded exactly as planned."""
    return tuple(_as_planned(run))


def _as_planned(run: Application) -> Iterator[Fill]:
    settles = settles_on(run.venue.market.calendar, run.plan.as_of)
    for record in run.tickets():
        order = record.order
        planned = run.trades[order.id]
        steps = (order.quantity or planned.quantity) - record.filled
        whole = steps == planned.quantity
        value = StepPrice.of(planned.price, planned.step).value(steps)
        fees = planned.cost if whole else cost_of(run, planned, value, steps)
        if record.filled:
            part = StepPrice.of(planned.price, planned.step).value(record.filled)
            fees = rest_of_cost(
                whole=cost_of(run, planned, part + value, record.filled + steps),
                filled=cost_of(run, planned, part, record.filled),
                rest=fees,
                booked=booked_fees(run, record),
            )
        yield Fill(
            id=f"{order.id[:24]}-as-planned",
            order=order.id,
            quantity=steps,
            price=planned.price,
            gross=planned.value if whole else value,
            fees=fees,
            on=run.plan.as_of,
            settles=settles,
        )


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
        settles=settles_on(run.venue.market.calendar, trade.on),
    )
    _warn(run, fill, trade)
    if order.quantity is None:
        _book_money(run, record, fill)
        return
    room = 0 if record.state.is_final else min(fill.quantity, order.quantity - record.filled)
    if room == fill.quantity:
        book_report(run, BrokerEvent(order.id, OrderState.PARTLY_FILLED, fill))
        return
    message = (
        f"{trade.side} {trade.instrument} in {trade.account}: "
        f"{quantity_text(trade.quantity, step)} were traded, and the ticket had "
        f"{quantity_text(room, step)} left; the rest is booked as a trade outside the plan"
    )
    run.findings.append(Finding("more-than-planned", order.id, message))
    if room:
        inside = replace(fill, quantity=room, gross=worth.value(room))
        book_report(run, BrokerEvent(order.id, OrderState.PARTLY_FILLED, inside))
        fill = replace(fill, id=f"{fill_id}+", gross=fill.gross - inside.gross, fees=0)
    extra = replace(fill, order="", quantity=trade.quantity - room)
    is_sale = trade.side == "sell"
    parts = relief(run.folded, trade.account, trade.instrument, extra.quantity) if is_sale else ()
    assert parts is not None, "trades are checked before they are booked"
    run.write([outside_fill(run.folded, trade, extra, parts, at=run.at())])


def _book_money(run: Application, record: OrderRecord, fill: Fill) -> None:
    """A purchase for an amount: the fund rounds the steps, so the money is what was ordered."""
    assert record.order.amount is not None
    left = record.order.amount - record.filled_gross
    one_step = StepPrice.of(fill.price, run.folded.steps[record.order.instrument]).value(1)
    is_whole = abs(fill.gross - left) <= one_step + 1
    state = OrderState.FILLED if is_whole else OrderState.PARTLY_FILLED
    book_report(
        run, BrokerEvent(record.order.id, state, replace(fill, gross=left) if is_whole else fill)
    )


def outside_fill(
    known: Folded, trade: HandTrade, fill: Fill, parts: Sequence[Relieved], *, at: str
) -> Draft:
    """The entry of a trade outside any order.

    Args:
        known: The record.
        trade: What was traded.
        fill: It, as it is booked: what an order had of it taken off.
        parts: For a sale the lots that it takes, with their steps; for a purchase nothing.
        at: When it is written.
    """
    return events.filled(
        fill,
        account=trade.account,
        instrument=trade.instrument,
        side=trade.side,
        relieved=tuple(parts),
        lot=None if trade.side == "sell" else lot_id(known, trade.account, trade.instrument, fill),
        at=at,
    )


def _warn(run: Application, fill: Fill, trade: HandTrade) -> None:
    """A price far from the plan's is booked as it is said, and looked at twice."""
    planned = run.trades[fill.order]
    low, high = sorted((Fraction(planned.price.decimal), Fraction(fill.price.decimal)))
    if high > low * (1 + run.venue.limits.collar):
        message = (
            f"{trade.side} {trade.instrument} in {trade.account} was recorded at {fill.price} and "
            f"planned at {planned.price} ({money_text(fill.gross)} in all): is that right?"
        )
        run.findings.append(Finding("price-far-from-plan", fill.order, message))
