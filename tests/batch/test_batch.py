"""Batches against the engine, and against books with everything wrong in them."""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.batch.books import (
    COLUMNS,
    FRACTIONS,
    KINDS,
    TOML,
    drifted,
    expected_of,
    generated_rows,
    model,
    plans_of,
    read,
    trades_of,
    write,
)
from trimtab.batch.book import BookFile
from trimtab.batch.run import run_batch
from trimtab.cli import batch
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.numbers import decimal_from


def codes(out: Path) -> dict[Any, str]:
    """The code of every account that is told of."""
    return {row["account"]: row["code"] for row in read(out / "exceptions.parquet")}


def test_a_batch_decides_what_the_engine_decides(tmp_path: Path) -> None:
    """Every account's trades, lots, cost and tax are those of `decide` for it alone."""
    prices = {"VTI": "254.10", "BND": "73.50", "GLD": "180.00", "OLD": "12.34"}
    portfolio = model(tmp_path / "model", TOML + KINDS + FRACTIONS, prices)
    rows = generated_rows(random.Random(5), 40)
    columns = {"account": "VARCHAR", "kind": "VARCHAR", **dict(list(COLUMNS.items())[1:])}
    book = write(tmp_path / "book.parquet", rows, columns)

    summary = run_batch(book, tmp_path / "out", portfolio=portfolio)

    plans = plans_of(rows, portfolio, {})
    trades = trades_of(tmp_path / "out", portfolio)
    for name, plan in plans.items():
        assert trades.get(name, []) == expected_of(plan)
    traded = sum(bool(plan.trades) for plan in plans.values())

    assert summary.traded == traded > 15
    assert summary.accounts == summary.decided == 40


def test_neither_chunks_nor_threads_change_the_result(tmp_path: Path) -> None:
    """Chunks of a few rows, one thread or two: the same files."""
    portfolio = model(tmp_path / "model", TOML + KINDS + FRACTIONS, {
        "VTI": "254.10", "BND": "73.50", "GLD": "180.00", "OLD": "12.34"
    })  # fmt: skip
    columns = {"account": "VARCHAR", "kind": "VARCHAR", **dict(list(COLUMNS.items())[1:])}
    rows = generated_rows(random.Random(8), 16)
    book = write(tmp_path / "book.parquet", rows, columns)
    results = []
    for number, (chunk_rows, threads) in enumerate([(10**6, 1), (1, 1), (50, 2)]):
        out = tmp_path / f"out{number}"
        summary = run_batch(book, out, portfolio=portfolio, chunk_rows=chunk_rows, threads=threads)
        results.append((summary.plain(), read(out / "trades.parquet"), codes(out)))

    assert all(result == results[0] for result in results)
    assert len(results[0][1]) > 10


def test_a_chunk_holds_whole_accounts_and_no_more_rows_than_asked(tmp_path: Path) -> None:
    """Chunks are no larger than asked but for an account that alone is, in rows and accounts."""
    sizes = [3, 1, 4, 1, 5, 9, 2, 6, 40, 5, 3, 5, 1, 1, 1, 1, 1, 1]
    rows = [
        (f"A{number:02d}", "VTI", 1 + k, "2020-01-02", "1.00")
        for number, size in enumerate(sizes)
        for k in range(size)
    ]
    path = write(tmp_path / "book.parquet", rows)

    with duckdb.connect() as connection:
        chunks = list(BookFile(connection, path).chunks(10))

    assert [name for chunk in chunks for name in chunk.groups.names] == [
        f"A{number:02d}" for number in range(len(sizes))
    ]
    assert sum(len(chunk.symbol) for chunk in chunks) == len(rows)
    for chunk in chunks:
        assert len(chunk.symbol) == chunk.groups.count.sum()
        assert len(chunk.symbol) <= 10 or len(chunk.groups.names) == 1
    with duckdb.connect() as connection:
        chunks = list(BookFile(connection, path).chunks(32))
    assert max(len(chunk.groups.names) for chunk in chunks) == 4
    assert sum(len(chunk.groups.names) for chunk in chunks) == len(sizes)


BAD = {
    "unknown-symbol": [("CASH", 5, "2020-01-02", "1.00")],
    "negative-quantity": [("VTI", -5, "2020-01-02", "1.00")],
    "bad-quantity": [("VTI", None, "2020-01-02", "1.00")],
    "not-whole-steps": [("VTI", "1.5", "2020-01-02", "1.00")],
    "bad-cost-basis": [("VTI", 5, "2020-01-02", "-1.00")],
    "future-date": [("VTI", 5, "2026-04-01", "1.00")],
    "missing-basis": [("VTI", 5, "2020-01-02", None)],
    "missing-price": [("XYZ", 5, "2020-01-02", "1.00")],
    "bad-cash": [("USD", "0.005", None, None)],
    "nothing-to-divide": [("USD", "-9.00", None, None)],
    "cash-short": [("USD", "-99999999.00", None, None)],
}


