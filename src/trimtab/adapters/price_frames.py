"""Prices for research, from files and frames: strict, and nothing is ever filled in.

What is read: wide tables (date, then one column a symbol, total-return prices), long tables (date,
symbol, close, and optionally open, adj_close, dividend, split, currency), the daily table of one
symbol (a long one without symbol: the file's name is the symbol), Parquet of any of these, a folder
of such files, and pandas or polars frames.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from trimtab.adapters.csv_lines import (
    ONE_A_COLUMN,
    SPLIT_REMEDY,
    Widths,
    day_from,
    day_remedy,
    fields_of,
    number_remedy,
    split_from,
)
from trimtab.adapters.exchange_rates import converted
from trimtab.adapters.price_series import Aliases, Series, read_aliases, renamed
from trimtab.adapters.toml_table import shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import Alias
from trimtab.model.numbers import NumberError, decimal_from
from trimtab.simulate.frames import FrameKind
from trimtab.simulate.history import PriceHistory, jumps, split_guess

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Days, Floats

MOST_PROBLEMS = 50
"""Problems told of one source; beyond that it is not a slip but another kind of file."""

LONG_COLUMNS = (
    "date",
    "symbol",
    "close",
    "open",
    "adj_close",
    "volume",
    "dividend",
    "split",
    "currency",
)
"""The columns of a long table that are read."""

_IGNORED = ("high", "low")
_ALIASES = {
    "adj close": "adj_close",
    "adjclose": "adj_close",
    "adjusted_close": "adj_close",
    "ticker": "symbol",
    "dividends": "dividend",
    "splits": "split",
}
_DATE_NAMES = ("date", "day", "datetime", "timestamp", "time", "index", "")
_NUMBER = re.compile(r"[+-]?([0-9]{1,24}\.?[0-9]{0,24}|\.[0-9]{1,24})([eE][+-]?[0-9]{1,3})?")
_NO_NUMBERS = ("nan", "inf", "-inf", "infinity", "-infinity")
_CODE = re.compile(r"[A-Z]{3}")
_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(:00(\.0+)?)?(Z|\+00:00)?")


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


@dataclass
class _Table:
    """A table as it was read: named columns, still as text or as arrays.

    Args:
        source: What to call it in messages.
        columns: By name, in order.
        line_of: The line of a row, where the source has lines.
        symbol: The symbol that the file's name stands for.
        problems: What is wrong with it.
        findings: What else was noticed.
    """

    source: str
    columns: dict[str, Any]
    line_of: Callable[[int], int | None]
    symbol: str = ""
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def problem(self, row: int | None, key: str, wrong: str, remedy: str) -> None:
        """Note what is wrong at a row and column; give up when there is no end to it."""
        if row is not None and self.line_of(row) is None:
            key = f"{key} row {row + 1}".strip()
        self.problem_at(None if row is None else self.line_of(row), key, wrong, remedy)

    def problem_at(self, line: int | None, key: str, wrong: str, remedy: str) -> None:
        """The same where the line is known."""
        self.problems.append(Problem(self.source, line, key, wrong, remedy))
        if len(self.problems) >= MOST_PROBLEMS:
            wrong = f"more than {MOST_PROBLEMS} problems"
            self.problems.append(Problem(self.source, None, "", wrong, "mend these first"))
            raise InputError(self.problems)


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
        `dividend` and `split` worked in backwards from the last close. NaN where there is no
        price; tenfold changes are findings here and refused by a backtest that would use them.

    Raises:
        InputError: Everything that is wrong: duplicates, zero, negative or infinite prices, what
            is no number or date, returns where prices were meant; each with line and remedy.
        ValueError: `aliases` have a day that is none, `fx` comes without `currency`, or either
            with a price history.
    """
    if currency is None and (fx is not None or currencies):
        raise ValueError("fx: say the currency that prices are brought to, as currency='USD'")
    if currency is not None and not _CODE.fullmatch(currency):
        raise ValueError(f"currency {currency!r}: three capital letters, as USD")
    names = Reading(read_aliases(aliases), currency, dict(currencies or {}))
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
        tables = [table for path in paths for table in _tables_of(path)]
        return _joined(tables, said, "columns", names, first_counts=True)
    return _read_frame(source, names)


