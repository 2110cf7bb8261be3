"""bt over a sample of shuffled histories; runs in bt's own environment, prints one JSON line.

As in `bt_backtest.py`: fractional positions, no progress bar, no statistics. Reading the paths is
not counted.
"""

from __future__ import annotations

import json
import sys
from statistics import median

import bt
import numpy as np
import pandas as pd
from bt_backtest import strategy, timed


def main() -> None:
    path, rate, cash = sys.argv[1:4]
    with np.load(path) as held:
        dates = pd.DatetimeIndex(held["dates"])
        symbols, weights, paths = held["symbols"].tolist(), held["weights"].tolist(), held["paths"]
    target = dict(zip(symbols, weights, strict=True))
    seconds, final = [], []
    for closes in paths:
        prices = pd.DataFrame(closes, index=dates, columns=symbols)
        took, wealth = timed(prices, lambda: strategy("monthly", target), float(rate), float(cash))
        seconds.append(took)
        final.append(wealth)
    print(json.dumps({"seconds": median(seconds), "final": final, "version": bt.__version__}))


if __name__ == "__main__":
    main()
