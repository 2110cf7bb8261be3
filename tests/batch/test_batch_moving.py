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
from trimtab.model.numbers import minor_from
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
    assert given.founds == ()


def test_a_batch_without_a_target_stops(tmp_path: Path) -> None:
    """A batch remembers no target to keep: where none can be found, nothing is decided."""
    optimize = "[target.optimize]\nleast_sessions = 4000\n"
    portfolio = read_portfolio(moving_folder(tmp_path / "model", optimize=optimize))
    book = write(tmp_path / "book.parquet", ROWS, COLUMNS)

    with pytest.raises(InputError, match="history is too short"):
        run_batch(book, tmp_path / "out", portfolio=portfolio, as_of=DAY)

    assert not (tmp_path / "out").exists()


OWN = {
    "A1": (("AAPL", 90, "2009-01-20", "7000.00"), ("MSFT", 500, "2011-03-01", "13000.00")),
    "A2": (("IBM", 300, "", ""), ("BOND10", 10, "", "")),
    "A3": (("BOND10", 200, "", ""), ("IBM", 20, "", "")),
}
CASH_OF = {"A1": "20000.00", "A2": "1500.00", "A3": "100.00"}
KIND_OF = {"A1": "brokerage", "A2": "roth", "A3": "k401"}


def own_rows() -> list[tuple[object, ...]]:
    """The book of the accounts of OWN."""
    rows: list[tuple[object, ...]] = []
    for name, lots in OWN.items():
        rows += [
            (name, KIND_OF[name], symbol, str(count), day or None, basis or None)
            for symbol, count, day, basis in lots
        ]
        rows.append((name, KIND_OF[name], "USD", CASH_OF[name], None, None))
    return rows


def planned(folder: Path, name: str) -> list[tuple[object, ...]]:
    """The trades that a plan has for one of the accounts, the only one of its household."""
    toml = (folder / "portfolio.toml").read_text()
    for other in set(KIND_OF.values()) - {KIND_OF[name]}:
        toml = re.sub(rf"\[accounts\.{other}\]\n([^\[\n].*\n)*", "", toml)
    (folder / "portfolio.toml").write_text(re.sub(r"location *= .*\n", "", toml))
    (folder / "sales.csv").unlink()
    lines = ["account,symbol,quantity,acquired,cost_basis"]
    lines += [",".join([KIND_OF[name], *map(str, lot)]) for lot in OWN[name]]
    lines.append(f"{KIND_OF[name]},USD,{CASH_OF[name]},,")
    (folder / "lots.csv").write_text("\n".join(lines) + "\n")
    plan = open_book(folder).plan(DAY)
    return [(t.instrument, t.side, t.quantity, t.value, t.cost, t.tax) for t in plan.trades]


@pytest.mark.parametrize(
    "optimize", ["turnover = 40", 'objective = "utility"\nrisk_aversion = 3\ncosts = true']
)
def test_a_target_that_counts_from_holdings_is_that_of_each_accounts_own_plan(
    tmp_path: Path, optimize: str
) -> None:
    """What depends on holdings is found for each account by itself, as its own plan finds it."""
    optimize = f"[target.optimize]\n{optimize}\n"
    folder = moving_folder(tmp_path / "model", optimize=optimize)
    book = write(tmp_path / "book.parquet", own_rows(), COLUMNS)
    told: list[tuple[int, int, int]] = []

    run = run_batch(
        book, tmp_path / "out", portfolio=read_portfolio(folder), as_of=DAY,
        progress=lambda *far: told.append(far),
    )  # fmt: skip

    found: dict[str, list[tuple[object, ...]]] = {name: [] for name in OWN}
    for row in read(tmp_path / "out" / "trades.parquet"):
        money = (minor_from(row[key]) for key in ("value", "cost", "tax"))
        found[row["account"]].append((row["symbol"], row["side"], int(row["quantity"]), *money))
    for name in OWN:
        alone = moving_folder(tmp_path / name, optimize=optimize)
        assert found[name] == planned(alone, name)
    assert all(found.values())
    assert (run.accounts, run.decided, run.by_engine) == (3, 3, 3)
    assert [accounts for _, _, accounts in told] == [1, 2, 3, 3]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["found"]["sleeves"] == []


def test_accounts_with_targets_of_their_own_do_not_wait_for_the_engine(tmp_path: Path) -> None:
    """Only a target that depends on holdings takes an account off the compiled way."""
    folder = moving_folder(tmp_path / "model", optimize="[target.optimize]\nturnover = 40\n")
    book = write(tmp_path / "book.parquet", own_rows()[:3], COLUMNS)
    columns = {"account": "VARCHAR", "symbol": "VARCHAR", "percent": "VARCHAR"}
    half = [("A1", "IBM", "50"), ("A1", "BOND10", "50")]
    targets = write(tmp_path / "targets.parquet", half, columns)
    portfolio = read_portfolio(folder)

    own = run_batch(book, tmp_path / "a", portfolio=portfolio, targets=targets, as_of=DAY)
    found = run_batch(book, tmp_path / "b", portfolio=portfolio, as_of=DAY)

    assert (own.by_engine, own.traded) == (0, 1)
    assert (found.by_engine, found.traded) == (1, 1)


def test_an_account_that_no_target_can_be_found_for_stops_alone(tmp_path: Path) -> None:
    """Limits that one account's holdings contradict stop that account and say so; others go on."""
    optimize = "[target.optimize]\nturnover = 40\n"
    folder = moving_folder(tmp_path / "model", optimize=optimize)
    stuck = [("A0", "roth", "AAPL", "100", None, None), ("A0", "roth", "USD", "1.00", None, None)]
    book = write(tmp_path / "book.parquet", [*stuck, *own_rows()], COLUMNS)

    run = run_batch(book, tmp_path / "out", portfolio=read_portfolio(folder), as_of=DAY)

    (told,) = [row for row in read(tmp_path / "out" / "exceptions.parquet") if not row["decided"]]
    assert (told["account"], told["code"]) == ("A0", "target-not-found")
    assert "turnover" in told["message"]
    assert (run.accounts, run.decided) == (4, 3)


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