def read_dated_targets(path: str | Path) -> dict[date, dict[str, float]]:
    """Dated targets from a wide CSV file: date, then one column a symbol, in percent.

    An empty cell is zero. Each row sums to 100, exactly.

    Raises:
        InputError: Everything that is wrong with the file.
    """
    table = _csv(Path(path))
    names = list(table.columns)
    targets: dict[date, dict[str, float]] = {}
    days = _days(table, names[0])
    _check_symbols(table, names[1:])
    for row, day in enumerate(days):
        shares: dict[str, Decimal] = {}
        for symbol in names[1:]:
            text = table.columns[symbol][row].strip()
            try:
                shares[symbol] = decimal_from(text) if text else Decimal(0)
            except NumberError as error:
                table.problem(row, symbol, str(error), "write percent, as 60")
                continue
            if shares[symbol] < 0:
                table.problem(row, symbol, f"{text} is below zero", "shares are 0 to 100")
        total = sum(shares.values(), Decimal(0))
        if total != 100 and len(shares) == len(names) - 1:
            remedy = "percent sum to 100; what is not invested is CASH"
            table.problem(row, "", f"the row sums to {total}", remedy)
        key = _plain_day(day)
        if key in targets:
            table.problem(row, names[0], f"{key} stands twice", "keep one of them")
        targets[key] = {symbol: float(share / 100) for symbol, share in shares.items()}
    if not targets:
        table.problem(None, "", "it has no rows", "write date and percent, one row a date")
    _stop(table)
    return dict(sorted(targets.items()))


def _read_path(path: Path, names: Reading) -> PriceHistory:
    source = str(path) if path.is_dir() else path.name
    return _joined(_tables_of(path), source, "columns", names)


def _tables_of(path: Path) -> list[_Table]:
    """The table of a file, or those of a folder."""
    if not path.is_dir():
        return [_table_of(path)]
    files = sorted(p for p in path.iterdir() if _kind(p) and not p.name.startswith("."))
    if not files:
        wrong = "the folder has no .csv and no .parquet files"
        raise InputError([Problem(str(path), None, "", wrong, "correct the path")])
    return [_table_of(file) for file in files]


def _kind(path: Path) -> str:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return "csv"
    return "parquet" if name.endswith((".parquet", ".pq")) else ""


def _table_of(path: Path) -> _Table:
    kind = _kind(path)
    if not kind:
        remedy = "give a .csv, .csv.gz or .parquet file, or a folder of them"
        raise InputError([Problem(path.name, None, "", "this kind of file is not read", remedy)])
    return _csv(path) if kind == "csv" else _parquet(path)


def _csv(path: Path) -> _Table:
    try:
        content = path.read_bytes()
        if path.name.lower().endswith(".gz"):
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        wrong = f"it cannot be read ({reason})"
        raise InputError([Problem(path.name, None, "", wrong, "correct the path")]) from None
    except UnicodeDecodeError as error:
        at = content[: error.start].count(b"\n") + 1
        wrong = "it is not UTF-8 text"
        raise InputError([Problem(path.name, at, "", wrong, "save it as CSV UTF-8")]) from None
    lines: list[int] = []
    table = _Table(path.name, {}, lambda row: lines[row], symbol=path.name.split(".")[0])
    names: list[str] | None = None
    rows: list[list[str]] = []
    widths = Widths()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip(", \t\r") or line.startswith("#"):
            continue
        try:
            fields = fields_of(line)
        except ValueError as error:
            table.problems.append(
                Problem(path.name, number, "", str(error), "double a quote that is meant")
            )
            raise InputError(table.problems) from None
        if names is None:
            names = _header(table, [name.strip() for name in fields], number, line)
        elif len(fields) != len(names):
            widths.note(number, len(fields), ONE_A_COLUMN)
        else:
            widths.has_good = True
            lines.append(number)
            rows.append(fields)
    if names is None:
        wrong = "it is empty, without even a header"
        raise InputError([Problem(path.name, 1, "", wrong, "begin with date,SPY,AGG")])
    for place, key, wrong, remedy in widths.problems(len(names)):
        table.problem_at(place, key, wrong, remedy)
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    table.columns = {name: list(column) for name, column in zip(names, cells, strict=True)}
    return table


