"""Regimes at a date: what is known then, and nothing of what comes after."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from tests.estimates.made import correlated
from trimtab.estimates.regimes import Regimes, filtered, fit_regimes

CALM, STORM = correlated(3, 0.3, deviation=0.006), correlated(3, 0.8, deviation=0.025)
MOVES = np.array([[0.98, 0.02], [0.05, 0.95]])
KNOWN = Regimes(
    means=np.array([[0.0006] * 3, [-0.002] * 3]),
    covariances=np.array([CALM, STORM]),
    moves=MOVES,
    smoothed=np.empty((0, 2)),
    log_likelihood=0.0,
    rounds=0,
)


def drawn_regimes(sessions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which regime ruled, and the returns."""
    generator = np.random.default_rng(seed)
    states = np.zeros(sessions, dtype=int)
    for t in range(1, sessions):
        states[t] = generator.choice(2, p=MOVES[states[t - 1]])
    roots = np.linalg.cholesky(KNOWN.covariances)
    noise = generator.standard_normal((sessions, 3))
    return states, KNOWN.means[states] + np.einsum("tij,tj->ti", roots[states], noise)


def test_what_is_filtered_sums_all_courses_up_to_each_session() -> None:
    """Bayes' rule over every course that the regimes may have taken, written out."""
    _, table = drawn_regimes(6, seed=1)
    density = np.column_stack(
        [stats.multivariate_normal(KNOWN.means[k], KNOWN.covariances[k]).pdf(table) for k in (0, 1)]
    )

    found = filtered(KNOWN, table)

    for t in range(6):
        chances = np.zeros(2)
        for course in product((0, 1), repeat=t + 1):
            weight = KNOWN.shares[course[0]] * density[0, course[0]]
            for s in range(1, t + 1):
                weight *= MOVES[course[s - 1], course[s]] * density[s, course[s]]
            chances[course[-1]] += weight
        assert found[t] == pytest.approx(chances / chances.sum(), rel=1e-9)


def test_the_future_changes_nothing_that_is_filtered() -> None:
    """Up to any session the probabilities are the same bits, whatever follows."""
    _, table = drawn_regimes(300, seed=2)
    other = table.copy()
    other[200:] *= 5.0

    found, changed = filtered(KNOWN, table), filtered(KNOWN, other)

    assert found[:200].tolist() == changed[:200].tolist()
    assert found[:200].tolist() == filtered(KNOWN, table[:200]).tolist()
    assert found[200:].tolist() != changed[200:].tolist()


def test_fitted_on_one_stretch_it_tells_the_regime_of_the_next() -> None:
    """Walk forward: nine of ten sessions that it never saw are told rightly."""
    states, table = drawn_regimes(4000, seed=3)

    fitted = fit_regimes(table[:2500])

    told = filtered(fitted, table)[2500:].argmax(axis=1)
    assert (told == states[2500:]).mean() > 0.93
    assert fitted.correlations[1, 0, 1] > fitted.correlations[0, 0, 1] + 0.3
    assert fitted.moves == pytest.approx(MOVES, abs=0.03)


def test_the_same_history_gives_the_same_regimes() -> None:
    """To the bit: nothing is left to chance."""
    _, table = drawn_regimes(600, seed=4)

    one, other = fit_regimes(table), fit_regimes(table)

    assert one.covariances.tolist() == other.covariances.tolist()
    assert one.moves.tolist() == other.moves.tolist()


def test_order_of_instruments_does_not_matter() -> None:
    """Another order gives the same in that order."""
    _, table = drawn_regimes(600, seed=5)
    table = table * [1.0, 2.0, 0.5]
    order = [2, 0, 1]

    one, other = fit_regimes(table), fit_regimes(table[:, order])

    assert other.means == pytest.approx(one.means[:, order], rel=1e-4, abs=1e-7)
    assert other.covariances == pytest.approx(one.covariances[:, order][:, :, order], rel=1e-4)


def test_a_session_that_may_be_in_any_regime_has_the_moments_of_the_mixture() -> None:
    """Mean and covariance of many draws; with one regime certain, that regime's."""
    states, table = drawn_regimes(60_000, seed=6)
    share = states.mean()

    mean, covariance = KNOWN.mixed([1 - share, share])

    assert mean == pytest.approx(table.mean(axis=0), abs=3e-4)
    assert covariance == pytest.approx(np.cov(table, rowvar=False), rel=0.05)
    assert KNOWN.mixed([0.0, 1.0])[1] == pytest.approx(STORM)
    assert KNOWN.following([0.0, 1.0]) == pytest.approx(MOVES[1])
    assert KNOWN.following(KNOWN.shares) == pytest.approx(KNOWN.shares)


def test_a_history_that_teaches_nothing_is_refused() -> None:
    """Too short, too many states, or a return that never changes."""
    _, table = drawn_regimes(300, seed=7)
    with pytest.raises(ValueError, match="states"):
        fit_regimes(table[:79])
    with pytest.raises(ValueError, match="states"):
        fit_regimes(table, states=9)
    with pytest.raises(ValueError, match="column 1 never changes"):
        fit_regimes(table * [1.0, 0.0, 1.0])
