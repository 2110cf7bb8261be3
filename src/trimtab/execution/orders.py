"""Orders of a plan: what is sent, in which order, and what a broker's reports make of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from trimtab.costs import Costs
from trimtab.ledger import events
from trimtab.ledger.canonical import canonical_bytes
from trimtab.ledger.chain import Draft
from trimtab.ledger.events import Relieved, relieved_part
from trimtab.ledger.folded import Folded, OrderRecord, plain
from trimtab.model.accounts import Lot
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.numbers import Price, StepPrice, money_text, rounded_price
from trimtab.model.orders import BrokerEvent, Fill, Order, OrderState, Side
from trimtab.model.plan import Plan, Trade

_S = OrderState

TRANSITIONS: Final[Mapping[OrderState, frozenset[OrderState]]] = MappingProxyType(
    {
        _S.INTENDED: frozenset({_S.SENT, _S.REJECTED, _S.CANCELLED, _S.UNKNOWN, _S.ACCEPTED,
                                _S.PARTLY_FILLED, _S.FILLED}),
        _S.SENT: frozenset({_S.ACCEPTED, _S.PARTLY_FILLED, _S.FILLED, _S.REJECTED, _S.CANCELLED,
                            _S.UNKNOWN}),
        _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.PARTLY_FILLED, _S.FILLED, _S.REJECTED,
                               _S.CANCELLED}),
        _S.ACCEPTED: frozenset({_S.PARTLY_FILLED, _S.FILLED, _S.REJECTED, _S.CANCELLED,
                                _S.UNKNOWN}),
        _S.PARTLY_FILLED: frozenset({_S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.UNKNOWN}),
        _S.FILLED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.CANCELLED: frozenset(),
    }
)  # fmt: skip
"""What may follow what. INTENDED leads everywhere: a ticket is traded by hand and never sent."""

_PROGRESS: Final = (_S.INTENDED, _S.SENT, _S.UNKNOWN, _S.ACCEPTED, _S.PARTLY_FILLED)

FINEST: Final = 4
"""Decimal places that a filled price may have beyond those of the quoted one."""


def order_id(
    *, account: str, plan: str, instrument: str, side: Side, part: int = 0, attempt: int = 0
) -> str:
    """The id of an intention: SHA-256 over an encoding in which no two intentions look alike.

    >>> order_id(account="a", plan="b", instrument="c", side="buy")[:12]
    '015e60c26b06'
    """
    named = ["trimtab-order/1", account, plan, instrument, side, str(part), str(attempt)]
    return sha256(canonical_bytes(list(named))).hexdigest()


def order_bytes(order: Order) -> bytes:
    """The bytes that an order is, for the gate: canonical JSON, numbers as text."""
    return canonical_bytes(plain(order))


def order_hash(order: Order) -> str:
    """SHA-256 of an order's bytes."""
    return sha256(order_bytes(order)).hexdigest()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a trade at a price comes to: the price with the spread, the money, the fees.

    Together they are exactly what the plan counted on: value + cost when buying, value - cost
    when selling.
    """

    price: Price
    gross: int
    fees: int

    def total(self, side: Side) -> int:
        """What the account pays, or gets."""
        return self.gross + self.fees if side == "buy" else self.gross - self.fees


def expected(
    side: Side, quantity: int, price: Price, *, instrument: Instrument, costs: Costs
) -> Expected:
    """What trading a quantity comes to, by the same costs that the plan was made with.

    Args:
        side: `buy` or `sell`.
        quantity: Steps.
        price: The quoted price, in the middle of the spread.
        instrument: For its step.
        costs: Of the account.
    """
    value = StepPrice.of(price, instrument.step).value(quantity)
    cost = costs.order_costs(instrument.id, instrument.step).of(value, quantity)
    filled = spread_price(side, price, instrument=instrument.id, costs=costs)
    gross = StepPrice.of(filled, instrument.step).value(quantity)
    fees = cost - abs(gross - value)
    return Expected(filled, gross, fees) if fees >= 0 else Expected(price, value, cost)


def spread_price(side: Side, price: Price, *, instrument: str, costs: Costs) -> Price:
    """The quoted price with half the spread, rounded towards the middle, as a record holds it."""
    own = costs.by_instrument.get(instrument, costs)
    half = Fraction(own.half_spread_bps) / 10_000
    exact = Fraction(price.decimal) * (1 + half if side == "buy" else 1 - half)
    if not half or exact <= 0:
        return price
    return rounded_price(exact, price.exponent - FINEST, up=side == "sell")


def collar_limit(side: Side, price: Price, collar: Fraction, worth: Expected) -> Price:
    """The worst price inside the collar, rounded inwards to a tick, never inside the spread.

    >>> spread = Expected(Price(101, 0), 0, 0)
    >>> str(collar_limit("buy", Price(100123456, -6), Fraction(5, 100), spread))
    '105.12'
    """
    exact = Fraction(price.decimal) * (1 + collar if side == "buy" else 1 - collar)
    limit = rounded_price(exact, _typed_tick(price), up=side == "sell")
    nearest = max if side == "buy" else min
    return nearest(limit, worth.price, key=lambda one: one.decimal)


def guide_limit(side: Side, price: Price, guide: Fraction, *, collar: Fraction) -> Price:
    """The limit of a ticket: so far from the planned price, rounded outwards to what can be typed
    at a broker, and never beyond the collar.

    That is cents from one unit of money on, below it four decimals or the price's own.

    >>> str(guide_limit("buy", Price(65741, -3), Fraction(1, 100), collar=Fraction(5, 100)))
    '66.4'
    """
    sign = 1 if side == "buy" else -1
    middle = Fraction(price.decimal)
    tick = _typed_tick(price)
    limit = rounded_price(middle * (1 + sign * guide), tick, up=side == "buy")
    last = rounded_price(middle * (1 + sign * collar), tick, up=side == "sell")
    inner, outer = (max, min) if side == "buy" else (min, max)
    within = outer(limit, last, key=lambda one: one.decimal)
    return inner(within, price, key=lambda one: one.decimal)


def _typed_tick(price: Price) -> int:
    """Decimal places of a limit as it can be typed at a broker: cents from one unit of money on."""
    return -2 if price.decimal >= 1 else _tick(price)


def _tick(price: Price) -> int:
    """The finest: cents, and four below one unit of money, or the price's own."""
    return min(price.exponent, -2 if price.decimal >= 1 else -4)


