"""Impact, schedules, volume limits, flows and fees in research mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.costs.impact import square_root_impact
from trimtab.kernels.daily_columns import CARRIED, FEE, FLOW, REBALANCE
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import Form, backtest
from trimtab.simulate.research.conditions import usual_day
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.policy_result import PolicyResult
from trimtab.simulate.research.rules import TradeAt
from trimtab.simulate.uncertainty.bootstrap import bootstrap, bootstrap_paths
from trimtab.simulate.uncertainty.paths import figures_of

HALVES = {"A": 0.5, "B": 0.5}
NO_FLOWS = Flows()
"""Asks for nothing, but runs session by session."""


def _traded(prices: PriceHistory, volume: Any) -> PriceHistory:
    """The same prices with volumes, in units."""
    return replace(prices, volume=np.broadcast_to(volume, prices.close.shape).astype(float))


def _codes(result: Any) -> set[str]:
    return {finding.code for finding in result.findings}


def _same(one: PolicyResult, other: PolicyResult) -> None:
    assert np.array_equal(one.value, other.value)
    assert np.array_equal(one.log.units_after, other.log.units_after)
    assert np.array_equal(one.log.sessions, other.log.sessions)
    assert np.array_equal(one.log.cost, other.log.cost)
    assert one.turnover_one_way == other.turnover_one_way
    assert one.cost_paid == other.cost_paid
    assert one.rebalances == other.rebalances
    assert one.symbols == other.symbols


@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
@pytest.mark.parametrize(
    ("when", "to"),
    [
        ("never", "target"),
        ("monthly", "target"),
        ("daily", "target"),
        ("band:3pp", "half"),
        ("band:4pp/10%", "edge"),
        ("weekly+band:2pp", "within:0.5pp"),
        ("drift:3pp", "target"),
    ],
)
def test_where_nothing_is_asked_both_loops_give_the_same_bits(
    when: str, to: str, trade_at: TradeAt
) -> None:
    """Session by session is what the fast loop does, to the last bit, whatever the policy."""
    prices = lively("ABC", 300, seed=4)
    prices = replace(prices, open=prices.close * 1.001)
    third = {"A": 0.5, "B": 0.3, "C": 0.2}
    costs = Costs(bps=10, per_share="0.01", commission=1, minimum=2)
    policies = [
        Policy(third, when=when, to=to, name="given"),
        Policy({date(2024, 1, 1): third, date(2024, 9, 2): HALVES}, when=when, to=to, name="dated"),
        Policy(lambda view: {"A": 0.6, "C": 0.4}, when=when, to=to, name="made"),
    ]

    fast = backtest(prices, policies, costs=costs, trade_at=trade_at)
    daily = backtest(prices, policies, costs=costs, trade_at=trade_at, flows=NO_FLOWS)

    for one, other in zip(fast, daily, strict=True):
        _same(one, other)


def _everything(form: Form, trade_at: TradeAt) -> Any:
    prices = lively("ABC", 260, seed=8)
    prices = replace(prices, open=prices.close * 0.999)
    volume = np.random.default_rng(1).uniform(100.0, 4000.0, prices.close.shape)
    costs = Costs(
        bps=10,
        tiers={2_000: 5, 20_000: "2.5"},
        per_share="0.01",
        share_tiers={100: "0.005"},
        minimum=1,
        maximum=30,
        impact="0.8",
        temporary_impact=2,
        permanent_impact="0.5",
        by_instrument={"B": Costs(half_spread_bps=20, commission="0.5")},
    )
    flows = Flows({date(2024, 3, 5): 20_000.0, date(2024, 6, 7): -15_000.0}, yearly=-0.05)
    third = {"A": 0.4, "B": 0.3, "C": 0.2, "CASH": 0.1}
    policies = [
        Policy(third, when="monthly", name="monthly"),
        Policy(third, when="band:3pp+cashflow:5000", to="half", name="band"),
        Policy(lambda view: {"A": 0.6, "C": 0.4}, when="monthly", name="made"),
    ]
    return backtest(
        _traded(prices, volume), policies, costs=costs, flows=flows, fee=0.01, participation=0.1,
        form=form, trade_at=trade_at, cash_rate=0.02,
    )  # fmt: skip


@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
def test_interpreted_and_compiled_give_the_same_bits(trade_at: TradeAt) -> None:
    """With everything asked for at once, machine code and the interpreter agree to the bit."""
    for one, other in zip(
        _everything("interpreted", trade_at), _everything("compiled", trade_at), strict=True
    ):
        _same(one, other)
        assert one.flows is not None
        assert other.flows is not None
        assert np.array_equal(one.flows, other.flows)
        assert one.fees_paid == other.fees_paid


@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
def test_money_is_neither_made_nor_lost(trade_at: TradeAt) -> None:
    """What each row of the log changes is the flow less the cost, or the fee, or the cost alone."""
    result = _everything("interpreted", trade_at)

    for one in result:
        log = one.log
        assert one.flows is not None
        assert log.kinds is not None
        at_close = (log.kinds == FLOW) | (log.kinds == FEE)
        prices = np.where(at_close[:, None], one.closes[log.sessions], log.prices)
        change = ((log.units_after - log.units_before) * prices).sum(axis=1)
        flow = np.where(log.kinds == FLOW, one.flows[log.sessions], 0.0)
        fee = np.where(log.kinds == FEE, log.cost + flow - change, 0.0)
        assert change == pytest.approx(flow - log.cost - fee, abs=1e-9 * one.cash)
        assert fee.sum() == pytest.approx(one.fees_paid)
        assert one.value == pytest.approx((one.units * one.closes).sum(axis=1), rel=1e-12)
        cash = one.symbols.index("CASH")
        assert (np.delete(one.units, cash, axis=1) >= -1e-9).all()
        # The large withdrawal is paid before a tenth of the volume could be sold for it.
        assert (one.units[:, cash].min() < -1e-6) == ("overdrawn" in _codes(one))
        assert log.cost_by is not None
        assert log.cost == pytest.approx(log.cost_by.sum(axis=1))
        assert set(log.kinds) == {REBALANCE, CARRIED, FLOW, FEE}


def test_impact_is_charged_from_what_was_known_before_the_trade() -> None:
    """A rebalance pays the square root of its share of a usual day, averaged before its day."""
    prices = lively("AB", 60, seed=3)
    volume = np.random.default_rng(5).uniform(1000.0, 2000.0, prices.close.shape)
    known = _traded(prices, volume)
    policy = Policy(HALVES, when="monthly")

    one = backtest(known, policy, costs=Costs(impact="0.7")).policies[0]

    log = one.log
    at = int(log.sessions[-1])
    orders = np.abs(log.value[-1] / 2 - log.units_before[-1] * prices.close[at])
    expected = 0.0
    for i, money in enumerate(orders):
        close, own = prices.close[:at, i], volume[:at, i]
        returns = close[1:] / close[:-1] - 1.0
        expected += square_root_impact(
            money,
            daily_volatility=float(np.std(returns[-20:], ddof=1)),
            daily_money=float(np.mean((close * own)[-20:])),
            scale=0.7,
        )
    assert log.cost[-1] == pytest.approx(expected, rel=1e-9)
    assert log.cost[-1] > 0.0


def test_volumes_of_a_file_are_enough_for_impact_and_participation(tmp_path: Path) -> None:
    """A price file with a volume column needs nothing else: the figures are those of the arrays."""
    prices = lively("AB", 60, seed=3)
    volume = np.random.default_rng(5).integers(20, 200, prices.close.shape)
    rows = [
        f"{day},{symbol},{float(prices.close[t, i])!r},{volume[t, i]}"
        for t, day in enumerate(prices.dates)
        for i, symbol in enumerate(prices.symbols)
    ]
    (tmp_path / "p.csv").write_text("\n".join(["date,symbol,close,volume", *rows]))
    options: dict[str, Any] = {"costs": Costs(impact=1), "participation": 0.1}
    policy = Policy(HALVES, when="monthly")

    of_file = backtest(read_prices(tmp_path / "p.csv"), policy, **options)

    assert "no-volume" not in _codes(of_file)
    _same(of_file.policies[0], backtest(_traded(prices, volume), policy, **options).policies[0])
    assert of_file.policies[0].cost_paid > 0.0
    assert (of_file.policies[0].log.kinds == CARRIED).any()


def test_impact_knows_no_future() -> None:
    """Poisoned volumes and prices from the trade's own session on change no cost before."""
    prices = lively("AB", 60, seed=3)
    volume = np.full(prices.close.shape, 1500.0)
    policy = Policy(HALVES, when="monthly")
    fair = backtest(_traded(prices, volume), policy, costs=Costs(impact=1)).policies[0]
    at = int(fair.log.sessions[-1])
    poisoned = volume.copy()
    poisoned[at:] = 1.0

    other = backtest(_traded(prices, poisoned), policy, costs=Costs(impact=1)).policies[0]

    assert np.array_equal(fair.log.cost, other.log.cost)
    _, spread, money, _ = usual_day(_traded(prices, volume), "A")
    assert np.isnan(spread[:5]).all()
    assert money[4] == pytest.approx(1500.0 * prices.close[:5, 0].mean())


