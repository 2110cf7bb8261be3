"""The figures of an equity curve, each with its convention."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats

DAYS_A_YEAR = 365.25
SESSIONS_A_YEAR = 252


def cagr(start_value: float, final_value: float, first: date, last: date) -> float:
    """The constant yearly return that leads from start to end, actual/365.25, as a fraction.

    >>> round(cagr(100.0, 121.0, date(2020, 1, 1), date(2022, 1, 1)), 3)
    0.1
    """
    years = (last - first).days / DAYS_A_YEAR
    assert years > 0
    assert start_value > 0
    growth: float = (final_value / start_value) ** (1.0 / years)
    return growth - 1.0


def volatility(equity: Floats) -> float:
    """How much daily simple returns vary: standard deviation, ddof 1, times sqrt 252.

    NaN where there are fewer than two returns.
    """
    import numpy as np

    returns = equity[1:] / equity[:-1] - 1.0
    if len(returns) < 2:
        return float("nan")
    return float(np.std(returns, ddof=1) * np.sqrt(SESSIONS_A_YEAR))


def max_drawdown(equity: Floats) -> float:
    """The deepest fall from an earlier high, as a fraction: zero or below."""
    import numpy as np

    return float(np.min(equity / np.maximum.accumulate(equity) - 1.0))
