"""A batch whose target is found from prices: once, for all accounts, as a plan finds it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.batch.books import read, write
from tests.moving import moving_folder, written_folder
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.batch.run import run_batch
from trimtab.live.book import open_book
from trimtab.model.errors import InputError
from trimtab.targets.tree import percent_text

DAY = date(2012, 9, 28)
COLUMNS = {
    "account": "VARCHAR",
    "kind": "VARCHAR",
    "symbol": "VARCHAR",
    "quantity": "VARCHAR",
    "acquired": "VARCHAR",
    "cost_basis": "VARCHAR",
}
ROWS = [
    ("A1", "brokerage", "AAPL", "90", "2009-01-20", "7000.00"),
    ("A1", "brokerage", "USD", "20000.00", None, None),
    ("A2", "roth", "IBM", "300", None, None),
    ("A2", "roth", "USD", "1500.00", None, None),
]


def test_a_batch_trades_to_what_a_plan_finds(tmp_path: Path) -> None:
    """The trades are those of the same percentages written down, which are those of a plan."""
    folder = moving_folder(tmp_path / "model")
    target = open_book(folder).mandate(DAY).target
    assert target is not None
    written = moving_folder(tmp_path / "written", optimize="")
    toml = (written / "portfolio.toml").read_text()
    for leaf in target.leaves():
        percent = f"percent = {percent_text(leaf.weight * 100)}\n"
        toml = re.sub(
            rf"(\[target\.{leaf.name}\]\n)(\w*percent *= *[\d.]+\n)?", rf"\1{percent}", toml
        )
    (written / "portfolio.toml").write_text(toml)
    book = write(tmp_path / "book.parquet", ROWS, COLUMNS)

    found = run_batch(book, tmp_path / "a", portfolio=read_portfolio(folder), as_of=DAY)
    given = run_batch(book, tmp_path / "b", portfolio=read_portfolio(written), as_of=DAY)

    assert found.traded == 2
    assert read(tmp_path / "a" / "trades.parquet") == read(tmp_path / "b" / "trades.parquet")
    told = json.loads((tmp_path / "a" / "summary.json").read_text())["found"]
    shares = {one["sleeve"]: one["weight"] for one in told["sleeves"]}
    assert shares == {leaf.name: float(leaf.weight) for leaf in target.leaves()}
    assert given.found is None


def test_a_batch_without_a_target_stops(tmp_path: Path) -> None:
    """A batch remembers no target to keep: where none can be found, nothing is decided."""
    optimize = "[target.optimize]\nleast_sessions = 4000\n"
    portfolio = read_portfolio(moving_folder(tmp_path / "model", optimize=optimize))
    book = write(tmp_path / "book.parquet", ROWS, COLUMNS)

    with pytest.raises(InputError, match="history is too short"):
        run_batch(book, tmp_path / "out", portfolio=portfolio, as_of=DAY)

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["turnover", "within_days"])
def test_a_batch_has_no_target_of_one_book(tmp_path: Path, key: str) -> None:
    """What depends on what one household holds, or is worth, is no target of many: by its key."""
    optimize = f"[target.optimize]\n{key} = 5\n"
    portfolio = read_portfolio(moving_folder(tmp_path / "model", optimize=optimize))
    book = write(tmp_path / "book.parquet", ROWS, COLUMNS)

    with pytest.raises(InputError) as error:
        run_batch(book, tmp_path / "out", portfolio=portfolio, as_of=DAY)

    assert [one.key for one in error.value.problems] == [f"target.optimize.{key}"]


@pytest.mark.parametrize(
    "folder_of",
    [
        lambda path: moving_folder(path, when="tracking:1%"),
        lambda path: written_folder(path, when="tracking:1%"),
    ],
)
def test_a_batch_weighs_what_a_plan_weighs(
    tmp_path: Path, folder_of: Callable[[Path], Path]
) -> None:
    """Each account alone strays by the plan's own covariance: the engine decides it, and one that
    strays by less than the limit trades nothing.
    """
    folder = folder_of(tmp_path / "model")
    mandate = open_book(folder).mandate(DAY)
    assert mandate.target is not None
    prices = {"AAPL": "667.105", "IBM": "207.45", "BOND10": "268.6"}
    near = []
    for leaf in mandate.target.leaves():
        if (price := prices.get(leaf.hold[0])) is not None:
            count = round(float(leaf.weight) * 1e6 / float(price))
            near.append(("A3", "roth", leaf.hold[0], str(count), None, None))
    near.append(("A3", "roth", "USD", "50000.00", None, None))
    book = write(tmp_path / "book.parquet", [*ROWS, *near], COLUMNS)

    run = run_batch(book, tmp_path / "out", portfolio=read_portfolio(folder), as_of=DAY)

    assert (run.by_engine, run.due, run.traded) == (3, 2, 2)
    traded = {row["account"] for row in read(tmp_path / "out" / "trades.parquet")}
    assert traded == {"A1", "A2"}
