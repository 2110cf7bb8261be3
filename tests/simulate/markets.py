"""Made-up price histories for tests of the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from trimtab.simulate.prices.history import PriceHistory


def history(
    columns: dict[str, Sequence[float]],
    *,
    first: str = "2024-01-01",
    opens: Any = None,
    dates: Sequence[str | date] | None = None,
) -> PriceHistory:
    """Prices of several symbols on consecutive weekdays from `first`, or on the dates named."""
    close = np.array(list(columns.values()), dtype=float).T
    if dates is None:
        days = np.busday_offset(first, np.arange(len(close)), roll="forward")
    else:
        days = np.array(dates, dtype="datetime64[D]")
    return PriceHistory(days, tuple(columns), close, open=opens)


def lively(symbols: Sequence[str], sessions: int, seed: int = 0, **options: Any) -> PriceHistory:
    """Random walks of several symbols."""
    draw = np.random.default_rng(seed)
    steps = draw.normal(0.0003, 0.02, (len(symbols), sessions))
    walks = 50.0 * np.exp(np.cumsum(steps, axis=1))
    return history(dict(zip(symbols, walks, strict=True)), **options)
