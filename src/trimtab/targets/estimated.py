"""Expected returns and covariance by the words that users choose them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Covariance = Literal["sample", "ledoit-wolf", "constant-correlation", "oas"]
Expected = Literal["compounded", "mean"]
COVARIANCES: tuple[str, ...] = get_args(Covariance)
EXPECTED: tuple[str, ...] = get_args(Expected)


def covariance_by(word: Covariance, returns: Floats, *, sessions_a_year: float) -> Floats:
    """A year's covariance of simple returns, shape (n, n), not yet repaired.

    Args:
        word: One of COVARIANCES.
        returns: Shape (sessions, n), complete.
        sessions_a_year: Sessions that make a year.
    """
    from trimtab.estimates import covariance

    year = sessions_a_year
    match word:
        case "sample":
            return covariance.sample_covariance(returns, sessions_a_year=year)
        case "ledoit-wolf":
            return covariance.ledoit_wolf(returns, sessions_a_year=year).covariance
        case "oas":
            return covariance.oracle_approximating(returns, sessions_a_year=year).covariance
        case _:
            shrunk = covariance.ledoit_wolf_constant_correlation(returns, sessions_a_year=year)
            return shrunk.covariance


def expected_by(word: Expected, returns: Floats, *, sessions_a_year: float) -> Floats:
    """A year's expected returns, shape (n,); arguments as of `covariance_by`."""
    from trimtab.estimates import expected_returns

    if word == "mean":
        return expected_returns.mean_return(returns, sessions_a_year=sessions_a_year)
    return expected_returns.compounded_return(returns, sessions_a_year=sessions_a_year)
