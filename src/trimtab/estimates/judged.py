"""Whether diversification fails, session by session, as sessions come: each is reckoned once.

The same test as `trimtab.estimates.breakdown`, for those who ask every day: what it takes for
earlier sessions is kept, and a new one costs one window of each gauge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.breakdown import (
    CORRELATION_LIMIT,
    PAST,
    RECENT,
    REFIT,
    TURBULENCE_LIMIT,
    absorption_ratio,
    average_correlation,
    trailing_turbulence,
)
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.estimates.arrays import Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """What the test says of sessions, with what it takes to go on.

    Args:
        returns: Of a session, shape (sessions, n).
        first: The first session that was judged.
        daily: How turbulent each session was; NaN where it was not asked.
        raw: The gauges, turbulence in logarithms, shape (sessions, 3).
        usual: Their means over the past, shape (sessions, 3); NaN before `first`.
        broken: Whether diversification fails, shape (sessions,); False before `first`.
    """

    returns: Floats
    first: int
    daily: Floats
    raw: Floats
    usual: Floats
    broken: NDArray[np.bool_]


def judged(returns: ArrayLike, first: int, known: Judged | None = None) -> Judged:
    """Each session from one on judged by itself and those before it.

    Args:
        returns: Simple or log returns of a session, shape (sessions, n), without gaps, n of 2 or
            more, oldest first.
        first: The first session that is asked about.
        known: What is known of the beginning of the same returns, or of more than these.

    Returns:
        What `gauge_paths` says of them. It may know more sessions, before and after.
    """
    import numpy as np

    table = np.asarray(returns, dtype=np.float64)
    done = 0
    if known is not None and known.first <= first:
        both = min(len(known.returns), len(table))
        if np.array_equal(known.returns[:both], table[:both]):
            if both == len(table):
                return known
            done = both
    begin = done or max(0, first - PAST - 2 * RECENT)
    fresh = len(table) - done
    blank = np.full((fresh, 3), np.nan)
    if done:
        assert known is not None, "what is done is known"
        first = known.first
        daily = np.concatenate([known.daily, blank[:, 0]])
        raw, usual = np.vstack([known.raw, blank]), np.vstack([known.usual, blank])
        broken = np.concatenate([known.broken, np.zeros(fresh, dtype=np.bool_)])
    else:
        daily, raw, usual = blank[:, 0].copy(), blank.copy(), blank.copy()
        broken = np.zeros(fresh, dtype=np.bool_)
    _fill(table, begin, daily, raw)
    for session in range(max(first, done), len(table)):
        usual[session], broken[session] = _verdict(raw, session)
    return Judged(table, first, daily, raw, usual, broken)


def _fill(table: Floats, begin: int, daily: Floats, raw: Floats) -> None:
    """The gauges of the sessions from one on."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    # Months begin where those of the whole history do.
    start = max(0, begin // REFIT * REFIT - PAST)
    daily[begin:] = trailing_turbulence(table[start:], PAST, first=begin - start)[begin - start :]
    # The first session at which a whole window ends.
    ends = max(begin, RECENT - 1)
    if ends >= len(table):
        return
    windows = slice(ends - RECENT + 1, None)
    raw[ends:, 0] = average_correlation(table[windows], RECENT)
    raw[ends:, 1] = absorption_ratio(table[windows], RECENT)
    average = sliding_window_view(daily[windows], RECENT).mean(axis=1)
    # Its tail is long: in logarithms a few storms do not make the next one look usual.
    raw[ends:, 2] = np.log(np.maximum(average, 1e-300))


def _verdict(raw: Floats, session: int) -> tuple[Floats, bool]:
    """The usual gauges of a session's past, and whether those of now are unusual."""
    import numpy as np

    end = session + 1 - RECENT
    past = raw[max(end - (PAST - RECENT + 1), 0) : max(end, 0)]
    usual, over = np.full(3, np.nan), [False, False, False]
    limits = (CORRELATION_LIMIT, CORRELATION_LIMIT, TURBULENCE_LIMIT)
    for i, limit in enumerate(limits):
        values = past[~np.isnan(past[:, i]), i]
        if len(values) < max(PAST // 2 - RECENT + 1, 2):
            continue
        usual[i], spread = values.mean(), values.std(ddof=1)
        away = raw[session, i] - usual[i]
        over[i] = bool(away >= limit * spread if spread > 0.0 else away > 0.0)
    return usual, over[2] and (over[0] or over[1])
