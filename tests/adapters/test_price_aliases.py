"""Instruments that were renamed: prices under several tickers are one history."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.console import Session
from tests.engine.households import CALENDAR as NYSE
from trimtab.adapters.price_frames import read_prices
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import InputError
from trimtab.model.instruments import Alias, Instrument

HEAD = "date,symbol,close,volume,dividend,split\n"
OLD = "2022-06-06,FB,100,10,,\n2022-06-07,FB,104,10,4,\n2022-06-08,FB,110,30,,\n"
NEW = "2022-06-09,META,55,40,,2\n2022-06-10,META,66,50,,\n"
LAST = {"META": {"FB": "2022-06-08"}}


def _written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.mark.parametrize("split_up", [False, True])
def test_a_renamed_instrument_is_one_history_of_total_returns(
    tmp_path: Path, split_up: bool
) -> None:
    """What a holder had: dividends and splits count across the change of name, file or not."""
    files = {"a": HEAD + OLD, "b": HEAD + NEW} if split_up else {"a": HEAD + OLD + NEW}

    prices = read_prices(_written(tmp_path, **files), aliases=LAST)

    assert prices.symbols == ("META",)
    close = prices.close[:, 0]
    # One unit of 100; 4 paid at 104 and reinvested; two for one at 55; then 66.
    held = [100.0, 104.0 + 4.0, 110.0 * (108 / 104), 2 * 55.0 * (108 / 104), 2 * 66.0 * (108 / 104)]
    assert (close / close[0]).tolist() == pytest.approx([one / 100.0 for one in held])
    assert close[-1] == 66.0
    assert prices.volume is not None
    assert (prices.volume[:, 0] * close).tolist() == pytest.approx([1000, 1040, 3300, 2200, 3300])
    assert [(f.code, f.subject) for f in prices.findings] == [("renamed", "META")]


def test_a_ticker_that_was_reused_stays_another_instrument(tmp_path: Path) -> None:
    """Rows under the old name after its last day, and under the new one before, are others'."""
    rows = "2022-06-06,META,12,1,,\n2022-06-10,FB,7,1,,\n"
    prices = read_prices(_written(tmp_path, a=HEAD + OLD + NEW + rows), aliases=LAST)

    assert prices.symbols == ("FB", "META")
    assert np.flatnonzero(~np.isnan(prices.close[:, 0])).tolist() == [4]
    assert prices.close[0, 1] == pytest.approx(55 / 110 * 2 * 0.5 * 100 * 104 / 108)


@pytest.mark.parametrize("kind", ["csv", "polars", "pandas"])
def test_wide_tables_are_joined_as_well(tmp_path: Path, kind: str) -> None:
    """A column that ends and one that begins are one; without a day all rows count."""
    pl = pytest.importorskip("polars")
    text = "date,FB,META\n2022-06-07,1,\n2022-06-08,2,\n2022-06-09,,3\n"
    path = _written(tmp_path, w=text) / "w.csv"
    table = pl.read_csv(path, try_parse_dates=True)
    source: Any = {"csv": path, "polars": table, "pandas": table.to_pandas()}[kind]

    for aliases in (LAST, {"META": {"FB": None}}, {"META": [Alias("FB")]}):
        prices = read_prices(source, aliases=aliases)

        assert prices.symbols == ("META",)
        assert prices.close[:, 0].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("last", [None, date(2022, 6, 8)])
def test_backtests_and_plans_read_the_same_prices(tmp_path: Path, last: date | None) -> None:
    """Of each day the price that a plan sees under an instrument's names is what a backtest has."""
    path = _written(tmp_path, p="date,symbol,close\n" + "2022-06-08,FB,2\n2022-06-09,META,3\n")
    aliases = (Alias("FB", last=last),)
    plans = PriceFile(
        [path / "p.csv"], instruments={"META": Instrument("META", aliases=aliases)}, calendar=NYSE
    )

    prices = read_prices(path, aliases={"META": aliases})

    for day, close in zip(prices.dates, prices.close[:, 0], strict=True):
        quote = plans.snapshot(date.fromisoformat(str(day)), ["META"]).quotes["META"]
        assert quote.price is not None
        assert float(quote.price.decimal) == close


def test_two_prices_of_one_day_under_two_names_are_refused(tmp_path: Path) -> None:
    """Where names overlap nobody is believed; a day that is none, and a history, are refused."""
    path = _written(tmp_path, p=HEAD + OLD + "2022-06-08,META,55,1,,\n") / "p.csv"

    with pytest.raises(InputError, match="another row of 2022-06-08, under another of its names"):
        read_prices(path, aliases={"META": {"FB": None}})
    with pytest.raises(ValueError, match="is no day"):
        read_prices(path, aliases={"META": {"FB": "last summer"}})
    with pytest.raises(ValueError, match="a price history has its names"):
        read_prices(read_prices(path), aliases=LAST)


@pytest.mark.parametrize("command", ["backtest", "sweep --when monthly --to target"])
def test_a_portfolio_runs_over_the_names_its_instruments_had(tmp_path: Path, command: str) -> None:
    """`aliases` of portfolio.toml count in research, over several price files."""
    days = [f"2022-06-{d:02}" for d in range(1, 31)]
    old = "".join(f"{day},FB,{50 + i}\n" for i, day in enumerate(days[:8]))
    new = "".join(f"{day},META,{60 + i}\n" for i, day in enumerate(days[8:]))
    bond = "".join(f"{day},BND,80\n" for day in days)
    head = "date,symbol,close\n"
    _written(tmp_path, old=head + old, new=head + new + bond)
    (tmp_path / "portfolio.toml").write_text(
        'prices = ["old.csv", "new.csv"]\n'
        '[accounts.ira]\ntax = "roth"\n'
        '[instruments.META]\naliases = [{symbol = "FB", until = 2022-06-08}]\n'
        '[target.stock]\npercent = 60\nhold = ["META"]\n'
        '[target.bond]\npercent = 40\nhold = ["BND"]\n'
        '[policy]\nwhen = "monthly"\n'
    )
    (tmp_path / "lots.csv").write_text(
        "account,symbol,quantity,acquired,cost_basis\nira,META,10,2022-05-02,500\n"
    )

    shown = Session(tmp_path).run(f"trimtab {command}")

    assert "2022-06-01" in shown
    assert "2022-06-30" in shown
