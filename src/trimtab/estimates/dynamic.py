"""Correlations that change by the day: dynamic conditional correlation, DCC(1,1).

R. Engle, Dynamic conditional correlation, Journal of Business and Economic Statistics 20, 2002.
Each instrument has a GARCH(1,1) variance, and what is left after dividing by it a correlation that
leans towards yesterday's surprises and back to the long run. Log returns or simple ones; variances
and covariances are a session's unless they say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.estimates.arrays import SESSIONS_A_YEAR, known_returns, refuse_never_changing
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from trimtab.estimates.arrays import Floats

MOST_PERSISTENT = 0.999
"""News and memory sum to at most this: a shock must fade."""
MOST_PAIRS = 100
"""Fitting looks at no more pairs of instruments, but at every instrument."""
GRID, ROUNDS = 7, 6
"""The search: a grid of so many values each way, so many times, each time on a third."""


@dataclass(frozen=True, slots=True)
class DynamicCorrelation:
    """How variances and correlations follow the news, and where they return to.

    Args:
        mean: Mean return a session, shape (n,).
        variance: Of returns a session in the long run, shape (n,).
        variance_news: How much of yesterday's squared surprise enters the variance, shape (n,).
        variance_memory: How much of yesterday's variance remains, shape (n,).
        correlation: In the long run, shape (n, n).
        news: How much of yesterday's joint surprise enters the correlations.
        memory: How much of yesterday's remains.
    """

    mean: Floats
    variance: Floats
    variance_news: Floats
    variance_memory: Floats
    correlation: Floats
    news: float
    memory: float


def fit_dynamic(
    returns: ArrayLike,
    *,
    variance_parameters: tuple[float, float] | None = None,
    correlation_parameters: tuple[float, float] | None = None,
) -> DynamicCorrelation:
    """Dynamic correlations of a history, by quasi-likelihood or with parameters that are given.

    In two steps, as Engle: the variance of each instrument, then the correlations of what is left.
    Long-run levels are the sample's (variance and correlation targeting). Correlations are fitted
    to all pairs, and of more than a hundred to those of neighbours in the order of variance
    (R. Engle, N. Shephard and K. Sheppard, Fitting vast dimensional time-varying covariance
    models, 2008: composite likelihood). The search is a grid that closes in on its best point: it
    needs no chance and no derivatives.

    Args:
        returns: Shape (sessions, n), without gaps.
        variance_parameters: (news, memory) of every variance, such as (0.05, 0.94); by default
            fitted to each.
        correlation_parameters: (news, memory) of the correlations, such as (0.02, 0.97); by
            default fitted.

    Raises:
        ValueError: Parameters are below zero or sum to 1 or more, or a return never changes.
    """
    import numpy as np

    table = known_returns(returns)
    refuse_never_changing(table)
    mean, variance = table.mean(axis=0), table.var(axis=0)
    n = table.shape[1]
    away = table - mean
    if variance_parameters is None:
        news, memory = _fit_variances(away, variance)
    else:
        given = _checked(variance_parameters)
        news, memory = np.full(n, given[0]), np.full(n, given[1])
    surprises = away / np.sqrt(_variances(away, variance, news, memory)[:-1])
    size = np.sqrt((surprises**2).mean(axis=0))
    correlation = (surprises / size).T @ (surprises / size) / len(table)
    np.fill_diagonal(correlation, 1.0)
    if n == 1:
        joint = (0.0, 0.0)
    elif correlation_parameters is None:
        joint = _fit_correlations(surprises, correlation, _pairs(variance))
    else:
        joint = _checked(correlation_parameters)
    return DynamicCorrelation(mean, variance, news, memory, correlation, *joint)


def variance_path(model: DynamicCorrelation, returns: ArrayLike) -> Floats:
    """The variance that each session was expected to have, knowing the sessions before it.

    Args:
        model: Fitted before, on other sessions if nothing of the future may be in it.
        returns: Shape (sessions, n), without gaps.

    Returns:
        A session's variances, shape (sessions + 1, n): the last row is for the next session.
    """
    away = known_returns(returns) - model.mean
    return _variances(away, model.variance, model.variance_news, model.variance_memory)


def correlation_path(model: DynamicCorrelation, returns: ArrayLike) -> Floats:
    """The correlations that each session was expected to have, knowing the sessions before it.

    Args:
        model: Fitted before, on other sessions if nothing of the future may be in it.
        returns: Shape (sessions, n), without gaps.

    Returns:
        Correlations, shape (sessions + 1, n, n): the last is for the next session.
    """
    import numpy as np

    surprises = _surprises(model, returns)
    found: Floats = np.empty((len(surprises) + 1, *model.correlation.shape))
    state = model.correlation
    for t, surprise in enumerate(surprises):
        found[t] = _unit_diagonal(state)
        state = _moved(model, state, surprise)
    found[-1] = _unit_diagonal(state)
    return found


def next_covariance(
    model: DynamicCorrelation, returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> Floats:
    """The covariance to expect of the session after a history, at a year's rate, shape (n, n).

    Args:
        model: Fitted before.
        returns: Up to now, shape (sessions, n), without gaps.
        sessions_a_year: What to multiply by.
    """
    import numpy as np

    deviation = np.sqrt(variance_path(model, returns)[-1])
    state = model.correlation
    for surprise in _surprises(model, returns):
        state = _moved(model, state, surprise)
    found: Floats = sessions_a_year * _unit_diagonal(state) * np.outer(deviation, deviation)
    return found


# -- how one session follows another --------------------------------------------------------------


def _surprises(model: DynamicCorrelation, returns: ArrayLike) -> Floats:
    import numpy as np

    found: Floats = known_returns(returns) - model.mean
    found /= np.sqrt(variance_path(model, returns)[:-1])
    return found


def _moved(model: DynamicCorrelation, state: Floats, surprise: Floats) -> Floats:
    rest = 1.0 - model.news - model.memory
    pairs = surprise[:, None] * surprise
    moved: Floats = rest * model.correlation + model.news * pairs + model.memory * state
    return moved


def _unit_diagonal(state: Floats) -> Floats:
    import numpy as np

    size = np.sqrt(np.diag(state))
    found: Floats = state / np.outer(size, size)
    np.fill_diagonal(found, 1.0)
    return found


def _variances(away: Floats, variance: Floats, news: Floats, memory: Floats) -> Floats:
    """Variances by GARCH(1,1) about a long-run level, shape (sessions + 1, n)."""
    import numpy as np

    found: Floats = np.empty((len(away) + 1, away.shape[1]))
    found[0] = variance
    level, squares = (1.0 - news - memory) * variance, news * away**2
    for t in range(len(away)):
        found[t + 1] = level + squares[t] + memory * found[t]
    return found


# -- fitting --------------------------------------------------------------------------------------


def _checked(parameters: tuple[float, float]) -> tuple[float, float]:
    news, memory = parameters
    if not (news >= 0.0 and memory >= 0.0 and news + memory < 1.0):
        raise ValueError(f"news {news!r} and memory {memory!r}: zero or more, less than 1 together")
    return float(news), float(memory)


def _fit_variances(away: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """News and memory of each instrument's variance, each of shape (n,)."""
    import numpy as np

    # In units of the long-run variance all instruments are searched alike and at once.
    squares = away**2 / variance

    def misfit(news: Floats, memory: Floats) -> Floats:
        level, now = 1.0 - news - memory, np.ones_like(news)
        total = np.zeros_like(news)
        for square in squares:
            total += np.log(now) + square / now
            now = level + news * square + memory * now
        return total

    return _closing_in(misfit, away.shape[1])


