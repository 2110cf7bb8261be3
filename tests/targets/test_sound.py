"""Estimates that are no numbers, or a covariance that is none, are refused at the door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trimtab.targets.at_cost.accounts import most_utility_each
from trimtab.targets.at_cost.getting_there import MovingCosts, from_holdings
from trimtab.targets.objectives import mean_variance
from trimtab.targets.objectives.hierarchy import hierarchical
from trimtab.targets.objectives.risk_parity import risk_budgeted
from trimtab.targets.solvers.limits import within
from trimtab.targets.solvers.sound import SMALL, check_estimates

RETURNS = np.array([0.1, 0.05, 0.02])
SOUND = np.array([[0.04, 0.01, 0.0], [0.01, 0.04, 0.0], [0.0, 0.0, 0.01]])
HELD = np.array([1.0, 0.0, 0.0])

Choice = Callable[[Any, Any], object]

BY_RISK: dict[str, Choice] = {
    "least volatility": lambda _, s: mean_variance.least_volatility(s, within(3)),
    "diversified": lambda _, s: mean_variance.most_diversified(s, within(3)),
    "risk parity": lambda _, s: risk_budgeted(s),
    "hierarchical": lambda _, s: hierarchical(s),
}
BY_RETURNS: dict[str, Choice] = {
    "utility": lambda r, s: mean_variance.most_utility(r, s, within(3), risk_aversion=2.0),
    "sharpe": lambda r, s: mean_variance.best_sharpe(r, s, within(3), risk_free=0.02),
    "return": lambda r, s: mean_variance.least_volatility_for_return(r, s, within(3), wanted=0.05),
    "volatility": lambda r, s: mean_variance.most_return_for_volatility(
        r, s, within(3), wanted=0.15
    ),
    "holdings": lambda r, s: from_holdings(
        r, s, within(3), risk_aversion=2.0, held=HELD, costs=MovingCosts(sell=0.001)
    ),
    "each": lambda r, s: most_utility_each(
        r, s, within(3), risk_aversion=np.array([2.0]), held=HELD[None]
    ),
}


@pytest.mark.parametrize("choice", [*BY_RISK, *BY_RETURNS])
def test_a_covariance_that_is_none_is_refused(choice: str) -> None:
    """A missing number is told with its place, as is a half that differs from the other."""
    find = {**BY_RISK, **BY_RETURNS}[choice]
    missing, lopsided = SOUND.copy(), SOUND.copy()
    missing[0, 1] = missing[1, 0] = np.nan
    lopsided[1, 0] = 0.03

    with pytest.raises(ValueError, match=r"covariance\[0, 1\] is nan"):
        find(RETURNS, missing)
    with pytest.raises(ValueError, match="not symmetric"):
        find(RETURNS, lopsided)


@pytest.mark.parametrize("choice", BY_RETURNS)
def test_returns_that_are_no_numbers_are_refused(choice: str) -> None:
    """Nothing is best by a return that is not known."""
    missing = np.array([0.1, np.nan, 0.02])

    with pytest.raises(ValueError, match=r"returns\[1\] is nan"):
        BY_RETURNS[choice](missing, SOUND)


def test_budgets_of_risk_are_above_zero() -> None:
    """A budget below zero, of nothing, or that is no number is refused with its place."""
    for bad in (-0.1, 0.0, np.nan):
        with pytest.raises(ValueError, match=r"budget\[1\]"):
            risk_budgeted(SOUND, np.array([0.5, bad, 0.6]))


def test_many_names_are_looked_at_too() -> None:
    """Where names are many an entry that differs is found, and rounding is let pass."""
    n = SMALL + 6
    whole = np.eye(n) + 0.1
    whole[3, 5] += 1e-14
    check_estimates(whole)
    whole[3, 5] += 0.01

    with pytest.raises(ValueError, match=r"covariance\[3, 5\]"):
        check_estimates(whole)
