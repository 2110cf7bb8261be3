"""A table of numbers from outside: a covariance, symbol by symbol, or returns of factors by day.

    symbol,SPY,AGG              date,market,size
    SPY,0.0324,-0.0012    or    2024-03-01,0.0081,-0.0012
    AGG,-0.0012,0.0036          2024-03-04,-0.0012,0.0020

CSV or Parquet; the first column names the rows.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.adapters.csv_lines import (
    MOST_PROBLEMS,
    UnreadableLines,
    day_from,
    day_remedy,
    fields_counted,
    fields_of,
    other_than_a_file,
    said_lines,
    unreadable,
)
from trimtab.adapters.toml_table import shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LONGEST = 1_000_000
INDEX = "__index_level_0__"
"""What pandas calls a nameless index in Parquet."""

SYMMETRIC = 1e-8
"""Parts of the largest number by which two sides of a covariance may differ."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Numbers by row and column.

    Args:
        file: What to call it in messages.
        rows, columns: Their names.
        lines: Of the rows in the file; None where it has no lines.
        values: Shape (rows, columns).
    """

    file: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[int | None, ...]
    values: Floats


def read_covariance(path: str | Path, known: Sequence[str]) -> Floats:
    """A year's covariance of these instruments, in their order; a file may name more.

    Args:
        path: A file whose first column is `symbol`, with a column for each symbol.
        known: The instruments.

    Raises:
        InputError: It lacks one, is not symmetric, or gives weights a variance below zero.
    """
    import numpy as np

    found = _read(Path(path))
    problems = _twice(found)
    for side, names in (("row", found.rows), ("column", found.columns)):
        lacking = [symbol for symbol in known if symbol not in names]
        if lacking:
            wrong = f"it has no {side} for {', '.join(lacking[:5])}"
            remedy = f"a row and a column for each of the {len(known)} instruments, a year's"
            problems.append(Problem(found.file, None, "symbol", wrong, remedy))
    if problems:
        raise InputError(problems)
    down = [found.rows.index(symbol) for symbol in known]
    across = [found.columns.index(symbol) for symbol in known]
    matrix: Floats = found.values[np.ix_(down, across)]
    apart = np.abs(matrix - matrix.T)
    if apart.max() > SYMMETRIC * np.abs(matrix).max():
        i, j = divmod(int(apart.argmax()), len(known))
        wrong = (
            f"{known[i]} with {known[j]} is {matrix[i, j]:g}, and {known[j]} with {known[i]} "
            f"{matrix[j, i]:g}"
        )
        line = found.lines[down[i]]
        raise InputError([Problem(found.file, line, known[j], wrong, "write the same twice")])
    least = float(np.linalg.eigvalsh((matrix + matrix.T) / 2.0).min())
    if least < -SYMMETRIC * np.abs(matrix).max() or not matrix.diagonal().min() > 0.0:
        worst = int(matrix.diagonal().argmin())
        wrong = f"some weights would have a variance below zero (smallest eigenvalue {least:.3g})"
        if not matrix[worst, worst] > 0.0:
            wrong = f"the variance of {known[worst]} is {matrix[worst, worst]:g}"
        remedy = "give a covariance as it is estimated, not correlations put together by hand"
        raise InputError([Problem(found.file, None, "", wrong, remedy)])
    return (matrix + matrix.T) / 2.0


def read_factors(path: str | Path) -> tuple[NDArray[np.datetime64], tuple[str, ...], Floats]:
    """Returns of factors by day: the days, in order, the factors' names, and shape (days, k).

    Raises:
        InputError: Everything that is wrong with the file, each with its line.
    """
    import numpy as np

    found = _read(Path(path))
    problems = _twice(found)
    days = []
    for row, line in zip(found.rows, found.lines, strict=True):
        day = day_from(row[:10])
        if day is None:
            wrong = f"{shown(row)} is no day"
            problems.append(Problem(found.file, line, "date", wrong, day_remedy(row)))
        days.append(day)
    large = np.argwhere(np.abs(found.values) >= 1.0)
    if len(large):
        i, j = large[0].tolist()
        wrong = f"{found.values[i, j]:g} is no return of a day as a fraction"
        remedy = "write 0.01 for 1%: divide percent by 100"
        problems.append(Problem(found.file, found.lines[i], found.columns[j], wrong, remedy))
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    dates = np.array(days, dtype="datetime64[D]")
    order = np.argsort(dates, kind="stable")
    return dates[order], found.columns, found.values[order]


def _twice(found: Matrix) -> list[Problem]:
    """Rows and columns of one name."""
    problems: list[Problem] = []
    for place, row in enumerate(found.rows):
        first = found.rows.index(row)
        if first != place and len(problems) < MOST_PROBLEMS:
            wrong = f"{row} stands in line {found.lines[first]} as well"
            problems.append(Problem(found.file, found.lines[place], row, wrong, "keep one row"))
    for name in dict.fromkeys(found.columns):
        if found.columns.count(name) > 1:
            wrong = f"the column {name} stands twice"
            problems.append(Problem(found.file, 1, name, wrong, "keep one of them"))
    return problems


def _read(path: Path) -> Matrix:
    """The numbers of a file."""
    if not path.exists() or other_than_a_file(path):
        wrong = other_than_a_file(path) or "there is no such file"
        raise InputError([Problem(path.name, None, "", wrong, "check the path")])
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == b"PAR1"
    return _parquet(path) if is_parquet else _csv(path)


def _csv(path: Path) -> Matrix:
    import numpy as np

    file, problems = path.name, list[Problem]()
    columns: list[str] = []
    rows: list[tuple[str, int, list[float]]] = []
    try:
        for line, text in said_lines(path, longest=LONGEST):
            fields = [one.strip() for one in fields_of(text)]
            if not columns:
                columns = fields
                continue
            if len(fields) != len(columns):
                wrong = f"{fields_counted(len(fields))} where the header has {len(columns)}"
                problems.append(Problem(file, line, "", wrong, "one number a column"))
                continue
            values = []
            for name, one in zip(columns[1:], fields[1:], strict=True):
                value = _number(one)
                if value is None:
                    wrong = f"{shown(one)} is no number" if one else "it is empty"
                    problems.append(Problem(file, line, name, wrong, "write a number, as 0.0324"))
                values.append(value or 0.0)
            rows.append((fields[0], line, values))
    except UnreadableLines as error:
        problems.append(Problem(file, error.line, "", error.wrong, error.remedy))
    except ValueError as error:
        problems.append(Problem(file, None, "", str(error), "double a quote that is meant"))
    except OSError as error:
        problems.append(unreadable(file, error))
    if not problems and (len(columns) < 2 or not rows):
        remedy = "a column that names the rows, then columns of numbers; a header above"
        problems.append(Problem(file, 1, "", "it has no table of numbers", remedy))
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    return Matrix(
        file,
        tuple(row for row, _, _ in rows),
        tuple(columns[1:]),
        tuple(line for _, line, _ in rows),
        np.array([values for *_, values in rows], dtype=np.float64),
    )


def _parquet(path: Path) -> Matrix:
    import duckdb
    import numpy as np

    try:
        with duckdb.connect() as base:
            read = base.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [one[0] for one in read.description or ()]
            rows = read.fetchall()
    except duckdb.Error as error:
        wrong = str(error).splitlines()[0]
        raise InputError([Problem(path.name, None, "", wrong, "write it again")]) from None
    key = names.index(INDEX) if INDEX in names else 0
    others = [place for place in range(len(names)) if place != key]
    values = [[_number(row[place]) for place in others] for row in rows]
    problems = [
        Problem(path.name, None, names[place], f"no number in the row of {row[key]}", "fill it in")
        for row, found in zip(rows, values, strict=True)
        for place, value in zip(others, found, strict=True)
        if value is None
    ]
    if not problems and (not others or not rows):
        remedy = "a column that names the rows, then columns of numbers"
        problems.append(Problem(path.name, None, "", "it has no table of numbers", remedy))
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    return Matrix(
        path.name,
        tuple(str(row[key]) for row in rows),
        tuple(names[place] for place in others),
        (None,) * len(rows),
        np.array(values, dtype=np.float64),
    )


def _number(value: Any) -> float | None:
    """A finite number, or None."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) else None
