"""A thousand shuffled histories of a five-ETF policy over twenty years, beside bt path by path.

Both rebalance monthly with costs over the very same paths, ours under bt's cost rule: each order's
fee comes out of that order's money, and bt pays for its first purchases, so ours starts with that
much less. Ours is timed for all paths, drawing them included; bt runs a sample of them, handed to
it as prices, and its time is the median of a path times the number of paths.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve().parent
PRICES = HERE.parents[1] / "shared" / "data" / "etf_daily_yahoo"
NAMES = ("bootstrap-policy/bt",)
TARGET = {"SPY": 0.4, "EFA": 0.15, "AGG": 0.3, "GLD": 0.05, "VNQ": 0.1}
RATE = 0.0005
CASH = 100_000.0
PATHS = 1000
SAMPLE = 5
RUNS = 5
SEED = 7


def rows() -> list[dict[str, Any]]:
    """The row `bootstrap-policy/bt`."""
    python = HERE / ".peers" / "bt" / "bin" / "python"
    if not PRICES.is_dir():
        return [_skipped(f"{PRICES.name} is not beside this clone")]
    if not python.is_file():
        return [_skipped("no environment made from peers/bt.txt")]
    return [_row(python)]


def _skipped(reason: str) -> dict[str, Any]:
    empty = dict.fromkeys(("ours", "peer", "ratio", "agreement"))
    return {"name": NAMES[0], **empty, "note": f"skipped: {reason}"}


def _row(python: Path) -> dict[str, Any]:
    import numpy as np

    from trimtab.adapters.price_frames import read_prices
    from trimtab.costs import Costs
    from trimtab.model.policy import Policy
    from trimtab.simulate.research.backtest import backtest
    from trimtab.simulate.uncertainty.bootstrap import bootstrap, bootstrap_paths

    result = backtest(
        read_prices(PRICES).select(tuple(TARGET)),
        Policy(TARGET, when="monthly"),
        costs=Costs(bps=str(RATE * 10_000)),
        cash=CASH / (1.0 + RATE),
        cost_rule="in-order",
        form="compiled",
    )
    outcomes = bootstrap(result, paths=2, seed=SEED)  # compiles
    seconds = []
    for _ in range(RUNS):
        begun = perf_counter()
        outcomes = bootstrap(result, paths=PATHS, seed=SEED)
        seconds.append(perf_counter() - begun)
    alone = perf_counter()
    bootstrap(result, paths=PATHS, seed=SEED, threads=1)
    alone = perf_counter() - alone
    ours = outcomes.of(outcomes.names[0], "final_value")[:SAMPLE]

    source, block = bootstrap_paths(result, seed=SEED)
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "paths.npz"
        np.savez(
            held,
            dates=source.template.dates,
            symbols=np.array(source.template.symbols),
            weights=np.array([TARGET[symbol] for symbol in source.template.symbols]),
            paths=np.array([source.path(number).close for number in range(SAMPLE)]),
        )
        words = [str(python), str(HERE / "peers" / "bt_bootstrap.py"), str(held)]
        done = subprocess.run(
            [*words, str(RATE), str(CASH)], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        return _skipped(f"bt failed: {last[0][:120]}")
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    apart = np.abs(ours / np.array(theirs["final"]) - 1.0).max()
    return {
        "name": NAMES[0],
        "ours": median(seconds),
        "peer": theirs["seconds"] * PATHS,
        "ratio": theirs["seconds"] * PATHS / median(seconds),
        "agreement": float(apart),
        "note": (
            f"relative difference of final wealth, the largest of {SAMPLE} paths; bt "
            f"{theirs['version']}, its median path of those times {PATHS:,}; ours all {PATHS:,} "
            f"paths of {len(source.template):,} sessions with drawing them in blocks of "
            f"{block:.0f} and eight figures each, {alone:.2f} s on one thread"
        ),
    }


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