def test_a_bad_account_stops_only_itself(tmp_path: Path) -> None:
    """Each has its code and no trades; the good ones between them are decided as ever."""
    rows: list[tuple[Any, ...]] = []
    expected = {}
    for number, (code, wrong) in enumerate(BAD.items()):
        rows += drifted(f"A{2 * number:02d}")
        name = f"A{2 * number + 1:02d}"
        own = [] if code == "nothing-to-divide" else drifted(name)
        rows += [*own, *((name, *row) for row in wrong)]
        expected[name] = code
    rows += [(None, "VTI", 5, "2020-01-02", "1.00")]
    # 99,999,999.00 of debt against all else is more than there is to divide.
    expected[None] = "no-account"
    expected[next(a for a, code in expected.items() if code == "cash-short")] = "nothing-to-divide"
    book = write(tmp_path / "book.parquet", rows)

    summary = run_batch(book, tmp_path / "out", portfolio=model(tmp_path / "model"), chunk_rows=9)

    told = read(tmp_path / "out" / "exceptions.parquet")
    assert {row["account"]: row["code"] for row in told} == expected
    assert not any(row["decided"] for row in told)
    trades = read(tmp_path / "out" / "trades.parquet")
    assert {row["account"] for row in trades} == {f"A{2 * n:02d}" for n in range(len(BAD))}
    by_account = [
        [(row["symbol"], row["side"], row["quantity"]) for row in trades if row["account"] == name]
        for name in sorted({row["account"] for row in trades})
    ]
    assert all(own == by_account[0] for own in by_account)
    assert summary.decided == len(BAD)


def test_what_is_wrong_names_the_row(tmp_path: Path) -> None:
    """A message says which row of the file is wrong, what is there, and how many more are."""
    rows = [*drifted("A"), ("B", "VTI", 5, "2020-01-02", "1.00"), ("B", "BND", -7, None, None),
            ("B", "BND", -8, None, None)]  # fmt: skip

    run_batch(
        write(tmp_path / "book.parquet", rows), tmp_path / "out",
        portfolio=model(tmp_path / "model"),
    )  # fmt: skip

    (told,) = read(tmp_path / "out" / "exceptions.parquet")
    assert told["message"].startswith("row 4: -7")
    assert "BND" in told["message"]
    assert "1 more" in told["message"]


@pytest.mark.parametrize("chunk_rows", [1, 4, 1000])
def test_an_account_in_two_places_is_not_traded(tmp_path: Path, chunk_rows: int) -> None:
    """What was decided on its first rows is taken back when more of them come later."""
    rows = [*drifted("A"), *drifted("B"), *drifted("C"), drifted("B")[0], *drifted("D")]
    rows += [*drifted("F"), *drifted("E"), *drifted("G")]
    book = write(tmp_path / "book.parquet", rows)

    summary = run_batch(
        book, tmp_path / "out", portfolio=model(tmp_path / "model"), chunk_rows=chunk_rows
    )

    traded = {row["account"] for row in read(tmp_path / "out" / "trades.parquet")}
    assert traded == {"A", "C", "D", "F", "G"}
    assert codes(tmp_path / "out") == {"B": "unsorted", "E": "unsorted"}
    assert summary.traded == 5
    assert "ORDER BY account" in batch._report(summary, tmp_path / "out")
    assert summary.trades == 10


def test_equal_lots_are_two_lots_and_told(tmp_path: Path) -> None:
    """Two equal rows count twice, and the account is decided with a note."""
    rows = [*drifted("A"), *drifted("B")[:1], *drifted("B")]

    run_batch(
        write(tmp_path / "book.parquet", rows), tmp_path / "out",
        portfolio=model(tmp_path / "model"),
    )  # fmt: skip

    (told,) = read(tmp_path / "out" / "exceptions.parquet")
    assert (told["account"], told["code"], told["decided"]) == ("B", "equal-lots", True)
    sold = [row for row in read(tmp_path / "out" / "trades.parquet") if row["account"] == "B"]
    # Of 100 shares, no more than 40 would have to go.
    assert sold[0]["quantity"] > 60


