"""`[target.volatility]` in a portfolio folder: planned, explained, and backtested alike."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from trimtab.adapters.plan_files import load_plan
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import mover_of, portfolio_prices
from trimtab.cli.main import main
from trimtab.live.book import open_book
from trimtab.live.history import account_runs
from trimtab.model.policy import Policy, parse_policy

DAY = date(2012, 9, 28)
RULE = '[target.volatility]\nwanted = 8\nsafe = "bonds"\n'


def steady_folder(path: Path, rule: str = RULE) -> Path:
    """The demo household, whose shares are written, with a volatility that is wanted."""
    packaged = Path(str(files("trimtab.data") / "demo"))
    shutil.copytree(packaged / "portfolio", path, dirs_exist_ok=True)
    shutil.copyfile(packaged / "prices.csv", path / "prices.csv")
    with (path / "portfolio.toml").open("a") as file:
        file.write(rule)
    return path


def test_a_plan_trades_to_scaled_shares_and_says_why(tmp_path: Path) -> None:
    """By hand: the mix of the plan's sleeves had the wanted volatility over the half year, to the
    hundredth of a percent that shares are rounded to; growth and value keep their proportion.
    """
    folder = steady_folder(tmp_path)
    prices = portfolio_prices(read_portfolio(folder))
    rows = (prices.dates > np.datetime64("2012-03-28")) & (prices.dates <= np.datetime64(DAY))
    close = prices.select(["AAPL", "IBM", "BOND10"]).close[rows]

    plan = open_book(folder).plan(DAY)
    reread = load_plan(plan.save()).plan

    found = plan.found
    assert found is not None
    shares = {one.sleeve: one.weight for one in found.sleeves}
    mix = np.array([float(shares[name]) for name in ("growth", "value", "bonds")])
    deviation = ((close[1:] / close[:-1] - 1.0) @ mix).std(ddof=1) * np.sqrt(252)
    assert deviation == pytest.approx(0.08, abs=1e-4)
    assert shares["cash"] == Fraction(1, 20)
    assert float(shares["growth"] / shares["value"]) == pytest.approx(35 / 25, abs=2e-3)
    assert {row.sleeve: row.weight for row in plan.sleeves} == shares
    assert "against 8.0% wanted: risky sleeves x 0." in found.why
    assert reread.found == found


def test_prices_of_the_future_change_nothing(tmp_path: Path) -> None:
    """Whatever comes after the day that it is found on, the target is the same."""
    portfolio = read_portfolio(steady_folder(tmp_path))
    prices = portfolio_prices(portfolio)
    poisoned = prices.close.copy()
    poisoned[prices.dates > np.datetime64(DAY)] = 1e9

    calm = mover_of(portfolio, prices).at(DAY, None)
    wild = mover_of(portfolio, replace(prices, close=poisoned)).at(DAY, None)

    assert calm == wild


def test_a_backtest_of_accounts_follows_what_is_planned(tmp_path: Path) -> None:
    """The last target of a run to a day is that of the plan of that day."""
    book = open_book(steady_folder(tmp_path))
    plan = book.plan(DAY)

    run = account_runs(
        book,
        [Policy(None, *parse_policy("monthly"))],
        start=date(2012, 6, 1),
        end=DAY,
        cash=Decimal(300000),
    )[0]

    assert run.aims == {row.sleeve: float(row.weight) for row in plan.sleeves}


def test_research_says_what_the_target_follows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`trimtab backtest` runs it, and its status tells why."""
    monkeypatch.chdir(steady_folder(tmp_path))

    assert main(["backtest", "--json", "--start", "2012-01-03"]) == 0
    runs = json.loads(capsys.readouterr().out)["policies"]
    assert main(["status", "--as-of", "2012-09-28"]) == 0
    said = " ".join(capsys.readouterr().out.split())

    own = next(row for row in runs if row["name"] == "this portfolio")
    assert 0.04 < own["volatility"] < 0.12
    assert "volatility target of 8%, monthly, as of 2012-09-28." in said
    assert "over 2012-03-29 to 2012-09-28 against 8.0% wanted: risky sleeves x" in said


def test_what_is_too_wild_is_as_calm_as_can_be_and_said(tmp_path: Path) -> None:
    """Where no mix is as calm as is wanted, the calmest is taken, with a finding."""
    rule = RULE.replace("wanted = 8", "wanted = 0.1")
    portfolio = read_portfolio(steady_folder(tmp_path, rule))

    tree, found = mover_of(portfolio).at(DAY, None)

    assert tree is not None
    assert [one.code for one in found.findings] == ["volatility-not-reached"]


def test_calm_times_stop_at_the_most(tmp_path: Path) -> None:
    """Risky sleeves are together what max_percent says, and no more, in whole hundredths."""
    rule = RULE.replace("wanted = 8", 'wanted = 90\nmax_percent = 70\ncovariance = "ewm"')
    portfolio = read_portfolio(steady_folder(tmp_path, rule))

    tree, found = mover_of(portfolio).at(DAY, None)

    assert tree is not None
    shares = {leaf.name: leaf.weight for leaf in tree.leaves()}
    assert shares["growth"] + shares["value"] == Fraction(7, 10)
    assert shares["bonds"] == Fraction(1, 4)
    assert "the most that is allowed" in found.why
