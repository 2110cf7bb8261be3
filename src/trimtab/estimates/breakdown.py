"""When diversification fails: correlations today against their own past.

Three gauges, each known at a session from the sessions up to it. The average correlation; the
absorption ratio (M. Kritzman, Y. Li, S. Page and R. Rigobon, Principal components as a measure of
systemic risk, Journal of Portfolio Management 37, 2011); and turbulence (M. Kritzman and Y. Li,
Skulls, financial turbulence and risk management, Financial Analysts Journal 66, 2010), which says
how unlike the past returns are. Simple or log returns of a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from trimtab.estimates.arrays import known_returns, never_changing, square
from trimtab.estimates.covariance import ledoit_wolf_constant_correlation
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.estimates.arrays import Floats

GaugeName: TypeAlias = Literal["average-correlation", "absorption", "turbulence"]
GAUGES: tuple[GaugeName, ...] = ("average-correlation", "absorption", "turbulence")

RECENT = 21
"""Sessions that count as now: a month."""
PAST = 504
"""Sessions that now is compared with: the two years before."""
CORRELATION_LIMIT, TURBULENCE_LIMIT = 1.0, 3.0
"""Standard deviations of its own past that a gauge must be above its mean. Chosen on daily returns
of ETFs and of 20 stocks: together they hold on some 2 to 3 sessions in a hundred."""
REFIT = 21
"""After how many sessions turbulence learns anew what is usual."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One measure, now and as it usually is.

    Args:
        name: `average-correlation`, `absorption` or `turbulence`.
        now: Over the recent sessions.
        usual: Its mean over the past before them.
        limit: From where on it is unusual.
        score: How many standard deviations of its past it is above its mean.
    """

    name: GaugeName
    now: float
    usual: float
    limit: float
    score: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Whether correlations have broken away from their past, with the figures.

    Args:
        broken: Turbulence is beyond its limit, and so is the average correlation or absorption.
        gauges: The three, in the order of `GAUGES`; empty where history is too short.
        findings: `correlation-breakdown` where they have; `correlation-history-short` where nobody
            can know.
    """

    broken: bool
    gauges: tuple[Gauge, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class GaugePaths:
    """The gauges at each session; NaN where history is too short.

    Args:
        now: Over the recent sessions up to each, shape (sessions, 3), in the order of `GAUGES`.
        usual: Means of each gauge over its past, shape (sessions, 3); of turbulence, of its
            logarithm, taken back.
        scores: Standard deviations above it, shape (sessions, 3); of turbulence, by logarithms.
        limits: What each would have to reach, shape (sessions, 3).
        broken: Whether diversification fails, shape (sessions,).
    """

    now: Floats
    usual: Floats
    scores: Floats
    limits: Floats
    broken: NDArray[np.bool_]


def breakdown(
    returns: ArrayLike,
    *,
    recent: int = RECENT,
    past: int = PAST,
    correlation_limit: float = CORRELATION_LIMIT,
    turbulence_limit: float = TURBULENCE_LIMIT,
    subject: str = "portfolio",
) -> Breakdown:
    """Whether correlations have broken away from their past at the last session.

    High correlation alone is no breakdown, nor is a wild week: both must come together, each
    measured against its own past, which ends before the recent sessions begin.

    Args:
        returns: Shape (sessions, n), oldest first, without gaps, n of 2 or more. See
            `least_sessions`; of more than some two times `past` only the last are used.
        recent: Sessions that count as now.
        past: Sessions before them that now is compared with.
        correlation_limit: From how many standard deviations above the mean of its past the average
            correlation, or absorption, is unusual.
        turbulence_limit: The same of turbulence.
        subject: What findings are about.
    """
    table = known_returns(returns)
    # What is before has no part in the last figures; whole stretches are skipped, so that those
    # that turbulence learns from are the same ones.
    skip = max(0, len(table) - (2 * past + recent + REFIT)) // REFIT * REFIT
    paths = gauge_paths(
        table[skip:],
        recent=recent,
        past=past,
        correlation_limit=correlation_limit,
        turbulence_limit=turbulence_limit,
    )
    gauges = tuple(
        Gauge(
            name,
            float(paths.now[-1, i]),
            float(paths.usual[-1, i]),
            float(paths.limits[-1, i]),
            float(paths.scores[-1, i]),
        )
        for i, name in enumerate(GAUGES)
    )
    if any(gauge.score != gauge.score for gauge in gauges):
        least = least_sessions(recent=recent, past=past)
        message = (
            f"{len(table)} sessions of returns are too few to say whether correlations have broken "
            f"away from their past: {least} are needed. Give more prices or a shorter past."
        )
        return Breakdown(False, (), (Finding("correlation-history-short", subject, message),))
    broken = bool(paths.broken[-1])
    told = Finding("correlation-breakdown", subject, _words(gauges, recent, past))
    return Breakdown(broken, gauges, (told,) if broken else ())


def least_sessions(*, recent: int = RECENT, past: int = PAST) -> int:
    """How many sessions of returns it takes to compare the last with their past.

    Half of `past` to learn what is usual, half to see how turbulent that is, and the recent ones.
    """
    return 2 * (past // 2) + recent


def _words(gauges: tuple[Gauge, ...], recent: int, past: int) -> str:
    correlation, absorption, turbulence = gauges
    return (
        f"Correlations have broken away from their past: over the last {recent} sessions "
        f"{correlation.now:.2f} on average against {correlation.usual:.2f} in the {past} before "
        f"(unusual from {correlation.limit:.2f}); the largest fifth of the common causes explains "
        f"{absorption.now:.0%} against {absorption.usual:.0%} (from {absorption.limit:.0%}); "
        f"turbulence is {turbulence.now:.1f} against {turbulence.usual:.1f} "
        f"(from {turbulence.limit:.1f}). Diversification protects less than it did: look at the "
        "risk before trading."
    )


def gauge_paths(
    returns: ArrayLike,
    *,
    recent: int = RECENT,
    past: int = PAST,
    correlation_limit: float = CORRELATION_LIMIT,
    turbulence_limit: float = TURBULENCE_LIMIT,
) -> GaugePaths:
    """The gauges at every session of a history, each from the sessions up to it alone.

    Args:
        returns: Shape (sessions, n), oldest first, without gaps, n of 2 or more.
        recent: Sessions that count as now.
        past: Sessions before them that now is compared with.
        correlation_limit: From how many standard deviations above the mean of its past the average
            correlation, or absorption, is unusual.
        turbulence_limit: The same of turbulence.

    Raises:
        ValueError: There is one instrument only, or the stretches are too short to say anything.
    """
    import numpy as np

    table = known_returns(returns)
    sessions, n = table.shape
    if n < 2 or recent < 5 or past < 4 * recent:
        wrong = f"{n} instruments, recent {recent!r}, past {past!r}"
        raise ValueError(f"{wrong}: at least 2, 5, and four times the recent")
    raw = np.full((sessions, 3), np.nan)
    if sessions >= recent:
        raw[recent - 1 :, 0] = average_correlation(table, recent)
        raw[recent - 1 :, 1] = absorption_ratio(table, recent)
    first = past // 2
    if sessions >= first + recent:
        daily = trailing_turbulence(table, past)[first:]
        whole = np.concatenate([[0.0], np.cumsum(daily)])
        average = (whole[recent:] - whole[:-recent]) / recent
        # Its tail is long: in logarithms a few storms do not make the next one look usual.
        raw[first + recent - 1 :, 2] = np.log(np.maximum(average, 1e-300))
    usual, spread = _trailing(raw, recent, past)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.where(spread > 0.0, (raw - usual) / spread, np.where(raw > usual, np.inf, 0.0))
    scores[np.isnan(raw) | np.isnan(usual)] = np.nan
    needed = np.array([correlation_limit, correlation_limit, turbulence_limit])
    limits = usual + needed * spread
    for column in (raw, usual, limits):
        column[:, 2] = np.exp(column[:, 2])
    over = scores >= needed
    return GaugePaths(raw, usual, scores, limits, over[:, 2] & (over[:, 0] | over[:, 1]))


def _trailing(raw: Floats, recent: int, past: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation over the past that ends before the recent sessions began.

    Windows of the past lie wholly before the recent one, so that a storm is not compared with
    itself. Half of the past is enough.
    """
    import numpy as np

    usual, spread = np.full(raw.shape, np.nan), np.full(raw.shape, np.nan)
    most, least = past - recent + 1, past // 2 - recent + 1
    known = ~np.isnan(raw)
    values = np.where(known, raw, 0.0)
    # About one of its values, so that a gauge that never moves has no spread by rounding.
    base = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    values = np.where(known, values - base, 0.0)
    start = np.zeros((1, raw.shape[1]))
    counts = np.concatenate([start, np.cumsum(known, axis=0)])
    sums = np.concatenate([start, np.cumsum(values, axis=0)])
    squares = np.concatenate([start, np.cumsum(values**2, axis=0)])
    end = np.arange(len(raw)) + 1 - recent
    begin, end = np.maximum(end - most, 0), np.maximum(end, 0)
    count = counts[end] - counts[begin]
    enough = count >= max(least, 2)
    mean = (sums[end] - sums[begin]) / np.maximum(count, 1.0)
    square = (squares[end] - squares[begin]) / np.maximum(count, 1.0) - mean**2
    usual[enough] = (mean + base)[enough]
    spread[enough] = np.sqrt(np.maximum(square * count / np.maximum(count - 1.0, 1.0), 0.0))[enough]
    return usual, spread


# -- the gauges -----------------------------------------------------------------------------------


def average_correlation(returns: ArrayLike, window: int) -> Floats:
    """The average correlation of all pairs over a moving window.

    Args:
        returns: Shape (sessions, n), without gaps.
        window: Sessions in it.

    Returns:
        Shape (sessions - window + 1,), the first for the window of the first sessions. A return
        that does not change in a window counts as uncorrelated there.
    """
    import numpy as np

    scaled = _scaled_windows(known_returns(returns), window)
    n = scaled.shape[1]
    live = (scaled**2).sum(axis=2).sum(axis=1)
    # Variance of the sum = n + sum of all correlations.
    whole = (scaled.sum(axis=1) ** 2).sum(axis=1)
    found: Floats = (whole - live) / (n * (n - 1.0))
    return np.clip(found, -1.0, 1.0)


def absorption_ratio(returns: ArrayLike, window: int, *, share: float = 0.2) -> Floats:
    """How much of all variance the largest common causes explain over a moving window.

    Of correlations, so that one wild instrument is no common cause.

    Args:
        returns: Shape (sessions, n), without gaps.
        window: Sessions in it.
        share: How many of the components count, as a share of the instruments; the paper's fifth.

    Returns:
        Between 0 and 1, shape (sessions - window + 1,).
    """
    import numpy as np

    scaled = _scaled_windows(known_returns(returns), window)
    n = scaled.shape[1]
    count = max(1, round(share * n))
    # The smaller of the two products has the same eigenvalues but for zeros.
    across = scaled.transpose(0, 2, 1)
    found: Floats = np.zeros(len(scaled))
    for begin in range(0, len(scaled), 256):
        part = slice(begin, begin + 256)
        gram = scaled[part] @ across[part] if n <= window else across[part] @ scaled[part]
        values = np.maximum(np.linalg.eigvalsh(gram), 0.0)
        total = values.sum(axis=1)
        np.divide(values[:, -count:].sum(axis=1), total, out=found[part], where=total > 0.0)
    return found


def _scaled_windows(table: Floats, window: int) -> Floats:
    """Each window's returns about their mean, of length 1: shape (windows, n, window)."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    if not 2 <= window <= len(table):
        raise ValueError(f"window {window!r}: from 2 to {len(table)} sessions")
    views = sliding_window_view(table, window, axis=0)
    away = views - views.mean(axis=2, keepdims=True)
    length = np.sqrt((away**2).sum(axis=2, keepdims=True))
    # What rounding leaves of a constant is no variation.
    alive = length > 1e-12 * (np.abs(views).max(axis=2, keepdims=True) + 1e-300)
    found: Floats = np.zeros(away.shape)
    np.divide(away, length, out=found, where=alive)
    return found


def turbulence(returns: ArrayLike, mean: ArrayLike, covariance: ArrayLike) -> Floats:
    """How unlike the usual each session was: squared Mahalanobis distance, per instrument.

    About 1 on average where returns are as the mean and covariance say.

    Args:
        returns: Shape (sessions, n), without gaps.
        mean: A session's, shape (n,).
        covariance: A session's, invertible, shape (n, n).

    Returns:
        Shape (sessions,).
    """
    import numpy as np

    matrix = square(covariance)
    away = np.asarray(returns, dtype=np.float64) - np.asarray(mean, dtype=np.float64)
    found: Floats = (away * np.linalg.solve(matrix, away.T).T).sum(axis=1) / len(matrix)
    return found


def trailing_turbulence(returns: ArrayLike, past: int, *, first: int = 0) -> Floats:
    """How unlike its own past each session was, learned anew every month from the sessions before.

    The covariance is shrunk to constant correlation (`ledoit_wolf_constant_correlation`), so that
    it has an inverse with more instruments than sessions.

    Args:
        returns: Shape (sessions, n), without gaps.
        past: How many sessions to learn from; half as many in the beginning.
        first: The first session that is asked for.

    Returns:
        Shape (sessions,); NaN for the first half of `past`, and for months before `first`.
    """
    import numpy as np

    table = known_returns(returns)
    found: Floats = np.full(len(table), np.nan)
    for begin in range(past // 2, len(table), REFIT):
        if begin + REFIT <= first:
            continue
        before, block = table[max(0, begin - past) : begin], slice(begin, begin + REFIT)
        alive = np.ones(table.shape[1], dtype=np.bool_)
        alive[never_changing(before)] = False
        if not alive.any():
            found[block] = 0.0
            continue
        shrunk = ledoit_wolf_constant_correlation(before[:, alive], sessions_a_year=1)
        mean = before[:, alive].mean(axis=0)
        found[block] = turbulence(table[block][:, alive], mean, shrunk.covariance)
    return found
