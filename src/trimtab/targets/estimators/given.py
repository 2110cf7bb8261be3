"""A covariance that is given, by name or by position, in place of one that is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.targets.objectives.estimated import COVARIANCES, Covariance, covariance_by

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.estimates.factors import FactorModel

    Floats = NDArray[np.float64]
    Spread: TypeAlias = Covariance | FactorModel | ArrayLike

REMEDY = f"one of {', '.join(COVARIANCES)}, a matrix or a frame, a year's, or a FactorModel"


def check_covariance(covariance: Any) -> None:
    """Be sure that it says how to come by a covariance.

    Raises:
        ValueError: It is a word that says nothing, or nothing at all.
    """
    if covariance is None or (isinstance(covariance, str) and covariance not in COVARIANCES):
        raise ValueError(f"covariance {covariance!r}: {REMEDY}")


def covariance_of(
    covariance: Any, returns: Floats, names: Sequence[str], *, sessions_a_year: float
) -> Floats:
    """A year's covariance as it is asked for: estimated by a word, or given.

    Args:
        covariance: A word of COVARIANCES; a year's, shape (n, n); the same as a frame whose columns
            and index are symbols, of which more may be named; or a `FactorModel`.
        returns: Simple returns, shape (sessions, n), complete.
        names: Of the instruments.
        sessions_a_year: Sessions that make a year.

    Raises:
        ValueError: It is of other instruments, or no covariance.
    """
    import numpy as np

    if isinstance(covariance, str):
        check_covariance(covariance)
        word: Any = covariance
        return covariance_by(word, returns, sessions_a_year=sessions_a_year)
    if hasattr(covariance, "dense"):
        return _fitting(np.asarray(covariance.dense(), dtype=np.float64), names)
    if hasattr(covariance, "loc") and hasattr(covariance, "columns"):
        known = {str(one) for one in covariance.columns} & {str(one) for one in covariance.index}
        lacking = [name for name in names if name not in known]
        if lacking:
            raise ValueError(
                f"covariance: it has no row and column for {', '.join(lacking[:5])}; name both by "
                "symbol"
            )
        covariance = covariance.loc[list(names), list(names)]
    return _fitting(np.asarray(covariance, dtype=np.float64), names)


def _fitting(matrix: Floats, names: Sequence[str]) -> Floats:
    if matrix.shape != (len(names), len(names)):
        raise ValueError(
            f"covariance of shape {matrix.shape} for {len(names)} instruments: a row and a column "
            "for each, in their order"
        )
    return matrix
