"""Short positions and loans: what they cost by a loop written out, and the end of those in debt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import isnan

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.costs import Costs
from trimtab.kernels.daily_columns import BORROWED, ENDED
from trimtab.model.errors import InputError
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import Form, backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.uncertainty.bootstrap import bootstrap, bootstrap_paths

TARGET = {"A": 1.2, "B": -0.5, "C": -0.2, CASH: 0.5}
GEARED = {"A": 0.9, "B": 0.6, CASH: -0.5}
COSTS = Costs(bps=10, borrow_bps=80, by_instrument={"C": Costs(bps=20, borrow_bps=450)})
RATES = {"A": (0.001, 0.008), "B": (0.001, 0.008), "C": (0.002, 0.045)}


def written_out(
    prices: PriceHistory,
    target: dict[str, float],
    *,
    cash_rate: float,
    loan_rate: float | None,
    lag: int,
    band: float | None = None,
) -> dict[str, np.ndarray | float]:
    """A run in plain numpy: money in cash, units in the rest; at each month's last session, or
    where a weight is `band` of its target away."""
    names = [name for name in target if name != CASH]
    close = prices.close[:, [prices.symbols.index(name) for name in names]]
    goal = np.array([target[name] for name in names])
    fee = np.array([RATES[name][0] for name in names])
    rate = np.array([RATES[name][1] for name in names])
    years = np.diff(prices.dates).astype(float) / 365.25
    months = prices.dates.astype("datetime64[M]")
    last_of_month = np.append(months[1:] != months[:-1], False)
    units, cash = goal * 100_000.0 / close[0], target.get(CASH, 0.0) * 100_000.0
    value = np.empty(len(close))
    value[0] = 100_000.0
    paid = borrowed = interest = 0.0
    waiting = False

    def trade(at: np.ndarray) -> None:
        nonlocal units, cash, paid
        worth = cash + units @ at
        cost = float(np.abs(goal * worth - units * at) @ fee)
        units = goal * (worth - cost) / at
        cash = (1.0 - goal.sum()) * (worth - cost)
        paid += cost

    for t in range(1, len(close)):
        due = float(np.maximum(-units * close[t - 1], 0.0) @ rate) * years[t - 1]
        borrowed += due
        growth = (1.0 + cash_rate) ** years[t - 1]
        if cash < 0.0 and loan_rate is not None:
            growth = (1.0 + loan_rate) ** years[t - 1]
        interest += max(-cash, 0.0) * (growth - 1.0)
        cash = cash * growth - due
        if waiting:
            trade(close[t])
            waiting = False
        worth = cash + units @ close[t]
        acts = last_of_month[t]
        if band is not None:
            away = np.append(units * close[t], cash) / worth - np.append(goal, 1.0 - goal.sum())
            limits = band * np.abs(np.append(goal, 1.0 - goal.sum()))
            acts = bool((np.abs(away) >= limits)[limits > 0].any())
        if acts and t < len(close) - 1 - lag:
            if lag:
                waiting = True
            else:
                trade(close[t])
        value[t] = cash + units @ close[t]
    return {"value": value, "cost": paid, "borrow": borrowed, "interest": interest}


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("target", [TARGET, GEARED], ids=["short", "loan"])
def test_what_is_borrowed_costs_what_a_loop_written_out_says(
    target: dict[str, float], lag: int, form: Form
) -> None:
    """Value by session, trading cost, borrow cost and interest agree with a loop of plain numpy."""
    prices = lively(["A", "B", "C"], 300, seed=6)
    policy = Policy(target, when="monthly", name="p")

    (run,) = backtest(
        prices, policy, costs=COSTS, short=True, cash_rate=0.02, loan_rate=0.07, form=form,
        trade_at="next-close" if lag else "close",
    )  # fmt: skip

    plain = written_out(prices, target, cash_rate=0.02, loan_rate=0.07, lag=lag)
    assert run.value.tolist() == pytest.approx(plain["value"].tolist(), rel=1e-11)
    assert run.cost_paid == pytest.approx(plain["cost"], rel=1e-10)
    assert run.borrow_paid == pytest.approx(plain["borrow"], rel=1e-10)
    assert run.interest_paid == pytest.approx(plain["interest"], rel=1e-10)
    assert (run.borrow_paid > 0) == (min(target["A"], target["B"]) < 0)
    assert (run.interest_paid > 0) == (target[CASH] < 0)


def test_a_relative_band_goes_by_the_size_of_a_short_position() -> None:
    """A short position of half the portfolio has the band of a long one of half."""
    prices = lively(["A", "B", "C"], 260, seed=9)

    (run,) = backtest(prices, Policy(TARGET, when="band:20%"), costs=COSTS, short=True)

    plain = written_out(prices, TARGET, cash_rate=0.0, loan_rate=None, lag=0, band=0.2)
    assert 2 < run.rebalances < 200
    assert run.value.tolist() == pytest.approx(plain["value"].tolist(), rel=1e-11)


def test_a_loan_costs_what_cash_earns_unless_told() -> None:
    """Without a rate of its own a loan grows as CASH does, whose interest is told."""
    prices = history({"A": [10.0] * 400})
    geared = Policy({"A": 1.5, CASH: -0.5}, when="never")

    (run,) = backtest(prices, geared, short=True, cash_rate=0.05)

    years = (run.last - run.first).days / 365.25
    assert run.interest_paid == pytest.approx(50_000 * (1.05**years - 1))
    assert run.final_value == pytest.approx(150_000 - 50_000 * 1.05**years)


def test_long_only_runs_are_what_they_were() -> None:
    """Allowing what a policy does not do changes no bit of its curve."""
    prices = lively(["A", "B"], 500, seed=3)
    policy = Policy({"A": 0.6, "B": 0.4}, when="band:3pp", to="half")
    costs = Costs(bps=10, borrow_bps=500)

    (alone,), (allowed,) = (backtest(prices, policy, costs=costs, short=s) for s in (False, True))

    assert alone.rebalances > 3
    assert alone.value.tolist() == allowed.value.tolist()
    assert (allowed.borrow_paid, allowed.interest_paid) == (0.0, 0.0)


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
def test_who_owes_more_than_there_is_ends_there(form: Form) -> None:
    """A short squeeze beyond the portfolio's worth ends the run with nothing, and says so."""
    prices = history({"A": [10, 10, 10, 16, 25, 12, 8, 8], "B": [5.0] * 8})
    policy = Policy({"A": -1.0, "B": 1.0, CASH: 1.0}, when="never", name="squeezed")

    result = backtest(
        prices, policy, short=True, form=form, accept_jumps=True, flows=Flows(
            {date(2024, 1, 9): 5_000.0}, invest="hold"
        ),
    )  # fmt: skip

    (run,) = result
    (found,) = [one for one in result.findings if one.code == "insolvent"]
    assert run.value.tolist() == [100_000] * 3 + [pytest.approx(40_000)] + [0.0] * 4
    assert (found.subject, found.severity) == ("squeezed", "error")
    assert str(run.dates[4]) in found.message
    assert "50,000.00" in found.message
    assert run.final_weights == {"A": 0.0, "B": 0.0, CASH: 0.0}
    assert run.flows is not None
    assert not run.flows.any()
    assert run.log.kinds is not None
    assert run.log.kinds.tolist() == [ENDED]
    assert run.trade_count == 0
    assert (run.cagr, run.max_drawdown) == (-1.0, -1.0)
    assert isnan(run.volatility)
    assert run.to_dict()["final_value"] == 0.0


