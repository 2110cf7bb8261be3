"""Models of markets, fitted to history, that draw futures: normal, Student t copula, regimes.

All are models of log returns from one session to the next, so that prices stay above zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from trimtab.estimates.regimes import Regimes, fit_regimes
from trimtab.model.errors import InputError, OptionError, Problem
from trimtab.simulate.prices.history import PriceHistory, common_sessions

if TYPE_CHECKING:
    import numpy as np

    from trimtab.simulate.frames import Floats

ModelName: TypeAlias = Literal["normal", "t-copula", "regimes"]

LEAST_SESSIONS = 60
"""Fewer returns than this teach no model anything."""
LOW_FREEDOM, HIGH_FREEDOM = 2.1, 200.0
"""Degrees of freedom that are tried: below 2 there is no variance, from 200 on it is normal."""
FURTHEST = 2.0
"""A drawn return is at most so many times as far from the mean as the furthest in history: a
Student t has returns of which no market is capable, and their exponential has no mean."""


class MarketModel(Protocol):
    """What draws futures."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it draws, in this order."""
        ...

    @property
    def words(self) -> str:
        """What it is, for a reader."""
        ...

    def draw(self, generator: np.random.Generator, sessions: int) -> Floats:
        """Log returns of so many sessions, shape (sessions, n)."""
        ...


@dataclass(frozen=True, eq=False)
class NormalModel:
    """Log returns that are multivariate normal and know nothing of the day before.

    Args:
        symbols: What it draws.
        mean: Mean log return a session, shape (n,).
        covariance: Of log returns a session, shape (n, n), ddof 1.
    """

    symbols: tuple[str, ...]
    mean: Floats
    covariance: Floats

    @property
    def words(self) -> str:
        """What it is, for a reader."""
        return "multivariate normal log returns"

    @cached_property
    def _root(self) -> Floats:
        return _root(self.covariance)

    def draw(self, generator: np.random.Generator, sessions: int) -> Floats:
        """Log returns of so many sessions, shape (sessions, n)."""
        steps = generator.standard_normal((sessions, len(self.symbols))) @ self._root.T
        drawn: Floats = steps + self.mean
        return drawn


@dataclass(frozen=True, eq=False)
class TCopulaModel:
    """Log returns whose own tails and whose falling together are both fitted.

    Each instrument has a Student t with history's mean and deviation and the most likely degrees
    of freedom; a Student t copula joins them, with the correlations of Kendall's tau and the most
    likely degrees of freedom of its own (Demarta and McNeil, The t copula and related copulas,
    2005). The fewer, the more often the worst days come together.

    Args:
        symbols: What it draws.
        mean: Mean log return a session, shape (n,).
        deviation: Standard deviation of it, shape (n,).
        freedom: Degrees of freedom of each instrument, shape (n,).
        furthest: The furthest from its mean that each is drawn, shape (n,).
        correlation: Of the copula, shape (n, n).
        joint: Degrees of freedom of the copula.
    """

    symbols: tuple[str, ...]
    mean: Floats
    deviation: Floats
    freedom: Floats
    furthest: Floats
    correlation: Floats
    joint: float

    @property
    def words(self) -> str:
        """What it is, for a reader."""
        return f"Student t margins joined by a t copula of {self.joint:.1f} degrees of freedom"

    @cached_property
    def _root(self) -> Floats:
        return _root(self.correlation)

    @cached_property
    def _margins(self) -> tuple[Floats, Floats]:
        """From a copula's variate to each instrument's deviation from its mean: nodes, values."""
        import numpy as np
        from scipy import stats

        # Far enough for every draw that will ever be made, and dense where they are.
        end = float(stats.t.isf(1e-12, self.joint))
        nodes = np.sinh(np.linspace(0.0, np.arcsinh(end), 4001))
        tails = stats.t.sf(nodes, self.joint)
        values = np.empty((len(self.symbols), len(nodes)))
        for i, freedom in enumerate(self.freedom):
            scale = self.deviation[i] * np.sqrt((freedom - 2.0) / freedom)
            values[i] = np.minimum(scale * stats.t.isf(tails, freedom), self.furthest[i])
        values[:, 0] = 0.0
        return nodes, values

    def draw(self, generator: np.random.Generator, sessions: int) -> Floats:
        """Log returns of so many sessions, shape (sessions, n)."""
        import numpy as np

        nodes, values = self._margins
        normal = generator.standard_normal((sessions, len(self.symbols))) @ self._root.T
        mixed = normal / np.sqrt(generator.chisquare(self.joint, size=(sessions, 1)) / self.joint)
        drawn = np.empty_like(mixed)
        for i, own in enumerate(values):
            away = np.interp(np.abs(mixed[:, i]), nodes, own)
            drawn[:, i] = self.mean[i] + np.copysign(away, mixed[:, i])
        return drawn