def test_without_volume_impact_is_not_charged_and_that_is_said() -> None:
    """Prices without volumes cost no impact, with a warning for each symbol."""
    prices = lively("AB", 60)
    policy = Policy(HALVES, when="monthly")

    told = backtest(prices, policy, costs=Costs(bps=5, impact=1), participation=0.1)

    assert "no-volume" in _codes(told)
    _same(told.policies[0], backtest(prices, policy, costs=Costs(bps=5)).policies[0])


@pytest.mark.parametrize(
    ("costs", "money", "expected"),
    [
        (Costs(bps=10, tiers={10_000: 5}), 8_000.0, 8.0),
        (Costs(bps=10, tiers={10_000: 5}), 30_000.0, 10.0 + 10.0),
        (Costs(bps=10, tiers={10_000: 5, 20_000: 1}), 30_000.0, 10.0 + 5.0 + 1.0),
        (Costs(bps=10, maximum=12), 30_000.0, 12.0),
        (Costs(per_share="0.02", share_tiers={500: "0.01"}), 10_000.0, 10.0 + 5.0),
        (Costs(half_spread_bps=3, bps=10, tiers={10_000: 5}), 30_000.0, 9.0 + 20.0),
    ],
)
def test_a_schedule_charges_each_part_of_an_order_at_its_own_rate(
    costs: Costs, money: float, expected: float
) -> None:
    """Up to a step its fee, beyond it the next one's; a maximum ends it. A costs 10 a unit."""
    # A doubles, so that trading back to half moves what was made: one sale, one purchase.
    only = Costs(by_instrument={"A": costs})
    prices = history({"A": [10.0, 10.0, 10.0], "B": [10.0, 30.0, 30.0]})
    value = 2.0 * money

    one = backtest(prices, Policy(HALVES, when="band:5pp"), cash=value, costs=only).policies[0]

    assert one.log.moved[0] == pytest.approx(2.0 * money)
    assert one.cost_paid == pytest.approx(expected)


