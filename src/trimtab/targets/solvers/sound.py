"""Whether estimates are numbers and a covariance is one: asked at the door of every choice."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.factors import Factors

    Floats = NDArray[np.float64]

SAME = 1e-8
"""Two halves of a covariance differ by no more than this share of its largest entry."""

SMALL = 64
"""Up to so many names bytes are compared, which is quickest; of more, sums."""


def check_estimates(covariance: Floats | Factors, returns: Floats | None = None) -> None:
    """Be sure that a covariance and expected returns can be reckoned with.

    It takes a microsecond or two where all is well and names are few. Whether a covariance is
    positive definite is for the solver to say.

    Args:
        covariance: Shape (n, n); a factor model is symmetric by itself and passes.
        returns: Expected, shape (n,); None where they do not matter.

    Raises:
        ValueError: A number is missing or infinite, or the covariance is not symmetric.
    """
    import numpy as np

    if returns is not None and not isfinite(np.dot(returns, returns)):
        check_finite("returns", returns)
    if not isinstance(covariance, np.ndarray):
        return
    flat = covariance.ravel()
    if not isfinite(np.dot(flat, flat)):
        check_finite("covariance", covariance)
    if len(covariance) <= SMALL:
        if covariance.tobytes() == covariance.T.tobytes():
            return
    elif _alike_in_sums(covariance):
        return
    _check_symmetric(covariance)


def check_finite(what: str, values: Floats) -> None:
    """Be sure that all values are numbers.

    Raises:
        ValueError: One is not; it says where.
    """
    import numpy as np

    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        at = ", ".join(map(str, bad[0].tolist()))
        raise ValueError(
            f"{what}[{at}] is {values[tuple(bad[0])]}: every one has to be a number. Leave out "
            "what has no history, or fill what is missing."
        )


def _alike_in_sums(covariance: Floats) -> bool:
    """Whether weighted sums of rows and of columns are the same."""
    import numpy as np

    weights = np.linspace(1.0, 2.0, len(covariance))
    # Not by a matrix library, whose threads may have to wait for each other.
    rows = np.einsum("ij,j->i", covariance, weights)
    columns = np.einsum("ij,i->j", covariance, weights)
    return bool(np.abs(rows - columns).max() <= SAME * float(covariance.diagonal().max()))


def _check_symmetric(covariance: Floats) -> None:
    import numpy as np

    apart = np.abs(covariance - covariance.T)
    if apart.max() <= SAME * np.abs(covariance).max():
        return
    one, other = np.unravel_index(int(apart.argmax()), apart.shape)
    raise ValueError(
        f"covariance[{one}, {other}] is {covariance[one, other]:.6g} and covariance[{other}, {one}]"
        f" is {covariance[other, one]:.6g}: it is not symmetric. Correct it, or take "
        "estimates.repair.repaired(covariance).covariance."
    )
