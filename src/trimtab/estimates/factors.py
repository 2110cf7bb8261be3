"""Factor models: a few common causes and what is each instrument's own.

Covariance = loadings x factor covariance x loadings' + own variances on the diagonal. With 3,000
instruments the dense matrix has nine million entries and the model has 153,000, so nothing here
forms it unless asked. Returns may be simple or log, and the model is of the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.arrays import SESSIONS_A_YEAR, known_returns, refuse_never_changing
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from trimtab.estimates.arrays import Floats


@dataclass(frozen=True, slots=True)
class FactorModel:
    """Common causes, how each instrument answers to them, and what is its own.

    Args:
        loadings: How much each instrument moves with each factor, shape (n, k).
        factors: Yearly covariance of the factors, shape (k, k).
        own: Yearly variance of each instrument that no factor explains, shape (n,).
        alpha: Yearly return of each instrument that no factor explains, shape (n,); the average
            return where factors have no returns of their own.
    """

    loadings: Floats
    factors: Floats
    own: Floats
    alpha: Floats

    def variance(self, weights: ArrayLike) -> float:
        """Yearly variance of a portfolio with these weights, shape (n,), in n x k operations."""
        import numpy as np

        held = np.asarray(weights, dtype=np.float64)
        exposure = held @ self.loadings
        return float(exposure @ self.factors @ exposure + self.own @ held**2)

    def times(self, weights: ArrayLike) -> Floats:
        """Yearly covariance of each instrument with a portfolio, shape (n,)."""
        import numpy as np

        held = np.asarray(weights, dtype=np.float64)
        found: Floats = self.loadings @ (self.factors @ (held @ self.loadings)) + self.own * held
        return found

    def dense(self) -> Floats:
        """The whole yearly covariance, shape (n, n)."""
        import numpy as np

        found: Floats = self.loadings @ self.factors @ self.loadings.T + np.diag(self.own)
        return 0.5 * (found + found.T)


def statistical_factors(
    returns: ArrayLike, count: int, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> FactorModel:
    """Factors by principal components of the correlations, the largest first.

    Each instrument is measured in its own standard deviations, so that the wildest does not become
    a factor; factors are uncorrelated. Variances of the model are those of the sample (ddof 1),
    and so is the covariance where as many factors are taken as there are instruments (I. Jolliffe,
    Principal component analysis, 2002, chapter 7).

    Args:
        returns: Shape (sessions, n), without gaps. More instruments than sessions are welcome.
        count: How many factors; `denoised(...).kept` says how many are more than chance.
        sessions_a_year: What to multiply by.

    Raises:
        ValueError: There are not so many components, or a return never changes.
    """
    import numpy as np

    table = known_returns(returns)
    sessions, n = table.shape
    if not 1 <= count <= min(sessions - 1, n):
        raise ValueError(f"count {count!r}: from 1 to {min(sessions - 1, n)} factors")
    refuse_never_changing(table)
    mean, deviation = table.mean(axis=0), table.std(axis=0, ddof=1)
    scaled = (table - mean) / (deviation * np.sqrt(sessions - 1.0))
    _, singular, across = np.linalg.svd(scaled, full_matrices=False)
    directions = across[:count].T
    # A component has no sign of its own: the sum of its loadings is not below zero.
    directions = directions * np.where(directions.sum(axis=0) < 0.0, -1.0, 1.0)
    variances = singular[:count] ** 2
    explained = (directions**2 @ variances) * deviation**2
    return FactorModel(
        loadings=directions * deviation[:, None],
        factors=sessions_a_year * np.diag(variances),
        own=sessions_a_year * np.maximum(deviation**2 - explained, 0.0),
        alpha=sessions_a_year * mean,
    )


def given_factors(
    returns: ArrayLike, factors: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> FactorModel:
    """Factors whose returns are known, such as market, size and value: loadings by regression.

    Ordinary least squares with a constant; own variances are those of the residuals, divided by
    the sessions less the coefficients; the factor covariance is the sample's, ddof 1.

    Args:
        returns: Of instruments, shape (sessions, n), without gaps, above the risk-free rate where
            the factors are.
        factors: Of factors in the same sessions, shape (sessions, k), without gaps.
        sessions_a_year: What to multiply by.

    Raises:
        ValueError: Sessions differ or are too few, or one factor is a blend of others.
    """
    import numpy as np

    table, causes = known_returns(returns), known_returns(factors)
    sessions, count = causes.shape
    if len(table) != sessions or sessions < count + 2:
        raise ValueError(f"{len(table)} sessions of returns, {sessions} of {count} factors")
    refuse_never_changing(causes)
    deviation = causes.std(axis=0)
    mean, typical = table.mean(axis=0), causes.mean(axis=0)
    away, scaled = table - mean, (causes - typical) / deviation
    slopes, _, rank, _ = np.linalg.lstsq(scaled, away, rcond=1e-10)
    if rank < count:
        raise ValueError("factors: one is a blend of the others")
    residuals = away - scaled @ slopes
    loadings = (slopes / deviation[:, None]).T
    return FactorModel(
        loadings=loadings,
        factors=sessions_a_year * np.atleast_2d(np.cov(causes, rowvar=False)),
        own=sessions_a_year * (residuals**2).sum(axis=0) / (sessions - count - 1.0),
        alpha=sessions_a_year * (mean - loadings @ typical),
    )
