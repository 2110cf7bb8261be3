"""A plan: what to trade, why, what it costs, and what it would leave. A value with a hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from trimtab.model.accounts import Acquired
from trimtab.model.findings import Finding
from trimtab.model.found import Found, founds
from trimtab.model.frozen import LATER, dataclass
from trimtab.model.numbers import MINOR_DIGITS, Money, Price
from trimtab.model.orders import Side

Term = Literal["long", "short", "none"]


@dataclass(frozen=True, slots=True)
class LotSale:
    """The part of a lot that a sale takes: steps, basis and gain in minor units.

    `gain` is None where the basis is unknown; `term` is `none` where gains are not taxed.
    """

    lot: str
    quantity: int
    acquired: Acquired
    basis: Money | None
    gain: Money | None
    term: Term
    tax: Money


@dataclass(frozen=True, slots=True)
class Trade:
    """One intended trade in one account.

    What is stored is exact: counts of steps and money in minor units (cents). In units of the
    instrument and in money of the currency it is `units`, `unit_price`, `worth`, `trading_cost`
    and `tax_due`, as Decimal.

    Args:
        account: Account id.
        instrument: Instrument id.
        side: `buy` or `sell`.
        quantity: Steps, above zero (for orders in money: the estimate); in units: `units`.
        step: Size of a step in units.
        amount: Minor units for an order in money; None for an order in quantity.
        price: The price it was planned at.
        value: Quantity x price in minor units, above zero; in money: `worth`.
        cost: Expected trading cost in minor units.
        tax: Expected tax in minor units, >= 0.
        lots: For a sale: the lots it takes, in order.
        sleeve: The leaf that it serves.
        reason: A stable word: `overweight`, `underweight`, `new-cash`, `raise-cash`, `make-room`;
            in backtests also `paid-out`, where prices ended.
        why: The reason in a sentence.
        impact: What it is estimated to cost by moving the price, in minor units, beside `cost`: no
            cash is set aside for it, since it comes with the price of the fill. None where costs
            state no impact, or the volume is not known.
    """

    account: str
    instrument: str
    side: Side
    quantity: int
    step: Decimal
    amount: Money | None
    price: Price
    value: Money
    cost: Money
    tax: Money
    lots: tuple[LotSale, ...]
    sleeve: str
    reason: str
    why: str
    impact: Money | None = field(default=None, metadata={LATER: True})

    @property
    def units(self) -> Decimal:
        """How many units are traded, as a broker counts them: 200.815 of a fund."""
        return self.quantity * self.step

    @property
    def unit_price(self) -> Decimal:
        """The price of one unit that it was planned at."""
        return self.price.decimal

    @property
    def worth(self) -> Decimal:
        """What it comes to, in money."""
        return Decimal(self.value).scaleb(-MINOR_DIGITS)

    @property
    def trading_cost(self) -> Decimal:
        """What it is expected to cost to trade, in money."""
        return Decimal(self.cost).scaleb(-MINOR_DIGITS)

    @property
    def tax_due(self) -> Decimal:
        """The tax that it is expected to bring, in money."""
        return Decimal(self.tax).scaleb(-MINOR_DIGITS)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trigger saw at one sleeve or for the whole: did it fire, and by which figures?

    Args:
        target: Which target: `household` or an account's.
        trigger: `monthly`, `band:5pp`, ...
        subject: The sleeve, or empty for the whole.
        fired: Whether it asks for action.
        why: The figures in a sentence.
    """

    target: str
    trigger: str
    subject: str
    fired: bool
    why: str


@dataclass(frozen=True, slots=True)
class SleeveRow:
    """A sleeve before and after: money in minor units, weights as exact shares of the base."""

    target: str
    sleeve: str
    is_leaf: bool
    weight: Fraction
    value_before: Money
    value_after: Money
    now: Fraction
    after: Fraction
    band: Fraction | None
    breached: bool


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A trade that was not made, and why: the binding constraint in a sentence."""

    account: str
    instrument: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to trade and why, for one household on one day.

    Args:
        id: Day and the first characters of the content's hash, such as `2026-03-31-7f3a9c`.
        household: Name.
        as_of: The session it was made for.
        state_head: Ledger head that it was made from; a plan of another head is stale.
        inputs_hash: Hash of policy, household, prices and state: the same inputs, the same plan.
        due: Whether a trigger fired (or new cash, a withdrawal or the user asked).
        readings: What the triggers saw.
        trades: Sells first, then buys, in the order in which they are to be sent.
        sleeves: Before and after, by target.
        left_alone: Trades not made, and why.
        findings: What the reader should know.
        drift_before: Half the sum of absolute deviations of leaves, exact, by target.
        drift_after: The same after the trades.
        cash_after: By account, minor units.
        cost: Expected trading cost in all, minor units.
        tax: Expected tax in all, minor units.
        gap: How much less drift, cost and tax, in minor units, other whole numbers of these very
            trades, in these directions, may leave at most; with what a search in money that
            stopped at its limit may have missed. 0: it is proved that none leave less, though other
            trades may. Without trades: the same of the trades that were weighed. None: no bound
            is known.
        periods: Calendar period that carrying out this plan acts on, by target.
        adopted: Target weights that carrying it out adopts, by target, then leaf.
        flows: Deposits (+) and withdrawals (-) assumed, by account, minor units.
        found: How the household's target was found, where it moves.
        found_own: The same of accounts whose own target moves.
    """

    id: str
    household: str
    currency: str
    as_of: date
    state_head: str
    inputs_hash: str
    due: bool
    readings: tuple[Reading, ...]
    trades: tuple[Trade, ...]
    sleeves: tuple[SleeveRow, ...]
    left_alone: tuple[LeftAlone, ...]
    findings: tuple[Finding, ...]
    drift_before: Mapping[str, Fraction]
    drift_after: Mapping[str, Fraction]
    cash_after: Mapping[str, Money]
    cost: Money
    tax: Money
    gap: Money | None
    periods: Mapping[str, str]
    adopted: Mapping[str, Mapping[str, Fraction]]
    flows: Mapping[str, Money]
    found: Found | None = field(default=None, metadata={LATER: True})
    found_own: tuple[Found, ...] = field(default=(), metadata={LATER: True})

    @property
    def founds(self) -> tuple[Found, ...]:
        """How each target was found that moves: the household's first."""
        return founds(self.found, self.found_own)

    @property
    def impact(self) -> Money | None:
        """What moving prices is estimated to cost in all; None where nothing is estimated."""
        known = [trade.impact for trade in self.trades if trade.impact is not None]
        return sum(known) if known else None


def does_something(plan: Plan) -> bool:
    """Whether carrying a plan out would do anything: trade, or note that a period was looked at."""
    return bool(plan.trades or plan.periods)


def in_its_way(plan: Plan) -> tuple[Finding, ...]:
    """The errors for which a plan is neither saved nor carried out: those of one without a trade.

    Where it trades, its errors are of what it leaves out, and its reader decides.
    """
    return () if plan.trades else tuple(one for one in plan.findings if one.severity == "error")
