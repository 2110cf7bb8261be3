"""What a batch believes of its prices: young ones, without a step in the last sixty sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.batch.books import drifted, model, read, write
from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.batch.run import run_batch

TODAY = date(2026, 3, 31)


def decided(path: Path, vti: Callable[[int], str], *, last: int = 0) -> tuple[set[str], int]:
    """The codes of exceptions, and the number of trades, of an account that holds VTI and BND.

    Args:
        path: Where everything is written.
        vti: The row of VTI so many sessions ago, from the close on; empty for no row.
        last: The sessions ago of the newest row of BND.
    """
    portfolio: Portfolio = model(path / "model")
    calendar = portfolio.calendar
    sessions = calendar.sessions(date(2025, 9, 2), TODAY)
    rows = ["date,symbol,close,split"]
    for number, day in enumerate(sessions):
        ago = len(sessions) - 1 - number
        if vti(ago):
            rows.append(f"{day},VTI,{vti(ago)}")
        if ago >= last:
            rows.append(f"{day},BND,73.50,")
    (path / "model" / "prices.csv").write_text("".join(f"{row}\n" for row in rows))
    book = write(path / "book.parquet", drifted("A"))
    run_batch(book, path / "out", portfolio=portfolio, as_of=TODAY, threads=1)
    codes = {row["code"] for row in read(path / "out" / "exceptions.parquet")}
    return codes, len(read(path / "out" / "trades.parquet"))


@pytest.mark.parametrize("ago", [0, 1, 20, 57])
@pytest.mark.parametrize(("before", "code"), [("508.20", "split-missing"), ("900", "price-jump")])
def test_a_step_of_the_last_sixty_sessions_stops_the_account(
    tmp_path: Path, ago: int, before: str, code: str
) -> None:
    """Nobody said a word about it: however long the price stays there, it is doubted."""
    codes, trades = decided(tmp_path, lambda now: f"{before if now > ago else '254.10'},")

    assert codes == {code}
    assert trades == 0


@pytest.mark.parametrize(
    "vti",
    [
        pytest.param(lambda ago: f"{'900' if ago > 70 else '254.10'},", id="older"),
        pytest.param(lambda ago: f"{'900' if ago == 20 else '254.10'},", id="undone"),
        pytest.param(
            lambda ago: "508.20," if ago > 20 else "254.10,2" if ago == 20 else "254.10,",
            id="told",
        ),
        pytest.param(lambda ago: f"{254.10 * 1.02**ago:.2f},", id="small steps"),
    ],
)
def test_what_is_older_undone_told_or_came_in_small_steps_is_believed(
    tmp_path: Path, vti: Callable[[int], str]
) -> None:
    """A batch has no memory of accepted prices: beyond sixty sessions it asks no more."""
    codes, trades = decided(tmp_path, vti)

    assert codes == set()
    assert trades == 2


@pytest.mark.parametrize(("ago", "expected"), [(1, set()), (2, {"stale-price"})])
def test_a_price_older_than_a_session_stops_the_account(
    tmp_path: Path, ago: int, expected: set[str]
) -> None:
    """A price of the session before is young enough; the one before that is stale."""
    codes, trades = decided(tmp_path, lambda now: "254.10," if now >= ago else "")

    assert codes == expected
    assert (trades == 0) == bool(expected)


def test_a_split_that_its_price_did_not_follow_stops_the_account(tmp_path: Path) -> None:
    """Two new units for an old one at the old price: one of the two is wrong."""
    codes, trades = decided(tmp_path, lambda ago: f"254.10,{2 if ago == 30 else ''}")

    assert codes == {"split-out-of-phase"}
    assert trades == 0


def test_prices_in_another_currency_are_brought_over_as_for_a_plan(tmp_path: Path) -> None:
    """58.80 euros at 1.25 are 73.50 dollars: the same trades; `fx_bps` is paid on those alone."""
    tables = []
    for name, rows, bps in (
        ("home", "BND,73.50,\n", 0),
        ("abroad", "BND,58.80,EUR\n{day},EURUSD,1.25,\n", 0),
        ("dearer", "BND,58.80,EUR\n{day},EURUSD,1.25,\n", 10),
    ):
        portfolio = replace(model(tmp_path / name), fx_bps={"": Decimal(bps)} if bps else {})
        prices = "date,symbol,close,currency\n"
        for day in portfolio.calendar.sessions(date(2026, 1, 2), TODAY):
            prices += f"{day},VTI,254.10,\n{day},{rows.format(day=day)}"
        (tmp_path / name / "prices.csv").write_text(prices)
        book = write(tmp_path / f"{name}.parquet", drifted("A"))
        run_batch(book, tmp_path / f"{name}-out", portfolio=portfolio, as_of=TODAY, threads=1)
        tables.append(read(tmp_path / f"{name}-out" / "trades.parquet"))

    home, abroad, dearer = tables
    usual, more = ({row["symbol"]: row["cost"] for row in one} for one in (abroad, dearer))
    assert abroad == home
    assert more["BND"] > usual["BND"]
    assert more["VTI"] == usual["VTI"]
