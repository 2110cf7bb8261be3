"""Regimes: markets that change between calm and storm, each with its own means and correlations.

A hidden Markov model with normal returns in every state. Whoever decides at a date takes
`filtered`, which knows the sessions up to each; `Regimes.smoothed` knows the whole history and
explains the past. Log returns or simple ones: the regimes are of the same, a session's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from trimtab.estimates.arrays import SESSIONS_A_YEAR, known_returns, refuse_never_changing
from trimtab.kernels.compile import compiled
from trimtab.kernels.regimes import smooth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from trimtab.estimates.arrays import Floats

MOST_ROUNDS = 500
CLOSE_ENOUGH = 1e-9
"""Fitting stops where the log-likelihood a session grows by less."""


@dataclass(frozen=True, eq=False)
class Regimes:
    """What rules in each regime, how long it lasts, and what follows.

    States stand in the order of their volatility: the last is the crisis.

    Args:
        means: Mean return a session in each state, shape (states, n).
        covariances: Of returns a session in each state, shape (states, n, n).
        moves: Probabilities to move from state to state, rows sum to 1, shape (states, states).
        smoothed: Probabilities of each state at each session of the history that was fitted, given
            all of it, shape (sessions, states).
        log_likelihood: Of that history.
        rounds: How many rounds of fitting it took.
    """

    means: Floats
    covariances: Floats
    moves: Floats
    smoothed: Floats = field(repr=False)
    log_likelihood: float
    rounds: int

    @cached_property
    def shares(self) -> Floats:
        """How much of the time each state rules in the long run, shape (states,)."""
        import numpy as np

        states = len(self.moves)
        # shares x (moves - 1) = 0 and they sum to 1.
        equations = np.vstack([self.moves.T - np.eye(states), np.ones(states)])
        solved = np.linalg.lstsq(equations, np.eye(states + 1)[-1], rcond=None)[0]
        found: Floats = np.clip(solved, 0.0, 1.0)
        found /= found.sum()
        return found

    @property
    def lengths(self) -> Floats:
        """How many sessions a stay in each state lasts on average, shape (states,)."""
        import numpy as np

        found: Floats = 1.0 / (1.0 - np.diag(self.moves))
        return found

    @property
    def volatility(self) -> Floats:
        """Yearly volatility of each instrument in each state, shape (states, n)."""
        import numpy as np

        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        found: Floats = np.sqrt(variances * SESSIONS_A_YEAR)
        return found

    @property
    def correlations(self) -> Floats:
        """Correlations in each state, shape (states, n, n)."""
        import numpy as np

        deviations = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        found: Floats = self.covariances / (deviations[:, :, None] * deviations[:, None, :])
        return found

    @property
    def mean(self) -> Floats:
        """Mean return a session in the long run, shape (n,)."""
        return self.mixed(self.shares)[0]

    @property
    def covariance(self) -> Floats:
        """Covariance of returns a session in the long run, shape (n, n)."""
        return self.mixed(self.shares)[1]

    def mixed(self, probabilities: ArrayLike) -> tuple[Floats, Floats]:
        """Mean, shape (n,), and covariance, shape (n, n), of a session that may be in any state.

        Args:
            probabilities: Of each state, shape (states,); `following(filtered(...)[-1])` for the
                next session.
        """
        import numpy as np

        chances = np.asarray(probabilities, dtype=np.float64)
        mean: Floats = chances @ self.means
        away = self.means - mean
        spread = self.covariances + away[:, :, None] * away[:, None, :]
        covariance: Floats = np.einsum("k,kij->ij", chances, spread)
        return mean, covariance

    def following(self, probabilities: ArrayLike) -> Floats:
        """Probabilities of each state one session later, shape (states,)."""
        import numpy as np

        found: Floats = np.asarray(probabilities, dtype=np.float64) @ self.moves
        return found


def fit_regimes(returns: ArrayLike, *, states: int = 2) -> Regimes:
    """Regimes by Baum and Welch's method (expectation and maximisation).

    It begins with sessions sorted by how stormy the three weeks around them were, and so needs no
    chance: the same history gives the same regimes. L. Rabiner, A tutorial on hidden Markov
    models, Proceedings of the IEEE 77, 1989.

    Args:
        returns: Shape (sessions, n), without gaps.
        states: How many regimes, from 2 to 8.

    Raises:
        ValueError: The number of states makes no sense for so many sessions, or a return never
            changes.
    """
    import numpy as np

    table = known_returns(returns)
    sessions, n = table.shape
    if not 2 <= states <= 8 or sessions < 10 * states * (n + 1):
        raise ValueError(f"states {states!r}: from 2 to 8, with ten sessions each and instrument")
    refuse_never_changing(table)
    variance = table.var(axis=0)
    storm = ((table - table.mean(axis=0)) / table.std(axis=0)) ** 2
    around = np.convolve(storm.mean(axis=1), np.ones(15) / 15, mode="same")
    group = np.minimum(np.argsort(np.argsort(around)) * states // sessions, states - 1)
    after = np.eye(states)[group]
    moves = np.full((states, states), 0.05 / (states - 1))
    np.fill_diagonal(moves, 0.95)
    start = np.full(states, 1.0 / states)
    floor = 1e-8 * np.diag(variance)
    before, scale, moved = np.empty_like(after), np.empty(sessions), np.empty((states, states))
    run = compiled(smooth)
    last, reached, rounds = -np.inf, -np.inf, 0
    means = covariances = np.empty(0)
    while rounds < MOST_ROUNDS:
        rounds += 1
        weights = after / np.maximum(after.sum(axis=0), 1e-300)
        means = weights.T @ table
        away = table[None, :, :] - means[:, None, :]
        covariances = np.einsum("tk,kti,ktj->kij", weights, away, away, optimize=True) + floor
        logs = _log_densities(table, means, covariances)
        most = logs.max(axis=1, keepdims=True)
        run(np.exp(logs - most), start, moves, before, after, scale, moved)
        reached = float((np.log(np.maximum(scale, 1e-300)) + most[:, 0]).sum())
        if reached - last < CLOSE_ENOUGH * sessions:
            break
        last = reached
        start = after[0].copy()
        moves = moved / np.maximum(moved.sum(axis=1, keepdims=True), 1e-300)
    order = np.argsort(np.trace(covariances / variance, axis1=1, axis2=2))
    return Regimes(
        means=means[order],
        covariances=covariances[order],
        moves=moves[np.ix_(order, order)],
        smoothed=after[:, order],
        log_likelihood=reached,
        rounds=rounds,
    )


def filtered(regimes: Regimes, returns: ArrayLike) -> Floats:
    """How probable each regime was at each session, knowing only the sessions up to it.

    Nothing of the future is in it as long as the regimes were fitted on sessions before: fit on
    one stretch, filter through it and the next. The first session begins in the long run's shares.

    Args:
        regimes: Fitted before.
        returns: Shape (sessions, n), without gaps, as those that were fitted.

    Returns:
        Probabilities, rows sum to 1, shape (sessions, states).
    """
    import numpy as np

    table = known_returns(returns)
    sessions, states = len(table), len(regimes.means)
    logs = _log_densities(table, regimes.means, regimes.covariances)
    likelihood = np.exp(logs - logs.max(axis=1, keepdims=True))
    # Interpreted: one pass over lists is over before a compiler has been imported.
    before = np.zeros((sessions, states)).tolist()
    after = np.zeros((sessions, states)).tolist()
    moved = np.zeros((states, states)).tolist()
    smooth(
        likelihood.tolist(),
        regimes.shares.tolist(),
        regimes.moves.tolist(),
        before,
        after,
        [0.0] * sessions,
        moved,
    )
    return np.array(before)


def _log_densities(returns: Floats, means: Floats, covariances: Floats) -> Floats:
    """Log density of each session's returns in each state, shape (sessions, states)."""
    import numpy as np

    found: Floats = np.empty((len(returns), len(means)))
    for k, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        root = np.linalg.cholesky(covariance)
        scaled = np.linalg.solve(root, (returns - mean).T)
        size = len(mean) * np.log(2.0 * np.pi) + 2.0 * np.log(np.diag(root)).sum()
        found[:, k] = -0.5 * ((scaled**2).sum(axis=0) + size)
    return found
