"""What can happen: one function for each kind of entry, from values to a draft.

Money is decimal text in the household's currency, quantities are whole numbers of steps as text,
days are ISO dates, instants are UTC. docs/spec/ledger.md lists every member of every kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft, Entry
from trimtab.model.accounts import Acquired, Lot, Sale
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import half_even, money_text
from trimtab.model.orders import Fill, Order, Side
from trimtab.model.state import AcceptedPrice

FORMAT: Final = 1
"""The version of these kinds and bodies; an opening entry names it."""

_LOTS_PER_ENTRY: Final = 2000
"""Larger openings take several entries, so that no line comes near its limit."""


@dataclass(frozen=True, slots=True)
class Relieved:
    """The part of a lot that a sale or a transfer takes: steps, and basis in minor units."""

    lot: str
    steps: int
    basis: int | None


def relieved_part(lot: Lot, steps: int) -> Relieved:
    """The part of a lot with its part of the basis, half to even; the rest keeps the rest.

    >>> relieved_part(Lot("a", "roth", "VTI", 3, None, 100), 1).basis
    33
    """
    assert 0 < steps <= lot.quantity, f"lot {lot.id} has {lot.quantity} steps, not {steps}"
    basis = None if lot.basis is None else half_even(lot.basis * steps, lot.quantity)
    return Relieved(lot.id, steps, basis)


def instant_text(moment: datetime) -> str:
    """An aware moment as the ledger writes it: UTC, microseconds only where there are any.

    >>> instant_text(datetime(2026, 3, 31, 20, 0, tzinfo=UTC))
    '2026-03-31T20:00:00Z'
    """
    assert moment.tzinfo is not None, "a moment without a zone is no instant"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _money(amount: int | None) -> Json:
    return None if amount is None else money_text(amount)


def _steps(steps: int | None) -> Json:
    return None if steps is None else str(steps)


def _acquired(acquired: Acquired) -> Json:
    return acquired.isoformat() if isinstance(acquired, date) else acquired


def _lot(lot: Lot) -> dict[str, Json]:
    return {
        "account": lot.account,
        "acquired": _acquired(lot.acquired),
        "basis": _money(lot.basis),
        "instrument": lot.instrument,
        "lot": lot.id,
        "steps": str(lot.quantity),
    }


def _sale(sale: Sale) -> dict[str, Json]:
    return {
        "account": sale.account,
        "acquired": _acquired(sale.acquired),
        "basis": money_text(sale.basis),
        "instrument": sale.instrument,
        "proceeds": money_text(sale.proceeds),
        "sold": sale.sold.isoformat(),
        "steps": str(sale.quantity),
    }


def _parts(parts: Sequence[Relieved]) -> list[Json]:
    return [{"basis": _money(p.basis), "lot": p.lot, "steps": str(p.steps)} for p in parts]


def _amounts(amounts: Mapping[str, int]) -> dict[str, Json]:
    return {name: money_text(amount) for name, amount in amounts.items()}


def opened(
    *,
    household: str,
    currency: str,
    on: date,
    steps: Mapping[str, Decimal],
    lots: Sequence[Lot],
    cash: Mapping[str, int],
    sales: Sequence[Sale],
    lots_sha256: str,
    at: str,
) -> list[Draft]:
    """The opening statement: what there was before the first recorded event.

    Args:
        household: Name.
        currency: Of all money in the record.
        on: The day of the statement; splits and dividends up to it are in it.
        steps: The step of every instrument in `lots` and `sales`.
        lots: Open lots.
        cash: By account, minor units.
        sales: This year's sales, and those of the 30 days before.
        lots_sha256: Of the very bytes of lots.csv.
        at: The instant of the entry.

    Returns:
        One draft, or several where one line could not hold all lots.
    """
    items = [("lots", _lot(lot)) for lot in lots] + [("sales", _sale(sale)) for sale in sales]
    drafts = []
    for part, chunk in enumerate(_chunks(items)):
        body: dict[str, Json] = {
            "cash": _amounts(cash) if part == 0 else {},
            "currency": currency,
            "format": FORMAT,
            "household": household,
            "instruments": (
                {name: format(step, "f") for name, step in steps.items()} if part == 0 else {}
            ),
            "lots": [item for kind, item in chunk if kind == "lots"],
            "lots_sha256": lots_sha256,
            "on": on.isoformat(),
            "part": part,
            "sales": [item for kind, item in chunk if kind == "sales"],
        }
        drafts.append(Draft(at, "opened", body))
    return drafts


def _chunks(
    items: list[tuple[str, dict[str, Json]]],
) -> Iterator[list[tuple[str, dict[str, Json]]]]:
    for start in range(0, max(len(items), 1), _LOTS_PER_ENTRY):
        yield items[start : start + _LOTS_PER_ENTRY]


def declared(instrument: str, step: Decimal, *, at: str) -> Draft:
    """From now on the instrument is counted in this step: before its first trade, or finer."""
    return Draft(at, "declared", {"instrument": instrument, "step": format(step, "f")})


def deposited(account: str, amount: int, *, on: date, ref: str | None = None, at: str) -> Draft:
    """Cash came in from outside. `ref` is the broker's id of it: the same id is the same fact."""
    return _cash_moved("deposited", account, amount, on, ref, at)


