"""Shuffled histories with real lots and tax: a five-ETF policy over twenty years in account mode.

The peer is account mode itself with every session asked, as `plan` would be on that day, in one
process; ours passes over the sessions on which nothing can happen and uses all processors. Both do
the same: the figures of all paths are compared. Ours is timed over a sample of paths, the peer over
fewer of them, and both times are for a thousand.
"""

from __future__ import annotations

import json
import os
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

HERE = Path(__file__).resolve().parent
PRICES = HERE.parents[1] / "shared" / "data" / "etf_daily_yahoo"
NAMES = ("bootstrap-account/each-session",)
TARGET = {"SPY": 40, "EFA": 15, "AGG": 30, "GLD": 5, "VNQ": 10}
FIRST, LAST = date(2005, 1, 3), date(2024, 12, 31)
PATHS, SAMPLE, FEW = 1000, 8, 2
SEED = 7


def rows() -> list[dict[str, Any]]:
    """The row `bootstrap-account/each-session`."""
    if not PRICES.is_dir():
        empty = dict.fromkeys(("ours", "peer", "ratio", "agreement"))
        why = f"skipped: {PRICES.name} is not beside this clone"
        return [{"name": NAMES[0], **empty, "note": why}]
    with tempfile.TemporaryDirectory() as folder:
        return [_row(Path(folder))]


def _row(folder: Path) -> dict[str, Any]:
    import numpy as np

    import trimtab as tt
    from trimtab.live.history import account_paths
    from trimtab.model.policy import Policy
    from trimtab.simulate.accounts import session as account_session
    from trimtab.simulate.accounts.quiet import NONE

    sessions = _write(folder)
    book = tt.open(folder)
    pair = Policy(None, "monthly"), Policy(None, "never")
    cores = os.cpu_count() or 1

    def run(paths: int, processes: int) -> tuple[float, Any]:
        begun = perf_counter()
        found = account_paths(
            book, pair, start=FIRST, end=LAST, cash=Decimal(100_000), paths=paths, seed=SEED,
            processes=processes,
        )  # fmt: skip
        return perf_counter() - begun, found.table

    ours, table = run(SAMPLE, cores)
    with patch.object(account_session, "quiet_worth", lambda *_, **__: NONE):
        peer, theirs = run(FEW, 1)
    return {
        "name": NAMES[0],
        "ours": ours * PATHS / SAMPLE,
        "peer": peer * PATHS / FEW,
        "ratio": (peer / FEW) / (ours / SAMPLE),
        "agreement": float(np.abs(table[:FEW] - theirs).max()),
        "note": (
            f"seconds for {PATHS:,} paths of {sessions:,} sessions with lots, tax, whole shares: "
            f"monthly beside doing nothing: from {SAMPLE} paths on {cores} processors, reading "
            f"prices included, and {FEW} paths of the peer, which asks every session, on one; "
            "agreement in money after tax"
        ),
    }


def _write(folder: Path) -> int:
    """A portfolio folder with one taxable account, all in cash; how many sessions it has."""
    from trimtab.adapters.price_frames import read_prices

    prices = read_prices(PRICES).select(tuple(TARGET))
    days = [str(day) for day in prices.dates]
    kept = [
        (day, row)
        for day, row in zip(days, prices.close.tolist(), strict=True)
        if FIRST.isoformat() <= day <= LAST.isoformat() and all(x == x for x in row)
    ]
    lines = [f"date,{','.join(prices.symbols)}"]
    lines += [",".join([day, *(f"{x:.4f}" for x in row)]) for day, row in kept]
    (folder / "prices.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sleeves = "".join(
        f'\n[target.{name.lower()}]\npercent = {percent}\nhold = ["{name}"]\n'
        for name, percent in TARGET.items()
    )
    (folder / "portfolio.toml").write_text(
        'currency = "USD"\ncalendar = "XNYS"\nprices = "prices.csv"\n'
        f"opened = {kept[0][0]}\n"
        '\n[accounts.brokerage]\ntax = "taxable"\nbroker = "paper"\n'
        f'{sleeves}\n[policy]\nwhen = "monthly"\nto = "target"\n'
        "\n[costs]\nhalf_spread_bps = 5\n"
        '\n[tax]\ncountry = "US"\nlong_percent = 15\nshort_percent = 24\n',
        encoding="utf-8",
    )
    (folder / "lots.csv").write_text(
        "account,symbol,quantity,acquired,cost_basis\nbrokerage,USD,100000.00,,\n",
        encoding="utf-8",
    )
    return len(kept)


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
