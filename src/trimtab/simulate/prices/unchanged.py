"""Prices that do not move for weeks: old ones carried forward, or nobody traded."""

from __future__ import annotations

from trimtab.model.findings import Finding
from trimtab.simulate.prices.history import PriceHistory

LEAST = 20
"""Sessions in a row with the very same price that are told: a month of days."""


def unchanged_findings(history: PriceHistory) -> tuple[Finding, ...]:
    """A note for each symbol whose price stays the very same for long.

    A symbol whose price never moves at all is money, and is not told of.

    Args:
        history: Prices of trades, NaN where there was none.
    """
    return history.once("unchanged", lambda: _findings(history))


def _findings(history: PriceHistory) -> tuple[Finding, ...]:
    import numpy as np

    close = history.close
    if len(close) <= LEAST:
        return ()
    # Whoever stands still so long does so on several in a row of every fourth step.
    fourth = close[4::4] == close[3:-1:4]
    still = fourth[2:] & fourth[1:-1] & fourth[:-2]
    found = []
    for i in np.flatnonzero(still.any(axis=0)):
        same = close[1:, i] == close[:-1, i]
        if same.all():
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same, [0]]).astype(np.int8)))
        first, stop = edges[::2], edges[1::2]
        long = np.flatnonzero(stop - first >= LEAST - 1)
        if not len(long):
            continue
        k = long[np.argmax((stop - first)[long])]
        more = f"; so it does {len(long) - 1} more times" if len(long) > 1 else ""
        message = (
            f"the price stays at {close[first[k], i]:g} for {stop[k] - first[k] + 1} sessions, "
            f"{history.dates[first[k]]} to {history.dates[stop[k]]}{more}. If an old price was "
            "carried forward, risk is understated and trades happen at prices that were not there."
        )
        found.append(Finding("price-unchanged", history.symbols[i], message, "info"))
    return tuple(found)
