"""Random histories that could have happened, with a second set of accounts kept by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry, sealed
from trimtab.ledger.events import Relieved, relieved_part
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.model.accounts import Lot, Sale
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.orders import Fill, Order, OrderState, Side
from trimtab.model.state import AcceptedPrice

AT = "2026-01-02T15:00:00Z"
FIRST = date(2026, 1, 2)
ACCOUNTS = ("brokerage", "roth", "k401")
STEPS = {"VTI": Decimal(1), "BND": Decimal("0.001"), "VXUS": Decimal("0.01")}
SHA = "5" * 64


def opening_lots() -> list[Lot]:
    """What the household of the tests owns at first."""
    return [
        Lot("L1", "brokerage", "VTI", 210, date(2017, 3, 6), 2_541_000),
        Lot("L2", "brokerage", "VTI", 33, date(2025, 12, 20), 990_001),
        Lot("L3", "roth", "VTI", 95, None, None),
        Lot("L4", "k401", "BND", 1_234_567, "inherited", 8_000_003),
    ]


def opening(**changes: object) -> list[Draft]:
    """The opening statement of the tests."""
    values: dict[str, object] = {
        "household": "Example",
        "currency": "USD",
        "on": FIRST,
        "steps": STEPS,
        "lots": opening_lots(),
        "cash": {"brokerage": 260_000, "roth": 5_000_000, "k401": 0},
        "sales": [Sale("roth", "VTI", 3, date(2024, 1, 5), date(2025, 12, 30), 90_000, 70_000)],
        "lots_sha256": "0" * 64,
        "at": AT,
    }
    return events.opened(**{**values, **changes})  # type: ignore[arg-type]


def folded_after(*drafts: Draft, start: Folded | None = None) -> Folded:
    """What is known after an opening and these drafts."""
    before = start if start is not None else fold(sealed(opening(), NOTHING.head))
    return fold(sealed(drafts, before.head), before)


@dataclass
class History:
    """A history under way; `cash` and `steps` are counted here, apart from the fold."""

    rng: random.Random
    folded: Folded = NOTHING
    entries: list[Entry] = field(default_factory=list)
    cash: dict[str, int] = field(default_factory=dict)
    steps: dict[tuple[str, str], int] = field(default_factory=dict)
    day: date = FIRST
    count: int = 0

    def add(self, *drafts: Draft) -> None:
        """Make these happen."""
        entries = sealed(drafts, self.folded.head)
        self.folded = fold(entries, self.folded)
        self.entries.extend(entries)

    def name(self, prefix: str) -> str:
        """A name that nothing else has."""
        self.count += 1
        return f"{prefix}{self.count}"

    def pay(self, account: str, amount: int) -> None:
        """Count cash."""
        self.cash[account] = self.cash.get(account, 0) + amount

    def hold(self, account: str, instrument: str, steps: int) -> None:
        """Count steps."""
        key = (account, instrument)
        self.steps[key] = self.steps.get(key, 0) + steps
        if self.steps[key] == 0:
            del self.steps[key]


def history(seed: int, length: int) -> History:
    """A history of about `length` happenings, the same for the same seed."""
    made = History(random.Random(seed))
    made.add(*opening())
    for account, amount in {"brokerage": 260_000, "roth": 5_000_000, "k401": 0}.items():
        made.pay(account, amount)
    for lot in opening_lots():
        made.hold(lot.account, lot.instrument, lot.quantity)
    happenings = (
        cash_moves, dividend, buy, buy, sell, sell, split, transfer, adjust, bust, finer_step,
        decide, troubled_order, halt_and_resume,
    )  # fmt: skip
    for _ in range(length):
        made.day += timedelta(days=made.rng.randrange(1, 9))
        made.rng.choice(happenings)(made)
    return made


def cash_moves(h: History) -> None:
    """Money comes or goes."""
    account, amount = h.rng.choice(ACCOUNTS), h.rng.randrange(1, 900_000)
    kind, sign = h.rng.choice(
        [
            (events.deposited, 1),
            (events.withdrawn, -1),
            (events.interest_paid, 1),
            (events.fee_charged, -1),
        ]
    )
    ref = h.name("ref") if h.rng.random() < 0.5 else None
    draft = kind(account, amount, on=h.day, ref=ref, at=AT)
    h.add(draft)
    h.pay(account, sign * amount)
    if ref is not None and h.rng.random() < 0.5:
        h.add(draft)  # the broker says it twice: nothing more is paid


def dividend(h: History) -> None:
    """A fund pays."""
    account, amount = h.rng.choice(ACCOUNTS), h.rng.randrange(1, 50_000)
    withheld = h.rng.randrange(0, amount + 1)
    instrument = h.rng.choice(list(STEPS))
    h.add(events.dividend_paid(account, instrument, amount, withheld=withheld, on=h.day, at=AT))
    h.pay(account, amount - withheld)


def intended(
    h: History, side: Side, account: str, instrument: str, steps: int, lots: list[tuple[str, int]]
) -> Order:
    """A plan is made and approved, its order passes the gate and is sent."""
    plan = h.name("plan")
    limit = Price(h.rng.randrange(1000, 90_000), -2)
    order = Order(
        h.name("order"), account, instrument, side, steps, None, limit, plan, lots=tuple(lots)
    )
    h.add(
        events.planned(plan, SHA, as_of=h.day, head=h.folded.head.hash, at=AT),
        events.approved(plan, SHA, by="owner", at=AT),
        events.order_intended(order, at=AT),
        events.order_gated(order.id, SHA, at=AT),
        events.order_sent(order.id, SHA, at=AT),
    )
    if h.rng.random() < 0.3:
        h.add(events.order_unknown(order.id, message="timeout", at=AT))
    if h.rng.random() < 0.7:
        h.add(events.order_accepted(order.id, at=AT))
    return order


def fill_of(h: History, order: Order, steps: int) -> Fill:
    """A fill at the order's price."""
    assert order.limit is not None
    gross = StepPrice.of(order.limit, h.folded.steps[order.instrument]).value(steps)
    fees = h.rng.randrange(0, 500)
    settles = h.day + timedelta(days=h.rng.choice([0, 1, 2]))
    return Fill(h.name("fill"), order.id, steps, order.limit, gross, fees, h.day, settles)


