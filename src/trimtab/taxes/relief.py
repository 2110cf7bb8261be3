"""Which lots a sale takes, and what tax that causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.model.accounts import Account, Lot, Relief
from trimtab.model.frozen import dataclass
from trimtab.model.household import TaxProfile
from trimtab.model.numbers import StepPrice, half_even
from trimtab.model.plan import LotSale, Term
from trimtab.taxes.holding import term_of

EARLIEST = date.min


@dataclass(frozen=True, slots=True)
class TaxedLot:
    """A lot with what selling it today would cost in tax.

    `tax_share` is the tax per unit of money raised, before trading costs; 0 where no tax is due.
    A loss earns no credit until the country's rules for losses are in the code.
    """

    lot: Lot
    term: Term
    rate: Decimal
    tax_share: Fraction


def taxed_lot(
    lot: Lot, *, account: Account, tax: TaxProfile, price: StepPrice, on: date
) -> TaxedLot:
    """What selling a lot on a day at a price would cost in tax, per unit of money raised."""
    if not account.tax.taxes_gains:
        return TaxedLot(lot, "none", Decimal(0), Fraction(0))
    term = term_of(lot.acquired, on)
    rate = tax.long_rate if term == "long" else tax.short_rate
    worth = Fraction(lot.quantity * price.numerator, price.denominator)
    # An unknown basis counts as zero: the whole proceeds are gain, the tax that can be asked for.
    gain = worth - (lot.basis or 0)
    share = Fraction(rate) * max(gain, Fraction(0)) / worth
    return TaxedLot(lot, term, rate, share)


def relief_order(lots: Sequence[TaxedLot], account: Account) -> list[TaxedLot]:
    """The lots of one instrument in the order in which a sale takes them.

    `lowest-tax` goes by tax per unit of money raised, so a loss comes before a gain; among equals
    the highest basis a unit goes first, then the oldest. Every order ends with the lot's id, so
    that the order of the user's rows never matters. `specific` takes the lots that the account
    names, in that order, and no others.
    """
    method = account.relief if account.tax.taxes_gains else Relief.FIFO
    if account.relief is Relief.SPECIFIC:
        named = {lot.lot.id: lot for lot in lots}
        return [named[id_] for id_ in account.specific_lots if id_ in named]

    def basis_each(lot: TaxedLot) -> Fraction:
        return Fraction(lot.lot.basis or 0, lot.lot.quantity)

    def day(lot: TaxedLot) -> date:
        acquired = lot.lot.acquired
        return acquired if isinstance(acquired, date) else EARLIEST

    by_id = sorted(lots, key=lambda lot: lot.lot.id)
    if method is Relief.FIFO:
        return sorted(by_id, key=day)
    if method is Relief.LIFO:
        return sorted(by_id, key=day, reverse=True)
    if method is Relief.HIFO:
        return sorted(by_id, key=lambda lot: (-basis_each(lot), day(lot)))
    return sorted(by_id, key=lambda lot: (lot.tax_share, -basis_each(lot), day(lot)))


def relieved(order: Sequence[TaxedLot], steps: int, price: StepPrice) -> tuple[LotSale, ...]:
    """Take `steps` from the lots in their order; a part of a lot takes its part of the basis.

    The parts' proceeds add up to the value of the whole sale exactly: each part ends where the
    rounded value of all up to it ends.

    Raises:
        AssertionError: More is asked for than the lots hold.
    """
    sales: list[LotSale] = []
    taken = 0
    for taxed in order:
        if taken == steps:
            break
        lot = taxed.lot
        part = min(lot.quantity, steps - taken)
        proceeds = price.value(taken + part) - price.value(taken)
        basis = None if lot.basis is None else basis_part(lot, part)
        gain = None if basis is None else proceeds - basis
        taxable = max(proceeds - (basis or 0), 0)
        numerator, denominator = taxed.rate.as_integer_ratio()
        tax = half_even(taxable * numerator, denominator)
        sales.append(LotSale(lot.id, part, lot.acquired, basis, gain, taxed.term, tax))
        taken += part
    assert taken == steps, f"asked for {steps} steps, the lots hold {taken}"
    return tuple(sales)


def basis_part(lot: Lot, steps: int) -> int:
    """The basis of `steps` of a lot, rounded half to even; the rest of the lot keeps the rest.

    >>> basis_part(Lot("a", "x", "VTI", 3, None, 100), 1)
    33
    """
    assert lot.basis is not None
    assert 0 < steps <= lot.quantity
    return half_even(lot.basis * steps, lot.quantity)
