"""Tax drag and what is left after selling, against the closed forms of deferral.

A gain of r a year that is taxed at t when it is realised: realised every year wealth grows by
(1 + r (1 - t)) a year; realised once after n years it is (1 + r)^n (1 - t) + t. (The value of
deferring capital gains, in every textbook of investment taxation.)
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.engine.households import lot, mandate, tree
from tests.simulate.test_account_tax import FIRST, opening, tape
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.drags import account_drags
from trimtab.simulate.accounts.run import AccountRun

RATE = Decimal("0.15")
"""The long-term rate of the household of these tests."""
LAST = date(2025, 4, 16)
YEAR = (FIRST, date(2024, 12, 31), date(2025, 4, 14), date(2025, 4, 15), LAST)
"""The day of the sale, the tax day after it, and a day more."""


def sold_each_year(worth: int, growth: Decimal) -> AccountRun:
    """All that is held has grown for a year, is sold on the first day, and is taxed in April.

    The target of what is held is zero; what the proceeds buy stands still.

    Args:
        worth: Before it grew, in cents: what it cost.
        growth: Of the year, as 0.1.
    """
    aim = mandate(tree({"US": 0, "BND": 100}), when="annual")
    lots = [lot("brokerage", "US", worth, str(Decimal(worth) / 100))]
    later = str(Decimal("0.01") * (1 + growth))
    prices = {"US": [later] * 5, "BND": ["0.01"] * 5}
    return backtest_accounts(aim, opening(lots, brokerage=0), tape(prices, YEAR))


@pytest.mark.parametrize("growth", ["0.1", "0.2", "0.5"])
def test_gains_realised_each_year_grow_by_what_tax_leaves(growth: str) -> None:
    """Year after year sold and taxed: (1 + r (1 - t))^n, and the drag that takes 1 + r to that."""
    rate, worth = Decimal(growth), 10_000_00
    years = (LAST - FIRST).days / 365.25

    for number in range(1, 6):
        run = sold_each_year(worth, rate)
        closed = 10_000_00 * (1 + rate * (1 - RATE)) ** number
        left = float((1 + rate * (1 - RATE)) / (1 + rate))

        assert run.tax_paid == pytest.approx(float(worth * rate * RATE), abs=1)
        assert account_drags(run)[1] == pytest.approx(1 - left ** (1 / years), abs=1e-6)
        assert run.liquidation_after_tax == run.after_tax
        worth = run.after_tax
        assert worth == pytest.approx(float(closed), abs=number)


@pytest.mark.parametrize(("growth", "number"), [("0.1", 1), ("0.1", 5), ("0.2", 4), ("0.5", 3)])
def test_gains_that_are_deferred_are_taxed_once(growth: str, number: int) -> None:
    """Held for n years and sold at the end: (1 + r)^n (1 - t) + t, and no drag before."""
    rate = Decimal(growth)
    days = (FIRST, *(date(FIRST.year + k, 12, 31) for k in range(number)))
    prices = {"US": [str(10 * (1 + rate) ** k) for k in range(number + 1)]}
    lots = [lot("brokerage", "US", 1_000, "10000")]

    run = backtest_accounts(
        mandate(tree({"US": 100}), when="never"), opening(lots, brokerage=0), tape(prices, days)
    )

    closed = 10_000_00 * ((1 + rate) ** number * (1 - RATE) + RATE)
    assert run.liquidation_after_tax == pytest.approx(float(closed), abs=0.5)
    assert run.after_tax == 10_000_00 * (1 + rate) ** number
    assert account_drags(run)[1] == 0.0
    # Deferral is worth something from the second year on.
    yearly = 10_000_00 * (1 + rate * (1 - RATE)) ** number
    assert (closed > yearly) == (number > 1)
