"""What an estimator says of its targets on the way reaches a backtest's findings."""

from __future__ import annotations

from datetime import date
from math import nan

import numpy as np
import pandas as pd

import trimtab as tt
from trimtab.model.findings import Finding
from trimtab.simulate.research.said_on_the_way import Said, said_by
from trimtab.targets.objectives.asked import Attempt, Optimised


def prices(days: int = 400) -> pd.DataFrame:
    """Three walks, all of them downhill."""
    rng = np.random.default_rng(7)
    index = pd.bdate_range("2018-01-01", periods=days)
    steps = rng.normal(-0.001, [0.006, 0.012, 0.02], (days, 3))
    return pd.DataFrame(100 * np.exp(steps.cumsum(axis=0)), index=index, columns=list("ABC"))


def test_a_missed_objective_is_told_once_with_its_count_and_first_day() -> None:
    """Nothing returns more than the risk-free rate on any day: one finding, not one a month."""
    best = tt.Policy(tt.Optimiser("max-sharpe"), when="monthly", name="best")

    result = tt.backtest(prices(), best)
    again = tt.backtest(prices(), best)

    missed = [one for one in result.findings if one.code == "objective-missed"]
    assert len(missed) == 1
    assert (missed[0].subject, missed[0].severity) == ("best", "warning")
    assert "first on 2018-12-18" in missed[0].message
    count = result["best"].rebalances + 1
    assert f"on {count} of the {count} days" in missed[0].message
    assert missed == [one for one in again.findings if one.code == "objective-missed"]


def test_a_repaired_covariance_is_told() -> None:
    """Two columns that are the same have a covariance that is repaired each time."""
    frame = prices()
    twins = frame.assign(B=2 * frame["A"])
    calm = tt.Policy(tt.Optimiser("min-volatility"), when="quarterly", name="calm")
    aware = tt.Policy(tt.CostAware(covariance="sample"), when="quarterly", name="aware")

    result = tt.backtest(twins, [calm, aware])

    told = {one.subject for one in result.findings if one.code == "covariance-singular"}
    assert told == {"calm", "aware"}


def test_each_kind_counts_once_a_day() -> None:
    """The first words of a kind stand, with the first day and the number of days."""
    said = Said()
    said.note((Finding("late", "A", "A is late."), Finding("late", "B", "B is late.")), date.min)
    said.note((Finding("late", "B", "B is late."),), date.max)

    told = said.findings("policy")

    assert [one.subject for one in told] == ["policy"]
    assert "2 of the 2 days" in told[0].message
    assert "0001-01-01" in told[0].message


def test_a_second_solver_is_told() -> None:
    """Whose weights they are is said where they are not the first solver's."""

    fitted = tt.Optimiser()
    tried = (Attempt("active set", "stopped", nan), Attempt("HiGHS", "optimal", 0.0))
    weights = np.full(3, 1 / 3)
    fitted.result_ = Optimised(weights, 0.1, 0.1, 0.8, 0.1, "optimal", "HiGHS", 0.0, attempts=tried)

    told = said_by(fitted)

    assert [one.code for one in told] == ["solver-fallback"]
    assert "active set" in told[0].message
