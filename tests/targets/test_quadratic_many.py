"""Quadratic programmes in which many are held: found by products with the matrix, or by factors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.targets.test_quadratic import covariance, excess, oracle
from trimtab.targets.solvers import quadratic
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.quadratic import duality_gap, solve


def many(n: int, seed: int, *, factors: bool = False, groups: int = 0) -> Programme:
    """Stocks that are alike, so that nearly all are held, or with common causes; groups to keep."""
    rng = np.random.default_rng(seed)
    matrix = covariance(rng, n) if factors else np.cov(rng.normal(0, 0.01, (3 * n, n)).T) * 252
    rows = [Row("budget", np.ones(n), 1.0, 1.0)]
    for j in range(groups):
        share = (np.arange(n) % groups == j).astype(float)
        rows.append(
            Row(
                f"group {j}",
                share,
                0.5 / groups,
                (1.2 if j else 0.9) / groups if groups > 1 else 1.0,
            )
        )
    linear = -2e-6 * rng.normal(size=n)
    return Programme(matrix, linear, np.zeros(n), np.full(n, 0.5), tuple(rows))


@pytest.mark.parametrize(("n", "groups"), [(90, 0), (150, 4), (280, 0), (280, 5)])
def test_many_held_names_are_the_oracles(n: int, groups: int) -> None:
    """Nothing within the limits is better, however many are held, with groups and without."""
    programme = many(n, n + groups, groups=groups)

    found = solve(programme)

    assert found.status == "optimal"
    assert (found.weights > 1e-9).sum() > n // 2
    assert excess(programme, found.weights) < 1e-10
    assert found.objective == pytest.approx(oracle(programme), abs=1e-8)
    assert duality_gap(programme, found.weights, found.multipliers) < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_many_names_with_costs_are_proved_best(seed: int) -> None:
    """With costs of moving, caps and common causes the bound by weak duality is met as well."""
    rng = np.random.default_rng(seed)
    n = 260
    base = many(n, seed, factors=seed % 2 == 0, groups=seed)
    held = np.full(n, 1.0 / n)
    programme = replace(base, held=held, sell=rng.uniform(0, 2e-4, n), buy=rng.uniform(0, 2e-4, n))

    found = solve(programme)

    assert found.status == "optimal"
    assert excess(programme, found.weights) < 1e-10
    assert duality_gap(programme, found.weights, found.multipliers) < 1e-10


def test_every_way_to_many_names_gives_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products with the matrix, LAPACK's factor and the kernel's factor agree to rounding."""
    programme = many(280, 3)
    by_products = solve(programme)
    all_free = np.full(280, 3)

    by_lapack = solve(programme, start=all_free)
    monkeypatch.setattr(quadratic, "FACTORED_UP_TO", 10**6)
    by_kernel = solve(programme, start=all_free)

    np.testing.assert_allclose(by_lapack.weights, by_products.weights, atol=1e-9)
    np.testing.assert_allclose(by_kernel.weights, by_products.weights, atol=1e-9)


def test_interpreted_and_compiled_guess_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no factor of LAPACK's enters, the two forms still give the same bits."""
    programme = many(80, 5)

    compiled = solve(programme)
    monkeypatch.setattr(quadratic, "INTERPRETED_UP_TO", 10**6)
    interpreted = solve(programme)

    assert (compiled.weights > 1e-9).sum() > 64
    np.testing.assert_array_equal(compiled.weights, interpreted.weights)


def test_many_names_of_a_singular_matrix_are_no_answer() -> None:
    """Two equal names among many: nothing is said to be optimal that cannot be told apart."""
    programme = many(250, 1)
    matrix = programme.matrix.copy()
    matrix[1], matrix[:, 1] = matrix[0], matrix[:, 0]
    matrix[1, 1] = matrix[0, 0]

    found = solve(replace(programme, matrix=matrix, low=np.full(250, -1.0)))

    assert found.status == "not positive definite" or found.gap < 1e-10
