"""A plain history in one pass: the usual figures, and doubt where the usual way would doubt."""

from __future__ import annotations

import numpy as np
import pytest

from tests.estimates.made import drawn
from trimtab.estimates.covariance import sample_covariance
from trimtab.estimates.expected_returns import compounded_return, mean_return
from trimtab.estimates.history import LEAST_SESSIONS, usable
from trimtab.estimates.plain import MOST_WORK, moments_of_plain
from trimtab.estimates.repair import repaired


@pytest.mark.parametrize("shape", [(60, 1), (61, 2), (252, 20), (255, 33), (400, 100)])
def test_its_figures_are_those_of_numpy(shape: tuple[int, int]) -> None:
    """To the last bits, whatever is left over when sessions are taken several at a time."""
    returns = drawn(*shape)

    found = moments_of_plain(returns, sessions_a_year=252)

    assert found is not None
    covariance = 252 * np.atleast_2d(np.cov(returns, rowvar=False))
    size = np.sqrt(covariance.diagonal())
    np.testing.assert_allclose(
        found.covariance / np.outer(size, size), covariance / np.outer(size, size), atol=4e-15
    )
    np.testing.assert_allclose(found.mean, 252 * returns.mean(axis=0), rtol=1e-11)
    assert (found.covariance == found.covariance.T).all()


def test_the_usual_way_has_the_same_figures() -> None:
    """Which way was taken cannot be seen in a weight."""
    returns = drawn(300, 20)

    found = moments_of_plain(returns)

    assert found is not None
    np.testing.assert_allclose(found.covariance, sample_covariance(returns), rtol=1e-12)
    np.testing.assert_allclose(found.mean, mean_return(returns), rtol=1e-12)
    np.testing.assert_allclose(found.compounded, compounded_return(returns), atol=1e-13)


def test_a_column_far_from_zero_loses_nothing() -> None:
    """Products are of what lies off the mean: returns of 0.9 +- 0.0001 have their own."""
    returns = drawn(252, 20) / 100.0 + 0.9

    found = moments_of_plain(returns)

    assert found is not None
    np.testing.assert_allclose(
        found.covariance.diagonal(), 252 * returns.var(axis=0, ddof=1), rtol=1e-10
    )


def _missing(returns: np.ndarray) -> None:
    returns[7, 3] = np.nan


def _infinite(returns: np.ndarray) -> None:
    returns[7, 3] = -np.inf


def _too_large(returns: np.ndarray) -> None:
    returns[7, 3] = 1e200


def _still(returns: np.ndarray) -> None:
    returns[:, 3] = 0.0001


def _zero(returns: np.ndarray) -> None:
    returns[:, 3] = 0.0


def _twice(returns: np.ndarray) -> None:
    returns[:, 3] = returns[:, 4]


def _nearly_twice(returns: np.ndarray) -> None:
    returns[:, 3] = returns[:, 4] + 1e-5 * returns[:, 3]


def _all_lost(returns: np.ndarray) -> None:
    returns[7, 3] = -1.0


def _more_than_all_lost(returns: np.ndarray) -> None:
    returns[7, 3] = -1.5


def _prices(returns: np.ndarray) -> None:
    returns += 20.0


def _absurd(returns: np.ndarray) -> None:
    returns[:, 3] *= 3.01 / (252**0.5 * returns[:, 3].std(ddof=1))


@pytest.mark.parametrize(
    "spoil",
    [
        *(_missing, _infinite, _too_large, _still, _zero, _twice, _nearly_twice),
        *(_all_lost, _more_than_all_lost, _prices, _absurd),
    ],
)
def test_it_doubts_what_the_usual_way_speaks_of(spoil: object) -> None:
    """None wherever something would be left out, repaired, or is beyond all measure."""
    returns = drawn(252, 20)
    spoil(returns)

    found = moments_of_plain(returns)

    assert found is None


@pytest.mark.parametrize("seed", range(12))
def test_it_never_passes_what_the_usual_way_does_not(seed: int) -> None:
    """About as many sessions as instruments: where it is content nothing is found or changed."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(58, 64))
    returns = drawn(LEAST_SESSIONS, n, seed)

    found = moments_of_plain(returns)

    history = usable(returns)
    fit = repaired(sample_covariance(history.returns))
    assert (found is not None) == (not history.findings and not fit.findings)


@pytest.mark.parametrize("shape", [(LEAST_SESSIONS - 1, 2), (LEAST_SESSIONS, 0), (MOST_WORK, 2)])
def test_too_little_and_too_much_are_left_to_the_usual_way(shape: tuple[int, int]) -> None:
    """Few sessions teach nothing, and numpy is quicker with very many."""
    found = moments_of_plain(np.zeros(shape))

    assert found is None
