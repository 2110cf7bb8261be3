"""Exact prices from files: CSV or Parquet, long or wide, as snapshots of the market.

Prices stay text until a snapshot needs them: of the thousands of rows in a file a plan uses two
an instrument. Nothing in a price file is dropped in silence. A row that is malformed (no date,
too few fields, a second price for a day) is a problem of the file; a price that cannot be one
(zero, negative, empty, not a number) is a row whose instrument the engine freezes.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from trimtab.adapters.csv_lines import SPLIT_REMEDY, split_from
from trimtab.adapters.price_rows import PriceRows, Series
from trimtab.adapters.toml_table import shown
from trimtab.engine.value import JUMP, LONG, doubtful
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import Alias, Instrument
from trimtab.model.market import Dividend, Market, Quote, Split, Step
from trimtab.model.numbers import NumberError, Price, decimal_from
from trimtab.model.sessions import Calendar

_ONE = Fraction(1)

DOUBTED_FOR = 10
"""Rows for which a price that jumped is not what later ones are compared with."""

MOVED = 1.4
"""A price that moved this far is one that may be doubted: a quote then names its row."""

LOOKED_BACK = 60
"""Sessions at whose steps is looked where nobody knows since when the price is right."""

CALM = 0.72
"""A price between this part of the one before and its inverse made no step to doubt."""

_PLAIN_PRICE = re.compile(r"\+?([0-9]{1,24})(?:\.([0-9]{1,18}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Since:
    """From where on every step of a price is looked at.

    Args:
        on: The day.
        price: The price of that day that a plan accepted, as it was counted then; None where only
            the rows of the files say it.
    """

    on: date
    price: Price | None = None


@dataclass(slots=True)
class _Tape:
    """All that the files say of one instrument, oldest first."""

    days: list[str] = field(default_factory=list)
    prices: list[str] = field(default_factory=list)
    currencies: list[str] | None = None
    splits: list[Split] = field(default_factory=list)
    dividends: list[Dividend] = field(default_factory=list)
    sources: list[tuple[Series, Sequence[int]]] = field(default_factory=list)
    order: Sequence[int] | None = None
    parsed: dict[int, Price | None] = field(default_factory=dict)
    jumped: dict[tuple[int, int], bool] = field(default_factory=dict)


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
    ) -> None:
        self.opens = opens
        self.paths = tuple(paths)
        self.instruments = instruments
        self.calendar = calendar
        self.typed = dict(typed or {})
        self.folder = folder
        self._rows: PriceRows | None = None
        self._tapes: dict[tuple[str, bool], _Tape] = {}

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
                quote = self._quote(instrument, tape, end - 1)
            if quote is None:
                continue
            quotes[instrument] = quote
            if since is not None and end:
                start = since.get(instrument) or self._looked_back(as_of)
                looked[instrument] = self._step(instrument, tape, start, end)
        splits, dividends = _actions(tapes.values())
        return Market(
            as_of=as_of,
            calendar=self.calendar,
            quotes=quotes,
            splits=tuple(split for split in splits if split.on <= as_of),
            dividends=tuple(dividend for dividend in dividends if dividend.on <= as_of),
            looked=looked,
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
                    quotes[instrument] = self._quote(instrument, tape, place - 1)
            while splits_shown < len(splits) and splits[splits_shown].on <= session:
                splits_shown += 1
            if splits_shown > len(known_splits):
                known_splits = tuple(splits[:splits_shown])
            while dividends_shown < len(dividends) and dividends[dividends_shown].on <= session:
                dividends_shown += 1
            if dividends_shown > len(known_dividends):
                known_dividends = tuple(dividends[:dividends_shown])
            yield Market(session, self.calendar, dict(quotes), known_splits, known_dividends)

    def common_sessions(
        self, instruments: Sequence[str], *, stand_ins: bool = True
    ) -> tuple[date, ...]:
        """The sessions from the first on which all instruments have a row to the last of any."""
        tapes = self._tapes_of(instruments, stand_ins=stand_ins)
        if not tapes or not all(tape.days for tape in tapes.values()):
            return ()
        start = max(tape.days[0] for tape in tapes.values())
        end = max(tape.days[-1] for tape in tapes.values())
        return self.calendar.sessions(date.fromisoformat(start), date.fromisoformat(end))

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
                    days[tape.days[place]] = _row_of(tape, place)
        odd = sorted(day for day in days if not self.calendar.is_session(date.fromisoformat(day)))
        if not odd:
            return ()
        more = f" (of {len(odd)} days with rows that are none)" if len(odd) > 1 else ""
        message = (
            f"{odd[-1]} ({days[odd[-1]]}) is no session of {self.calendar.name}{more}: nothing is "
            "decided on such a row, and its prices count only until the next session has its own"
        )
        return (Finding("row-beside-session", odd[-1], message, "info"),)

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
        for instrument, series, row in self._rows_on(day, instruments, stand_ins=stand_ins):
            if series.volume is None:
                continue
            match = _PLAIN_PRICE.fullmatch(series.texts(series.volume)[row].strip())
            if match is not None:
                found[instrument] = Fraction(match.group(0))
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
        for instrument, series, row in self._rows_on(day, instruments, stand_ins=stand_ins):
            text = "" if series.open is None else series.texts(series.open)[row].strip()
            if (price := price_from(text)) is not None:
                found[instrument] = price
        return found

    def _rows_on(
        self, day: date, instruments: Sequence[str], *, stand_ins: bool
    ) -> Iterator[tuple[str, Series, int]]:
        """Each instrument that has a row of a day, with that row."""
        for instrument, tape in self._tapes_of(instruments, stand_ins=stand_ins).items():
            place = bisect_right(tape.days, day.isoformat()) - 1
            if place >= 0 and tape.days[place] == day.isoformat():
                yield (instrument, *_source_of(tape, place))

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

    # -- one instrument -----------------------------------------------------------------------

    def _quote(self, instrument: str, tape: _Tape, place: int) -> Quote:
        """The quote of the row at a place, with the valid price before it."""
        text = tape.prices[place]
        price = self._price_at(instrument, tape, place)
        on = date.fromisoformat(tape.days[place])
        quote = self._after(instrument, tape, place - 1, price, on, "")
        if price is not None and not _has_moved(quote):
            return quote
        return replace(quote, raw=f"{_raw(text, tape.currencies, place)} ({_row_of(tape, place)})")

    def _typed_quote(self, instrument: str, tape: _Tape, as_of: date) -> Quote | None:
        """The quote of a typed price, after the newest valid price before its day."""
        price = self.typed.get(instrument)
        if price is None:
            return None
        before = bisect_right(tape.days, as_of.isoformat()) - 1
        is_of_day = before >= 0 and tape.days[before] == as_of.isoformat()
        if is_of_day and self._valid(instrument, tape, before - 1) >= 0:
            # The row of that day is what the typed price stands above; alone it is compared with.
            before -= 1
        return replace(self._after(instrument, tape, before, price, as_of, ""), confirmed=True)

    def _after(
        self, instrument: str, tape: _Tape, before: int, price: Price | None, on: date, raw: str
    ) -> Quote:
        """A quote with the last valid price at or before a place."""
        place = self._reference(instrument, tape, before)
        if place < 0:
            return Quote(price, on, raw=raw)
        previous_on = date.fromisoformat(tape.days[place])
        ratio = _splits_between(tape, previous_on, on)
        return Quote(price, on, self._price_at(instrument, tape, place), previous_on, ratio, raw)

    def _looked_back(self, as_of: date) -> Since:
        return Since(as_of - timedelta(days=LOOKED_BACK * 7 // 5))

    def _step(self, instrument: str, tape: _Tape, since: Since, end: int) -> Step | None:
        """The first step since a day that nothing explains and no later price undoes.

        Rows are gone through as numbers; what moved far is looked at exactly.
        """
        start = bisect_right(tape.days, since.on.isoformat())
        before: tuple[Price, date] | None = None
        if since.price is not None:
            before = since.price, since.on
            # A price that the file has for that day only: then it is what is asked about.
            start = min(start, end - 1)
        else:
            start = self._valid(instrument, tape, min(start, end - DOUBTED_FOR) - 1)
        number = float(before[0].decimal) if before else 0.0
        place_before, found = -1, None
        for place in range(max(start, 0), end):
            try:
                now = float(tape.prices[place])
            except ValueError:
                continue
            calm = CALM * number < now and CALM * now < number
            if calm and found is None and not tape.splits:
                number, place_before = now, place
                continue
            price = self._price_at(instrument, tape, place)
            if price is None:
                continue
            if place_before >= 0:
                earlier = self._price_at(instrument, tape, place_before)
                if earlier is not None:
                    before = earlier, date.fromisoformat(tape.days[place_before])
            number, place_before = now, place
            on = date.fromisoformat(tape.days[place])
            if before is None:
                continue
            told = _splits_between(tape, before[1], on)
            ratio = _ratio_of(before[0], price) * told
            if found is None:
                is_long = (on - before[1]).days > LONG
                if doubtful(ratio, told=told, is_long=is_long):
                    found = place, before, told
            else:
                whole = _ratio_of(found[1][0], price) * _splits_between(tape, found[1][1], on)
                if max(whole, 1 / whole) < max(ratio, 1 / ratio):
                    found = None
        if found is None:
            return None
        place, (first, first_on), told = found
        after = self._price_at(instrument, tape, place)
        assert after is not None, "a step is between prices"
        text = f"{_raw(tape.prices[place], tape.currencies, place)} ({_row_of(tape, place)})"
        newest = date.fromisoformat(tape.days[end - 1])
        told_since = _splits_between(tape, first_on, newest)
        on = date.fromisoformat(tape.days[place])
        return Step(first, first_on, after, on, told, told_since, text)

    def _reference(self, instrument: str, tape: _Tape, before: int) -> int:
        """The newest valid row at or before a place that no jump nearby makes doubtful; -1 if none.

        A row that jumped is not what the next one is compared with: of the last few rows the one
        before the first jump counts, so that a slip of a day, or of two, stays a slip.
        """
        found = self._valid(instrument, tape, before)
        later = found
        for _ in range(DOUBTED_FOR):
            earlier = self._valid(instrument, tape, later - 1)
            if earlier < 0:
                break
            if self._jumped(instrument, tape, earlier, later):
                found = earlier
            later = earlier
        return found

    def _valid(self, instrument: str, tape: _Tape, place: int) -> int:
        while place >= 0 and self._price_at(instrument, tape, place) is None:
            place -= 1
        return place

    def _jumped(self, instrument: str, tape: _Tape, earlier: int, later: int) -> bool:
        known = tape.jumped.get((earlier, later))
        if known is not None:
            return known
        before = self._price_at(instrument, tape, earlier)
        after = self._price_at(instrument, tape, later)
        assert before is not None
        assert after is not None
        days = date.fromisoformat(tape.days[earlier]), date.fromisoformat(tape.days[later])
        was = float(before.decimal)
        now = float(after.decimal) * float(_splits_between(tape, *days))
        return tape.jumped.setdefault((earlier, later), now >= JUMP * was or JUMP * now <= was)

    def _price_at(self, instrument: str, tape: _Tape, place: int) -> Price | None:
        if place in tape.parsed:
            return tape.parsed[place]
        if tape.currencies is not None:
            currency = tape.currencies[place]
            known = self.instruments.get(instrument)
            if currency and known is not None and currency != known.currency:
                return None
        # Kept, because it is the price before that of the next row.
        return tape.parsed.setdefault(place, price_from(tape.prices[place]))

    def _tapes_of(self, instruments: Sequence[str], *, stand_ins: bool) -> dict[str, _Tape]:
        rows = self._read()
        problems: list[Problem] = []
        if rows.problems:
            # Nothing can be shown: then all that is wrong is told, whatever was asked for.
            instruments = list(dict.fromkeys([*instruments, *self.instruments]))
        for instrument in instruments:
            key = (instrument, stand_ins)
            if key not in self._tapes:
                known = self.instruments.get(instrument) or Instrument(instrument)
                self._tapes[key] = _tape_of(known, rows.series, problems, stand_in=stand_ins)
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


def _splits_between(tape: _Tape, after: date, until: date) -> Fraction:
    """New units for one old one by the splits after a day, up to another."""
    ratio = _ONE
    for split in tape.splits:
        if after < split.on <= until:
            ratio *= split.ratio
    return ratio


def _ratio_of(before: Price, after: Price) -> Fraction:
    return Fraction(after.decimal) / Fraction(before.decimal)


def price_from(text: str) -> Price | None:
    """The price that a text states, None where it states none that could be one.

    The same as `Price.of(decimal_from(text))` without the detour over a decimal: a backtest reads
    every row.

    >>> price_from("300.10"), price_from("1e3")
    (Price(mantissa=30010, exponent=-2), None)
    """
    match = _PLAIN_PRICE.fullmatch(text.strip())
    if match is None:
        return None
    whole, decimals = match.groups("")
    mantissa = int(whole + decimals)
    return Price(mantissa, -len(decimals)) if mantissa else None


def _raw(text: str, currencies: list[str] | None, place: int) -> str:
    written = text if currencies is None else f"{text} {currencies[place]}"
    return shown(written.strip())[1:-1] or "empty"


def _row_of(tape: _Tape, place: int) -> str:
    """File and line of a row."""
    series, row = _source_of(tape, place)
    return f"{series.file}:{series.lines[row]}"


def _source_of(tape: _Tape, place: int) -> tuple[Series, int]:
    """The series that a row of a tape comes from, and its place there."""
    number = place if tape.order is None else tape.order[place]
    for series, places in tape.sources:
        if number < len(places):
            return series, places[number]
        number -= len(places)
    raise AssertionError("every row of a tape is of one of its sources")


def _has_moved(quote: Quote) -> bool:
    """Whether a price is so far from the one before, or so near a split, that it may be doubted."""
    if quote.price is None or quote.previous is None:
        return False
    if quote.split_since_previous != 1:
        return True
    now, was = float(quote.price.decimal), float(quote.previous.decimal)
    return now >= MOVED * was or MOVED * now <= was


def _actions(tapes: Any) -> tuple[list[Split], list[Dividend]]:
    splits = [split for tape in tapes for split in tape.splits]
    dividends = [dividend for tape in tapes for dividend in tape.dividends]
    splits.sort(key=lambda split: (split.on, split.instrument))
    dividends.sort(key=lambda dividend: (dividend.on, dividend.instrument))
    return splits, dividends


def _tape_of(
    instrument: Instrument,
    series: Mapping[str, list[Series]],
    problems: list[Problem],
    *,
    stand_in: bool,
) -> _Tape:
    """The rows of an instrument under all its names."""
    tape = _Tape()
    if stand_in and instrument.history is not None:
        for one in series.get(instrument.history, ()):
            _add(tape, instrument, one, range(len(one.days)), problems)
    else:
        dated = [alias for alias in instrument.aliases if alias.first or alias.last]
        names = {instrument.id, *(a.symbol for a in instrument.aliases if a not in dated)}
        for name in sorted(names):
            for one in series.get(name, ()):
                places: Sequence[int] = range(len(one.days))
                if dated:
                    # Such a day is the alias's: the id may have been another's ticker then.
                    places = [place for place in places if not _covered(dated, one.days[place])]
                _add(tape, instrument, one, places, problems)
        for alias in dated:
            for one in series.get(alias.symbol, ()):
                places = range(len(one.days))
                places = [place for place in places if _covered([alias], one.days[place])]
                _add(tape, instrument, one, places, problems)
    _in_order(tape, instrument, problems)
    return tape


def _covered(aliases: Sequence[Alias], day: str) -> bool:
    return any(alias.covers(date.fromisoformat(day)) for alias in aliases)


def _add(
    tape: _Tape,
    instrument: Instrument,
    series: Series,
    places: Sequence[int],
    problems: list[Problem],
) -> None:
    """Add the rows at some places of a series to a tape."""
    closes, days = series.texts(series.close), series.days
    if series.is_wide:
        # Blank cells before the first price mean: not listed yet. Typed prices are rare anyway.
        manual = instrument.price_source == "manual"
        filled = [place for place in places if closes[place]]
        if manual or not filled:
            places = filled
        else:
            places = [place for place in places if place >= filled[0]]
    tape.sources.append((series, places))

    def picked(texts: Sequence[str]) -> Sequence[str]:
        return texts if len(places) == len(texts) else [texts[place] for place in places]

    tape.days.extend(picked(days))
    tape.prices.extend(picked(closes))
    if series.currency is not None or tape.currencies is not None:
        if tape.currencies is None:
            tape.currencies = [""] * (len(tape.days) - len(places))
        if series.currency is None:
            tape.currencies.extend([""] * len(places))
        else:
            tape.currencies.extend(picked(series.texts(series.currency)))
    for day, text, place in _written(series, series.split, places):
        ratio = _ratio(text, series, place, problems)
        if ratio != 1:
            tape.splits.append(Split(instrument.id, day, ratio))
    for day, text, place in _written(series, series.dividend, places):
        amount = _dividend(text, series, place, problems)
        if amount is not None:
            tape.dividends.append(Dividend(instrument.id, day, amount))


def _written(
    series: Series, column: int | None, places: Sequence[int]
) -> Iterator[tuple[date, str, int]]:
    """Day, text and place of the rows that say something in a column that is mostly empty."""
    if column is None:
        return
    texts = series.texts(column)
    if any(texts):
        for place in places:
            if texts[place]:
                yield date.fromisoformat(series.days[place]), texts[place], place


def _in_order(tape: _Tape, instrument: Instrument, problems: list[Problem]) -> None:
    """Sort what came from several files or names, and refuse two prices for one day."""
    days = tape.days
    if len(tape.sources) < 2 and days == sorted(days):
        return
    order = sorted(range(len(days)), key=lambda place: days[place])
    tape.order = order
    tape.days = [days[place] for place in order]
    tape.prices = [tape.prices[place] for place in order]
    if tape.currencies is not None:
        tape.currencies = [tape.currencies[place] for place in order]
    tape.splits.sort(key=lambda split: split.on)
    tape.dividends.sort(key=lambda dividend: dividend.on)
    sources = [(series, place) for series, places in tape.sources for place in places]
    for number, (earlier, later) in enumerate(pairwise(tape.days)):
        if earlier == later:
            series, place = sources[order[number + 1]]
            wrong = f"{instrument.id} has another row of {later}, under another of its names"
            line = series.lines[place]
            problems.append(Problem(series.file, line, instrument.id, wrong, "keep one of them"))


def _ratio(text: str, series: Series, place: int, problems: list[Problem]) -> Fraction:
    """New units for an old one; 1 where there was no split."""
    ratio = split_from(text)
    if ratio is None:
        wrong = f"{shown(text)} is not a split"
        problems.append(Problem(series.file, series.lines[place], "split", wrong, SPLIT_REMEDY))
        return _ONE
    return ratio


def _dividend(text: str, series: Series, place: int, problems: list[Problem]) -> Price | None:
    try:
        amount = decimal_from(text)
        return Price.of(amount) if amount else None
    except NumberError:
        wrong = f"{shown(text)} is not a dividend"
        remedy = "write cash a unit, or nothing"
        problems.append(Problem(series.file, series.lines[place], "dividend", wrong, remedy))
        return None
