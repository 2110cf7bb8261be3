"""Made-up returns for tests of estimates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def drawn(sessions: int, n: int, seed: int = 0) -> NDArray[np.float64]:
    """Returns of one market and what is each instrument's own, of very different volatility."""
    generator = np.random.default_rng(seed)
    market = generator.normal(0.0004, 0.01, (sessions, 1))
    size = np.geomspace(0.3, 3.0, n)
    return size * (market + generator.normal(0.0001, 0.012, (sessions, n)))


def correlated(n: int, rho: float, *, deviation: float = 0.01) -> NDArray[np.float64]:
    """A covariance with one correlation for all."""
    return deviation**2 * (rho * np.ones((n, n)) + (1.0 - rho) * np.eye(n))
