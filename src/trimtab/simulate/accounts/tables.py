"""A run in account mode as tables: exact text for money and quantities, dates as dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from trimtab.model.numbers import money_text, quantity_text
from trimtab.model.plan import Plan
from trimtab.simulate.accounts.tax import OpenLot, SoldLot, TaxYear
from trimtab.simulate.frames import Columns

TRADES = ("date", "account", "symbol", "side", "quantity", "price", "value", "cost", "tax")
SOLD = (
    "date", "account", "symbol", "lot", "acquired", "quantity", "proceeds", "basis", "gain",
    "term", "tax",
)  # fmt: skip
LEFT = (
    "account", "symbol", "lot", "acquired", "quantity", "basis", "worth", "gain", "term",
    "tax_if_sold",
)  # fmt: skip
TAXES = ("year", "short_gain", "short_loss", "long_gain", "long_loss", "tax", "paid")


def trades_table(plans: Iterable[Plan]) -> Columns:
    """Every trade, oldest first."""
    return _table(
        TRADES,
        (
            (
                plan.as_of, one.account, one.instrument, one.side,
                quantity_text(one.quantity, one.step), str(one.price),
                *map(money_text, (one.value, one.cost, one.tax)),
            )
            for plan in plans
            for one in plan.trades
        ),
    )  # fmt: skip


def weights_table(days: Sequence[date], worth: Mapping[str, Sequence[int]]) -> Columns:
    """What each sleeve weighs after each close: floats, dates, one column a sleeve."""
    totals = [sum(closes) for closes in zip(*worth.values(), strict=True)]
    shares = {
        place: [minor / total if total else 0.0 for minor, total in zip(own, totals, strict=True)]
        for place, own in worth.items()
    }
    return Columns({"date": list(days), **shares})


def sold_table(lots: Iterable[SoldLot]) -> Columns:
    """Every lot that was sold, in the order of the sales; None where something is not known."""
    return _table(
        SOLD,
        (
            (
                one.on, one.account, one.instrument, one.lot, one.acquired,
                quantity_text(one.quantity, one.step), money_text(one.proceeds),
                _money(one.basis), _money(one.gain), one.term, money_text(one.tax),
            )
            for one in lots
        ),
    )  # fmt: skip


def left_table(lots: Iterable[OpenLot]) -> Columns:
    """Every lot that is held in the end."""
    return _table(
        LEFT,
        (
            (
                one.lot.account, one.lot.instrument, one.lot.id, one.lot.acquired,
                quantity_text(one.lot.quantity, one.step), _money(one.lot.basis),
                money_text(one.worth), _money(one.gain), one.term, money_text(one.tax),
            )
            for one in lots
        ),
    )  # fmt: skip


def taxes_table(years: Iterable[TaxYear]) -> Columns:
    """Gains, losses and tax by the year of the sales."""
    rows = ((one.year, *(money_text(getattr(one, name)) for name in TAXES[1:])) for one in years)
    return _table(TAXES, rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Columns:
    columns: list[list[object]] = [[] for _ in heads]
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    return Columns(dict(zip(heads, columns, strict=True)))


def _money(minor: int | None) -> str | None:
    return None if minor is None else money_text(minor)
