"""Splits that prices do not tell of: what looks like one is told, crashes are not."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import sweep
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.prices.splits import split_findings, split_looks
from trimtab.simulate.research.backtest import backtest

HALVES = Policy({"A": 0.5, "B": 0.5}, name="halves")


def with_split(ratio: float, *, sessions: int = 90, at: int = 60) -> PriceHistory:
    """Two random walks, of which one is divided by `ratio` from a session on."""
    prices = lively(["A", "B"], sessions, seed=4)
    close = prices.close.copy()
    close[at:, 0] = close[at - 1, 0] * 1.004 / ratio * close[at:, 0] / close[at, 0]
    return history({"A": close[:, 0], "B": close[:, 1]})


def with_move(ratio: float) -> PriceHistory:
    """Two of which one is so many times its price from a session on, exactly."""
    return history(
        {"A": [100.0, 104.0] * 15 + [104.0 * ratio, 100.0 * ratio] * 15, "B": [5.0, 6.0] * 30}
    )


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.5, "3-for-2 split"),
        (2.0, "2-for-1 split"),
        (3.0, "3-for-1 split"),
        (4.0, "4-for-1 split"),
        (5.0, "5-for-1 split"),
        (6.5, "6-for-1 split"),
        (1 / 3.4, "1-for-3 reverse split"),
        (1 / 5.5, "1-for-6 reverse split"),
        (0.5, "1-for-2 reverse split"),
        (0.25, "1-for-4 reverse split"),
    ],
)
def test_a_move_like_a_split_names_its_ratio_and_day(ratio: float, words: str) -> None:
    """A usual ratio, large for its instrument, is told with symbol, day and split."""
    (found,) = split_looks(with_split(ratio))

    assert (found.symbol, found.words) == ("A", words)
    assert found.day.isoformat() == str(with_split(ratio).dates[60])


def test_a_far_move_is_told_with_the_nearest_split_whatever_is_usual() -> None:
    """From three times or a third on, near a ratio or not, calm or wild: day, prices and split."""
    steps = np.random.default_rng(8).normal(0, 0.15, 200)
    steps[100] = np.log(3.4)
    wild = history({"A": (50 * np.exp(np.cumsum(steps))).tolist()})

    (found,) = split_findings(wild)

    assert str(wild.dates[100]) in found.message
    assert "3.4 times the one before, nearest to a 1-for-3 reverse split" in found.message
    assert "correct the row" in found.message


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (8.0, "8 times the one before, which looks like a 1-for-8 reverse"),
        (9.5, "9.5 times the one before, which looks like a 1-for-10 reverse"),
        (9.91, "1-for-10 reverse"),
        (12.5, "1-for-12 reverse"),
        (0.125, "8-for-1 split"),
        (0.11, "0.11 of the one before, which looks like a 10-for-1 split"),
        (0.105, "10-for-1 split"),
    ],
)
def test_a_move_near_ten_is_refused_as_ten_is(ratio: float, words: str) -> None:
    """A slip of the decimal point stays one where the market moved besides, up or down."""
    prices = with_move(ratio)

    with pytest.raises(InputError, match=words):
        backtest(prices, HALVES)
    assert backtest(prices, HALVES, accept_jumps=True).findings == ()


@pytest.mark.parametrize("ratio", [7.5, 3.0, 0.3, 0.14])
def test_a_far_move_that_is_not_near_ten_runs_with_a_warning(ratio: float) -> None:
    """What may be real is run over and told."""
    prices = with_move(ratio)

    found = backtest(prices, HALVES).findings

    assert [(one.code, one.severity) for one in found] == [("looks-like-split", "warning")]


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.4, 1.75, 2.2])
def test_what_is_near_no_ratio_is_not_told(ratio: float) -> None:
    """A large move that is no usual split is left to be one."""
    assert split_looks(with_split(ratio)) == ()


def test_a_move_that_is_usual_at_its_time_is_not_told() -> None:
    """Where prices move by a third every other week, a halving is nothing that stands out."""
    steps = np.random.default_rng(8).normal(0, 0.15, 200)
    steps[100] = np.log(0.5)
    wild = history({"A": (50 * np.exp(np.cumsum(steps))).tolist()})

    assert split_looks(wild) == ()


def test_a_slip_that_is_undone_is_told_both_ways() -> None:
    """A price that is halved on one day and back on the next does not hide itself."""
    prices = lively(["A"], 80, seed=2)
    close = prices.close[:, 0].copy()
    close[40] = close[39] / 2
    close[41] = close[39]

    found = split_looks(history({"A": close}))

    assert [one.words for one in found] == ["2-for-1 split", "1-for-2 reverse split"]


def test_every_run_over_history_says_so() -> None:
    """Backtest and sweep carry the warning, with what to do; a move taken for real is silent."""
    prices = with_split(2.0)

    alone = backtest(prices, HALVES)
    (found,) = [one for one in alone.findings if one.code == "looks-like-split"]
    swept = sweep(prices, grid(HALVES, when=["never", "monthly"]))

    assert (found.subject, found.severity) == ("A", "warning")
    assert "2-for-1 split" in found.message
    assert str(prices.dates[60]) in found.message
    assert "`split`" in found.message
    assert found in swept.findings
    assert backtest(prices, HALVES, accept_jumps=True).findings == ()


def test_many_symbols_do_not_flood() -> None:
    """Of many instruments that were not adjusted, ten are named and the rest is counted."""
    one = with_split(2.0).close[:, 0]
    many = history({f"S{k}": one for k in range(25)})

    found = split_findings(many)

    assert len(found) == 11
    assert found[-1].message.startswith("15 more")


def test_crashes_are_no_splits(shared: Path) -> None:
    """1987, 2000-2002, 2008 and 2020 in indices, funds and stocks: one move of them all is told."""
    data = shared / "data"
    found = [
        (one.symbol, str(one.day))
        for name in (
            "us_equity_total_return_1885_2024/us_equity_adj_close.csv",
            "etf_daily_yahoo",
            "etf23_prices_2008_2016",
            "skfolio_sp500_20stocks/sp500_dataset.csv.gz",
            "pypfopt_stock_prices/stock_prices.csv",
            "crypto_btcusd_daily_coinbase",
        )
        for one in split_looks(read_prices(data / name))
    ]

    # Bitcoin's is a half to the cent.
    assert found == [("RRC", "1990-04-10"), ("btcusd", "2015-01-14")]


def test_splits_that_were_are_found_in_raw_prices(shared: Path) -> None:
    """Of the splits in raw prices of six American names nearly all are told, and one real fall."""
    folder = shared / "data" / "lean_us_equity_daily"
    found, were = set(), set()
    for name in ("aapl", "aig", "bac", "ibm", "iwm", "spy"):
        prices = read_prices(folder / f"{name}.csv")
        found |= {(name, str(one.day)) for one in split_looks(prices)}
        with (folder / f"{name}.factor.csv").open() as file:
            rows = [row for row in csv.reader(file) if row[0].isdigit()]
        for row, later in pairwise(rows):
            if abs(float(row[2]) / float(later[2]) - 1) > 0.01:
                day = np.datetime64(f"{row[0][:4]}-{row[0][4:6]}-{row[0][6:]}")
                after = prices.dates[np.searchsorted(prices.dates, day, side="right")]
                were.add((name, str(after)))

    # By a half and 3.1% in these prices.
    assert found - were == {("aapl", "2000-09-29")}
    # One rose by a tenth on its day, one was 5 for 4.
    missed = {("aapl", "2000-06-21"), ("aig", "1999-08-02")}
    assert were - found == missed