def test_a_sweep_says_which_costs_it_leaves_out() -> None:
    """Without volumes no impact is charged: a sweep says so, as a backtest does, of each symbol."""
    from trimtab.simulate.choosing.grid import grid
    from trimtab.simulate.choosing.sweep import sweep

    policy, dear = Policy(HALVES, when="monthly"), Costs(impact=1)
    prices = lively("AB", 40)

    alone = backtest(prices, [policy], costs=dear)
    many = sweep(prices, grid(policy, costs={"dear": dear}))

    for found in (alone, many):
        said = {finding.subject for finding in found.findings if finding.code == "no-volume"}
        assert said == {"A", "B"}


class _Slow:
    """Participation day by day, written the long way: cash first, no shared code."""

    def __init__(self, close: Any, caps: Any, units: Any, rate: float) -> None:
        self.close, self.caps, self.units, self.rate = close, caps, list(units), rate
        self.purse, self.waiting = 0.0, [0.0] * len(units)
        self.equity: list[float] = []
        self.cost = 0.0

    def value(self, t: int) -> float:
        held = sum(u * p for u, p in zip(self.units, self.close[t], strict=True))
        return float(held + self.purse)

    def run(self, looks: Any, goals: Any) -> None:
        last = len(self.close) - 1
        for t in range(last + 1):
            if t < last and looks[t]:
                self.decide(t, goals)
            elif 0 < t < last:
                self.work(t)
            self.equity.append(self.value(t))

    def decide(self, t: int, goals: Any) -> None:
        value = self.value(t)
        prices = self.close[t]
        cost = sum(
            self.rate * abs(g * value - u * p)
            for g, u, p in zip(goals, self.units, prices, strict=True)
        )
        wanted = [g * (value - cost) / p for g, p in zip(goals, prices, strict=True)]
        self.waiting = [w - u for w, u in zip(wanted, self.units, strict=True)]
        if all(abs(w) <= c for w, c in zip(self.waiting, self.caps[t], strict=True)):
            self.units, self.purse, self.waiting = wanted, 0.0, [0.0] * len(wanted)
            self.cost += cost
        else:
            self.work(t)

    def work(self, t: int) -> None:
        prices = self.close[t]
        for i, order in enumerate(self.waiting):
            if order < 0:
                size = min(-order, self.caps[t][i], self.units[i])
                self.fill(i, -size, prices[i])
        wishes = [min(max(w, 0.0), c) for w, c in zip(self.waiting, self.caps[t], strict=True)]
        need = sum(w * p for w, p in zip(wishes, prices, strict=True)) * (1 + self.rate)
        part = 1.0 if need <= max(self.purse, 0.0) else max(self.purse, 0.0) / need
        for i, wish in enumerate(wishes):
            self.fill(i, wish * part, prices[i])
        if part < 1.0 and not any(w < -1e-9 for w in self.waiting):
            self.waiting = [min(w, 0.0) for w in self.waiting]

    def fill(self, i: int, size: float, price: float) -> None:
        cost = self.rate * abs(size) * price
        self.units[i] += size
        self.waiting[i] -= size
        self.purse -= size * price + cost
        self.cost += cost


