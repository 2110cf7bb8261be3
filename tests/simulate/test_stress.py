"""Bad times: crises where there are prices, and what is made worse is worse in the way it says."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.policy_result import PolicyResult
from trimtab.simulate.uncertainty.stress import Window, moving_as_one, stress

TARGET = {"A": 0.5, "B": 0.3, "C": 0.2}
MONTHLY = Policy(TARGET, when="monthly", name="monthly")
BANDS = Policy(TARGET, when="band:1pp", to="half", name="bands")
COSTS = Costs(bps=10, half_spread_bps=2)


def market(sessions: int = 260) -> PriceHistory:
    """Random walks with opens."""
    plain = lively(("A", "B", "C"), sessions, seed=21)
    return history(
        {name: plain.close[:, i].tolist() for i, name in enumerate(plain.symbols)},
        opens=plain.close * 1.001,
    )


def halt(policy: Policy, **options: Any) -> PolicyResult:
    """One policy through a halt of A from session 100 to 119."""
    prices = market()
    found = stress(prices, policy, costs=COSTS, windows=(), halt_from=day(prices, 100), **options)
    return found["a halted instrument"].result.policies[0]


def day(prices: PriceHistory, session: int) -> date:
    """The date of a session."""
    found = prices.dates[session].astype("datetime64[D]").item()
    assert isinstance(found, date)
    return found


def test_crises_are_replayed_where_prices_cover_them(shared: Path) -> None:
    """Four windows of real prices, each the backtest between its dates; one without prices."""
    prices = read_prices(shared / "data" / "etf_daily_yahoo")
    stocks = Policy({"SPY": 0.8, "QQQ": 0.2}, when="monthly")
    mixed = Policy({"SPY": 0.6, "AGG": 0.4}, when="monthly")

    found, later = stress(prices, stocks), stress(prices, mixed)

    names = [one.name for one in found]
    assert names[:4] == ["2000-2002", "2008", "2020", "2022"]
    crash = found["2008"].result.policies[0]
    alone = backtest(prices, stocks, start=date(2007, 10, 9), end=date(2009, 3, 9)).policies[0]
    assert crash.final_value == alone.final_value
    assert -0.6 < crash.max_drawdown < -0.5
    assert "2000-2002" not in [one.name for one in later]
    told = {one.subject: one.code for one in later.findings}
    assert told["2000-2002"] == "window-not-covered"


def test_moving_as_one_is_a_correlation_of_one() -> None:
    """Each log return is the others' in its own size; means and deviations are kept."""
    prices = market()

    moved = moving_as_one(prices)

    before, after = (np.diff(np.log(one.close), axis=0) for one in (prices, moved))
    assert np.corrcoef(after, rowvar=False) == pytest.approx(np.ones((3, 3)))
    assert after.mean(axis=0) == pytest.approx(before.mean(axis=0))
    assert after.std(axis=0) == pytest.approx(before.std(axis=0))
    assert moved.open is not None
    assert moved.open / moved.close == pytest.approx(prices.open / prices.close)


def test_interest_on_cash_does_not_move_with_the_market() -> None:
    """When all correlations are one, CASH still earns its rate."""
    policy = Policy({"A": 0.5, "CASH": 0.5}, name="half")

    found = stress(market(), policy, cash_rate=0.05, windows=())

    one = found["correlations to one"].result.policies[0]
    place = one.symbols.index("CASH")
    assert one.history[-1, place] == found["history"].result.policies[0].history[-1, place]


def test_spreads_are_ten_times_as_wide() -> None:
    """The part of the costs that is spread is ten times as high; fees are not."""
    dear = Costs(bps=10, half_spread_bps=2, by_instrument={"C": Costs(half_spread_bps=3)})
    wide = Costs(bps=10, half_spread_bps=20, by_instrument={"C": Costs(half_spread_bps=30)})

    found = stress(market(), MONTHLY, costs=dear, windows=())

    expected = backtest(market(), MONTHLY, costs=wide).policies[0].cost_paid
    assert found["spreads times ten"].result.policies[0].cost_paid == expected
    assert expected > found["history"].result.policies[0].cost_paid


