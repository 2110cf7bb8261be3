"""Means, covariances and the proof of correlations: both forms the same, and against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.kernels.compile import compiled
from trimtab.kernels.moments import AT_ONCE, correlations_above, plain_moments


def _history(sessions: int, n: int) -> np.ndarray:
    generator = np.random.default_rng(n)
    return generator.normal(0.001, 0.01, (sessions, 1)) + generator.normal(0, 0.01, (sessions, n))


@pytest.mark.parametrize("n", [1, 4, 7, 9])
def test_both_forms_give_the_same_bits(n: int) -> None:
    """Interpreted over lists and compiled over arrays."""
    table = _history(19, n)
    shapes = [(n,), (n,), (n, n), (AT_ONCE + 1, n), (n, n)]
    out = [np.full(shape, np.nan) for shape in shapes]
    plain = [np.zeros(shape).tolist() for shape in shapes]

    machine = compiled(plain_moments)(table, 19, n, 252.0, 1e-6, 9.0, *out)
    interpreted = plain_moments(table.tolist(), 19, n, 252.0, 1e-6, 9.0, *plain)

    assert machine is interpreted is True
    assert out[0].tolist() == plain[0]
    assert out[1].tolist() == plain[1]
    assert out[2].tolist() == plain[2]


@pytest.mark.parametrize("n", [2, 5, 12, 30])
@pytest.mark.parametrize("least", [0.0, 1e-6, 1e-3])
def test_the_least_eigenvalue_decides(n: int, least: float) -> None:
    """A matrix whose correlations have one just above passes, and one just below does not."""
    generator = np.random.default_rng(n)
    basis = np.linalg.qr(generator.normal(size=(n, n)))[0]
    spread = (basis * generator.uniform(0.2, 3.0, n)) @ basis.T
    size = np.sqrt(spread.diagonal())
    correlation = spread / np.outer(size, size)
    lowest = float(np.linalg.eigvalsh(correlation)[0])
    deviation = generator.uniform(0.01, 0.4, n)
    told = []

    for wanted in (least + 1e-9, least - 1e-9):
        share = (lowest - wanted) / (1.0 - lowest)  # more of the rest brings the least one down
        moved = (1.0 + share) * correlation
        np.fill_diagonal(moved, 1.0)
        covariance = moved * np.outer(deviation, deviation)
        told.append(correlations_above(covariance, n, least, np.zeros(n), np.zeros((n, n))))

    assert told == [True, False]


def test_no_variance_is_no_covariance() -> None:
    """A variance of zero, below it, or none at all is refused before anything is divided."""
    told = [
        correlations_above(np.diag([1.0, bad]), 2, 0.0, np.zeros(2), np.zeros((2, 2)))
        for bad in (0.0, -1.0, np.nan)
    ]

    assert told == [False, False, False]