@pytest.mark.parametrize(
    ("table", "line", "by_engine"),
    [("[costs]", "commission = 4.95", 1), ("[policy]", "fewest_trades = true", 2)],
)
def test_what_the_compiled_decision_cannot_do_is_done_by_the_engine(
    tmp_path: Path, table: str, line: str, by_engine: int
) -> None:
    """The slow way decides the same; what has no good price waits there too."""
    portfolio = model(tmp_path / "model", TOML.replace(table, f"{table}\n{line}"))
    rows = [*drifted("A"), *drifted("B"), ("B", "XYZ", 1, "2020-01-02", "1.00")]

    summary = run_batch(
        write(tmp_path / "book.parquet", rows), tmp_path / "out", portfolio=portfolio
    )

    trades = read(tmp_path / "out" / "trades.parquet")
    assert summary.by_engine == by_engine
    assert [(row["account"], row["side"]) for row in trades] == [("A", "sell"), ("A", "buy")]
    assert all(row["cost"] > (4 if "commission" in line else 0) for row in trades)
    assert codes(tmp_path / "out") == {"B": "missing-price"}
    said = " ".join(str(row) for row in read(tmp_path / "out" / "exceptions.parquet"))
    assert "--price" not in said
    assert "prices=" not in said
    assert "add a row" in said


def test_facts_of_accounts_may_be_columns(tmp_path: Path) -> None:
    """Tax treatment and cash floor of the book go before those of the model."""
    columns = {**COLUMNS, "tax": "VARCHAR", "cash_floor": "DECIMAL(18, 2)"}
    rows = [(*row, "roth", "900.00") for row in drifted("A")]
    rows += [(*row, "taxable", None) for row in drifted("B")]
    rows += [(*row, "none", None) for row in drifted("C")]
    rows += [(*row, "roth", f"{k}.00") for k, row in enumerate(drifted("D"))]

    run_batch(
        write(tmp_path / "book.parquet", rows, columns), tmp_path / "out",
        portfolio=model(tmp_path / "model"),
    )  # fmt: skip

    trades = read(tmp_path / "out" / "trades.parquet")
    tax = {name: sum(row["tax"] for row in trades if row["account"] == name) for name in "AB"}
    assert tax["A"] == 0 < tax["B"]
    cash = sum(
        (1 if row["side"] == "sell" else -1) * row["value"] - row["cost"]
        for row in trades if row["account"] == "A"
    )  # fmt: skip
    assert 100 + cash >= 900
    assert codes(tmp_path / "out") == {"C": "unknown-tax", "D": "facts-differ"}


def test_targets_of_their_own(tmp_path: Path) -> None:
    """A file of targets goes before the model's; accounts without a good one are left alone."""
    rows = [row for name in "ABCD" for row in drifted(name)]
    targets = write(
        tmp_path / "targets.parquet",
        [
            ("A", "VTI", "20"), ("A", "GLD", "70.5"), ("A", "CASH", "9.5"),
            ("B", "VTI", "60"), ("B", "BND", "41"),
            ("D", "GLD", "100"),
        ],
        {"account": "VARCHAR", "symbol": "VARCHAR", "percent": "DECIMAL(9, 4)"},
    )  # fmt: skip

    run_batch(
        write(tmp_path / "book.parquet", rows), tmp_path / "out",
        portfolio=model(tmp_path / "model"), targets=targets, chunk_rows=7,
    )  # fmt: skip

    trades = read(tmp_path / "out" / "trades.parquet")
    sides = {(row["account"], row["symbol"]): row["side"] for row in trades}
    # What an own target does not name is left alone; and D's cash is less than one share.
    assert sides == {("A", "VTI"): "sell", ("A", "GLD"): "buy"}
    assert codes(tmp_path / "out") == {"B": "bad-target", "C": "no-target"}


def test_text_and_integers_are_exact_too(tmp_path: Path) -> None:
    """Decimal text, whole numbers and account numbers give what decimals give."""
    rows = [row for name in ("1", "2", "10") for row in drifted(name)]
    plain = [(*row[:2], str(row[2]), row[3], row[4]) for row in rows]
    forms = {
        "decimal": (rows, COLUMNS),
        "text": (plain, {**COLUMNS, "quantity": "VARCHAR", "cost_basis": "VARCHAR",
                         "acquired": "VARCHAR"}),
        "whole": (rows, {**COLUMNS, "account": "INTEGER", "quantity": "BIGINT"}),
        "wide": (rows, {**COLUMNS, "account": "BIGINT", "quantity": "DECIMAL(38, 10)"}),
    }  # fmt: skip
    found = {}
    for form, (own, columns) in forms.items():
        ordered = sorted(
            own, key=lambda row: row[0] if columns["account"] == "VARCHAR" else int(row[0])
        )
        book = write(tmp_path / f"{form}.parquet", ordered, columns)
        run_batch(book, tmp_path / form, portfolio=model(tmp_path / "model"))
        found[form] = sorted(
            (str(row["account"]), row["symbol"], row["quantity"], row["value"], row["tax"])
            for row in read(tmp_path / form / "trades.parquet")
        )
        assert codes(tmp_path / form) == {}

    assert len(found["decimal"]) == 6
    assert all(rows == found["decimal"] for rows in found.values())


