"""Dynamic correlations: the recursion written out, and a truth that is known found again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.estimates.made import correlated
from trimtab.estimates.dynamic import (
    DynamicCorrelation,
    correlation_path,
    fit_dynamic,
    next_covariance,
    variance_path,
)

KNOWN = DynamicCorrelation(
    mean=np.array([0.0005, 0.0, 0.0002]),
    variance=np.array([1e-4, 4e-4, 2.5e-5]),
    variance_news=np.array([0.05, 0.1, 0.08]),
    variance_memory=np.array([0.92, 0.85, 0.9]),
    correlation=np.array([[1.0, 0.5, -0.2], [0.5, 1.0, 0.1], [-0.2, 0.1, 1.0]]),
    news=0.05,
    memory=0.92,
)


def drawn_dynamic(model: DynamicCorrelation, sessions: int, seed: int) -> np.ndarray:
    """Returns of the model, with its equations written out session by session."""
    generator = np.random.default_rng(seed)
    n = len(model.mean)
    h, q = model.variance.copy(), model.correlation.copy()
    found = np.empty((sessions, n))
    for t in range(sessions):
        size = np.sqrt(np.diag(q))
        z = np.linalg.cholesky(q / np.outer(size, size)) @ generator.standard_normal(n)
        e = np.sqrt(h) * z
        found[t] = model.mean + e
        a, b = model.variance_news, model.variance_memory
        h = model.variance * (1 - a - b) + a * e**2 + b * h
        rest = 1 - model.news - model.memory
        q = rest * model.correlation + model.news * np.outer(z, z) + model.memory * q
    return found


def test_paths_are_engles_equations() -> None:
    """Variances and correlations of every session, and of the next, written out as loops."""
    table = drawn_dynamic(KNOWN, 50, seed=1)
    h, q = KNOWN.variance.copy(), KNOWN.correlation.copy()
    variances, correlations = [], []
    for row in [*table, None]:
        size = np.sqrt(np.diag(q))
        variances.append(h)
        correlations.append(q / np.outer(size, size))
        if row is None:
            break
        e = row - KNOWN.mean
        z = e / np.sqrt(h)
        a, b = KNOWN.variance_news, KNOWN.variance_memory
        h = KNOWN.variance * (1 - a - b) + a * e**2 + b * h
        q = 0.03 * KNOWN.correlation + 0.05 * np.outer(z, z) + 0.92 * q

    found = next_covariance(KNOWN, table, sessions_a_year=12)

    assert variance_path(KNOWN, table) == pytest.approx(np.array(variances), rel=1e-9)
    assert correlation_path(KNOWN, table) == pytest.approx(np.array(correlations), rel=1e-9)
    deviation = np.sqrt(variances[-1])
    assert found == pytest.approx(12 * correlations[-1] * np.outer(deviation, deviation), rel=1e-9)


def test_parameters_are_found_again() -> None:
    """News and memory of variances and correlations, from eight thousand sessions."""
    table = drawn_dynamic(KNOWN, 8000, seed=2)

    found = fit_dynamic(table)

    assert found.variance_news == pytest.approx(KNOWN.variance_news, abs=0.02)
    assert found.variance_memory == pytest.approx(KNOWN.variance_memory, abs=0.04)
    assert found.news == pytest.approx(KNOWN.news, abs=0.012)
    assert found.memory == pytest.approx(KNOWN.memory, abs=0.03)
    assert found.correlation == pytest.approx(KNOWN.correlation, abs=0.08)


def test_correlations_that_do_not_move_are_left_alone() -> None:
    """Independent normal returns: the fitted path stays near the constant correlation."""
    root = np.linalg.cholesky(correlated(4, 0.5))
    table = np.random.default_rng(3).standard_normal((3000, 4)) @ root.T

    path = correlation_path(fit_dynamic(table), table)

    assert np.abs(path - np.corrcoef(table, rowvar=False)).max() < 0.12


def test_it_follows_correlations_that_break() -> None:
    """From 0.1 to 0.8 at one session: two months later it expects more than 0.5."""
    generator = np.random.default_rng(4)
    calm, storm = (np.linalg.cholesky(correlated(3, rho)) for rho in (0.1, 0.8))
    noise = generator.standard_normal((1200, 3))
    table = np.concatenate([noise[:1000] @ calm.T, noise[1000:] @ storm.T])
    model = fit_dynamic(table[:1000], correlation_parameters=(0.05, 0.93))

    path = correlation_path(model, table)

    assert path[990:1001, 0, 1].mean() < 0.35
    assert path[1045:1060, 0, 1].mean() > 0.5


def test_parameters_may_be_given() -> None:
    """They are kept as they are, and only levels are estimated; nothing is searched."""
    table = drawn_dynamic(KNOWN, 200, seed=5)

    found = fit_dynamic(table, variance_parameters=(0.06, 0.93), correlation_parameters=(0.0, 0.0))

    assert set(found.variance_news) == {0.06}
    assert set(found.variance_memory) == {0.93}
    assert found.variance == pytest.approx(table.var(axis=0))
    constant = correlation_path(found, table)
    assert constant == pytest.approx(np.tile(found.correlation, (201, 1, 1)))


def test_the_future_changes_no_path() -> None:
    """With a model that was fitted before, each session knows the ones before it alone."""
    table = drawn_dynamic(KNOWN, 300, seed=6)
    other = table.copy()
    other[200:] *= -4.0

    assert (
        correlation_path(KNOWN, table)[:201].tolist()
        == correlation_path(KNOWN, other)[:201].tolist()
    )
    assert variance_path(KNOWN, table)[:201].tolist() == variance_path(KNOWN, other)[:201].tolist()
    assert (
        correlation_path(KNOWN, table)[201].tolist() != correlation_path(KNOWN, other)[201].tolist()
    )


def test_every_covariance_has_an_inverse() -> None:
    """Positive definite at every session, its diagonal one."""
    table = drawn_dynamic(KNOWN, 400, seed=7)

    path = correlation_path(fit_dynamic(table), table)

    assert np.linalg.eigvalsh(path).min() > 0.0
    assert np.diagonal(path, axis1=1, axis2=2) == pytest.approx(np.ones((401, 3)))


def test_order_and_unit_of_instruments_do_not_matter() -> None:
    """Another order gives the same in that order; in percent, ten thousand times as much."""
    table, order = drawn_dynamic(KNOWN, 300, seed=8), [2, 0, 1]

    found = next_covariance(fit_dynamic(table), table)
    other = next_covariance(fit_dynamic(table[:, order]), table[:, order])
    percent = next_covariance(fit_dynamic(100 * table), 100 * table)

    assert other == pytest.approx(found[np.ix_(order, order)], rel=1e-6)
    assert percent == pytest.approx(1e4 * found, rel=1e-6)


def test_one_instrument_has_only_a_variance() -> None:
    """No pair, no correlation to fit."""
    table = drawn_dynamic(KNOWN, 300, seed=9)[:, :1]

    model = fit_dynamic(table)

    assert (model.news, model.memory) == (0.0, 0.0)
    expected = 252 * variance_path(model, table)[-1]
    assert next_covariance(model, table)[0] == pytest.approx(expected)


def test_shocks_that_never_fade_are_refused() -> None:
    """News and memory below zero, or one and more together; constants."""
    table = drawn_dynamic(KNOWN, 100, seed=10)
    with pytest.raises(ValueError, match="less than 1"):
        fit_dynamic(table, correlation_parameters=(0.1, 0.9))
    with pytest.raises(ValueError, match="zero or more"):
        fit_dynamic(table, variance_parameters=(-0.1, 0.9))
    with pytest.raises(ValueError, match="column 2 never changes"):
        fit_dynamic(table * [1.0, 1.0, 0.0])
