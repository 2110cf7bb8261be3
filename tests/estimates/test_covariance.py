"""Covariances: against pandas, scikit-learn, the papers written out, and simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn import covariance as sklearn_covariance

from tests.estimates.made import correlated, drawn
from trimtab.estimates.covariance import (
    denoised,
    fading_covariance,
    ledoit_wolf,
    ledoit_wolf_constant_correlation,
    oracle_approximating,
    pairwise_covariance,
    sample_covariance,
)

Estimate = Callable[[np.ndarray], np.ndarray]
ESTIMATES: dict[str, Estimate] = {
    "sample": sample_covariance,
    "pairwise": pairwise_covariance,
    "fading": lambda table: fading_covariance(table, half_life=30.0),
    "ledoit-wolf": lambda table: ledoit_wolf(table).covariance,
    "constant correlation": lambda table: ledoit_wolf_constant_correlation(table).covariance,
    "oas": lambda table: oracle_approximating(table).covariance,
    "denoised": lambda table: denoised(
        sample_covariance(table), sessions=len(table)
    ).covariance,
}  # fmt: skip


def test_samples_are_those_of_pandas() -> None:
    """Whole, by pairs and fading, with ddof 1 and without bias."""
    table = drawn(200, 4)
    gaps = table.copy()
    gaps[:90, 1], gaps[::5, 2] = np.nan, np.nan
    frame = pd.DataFrame(table)

    assert sample_covariance(table) == pytest.approx(252 * frame.cov().to_numpy(), rel=1e-10)
    by_pairs = 252 * pd.DataFrame(gaps).cov().to_numpy()
    assert pairwise_covariance(gaps) == pytest.approx(by_pairs, rel=1e-10)
    gaps_fading = 252 * pd.DataFrame(gaps).ewm(halflife=40.0).cov().iloc[-4:].to_numpy()
    assert pairwise_covariance(gaps, half_life=40.0) == pytest.approx(gaps_fading, rel=1e-9)
    fading = 252 * frame.ewm(halflife=40.0).cov().iloc[-4:].to_numpy()
    assert fading_covariance(table, half_life=40.0) == pytest.approx(fading, rel=1e-9)


def test_pairs_that_share_nothing_have_no_covariance() -> None:
    """NaN where two share fewer than two sessions; the rest is known."""
    table = drawn(40, 2)
    table[:20, 0], table[20:, 1] = np.nan, np.nan

    found = pairwise_covariance(table)

    assert np.isnan(found).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("shape", [(60, 5), (40, 80), (500, 20), (30, 1)])
def test_shrunk_ones_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    """Ledoit and Wolf's, and OAS: covariance and intensity, also with few sessions."""
    table = drawn(*shape, seed=7)
    theirs = sklearn_covariance.LedoitWolf().fit(table)
    oas = sklearn_covariance.OAS().fit(table)

    found = ledoit_wolf(table, sessions_a_year=1)
    approximating = oracle_approximating(table, sessions_a_year=1)

    assert found.covariance == pytest.approx(theirs.covariance_, rel=1e-9, abs=1e-15)
    assert approximating.covariance == pytest.approx(oas.covariance_, rel=1e-9, abs=1e-15)
    if shape[1] > 1:
        assert found.intensity == pytest.approx(theirs.shrinkage_, rel=1e-9)
        assert approximating.intensity == pytest.approx(oas.shrinkage_, rel=1e-9)


