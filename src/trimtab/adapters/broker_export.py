"""A broker's position export, read through a column map that the user keeps in the folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.csv_lines import (
    BLOCK,
    UnreadableLines,
    blocks,
    fields_counted,
    unreadable,
)
from trimtab.adapters.import_map import (
    MAP_FILE,
    SEPARATORS,
    ColumnMap,
    Mark,
    Separator,
    fields_of,
    quoted,
)
from trimtab.adapters.toml_table import SYMBOL, near, shown
from trimtab.execution.reconcile import Statement
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import NumberError, decimal_from, minor_from

NO_ROWS = "export-without-rows"
"""The code of an export that says of nothing that it is held."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A statement that was read from an export, and what the reader should know of it."""

    statement: Statement
    findings: tuple[Finding, ...] = ()


def read_export(
    path: Path,
    column_map: ColumnMap,
    *,
    account: str,
    resolve: Callable[[str], str] = lambda symbol: symbol,
) -> Imported:
    """What an account holds by the export of its broker.

    Several rows of one instrument are added up. Nothing is left out that the map does not name:
    a row whose symbol cannot be one is an error until `cash`, `ignore` or `symbols` explains it.

    Args:
        path: The export.
        column_map: How to read it.
        account: Our account.
        resolve: The instrument that a symbol stands for.

    Raises:
        InputError: With every problem of every line.
    """
    reading = _Export(path, column_map, resolve)
    reading.run()
    reading.refuse_shorts()
    if reading.problems:
        raise InputError(reading.problems)
    cash = reading.cash
    findings = []
    if not reading.positions and cash is None:
        findings.append(
            Finding(
                NO_ROWS,
                path.name,
                "The export has a header and no rows: to book it empties the account. Export it "
                "again, unless nothing is held there any more.",
            )
        )
    for (instrument, _, _), lines in reading.rows.items():
        if len(lines) > 1:
            findings.append(
                Finding(
                    "export-rows-same",
                    path.name,
                    f"Lines {_ranges(lines)} are the same row of {instrument} and are added up: "
                    "if the export tells it twice, take one out.",
                )
            )
    if reading.notes:
        findings.append(
            Finding(
                "export-notes",
                path.name,
                f"{_have_fewer(reading.notes)} fewer fields than the header: taken for remarks of "
                "the broker. Look there if a position is missing.",
                "info",
            )
        )
    if cash is None:
        findings.append(
            Finding(
                "export-without-cash",
                path.name,
                "The export has no row of cash, so cash is not compared. If it has one, add what "
                f"its symbol column says to cash in {MAP_FILE}.",
            )
        )
    return Imported(Statement(account, reading.positions, cash), tuple(findings))


_NAMES: Mapping[Separator, str] = {",": "commas", ";": "semicolons", "\t": "tabs"}


