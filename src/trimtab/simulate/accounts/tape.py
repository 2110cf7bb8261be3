"""A tape: what the market said, session after session, as snapshots and as columns.

The snapshots are what a decision sees. The columns are the same prices as integers, for all
sessions at once: they value a book that stays as it is, and say where every price is plain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from trimtab.engine.jumps import is_calm
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.sessions import Calendar, Period

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 2**53
"""Mantissas from here on are in no column."""


@dataclass(frozen=True, eq=False)
class Days:
    """The sessions of a tape."""

    calendar: Calendar
    days: tuple[date, ...]
    _marks: dict[Period, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def marks(self, kind: Period) -> tuple[str, ...]:
        """The newest period of a kind that has ended by each session; worked out once."""
        if kind not in self._marks:
            due = self.calendar.period_due
            self._marks[kind] = tuple(due(kind, day) for day in self.days)
        return self._marks[kind]


@dataclass(frozen=True, eq=False)
class Tape:
    """Sessions with their prices.

    Args:
        sessions: The days.
        names: Instruments, sorted.
        mantissas: Prices of the very day, shape (sessions, names), 0 where there is none: what they
            are worth is mantissa x 10^exponent.
        exponents: By instrument.
        calm: Where such a price is believed beside the one before it, shape (sessions, names).
        latest: The place of the newest price of its own day, or at the first session of whatever
            day, shape (sessions, names); -1 for none.
        actions: Splits and dividends that each session knows of, shape (sessions,).
        market: The snapshot of a session, by its place.
    """

    sessions: Days
    names: tuple[str, ...]
    mantissas: NDArray[np.int64] = field(repr=False)
    exponents: tuple[int, ...]
    calm: NDArray[np.bool_] = field(repr=False)
    latest: NDArray[np.int64] = field(repr=False)
    actions: NDArray[np.int64] = field(repr=False)
    market: Callable[[int], Market] = field(repr=False)

    @property
    def days(self) -> tuple[date, ...]:
        """The days of the sessions, oldest first."""
        return self.sessions.days

    def __len__(self) -> int:
        return len(self.days)

    def listed(self) -> dict[str, date]:
        """The first day with a price of each instrument that has none at the first session."""
        import numpy as np

        there = self.latest >= 0
        late = np.flatnonzero(~there[0] & there[-1])
        return {self.names[i]: self.days[int(there[:, i].argmax())] for i in late.tolist()}

    @classmethod
    def of(cls, markets: Sequence[Market]) -> Tape:
        """The tape of snapshots that are there already, one a session, oldest first."""
        import numpy as np

        assert markets, "there is at least one session to simulate"
        names = tuple(sorted({name for market in markets for name in market.quotes}))
        exponents = tuple(_exponent(markets, name) for name in names)
        shape = len(markets), len(names)
        mantissas, calm = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
        latest = np.full(shape, -1, dtype=np.int64)
        for row, market in enumerate(markets):
            is_told = bool(market.looked or market.unbooked)
            for column, name in enumerate(names):
                quote = market.quotes.get(name)
                if quote is None or quote.price is None:
                    continue
                if quote.on == market.as_of or row == 0:
                    # Where a run begins, what is known of before is all that there is.
                    latest[row, column] = row
                if quote.on != market.as_of:
                    continue
                mantissa = _at(quote.price, exponents[column])
                if mantissa < MOST:
                    mantissas[row, column] = mantissa
                    calm[row, column] = not is_told and _is_calm(quote)
        return cls(
            Days(markets[0].calendar, tuple(market.as_of for market in markets)),
            names,
            mantissas,
            exponents,
            calm,
            np.maximum.accumulate(latest, axis=0),
            np.array([len(one.splits) + len(one.dividends) for one in markets], dtype=np.int64),
            markets.__getitem__,
        )


def _exponent(markets: Sequence[Market], name: str) -> int:
    """The least exponent of an instrument's prices."""
    quotes = (market.quotes.get(name) for market in markets)
    prices = (quote.price for quote in quotes if quote is not None)
    return min((price.exponent for price in prices if price is not None), default=0)


def _at(price: Price, exponent: int) -> int:
    return int(price.mantissa * 10 ** (price.exponent - exponent))


def _is_calm(quote: Quote) -> bool:
    """Whether a price is plainly believed beside the one before it; the first always is."""
    assert quote.price is not None
    if quote.confirmed or quote.split_since_previous != 1:
        return False
    if quote.previous is None or quote.previous_on is None:
        return True
    return is_calm(quote.price, quote.previous)