def written_out(x: np.ndarray) -> tuple[np.ndarray, float]:
    """Appendices A and B of `Honey, I shrunk the sample covariance matrix`, loop by loop."""
    sessions, n = x.shape
    y = x - x.mean(axis=0)
    s = y.T @ y / sessions
    r = [s[i, j] / np.sqrt(s[i, i] * s[j, j]) for i in range(n) for j in range(i + 1, n)]
    mean_r = 2 / (n * (n - 1)) * sum(r)
    f = np.array([[mean_r * np.sqrt(s[i, i] * s[j, j]) for j in range(n)] for i in range(n)])
    np.fill_diagonal(f, np.diag(s))
    pi = rho = gamma = 0.0
    for i in range(n):
        for j in range(n):
            error = y[:, i] * y[:, j] - s[i, j]
            pi += (error**2).mean()
            gamma += (f[i, j] - s[i, j]) ** 2
            if i == j:
                rho += (error**2).mean()
            else:
                theta_i = ((y[:, i] ** 2 - s[i, i]) * error).mean()
                theta_j = ((y[:, j] ** 2 - s[j, j]) * error).mean()
                ratio = np.sqrt(s[j, j] / s[i, i])
                rho += mean_r / 2 * (ratio * theta_i + theta_j / ratio)
    intensity = max(0.0, min((pi - rho) / gamma / sessions, 1.0))
    return intensity * f + (1 - intensity) * s, intensity


@pytest.mark.parametrize("shape", [(60, 5), (30, 12), (300, 6)])
def test_constant_correlation_is_the_papers(shape: tuple[int, int]) -> None:
    """Target, intensity and result as its appendices have them."""
    table = drawn(*shape, seed=3)
    table[:, ::2] += 6.0 * drawn(*shape, seed=4)[:, :1]  # a second cause, of every other instrument
    covariance, intensity = written_out(table)

    found = ledoit_wolf_constant_correlation(table, sessions_a_year=1)

    assert found.intensity == pytest.approx(intensity, rel=1e-9)
    assert 0.0 < found.intensity < 1.0
    assert found.covariance == pytest.approx(covariance, rel=1e-9)


def test_constant_correlation_keeps_variances_and_knows_no_unit() -> None:
    """Variances are the sample's (ddof 0); one instrument in percent changes only its own rows."""
    table, unit = drawn(50, 4), np.array([1.0, 100.0, 1.0, 1.0])

    found = ledoit_wolf_constant_correlation(table, sessions_a_year=1)
    other = ledoit_wolf_constant_correlation(table * unit, sessions_a_year=1)

    assert np.diag(found.covariance) == pytest.approx(table.var(axis=0))
    in_percent = other.covariance / np.outer(unit, unit)
    # The intensity weighs errors by variance, and so by unit; the direction does not.
    apart = found.covariance - np.cov(table, rowvar=False, ddof=0)
    other_apart = in_percent - np.cov(table, rowvar=False, ddof=0)
    assert other_apart / other.intensity == pytest.approx(apart / found.intensity, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "most"),
    [("ledoit-wolf", 0.97), ("constant correlation", 0.5), ("oas", 0.97), ("denoised", 0.67)],
)
def test_what_is_shrunk_is_nearer_to_the_truth(name: str, most: float) -> None:
    """Forty instruments of one correlation over sixty sessions; most where the target is true."""
    generator = np.random.default_rng(11)
    truth = correlated(40, 0.3)
    root = np.linalg.cholesky(truth)
    errors = np.zeros(2)
    for _ in range(10):
        table = generator.standard_normal((60, 40)) @ root.T
        sample, shrunk = sample_covariance(table) / 252, ESTIMATES[name](table) / 252
        errors += [((sample - truth) ** 2).sum(), ((shrunk - truth) ** 2).sum()]

    assert errors[1] < most * errors[0]


@pytest.mark.parametrize("name", ["ledoit-wolf", "constant correlation", "oas", "denoised"])
def test_three_hundred_instruments_over_a_hundred_sessions_have_an_inverse(name: str) -> None:
    """Where the sample has none: 201 of its directions have no risk."""
    table = drawn(100, 300, seed=5)

    values = np.linalg.eigvalsh(ESTIMATES[name](table))

    assert np.linalg.matrix_rank(sample_covariance(table)) == 99
    assert values[0] > 1e-7 * values[-1]