# What is to be ordered


@dataclass(frozen=True, slots=True)
class Part:
    """A trade of a plan with the id of its order."""

    trade: Trade
    id: str
    slice: int


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """Each trade of a plan as one order, sells before buys within each account."""
    seen: dict[tuple[str, str, str], int] = {}
    parts = []
    for trade in sorted(plan.trades, key=lambda trade: trade.side == "buy"):
        key = (trade.account, trade.instrument, trade.side)
        number = seen[key] = seen.get(key, -1) + 1
        own = order_id(
            account=trade.account,
            plan=plan.id,
            instrument=trade.instrument,
            side=trade.side,
            part=number,
        )
        parts.append(Part(trade, own, number))
    return tuple(parts)


def order_of(part: Part, plan: Plan, *, quantity: int, limit: Price) -> Order:
    """The order of a trade, for the whole of it or for less."""
    trade = part.trade
    assert 0 < quantity <= trade.quantity, "an order is for no more than was planned"
    amount = None
    if trade.amount is not None:
        whole = quantity == trade.quantity
        worth = StepPrice.of(trade.price, trade.step)
        amount = trade.amount if whole else worth.value(quantity)
    lots = tuple((sale.lot, sale.quantity) for sale in trade.lots)
    return Order(
        id=part.id,
        account=trade.account,
        instrument=trade.instrument,
        side=trade.side,
        quantity=None if amount is not None else quantity,
        amount=amount,
        limit=None if amount is not None else limit,
        plan=plan.id,
        slice=part.slice,
        lots=first_steps(lots, quantity),
    )


def first_steps(lots: Sequence[tuple[str, int]], steps: int) -> tuple[tuple[str, int], ...]:
    """The first so many steps of a list of lots."""
    taken = []
    for lot, count in lots:
        if steps <= 0:
            break
        taken.append((lot, min(count, steps)))
        steps -= taken[-1][1]
    return tuple(taken)


def affordable(
    trade: Trade, cash: int, *, instrument: Instrument, costs: Costs
) -> tuple[int, Expected | None]:
    """The most of a purchase that cash pays for, costs included, and what that comes to."""

    def total(quantity: int) -> int:
        worth = expected("buy", quantity, trade.price, instrument=instrument, costs=costs)
        return worth.total("buy")

    low, high = 0, trade.quantity
    while low < high:
        middle = (low + high + 1) // 2
        if total(middle) <= cash:
            low = middle
        else:
            high = middle - 1
    if low == 0:
        return 0, None
    return low, expected("buy", low, trade.price, instrument=instrument, costs=costs)


