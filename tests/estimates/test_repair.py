"""A covariance that cannot be one: what is repaired, by how much, and what is refused."""

from __future__ import annotations

from pathlib import Path

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimates.made import correlated, drawn
from trimtab.estimates.covariance import pairwise_covariance, sample_covariance
from trimtab.estimates.repair import nearest_correlation, repaired

NAMES = ("AAA", "BBB", "CCC")
#: The example of Higham 2002.
BENT = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])


def codes(found: object) -> list[tuple[str, str, str]]:
    """Code, subject and severity of each finding."""
    findings = found.findings  # type: ignore[attr-defined]
    return [(one.code, one.subject, one.severity) for one in findings]


def test_a_sound_covariance_is_left_alone() -> None:
    """The same bits, and nothing to say."""
    matrix = sample_covariance(drawn(200, 5))

    found = repaired(matrix)

    assert found.covariance is not None
    assert found.covariance.tolist() == (0.5 * (matrix + matrix.T)).tolist()
    assert found.findings == ()


def test_highams_example() -> None:
    """His nearest correlation matrix, as published: 0.7607 and 0.1573, distance 0.5278."""
    found = nearest_correlation(BENT)

    assert found[0, 1] == pytest.approx(0.7607, abs=5e-5)
    assert found[0, 2] == pytest.approx(0.1573, abs=5e-5)
    assert np.linalg.norm(found - BENT) == pytest.approx(0.5278, abs=5e-5)


def test_the_nearest_is_the_best_of_a_semidefinite_programme() -> None:
    """The same distance as cvxpy finds, and clipping is a little further."""
    generator = np.random.default_rng(1)
    noisy = correlated(6, 0.5, deviation=1.0) + generator.normal(0, 0.35, (6, 6))
    noisy = 0.5 * (noisy + noisy.T)
    np.fill_diagonal(noisy, 1.0)
    wanted = cp.Variable((6, 6), PSD=True)
    problem = cp.Problem(cp.Minimize(cp.norm(wanted - noisy, "fro")), [cp.diag(wanted) == 1])
    problem.solve(solver=cp.CLARABEL)

    nearest, clipped = nearest_correlation(noisy), nearest_correlation(noisy, method="clip")

    assert np.linalg.eigvalsh(noisy)[0] < -0.1
    assert np.linalg.norm(nearest - noisy) == pytest.approx(problem.value, rel=1e-5)
    assert np.linalg.norm(clipped - noisy) > np.linalg.norm(nearest - noisy)
    assert np.linalg.eigvalsh(clipped)[0] > -1e-12


@pytest.mark.parametrize("method", ["nearest", "clip"])
def test_negative_directions_are_taken_out_and_variances_stay(method: str) -> None:
    """Three correlations of which no three series are capable, said with the pair that moved."""
    correlation = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.55], [0.9, 0.55, 1.0]])
    deviation = np.array([0.01, 1.0, 100.0])

    found = repaired(
        correlation * np.outer(deviation, deviation),
        names=NAMES,
        method=method,  # type: ignore[arg-type]
    )

    assert codes(found)[0][0] == "covariance-indefinite"
    assert codes(found)[0][2] == "warning"
    assert found.covariance is not None
    after = found.covariance / np.outer(deviation, deviation)
    assert np.diag(after) == pytest.approx(np.ones(3))
    assert np.linalg.eigvalsh(after)[0] == pytest.approx(1e-6, rel=1e-3)
    assert np.abs(after - correlation).max() < 0.05


def test_what_only_invention_would_repair_is_refused() -> None:
    """The nearest is too far: the finding says by how much, and no matrix comes back."""
    matrix = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, -0.9], [0.9, -0.9, 1.0]])

    found = repaired(matrix, names=NAMES)

    assert found.covariance is None
    assert [(code, severity) for code, _, severity in codes(found)] == [
        ("covariance-indefinite", "error")
    ]
    assert repaired(matrix, names=NAMES, furthest=0.7).covariance is not None


def test_two_instruments_that_move_as_one_are_named() -> None:
    """The same prices twice make a covariance singular: the pair is told."""
    moves = drawn(100, 3, seed=2)
    moves[:, 2] = moves[:, 0]

    found = repaired(sample_covariance(moves), names=NAMES)

    assert f"{NAMES[0]} and {NAMES[2]} move as one" in found.findings[0].message


def test_three_hundred_instruments_over_a_hundred_sessions() -> None:
    """Singular: repaired as little as is needed, and said with how many directions had no risk."""
    matrix = sample_covariance(drawn(100, 300, seed=2))

    found = repaired(matrix)

    assert codes(found) == [("covariance-singular", "covariance", "warning")]
    assert "201 of 300" in found.findings[0].message
    assert "ledoit-wolf" in found.findings[0].message
    assert "more instruments than sessions" in found.findings[0].message
    assert found.covariance is not None
    np.linalg.cholesky(found.covariance)
    deviation = np.sqrt(np.diag(matrix))
    change = (found.covariance - matrix) / np.outer(deviation, deviation)
    assert np.abs(change).max() < 2e-6
    assert np.diag(found.covariance) == pytest.approx(deviation**2)


