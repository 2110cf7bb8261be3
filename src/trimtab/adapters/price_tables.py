"""Tables of prices as read from files and frames: named columns, nothing understood yet."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from trimtab.adapters.csv_lines import ONE_A_COLUMN, Widths, fields_of, is_day_like
from trimtab.adapters.price_ends import cut_off
from trimtab.adapters.toml_table import shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding

MOST_PROBLEMS = 50
"""Problems told of one source; beyond that it is not a slip but another kind of file."""


_NUMBERS = re.compile(r"[-+0-9.eE/: ]*", re.ASCII)
"""What a first row of dates and numbers has, and a header only by chance."""


@dataclass
class PriceTable:
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


def stop(table: PriceTable) -> None:
    """Raise what is wrong with a table, if anything is."""
    if table.problems:
        raise InputError(table.problems)


def tables_of(path: Path) -> list[PriceTable]:
    """The table of a file, or those of a folder."""
    if not path.is_dir():
        return [_table_of(path)]
    files = sorted(p for p in path.iterdir() if _kind(p) and not p.name.startswith("."))
    if not files:
        wrong = "the folder has no .csv and no .parquet files"
        raise InputError([Problem(str(path), None, "", wrong, "correct the path")])
    tables: list[PriceTable] = []
    problems: list[Problem] = []
    for file in files:
        try:
            tables.append(_table_of(file))
        except InputError as error:
            problems += [_beside_prices(one) for one in error.problems]
    if problems:
        raise InputError(problems)
    return tables


def _beside_prices(problem: Problem) -> Problem:
    """A problem of a file of a folder whose form is at fault: it may be no table of prices."""
    if problem.line not in (None, 1):
        return problem
    other = "where it is no table of prices, move it out of the folder, or name the price files"
    return replace(problem, remedy=f"{problem.remedy}; {other}")


def _kind(path: Path) -> str:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return "csv"
    return "parquet" if name.endswith((".parquet", ".pq")) else ""


def _table_of(path: Path) -> PriceTable:
    kind = _kind(path)
    if not kind:
        remedy = "give a .csv, .csv.gz or .parquet file, or a folder of them"
        raise InputError([Problem(path.name, None, "", "this kind of file is not read", remedy)])
    return csv_table(path) if kind == "csv" else _parquet(path)


def csv_table(path: Path) -> PriceTable:
    """The table of a CSV file, compressed or not."""
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
    table = PriceTable(path.name, {}, lambda row: lines[row], symbol=path.name.split(".")[0])
    table.findings += cut_off([path])
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


def _header(table: PriceTable, names: list[str], number: int, line: str) -> list[str]:
    if len(names) < 2:
        mark = next((m for m in (";", "\t") if m in line), None)
        wrong = "the header has one column" if mark is None else f"{mark!r} separates its fields"
        remedy = "separate by commas: date, then one column a symbol"
        raise InputError([Problem(table.source, number, "", wrong, remedy)])
    if is_day_like(names[0]):
        remedy = "begin with date,symbol,close, or date and one column a symbol"
        raise InputError([Problem(table.source, number, "", "it has no header", remedy)])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong = f"the column {shown(twice[0])} stands twice"
        if names[0] and all(_NUMBERS.fullmatch(name) for name in names):
            wrong = "its first row has numbers where the names of columns belong"
            remedy = "begin with date,SPY,AGG"
            raise InputError([Problem(table.source, number, "", wrong, remedy)])
        raise InputError([Problem(table.source, number, "", wrong, "keep one of them")])
    return names


def _parquet(path: Path) -> PriceTable:
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
    return PriceTable(path.name, plain, lambda row: None, symbol=path.name.split(".")[0])


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


def pandas_table(frame: Any) -> PriceTable:
    """The table of a pandas frame; its index gives the dates where no column does."""
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
    return PriceTable("frame", columns, lambda row: None)


def _stamp(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value