def paying_limit(
    worth: Expected, quantity: int, cash: int, *, collar: Price, instrument: Instrument
) -> Price:
    """The limit of a purchase: the collar's, or lower where cash would not pay for that.

    However badly it is filled within its limit, the account has the money.
    """
    exact = Fraction(cash - worth.fees, 100 * quantity) / Fraction(instrument.step)
    if exact >= Fraction(collar.decimal):
        return collar
    if exact <= 0:
        return worth.price
    typed = rounded_price(exact, _typed_tick(worth.price), up=False)
    if typed.decimal >= worth.price.decimal:
        return typed
    # Between the price to be filled at and what cash pays for there is no whole cent.
    paid = rounded_price(exact, _tick(worth.price), up=False)
    return max(paid, worth.price, key=lambda price: price.decimal)


# What a broker reports


@dataclass(frozen=True, slots=True)
class Booked:
    """What a report of a broker comes to: entries to write, and what to tell."""

    drafts: tuple[Draft, ...] = ()
    findings: tuple[Finding, ...] = ()


_NOTHING: Final = Booked()


def booking(folded: Folded, event: BrokerEvent, *, at: str) -> Booked:
    """What a broker's report of an order adds to the record.

    The same report twice adds nothing the second time; reports may come in any order. A fill is a
    fact and is always booked. What cannot have happened is not: it halts the account.
    """
    record = folded.orders.get(event.order)
    assert record is not None, "reports of orders that nobody intended are judged elsewhere"
    if event.fill is not None:
        return _fill_booked(folded, record, event.fill, event, at=at)
    return _state_booked(record, event, at=at)


def _state_booked(record: OrderRecord, event: BrokerEvent, *, at: str) -> Booked:
    order, now, then = record.order, record.state, event.state
    if then in (_S.INTENDED, _S.SENT) or then is now:
        return _NOTHING
    if now.is_final:
        contradicts = now is _S.FILLED and then in (_S.REJECTED, _S.CANCELLED)
        if contradicts or (now is _S.REJECTED and then in (_S.FILLED, _S.PARTLY_FILLED)):
            return _impossible(record, then, at)
        return _NOTHING
    if then in (_S.ACCEPTED, _S.PARTLY_FILLED):
        if _PROGRESS.index(now) >= _PROGRESS.index(_S.ACCEPTED):
            return _NOTHING
        return Booked((events.order_accepted(order.id, message=event.message, at=at),))
    if then is _S.UNKNOWN:
        return Booked((events.order_unknown(order.id, message=event.message, at=at),))
    if then is _S.REJECTED:
        if record.filled:
            return _impossible(record, then, at)
        message = event.message or "refused by the broker"
        return Booked((events.order_rejected(order.id, message=message, at=at),))
    if then is _S.CANCELLED:
        return Booked((events.order_cancelled(order.id, message=event.message, at=at),))
    assert then is _S.FILLED
    if order.quantity is None and record.filled:
        message = "the broker says that it is complete"
        return Booked((events.order_cancelled(order.id, message=message, at=at),))
    message = (
        f"the broker calls order {order.id[:12]} filled, and {record.filled} of "
        f"{order.quantity or 'its'} steps were reported: the missing fills are waited for"
    )
    return Booked((), (Finding("fills-missing", order.id, message),))


def _impossible(record: OrderRecord, then: OrderState, at: str) -> Booked:
    order = record.order
    message = (
        f"order {order.id[:12]} ({order.side} {order.instrument} in {order.account}) is "
        f"{record.state.value} here, and the broker calls it {then.value}: {order.account} is "
        "halted; compare with the broker's statement"
    )
    finding = Finding("impossible-transition", order.id, message, "error")
    return Booked((events.halted(order.account, reason=message, at=at),), (finding,))


