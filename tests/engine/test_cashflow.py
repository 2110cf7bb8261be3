"""`cashflow:N` means one thing in a plan and in a backtest: a tape with deposits through both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from tests.engine.households import lot, mandate, market, tree
from tests.simulate.markets import history, lively
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.kernels.daily_columns import REBALANCE
from trimtab.model.accounts import Lot
from trimtab.model.instruments import Instrument
from trimtab.model.policy import Policy
from trimtab.model.state import Memory, State
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows, Invest

STEP = Decimal("0.0001")
STEPS = 10_000
SYMBOLS = ("A", "B")
EVEN = {"A": 50, "B": 50}


def tape(sessions: int = 40) -> PriceHistory:
    """Prices in whole cents, so that both see the very same ones."""
    drawn = np.round(lively(SYMBOLS, sessions, seed=4).close, 2)
    return history({id_: drawn[:, k].tolist() for k, id_ in enumerate(SYMBOLS)})


def planned(
    prices: PriceHistory,
    when: str,
    deposits: Mapping[date, int],
    *,
    told: bool,
    to: str = "target",
    shares: Mapping[str, int] = EVEN,
) -> tuple[list[int], list[float]]:
    """Sessions on which plans acted as `to` says, and the weights in the end.

    Args:
        prices: The tape.
        when: The policy.
        deposits: Money by day.
        told: Deposits are asked to be invested (`plan --deposit`), not only found in the account.
        to: How far the policy goes.
        shares: The target in per cent; without CASH among them cash is in no sleeve.
    """
    rules = mandate(
        tree(shares),
        instruments=[Instrument(id_, step=STEP) for id_ in SYMBOLS],
        when=when,
        to=to,
    )
    first = prices.close[0]
    held = {i: round(1_000 * shares[i] / first[k] * STEPS) for k, i in enumerate(SYMBOLS)}
    cash, new_cash, acted = 100_000 * shares.get("CASH", 0), 0, []
    for t, day in enumerate(prices.dates.tolist()):
        if not 0 < t < len(prices.close) - 1:
            continue
        quotes = market({i: f"{prices.close[t, k]:.2f}" for k, i in enumerate(SYMBOLS)}, on=day)
        came = 100 * deposits.get(day, 0)
        request = Request(deposits={"brokerage": came}) if came and told else Request()
        if not told:
            cash, new_cash = cash + came, new_cash + came
        lots: list[Lot] = [lot("brokerage", id_, n) for id_, n in held.items()]
        state = State(tuple(lots), {"brokerage": cash}, Memory(new_cash={"brokerage": new_cash}))
        plan = decide(state, rules, quotes, day, request)
        for trade in plan.trades:
            held[trade.instrument] += trade.quantity if trade.side == "buy" else -trade.quantity
        cash, new_cash = plan.cash_after["brokerage"], new_cash + (came if told else 0)
        if plan.adopted and plan.trades:
            acted.append(t)
            new_cash = 0
    worth = [held[id_] / STEPS * prices.close[-1, k] for k, id_ in enumerate(SYMBOLS)]
    whole = sum(worth) + cash / 100
    return acted, [value / whole for value in worth]


@pytest.mark.parametrize("invest", ["hold", "towards-target"])
def test_new_cash_is_one_trigger_in_plans_and_backtests(invest: Invest) -> None:
    """Small deposits add up to the limit; the session that reaches it rebalances in full."""
    prices = tape()
    days = prices.dates.tolist()
    deposits = {days[5]: 300, days[9]: 150, days[14]: 60, days[20]: 499, days[30]: 700}

    acted, weights = planned(prices, "cashflow:500", deposits, told=invest != "hold")
    flows = Flows({day: float(m) for day, m in deposits.items()}, invest=invest)
    policy = Policy({"A": 0.5, "B": 0.5}, when="cashflow:500")
    tested = backtest(prices, policy, cash=100_000.0, flows=flows).policies[0]

    assert acted == [14, 30]
    assert tested.log.sessions[tested.log.kinds == REBALANCE].tolist() == acted
    assert [tested.final_weights[id_] for id_ in SYMBOLS] == pytest.approx(weights, abs=1e-6)


@pytest.mark.parametrize("invest", ["hold", "towards-target"])
@pytest.mark.parametrize("shares", [EVEN, {"A": 40, "B": 40, "CASH": 20}], ids=["bare", "leaf"])
@pytest.mark.parametrize(
    ("when", "to"),
    [
        ("cashflow:5000", "within:1pp"),
        ("band:3pp+cashflow:5000", "edge"),
        ("band:3pp+cashflow:5000", "half"),
        ("band:3pp", "edge"),
        ("band:10%+cashflow:5000", "half"),
        ("drift:3pp+cashflow:9000", "within:1pp"),
    ],
)
def test_new_cash_goes_as_far_in_a_backtest_as_in_plans(
    when: str, to: str, shares: dict[str, int], invest: Invest
) -> None:
    """On the way to a band's edge or inside it, new cash is invested first, in both alike."""
    prices = tape(60)
    days = prices.dates.tolist()
    money = (4_000, 3_000, 6_000, 2_500, 2_600, 7_000)
    deposits = dict(zip(days[5:60:9], money, strict=False))

    acted, weights = planned(
        prices, when, deposits, told=invest != "hold", to=to, shares=shares
    )  # fmt: skip
    flows = Flows({day: float(m) for day, m in deposits.items()}, invest=invest)
    target = {name: percent / 100 for name, percent in shares.items()}
    policy = Policy(target, when=when, to=to)
    tested = backtest(prices, policy, cash=100_000.0, flows=flows).policies[0]

    if invest == "hold":
        assert tested.log.sessions[tested.log.kinds == REBALANCE].tolist() == acted
    assert [tested.final_weights[id_] for id_ in SYMBOLS] == pytest.approx(weights, abs=1e-6)


