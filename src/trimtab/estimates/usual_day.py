"""What is usual for an instrument on a day: what its orders are measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.estimates.arrays import Floats

    Days = NDArray[np.datetime64]

USUAL_SESSIONS = 20
"""Sessions over which volatility and volume are averaged, before the trade."""
LEAST_SESSIONS = 5
"""With fewer known than these, there is no estimate."""


class UsualDays(NamedTuple):
    """What is usual for an instrument, as known at the close of each of its sessions.

    Args:
        days: Its sessions.
        deviation: Standard deviation of daily simple returns (ddof 1); NaN where too few are known.
        money: Mean of close x volume.
        units: Mean volume.
    """

    days: Any
    deviation: Floats
    money: Floats
    units: Floats


def usual_days(dates: Days, close: Floats, volume: Floats | None) -> UsualDays:
    """Volatility and volume of a usual day, as known at the close of each session.

    Over the last 20 sessions, or those there are from 5 on.

    Args:
        dates: Sessions on which it has a price, ascending, shape (sessions,).
        close: Its prices.
        volume: Units traded; NaN where it is not known, None where nowhere.
    """
    import numpy as np

    if volume is None:
        volume = np.full(len(dates), np.nan)
    returns = np.full(len(dates), np.nan)
    returns[1:] = close[1:] / close[:-1] - 1.0
    deviation = np.full(len(dates), np.nan)
    money, units = np.full(len(dates), np.nan), np.full(len(dates), np.nan)
    for column, made, ddof in (
        (returns, deviation, 1), (close * volume, money, 0), (volume, units, 0),
    ):  # fmt: skip
        padded = np.concatenate([np.full(USUAL_SESSIONS - 1, np.nan), column])
        windows = np.lib.stride_tricks.sliding_window_view(padded, USUAL_SESSIONS)
        enough = np.count_nonzero(~np.isnan(windows), axis=1) >= LEAST_SESSIONS
        if enough.any():
            figure = np.nanstd(windows[enough], axis=1, ddof=1) if ddof else None
            made[enough] = np.nanmean(windows[enough], axis=1) if figure is None else figure
    return UsualDays(dates, deviation, money, units)
