"""Correlations that have left those that a target was estimated from, on real prices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.estimates.test_breakdown import etf_returns
from trimtab.model.sessions import Calendar
from trimtab.simulate.prices.history import PriceHistory
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import UNITS, Range

SYMBOLS = ("SPY", "EFA", "EEM", "VNQ", "AGG", "LQD")
WEEKDAYS = Calendar("weekdays", date(2003, 1, 1), date(2025, 12, 31))


@pytest.fixture(scope="module")
def mover(shared: Path) -> Mover:
    """Least volatility of six ETFs, found each month from three years."""
    returns = etf_returns(shared, *SYMBOLS)
    close = np.cumprod(1.0 + returns.to_numpy(), axis=0)
    prices = PriceHistory(returns.index.to_numpy().astype("datetime64[D]"), SYMBOLS, close)
    leaves = tuple(Range(name, 0, UNITS, False, False, (name,)) for name in SYMBOLS)
    target = MovingTarget(Range("", UNITS, UNITS, True, True, children=leaves))
    return Mover(target, prices, {name: name for name in SYMBOLS}, WEEKDAYS)


def months(first: int, last: int) -> list[date]:
    """The last weekday of each month of some years."""
    return [
        WEEKDAYS.period_end("monthly", date(year, month, 1))
        for year in range(first, last + 1)
        for month in range(1, 13)
    ]


def test_late_2008_and_march_2020_are_told_with_what_moved(mover: Mover) -> None:
    """The finding of the crisis' month has its figures, and pairs with both correlations."""
    autumn = [day for day in months(2008, 2008) if mover.at(day, None)[1].findings]

    _, found = mover.at(date(2020, 3, 31), None)

    assert autumn
    assert autumn[0].month in (9, 10)
    (told,) = found.findings
    assert told.code == "correlation-breakdown"
    assert "to 2020-03-31" in told.message
    assert " from 0." in told.message


def test_quiet_years_are_quiet(mover: Mover) -> None:
    """In 2014 and 2017 no month's finding says that correlations have broken away."""
    told = [day for year in (2014, 2017) for day in months(year, year) if mover.broken(day)]

    assert told == []


def test_nothing_later_enters(mover: Mover) -> None:
    """Of prices that end on the day comes the same finding."""
    day = date(2020, 3, 31)
    prices = mover.prices
    assert isinstance(prices, PriceHistory)
    cut = int(np.searchsorted(prices.dates, np.datetime64(day)))

    ended = Mover(mover.target, prices.until(cut), mover.stands_for, WEEKDAYS)

    assert ended.broken(day) == mover.broken(day)
