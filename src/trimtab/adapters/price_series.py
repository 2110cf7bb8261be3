"""Prices of one symbol as they were quoted, and what makes total returns of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.model.days import plain_day
from trimtab.model.errors import Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import Alias

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats
    from trimtab.simulate.prices.history import Rows

Aliases: TypeAlias = Mapping[str, Sequence[Alias] | Mapping[str, date | str | None]]


@dataclass(frozen=True, eq=False)
class Series:
    """Prices of one symbol, ascending by day, not yet adjusted.

    Args:
        days: Its days.
        close: Closes, NaN where there is none.
        open: Opens; None where there are none.
        volume: Units traded, NaN where it is not known; None where there are none.
        step: By row, what a unit of the row before is worth in units of this row, once dividends
            and splits between the two are counted: 1 where there is none. None for none at all.
        paid: By row, which share of what a unit of the row before has become is that row's
            dividend: 0 where there is none. None where nothing is known of dividends.
        source: Where it came from, for messages.
        currency: What it is quoted in; empty where nobody said.
        read: Where its rows were read; empty where nobody knows.
    """

    days: Days
    close: Floats
    open: Floats | None = None
    volume: Floats | None = None
    step: Floats | None = None
    paid: Floats | None = None
    source: str = ""
    currency: str = ""
    read: tuple[Rows, ...] = ()

    @property
    def is_priced(self) -> Any:
        """Which rows have a close."""
        import numpy as np

        return ~np.isnan(self.close)

    @property
    def is_scaled(self) -> bool:
        """Whether dividends or splits are still to be worked into its prices."""
        return self.step is not None and bool((self.step != 1.0).any())

    def rows(self, kept: Any) -> Series:
        """Some of the rows; what happened between two of them stays with the later one."""
        columns = (self.open, self.volume, self.step, self.paid)
        opens, volume, step, paid = (None if column is None else column[kept] for column in columns)
        read = tuple(
            replace(one, days=one.days[kept], numbers=one.numbers[kept]) for one in self.read
        )
        return replace(
            self, days=self.days[kept], close=self.close[kept], open=opens, volume=volume,
            step=step, paid=paid, read=read,
        )  # fmt: skip

    def adjusted(self) -> Series:
        """Total-return prices on the scale of the last close, and volumes that go with them.

        Close x volume stays the money that was traded.
        """
        import numpy as np

        if self.step is None:
            return self
        factor = np.ones(len(self.days))
        # Backwards from the last close: what is before an event is worth less of today's units.
        factor[:-1] = np.cumprod(self.step[:0:-1])[::-1]
        return replace(
            self,
            close=self.close * factor,
            open=None if self.open is None else self.open * factor,
            volume=None if self.volume is None else self.volume / factor,
            step=None,
        )


def read_aliases(aliases: Aliases | None) -> dict[str, tuple[Alias, ...]]:
    """Earlier tickers by the name of today, whichever way they were given.

    >>> read_aliases({"META": {"FB": "2022-06-08"}})
    {'META': (Alias(symbol='FB', first=None, last=datetime.date(2022, 6, 8)),)}

    Raises:
        ValueError: A day is none.
    """
    found = {}
    for name, given in (aliases or {}).items():
        if isinstance(given, Mapping):
            given = [Alias(ticker, last=_day_of(ticker, last)) for ticker, last in given.items()]
        found[name] = tuple(given)
    return found


def _day_of(ticker: str, last: date | str | None) -> date | None:
    try:
        return None if last is None else plain_day(last)
    except ValueError:
        wrong = f"aliases: {last!r} is no day; write the last one of {ticker} as 2022-06-08"
        raise ValueError(wrong) from None


def renamed(
    series: Mapping[str, Series],
    aliases: Mapping[str, tuple[Alias, ...]],
    problems: list[Problem],
    findings: list[Finding],
) -> dict[str, Series]:
    """Each instrument's prices under all its names as one series, as the price files of plans do.

    On the days of a dated alias its rows count, and those under the instrument's own name do not:
    that may have been another's ticker then. What a ticker says on other days stays under it.
    """
    taken: dict[str, Any] = {}
    made: dict[str, Series] = {}
    for name, own in aliases.items():
        parts = []
        for ticker, wanted in _parts(name, own, series):
            if not wanted.any():
                continue
            parts.append((ticker, series[ticker].rows(wanted)))
            taken[ticker] = taken.get(ticker, False) | wanted
        if not parts:
            continue
        made[name] = _merged(name, [one for _, one in parts], problems)
        old = [ticker for ticker, _ in parts if ticker != name]
        if old:
            message = f"{', '.join(old)} is {name} under an earlier name: one history."
            findings.append(Finding("renamed", name, message, "info"))
    found: dict[str, Series] = {}
    for ticker, one in series.items():
        if ticker in made:
            found[ticker] = made[ticker]
            continue
        left = one if ticker not in taken else one.rows(~taken[ticker] & one.is_priced)
        if len(left.days):
            found[ticker] = left
    found.update({name: one for name, one in made.items() if name not in found})
    return found


def _parts(
    name: str, own: tuple[Alias, ...], series: Mapping[str, Series]
) -> Iterator[tuple[str, Any]]:
    """Each ticker of an instrument with the rows that are the instrument's."""
    import numpy as np

    dated = [alias for alias in own if alias.first or alias.last]

    def covered(ticker: str, by: list[Alias]) -> Any:
        days = series[ticker].days
        found = np.zeros(len(days), dtype=np.bool_)
        for alias in by:
            first = days[0] if alias.first is None else np.datetime64(alias.first, "D")
            last = days[-1] if alias.last is None else np.datetime64(alias.last, "D")
            found |= (first <= days) & (days <= last)
        return found

    for ticker in dict.fromkeys([name, *(alias.symbol for alias in own)]):
        if ticker not in series or not len(series[ticker].days):
            continue
        wanted = covered(ticker, [alias for alias in dated if alias.symbol == ticker])
        if ticker == name or any(a.symbol == ticker for a in own if a not in dated):
            wanted |= ~covered(ticker, dated)
        yield ticker, wanted & series[ticker].is_priced


def _merged(name: str, parts: list[Series], problems: list[Problem]) -> Series:
    import numpy as np

    days = np.concatenate([one.days for one in parts])
    order = np.argsort(days, kind="stable")
    twice = np.flatnonzero(days[order][1:] == days[order][:-1])
    for k in twice[:5]:
        wrong = f"{name} has another row of {days[order][k]}, under another of its names"
        problems.append(Problem(parts[-1].source, None, name, wrong, "keep one of them"))

    def joined(columns: list[Floats | None], empty: float) -> Floats | None:
        if all(column is None for column in columns):
            return None
        filled = [
            np.full(len(one.days), empty) if column is None else column
            for one, column in zip(parts, columns, strict=True)
        ]
        both: Floats = np.concatenate(filled)[order]
        return both

    codes = list(dict.fromkeys(one.currency for one in parts if one.currency))
    if len(codes) > 1:
        wrong = f"{name} is priced in {' and '.join(codes)} under its names"
        problems.append(Problem(parts[-1].source, None, name, wrong, "give each currency its own"))
    close = joined([one.close for one in parts], np.nan)
    assert close is not None
    return Series(
        days[order],
        close,
        joined([one.open for one in parts], np.nan),
        joined([one.volume for one in parts], np.nan),
        joined([one.step for one in parts], 1.0),
        joined([one.paid for one in parts], 0.0),
        parts[-1].source,
        codes[0] if codes else "",
        tuple(rows for one in parts for rows in one.read),
    )
