"""The rows of price files by symbol: CSV or Parquet, long or wide, checked and still as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

from trimtab.adapters.csv_lines import (
    BLOCK,
    MEANT,
    MOST_PROBLEMS,
    ONE_A_COLUMN,
    UnreadableLines,
    Widths,
    are_days,
    blocks,
    day_from,
    day_remedy,
    fields_of,
    is_day_like,
    missing_column,
    unreadable,
)
from trimtab.adapters.toml_table import SYMBOL, SYMBOL_RULE, near, shown
from trimtab.model.errors import Problem

LINE_END = "\n"
"""No field has one, since a file is split into lines first."""

LONG_COLUMNS = (
    "date", "symbol", "close", "open", "high", "low", "volume", "dividend", "split", "currency",
)  # fmt: skip


@dataclass(slots=True)
class Series:
    """The rows of one symbol in one file. Days are ISO text, which sorts as days do.

    Args:
        file: What to call the file in messages.
        close: The column of the price; likewise the others, None where there is none.
        is_wide: Whether each row is shared with the other symbols of the file.
        days: The day of each row.
        rows: The fields of each row of a wide file.
        columns: Of a long file: by place, the text of each row.
        lines: The line of each row.
        open: The column of opens, where they are asked for.
    """

    file: str
    close: int
    split: int | None = None
    dividend: int | None = None
    currency: int | None = None
    volume: int | None = None
    is_wide: bool = False
    days: list[str] = field(default_factory=list)
    rows: list[Sequence[str]] = field(default_factory=list)
    columns: dict[int, list[str]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    open: int | None = None

    def texts(self, column: int) -> Sequence[str]:
        """What a column says in each row."""
        return [row[column] for row in self.rows] if self.is_wide else self.columns[column]


class _Shape(Protocol):
    """What takes the rows under a header."""

    width: int

    def take(self, fields: Sequence[str], line: int) -> None:
        """One row of the right width; what is wrong with it is noted."""

    def take_all(self, lines: Sequence[str], number: int) -> bool:
        """Many lines from a number on, if nothing is wrong with any; else none, and False."""


class _Long:
    """Rows of date, symbol, close and what else the header names."""

    def __init__(self, owner: PriceRows, file: str, names: Sequence[str]) -> None:
        self.owner = owner
        self.file = file
        self.width = len(names)
        self.day, self.symbol, self.close = map(names.index, ("date", "symbol", "close"))
        self.split, self.dividend, self.currency, self.volume = (
            names.index(name) if name in names else None
            for name in ("split", "dividend", "currency", "volume")
        )
        self.open = names.index("open") if owner.opens and "open" in names else None
        told = (self.close, self.split, self.dividend, self.currency, self.volume, self.open)
        self.told = [place for place in told if place is not None]
        self.own: dict[str, Series] = {}

    def series(self, symbol: str) -> Series:
        if symbol not in self.own:
            series = Series(
                self.file, self.close, self.split, self.dividend, self.currency, self.volume,
                open=self.open,
            )  # fmt: skip
            series.columns = {place: [] for place in self.told}
            self.own[symbol] = series
            self.owner.series.setdefault(symbol, []).append(series)
        return self.own[symbol]

    def take(self, fields: Sequence[str], line: int) -> None:
        symbol, day = fields[self.symbol], fields[self.day]
        if symbol not in self.own and not self.owner.is_symbol(symbol, self.file, line):
            return
        if day not in self.owner.days and not self.owner.is_day(day, self.file, line):
            return
        series = self.series(symbol)
        series.days.append(day)
        series.lines.append(line)
        for place, texts in series.columns.items():
            texts.append(fields[place])

    def take_all(self, lines: Sequence[str], number: int) -> bool:
        # All fields of all lines in one list: a column is a slice of it, and no row is made.
        flat = f",{LINE_END},".join(lines).split(",")
        stride = self.width + 1
        ends = flat[self.width :: stride]
        if len(flat) != stride * len(lines) - 1 or ends.count(LINE_END) != len(lines) - 1:
            return False
        days, symbols = flat[self.day :: stride], flat[self.symbol :: stride]
        if not self.owner.are_days(days):
            return False
        if not all(map(SYMBOL.fullmatch, set(symbols) - self.own.keys())):
            return False
        columns = {place: flat[place::stride] for place in self.told}
        places: dict[str, list[int]] = {symbol: [] for symbol in dict.fromkeys(symbols)}
        adders = {symbol: found.append for symbol, found in places.items()}
        for place, symbol in enumerate(symbols):
            adders[symbol](place)
        for symbol, found in places.items():
            series = self.series(symbol)
            series.days.extend(map(days.__getitem__, found))
            series.lines.extend(map(number.__add__, found))
            for column, texts in series.columns.items():
                texts.extend(map(columns[column].__getitem__, found))
        return True


class _Wide:
    """Rows of a date and one price a symbol."""

    def __init__(self, owner: PriceRows, file: str, names: Sequence[str], day: int) -> None:
        self.owner = owner
        self.file = file
        self.width = len(names)
        self.day = day
        self.days: list[str] = []
        self.rows: list[Sequence[str]] = []
        self.lines: list[int] = []
        for place, symbol in enumerate(names):
            if place != day:
                series = Series(
                    file, place, is_wide=True, days=self.days, rows=self.rows, lines=self.lines
                )
                owner.series.setdefault(symbol, []).append(series)

    def take(self, fields: Sequence[str], line: int) -> None:
        day = fields[self.day]
        if day in self.owner.days or self.owner.is_day(day, self.file, line):
            self.days.append(day)
            self.rows.append(fields)
            self.lines.append(line)

    def take_all(self, lines: Sequence[str], number: int) -> bool:
        rows = [line.split(",") for line in lines]
        if not all(map(self.width.__eq__, map(len, rows))):
            return False
        days = [row[self.day] for row in rows]
        if not self.owner.are_days(days):
            return False
        self.days.extend(days)
        self.rows.extend(rows)
        self.lines.extend(range(number, number + len(rows)))
        return True


class PriceRows:
    """The rows of price files by symbol, with what is wrong with them in `problems`.

    Args:
        opens: Read opens as well: only what trades at them has a use for them.
    """

    def __init__(self, *, opens: bool = False) -> None:
        self.opens = opens
        self.series: dict[str, list[Series]] = {}
        self.problems: list[Problem] = []
        self.days: set[str] = set()

    def problem(self, file: str, line: int | None, key: str, wrong: str, remedy: str) -> None:
        """Note that something is wrong, unless so much is that it would help nobody."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(file, line, key, wrong, remedy))

    def file(self, path: Path, name: str) -> None:
        """One file of either kind."""
        try:
            with path.open("rb") as stream:
                is_parquet = stream.read(4) == b"PAR1"
                stream.seek(0)
                if is_parquet:
                    self.parquet(path, name)
                else:
                    self.csv(blocks(stream, longest=BLOCK, digest=[]), name)
        except UnreadableLines as error:
            self.problem(name, error.line, "", error.wrong, error.remedy)
        except OSError as error:
            self.problems.append(unreadable(name, error))

    def csv(self, source: Iterator[list[str]], file: str) -> None:
        """A CSV file, long or wide."""
        number = 0
        shape: _Shape | None = None
        widths = Widths()
        for lines in source:
            if shape is None:
                # The header, alone, decides what takes the rest of the block.
                skipped = 0
                while skipped < len(lines) and (not lines[skipped] or lines[skipped][0] == "#"):
                    skipped += 1
                number += skipped
                if skipped == len(lines):
                    continue
                number += 1
                shape = self.shape(self.fields(lines[skipped], file, number), file, number)
                if shape is None:
                    return
                lines = lines[skipped + 1 :]
            self.block(lines, number, shape, file, widths)
            number += len(lines)
        if shape is None:
            remedy = "begin with date,symbol,close"
            self.problem(file, 1, "", "it is empty, without even a header", remedy)
        else:
            for line, key, wrong, remedy in widths.problems(shape.width):
                self.problem(file, line, key, wrong, remedy)

    def block(
        self, lines: list[str], number: int, shape: _Shape, file: str, widths: Widths
    ) -> None:
        """The lines after a number of others: at once if all are plain, else one by one."""
        if '"' not in "".join(lines) and shape.take_all(lines, number + 1):
            widths.has_good = True
            return
        for line in lines:
            number += 1
            if not line or line[0] == "#":
                continue
            fields = self.fields(line, file, number)
            if fields is None:
                continue
            if len(fields) == shape.width:
                widths.has_good = True
                shape.take(fields, number)
            elif any(fields):
                widths.note(number, len(fields), ONE_A_COLUMN)

    def fields(self, line: str, file: str, number: int) -> list[str] | None:
        """The fields of a line; None, with the problem noted, if its quotes do not match."""
        try:
            return fields_of(line)
        except ValueError as error:
            self.problem(file, number, "", str(error), "double a quote that is meant")
            return None

    def shape(self, header: Sequence[str] | None, file: str, line: int) -> _Shape | None:
        """What takes the rows under a header; None, with problems noted, if it cannot be read."""
        if header is None:
            return None
        names = [name.strip().lower() for name in header]
        if names[0] == "":
            names[0] = "date"
        if "date" not in names:
            wrong = "it has no header" if is_day_like(names[0]) else "no column is called date"
            remedy = "begin with date,symbol,close, or date and one column a symbol"
            mark = next((mark for mark in ";\t" if mark in names[0]), None)
            if len(names) == 1 and mark is not None:
                wrong = f"{mark!r} separates its fields"
                remedy = "separate fields by commas, and write decimals with a point"
            self.problem(file, line, "", wrong, remedy)
            return None
        meant = {MEANT.get(name) for name in names}
        has_close = "close" in meant or any("close" in name for name in names)
        if "symbol" in names or "close" in names or ("symbol" in meant and has_close):
            return self.long(names, file, line)
        return self.wide([name.strip() for name in header], names.index("date"), file, line)

    def long(self, names: list[str], file: str, line: int) -> _Shape | None:
        """The shape of a long file, if its header is in order."""
        before = len(self.problems)
        for name in LONG_COLUMNS:
            if names.count(name) > 1:
                self.problem(file, line, name, "the column stands twice", "keep one of them")
        for name in dict.fromkeys(names[:MOST_PROBLEMS]):
            if name not in LONG_COLUMNS and _is_near(name, LONG_COLUMNS):
                wrong = f"there is no column {shown(name)}"
                self.problem(file, line, "", wrong, near(name, LONG_COLUMNS))
        for needed in ("symbol", "close"):
            if needed not in names:
                wrong = f"the column {needed} is missing"
                self.problem(file, line, "", wrong, missing_column(needed, names))
        return None if len(self.problems) > before else _Long(self, file, names)

    def wide(self, names: list[str], day: int, file: str, line: int) -> _Shape | None:
        """The shape of a wide file, if its header is in order."""
        before = len(self.problems)
        seen: set[str] = set()
        for place, symbol in enumerate(names):
            if place != day and self.is_symbol(symbol, file, line) and symbol in seen:
                self.problem(file, line, symbol, "the column stands twice", "keep one of them")
            seen.add(symbol)
        return None if len(self.problems) > before else _Wide(self, file, names, day)

    def is_symbol(self, symbol: str, file: str, line: int) -> bool:
        """Whether a text is a symbol; if not, that is noted."""
        if SYMBOL.fullmatch(symbol):
            return True
        wrong = f"{shown(symbol)} is not a symbol"
        remedy = f"a symbol is {SYMBOL_RULE}"
        if SYMBOL.fullmatch(symbol.strip()):
            remedy = f"write {symbol.strip()}, without the space"
        self.problem(file, line, "symbol", wrong, remedy)
        return False

    def is_day(self, day: str, file: str, line: int) -> bool:
        """Whether a text is a date; if not, that is noted."""
        if day_from(day) is not None:
            self.days.add(day)
            return True
        wrong = "the date is missing" if not day else f"{shown(day)} is not a date"
        self.problem(file, line, "date", wrong, day_remedy(day))
        return False

    def are_days(self, days: Sequence[str]) -> bool:
        """Whether all texts are dates; nothing is noted if not."""
        new = set(days) - self.days
        if not are_days(new):
            return False
        self.days |= new
        return True

    def check_days(self) -> None:
        """Refuse a second row of a symbol on one day."""
        checked: set[int] = set()
        for symbol, parts in self.series.items():
            for series in parts:
                days = series.days
                if id(days) in checked or len(set(days)) == len(days):
                    continue
                checked.add(id(days))
                self.note_twice(series, "date" if series.is_wide else symbol)
            if len(parts) > 1:
                self.note_shared(symbol, parts)

    def note_twice(self, series: Series, what: str) -> None:
        """Note the second of two rows of one day in one file."""
        first: dict[str, int] = {}
        for day, line in zip(series.days, series.lines, strict=True):
            if first.setdefault(day, line) != line:
                wrong = f"{day} has a row already, in line {first[day]}"
                self.problem(series.file, line, what, wrong, "keep one of the two")

    def note_shared(self, symbol: str, parts: list[Series]) -> None:
        """Note rows of one day of one symbol in two files."""
        first: dict[str, Series] = {}
        for series in parts:
            texts = series.texts(series.close)
            for day, text, line in zip(series.days, texts, series.lines, strict=True):
                if series.is_wide and not text:
                    continue
                other = first.setdefault(day, series)
                if other is not series:
                    wrong = f"{day} has a row in {other.file} already"
                    self.problem(series.file, line, symbol, wrong, "keep one of the two")

    def parquet(self, path: Path, file: str) -> None:
        """A Parquet file, long or wide; numbers come as the shortest decimals that they are."""
        import duckdb

        try:
            relation = duckdb.connect().read_parquet(str(path))
            names, types = list(relation.columns), [str(kind) for kind in relation.types]
            if not self.are_readable(dict(zip(names, types, strict=True)), file):
                return
            picked = [
                _day_text(_quoted(name), kind)
                if name.strip().lower() in _DAY_NAMES
                else f"CAST({_quoted(name)} AS VARCHAR)"
                for name, kind in zip(names, types, strict=True)
            ]
            rows = relation.project(", ".join(picked)).fetchall()
        except duckdb.Error:
            remedy = "write it again as Parquet or CSV, with a column date"
            self.problem(file, None, "", "it is not a readable Parquet file", remedy)
            return
        names = ["date" if name == "__index_level_0__" else name for name in names]
        shape = self.shape(names, file, 1)
        if shape is None:
            return
        floats = [place for place, kind in enumerate(types) if kind in ("DOUBLE", "FLOAT")]
        for number, row in enumerate(rows, 1):
            fields = ["" if value is None else value for value in row]
            for place in floats:
                if "e" in fields[place]:
                    fields[place] = _without_exponent(fields[place])
            shape.take(fields, number)

    def are_readable(self, types: Mapping[str, str], file: str) -> bool:
        """Whether the columns of a Parquet file hold days, names and numbers; if not, noted."""
        before = len(self.problems)
        lower = {name.strip().lower() for name in types}
        is_long = bool({"symbol", "close"} & lower)
        for name, kind in types.items():
            column = name.strip().lower()
            if column in _DAY_NAMES:
                wrong = "moments with a time zone" if "TIME ZONE" in kind else shown(kind)
                good, remedy = kind.startswith(_DAYS) and "ZONE" not in kind, "write plain days"
            else:
                wrong = shown(kind)
                good = kind.startswith(_PLAIN) and not kind.endswith("]")
                remedy = "write numbers, or decimals as text"
            if not good and (column in (*_DAY_NAMES, *LONG_COLUMNS) or not is_long):
                what = f"the column {shown(name)} holds {wrong}"
                self.problem(file, None, shown(name)[1:-1], what, remedy)
        return len(self.problems) == before


_DAY_NAMES = ("date", "__index_level_0__")
_DAYS = ("DATE", "TIMESTAMP", "VARCHAR")
_PLAIN = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "ENUM", "BLOB", '"NULL"',
)  # fmt: skip
"""Types of Parquet columns, as DuckDB calls them: of days, and of what can be a price or a name."""


def _day_text(column: str, kind: str) -> str:
    """The day of a column as text; what is text and no day stays as it is, to be shown."""
    if kind.startswith("VARCHAR"):
        return f"COALESCE(CAST(TRY_CAST({column} AS DATE) AS VARCHAR), {column})"
    return f"CAST(CAST({column} AS DATE) AS VARCHAR)"


def _is_near(name: str, known: Sequence[str]) -> bool:
    from difflib import get_close_matches

    return bool(get_close_matches(name, known, 1, 0.85))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _without_exponent(text: str) -> str:
    try:
        return format(Decimal(text), "f")
    except InvalidOperation:
        return text
