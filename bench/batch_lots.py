"""A million accounts with 60 lots each, from Parquet to Parquet.

The limit that it is held against is what any program has to do at least: read the same book and
write it again, by DuckDB on the same threads. A random sample of accounts is decided once more by
the engine, one by one, from the very rows of the file.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work" / "batch-lots"
NAME = "batch-lots-parquet/limit"
NAMES = (NAME,)
DAY = date(2026, 3, 31)
ACCOUNTS = int(os.environ.get("TRIMTAB_BENCH_ACCOUNTS", "1000000"))
SMALL = 100_000
SAMPLE = 200

ASSETS = {
    "VTI": (20, "254.11"), "VXUS": (15, "61.23"), "VEA": (15, "49.87"), "BND": (10, "100.02"),
    "VOO": (10, "512.04"), "VWO": (10, "77.45"), "VNQ": (8, "91.18"), "QQQ": (6, "333.33"),
    "TIP": (4, "20.49"), "GLD": (2, "180.50"),
}  # fmt: skip

SLEEVES = "\n".join(
    f'[target.{symbol.lower()}]\npercent = {weight}\nhold = ["{symbol}"]'
    for symbol, (weight, _) in ASSETS.items()
)
PORTFOLIO = f"""\
currency = "USD"
calendar = "XNYS"
prices   = "prices.csv"

[accounts.account]
tax = "taxable"

{SLEEVES}

[policy]
when = "band:5pp/25%"
to = "target"
min_trade = 100

[costs]
half_spread_bps = 2

[tax]
country = "US"
long_percent = 15
short_percent = 24
"""


def model(folder: Path) -> Path:
    """The portfolio folder that the batch is run with."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "portfolio.toml").write_text(PORTFOLIO)
    (folder / "lots.csv").write_text("account,symbol,quantity,acquired,cost_basis\n")
    rows = [f"{DAY},{symbol},{price}" for symbol, (_, price) in ASSETS.items()]
    (folder / "prices.csv").write_text("\n".join(["date,symbol,close", *rows]) + "\n")
    return folder


def generate(path: Path, accounts: int) -> None:
    """The book: six lots of each of ten assets, and cash; wealth, drift and gains by hash."""
    import duckdb

    symbols = list(ASSETS)
    weights = [w for w, _ in ASSETS.values()]
    prices = [price for _, price in ASSETS.values()]
    uniform = "((hash(a * 131 + {0}) % 1000003)::DOUBLE / 1000003)"
    query = f"""
        WITH lots AS (
            SELECT a, l, 1 + l // 6 AS i,
                   20000 * exp(4 * {uniform.format("7")}) AS wealth,
                   exp(0.45 * ({uniform.format("1000 + l // 6")} - 0.5)) AS drifted,
                   {uniform.format("2000 + l")} AS luck,
                   {uniform.format("3000 + l")} AS age
            FROM range({accounts}) AS t(a), range(61) AS u(l)
        ), rows AS (
            SELECT a, l, coalesce({symbols!r}[i], 'USD') AS symbol,
                   greatest((wealth * {weights!r}[i] / 100 * drifted / 6
                             / {prices!r}[i]::DOUBLE)::BIGINT, 1) AS shares,
                   wealth, luck, age, {prices!r}[i]::DECIMAL(9, 2) AS price
            FROM lots
        )
        SELECT printf('A%08d', a) AS account, symbol,
               CASE WHEN symbol = 'USD' THEN round(wealth * 0.01, 2) ELSE shares END
                   ::DECIMAL(18, 4) AS quantity,
               CASE WHEN symbol <> 'USD' THEN DATE '{DAY}' - 1 - (age * 3000)::INT END AS acquired,
               CASE WHEN symbol <> 'USD' THEN round(shares * price * (0.5 + 0.7 * luck), 2) END
                   ::DECIMAL(18, 2) AS cost_basis
        FROM rows ORDER BY a, l
    """
    step = 50_000
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        parts = []
        for first in range(0, accounts, step):
            part = path.with_name(f"{path.name}-{os.getpid()}-{first:09d}")
            size = min(step, accounts - first)
            chosen = query.replace(f"range({accounts})", f"range({first}, {first + size})")
            connection.execute(f"COPY ({chosen}) TO '{part}' (FORMAT parquet)")
            parts.append(part)
        listed = ", ".join(f"'{part}'" for part in parts)
        beside = path.with_name(f"{path.name}-{os.getpid()}")
        connection.execute(
            f"COPY (SELECT * FROM read_parquet([{listed}])) TO '{beside}' (FORMAT parquet)"
        )
        beside.replace(path)
        for part in parts:
            part.unlink()


def measured(code: str, *arguments: str) -> tuple[float, float, str]:
    """Run Python in a process of its own: seconds of the work, peak memory in GB, what it said."""
    # The kernel's own mark of this program: getrusage would report the parent's peak if larger.
    wrapped = (
        "import sys, time, json\n"
        f"{code}\n"
        "marks = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "peak = int(marks['VmHWM'].split()[0]) / 2**20\n"
        "print(json.dumps({'seconds': seconds, 'peak': peak, 'said': said}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", wrapped, *arguments], check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["peak"], told["said"]


OURS = """
from pathlib import Path
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.batch.run import run_batch
book, folder, out, warm = (Path(word) for word in sys.argv[1:5])
portfolio = read_portfolio(folder)
run_batch(warm, out.with_name("warm-out"), portfolio=portfolio, threads=2)  # compiles, if need be
start = time.perf_counter()
summary = run_batch(book, out, portfolio=portfolio, threads=2)
seconds = time.perf_counter() - start
said = json.dumps(summary.plain())
"""

