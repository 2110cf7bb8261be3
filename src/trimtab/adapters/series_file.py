"""A series from outside as a CSV file: a date and a value a row, as those of an index or a yield.

    date,value                 DATE,OPEN,HIGH,LOW,CLOSE       (column = "CLOSE")
    2024-03-01,13.11     or    2024-03-01,13.51,13.62,13.08,13.11
    2024-03-04,13.49           2024-03-04,13.66,14.05,13.46,13.49

A row whose value is empty or a point has none. Rows may come in any order. What another column
says is not read.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.csv_lines import (
    MOST_PROBLEMS,
    UnreadableLines,
    day_from,
    day_remedy,
    fields_counted,
    fields_of,
    number_remedy,
    other_than_a_file,
    said_lines,
    unreadable,
)
from trimtab.adapters.toml_table import near, shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.numbers import NumberError, decimal_from
from trimtab.targets.moving.signals import KnownSeries

LONGEST = 4096
DATES = ("date", "observation_date")
VALUE = "value"
NO_VALUE = ("", ".")


def read_series(path: Path, file: str, column: str = VALUE) -> KnownSeries:
    """A series, checked.

    Args:
        path: The file.
        file: What to call it in messages.
        column: Which column has its values; case does not matter.

    Raises:
        InputError: Everything that is wrong with the file, each with its line.
    """
    reading = _Reading(file, column)
    if not path.exists() or other_than_a_file(path):
        wrong = other_than_a_file(path) or "there is no such file"
        remedy = "a path is relative to the file that names it"
        raise InputError([Problem(file, None, "", wrong, remedy)])
    try:
        for line, text in said_lines(path, longest=LONGEST):
            reading.row(line, text)
    except UnreadableLines as error:
        reading.wrong(error.line, "", error.wrong, error.remedy)
    except OSError as error:
        reading.problems.append(unreadable(file, error))
    return reading.done()


class _Reading:
    """The rows of a file so far, and what is wrong with them."""

    def __init__(self, file: str, column: str) -> None:
        self.file = file
        self.column = column
        self.problems: list[Problem] = []
        self.values: dict[date, tuple[int, Decimal | None]] = {}
        self.places: tuple[int, int] | None = None
        self.width = 0

    def wrong(self, line: int | None, key: str, wrong: str, remedy: str) -> None:
        """Note a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(self.file, line, key, wrong, remedy))

    def row(self, line: int, text: str) -> None:
        """The header, or a row below it."""
        try:
            fields = [one.strip() for one in fields_of(text)]
        except ValueError as error:
            return self.wrong(line, "", str(error), "double a quote that is meant")
        if not self.width:
            return self.header(line, text, fields)
        if self.places is None:
            return None
        if len(fields) != self.width:
            wrong = f"{fields_counted(len(fields))} where the header has {self.width}"
            return self.wrong(line, "", wrong, "one value a column, empty where there is none")
        written, value = (fields[place] for place in self.places)
        day = day_from(written)
        if day is None:
            return self.wrong(line, "date", f"{shown(written)} is no day", day_remedy(written))
        if day in self.values:
            wrong = f"{day} stands in line {self.values[day][0]} as well"
            return self.wrong(line, "date", wrong, "keep one of the two rows")
        self.values[day] = (line, None)
        if value in NO_VALUE:
            return None
        try:
            self.values[day] = (line, decimal_from(value))
        except NumberError:
            wrong = f"{shown(value)} is no plain number"
            return self.wrong(line, self.column, wrong, number_remedy(value))
        return None

    def header(self, line: int, text: str, fields: list[str]) -> None:
        """Which columns there are."""
        self.width = len(fields)
        names = [one.lower() for one in fields]
        mark = next((one for one in ";\t" if one in text and "," not in text), None)
        if mark is not None:
            called = "semicolons" if mark == ";" else "tabs"
            remedy = f"begin with date,{self.column}, with commas, and write numbers as 1234.56"
            return self.wrong(line, "", f"{called} separate its fields", remedy)
        date_name = next((one for one in DATES if one in names), None)
        if date_name is None:
            remedy = f"begin with date,{self.column}"
            return self.wrong(line, "", "it has no column date", remedy)
        wanted = self.column.lower()
        if wanted not in names:
            others = [one for one in fields if one.lower() not in DATES]
            remedy = f'name one in portfolio.toml, as column = "{others[-1]}"' if others else ""
            if wanted != VALUE:
                remedy = near(self.column, others)
            wrong = f"it has no column {shown(self.column)}"
            return self.wrong(line, "", wrong, remedy or f"begin with date,{self.column}")
        for name in (date_name, wanted):
            if names.count(name) > 1:
                self.wrong(line, "", f"the column {name} stands twice", "keep one of them")
        self.places = (names.index(date_name), names.index(wanted))
        return None

    def done(self) -> KnownSeries:
        """The series, unless anything is wrong."""
        known = sorted((day, one) for day, (_, one) in self.values.items() if one is not None)
        if not known and not self.problems:
            self.wrong(None, "", "it has no value", f"begin with date,{self.column}, a row a day")
        if self.problems:
            raise InputError(self.problems)
        return KnownSeries(tuple(day for day, _ in known), tuple(one for _, one in known))
