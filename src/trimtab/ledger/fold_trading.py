"""How entries about trading change the books: plans, orders, fills, halts, what was decided."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

from trimtab.ledger.books import ACCOUNT, FEES, MARKET, Books
from trimtab.ledger.events import Relieved
from trimtab.ledger.fields import Fields
from trimtab.ledger.folded import (
    HOUSEHOLD,
    BookedSale,
    FillRecord,
    OrderRecord,
    PlanRecord,
    Purchase,
)
from trimtab.model.accounts import Lot, Sale
from trimtab.model.numbers import StepPrice, half_even
from trimtab.model.orders import Fill, Order, OrderState
from trimtab.model.state import AcceptedPrice

_MAY_BE_UNKNOWN: Final = (
    OrderState.INTENDED,
    OrderState.SENT,
    OrderState.ACCEPTED,
    OrderState.PARTLY_FILLED,
    OrderState.UNKNOWN,
)


def planned(books: Books, body: Fields) -> None:
    """A plan is known by its id and hash."""
    plan, digest = body.name("plan"), body.sha256("sha256")
    as_of = body.day("as_of")
    body.text("head")
    known = books.plans.get(plan)
    if known is not None and known.sha256 != digest:
        raise body.error(f"plan {plan} is known with another content", "plan-conflict")
    if known is None:
        books.plans[plan] = PlanRecord(digest, as_of)


def approved(books: Books, body: Fields) -> None:
    """An approval is of the plan's content, not only of its name."""
    plan, digest, by = body.name("plan"), body.sha256("sha256"), body.name("by")
    known = books.plans.get(plan)
    if known is None:
        raise body.error(f"plan {plan} was never made", "plan-unknown")
    if known.sha256 != digest:
        message = f"plan {plan} was approved with another content than it has"
        raise body.error(message, "plan-altered")
    books.plans[plan] = replace(known, approved_by=known.approved_by or by)


def order_intended(books: Books, body: Fields) -> None:
    """An order id stands for one intention, of an approved plan, over lots that are free."""
    order = _order(body)
    if order.id in books.orders:
        raise body.error(f"order {order.id} was intended before", "order-twice")
    plan = books.plans.get(order.plan)
    if plan is None or not plan.approved_by:
        message = f"order {order.id} carries out plan {order.plan}, which nobody approved"
        raise body.error(message, "plan-not-approved")
    books.need_step(body, order.instrument)
    if (order.quantity is None) == (order.amount is None):
        raise body.error("an order is for a quantity or for an amount", "order-malformed")
    if order.lots:
        _need_free_lots(books, body, order)
    books.put_order(OrderRecord(order, body.seq, lots_left=order.lots))


def _order(body: Fields) -> Order:
    lots = tuple((item.name("lot"), item.steps("steps")) for item in body.each("lots"))
    amount = body.money_or_none("amount")
    return Order(
        id=body.name("order"),
        account=body.name("account"),
        instrument=body.name("instrument"),
        side=body.side("side"),
        quantity=body.steps_or_none("steps"),
        amount=amount,
        limit=body.price_or_none("limit"),
        plan=body.name("plan"),
        slice=body.whole("slice"),
        attempt=body.whole("attempt"),
        lots=lots,
    )


def _need_free_lots(books: Books, body: Fields, order: Order) -> None:
    """What the order sells is there, and no other open order sells it too."""
    if order.side == "buy":
        raise body.error("a purchase takes no lots", "order-malformed")
    if order.quantity is not None and sum(steps for _, steps in order.lots) != order.quantity:
        raise body.error("the lots do not add up to the order's quantity", "order-malformed")
    reserved: dict[str, int] = {}
    for record in books.open_orders():
        for lot_id, steps in record.lots_left:
            reserved[lot_id] = reserved.get(lot_id, 0) + steps
    for lot_id, steps in order.lots:
        lot = books.lots.get(lot_id)
        if lot is None or (lot.account, lot.instrument) != (order.account, order.instrument):
            message = f"lot {lot_id} of {order.instrument} is not in {order.account}"
            raise body.error(message, "lot-not-there")
        reserved[lot_id] = reserved.get(lot_id, 0) + steps
        if reserved[lot_id] > lot.quantity:
            message = (
                f"orders would sell {reserved[lot_id]} steps of lot {lot_id}, which has "
                f"{lot.quantity}"
            )
            raise body.error(message, "lot-sold-twice")


