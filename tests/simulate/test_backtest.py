"""Backtests: conventions, targets of every kind, and what they may know."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.costs import Costs
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy, PolicyError
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.prices.views import Views
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.rules import TradeAt

HALVES = {"A": 0.5, "B": 0.5}


def _codes(result: Any) -> set[str]:
    return {finding.code for finding in result.findings}


def test_the_figures_carry_the_names_of_the_interface() -> None:
    """One policy prints its figures, several a list of them, and all of it is plain JSON."""
    prices = lively("AB", 40)
    policies = [Policy(HALVES, when="daily"), Policy(HALVES)]

    one, several = backtest(prices, policies[0]).to_dict(), backtest(prices, policies).to_dict()

    assert set(one) == {
        "name",
        "final_value",
        "rebalances",
        "turnover_one_way",
        "cost_paid",
        "cagr",
        "volatility",
        "max_drawdown",
        "final_weights",
        "first",
        "last",
        "sessions",
        "trade_at",
        "dividends",
        "measures",
        "assumed",
    }
    assert [row["name"] for row in several["policies"]] == ["daily to target", "never to target"]
    assert json.loads(json.dumps(several, allow_nan=False)) == several


def test_never_holds_what_was_bought() -> None:
    """A policy that never acts ends with the mean growth of what it bought, at no cost."""
    prices = history({"A": [10.0, 12.0, 20.0], "B": [10.0, 9.0, 5.0]})

    one = backtest(prices, Policy(HALVES), costs=Costs(bps=50), cash=100.0).policies[0]

    assert one.final_value == pytest.approx(125.0)
    assert one.final_weights == pytest.approx({"A": 0.8, "B": 0.2})
    assert (one.rebalances, one.cost_paid) == (0, 0.0)


@pytest.mark.parametrize(
    ("trade_at", "expected"),
    [
        # Bought at 10/10 with 100: 5 units each. On day 1 A is at 20: 150 in all.
        ("close", (5 * 20 + 5 * 10) / 2 * (30 / 20) + (5 * 20 + 5 * 10) / 2),
        ("next-open", (5 * 24 + 5 * 10) / 2 * (30 / 24) + (5 * 24 + 5 * 10) / 2),
        ("next-close", (5 * 30 + 5 * 10) / 1),
    ],
)
def test_where_a_decision_is_traded(trade_at: TradeAt, expected: float) -> None:
    """A decision of day 1 trades at that close, at the next open, or at the next close."""
    closes = {"A": [10.0, 20.0, 30.0, 30.0], "B": [10.0] * 4}
    opens = np.array([[10.0, 10.0], [11.0, 10.0], [24.0, 10.0], [30.0, 10.0]])
    prices = history(closes, opens=opens)
    policy = Policy(HALVES, when="band:15pp")

    one = backtest(prices, policy, cash=100.0, trade_at=trade_at).policies[0]

    assert one.rebalances == 1
    assert one.trade_at == trade_at
    assert one.value[2] == pytest.approx(expected)


def test_next_open_needs_opens() -> None:
    """Trading at the open where there are no opens is refused, with what to do instead."""
    with pytest.raises(InputError, match="next-close"):
        backtest(lively("AB", 10), Policy(HALVES, when="daily"), trade_at="next-open")


def test_given_targets_trade_at_the_close_and_made_ones_at_the_next() -> None:
    """By default only a target that is not made from the price trades on that very price."""
    prices = lively("AB", 40)
    policies = [
        Policy(HALVES, when="weekly", name="given"),
        Policy(lambda view: [0.5, 0.5], when="weekly", name="made"),
    ]

    result = backtest(prices, policies)

    assert result["given"].trade_at == "close"
    assert result["made"].trade_at == "next-close"
    assert "same-close" not in _codes(result)
    assert "same-close" in _codes(backtest(prices, policies[1], trade_at="close"))


def _cheapest(view: PriceHistory) -> dict[str, float]:
    """Most in whatever fell most over what is known."""
    fell = int(np.argmin(view.close[-1] / view.close[0]))
    return {s: 0.6 if i == fell else 0.2 for i, s in enumerate(view.symbols)}


@pytest.mark.parametrize("when", ["daily", "monthly", "band:1pp", "weekly+band:5pp"])
@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
def test_a_poisoned_future_changes_nothing(when: str, trade_at: TradeAt) -> None:
    """What happens after a date cannot change any trade or value up to that date."""
    prices = lively("ABC", 120, seed=4)
    prices = replace(prices, open=prices.close * 1.001)
    cut = 80
    close, opens = prices.close.copy(), prices.close.copy() * 1.001
    close[cut + 1 :] *= np.array([0.2, 4.0, 1.5])
    opens[cut + 1 :] *= np.array([3.0, 0.2, 0.7])
    poisoned = replace(prices, close=close, open=opens)
    policy = Policy(_cheapest, when=when)

    clean = backtest(prices, policy, trade_at=trade_at).policies[0]
    spoilt = backtest(poisoned, policy, trade_at=trade_at).policies[0]

    days = clean.dates <= prices.dates[cut]
    assert clean.rebalances > 0
    assert np.array_equal(clean.value[days], spoilt.value[days])
    assert np.array_equal(clean.units[days], spoilt.units[days])


def test_a_made_target_sees_no_row_after_its_date() -> None:
    """The view that a function receives ends at the date it is asked for."""
    prices = lively("AB", 60)
    seen: list[tuple[date, int]] = []

    def watch(view: PriceHistory) -> dict[str, float]:
        seen.append((view.last, len(view)))
        return HALVES

    one = backtest(prices, Policy(watch, when="monthly")).policies[0]

    ends = [date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 29)]
    assert [day for day, _ in seen] == ends
    assert all(str(prices.dates[count - 1]) == str(day) for day, count in seen)
    assert one.first == date(2024, 1, 2)


def test_a_view_keeps_no_way_to_later_rows() -> None:
    """What a view's columns are based on, at any depth, holds nothing of a row after its date."""
    prices = lively("AB", 60)
    prices = replace(
        prices,
        open=prices.close.copy(),
        volume=np.ones(prices.close.shape),
        status=np.zeros(prices.close.shape, dtype=np.int8),
    )
    names = ("dates", "close", "open", "volume", "status")
    reached: list[tuple[str, int]] = []

    def nosy(view: PriceHistory) -> dict[str, float]:
        for name in names:
            column = getattr(view, name)
            known = column.size
            while column is not None:
                memory = np.frombuffer(column, np.uint8) if column.nbytes else column
                plain = memory.view(getattr(view, name).dtype)[known:]
                later = [x for x in plain.tolist() if x not in (None, -1) and x == x]
                reached.append((name, len(later)))
                column = column.base if isinstance(column, np.ndarray) else column.obj
                column = column if hasattr(column, "nbytes") else None
        return HALVES

    backtest(prices, Policy(nosy, when="monthly"))

    assert {name for name, _ in reached} == set(names)
    assert [one for one in reached if one[1]] == []


