"""Prices for research, from files and frames: strict, and nothing is ever filled in.

What is read: wide tables (date, then one column a symbol, total-return prices), long tables (date,
symbol, close, and optionally open, adj_close, dividend, split, currency), the daily table of one
symbol (a long one without symbol: the file's name is the symbol), Parquet of any of these, a folder
of such files, and pandas or polars frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from trimtab.adapters.exchange_rates import converted
from trimtab.adapters.price_columns import check_symbols, days_of, plain_day
from trimtab.adapters.price_layouts import CURRENCY_CODE, series_of
from trimtab.adapters.price_series import Aliases, Series, read_aliases, renamed
from trimtab.adapters.price_tables import (
    MOST_PROBLEMS,
    PriceTable,
    csv_table,
    pandas_table,
    stop,
    tables_of,
)
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import Alias
from trimtab.model.numbers import NumberError, decimal_from, meant_in_percent
from trimtab.simulate.frames import FrameKind
from trimtab.simulate.prices.history import PriceHistory, jumps
from trimtab.simulate.prices.splits import split_guess

NO_CURRENCY = "fx: say the currency that prices are brought to, as currency='USD'"


@dataclass(frozen=True)
class Reading:
    """What is made of series as they are read.

    Args:
        aliases: Earlier tickers by the name of today.
        currency: What prices are brought to; None: they are in one and stay in it.
        currencies: What prices are quoted in, where no column says so.
        rates: Pairs of currencies; empty to look among the prices.
    """

    aliases: Mapping[str, tuple[Alias, ...]]
    currency: str | None
    currencies: Mapping[str, str]
    rates: Mapping[str, Series] = field(default_factory=dict)


def read_prices(
    source: str | Path | list[Path] | object,
    *,
    aliases: Aliases | None = None,
    currency: str | None = None,
    fx: object = None,
    currencies: Mapping[str, str] | None = None,
) -> PriceHistory:
    """Prices for backtests and optimisers, from a file, a folder or a frame.

    Args:
        source: A CSV file (`.csv`, `.csv.gz`), a Parquet file, a folder of them, a pandas or
            polars frame, or a price history, which is returned as it is. Wide or long: a table
            with a column `close` is long, any other is wide. Of several paths the first that has
            a symbol counts for it.
        aliases: Earlier tickers, by the name of today, each with its last day:
            {"META": {"FB": "2022-06-08"}}; both are one history. None for a last day is all rows.
        currency: What all prices are brought to, as "USD", at the rate of the same session, or
            the last known one up to 5 sessions before, with a finding. By default all must be in
            one currency, and stay in it.
        fx: Rates, as prices of pairs: a column or symbol EURUSD is dollars for one euro. By
            default they are looked for among the prices themselves.
        currencies: What prices are quoted in by symbol, where no column `currency` says so; what
            nobody says is taken to be in `currency`.

    Returns:
        Total-return prices. From a long table: `adj_close` where it is there, else closes with
        `dividend` and `split` worked in backwards from the last close; what its dividends were
        is kept beside them, for a backtest that does not reinvest them. NaN where there is no
        price; changes that may be tenfold are findings here, and refused by a backtest that would
        use them.

    Raises:
        InputError: Everything that is wrong: duplicates, zero, negative or infinite prices, what
            is no number or date, returns where prices were meant, several currencies; each with
            line and remedy.
        ValueError: `aliases` have a day that is none, `fx` comes without `currency`, or either
            with a price history.
    """
    if currency is None and currencies:
        raise ValueError(NO_CURRENCY)
    found = _read(source, Reading(read_aliases(aliases), currency, dict(currencies or {})), fx)
    if found.currencies:
        raise InputError(found.problems_with(found.symbols))
    return found


def read_mixed_prices(
    source: object, *, currency: str | None = None, fx: object = None
) -> PriceHistory:
    """Prices as `read_prices` has them, of which some may be in other currencies than others.

    For a run that needs but some of them: it is refused if those it needs are in several.
    """
    return _read(source, Reading({}, currency, {}), fx)


def _read(source: object, names: Reading, fx: object) -> PriceHistory:
    """The prices of a source, in the currency asked for or in those they are quoted in."""
    currency = names.currency
    if currency is None and fx is not None:
        raise ValueError(NO_CURRENCY)
    if currency is not None and not CURRENCY_CODE.fullmatch(currency):
        raise ValueError(f"currency {currency!r}: three capital letters, as USD")
    if isinstance(source, PriceHistory):
        if names.aliases or currency:
            raise ValueError(
                "aliases and currency go with files and frames: a price history has its names"
            )
        return source
    if fx is not None:
        names = replace(names, rates=_as_series(read_prices(fx)))
    if isinstance(source, (str, Path)):
        return _read_path(Path(source), names)
    paths = [one for one in source if isinstance(one, Path)] if isinstance(source, list) else []
    if paths:
        said = ", ".join(path.name for path in paths)
        tables = [table for path in paths for table in tables_of(path)]
        return _joined(tables, said, "columns", names, first_counts=True)
    return _read_frame(source, names)


def read_dated_targets(path: str | Path, *, short: bool = False) -> dict[date, dict[str, float]]:
    """Dated targets from a wide CSV file: date, then one column a symbol, in percent.

    An empty cell is zero. Each row sums to 100, exactly. `short` allows shares below zero.

    Raises:
        InputError: Everything that is wrong with the file.
    """
    table = csv_table(Path(path))
    names = list(table.columns)
    targets: dict[date, dict[str, float]] = {}
    days = days_of(table, names[0])
    check_symbols(table, names[1:])
    for row, day in enumerate(days):
        shares: dict[str, Decimal] = {}
        for symbol in names[1:]:
            text = table.columns[symbol][row].strip()
            try:
                shares[symbol] = decimal_from(text) if text else Decimal(0)
            except NumberError as error:
                table.problem(row, symbol, str(error), "write percent, as 60")
                continue
            if shares[symbol] < 0 and not short:
                table.problem(row, symbol, f"{text} is below zero", "shares are 0 to 100")
        total = sum(shares.values(), Decimal(0))
        if total != 100 and len(shares) == len(names) - 1:
            remedy = meant_in_percent(shares, due=100)
            remedy = remedy or "percent sum to 100; what is not invested is CASH"
            table.problem(row, "", f"the row sums to {total}", remedy)
        key = plain_day(day)
        if key in targets:
            table.problem(row, names[0], f"{key} stands twice", "keep one of them")
        targets[key] = {symbol: float(share / 100) for symbol, share in shares.items()}
    if not targets:
        table.problem(None, "", "it has no rows", "write date and percent, one row a date")
    stop(table)
    return dict(sorted(targets.items()))


def _read_path(path: Path, names: Reading) -> PriceHistory:
    source = str(path) if path.is_dir() else path.name
    return _joined(tables_of(path), source, "columns", names)


def _read_frame(frame: Any, names: Reading) -> PriceHistory:
    maker = type(frame).__module__.split(".")[0]
    if maker == "polars" and hasattr(frame, "get_columns"):
        columns = {column.name: column.to_numpy() for column in frame.get_columns()}
        return _joined([PriceTable("frame", columns, lambda row: None)], "frame", "polars", names)
    if maker == "pandas" and hasattr(frame, "columns") and hasattr(frame, "index"):
        return _joined([pandas_table(frame)], "frame", "pandas", names)
    wrong = f"a {type(frame).__name__} is not read as prices"
    remedy = "give a file's path, or a pandas or polars frame"
    raise InputError([Problem("prices", None, "", wrong, remedy)])


def _joined(
    tables: Sequence[PriceTable],
    source: str,
    frames: FrameKind,
    names: Reading,
    *,
    first_counts: bool = False,
) -> PriceHistory:
    """One history from the tables of a source, with the problems of all of them."""
    series: dict[str, Series] = {}
    problems: list[Problem] = []
    findings: list[Finding] = []
    for table in tables:
        try:
            found = series_of(table)
        except InputError as error:
            problems += error.problems
            continue
        problems += table.problems
        findings += table.findings
        for symbol, one in found.items():
            if symbol in series and first_counts:
                continue
            if symbol in series:
                wrong = f"{symbol} is in another file of the folder as well"
                problems.append(Problem(table.source, None, symbol, wrong, "keep one of them"))
            series[symbol] = one
    if names.aliases and not problems:
        series = renamed(series, names.aliases, problems, findings)
    scaled = tuple(symbol for symbol, one in series.items() if one.is_scaled)
    series = {symbol: one.adjusted() for symbol, one in series.items()}
    foreign: tuple[str, ...] = ()
    if not problems:
        series, foreign = _in_one_currency(series, names, source, problems, findings)
    if problems:
        raise InputError(problems[: MOST_PROBLEMS + 1])
    codes = {symbol: one.currency for symbol, one in series.items() if one.currency}
    if names.currency is not None or len(set(codes.values())) < 2:
        codes = {}
    history = _history(series, source, frames, findings, foreign, scaled)
    return replace(history, currencies=codes) if codes else history


def _in_one_currency(
    series: dict[str, Series],
    names: Reading,
    source: str,
    problems: list[Problem],
    findings: list[Finding],
) -> tuple[dict[str, Series], tuple[str, ...]]:
    """The series in the currency asked for if any is, and those that were converted."""
    series = {
        symbol: one if one.currency else replace(one, currency=names.currencies.get(symbol, ""))
        for symbol, one in series.items()
    }
    if names.currency is not None:
        rates = names.rates or series
        return converted(series, names.currency, rates, source, problems, findings)
    return series, ()


def _as_series(history: PriceHistory) -> dict[str, Series]:
    """The columns of a history, to look rates up in."""
    return {
        symbol: Series(history.dates, history.close[:, i], source=history.source)
        for i, symbol in enumerate(history.symbols)
    }


def _merged(findings: Sequence[Finding], source: str) -> list[Finding]:
    """The findings with those that say the same of several files or symbols said once."""
    said: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.message)
        said[key] = replace(finding, subject=source) if key in said else finding
    return list(said.values())


def _history(
    series: Mapping[str, Series],
    source: str,
    frames: FrameKind,
    findings: list[Finding],
    foreign: tuple[str, ...] = (),
    scaled: tuple[str, ...] = (),
) -> PriceHistory:
    import numpy as np

    dates = np.unique(np.concatenate([one.days for one in series.values()]))
    bare = {one.subject for one in findings if one.code == "no-dividends"}
    shape = (len(dates), len(series))
    close = np.full(shape, np.nan)
    opens = np.full(shape, np.nan)
    volume = np.full(shape, np.nan)
    stripped = np.full(shape, np.nan)
    for i, one in enumerate(series.values()):
        place = np.searchsorted(dates, one.days)
        close[place, i] = one.close
        if one.open is not None:
            opens[place, i] = one.open
        if one.volume is not None:
            volume[place, i] = one.volume
        if one.paid is not None:
            left = np.concatenate([[1.0], np.cumprod(1.0 - one.paid)])
            stripped[:, i] = left[np.searchsorted(one.days, dates, side="right")]
    history = PriceHistory(
        dates=dates,
        symbols=tuple(series),
        close=close,
        open=None if np.isnan(opens).all() else opens,
        volume=None if np.isnan(volume).all() else volume,
        stripped=None if np.isnan(stripped).all() else stripped,
        source=source,
        frames=frames,
        foreign=foreign,
        undividended=tuple(symbol for symbol in series if symbol in bare),
        scaled=scaled,
        read={symbol: one.read for symbol, one in series.items() if one.read},
    )
    findings = [*_merged(findings, source), *_weekends(history)]
    for symbol, day, before, after in jumps(history):
        file, line = history.place_of(symbol, day)
        where = file if line is None else f"{file}:{line}"
        message = (
            f"the price goes from {before:g} to {after:g} on {day} ({where}): "
            f"a {split_guess(before, after)} that is not worked in?"
        )
        findings.append(Finding("tenfold-jump", symbol, message, "error"))
    object.__setattr__(history, "findings", tuple(dict.fromkeys(findings)))
    return history


FEW_WEEKENDS = 0.05
"""Up to this share of all dates, days of a weekend are more likely slips than sessions."""


def _weekends(history: PriceHistory) -> list[Finding]:
    """That a few dates are of a weekend, and count as sessions; where all week is traded, none."""
    import numpy as np

    odd = history.dates[~np.is_busday(history.dates)]
    if not 0 < len(odd) <= FEW_WEEKENDS * len(history):
        return []
    last = plain_day(odd[-1])
    column = int(np.flatnonzero(~np.isnan(history.close[history.dates == odd[-1]][0]))[0])
    file, line = history.place_of(history.symbols[column], last)
    where = file if line is None else f"{file}:{line}"
    more = f" (dates of a weekend: {len(odd)})" if len(odd) > 1 else ""
    message = (
        f"{last} ({where}) is a {last:%A}{more}: counted as a session wherever all have a price. "
        "If it is a slip, take the row out."
    )
    return [Finding("weekend-row", history.source, message, "warning")]
