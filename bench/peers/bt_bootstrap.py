"""bt over a sample of shuffled histories; runs in bt's own environment, prints one JSON line.

As in `bt_backtest.py`: fractional positions, no progress bar, no statistics. Reading the paths is
not counted.
"""

from __future__ import annotations

import json
import sys
from statistics import median
from time import perf_counter

import bt
import numpy as np
import pandas as pd


def main() -> None:
    path, rate, cash = sys.argv[1:4]
    fee = float(rate)
    with np.load(path) as held:
        dates = pd.DatetimeIndex(held["dates"])
        symbols, weights, paths = held["symbols"].tolist(), held["weights"].tolist(), held["paths"]
    target = dict(zip(symbols, weights, strict=True))
    seconds, final = [], []
    for closes in paths:
        prices = pd.DataFrame(closes, index=dates, columns=symbols)
        begun = perf_counter()
        algos = [
            bt.algos.RunMonthly(run_on_end_of_period=True),
            bt.algos.WeighSpecified(**target),
            bt.algos.Rebalance(),
        ]
        test = bt.Backtest(
            bt.Strategy("monthly", algos),
            prices,
            initial_capital=float(cash),
            commissions=lambda quantity, price: abs(quantity) * price * fee,
            integer_positions=False,
            progress_bar=False,
        )
        test.run()
        curve = test.strategy.values
        seconds.append(perf_counter() - begun)
        final.append(float(curve.iloc[-1]))
    print(json.dumps({"seconds": median(seconds), "final": final, "version": bt.__version__}))


if __name__ == "__main__":
    main()
