"""The column map of a broker's position export, as the user keeps it in the folder."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Literal

from trimtab.adapters.csv_lines import BLOCK, UnreadableLines, blocks, unreadable
from trimtab.adapters.toml_lines import TomlDocument, read_toml
from trimtab.adapters.toml_table import Table
from trimtab.model.errors import InputError, Problem
from trimtab.model.frozen import dataclass

MAP_FILE = "import-map.toml"

Mark = Literal[".", ","]
Separator = Literal[",", ";", "\t"]

SEPARATORS: tuple[Separator, ...] = (",", ";", "\t")

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
_MAP_HEAD = (
    "# How to read each broker's position export: one table an account of portfolio.toml.\n"
    "# symbol, quantity, amount and account name headers of columns.\n"
)


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
        for separator in SEPARATORS:
            headers = fields_of(line, separator) or []
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
        for separator in SEPARATORS:
            headers = [one.strip() for one in fields_of(line, separator) or ()]
            names = [one for one in headers if one and not _FIGURE.search(one)]
            if len(names) > max(len(best[1]), 1):
                best = (number, names, separator)
    number, names, separator = best
    if not names:
        return "no line of it has two headers or more: export the positions, as CSV"
    told = ", ".join(quoted(name) for name in names[:_HEADERS_TOLD])
    told += ", ..." if len(names) > _HEADERS_TOLD else ""
    symbol, quantity = _known(names, _SYMBOL_HEADERS), _known(names, _QUANTITY_HEADERS)
    return (
        f"no line of it has headers such as Symbol and Quantity. Line {number + 1} looks like its "
        f"header: {told}. Say in {MAP_FILE} which column is which, and import again:\n\n"
        f"  [{quoted(account)}]\n"
        f"  symbol = {quoted(symbol or '...')}\n"
        f"  quantity = {quoted(quantity or '...')}\n"
        f'  amount = "..."    # the column of money, for rows of cash; or leave this line out\n'
        f"  skip_rows = {number}\n"
        f"  decimal = {quoted(',' if separator == ';' else '.')}\n"
        f"  separator = {quoted(separator)}"
    )


def map_text(account: str, column_map: ColumnMap) -> str:
    """A column map as the TOML that `read_map` reads."""
    pairs: list[tuple[str, str]] = [
        ("symbol", quoted(column_map.symbol)),
        ("quantity", quoted(column_map.quantity)),
    ]
    for key, value in (
        ("amount", column_map.amount),
        ("account", column_map.account),
        ("account_is", column_map.account_is),
    ):
        if value:
            pairs.append((key, quoted(value)))
    pairs += [
        ("skip_rows", str(column_map.skip_rows)),
        ("decimal", quoted(column_map.decimal)),
        ("separator", quoted(column_map.separator)),
        ("cash", _quoted_list(column_map.cash)),
        ("ignore", _quoted_list([word for word in column_map.ignore if word])),
    ]
    if column_map.symbols:
        table = ", ".join(
            f"{quoted(theirs)} = {quoted(ours)}"
            for theirs, ours in sorted(column_map.symbols.items())
        )
        pairs.append(("symbols", f"{{{table}}}"))
    rows = "".join(f"{key} = {value}\n" for key, value in pairs)
    return f"[{quoted(account)}]\n{rows}"


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


def fields_of(line: str, separator: str) -> list[str] | None:
    """The fields of a line; None where a quote in it is wrong."""
    try:
        rows = list(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return rows[0] if rows else []


def _known(headers: Sequence[str], known: Sequence[str]) -> str | None:
    by_name = {header.strip().lower(): header.strip() for header in reversed(headers)}
    return next((by_name[name] for name in known if name in by_name), None)


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else _escape(char) for char in escaped) + '"'


def _escape(char: str) -> str:
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        return "?"  # half a character: TOML has no way to write it
    return f"\\U{code:08X}"


def _quoted_list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(text) for text in texts) + "]"


class _OneFile:
    """A source of keys that is one file."""

    def __init__(self, document: TomlDocument) -> None:
        self.document = document

    def place(self, path: tuple[str | int, ...]) -> tuple[str, int | None]:
        return self.document.file, self.document.line(path)
