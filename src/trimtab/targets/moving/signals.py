"""What tilts a target: a series from outside, or the momentum or the trend of a sleeve's prices.

Each signal is a value of a day, and a rule that makes of it a strength from -1 to 1. Nothing that
was not known on the day enters: of a series only values whose `lag_days` had passed, of prices only
those up to the day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import fsum, sqrt
from typing import TYPE_CHECKING, Literal

from trimtab.model.frozen import dataclass
from trimtab.model.market import AS_TENFOLD

if TYPE_CHECKING:
    from trimtab.targets.prices import Prices

Source = Literal["series", "momentum", "trend"]
Rule = Literal["above", "below", "deviations"]

LAG_DAYS = 1
MAX_AGE_DAYS = 7
"""Of the newest value of a series, beside its lag."""

TREND_SESSIONS = 200
MOMENTUM_MONTHS = 12
DEVIATION_MONTHS = 36
LEAST_VALUES = 12
"""Fewer values have no standard deviation to speak of."""

MOST_DAYS = 10
"""So old may a price be on the day that it stands for."""


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """A series that the user supplies.

    Args:
        days: Ascending, no day twice.
        values: One a day.
    """

    days: tuple[date, ...]
    values: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal and what it shifts.

    Args:
        name: What it is called.
        source: What its value is of.
        of: The file of a series; else the sleeve whose prices count.
        shifts: By sleeve, as a fraction of the whole, at a strength of 1; they sum to 0.
        rule: `above`: strength 1 from the level on, else 0. `below`: strength 1 under the level,
            else 0. `deviations`: the value less the mean of its history, in standard deviations,
            over the level, no further than from -1 to 1.
        level: In the unit of the value; of momentum and trend percent.
        months: How long momentum looks back, or how much of a series its deviations are of.
        sessions: How many the average of a trend has.
        over: The sleeve whose return is taken from that of a momentum; empty: none, as cash.
        lag_days: So many days after its date a value of a series is known.
        max_age_days: So many days after its date the newest known value counts.
    """

    name: str
    source: Source
    of: str
    shifts: tuple[tuple[str, Fraction], ...]
    rule: Rule
    level: Decimal
    months: int = MOMENTUM_MONTHS
    sessions: int = TREND_SESSIONS
    over: str = ""
    lag_days: int = LAG_DAYS
    max_age_days: int = LAG_DAYS + MAX_AGE_DAYS


@dataclass(frozen=True, slots=True)
class Reading:
    """A signal on one day.

    Args:
        strength: By what its shifts are multiplied, -1 to 1.
        why: Its value, of which day, against which level, in words.
        failure: Why there is none, in a sentence; else empty.
    """

    strength: Fraction = Fraction(0)
    why: str = ""
    failure: str = ""


def series_reading(signal: Signal, series: KnownSeries, on: date) -> Reading:
    """A signal of an outside series, by what was known of it on a day."""
    place = bisect_right(series.days, on - timedelta(days=signal.lag_days))
    known_by = f"by {on}" + (
        f", {signal.lag_days} days after their date" if signal.lag_days else ""
    )
    if not place:
        begins = f": it begins on {series.days[0]}" if series.days else ""
        return Reading(failure=f"{signal.of} has no value that was known {known_by}{begins}.")
    day, value = series.days[place - 1], series.values[place - 1]
    age = (on - day).days
    if age > signal.max_age_days:
        return Reading(
            failure=f"{signal.of} is stale: its newest value known {known_by} is of {day}, {age} "
            f"days before, and max_age_days is {signal.max_age_days}. Add newer rows."
        )
    said = f"{signal.name} {value.normalize():f} on {day}"
    if signal.rule != "deviations":
        return by_level(signal, value, said)
    start = months_before(day, signal.months)
    first = bisect_right(series.days, start)
    values = [float(one) for one in series.values[first:place]]
    short = f"{signal.of} has {len(values)} values after {start} and to {day}"
    if len(values) < LEAST_VALUES:
        return Reading(
            failure=f"{short}, and {LEAST_VALUES} are the least to tell a deviation from."
        )
    mean = fsum(values) / len(values)
    deviation = sqrt(fsum((one - mean) ** 2 for one in values) / (len(values) - 1))
    if not deviation > 0.0:
        return Reading(failure=f"{short}, all the same: nothing deviates.")
    away = Decimal(f"{(values[-1] - mean) / deviation:.6f}")
    strength = min(max(Fraction(away) / Fraction(signal.level), Fraction(-1)), Fraction(1))
    return Reading(
        strength,
        f"{said} is {away:+.2f} deviations from its mean of {mean:.4g} since {start}, whole at "
        f"{signal.level.normalize():f}",
    )