THEIRS = """
import duckdb
connection = duckdb.connect()
connection.execute("SET threads = 2")
start = time.perf_counter()
connection.execute(
    f"COPY (SELECT * FROM read_parquet('{sys.argv[1]}')) TO '{sys.argv[2]}' (FORMAT parquet)"
)
seconds = time.perf_counter() - start
said = ""
"""


def disagreements(book: Path, folder: Path, out: Path, accounts: int) -> int:
    """Accounts of a sample whose trades in the file are not those that the engine decides."""
    import duckdb

    from trimtab.adapters.calendars import calendar
    from trimtab.adapters.portfolio_folder import read_portfolio
    from trimtab.adapters.prices_file import PriceFile
    from trimtab.engine.decide import decide
    from trimtab.model.accounts import Lot
    from trimtab.model.numbers import minor_from
    from trimtab.model.state import State

    portfolio = read_portfolio(folder)
    instruments = portfolio.household.instruments
    file = PriceFile(portfolio.prices, instruments=instruments, calendar=calendar("XNYS"))
    market = file.snapshot(DAY, sorted(instruments))
    names = [f"A{a:08d}" for a in random.Random(3).sample(range(accounts), SAMPLE)]
    wrong = 0
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT account, file_row_number, symbol, quantity, acquired, cost_basis FROM "
            "read_parquet(?, file_row_number=true) WHERE account IN (SELECT unnest(?))",
            [str(book), names],
        ).fetchall()
        trades = connection.execute(
            "SELECT account, symbol, side, quantity, value, cost, tax, lots FROM read_parquet(?) "
            "WHERE account IN (SELECT unnest(?))",
            [str(out / "trades.parquet"), names],
        ).fetchall()
    for name in names:
        own = [row[1:] for row in rows if row[0] == name]
        lots = tuple(
            Lot(f"{row:012d}", "account", symbol, int(quantity), acquired, minor_from(basis))
            for row, symbol, quantity, acquired, basis in own
            if symbol != "USD"
        )
        cash = sum(minor_from(Decimal(row[2])) for row in own if row[1] == "USD")
        plan = decide(State(lots, {"account": cash}), portfolio.mandate, market, DAY)
        expected = [
            (
                t.instrument, t.side, t.quantity, t.value, t.cost, t.tax,
                [(int(x.lot), x.quantity, x.basis, x.tax) for x in t.lots],
            )
            for t in plan.trades
        ]  # fmt: skip
        found = [
            (
                symbol, side, int(quantity), int(value * 100), int(cost * 100), int(tax * 100),
                [
                    (x["row"], int(x["quantity"]), int(x["cost_basis"] * 100), int(x["tax"] * 100))
                    for x in sold
                ],
            )
            for account, symbol, side, quantity, value, cost, tax, sold in trades
            if account == name
        ]  # fmt: skip
        wrong += expected != found
    return wrong


def measure(accounts: int) -> dict[str, Any]:
    """One count of accounts: seconds of both, peak memory, what was decided, disagreements."""
    WORK.mkdir(parents=True, exist_ok=True)
    folder, book = model(WORK / "model"), WORK / f"book-{accounts}.parquet"
    warm = WORK / "book-1000.parquet"
    for path, count in ((warm, 1000), (book, accounts)):
        if not path.exists():
            generate(path, count)
    out, copy = WORK / "out", WORK / "copy.parquet"
    for place in (out, WORK / "warm-out"):
        shutil.rmtree(place, ignore_errors=True)
    theirs = measured(THEIRS, str(book), str(copy))
    ours = measured(OURS, str(book), str(folder), str(out), str(warm))
    wrong = disagreements(book, folder, out, accounts)
    megabytes = book.stat().st_size / 1e6
    copy.unlink()
    shutil.rmtree(out)
    return {
        "ours": ours[0],
        "peer": theirs[0],
        "peak": ours[1],
        "peer_peak": theirs[1],
        "summary": json.loads(ours[2]),
        "wrong": wrong,
        "megabytes": megabytes,
    }


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The row of this file; a smaller book beside it shows that memory does not grow."""
    if not only(NAME):
        return []
    small = measure(min(SMALL, ACCOUNTS))
    large = measure(ACCOUNTS) if ACCOUNTS > SMALL else small
    (WORK / f"book-{ACCOUNTS}.parquet").unlink()
    told = large["summary"]
    note = (
        f"{ACCOUNTS:,} accounts x 60 lots, {large['megabytes']:,.0f} MB of Parquet; "
        f"{ACCOUNTS / large['ours']:,.0f} accounts a second on 2 threads, "
        f"{told['trades']:,} trades in {told['traded']:,} accounts, "
        f"{told['decided_by_engine']} decided one by one; peak "
        f"memory {large['peak']:.2f} GB (with {min(SMALL, ACCOUNTS):,} accounts "
        f"{small['peak']:.2f}); the peer is DuckDB reading and rewriting the book; agreement: "
        f"accounts of {SAMPLE} at random whose trades, lots, cost or tax differ from decide()"
    )
    return [
        {
            "name": NAME,
            "ours": large["ours"],
            "peer": large["peer"],
            "ratio": large["peer"] / large["ours"],
            "agreement": float(large["wrong"] + (small["wrong"] if large is not small else 0)),
            "note": note,
        }
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
