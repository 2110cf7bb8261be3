"""Whether correlations have left those that a target was estimated from: a finding about risk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.found import Estimates
from trimtab.targets.prices import Prices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LOOKED_BACK = 1_100
"""Sessions that are looked at: two years, the two before by which they are judged, and a month."""

MOST_PAIRS = 3
"""So many pairs are named."""


def broken(prices: Prices, estimates: Estimates, on: date) -> tuple[Finding, ...]:
    """That diversification fails on a day as it did not before, with what moved from what to what.

    It does where the average correlation of the last month, or what few causes explain of it, is
    unusual by its own past, and its turbulence as well (`trimtab.estimates.breakdown`).

    Args:
        prices: May reach further: nothing later than `on` is looked at.
        estimates: What the target was found from.
        on: The day.
    """
    import numpy as np

    from trimtab.estimates.breakdown import PAST, RECENT, breakdown, least_sessions

    names = tuple(dict.fromkeys(estimates.symbols))
    if len(names) < 2:
        return ()
    columns = [prices.symbols.index(name) for name in names]
    end = int(np.searchsorted(prices.dates, np.datetime64(on, "D"), side="right"))
    close = prices.close[:end][:, columns]
    close = close[~np.isnan(close).any(axis=1)][-LOOKED_BACK:]
    if len(close) <= least_sessions():
        return ()
    returns = np.asarray(close[1:] / close[:-1] - 1.0, dtype=np.float64)
    now = breakdown(returns)
    if not now.broken:
        return ()
    correlation, _, turbulence = now.gauges
    pairs = "; ".join(_moved(names, estimates, returns[-RECENT:]))
    message = (
        f"correlations have left those that the target was estimated from: over the {RECENT} "
        f"sessions to {on} {pairs}; on average {correlation.now:.2f} against "
        f"{correlation.usual:.2f} in the {PAST} before, and turbulence {turbulence.now:.1f} "
        f"against {turbulence.usual:.1f}. Diversification protects less than the estimates say: "
        "look at the risk before trading"
    )
    return (Finding("correlation-breakdown", "target", message),)


def _moved(names: Sequence[str], estimates: Estimates, returns: Floats) -> list[str]:
    """The pairs whose correlation is furthest from its estimate, in words."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        now = np.asarray(np.nan_to_num(np.corrcoef(returns.T)))
    places = [estimates.symbols.index(name) for name in names]
    was = np.array([[float(estimates.correlations[i][j]) for j in places] for i in places])
    pairs = [(i, j) for i in range(len(names)) for j in range(i)]
    pairs.sort(key=lambda pair: (-abs(now[pair] - was[pair]), pair))
    return [
        f"{names[j]} and {names[i]} from {was[i, j]:.2f} to {now[i, j]:.2f}"
        for i, j in pairs[:MOST_PAIRS]
    ]
