"""Policies that weigh estimates, over history: what was tested is what trades."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.moving import moving_folder, written_folder
from tests.simulate.test_account import StillClock, holdings, told
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.adapters.portfolio_prices import portfolio_prices
from trimtab.live.book import OpenBook, open_book
from trimtab.live.history import account_paths, account_runs
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.orders import Order
from trimtab.model.plan import Reading
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.found_aim import FoundAim, WrittenAim

START, END = date(2012, 9, 28), date(2012, 11, 30)
UTILITY = '[target.optimize]\nobjective = "utility"\nrisk_aversion = 30\nhistory = "1y"\n'
LEAST = '[target.optimize]\nhistory = "1y"\n'


def seen(prices: PriceHistory, day: date) -> PriceHistory:
    """A view that ends on a day."""
    return prices.until(int(np.searchsorted(prices.dates, np.datetime64(day))))


def carried_out(
    folder: Path, start: date, end: date
) -> tuple[OpenBook, list[Order], list[tuple[date, tuple[Reading, ...]]]]:
    """Day by day through plan and apply: the orders, and the readings of plans that trade."""
    clock = StillClock()
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    readings = []
    for day in book.portfolio.calendar.sessions(start, end):
        clock.day = day
        plan = book.plan(day)
        if plan.trades:
            readings.append((day, plan.readings))
        if plan.trades or plan.periods:
            orders.extend(record.order for record in book.apply(plan).orders)
    return book, orders, readings


@pytest.mark.parametrize(
    ("optimize", "when"),
    [(LEAST, "tracking:0.5%"), (UTILITY, "weekly+worth:2x"), (None, "tracking:1%")],
)
def test_a_backtest_orders_what_plan_and_apply_order(
    tmp_path: Path, optimize: str | None, when: str
) -> None:
    """Day by day through plan and apply, and through account mode, which passes over the sessions
    on which surely nothing is due: the same readings, the same orders, the same lots and cash.
    """
    folder = (
        written_folder(tmp_path, when=when)
        if optimize is None
        else moving_folder(tmp_path, optimize=optimize, when=when)
    )
    book, orders, readings = carried_out(folder, START, END)
    opening = book.opening
    assert opening is not None

    mandate = book.mandate(END)
    markets = book._price_file({}).snapshots(START, END, sorted(mandate.household.instruments))
    movers = {} if optimize is None else book.movers()
    run = backtest_accounts(mandate, opening, markets, movers=movers, watch=book.watch())

    assert len(readings) > 1
    assert told(run.orders) == told(orders)
    assert [(plan.as_of, plan.readings) for plan in run.plans] == readings
    assert holdings(run.folded) == holdings(book.prepared(END).folded)


def test_worth_without_a_utility_is_refused_where_it_is_written(tmp_path: Path) -> None:
    """The file, the line and the key, with what would be right."""
    with pytest.raises(InputError, match='objective = "utility"') as refused:
        read_portfolio(moving_folder(tmp_path, when="worth:2x"))

    (problem,) = refused.value.problems
    assert (problem.file, problem.key) == ("portfolio.toml", "policy.when")


def test_shuffled_histories_in_account_mode_are_refused(tmp_path: Path) -> None:
    """There is no price history behind shuffled snapshots to estimate from."""
    folder = written_folder(tmp_path, when="tracking:1%")
    policies = [Policy(None, *parse_policy(words)) for words in ("tracking:1%", "never")]

    with pytest.raises(RefusedError, match="estimates for tracking"):
        account_paths(open_book(folder), policies)


def test_research_looks_at_the_estimates_of_a_plan(tmp_path: Path) -> None:
    """A found target in research is weighed by the covariance that it was found from."""
    folder = moving_folder(tmp_path, optimize=LEAST, when="monthly+tracking:0.5%")
    book = open_book(folder)
    portfolio = book.portfolio
    assert portfolio.moving is not None
    prices = portfolio_prices(portfolio)
    mover = book.mover()
    aim = FoundAim(portfolio.moving, mover.stands_for, portfolio.calendar)
    chosen = prices.select(list(mover.stands_for.values()))
    day = date(2012, 9, 28)

    outlook, _ = aim.outlook(seen(chosen, day))
    policy = Policy(aim, "monthly+tracking:0.5%", name="own")
    run = backtest(chosen, policy, start=date(2010, 1, 4))["own"]

    assert (outlook,) == book.mandate(day).outlooks
    acted = [look for look in run.looks if look.acts]
    assert 0 < len(acted) < len(run.looks)
    assert all((look.tracking >= 0.005) == look.acts for look in run.looks)


def test_research_weighs_a_written_target_as_a_plan_does(tmp_path: Path) -> None:
    """Its covariance is the one that a plan of the day weighs it by."""
    book = open_book(written_folder(tmp_path, when="tracking:1%"))
    portfolio = book.portfolio
    day = date(2012, 9, 14)
    mandate = book.mandate(day)
    prices = portfolio_prices(portfolio)
    stands = {"growth": "AAPL", "value": "IBM", "bonds": "BOND10"}
    chosen = prices.select(list(stands.values()))
    root = mandate.target
    assert root is not None

    outlook, _ = WrittenAim(root, portfolio.calendar).outlook(seen(chosen, day))

    assert outlook.covariance == mandate.outlooks[0].covariance
    assert outlook.last == date(2012, 8, 31)


def test_account_mode_runs_a_policy_that_the_folder_does_not_have(tmp_path: Path) -> None:
    """`backtest --account-mode --policy tracking:2%` estimates for it, and acts rarely."""
    policies = [Policy(None, *parse_policy(words)) for words in ("tracking:2%", "weekly")]
    start = date(2012, 1, 3)

    dynamic, weekly = account_runs(
        open_book(written_folder(tmp_path, when="monthly")), policies, start=start
    )

    assert 0 < dynamic.rebalances < weekly.rebalances
    fired = [one for plan in dynamic.plans[1:] for one in plan.readings if one.fired]
    assert {one.trigger for one in fired} <= {"tracking", "cash-floor"}
