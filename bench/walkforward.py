"""Least-variance weights of 20 stocks, learned anew every 21 sessions from the 252 before them.

Both walk through 33 years: fit on a window, hold to the next refit, note the returns. Ours is
`tt.Optimiser`, as a policy's target is fitted in a backtest; skfolio runs `cross_val_predict` over
its `WalkForward`, in the environment made from peers/optimisers.txt.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from quadratic import PYTHON, skipped

HERE = Path(__file__).resolve().parent
PRICES = HERE.parents[1] / "shared" / "data" / "skfolio_sp500_20stocks" / "sp500_dataset.csv.gz"
NAME = "walkforward-minvar/skfolio"
NAMES = (NAME,)
WINDOW, STEP, RUNS = 252, 21, 7


def rows() -> list[dict[str, Any]]:
    """The one row of this file."""
    import trimtab as tt

    if not PRICES.is_file():
        return [skipped(NAME, f"{PRICES.name} is not beside this clone")]
    if not PYTHON.is_file():
        return [skipped(NAME, "no environment made from peers/optimisers.txt")]
    closes = np.asarray(tt.read_prices(PRICES).close, dtype=np.float64)
    returns = closes[1:] / closes[:-1] - 1.0
    seconds = []
    weights, held = walked(returns)
    for _ in range(RUNS):
        begun = perf_counter()
        weights, held = walked(returns)
        seconds.append(perf_counter() - begun)
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "returns.npz", Path(folder) / "weights.npy"
        np.savez(given, returns=returns)
        script = HERE / "peers" / "skfolio_walk.py"
        words = [str(PYTHON), str(script), str(given), str(WINDOW), str(STEP), str(out)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return [skipped(NAME, (done.stderr.strip().splitlines() or ["failed"])[-1][:120])]
        theirs = json.loads(done.stdout.strip().splitlines()[-1])
        apart = float(np.abs(np.load(out) - weights).max())
    assert abs(theirs["mean"] - float(held.mean())) < 1e-6, "not the same walk"
    return [
        {
            "name": NAME,
            "ours": median(seconds),
            "peer": theirs["seconds"],
            "ratio": theirs["seconds"] / median(seconds),
            "agreement": apart,
            "note": f"{len(weights)} refits on {WINDOW} sessions each, with the returns between "
            f"them; skfolio {theirs['version']}; agreement: largest difference of a weight",
        }
    ]


def walked(returns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights of every refit, and the returns of holding them to the next."""
    import trimtab as tt

    found, held = [], []
    for first in range(WINDOW, len(returns) - STEP + 1, STEP):
        weights = tt.Optimiser("min-volatility").fit(returns[first - WINDOW : first]).weights_
        found.append(weights)
        held.append(returns[first : first + STEP] @ weights)
    return np.array(found), np.concatenate(held)


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
