"""vectorbt over many band widths at once, its columns tiled; in its own environment, prints JSON.

All policies of a chunk run in one call, a group of columns each, which is how it sweeps; what it
keeps of each grows with the chunk. The first run, which compiles, is not counted.
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
from vectorbt_backtest import before_group, before_session, order


def swept(prices: pd.DataFrame, bands: Any, fee: float, cash: float) -> Any:
    """Final wealth of every band."""
    tiled = pd.concat([prices] * len(bands), axis=1, keys=range(len(bands)))
    close = tiled.to_numpy()
    made = vbt.Portfolio.from_order_func(
        tiled,
        order,
        close,
        fee,
        pre_group_func_nb=before_group,
        pre_segment_func_nb=before_session,
        pre_segment_args=(close, np.array(bands)),
        init_cash=cash,
        cash_sharing=True,
        group_by=np.repeat(np.arange(len(bands)), prices.shape[1]),
        freq="D",
    )
    return made.value().iloc[-1].to_numpy()


def main() -> None:
    path, rate, cash, repeats, *widths = sys.argv[1:]
    prices = pd.read_csv(path, index_col=0, parse_dates=True)
    bands = [float(width) for width in widths]
    seconds, finals = [], np.zeros(0)
    for _ in range(int(repeats) + 1):
        begun = perf_counter()
        finals = swept(prices, bands, float(rate), float(cash))
        seconds.append((perf_counter() - begun) / len(bands))
    print(
        json.dumps(
            {"seconds": median(seconds[1:]), "finals": finals.tolist(), "version": vbt.__version__}
        )
    )


if __name__ == "__main__":
    main()