def test_paying_for_what_is_borrowed_is_no_trade() -> None:
    """Cash that pays a lender changes hands, but nothing is ordered for it."""
    prices = lively(["A", "B", "C"], 60, seed=1)

    (run,) = backtest(prices, Policy(TARGET, when="never"), costs=COSTS, short=True)

    assert run.log.kinds is not None
    assert set(run.log.kinds.tolist()) == {BORROWED}
    assert len(run.log.kinds) == 59
    assert run.trade_count == run.rebalances == 0
    assert run.turnover_one_way == 0.0
    assert run.to_dict()["borrow_paid"] == run.borrow_paid > 0.0


def test_money_comes_to_cash_and_goes_from_it() -> None:
    """Beside short positions a withdrawal that cash does not cover is a loan, with its interest."""
    prices = history({"A": [10.0] * 30, "B": [10.0] * 30})
    policy = Policy({"A": 1.3, "B": -0.3}, when="never")
    paid = Flows({prices.dates[10].astype(object): -20_000.0}, invest="hold")

    (run,) = backtest(prices, policy, short=True, loan_rate=0.1, flows=paid)

    years = float((prices.dates[-1] - prices.dates[10]).astype(int)) / 365.25
    assert run.final_value == pytest.approx(100_000 - 20_000 * 1.1**years)
    with pytest.raises(ValueError, match="invest=hold"):
        backtest(prices, policy, short=True, flows=-0.04)