def _header(table: _Table, names: list[str], number: int, line: str) -> list[str]:
    if len(names) < 2:
        mark = next((m for m in (";", "\t") if m in line), None)
        wrong = "the header has one column" if mark is None else f"{mark!r} separates its fields"
        remedy = "separate by commas: date, then one column a symbol"
        raise InputError([Problem(table.source, number, "", wrong, remedy)])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong = f"the column {shown(twice[0])} stands twice"
        raise InputError([Problem(table.source, number, "", wrong, "keep one of them")])
    return names


def _parquet(path: Path) -> _Table:
    import duckdb

    if not path.is_file():
        wrong = "it cannot be read (no such file)"
        raise InputError([Problem(path.name, None, "", wrong, "correct the path")])
    try:
        with duckdb.connect(":memory:") as connection:
            query = connection.execute("select * from read_parquet(?)", [str(path)])
            columns = query.fetchnumpy()
    except duckdb.Error as error:
        wrong = f"it is no readable Parquet file ({str(error).splitlines()[0][:120]})"
        raise InputError([Problem(path.name, None, "", wrong, "write it anew")]) from None
    plain = {name: _unmasked(column) for name, column in columns.items()}
    return _Table(path.name, plain, lambda row: None, symbol=path.name.split(".")[0])


def _unmasked(column: Any) -> Any:
    """A column with NaN or None where the file has nothing."""
    import numpy as np

    if not isinstance(column, np.ma.MaskedArray):
        return column
    masked: Any = column
    if masked.dtype.kind in "iuf":
        return masked.astype(np.float64).filled(np.nan)
    if masked.dtype.kind == "M":
        return masked.filled(np.datetime64("NaT"))
    # filled(None) would fill with numpy's own sign for nothing, a question mark.
    plain = masked.data.astype(object)
    plain[masked.mask] = None
    return plain


def _read_frame(frame: Any, names: Reading) -> PriceHistory:
    maker = type(frame).__module__.split(".")[0]
    if maker == "polars" and hasattr(frame, "get_columns"):
        columns = {column.name: column.to_numpy() for column in frame.get_columns()}
        return _joined([_Table("frame", columns, lambda row: None)], "frame", "polars", names)
    if maker == "pandas" and hasattr(frame, "columns") and hasattr(frame, "index"):
        return _joined([_pandas_table(frame)], "frame", "pandas", names)
    wrong = f"a {type(frame).__name__} is not read as prices"
    remedy = "give a file's path, or a pandas or polars frame"
    raise InputError([Problem("prices", None, "", wrong, remedy)])


def _pandas_table(frame: Any) -> _Table:
    if getattr(frame.columns, "nlevels", 1) > 1:
        wrong = "its columns have several levels"
        remedy = "pick one, as frame['Close']"
        raise InputError([Problem("frame", None, "", wrong, remedy)])
    columns: dict[str, Any] = {}
    names = [str(name) for name in frame.columns]
    lower = [name.lower() for name in names]
    if not any(name in lower for name in ("date", "datetime", "timestamp")):
        columns["date"] = [_stamp(value) for value in frame.index]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong = f"the column {shown(twice[0])} stands twice"
        raise InputError([Problem("frame", None, "", wrong, "keep one of them")])
    for i, name in enumerate(names):
        columns[name] = frame.iloc[:, i].to_numpy()
    return _Table("frame", columns, lambda row: None)