def withdrawn(account: str, amount: int, *, on: date, ref: str | None = None, at: str) -> Draft:
    """Cash went out."""
    return _cash_moved("withdrawn", account, amount, on, ref, at)


def interest_paid(account: str, amount: int, *, on: date, ref: str | None = None, at: str) -> Draft:
    """The broker credited interest on cash."""
    return _cash_moved("interest_paid", account, amount, on, ref, at)


def fee_charged(account: str, amount: int, *, on: date, ref: str | None = None, at: str) -> Draft:
    """The broker or adviser charged a fee that belongs to no trade."""
    return _cash_moved("fee_charged", account, amount, on, ref, at)


def _cash_moved(kind: str, account: str, amount: int, on: date, ref: str | None, at: str) -> Draft:
    assert amount > 0, "the kind says in which direction cash moved"
    body: dict[str, Json] = {
        "account": account,
        "amount": money_text(amount),
        "on": on.isoformat(),
        "ref": ref,
    }
    return Draft(at, kind, body)


def dividend_paid(
    account: str,
    instrument: str,
    amount: int,
    *,
    withheld: int = 0,
    on: date,
    ref: str | None = None,
    at: str,
) -> Draft:
    """An instrument paid cash: `amount` before the tax that was `withheld`."""
    body: dict[str, Json] = {
        "account": account,
        "amount": money_text(amount),
        "instrument": instrument,
        "on": on.isoformat(),
        "ref": ref,
        "withheld": money_text(withheld),
    }
    return Draft(at, "dividend_paid", body)


def split(
    instrument: str,
    *,
    new: int,
    old: int,
    on: date,
    cash_in_lieu: Mapping[str, int] | None = None,
    at: str,
) -> Draft:
    """`old` units became `new` ones; accounts left with a part of a step got cash instead."""
    body: dict[str, Json] = {
        "cash_in_lieu": _amounts(cash_in_lieu or {}),
        "instrument": instrument,
        "new": new,
        "old": old,
        "on": on.isoformat(),
    }
    return Draft(at, "split", body)


def actions_booked(through: date, *, waits: Mapping[str, date] | None = None, at: str) -> Draft:
    """All splits and dividends up to this session are in the record now.

    `waits` names the instruments of which they are not, with the first day that is missing.
    """
    body: dict[str, Json] = {"through": through.isoformat()}
    if waits:
        body["waits"] = {name: on.isoformat() for name, on in sorted(waits.items())}
    return Draft(at, "actions_booked", body)


def received(account: str, lots: Sequence[Lot], *, amount: int = 0, on: date, at: str) -> Draft:
    """Lots and cash were transferred in from outside, in kind: no purchase."""
    body: dict[str, Json] = {
        "amount": money_text(amount),
        "from": None,
        "lots": [_lot(lot) for lot in lots],
        "on": on.isoformat(),
        "to": account,
    }
    return Draft(at, "transferred", body)


def transferred(
    source: str,
    destination: str | None,
    parts: Sequence[tuple[Relieved, str]],
    *,
    amount: int = 0,
    on: date,
    at: str,
) -> Draft:
    """Lots and cash left an account in kind: no sale.

    Args:
        source: The account that they left.
        destination: The account that got them; None is outside.
        parts: What of which lot, with the id of the lot that it becomes at the destination (empty
            when it goes outside).
        amount: Cash, minor units.
        on: The day.
        at: The instant of the entry.
    """
    body: dict[str, Json] = {
        "amount": money_text(amount),
        "from": source,
        "lots": [
            {"as": new or None, "basis": _money(p.basis), "lot": p.lot, "steps": str(p.steps)}
            for p, new in parts
        ],
        "on": on.isoformat(),
        "to": destination,
    }
    return Draft(at, "transferred", body)


