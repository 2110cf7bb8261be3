"""Write the demo's lots.csv and sales.csv: an imagined household's purchases at real prices.

The household is invented; each price it paid is the real close of that day, from prices.csv.
Shares held through a split are more shares of the same total cost on the day of the statement.

    .venv/bin/python -m scripts.make_demo_portfolio [--check]
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from scripts.generated import write_or_check

DEMO = Path(__file__).resolve().parents[1] / "src" / "trimtab" / "data" / "demo"
FOLDER = DEMO / "portfolio"
#: The last session of a month and a quarter, a week after the highest price of AAPL.
STATEMENT = date(2012, 9, 28)


@dataclass(frozen=True)
class Sold:
    """Part of a purchase that was sold again, in shares of the day of sale."""

    on: date
    quantity: int


@dataclass(frozen=True)
class Bought:
    """A purchase at the day's close, in shares of that day, and what was sold of it since."""

    account: str
    symbol: str
    on: date
    quantity: int
    sold: tuple[Sold, ...] = field(default=())


PURCHASES = (
    # Two for one in 2005: these 50 are 100 today, of which 20 were sold.
    Bought("brokerage", "AAPL", date(2003, 5, 15), 50, (Sold(date(2012, 4, 10), 20),)),
    Bought("brokerage", "AAPL", date(2009, 1, 20), 45),
    Bought("brokerage", "AAPL", date(2011, 11, 14), 30),
    Bought("brokerage", "AAPL", date(2012, 9, 19), 8),
    Bought("brokerage", "GOOG", date(2004, 9, 1), 40),
    Bought("brokerage", "GOOG", date(2008, 1, 2), 12),
    Bought("brokerage", "FB", date(2012, 5, 18), 400, (Sold(date(2012, 9, 10), 150),)),
    Bought("brokerage", "IBM", date(2002, 7, 10), 110),
    Bought("brokerage", "IBM", date(2012, 3, 12), 40),
    Bought("brokerage", "MSFT", date(2001, 6, 8), 120, (Sold(date(2012, 1, 20), 40),)),
    Bought("brokerage", "MSFT", date(2009, 3, 9), 300),
    Bought("brokerage", "MSFT", date(2012, 3, 15), 250),
    Bought("brokerage", "BOND10", date(2011, 2, 8), 120),
    Bought("brokerage", "BOND10", date(2012, 7, 25), 60),
    Bought("roth", "AAPL", date(2009, 7, 13), 40),
    Bought("roth", "GOOG", date(2010, 7, 6), 12),
    Bought("roth", "IBM", date(2008, 11, 20), 70),
    Bought("k401", "BOND10", date(2006, 6, 28), 130),
    Bought("k401", "BOND10", date(2010, 4, 5), 115),
    Bought("k401", "IBM", date(2007, 8, 16), 160),
)
CASH = {"brokerage": Decimal("18240.55"), "roth": Decimal("2150.00"), "k401": Decimal("4310.25")}


@dataclass(frozen=True)
class Prices:
    """Closes and splits of the demo, as its price file gives them."""

    close: Mapping[tuple[str, date], Decimal]
    split: Mapping[tuple[str, date], int]

    def paid(self, symbol: str, on: date, quantity: int) -> Decimal:
        """What that many shares cost at that day's close, to the cent."""
        return (self.close[symbol, on] * quantity).quantize(Decimal("0.01"), ROUND_HALF_EVEN)

    def grown(self, symbol: str, after: date, until: date) -> int:
        """How many shares one share became by the splits after one day, up to another."""
        count = 1
        for (name, on), ratio in self.split.items():
            if name == symbol and after < on <= until:
                count *= ratio
        return count


def read_prices() -> Prices:
    """The demo's own price file."""
    with (DEMO / "prices.csv").open(encoding="utf-8", newline="") as text:
        rows = [
            (row["symbol"], date.fromisoformat(row["date"]), row) for row in csv.DictReader(text)
        ]
    return Prices(
        {(symbol, on): Decimal(row["close"]) for symbol, on, row in rows},
        {(symbol, on): int(row["split"]) for symbol, on, row in rows if row["split"]},
    )


@dataclass(frozen=True)
class Share:
    """A part of a purchase with its part of the cost: one that was sold, or what is left."""

    quantity: int
    cost: Decimal
    sold: date | None


def shares(bought: Bought, prices: Prices) -> Iterator[Share]:
    """The sold parts, then what is left on the statement's day; the costs add up exactly."""
    cost = prices.paid(bought.symbol, bought.on, bought.quantity)
    quantity, as_of = bought.quantity, bought.on
    for sale in (*bought.sold, None):
        until = STATEMENT if sale is None else sale.on
        quantity *= prices.grown(bought.symbol, as_of, until)
        as_of = until
        if sale is None:
            yield Share(quantity, cost, None)
        else:
            part = (cost * sale.quantity / quantity).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
            yield Share(sale.quantity, part, sale.on)
            quantity, cost = quantity - sale.quantity, cost - part


def lots(prices: Prices) -> str:
    """lots.csv: what the household holds on the statement's day, and its cash."""
    rows: list[list[object]] = []
    for bought in PURCHASES:
        left = next(share for share in shares(bought, prices) if share.sold is None)
        rows.append([bought.account, bought.symbol, left.quantity, bought.on, left.cost])
    rows += [[account, "USD", amount, "", ""] for account, amount in CASH.items()]
    return _table(["account", "symbol", "quantity", "acquired", "cost_basis"], rows)


def sales(prices: Prices) -> str:
    """sales.csv: what it sold this year, at that day's close."""
    rows = [
        [
            bought.account,
            bought.symbol,
            share.quantity,
            bought.on,
            share.sold,
            prices.paid(bought.symbol, share.sold, share.quantity),
            share.cost,
        ]
        for bought in PURCHASES
        for share in shares(bought, prices)
        if share.sold is not None
    ]
    rows.sort(key=lambda row: str(row[4]))
    header = ["account", "symbol", "quantity", "acquired", "sold", "proceeds", "cost_basis"]
    return _table(header, rows)


def _table(header: list[str], rows: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def files() -> dict[str, str]:
    """Every file by name with its text; portfolio.toml is written by hand."""
    prices = read_prices()
    return {"lots.csv": lots(prices), "sales.csv": sales(prices)}


def main() -> int:
    """Write or compare; the exit code says whether the files are as they should be."""
    return write_or_check(FOLDER, files(), "demo portfolio")


if __name__ == "__main__":
    sys.exit(main())
