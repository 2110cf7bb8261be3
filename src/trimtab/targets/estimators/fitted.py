"""Weights that somebody else's estimator fits, told as those of an objective are."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt
from typing import TYPE_CHECKING, Any

from trimtab.model.findings import Finding
from trimtab.targets.objectives.asked import Optimised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.estimators.optimiser import Learned

    Floats = NDArray[np.float64]

TOLERANCE = 1e-4
"""How far fitted weights may be from summing to 1: solvers stop near. They are scaled to 1."""


def fitted(
    estimator: Any, name: str, learned: Learned, *, places: int, risk_free: float
) -> Optimised:
    """What an estimator finds in a history, with what our estimates expect of it.

    Args:
        estimator: Of scikit-learn's kind: `fit(X)` on a frame of simple returns, then `weights_`.
        name: Its name, for the reader.
        learned: The history, and the estimates; what it teaches nothing of is not held.
        places: Of the instruments that were asked for.
        risk_free: A year's, for the Sharpe ratio.
    """
    import numpy as np

    nowhere = np.full(places, nan)
    failed = Optimised(nowhere, nan, nan, nan, nan, "failed", name, nan, learned.findings)
    if learned.covariance is None:
        return failed
    found, wrong, said = weights_of(estimator, learned.returns, learned.names)
    findings = (*learned.findings, *(Finding("estimator-said", name, one, "info") for one in said))
    if found is None:
        told = Finding("estimator-failed", name, f"it found no weights: {wrong}", "error")
        return Optimised(nowhere, nan, nan, nan, nan, "failed", name, nan, (*findings, told))
    gained = float(found @ learned.expected)
    volatility = sqrt(float(found @ learned.covariance @ found))
    weights = np.zeros(places)
    weights[learned.kept] = found
    sharpe = (gained - risk_free) / volatility if volatility > 0.0 else nan
    return Optimised(weights, gained, volatility, sharpe, nan, "fitted", name, nan, findings)


def weights_of(
    estimator: Any, returns: Floats, names: Sequence[str]
) -> tuple[Floats | None, str, tuple[str, ...]]:
    """What an estimator finds, scaled to sum to 1; or None and why; and what it warned of.

    Args:
        estimator: Not fitted yet.
        returns: Simple returns, shape (sessions, n).
        names: Of the columns.
    """
    import warnings

    import numpy as np
    import pandas as pd

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            own = estimator.fit(pd.DataFrame(returns, columns=list(names)))
            found = np.asarray((estimator if own is None else own).weights_, dtype=np.float64)
            wrong = _wrong(found, names)
        except Exception as error:  # Somebody else's code: whatever goes wrong in it is said.
            wrong = f"{type(error).__name__}: {error}"
    # What a solver warns of is for the reader; what its author should change is not.
    said = tuple(
        dict.fromkeys(str(w.message) for w in heard if issubclass(w.category, UserWarning))
    )
    return (None, wrong, said) if wrong else (found / found.sum(), "", said)


def _wrong(found: Floats, names: Sequence[str]) -> str:
    """Why these are no weights; or nothing."""
    import numpy as np

    if found.shape != (len(names),):
        return f"weights of shape {found.shape} for {len(names)} instruments"
    if not np.isfinite(found).all():
        return "some of its weights are no numbers"
    total = float(found.sum())
    return "" if abs(total - 1.0) <= TOLERANCE else f"its weights sum to {total:.6g}, not to 1"