def planned(plan: str, sha256: str, *, as_of: date, head: str, at: str) -> Draft:
    """A plan was made and saved; `sha256` is of its canonical form."""
    body: dict[str, Json] = {
        "as_of": as_of.isoformat(),
        "head": head,
        "plan": plan,
        "sha256": sha256,
    }
    return Draft(at, "planned", body)


def approved(plan: str, sha256: str, *, by: str, at: str) -> Draft:
    """Somebody approved that very plan."""
    return Draft(at, "approved", {"by": by, "plan": plan, "sha256": sha256})


def order_intended(order: Order, *, at: str) -> Draft:
    """An order will be sent. Once this is durable, its id can never mean anything else."""
    body: dict[str, Json] = {
        "account": order.account,
        "amount": _money(order.amount),
        "attempt": order.attempt,
        "instrument": order.instrument,
        "limit": None if order.limit is None else str(order.limit),
        "lots": [{"lot": lot, "steps": str(steps)} for lot, steps in order.lots],
        "order": order.id,
        "plan": order.plan,
        "side": order.side,
        "slice": order.slice,
        "steps": _steps(order.quantity),
    }
    return Draft(at, "order_intended", body)


def order_gated(order: str, sha256: str, *, at: str) -> Draft:
    """The pre-trade gate let these very bytes of the order pass."""
    return Draft(at, "order_gated", {"order": order, "sha256": sha256})


def order_sent(order: str, sha256: str, *, at: str) -> Draft:
    """The bytes that passed the gate are leaving: written before the first one does."""
    return Draft(at, "order_sent", {"order": order, "sha256": sha256})


def order_accepted(order: str, *, message: str = "", at: str) -> Draft:
    """The broker has the order."""
    return Draft(at, "order_accepted", {"message": message, "order": order})


def order_rejected(order: str, *, message: str, at: str) -> Draft:
    """The broker, or our own gate, refused the order."""
    return Draft(at, "order_rejected", {"message": message, "order": order})


def order_unknown(order: str, *, message: str, at: str) -> Draft:
    """Nobody knows whether the broker has the order; only the broker's evidence settles it."""
    return Draft(at, "order_unknown", {"message": message, "order": order})


def order_cancelled(order: str, *, message: str = "", at: str) -> Draft:
    """What was not filled of the order will not be."""
    return Draft(at, "order_cancelled", {"message": message, "order": order})


def filled(
    fill: Fill,
    *,
    account: str,
    instrument: str,
    side: Side,
    relieved: Sequence[Relieved] = (),
    lot: str | None = None,
    completes: bool = False,
    at: str,
) -> Draft:
    """So much was traded.

    Args:
        fill: The fact; its `order` is empty for a trade outside any order.
        account: Account id.
        instrument: Instrument id.
        side: `buy` or `sell`.
        relieved: For a sale: what it takes of which lots; together the steps of the fill.
        lot: For a purchase: the id of the new lot, never used before.
        completes: Nothing more will come; for orders in money, whose steps nobody knows before.
        at: The instant of the entry.
    """
    body: dict[str, Json] = {
        "account": account,
        "completes": completes,
        "fees": money_text(fill.fees),
        "fill": fill.id,
        "gross": money_text(fill.gross),
        "instrument": instrument,
        "lot": lot,
        "on": fill.on.isoformat(),
        "order": fill.order or None,
        "price": str(fill.price),
        "relieved": _parts(relieved),
        "settles": fill.settles.isoformat(),
        "side": side,
        "steps": str(fill.quantity),
    }
    return Draft(at, "filled", body)


def overfilled(order: str, *, steps: int = 0, amount: int = 0, at: str) -> Draft:
    """The broker filled more than was ordered, by so much; the account is halted by this."""
    body: dict[str, Json] = {"amount": money_text(amount), "order": order, "steps": str(steps)}
    return Draft(at, "overfilled", body)


