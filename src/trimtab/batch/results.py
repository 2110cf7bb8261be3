"""Writing what was decided: parts as the chunks come, then one file each, then the final name."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trimtab.batch.accounts import Trouble
from trimtab.batch.deciding import Decided
from trimtab.model.errors import RefusedError
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import duckdb

TRADES = "trades.parquet"
EXCEPTIONS = "exceptions.parquet"
SUMMARY = "summary.json"

JOIN_MEMORY = "256MB"

_MONEY = "({0} * 0.01::DECIMAL(3, 2))::DECIMAL(18, 2)"


@dataclass(frozen=True, slots=True)
class Totals:
    """How many trades, in how many accounts, with what value, cost and tax in minor units."""

    trades: int
    accounts: int
    value: int
    cost: int
    tax: int


class Results:
    """The folder of a run, written beside its final name and renamed when it is complete.

    Args:
        connection: DuckDB to write with.
        out: The final name.
        account_type: Type of the book's column of accounts.
        instruments: Ids by place.
        steps: Size of a step by place.

    Raises:
        RefusedError: Something is there already under the final name.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        out: Path,
        *,
        account_type: str,
        instruments: Sequence[str],
        steps: Sequence[Decimal],
    ) -> None:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise RefusedError(
                f"{out} is there already, and nothing is written over it. "
                "Name another folder, or remove it."
            )
        self.connection = connection
        self.out = out
        self.account_type = account_type
        out.parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        self.whole = self.folder / "whole"
        exponents = [min(int(step.as_tuple().exponent), 0) for step in steps]
        self.places = -min(exponents, default=0)
        self.sizes = np.array(
            [int(step.scaleb(self.places)) for step in steps] or [1], dtype=np.int64
        )
        self.symbols = np.array([*instruments, ""], dtype=object)
        self.parts: dict[str, list[Path]] = {TRADES: [], EXCEPTIONS: []}
        self._write_empty()

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, names: Sequence[Any], decided: Decided) -> None:
        """Write the trades of a chunk."""
        if not len(decided.account):
            return
        accounts = np.empty(len(names), dtype=object)
        accounts[:] = [str(name) for name in names]
        size = self.sizes[decided.instrument]
        trades = {
            "number": np.arange(len(decided.account)),
            "account": accounts[decided.account],
            "symbol": self.symbols[decided.instrument],
            "is_buy": decided.steps > 0,
            "quantity": np.abs(decided.steps) * size,
            "value": decided.value,
            "cost": decided.cost,
            "tax": decided.tax,
        }
        sales = {
            "number": decided.sale_trade,
            "place": np.arange(len(decided.sale_trade)),
            "row": decided.sale_row,
            "quantity": decided.sale_steps * size[decided.sale_trade],
            "cost_basis": decided.sale_basis,
            "tax": decided.sale_tax,
        }
        self.connection.register("batch_trades", trades)
        self.connection.register("batch_sales", sales)
        self._copy(TRADES, self._trades_query("batch_trades", "batch_sales"))
        self.connection.unregister("batch_trades")
        self.connection.unregister("batch_sales")

    def add_troubles(self, troubles: Sequence[Trouble]) -> None:
        """Write what went wrong in a chunk."""
        if not troubles:
            return
        columns = {
            "account": [None if x.account is None else str(x.account) for x in troubles],
            "code": [x.code for x in troubles],
            "decided": [not x.stopped for x in troubles],
            "message": [x.message for x in troubles],
        }
        arrays = {
            name: np.array(column, dtype=np.bool_ if name == "decided" else object)
            for name, column in columns.items()
        }
        self.connection.register("batch_troubles", arrays)
        self._copy(EXCEPTIONS, self._troubles_query("batch_troubles"))
        self.connection.unregister("batch_troubles")

    def totals_of(self, accounts: Sequence[Any]) -> Totals:
        """What was written for some accounts so far."""
        self._register_back(accounts)
        cents = [f"coalesce(sum({name}) * 100, 0)::HUGEINT" for name in ("value", "cost", "tax")]
        ((*found,),) = self.connection.execute(
            f"SELECT count(*), count(DISTINCT account), {', '.join(cents)} "
            f"FROM {self._all_parts(TRADES)} WHERE account IN {self._back}"
        ).fetchall()
        return Totals(*(int(number) for number in found))

    def join(self, taken_back: Sequence[Any]) -> None:
        """Join the parts, without the trades of accounts taken back."""
        without = ""
        if taken_back:
            self._register_back(taken_back)
            without = f"WHERE account NOT IN {self._back}"
        self.whole.mkdir()
        # Writing keeps as many rows waiting as it is given memory for.
        self.connection.execute(f"SET memory_limit = '{JOIN_MEMORY}'")
        for name in self.parts:
            query = f"SELECT * FROM {self._all_parts(name)} {without if name == TRADES else ''}"
            path = _quoted(self.whole / name)
            self.connection.execute(f"COPY ({query}) TO {path} (FORMAT parquet)")

    def _register_back(self, accounts: Sequence[Any]) -> None:
        back = np.array([str(name) for name in accounts], dtype=object)
        self.connection.register("batch_back", {"account": back})

    @property
    def _back(self) -> str:
        return f"(SELECT account::{self.account_type} FROM batch_back)"

    def _all_parts(self, name: str) -> str:
        return f"read_parquet([{', '.join(_quoted(part) for part in self.parts[name])}])"

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write the summary, and give the whole its final name."""
        text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
        (self.whole / SUMMARY).write_text(text, encoding="utf-8")
        for name in (TRADES, EXCEPTIONS, SUMMARY):
            _sync(self.whole / name)
        if self.out.exists():
            self.out.rmdir()
        self.whole.rename(self.out)
        _sync(self.out.parent)

    def _copy(self, name: str, query: str) -> None:
        parts = self.parts[name]
        part = self.folder / f"{name}-{len(parts):06d}"
        self.connection.execute(f"COPY ({query}) TO {_quoted(part)} (FORMAT parquet)")
        parts.append(part)

    def _trades_query(self, trades: str, sales: str) -> str:
        quantity = f"({{0}} * {self._unit})::DECIMAL(38, {self.places})"
        money = {name: _MONEY.format(f"t.{name}") for name in ("value", "cost", "tax")}
        lot = (
            f"{{row: row, quantity: {quantity.format('quantity')}, cost_basis: CASE WHEN "
            f"cost_basis >= 0 THEN {_MONEY.format('cost_basis')} END, tax: {_MONEY.format('tax')}}}"
        )
        return (
            f"SELECT t.account::{self.account_type} AS account, t.symbol::VARCHAR AS symbol, "
            f"CASE WHEN t.is_buy THEN 'buy' ELSE 'sell' END AS side, "
            f"{quantity.format('t.quantity')} AS quantity, {money['value']} AS value, "
            f"{money['cost']} AS cost, {money['tax']} AS tax, coalesce(s.lots, []) AS lots "
            f"FROM {trades} AS t LEFT JOIN (SELECT number, list({lot} ORDER BY place) AS lots "
            f"FROM {sales} GROUP BY number) AS s ON s.number = t.number ORDER BY t.number"
        )

    @property
    def _unit(self) -> str:
        """One step's unit as a decimal of SQL."""
        if self.places == 0:
            return "1::DECIMAL(1, 0)"
        return f"{Decimal(1).scaleb(-self.places):f}::DECIMAL({self.places + 1}, {self.places})"

    def _troubles_query(self, troubles: str) -> str:
        return (
            f"SELECT account::{self.account_type} AS account, code::VARCHAR AS code, "
            f"decided::BOOLEAN AS decided, message::VARCHAR AS message FROM {troubles}"
        )

    def _write_empty(self) -> None:
        """Parts without rows, so that the files have their columns whatever happens."""
        trades = (
            "(SELECT 0 AS number, '0' AS account, '' AS symbol, true AS is_buy, 0::BIGINT AS "
            "quantity, 0::BIGINT AS value, 0::BIGINT AS cost, 0::BIGINT AS tax LIMIT 0)"
        )
        sales = (
            "(SELECT 0 AS number, 0 AS place, 0::BIGINT AS row, 0::BIGINT AS quantity, "
            "0::BIGINT AS cost_basis, 0::BIGINT AS tax LIMIT 0)"
        )
        self._copy(TRADES, self._trades_query(trades, sales))
        troubles = "(SELECT '0' AS account, '' AS code, true AS decided, '' AS message LIMIT 0)"
        self._copy(EXCEPTIONS, self._troubles_query(troubles))


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, last."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