def test_what_is_no_book_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    """Missing and inexact columns are told at once, and nothing is written."""
    path = write(
        tmp_path / "book.parquet",
        [],
        {"account": "VARCHAR", "quantity": "DOUBLE", "acquired": "TIME"},
    )

    with pytest.raises(InputError) as caught:
        run_batch(path, tmp_path / "out", portfolio=model(tmp_path / "model"))

    assert {problem.key for problem in caught.value.problems} == {"symbol", "quantity", "acquired"}
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError):
        run_batch(tmp_path / "none.parquet", tmp_path / "out", portfolio=model(tmp_path / "model"))


def test_an_empty_book_gives_empty_files(tmp_path: Path) -> None:
    """No rows in, no rows out, with their columns."""
    summary = run_batch(
        write(tmp_path / "book.parquet", []), tmp_path / "out", portfolio=model(tmp_path / "model")
    )

    assert summary.accounts == 0
    assert read(tmp_path / "out" / "trades.parquet") == []
    assert read(tmp_path / "out" / "exceptions.parquet") == []


def test_nothing_half_done_is_left(tmp_path: Path) -> None:
    """A batch that breaks off leaves nothing behind, and what is there is never touched."""
    book = write(tmp_path / "book.parquet", [row for n in range(9) for row in drifted(f"A{n}")])
    portfolio = model(tmp_path / "model")
    before = sorted(path.name for path in tmp_path.iterdir())

    def stop(rows: int, of: int, accounts: int) -> None:
        if accounts >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(book, tmp_path / "out", portfolio=portfolio, chunk_rows=5, progress=stop)

    assert sorted(path.name for path in tmp_path.iterdir()) == before
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    with pytest.raises(RefusedError):
        run_batch(book, tmp_path / "out", portfolio=portfolio)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_inherited_lots_and_quotes_in_names_are_read(tmp_path: Path) -> None:
    """`inherited` is long-term; an account's name may be any text."""
    columns = {**COLUMNS, "acquired": "VARCHAR"}
    rows = [
        (name, symbol, quantity, "inherited" if day else None, basis)
        for name in ("O'Neil; DROP TABLE book", "Ünal")
        for _, symbol, quantity, day, basis in drifted(name)
    ]

    run_batch(
        write(tmp_path / "book.parquet", rows, columns), tmp_path / "out",
        portfolio=model(tmp_path / "model"),
    )  # fmt: skip

    trades = read(tmp_path / "out" / "trades.parquet")
    assert {row["account"] for row in trades} == {"O'Neil; DROP TABLE book", "Ünal"}
    (sale,) = (row for row in trades if row["account"] == "Ünal" and row["side"] == "sell")
    gain = sale["value"] - sum(lot["cost_basis"] for lot in sale["lots"])
    assert abs(sale["tax"] - gain * decimal_from("0.15")) <= decimal_from("0.01")


def test_the_example_of_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files and the command line of docs/batch.md work as they stand there."""
    text = (Path(__file__).parents[2] / "docs" / "batch.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "model").mkdir()
    for block in blocks:
        if block.startswith("# model/"):
            name, _, content = block.partition("\n")
            (tmp_path / name.removeprefix("# ")).write_text(content)
    (book,) = (block for block in blocks if block.startswith("account,kind,symbol"))
    (tmp_path / "book.csv").write_text(book)
    monkeypatch.chdir(tmp_path)
    (copy,) = re.findall(r"`(COPY \(FROM read_csv.*?)`", text, flags=re.DOTALL)
    with duckdb.connect() as connection:
        connection.execute(copy.replace("\n", " "))
    (line,) = (block for block in blocks if block.startswith("trimtab batch"))
    made = argparse.ArgumentParser()
    batch.add_parser(made.add_subparsers())

    code = batch.run(made.parse_args([*line.split()[1:], "--json"]))

    said = json.loads(capsys.readouterr().out)
    assert code == 0
    assert said["traded"] == 2
    assert said["exceptions"] == {"negative-quantity": 1}
    assert codes(tmp_path / "run") == {"A003": "negative-quantity"}
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["trades"] == said["trades"]
