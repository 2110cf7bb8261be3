"""bt at its best on the benchmark's backtests; runs in bt's own environment, prints one JSON line.

Fractional positions, no progress bar, no statistics: only the run and the curve of values.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import bt
import pandas as pd


def strategy(work: str, weights: dict[str, float]) -> bt.Strategy:
    """Rebalanced at each month's last session or, equal weights only, at a band of 5 points."""
    weigh = bt.algos.WeighSpecified(**weights)
    if work == "monthly":
        algos = [bt.algos.RunMonthly(run_on_end_of_period=True), weigh, bt.algos.Rebalance()]
    else:
        # Its band is relative: 5 points of a weight of 1 / n.
        out = bt.algos.RunIfOutOfBounds(0.05 * len(weights))
        algos = [weigh, bt.algos.Or([bt.algos.RunOnce(), out]), bt.algos.Rebalance()]
    return bt.Strategy(work, algos)


def timed(
    prices: pd.DataFrame, made: Callable[[], bt.Strategy], fee: float, cash: float
) -> tuple[float, float]:
    """The seconds that one run takes, from making the strategy on, and the final wealth."""
    begun = perf_counter()
    test = bt.Backtest(
        made(),
        prices,
        initial_capital=cash,
        commissions=lambda quantity, price: abs(quantity) * price * fee,
        integer_positions=False,
        progress_bar=False,
    )
    test.run()
    curve = test.strategy.values
    return perf_counter() - begun, float(curve.iloc[-1])


def main() -> None:
    path, work, rate, cash, repeats = sys.argv[1:6]
    prices = pd.read_csv(path, index_col=0, parse_dates=True)
    weights = dict.fromkeys(prices.columns, 1.0 / len(prices.columns))
    seconds, final = [], 0.0
    for _ in range(int(repeats)):
        took, final = timed(prices, lambda: strategy(work, weights), float(rate), float(cash))
        seconds.append(took)
    print(json.dumps({"seconds": median(seconds), "final": final, "version": bt.__version__}))


if __name__ == "__main__":
    main()
