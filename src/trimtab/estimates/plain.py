"""A history in which nothing is wrong: its mean and covariance in one compiled pass.

The usual way asks what of a history can be used, estimates, and asks whether the covariance can be
used. Where all is well, one pass over the numbers settles all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.arrays import SESSIONS_A_YEAR
from trimtab.estimates.history import LEAST_SESSIONS, can_be_returns
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
        covariance: A year's, ddof 1, symmetric and positive definite, shape (n, n).
    """

    mean: Floats
    covariance: Floats


def moments_of_plain(
    returns: Floats, *, sessions_a_year: float = SESSIONS_A_YEAR, least: int = LEAST_SESSIONS
) -> Moments | None:
    """The mean and the sample's covariance, if `usable` and `repaired` would let all of it pass.

    None where they would leave out, change or say something, and where there is so much of it that
    the usual way is quicker. It imports Numba.

    Args:
        returns: Shape (sessions, n), oldest first; NaN where there is none.
        sessions_a_year: Sessions that make a year.
        least: The fewest sessions to learn from.
    """
    import numpy as np

    sessions, n = returns.shape
    if sessions < max(least, 2) or not 0 < sessions * n * n <= MOST_WORK:
        return None
    if not can_be_returns(returns):
        return None
    mean, covariance = np.empty(n), np.empty((n, n))
    plain = compiled(plain_moments)(
        np.ascontiguousarray(returns), sessions, n, float(sessions_a_year), LEAST_EIGENVALUE,
        mean, covariance, np.empty((AT_ONCE, n)), np.empty((n, n)),
    )  # fmt: skip
    if not plain:
        return None
    mean *= sessions_a_year
    return Moments(mean, covariance)
