"""The tax of a run in account mode: what sales caused, what was paid when, what is still owed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from trimtab.model.accounts import Acquired, Lot
from trimtab.model.frozen import dataclass
from trimtab.model.household import Household
from trimtab.model.numbers import StepPrice
from trimtab.model.plan import LotSale, Plan, Term, Trade
from trimtab.taxes.payment import payable_from
from trimtab.taxes.relief import relieved, taxed_lot


@dataclass(frozen=True, slots=True)
class TaxPayment:
    """Tax that left an account.

    Args:
        account: The account whose sales caused it, and which paid it.
        year: The calendar year of those sales.
        on: The session of the decision that paid it.
        amount: Minor units.
    """

    account: str
    year: int
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class TaxYear:
    """What the sales of one calendar year in taxable accounts came to; all in minor units, >= 0.

    Sales of lots whose basis is unknown count in the tax, and in no gain.

    Args:
        year: The calendar year of the sales.
        short_gain: Gains of lots held for a year or less.
        short_loss: Losses of such lots; they earn no credit.
        long_gain: Gains of lots held for longer.
        long_loss: Losses of such lots; they earn no credit.
        tax: Tax that these sales caused.
        paid: How much of that tax has been paid.
    """

    year: int
    short_gain: int
    short_loss: int
    long_gain: int
    long_loss: int
    tax: int
    paid: int

    def to_dict(self) -> dict[str, Any]:
        """The figures in money."""
        return {
            "year": self.year,
            "short_gain": self.short_gain / 100,
            "short_loss": self.short_loss / 100,
            "long_gain": self.long_gain / 100,
            "long_loss": self.long_loss / 100,
            "tax": self.tax / 100,
            "paid": self.paid / 100,
        }


@dataclass(frozen=True, slots=True)
class SoldLot:
    """A lot, or a part of one, that was sold; money in minor units.

    Args:
        on: The session of the sale.
        account: Account id.
        instrument: Instrument id.
        lot: Lot id.
        acquired: Day of its purchase, `inherited`, or None.
        quantity: Steps of the instrument.
        step: What a step is, in units.
        proceeds: What the sale gave for it, before the costs of the sale.
        basis: What was paid for it; None where that is not known.
        gain: Proceeds less basis; None where that is not known.
        term: `short`, `long`, or `none` where gains are not taxed.
        tax: What the sale caused in tax.
    """

    on: date
    account: str
    instrument: str
    lot: str
    acquired: Acquired
    quantity: int
    step: Decimal
    proceeds: int
    basis: int | None
    gain: int | None
    term: Term
    tax: int


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that is held in the end, and what selling it at the last close would come to.

    Args:
        lot: The lot.
        step: What a step of it is, in units.
        worth: At the last close, minor units.
        gain: Worth less basis; None where the basis is not known.
        term: `short`, `long`, or `none` where gains are not taxed.
        tax: What its sale would cause in tax, minor units.
    """

    lot: Lot
    step: Decimal
    worth: int
    gain: int | None
    term: Term
    tax: int


def lots_sold(plans: Iterable[Plan]) -> tuple[SoldLot, ...]:
    """Every lot, or part of one, that plans sold; the parts of a sale add up to its value."""
    return tuple(
        SoldLot(
            plan.as_of, trade.account, trade.instrument, sale.lot, sale.acquired, sale.quantity,
            trade.step, proceeds, sale.basis, sale.gain, sale.term, sale.tax,
        )
        for plan in plans
        for trade in plan.trades
        for sale, proceeds in _proceeds(trade)
    )  # fmt: skip


def _proceeds(trade: Trade) -> Iterator[tuple[LotSale, int]]:
    """What each lot of a sale gave: each part ends where the rounded value of all up to it ends."""
    price, taken = StepPrice.of(trade.price, trade.step), 0
    for sale in trade.lots:
        yield sale, price.value(taken + sale.quantity) - price.value(taken)
        taken += sale.quantity


