"""A covariance that is given, in place of one that is estimated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import trimtab as tt
from trimtab.estimates.factors import given_factors
from trimtab.targets.estimators.given import covariance_of

NAMES = ["A", "B", "C"]
MATRIX = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.0], [0.0, 0.0, 0.16]])


def moves(sessions: int = 300) -> pd.DataFrame:
    """Returns whose own covariance is another."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(rng.normal(0.0004, [0.02, 0.01, 0.005], (sessions, 3)), columns=NAMES)


def least(matrix: Any) -> Any:
    """The least-volatility weights of a covariance by hand, where none is at a limit."""
    free = np.linalg.solve(matrix, np.ones(len(matrix)))
    return free / free.sum()


def test_weights_are_best_by_the_covariance_that_is_given() -> None:
    """As an array by position, as a frame by name and in any order, with more than is asked for."""
    order = ["C", "X", "A", "B"]
    frame = pd.DataFrame(np.eye(4), index=order, columns=order)
    frame.loc[NAMES, NAMES] = MATRIX

    by_place = tt.Optimiser("min-volatility", covariance=MATRIX).fit(moves())
    by_name = tt.Optimiser("min-volatility", covariance=frame).fit(moves())

    assert by_place.weights_ == pytest.approx(least(MATRIX), abs=1e-9)
    assert by_name.weights_ == pytest.approx(least(MATRIX), abs=1e-9)
    assert by_place.result_.volatility == pytest.approx(
        float(np.sqrt(least(MATRIX) @ MATRIX @ least(MATRIX)))
    )


def test_a_model_of_known_factors_is_a_covariance() -> None:
    """Loadings by regression on factors of one's own, given to an optimiser as they are."""
    rng = np.random.default_rng(3)
    market = rng.normal(0.0003, 0.01, (300, 1))
    table = market @ np.array([[0.5, 1.0, 1.5]]) + rng.normal(0, 0.004, (300, 3))
    model = given_factors(table, market)

    found = tt.Optimiser("min-volatility", low=-1.0, high=2.0, covariance=model).fit(table)

    assert found.weights_ == pytest.approx(least(model.dense()), abs=1e-8)


def test_a_policy_weighs_by_the_covariance_that_is_given() -> None:
    """A given covariance is that of the triggers as well: nothing strays where nothing moves."""
    index = pd.bdate_range("2018-01-01", periods=400)
    prices = pd.DataFrame(100 * (1 + moves(400)).cumprod().to_numpy(), index=index, columns=NAMES)
    calm = 1e-8 * np.eye(3)
    policy = tt.Policy(
        tt.CostAware(covariance=calm, expected={"A": 0.1, "B": 0.1, "C": 0.1}, risk_aversion=3.0),
        when="monthly+tracking:1%",
        name="calm",
    )

    result = tt.backtest(prices, policy)

    assert result["calm"].rebalances == 0
    assert max(look.tracking for look in result["calm"].looks) < 0.001


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("sampled", "one of sample"),
        (None, "one of sample"),
        (np.eye(2), "shape"),
        (pd.DataFrame(np.eye(2), index=["A", "B"], columns=["A", "B"]), "column for C"),
    ],
)
def test_a_covariance_of_something_else_is_refused(given: Any, word: str) -> None:
    """The words there are, the shape it must have, or the symbol that is missing."""
    with pytest.raises(ValueError, match=word):
        tt.Optimiser(covariance=given).fit(moves())


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (1 / 252, "a session's: multiply by 252"),
        (1e4, "of returns in percent: divide by 10,000"),
        (1e4 / 252, "a session's, of returns in percent"),
        (1e7, "times those of the prices"),
        (3.0, ""),
    ],
)
def test_a_covariance_in_another_unit_is_told(times: float, told: str) -> None:
    """What is given is compared with the prices' own variances: one warning, with the unit."""
    own = np.cov(moves().T) * 252

    found = tt.Optimiser(covariance=own * times).fit(moves()).result_.findings
    aware = tt.CostAware(covariance=own * times).fit(moves()).learned_.findings

    for some in (found, aware):
        assert [one.code for one in some] == (["covariance-unit"] if told else [])
        assert all(told in one.message for one in some)


def test_what_is_given_is_repaired_like_what_is_estimated() -> None:
    """A matrix with a negative direction is brought to the nearest that has none, and told."""
    wrong = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.9], [0.1, 0.9, 1.0]]) * 0.04

    found = tt.Optimiser("min-volatility", covariance=wrong).fit(moves())

    assert "covariance-indefinite" in {one.code for one in found.result_.findings}
    assert covariance_of(wrong, np.empty((0, 3)), NAMES, sessions_a_year=252) is not None