def order_gated(books: Books, body: Fields) -> None:
    """The gate passed these bytes; only these may leave."""
    record, digest = books.order(body), body.sha256("sha256")
    if record.state is not OrderState.INTENDED:
        message = f"order {record.order.id} is {record.state.value}: the gate comes before sending"
        raise body.error(message, "gate-late")
    books.put_order(replace(record, gated=digest))


def order_sent(books: Books, body: Fields) -> None:
    """An order leaves once, with the bytes that passed the gate, from an account not halted."""
    record, digest = books.order(body), body.sha256("sha256")
    order = record.order
    if record.state is not OrderState.INTENDED:
        message = f"order {order.id} is {record.state.value}: it is never sent again"
        raise body.error(message, "order-resent")
    if not record.gated or record.gated != digest:
        message = f"order {order.id} leaves with bytes that did not pass the gate"
        raise body.error(message, "order-not-gated")
    for scope in (order.account, HOUSEHOLD):
        if scope in books.halted:
            message = f"{scope} is halted ({books.halted[scope]}): no order leaves"
            raise body.error(message, "halted")
    books.put_order(replace(record, state=OrderState.SENT))


def order_accepted(books: Books, body: Fields) -> None:
    """The broker has it."""
    record, message = books.order(body), body.text("message")
    if record.state in (OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN):
        _note_if_ungated(books, body, record)
        state = OrderState.PARTLY_FILLED if record.filled else OrderState.ACCEPTED
        _set(books, record, state, message)
    else:
        _note_late(books, body, record)


def order_rejected(books: Books, body: Fields) -> None:
    """It is over without a fill; after one, the rest is over."""
    record, message = books.order(body), body.text("message")
    if record.state.is_final:
        _note_late(books, body, record)
    elif record.filled:
        books.note(body, "rejected-after-fill", f"order {record.order.id} had fills; rest is over")
        _set(books, record, OrderState.CANCELLED, message)
    else:
        _set(books, record, OrderState.REJECTED, message)


def order_cancelled(books: Books, body: Fields) -> None:
    """The rest of it is over."""
    record, message = books.order(body), body.text("message")
    if record.state.is_final:
        _note_late(books, body, record)
    else:
        _set(books, record, OrderState.CANCELLED, message)


def order_unknown(books: Books, body: Fields) -> None:
    """Nobody knows; what is final stays final."""
    record, message = books.order(body), body.text("message")
    if record.state in _MAY_BE_UNKNOWN:
        _set(books, record, OrderState.UNKNOWN, message)
    else:
        _note_late(books, body, record)


def _set(books: Books, record: OrderRecord, state: OrderState, message: str) -> None:
    left = () if state.is_final else record.lots_left
    books.put_order(replace(record, state=state, message=message, lots_left=left))


def _note_late(books: Books, body: Fields, record: OrderRecord) -> None:
    message = f"order {record.order.id} is {record.state.value} already; this changes nothing"
    books.note(body, "order-event-late", message, "info")


def _note_if_ungated(books: Books, body: Fields, record: OrderRecord) -> None:
    if not record.gated:
        message = f"the broker has order {record.order.id}, which never passed the gate"
        books.note(body, "order-ungated", message, "error")


def overfilled(books: Books, body: Fields) -> None:
    """The broker did more than it was told: allowed to be booked, and the account stands still."""
    record = books.order(body)
    steps, amount = body.steps("steps", least=0), body.money("amount")
    if steps == 0 and amount == 0:
        raise body.error("an overfill is of some steps or some money", "overfill-of-nothing")
    books.put_order(
        replace(record, excess=record.excess + steps, excess_gross=record.excess_gross + amount)
    )
    account = record.order.account
    books.halted.setdefault(account, f"order {record.order.id} was overfilled")
    message = f"order {record.order.id} was filled beyond its size; {account} is halted"
    books.note(body, "overfill", message, "error")