def test_a_view_stays_as_it_was() -> None:
    """A view that is kept does not grow when the next one comes, and nobody can write into it."""
    prices = lively("AB", 60)
    kept: list[PriceHistory] = []

    def keeps(view: PriceHistory) -> dict[str, float]:
        kept.append(view)
        return HALVES

    backtest(prices, Policy(keeps, when="weekly"))

    assert len({len(view) for view in kept}) == len(kept) > 5
    assert all(np.array_equal(view.close, prices.close[: len(view)]) for view in kept)
    with pytest.raises(ValueError, match="WRITEABLE"):
        kept[0].close.base.setflags(write=True)


def test_a_row_is_copied_once_however_often_one_looks() -> None:
    """Looks cost as much as there are new rows: a thousand views hold one copy of the prices."""
    prices = lively("ABCDEFGHIJ", 1000)
    views = Views(prices)

    tracemalloc.start()
    kept = [views.at(session) for session in range(1000)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(kept[-1]) == 1000
    assert most < 20 * prices.close.nbytes  # copies of each would be five hundred times as much


def test_a_function_may_say_that_it_is_too_early() -> None:
    """Until a function gives its first target nothing is held, and the run begins after it."""
    prices = lively("AB", 60)

    def patient(view: PriceHistory) -> dict[str, float] | None:
        return HALVES if len(view) >= 20 else None

    one = backtest(prices, Policy(patient, when="weekly")).policies[0]

    assert str(one.dates[0]) == str(prices.dates[20])
    assert one.value[0] == pytest.approx(100_000.0)


def test_a_function_that_knows_nothing_new_keeps_its_target() -> None:
    """After its first target a function that returns None means the target last adopted."""
    prices = lively("AB", 60)
    answers = iter([{"A": 0.3, "B": 0.7}])

    one = backtest(prices, Policy(lambda view: next(answers, None), when="daily")).policies[0]

    last = dict(zip(one.symbols, one.log.units_after[-1] * one.log.prices[-1], strict=True))
    assert last["A"] / sum(last.values()) == pytest.approx(0.3)


class _InverseVolatility:
    """An estimator in the manner of scikit-learn."""

    weights_: Any

    def fit(self, returns: Any) -> _InverseVolatility:
        assert not hasattr(self, "weights_"), "a copy that has been fitted before"
        calm = 1.0 / np.asarray(returns).std(axis=0)
        self.weights_ = calm / calm.sum()
        return self


def test_an_estimator_is_fitted_anew_on_what_is_known() -> None:
    """An estimator waits for its warm-up, learns from the past only, and is never shared."""
    prices = lively("ABC", 400, seed=2)

    one = backtest(prices, Policy(_InverseVolatility(), when="quarterly")).policies[0]
    short = backtest(prices, Policy(_InverseVolatility(), when="quarterly"), warmup=30)

    assert str(one.dates[0]) == str(prices.dates[252])
    assert str(short.policies[0].dates[0]) == str(prices.dates[30])
    known = prices.until(251).returns
    expected = _InverseVolatility().fit(known).weights_
    worth = one.start_units * prices.close[252]
    assert (worth / worth.sum()).tolist() == pytest.approx(expected.tolist())


def test_a_start_leaves_the_past_to_those_who_learn_from_it() -> None:
    """With a start, targets made from data still see what was before, and begin on that date."""
    prices = lively("AB", 400)
    start = date(2025, 3, 3)

    one = backtest(prices, Policy(_InverseVolatility(), when="monthly"), start=start).policies[0]

    assert one.first == start


def test_policies_begin_together() -> None:
    """Beside a policy that needs a warm-up the others begin on its day, so that they compare."""
    prices = lively("AB", 400)
    policies = [Policy(HALVES, name="given"), Policy(_InverseVolatility(), name="made")]

    result = backtest(prices, policies)

    assert result["given"].first == result["made"].first
    assert result["given"].value[0] == pytest.approx(100_000.0)
    assert "starts-together" in _codes(result)


def test_dated_targets_hold_from_their_date() -> None:
    """A run begins at the first dated target; a later one is adopted when the policy acts."""
    prices = lively("AB", 66)
    dated = {"2024-01-10": {"A": 1.0}, "2024-02-10": {"A": 0.2, "B": 0.8}}

    one = backtest(prices, Policy(dated, when="monthly")).policies[0]

    assert one.first == date(2024, 1, 10)
    assert [str(one.dates[at]) for at in one.log.sessions] == ["2024-02-29", "2024-03-29"]
    assert one.units[0].tolist()[1] == 0.0
    worth = one.log.units_after[0] * one.log.prices[0]
    assert (worth / worth.sum()).tolist() == pytest.approx([0.2, 0.8])


def test_bands_measure_against_the_target_last_adopted() -> None:
    """A target that moves on paper alone breaches no band; the market moving away from it does."""
    flat = history({"A": [10.0] * 30, "B": [10.0] * 30})
    moving = history({"A": [10.0] * 20 + [20.0] * 10, "B": [10.0] * 30})
    dated = {date(2024, 1, 1): HALVES, date(2024, 1, 10): {"A": 0.9, "B": 0.1}}
    policy = Policy(dated, when="band:5pp")

    still = backtest(flat, policy).policies[0]
    moved = backtest(moving, policy).policies[0]

    assert still.rebalances == 0
    assert moved.rebalances == 1
    assert moved.final_weights == pytest.approx({"A": 0.9, "B": 0.1})


def test_a_run_that_starts_late_starts_at_the_target_of_that_day() -> None:
    """Dated targets that were over before the first session are not invested in."""
    prices = lively(("A", "B"), 60)
    dated = {date(2024, 1, 1): {"A": 1.0}, date(2024, 1, 10): {"B": 1.0}}

    one = backtest(prices, Policy(dated), start=date(2024, 2, 1)).policies[0]

    assert one.final_weights == {"A": 0.0, "B": 1.0}


@pytest.mark.parametrize(
    ("start", "days", "codes"),
    [
        (None, ("2024-01-10", "2024-02-10"), []),
        ("2024-01-10", ("2024-01-10", "2024-02-10"), []),
        ("2024-01-03", ("2024-01-10", "2024-02-10"), ["target-begins-later"]),
        ("2024-01-20", ("2024-01-10", "2029-02-10"), ["target-after-prices"]),
    ],
)
def test_weights_out_of_reach_are_told(
    start: str | None, days: tuple[str, str], codes: list[str]
) -> None:
    """Weights that begin after the start asked for, or are dated after all prices, are named."""
    dated = dict(zip(days, ({"A": 1.0}, {"A": 0.2, "B": 0.8}), strict=True))
    begin = None if start is None else date.fromisoformat(start)

    found = backtest(lively("AB", 60), Policy(dated, when="monthly"), start=begin)

    assert [one.code for one in found.findings if one.code.startswith("target-")] == codes


def test_a_date_that_stands_twice_in_a_frame_is_named() -> None:
    """Of a pandas frame too, the date is said with what to do."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"A": [1.0, 0.5]}, index=pd.to_datetime(["2024-01-10", "2024-01-10"]))

    with pytest.raises(InputError, match=r"2024-01-10.*the date stands twice"):
        backtest(lively("A", 60), Policy(frame))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"form": "foo"}, "form 'foo': one of auto, interpreted, compiled"),
        ({"warmup": -1}, "warmup -1: a count of sessions, from 0 on"),
    ],
)
def test_options_that_mean_nothing_are_refused(option: dict[str, Any], said: str) -> None:
    """What no run can follow is named with what can be asked for."""
    with pytest.raises(ValueError, match=said):
        backtest(lively("AB", 60), Policy(HALVES), **option)


def test_dated_targets_may_be_frames() -> None:
    """Dated weights as a pandas or polars frame mean what the mapping of dates means."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    prices = lively("AB", 66)
    days = [date(2024, 1, 1), date(2024, 2, 12)]
    rows = [{"A": 0.7, "B": 0.3}, {"A": 0.2, "B": 0.8}]
    targets = [
        dict(zip(days, rows, strict=True)),
        pd.DataFrame(rows, index=pd.DatetimeIndex(days)),
        pl.DataFrame({"date": days, "A": [0.7, 0.2], "B": [0.3, 0.8]}),
    ]

    finals = [backtest(prices, Policy(t, when="monthly")).policies[0].final_value for t in targets]

    assert finals[1:] == finals[:1] * 2


def test_cash_earns_its_rate_and_moves_for_nothing() -> None:
    """CASH is a leaf with a price that grows at its rate; only the other side of a trade costs."""
    prices = lively("A", 400)
    target = {"A": 0.6, "CASH": 0.4}

    alone = backtest(prices, Policy({"CASH": 1.0}), cash_rate=0.05).policies[0]
    mixed = backtest(prices, Policy(target, when="monthly"), costs=Costs(bps=10)).policies[0]

    assert alone.cagr == pytest.approx(0.05)
    moved = np.abs(mixed.trades["value"][mixed.trades["symbol"] == "A"]).sum()
    assert mixed.cost_paid == pytest.approx(0.001 * moved, rel=2e-3)
    assert not mixed.trades["cost"][mixed.trades["symbol"] == "CASH"].any()


def test_costs_differ_by_instrument() -> None:
    """An instrument's own costs replace the general ones, fees an order and least fees included."""
    prices = history({"A": [10.0, 20.0, 20.0], "B": [10.0, 10.0, 10.0]})
    costs = Costs(bps=10, by_instrument={"B": Costs(commission=7, minimum=9)})

    one = backtest(prices, Policy(HALVES, when="daily"), costs=costs, cash=100_000).policies[0]

    # 25,000 of A is sold at 10bp, 25,000 of B bought for the least fee.
    assert one.cost_paid == pytest.approx(25.0 + 9.0)
    assert dict(zip(one.trades["symbol"], one.trades["cost"], strict=True)) == pytest.approx(
        {"A": 25.0, "B": 9.0}
    )


def test_trades_weights_and_equity_tell_one_story() -> None:
    """Trades explain every change of units; weights sum to 1; costs add up to what was paid."""
    prices = lively("ABC", 300, seed=3)
    target = {"A": 0.5, "B": 0.3, "C": 0.2}
    policy = Policy(target, when="band:3pp", to="half")

    one = backtest(prices, policy, costs=Costs(bps=20)).policies[0]

    trades, weights = one.trades, one.weights
    assert one.rebalances == len(np.unique(trades["date"])) > 5
    assert trades["cost"].sum() == pytest.approx(one.cost_paid)
    for i, symbol in enumerate("ABC"):
        mine = trades["symbol"] == symbol
        assert trades["units"][mine].sum() == pytest.approx(one.units[-1, i] - one.start_units[i])
        assert weights[symbol][-1] == pytest.approx(one.final_weights[symbol])
    assert np.allclose(sum(weights[symbol] for symbol in "ABC"), 1.0)
    assert np.allclose((one.units * one.history).sum(axis=1), one.equity["value"])


def test_frames_come_back_as_they_are_wanted() -> None:
    """Frames are pandas or polars on request, and plain columns where neither is wanted."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    prices, policy = lively("AB", 60), Policy(HALVES, when="weekly", name="w")

    plain = backtest(prices, policy)["w"].weights
    pandas = backtest(prices, policy, frames="pandas")["w"]
    polars = backtest(prices, policy, frames="polars")["w"]

    assert list(plain) == ["date", "A", "B"]
    assert isinstance(pandas.weights, pd.DataFrame)
    assert list(pandas.weights.columns) == ["A", "B"]
    assert isinstance(polars.trades, pl.DataFrame)
    assert polars.equity.height == 60


def test_a_summary_has_one_row_a_policy_in_text_and_in_html() -> None:
    """The summary names each policy once, and its HTML takes no tags from names."""
    policies = [Policy(HALVES, name="<b>bold</b>"), Policy(HALVES, when="daily")]

    result = backtest(lively("AB", 30), policies)

    lines = result.summary().splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("daily to target")
    assert "<b>" not in result._repr_html_()
    assert "&lt;b&gt;" in result._repr_html_()


def test_sessions_without_all_prices_are_left_out_and_said() -> None:
    """Only dates with every price count; gaps are findings and are never filled in."""
    nan = float("nan")
    prices = history({"A": [nan, 1.0, 1.1, nan, 1.2, 1.3], "B": [5.0, 5.0, 5.0, 5.0, 5.0, nan]})

    result = backtest(prices, Policy(HALVES))

    assert [str(day) for day in result.policies[0].dates] == [
        "2024-01-02",
        "2024-01-03",
        "2024-01-05",
    ]
    assert _codes(result) == {"starts-late", "session-dropped", "ends-early"}
    dropped = next(f for f in result.findings if f.code == "session-dropped")
    assert dropped.subject == "A"
    assert "2024-01-04" in dropped.message


def test_no_common_session_is_refused_with_the_spans() -> None:
    """Symbols that never trade on the same dates are refused, each with its span."""
    nan = float("nan")
    prices = history({"A": [1.0, 1.0, nan, nan], "B": [nan, nan, 1.0, 1.0]})

    with pytest.raises(InputError, match="A 2024-01-01 to 2024-01-02; B 2024-01-03"):
        backtest(prices, Policy(HALVES))


def test_a_price_that_is_back_the_next_day_is_asked_for_as_a_typo() -> None:
    """One finding for the row that is wrong, and how to say that it is not."""
    prices = history({"A": [200.0, 2010.0, 202.0, 201.0], "B": [5.0] * 4})

    with pytest.raises(InputError) as refused:
        backtest(prices, Policy(HALVES))

    (problem,) = refused.value.problems
    assert "2024-01-02, and is 202 on 2024-01-03: a typo?" in problem.wrong
    assert "`accept_jumps=True`" in problem.remedy


def test_costs_that_are_a_number_are_refused_with_how_to_write_them() -> None:
    """Five what? The message shows the keyword."""
    prices = history({"A": [1.0, 1.1], "B": [1.0, 1.0]})

    with pytest.raises(InputError, match=r"costs=tt.Costs\(bps=5\)"):
        backtest(prices, Policy(HALVES), costs=5)  # type: ignore[arg-type]


def test_a_tenfold_jump_is_refused_until_it_is_said_to_be_real() -> None:
    """A price that jumps tenfold stops a backtest that would use it, and no other."""
    prices = history({"A": [200.0, 201.0, 10.0, 10.1], "B": [5.0] * 4, "C": [7.0] * 4})

    with pytest.raises(InputError, match="20-for-1 split"):
        backtest(prices, Policy(HALVES))
    assert backtest(prices, Policy({"B": 0.5, "C": 0.5})).policies[0].sessions == 4
    assert backtest(prices, Policy(HALVES), accept_jumps=True).policies[0].sessions == 4


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"A": 0.6, "B": 0.3}, "CASH"),
        ({"A": 60, "B": 40}, "divide them by 100"),
        ({"A": 1.2, "B": -0.2}, "weights are shares"),
        ({"A": float("nan"), "B": 1.0}, "weights are shares"),
        ({"A": 0.5, "BB": 0.5}, "did you mean B"),
        ({}, "no target"),
        (None, "no target"),
        ({"A": "much", "B": 0.5}, "weights are shares"),
        ({"2024-13-01": {"A": 1.0}}, "not a date"),
        (lambda view: [1.0], "1 weights for 2 symbols"),
        (lambda view: {"A": 0.9}, "sum to 0.9"),
        (lambda view: {"Z": 1.0}, "Z, which has no prices"),
    ],
)
def test_a_target_that_is_none_is_refused(target: Any, said: str) -> None:
    """A target that cannot be held is refused with what was wrong and what would be right."""
    with pytest.raises(InputError, match=said):
        backtest(lively("AB", 30), Policy(target, when="daily"))


def test_policies_need_different_names() -> None:
    """Two policies of one name could not be told apart in the result."""
    with pytest.raises(PolicyError, match="names"):
        backtest(lively("AB", 30), [Policy(HALVES), Policy({"A": 1.0})])


def test_cash_flow_triggers_are_said_to_sleep() -> None:
    """A backtest has no new cash, so it says that a cash-flow trigger does nothing in it."""
    result = backtest(lively("AB", 30), Policy(HALVES, when="cashflow:500"))

    assert "no-cash-flows" in _codes(result)
    assert result.policies[0].rebalances == 0


@pytest.mark.parametrize("rule", ["once", "solved", "in-order", "from-last"])
def test_every_cost_rule_pays_for_what_it_trades(rule: Any) -> None:
    """Under each rule the loss against trading for free is close to what was paid."""
    prices = lively("ABCD", 500, seed=9)
    policy = Policy(dict.fromkeys("ABCD", 0.25), when="monthly")

    paid = backtest(prices, policy, costs=Costs(bps=10), cost_rule=rule).policies[0]
    free = backtest(prices, policy).policies[0]

    assert 0 < paid.cost_paid < free.final_value - paid.final_value + 0.5 * paid.cost_paid
    assert paid.rebalances == free.rebalances


def test_one_backtest_never_waits_for_a_compiler() -> None:
    """A single backtest runs interpreted and never imports Numba."""
    code = (
        "import sys\n"
        "from tests.simulate.markets import lively\n"
        "from trimtab.model.policy import Policy\n"
        "from trimtab.simulate.research.backtest import backtest\n"
        "backtest(lively('AB', 500), Policy({'A': 0.5, 'B': 0.5}, when='band:2pp', to='half'))\n"
        "raise SystemExit('numba' in sys.modules)"
    )
    root = Path(__file__).parents[2]

    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": f"{root}/src:{root}"})

    assert done.returncode == 0


def test_a_way_to_trade_that_there_is_not_is_refused() -> None:
    """A misspelt `trade_at` names those that there are."""
    with pytest.raises(ValueError, match="next-open"):
        backtest(lively("AB", 40), Policy(HALVES), trade_at="tomorrow")  # type: ignore[arg-type]


@pytest.mark.parametrize("flows", [None, Flows()])
def test_a_holding_that_only_bears_its_part_of_the_cost_is_not_traded(flows: Any) -> None:
    """Half-way back moves what is outside its band; the rest pays its part and is no trade."""
    steps = {"A": [10.0, 20.0, 20.0], "B": [10.0] * 3, "C": [10.0, 10.5, 10.5], "D": [10.0] * 3}
    target = {"A": 0.1, "B": 0.4, "C": 0.1, "D": 0.4}
    policy = Policy(target, when="band:5pp", to="edge")

    one = backtest(
        history(steps), policy, cash=1_000.0, costs=Costs(bps=100), flows=flows
    ).policies[0]

    # A weighs 200 of 1,105; to 15% of it. What it gives is bought where most is missing.
    free = backtest(history(steps), policy, cash=1_000.0, flows=flows).policies[0]
    assert one.rebalances == free.rebalances == 1
    assert one.trade_count == free.trade_count < 4
    assert (one.trades["cost"] > 0.0).sum() == one.trade_count
    borne = one.trades["cost"] == 0.0
    assert borne.any()
    assert (one.trades["units"][borne] < 0.0).all()


@pytest.mark.parametrize(
    "target",
    [
        {"A": 1.3, "B": -0.3},
        {"A": 1.5, "CASH": -0.5},
        {date(2024, 1, 1): {"A": 1.5, "CASH": -0.5}},
        lambda view: {"A": 1.5, "CASH": -0.5},
    ],
)
def test_what_would_be_borrowed_for_nothing_is_refused(target: Any) -> None:
    """Short positions and loans are refused from every kind of target, with the reason."""
    with pytest.raises(InputError, match="loans"):
        backtest(lively("AB", 40), Policy(target, when="weekly"))
