"""What a ledger folds to: everything known after its last entry, and the state for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Final

from trimtab.ledger.canonical import Json, digest_of, text_of
from trimtab.ledger.chain import EMPTY, Head
from trimtab.model.accounts import Lot, Sale
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.orders import Fill, Order, OrderState, Side
from trimtab.model.state import AcceptedPrice, Memory, State, Unsettled

HOUSEHOLD: Final = "household"
"""The scope of a halt that stops every account."""

_WINDOW: Final = timedelta(days=30)

Position = tuple[str, str]
"""Account and instrument."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a double entry.

    Args:
        place: `account:roth`, or a named source outside: `outside:bank`.
        unit: The currency (minor units), `#VTI` (steps), or `basis` (cost basis, minor units).
        amount: What is added.
    """

    place: str
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan that was made, and who approved it (empty when nobody has)."""

    sha256: str
    as_of: date
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order and how far it got.

    Args:
        order: As it was intended.
        seq: The entry that intended it.
        state: Where it stands.
        filled: Steps filled.
        filled_gross: Minor units filled.
        excess: Steps that may be filled beyond the quantity, because an overfill was recorded.
        excess_gross: The same for an order in money.
        gated: SHA-256 of the bytes that passed the gate; empty when none did.
        lots_left: What its sale will still take of which lots.
        message: What was said last.
    """

    order: Order
    seq: int
    state: OrderState = OrderState.INTENDED
    filled: int = 0
    filled_gross: int = 0
    excess: int = 0
    excess_gross: int = 0
    gated: str = ""
    lots_left: tuple[tuple[str, int], ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class FillRecord:
    """A fill that was booked, by which entry; voided when it was busted."""

    seq: int
    fill: Fill
    account: str
    instrument: str
    side: Side
    settles: date
    moved: int
    voided: bool = False


@dataclass(frozen=True, slots=True)
class BookedSale:
    """A sale, and the entry that booked it."""

    seq: int
    sale: Sale


@dataclass(frozen=True, slots=True)
class Purchase:
    """A lot as it was bought, and the entry that booked it."""

    seq: int
    lot: Lot


@dataclass(frozen=True, slots=True)
class Folded:
    """Everything that the entries up to `head` say.

    Args:
        head: The newest entry.
        household: Name.
        currency: Of all money.
        opened_on: Day of the opening statement; None before it.
        opening_parts: How many entries the opening statement took.
        lots_sha256: Of the lots.csv that seeded the record.
        steps: The step of each declared instrument.
        lots: Open lots by id, in the order in which they came.
        cash: Minor units by account, unsettled cash included.
        positions: Steps by account and instrument, from the postings alone.
        basis: Known cost basis by account, from the postings alone.
        outside: What each named source outside gave (below zero) or got, by unit.
        lot_ids: Every lot id ever used.
        plans: Plans by id.
        orders: Orders by id.
        fills: Fills by account and broker's id.
        refs: Broker's ids of cash movements that were booked, by account.
        halted: Reasons by scope: an account or `household`.
        periods_acted: See `Memory`.
        adopted: See `Memory`.
        rebalanced_on: See `Memory`.
        undisturbed: See `Memory`.
        new_cash: See `Memory`.
        accepted: See `Memory`.
        restated: The accepted price before the split that brought it to a new count, with the
            entry of that split, by instrument.
        sales: All sales, oldest first, in today's steps.
        purchases: All purchases as bought, oldest first, in today's steps.
        splits: Splits booked: instrument, day, new, old, entry.
        transfers: Transfers in kind: entry, instrument, day.
        voided: Entries that were voided.
        actions_through: See `Memory`.
        actions_waiting: Instruments whose splits and dividends are not in the book from a day on.
        findings: What was noticed while folding, each about an entry.
    """

    head: Head = EMPTY
    household: str = ""
    currency: str = ""
    opened_on: date | None = None
    opening_parts: int = 0
    lots_sha256: str = ""
    steps: Mapping[str, Decimal] = field(default_factory=dict)
    lots: Mapping[str, Lot] = field(default_factory=dict)
    cash: Mapping[str, int] = field(default_factory=dict)
    positions: Mapping[Position, int] = field(default_factory=dict)
    basis: Mapping[str, int] = field(default_factory=dict)
    outside: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    lot_ids: frozenset[str] = frozenset()
    plans: Mapping[str, PlanRecord] = field(default_factory=dict)
    orders: Mapping[str, OrderRecord] = field(default_factory=dict)
    fills: Mapping[Position, FillRecord] = field(default_factory=dict)
    refs: frozenset[Position] = frozenset()
    halted: Mapping[str, str] = field(default_factory=dict)
    periods_acted: Mapping[str, str] = field(default_factory=dict)
    adopted: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    rebalanced_on: Mapping[str, date] = field(default_factory=dict)
    undisturbed: frozenset[str] = frozenset()
    new_cash: Mapping[str, int] = field(default_factory=dict)
    accepted: Mapping[str, AcceptedPrice] = field(default_factory=dict)
    restated: Mapping[str, tuple[int, AcceptedPrice]] = field(default_factory=dict)
    sales: tuple[BookedSale, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    splits: tuple[tuple[str, date, int, int, int], ...] = ()
    transfers: tuple[tuple[int, str, date], ...] = ()
    voided: frozenset[int] = frozenset()
    actions_through: date | None = None
    actions_waiting: Mapping[str, date] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def booked_through(self, instrument: str) -> date | None:
        """The last day up to which splits and dividends of an instrument are in the book."""
        through, first = self.actions_through, self.actions_waiting.get(instrument)
        if through is None or first is None:
            return through
        return min(through, first - timedelta(days=1))

    def is_halted(self, account: str) -> bool:
        """Whether no new order may leave this account."""
        return account in self.halted or HOUSEHOLD in self.halted


NOTHING: Final = Folded()
"""What is known before the first entry."""


def _open_part(record: OrderRecord) -> Order:
    """What of an order is still to be traded."""
    order = record.order
    if not record.filled or order.quantity is None or record.filled >= order.quantity:
        return order
    return replace(order, quantity=order.quantity - record.filled, lots=record.lots_left)


def unsettled_at(folded: Folded, as_of: date) -> tuple[Unsettled, ...]:
    """The cash of trades that moves only after a day, in the order of the trades."""
    return tuple(
        Unsettled(one.account, one.settles, one.moved)
        for one in folded.fills.values()
        if one.settles > as_of and not one.voided
    )


def state_at(folded: Folded, as_of: date) -> State:
    """The state for a decision on a day: the book, and the memory as far as that day looks back."""
    year, window = date(as_of.year, 1, 1), as_of - _WINDOW
    open_orders = tuple(_open_part(o) for o in folded.orders.values() if not o.state.is_final)
    sales = tuple(b.sale for b in folded.sales if b.sale.sold >= min(year, window))
    purchases = tuple(
        p.lot
        for p in folded.purchases
        if isinstance(p.lot.acquired, date) and p.lot.acquired >= window
    )
    memory = Memory(
        periods_acted=dict(folded.periods_acted),
        adopted={target: dict(weights) for target, weights in folded.adopted.items()},
        rebalanced_on=dict(folded.rebalanced_on),
        undisturbed=folded.undisturbed,
        new_cash=dict(folded.new_cash),
        open_orders=open_orders,
        unsettled=unsettled_at(folded, as_of),
        accepted=dict(folded.accepted),
        sales=sales,
        purchases=purchases,
        actions_through=folded.actions_through,
    )
    head = folded.head.hash if folded.head.seq else ""
    return State(tuple(folded.lots.values()), dict(folded.cash), memory, head)


def state_digest(folded: Folded | State) -> str:
    """SHA-256 of the canonical JSON of a state: equal digests are equal states, byte for byte."""
    return digest_of(plain(folded))


_NAMES: Final[dict[type, tuple[str, ...]]] = {}
"""The fields of each dataclass that was met: to ask for them takes longer than to read them."""


def plain(value: object) -> Json:
    """Any value of the model as JSON: numbers as text, dates as ISO, tuples as keys joined."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value  # type: ignore[return-value]
    if kind is int:
        return str(value)
    names = _NAMES.get(kind)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | Fraction):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((plain(item) for item in value), key=text_of)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    assert is_dataclass(value), f"{type(value).__name__} is no value of the model"
    _NAMES[kind] = tuple(item.name for item in fields(value))
    return plain(value)


def _key(key: object) -> str:
    if isinstance(key, tuple):
        return text_of(plain(key))
    assert isinstance(key, str)
    return key
