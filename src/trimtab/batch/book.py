"""Reading a book of accounts from Parquet, a chunk of whole accounts at a time.

DuckDB reads; what comes out are columns of integers. A chunk holds whole accounts: what is cut off
at its end is read again with the next one. So memory depends on the size of a chunk (and of the
largest account), never on that of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trimtab.model.errors import InputError, Problem
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import duckdb

Ints = NDArray[np.int64]

NEEDED = ("account", "symbol", "quantity")
FACTS = ("kind", "tax", "cash_floor")

MOST_SYMBOLS = 50_000
ROWS_AN_ACCOUNT = 8
"""A chunk has no more accounts than one for so many rows asked for: accounts take memory too."""
NO_NUMBER = -(1 << 63)
"""How a column says that a number is missing, or is none."""
BAD_DAY = -2
"""As in the book's columns, 0 is an unknown day and -1 an inherited lot; this is no date at all."""
TEXT_SCALE = 8
"""Decimal places of numbers that are written as text."""
MOST_PLACES = 9
"""Decimal places that a decimal of 18 digits may have."""

_EPOCH = 719_163  # ordinal of 1970-01-01
_PLAIN = r"[+-]?[0-9]{1,10}(\.[0-9]{1,8})?"
_WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_DECIMAL = re.compile(r"DECIMAL\(([0-9]+),([0-9]+)\)")


def _mantissa(value: str, scale: int) -> str:
    """The integer behind a decimal of 18 digits in SQL: whole part and decimals each by itself.

    Multiplied at once they would need more than 18 digits, which is many times slower.
    """
    if scale == 0:
        return f"{value}::BIGINT"
    factor = 10**scale
    return f"(trunc({value})::BIGINT * {factor} + (({value} - trunc({value})) * {factor})::BIGINT)"


