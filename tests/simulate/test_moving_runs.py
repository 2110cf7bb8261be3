"""A target that moves over history: what was tested is what trades, and nothing saw the future."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.moving import moving_folder, replace_price
from tests.simulate.test_account import StillClock, holdings, told
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import mover_of, portfolio_prices
from trimtab.cli.main import main
from trimtab.live.book import open_book
from trimtab.live.history import account_runs
from trimtab.model.orders import Order
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.found_aim import FoundAim, equal_shares
from trimtab.targets.moving.glide import Glide

START, END = date(2012, 9, 28), date(2013, 2, 28)


@pytest.mark.parametrize(("when", "every"), [("monthly", "monthly"), ("band:5pp/25%", "weekly")])
def test_a_backtest_orders_what_plan_and_apply_order(tmp_path: Path, when: str, every: str) -> None:
    """Day by day through plan and apply, and through account mode: the same findings, the same
    orders, and in the end the same lots and cash.
    """
    optimize = f'[target.optimize]\nhistory = "1y"\nevery = "{every}"\n'
    folder = moving_folder(tmp_path, optimize=optimize, when=when)
    clock = StillClock()
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    for day in book.portfolio.calendar.sessions(START, END):
        clock.day = day
        plan = book.plan(day)
        if plan.trades or plan.periods:
            orders.extend(record.order for record in book.apply(plan).orders)
    opening = book.opening
    assert opening is not None

    mandate = book.mandate(END)
    source = book._price_file({})
    markets = source.snapshots(START, END, sorted(mandate.household.instruments))
    run = backtest_accounts(mandate, opening, markets, movers=book.movers())

    assert len(orders) > 3
    assert told(run.orders) == told(orders)
    assert holdings(run.folded) == holdings(book.prepared(END).folded)
    assert len({found.on for plan in run.plans if (found := plan.found)}) > 1


def test_a_run_sees_nothing_after_its_end(tmp_path: Path) -> None:
    """Prices after a run's last day, however wild, change none of its orders."""
    folder = moving_folder(tmp_path)
    policy = Policy(None, *parse_policy("monthly"))
    cash = Decimal(300000)
    calm = account_runs(open_book(folder), [policy], start=date(2010, 1, 4), end=START, cash=cash)
    for place, symbol in enumerate(("AAPL", "IBM", "BOND10")):
        for day in ("2012-12-12", "2012-12-13", "2012-12-14"):
            replace_price(folder / "prices.csv", day, symbol, f"{50 + 9 * place}")

    wild = account_runs(open_book(folder), [policy], start=date(2010, 1, 4), end=START, cash=cash)

    assert told(wild[0].orders) == told(calm[0].orders)
    assert wild[0].value == calm[0].value


def test_a_finding_that_fails_keeps_the_target_in_a_run(tmp_path: Path) -> None:
    """A tenfold price in the history keeps what was adopted, and the run says so."""
    folder = moving_folder(tmp_path)
    replace_price(folder / "prices.csv", "2012-06-13", "IBM", "2000")

    run = account_runs(
        open_book(folder),
        [Policy(None, *parse_policy("monthly"))],
        start=date(2012, 5, 1),
        end=date(2012, 9, 28),
    )[0]

    assert "target-kept" in [finding.code for finding in run.findings]
    targets = [
        (found.kept != "", {one.sleeve: one.weight for one in found.sleeves})
        for plan in run.plans
        if (found := plan.found) is not None
    ]
    kept = [place for place, (is_kept, _) in enumerate(targets) if is_kept]
    assert kept
    assert all(targets[place][1] == targets[place - 1][1] for place in kept)


def aim_of(folder: Path) -> tuple[FoundAim, PriceHistory]:
    """The portfolio's target as research sees it, with the prices it is found from."""
    portfolio = read_portfolio(folder)
    assert portfolio.moving is not None
    prices = portfolio_prices(portfolio)
    mover = mover_of(portfolio, prices)
    symbols = list(mover.stands_for.values())
    return FoundAim(portfolio.moving, mover.stands_for, portfolio.calendar), prices.select(symbols)


def test_research_finds_what_a_plan_finds(tmp_path: Path) -> None:
    """From a view that ends on a day comes the target that a plan of that day has."""
    folder = moving_folder(tmp_path)
    aim, prices = aim_of(folder)
    book = open_book(folder)

    for day in (date(2008, 11, 20), date(2010, 6, 30), date(2012, 9, 28)):
        view = prices.until(int(np.searchsorted(prices.dates, np.datetime64(day))))
        target = book.mandate(day).target
        assert target is not None
        plan = {leaf.hold[0]: float(leaf.weight) for leaf in target.leaves()}

        assert aim(view) == plan