def test_new_cash_that_fires_without_a_trade_stays_due() -> None:
    """A trigger that leads to no trade is no rebalance: what came in is due until one is made."""
    prices = history({"A": [100.0] * 3 + [120.0] * 5 + [100.0] * 5, "B": [50.0] * 13})
    deposits = {prices.dates.tolist()[5]: 600}
    shares = {"A": 40, "B": 10, "CASH": 50}
    when = "band:10pp+cashflow:500"

    acted, weights = planned(prices, when, deposits, told=False, to="edge", shares=shares)
    flows = Flows({day: float(m) for day, m in deposits.items()}, invest="hold")
    policy = Policy({"A": 0.4, "B": 0.1, "CASH": 0.5}, when=when, to="edge")
    tested = backtest(prices, policy, cash=100_000.0, flows=flows).policies[0]

    assert acted == [8]
    assert tested.log.sessions[tested.log.kinds == REBALANCE].tolist() == acted
    assert [tested.final_weights[id_] for id_ in SYMBOLS] == pytest.approx(weights, abs=1e-6)


def test_new_cash_that_fires_sells_what_is_over() -> None:
    """A trigger that fired acts as `to` says: what is over its target is sold as well."""
    rules = mandate(tree({"US": 60, "BND": 40}), when="cashflow:500")
    lots = (lot("brokerage", "US", 900, "1"), lot("brokerage", "BND", 100, "1"))
    state = State(lots, {"brokerage": 0}, Memory(new_cash={"brokerage": 30_000}))
    prices = market({"US": "100", "BND": "100"})

    below, reached = (
        decide(state, rules, prices, prices.as_of, Request(deposits={"brokerage": cents}))
        for cents in (19_900, 20_000)
    )

    assert {(trade.side, trade.instrument) for trade in below.trades} == {("buy", "BND")}
    assert below.adopted == {}
    assert {trade.side for trade in reached.trades} == {"sell", "buy"}
    assert float(reached.drift_after["household"]) < 0.001


def test_what_goes_out_is_no_new_cash() -> None:
    """A withdrawal counts against what came in."""
    rules = mandate(tree({"US": 60, "BND": 40}), when="cashflow:500")
    lots = (lot("brokerage", "US", 900, "1"), lot("brokerage", "BND", 100, "1"))
    state = State(lots, {"brokerage": 60_000}, Memory(new_cash={"brokerage": 60_000}))
    prices = market({"US": "100", "BND": "100"})

    plan = decide(state, rules, prices, prices.as_of, Request(withdrawals={"brokerage": 20_000}))

    assert [r.fired for r in plan.readings if r.trigger == "cashflow"] == [False]
