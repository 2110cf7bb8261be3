"""Orders and fills: instructions to a broker, and the facts that come back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from trimtab.model.frozen import dataclass
from trimtab.model.numbers import Price, money_text, quantity_text

Side = Literal["buy", "sell"]


class OrderState(StrEnum):
    """Where an order stands. `unknown` becomes final only on the broker's evidence."""

    INTENDED = "intended"
    SENT = "sent"
    ACCEPTED = "accepted"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    is_final: bool
    """Whether nothing more can happen to the order."""

    def __init__(self, value: str) -> None:
        # Kept, not worked out: a long record is asked for it a million times.
        self.is_final = value in ("filled", "rejected", "cancelled")


@dataclass(frozen=True, slots=True)
class Order:
    """An instruction for one account.

    Args:
        id: Hash of (account, plan, instrument, side, slice, attempt): the same intention always
            has the same id, so a broker that sees it twice can tell.
        account: Account id.
        instrument: Instrument id.
        side: `buy` or `sell`.
        quantity: Steps; None when the order is for an amount of money.
        amount: Minor units for orders in money; None otherwise.
        limit: The worst price that is acceptable (the collar); None for orders in money.
        plan: Id of the plan that it carries out.
        slice: Number of the part, from 0.
        attempt: Generation of the attempt, from 0.
        lots: Lot ids and steps that a sale takes, in order.
    """

    id: str
    account: str
    instrument: str
    side: Side
    quantity: int | None
    amount: int | None
    limit: Price | None
    plan: str
    slice: int = 0
    attempt: int = 0
    lots: tuple[tuple[str, int], ...] = ()

    def in_words(self, step: Decimal | None) -> str:
        """What it is to do, as a person says it; `step` is what its quantity counts, if known."""
        if self.quantity is None:
            size = f"for {money_text(self.amount or 0)}"
            return f"{self.side} {self.instrument} {size} in {self.account}"
        size = "" if step is None else f"{quantity_text(self.quantity, step)} "
        return f"{self.side} {size}{self.instrument} in {self.account}"


@dataclass(frozen=True, slots=True)
class Fill:
    """A fact from the broker: so much of an order was traded.

    Args:
        id: The broker's id of the fill; the same id is the same fact.
        order: Order id.
        quantity: Steps, above zero.
        price: Price a unit.
        gross: Quantity x price in minor units.
        fees: Commission and charges in minor units, >= 0.
        on: Trade date.
        settles: Day on which the cash moves.
    """

    id: str
    order: str
    quantity: int
    price: Price
    gross: int
    fees: int
    on: date
    settles: date


@dataclass(frozen=True, slots=True)
class BrokerEvent:
    """What a broker reports of an order: a change of state, or a fill."""

    order: str
    state: OrderState
    fill: Fill | None = None
    message: str = ""
