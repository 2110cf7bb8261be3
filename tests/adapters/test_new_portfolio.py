"""A new portfolio folder: works as it stands, and overwrites nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trimtab.adapters.new_portfolio import init_portfolio
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import RefusedError

SATURDAY = date(2026, 4, 4)
THURSDAY = date(2026, 4, 2)


def test_a_new_portfolio_is_valid_and_priced(tmp_path: Path) -> None:
    """What is written reads without a finding, and all in it has a price of the last session."""
    init_portfolio(tmp_path / "new", today=SATURDAY)

    portfolio = read_portfolio(tmp_path / "new")
    instruments = portfolio.household.instruments
    market = PriceFile(
        portfolio.prices, instruments=instruments, calendar=portfolio.calendar
    ).snapshot(THURSDAY, sorted(instruments))

    assert portfolio.findings == ()
    assert portfolio.opened == THURSDAY
    assert {lot.instrument for lot in portfolio.lots} == set(instruments)
    assert all(quote.price is not None for quote in market.quotes.values())
    assert {symbol: quote.on for symbol, quote in market.quotes.items()} == dict.fromkeys(
        instruments, THURSDAY
    )


def test_the_same_day_gives_the_same_files(tmp_path: Path) -> None:
    """The example is made without chance."""
    first = init_portfolio(tmp_path / "a", today=SATURDAY)

    second = init_portfolio(tmp_path / "b", today=THURSDAY)

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(
    "name", ["portfolio.toml", "lots.csv", "sales.csv", "prices.csv", "ledger.jsonl", "plans"]
)
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    """Where a part of a portfolio already lies, nothing is written at all."""
    (tmp_path / name).write_text("mine")

    with pytest.raises(RefusedError):
        init_portfolio(tmp_path, today=SATURDAY)

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    """A folder with unrelated files may become a portfolio folder."""
    (tmp_path / "README.md").write_text("mine")

    written = init_portfolio(tmp_path, today=SATURDAY)

    assert all(path.is_file() for path in written)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A name that is taken by a file is refused."""
    (tmp_path / "file").write_text("mine")

    with pytest.raises(RefusedError):
        init_portfolio(tmp_path / "file", today=SATURDAY)
