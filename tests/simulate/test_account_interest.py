"""Interest on cash in account mode: what the year gives, in each account, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.engine.households import account, lot, mandate
from tests.simulate.test_account import opening
from tests.simulate.test_account_flows import HALVES, level
from trimtab.reports.backtest_text import account_conventions
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.terms import AccountTerms


def run_of(rate: float, *, when: str = "never") -> AccountRun:
    """Two accounts with 1,000.00 and 500.00 in cash beside shares, at prices that stand still."""
    both = [account("brokerage"), account("ira")]
    lots = [lot("brokerage", "US", 40, "1500"), lot("brokerage", "BND", 50, "1900")]
    return backtest_accounts(
        mandate(HALVES, when=when, accounts=both),
        opening(lots, brokerage=100_000, ira=50_000),
        level(80),
        terms=AccountTerms(cash_rate=rate),
    )


def test_cash_earns_its_rate_by_the_days_that_it_lies() -> None:
    """Each account earns on its own cash, to the cent what the rate gives over the run's days."""
    run = run_of(0.05)

    years = (run.dates[-1] - run.dates[0]).days / 365.25
    for name, begun in (("brokerage", 100_000), ("ira", 50_000)):
        assert run.folded.cash[name] == pytest.approx(begun * 1.05**years, abs=2)
    assert run.interest_paid == run.value[-1] - run.value[0]
    assert run.to_dict()["interest_paid"] == run.interest_paid / 100
    assert any("not taxed" in line for line in account_conventions(run))


def test_interest_is_new_cash_of_the_last_session_of_a_month() -> None:
    """Nothing comes in between: at level prices worth changes on those sessions alone."""
    run = run_of(0.05)

    came = [day for day, (a, b) in zip(run.dates[1:], pairwise(run.value), strict=True) if b > a]
    ends = [a for a, b in pairwise(run.dates) if a.month != b.month]
    assert came == [*ends, run.dates[-1]]


def test_a_policy_invests_interest() -> None:
    """What was earned is cash like any other: at target again, hardly any is left."""
    run = run_of(0.05, when="monthly")

    assert run.interest_paid > 0
    assert sum(run.folded.cash.values()) < 10_000


def test_without_a_rate_cash_earns_nothing() -> None:
    """Zero is the default, and says nothing."""
    run = run_of(0.0)

    assert run.value[0] == run.value[-1]
    assert "interest_paid" not in run.to_dict()


def test_a_rate_below_zero_is_refused() -> None:
    """A charge on cash is no interest."""
    with pytest.raises(ValueError, match="cash_rate"):
        AccountTerms(cash_rate=-0.01)
