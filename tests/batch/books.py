"""Books and models in files, for tests: built from rows, so that a test shows what it is about."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tests.folders import NO_LOTS, prices_csv, written
from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio
from trimtab.adapters.price_steps import Since
from trimtab.adapters.prices_file import PriceFile
from trimtab.engine.decide import decide
from trimtab.model.accounts import Lot
from trimtab.model.instruments import Instrument
from trimtab.model.numbers import minor_from, steps_from
from trimtab.model.plan import Plan
from trimtab.model.state import State

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

DAY = date(2026, 3, 31)
KINDS = """
[accounts.ira]
tax = "traditional"
menu = ["VTI", "BND"]
[accounts.careful]
tax = "taxable"
relief = "fifo"
[accounts.careful.target.gold]
percent = 10
hold = ["GLD"]
[accounts.careful.target.rest]
percent = 90
[accounts.careful.target.rest.stocks]
percent = 50
hold = ["VTI"]
[accounts.careful.target.rest.bonds]
percent = 40
hold = ["BND"]
"""
FRACTIONS = "\n[instruments.VTI]\nstep = 0.001\n"

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


def generated_rows(r: random.Random, accounts: int) -> list[tuple[Any, ...]]:
    """A book of several kinds with lots, fractions, gains, losses and cash."""
    rows: list[tuple[Any, ...]] = []
    for number in range(accounts):
        name, kind = f"A{number:04d}", r.choice(["taxable", "ira", "careful"])
        for symbol in ("VTI", "BND", "GLD", "OLD"):
            for _ in range(r.choice([0, 1, 2, 5]) if symbol != "OLD" else r.choice([0, 0, 0, 1])):
                quantity = (
                    Decimal(r.randint(1, 400_000)) / 1000
                    if symbol == "VTI"
                    else Decimal(r.randint(1, 900))
                )
                acquired = DAY - timedelta(days=r.choice([10, 365, 366, 2000]))
                basis = Decimal(r.randint(0, 9_000_000)) / 100
                rows.append((name, kind, symbol, quantity, acquired, basis))
        rows.append((name, kind, "USD", Decimal(r.randint(0, 500_000)) / 100, None, None))
    return rows


def _known(portfolio: Portfolio) -> dict[str, Instrument]:
    """The instruments of the model, and OLD, which the generated books hold beside them."""
    instruments = dict(portfolio.household.instruments)
    return instruments | {"OLD": replace(instruments["BND"], id="OLD")}


def plans_of(
    rows: Sequence[Sequence[Any]], portfolio: Portfolio, since: Mapping[str, Since] | None
) -> dict[str, Plan]:
    """What the engine decides for each account of generated rows, alone."""
    known = _known(portfolio)
    file = PriceFile(portfolio.prices, instruments=known, calendar=portfolio.calendar)
    market = file.snapshot(DAY, sorted(known), since)
    plans = {}
    for name in sorted({row[0] for row in rows}):
        own = [(place, row) for place, row in enumerate(rows) if row[0] == name]
        kind = own[0][1][1]
        lots = tuple(
            Lot(f"{place:012d}", kind, row[2], steps_from(row[3], known[row[2]].step), row[4],
                minor_from(row[5]))
            for place, row in own if row[2] != "USD"
        )  # fmt: skip
        household = replace(
            portfolio.household,
            instruments=known,
            accounts={kind: portfolio.household.accounts[kind]},
        )
        cash = sum(minor_from(row[3]) for _, row in own if row[2] == "USD")
        mandate = replace(portfolio.mandate, household=household)
        plans[name] = decide(State(lots, {kind: cash}), mandate, market, DAY)
    return plans


def trades_of(out: Path, portfolio: Portfolio) -> dict[str, list[tuple[Any, ...]]]:
    """The trades of a batch by account, in the order in which they are to be sent."""
    known = _known(portfolio)
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in read(out / "trades.parquet"):
        lots = [
            (lot["row"], minor_from(lot["cost_basis"]), minor_from(lot["tax"]))
            for lot in row["lots"]
        ]
        steps = steps_from(row["quantity"], known[row["symbol"]].step)
        money = [minor_from(row[name]) for name in ("value", "cost", "tax")]
        trade = (row["symbol"], row["side"], steps, *money, lots)
        found.setdefault(row["account"], []).append(trade)
    return found


def expected_of(plan: Plan) -> list[tuple[Any, ...]]:
    """The trades of a plan in the same words."""
    return [
        (
            t.instrument,
            t.side,
            t.quantity,
            t.value,
            t.cost,
            t.tax,
            [(int(lot.lot), lot.basis, lot.tax) for lot in t.lots],
        )
        for t in plan.trades
    ]
