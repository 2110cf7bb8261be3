"""What is known at a moment: open lots, cash, and the memory that the decision needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from trimtab.model.accounts import Lot, Sale
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import Price
from trimtab.model.orders import Order


@dataclass(frozen=True, slots=True)
class AcceptedPrice:
    """The last price of an instrument that was believed, and its day."""

    price: Price
    on: date


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Cash that was earned or spent but moves only on a later day; minor units, signed."""

    account: str
    settles: date
    amount: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What happened before that the decision depends on. All of it is folded from the ledger.

    The keys of the mappings are target names: `household`, or an account with its own target.

    Args:
        periods_acted: The newest calendar period acted on, by target, such as `2026-03`: looked at
            without a trade, or rebalanced with orders that were all taken.
        adopted: Target weights last adopted by a rebalance, by target, then by leaf.
        rebalanced_on: Session of the last rebalance, by target.
        undisturbed: Targets whose last rebalance was filled to the last step, and since when
            nothing has changed holdings or cash.
        new_cash: Cash that came in less what went out since the last rebalance, by account.
        open_orders: Orders that are not final, each for what of it is still to be traded.
        unsettled: Cash that has not moved yet.
        accepted: Last believed prices, by instrument.
        sales: Sales of this year and of the last 30 days, in order.
        purchases: Lots bought in the last 30 days, in order.
        actions_through: Splits and dividends up to this session, included, are in the book.
    """

    periods_acted: Mapping[str, str] = field(default_factory=dict)
    adopted: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    rebalanced_on: Mapping[str, date] = field(default_factory=dict)
    undisturbed: frozenset[str] = frozenset()
    new_cash: Mapping[str, int] = field(default_factory=dict)
    open_orders: tuple[Order, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()
    accepted: Mapping[str, AcceptedPrice] = field(default_factory=dict)
    sales: tuple[Sale, ...] = ()
    purchases: tuple[Lot, ...] = ()
    actions_through: date | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The book and the memory at one moment.

    Args:
        lots: Open lots of all accounts.
        cash: Cash by account in minor units, unsettled cash included.
        memory: What the decision remembers.
        head: Hash of the newest ledger entry this state was folded from; empty before the first.
    """

    lots: tuple[Lot, ...]
    cash: Mapping[str, int]
    memory: Memory = field(default_factory=Memory)
    head: str = ""
