"""Exact prices from files: CSV or Parquet, long or wide, as snapshots of the market.

Prices stay text until a snapshot needs them: of the thousands of rows in a file a plan uses two
an instrument. Nothing in a price file is dropped in silence. A row that is malformed (no date,
too few fields, a second price for a day) is a problem of the file; a price that cannot be one
(zero, negative, empty, not a number) is a row whose instrument the engine freezes.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from trimtab.adapters.price_columns import NUMBER
from trimtab.adapters.price_exchange import (
    Exchange,
    Rates,
    bring_home,
    rates_told,
    stretches,
    unconverted,
)
from trimtab.adapters.price_rate import Rate, brought_over
from trimtab.adapters.price_rows import PriceRows
from trimtab.adapters.price_steps import Since, first_step, quote_after, quote_at
from trimtab.adapters.price_tape import Tape, price_from, tape_of
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import Instrument
from trimtab.model.market import Dividend, Market, Quote, Split, Step, Unconverted
from trimtab.model.numbers import Price
from trimtab.model.sessions import Calendar

LOOKED_BACK = 60
"""Sessions at whose steps is looked where nobody knows since when the price is right."""


class PriceFile:
    """Market data from price files: an implementation of the port `MarketData`.

    Files are read at the first snapshot, once.

    Args:
        paths: CSV or Parquet files; a row may be in any of them, but only once.
        instruments: By id: the currency that prices must have, and dated tickers.
        calendar: The sessions of the market.
        typed: Prices that the user typed in for the day asked about, by instrument.
        folder: Messages name files relative to it.
        opens: Read opens as well, for `opens_of`.
        exchange: The currency that all prices are brought to, and where its rates are; None: each
            instrument's have to be in its own, and others are none.

    On a day that a dated alias covers, the alias is the ticker; on all other days it is the id.
    An alias without dates is one more name on every day.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        instruments: Mapping[str, Instrument],
        calendar: Calendar,
        typed: Mapping[str, Price] | None = None,
        folder: Path | None = None,
        opens: bool = False,
        exchange: Exchange | None = None,
    ) -> None:
        self.opens = opens
        self.exchange = exchange
        self.paths = tuple(paths)
        self.instruments = instruments
        self.calendar = calendar
        self.typed = dict(typed or {})
        self.folder = folder
        self._rows: PriceRows | None = None
        self._rates: Rates | None = None
        self._tapes: dict[tuple[str, bool], Tape] = {}

    def snapshot(
        self, as_of: date, instruments: Sequence[str], since: Mapping[str, Since] | None = None
    ) -> Market:
        """What was known at the close of `as_of`; nothing later.

        Args:
            as_of: The day.
            instruments: Whose prices.
            since: From where on to look at every step of a price; of what is not among them at
                the last `LOOKED_BACK` sessions. None: at the rows before the newest only, as in a
                backtest, where nobody could say that a price is right.

        Raises:
            InputError: Files cannot be read, or have malformed rows.
        """
        day = as_of.isoformat()
        tapes = self._tapes_of(instruments, stand_ins=False)
        quotes: dict[str, Quote] = {}
        looked: dict[str, Step | None] = {}
        for instrument, tape in tapes.items():
            quote = self._typed_quote(instrument, tape, as_of)
            end = bisect_right(tape.days, day)
            if quote is None and end:
                quote = quote_at(tape, end - 1)
            if quote is None:
                continue
            quotes[instrument] = quote
            if since is not None and end:
                start = since.get(instrument) or Since(as_of - timedelta(days=LOOKED_BACK * 7 // 5))
                looked[instrument] = first_step(tape, start, end)
        splits, dividends = _actions(tapes.values())
        return Market(
            as_of=as_of,
            calendar=self.calendar,
            quotes=quotes,
            splits=tuple(split for split in splits if split.on <= as_of),
            dividends=tuple(dividend for dividend in dividends if dividend.on <= as_of),
            looked=looked,
            currency=self._home,
            unconverted=self._unconverted(
                {name: bisect_right(tape.days, day) for name, tape in tapes.items()}, tapes
            ),
        )

    def snapshots(
        self,
        start: date,
        end: date,
        instruments: Sequence[str],
        *,
        stand_ins: bool = True,
    ) -> Iterator[Market]:
        """One snapshot a session from `start` to `end`, each row read once.

        Args:
            start: First day.
            end: Last day, included.
            instruments: Whose prices.
            stand_ins: Take an instrument's `history` symbol where it has one.
        """
        tapes = self._tapes_of(instruments, stand_ins=stand_ins)
        splits, dividends = _actions(tapes.values())
        places = dict.fromkeys(tapes, 0)
        quotes: dict[str, Quote] = {}
        splits_shown = dividends_shown = 0
        known_splits: tuple[Split, ...] = ()
        known_dividends: tuple[Dividend, ...] = ()
        for session in self.calendar.sessions(start, end):
            day = session.isoformat()
            for instrument, tape in tapes.items():
                place = places[instrument]
                if place < len(tape.days) and tape.days[place] <= day:
                    place = bisect_right(tape.days, day, place)
                    places[instrument] = place
                    quotes[instrument] = quote_at(tape, place - 1)
            while splits_shown < len(splits) and splits[splits_shown].on <= session:
                splits_shown += 1
            if splits_shown > len(known_splits):
                known_splits = tuple(splits[:splits_shown])
            while dividends_shown < len(dividends) and dividends[dividends_shown].on <= session:
                dividends_shown += 1
            if dividends_shown > len(known_dividends):
                known_dividends = tuple(dividends[:dividends_shown])
            yield Market(
                session,
                self.calendar,
                dict(quotes),
                known_splits,
                known_dividends,
                currency=self._home,
                unconverted=self._unconverted(places, tapes),
            )

    def days_of(
        self, instruments: Sequence[str], *, stand_ins: bool = True
    ) -> dict[str, tuple[date, ...]]:
        """The days of which each instrument has a row that says something, oldest first."""
        return {
            instrument: tuple(
                date.fromisoformat(day)
                for day, text in zip(tape.days, tape.prices, strict=True)
                if text.strip()
            )
            for instrument, tape in self._tapes_of(instruments, stand_ins=stand_ins).items()
        }

    def last_day(self, instruments: Sequence[str], *, until: date = date.max) -> date | None:
        """The newest day up to another of which there is a row for any of the instruments."""
        tapes = self._tapes_of(instruments, stand_ins=False).values()
        ends = ((tape, bisect_right(tape.days, until.isoformat())) for tape in tapes)
        newest = max((tape.days[end - 1] for tape, end in ends if end), default=None)
        return None if newest is None else date.fromisoformat(newest)

    def beside_sessions(
        self, instruments: Sequence[str], start: date, end: date, *, stand_ins: bool = False
    ) -> tuple[Finding, ...]:
        """That rows of traded prices are of days that are no sessions: nothing happens on those.

        Args:
            instruments: Whose rows.
            start, end: The first day that is looked at, and the last.
            stand_ins: Take an instrument's `history` symbol where it has one.
        """
        days: dict[str, str] = {}
        for instrument, tape in self._tapes_of(instruments, stand_ins=stand_ins).items():
            known = self.instruments.get(instrument)
            if known is not None and known.price_source != "market":
                continue
            first = bisect_right(tape.days, (start - timedelta(days=1)).isoformat())
            for place in range(first, bisect_right(tape.days, end.isoformat())):
                if tape.days[place] not in days and tape.prices[place]:
                    days[tape.days[place]] = tape.row(place)
        odd = sorted(day for day in days if not self.calendar.is_session(date.fromisoformat(day)))
        if not odd:
            return ()
        more = f" (of {len(odd)} days with rows that are none)" if len(odd) > 1 else ""
        message = (
            f"{odd[-1]} ({days[odd[-1]]}) is no session of {self.calendar.name}{more}: nothing is "
            "decided on such a row, and its prices count only until the next session has its own"
        )
        return (Finding("row-beside-session", odd[-1], message, "info"),)

    def need_history(self, instruments: Sequence[str]) -> list[Finding]:
        """Refuse a past that is none, and tell of rows that were not written oldest first.

        Args:
            instruments: Whose prices; their `history` symbols where they have one.

        Raises:
            InputError: Files have returns instead of prices, or volumes that cannot be.
        """
        from trimtab.adapters.price_doubts import need_history, sorted_rows

        tapes = self._tapes_of(instruments, stand_ins=True)
        need_history(tapes.values())
        return sorted_rows(tapes)

    def volumes(
        self, day: date, instruments: Sequence[str], *, stand_ins: bool = False
    ) -> dict[str, Fraction]:
        """Units traded on a day, of the instruments whose row of that very day says it.

        Args:
            day: The session.
            instruments: Whose volumes.
            stand_ins: Take an instrument's `history` symbol where it has one.

        Raises:
            InputError: Files cannot be read, or have malformed rows.
        """
        found = {}
        for instrument, tape, place in self._rows_on(day, instruments, stand_ins=stand_ins):
            series, row = tape.source(place)
            if series.volume is None:
                continue
            text = series.texts(series.volume)[row].strip()
            if NUMBER.fullmatch(text) is not None:
                found[instrument] = Fraction(text)
        return found

    def opens_of(
        self, day: date, instruments: Sequence[str], *, stand_ins: bool = False
    ) -> dict[str, Price]:
        """Opens of a day, of the instruments whose row of that very day has one.

        Args:
            day: The session.
            instruments: Whose opens.
            stand_ins: Take an instrument's `history` symbol where it has one.

        Raises:
            InputError: Files cannot be read, or have malformed rows.
        """
        assert self.opens, "opens are read only where they are asked for"
        found = {}
        for instrument, tape, place in self._rows_on(day, instruments, stand_ins=stand_ins):
            series, row = tape.source(place)
            text = "" if series.open is None else series.texts(series.open)[row].strip()
            price = price_from(text)
            if price is not None and tape.brought is not None:
                rate = tape.brought.rates[place]
                price = None if rate is None else brought_over(price, rate.value)
            if price is not None:
                found[instrument] = price
        return found

    def _rows_on(
        self, day: date, instruments: Sequence[str], *, stand_ins: bool
    ) -> Iterator[tuple[str, Tape, int]]:
        """Each instrument that has a row of a day, with the place of that row."""
        for instrument, tape in self._tapes_of(instruments, stand_ins=stand_ins).items():
            place = bisect_right(tape.days, day.isoformat()) - 1
            if place >= 0 and tape.days[place] == day.isoformat():
                yield instrument, tape, place

    def symbols(self) -> tuple[str, ...]:
        """All symbols in the files, sorted."""
        return tuple(sorted(self._read().series))

    def files_of(self, symbol: str) -> tuple[str, ...]:
        """The files that have prices under a symbol, as messages name them."""
        return tuple(dict.fromkeys(series.file for series in self._read().series.get(symbol, ())))

    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the files as files, and with rows of the instruments."""
        try:
            self._tapes_of(sorted(self.instruments), stand_ins=False)
        except InputError as error:
            return error.problems
        return ()

    # -- currencies ---------------------------------------------------------------------------

    def foreign(self, instruments: Sequence[str]) -> tuple[str, ...]:
        """Those of the instruments that are quoted in another currency than the portfolio's."""
        own = self._tapes_of(instruments, stand_ins=False)
        others = self._tapes_of(instruments, stand_ins=True)
        return tuple(
            name for name in instruments if own[name].is_foreign or others[name].is_foreign
        )

    def rate_of(self, instrument: str, day: date) -> tuple[str, Rate] | None:
        """The currency of an instrument's newest price on a day, and its rate of that day.

        None where it is the portfolio's, or there is no rate.
        """
        tape = self._tapes_of([instrument], stand_ins=False)[instrument]
        if tape.brought is None or self._rates is None:
            return None
        place = bisect_right(tape.days, day.isoformat()) - 1
        code = tape.brought.codes[place] if place >= 0 else self._quoted(instrument)
        rate = self._rates.rate(code, day.isoformat())
        return (code, rate) if rate is not None and rate.pair else None

    def rates_told(
        self, instruments: Sequence[str], start: date, end: date, *, stand_ins: bool = False
    ) -> list[Finding]:
        """By which rates prices of some days were brought over, and which of them were old."""
        tapes = self._tapes_of(instruments, stand_ins=stand_ins).values()
        return rates_told(tapes, self._home, start.isoformat(), end.isoformat())

    def unconverted(
        self, instruments: Sequence[str], start: date, end: date, *, stand_ins: bool = False
    ) -> dict[str, list[Unconverted]]:
        """Prices of some days that no rate brings to the portfolio's currency, by instrument."""
        tapes = self._tapes_of(instruments, stand_ins=stand_ins)
        if self._rates is None:
            return {}
        days = start.isoformat(), end.isoformat()
        found = {name: list(stretches(tape, self._rates, *days)) for name, tape in tapes.items()}
        return {name: own for name, own in found.items() if own}

    @property
    def _home(self) -> str:
        return "" if self.exchange is None else self.exchange.home

    def _unconverted(
        self, ends: Mapping[str, int], tapes: Mapping[str, Tape]
    ) -> dict[str, Unconverted]:
        """What has a newest row without a rate; each tape is read up to its end."""
        if self._rates is None:
            return {}
        found = {
            name: unconverted(tapes[name], end - 1, self._rates)
            for name, end in ends.items()
            if tapes[name].is_foreign
        }
        return {name: one for name, one in found.items() if one is not None}

    def _quoted(self, instrument: str, *, stand_ins: bool = False) -> str:
        """The currency of an instrument's prices where no row says it."""
        known = self.instruments.get(instrument)
        if stand_ins and known is not None and known.history is not None:
            known = self.instruments.get(known.history)
        return self._home if known is None else known.currency

    def _exchange_rates(self) -> Rates | None:
        """What prices are brought over by; read with the first of them."""
        if self.exchange is None:
            return None
        if self._rates is None:
            rows = self._read()
            fx = self.exchange.fx
            if fx is not None:
                own = PriceRows()
                own.file(fx, os.path.relpath(fx, self.folder) if self.folder else str(fx))
                own.check_days()
                rows.problems.extend(own.problems)
                rows = own
            self._rates = Rates(self.exchange.home, rows.series, self.calendar)
        return self._rates

    # -- one instrument -----------------------------------------------------------------------

    def _typed_quote(self, instrument: str, tape: Tape, as_of: date) -> Quote | None:
        """The quote of a typed price, after the newest valid price before its day."""
        price = self.typed.get(instrument)
        if price is None:
            return None
        before = bisect_right(tape.days, as_of.isoformat()) - 1
        if tape.brought is not None and self._rates is not None:
            # As it is seen at its exchange, in the currency of the rows before it.
            code = tape.brought.codes[max(before, 0)] if tape.days else self._quoted(instrument)
            rate = self._rates.rate(code, as_of.isoformat())
            if rate is None:
                return replace(quote_after(tape, before, None, as_of), raw=f"{price} {code}")
            price = brought_over(price, rate.value)
        is_of_day = before >= 0 and tape.days[before] == as_of.isoformat()
        if is_of_day and tape.valid(before - 1) >= 0:
            # The row of that day is what the typed price stands above; alone it is compared with.
            before -= 1
        return replace(quote_after(tape, before, price, as_of), confirmed=True)

    def _tapes_of(self, instruments: Sequence[str], *, stand_ins: bool) -> dict[str, Tape]:
        rows, rates = self._read(), self._exchange_rates()
        problems: list[Problem] = []
        if rows.problems:
            # Nothing can be shown: then all that is wrong is told, whatever was asked for.
            instruments = list(dict.fromkeys([*instruments, *self.instruments]))
        for instrument in instruments:
            key = (instrument, stand_ins)
            if key not in self._tapes:
                self._tapes[key] = tape_of(
                    instrument,
                    self.instruments.get(instrument),
                    rows.series,
                    problems,
                    stand_in=stand_ins,
                )
                if rates is not None:
                    quoted = self._quoted(instrument, stand_ins=stand_ins)
                    bring_home(self._tapes[key], quoted, rates)
        if rows.problems or problems:
            self._tapes.clear()
            told = {(problem.file, problem.line) for problem in rows.problems}
            new = [problem for problem in problems if (problem.file, problem.line) not in told]
            raise InputError([*rows.problems, *new])
        return {instrument: self._tapes[instrument, stand_ins] for instrument in instruments}

    def _read(self) -> PriceRows:
        if self._rows is None:
            rows = PriceRows(opens=self.opens)
            names = [
                os.path.relpath(path, self.folder) if self.folder else str(path)
                for path in self.paths
            ]
            for path, name in zip(self.paths, names, strict=True):
                rows.file(path, name)
            rows.check_days()
            has_rows = any(series.days for parts in rows.series.values() for series in parts)
            if names and not has_rows and not rows.problems and not self.typed:
                remedy = "add a row a day and symbol below its header, or drop the file"
                rows.problem(", ".join(names), None, "", "there is no price in it", remedy)
            self._rows = rows
        return self._rows


def _actions(tapes: Any) -> tuple[list[Split], list[Dividend]]:
    splits = [split for tape in tapes for split in tape.splits]
    dividends = [dividend for tape in tapes for dividend in tape.dividends]
    splits.sort(key=lambda split: (split.on, split.instrument))
    dividends.sort(key=lambda dividend: (dividend.on, dividend.instrument))
    return splits, dividends
