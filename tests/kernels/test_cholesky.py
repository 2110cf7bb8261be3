"""Factors of a matrix over some of its names: against numpy, and both forms the same."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.kernels.cholesky import backward, factor, forward
from trimtab.kernels.compile import compiled


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 14])
def test_a_factor_and_what_it_solves_are_numpys(count: int) -> None:
    """Over names in any order, interpreted over lists and compiled to the same bits."""
    generator = np.random.default_rng(count)
    moves = generator.normal(size=(40, 15))
    matrix, names = moves.T @ moves, generator.permutation(15)
    right = generator.normal(size=15)
    out, x = np.zeros((15, 15)), right.copy()
    listed, y = np.zeros((15, 15)).tolist(), right.tolist()

    ended = compiled(factor)(matrix, names, count, out)
    plain = factor(matrix.tolist(), names.tolist(), count, listed)
    for solve in (forward, backward):
        compiled(solve)(out, count, x)
        solve(listed, count, y)

    some = matrix[np.ix_(names[:count], names[:count])]
    assert ended == plain == -1
    assert out.tolist() == listed
    assert x.tolist() == y
    np.testing.assert_allclose(np.triu(out[:count, :count]), np.linalg.cholesky(some).T, atol=1e-12)
    np.testing.assert_allclose(x[:count], np.linalg.solve(some, right[:count]), rtol=1e-9)


def test_a_name_that_another_stands_for_ends_it() -> None:
    """The first place where the matrix is singular is told, behind whole blocks of four too."""
    moves = np.random.default_rng(1).normal(size=(40, 9))
    moves[:, 6] = moves[:, 2]
    matrix = moves.T @ moves

    ended = factor(matrix, np.arange(9), 9, np.zeros((9, 9)))

    assert ended == 6