@dataclass(frozen=True, slots=True)
class Groups:
    """The accounts of a chunk, in the order of their first rows.

    Args:
        names: As the file has them; None for rows without an account.
        first, last: First and last row of each, counted within the chunk.
        count: Rows of each.
        facts: The columns `kind`, `tax`, `cash_floor` where the file has them: the value of each
            account, and whether its rows agree.
    """

    names: list[Any]
    first: Ints
    last: Ints
    count: Ints
    facts: dict[str, tuple[list[Any], NDArray[np.bool_]]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of whole accounts as columns.

    Args:
        start: Number of its first row in the file.
        groups: Its accounts.
        symbol: Place of each row's symbol in `BookFile.symbols`; beyond them: none.
        quantity, basis: Mantissas at the scales of the file; NO_NUMBER where there is none.
        day: Ordinal of the day of purchase, or 0, -1, BAD_DAY.
    """

    start: int
    groups: Groups
    symbol: Ints
    quantity: Ints
    basis: Ints
    day: Ints


def why_no_table(path: Path, error: Exception) -> str:
    """Why a file could not be read as Parquet, in words of whoever named it."""
    if path.is_dir():
        return "it is a folder"
    if not path.exists():
        return "there is no such file"
    return str(error).splitlines()[0]


class BookFile:
    """A book in Parquet: one row a lot, the rows of an account together, accounts ascending.

    Args:
        connection: DuckDB to read with.
        path: The file.

    Raises:
        InputError: It cannot be read, or its columns are not those of a book.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        import duckdb

        self.connection = connection
        self.path = path
        self.name = path.name
        try:
            types = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
            self.types = {str(row[0]): str(row[1]) for row in types.fetchall()}
            counted = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)])
        except duckdb.Error as error:
            remedy = "name a Parquet file with the columns account, symbol, quantity"
            wrong = why_no_table(path, error)
            raise InputError([Problem(self.name, None, "", wrong, remedy)]) from None
        ((self.rows,),) = counted.fetchall()
        problems = self._column_problems()
        if problems:
            raise InputError(problems)
        self.quantity_scale, self._quantity = self._number("quantity")
        self.basis_scale, self._basis = 0, "NULL::BIGINT"
        if "cost_basis" in self.types:
            self.basis_scale, self._basis = self._number("cost_basis")
        self.symbols = self._read_symbols()

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """The book in chunks of about so many rows; more only where one account has more."""
        start = 0
        size = rows
        while start < self.rows:
            end = min(start + size, self.rows)
            groups = self._groups(start, end)
            cut = end - start
            if size > rows and len(groups.names) > 1:
                # Enlarged for the sake of one account: no more than that one.
                cut = int(groups.first[1])
            elif end < self.rows:
                # The account of the last row may go on: its run waits for the next chunk.
                cut = int(groups.last[groups.last != end - start - 1].max(initial=-1)) + 1
                if cut == 0:
                    size *= 2
                    continue
            most = max(rows // ROWS_AN_ACCOUNT, 1)
            if len(groups.names) > most:
                cut = min(cut, int(groups.first[most]))
            groups = _before(groups, cut)
            end = start + cut
            yield self._chunk(start, end, groups)
            start = end
            size = rows

    def _groups(self, start: int, end: int) -> Groups:
        facts = [fact for fact in FACTS if fact in self.types]
        wanted = "".join(
            f", min({fact})::VARCHAR, min({fact}) IS NOT DISTINCT FROM max({fact}) "
            f"AND count({fact}) IN (0, count(*))"
            for fact in facts
        )
        found = self.connection.execute(
            "SELECT account, min(file_row_number) AS first, max(file_row_number), count(*)"
            f"{wanted} FROM read_parquet(?, file_row_number=true) WHERE file_row_number >= ? "
            "AND file_row_number < ? GROUP BY account ORDER BY first",
            [str(self.path), start, end],
        ).fetchall()
        columns = list(zip(*found, strict=True))
        return Groups(
            names=list(columns[0]),
            first=np.array(columns[1], dtype=np.int64) - start,
            last=np.array(columns[2], dtype=np.int64) - start,
            count=np.array(columns[3], dtype=np.int64),
            facts={
                fact: (list(columns[4 + 2 * i]), np.array(columns[5 + 2 * i], dtype=np.bool_))
                for i, fact in enumerate(facts)
            },
        )

    def _chunk(self, start: int, end: int, groups: Groups) -> Chunk:
        found = self.connection.execute(
            f"SELECT enum_code(TRY_CAST(symbol AS book_symbol)) AS symbol, {self._quantity} AS "
            f"quantity, {self._basis} AS basis, {self._day()} AS day "
            "FROM read_parquet(?, file_row_number=true) WHERE file_row_number >= ? "
            "AND file_row_number < ?",
            [str(self.path), start, end],
        ).fetchnumpy()
        day = _filled(found["day"], 0)
        return Chunk(
            start,
            groups,
            symbol=_filled(found["symbol"], len(self.symbols)),
            quantity=_filled(found["quantity"], NO_NUMBER),
            basis=_filled(found["basis"], NO_NUMBER),
            day=day,
        )

    def _column_problems(self) -> list[Problem]:
        problems = [
            Problem(self.name, None, column, "there is no such column", "add it")
            for column in NEEDED
            if column not in self.types
        ]
        for column in ("quantity", "cost_basis", "cash_floor"):
            kind = self.types.get(column, "INTEGER")
            if kind in ("DOUBLE", "FLOAT"):
                wrong = "it is a floating-point column, which holds no exact numbers"
                remedy = f"write it as DECIMAL, as CAST({column} AS DECIMAL(18, 4))"
                problems.append(Problem(self.name, None, column, wrong, remedy))
            elif not (kind in _WHOLE_TYPES or kind == "VARCHAR" or _DECIMAL.fullmatch(kind)):
                remedy = "write it as DECIMAL"
                problems.append(Problem(self.name, None, column, f"its type is {kind}", remedy))
        kind = self.types.get("acquired", "DATE")
        if kind not in ("DATE", "VARCHAR") and not kind.startswith("TIMESTAMP"):
            problems.append(
                Problem(self.name, None, "acquired", f"its type is {kind}", "write it as DATE")
            )
        kind = self.types.get("account", "VARCHAR")
        if kind not in (*_WHOLE_TYPES, "VARCHAR"):
            remedy = "write it as text or as an integer"
            problems.append(Problem(self.name, None, "account", f"its type is {kind}", remedy))
        if self.types.get("symbol", "VARCHAR") != "VARCHAR":
            wrong = f"its type is {self.types['symbol']}"
            problems.append(Problem(self.name, None, "symbol", wrong, "write it as text"))
        return problems

    def _number(self, column: str) -> tuple[int, str]:
        """The scale of a column of numbers, and its mantissa in SQL."""
        kind = self.types[column]
        if kind == "VARCHAR":
            plain = f"regexp_full_match(trim({column}), '{_PLAIN}')"
            value = f"TRY_CAST(trim({column}) AS DECIMAL(18, {TEXT_SCALE}))"
            # A number that is written wrong is not the same as one that is not there.
            return TEXT_SCALE, (
                f"CASE WHEN {column} IS NULL OR trim({column}) = '' THEN NULL WHEN {plain} THEN "
                f"{_mantissa(value, TEXT_SCALE)} ELSE {NO_NUMBER + 1} END"
            )
        match = _DECIMAL.fullmatch(kind)
        if match is None:
            return 0, f"{column}::BIGINT"
        width, scale = int(match[1]), int(match[2])
        if width <= 18 and scale <= MOST_PLACES:
            return scale, _mantissa(column, scale)
        scale = min(scale, TEXT_SCALE)
        narrow = f"TRY_CAST({column} AS DECIMAL(18, {scale}))"
        return scale, (
            f"CASE WHEN {column} IS NULL THEN NULL WHEN {narrow} = {column} THEN "
            f"{_mantissa(narrow, scale)} ELSE {NO_NUMBER + 1} END"
        )

    def _day(self) -> str:
        """The ordinal of the day of purchase in SQL."""
        kind = self.types.get("acquired")
        if kind is None:
            return "NULL::BIGINT"
        if kind != "VARCHAR":
            return f"(acquired::DATE - DATE '1970-01-01') + {_EPOCH}"
        iso = "regexp_full_match(acquired, '[0-9]{4}-[0-9]{2}-[0-9]{2}')"
        return (
            "CASE WHEN acquired IS NULL OR acquired = '' THEN NULL WHEN acquired = 'inherited' "
            f"THEN -1 WHEN {iso} AND TRY_CAST(acquired AS DATE) IS NOT NULL THEN "
            f"(TRY_CAST(acquired AS DATE) - DATE '1970-01-01') + {_EPOCH} ELSE {BAD_DAY} END"
        )

    def _read_symbols(self) -> tuple[str, ...]:
        """Every symbol of the book; they become a type, so that rows are read as codes."""
        found = self.connection.execute(
            "SELECT DISTINCT symbol FROM read_parquet(?) WHERE symbol IS NOT NULL "
            f"ORDER BY symbol LIMIT {MOST_SYMBOLS + 1}",
            [str(self.path)],
        ).fetchall()
        symbols = tuple(str(row[0]) for row in found)
        if len(symbols) > MOST_SYMBOLS:
            wrong = f"there are more than {MOST_SYMBOLS} symbols"
            raise InputError([Problem(self.name, None, "symbol", wrong, "split the book")])
        words = ", ".join("'" + symbol.replace("'", "''") + "'" for symbol in symbols) or "''"
        self.connection.execute(f"CREATE TYPE book_symbol AS ENUM ({words})")
        return symbols


def _before(groups: Groups, cut: int) -> Groups:
    """The groups in the rows before `cut`; those with rows on both sides are not in one piece."""
    kept = groups.first < cut
    count, last = groups.count.copy(), groups.last.copy()
    count[last >= cut] = -1
    last = np.minimum(last, cut - 1)
    size = int(kept.sum())
    return Groups(
        groups.names[:size],
        groups.first[kept],
        last[kept],
        count[kept],
        {fact: (values[:size], same[kept]) for fact, (values, same) in groups.facts.items()},
    )


def _filled(column: Any, missing: int) -> Ints:
    """A column that may have gaps as int64, the gaps filled."""
    whole = np.ma.getdata(column).astype(np.int64)
    mask = np.ma.getmask(column)
    if mask is not np.ma.nomask:
        whole[mask] = missing
    return whole
