"""Orders on their way: which may leave now, the gate, tickets for a person, cancelling."""

from __future__ import annotations

from datetime import timedelta

from trimtab.engine.mandate import HOUSEHOLD
from trimtab.execution.application import SILENT, Application
from trimtab.execution.following import follow_brokers, note_unknown, submit
from trimtab.execution.gate import Desk, gate
from trimtab.execution.orders import (
    Part,
)
from trimtab.execution.sizing import (
    buy_order,
    sell_order,
    still_to_come,
    ticket_order,
    worst_case,
    worth_of,
)
from trimtab.ledger import events
from trimtab.ledger.events import instant_text
from trimtab.model.orders import Order, OrderState


def send_orders(run: Application) -> None:
    """Send what may be sent, one order after the other: sells, then what they pay for."""
    if run.is_superseded:
        return
    while (step := _next(run)) is not None:
        part, order = step
        _send(run, part, order)
        follow_brokers(run)
    issue_tickets(run)


def _next(run: Application) -> tuple[Part, Order] | None:
    """The next order that may leave now; None when nothing may."""
    for account in dict.fromkeys(part.trade.account for part in run.parts):
        broker = run.venue.brokers.get(account)
        if broker is None or run.folded.is_halted(account):
            continue
        if not run.has_heard(broker):
            continue  # it may have done what the record does not know
        own = [part for part in run.parts if part.trade.account == account]
        sells = [part for part in own if part.trade.side == "sell"]
        buys = [part for part in own if part.trade.side == "buy"]
        for part in sells:
            record = run.folded.orders.get(part.id)
            if record is None:
                return part, sell_order(run, part)
            if record.state is OrderState.INTENDED:
                return part, record.order
        if not all(run.folded.orders[part.id].state.is_final for part in sells):
            continue
        for place, part in enumerate(buys):
            record = run.folded.orders.get(part.id)
            if record is None:
                return part, buy_order(run, part, buys[place + 1 :])
            if record.state is OrderState.INTENDED:
                return part, record.order
    return None


def _send(run: Application, part: Part, order: Order) -> None:
    """Write down the order, let the gate judge its bytes, write that it leaves, and send it."""
    known = run.folded.orders.get(order.id)
    drafts = [] if known else [events.order_intended(order, at=run.at())]
    if _is_too_fast(run):
        return
    verdict = gate(order, part.trade, _desk(run, order))
    if not verdict.passed:
        message = f"not sent: {verdict.why}"
        drafts.append(events.order_rejected(order.id, message=message, at=run.at()))
        run.write(drafts)
        return
    if known is None or known.gated != verdict.sha256:
        drafts.append(events.order_gated(order.id, verdict.sha256, at=run.at()))
    drafts.append(events.order_sent(order.id, verdict.sha256, at=run.at()))
    run.write(drafts)
    submit(run, order, run.venue.brokers[order.account])


def _is_too_fast(run: Application) -> bool:
    """Whether too many orders left within a minute; then everything halts."""
    now = run.venue.clock.now()
    since = instant_text(now - timedelta(seconds=60))
    limit = run.venue.limits.minute_orders
    if len(run.entries) < limit:
        return False  # so many have never left
    recent = 0
    for entry in reversed(run.entries):
        if entry.kind == "resumed" and entry.body.get("scope") == HOUSEHOLD:
            break  # a person looked: the count begins anew
        if entry.kind == "order_sent" and entry.at >= since:
            recent += 1
    if recent < limit:
        return False
    message = (
        f"{recent} orders left within a minute and limits.toml allows {limit}: everything is "
        "halted until a person looks and resumes it"
    )
    run.note("throttle", run.plan.id, message, "error")
    run.write([events.halted(HOUSEHOLD, reason=message, at=instant_text(now))])
    return True


def _desk(run: Application, order: Order) -> Desk:
    """What the gate judges an order by."""
    venue = run.venue
    real = order.account in venue.real
    worst = worst_case(run, order) if order.side == "buy" else 0
    cash = run.folded.cash.get(order.account, 0) - run.withdrawal_pending(order.account)
    is_by_hand = order.account not in venue.brokers
    for record in run.folded.orders.values():
        other = record.order
        if other.id == order.id or record.state.is_final or other.account != order.account:
            continue
        if is_by_hand and other.id in run.trades:
            # A person trades these tickets in their order, all of them as the plan counted.
            cash += still_to_come(run, record)
        elif other.side == "buy":
            cash -= worst_case(run, other) - record.filled_gross
    if is_by_hand and order.side == "buy" and order.quantity is not None:
        worst = worth_of(run, run.trades[order.id], order.quantity).total("buy")
    return Desk(
        folded=run.folded,
        mandate=venue.mandate,
        market=venue.market,
        frozen=run.valuation().frozen,
        limits=venue.limits,
        cash=cash,
        worst=worst,
        today=venue.clock.now().date() if real else None,
    )


def issue_tickets(run: Application) -> None:
    """Write down, once, what a person is to trade."""
    for part in run.parts:
        trade = part.trade
        if trade.account in run.venue.brokers or run.folded.is_halted(trade.account):
            continue
        known = run.folded.orders.get(part.id)
        if known is not None and (known.gated or known.state is not OrderState.INTENDED):
            continue
        order = known.order if known else ticket_order(run, part)
        drafts = [] if known else [events.order_intended(order, at=run.at())]
        verdict = gate(order, trade, _desk(run, order))
        if verdict.passed:
            drafts.append(events.order_gated(order.id, verdict.sha256, at=run.at()))
        else:
            message = f"no ticket: {verdict.why}"
            drafts.append(events.order_rejected(order.id, message=message, at=run.at()))
        run.write(drafts)


def cancel_open(run: Application) -> None:
    """Ask brokers to cancel what is open; a halt never stands in the way of that."""
    for record in run.records():
        broker = run.venue.brokers.get(record.order.account)
        if broker is None or record.state.is_final:
            continue
        if record.state is OrderState.INTENDED:
            message = "cancelled before it was sent"
            run.write([events.order_cancelled(record.order.id, message=message, at=run.at())])
            continue
        try:
            broker.cancel(record.order.id)
        except SILENT as error:
            note_unknown(run, record, str(error))
