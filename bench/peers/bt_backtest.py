"""bt at its best on the benchmark's backtests; runs in bt's own environment, prints one JSON line.

Fractional positions, no progress bar, no statistics: only the run and the curve of values.
"""

from __future__ import annotations

import json
import sys
from statistics import median
from time import perf_counter

import bt
import pandas as pd

DAY_ONE = "first day"


def strategy(work: str, symbols: list[str]) -> bt.Strategy:
    """Equal weights, rebalanced at each month's last session or at a band of 5 points."""
    weigh = bt.algos.WeighSpecified(**dict.fromkeys(symbols, 1.0 / len(symbols)))
    if work == "monthly":
        algos = [bt.algos.RunMonthly(run_on_end_of_period=True), weigh, bt.algos.Rebalance()]
    else:
        # Its band is relative: 5 points of a weight of 1 / n.
        out = bt.algos.RunIfOutOfBounds(0.05 * len(symbols))
        algos = [weigh, bt.algos.Or([bt.algos.RunOnce(), out]), bt.algos.Rebalance()]
    return bt.Strategy(work, algos)


def main() -> None:
    path, work, rate, cash, repeats = sys.argv[1:6]
    prices = pd.read_csv(path, index_col=0, parse_dates=True)
    fee = float(rate)
    seconds, final = [], 0.0
    for _ in range(int(repeats)):
        begun = perf_counter()
        test = bt.Backtest(
            strategy(work, list(prices.columns)),
            prices,
            initial_capital=float(cash),
            commissions=lambda quantity, price: abs(quantity) * price * fee,
            integer_positions=False,
            progress_bar=False,
        )
        test.run()
        curve = test.strategy.values
        seconds.append(perf_counter() - begun)
        final = float(curve.iloc[-1])
    print(json.dumps({"seconds": median(seconds), "final": final, "version": bt.__version__}))


if __name__ == "__main__":
    main()
