"""The measures of account mode: by the functions of research mode, from what accounts are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.simulate.test_account_dividends import run_of as paying
from tests.simulate.test_account_flows import DAYS, run_of
from trimtab.reports.backtest_text import accounts_text
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.measures import metrics
from trimtab.simulate.measures.returns import xirr
from trimtab.simulate.research.flows import Flows


@pytest.fixture(scope="module")
def run() -> AccountRun:
    """Prices that move, shares that are kept."""
    found: AccountRun = paying("hold")
    return found


def test_the_measures_are_those_of_the_curve(run: AccountRun) -> None:
    """Sharpe, Sortino, VaR, CVaR, Calmar and the returns are those of the daily values."""
    curve = np.array(run.value) / 100
    returns = curve[1:] / curve[:-1] - 1

    found = run.measures

    assert found.sharpe == pytest.approx(metrics.sharpe(returns))
    assert found.sortino == pytest.approx(metrics.sortino(returns))
    assert found.var_95 == pytest.approx(returns.min())
    assert found.cvar_95 == pytest.approx(returns.min())
    assert found.time_weighted_return == pytest.approx(curve[-1] / curve[0] - 1)
    assert found.money_weighted_return == pytest.approx(
        xirr([run.dates[0], run.dates[-1]], [-curve[0], curve[-1]])
    )
    assert run.measured(risk_free=0.05).sharpe < found.sharpe


def test_drift_is_that_of_the_sleeves(run: AccountRun) -> None:
    """By hand from the tables of weights, whose cash has no target."""
    weights = run.weights
    apart = [
        (abs(us - 0.5) + abs(bonds - 0.5) + cash) / 2
        for us, bonds, cash in zip(weights["US"], weights["BND"], weights["cash"], strict=True)
    ]

    assert run.measures.drift_mean == pytest.approx(np.mean(apart))
    assert run.measures.drift_max == pytest.approx(max(apart))


def test_deposits_are_no_return() -> None:
    """At level prices money that comes earns nothing, weighted by time or by money."""
    run = run_of(Flows({DAYS[5]: 700.0}))

    assert run.measures.time_weighted_return == pytest.approx(0.0, abs=1e-12)
    assert run.measures.money_weighted_return == pytest.approx(0.0, abs=1e-9)
    assert "money-weighted" in accounts_text([run], width=160)


def test_programs_and_readers_get_them(run: AccountRun) -> None:
    """In JSON under `measures`, and as a table of the text."""
    told = run.to_dict()["measures"]

    assert told["sharpe"] == run.measures.sharpe
    assert told["tracking_error"] is None
    assert "CVaR 95" in accounts_text([run], width=160)


def test_a_run_that_was_exhausted_has_none(run: AccountRun) -> None:
    """From where less is left than is to be withdrawn no year is known, nor any ratio."""
    told = replace(run, exhausted_on=run.dates[2]).to_dict()["measures"]

    assert {told[name] for name in ("sharpe", "var_95", "money_weighted_return")} == {None}
