"""Which sessions end a period, told from the sessions that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.model.policy import Calendar
    from trimtab.simulate.frames import Days


def period_ends(dates: Days, period: Calendar) -> NDArray[np.bool_]:
    """The last session of each week, month, quarter or year among the sessions present.

    The last session of the sample ends no period: whether another would follow is not known, and
    it never trades.

    Args:
        dates: Sessions, ascending, shape (sessions,), datetime64[D].
        period: `daily`, `weekly` (weeks begin on Monday), `monthly`, `quarterly` or `annual`.

    Returns:
        One flag a session, shape (sessions,).

    >>> import numpy as np
    >>> days = np.array(["2024-01-30", "2024-01-31", "2024-02-01"], dtype="datetime64[D]")
    >>> period_ends(days, "monthly").tolist()
    [False, True, False]
    """
    import numpy as np

    ends = np.zeros(len(dates), dtype=np.bool_)
    keys = _period_numbers(dates, period)
    ends[:-1] = keys[1:] != keys[:-1]
    return ends


def _period_numbers(dates: Days, period: Calendar) -> Any:
    import numpy as np

    days = dates.astype("datetime64[D]").astype(np.int64)
    if period == "daily":
        return days
    if period == "weekly":
        return (days + 3) // 7  # day 0, 1970-01-01, was a Thursday
    months = dates.astype("datetime64[M]").astype(np.int64)
    return months // {"monthly": 1, "quarterly": 3, "annual": 12}[period]
