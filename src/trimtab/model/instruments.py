"""What can be held: instruments with a stable id, the names they had, and how they are priced."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from trimtab.model.frozen import dataclass

CASH = "CASH"
"""The leaf of a target that is held as money."""

MARKET_MAX_AGE_SESSIONS = 1
MANUAL_MAX_AGE_DAYS = 35


def table_name(symbol: str) -> str:
    """How portfolio.toml calls the table of an instrument: a dot in the symbol needs quotes.

    >>> table_name("VTI"), table_name("BRK.B")
    ('[instruments.VTI]', '[instruments."BRK.B"]')
    """
    is_plain = symbol.isascii() and symbol.replace("-", "").replace("_", "").isalnum()
    return f"[instruments.{symbol}]" if is_plain else f'[instruments."{symbol}"]'


@dataclass(frozen=True, slots=True)
class Alias:
    """A ticker that meant this instrument from `first` to `last`, both included; None is open."""

    symbol: str
    first: date | None = None
    last: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the ticker meant the instrument on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something with a price that an account can hold.

    Args:
        id: The stable name; tickers may change, this does not.
        currency: ISO code of the price's currency.
        step: The smallest quantity that can be traded, in units: 1, 0.001, 0.00000001.
        price_source: `market` (from the price file) or `manual` (typed in, has no ticker).
        max_age: How old a price may be: sessions for market prices, days for manual ones.
        history: The symbol that stands in for it in backtests.
        aliases: Tickers with the dates on which they meant this instrument.
        order_in: `quantity`, or `money` for funds that are bought by amount.
    """

    id: str
    currency: str = "USD"
    step: Decimal = Decimal(1)
    price_source: Literal["market", "manual"] = "market"
    max_age: int | None = None
    history: str | None = None
    aliases: tuple[Alias, ...] = ()
    order_in: Literal["quantity", "money"] = "quantity"

    @property
    def age_limit(self) -> int:
        """The age above which a price is stale: sessions if `market`, days if `manual`."""
        if self.max_age is not None:
            return self.max_age
        return MARKET_MAX_AGE_SESSIONS if self.price_source == "market" else MANUAL_MAX_AGE_DAYS