@pytest.mark.parametrize("name", ESTIMATES)
def test_every_covariance_is_symmetric_positive_and_knows_no_order(name: str) -> None:
    """Symmetric to the bit but for rounding, no negative direction, any order of instruments."""
    table, order = drawn(80, 6, seed=9), [5, 0, 3, 1, 4, 2]

    found, other = ESTIMATES[name](table), ESTIMATES[name](table[:, order])

    assert found == pytest.approx(found.T, rel=1e-12)
    assert np.linalg.eigvalsh(found)[0] > 0.0
    assert other == pytest.approx(found[np.ix_(order, order)], rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("name", ESTIMATES)
def test_returns_in_percent_have_ten_thousand_times_the_covariance(name: str) -> None:
    """And nothing else changes."""
    table = drawn(80, 5, seed=2)

    assert ESTIMATES[name](100 * table) == pytest.approx(1e4 * ESTIMATES[name](table), rel=1e-8)


def test_pure_chance_keeps_no_component() -> None:
    """Independent returns: all eigenvalues lie below Marchenko and Pastur's edge, or nearly."""
    table = np.random.default_rng(1).normal(size=(1000, 100))

    found = denoised(np.cov(table, rowvar=False), sessions=1000)

    assert found.kept <= 1
    assert found.edge == pytest.approx((1 + np.sqrt(0.1)) ** 2, rel=0.05)
    correlation = found.covariance / np.outer(table.std(axis=0), table.std(axis=0))
    assert np.abs(correlation - np.eye(100)).max() < 0.12


def test_common_causes_are_kept_and_counted() -> None:
    """Three factors in sixty instruments: three components, and correlations near the truth."""
    generator = np.random.default_rng(2)
    loadings = generator.normal(0, 1, (60, 3))
    loadings *= np.sqrt(2.0) / np.linalg.norm(loadings, axis=1, keepdims=True)
    truth = loadings @ loadings.T + np.eye(60)
    table = generator.standard_normal((400, 60)) @ np.linalg.cholesky(truth).T
    sample = np.cov(table, rowvar=False)

    found = denoised(sample, sessions=400)

    assert found.kept == 3
    assert np.diag(found.covariance) == pytest.approx(np.diag(sample))
    values = np.linalg.eigvalsh(
        found.covariance / np.sqrt(np.outer(np.diag(sample), np.diag(sample)))
    )
    assert values[:57] == pytest.approx(np.full(57, found.noise), rel=0.25)
    assert ((found.covariance - truth) ** 2).sum() < 0.9 * ((sample - truth) ** 2).sum()


def test_without_the_market_what_is_left_does_not_move_together() -> None:
    """Detoned: the market's component is gone, variances stay, and the rest is singular."""
    sample = sample_covariance(drawn(500, 20, seed=6))

    found = denoised(sample, sessions=500, market_components=1)

    deviation = np.sqrt(np.diag(sample))
    correlation = found.covariance / np.outer(deviation, deviation)
    assert np.diag(correlation) == pytest.approx(np.ones(20))
    assert np.linalg.eigvalsh(correlation)[0] == pytest.approx(0.0, abs=1e-10)
    others = correlation[~np.eye(20, dtype=bool)]
    assert abs(others.mean()) < 0.1
    assert (sample / np.outer(deviation, deviation))[0, 1] > 0.3


def test_gaps_and_constants_are_refused_by_name_of_column() -> None:
    """An estimate of whole histories does not guess."""
    table = drawn(50, 3)
    table[4, 1] = np.nan
    with pytest.raises(ValueError, match="column 1"):
        sample_covariance(table)
    table[:, 1] = 0.001
    with pytest.raises(ValueError, match="column 1 never changes"):
        ledoit_wolf_constant_correlation(table)
    with pytest.raises(ValueError, match="variances above zero"):
        denoised(np.diag([1.0, 0.0]), sessions=50)
    with pytest.raises(ValueError, match="shape"):
        denoised(np.ones((2, 3)), sessions=50)