@dataclass(frozen=True, eq=False)
class RegimeModel:
    """Markets that change between calm and storm, each with its own means and correlations.

    Args:
        symbols: What it draws.
        regimes: What rules in each, in log returns, and how they follow each other.
    """

    symbols: tuple[str, ...]
    regimes: Regimes

    @property
    def words(self) -> str:
        """What it is, for a reader."""
        shares = " and ".join(f"{share:.0%}" for share in self.regimes.shares)
        count = len(self.regimes.means)
        return f"{count} regimes that rule {shares} of the time, from calm to storm"

    @cached_property
    def _roots(self) -> list[Floats]:
        return [_root(covariance) for covariance in self.regimes.covariances]

    def draw(self, generator: np.random.Generator, sessions: int) -> Floats:
        """Log returns of so many sessions, shape (sessions, n), beginning in any state."""
        import numpy as np

        steps = generator.standard_normal((sessions, len(self.symbols)))
        drawn = np.empty_like(steps)
        regimes = self.regimes
        # Stays rather than sessions are drawn: there are few of them.
        state = int(generator.choice(len(regimes.shares), p=regimes.shares))
        session = 0
        while session < sessions:
            leaving = 1.0 - regimes.moves[state, state]
            stay = int(generator.geometric(leaving)) if leaving > 0.0 else sessions
            end = min(session + stay, sessions)
            drawn[session:end] = steps[session:end] @ self._roots[state].T + regimes.means[state]
            session = end
            if leaving > 0.0:
                others = regimes.moves[state].copy()
                others[state] = 0.0
                state = int(generator.choice(len(others), p=others / others.sum()))
        return drawn


def fit(
    prices: PriceHistory,
    model: ModelName = "normal",
    *,
    symbols: Sequence[str] | None = None,
    states: int = 2,
) -> MarketModel:
    """A model of the market, fitted to the sessions on which all instruments have prices.

    Args:
        prices: History.
        model: `normal`; `t-copula`, which needs scipy; or `regimes`.
        symbols: What to model; by default everything.
        states: How many regimes, 2 or more.

    Raises:
        InputError: There are too few prices, or one never changes.
        OptionError: There is no such model, or the number of states makes no sense.
    """
    names = tuple(symbols or prices.symbols)
    if model not in ("normal", "t-copula", "regimes"):
        raise OptionError(f"model {model!r}: normal, t-copula or regimes")
    returns = _log_returns(prices, names)
    if model == "normal":
        return fit_normal(returns, names)
    if model == "t-copula":
        return fit_t_copula(returns, names)
    return RegimeModel(names, fit_regimes(returns, states=states))


def _log_returns(prices: PriceHistory, symbols: tuple[str, ...]) -> Floats:
    import numpy as np

    panel = common_sessions(prices, symbols).history
    returns: Floats = np.diff(np.log(panel.close), axis=0)
    problems = []
    if len(returns) < LEAST_SESSIONS:
        wrong = f"{len(panel)} common sessions teach a model nothing"
        problems.append(Problem(prices.source, None, "", wrong, "give more prices"))
    for symbol, column in zip(symbols, returns.T, strict=True):
        if np.ptp(column) == 0.0:
            problems.append(
                Problem(prices.source, None, symbol, "its return never changes", "leave it out")
            )
    if problems:
        raise InputError(problems)
    return returns