def _fill_booked(
    folded: Folded, record: OrderRecord, fill: Fill, event: BrokerEvent, *, at: str
) -> Booked:
    order = record.order
    known = folded.fills.get((order.account, fill.id))
    if known is not None:
        if _is_same(known.fill, fill):
            return _NOTHING
        message = (
            f"fill {fill.id} was booked as {known.fill.quantity} at {known.fill.price}, and is "
            f"reported as {fill.quantity} at {fill.price} now: {order.account} is halted; correct "
            "the record from the broker's statement"
        )
        finding = Finding("fill-conflict", fill.id, message, "error")
        return Booked((events.halted(order.account, reason=message, at=at),), (finding,))
    drafts: list[Draft] = []
    findings: list[Finding] = []
    steps, amount = _excess(record, fill)
    if steps or amount:
        drafts.append(events.overfilled(order.id, steps=steps, amount=amount, at=at))
        beyond = f"{steps} steps" if steps else money_text(amount)
        message = (
            f"order {order.id[:12]} ({order.side} {order.instrument}) was filled {beyond} beyond "
            f"its size: {order.account} is halted until somebody looks and resumes it"
        )
        findings.append(Finding("overfill", order.id, message, "error"))
    relieved: tuple[Relieved, ...] = ()
    lot: str | None = None
    if order.side == "buy":
        lot = lot_id(folded, order.account, order.instrument, fill)
    else:
        found = relief_of(folded, record, fill.quantity)
        if found is None:
            message = (
                f"{order.account} has no lots for the sale of {fill.quantity} steps of "
                f"{order.instrument} that its broker reports (fill {fill.id}): it is not booked, "
                f"and {order.account} is halted; correct the record from the statement"
            )
            finding = Finding("sold-more-than-held", order.id, message, "error")
            return Booked((events.halted(order.account, reason=message, at=at),), (finding,))
        relieved = found
    if record.state in (_S.CANCELLED, _S.REJECTED):
        message = f"order {order.id[:12]} was {record.state.value}; a fill came in all the same"
        findings.append(Finding("fill-after-final", order.id, message))
    drafts.append(
        events.filled(
            fill,
            account=order.account,
            instrument=order.instrument,
            side=order.side,
            relieved=relieved,
            lot=lot,
            completes=event.state is _S.FILLED and order.quantity is None,
            at=at,
        )
    )
    return Booked(tuple(drafts), tuple(findings))


def _is_same(one: Fill, other: Fill) -> bool:
    """Whether two reports are of the same fact; 100 and 100.0 are the same price."""
    if one.price.decimal != other.price.decimal:
        return False
    return replace(one, price=other.price) == other


def _excess(record: OrderRecord, fill: Fill) -> tuple[int, int]:
    """Steps and money by which a fill goes beyond its order."""
    order = record.order
    if order.quantity is not None:
        over = record.filled + fill.quantity - order.quantity - record.excess
        return max(over, 0), 0
    assert order.amount is not None
    over = record.filled_gross + fill.gross - order.amount - record.excess_gross
    return 0, max(over, 0)


def lot_id(folded: Folded, account: str, instrument: str, fill: Fill) -> str:
    """The id of the lot that a purchase makes: told from the fill, so that it is never two."""
    digest = sha256(canonical_bytes([account, fill.id])).hexdigest()
    name = f"{account}-{instrument}-{fill.on.isoformat()}-{digest[:8]}"
    while name in folded.lot_ids:
        name += "x"
    return name


def relief_of(folded: Folded, record: OrderRecord, steps: int) -> tuple[Relieved, ...] | None:
    """Which lots a fill takes: those its order names, in order, then what else is there.

    None when the account has not so many steps.
    """
    order = record.order
    named = _after(order.lots, record.filled)
    return relief(folded, order.account, order.instrument, steps, named)


def relief(
    folded: Folded,
    account: str,
    instrument: str,
    steps: int,
    named: Iterable[tuple[str, int]] = (),
) -> tuple[Relieved, ...] | None:
    """Parts of lots that add up to `steps`: the named ones first, then the oldest there are."""
    left = {
        lot.id: lot
        for lot in folded.lots.values()
        if (lot.account, lot.instrument) == (account, instrument)
    }
    taken: dict[str, int] = {}

    def take(lot: Lot, most: int) -> None:
        nonlocal steps
        count = min(most, lot.quantity - taken.get(lot.id, 0), steps)
        if count > 0:
            taken[lot.id] = taken.get(lot.id, 0) + count
            steps -= count

    for name, count in named:
        if name in left:
            take(left[name], count)
    promised = reserved(folded)
    for free_only in (True, False):
        for lot in left.values():
            kept = promised.get(lot.id, 0) if free_only else 0
            take(lot, lot.quantity - kept)
    if steps:
        return None
    return tuple(relieved_part(left[name], count) for name, count in taken.items())


def reserved(folded: Folded) -> dict[str, int]:
    """Steps of lots that open orders will take."""
    reserved: dict[str, int] = {}
    for record in folded.orders.values():
        for lot, steps in record.lots_left:
            reserved[lot] = reserved.get(lot, 0) + steps
    return reserved


def _after(lots: Sequence[tuple[str, int]], steps: int) -> list[tuple[str, int]]:
    """What is left of a list of lots once its first `steps` are gone."""
    rest = []
    for lot, count in lots:
        gone = min(count, steps)
        steps -= gone
        if count > gone:
            rest.append((lot, count - gone))
    return rest