def price_reading(
    signal: Signal, prices: Prices, stands_for: Mapping[str, str], on: date
) -> Reading:
    """A signal of a sleeve's own prices up to a day."""
    own = _column(signal, signal.of, prices, stands_for, on)
    if isinstance(own, str):
        return Reading(failure=own)
    if signal.source == "trend":
        return _trend(signal, own, on)
    gained = _gained(signal, signal.of, own, on)
    if isinstance(gained, str):
        return Reading(failure=gained)
    said = f"{signal.name}: {signal.of} {gained:+.2f}% in {signal.months} months to {on}"
    if signal.over:
        other = _column(signal, signal.over, prices, stands_for, on)
        less = other if isinstance(other, str) else _gained(signal, signal.over, other, on)
        if isinstance(less, str):
            return Reading(failure=less)
        gained -= less
        said += f", {gained:+.2f}% over {signal.over}"
    return by_level(signal, Decimal(f"{gained:.6f}"), said, "%")


def by_level(signal: Signal, value: Decimal, said: str, unit: str = "") -> Reading:
    """The strength of a value against a level, in words: reached counts as above."""
    above = value >= signal.level
    level = f"{signal.level.normalize():f}{unit}"
    where = f"not below {level}" if above else f"below {level}"
    if signal.rule == "above":
        where = f"{level} or more" if above else f"below {level}"
    return Reading(Fraction(int(above == (signal.rule == "above"))), f"{said} is {where}")


def _trend(signal: Signal, own: _Column, on: date) -> Reading:
    """How far the newest price is from the average of the newest ones."""
    closes = own.closes[-signal.sessions :]
    if len(closes) < signal.sessions:
        return Reading(
            failure=f"{own.symbol} has {len(closes)} prices up to {on}, and the average of "
            f"{signal.sessions} sessions is asked for."
        )
    average = fsum(closes) / len(closes)
    away = (closes[-1] / average - 1.0) * 100.0
    said = (
        f"{signal.name}: {signal.of} {away:+.2f}% from its average of {signal.sessions} sessions "
        f"on {own.days[-1]}"
    )
    return by_level(signal, Decimal(f"{away:.6f}"), said, "%")


@dataclass(frozen=True, slots=True)
class _Column:
    """The prices that a symbol has up to a day, oldest first."""

    symbol: str
    days: Sequence[date]
    closes: Sequence[float]


def _column(
    signal: Signal, sleeve: str, prices: Prices, stands_for: Mapping[str, str], on: date
) -> _Column | str:
    """The prices of what stands for a sleeve, as far back as is looked; or why there are none."""
    import numpy as np

    symbol = stands_for.get(sleeve)
    if symbol is None or symbol not in prices.symbols:
        return (
            f'nothing in the hold list of {sleeve} has prices. Name a stand-in: history = "SYMBOL" '
            "under [instruments.NAME]."
        )
    last = int(np.searchsorted(prices.dates, np.datetime64(on, "D"), side="right"))
    close = prices.close[:last, prices.symbols.index(symbol)]
    there = np.flatnonzero(~np.isnan(close))
    if signal.source == "trend":
        there = there[-signal.sessions :]
    else:
        # The first is the newest price of the day that is looked back to, or before it.
        start = np.datetime64(months_before(on, signal.months), "D")
        there = there[max(int((prices.dates[there] <= start).sum()) - 1, 0) :]
    days = [day.item() for day in prices.dates[there].astype("datetime64[D]")]
    closes = [float(one) for one in close[there]]
    if not days or (on - days[-1]).days > MOST_DAYS:
        newest = f": the newest is of {days[-1]}" if days else ""
        return f"{symbol} has no price near {on}{newest}. Fetch newer prices."
    for place in range(1, len(closes)):
        if not 1.0 / AS_TENFOLD < closes[place] / closes[place - 1] < AS_TENFOLD:
            return (
                f"the price of {symbol} goes from {closes[place - 1]:g} to {closes[place]:g} on "
                f"{days[place]}. Correct that row, or tell its split."
            )
    return _Column(symbol, days, closes)


def _gained(signal: Signal, sleeve: str, own: _Column, on: date) -> float | str:
    """What a sleeve returned over the months of a momentum, in percent; or why that is unknown."""
    start = months_before(on, signal.months)
    if not 0 <= (start - own.days[0]).days <= MOST_DAYS:
        return (
            f"{own.symbol}, which stands for {sleeve}, has no price near {start}, {signal.months} "
            f"months before {on}."
        )
    return (own.closes[-1] / own.closes[0] - 1.0) * 100.0


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month where it is shorter.

    >>> months_before(date(2024, 3, 31), 1)
    datetime.date(2024, 2, 29)
    """
    from calendar import monthrange

    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
