"""Stretches without any price, and dates asked for that have none."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest

HALVES = Policy({"A": 0.5, "B": 0.5}, name="halves")


def _without(prices: PriceHistory, first: int, stop: int) -> PriceHistory:
    return prices.rows(np.r_[0:first, stop : len(prices)])


def _told(prices: PriceHistory) -> list[str]:
    found = backtest(prices, HALVES).findings
    return [one.message for one in found if one.code == "gap-in-all"]


def test_months_without_any_price_are_told() -> None:
    """Where nothing has a price for months the run says from when to when, and how long."""
    prices = _without(lively("AB", 200), 100, 160)

    (message,) = _told(prices)

    assert "from 2024-05-17 to 2024-08-12 (87 days)" in message
    assert "sessions are 1 day apart" in message


@pytest.mark.parametrize("missing", [1, 5])
def test_a_long_holiday_is_not_told(missing: int) -> None:
    """A week without prices happens on exchanges and is no gap."""
    assert _told(_without(lively("AB", 200), 100, 100 + missing)) == []


def test_monthly_prices_are_no_gaps_but_a_missing_quarter_is() -> None:
    """What is far is measured by how far apart these prices are."""
    days = np.arange("2010-01", "2014-01", dtype="datetime64[M]").astype("datetime64[D]")
    rng = np.random.default_rng(2)
    walk = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal((48, 2)), axis=0))
    prices = history({"A": walk[:, 0], "B": walk[:, 1]}, dates=list(days))

    assert _told(prices) == []
    assert len(_told(_without(prices, 20, 23))) == 1


def test_more_gaps_than_are_told_are_counted() -> None:
    """A finding names three stretches and counts the rest."""
    kept = [day for day in range(200) if day % 40 > 20]

    (message,) = _told(lively("AB", 200).rows(np.array(kept)))

    assert message.count(" days)") == 3
    assert "and 1 more" in message


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2030, 1, 1), None, "prices are from 2024-01-01 to 2024-03-22: none is after 2030"),
        (None, date(2020, 1, 1), "prices are from 2024-01-01 to 2024-03-22: none is before 2020"),
        (date(2024, 3, 1), date(2024, 2, 1), "the start, 2024-03-01, is after the end, 2024-02-01"),
    ],
)
def test_dates_without_prices_say_which_there_are(
    start: date | None, end: date | None, words: str
) -> None:
    """A start after the end, or dates beyond the prices, are refused with the dates there are."""
    with pytest.raises(InputError) as caught:
        backtest(lively("AB", 60), HALVES, start=start, end=end)

    assert words in str(caught.value)