def test_no_spread_cannot_be_widened_and_that_is_said() -> None:
    """Costs without a spread leave the scenario out, with a finding."""
    found = stress(market(), MONTHLY, costs=Costs(bps=5), windows=())

    assert "spreads times ten" not in [one.name for one in found]
    assert "no-spread" in [one.code for one in found.findings]


@pytest.mark.parametrize("trade_at", ["close", "next-close", "next-open"])
@pytest.mark.parametrize("policy", [MONTHLY, BANDS], ids=["monthly", "bands"])
def test_nothing_is_traded_in_what_is_halted(policy: Policy, trade_at: Any) -> None:
    """Its units stand still for as long as the halt lasts, while others are traded."""
    one = halt(policy, trade_at=trade_at)

    assert (one.units[99:120, 0] == one.units[99, 0]).all()
    assert (one.units[99:120, 1] != one.units[99, 1]).any()
    assert (one.units[120:, 0] != one.units[99, 0]).any()


def test_a_halt_stands_still_and_comes_back_with_its_gap() -> None:
    """The price is the last one until trade begins again, 30% lower; then history goes on."""
    one, prices = halt(MONTHLY), market()

    price, known = one.history[:, 0], prices.close[:, 0]
    assert (price[100:120] == known[99]).all()
    assert price[120] == pytest.approx(0.7 * known[99])
    assert price[121:] / price[120:-1] == pytest.approx(known[121:] / known[120:-1])
    assert np.array_equal(one.history[:, 1:], prices.close[:, 1:])


@pytest.mark.parametrize("policy", [MONTHLY, BANDS], ids=["monthly", "bands"])
def test_a_halt_loses_no_money(policy: Policy) -> None:
    """At every rebalance value before less cost is value after; the curve is units at prices."""
    one = halt(policy)

    after = (one.log.units_after * one.log.prices).sum(axis=1)
    before = (one.log.units_before * one.log.prices).sum(axis=1)
    assert after == pytest.approx(before - one.log.cost)
    assert one.value == pytest.approx((one.units * one.history).sum(axis=1))
    assert one.cost_paid == pytest.approx(one.log.cost.sum())
    assert one.turnover_one_way == pytest.approx((0.5 * one.log.moved / one.log.value).sum())
    assert one.rebalances == len(one.log.sessions)


def test_in_a_halt_the_others_share_what_is_left() -> None:
    """Monthly to target: beside what is halted, the others stand in their own proportions."""
    one = halt(MONTHLY)

    inside = [k for k, session in enumerate(one.log.sessions) if 100 <= session < 120]
    assert len(inside) == 1
    worth = one.log.units_after[inside[0]] * one.log.prices[inside[0]]
    assert worth[1] / worth[2] == pytest.approx(0.3 / 0.2)


def test_a_band_of_the_halted_alone_trades_nothing() -> None:
    """What cannot be traded away is no reason to trade."""
    falls = {"A": [100.0] * 60, "B": [100.0] * 32 + [75.0] * 28, "C": [100.0] * 32 + [85.0] * 28}
    prices = history(falls)
    policy = Policy({"A": 0.8, "B": 0.1, "C": 0.1}, when="band:3pp", name="bands")

    found = stress(prices, policy, windows=(), halt_from=day(prices, 30), halt_sessions=5, gap=0.0)

    # A weighs 83.3% from session 32 on, B 7.8% and C 8.9%.
    assert found["history"].result.policies[0].log.sessions.tolist() == [32]
    assert found["a halted instrument"].result.policies[0].log.sessions.tolist() == [35]


def test_a_halt_without_consequences_is_a_backtest() -> None:
    """A policy that never trades is worth its units at the changed prices."""
    one = halt(Policy(TARGET, name="never"))

    assert one.rebalances == 0
    expected = (one.start_units * one.history[-1]).sum()
    assert one.final_value == pytest.approx(expected)


