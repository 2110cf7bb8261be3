"""Where one price is bad: a batch does what a plan does, account by account."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.batch.books import (
    COLUMNS,
    DAY,
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
from trimtab.batch.run import run_batch

GOOD = {"VTI": "254.10", "BND": "73.50", "GLD": "180.00", "OLD": "12.34"}
WITH_KIND = {"account": "VARCHAR", "kind": "VARCHAR", **dict(list(COLUMNS.items())[1:])}
COMMISSION = TOML.replace("[costs]", "[costs]\ncommission = 4.95")


def prices(bad: dict[str, str]) -> str:
    """Four sessions of good prices; what is bad has another price on the last, or none."""
    rows = ["date,symbol,close"]
    for day in (26, 27, 30, 31):
        for symbol, price in GOOD.items():
            shown = bad.get(symbol, price) if day == 31 else price
            if shown:
                rows.append(f"2026-03-{day},{symbol},{shown}")
    return "".join(f"{row}\n" for row in rows)


@pytest.mark.parametrize(
    ("toml", "bad"),
    [
        (TOML, {"OLD": "0"}),
        (TOML, {"OLD": "123.40"}),
        (TOML, {"OLD": "NaN", "GLD": "-180"}),
        (TOML, {"GLD": "90.00"}),
        (TOML, {"BND": "735.00"}),
        (TOML.replace("[policy]", '[policy]\nto = "half"'), {"OLD": "1e999", "GLD": ""}),
        (COMMISSION, {"OLD": "0", "GLD": "1800"}),
    ],
)
def test_a_batch_with_bad_prices_does_what_a_plan_does(
    tmp_path: Path, toml: str, bad: dict[str, str]
) -> None:
    """Frozen, counted and left alone up to the limit; beyond it nothing is planned, and told."""
    portfolio = model(tmp_path / "model", toml + KINDS + FRACTIONS, GOOD)
    (tmp_path / "model" / "prices.csv").write_text(prices(bad))
    rows = generated_rows(random.Random(11), 60)
    book = write(tmp_path / "book.parquet", rows, WITH_KIND)

    run_batch(book, tmp_path / "out", portfolio=portfolio, as_of=DAY)

    trades = trades_of(tmp_path / "out", portfolio)
    told = read(tmp_path / "out" / "exceptions.parquet")
    stopped = {row["account"] for row in told if not row["decided"]}
    seen: Counter[bool] = Counter()
    for name, plan in plans_of(rows, portfolio, {}).items():
        refused = any(one.code == "prices-refused" for one in plan.findings)
        seen[refused] += 1
        assert trades.get(name, []) == expected_of(plan)
        assert (name in stopped) is refused
    assert seen[False] > 3
    if bad.keys() & {"GLD", "BND"} - {symbol for symbol, price in bad.items() if not price}:
        assert seen[True] > 3


def test_what_is_left_alone_is_told_and_the_rest_is_traded(tmp_path: Path) -> None:
    """A little of what has no good price stops no account; all that has no price at all does."""
    portfolio = model(tmp_path / "model", TOML, GOOD)
    (tmp_path / "model" / "prices.csv").write_text(prices({"GLD": "1800"}))
    rows = [
        *drifted("A"), ("A", "GLD", 1, "2020-01-02", "100.00"),
        *drifted("B"), ("B", "GLD", 90, "2020-01-02", "500.00"),
        *drifted("C"), ("C", "NEW", 1, "2020-01-02", "5.00"),
    ]  # fmt: skip

    summary = run_batch(
        write(tmp_path / "book.parquet", rows), tmp_path / "out", portfolio=portfolio, as_of=DAY
    )

    told = read(tmp_path / "out" / "exceptions.parquet")
    told.sort(key=lambda one: one["account"])

    assert [(one["account"], one["code"], one["decided"]) for one in told] == [
        ("A", "price-jump", True),
        ("B", "price-jump", False),
        ("C", "missing-price", False),
    ]
    assert "limits.frozen_percent" in told[1]["message"]
    assert {row["account"] for row in read(tmp_path / "out" / "trades.parquet")} == {"A"}
    assert (summary.decided, summary.by_engine) == (1, 1)
