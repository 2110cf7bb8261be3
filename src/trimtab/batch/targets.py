"""Targets by account, from a Parquet file beside the book: account, symbol, percent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.batch.book import why_no_table
from trimtab.batch.kinds import Weights
from trimtab.model.errors import InputError, Problem
from trimtab.model.numbers import NumberError, decimal_from

if TYPE_CHECKING:
    import duckdb

NEEDED = ("account", "symbol", "percent")
_EXACT = re.compile(r"DECIMAL\(.*\)|U?(TINY|SMALL|BIG)?INT(EGER)?|VARCHAR")


class TargetFile:
    """A file of targets; it is read account by account, as the book asks for them.

    Args:
        connection: DuckDB to read with.
        path: The file; quickest when it is sorted by account as the book is.
        account_type: Type of the book's column of accounts.

    Raises:
        InputError: It cannot be read, or its columns are not those of targets.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, path: Path, account_type: str
    ) -> None:
        import duckdb

        self.connection = connection
        self.path = path
        self.account_type = account_type
        try:
            found = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
            types = {str(row[0]): str(row[1]) for row in found.fetchall()}
        except duckdb.Error as error:
            remedy = "name a Parquet file with the columns account, symbol, percent"
            wrong = why_no_table(path, error)
            raise InputError([Problem(path.name, None, "", wrong, remedy)]) from None
        problems = [
            Problem(path.name, None, column, "there is no such column", "add it")
            for column in NEEDED
            if column not in types
        ]
        if "percent" in types and not _EXACT.fullmatch(types["percent"]):
            wrong = f"its type is {types['percent']}, which holds no exact numbers"
            remedy = "write it as DECIMAL, as CAST(percent AS DECIMAL(9, 4))"
            problems.append(Problem(path.name, None, "percent", wrong, remedy))
        if problems:
            raise InputError(problems)

    def symbols(self) -> tuple[str, ...]:
        """Every symbol that a target names."""
        found = self.connection.execute(
            "SELECT DISTINCT symbol::VARCHAR FROM read_parquet(?) WHERE symbol IS NOT NULL",
            [str(self.path)],
        ).fetchall()
        return tuple(sorted(row[0] for row in found))

    def of(self, names: Sequence[Any]) -> Mapping[Any, Weights]:
        """The targets of some accounts; those without are absent.

        A percentage that is no number is told as one below zero, which no target can have.
        """
        known = [name for name in names if name is not None]
        if not known:
            return {}
        found = self.connection.execute(
            f"SELECT account::{self.account_type}, symbol::VARCHAR, percent::VARCHAR FROM "
            f"read_parquet(?) WHERE account >= ?::{self.account_type} AND "
            f"account <= ?::{self.account_type} AND symbol IS NOT NULL",
            [str(self.path), min(known), max(known)],
        ).fetchall()
        weights: dict[Any, list[tuple[str, Decimal]]] = {}
        for account, symbol, percent in found:
            weights.setdefault(account, []).append((symbol, _percent(percent)))
        return {account: tuple(sorted(parts)) for account, parts in weights.items()}


def _percent(text: str | None) -> Decimal:
    try:
        return decimal_from(text or "")
    except NumberError:
        return Decimal(-1)