def settled(account: str, fill: str, *, on: date, at: str) -> Draft:
    """The cash of a fill moved on this day, whatever day was expected."""
    return Draft(at, "settled", {"account": account, "fill": fill, "on": on.isoformat()})


def halted(scope: str, *, reason: str, at: str) -> Draft:
    """No new order leaves this account, or any account for `household`."""
    return Draft(at, "halted", {"reason": reason, "scope": scope})


def resumed(scope: str, *, by: str, reason: str, at: str) -> Draft:
    """A person ended the halt."""
    return Draft(at, "resumed", {"by": by, "reason": reason, "scope": scope})


def period_acted(target: str, period: str, *, on: date, at: str) -> Draft:
    """The calendar period was acted on for this target, trades or none."""
    body: dict[str, Json] = {"on": on.isoformat(), "period": period, "target": target}
    return Draft(at, "period_acted", body)


def target_adopted(
    target: str,
    weights: Mapping[str, Fraction],
    *,
    accounts: Sequence[str],
    on: date,
    at: str,
) -> Draft:
    """A rebalance adopted these weights; the new cash of its accounts counts from zero again."""
    body: dict[str, Json] = {
        "accounts": list(accounts),
        "on": on.isoformat(),
        "target": target,
        "weights": {leaf: str(weight) for leaf, weight in weights.items()},
    }
    return Draft(at, "target_adopted", body)


def prices_accepted(prices: Mapping[str, AcceptedPrice], *, at: str) -> Draft:
    """These prices were believed: what an instrument is counted at when later ones are not."""
    body: dict[str, Json] = {
        "prices": {
            name: {"on": accepted.on.isoformat(), "price": str(accepted.price)}
            for name, accepted in prices.items()
        }
    }
    return Draft(at, "prices_accepted", body)


def basis_adjusted(
    lot: str, amount: int, *, acquired: Acquired = None, reason: str, on: date, at: str
) -> Draft:
    """A lot's basis changed without a trade: a loss that was washed into it, capital returned.

    Args:
        lot: Lot id.
        amount: What is added, minor units; below zero takes away.
        acquired: The holding period counts from here on; None leaves it.
        reason: `wash-sale`, `return-of-capital`, or another word.
        on: The day.
        at: The instant of the entry.
    """
    body: dict[str, Json] = {
        "acquired": _acquired(acquired),
        "amount": money_text(amount),
        "lot": lot,
        "on": on.isoformat(),
        "reason": reason,
    }
    return Draft(at, "basis_adjusted", body)


def corrected(
    of: int,
    *,
    reason: str,
    cash: Mapping[str, int] | None = None,
    removed: Sequence[Relieved] = (),
    added: Sequence[Lot] = (),
    new_cash: Mapping[str, int] | None = None,
    voids: bool = False,
    on: date,
    at: str,
) -> Draft:
    """An earlier entry was wrong: what has to change now. Nothing is ever edited.

    Args:
        of: `seq` of the entry that was wrong.
        reason: Why, for whoever reads the record.
        cash: What to add to each account's cash, minor units, signed.
        removed: What to take from which lots.
        added: Lots to add; their ids were never used before.
        new_cash: What to add to the cash that came in since the last rebalance, by account.
        voids: The entry never happened: a fill that was busted counts for its order no more.
        on: The day.
        at: The instant of the entry.
    """
    body: dict[str, Json] = {
        "added": [_lot(lot) for lot in added],
        "cash": _amounts(cash or {}),
        "new_cash": _amounts(new_cash or {}),
        "of": of,
        "on": on.isoformat(),
        "reason": reason,
        "removed": _parts(removed),
        "voids": voids,
    }
    return Draft(at, "corrected", body)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What an entry is about, for finding it again; None where it is about no single one."""

    account: str | None
    instrument: str | None
    order: str | None
    plan: str | None
    on: str


def subjects(entry: Entry) -> Subjects:
    """What an entry is about. Its day is the one it names, else that of its instant."""
    body = entry.body
    account = body.get("account") or body.get("from") or body.get("to") or body.get("scope")
    day = body.get("on") or body.get("as_of") or body.get("through") or entry.at[:10]
    return Subjects(
        _text(account),
        _text(body.get("instrument")),
        _text(body.get("order")),
        _text(body.get("plan")),
        _text(day) or entry.at[:10],
    )


def _text(value: Json) -> str | None:
    return value if type(value) is str and value else None
