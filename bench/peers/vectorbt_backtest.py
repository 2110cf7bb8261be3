"""vectorbt at its best on the benchmark's backtests; runs in its own environment, prints JSON.

The calendar goes through `from_orders`, the band through `from_order_func` with compiled callbacks,
which is how it does what depends on the path. The first run, which compiles, is not counted.
"""

from __future__ import annotations

import json
import sys
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb
from vectorbt.portfolio.enums import Direction, SizeType


def monthly(prices: pd.DataFrame, fee: float, cash: float) -> Any:
    """Target percentages on the first day and at each month's last session."""
    index = prices.index
    month = index.year * 12 + index.month
    looks = np.append(month[1:] != month[:-1], False)
    looks[0] = True
    size = np.where(looks[:, None], 1.0 / prices.shape[1], np.nan)
    fees = np.full(prices.shape, fee)
    fees[0] = 0.0  # the benchmark starts invested, at no cost
    return vbt.Portfolio.from_orders(
        prices,
        size=np.broadcast_to(size, prices.shape),
        size_type="targetpercent",
        fees=fees,
        init_cash=cash,
        cash_sharing=True,
        group_by=True,
        call_seq="auto",
        freq="D",
    )


@njit
def before_group(c):
    return np.empty(c.group_len, dtype=np.float64), np.empty(c.group_len, dtype=np.float64)


@njit
def before_session(c, values, size, close, bands):
    """Orders for all where one stands its group's band off, for none otherwise."""
    n = c.group_len
    total = c.last_cash[c.group]
    for k in range(n):
        col = c.from_col + k
        c.last_val_price[col] = close[c.i, col]
        total += c.last_position[col] * close[c.i, col]
    fires = c.i == 0
    if not fires and c.i < close.shape[0] - 1:
        for k in range(n):
            col = c.from_col + k
            weight = c.last_position[col] * close[c.i, col] / total
            if abs(weight - 1.0 / n) >= bands[c.group] - 1e-12:
                fires = True
    for k in range(n):
        size[k] = 1.0 / n if fires else np.nan
    if fires:
        nb.sort_call_seq_nb(c, size, SizeType.TargetPercent, Direction.LongOnly, values, False)
    return (size,)


@njit
def order(c, size, close, fee):
    wanted = size[c.col - c.from_col]
    if np.isnan(wanted):
        return nb.order_nothing_nb()
    return nb.order_nb(
        size=wanted,
        price=close[c.i, c.col],
        size_type=SizeType.TargetPercent,
        direction=Direction.LongOnly,
        fees=0.0 if c.i == 0 else fee,
    )


def banded(prices: pd.DataFrame, fee: float, cash: float) -> Any:
    """A band of 5 points, looked at on every session."""
    close = prices.to_numpy()
    return vbt.Portfolio.from_order_func(
        prices,
        order,
        close,
        fee,
        pre_group_func_nb=before_group,
        pre_segment_func_nb=before_session,
        pre_segment_args=(close, np.array([0.05])),
        init_cash=cash,
        cash_sharing=True,
        group_by=True,
        freq="D",
    )


def main() -> None:
    path, work, rate, cash, repeats = sys.argv[1:6]
    prices = pd.read_csv(path, index_col=0, parse_dates=True)
    run = monthly if work == "monthly" else banded
    seconds, final = [], 0.0
    for _ in range(int(repeats) + 1):
        begun = perf_counter()
        curve = run(prices, float(rate), float(cash)).value()
        seconds.append(perf_counter() - begun)
        final = float(curve.iloc[-1])
    found = {"seconds": median(seconds[1:]), "final": final, "version": vbt.__version__}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
