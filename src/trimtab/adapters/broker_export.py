"""A broker's position export, read through a column map that the user keeps in the folder."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from trimtab.adapters.csv_lines import (
    BLOCK,
    UnreadableLines,
    blocks,
    fields_counted,
    unreadable,
)
from trimtab.adapters.toml_lines import TomlDocument, read_toml
from trimtab.adapters.toml_table import SYMBOL, Table, near, shown
from trimtab.execution.reconcile import Statement
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import NumberError, decimal_from, minor_from

MAP_FILE = "import-map.toml"

NO_ROWS = "export-without-rows"
"""The code of an export that says of nothing that it is held."""

Mark = Literal[".", ","]
Separator = Literal[",", ";", "\t"]

_SYMBOL_HEADERS = ("symbol", "ticker", "ticker symbol", "security symbol", "instrument")
_QUANTITY_HEADERS = (
    "quantity", "shares", "qty", "units", "position", "qty (quantity)", "share balance", "holding",
)  # fmt: skip
_AMOUNT_HEADERS = (
    "current value", "market value", "mkt val (market value)", "total value", "value", "balance",
)  # fmt: skip
_CASH_SYMBOLS = (
    "CASH", "Cash", "USD", "Cash & Cash Investments", "SPAXX**", "FDRXX**", "FCASH**", "CORE**",
)  # fmt: skip
_TOTALS = ("Account Total", "Account Totals", "Positions Total", "Total", "Pending Activity", "")
_HEADER_WITHIN = 40
_HEADERS_TOLD = 30
_FIGURE = re.compile(r"^[-+($€£]*[0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How to read the export of one account's broker.

    Args:
        symbol: Header of the column of symbols.
        quantity: Header of the column of units.
        amount: Header of the column of money, for rows of cash; empty takes `quantity`.
        account: Header of the column that names the broker's account; empty if there is none.
        account_is: What it says in the rows that count.
        skip_rows: Lines before the header.
        decimal: The mark before decimals; the other one may group thousands.
        separator: What separates fields.
        cash: What stands in the symbol column of rows of cash.
        ignore: What stands there in rows that say nothing, such as totals.
        symbols: Our instrument by the broker's symbol, where they differ.
    """

    symbol: str
    quantity: str
    amount: str = ""
    account: str = ""
    account_is: str = ""
    skip_rows: int = 0
    decimal: Mark = "."
    separator: Separator = ","
    cash: tuple[str, ...] = _CASH_SYMBOLS
    ignore: tuple[str, ...] = _TOTALS
    symbols: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """A statement that was read from an export, and what the reader should know of it."""

    statement: Statement
    findings: tuple[Finding, ...] = ()


def read_map(folder: Path, account: str) -> ColumnMap | None:
    """The column map of an account; None where the folder has none for it.

    Raises:
        InputError: import-map.toml cannot be read, or the account's table in it.
    """
    path = folder / MAP_FILE
    if not path.exists():
        return None
    document, _, refused = read_toml(path, MAP_FILE)
    if document is None:
        raise InputError(refused)
    if account not in document.values:
        return None
    problems: list[Problem] = []
    root = Table(document.values, (), source=_OneFile(document), problems=problems)
    table = root.table(account)
    symbol = table.text("symbol", '"Symbol"')
    quantity = table.text("quantity", '"Quantity"')
    for key, value in (("symbol", symbol), ("quantity", quantity)):
        if value is None and key not in table:
            table.problem(key, "it is missing", "name the header of its column")
    if "account" in table and "account_is" not in table:
        table.problem("account_is", "it is missing", "say what that column says in rows to take")
    names = table.table("symbols")
    ours = {theirs: names.symbol(theirs) or "" for theirs in names.values}
    skip_rows = table.whole("skip_rows", "3", most=1000)
    column_map = ColumnMap(
        symbol=symbol or "",
        quantity=quantity or "",
        amount=table.text("amount", '"Current Value"') or "",
        account=table.text("account", '"Account Number"') or "",
        account_is=table.text("account_is", '"X123"') or "",
        skip_rows=skip_rows or 0,
        decimal=table.choice("decimal", (".", ","), "."),
        separator=table.choice("separator", (",", ";", "\t"), ","),
        cash=table.texts("cash", "CASH") if "cash" in table else _CASH_SYMBOLS,
        ignore=(*table.texts("ignore", "Account Total"), "") if "ignore" in table else _TOTALS,
        symbols=ours,
    )
    table.finish()
    if problems:
        raise InputError(problems)
    return column_map


def guess_map(path: Path) -> ColumnMap | None:
    """A column map from headers that brokers are known to use; None where none are found.

    A guess is for the user to confirm, not to be acted on.

    Raises:
        InputError: It is not lines of text, or nothing at all.
    """
    for number, line in enumerate(_first_lines(path)):
        for separator in _SEPARATORS:
            headers = _split(line, separator) or []
            symbol = _known(headers, _SYMBOL_HEADERS)
            quantity = _known(headers, _QUANTITY_HEADERS)
            if symbol is not None and quantity is not None:
                return ColumnMap(
                    symbol=symbol,
                    quantity=quantity,
                    amount=_known(headers, _AMOUNT_HEADERS) or "",
                    skip_rows=number,
                    # With semicolons the comma is free to be the decimal mark, and usually is.
                    decimal="," if separator == ";" else ".",
                    separator=separator,
                )
    return None