def test_research_never_trades_on_what_it_has_not_seen(tmp_path: Path) -> None:
    """Poisoned prices after a day change no trade before it; trades come at the next close."""
    aim, prices = aim_of(moving_folder(tmp_path))
    cut = int(np.searchsorted(prices.dates, np.datetime64("2011-06-30")))
    close = prices.close.copy()
    rng = np.random.default_rng(5)
    close[cut + 1 :] *= rng.uniform(0.7, 1.4, close[cut + 1 :].shape)
    policy = Policy(aim, *parse_policy("monthly"))

    calm = backtest(prices, policy).policies[0]
    wild = backtest(replace(prices, close=close), policy).policies[0]

    assert calm.trade_at == "next-close"
    before = int(np.searchsorted(calm.dates, np.datetime64("2011-06-30")))
    assert calm.value[: before + 1].tolist() == wild.value[: before + 1].tolist()
    assert calm.value[-1] != wild.value[-1]


def test_equal_shares_keep_to_limits(tmp_path: Path) -> None:
    """What is fixed stays, and the rest is divided equally."""
    moving = read_portfolio(moving_folder(tmp_path)).moving
    assert moving is not None

    weights = {leaf.name: leaf.weight for leaf in equal_shares(moving).leaves()}

    assert float(weights["cash"]) == 0.05
    assert sum(weights.values()) == 1
    assert max(weights.values()) - min(w for n, w in weights.items() if n != "cash") <= 0.0001


def test_a_folders_backtest_shows_equal_shares_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that is found has to be worth more than one that needs no prices: both are shown."""
    monkeypatch.chdir(moving_folder(tmp_path))

    assert main(["backtest", "--json", "--start", "2010-01-04"]) == 0

    rows = json.loads(capsys.readouterr().out)["policies"]
    trade_at = {row["name"]: row["trade_at"] for row in rows}
    assert trade_at["this portfolio"] == "next-close"
    assert "equal shares" in trade_at


def gliding_folder(path: Path) -> Path:
    """The demo household on its way from stocks to bonds."""
    moving_folder(path, optimize="")
    toml = (path / "portfolio.toml").read_text()
    for before, after in (
        ("max_percent = 40\n", 'percent = { "2010-01-01" = 60, "2014-01-01" = 20 }\n'),
        ('hold    = ["IBM', 'percent = 25\nhold    = ["IBM'),
        ("min_percent = 20\n", 'percent = { "2010-01-01" = 10, "2014-01-01" = 50 }\n'),
    ):
        assert before in toml
        toml = toml.replace(before, after)
    (path / "portfolio.toml").write_text(toml)
    return path


def test_a_glide_path_is_planned_and_backtested_alike(tmp_path: Path) -> None:
    """By the calendar alone: each month's plan has the shares of its line, and so has every run."""
    folder = gliding_folder(tmp_path)
    book = open_book(folder)
    day = date(2012, 9, 28)
    along = (day - date(2010, 1, 1)).days / (date(2014, 1, 1) - date(2010, 1, 1)).days

    plan = book.plan(day)
    run = account_runs(
        book,
        [Policy(None, *parse_policy("monthly"))],
        start=date(2012, 5, 1),
        end=day,
        cash=Decimal(300000),
    )[0]

    weights = {row.sleeve: float(row.weight) for row in plan.sleeves}
    assert weights["growth"] == pytest.approx(0.60 - 0.40 * along, abs=1e-4)
    assert weights["bonds"] == pytest.approx(0.10 + 0.40 * along, abs=1e-4)
    assert run.aims == weights
    assert plan.found is not None
    assert plan.found.estimates is None


def test_a_glide_path_is_run_in_research(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`trimtab backtest` follows the path; there are no equal shares to compare a path with."""
    monkeypatch.chdir(gliding_folder(tmp_path))

    assert main(["backtest", "--json", "--start", "2010-01-04"]) == 0

    rows = json.loads(capsys.readouterr().out)["policies"]
    assert all("equal" not in row["name"] for row in rows)
    own = next(row for row in rows if row["name"] == "this portfolio")
    assert own["final_weights"]["BOND10"] == pytest.approx(0.42, abs=0.03)


def test_a_glide_path_in_python_runs_as_a_target(tmp_path: Path) -> None:
    """`tt.Glide` is a target like any other: a policy on the calendar follows it."""
    _, prices = aim_of(moving_folder(tmp_path))
    glide = Glide({"2008-01-01": {"AAPL": 0.8, "BOND10": 0.2}, "2012-12-31": {"BOND10": 1.0}})

    result = backtest(prices, Policy(glide, *parse_policy("monthly")), start=date(2008, 1, 2))

    assert result.policies[0].final_weights["BOND10"] == pytest.approx(1.0, abs=1e-9)
    assert result.policies[0].rebalances > 50
