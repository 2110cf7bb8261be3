"""Expected returns and covariance by the words that users choose them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Covariance = Literal[
    "sample", "ledoit-wolf", "constant-correlation", "oas", "ewm", "denoised", "factor", "dcc",
    "regimes",
]  # fmt: skip
Expected = Literal["compounded", "mean", "ewm", "bayes-stein", "james-stein"]
COVARIANCES: tuple[str, ...] = get_args(Covariance)
EXPECTED: tuple[str, ...] = get_args(Expected)

HALF_LIFE = 126
"""For `ewm`: after so many sessions, half a year, a return counts half."""


def covariance_by(
    word: Covariance, returns: Floats, *, sessions_a_year: float, half_life: int = HALF_LIFE
) -> Floats:
    """A year's covariance of simple returns, shape (n, n), not yet repaired.

    Args:
        word: One of COVARIANCES.
        returns: Shape (sessions, n), complete.
        sessions_a_year: Sessions that make a year.
        half_life: Of `ewm`: after so many sessions a return counts half.
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
        case "ewm":
            return covariance.fading_covariance(returns, half_life=half_life, sessions_a_year=year)
        case "denoised":
            whole = covariance.sample_covariance(returns, sessions_a_year=year)
            return covariance.denoised(whole, sessions=len(returns)).covariance
        case "factor" | "dcc" | "regimes":
            return _modelled(word, returns, year)
        case _:
            shrunk = covariance.ledoit_wolf_constant_correlation(returns, sessions_a_year=year)
            return shrunk.covariance


def _modelled(word: str, returns: Floats, year: float) -> Floats:
    """The covariance by a model of the returns."""
    from trimtab.estimates import covariance, dynamic, factors, regimes

    if word == "dcc":
        model = dynamic.fit_dynamic(returns)
        return dynamic.next_covariance(model, returns, sessions_a_year=year)
    if word == "regimes":
        states = regimes.fit_regimes(returns)
        now = states.following(regimes.filtered(states, returns)[-1])
        return year * states.mixed(now)[1]
    whole = covariance.sample_covariance(returns, sessions_a_year=year)
    count = covariance.denoised(whole, sessions=len(returns)).kept
    count = min(max(count, 1), returns.shape[1] - 1)
    return factors.statistical_factors(returns, count, sessions_a_year=year).dense()


def expected_by(word: Expected, returns: Floats, *, sessions_a_year: float) -> Floats:
    """A year's expected returns, shape (n,); arguments as of `covariance_by`."""
    from trimtab.estimates import expected_returns

    if word == "mean":
        return expected_returns.mean_return(returns, sessions_a_year=sessions_a_year)
    if word == "ewm":
        return expected_returns.fading_return(
            returns, half_life=HALF_LIFE, sessions_a_year=sessions_a_year
        )
    if word == "bayes-stein":
        return expected_returns.bayes_stein(returns, sessions_a_year=sessions_a_year).returns
    if word == "james-stein":
        return expected_returns.james_stein(returns, sessions_a_year=sessions_a_year).returns
    return expected_returns.compounded_return(returns, sessions_a_year=sessions_a_year)
