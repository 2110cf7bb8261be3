"""All that price files say of one instrument, under all its names, oldest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise

from trimtab.adapters.csv_lines import SPLIT_REMEDY, ZERO_SPLIT, is_zero, split_from
from trimtab.adapters.price_rate import Brought
from trimtab.adapters.price_rows import Series
from trimtab.adapters.toml_table import shown
from trimtab.model.errors import Problem
from trimtab.model.instruments import Alias, Instrument
from trimtab.model.market import Dividend, Split
from trimtab.model.numbers import NumberError, Price, decimal_from

_ONE = Fraction(1)

PLAIN_PRICE = re.compile(r"\+?([0-9]{1,24})(?:\.([0-9]{1,18}))?", re.ASCII)


@dataclass(slots=True)
class Tape:
    """Rows of one instrument, as text until somebody asks for a price.

    Args:
        currency: The one that prices must have; None where any will do.
        days: ISO days, ascending.
        prices: What the files say, as long.
        currencies: Likewise; None where no file has such a column.
        splits, dividends: Ascending.
        sources: The series that rows come from, with their places there, before `order`.
        order: The place in `sources` of each row; None: as they are.
        brought: How prices came to `currency`, where files have them in another.
    """

    currency: str | None = None
    days: list[str] = field(default_factory=list)
    prices: list[str] = field(default_factory=list)
    currencies: list[str] | None = None
    splits: list[Split] = field(default_factory=list)
    dividends: list[Dividend] = field(default_factory=list)
    sources: list[tuple[Series, Sequence[int]]] = field(default_factory=list)
    order: Sequence[int] | None = None
    brought: Brought | None = None
    jumped: dict[tuple[int, int], bool] = field(default_factory=dict, repr=False)
    _parsed: dict[int, Price | None] = field(default_factory=dict, repr=False)

    @property
    def is_foreign(self) -> bool:
        """Whether files have any of its prices in another currency."""
        return self.brought is not None

    def day(self, place: int) -> date:
        """The day of a row."""
        return date.fromisoformat(self.days[place])

    def price(self, place: int) -> Price | None:
        """The price of a row; None where it is none, or in another currency."""
        if place in self._parsed:
            return self._parsed[place]
        if self.currencies is not None:
            currency = self.currencies[place]
            if currency and self.currency is not None and currency != self.currency:
                return None
        # Kept, because it is the price before that of the next row.
        return self._parsed.setdefault(place, price_from(self.prices[place]))

    def valid(self, place: int) -> int:
        """The newest row at or before a place that has a price; -1 if none."""
        while place >= 0 and self.price(place) is None:
            place -= 1
        return place

    def splits_between(self, after: date, until: date) -> Fraction:
        """New units for one old one by the splits after a day, up to another."""
        ratio = _ONE
        for split in self.splits:
            if after < split.on <= until:
                ratio *= split.ratio
        return ratio

    def raw(self, place: int) -> str:
        """What a row says its price is, with its file and line."""
        if self.brought is not None:
            written = f"{self.brought.written[place]} {self.brought.codes[place]}"
            rate = self.brought.rates[place]
            if rate is not None and rate.pair:
                # A price that is doubted may be right, and its rate wrong.
                written += f" at {rate.pair} {rate.shown} of {rate.on}"
        else:
            text = self.prices[place]
            written = text if self.currencies is None else f"{text} {self.currencies[place]}"
        return f"{shown(written.strip())[1:-1] or 'empty'} ({self.row(place)})"

    def row(self, place: int) -> str:
        """File and line of a row."""
        series, row = self.source(place)
        return f"{series.file}:{series.lines[row]}"

    def source(self, place: int) -> tuple[Series, int]:
        """The series that a row comes from, and its place there."""
        number = place if self.order is None else self.order[place]
        for series, places in self.sources:
            if number < len(places):
                return series, places[number]
            number -= len(places)
        raise AssertionError("every row of a tape is of one of its sources")


def tape_of(
    id_: str,
    known: Instrument | None,
    series: Mapping[str, list[Series]],
    problems: list[Problem],
    *,
    stand_in: bool,
) -> Tape:
    """The rows of an instrument under all its names.

    Args:
        id_: Its name.
        known: What is known of it.
        series: Rows by symbol.
        problems: Gets what is wrong with rows.
        stand_in: Take its `history` symbol where it has one.
    """
    tape = Tape(None if known is None else known.currency)
    instrument = known or Instrument(id_)
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
    tape: Tape,
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
    zeros, written = [], 0
    for day, text, place in _written(series, series.split, places):
        written += 1
        zeros += [place] if is_zero(text) else []
        ratio = _ratio(text, series, place, problems)
        if ratio != 1:
            tape.splits.append(Split(instrument.id, day, ratio))
    if len(zeros) < len(places) - written:
        # Where other rows have nothing, a zero is no way to say that there was no split.
        lines = [series.lines[place] for place in zeros]
        problems += [Problem(series.file, line, "split", *ZERO_SPLIT) for line in lines]
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


def _in_order(tape: Tape, instrument: Instrument, problems: list[Problem]) -> None:
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


def price_from(text: str) -> Price | None:
    """The price that a text states, None where it states none that could be one.

    The same as `Price.of(decimal_from(text))` without the detour over a decimal: a backtest reads
    every row.

    >>> price_from("300.10"), price_from("1e3")
    (Price(mantissa=30010, exponent=-2), None)
    """
    match = PLAIN_PRICE.fullmatch(text.strip())
    if match is None:
        return None
    whole, decimals = match.groups("")
    mantissa = int(whole + decimals)
    return Price(mantissa, -len(decimals)) if mantissa else None