def _fit_correlations(
    surprises: Floats, correlation: Floats, pairs: tuple[list[int], list[int]]
) -> tuple[float, float]:
    """News and memory of the correlations, by the likelihood of pairs."""
    import numpy as np

    one, other = pairs
    usual = correlation[one, other]
    squares, products = surprises**2, surprises[:, one] * surprises[:, other]
    sums = squares[:, one] + squares[:, other]
    # The logarithm of a product of a few is the sum of theirs, and comes sooner.
    few = np.arange(0, len(one), 16)

    def misfit(news: Floats, memory: Floats) -> Floats:
        level = 1.0 - news - memory
        joint_level = level * usual
        own = np.ones((len(news), squares.shape[1]))
        joint = np.tile(usual, (len(news), 1))
        total = np.zeros(len(news))
        for square, product, whole in zip(squares, products, sums, strict=True):
            size = 1.0 / np.sqrt(own)
            rho = joint * size[:, one] * size[:, other]
            left = np.maximum(1.0 - rho * rho, 1e-12)
            # Twice the log-likelihood of two surprises; the variances of step one are 1.
            total += np.log(np.multiply.reduceat(left, few, axis=1)).sum(axis=1)
            total += ((whole - 2.0 * rho * product) / left).sum(axis=1)
            own = level + news * square + memory * own
            joint = joint_level + news * product + memory * joint
        return total[:, None]

    news, memory = _closing_in(misfit, 1)
    return float(news[0]), float(memory[0])


def _pairs(variance: Floats) -> tuple[list[int], list[int]]:
    """Pairs of neighbours in the order of their variance, the nearest first."""
    import numpy as np

    order = np.argsort(variance, kind="stable").tolist()
    one: list[int] = []
    other: list[int] = []
    for gap in range(1, len(order)):
        if one and len(one) + len(order) - gap > MOST_PAIRS:
            break
        one += order[:-gap]
        other += order[gap:]
    return one, other


def _closing_in(misfit: Callable[[Floats, Floats], Floats], searches: int) -> tuple[Floats, Floats]:
    """The news and memory that misfit least, several searches side by side.

    The grid is over how persistent the two are together and how much of it is news: the hill is
    flatter there. Each round looks at the third of the grid around its best point.

    Args:
        misfit: Of news and memory, each of shape (candidates, searches), to the same shape.
        searches: How many searches are made at once.
    """
    import numpy as np

    middle = np.tile(np.array([[0.5], [0.25]]), (1, searches))
    width = np.array([[0.5], [0.25]])
    steps = np.linspace(-1.0, 1.0, GRID)
    across, along = (axis.ravel()[:, None] for axis in np.meshgrid(steps, steps, indexing="ij"))
    for _ in range(ROUNDS):
        # Persistence is close to 1 in markets: its grid is finer there.
        lasting = np.clip(middle[0] + width[0] * across, 0.0, 1.0)
        share = np.clip(middle[1] + width[1] * along, 0.0, 1.0)
        persistence = MOST_PERSISTENT * (1.0 - (1.0 - lasting) ** 2)
        best = misfit(persistence * share, persistence * (1.0 - share)).argmin(axis=0)
        column = np.arange(searches)
        middle = np.stack([lasting[best, column], share[best, column]])
        width = width / 3.0
    persistence = MOST_PERSISTENT * (1.0 - (1.0 - middle[0]) ** 2)
    return persistence * middle[1], persistence * (1.0 - middle[1])