def lots_left(
    lots: Iterable[Lot],
    *,
    household: Household,
    prices: Mapping[str, StepPrice],
    on: date,
) -> tuple[OpenLot, ...]:
    """Lots with what selling each alone would come to, by account, instrument and age."""
    found = []
    for lot in lots:
        price, account = prices[lot.instrument], household.accounts[lot.account]
        taxed = taxed_lot(lot, account=account, tax=household.tax, price=price, on=on)
        [sale] = relieved([taxed], lot.quantity, price)
        step = household.instruments[lot.instrument].step
        worth = price.value(lot.quantity)
        found.append(OpenLot(lot, step, worth, sale.gain, sale.term, sale.tax))
    return tuple(
        sorted(found, key=lambda one: (one.lot.account, one.lot.instrument, str(one.lot.acquired)))
    )


def tax_years(plans: Iterable[Plan], payments: Iterable[TaxPayment]) -> tuple[TaxYear, ...]:
    """The years in which something taxable was sold, oldest first."""
    sold: dict[int, list[LotSale]] = {}
    tax: dict[int, int] = {}
    for plan in plans:
        year = plan.as_of.year
        tax[year] = tax.get(year, 0) + plan.tax
        lots = [sale for trade in plan.trades for sale in trade.lots if sale.term != "none"]
        sold.setdefault(year, []).extend(lots)
    paid: dict[int, int] = {}
    for payment in payments:
        paid[payment.year] = paid.get(payment.year, 0) + payment.amount
    return tuple(
        TaxYear(
            year,
            _sum_of(sales, "short", 1),
            _sum_of(sales, "short", -1),
            _sum_of(sales, "long", 1),
            _sum_of(sales, "long", -1),
            tax[year],
            paid.get(year, 0),
        )
        for year, sales in sorted(sold.items())
        if sales
    )


def _sum_of(sales: Sequence[LotSale], term: str, sign: int) -> int:
    """Gains of lots of a term, or for sign -1 their losses."""
    gains = (sign * sale.gain for sale in sales if sale.gain is not None and sale.term == term)
    return sum(max(gain, 0) for gain in gains)


def tax_of_selling(
    lots: Iterable[Lot],
    *,
    household: Household,
    prices: Mapping[str, StepPrice],
    on: date,
) -> int:
    """The tax of selling all these lots on a day, each gain at its lot's term, losses no credit.

    Args:
        lots: Open lots; those in accounts whose gains are not taxed cause none.
        household: Accounts and rates.
        prices: The worth of one step, by instrument.
        on: The day of the sale.

    Returns:
        Minor units.
    """

    def place(lot: Lot) -> tuple[str, str]:
        return lot.account, lot.instrument

    tax = 0
    ordered = sorted(lots, key=lambda lot: (*place(lot), lot.id))
    for (account, instrument), held in groupby(ordered, key=place):
        known, price = household.accounts[account], prices[instrument]
        order = [
            taxed_lot(lot, account=known, tax=household.tax, price=price, on=on) for lot in held
        ]
        steps = sum(one.lot.quantity for one in order)
        tax += sum(sale.tax for sale in relieved(order, steps, price))
    return tax


class TaxAccount:
    """What each account's sales caused in tax, by year, and what of it was paid."""

    def __init__(self) -> None:
        self._caused: dict[tuple[str, int], int] = {}
        self.payments: list[TaxPayment] = []

    def sold(self, plan: Plan) -> None:
        """Remember the tax of a plan's sales."""
        for trade in plan.trades:
            if trade.tax:
                key = trade.account, plan.as_of.year
                self._caused[key] = self._caused.get(key, 0) + trade.tax

    def payable(self, on: date) -> dict[str, int]:
        """What each account has to pay by now, minor units; empty when nothing is due."""
        due: dict[str, int] = {}
        for (account, _), amount in self._open(on).items():
            due[account] = due.get(account, 0) + amount
        return due

    def next_due(self) -> date | None:
        """The first day on which anything that is not paid falls due; None when nothing is owed."""
        return min((payable_from(year) for _, year in self._open(date.max)), default=None)

    def paid(self, account: str, *, due: date, on: date) -> None:
        """All that an account had to pay by a day is paid, and leaves it on that day or later."""
        for (owing, year), amount in sorted(self._open(due).items()):
            if owing == account:
                self.payments.append(TaxPayment(account, year, on, amount))

    def _open(self, on: date) -> dict[tuple[str, int], int]:
        """What is due and not paid, by account and year."""
        settled = {(one.account, one.year) for one in self.payments}
        return {
            key: amount
            for key, amount in self._caused.items()
            if key not in settled and payable_from(key[1]) <= on
        }
