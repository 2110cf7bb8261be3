"""Weights that are best on average over histories that might as well have been.

R. Michaud, Efficient asset management, 1998: from the estimates as many returns are drawn as there
were sessions, estimates are made of them, and the best weights found; their mean is less sure of
itself than the weights that were best for the one history there is. It is best by nothing that
could be proved, and keeps to all limits that are convex and do not depend on estimates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]


def draws(
    expected: Floats, covariance: Floats, *, sessions: int, years: float, count: int, seed: int
) -> Iterator[tuple[Floats, Floats]]:
    """Estimates from returns that are drawn: a year's means, shape (n,), and their covariance.

    Args:
        expected: A year's, shape (n,).
        covariance: A year's, positive definite, shape (n, n).
        sessions: How many returns a history has; more than instruments.
        years: That they make.
        count: How many histories.
        seed: Of the random numbers: the same seed, the same histories.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(covariance)
    scale = (sessions / years) ** 0.5
    for _ in range(count):
        # A session's shock times the root of the sessions of a year: a year's covariance.
        shocks = rng.standard_normal((sessions, len(expected))) @ root.T
        yield expected + scale * shocks.mean(axis=0), np.atleast_2d(np.cov(shocks, rowvar=False))


def refuse_what_is_not_resampled(limits: Limits) -> None:
    """Be sure that a mean of weights keeps to the limits that each of them keeps to.

    Raises:
        ValueError: It does not, or they depend on the estimates.
    """
    if limits.names is not None or limits.tracking is not None:
        what = "number of names" if limits.names is not None else "tracking error"
        raise ValueError(f"resampled weights keep to no limit on the {what}: leave out one of them")
