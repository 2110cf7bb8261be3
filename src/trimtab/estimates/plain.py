"""A history in which nothing is wrong: its mean and covariance in one compiled pass.

The usual way asks what of a history can be used, estimates, and asks whether the covariance can be
used and believed. Where all is well, one pass over the numbers settles all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.absurd import MOST_VOLATILITY
from trimtab.estimates.arrays import SESSIONS_A_YEAR, as_compiled
from trimtab.estimates.history import LEAST_SESSIONS
from trimtab.estimates.repair import LEAST_EIGENVALUE
from trimtab.kernels.compile import compiled
from trimtab.kernels.moments import AT_ONCE, plain_moments
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from trimtab.estimates.arrays import Floats

MOST_WORK = 1 << 22
"""Sessions times instruments times instruments; of more, numpy's products are quicker."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What a plain history teaches.

    Args:
        mean: A year's return, arithmetic, shape (n,).
        compounded: A year's return, geometric, shape (n,).
        covariance: A year's, ddof 1, symmetric and positive definite, shape (n, n).
    """

    mean: Floats
    compounded: Floats
    covariance: Floats


def moments_of_plain(
    returns: Floats, *, sessions_a_year: float = SESSIONS_A_YEAR, least: int = LEAST_SESSIONS
) -> Moments | None:
    """The means and the sample's covariance, if the usual way would let all of it pass.

    None where `usable`, `repaired` or `absurd` would leave out, change or say something, and where
    there is so much of it that the usual way is quicker. It imports Numba.

    Args:
        returns: Shape (sessions, n), oldest first; NaN where there is none.
        sessions_a_year: Sessions that make a year.
        least: The fewest sessions to learn from.
    """
    import numpy as np

    sessions, n = returns.shape
    if sessions < max(least, 2) or not 0 < sessions * n * n <= MOST_WORK:
        return None
    mean, growth, covariance = np.empty(n), np.empty(n), np.empty((n, n))
    plain = compiled(plain_moments)(
        as_compiled(returns), sessions, n, float(sessions_a_year), LEAST_EIGENVALUE,
        MOST_VOLATILITY**2, mean, growth, covariance, np.empty((AT_ONCE + 1, n)), np.empty((n, n)),
    )  # fmt: skip
    if not plain:
        return None
    mean *= sessions_a_year
    growth **= sessions_a_year / sessions
    growth -= 1.0
    return Moments(mean, growth, covariance)
