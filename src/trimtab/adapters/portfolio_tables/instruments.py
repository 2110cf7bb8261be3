"""`[instruments.X]`: what differs from whole shares with a price in the price file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from trimtab.adapters.toml_table import Table
from trimtab.model.instruments import CASH, Alias, Instrument


class Instruments:
    """All instruments of a portfolio, and the names they go by.

    Attributes:
        currency: The portfolio's.
        known: By id.
        unsure: Ids whose table has problems, so that their steps mean nothing.
    """

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.known: dict[str, Instrument] = {}
        self.unsure: set[str] = set()
        self._owners: dict[str, str] = {}

    def read(self, tables: Table) -> None:
        """`[instruments.X]`, and the tickers that they had."""
        for symbol, table in tables.named("instrument"):
            before = len(table.problems)
            if symbol in (CASH, self.currency):
                table.problem("", f"{symbol} is money", "remove the table; cash needs none")
            currency = table.currency("currency", self.currency)
            step = table.number("step", "0.001", above_zero=True, most=Decimal(10**6))
            self.known[symbol] = Instrument(
                id=symbol,
                currency=currency,
                step=Decimal(1) if step is None else step.normalize(),
                price_source=table.choice("price", ("market", "manual"), "market"),
                max_age=table.whole("max_age", "5", most=3660),
                history=table.symbol("history"),
                aliases=tuple(self._aliases(symbol, table)),
                order_in=table.choice("order", ("quantity", "money"), "quantity"),
            )
            table.finish()
            if len(table.problems) > before:
                self.unsure.add(symbol)

    def _aliases(self, symbol: str, table: Table) -> Iterator[Alias]:
        """The earlier or other tickers of an instrument."""
        for row in table.tables("aliases"):
            ticker = row.symbol("symbol")
            first, last = row.day("from"), row.day("until")
            if "symbol" not in row:
                row.problem("", "the ticker is missing", 'write {symbol = "FB"}')
            if first is not None and last is not None and last < first:
                row.problem("until", f"{last} is before from, {first}", "swap the two")
            row.finish()
            if ticker is None:
                continue
            other = self._owners.setdefault(ticker, symbol)
            if other != symbol:
                wrong = f"{ticker} is also a ticker of {other}"
                row.problem("symbol", wrong, "keep it with one of them")
            yield Alias(ticker, first, last)

    def resolve(self, symbol: str) -> str:
        """The instrument that a symbol stands for: itself, or the one whose ticker it was."""
        if symbol in self.known:
            return symbol
        return self._owners.get(symbol, symbol)

    def add_plain(self, *groups: tuple[str, ...]) -> None:
        """Instruments that need no table of their own, by what holds or lists them."""
        for group in groups:
            for symbol in group:
                stands_for = self.resolve(symbol)
                if stands_for not in self.known and symbol not in (CASH, self.currency):
                    self.known[stands_for] = Instrument(stands_for, self.currency)

    def steps(self) -> dict[str, Decimal | None]:
        """The step of each instrument; None where its table has problems."""
        return {
            symbol: None if symbol in self.unsure else instrument.step
            for symbol, instrument in self.known.items()
        }