def filled(books: Books, body: Fields) -> None:
    """A trade happened: money and steps change hands, lots come or go, the order moves on."""
    record = _fill(body)
    completes, new_lot = body.flag("completes"), body.name_or_none("lot")
    parts = tuple(
        Relieved(item.name("lot"), item.steps("steps"), item.money_or_none("basis"))
        for item in body.each("relieved")
    )
    key = (record.account, record.fill.id)
    if key in books.fills:
        _note_repeated(books, body, books.fills[key], record)
        return
    step = books.need_step(body, record.instrument)
    _check_gross(books, body, record, StepPrice.of(record.fill.price, step))
    if record.fill.order:
        _move_order(books, body, record, parts, completes=completes)
    if record.side == "buy":
        _buy(books, body, record, new_lot, parts)
    else:
        _sell(books, body, record, new_lot, parts)
    books.put_fill(key, record)


def _fill(body: Fields) -> FillRecord:
    side = body.side("side")
    fill = Fill(
        id=body.name("fill"),
        order=body.name_or_none("order") or "",
        quantity=body.steps("steps"),
        price=body.price("price"),
        gross=body.money("gross"),
        fees=body.money("fees"),
        on=body.day("on"),
        settles=body.day("settles"),
    )
    if fill.settles < fill.on:
        raise body.error("it settles before it was traded", "settles-early")
    moved = -(fill.gross + fill.fees) if side == "buy" else fill.gross - fill.fees
    return FillRecord(
        seq=body.seq,
        fill=fill,
        account=body.name("account"),
        instrument=body.name("instrument"),
        side=side,
        settles=fill.settles,
        moved=moved,
    )


def _note_repeated(books: Books, body: Fields, known: FillRecord, again: FillRecord) -> None:
    same = (known.fill, known.instrument, known.side) == (again.fill, again.instrument, again.side)
    if same:
        message = f"fill {again.fill.id} was booked by entry {known.seq}; ignored here"
        books.note(body, "fill-repeated", message, "info")
    else:
        message = (
            f"fill {again.fill.id} of {again.account} was booked by entry {known.seq} with another "
            "content; ignored here: compare with the broker's statement"
        )
        books.note(body, "fill-conflict", message, "error")


def _check_gross(books: Books, body: Fields, record: FillRecord, price: StepPrice) -> None:
    """Funds bought by amount round the steps, not the money: off by one step is usual."""
    expected, one_step = price.value(record.fill.quantity), price.value(1)
    if abs(record.fill.gross - expected) > one_step + 1:
        message = f"fill {record.fill.id}: gross and steps x price differ by more than a step"
        books.note(body, "gross-differs", message)


def _move_order(
    books: Books,
    body: Fields,
    record: FillRecord,
    parts: tuple[Relieved, ...],
    *,
    completes: bool,
) -> None:
    fill = record.fill
    if fill.order not in books.orders:
        raise body.error(f"order {fill.order} was never intended", "order-not-intended")
    known = books.orders[fill.order]
    order = known.order
    if (order.account, order.instrument, order.side) != (
        record.account,
        record.instrument,
        record.side,
    ):
        raise body.error(f"the fill is not of what order {order.id} ordered", "fill-of-another")
    if known.state is OrderState.INTENDED:
        _note_if_ungated(books, body, known)
    steps, gross = known.filled + fill.quantity, known.filled_gross + fill.gross
    too_much = (order.quantity is not None and steps > order.quantity + known.excess) or (
        order.amount is not None and gross > order.amount + known.excess_gross
    )
    if too_much:
        message = f"fills of order {order.id} exceed it: record the overfill first"
        raise body.error(message, "overfill-unflagged")
    state: OrderState
    if known.state in (OrderState.CANCELLED, OrderState.REJECTED):
        message = f"order {order.id} was {known.state.value}, and was filled all the same"
        books.note(body, "fill-after-final", message)
        state = known.state
    elif completes or known.state is OrderState.FILLED:
        state = OrderState.FILLED
    else:
        whole = order.quantity is not None and steps >= order.quantity
        state = OrderState.FILLED if whole else OrderState.PARTLY_FILLED
    left = () if state.is_final else _less(known.lots_left, parts)
    books.put_order(replace(known, state=state, filled=steps, filled_gross=gross, lots_left=left))


def _less(
    left: tuple[tuple[str, int], ...], parts: tuple[Relieved, ...]
) -> tuple[tuple[str, int], ...]:
    taken = {part.lot: part.steps for part in parts}
    rest = ((lot, steps - taken.get(lot, 0)) for lot, steps in left)
    return tuple((lot, steps) for lot, steps in rest if steps > 0)


