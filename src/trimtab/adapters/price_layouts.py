"""The series in a table of prices: one column a symbol, or a row for each date and symbol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.adapters.csv_lines import missing_column
from trimtab.adapters.price_columns import (
    BELOW_ZERO,
    check_prices,
    check_symbols,
    days_of,
    doubt_logarithms,
    doubt_returns,
    floats_of,
    places_in_order,
    refuse_returns,
    splits_of,
)
from trimtab.adapters.price_series import Series
from trimtab.adapters.price_splits import check_splits, check_zeros
from trimtab.adapters.price_tables import PriceTable, stop
from trimtab.adapters.toml_table import shown
from trimtab.model.findings import Finding
from trimtab.simulate.prices.history import Rows

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats

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
CURRENCY_CODE = re.compile(r"[A-Z]{3}")


def series_of(table: PriceTable) -> dict[str, Series]:
    """The series by symbol of a long or a wide table.

    Raises:
        InputError: Everything that is wrong with the table.
    """
    known = {_known_name(name): name for name in table.columns}
    found = _long(table, known) if "close" in known or "adj_close" in known else _wide(table)
    stop(table)
    return found


def _known_name(name: str) -> str:
    plain = name.strip().lower()
    return _ALIASES.get(plain, plain.replace(" ", "_"))


def _wide(table: PriceTable) -> dict[str, Series]:
    names = list(table.columns)
    if "symbol" in map(_known_name, names):
        remedy = missing_column("close", names)
        table.problem(None, "", "it has a column of symbols, and none is called close", remedy)
        stop(table)
    if {"pair", "rate"} <= {_known_name(name) for name in names}:
        wrong = "rates in columns pair and rate are not read"
        remedy = "write a column a pair, as date,EURUSD, or rows of date,symbol,close with "
        remedy += "EURUSD as the symbol and the rate as the close"
        table.problem(None, "", wrong, remedy)
        stop(table)
    dated = next((n for n in names if n.strip().lower() in _DATE_NAMES), names[0])
    symbols = [name for name in names if name != dated]
    days = days_of(table, dated)
    check_symbols(table, symbols)
    if not symbols or not len(days):
        table.problem(None, "", "it has no prices", "give date, then one column a symbol")
    stop(table)
    order = places_in_order(table, days, dated)
    read = (_rows_of(table, days[order], order),)
    closes = {symbol: floats_of(table, symbol) for symbol in symbols}
    refuse_returns(table, closes)
    found = {}
    for symbol, close in closes.items():
        check_prices(table, symbol, close)
        found[symbol] = Series(days[order], close[order], source=table.source, read=read)
    doubt_returns(table, (one.close for one in found.values()))
    doubt_logarithms(table, ((one.days, one.close) for one in found.values()))
    return found


def _long(table: PriceTable, known: Mapping[str, str]) -> dict[str, Series]:
    import numpy as np

    _check_long_columns(table, known)
    stop(table)
    days = days_of(table, known["date"])
    if not len(days):
        table.problem(None, "", "it has no rows", "write one row a date and symbol")
        stop(table)
    if "symbol" in known:
        labels = [str(label).strip() for label in table.columns[known["symbol"]]]
    else:
        labels = [table.symbol] * len(days)
    check_symbols(table, list(dict.fromkeys(labels)))
    values = {
        name: floats_of(table, known[name])
        for name in ("close", "adj_close", "open", "volume", "dividend")
        if name in known
    }
    if "split" in known:
        values["split"] = splits_of(table, known["split"])
    refuse_returns(table, {name: values[name] for name in ("close", "adj_close") if name in values})
    for name in ("close", "adj_close", "open"):
        if name in values:
            check_prices(table, known[name], values[name])
    _check_events(table, known, values)
    stop(table)
    rows_of: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows_of.setdefault(label, []).append(row)
    places = {}
    for symbol, rows in rows_of.items():
        place = np.array(rows)
        place = place[places_in_order(table, days[place], known["date"], rows=place, symbol=symbol)]
        places[symbol] = place
        if "split" in known:
            check_zeros(table, known["split"], place)
        if "split" in known and "close" in values and "adj_close" not in values:
            check_splits(table, symbol, days[place], values, place)
    found = {}
    for symbol, place in places.items():
        one = _quoted(table, days[place], values, place, symbol)
        code = _currency_of(table, known["currency"], place, symbol) if "currency" in known else ""
        read = (_rows_of(table, days[place], place),)
        found[symbol] = replace(one, currency=code, read=read)
    doubt_returns(table, (one.close for one in found.values()))
    doubt_logarithms(table, ((one.days, one.close) for one in found.values()))
    return found


def _rows_of(table: PriceTable, days: Days, rows: Any) -> Rows:
    """Where some rows of a table stand in its source."""
    import numpy as np

    has_lines = len(rows) > 0 and table.line_of(int(rows[0])) is not None
    if not has_lines:
        return Rows(table.source, days, np.asarray(rows, dtype=np.int64) + 1, False)
    lines = np.array([table.line_of(row) for row in rows.tolist()], dtype=np.int64)
    return Rows(table.source, days, lines, True)


def _check_long_columns(table: PriceTable, known: Mapping[str, str]) -> None:
    if "date" not in known:
        table.problem(None, "", "the column date is missing", "name the dates' column date")
    if "symbol" not in known and not table.symbol:
        table.problem(None, "", "the column symbol is missing", "say whose close it is")
    extra = [name for plain, name in known.items() if plain not in (*LONG_COLUMNS, *_IGNORED)]
    if extra:
        message = f"columns that are not read: {', '.join(shown(name) for name in extra[:8])}."
        table.findings.append(Finding("unknown-column", table.source, message, "info"))


def _currency_of(table: PriceTable, column: str, rows: Any, symbol: str) -> str:
    """What one symbol is quoted in; rows in another currency are a problem with their place."""
    cells = table.columns[column]
    first = ""
    for row in rows.tolist():
        code = "" if cells[row] is None else str(cells[row]).strip()
        if code in ("", first, "nan"):
            continue
        if first or not CURRENCY_CODE.fullmatch(code):
            wrong = f"{symbol} is in {code} here, and in {first} before"
            if not CURRENCY_CODE.fullmatch(code):
                wrong = f"{shown(code)} is no currency"
            table.problem(row, column, wrong, "write one code of three capital letters a symbol")
            return first
        first = code
    return first


def _check_events(
    table: PriceTable, known: Mapping[str, str], values: Mapping[str, Floats]
) -> None:
    import numpy as np

    if "volume" in values:
        for row in np.flatnonzero((values["volume"] < 0) | np.isinf(values["volume"])):
            wrong = f"a volume of {values['volume'][row]:g}"
            table.problem(int(row), known["volume"], wrong, BELOW_ZERO)
    if "dividend" in values:
        for row in np.flatnonzero((values["dividend"] < 0) | np.isinf(values["dividend"])):
            wrong = f"a dividend of {values['dividend'][row]:g}"
            table.problem(int(row), known["dividend"], wrong, "dividends are zero or more")


def _quoted(
    table: PriceTable, days: Days, values: Mapping[str, Floats], rows: Any, symbol: str
) -> Series:
    """Closes, opens and volumes as they were quoted, and what dividends and splits make of them."""
    import numpy as np

    raw = values.get("close", values.get("adj_close"))
    assert raw is not None
    close = raw[rows]
    opens = values["open"][rows] if "open" in values else None
    volume = values["volume"][rows] if "volume" in values else None
    priced = ~np.isnan(close)
    paid = _paid(values, rows) if "dividend" in values and "close" in values else None
    if "adj_close" in values:
        if paid is not None:
            split = np.nan_to_num(values["split"][rows], nan=1.0) if "split" in values else 1.0
            dividend = np.nan_to_num(values["dividend"][rows])
            _doubt_dividends(table, symbol, dividend, close * split, rows)
        adjusted = values["adj_close"][rows]
        if opens is not None:
            opens = opens * (adjusted / close)
        if volume is not None:
            volume = volume * (close / adjusted)
        return Series(days, adjusted, opens, volume, paid=paid, source=table.source)
    zero = np.zeros(len(rows))
    dividend = np.nan_to_num(values["dividend"][rows]) if "dividend" in values else zero
    split = np.nan_to_num(values["split"][rows], nan=1.0) if "split" in values else zero + 1.0
    events = (dividend != 0) | (split != 1)
    _doubt_dividends(table, symbol, dividend, close * split, rows)
    for row in np.flatnonzero(events & ~priced):
        table.problem(int(rows[row]), symbol, "a dividend or split without a close", "add it")
    stop(table)
    step = np.where(events & priced, close / np.where(priced, close * split + dividend, 1.0), 1.0)
    if "dividend" not in values:
        message = "there is no adj_close and no dividend column: closes are used without dividends."
        table.findings.append(Finding("no-dividends", symbol, message, "info"))
    return Series(days, close, opens, volume, step, paid, table.source)


def _doubt_dividends(
    table: PriceTable, symbol: str, dividend: Floats, close: Floats, rows: Any
) -> None:
    """A finding where a unit paid out more than half of what it was worth before."""
    import numpy as np

    large = np.flatnonzero(dividend > np.nan_to_num(close, nan=np.inf))
    if len(large):
        at = int(large[0])
        line = table.line_of(int(rows[at]))
        where = f"line {line}" if line is not None else f"row {int(rows[at]) + 1}"
        more = f", and {len(large) - 1} more like it" if len(large) > 1 else ""
        message = (
            f"{table.source}, {where}: a dividend of {dividend[at]:g} a unit, which is then worth "
            f"{close[at]:g}{more}: more than half was paid out. If it is of all units together, or "
            "in cents, correct it; it is counted as it stands."
        )
        table.findings.append(Finding("large-dividend", symbol, message, "warning"))


def _paid(values: Mapping[str, Floats], rows: Any) -> Floats:
    """Which share of a holding's worth after a row its dividend is; 0 where there is none."""
    import numpy as np

    dividend = np.nan_to_num(values["dividend"][rows])
    split = np.nan_to_num(values["split"][rows], nan=1.0) if "split" in values else 1.0
    worth = values["close"][rows] * split + dividend
    paid: Floats = np.where(worth > 0.0, dividend / np.where(worth > 0.0, worth, 1.0), 0.0)
    return paid
