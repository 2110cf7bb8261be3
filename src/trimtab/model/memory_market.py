"""Market data in memory: the fake of the port `MarketData`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend, Market, Quote, Split
from trimtab.model.numbers import Price
from trimtab.model.sessions import Calendar


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What a day says of an instrument.

    Args:
        on: The day.
        instrument: Its id.
        price: The close; None where it is no price, and then `raw` is what stands there instead.
        split: New units for one old one from this day on.
        dividend: Cash a unit for those who held before this day.
        raw: What was written that is no price.
    """

    on: date
    instrument: str
    price: Price | None
    split: Fraction = Fraction(1)
    dividend: Price | None = None
    raw: str = ""


class MemoryMarket:
    """Rows in memory, each day's known from its close on: an implementation of `MarketData`.

    It takes every price as it stands; which ones look wrong beside the others, price files judge.

    Args:
        rows: In any order; one a day and instrument.
        calendar: The sessions of the market.
    """

    def __init__(self, rows: Sequence[PriceRow], calendar: Calendar) -> None:
        self.rows = sorted(rows, key=lambda row: (row.on, row.instrument))
        self.calendar = calendar

    def snapshot(self, as_of: date, instruments: Sequence[str]) -> Market:
        """What was known at the close of `as_of`; nothing later."""
        known = [row for row in self.rows if row.on <= as_of and row.instrument in instruments]
        quotes: dict[str, Quote] = {}
        for name in instruments:
            own = [row for row in known if row.instrument == name]
            if own:
                quotes[name] = _quote(own)
        return Market(
            as_of,
            self.calendar,
            quotes,
            tuple(Split(row.instrument, row.on, row.split) for row in known if row.split != 1),
            tuple(
                Dividend(row.instrument, row.on, row.dividend)
                for row in known
                if row.dividend is not None
            ),
        )


def _quote(rows: Sequence[PriceRow]) -> Quote:
    """The newest row of an instrument, with the price before it."""
    newest = rows[-1]
    raw = newest.raw if newest.price is None else ""
    before = [row for row in rows[:-1] if row.price is not None]
    if not before:
        return Quote(newest.price, newest.on, raw=raw)
    last, ratio = before[-1], Fraction(1)
    for row in rows:
        if row.on > last.on:
            ratio *= row.split
    return Quote(newest.price, newest.on, last.price, last.on, ratio, raw)
