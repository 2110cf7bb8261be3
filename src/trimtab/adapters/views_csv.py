"""Views on returns and returns that are given, as CSV files in percent a year.

    symbol,over,percent,confidence          symbol,percent
    VTI,,7,60                               VTI,7
    VEA+VWO,VTI,2,                          BND,4

The first row says that VTI will return 7%, with a confidence of 60%; the second that VEA and VWO
together will return 2% more than VTI. A confidence that is left empty is the market's own;
`doubt_percent`, the standard deviation of the view's error, may stand in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.csv_lines import Sheet, number_remedy, read_sheet
from trimtab.adapters.toml_table import near
from trimtab.model.errors import InputError, Problem
from trimtab.model.numbers import NumberError, estimate_from
from trimtab.targets.objectives.foreseen import View

MOST_PERCENT = 1000
"""Beyond this a year's return is a slip."""


def read_views(path: str | Path, symbols: Sequence[str]) -> tuple[View, ...]:
    """Views, checked against the instruments that there are.

    Raises:
        InputError: Everything that is wrong with the file, each with its line.
    """
    where = Path(path)
    numbers = ("percent", "confidence", "doubt_percent")
    sheet = read_sheet(
        where,
        where.name,
        required=("symbol", "percent"),
        optional=("over", "confidence", "doubt_percent"),
        numbers=numbers,
    )
    reading = _Reading(sheet, symbols)
    views = [view for line, fields in sheet.rows if (view := reading.view(line, fields))]
    if not reading.problems and not views:
        remedy = "write rows such as VTI,,7,60 under symbol,over,percent,confidence"
        reading.problems.append(Problem(where.name, None, "", "it has no views", remedy))
    if reading.problems:
        raise InputError(reading.problems)
    return tuple(views)


def read_expected(path: str | Path, symbols: Sequence[str]) -> dict[str, float]:
    """A return for each instrument, as fractions; symbols without prices are let through.

    Raises:
        InputError: Everything that is wrong with the file, each with its line.
    """
    where = Path(path)
    sheet = read_sheet(where, where.name, required=("symbol", "percent"), numbers=("percent",))
    reading = _Reading(sheet, symbols)
    found: dict[str, float] = {}
    for line, fields in sheet.rows:
        symbol = reading.field(fields, "symbol")
        percent = reading.number(line, fields, "percent", -100, MOST_PERCENT)
        if not symbol or symbol in found:
            wrong = f"{symbol} stands in an earlier row already" if symbol else "it is empty"
            reading.problem(line, "symbol", wrong, "one row a symbol")
        elif percent is None:
            reading.need(line, "percent")
        else:
            found[symbol] = float(percent / 100)
    lacking = [symbol for symbol in symbols if symbol not in found]
    if lacking and not reading.problems:
        some = ", ".join(lacking[:8]) + (", ..." if len(lacking) > 8 else "")
        wrong, remedy = f"there is no return for {some}", "add a row for each"
        reading.problems.append(Problem(where.name, None, "", wrong, remedy))
    if reading.problems:
        raise InputError(reading.problems)
    return found


class _Reading:
    """A file as it is read, with what is wrong."""

    def __init__(self, sheet: Sheet, symbols: Sequence[str]) -> None:
        self.sheet = sheet
        self.symbols = symbols
        self.problems = list(sheet.problems)

    def problem(self, line: int, key: str, wrong: str, remedy: str) -> None:
        """Note that a field is wrong."""
        self.problems.append(Problem(self.sheet.file, line, key, wrong, remedy))

    def need(self, line: int, key: str) -> None:
        """Note that a field is empty, unless it was noted for another reason."""
        if not any(one.line == line and one.key == key for one in self.problems):
            self.problem(line, key, "it is empty", "write percent a year, as 7")

    def field(self, fields: list[str], key: str) -> str:
        """The text of a field; empty where there is no such column."""
        place = self.sheet.columns.get(key)
        return "" if place is None else fields[place].strip()

    def number(
        self, line: int, fields: list[str], key: str, least: int, most: int
    ) -> Decimal | None:
        """A field as a number; None where it is empty or wrong."""
        text = self.field(fields, key)
        if not text:
            return None
        try:
            value = estimate_from(text)
        except NumberError as error:
            self.problem(line, key, str(error), number_remedy(text))
            return None
        if not least <= value <= most:
            self.problem(line, key, f"{text} is out of range", f"from {least} to {most}")
            return None
        return value

    def view(self, line: int, fields: list[str]) -> View | None:
        """The view of a row; None with its problems noted."""
        before = len(self.problems)
        percent = self.number(line, fields, "percent", -MOST_PERCENT, MOST_PERCENT)
        sure = self.number(line, fields, "confidence", 0, 100)
        doubt = self.number(line, fields, "doubt_percent", 0, MOST_PERCENT)
        better, worse = (self._side(line, fields, key) for key in ("symbol", "over"))
        if not better and len(self.problems) == before:
            self.problem(line, "symbol", "it is empty", "write the symbol that the view is of")
        twice = [name for k, name in enumerate((*better, *worse)) if name in (*better, *worse)[:k]]
        if twice:
            wrong = f"{twice[0]} stands twice in this view"
            self.problem(line, "over", wrong, "compare it with another, or leave `over` empty")
        if sure is not None and doubt is not None:
            self.problem(line, "doubt_percent", "there is a confidence as well", "keep one of them")
        if sure == 0:
            self.problem(line, "confidence", "0 is no view", "remove the row, or be sure of some")
        if percent is None:
            self.need(line, "percent")
        if percent is None or len(self.problems) > before:
            return None
        return View(
            better,
            float(percent / 100),
            worse,
            None if sure is None else float(sure / 100),
            None if doubt is None else float(doubt / 100),
        )

    def _side(self, line: int, fields: list[str], key: str) -> tuple[str, ...]:
        """The symbols of one side, as `VEA+VWO`."""
        text = self.field(fields, key)
        names = tuple(one.strip() for one in text.split("+") if one.strip())
        for name in names:
            if name not in self.symbols:
                self.problem(line, key, f"{name} has no prices", near(name, self.symbols))
        return names