def parts_of(h: History, total: int) -> list[int]:
    """A quantity in one, two or three fills."""
    cuts = sorted(h.rng.randrange(1, total + 1) for _ in range(h.rng.randrange(0, 3)))
    bounds = [0, *cuts, total]
    return [b - a for a, b in pairwise(bounds) if b > a]


def buy(h: History) -> None:
    """A purchase, in one or several fills, some of them reported twice."""
    account, instrument = h.rng.choice(ACCOUNTS), h.rng.choice(list(STEPS))
    order = intended(h, "buy", account, instrument, h.rng.randrange(1, 500), [])
    assert order.quantity is not None
    for steps in parts_of(h, order.quantity):
        fill = fill_of(h, order, steps)
        draft = events.filled(
            fill, account=account, instrument=instrument, side="buy", lot=h.name("lot"), at=AT
        )
        h.add(*[draft] * h.rng.choice([1, 1, 2]))
        h.pay(account, -fill.gross - fill.fees)
        h.hold(account, instrument, steps)


def sell(h: History) -> None:
    """A sale of some lots or parts of lots, in one or several fills, perhaps cut short."""
    if not h.folded.lots:
        return
    first = h.rng.choice(list(h.folded.lots.values()))
    account, instrument = first.account, first.instrument
    lots = [
        (lot.id, h.rng.choice([lot.quantity, h.rng.randrange(1, lot.quantity + 1)]))
        for lot in h.folded.lots.values()
        if (lot.account, lot.instrument) == (account, instrument)
    ][: h.rng.randrange(1, 4)]
    order = intended(h, "sell", account, instrument, sum(s for _, s in lots), lots)
    assert order.quantity is not None
    fills = parts_of(h, order.quantity)
    if h.rng.random() < 0.3:
        fills = fills[:-1]
    for steps in fills:
        relieved = taken(h.folded, order, steps)
        fill = fill_of(h, order, steps)
        draft = events.filled(
            fill, account=account, instrument=instrument, side="sell", relieved=relieved, at=AT
        )
        h.add(*[draft] * h.rng.choice([1, 1, 2]))
        h.pay(account, fill.gross - fill.fees)
        h.hold(account, instrument, -steps)
    if not h.folded.orders[order.id].state.is_final:
        h.add(events.order_cancelled(order.id, at=AT))


def taken(folded: Folded, order: Order, steps: int) -> list[Relieved]:
    """What a fill takes of the lots that its order still has."""
    parts = []
    for lot_id, left in folded.orders[order.id].lots_left:
        part = min(left, steps)
        if part:
            parts.append(relieved_part(folded.lots[lot_id], part))
            steps -= part
    return parts


def split(h: History) -> None:
    """Every account's steps are multiplied; a rest becomes cash."""
    instrument = h.rng.choice(list(STEPS))
    new, old = h.rng.choice([(2, 1), (3, 2), (1, 10), (7, 3)])
    in_lieu = {}
    for (account, name), steps in list(h.steps.items()):
        if name != instrument:
            continue
        whole, rest = divmod(steps * new, old)
        h.hold(account, instrument, whole - steps)
        if rest:
            in_lieu[account] = h.rng.randrange(0, 30_000)
            h.pay(account, in_lieu[account])
    draft = events.split(instrument, new=new, old=old, on=h.day, cash_in_lieu=in_lieu, at=AT)
    h.add(*[draft] * h.rng.choice([1, 1, 2]))