def _buy(
    books: Books,
    body: Fields,
    record: FillRecord,
    new_lot: str | None,
    parts: tuple[Relieved, ...],
) -> None:
    if new_lot is None or parts:
        raise body.error("a purchase makes one lot and takes none", "fill-malformed")
    fill, place = record.fill, ACCOUNT + record.account
    books.pay(fill.gross, source=place, to=MARKET)
    books.pay(fill.fees, source=place, to=FEES)
    paid = fill.gross + fill.fees
    lot = Lot(new_lot, record.account, record.instrument, fill.quantity, fill.on, paid)
    books.add_lot(body, lot, source=MARKET)
    books.purchases.append(Purchase(body.seq, lot))


def _sell(
    books: Books,
    body: Fields,
    record: FillRecord,
    new_lot: str | None,
    parts: tuple[Relieved, ...],
) -> None:
    fill, place = record.fill, ACCOUNT + record.account
    if new_lot is not None or sum(part.steps for part in parts) != fill.quantity:
        raise body.error("a sale takes lots that add up to its steps", "fill-malformed")
    books.pay(fill.gross, source=MARKET, to=place)
    books.pay(fill.fees, source=place, to=FEES)
    taken = 0
    for part in parts:
        held = books.lots.get(part.lot)
        if held is not None and (held.account, held.instrument) != (
            record.account,
            record.instrument,
        ):
            message = f"lot {part.lot} is {held.instrument} in {held.account}"
            raise body.error(message, "lot-not-there")
        lot = books.take_part(body, part, to=MARKET)
        proceeds = _share(record.moved, taken + part.steps, fill.quantity) - _share(
            record.moved, taken, fill.quantity
        )
        taken += part.steps
        # Where the basis is unknown nothing depends on it: no gain, no loss.
        basis = proceeds if lot.basis is None else lot.basis
        sale = Sale(
            record.account, record.instrument, part.steps, lot.acquired, fill.on, proceeds, basis
        )
        books.sales.append(BookedSale(body.seq, sale))


def _share(amount: int, steps: int, of: int) -> int:
    """The part of the net proceeds up to so many steps; the parts add up exactly."""
    return half_even(amount * steps, of)


def settled(books: Books, body: Fields) -> None:
    """The cash of a fill moved on this day."""
    account, fill, on = body.name("account"), body.name("fill"), body.day("on")
    if (account, fill) not in books.fills:
        raise body.error(f"fill {fill} of {account} was never booked", "fill-unknown")
    record = books.fills[account, fill]
    if on < record.fill.on:
        raise body.error("it settles before it was traded", "settles-early")
    books.put_fill((account, fill), replace(record, settles=on))


def halted(books: Books, body: Fields) -> None:
    """No new order leaves; the first reason counts until somebody resumes."""
    scope, reason = body.name("scope"), body.name("reason")
    books.halted.setdefault(scope, reason)


def resumed(books: Books, body: Fields) -> None:
    """A person ends a halt."""
    scope = body.name("scope")
    body.name("by")
    body.text("reason")
    if scope not in books.halted:
        raise body.error(f"{scope} is not halted", "not-halted")
    del books.halted[scope]


def period_acted(books: Books, body: Fields) -> None:
    """A calendar period is acted on once."""
    body.day("on")
    books.periods_acted[body.name("target")] = body.name("period")


def target_adopted(books: Books, body: Fields) -> None:
    """Bands measure against these weights from now on; new cash counts from zero again."""
    target, on = body.name("target"), body.day("on")
    table, accounts = body.table("weights"), body.names("accounts")
    weights = {leaf: table.ratio(leaf) for leaf in table.members()}
    if sum(weights.values(), Fraction(0)) != 1 or min(weights.values()) < 0:
        raise body.error("the weights of a target are shares that sum to one", "weights-wrong")
    books.adopted[target] = weights
    books.rebalanced_on[target] = on
    made = books.newest_orders()
    if all(o.state is OrderState.FILLED for o in made if o.order.account in accounts):
        books.undisturbed.add(target)
    for account in accounts:
        books.new_cash.pop(account, None)


def prices_accepted(books: Books, body: Fields) -> None:
    """The prices that were believed last."""
    table = body.table("prices")
    for instrument in table.members():
        item = table.table(instrument)
        books.accepted[instrument] = AcceptedPrice(item.price("price"), item.day("on"))
        books.restated.pop(instrument, None)
        item.done()
