"""`[target.optimize]` with limits beside its sleeves: one finding for plan, research and Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trimtab as tt
from tests.moving import moving_folder
from tests.simulate.test_account import StillClock, holdings, told
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import mover_of, portfolio_prices
from trimtab.cli.main import main
from trimtab.live.book import open_book
from trimtab.model.orders import Order
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.found_aim import FoundAim
from trimtab.targets.moving.window import window_of

DAY = date(2012, 9, 28)
CASH = '[target.cash]\npercent = 5\nhold    = ["CASH"]\n'
SYMBOLS = ("AAPL", "IBM", "BOND10")


def kept_folder(path: Path, lines: str, *, limited: bool = False) -> Path:
    """The demo household without cash in its target; its sleeves have limits where that is said."""
    moving_folder(path, optimize=f'[target.optimize]\nhistory = "2y"\n{lines}\n', when="monthly")
    file = path / "portfolio.toml"
    toml = file.read_text()
    gone = (CASH,) if limited else (CASH, "max_percent = 40\n", "min_percent = 20\n")
    for text in gone:
        assert text in toml, text
        toml = toml.replace(text, "")
    file.write_text(toml)
    return path


def planned(folder: Path) -> dict[str, float]:
    """The weights that a plan of the day aims at, by the symbol that stands for each sleeve."""
    target = open_book(folder).mandate(DAY).target
    assert target is not None
    return {leaf.hold[0]: float(leaf.weight) for leaf in target.leaves()}


def research(folder: Path) -> tuple[FoundAim, PriceHistory]:
    """The target as research sees it, and its view of the day."""
    portfolio = read_portfolio(folder)
    assert portfolio.moving is not None
    prices = portfolio_prices(portfolio)
    known = mover_of(portfolio, prices).stands_for
    prices = prices.select(list(known.values()))
    view = prices.until(int(np.searchsorted(prices.dates, np.datetime64(DAY))))
    return FoundAim(portfolio.moving, known, portfolio.calendar), view


def moves(aim: FoundAim, view: PriceHistory) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The returns that the finding of the day learns from."""
    window, wrong = window_of(aim.target, view, aim.stands_for, aim.found_on(DAY), aim.calendar)
    assert window is not None, wrong
    return window.returns


GROUP = """
[target.optimize.groups.stocks]
sleeves = ["growth", "value"]
min_percent = 55
"""
SCORES = """
scores = { esg = { growth = 80, value = 40, bonds = 10 } }
min_score = { esg = 50 }
"""
BENCHMARK = "tracking_error = 4\nbenchmark = { growth = 50, value = 30, bonds = 20 }"


@pytest.mark.parametrize(
    ("lines", "objective", "settings"),
    [
        (GROUP, "min-volatility",
         {"groups": [tt.Group("stocks", ["AAPL", "IBM"], low=0.55)]}),
        (f'objective = "min-cvar"{GROUP}', "min-cvar",
         {"groups": [tt.Group("stocks", ["AAPL", "IBM"], low=0.55)]}),
        (SCORES, "min-volatility",
         {"scores": [tt.Score("esg", {"AAPL": 80, "IBM": 40, "BOND10": 10}, low=50)]}),
        (BENCHMARK, "min-volatility",
         {"benchmark": {"AAPL": 0.5, "IBM": 0.3, "BOND10": 0.2}, "tracking_error": 0.04}),
        ('max_names = 1', "min-volatility", {"max_names": 1}),
        ('max_names = 2\nmin_names = 2\nmin_position = 30', "min-volatility",
         {"max_names": 2, "min_names": 2, "smallest": 0.3}),
        ('min_names = 3\nmin_position = 20', "min-volatility",
         {"min_names": 3, "smallest": 0.2}),
        ('exclude = ["bonds"]', "min-volatility", {"exclude": ["BOND10"]}),
    ],
)  # fmt: skip
def test_plan_research_and_python_find_the_same(
    tmp_path: Path, lines: str, objective: Any, settings: Mapping[str, Any]
) -> None:
    """With the same limits the plan of a day, a view that ends on it and `tt.Optimiser` agree, to a
    hundredth of a percent; and the limits are those that matter.
    """
    folder = kept_folder(tmp_path, lines)
    rules = tt.Constraints(**settings)
    ours = tt.Optimiser(objective, constraints=rules)
    free = tt.Optimiser(objective)

    plan = planned(folder)
    aim, view = research(folder)

    returns = moves(aim, view)
    python = ours.fit(returns, names=SYMBOLS).weights_
    assert aim(view) == plan
    assert [plan[symbol] for symbol in SYMBOLS] == pytest.approx(python.tolist(), abs=1.01e-4)
    assert abs(free.fit(returns, names=SYMBOLS).weights_ - python).max() > 0.01