class _Export:
    """One reading of one export."""

    def __init__(self, path: Path, column_map: ColumnMap, resolve: Callable[[str], str]) -> None:
        self.path = path
        self.map = column_map
        self.resolve = resolve
        self.problems: list[Problem] = []
        self.positions: dict[str, Decimal] = {}
        self.lines: dict[str, int] = {}
        self.rows: dict[tuple[str, Decimal, str], list[int]] = {}
        self.cash: int | None = None
        self.notes: list[int] = []
        self.others: dict[str, None] = {}
        self.is_named = False

    def problem(self, line: int | None, key: str, wrong: str, remedy: str) -> None:
        if len(self.problems) < 1000:
            self.problems.append(Problem(self.path.name, line, key, wrong, remedy))

    def run(self) -> None:
        """Read it all."""
        columns: dict[str, int] | None = None
        width = number = 0
        try:
            with self.path.open("rb") as stream:
                for lines in blocks(stream, longest=BLOCK, digest=[], others=True):
                    for line in lines:
                        number += 1
                        if number <= self.map.skip_rows or not line.strip(', ;\t"'):
                            continue
                        fields = fields_of(line, self.map.separator)
                        if fields is None:
                            wrong = "a quote is not closed, or stands inside a field"
                            self.problem(number, "", wrong, "correct the line")
                        elif columns is None:
                            columns, width = self.columns(fields, line, number), len(fields)
                            if columns is None:
                                return
                        elif len(fields) < width - 1 and len(fields) <= max(columns.values()):
                            self.notes.append(number)
                        elif len(fields) not in (width - 1, width, width + 1):
                            wrong = f"{fields_counted(len(fields))} where the header has {width}"
                            self.problem(number, "", wrong, "correct the line")
                        else:
                            self.row(fields, columns, number)
        except UnreadableLines as error:
            self.problem(error.line, "", error.wrong, error.remedy)
        except OSError as error:
            self.problems.append(unreadable(self.path.name, error))
        else:
            if columns is None:
                wrong = f"it has no line after the first {self.map.skip_rows}"
                self.problem(None, "", wrong, f"correct skip_rows in {MAP_FILE}")
            elif self.others and not self.is_named:
                wrong = f"no row is of account {shown(self.map.account_is)}"
                remedy = (
                    f"{near(self.map.account_is, sorted(self.others))} (account_is in {MAP_FILE})"
                )
                self.problem(None, "account", wrong, remedy)

    def refuse_shorts(self) -> None:
        """No account here owes instruments: what is below zero was misread, or is not ours."""
        for instrument, units in self.positions.items():
            if units < 0:
                wrong = f"{format(units, 'f')} of {instrument}: a quantity below zero is a debt"
                remedy = "short positions are not kept here; correct the line or the export"
                self.problem(self.lines[instrument], "quantity", wrong, remedy)

    def columns(self, header: list[str], written: str, line: int) -> dict[str, int] | None:
        """The place of each column that the map names."""
        names = [name.strip() for name in header]
        places: dict[str, int] = {}
        for key in ("symbol", "quantity", "amount", "account"):
            wanted = getattr(self.map, key)
            if wanted in names:
                places[key] = names.index(wanted)
            elif wanted and (other := self.other_separator(written, wanted)):
                wrong = (
                    f"fields are separated by {_NAMES[other]} here, and by "
                    f"{_NAMES[self.map.separator]} when {MAP_FILE} was written"
                )
                remedy = (
                    f"write separator = {quoted(other)} in {MAP_FILE}, and look at decimal there "
                    "too; or export as before"
                )
                self.problem(line, "separator", wrong, remedy)
                return None
            elif wanted:
                wrong = f"the header has no column {shown(wanted)}"
                known = [shown(name)[1:-1] for name in names if name]
                remedy = f"{near(wanted, known)} (see skip_rows, separator and {key} in {MAP_FILE})"
                self.problem(line, key, wrong, remedy)
        return None if self.problems else places

    def other_separator(self, line: str, wanted: str) -> Separator | None:
        """The separator that the header has a column by, where it is not the map's."""
        for other in SEPARATORS:
            names = [name.strip() for name in fields_of(line, other) or ()]
            if other != self.map.separator and wanted in names:
                return other
        return None

    def row(self, fields: list[str], columns: Mapping[str, int], line: int) -> None:
        """One row after the header."""

        def text(key: str) -> str:
            place = columns.get(key)
            return "" if place is None or place >= len(fields) else fields[place].strip()

        if "account" in columns and text("account") != self.map.account_is:
            self.others[text("account")] = None
            return
        self.is_named = True
        theirs = text("symbol")
        if theirs in self.map.cash:
            column = "amount" if "amount" in columns else "quantity"
            amount = self.number(text(column), column, line)
            if amount is not None:
                try:
                    self.cash = (self.cash or 0) + minor_from(amount)
                except NumberError as error:
                    self.problem(line, column, str(error), "cash has two decimals")
            return
        if theirs in self.map.ignore:
            return
        ours = self.map.symbols.get(theirs, theirs)
        if SYMBOL.fullmatch(ours) is None:
            wrong = f"{shown(theirs)} is not a symbol"
            remedy = f"add it to cash, ignore or symbols of this account in {MAP_FILE}"
            self.problem(line, "symbol", wrong, remedy)
            return
        quantity = self.number(text("quantity"), "quantity", line)
        if quantity is not None:
            instrument = self.resolve(ours)
            self.positions[instrument] = self.positions.get(instrument, Decimal(0)) + quantity
            self.lines[instrument] = line
            same = (instrument, quantity, "\0".join(fields))
            self.rows.setdefault(same, []).append(line)

    def number(self, text: str, key: str, line: int) -> Decimal | None:
        """A number as brokers write it: grouped, with a currency sign, in brackets if negative."""
        plain = plain_number(text, decimal=self.map.decimal)
        if plain is None:
            wrong = f"{shown(text)} is not a number with {self.map.decimal!r} before its decimals"
            self.problem(line, key, wrong, f"correct decimal or {key} in {MAP_FILE}")
        return plain


def plain_number(text: str, *, decimal: Mark) -> Decimal | None:
    """The exact value of a number in a broker's style; None where it is not in that style.

    >>> plain_number("$1,234.50", decimal="."), plain_number("(1.234,5)", decimal=",")
    (Decimal('1234.50'), Decimal('-1234.5'))
    """
    body = text.strip()
    is_negative = body.startswith("(") and body.endswith(")")
    if is_negative:
        body = body[1:-1]
    body = body.replace("\u2212", "-").replace(" ", "").replace("\u00a0", "")
    body = re.sub(r"^([+-]?)[$€£]", r"\1", body).removesuffix("€")
    group = re.escape("," if decimal == "." else ".")
    mark = re.escape(decimal)
    grouped = rf"([+-]?)([0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)(?:{mark}([0-9]+))?"
    match = re.fullmatch(grouped, body, re.ASCII)
    if match is None:
        return None
    sign, whole, rest = match[1], re.sub(r"[^0-9]", "", match[2]), match[3]
    try:
        value = decimal_from(f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}")
    except NumberError:
        return None
    return -value if is_negative else value


def _have_fewer(numbers: Sequence[int]) -> str:
    return (
        f"Line{'s' * (len(numbers) > 1)} {_ranges(numbers)} ha{'s' if len(numbers) == 1 else 've'}"
    )


def _ranges(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as `1-3, 7`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts[:10])
