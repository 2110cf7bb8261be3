"""What an instrument is expected to return: from history, from history shrunk, from the market.

All returns in and out are simple returns as fractions. What comes out is a year's, by a factor
(`sessions_a_year`; 1 leaves a session's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.arrays import (
    SESSIONS_A_YEAR,
    fading,
    is_complete,
    known_returns,
    means_of,
    refuse_never_changing,
    returns_with_gaps,
    square,
)
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from trimtab.estimates.arrays import Floats


# -- history as it was ----------------------------------------------------------------------------


def mean_return(returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> Floats:
    """The average return, times the sessions of a year: what a mean-variance optimiser assumes.

    Args:
        returns: Simple returns, shape (sessions, n). NaN is left out, column by column.
        sessions_a_year: What to multiply by.

    Returns:
        Expected yearly returns, arithmetic, shape (n,); NaN for a column that knows none.

    >>> mean_return([[0.01, 0.02], [0.03, float("nan")]], sessions_a_year=12).round(4).tolist()
    [0.24, 0.24]
    """
    import numpy as np

    table = returns_with_gaps(returns)
    if is_complete(table):
        found: Floats = sessions_a_year * means_of(table)
        return found
    known = ~np.isnan(table)
    return sessions_a_year * _divided(np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0))


def compounded_return(returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> Floats:
    """The constant yearly return that would have led from the first price to the last.

    `product of (1 + r) ** (sessions_a_year / sessions) - 1`, as PyPortfolioOpt's
    mean_historical_return has it. Lower than the arithmetic mean by about half the variance.

    Args:
        returns: Simple returns, shape (sessions, n). NaN is left out, column by column.
        sessions_a_year: How many sessions make a year.

    Returns:
        Yearly returns, geometric, shape (n,); NaN for a column that knows none.

    >>> compounded_return([[0.1], [0.1]], sessions_a_year=1).round(4).tolist()
    [0.1]
    """
    import numpy as np

    table = returns_with_gaps(returns)
    with np.errstate(divide="ignore", invalid="ignore"):
        if is_complete(table):
            average = means_of(np.log1p(table))
        else:
            known = ~np.isnan(table)
            growth = np.log1p(np.where(known, table, 0.0)).sum(axis=0)
            average = _divided(growth, known.sum(axis=0))
    yearly: Floats = np.expm1(sessions_a_year * average)
    return yearly


def fading_return(
    returns: ArrayLike, *, half_life: float, sessions_a_year: float = SESSIONS_A_YEAR
) -> Floats:
    """The average return in which the past counts less the longer ago it is.

    Args:
        returns: Simple returns, shape (sessions, n), newest last. NaN is left out; what is known
            keeps its age.
        half_life: After how many sessions a return counts half.
        sessions_a_year: What to multiply by.

    Returns:
        Expected yearly returns, arithmetic, shape (n,); NaN for a column that knows none.

    Raises:
        ValueError: The half-life is not above zero.
    """
    import numpy as np

    table = returns_with_gaps(returns)
    known = ~np.isnan(table)
    weights = fading(len(table), half_life)
    return sessions_a_year * _divided(weights @ np.where(known, table, 0.0), weights @ known)


def _divided(total: Floats, count: Floats) -> Floats:
    import numpy as np

    found: Floats = np.full(len(total), np.nan)
    np.divide(total, count, out=found, where=count > 0.0)
    return found


# -- history pulled together ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShrunkReturns:
    """Means of history that were pulled towards a common one, since they are mostly luck.

    Args:
        returns: Expected yearly returns, shape (n,).
        towards: The common yearly return.
        intensity: How far: 0 leaves history, 1 leaves only the common return.
        covariance: Yearly covariance, shape (n, n), that belongs to them.
    """

    returns: Floats
    towards: float
    intensity: float
    covariance: Floats


def bayes_stein(returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> ShrunkReturns:
    """Means pulled towards the return of the minimum-variance portfolio, as Jorion does.

    P. Jorion, Bayes-Stein estimation for portfolio analysis, Journal of Financial and Quantitative
    Analysis 21, 1986: the prior's precision is `(n + 2) / d` with d the squared Mahalanobis
    distance of the means from the common one under the covariance `S (T - 1) / (T - n - 2)`. The
    covariance that comes back is the predictive one, which knows that the mean is uncertain.

    Args:
        returns: Simple returns, shape (sessions, n), without gaps.
        sessions_a_year: What to multiply by.

    Raises:
        ValueError: Sessions are not at least three more than instruments, or the covariance of
            the sample is singular.
    """
    import numpy as np

    table = known_returns(returns)
    sessions, n = table.shape
    if sessions < n + 3:
        raise ValueError(f"{sessions} sessions of {n} instruments: at least {n + 3} are needed")
    scale = (sessions - 1) / (sessions - n - 2)
    covariance = scale * np.atleast_2d(np.cov(table, rowvar=False))
    mean, common, inverse, apart = _around(table, covariance, None)
    precision = (n + 2) / apart if apart > 0.0 else np.inf
    intensity = 1.0 if np.isinf(precision) else precision / (precision + sessions)
    # Both terms by the intensity, which stays finite where the precision does not.
    unsure = 1.0 + (1.0 - intensity) / sessions
    shared = intensity / (sessions + 1.0 - intensity)
    predictive = covariance * unsure + shared / inverse.sum()
    return ShrunkReturns(
        returns=sessions_a_year * (mean + intensity * (common - mean)),
        towards=sessions_a_year * common,
        intensity=float(intensity),
        covariance=sessions_a_year * predictive,
    )


def james_stein(
    returns: ArrayLike,
    *,
    towards: float | None = None,
    sessions_a_year: float = SESSIONS_A_YEAR,
) -> ShrunkReturns:
    """Means pulled towards a common one, just as far as is better than the means on average.

    The positive-part estimator of W. James and C. Stein, Estimation with quadratic loss, Fourth
    Berkeley Symposium, 1961, in the metric of the covariance: intensity `(n - 2) / (T d)`, at
    most 1, with d the squared Mahalanobis distance of the means from the common one. Where the
    common one is itself estimated, it is the return of the minimum-variance portfolio and costs
    one more dimension: `(n - 3) / (T d)` (B. Efron and C. Morris, Journal of the American
    Statistical Association 68, 1973, after Lindley).

    Args:
        returns: Simple returns, shape (sessions, n), without gaps.
        towards: A yearly return that was known before; by default it is estimated.
        sessions_a_year: What to multiply by.

    Raises:
        ValueError: The covariance of the sample is singular.
    """
    import numpy as np

    table = known_returns(returns)
    sessions, n = table.shape
    covariance = np.atleast_2d(np.cov(table, rowvar=False))
    known = None if towards is None else towards / sessions_a_year
    mean, common, _, apart = _around(table, covariance, known)
    free = n - 3 if towards is None else n - 2
    if free <= 0:
        intensity = 0.0
    else:
        intensity = min(1.0, free / (sessions * apart)) if apart > 0.0 else 1.0
    return ShrunkReturns(
        returns=sessions_a_year * (mean + intensity * (common - mean)),
        towards=sessions_a_year * common,
        intensity=intensity,
        covariance=sessions_a_year * covariance,
    )


def _around(
    table: Floats, covariance: Floats, towards: float | None
) -> tuple[Floats, float, Floats, float]:
    """Means, the common one, the inverse covariance, and the squared distance between them."""
    import numpy as np

    refuse_never_changing(table)
    deviation = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviation, deviation)
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise ValueError("the covariance of the sample is singular: shrink or repair it first")
    inverse: Floats = np.linalg.inv(correlation) / np.outer(deviation, deviation)
    mean: Floats = table.mean(axis=0)
    common = float(inverse.sum(axis=0) @ mean / inverse.sum()) if towards is None else towards
    away = mean - common
    return mean, common, inverse, float(away @ inverse @ away)


# -- what the market must believe -----------------------------------------------------------------


def equilibrium_return(
    covariance: ArrayLike,
    weights: ArrayLike,
    *,
    risk_aversion: float,
    risk_free: float = 0.0,
) -> Floats:
    """The returns for which a portfolio is the best there is: reverse optimisation.

    `risk_aversion x covariance x weights` above the risk-free rate (W. Sharpe, Imputing expected
    security returns from portfolio composition, Journal of Financial and Quantitative Analysis 9,
    1974; F. Black and R. Litterman, Global portfolio optimization, Financial Analysts Journal 48,
    1992).

    Args:
        covariance: Of returns, shape (n, n), yearly for yearly returns.
        weights: Of the portfolio, as a rule the market's, shape (n,).
        risk_aversion: What the market asks for a unit of variance: its return above the risk-free
            rate over its variance. He and Litterman (1999) take 2.5.
        risk_free: What to add; 0 leaves returns above the risk-free rate.

    Returns:
        Expected returns, in the time unit of the covariance, shape (n,).

    >>> equilibrium_return([[0.04, 0.0], [0.0, 0.01]], [0.6, 0.4], risk_aversion=2.5).tolist()
    [0.06, 0.01]
    """
    import numpy as np

    matrix, held = square(covariance), np.asarray(weights, dtype=np.float64)
    implied: Floats = risk_aversion * (matrix @ held) + risk_free
    return implied
