"""What every estimate takes in: an array of returns, one row a session, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]

SESSIONS_A_YEAR = 252
"""What makes a year's figures of a session's; monthly returns take 12, and 1 leaves them."""


def returns_by_own(close: Floats) -> Floats:
    """Simple returns, each from an instrument's own last price, shape (sessions - 1, n).

    Args:
        close: Prices, shape (sessions, n), oldest first; NaN where there is none.

    Returns:
        NaN where an instrument has no price that day, or had none before.
    """
    import numpy as np

    known = ~np.isnan(close)
    last = close[:-1]
    if not known.all():
        places = np.where(known, np.arange(len(close))[:, None], 0)
        last = np.take_along_axis(close, np.maximum.accumulate(places, axis=0), axis=0)[:-1]
    changes: Floats = close[1:] / last - 1.0
    return changes


def known_returns(returns: ArrayLike) -> Floats:
    """Returns as an array without gaps, shape (sessions, n).

    Raises:
        ValueError: It is no table, has fewer than two sessions, or a number is missing.
    """
    import numpy as np

    table = returns_with_gaps(returns)
    if is_complete(table):
        return table
    unknown = np.flatnonzero(~np.isfinite(table).all(axis=0))
    if len(unknown):
        raise ValueError(f"returns: column {unknown[0]} is not known throughout (see usable)")
    return table


def is_complete(table: Floats) -> bool:
    """Whether every number is known and finite, seen at a glance; if not, it may still be so."""
    import numpy as np

    return isfinite(np.vdot(table, table))  # what is not finite leaves no sum that is


def as_compiled(table: Floats) -> Floats:
    """An array of the one kind that kernels are compiled for.

    One that may not be written, as pandas gives out, would have them compiled once more.
    """
    import numpy as np

    kind = table.flags
    if table.dtype == np.float64 and kind.c_contiguous and kind.writeable:
        return table
    return np.require(table, dtype=np.float64, requirements=["C", "W"])


def means_of(table: Floats) -> Floats:
    """The average of each column; as a product, which short rows take at a third of the time."""
    import numpy as np

    found: Floats = np.ones(len(table)) @ table / len(table)
    return found


def returns_with_gaps(returns: ArrayLike) -> Floats:
    """Returns as an array in which NaN means that there is none, shape (sessions, n).

    Raises:
        ValueError: It is no table, or has fewer than two sessions.
    """
    import numpy as np

    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 1:
        raise ValueError(f"returns of shape {table.shape}: two sessions or more, one column each")
    return table


def never_changing(table: Floats) -> NDArray[np.int64]:
    """Which columns are the same throughout, but for rounding.

    >>> import numpy as np
    >>> never_changing(np.array([[0.1, 0.2], [0.1, 0.3]])).tolist()
    [0]
    """
    import numpy as np

    still = np.ptp(table, axis=0) <= 1e-12 * np.abs(table).max(axis=0)
    return np.flatnonzero(still)


def refuse_never_changing(table: Floats) -> None:
    """See to it that every column varies.

    Raises:
        ValueError: One never changes, and so has no correlation with anything.
    """
    still = never_changing(table)
    if len(still):
        raise ValueError(f"column {still[0]} never changes: it has no correlation (see usable)")


def square(covariance: ArrayLike) -> Floats:
    """A matrix as an array, shape (n, n).

    Raises:
        ValueError: It is not square.
    """
    import numpy as np

    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a matrix of shape {matrix.shape}: as many rows as columns")
    return matrix


def fading(sessions: int, half_life: float) -> Floats:
    """Weights that halve every so many sessions into the past, newest last, summing to 1.

    Raises:
        ValueError: The half-life is not above zero.

    >>> fading(3, 1.0).round(4).tolist()
    [0.1429, 0.2857, 0.5714]
    """
    import numpy as np

    if not half_life > 0.0:
        raise ValueError(f"half_life {half_life!r}: sessions, above zero")
    weights: Floats = 0.5 ** (np.arange(sessions - 1, -1, -1) / half_life)
    weights /= weights.sum()
    return weights


def names_of(count: int, names: Sequence[str] | None) -> tuple[str, ...]:
    """What findings call the instruments: their names, or `column 0` and so on.

    Raises:
        ValueError: There are not as many names as instruments.
    """
    if names is None:
        return tuple(f"column {i}" for i in range(count))
    if len(names) != count:
        raise ValueError(f"{len(names)} names for {count} instruments")
    return tuple(names)