def _first_lines(path: Path) -> list[str]:
    """The lines among which a header stands."""
    try:
        with path.open("rb") as stream:
            lines = next(blocks(stream, longest=BLOCK, digest=[], others=True), None)
    except OSError as error:
        raise InputError([unreadable(path.name, error)]) from None
    except UnreadableLines as error:
        problem = Problem(path.name, error.line, "", error.wrong, error.remedy)
        raise InputError([problem]) from None
    if lines is None:
        remedy = "export the positions again, as CSV"
        raise InputError([Problem(path.name, 1, "", "it is empty", remedy)])
    return lines[:_HEADER_WITHIN]


def map_to_fill_in(path: Path, account: str) -> str:
    """What to write into import-map.toml for an export whose headers are not known.

    The header is taken to be the line with the most names in it: what looks like a number, a date
    or nothing is none.

    Raises:
        InputError: It is not lines of text, or nothing at all.
    """
    best: tuple[int, list[str], Separator] = (0, [], ",")
    for number, line in enumerate(_first_lines(path)):
        for separator in _SEPARATORS:
            headers = [one.strip() for one in _split(line, separator) or ()]
            names = [one for one in headers if one and not _FIGURE.search(one)]
            if len(names) > max(len(best[1]), 1):
                best = (number, names, separator)
    number, names, separator = best
    if not names:
        return "no line of it has two headers or more: export the positions, as CSV"
    told = ", ".join(_quoted(name) for name in names[:_HEADERS_TOLD])
    told += ", ..." if len(names) > _HEADERS_TOLD else ""
    symbol, quantity = _known(names, _SYMBOL_HEADERS), _known(names, _QUANTITY_HEADERS)
    return (
        f"no line of it has headers such as Symbol and Quantity. Line {number + 1} looks like its "
        f"header: {told}. Say in {MAP_FILE} which column is which, and import again:\n\n"
        f"  [{_quoted(account)}]\n"
        f"  symbol = {_quoted(symbol or '...')}\n"
        f"  quantity = {_quoted(quantity or '...')}\n"
        f'  amount = "..."    # the column of money, for rows of cash; or leave this line out\n'
        f"  skip_rows = {number}\n"
        f"  decimal = {_quoted(',' if separator == ';' else '.')}\n"
        f"  separator = {_quoted(separator)}"
    )


def map_text(account: str, column_map: ColumnMap) -> str:
    """A column map as the TOML that `read_map` reads."""
    pairs: list[tuple[str, str]] = [
        ("symbol", _quoted(column_map.symbol)),
        ("quantity", _quoted(column_map.quantity)),
    ]
    for key, value in (
        ("amount", column_map.amount),
        ("account", column_map.account),
        ("account_is", column_map.account_is),
    ):
        if value:
            pairs.append((key, _quoted(value)))
    pairs += [
        ("skip_rows", str(column_map.skip_rows)),
        ("decimal", _quoted(column_map.decimal)),
        ("separator", _quoted(column_map.separator)),
        ("cash", _quoted_list(column_map.cash)),
        ("ignore", _quoted_list([word for word in column_map.ignore if word])),
    ]
    if column_map.symbols:
        table = ", ".join(
            f"{_quoted(theirs)} = {_quoted(ours)}"
            for theirs, ours in sorted(column_map.symbols.items())
        )
        pairs.append(("symbols", f"{{{table}}}"))
    rows = "".join(f"{key} = {value}\n" for key, value in pairs)
    return f"[{_quoted(account)}]\n{rows}"


def add_map(folder: Path, account: str, column_map: ColumnMap) -> Path:
    """Add an account's column map to import-map.toml; what is there stays as it is.

    The file is there whole at any moment. Two that add at once have to take turns: whoever writes
    holds the record's lock.

    Raises:
        InputError: The file cannot be read, or has a map for the account already.
    """
    path = folder / MAP_FILE
    if read_map(folder, account) is not None:
        wrong = f"{account} has a column map already"
        raise InputError([Problem(MAP_FILE, None, account, wrong, "edit it there")])
    before = path.read_text(encoding="utf-8-sig") if path.exists() else _MAP_HEAD
    text = f"{before.rstrip()}\n\n{map_text(account, column_map)}"
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with beside.open("wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


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


class _OneFile:
    """A source of keys that is one file."""

    def __init__(self, document: TomlDocument) -> None:
        self.document = document

    def place(self, path: tuple[str | int, ...]) -> tuple[str, int | None]:
        return self.document.file, self.document.line(path)


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
                        fields = _split(line, self.map.separator)
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
                    f"write separator = {_quoted(other)} in {MAP_FILE}, and look at decimal there "
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
        for other in _SEPARATORS:
            names = [name.strip() for name in _split(line, other) or ()]
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


_SEPARATORS: tuple[Separator, ...] = (",", ";", "\t")
_NAMES: Mapping[Separator, str] = {",": "commas", ";": "semicolons", "\t": "tabs"}
_MAP_HEAD = (
    "# How to read each broker's position export: one table an account of portfolio.toml.\n"
    "# symbol, quantity, amount and account name headers of columns.\n"
)


def _split(line: str, separator: str) -> list[str] | None:
    try:
        rows = list(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return rows[0] if rows else []


def _known(headers: Sequence[str], known: Sequence[str]) -> str | None:
    by_name = {header.strip().lower(): header.strip() for header in reversed(headers)}
    return next((by_name[name] for name in known if name in by_name), None)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else _escape(char) for char in escaped) + '"'


def _escape(char: str) -> str:
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        return "?"  # half a character: TOML has no way to write it
    return f"\\U{code:08X}"


def _quoted_list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(_quoted(text) for text in texts) + "]"


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
