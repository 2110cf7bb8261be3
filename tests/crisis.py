"""An account of four ETFs in the spring of 2020, for tests of correlations that break."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

FIRST = "2017-06-01"
SYMBOLS = ("SPY", "EFA", "VNQ", "AGG")
STANDS = {"us": "SPY", "abroad": "EFA", "estate": "VNQ", "bonds": "AGG"}
STRUCK = date(2020, 3, 9)
"""The first session at which the test rejects."""

FOLDER = """currency = "USD"
calendar = "XNYS"
prices   = "prices.csv"
opened   = 2020-02-28
[household]
name = "Crisis"
[accounts.one]
tax    = "roth"
broker = "paper"
{sleeves}
[policy]
when = "{when}"
{optimize}"""


def crisis_folder(path: Path, shared: Path, *, when: str, optimize: str = "") -> Path:
    """All in SPY and AGG on 28 February 2020; a found target, or equal shares."""
    source = shared / "data" / "etf_daily_yahoo"
    percent = "" if optimize else "percent = 25\n"
    sleeves = "\n".join(
        f'[target.{name}]\n{percent}hold = ["{symbol}"]' for name, symbol in STANDS.items()
    )
    path.mkdir(exist_ok=True)
    text = FOLDER.format(sleeves=sleeves, when=when, optimize=optimize)
    (path / "portfolio.toml").write_text(text)
    (path / "lots.csv").write_text(
        "account,symbol,quantity,acquired,cost_basis\n"
        "one,SPY,200,2018-01-02,50000\none,AGG,400,2018-01-02,40000\none,USD,1000,,\n"
    )
    rows = ["date,symbol,close"]
    for symbol in SYMBOLS:
        with (source / f"{symbol}.csv").open(newline="") as file:
            rows += [
                f"{row['date']},{symbol},{row['adj_close']}"
                for row in csv.DictReader(file)
                if FIRST <= row["date"] <= "2020-06-30"
            ]
    (path / "prices.csv").write_text("\n".join(rows) + "\n")
    return path