def _stamp(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def _joined(
    tables: Sequence[_Table],
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
            found = _series_of(table)
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
    series = {symbol: one.adjusted() for symbol, one in series.items()}
    foreign: tuple[str, ...] = ()
    if not problems:
        series, foreign = _in_one_currency(series, names, source, problems, findings)
    if problems:
        raise InputError(problems[: MOST_PROBLEMS + 1])
    return _history(series, source, frames, _merged(findings, source), foreign)


def _in_one_currency(
    series: dict[str, Series],
    names: Reading,
    source: str,
    problems: list[Problem],
    findings: list[Finding],
) -> tuple[dict[str, Series], tuple[str, ...]]:
    """The series in the currency asked for, and those that were converted."""
    series = {
        symbol: one if one.currency else replace(one, currency=names.currencies.get(symbol, ""))
        for symbol, one in series.items()
    }
    if names.currency is not None:
        rates = names.rates or series
        return converted(series, names.currency, rates, source, problems, findings)
    codes = sorted({one.currency for one in series.values() if one.currency})
    if len(codes) > 1:
        wrong = f"prices in several currencies: {', '.join(codes[:5])}"
        remedy = "say which they are brought to (currency), with rates (fx)"
        problems.append(Problem(source, None, "currency", wrong, remedy))
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


def _series_of(table: _Table) -> dict[str, Series]:
    known = {_known_name(name): name for name in table.columns}
    found = _long(table, known) if "close" in known or "adj_close" in known else _wide(table)
    _stop(table)
    return found


def _stop(table: _Table) -> None:
    if table.problems:
        raise InputError(table.problems)


def _known_name(name: str) -> str:
    plain = name.strip().lower()
    return _ALIASES.get(plain, plain.replace(" ", "_"))


def _wide(table: _Table) -> dict[str, Series]:
    names = list(table.columns)
    dated = next((n for n in names if n.strip().lower() in _DATE_NAMES), names[0])
    symbols = [name for name in names if name != dated]
    days = _days(table, dated)
    _check_symbols(table, symbols)
    if not symbols or not len(days):
        table.problem(None, "", "it has no prices", "give date, then one column a symbol")
    _stop(table)
    order = _order(table, days, dated)
    closes = {symbol: _floats(table, symbol) for symbol in symbols}
    _refuse_returns(table, closes)
    found = {}
    for symbol, close in closes.items():
        _check_prices(table, symbol, close)
        found[symbol] = Series(days[order], close[order], source=table.source)
    return found


def _long(table: _Table, known: Mapping[str, str]) -> dict[str, Series]:
    import numpy as np

    _check_long_columns(table, known)
    _stop(table)
    days = _days(table, known["date"])
    if not len(days):
        table.problem(None, "", "it has no rows", "write one row a date and symbol")
        _stop(table)
    if "symbol" in known:
        labels = [str(label).strip() for label in table.columns[known["symbol"]]]
    else:
        labels = [table.symbol] * len(days)
    _check_symbols(table, list(dict.fromkeys(labels)))
    values = {
        name: _floats(table, known[name])
        for name in ("close", "adj_close", "open", "volume", "dividend")
        if name in known
    }
    if "split" in known:
        values["split"] = _splits(table, known["split"])
    _refuse_returns(
        table, {name: values[name] for name in ("close", "adj_close") if name in values}
    )
    for name in ("close", "adj_close", "open"):
        if name in values:
            _check_prices(table, known[name], values[name])
    _check_events(table, known, values)
    _stop(table)
    rows_of: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows_of.setdefault(label, []).append(row)
    found = {}
    for symbol, rows in rows_of.items():
        place = np.array(rows)
        place = place[_order(table, days[place], known["date"], rows=place, symbol=symbol)]
        one = _quoted(table, days[place], values, place, symbol)
        code = _currency_of(table, known["currency"], place, symbol) if "currency" in known else ""
        found[symbol] = replace(one, currency=code)
    return found


def _check_long_columns(table: _Table, known: Mapping[str, str]) -> None:
    if "date" not in known:
        table.problem(None, "", "the column date is missing", "name the dates' column date")
    if "symbol" not in known and not table.symbol:
        table.problem(None, "", "the column symbol is missing", "say whose close it is")
    extra = [name for plain, name in known.items() if plain not in (*LONG_COLUMNS, *_IGNORED)]
    if extra:
        message = f"columns that are not read: {', '.join(shown(name) for name in extra[:8])}."
        table.findings.append(Finding("unknown-column", table.source, message, "info"))


def _currency_of(table: _Table, column: str, rows: Any, symbol: str) -> str:
    """What one symbol is quoted in; rows in another currency are a problem with their place."""
    cells = table.columns[column]
    first = ""
    for row in rows.tolist():
        code = "" if cells[row] is None else str(cells[row]).strip()
        if code in ("", first, "nan"):
            continue
        if first or not _CODE.fullmatch(code):
            wrong = f"{symbol} is in {code} here, and in {first} before"
            if not _CODE.fullmatch(code):
                wrong = f"{shown(code)} is no currency"
            table.problem(row, column, wrong, "write one code of three capital letters a symbol")
            return first
        first = code
    return first


def _check_events(table: _Table, known: Mapping[str, str], values: Mapping[str, Floats]) -> None:
    import numpy as np

    if "volume" in values:
        for row in np.flatnonzero((values["volume"] < 0) | np.isinf(values["volume"])):
            wrong = f"a volume of {values['volume'][row]:g}"
            remedy = "units traded are zero or more; leave it empty where it is not known"
            table.problem(int(row), known["volume"], wrong, remedy)
    if "dividend" in values:
        for row in np.flatnonzero((values["dividend"] < 0) | np.isinf(values["dividend"])):
            wrong = f"a dividend of {values['dividend'][row]:g}"
            table.problem(int(row), known["dividend"], wrong, "dividends are zero or more")


def _quoted(
    table: _Table, days: Days, values: Mapping[str, Floats], rows: Any, symbol: str
) -> Series:
    """Closes, opens and volumes as they were quoted, and what dividends and splits make of them."""
    import numpy as np

    raw = values.get("close", values.get("adj_close"))
    assert raw is not None
    close = raw[rows]
    opens = values["open"][rows] if "open" in values else None
    volume = values["volume"][rows] if "volume" in values else None
    priced = ~np.isnan(close)
    if "adj_close" in values:
        adjusted = values["adj_close"][rows]
        if opens is not None:
            opens = opens * (adjusted / close)
        if volume is not None:
            volume = volume * (close / adjusted)
        return Series(days, adjusted, opens, volume, source=table.source)
    zero = np.zeros(len(rows))
    dividend = np.nan_to_num(values["dividend"][rows]) if "dividend" in values else zero
    split = np.nan_to_num(values["split"][rows], nan=1.0) if "split" in values else zero + 1.0
    events = (dividend != 0) | (split != 1)
    for row in np.flatnonzero(events & ~priced):
        table.problem(int(rows[row]), symbol, "a dividend or split without a close", "add it")
    _stop(table)
    step = np.where(events & priced, close / np.where(priced, close * split + dividend, 1.0), 1.0)
    if "dividend" not in values:
        message = "there is no adj_close and no dividend column: closes are used without dividends."
        table.findings.append(Finding("no-dividends", symbol, message, "info"))
    return Series(days, close, opens, volume, step, table.source)


def _history(
    series: Mapping[str, Series],
    source: str,
    frames: FrameKind,
    findings: list[Finding],
    foreign: tuple[str, ...] = (),
) -> PriceHistory:
    import numpy as np

    dates = np.unique(np.concatenate([one.days for one in series.values()]))
    shape = (len(dates), len(series))
    close = np.full(shape, np.nan)
    opens = np.full(shape, np.nan)
    volume = np.full(shape, np.nan)
    for i, one in enumerate(series.values()):
        place = np.searchsorted(dates, one.days)
        close[place, i] = one.close
        if one.open is not None:
            opens[place, i] = one.open
        if one.volume is not None:
            volume[place, i] = one.volume
    history = PriceHistory(
        dates=dates,
        symbols=tuple(series),
        close=close,
        open=None if np.isnan(opens).all() else opens,
        volume=None if np.isnan(volume).all() else volume,
        source=source,
        frames=frames,
        foreign=foreign,
    )
    findings += [
        Finding(
            "tenfold-jump",
            symbol,
            f"the price goes from {before:g} to {after:g} on {day}: "
            f"a {split_guess(before, after)} that is not worked in?",
            "error",
        )
        for symbol, day, before, after in jumps(history)
    ]
    object.__setattr__(history, "findings", tuple(dict.fromkeys(findings)))
    return history


def _days(table: _Table, name: str) -> Days:
    """The dates of a column as numpy days; what is no date becomes NaT and a problem."""
    import numpy as np

    column = table.columns[name]
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        days = column.astype("datetime64[D]")
        for missing in np.flatnonzero(np.isnat(days)):
            table.problem(int(missing), name, "there is no date", "write it as 2017-03-06")
        return cast("Days", days)
    found: list[date | None] = []
    for row, value in enumerate(column):
        day = _day(value)
        if day is None:
            text = "" if value is None else str(value)
            wrong = f"{shown(text)} is not a date" if text.strip() else "there is no date"
            table.problem(row, name, wrong, day_remedy(text))
        found.append(day)
    return cast("Days", np.array(found, dtype="datetime64[D]"))


def _day(value: Any) -> date | None:
    if isinstance(value, str):
        text = value.strip()
        midnight = _MIDNIGHT.fullmatch(text)
        return day_from(midnight[1] if midnight else text)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return None


def _floats(table: _Table, name: str) -> Floats:
    """A column's numbers, NaN where it has none; what is no number becomes a problem."""
    import numpy as np

    column = table.columns[name]
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiu":
        return cast("Floats", column.astype(np.float64))
    numbers = np.full(len(column), np.nan)
    odd = []
    for row, value in enumerate(column):
        if isinstance(value, str):
            text = value.strip()
            if not text:
                continue
            if _NUMBER.fullmatch(text) is None:
                if text.lower() not in _NO_NUMBERS:
                    table.problem(row, name, f"{shown(text)} is not a number", _remedy(text))
                    continue
                odd += [row] if text.lower() == "nan" else []
            numbers[row] = float(text)
        elif value is not None:
            try:
                numbers[row] = float(value)
            except (TypeError, ValueError):
                wrong = f"{shown(str(value))} is not a number"
                table.problem(row, name, wrong, _remedy(str(value)))
    if odd:
        where = ", ".join(str(table.line_of(row)) for row in odd[:5])
        more = f" and {len(odd) - 5} more" if len(odd) > 5 else ""
        message = f"NaN stands for a price in line {where}{more}: taken as no price."
        table.findings.append(Finding("nan-price", name, message, "warning"))
    return numbers


def _splits(table: _Table, name: str) -> Floats:
    """New units for an old one, 1 where there is no split; read as the price files of plans are."""
    import numpy as np

    column = table.columns[name]
    ratios = np.ones(len(column))
    for row, value in enumerate(column):
        if value is None or value == "" or value != value:  # NaN: there is nothing
            continue
        ratio = split_from(value if isinstance(value, str) else _number_text(value))
        if ratio is None:
            table.problem(row, name, f"{shown(str(value))} is not a split", SPLIT_REMEDY)
        else:
            ratios[row] = float(ratio)
    return ratios


def _number_text(value: Any) -> str:
    """A number as plain decimal text, without an exponent."""
    try:
        return format(Decimal(str(value)), "f")
    except ArithmeticError:
        return str(value)


def _remedy(text: str) -> str:
    if text.strip().lower() in ("na", "n/a", "null", "none", "-", "#n/a", "."):
        return "leave it empty where there is no price"
    return number_remedy(text)


def _check_prices(table: _Table, name: str, values: Floats) -> None:
    import numpy as np

    bad = ~np.isnan(values) & ~((values > 0) & (values < np.inf))
    for row in np.flatnonzero(bad):
        value = values[row]
        what = "zero" if value == 0 else "infinite" if np.isinf(value) else "below zero"
        table.problem(
            int(row), name, f"a price of {value:g} is {what}", "leave it empty where there is none"
        )


def _refuse_returns(table: _Table, closes: Mapping[str, Floats]) -> None:
    """Returns where prices were meant: small numbers, some of them below zero."""
    import numpy as np

    every = np.concatenate(list(closes.values())) if closes else np.zeros(0)
    every = every[np.isfinite(every)]
    if len(every) and np.any(every < 0) and np.median(np.abs(every)) < 0.5:
        wrong = "the numbers look like returns, and prices are needed"
        table.problem(None, "", wrong, "chain them: prices = 100 * (1 + returns).cumprod()")
        _stop(table)


def _check_symbols(table: _Table, symbols: Sequence[str]) -> None:
    for symbol in symbols:
        if not symbol.strip() or len(symbol) > 64 or not symbol.isprintable():
            remedy = "name it in 1 to 64 printable characters"
            table.problem(None, "", f"{shown(symbol)} is no symbol", remedy)


def _order(
    table: _Table, days: Days, name: str, *, rows: Any = None, symbol: str = ""
) -> NDArray[np.int64]:
    """The rows by date; dates that stand twice are problems, rows out of order a finding."""
    import numpy as np

    order = np.argsort(days, kind="stable")
    sorted_days = days[order]
    for k in np.flatnonzero(sorted_days[1:] == sorted_days[:-1]):
        repeated = int(order[k + 1])
        place = repeated if rows is None else int(rows[repeated])
        whose = f" for {symbol}" if symbol else ""
        wrong = f"{sorted_days[k]} stands twice{whose}"
        table.problem(place, name, wrong, "keep one of them")
    if np.any(days[1:] < days[:-1]):
        message = "the dates were not in order and have been sorted."
        table.findings.append(Finding("unsorted", symbol or table.source, message, "info"))
    return order


def _plain_day(day: Any) -> date:
    plain = day.item()
    return plain if isinstance(plain, date) else date.min
