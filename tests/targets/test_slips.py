"""Percent where fractions are meant, and what is no number, are refused with what to write."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import trimtab as tt
from trimtab.targets.solvers.limits import Breeding

RETURNS = np.random.default_rng(1).normal(0.0004, 0.01, (80, 3))

SLIPS: dict[str, Callable[[], object]] = {
    "volatility": lambda: tt.VolatilityTarget({"SPY": 1.0}, 10, safe="AGG"),
    "tilt": lambda: tt.Tilt({"SPY": -10, "AGG": 10}, momentum="SPY", below=0),
    "cppi": lambda: tt.Cppi({"SPY": 1.2}, 4, floor=80_000),
    "view": lambda: tt.Optimiser(
        expected=tt.BlackLitterman([tt.View("1", 8)], market={"1": 1.0})
    ).fit(RETURNS),
    "risk-free": lambda: tt.Optimiser("max-sharpe", risk_free=2).fit(RETURNS),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_percent_for_a_fraction_is_refused(slip: str) -> None:
    """A figure that makes sense as percent alone is refused, with how to write it."""
    with pytest.raises(ValueError, match=r"write 0\.[01]"):
        SLIPS[slip]()


def test_a_score_that_is_no_number_is_refused() -> None:
    """It is named with its instrument."""
    score = tt.Score("esg", {"A": float("nan"), "B": 1.0}, low=1.0)

    with pytest.raises(ValueError, match="esg: that of A"):
        tt.Constraints(scores=[score]).limits(["A", "B"])


def test_a_series_without_values_is_refused() -> None:
    """A signal of nothing is said when it is made, not taken for one that warms up."""
    with pytest.raises(ValueError, match="series"):
        tt.Tilt({"SPY": -0.1, "AGG": 0.1}, series={}, above=30)


def test_a_fitness_that_is_no_number_is_blamed_on_the_fitness() -> None:
    """Limits are not what is wrong where no candidate has a fitness."""
    breeding = Breeding(seed=1, size=4, births=4, generations=1)
    optimiser = tt.GeneticOptimiser(lambda w, _: np.full(len(w), np.nan), breeding=breeding)

    with pytest.raises(ValueError, match="fitness"):
        optimiser.fit(RETURNS)


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("kind", ["prices", "percent"])
def test_what_can_be_no_returns_is_refused(kind: str, n: int) -> None:
    """Prices, and losses of more than all, are no simple returns: nothing is learned from them."""
    returns = np.random.default_rng(2).normal(0.0004, 0.01, (90, n))
    given = 100.0 * np.cumprod(1.0 + returns, axis=0) if kind == "prices" else 100.0 * returns

    with pytest.raises(ValueError, match=r"0\.01 for 1%"):
        tt.Optimiser().fit(given)
