"""How many sessions make a year, by how far apart prices are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.arrays import SESSIONS_A_YEAR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAYS_A_YEAR = 365.25

USUAL_YEARS = (52, 26, 12, 4, 2, 1)
"""Sessions a year of prices that come once a week, ..., once a year."""


def sessions_a_year(dates: NDArray[np.datetime64]) -> float:
    """How many sessions a year prices have, by how far apart they usually are.

    252 for days (also where there are prices at weekends), 52 for weeks, 12 for months, 4 for
    quarters, 1 for years; what is none of these is 365.25 over the usual gap in days.

    Args:
        dates: The sessions, oldest first, shape (sessions,).

    >>> import numpy as np
    >>> sessions_a_year(np.array(["2024-01-31", "2024-02-29", "2024-03-28"], dtype="datetime64[D]"))
    12.0
    """
    import numpy as np

    days = int((dates[-1] - dates[0]).astype(int)) if len(dates) > 1 else 0
    # Most prices come once a business day, and are told by their number alone.
    if not days or (len(dates) - 1) * DAYS_A_YEAR >= 150 * days:
        return float(SESSIONS_A_YEAR)
    gap = float(np.median(np.diff(dates).astype(np.int64)))
    if gap <= 4:  # a weekend, or a holiday beside it
        return float(SESSIONS_A_YEAR)
    rate = DAYS_A_YEAR / gap
    return next((float(usual) for usual in USUAL_YEARS if abs(rate / usual - 1) < 0.1), rate)
