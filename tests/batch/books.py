"""Books and models in files, for tests: built from rows, so that a test shows what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from tests.folders import NO_LOTS, prices_csv, written
from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio

COLUMNS = {
    "account": "VARCHAR",
    "symbol": "VARCHAR",
    "quantity": "DECIMAL(18, 4)",
    "acquired": "DATE",
    "cost_basis": "DECIMAL(18, 2)",
}

TOML = """\
currency = "USD"
calendar = "XNYS"
prices   = "prices.csv"

[accounts.taxable]
tax = "taxable"

[target.us]
percent = 60
hold = ["VTI"]
[target.bonds]
percent = 40
hold = ["BND"]

[policy]
when = "band:5pp"

[costs]
half_spread_bps = 2

[tax]
country = "US"
long_percent = 15
short_percent = 24
"""

PRICES = {"VTI": "254.10", "BND": "73.50", "GLD": "180.00"}


def model(folder: Path, toml: str = TOML, prices: Mapping[str, str] = PRICES) -> Portfolio:
    """A model in files, read."""
    text = prices_csv([("2026-03-31", *row) for row in prices.items()])
    files = {"portfolio.toml": toml, "lots.csv": NO_LOTS, "prices.csv": text}
    return read_portfolio(written(folder, files))


def write(path: Path, rows: Sequence[Sequence[Any]], columns: Mapping[str, str] = COLUMNS) -> Path:
    """Rows as Parquet; small row groups, so that chunks cross them."""
    with duckdb.connect() as connection:
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE book ({typed})")
        places = ", ".join("?" * len(columns))
        if rows:
            connection.executemany(f"INSERT INTO book VALUES ({places})", rows)
        connection.execute(f"COPY book TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    with duckdb.connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def drifted(name: str, shares: int = 100) -> list[tuple[Any, ...]]:
    """An account of 80 to 20 where the target says 60 to 40."""
    return [
        (name, "VTI", shares, "2017-03-06", f"{shares * 120}.00"),
        (name, "BND", shares, "2019-06-03", f"{shares * 79}.00"),
        (name, "USD", 100, None, None),
    ]
