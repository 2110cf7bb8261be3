"""Weights that somebody else's estimator fits, told as those of an objective are."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, Any

from trimtab.model.findings import Finding
from trimtab.targets.optimised import Optimised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.optimiser import Learned

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
    import pandas as pd

    nowhere = np.full(places, nan)
    failed = Optimised(nowhere, nan, nan, nan, nan, "failed", name, nan, learned.findings)
    if learned.covariance is None:
        return failed
    returns = pd.DataFrame(learned.returns, columns=list(learned.names))
    try:
        own = estimator.fit(returns)
        found = np.asarray((estimator if own is None else own).weights_, dtype=np.float64)
        wrong = _wrong(found, learned.names)
    except Exception as error:  # Somebody else's code: whatever goes wrong in it is said.
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        told = Finding("estimator-failed", name, f"it found no weights: {wrong}", "error")
        return Optimised(
            nowhere, nan, nan, nan, nan, "failed", name, nan, (*learned.findings, told)
        )
    found = found / found.sum()
    gained = float(found @ learned.expected)
    volatility = sqrt(float(found @ learned.covariance @ found))
    weights = np.zeros(places)
    weights[learned.kept] = found
    sharpe = (gained - risk_free) / volatility if volatility > 0.0 else nan
    return Optimised(
        weights, gained, volatility, sharpe, nan, "fitted", name, nan, learned.findings
    )


def _wrong(found: Floats, names: tuple[str, ...]) -> str:
    """Why these are no weights; or nothing."""
    import numpy as np

    if found.shape != (len(names),):
        return f"weights of shape {found.shape} for {len(names)} instruments"
    if not np.isfinite(found).all():
        return "some of its weights are no numbers"
    total = float(found.sum())
    return "" if abs(total - 1.0) <= TOLERANCE else f"its weights sum to {total:.6g}, not to 1"
