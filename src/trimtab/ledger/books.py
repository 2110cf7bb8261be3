"""The books while entries are being folded: double entry, lots, and what must always hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from trimtab.ledger.chain import Entry, Head
from trimtab.ledger.events import Relieved, relieved_part
from trimtab.ledger.fields import Fields
from trimtab.ledger.folded import FillRecord, Folded, OrderRecord, Position, Posting
from trimtab.model.accounts import Lot
from trimtab.model.findings import Finding, Severity
from trimtab.model.numbers import money_text

BASIS: Final = "basis"
ACCOUNT: Final = "account:"
OUTSIDE: Final = "outside:"

OPENING: Final = OUTSIDE + "opening"
BANK: Final = OUTSIDE + "bank"
MARKET: Final = OUTSIDE + "market"
FEES: Final = OUTSIDE + "fees"
ISSUER: Final = OUTSIDE + "issuer"
TAX: Final = OUTSIDE + "tax"
BROKER: Final = OUTSIDE + "broker"
TRANSFER: Final = OUTSIDE + "transfer"
ADJUSTMENT: Final = OUTSIDE + "adjustment"
CORRECTION: Final = OUTSIDE + "correction"


HALF_WAY: Final = ", which took an earlier entry back"
"""What a correction is told by that leaves less cash than nothing, until it is booked anew."""

MOST_ANEW: Final = 2
"""A correction books a trade anew in so many entries, at most, after the one that takes it back."""


class Books:
    """Mutable while one fold runs, and never seen outside of it."""

    def __init__(self, folded: Folded) -> None:
        self.household = folded.household
        self.currency = folded.currency
        self.opened_on = folded.opened_on
        self.opening_parts = folded.opening_parts
        self.lots_sha256 = folded.lots_sha256
        self.steps = dict(folded.steps)
        self.lots = dict(folded.lots)
        self.cash = dict(folded.cash)
        self.positions = dict(folded.positions)
        self.basis = dict(folded.basis)
        self.outside = {place: dict(units) for place, units in folded.outside.items()}
        self.lot_ids = set(folded.lot_ids)
        self.plans = dict(folded.plans)
        self.orders = dict(folded.orders)
        self.fills = dict(folded.fills)
        self.refs = set(folded.refs)
        self.halted = dict(folded.halted)
        self.periods_acted = dict(folded.periods_acted)
        self.adopted = {target: dict(weights) for target, weights in folded.adopted.items()}
        self.rebalanced_on = dict(folded.rebalanced_on)
        self.undisturbed = set(folded.undisturbed)
        self.new_cash = dict(folded.new_cash)
        self.accepted = dict(folded.accepted)
        self.restated = dict(folded.restated)
        self.sales = list(folded.sales)
        self.purchases = list(folded.purchases)
        self.splits = list(folded.splits)
        self.transfers = list(folded.transfers)
        self.voided = set(folded.voided)
        self.actions_through = folded.actions_through
        self.actions_waiting = dict(folded.actions_waiting)
        self.findings = list(folded.findings)
        self.head = folded.head
        self._postings: list[Posting] = []

    # What is asked at every entry is found without going through all that ever happened; and made
    # when it is first asked for, because many folds are of one entry that does not ask.

    @cached_property
    def _open(self) -> set[str]:
        return {id_ for id_, record in self.orders.items() if not record.state.is_final}

    @cached_property
    def _of_plan(self) -> defaultdict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for id_, record in self.orders.items():
            found[record.order.plan].append(id_)
        return found

    @cached_property
    def _fills_in(self) -> defaultdict[str, list[Position]]:
        found: defaultdict[str, list[Position]] = defaultdict(list)
        for key, fill in self.fills.items():
            found[fill.instrument].append(key)
        return found

    @cached_property
    def _fills_at(self) -> defaultdict[int, list[Position]]:
        found: defaultdict[int, list[Position]] = defaultdict(list)
        for key, fill in self.fills.items():
            found[fill.seq].append(key)
        return found

    def _is_made(self, index: str) -> bool:
        """Whether an index was asked for, and has to be kept up."""
        return index in vars(self)

    def folded(self) -> Folded:
        """The books as a value, once they were checked."""
        self.check()
        values = {item.name: getattr(self, item.name) for item in fields(Folded)}
        frozen = {
            name: frozenset(value) if isinstance(value, set) else tuple(value)
            for name, value in values.items()
            if isinstance(value, set | list)
        }
        return Folded(**{**values, **frozen})

    # Double entry

    def move(self, unit: str, amount: int, *, source: str, to: str) -> None:
        """Post that `amount` of a unit goes from one place to another."""
        if amount:
            self._postings.append(Posting(source, unit, -amount))
            self._postings.append(Posting(to, unit, amount))

    def pay(self, amount: int, *, source: str, to: str) -> None:
        """Post that money goes from one place to another; below zero the other way."""
        self.move(self.currency, amount, source=source, to=to)

    def close(self, entry: Entry) -> tuple[Posting, ...]:
        """Book the postings of an entry, which balance, and begin the next."""
        postings, self._postings = tuple(self._postings), []
        balance: defaultdict[str, int] = defaultdict(int)
        paid: defaultdict[str, int] = defaultdict(int)
        if postings:
            self.undisturbed.clear()
        for posting in postings:
            place, unit, amount = posting.place, posting.unit, posting.amount
            balance[unit] += amount
            if place.startswith(OUTSIDE):
                units = self.outside.setdefault(place, {})
                units[unit] = units.get(unit, 0) + amount
                continue
            account = place[len(ACCOUNT) :]
            self._book(account, unit, amount)
            if unit == self.currency:
                paid[account] += amount
        for account, amount in paid.items():
            if amount < 0 and self.cash[account] < 0:
                message = f"{account} has less cash than nothing after this"
                if entry.kind == "corrected":
                    message += HALF_WAY
                self.findings.append(Finding("cash-negative", f"entry {entry.seq}", message))
            elif entry.kind == "filled" and self.cash[account] >= 0:
                self._forget_half_way(account, entry.seq)
        assert not any(balance.values()), f"entry {entry.seq} does not balance: {dict(balance)}"
        self.head = Head(entry.seq, entry.hash)
        return postings

    def _forget_half_way(self, account: str, seq: int) -> None:
        """What was taken back and is booked anew by the next entries was never missing."""
        message = f"{account} has less cash than nothing after this{HALF_WAY}"
        near = {f"entry {seq - back}" for back in range(1, MOST_ANEW + 1)}
        last = self.findings[-2 * MOST_ANEW :]
        for one in last:
            if one.message == message and one.subject in near:
                self.findings.remove(one)

    def _book(self, account: str, unit: str, amount: int) -> None:
        if unit == BASIS:
            self.basis[account] = self.basis.get(account, 0) + amount
        elif unit.startswith("#"):
            position = (account, unit[1:])
            steps = self.positions.get(position, 0) + amount
            self.positions[position] = steps
            if steps == 0:
                del self.positions[position]
        else:
            self.cash[account] = self.cash.get(account, 0) + amount

    def check(self) -> None:
        """What the postings say and what the lots say is the same, exactly."""
        held: defaultdict[tuple[str, str], int] = defaultdict(int)
        basis: defaultdict[str, int] = defaultdict(int)
        for lot in self.lots.values():
            held[lot.account, lot.instrument] += lot.quantity
            basis[lot.account] += lot.basis or 0
        assert dict(held) == self.positions, f"lots and positions differ at entry {self.head.seq}"
        known = {account: amount for account, amount in self.basis.items() if amount}
        assert {a: b for a, b in basis.items() if b} == known, (
            f"the basis of lots and of postings differ at entry {self.head.seq}"
        )

    # Lots

    def add_lot(self, body: Fields, lot: Lot, *, source: str) -> None:
        """A lot comes into the books; its id was never used before."""
        if lot.id in self.lot_ids:
            raise body.error(f"lot {lot.id} was used before: a lot id is used once", "lot-taken")
        self.need_step(body, lot.instrument)
        self.lot_ids.add(lot.id)
        self.lots[lot.id] = lot
        to = ACCOUNT + lot.account
        self.move("#" + lot.instrument, lot.quantity, source=source, to=to)
        self.move(BASIS, lot.basis or 0, source=source, to=to)

    def take_part(self, body: Fields, part: Relieved, *, to: str) -> Lot:
        """A part of a lot, or all of it, leaves the books; the part as it was."""
        lot = self.lots.get(part.lot)
        if lot is None:
            gone = "is sold already" if part.lot in self.lot_ids else "was never there"
            raise body.error(f"lot {part.lot} {gone}", "lot-not-there")
        if part.steps > lot.quantity:
            message = f"lot {part.lot} has {lot.quantity} steps, not {part.steps}"
            raise body.error(message, "lot-too-small")
        due = relieved_part(lot, part.steps)
        if due != part:
            message = (
                f"{part.steps} of the {lot.quantity} steps of lot {part.lot} take a basis of "
                f"{_shown(due.basis)}, not {_shown(part.basis)}"
            )
            raise body.error(message, "basis-mismatch")
        taken = replace(lot, quantity=part.steps, basis=part.basis)
        self._keep(lot, lot.quantity - part.steps, (lot.basis or 0) - (part.basis or 0))
        source = ACCOUNT + lot.account
        self.move("#" + lot.instrument, part.steps, source=source, to=to)
        self.move(BASIS, part.basis or 0, source=source, to=to)
        return taken

    def _keep(self, lot: Lot, steps: int, basis: int) -> None:
        if steps == 0:
            del self.lots[lot.id]
        else:
            known = None if lot.basis is None else basis
            self.lots[lot.id] = replace(lot, quantity=steps, basis=known)

    def need_step(self, body: Fields, instrument: str) -> Decimal:
        """The step of an instrument that was declared."""
        if instrument not in self.steps:
            message = f"{instrument} was not declared: nobody knows what a step of it is"
            raise body.error(message, "instrument-not-declared")
        return self.steps[instrument]

    def moved_on(self, instrument: str) -> date | None:
        """The last day on which steps of an instrument changed hands."""
        own = (self.fills[key] for key in self._fills_in.get(instrument, ()))
        fills = (f.fill.on for f in own if not f.voided)
        transfers = (
            on for seq, name, on in self.transfers if name == instrument and seq not in self.voided
        )
        return max((*fills, *transfers), default=None)

    # Orders and remarks

    def order(self, body: Fields) -> OrderRecord:
        """The order that the entry names."""
        order = body.name("order")
        if order not in self.orders:
            raise body.error(f"order {order} was never intended", "order-not-intended")
        return self.orders[order]

    def open_orders(self) -> Iterable[OrderRecord]:
        """Orders that are not final, in the order in which they were intended."""
        return sorted((self.orders[id_] for id_ in self._open), key=lambda record: record.seq)

    def newest_orders(self) -> list[OrderRecord]:
        """All orders of the plan of which the newest order is."""
        last = next(reversed(self.orders.values()), None)
        return [] if last is None else [self.orders[id_] for id_ in self._of_plan[last.order.plan]]

    def put_order(self, record: OrderRecord) -> None:
        """An order is from now on as this says."""
        id_ = record.order.id
        if id_ not in self.orders and self._is_made("_of_plan"):
            self._of_plan[record.order.plan].append(id_)
        self.orders[id_] = record
        if not self._is_made("_open"):
            return
        if record.state.is_final:
            self._open.discard(id_)
        else:
            self._open.add(id_)

    def put_fill(self, key: Position, record: FillRecord) -> None:
        """A fill, by account and broker's id, is from now on as this says."""
        if key not in self.fills:
            if self._is_made("_fills_in"):
                self._fills_in[record.instrument].append(key)
            if self._is_made("_fills_at"):
                self._fills_at[record.seq].append(key)
        self.fills[key] = record

    def fill_of(self, seq: int) -> tuple[Position, FillRecord] | None:
        """The fill that an entry booked."""
        return next(((key, self.fills[key]) for key in self._fills_at.get(seq, ())), None)

    def note(self, body: Fields, code: str, message: str, severity: Severity = "warning") -> None:
        """Notice something about the entry."""
        self.findings.append(Finding(code, f"entry {body.seq}", message, severity))

    def is_repeated(self, body: Fields, account: str) -> bool:
        """Whether the entry's `ref` was booked before; the first time it is remembered."""
        ref = body.name_or_none("ref")
        if ref is None:
            return False
        if (account, ref) in self.refs:
            self.note(body, "repeated-ref", f"{account}: {ref} was booked before; ignored here")
            return True
        self.refs.add((account, ref))
        return False


def _shown(amount: int | None) -> str:
    return "unknown" if amount is None else money_text(amount)