def test_volumes_limit_short_sales_and_loans_too() -> None:
    """What a day's volume does not allow waits, whichever way it goes, with a loan meanwhile."""
    prices = lively(["A", "B", "C"], 200, seed=12)
    thin = replace(prices, volume=np.full(prices.close.shape, 400.0))
    policy = Policy(TARGET, when="monthly", name="p")

    (free,) = backtest(thin, policy, short=True)
    (tied,) = backtest(thin, policy, short=True, participation=0.05)
    later = backtest(thin, policy, short=True, participation=1.0)

    assert later["p"].value.tolist() == free.value.tolist()
    assert tied.log.kinds is not None
    assert len(tied.log.kinds) > len(free.log.sessions)
    assert np.abs(np.diff(tied.units[:, :3], axis=0)).max() <= 0.05 * 400 + 1e-9
    assert not [one for one in later.findings if one.code == "overdrawn"]


def test_a_path_of_a_short_policy_is_a_backtest_over_its_prices() -> None:
    """Shuffled histories charge what history charges, and may end in insolvency."""
    prices = lively(["A", "B", "C"], 300, seed=5)
    policy = Policy(TARGET, when="monthly", name="p")
    options = {"costs": COSTS, "short": True, "loan_rate": 0.05, "cash_rate": 0.01}
    result = backtest(prices, policy, **options)

    table = bootstrap(result, paths=3, seed=4, threads=1).of("p", "final_value")

    source, _ = bootstrap_paths(result, seed=4)
    again = [
        backtest(source.path(k).select(prices.symbols), policy, accept_jumps=True, **options)
        for k in range(3)
    ]
    assert table.tolist() == [one.policies[0].final_value for one in again]


def test_without_permission_nothing_is_short() -> None:
    """A weight below zero is refused with a word on how to allow it, and so is a rate of loans."""
    prices = lively(["A", "B"], 30)

    with pytest.raises(InputError, match="allowed by `short=True`"):
        backtest(prices, Policy({"A": 1.5, "B": -0.5}))
    with pytest.raises(ValueError, match="loan_rate"):
        backtest(prices, Policy({"A": 1.0}), loan_rate=0.05)
    with pytest.raises(ValueError, match="once"):
        backtest(prices, Policy({"A": 1.0}), short=True, cost_rule="solved")
    with pytest.raises(InputError, match="sum to"):
        backtest(prices, Policy({"A": 1.5, "B": -0.6}), short=True)


def test_a_target_made_from_prices_may_be_short() -> None:
    """A function of the past may ask for short positions where they are allowed."""
    prices = lively(["A", "B"], 90, seed=7)

    def momentum(view: PriceHistory) -> dict[str, float] | None:
        if len(view) < 21:
            return None
        up = view.close[-1, 0] / view.close[-21, 0] > view.close[-1, 1] / view.close[-21, 1]
        return {"A": 1.3, "B": -0.3} if up else {"A": -0.3, "B": 1.3}

    (run,) = backtest(prices, Policy(momentum, when="weekly"), short=True, costs=COSTS)

    assert run.shares.min() < -0.2
    assert run.borrow_paid > 0.0
