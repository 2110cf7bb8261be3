"""What a target learns from: rows of days that are no session decide nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.live.test_volatility import DAY, steady_folder
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import portfolio_prices
from trimtab.live.book import open_book

HOLIDAYS = ("2012-04-06", "2012-05-28", "2012-07-04", "2012-09-03")


def _with_holidays(path: Path) -> Path:
    """The demo household whose price file has wild rows on four holidays of the exchange."""
    folder = steady_folder(path)
    with (folder / "prices.csv").open("a") as file:
        for day in HOLIDAYS:
            for symbol in ("AAPL", "IBM", "BOND10"):
                file.write(f"{day},{symbol},9.0,,,\n")
    return folder


@pytest.mark.parametrize("asked", [DAY, None])
def test_rows_beside_the_sessions_move_no_estimate_and_are_told(
    tmp_path: Path, asked: object
) -> None:
    """Wild prices on holidays leave the found target as it is without them, and a note says so."""
    plain = open_book(steady_folder(tmp_path / "plain")).plan(asked)  # type: ignore[arg-type]
    book = open_book(_with_holidays(tmp_path / "odd"))

    plan, status = book.plan(asked), book.status(asked)  # type: ignore[arg-type]

    assert plain.found is not None
    assert plan.found == plain.found == status.found
    for one in (plan, status):
        (note,) = (found for found in one.findings if found.code == "row-beside-session")
        assert note.subject == HOLIDAYS[-1]
        assert "4 days" in note.message


def test_a_study_of_the_folder_counts_the_same_sessions(tmp_path: Path) -> None:
    """Backtest and optimize in a folder see the prices that its plans learn from."""
    plain = portfolio_prices(read_portfolio(steady_folder(tmp_path / "plain")))

    odd = portfolio_prices(read_portfolio(_with_holidays(tmp_path / "odd")))

    assert np.array_equal(odd.dates, plain.dates)
    assert np.array_equal(odd.close, plain.close, equal_nan=True)