def fit_normal(returns: Floats, symbols: Sequence[str]) -> NormalModel:
    """A multivariate normal with the mean and covariance of log returns, shape (sessions, n)."""
    import numpy as np

    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    return NormalModel(tuple(symbols), returns.mean(axis=0), covariance)


def fit_t_copula(returns: Floats, symbols: Sequence[str]) -> TCopulaModel:
    """A Student t copula with Student t margins, from log returns, shape (sessions, n).

    Raises:
        InputError: scipy is not installed.
    """
    import numpy as np

    try:
        from scipy import stats
    except ImportError:
        wrong, remedy = "t-copula needs scipy", "install trimtab[research]"
        raise InputError([Problem("model", None, "", wrong, remedy)]) from None
    sessions, n = returns.shape
    mean, deviation = returns.mean(axis=0), returns.std(axis=0, ddof=1)
    scaled = (returns - mean) / deviation
    freedom = np.array([_freedom(scaled[:, i]) for i in range(n)])
    correlation = np.eye(n)
    for i in range(n):
        for j in range(i):
            tau = float(stats.kendalltau(returns[:, i], returns[:, j]).statistic)
            correlation[i, j] = correlation[j, i] = np.sin(0.5 * np.pi * tau)
    correlation = _nearest_correlation(correlation)
    # Ranks stand for the margins, so that a bad margin does not spoil the copula.
    ranks = stats.rankdata(returns, axis=0) / (sessions + 1.0)
    return TCopulaModel(
        symbols=tuple(symbols),
        mean=mean,
        deviation=deviation,
        freedom=freedom,
        furthest=FURTHEST * np.abs(returns - mean).max(axis=0),
        correlation=correlation,
        joint=_joint_freedom(ranks, correlation),
    )


def _freedom(scaled: Floats) -> float:
    """The most likely degrees of freedom of a Student t of variance 1."""
    import numpy as np
    from scipy import stats

    def misfit(inverse: float) -> float:
        freedom = 1.0 / inverse
        scale = np.sqrt((freedom - 2.0) / freedom)
        return -float(stats.t.logpdf(scaled, freedom, scale=scale).sum())

    return _likeliest(misfit)


def _joint_freedom(ranks: Floats, correlation: Floats) -> float:
    """The most likely degrees of freedom of a t copula with given correlations."""
    import numpy as np
    from scipy import stats

    n = ranks.shape[1]

    def misfit(inverse: float) -> float:
        freedom = 1.0 / inverse
        variates = stats.t.ppf(ranks, freedom)
        whole = stats.multivariate_t.logpdf(variates, np.zeros(n), correlation, df=freedom)
        return -float(np.sum(whole) - stats.t.logpdf(variates, freedom).sum())

    return HIGH_FREEDOM if n == 1 else _likeliest(misfit)


def _likeliest(misfit: Any) -> float:
    from scipy.optimize import minimize_scalar

    # Over the inverse, of which the likelihood is a smooth hill.
    bounds = (1.0 / HIGH_FREEDOM, 1.0 / LOW_FREEDOM)
    found = minimize_scalar(misfit, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return float(1.0 / found.x)


def _root(covariance: Floats) -> Floats:
    """A matrix whose product with its transpose is the covariance; it need not be regular."""
    import numpy as np

    values, vectors = np.linalg.eigh(covariance)
    found: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return found


def _nearest_correlation(matrix: Floats) -> Floats:
    """The matrix without negative directions, its diagonal one again."""
    import numpy as np

    values, vectors = np.linalg.eigh(matrix)
    whole = (vectors * np.maximum(values, 1e-8)) @ vectors.T
    scale = np.sqrt(np.diag(whole))
    found: Floats = whole / scale[:, None] / scale[None, :]
    return found