def transfer(h: History) -> None:
    """A part of a lot goes elsewhere in kind, or something comes in."""
    if h.rng.random() < 0.3 or not h.folded.lots:
        account = h.rng.choice(ACCOUNTS)
        lot = Lot(h.name("in"), account, "VXUS", h.rng.randrange(1, 99), date(2020, 2, 29), 12_345)
        h.add(events.received(account, [lot], amount=777, on=h.day, at=AT))
        h.hold(account, "VXUS", lot.quantity)
        h.pay(account, 777)
        return
    lot = h.rng.choice(list(h.folded.lots.values()))
    steps = h.rng.randrange(1, lot.quantity + 1)
    to = h.rng.choice([None, *(a for a in ACCOUNTS if a != lot.account)])
    keeps_name = steps == lot.quantity and h.rng.random() < 0.5
    new = "" if to is None else lot.id if keeps_name else h.name("moved")
    part = relieved_part(lot, steps)
    h.add(events.transferred(lot.account, to, [(part, new)], amount=5, on=h.day, at=AT))
    h.hold(lot.account, lot.instrument, -steps)
    h.pay(lot.account, -5)
    if to is not None:
        h.hold(to, lot.instrument, steps)
        h.pay(to, 5)


def adjust(h: History) -> None:
    """A washed loss goes into a lot's basis."""
    known = [lot for lot in h.folded.lots.values() if lot.basis is not None]
    if known:
        lot = h.rng.choice(known)
        acquired = h.rng.choice([None, date(2021, 7, 7)])
        h.add(
            events.basis_adjusted(
                lot.id, 25_000, acquired=acquired, reason="wash-sale", on=h.day, at=AT
            )
        )


def bust(h: History) -> None:
    """The broker takes back a purchase whose lot is still whole."""
    for record in list(h.folded.fills.values()):
        lots = [
            p.lot
            for p in h.folded.purchases
            if p.seq == record.seq and h.folded.lots.get(p.lot.id) == p.lot
        ]
        if record.voided or not lots:
            continue
        lot = lots[0]
        h.add(
            events.corrected(
                record.seq,
                reason="busted by the broker",
                cash={lot.account: -record.moved},
                removed=[relieved_part(lot, lot.quantity)],
                voids=True,
                on=h.day,
                at=AT,
            )
        )
        order = h.folded.orders.get(record.fill.order)
        if order is not None and not order.state.is_final:
            h.add(events.order_cancelled(order.order.id, at=AT))
        h.pay(lot.account, -record.moved)
        h.hold(lot.account, lot.instrument, -lot.quantity)
        return


def finer_step(h: History) -> None:
    """An instrument is counted ten times finer from now on."""
    instrument = h.rng.choice(list(STEPS))
    is_open = any(
        o.order.instrument == instrument and not o.state.is_final for o in h.folded.orders.values()
    )
    if is_open or h.folded.steps[instrument] < Decimal("0.00001"):
        return
    h.add(events.declared(instrument, h.folded.steps[instrument] / 10, at=AT))
    for (account, name), steps in list(h.steps.items()):
        if name == instrument:
            h.hold(account, name, 9 * steps)


def decide(h: History) -> None:
    """What a decision leaves in the memory."""
    price = AcceptedPrice(Price(12345, -2), h.day)
    h.add(
        events.period_acted("household", h.day.isoformat()[:7], on=h.day, at=AT),
        events.target_adopted(
            "household",
            {"us": Fraction(3, 5), "bonds": Fraction(2, 5)},
            accounts=["brokerage", "roth"],
            on=h.day,
            at=AT,
        ),
        events.prices_accepted({"VTI": price}, at=AT),
        events.actions_booked(h.day, waits={"VTI": h.day} if h.day.day % 2 else None, at=AT),
    )


def troubled_order(h: History) -> None:
    """An order is refused, or was filled beyond its size."""
    order = intended(h, "buy", "roth", "VTI", 10, [])
    if h.rng.random() < 0.5:
        h.add(events.order_rejected(order.id, message="no", at=AT))
        return
    fill = fill_of(h, order, 12)
    h.add(
        events.overfilled(order.id, steps=2, at=AT),
        events.filled(fill, account="roth", instrument="VTI", side="buy", lot=h.name("lot"), at=AT),
        events.resumed("roth", by="owner", reason="talked to the broker", at=AT),
        events.settled("roth", fill.id, on=h.day + timedelta(days=5), at=AT),
    )
    assert h.folded.orders[order.id].state is OrderState.FILLED
    h.pay("roth", -fill.gross - fill.fees)
    h.hold("roth", "VTI", 12)


def halt_and_resume(h: History) -> None:
    """Everything stands still for a moment."""
    h.add(
        events.halted("household", reason="reconciling", at=AT),
        events.resumed("household", by="owner", reason="done", at=AT),
    )
