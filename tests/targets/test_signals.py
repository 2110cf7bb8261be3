"""What tilts a target: values by hand, only those that were known, and what is too old."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from trimtab.targets.moving.signals import KnownSeries, Signal, price_reading, series_reading

SHIFTS = (("stocks", Fraction(-1, 10)), ("bonds", Fraction(1, 10)))
VIX = KnownSeries(
    (date(2024, 3, 1), date(2024, 3, 4), date(2024, 3, 5)),
    (Decimal("29.99"), Decimal(30), Decimal("12.5")),
)


def vix(**said: Any) -> Signal:
    """A signal that fires from 30 on."""
    usual: dict[str, Any] = {"rule": "above", "level": Decimal(30), **said}
    return Signal("fear", "series", "vix.csv", SHIFTS, **usual)


@pytest.mark.parametrize(
    ("on", "lag", "strength"),
    [(4, 0, 1), (4, 1, 0), (5, 1, 1), (5, 0, 0), (6, 1, 0), (6, 2, 1)],
)
def test_a_value_counts_once_its_lag_has_passed(on: int, lag: int, strength: int) -> None:
    """Of 1 March 29.99, of 4 March 30 (which is reached), of 5 March 12.5: which one is known."""
    found = series_reading(vix(lag_days=lag), VIX, date(2024, 3, on))

    assert found.strength == strength


def test_below_and_above_one_level_are_opposites() -> None:
    """Exactly one of the two is in force on any day: a level that is reached is above it."""
    days = [date(2024, 3, day) for day in (2, 5, 6)]

    above = [series_reading(vix(), VIX, day).strength for day in days]
    below = [series_reading(vix(rule="below"), VIX, day).strength for day in days]

    assert (above, below) == ([0, 1, 0], [1, 0, 1])


def test_what_is_stale_or_missing_is_no_reading() -> None:
    """The newest known value counts for max_age_days and no day longer, and none is invented."""
    signal = vix(max_age_days=8)

    fresh = series_reading(signal, VIX, date(2024, 3, 13))
    stale = series_reading(signal, VIX, date(2024, 3, 14))
    before = series_reading(signal, VIX, date(2024, 3, 1))

    assert fresh.failure == ""
    assert "2024-03-05, 9 days before" in stale.failure
    assert "begins on 2024-03-01" in before.failure


def test_deviations_are_of_the_history_alone() -> None:
    """By hand: of 1 to 12, the last is (12 - 6.5) / sqrt(13) = 1.5254 deviations up; over a level
    of 2 that is 0.7627, and over 1 it is whole. Months before the history, and days to come, do
    not enter.
    """
    days = tuple(date(2024, month, 1) for month in range(1, 13))
    known = KnownSeries(
        (date(2023, 11, 1), *days, date(2024, 12, 3)),
        (Decimal(999), *map(Decimal, range(1, 13)), Decimal(-999)),
    )
    signal = vix(rule="deviations", level=Decimal(2), months=12)

    half = series_reading(signal, known, date(2024, 12, 2))
    whole = series_reading(replace(signal, level=Decimal(1)), known, date(2024, 12, 2))
    few = series_reading(replace(signal, months=3), known, date(2024, 12, 2))

    assert float(half.strength) == pytest.approx(5.5 / 13**0.5 / 2, abs=1e-6)
    assert whole.strength == 1
    assert "12 are the least" in few.failure


@dataclass(frozen=True)
class Known:
    """Prices in memory."""

    dates: Any
    symbols: tuple[str, ...]
    close: Any


def rising(days: int = 500) -> Known:
    """UP gains one each day from 100 on; FLAT stays at 50."""
    first = date(2022, 1, 3)
    dates = np.array([first + timedelta(one) for one in range(days)], dtype="datetime64[D]")
    return Known(dates, ("UP", "FLAT"), np.array([[100.0 + one, 50.0] for one in range(days)]))


STANDS_FOR = {"stocks": "UP", "bonds": "FLAT"}


def test_momentum_by_hand() -> None:
    """On 3 January 2023, day 365, UP is 465 after 100: 365%; less FLAT's nothing the same."""
    signal = Signal("pace", "momentum", "stocks", SHIFTS, "above", Decimal(365))

    found = price_reading(signal, rising(), STANDS_FOR, date(2023, 1, 3))
    over = price_reading(replace(signal, over="bonds"), rising(), STANDS_FOR, date(2023, 1, 3))
    flat = price_reading(
        replace(signal, of="bonds", over="stocks"), rising(), STANDS_FOR, date(2023, 1, 3)
    )

    assert (found.strength, over.strength, flat.strength) == (1, 1, 0)
    assert "+365.00% in 12 months" in found.why
    assert "-365.00% over stocks" in flat.why


def test_trend_by_hand() -> None:
    """Of the last 3 prices 108, 109 and 110 the average is 109: 0.9174% under the newest."""
    signal = Signal("way", "trend", "stocks", SHIFTS, "above", Decimal("0.9174"), sessions=3)

    found = price_reading(signal, rising(), STANDS_FOR, date(2022, 1, 13))
    higher = price_reading(
        replace(signal, level=Decimal("0.9175")), rising(), STANDS_FOR, date(2022, 1, 13)
    )

    assert (found.strength, higher.strength) == (1, 0)
    assert "+0.92% from its average of 3 sessions" in found.why


@pytest.mark.parametrize("source", ["momentum", "trend"])
def test_prices_to_come_are_not_looked_at(source: Any) -> None:
    """Whatever prices do after the day, a signal of it is the same."""
    known, on = rising(), date(2023, 2, 1)
    poisoned = known.close.copy()
    poisoned[known.dates > np.datetime64(on)] = 1e9
    signal = Signal("own", source, "stocks", SHIFTS, "below", Decimal(0))

    calm = price_reading(signal, known, STANDS_FOR, on)
    wild = price_reading(signal, replace(known, close=poisoned), STANDS_FOR, on)

    assert calm == wild
    assert calm.failure == ""


@pytest.mark.parametrize(
    ("signal", "on", "word"),
    [
        (Signal("a", "momentum", "stocks", SHIFTS, "below", Decimal(0)), date(2022, 9, 1), "near"),
        (Signal("a", "trend", "stocks", SHIFTS, "below", Decimal(0)), date(2022, 5, 1), "of 200"),
        (Signal("a", "trend", "stocks", SHIFTS, "below", Decimal(0)), date(2023, 7, 1), "newest"),
        (Signal("a", "trend", "gold", SHIFTS, "below", Decimal(0)), date(2023, 1, 3), "hold list"),
    ],
)
def test_prices_that_do_not_reach_are_no_reading(signal: Signal, on: date, word: str) -> None:
    """Too short a history, prices that stop, and a sleeve without any: each says why."""
    found = price_reading(signal, rising(), STANDS_FOR, on)

    assert word in found.failure


def test_a_jump_is_no_trend() -> None:
    """A price that is tenfold its predecessor is a slip or a split: nothing is read from it."""
    known = rising()
    close = known.close.copy()
    close[300, 0] *= 20
    signal = Signal("a", "trend", "stocks", SHIFTS, "below", Decimal(0))

    found = price_reading(signal, replace(known, close=close), STANDS_FOR, date(2022, 11, 20))

    assert "goes from" in found.failure
