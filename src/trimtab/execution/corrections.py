"""What a person booked wrongly, put right by new entries: nothing in the record is ever edited.

A trade is voided and booked anew with the facts as they were; cash and lots that came by a
statement are moved by the difference. What the record says afterwards is what it would say had the
right facts been booked at once; only lots that had to be made anew have another id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from trimtab.execution.orders import relief
from trimtab.ledger import events
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft, Entry, sealed
from trimtab.ledger.errors import FoldError
from trimtab.ledger.events import Relieved, relieved_part
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import FillRecord, Folded
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import (
    NumberError,
    Price,
    StepPrice,
    decimal_from,
    minor_from,
    money_text,
    quantity_text,
    steps_from,
)
from trimtab.model.orders import Fill

AGAIN: Final = "~c"
"""Between the id of a fill or lot and the number of its correction."""

_CASH: Final[Mapping[str, int]] = {
    "deposited": 1,
    "withdrawn": -1,
    "interest_paid": 1,
    "fee_charged": -1,
    "dividend_paid": 1,
}
"""Entries that move nothing but cash, and in which direction."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was different from what an entry says; None where it was right.

    Args:
        price: Price a unit, of a trade.
        quantity: Units, of a trade or of a lot that came in.
        fees: Minor units, of a trade.
        amount: Minor units, of cash that came or went.
        account: The account in which it happened.
        on: The day of a trade.
        basis: Cost of a lot that came in, minor units.
        acquired: The day on which a lot that came in was bought.
        void: It never happened.
    """

    price: Price | None = None
    quantity: Decimal | None = None
    fees: int | None = None
    amount: int | None = None
    account: str | None = None
    on: date | None = None
    basis: int | None = None
    acquired: date | None = None
    void: bool = False

    def named(self) -> list[str]:
        """What is to change, by name."""
        names = ("price", "quantity", "fees", "amount", "account", "on", "basis", "acquired")
        return [name for name in names if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Correction:
    """What corrects an entry.

    Args:
        of: The entry that was wrong.
        drafts: What is added to the record.
        before: What is known without them.
        after: What is known with them.
        findings: What is noticed when they are booked, as cash below zero.
    """

    of: Entry
    drafts: tuple[Draft, ...]
    before: Folded
    after: Folded
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """A correction under way: the record, the entry, what changes, and what every entry needs."""

    entries: Sequence[Entry]
    folded: Folded
    entry: Entry
    change: Change
    again: bool
    reason: str
    on: date
    at: str
    settles: Callable[[date], date]

    @property
    def name(self) -> str:
        return f"entry {self.entry.seq}"

    def corrected(
        self,
        *,
        cash: Mapping[str, int],
        removed: Sequence[Relieved] = (),
        added: Sequence[Lot] = (),
        new_cash: Mapping[str, int] | None = None,
        voids: bool,
    ) -> Draft:
        return events.corrected(
            self.entry.seq,
            reason=self.reason,
            cash={account: amount for account, amount in sorted(cash.items()) if amount},
            removed=removed,
            added=added,
            new_cash={a: amount for a, amount in sorted((new_cash or {}).items()) if amount},
            voids=voids,
            on=self.on,
            at=self.at,
        )


def correction(
    entries: Sequence[Entry],
    folded: Folded,
    of: int,
    change: Change,
    *,
    again: bool = False,
    accounts: Collection[str],
    reason: str,
    on: date,
    at: str,
    settles: Callable[[date], date],
) -> Correction:
    """Entries that make the record say what really happened instead of what an entry says.

    Args:
        entries: The whole record.
        folded: What they fold to.
        of: The number of the entry that was wrong.
        change: What was different.
        again: A trade that was voided is booked after all.
        accounts: Accounts that are traded by hand: what a broker reports is corrected by it.
        reason: Why, for whoever reads the record.
        on: The day of the correction.
        at: The instant of the new entries.
        settles: The day on which a trade of a day settles.

    Raises:
        RefusedError: It cannot be corrected, or not so: it changes nothing, something that was
            booked later rests on it, or more would be sold than there is.
    """
    if not 1 <= of <= len(entries):
        raise RefusedError(f"there is no entry {of}: the record has {len(entries)}")
    task = _Task(entries, folded, entries[of - 1], change, again, reason, on, at, settles)
    if again and (of not in folded.voided or task.entry.kind != "filled"):
        raise RefusedError(f"{task.name} is no trade that was voided: there is nothing to repeat")
    if change.void and change.named():
        raise RefusedError("what never happened has no other facts: --void stands alone")
    if change.account is not None and change.account not in accounts:
        raise RefusedError(
            f"{change.account} is no account that is traded by hand: those are "
            f"{', '.join(sorted(accounts)) or 'none'}"
        )
    kind = task.entry.kind
    if kind == "filled":
        drafts = _trade(task, accounts)
    elif kind in _CASH:
        drafts = _cash(task, _CASH[kind])
    elif kind == "transferred":
        drafts = _transfer(task)
    else:
        raise RefusedError(
            f"{task.name} is `{kind}`: trades, cash that came or went, and transfers can be "
            "corrected"
        )
    try:
        after = fold(sealed(drafts, folded.head), folded)
    except FoldError as error:
        raise RefusedError(f"{task.name} cannot be corrected so: {error}") from None
    return Correction(task.entry, tuple(drafts), folded, after, tuple(_noticed(folded, after)))


def _noticed(before: Folded, after: Folded) -> Iterator[Finding]:
    """What a reader should know of the end; what is so only half way is not worth a remark."""
    passing = ("cash-negative", "fill-after-final")
    for finding in after.findings[len(before.findings) :]:
        if finding.code not in passing:
            yield finding
    for account, cash in sorted(after.cash.items()):
        if cash < 0 and cash < before.cash.get(account, 0):
            message = (
                f"{account} has {money_text(cash)} after this, less than nothing: compare with the "
                "broker's statement"
            )
            yield Finding("cash-negative", account, message)


def _only(task: _Task, *known: str) -> None:
    """Refuse a fact that an entry of this kind does not have, and a change of nothing."""
    named = task.change.named()
    strange = [name for name in named if name not in known]
    if strange:
        can = ", ".join(_OPTIONS[name] for name in known)
        raise RefusedError(
            f"{task.name} is `{task.entry.kind}` and has no {_OPTIONS[strange[0]][2:]}: what can "
            f"be corrected of it is {can}"
        )
    if not named and not task.change.void:
        can = ", ".join(_OPTIONS[name] for name in known)
        raise RefusedError(f"say what was different of {task.name}: {can}, or --void")


_OPTIONS: Final = {
    "price": "--price",
    "quantity": "--quantity",
    "fees": "--fees",
    "amount": "--amount",
    "account": "--account",
    "on": "--date",
    "basis": "--basis",
    "acquired": "--acquired",
}


# -- trades ---------------------------------------------------------------------------------------


def _trade(task: _Task, accounts: Collection[str]) -> list[Draft]:
    folded, change = task.folded, task.change
    record = next((f for f in folded.fills.values() if f.seq == task.entry.seq), None)
    if record is None:
        raise RefusedError(f"{task.name} repeats an earlier one and changed nothing")
    if record.account not in accounts:
        raise RefusedError(
            f"{task.name} is what a broker reported of {record.account}: it reports corrections, "
            "too"
        )
    _need_same_steps(task, record.instrument, record if record.voided else None)
    if record.voided:
        return _booked_again(task, record)
    _only(task, "price", "quantity", "fees", "account", "on")
    fill = None if change.void else _changed(task, record)
    if fill is not None and fill == record.fill and change.account in (None, record.account):
        raise RefusedError(f"{task.name} says so already: nothing would change")
    drafts = [_undone(task, record, fill)]
    if fill is not None:
        drafts += _rebooked(task, record, fill, drafts)
    drafts += _closed(task, record, drafts)
    return drafts


def _need_same_steps(task: _Task, instrument: str, again: FillRecord | None = None) -> None:
    """What was traded before a split is counted otherwise now; on its day and since it is not."""
    for later in task.entries[task.entry.seq :]:
        is_split = later.kind == "split" and later.body.get("instrument") == instrument
        if is_split and again is not None and str(later.body["on"]) <= again.fill.on.isoformat():
            continue
        if later.kind in ("split", "declared") and later.body.get("instrument") == instrument:
            raise RefusedError(
                f"{instrument} is counted anew since {task.name} (entry {later.seq}, "
                f"{later.kind}): bring the record to the broker's statement with `trimtab import`"
            )


def _changed(task: _Task, record: FillRecord) -> Fill:
    """The fill as it really was, under an id of its own."""
    change, old = task.change, record.fill
    step = task.folded.steps[record.instrument]
    quantity = old.quantity if change.quantity is None else _steps_of(change.quantity, step)
    price = old.price if change.price is None else change.price
    same = (quantity, price.decimal) == (old.quantity, old.price.decimal)
    on = old.on if change.on is None else change.on
    if on < (task.folded.opened_on or on):
        raise RefusedError(f"{on} is before the record begins, on {task.folded.opened_on}")
    return replace(
        old,
        quantity=quantity,
        price=old.price if same else price,
        gross=old.gross if same else StepPrice.of(price, step).value(quantity),
        fees=old.fees if change.fees is None else change.fees,
        on=on,
        settles=old.settles if on == old.on else task.settles(on),
    )


def _steps_of(quantity: Decimal, step: Decimal) -> int:
    try:
        steps = steps_from(quantity, step)
    except NumberError as error:
        raise RefusedError(f"the quantity {quantity} cannot be: {error}") from None
    if steps <= 0:
        raise RefusedError("a quantity is above zero; --void says that it never happened")
    return steps


def _undone(task: _Task, record: FillRecord, fill: Fill | None) -> Draft:
    """The entry that takes a trade back: its money, and what it did to lots."""
    cash = {record.account: -record.moved}
    if record.side == "buy":
        parts = [relieved_part(lot, lot.quantity) for lot in _bought(task, record)]
        return task.corrected(cash=cash, removed=parts, voids=True)
    is_same = (
        fill is not None
        and fill.quantity == record.fill.quantity
        and task.change.account in (None, record.account)
    )
    removed: list[Relieved] = []
    added: dict[str, Lot] = {}
    sales = [booked.sale for booked in task.folded.sales if booked.seq == task.entry.seq]
    for part, sale in zip(_parts(task.entry.body["relieved"]), sales, strict=True):
        root = _root(part.lot)
        # One lot again, if nothing else happened to it; a part that is sold again at once is not.
        if root in added and not is_same:
            added[root] = _joined(added[root], part.steps, part.basis)
            continue
        name = _name_again(part.lot, (*task.folded.lot_ids, *(lot.id for lot in added.values())))
        back = Lot(name, record.account, record.instrument, part.steps, sale.acquired, part.basis)
        if not is_same and not _touched(task, part.lot):
            for rest in _lots_of(task, part.lot, record):
                removed.append(relieved_part(rest, rest.quantity))
                back = _joined(back, rest.quantity, rest.basis)
        added[name if is_same else root] = back
    return task.corrected(cash=cash, removed=removed, added=list(added.values()), voids=True)


def _joined(lot: Lot, steps: int, basis: int | None) -> Lot:
    known = None if lot.basis is None or basis is None else lot.basis + basis
    return replace(lot, quantity=lot.quantity + steps, basis=known)


def _lots_of(task: _Task, lot: str, record: FillRecord) -> list[Lot]:
    """What is there of a lot, by whatever name corrections gave it."""
    return [
        held
        for held in task.folded.lots.values()
        if _root(held.id) == _root(lot)
        and (held.account, held.instrument) == (record.account, record.instrument)
    ]


def _root(name: str) -> str:
    return name.partition(AGAIN)[0]


def _bought(task: _Task, record: FillRecord) -> list[Lot]:
    """What a purchase brought, which has to be there whole and as it was bought."""
    name = str(task.entry.body["lot"])
    held = _lots_of(task, name, record)
    paid = record.fill.gross + record.fill.fees
    is_whole = (
        sum(lot.quantity for lot in held) == record.fill.quantity
        and sum(lot.basis or 0 for lot in held) == paid
        and all(lot.acquired == record.fill.on for lot in held)
    )
    seq = _touched(task, name)
    if is_whole and not seq:
        return held
    rests = f"entry {seq} rests on it" if seq else "it is not what was bought any more"
    remedy = (
        f": take that back first (trimtab ledger correct {seq} --void), correct this one, then "
        f"book it again (trimtab ledger correct {seq} --again)"
        if seq and task.entries[seq - 1].kind == "filled"
        else ""
    )
    raise RefusedError(f"lot {name} of {task.name} cannot be changed: {rests}{remedy}")


def _touched(task: _Task, lot: str) -> int:
    """The newest later entry by which something happened to a lot, or will; 0 for none.

    What was taken back since does not count, and neither does its taking back.
    """
    for later in reversed(task.entries[task.entry.seq :]):
        body = later.body
        if later.seq in task.folded.voided or later.kind == "order_intended" or body.get("voids"):
            continue
        named = [body.get("lot") if later.kind == "basis_adjusted" else None]
        for key in ("relieved", "lots", "removed"):
            items = body.get(key)
            named += [item["lot"] for item in _tables(items)] if isinstance(items, list) else []
        if any(_root(str(name)) == _root(lot) for name in named if name is not None):
            return later.seq
    for record in task.folded.orders.values():
        if any(_root(name) == _root(lot) for name, _ in record.lots_left):
            return record.seq
    return 0


def _rebooked(task: _Task, record: FillRecord, fill: Fill, drafts: Sequence[Draft]) -> list[Draft]:
    """The trade as it was: for its order as far as that has room, the rest outside of it."""
    folded = fold(sealed(drafts, task.folded.head), task.folded)
    account = task.change.account or record.account
    fill = replace(fill, id=_fill_again(folded, account, record.fill.id))
    order = folded.orders.get(fill.order)
    named = [
        (str(lot["lot"]), int(str(lot["steps"])))
        for draft in drafts
        for lot in _tables(draft.body["added"])
    ]

    _need_held(task, folded, record, account, fill.quantity)

    def booked(known: Folded, one: Fill, *, completes: bool = False) -> Draft:
        return _filled(task, known, record, account, one, named, completes=completes)

    outside = replace(fill, order="")
    if order is None or account != record.account:
        return [booked(folded, outside)]
    worth = StepPrice.of(fill.price, folded.steps[record.instrument])
    if order.order.quantity is None:
        left = (order.order.amount or 0) - order.filled_gross
        if abs(fill.gross - left) <= worth.value(1) + 1:
            return [booked(folded, replace(fill, gross=left), completes=True)]
        return [booked(folded, fill if fill.gross <= left else outside)]
    room = order.order.quantity + order.excess - order.filled
    if fill.quantity <= room:
        return [booked(folded, fill)]
    if room <= 0:
        return [booked(folded, outside)]
    first = replace(fill, quantity=room, gross=worth.value(room))
    rest = replace(
        outside,
        id=f"{fill.id}+",
        quantity=fill.quantity - room,
        gross=fill.gross - first.gross,
        fees=0,
    )
    done = booked(folded, first)
    return [done, booked(fold(sealed([done], folded.head), folded), rest)]


def _filled(
    task: _Task,
    folded: Folded,
    record: FillRecord,
    account: str,
    fill: Fill,
    named: Sequence[tuple[str, int]],
    *,
    completes: bool = False,
) -> Draft:
    parts: Sequence[Relieved] = ()
    if record.side == "sell":
        found = relief(folded, account, record.instrument, fill.quantity, named)
        assert found is not None, "what is not there is refused before"
        parts = found
    old = task.entry.body.get("lot") or f"{account}-{record.instrument}-{fill.on}"
    return events.filled(
        fill,
        account=account,
        instrument=record.instrument,
        side=record.side,
        relieved=parts,
        lot=_name_again(str(old), folded.lot_ids) if record.side == "buy" else None,
        completes=completes,
        at=task.at,
    )


def _need_held(task: _Task, folded: Folded, record: FillRecord, account: str, steps: int) -> None:
    there = folded.positions.get((account, record.instrument), 0)
    if record.side == "sell" and there < steps:
        held = quantity_text(there, folded.steps[record.instrument])
        raise RefusedError(
            f"{task.name} cannot be corrected so: {account} had {held} {record.instrument} to sell"
        )


def _closed(task: _Task, record: FillRecord, drafts: Sequence[Draft]) -> list[Draft]:
    """An order that was over stays over, though less of it was traded than was thought."""
    order = task.folded.orders.get(record.fill.order)
    if order is None or not order.state.is_final:
        return []
    after = fold(sealed(drafts, task.folded.head), task.folded)
    if after.orders[record.fill.order].state.is_final:
        return []
    message = f"{task.name} was corrected, and nothing more is traded of it"
    return [events.order_cancelled(record.fill.order, message=message, at=task.at)]


def _booked_again(task: _Task, record: FillRecord) -> list[Draft]:
    """A trade that was taken back, booked after all; a crash between the two leaves that, too."""
    if task.change.void:
        raise RefusedError(f"{task.name} was voided before")
    for other in task.folded.fills.values():
        if not other.voided and _root(other.fill.id) == _root(record.fill.id):
            raise RefusedError(
                f"{task.name} was corrected before, and is booked anew as entry {other.seq}: "
                "correct that one"
            )
    if not task.again:
        raise RefusedError(f"{task.name} was voided before: --again books it after all")
    # It takes the lots that it took, by whatever name they have now.
    parts = _parts(task.entry.body["relieved"])
    named = [(lot.id, part.steps) for part in parts for lot in _lots_of(task, part.lot, record)]
    fill = _changed(task, record)
    account = task.change.account or record.account
    fill = replace(fill, id=_fill_again(task.folded, account, record.fill.id))
    order = task.folded.orders.get(fill.order)
    room = 0 if order is None else (order.order.quantity or 0) + order.excess - order.filled
    if account != record.account or fill.quantity > room:
        fill = replace(fill, order="")
    _need_held(task, task.folded, record, account, fill.quantity)
    return [_filled(task, task.folded, record, account, fill, named)]


def _fill_again(folded: Folded, account: str, fill: str) -> str:
    return _name_again(fill, {id_ for name, id_ in folded.fills if name == account})


def _name_again(name: str, taken: Collection[str]) -> str:
    """The id of something that is made anew: the old one and a number that is free."""
    number = 2
    while f"{_root(name)}{AGAIN}{number}" in taken:
        number += 1
    return f"{_root(name)}{AGAIN}{number}"


# -- cash -----------------------------------------------------------------------------------------


def _cash(task: _Task, sign: int) -> list[Draft]:
    """Cash that came or went: moved by the difference."""
    _only(task, "amount", "account")
    body, change = task.entry.body, task.change
    _need_counted(task)
    account = str(body["account"])
    withheld = _minor(body.get("withheld", "0.00"))
    booked = {account: sign * (_minor(body["amount"]) - withheld)}
    now = _with_corrections(task, booked)
    wanted: dict[str, int] = {}
    if not change.void:
        (place,) = [name for name, amount in now.items() if amount] or [account]
        amount = now.get(place, 0)
        if change.amount is not None:
            if change.amount <= withheld:
                raise RefusedError("an amount is above zero, and above what was withheld of it")
            amount = sign * (change.amount - withheld)
        wanted = {change.account or place: amount}
    return [_moved(task, now, wanted)]


def _need_counted(task: _Task) -> None:
    if any(
        finding.subject == task.name and finding.code == "repeated-ref"
        for finding in task.folded.findings
    ):
        raise RefusedError(f"{task.name} repeats an earlier one and changed nothing")


def _with_corrections(task: _Task, booked: Mapping[str, int]) -> dict[str, int]:
    """What an entry comes to by account, with all that corrected it since."""
    if task.entry.seq in task.folded.voided:
        raise RefusedError(f"{task.name} was voided before")
    now = dict(booked)
    for later in _corrections(task):
        moved = later.body["cash"]
        assert isinstance(moved, dict), "an entry that was folded is well formed"
        for account, amount in moved.items():
            now[account] = now.get(account, 0) + _minor(amount)
    return now


def _corrections(task: _Task) -> list[Entry]:
    return [
        later
        for later in task.entries[task.entry.seq :]
        if later.kind == "corrected" and later.body["of"] == task.entry.seq
    ]


def _moved(task: _Task, now: Mapping[str, int], wanted: Mapping[str, int]) -> Draft:
    cash = {name: wanted.get(name, 0) - now.get(name, 0) for name in {*now, *wanted}}
    if not any(cash.values()):
        raise RefusedError(f"{task.name} says so already: nothing would change")
    # A rebalance since then has counted new cash from zero.
    fresh = {name: amount for name, amount in cash.items() if not _adopted_since(task, name)}
    return task.corrected(cash=cash, new_cash=fresh, voids=task.change.void)


def _adopted_since(task: _Task, account: str) -> bool:
    return any(
        later.kind == "target_adopted" and account in _list(later.body["accounts"])
        for later in task.entries[task.entry.seq :]
    )


# -- transfers ------------------------------------------------------------------------------------


def _transfer(task: _Task) -> list[Draft]:
    """Lots or cash that a statement brought in or took out."""
    body = task.entry.body
    if body["from"] is not None and body["to"] is not None:
        raise RefusedError(f"{task.name} is between two accounts: transfer it back")
    lots, amount = _tables(body["lots"]), _minor(body["amount"])
    account, sign = str(body["to"] or body["from"]), 1 if body["from"] is None else -1
    if not lots:
        return _cash_of_transfer(task, account, sign * amount)
    now = _with_corrections(task, {account: sign * amount})
    if body["from"] is not None:
        _only(task)
        return [_returned(task, now)]
    return [_lot_in(task, lots, now)]


def _cash_of_transfer(task: _Task, account: str, amount: int) -> list[Draft]:
    _only(task, "amount", "account")
    change = task.change
    now = _with_corrections(task, {account: amount})
    wanted: dict[str, int] = {}
    if not change.void:
        (place,) = [name for name, moved in now.items() if moved] or [account]
        size = abs(now.get(place, 0)) if change.amount is None else change.amount
        if size <= 0:
            raise RefusedError("an amount is above zero; --void says that it never happened")
        wanted = {change.account or place: size if amount > 0 else -size}
    return [_moved(task, now, wanted)]


def _lot_in(task: _Task, lots: Sequence[Mapping[str, Json]], now: Mapping[str, int]) -> Draft:
    """A lot that came in: taken out as it is, and put in as it was."""
    change = task.change
    _only(task, "quantity", "basis", "acquired", "account")
    names = [str(lot["lot"]) for lot in lots]
    for later in _corrections(task):
        removed = {str(lot["lot"]) for lot in _tables(later.body["removed"])}
        if removed:
            names = [n for n in names if n not in removed]
            names += [str(lot["lot"]) for lot in _tables(later.body["added"])]
    if not change.void and len(names) != 1:
        raise RefusedError(
            f"{task.name} brought in {len(names)} lots: it can be voided, and imported again"
        )
    held = []
    for name in names:
        lot = task.folded.lots.get(name)
        seq = _touched_since(task, name)
        if lot is None or seq:
            why = f"entry {seq} rests on it" if seq else "it is not there any more"
            raise RefusedError(f"lot {name} of {task.name} cannot be changed: {why}")
        held.append(lot)
    _need_same_steps(task, held[0].instrument)
    removed_parts = [relieved_part(lot, lot.quantity) for lot in held]
    if change.void:
        cash = {name: -amount for name, amount in now.items()}
        fresh = {name: amount for name, amount in cash.items() if not _adopted_since(task, name)}
        return task.corrected(cash=cash, removed=removed_parts, new_cash=fresh, voids=True)
    (lot,) = held
    step = task.folded.steps[lot.instrument]
    right = replace(
        lot,
        account=change.account or lot.account,
        quantity=lot.quantity if change.quantity is None else _steps_of(change.quantity, step),
        basis=lot.basis if change.basis is None else change.basis,
        acquired=lot.acquired if change.acquired is None else change.acquired,
    )
    if right == lot:
        raise RefusedError(f"{task.name} says so already: nothing would change")
    right = replace(right, id=_name_again(lot.id, task.folded.lot_ids))
    return task.corrected(cash={}, removed=removed_parts, added=[right], voids=False)


def _touched_since(task: _Task, lot: str) -> int:
    """As `_touched`, but the corrections of this very entry do not count."""
    own = {entry.seq for entry in _corrections(task)}
    seq = _touched(task, lot)
    return 0 if seq in own else seq


def _returned(task: _Task, now: Mapping[str, int]) -> Draft:
    """What a statement took out by mistake comes back, with the days on which it was bought."""
    before = fold(task.entries[: task.entry.seq - 1])
    added: list[Lot] = []
    for part in _parts(task.entry.body["lots"]):
        lot = before.lots[part.lot]
        _need_same_steps(task, lot.instrument)
        name = _name_again(part.lot, (*task.folded.lot_ids, *(one.id for one in added)))
        added.append(replace(lot, id=name, quantity=part.steps, basis=part.basis))
    cash = {name: -amount for name, amount in now.items()}
    fresh = {name: amount for name, amount in cash.items() if not _adopted_since(task, name)}
    return task.corrected(cash=cash, added=added, new_cash=fresh, voids=True)


# -- reading entries that were folded -------------------------------------------------------------


def _parts(value: Json) -> list[Relieved]:
    return [
        Relieved(
            str(item["lot"]),
            int(str(item["steps"])),
            None if item["basis"] is None else _minor(item["basis"]),
        )
        for item in _tables(value)
    ]


def _tables(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _list(value: Json) -> Sequence[Json]:
    assert isinstance(value, list), "an entry that was folded is well formed"
    return value


def _minor(value: Json) -> int:
    return minor_from(decimal_from(str(value)))


__all__ = ["Change", "Correction", "correction"]
