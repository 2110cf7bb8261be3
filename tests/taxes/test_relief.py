"""Holding periods and the lots that a sale takes, by the vectors of the tax rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.taxes.lots import remaining
from trimtab.model.accounts import Account, Acquired, Lot, Relief, TaxTreatment
from trimtab.model.household import TaxProfile
from trimtab.model.numbers import StepPrice
from trimtab.taxes.holding import long_term_from, term_of
from trimtab.taxes.relief import relief_order, relieved, taxed_lot

TODAY = date(2026, 3, 31)
TAX = TaxProfile(long_rate=Decimal("0.15"), short_rate=Decimal("0.35"))
PRICE = StepPrice(10_000, 1)


def account(relief: Relief = Relief.LOWEST_TAX, tax: str = "taxable", **more: object) -> Account:
    """An account with an order of relief."""
    return Account("a", TaxTreatment(tax), relief=relief, **more)  # type: ignore[arg-type]


def lot(id_: str, quantity: int, basis: int, acquired: Acquired) -> Lot:
    """A lot of X."""
    return Lot(id_, "a", "X", quantity, acquired, basis)


def order(lots: list[Lot], account_: Account) -> list[str]:
    """Ids in the order in which a sale takes them."""
    taxed = [taxed_lot(x, account=account_, tax=TAX, price=PRICE, on=TODAY) for x in lots]
    return [x.lot.id for x in relief_order(taxed, account_)]


@pytest.mark.parametrize(
    ("bought", "first_long_day"),
    [
        (date(2012, 9, 19), date(2013, 9, 20)),
        (date(2023, 2, 28), date(2024, 3, 1)),
        (date(2024, 2, 29), date(2025, 3, 1)),
        (date(2024, 2, 28), date(2025, 3, 1)),
        (date(2023, 12, 31), date(2025, 1, 1)),
        (date(2023, 4, 30), date(2024, 5, 1)),
    ],
)
def test_long_term_starts_after_a_year_by_calendar(bought: date, first_long_day: date) -> None:
    """US-6 and the month-end rule: counted from the day after purchase, by calendar dates."""
    assert long_term_from(bought) == first_long_day
    assert term_of(bought, first_long_day) == "long"
    assert term_of(bought, date.fromordinal(first_long_day.toordinal() - 1)) == "short"


def test_inherited_is_long_term() -> None:
    """What was inherited is long-term whatever the day; what has no date is not."""
    assert term_of("inherited", TODAY) == "long"
    assert term_of(None, TODAY) == "short"


LOTS = [
    lot("old-gain", 10, 20_000, date(2015, 5, 1)),
    lot("new-gain", 10, 90_000, date(2026, 1, 5)),
    lot("loss", 10, 130_000, date(2025, 11, 5)),
    lot("mid", 10, 60_000, date(2020, 5, 1)),
]


@pytest.mark.parametrize(
    ("relief", "expected"),
    [
        (Relief.FIFO, ["old-gain", "mid", "loss", "new-gain"]),
        (Relief.LIFO, ["new-gain", "loss", "mid", "old-gain"]),
        (Relief.HIFO, ["loss", "new-gain", "mid", "old-gain"]),
        (Relief.LOWEST_TAX, ["loss", "new-gain", "mid", "old-gain"]),
    ],
)
def test_each_order_of_relief(relief: Relief, expected: list[str]) -> None:
    """First in, last in, highest cost, lowest tax."""
    assert order(LOTS, account(relief)) == expected
    assert order(LOTS[::-1], account(relief)) == expected


def test_lowest_tax_is_not_highest_cost() -> None:
    """At 15% and 35%, a short gain of 10 costs 3.50 and a long gain of 30 costs 4.50."""
    lots = [
        lot("long-30", 10, 70_000, date(2020, 1, 2)),
        lot("short-10", 10, 90_000, date(2026, 1, 5)),
        lot("short-15", 10, 85_000, date(2026, 1, 5)),
    ]

    assert order(lots, account()) == ["short-10", "long-30", "short-15"]


def test_specific_lots_are_taken_as_named_and_no_others() -> None:
    """The client's own choice, in the client's order."""
    chosen = account(Relief.SPECIFIC, specific_lots=("mid", "loss"))

    assert order(LOTS, chosen) == ["mid", "loss"]


def test_a_loss_earns_no_credit_yet() -> None:
    """Until wash sales are in the code a loss is tax zero, never below."""
    taxed = taxed_lot(LOTS[2], account=account(), tax=TAX, price=PRICE, on=TODAY)

    assert taxed.tax_share == 0
    assert relieved([taxed], 10, PRICE)[0].tax == 0
    assert relieved([taxed], 10, PRICE)[0].gain == -30_000


def test_no_tax_inside_a_sheltered_account() -> None:
    """A sheltered account has no terms and no tax."""
    roth = account(tax="roth")
    taxed = taxed_lot(LOTS[0], account=roth, tax=TAX, price=PRICE, on=TODAY)

    assert (taxed.term, taxed.tax_share) == ("none", 0)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 10**9)), min_size=1, max_size=6),
    st.integers(1, 10**7),
    st.sampled_from([1, 3, 7, 1000]),
    st.data(),
)
def test_basis_and_proceeds_are_conserved(
    parts: list[tuple[int, int]], numerator: int, denominator: int, data: st.DataObject
) -> None:
    """What the parts take and what remains add up to what was there, to the cent."""
    lots = [lot(f"l{i}", q, b, date(2020, 1, 1 + i)) for i, (q, b) in enumerate(parts)]
    price = StepPrice(numerator, denominator)
    held = sum(q for q, _ in parts)
    steps = data.draw(st.integers(1, held))
    taxed = [taxed_lot(x, account=account(), tax=TAX, price=price, on=TODAY) for x in lots]

    sales = relieved(relief_order(taxed, account(Relief.FIFO)), steps, price)

    by_id = {x.id: x for x in lots}
    rest = [remaining(by_id[s.lot], s.quantity) for s in sales]
    untouched = [x for x in lots if x.id not in {s.lot for s in sales}]
    basis_left = sum(x.basis or 0 for x in rest if x) + sum(x.basis or 0 for x in untouched)
    assert sum(s.quantity for s in sales) == steps
    assert basis_left + sum(s.basis or 0 for s in sales) == sum(b for _, b in parts)
    proceeds = sum((s.gain or 0) + (s.basis or 0) for s in sales)
    assert proceeds == price.value(steps)