@pytest.mark.parametrize("share", [0.002, 0.01, 0.05, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_volume_does_not_allow_waits_as_in_the_long_way(share: float, seed: int) -> None:
    """Orders beyond a share of the day's volume go on for days, paid for by what was sold."""
    prices = lively("ABC", 130, seed=seed)
    volume = np.random.default_rng(seed).uniform(500.0, 30_000.0, prices.close.shape)
    volume[10:12] = 0.0
    target = {"A": 0.5, "B": 0.3, "C": 0.2}
    policy = Policy(target, when="monthly")

    result = backtest(
        _traded(prices, volume), policy, costs=Costs(bps=20), participation=share, cash=500_000.0
    )

    one = result.policies[0]
    months = prices.dates.astype("datetime64[M]")
    looks = np.append(months[1:] != months[:-1], False)
    units = np.array(list(target.values())) * 500_000.0 / prices.close[0]
    slow = _Slow(prices.close, share * volume, units, 0.002)
    slow.run(looks, list(target.values()))
    assert one.value == pytest.approx(slow.equity, rel=1e-11)
    assert one.cost_paid == pytest.approx(slow.cost, rel=1e-9)
    risky = [one.symbols.index(s) for s in target]
    changes = np.abs(np.diff(one.units[:, risky], axis=0, prepend=one.start_units[None, risky]))
    assert (changes <= share * volume * (1 + 1e-9) + 1e-9).all()
    if share <= 0.01:
        assert len(one.log.sessions) > one.rebalances


@pytest.mark.parametrize("trade_at", ["close", "next-close"])
def test_the_rest_of_an_order_is_no_further_rebalance(trade_at: TradeAt) -> None:
    """A band that stays broken while volume limits its orders was acted on once, not every day."""
    prices = history({"A": [10.0, 16.0, *[16.0] * 40], "B": [10.0] * 42})
    policy = Policy(HALVES, when="band:5pp", to="half")
    prices = _traded(prices, 1_000.0)

    free = backtest(prices, policy, trade_at=trade_at).policies[0]
    cut = backtest(prices, policy, trade_at=trade_at, participation=0.1).policies[0]

    assert free.rebalances == cut.rebalances == 1
    assert int((cut.log.kinds == CARRIED).sum()) > 2


def test_a_new_target_is_a_rebalance_though_orders_wait() -> None:
    """What was decided for another target is decided anew, whatever still waits of the last one."""
    prices = _traded(history({"A": [10.0] * 40, "B": [10.0] * 40}), 1_000.0)
    targets = {date(2024, 1, 1): HALVES, date(2024, 1, 5): {"A": 0.9, "B": 0.1}}
    targets[date(2024, 1, 12)] = {"A": 0.2, "B": 0.8}

    one = backtest(prices, Policy(targets, when="daily"), participation=0.1).policies[0]

    assert one.rebalances == 2


def test_a_deposit_buys_what_is_furthest_below_its_target() -> None:
    """New money fills the deepest gaps to a common depth, and sells nothing."""
    prices = history({"A": [10.0, 20.0, 20.0, 20.0], "B": [10.0] * 4, "C": [10.0, 9.0, 9.0, 9.0]})
    target = {"A": 0.4, "B": 0.3, "C": 0.3}
    # Worth at the second close: A 80, B 30, C 27; with 23 more 160 in all: aims 64, 48, 48.
    flows = {date(2024, 1, 2): 23.0}

    one = backtest(prices, Policy(target), cash=100.0, flows=flows).policies[0]

    # Gaps 18 and 21, together 39: 16 too many, so 8 less of each.
    assert (one.units[-1] * prices.close[-1]).tolist() == pytest.approx([80.0, 40.0, 40.0])
    assert one.symbols == ("A", "B", "C")
    assert (one.rebalances, one.trade_count) == (0, 2)


def test_a_withdrawal_sells_what_is_furthest_above_its_target() -> None:
    """Money that goes is raised where there is too much; its cost is sold as well."""
    prices = history({"A": [10.0, 20.0, 20.0], "B": [10.0] * 3})
    flows = {date(2024, 1, 2): -30.0}

    free = backtest(prices, Policy(HALVES), cash=100.0, flows=flows).policies[0]
    paid = backtest(prices, Policy(HALVES), cash=100.0, flows=flows, costs=Costs(bps=100)).policies[
        0
    ]

    assert (free.units[-1] * prices.close[-1]).tolist() == pytest.approx([70.0, 50.0])
    assert (paid.units[-1] * prices.close[-1]).tolist() == pytest.approx([69.7, 50.0])
    assert paid.cost_paid == pytest.approx(0.3)
    assert paid.value[1] == pytest.approx(150.0 - 30.0 - 0.3)


def test_time_and_money_weighted_returns_differ_with_flows() -> None:
    """A deposit before a fall leaves the time-weighted return alone and lowers the other."""
    prices = history({"A": [10.0, 20.0, 20.0, 10.0, 10.0]})
    flows = {date(2024, 1, 2): 1000.0}

    one = backtest(prices, Policy({"A": 1.0}), cash=100.0, flows=flows).policies[0]
    plain = backtest(prices, Policy({"A": 1.0}), cash=100.0).policies[0]

    assert one.value.tolist() == pytest.approx([100.0, 1200.0, 1200.0, 600.0, 600.0])
    assert one.growth.tolist() == pytest.approx([100.0, 200.0, 200.0, 100.0, 100.0])
    assert one.measures.time_weighted_return == pytest.approx(0.0)
    assert one.measures.money_weighted_return < -0.9
    assert one.volatility == plain.volatility
    assert one.max_drawdown == pytest.approx(-0.5)
    assert one.to_dict()["paid_in"] == 1000.0


def test_new_cash_fires_a_policy_that_waits_for_it() -> None:
    """cashflow:500 acts on a deposit of 500, and not on one of 499."""
    prices = history({"A": [10.0, 20.0, 20.0, 20.0], "B": [10.0] * 4})
    policy = Policy(HALVES, when="cashflow:500")

    small, large = (
        backtest(prices, policy, cash=1e6, flows=Flows({date(2024, 1, 2): m}, invest="hold"))
        for m in (499.0, 500.0)
    )

    assert small.policies[0].rebalances == 0
    assert small.policies[0].final_weights["CASH"] > 0.0
    assert large.policies[0].rebalances == 1
    assert large.policies[0].final_weights["A"] == pytest.approx(0.5)
    assert "no-cash-flows" not in _codes(large)


def test_withdrawals_end_where_nothing_is_left() -> None:
    """What is asked for beyond what is there is not paid; the run ends at zero and says so."""
    prices = lively("AB", 60)
    flows = {date(2024, 1, 15): -70_000.0, date(2024, 2, 5): -70_000.0}

    result = backtest(prices, Policy(HALVES, when="daily"), costs=Costs(bps=5), flows=flows)

    one = result.policies[0]
    assert "exhausted" in _codes(result)
    assert one.final_value == 0.0
    assert one.flows is not None
    assert one.flows.min() == -70_000.0
    assert -70_000.0 < one.flows[one.flows < 0][-1] < 0.0
    assert one.to_dict()["final_weights"] == {"A": 0.0, "B": 0.0}
    assert one.growth[-1] == one.growth[np.flatnonzero(one.flows)[-1]] > 0.0


def _owing() -> Any:
    """More is paid out than can be sold for at once, and prices fall before it is sold."""
    prices = history({"A": [10.0, 10.0, 10.0, 2.0, 2.0, 2.0, 2.0], "B": [10.0] * 7})
    prices = _traded(prices, [[2_000.0, 100.0]])
    flows = {date(2024, 1, 3): -80_000.0, date(2024, 1, 8): -1_000.0}
    policy = Policy({"A": 0.9, "B": 0.1}, when="daily", name="owing")
    return backtest(prices, policy, flows=flows, participation=1.0)


def test_turnover_never_shrinks_where_more_is_owed_than_is_there() -> None:
    """What is sold after the value fell below zero has no share of it, and takes none away."""
    one = _owing().policies[0]

    log = one.log
    above = log.value > 0.0
    assert (log.value[~above] < 0.0).any()
    assert (log.moved[~above] > 0.0).any()
    assert one.turnover_one_way == pytest.approx(float((log.moved / log.value)[above].sum()) / 2)
    assert one.turnover_one_way > 0.0
    assert one.growth.min() == 0.0


def test_what_is_owed_is_not_forgiven() -> None:
    """A withdrawal from less than nothing pays nothing and leaves what is owed as it was."""
    result = _owing()

    one = result.policies[0]
    assert one.flows is not None
    assert one.flows[one.flows != 0.0].tolist() == [-80_000.0]
    assert one.value[-2] < 0.0
    assert one.value[-1] == pytest.approx(one.value[-2])
    assert {"exhausted", "overdrawn"} <= _codes(result)


def test_a_share_a_year_is_paid_each_month() -> None:
    """Four percent a year of what there is, for the days of each month."""
    prices = history({"A": [10.0] * 300}, first="2023-01-02")

    one = backtest(prices, Policy({"A": 1.0}), cash=1000.0, flows=-0.04).policies[0]

    assert one.flows is not None
    paid = one.flows[one.flows != 0.0]
    assert len(paid) == 13
    assert paid[0] == pytest.approx(-1000.0 * 0.04 * 29 / 365.25)
    assert one.growth[-1] == pytest.approx(1000.0)


def test_a_fee_on_assets_takes_its_rate_a_year_and_moves_no_weight() -> None:
    """Half a percent a year off the growth, no trade, and no cost of trading."""
    prices = lively("AB", 253, first="2023-01-02")
    policy = Policy(HALVES)

    free = backtest(prices, policy, costs=Costs(bps=50)).policies[0]
    charged = backtest(prices, policy, costs=Costs(bps=50), fee=0.005).policies[0]

    years = (charged.last - charged.first).days / 365.25
    assert charged.final_value / free.final_value == pytest.approx(1 - 0.005 * years, rel=2e-5)
    assert charged.final_weights == pytest.approx(free.final_weights, rel=1e-12)
    assert (charged.cost_paid, charged.trade_count, charged.rebalances) == (0.0, 0, 0)
    assert charged.fees_paid > 0.0


def test_flows_outside_the_run_are_left_out_and_said() -> None:
    """Money before the first session or on the last is not silently moved."""
    prices = lively("AB", 30)
    flows = {date(2020, 1, 1): 10.0, date(2030, 1, 1): 10.0}

    result = backtest(prices, Policy(HALVES), flows=flows)

    assert "flow-outside" in _codes(result)
    assert result.policies[0].flows is not None
    assert not result.policies[0].flows.any()


def _policies() -> list[Policy]:
    third = {"A": 0.4, "B": 0.3, "C": 0.2, "CASH": 0.1}
    return [
        Policy(third, when="monthly", name="monthly"),
        Policy(HALVES, when="band:3pp+cashflow:5000", to="half", name="band"),
        Policy({"C": 0.5, "A": 0.5}, when="weekly", name="other"),
    ]


@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
@pytest.mark.parametrize("made", [False, True])
def test_every_shuffled_path_is_a_backtest_of_its_own(trade_at: TradeAt, made: bool) -> None:
    """With impact, volume limits, flows and fees as without: bit for bit, whatever the threads."""
    prices = lively("ABC", 130, seed=8)
    prices = replace(prices, open=prices.close * 0.999)
    volume = np.random.default_rng(1).uniform(100.0, 4000.0, prices.close.shape)
    prices = _traded(prices, volume)
    policies = _policies()
    if made:
        policies.append(Policy(lambda view: {"A": 0.6, "C": 0.4}, when="monthly", name="made"))
    options: dict[str, Any] = {
        "costs": Costs(bps=10, impact="0.8", maximum=40, permanent_impact="0.3"),
        "flows": Flows({date(2024, 3, 5): 20_000.0, date(2024, 4, 8): -15_000.0}, yearly=-0.05),
        "fee": 0.01,
        "participation": 0.1,
        "cash_rate": 0.02,
        "trade_at": trade_at,
    }
    result = backtest(prices, policies, **options)

    told: list[int] = []
    found = bootstrap(result, paths=4, seed=5, block=10, on_progress=told.append)
    one = bootstrap(result, paths=4, seed=5, block=10, threads=1)

    source, _ = bootstrap_paths(result, seed=5, block=10)
    assert np.array_equal(found.table, one.table)
    assert told == [1, 2, 3, 4]
    assert result.ready is not None
    assert np.array_equal(found.observed, figures_of(result.ready, result.policies))
    for number, table in enumerate(found.table):
        alone = backtest(source.path(number), policies, form="compiled", **options)
        assert alone.ready is not None
        assert np.array_equal(table, figures_of(alone.ready, alone.policies))
    gap = result.difference("monthly", "band", paths=4, seed=5, block=10)
    assert gap.samples["cost_a_year"].any()


def test_the_money_of_a_day_is_drawn_with_its_row() -> None:
    """What a session of a path brings in returns and in money traded, one day of history did."""
    prices = lively("AB", 80, seed=2)
    volume = np.random.default_rng(3).uniform(100.0, 4000.0, prices.close.shape)
    result = backtest(_traded(prices, volume), Policy(HALVES, when="weekly"))

    source, _ = bootstrap_paths(result, seed=9, block=4)
    path = source.path(0)

    assert path.volume is not None
    known = np.hstack([prices.close[1:] / prices.close[:-1], (volume * prices.close)[1:]])
    seen = np.hstack([path.close[1:] / path.close[:-1], (path.volume * path.close)[1:]])
    nearest = np.abs(seen[:, None, :] / known[None, :, :] - 1.0).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-12


def test_paths_on_which_all_is_spent_keep_their_figures() -> None:
    """Where withdrawals end a path its value is nothing, and its growth what it was till then."""
    prices = lively("AB", 200, seed=2)
    flows = {date(2024, 3, 5): -60_000.0, date(2024, 5, 7): -60_000.0}
    result = backtest(prices, Policy(HALVES, when="monthly", name="spent"), flows=flows)

    found = bootstrap(result, paths=5, block=10)

    assert (found.of("spent", "final_value") == 0.0).any()
    assert np.isfinite(found.table).all()
    assert found.of("spent", "cagr").min() > -1.0


def test_without_volumes_paths_are_refused_only_where_orders_go_by_them() -> None:
    """Impact and limits need volumes on every path; flows and fees do not."""
    prices = lively("AB", 60)
    policy = Policy(HALVES, when="daily", name="daily")
    limited = backtest(prices, policy, participation=0.1)
    flowing = backtest(prices, policy, flows=-0.04, fee=0.01)

    found = bootstrap(flowing, paths=2, threads=1)

    assert np.isfinite(found.table).all()
    with pytest.raises(ValueError, match="volume"):
        bootstrap(limited, paths=2, threads=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fee": 1.0}, "fee 1.0: a fraction a year"),
        ({"participation": 0.0}, "participation 0.0: a share of the volume"),
        ({"flows": {date(2024, 1, 5): float("nan")}}, "nan on 2024-01-05 is no amount of money"),
        ({"flows": -2.0}, "yearly -2.0: a share of the value"),
    ],
)
def test_nonsense_is_refused(options: dict[str, Any], said: str) -> None:
    """A fee of everything, no participation, and money that is no number: each is named."""
    with pytest.raises(ValueError, match=said):
        backtest(lively("AB", 30), Policy(HALVES), **options)


def test_the_root_is_that_of_the_model() -> None:
    """The share of a usual day goes in by its root: four times the volume, half the impact."""
    prices = lively("AB", 60, seed=3)
    policy = Policy(HALVES, when="monthly")

    thin, deep = (
        backtest(_traded(prices, v), policy, costs=Costs(impact=1)).policies[0].log.cost[0]
        for v in (1000.0, 4000.0)
    )

    assert thin == pytest.approx(sqrt(4.0) * deep, rel=1e-9)