def test_asymmetry_is_averaged_and_said_or_refused() -> None:
    """Rounding is nothing to speak of, a slip is averaged, two different matrices are refused."""
    matrix = correlated(3, 0.5)
    rounding, slip, other = matrix.copy(), matrix.copy(), matrix.copy()
    rounding[0, 1] *= 1 + 1e-14
    slip[0, 1] *= 1.1
    other[0, 1] *= 2.0

    assert repaired(rounding, names=NAMES).findings == ()
    found = repaired(slip, names=NAMES)
    assert codes(found) == [("covariance-asymmetric", "AAA and BBB", "warning")]
    assert found.covariance is not None
    assert found.covariance[0, 1] == pytest.approx(1.05 * matrix[0, 1])
    assert found.covariance.tolist() == found.covariance.T.tolist()
    refused = repaired(other, names=NAMES)
    assert refused.covariance is None
    assert codes(refused) == [("covariance-asymmetric", "AAA and BBB", "error")]


def test_numbers_that_are_missing_are_refused_by_name() -> None:
    """The fewest names that explain all gaps: one instrument, not all that it meets."""
    matrix = correlated(3, 0.5)
    matrix[1, :] = matrix[:, 1] = np.nan

    found = repaired(matrix, names=NAMES)

    assert found.covariance is None
    assert codes(found) == [("covariance-unknown", "BBB", "error")]


def test_variances_that_are_none_are_refused_by_name() -> None:
    """Zero and below; each named."""
    found = repaired(np.diag([0.0, 1.0, -1.0]), names=NAMES)

    assert found.covariance is None
    assert codes(found) == [
        ("covariance-variance", "AAA", "error"),
        ("covariance-variance", "CCC", "error"),
    ]


def test_a_correlation_far_beyond_one_is_refused_by_pair() -> None:
    """A covariance of another unit than its variances is no noise."""
    matrix = correlated(3, 0.5)
    matrix[0, 2] = matrix[2, 0] = 1.7 * matrix[0, 0]

    found = repaired(matrix, names=NAMES)

    assert found.covariance is None
    assert codes(found) == [("covariance-correlation", "AAA and CCC", "error")]


def test_pairs_of_real_histories_of_different_length(shared: Path) -> None:
    """Short stretches of listings by pairs may be impossible together; the repair is small."""
    import pandas as pd

    prices = pd.read_csv(shared / "data/pypfopt_stock_prices/stock_prices.csv", index_col=0)
    table = prices.pct_change(fill_method=None).iloc[-120:].to_numpy().copy()
    # As if each stock had been listed and taken off the list again in these months.
    for i in range(20):
        table[: (7 * i) % 50, i] = np.nan
        table[120 - (11 * i) % 45 :, i] = np.nan
    matrix = pairwise_covariance(table)

    found = repaired(matrix, names=list(prices.columns))

    assert [code for code, _, _ in codes(found)] == ["covariance-indefinite"]
    assert found.covariance is not None
    assert np.linalg.eigvalsh(found.covariance)[0] > 0.0
    assert np.diag(found.covariance) == pytest.approx(np.diag(matrix))
    size = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    assert np.abs((found.covariance - matrix) / size).max() < 0.1


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 8), st.floats(0.0, 0.6))
def test_what_comes_back_can_be_used(seed: int, n: int, noise: float) -> None:
    """Symmetric, positive definite, the variances as given; the order and unit do not matter."""
    generator = np.random.default_rng(seed)
    matrix = correlated(n, 0.4, deviation=1.0) + generator.normal(0, noise, (n, n))
    matrix = 0.5 * (matrix + matrix.T)
    np.fill_diagonal(matrix, 1.0)
    unit = 10.0 ** generator.uniform(-4, 4, n)
    order = generator.permutation(n)

    found = repaired(matrix, furthest=0.5)
    other = repaired((matrix * np.outer(unit, unit))[np.ix_(order, order)], furthest=0.5)

    assert (found.covariance is None) == (other.covariance is None)
    if found.covariance is None:
        assert any(one.severity == "error" for one in found.findings)
    else:
        assert other.covariance is not None
        assert found.covariance.tolist() == found.covariance.T.tolist()
        assert np.diag(found.covariance) == pytest.approx(np.ones(n))
        assert np.linalg.eigvalsh(found.covariance)[0] > 0.99e-6
        alike = (found.covariance * np.outer(unit, unit))[np.ix_(order, order)]
        size = np.sqrt(np.outer(np.diag(alike), np.diag(alike)))
        assert other.covariance / size == pytest.approx(alike / size, abs=1e-6)


def test_options_that_make_no_sense_are_refused() -> None:
    """No square, another word, an eigenvalue of one and more."""
    with pytest.raises(ValueError, match="shape"):
        repaired(np.ones((2, 3)))
    with pytest.raises(ValueError, match="nearest or clip"):
        repaired(np.eye(2), method="wish")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="below 1"):
        repaired(np.eye(2), least_eigenvalue=1.0)