FEE = "per_share       = 0.005\n"
COSTS = 'objective = "utility"\nrisk_aversion = 9\ncosts = true\nhorizon = 1\n'


@pytest.mark.parametrize("lines", ["turnover = 5", COSTS])
def test_research_counts_from_what_a_plan_counts_from(tmp_path: Path, lines: str) -> None:
    """A view that holds what the household holds gives the target of its plan, under a limit on
    turnover and at the cost of getting there; with nothing held neither has a meaning.
    """
    folder = kept_folder(tmp_path, lines)
    sleeves = open_book(folder).plan(DAY).sleeves
    aim, view = research(folder)
    held = {
        aim.stands_for[row.sleeve]: float(row.now)
        for row in sleeves
        if row.sleeve in aim.stands_for
    }

    found, free = aim(replace(view, held=held)), aim(view)

    plan = {
        aim.stands_for[row.sleeve]: float(row.weight)
        for row in sleeves
        if row.sleeve in aim.stands_for
    }
    assert found == pytest.approx(plan, abs=1.01e-4)
    assert free is not None
    assert max(abs(free[symbol] - plan[symbol]) for symbol in plan) > 0.01


IMPACT = "per_share = 0.05\nimpact    = 60\n"
"""Costs of which none is by the money alone, in place of the demo's fee a share."""


def costly_folder(path: Path) -> Path:
    """The demo household whose target counts fees a share and impact."""
    file = kept_folder(path, COSTS) / "portfolio.toml"
    toml = file.read_text()
    assert FEE in toml
    file.write_text(toml.replace(FEE, IMPACT))
    return path


def test_impact_and_fees_a_share_are_the_same_in_plan_and_research(tmp_path: Path) -> None:
    """What a target counts of the cost of getting there moves it, alike in a plan and in a view
    that holds the same; and a plan tells what was counted and what was not.
    """
    plain, costly = tmp_path / "plain", tmp_path / "costly"
    kept_folder(plain, COSTS)
    book = open_book(costly_folder(costly))
    plan = book.plan(DAY)
    aim, view = research(costly)
    held = {aim.stands_for[row.sleeve]: float(row.now) for row in plan.sleeves
            if row.sleeve in aim.stands_for}  # fmt: skip
    worth = float(book.worth(DAY))

    found = aim(replace(view, held=held, worth=worth))

    weights, cheaper = planned(costly), planned(plain)
    assert found == pytest.approx(weights, abs=2e-4)
    assert max(abs(weights[name] - cheaper[name]) for name in weights) > 0.005
    assert plan.found is not None
    assert plan.found.why.endswith(
        "counted: fees and spread by the money, fees a share, impact; not counted: tax of lots, "
        "impact of bonds, whose volume is not known"
    )


@pytest.mark.parametrize("lines", ["turnover = 5", COSTS, IMPACT])
def test_what_counts_from_holdings_is_ordered_alike_by_plan_and_account_mode(
    tmp_path: Path, lines: str
) -> None:
    """A target that counts from what is held: through plan and apply, and through account mode, the
    same orders and in the end the same lots; planned anew on its day, no order is left.
    """
    folder = costly_folder(tmp_path) if lines == IMPACT else kept_folder(tmp_path, lines)
    clock, end = StillClock(), date(2012, 11, 1)
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    for day in (DAY, date(2012, 10, 31), end):
        clock.day = day
        plan = book.plan(day)
        if plan.trades or plan.periods:
            orders.extend(record.order for record in book.apply(plan).orders)
            assert not book.plan(day).trades
    opening = book.opening
    assert opening is not None

    mandate = book.mandate(end)
    source = book._price_file({})
    markets = source.snapshots(DAY, end, sorted(mandate.household.instruments))
    run = backtest_accounts(mandate, opening, markets, movers=book.movers())

    assert len(orders) > 2
    assert told(run.orders) == told(orders)
    assert holdings(run.folded) == holdings(book.prepared(end).folded)


@pytest.mark.parametrize("command", ["sweep", "advise"])
def test_what_counts_from_holdings_is_no_target_for_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    """`sweep` and `advise` find one target for all policies, and refuse what each holds by name."""
    monkeypatch.chdir(kept_folder(tmp_path, "turnover = 5"))

    assert main([command]) == 1

    assert "[target.optimize] with turnover" in capsys.readouterr().err
