"""Tilts in Python: weights of a policy with a tactical overlay, by the rules of `[target.tilt]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any

from trimtab.model.frozen import dataclass
from trimtab.targets.moving.glide import days_by
from trimtab.targets.moving.signals import (
    DEVIATION_MONTHS,
    LAG_DAYS,
    MAX_AGE_DAYS,
    MOMENTUM_MONTHS,
    TREND_SESSIONS,
    KnownSeries,
    Rule,
    Signal,
    Source,
    price_reading,
    series_reading,
)
from trimtab.targets.objectives.active import Bounds, overlaid

NEAREST = 10**12
"""Weights of floats are told apart to so many parts of the whole."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """One signal and what it shifts: say one of three sources, and one of three rules.

        tt.Tilt({"SPY": -0.1, "AGG": 0.1}, series=vix, above=30)
        tt.Tilt({"SPY": -0.1, "AGG": 0.1}, momentum="SPY", over="BIL", below=0)

    Args:
        shift: By symbol, as fractions of the whole that sum to 0, at a strength of 1.
        series: Values by date; what is not a number is no value.
        momentum, trend: The symbol whose prices count; their values are percent.
        above: The whole shift from this level on, below it none.
        below: The whole shift below this level, from it on none.
        deviations: Of a series: its deviations from the mean of `months`, over this, -1 to 1.
        months: How far momentum looks back (12), or of how much the deviations are (36).
        over: The symbol whose return is taken from a momentum.
        sessions: How many the average of a trend has.
        lag_days: So many days after its date a value of a series is known.
        max_age_days: So many days after its date the newest known value counts; `lag_days` + 7
            unless said.

    Raises:
        ValueError: They make no sense.
    """

    shift: Mapping[str, float]
    series: Mapping[date | str, float] | None = None
    momentum: str | None = None
    trend: str | None = None
    above: float | None = None
    below: float | None = None
    deviations: float | None = None
    months: int | None = None
    over: str = ""
    sessions: int = TREND_SESSIONS
    lag_days: int = LAG_DAYS
    max_age_days: int | None = None

    def __post_init__(self) -> None:
        sources = (self.series, self.momentum, self.trend)
        if sum(one is not None for one in sources) != 1:
            raise ValueError("series, momentum, trend: say one of them")
        if self.series is not None and not any(isfinite(one) for one in self.series.values()):
            raise ValueError("series: it has no value that is a number")
        for symbol, share in self.shift.items():
            if not abs(share) <= 1.0:
                raise ValueError(f"shift of {symbol} {share!r}: a share; write 0.10 for 10%")
        levels = (self.above, self.below, self.deviations)
        if sum(one is not None for one in levels) != 1:
            raise ValueError("above, below, deviations: say one of them")
        if self.deviations is not None and (self.series is None or not self.deviations > 0.0):
            raise ValueError("deviations: of a series, above zero")
        if abs(sum(self.shift.values())) > 1.0 / NEAREST:
            raise ValueError(f"shift {dict(self.shift)!r}: what one gains another gives")

    @property
    def signal(self) -> Signal:
        """The same as a portfolio folder has it."""
        source: Source = "trend" if self.trend is not None else "momentum"
        source = source if self.series is None else "series"
        of = self.trend or self.momentum or "series"
        rule: Rule = "above" if self.above is not None else "below"
        rule = rule if self.deviations is None else "deviations"
        level = next(one for one in (self.above, self.below, self.deviations) if one is not None)
        usual = MOMENTUM_MONTHS if source == "momentum" else DEVIATION_MONTHS
        return Signal(
            of,
            source,
            of,
            tuple((symbol, exact(points)) for symbol, points in self.shift.items()),
            rule,
            Decimal(str(level)),
            usual if self.months is None else self.months,
            self.sessions,
            self.over,
            self.lag_days,
            self.lag_days + MAX_AGE_DAYS if self.max_age_days is None else self.max_age_days,
        )


class Tilts:
    """A target in Python that leaves strategic weights by tilts, inside limits.

        tt.Policy(tt.Tilts({"SPY": 0.6, "AGG": 0.4}, [tilt], limits={"SPY": (0.5, 0.7)}),
                  when="monthly")

    Args:
        weights: By symbol, summing to 1; or a target that gives them, such as `tt.Glide`.
        tilts: Their shifts are added.
        limits: The least and the most of a symbol; without, 0 and 1.
        most: One way, what all shifts together may move.

    Raises:
        ValueError: `most` is no share.
    """

    def __init__(
        self,
        weights: Mapping[str, float] | Callable[[Any], Mapping[str, float] | None],
        tilts: Sequence[Tilt],
        *,
        limits: Mapping[str, tuple[float, float]] | None = None,
        most: float = 1.0,
    ) -> None:
        if not 0.0 <= most <= 1.0:
            raise ValueError(f"most {most!r}: a share, from 0 to 1")
        self.weights = weights
        self.known = [(one.signal, known_series(one.series)) for one in tilts]
        self.bounds = [
            Bounds((symbol,), exact(low), exact(high))
            for symbol, (low, high) in (limits or {}).items()
        ]
        self.most = exact(most)

    def __call__(self, view: Any) -> dict[str, float] | None:
        """The weights by what a view knows; None where a signal knows too little."""
        written = self.weights(view) if callable(self.weights) else self.weights
        if written is None:
            return None
        stands_for = {symbol: symbol for symbol in view.symbols}
        shifts: dict[str, Fraction] = {}
        for signal, series in self.known:
            if series is not None:
                reading = series_reading(signal, series, view.last)
            else:
                reading = price_reading(signal, view, stands_for, view.last)
            if reading.failure:
                return None
            for symbol, points in signal.shifts:
                shifts[symbol] = shifts.get(symbol, Fraction(0)) + points * reading.strength
        names = dict.fromkeys((*written, *shifts))
        strategic = {symbol: exact(written.get(symbol, 0.0)) for symbol in names}
        found = overlaid(strategic, shifts, bounds=self.bounds, most=self.most)
        return {symbol: float(share) for symbol, share in found.shares.items()}


def known_series(series: Mapping[date | str, float] | None) -> KnownSeries | None:
    """Values by date, oldest first, without those that are none."""
    if series is None:
        return None
    plain = {
        day.date() if hasattr(day, "date") else day: float(value) for day, value in series.items()
    }
    rows = {day: value for day, value in days_by(plain).items() if isfinite(value)}
    return KnownSeries(tuple(rows), tuple(Decimal(str(value)) for value in rows.values()))


def exact(value: float) -> Fraction:
    """A weight as people mean it: 0.1 is a tenth.

    >>> exact(0.1)
    Fraction(1, 10)
    """
    return Fraction(value).limit_denominator(NEAREST)