def test_targets_made_from_prices_are_not_halted_and_that_is_said() -> None:
    """They would learn from prices that stand still; the other scenarios run."""
    made = Policy(lambda view: {"A": 0.5, "B": 0.5}, when="monthly", name="made")

    found = stress(market(), made, windows=())

    assert [one.code for one in found.findings if one.code == "halt-not-run"]
    assert [one.name for one in found] == ["history", "correlations to one"]


def test_a_table_of_each_policy_in_each_time() -> None:
    """Text, page and frame have a row for each; what each scenario is stands below."""
    prices = market()
    window = Window("spring", day(prices, 20), day(prices, 90))

    found = stress(prices, [MONTHLY, BANDS], costs=COSTS, windows=(window,))

    frame = found.to_frame("pandas")
    assert len(frame) == 2 * 5
    assert set(frame["policy"]) == {"monthly", "bands"}
    assert "spring" in found.summary()
    assert "no trade in A for 20 sessions" in str(found)
    assert "no trade in A" in found._repr_html_()
    with pytest.raises(KeyError, match="spring"):
        found["winter"]


@pytest.mark.parametrize(
    ("options", "word"),
    [({"gap": -1.0}, "gap"), ({"halt_sessions": 0}, "halt_sessions"),
     ({"halt_sessions": 300}, "halt")],
)  # fmt: skip
def test_halts_that_cannot_be_are_named(options: dict[str, Any], word: str) -> None:
    """A gap to nothing, a halt of no session, one longer than history."""
    with pytest.raises(ValueError, match=word):
        stress(market(), MONTHLY, windows=(), **options)


def leaf(name: str, percent: int) -> Sleeve:
    """A leaf that holds the instrument of its name."""
    return Sleeve(name, Fraction(percent, 100), (name,))


def inner(name: str, *parts: Sleeve) -> Sleeve:
    """A sleeve of others."""
    return Sleeve(name, sum((part.weight for part in parts), Fraction(0)), children=parts)


def bands_in_a_halt(target: Sleeve, to: str, **change: float) -> PolicyResult:
    """Bands of 5pp through a halt of A from session 30 to 34; others change in price on 32."""
    prices = history(
        {name: [100.0] * 32 + [100.0 * change.get(name, 1.0)] * 28 for name in "ABCDE"}
    )
    policy = Policy(target, when="band:5pp", to=to, name="bands")
    found = stress(
        prices, policy, windows=(), halted="A", halt_from=day(prices, 30), halt_sessions=5, gap=0.0
    )
    return found["a halted instrument"].result.policies[0]


@pytest.mark.parametrize(("to", "over"), [("target", 0.0), ("half", 0.025), ("edge", 0.05)])
def test_a_band_of_an_inner_sleeve_acts_in_a_halt(to: str, over: float) -> None:
    """Each of its leaves is inside its band, the sleeve is not: it comes back as far as asked."""
    stocks = inner("stocks", leaf("B", 20), leaf("C", 20))
    bonds = inner("bonds", leaf("D", 20), leaf("E", 20))
    target = inner("", leaf("A", 20), stocks, bonds)

    one = bands_in_a_halt(target, to, B=1.2, C=1.2, D=0.8, E=0.8)

    assert one.log.sessions.tolist() == [32]
    worth = one.log.units_after[0] * one.log.prices[0]
    assert worth[1:3].sum() / worth.sum() == pytest.approx(0.4 + over)


@pytest.mark.parametrize(("price", "session"), [(0.8, 35), (0.7, 32)])
def test_an_inner_sleeve_acts_by_what_is_not_halted_in_it(price: float, session: int) -> None:
    """What the halted instrument is off cannot be traded away, on no level of the tree.

    At 0.8 the sleeve is 5.6pp over its target, of which A is 2.2pp; at 0.7 the others alone are
    5.3pp over. No leaf is beyond its band.
    """
    stocks = inner("stocks", leaf("A", 20), leaf("B", 15), leaf("C", 15))
    target = inner("", stocks, leaf("D", 25), leaf("E", 25))

    one = bands_in_a_halt(target, "half", D=price, E=price)

    assert one.log.sessions.tolist()[0] == session
