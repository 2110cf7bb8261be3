"""How returns move together: covariances from history, and what takes the noise out of them.

What comes out is a year's, by a factor (`sessions_a_year`; 1 leaves a session's). Returns may be
simple or log, and the covariance is of the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.arrays import (
    SESSIONS_A_YEAR,
    fading,
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


def sample_covariance(returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> Floats:
    """Covariance of the sample, ddof 1.

    Args:
        returns: Shape (sessions, n), without gaps.
        sessions_a_year: What to multiply by.

    Returns:
        Yearly covariance, shape (n, n); singular where sessions are no more than instruments.
    """
    table = known_returns(returns)
    away = table - means_of(table)
    found: Floats = away.T @ away * (sessions_a_year / (len(away) - 1.0))
    return found


def pairwise_covariance(
    returns: ArrayLike,
    *,
    half_life: float | None = None,
    sessions_a_year: float = SESSIONS_A_YEAR,
) -> Floats:
    """Covariance of each pair over the sessions that both know, ddof 1.

    With a half-life the past counts less, as in `fading_covariance`: by its age in sessions of all,
    and without bias for each pair. It uses all that is known, but no one history has it: it need
    not be positive semidefinite, and wants `repaired` before it is used. As pandas has it, and
    PyPortfolioOpt's sample_cov.

    Args:
        returns: Shape (sessions, n), newest last; NaN where there is none.
        half_life: After how many sessions a return counts half; None: all count alike.
        sessions_a_year: What to multiply by.

    Returns:
        Yearly covariance, shape (n, n); NaN where two instruments share fewer than two sessions.
    """
    import numpy as np

    table = returns_with_gaps(returns)
    known = ~np.isnan(table)
    # About the overall means first: products of small numbers lose nothing to a large mean.
    counts = known.sum(axis=0)
    filled = np.where(known, table, 0.0)
    centred = np.where(known, table - filled.sum(axis=0) / np.maximum(counts, 1), 0.0)
    mask = known.astype(np.float64)
    shared = mask.T @ mask
    counts_for = np.ones((len(table), 1))
    if half_life is not None:
        counts_for = fading(len(table), half_life)[:, None] * len(table)
    both = mask.T @ (counts_for * mask)
    sums = (counts_for * centred).T @ mask
    nothing = np.zeros(both.shape)
    means = np.divide(sums * sums.T, both, out=nothing.copy(), where=shared > 0.0)
    lost = np.divide(mask.T @ (counts_for**2 * mask), both, out=nothing, where=shared > 0.0)
    products = centred.T @ (counts_for * centred) - means
    found: Floats = np.full(both.shape, np.nan)
    np.divide(products, both - lost, out=found, where=shared > 1.0)
    return sessions_a_year * found


def fading_covariance(
    returns: ArrayLike, *, half_life: float, sessions_a_year: float = SESSIONS_A_YEAR
) -> Floats:
    """Covariance in which the past counts less the longer ago it is.

    About the mean of the same weights, without bias (reliability weights: divided by one less the
    sum of the squared weights), as pandas' `ewm(halflife=...).cov()`.

    Args:
        returns: Shape (sessions, n), newest last, without gaps.
        half_life: After how many sessions a return counts half.
        sessions_a_year: What to multiply by.

    Raises:
        ValueError: The half-life is not above zero.
    """
    table = known_returns(returns)
    weights = fading(len(table), half_life)
    away = table - weights @ table
    found: Floats = (away * weights[:, None]).T @ away / (1.0 - float(weights @ weights))
    return sessions_a_year * found


# -- pulled towards a simple one ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShrunkCovariance:
    """A covariance of the sample that was pulled towards a simpler one.

    Args:
        covariance: Yearly, shape (n, n).
        intensity: How far: 0 leaves the sample, 1 leaves only the simple one.
    """

    covariance: Floats
    intensity: float


def ledoit_wolf(
    returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> ShrunkCovariance:
    """Shrunk towards equal variances and no correlation: always invertible, whatever the sample.

    O. Ledoit and M. Wolf, A well-conditioned estimator for large-dimensional covariance matrices,
    Journal of Multivariate Analysis 88, 2004, as scikit-learn's LedoitWolf; the sample is that of
    ddof 0. For instruments of very different volatility `ledoit_wolf_constant_correlation` is the
    better target: this one has no scale of its own.

    Args:
        returns: Shape (sessions, n), without gaps.
        sessions_a_year: What to multiply by.
    """
    import numpy as np

    away, sample = _centred(returns)
    sessions, n = away.shape
    even = float(np.trace(sample)) / n
    apart = float((sample**2).sum()) - n * even**2
    noise = (float(((away**2).sum(axis=1) ** 2).mean()) - float((sample**2).sum())) / sessions
    intensity = _share(noise, apart)
    return _towards(sample, even * np.eye(n), intensity, sessions_a_year)


def ledoit_wolf_constant_correlation(
    returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> ShrunkCovariance:
    """Shrunk towards the sample's variances with one correlation for all, the average.

    O. Ledoit and M. Wolf, Honey, I shrunk the sample covariance matrix, Journal of Portfolio
    Management 30, 2004, appendices A and B; the sample is that of ddof 0. It does not matter in
    which unit each instrument is measured.

    Args:
        returns: Shape (sessions, n), without gaps.
        sessions_a_year: What to multiply by.

    Raises:
        ValueError: A return never changes: it has no correlation.
    """
    import numpy as np

    away, sample = _centred(returns)
    sessions, n = away.shape
    refuse_never_changing(known_returns(returns))
    variance = np.diag(sample).copy()
    # In units of each deviation the target is one correlation, and the ratios of the paper are 1.
    deviation = np.sqrt(variance)
    scaled, correlation = away / deviation, sample / np.outer(deviation, deviation)
    others = ~np.eye(n, dtype=bool)
    average = float(correlation[others].mean()) if n > 1 else 0.0
    target = np.where(others, average, 1.0) * np.outer(deviation, deviation)
    squares = scaled**2
    # Of each entry of the sample: its own error (pi), and how it errs with a variance (theta).
    error = (squares.T @ squares / sessions - correlation**2) * np.outer(variance, variance)
    with_variance = (squares * scaled).T @ scaled / sessions - correlation
    theta = with_variance * np.outer(variance, variance)
    # sqrt(s_jj / s_ii) theta_ii,ij in the paper's units, which leaves s_ii s_jj here.
    joint = 0.5 * average * (theta + theta.T)[others].sum()
    noise = float(error.sum() - np.trace(error) - joint) / sessions
    intensity = _share(noise, float(((target - sample) ** 2).sum()))
    return _towards(sample, target, intensity, sessions_a_year)


def oracle_approximating(
    returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> ShrunkCovariance:
    """Shrunk towards equal variances by what is best for normal returns (OAS).

    Y. Chen, A. Wiesel, Y. Eldar and A. Hero, Shrinkage algorithms for MMSE covariance estimation,
    IEEE Transactions on Signal Processing 58, 2010, equation 23, without its terms in 2 / n, as
    scikit-learn's OAS has it; the sample is that of ddof 0.

    Args:
        returns: Shape (sessions, n), without gaps.
        sessions_a_year: What to multiply by.
    """
    import numpy as np

    away, sample = _centred(returns)
    sessions, n = away.shape
    even = float(np.trace(sample)) / n
    squared = float((sample**2).mean())
    intensity = _share(squared + even**2, (sessions + 1.0) * (squared - even**2 / n))
    return _towards(sample, even * np.eye(n), intensity, sessions_a_year)


def _centred(returns: ArrayLike) -> tuple[Floats, Floats]:
    """Returns about their means, and their covariance, ddof 0."""
    table = known_returns(returns)
    away: Floats = table - table.mean(axis=0)
    sample: Floats = away.T @ away / len(away)
    return away, sample


def _share(noise: float, apart: float) -> float:
    """How much of the distance to the target is noise, between 0 and 1; where there is none, 0."""
    return min(1.0, max(0.0, noise / apart)) if apart > 0.0 else 0.0


def _towards(sample: Floats, target: Floats, intensity: float, scale: float) -> ShrunkCovariance:
    return ShrunkCovariance(scale * ((1.0 - intensity) * sample + intensity * target), intensity)


# -- cleaned of what chance alone would show ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Denoised:
    """A covariance whose small components, which chance alone would show, were levelled.

    Args:
        covariance: In the time unit of what came in, shape (n, n).
        kept: How many components are more than chance.
        edge: The largest eigenvalue of the correlations that chance explains.
        noise: The share of the variance that is noise, of 1 for each instrument.
    """

    covariance: Floats
    kept: int
    edge: float
    noise: float


def denoised(covariance: ArrayLike, *, sessions: int, market_components: int = 0) -> Denoised:
    """A covariance in which only the components that chance cannot explain are kept apart.

    Eigenvalues of the correlations below the edge of Marchenko and Pastur's law are replaced by
    their average and the diagonal put back to one (L. Laloux, P. Cizeau, J.-P. Bouchaud and
    M. Potters, Noise dressing of financial correlation matrices, Physical Review Letters 83, 1999;
    M. Lopez de Prado, Machine learning for asset managers, 2020, section 2.5.1: constant residual
    eigenvalue). The law's variance is what the eigenvalues below the edge have on average, found
    as a fixed point from 1 down; Lopez de Prado fits it to the density instead. Where instruments
    differ much in how much is their own, more components are kept than there are common causes.

    Args:
        covariance: Of returns, shape (n, n), with variances above zero.
        sessions: From how many sessions it was estimated.
        market_components: How many of the largest components to take out altogether and bring the
            diagonal back to one (detoning, section 2.6): what is left is singular, for clustering
            and not for an optimiser.

    Raises:
        ValueError: Variances are not above zero, sessions fewer than two, or nothing would be left.
    """
    import numpy as np

    matrix = square(covariance)
    n, deviation = len(matrix), np.sqrt(np.maximum(np.diag(matrix), 0.0))
    if not deviation.min() > 0.0 or sessions < 2 or not 0 <= market_components < n:
        raise ValueError(
            f"variances above zero, sessions {sessions!r} from 2, "
            f"market_components {market_components!r} from 0 to {n - 1}"
        )
    values, vectors = np.linalg.eigh(matrix / np.outer(deviation, deviation))
    spread = (1.0 + np.sqrt(n / sessions)) ** 2
    below, noise = n, 1.0
    while below > 0:
        noise = float(values[:below].mean())
        inside = int(np.searchsorted(values[:below], noise * spread, side="right"))
        if inside == below:
            break
        below = inside
    levelled = values.copy()
    levelled[:below] = noise
    if market_components:
        levelled[n - market_components :] = 0.0
    clean = (vectors * levelled) @ vectors.T
    size = np.sqrt(np.diag(clean))
    clean = clean / np.outer(size, size)
    np.fill_diagonal(clean, 1.0)
    return Denoised(
        covariance=0.5 * (clean + clean.T) * np.outer(deviation, deviation),
        kept=n - below,
        edge=noise * spread,
        noise=noise,
    )
