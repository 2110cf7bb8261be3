"""Account mode over dates against plan-and-apply day by day: what was tested is what trades."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.engine.households import CALENDAR, account, lot, mandate, tree
from trimtab.costs import Costs
from trimtab.execution.opening import Opening
from trimtab.ledger.folded import Folded
from trimtab.live.book import open_book
from trimtab.model.accounts import Lot
from trimtab.model.errors import UnbookedError
from trimtab.model.market import Market, Quote, Split
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.orders import Order
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.run import AccountRun

DEMO = files("trimtab") / "data" / "demo"
START, END = date(2012, 9, 28), date(2013, 2, 28)


class StillClock:
    """A clock that shows the close of a day."""

    day = START

    def now(self) -> datetime:
        """The instant."""
        return datetime(self.day.year, self.day.month, self.day.day, 21, tzinfo=UTC)


def demo_folder(place: Path, when: str, to: str) -> Path:
    """The demo household under another policy."""
    with_data = place / "demo"
    with_data.mkdir()
    for source in (DEMO / "portfolio").iterdir():
        (with_data / source.name).write_bytes(source.read_bytes())
    (with_data / "prices.csv").write_bytes((DEMO / "prices.csv").read_bytes())
    file = with_data / "portfolio.toml"
    text = re.sub(r'when\s+= ".*"', f'when = "{when}"', file.read_text())
    file.write_text(re.sub(r'to\s+= ".*"', f'to = "{to}"', text))
    return with_data


def told(orders: Sequence[Order]) -> list[tuple[Any, ...]]:
    """Orders by day, without the ids that carry a plan's id."""
    rows = [
        (o.plan[:10], o.account, o.side, o.instrument, o.quantity, o.amount, str(o.limit))
        for o in orders
    ]
    return sorted(rows, key=lambda row: row[:4])


def holdings(folded: Folded) -> tuple[Any, ...]:
    """Cash, and every lot by what it is, without ids that carry a plan's id."""
    lots = sorted(
        (x.account, x.instrument, str(x.acquired), x.quantity, x.basis or 0)
        for x in folded.lots.values()
    )
    return dict(folded.cash), lots


@pytest.mark.parametrize(
    ("when", "to"),
    [("monthly+band:5pp/25%", "target"), ("band:2pp", "half"), ("weekly", "target")],
)
def test_backtest_orders_are_those_of_plan_and_apply(tmp_path: Path, when: str, to: str) -> None:
    """One tape, day by day through plan and apply and through the backtest: the same orders, and
    in the end the same lots and cash.
    """
    folder = demo_folder(tmp_path, when, to)
    clock = StillClock()
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    for day in book.portfolio.calendar.sessions(START, END):
        clock.day = day
        plan = book.plan(day)
        if plan.trades or plan.periods:
            applied = book.apply(plan)
            orders.extend(record.order for record in applied.orders)
    opening = book.opening
    assert opening is not None

    mandate_ = book.mandate()
    source = book._price_file({})
    markets = source.snapshots(START, END, sorted(mandate_.household.instruments))
    run = backtest_accounts(mandate_, opening, markets)

    assert len(orders) > 3
    assert told(run.orders) == told(orders)
    last = book.prepared(END).folded
    assert holdings(run.folded) == holdings(last)
    assert run.value[-1] == worth(last, run, source, mandate_)


def worth(folded: Folded, run: AccountRun, source: Any, mandate_: Any) -> int:
    """What a record is worth at the last prices."""
    market = source.snapshot(run.dates[-1], sorted(mandate_.household.instruments))
    total = sum(folded.cash.values())
    for (_, id_), steps in folded.positions.items():
        step = mandate_.household.instruments[id_].step
        total += StepPrice.of(market.quotes[id_].price, step).value(steps)
    return total


def tape(prices: dict[str, list[str]], splits: Sequence[Split] = ()) -> list[Market]:
    """Markets on consecutive sessions from 2 March 2026."""
    days = CALENDAR.sessions(date(2026, 3, 2), date(2026, 6, 30))
    markets = []
    for i, day in enumerate(days[: len(next(iter(prices.values())))]):
        quotes = {}
        for id_, column in prices.items():
            before = Price.of(Decimal(column[i - 1])) if i else None
            ratio = next((s.ratio for s in splits if (s.instrument, s.on) == (id_, day)), 1)
            quotes[id_] = Quote(
                Price.of(Decimal(column[i])),
                day,
                before,
                days[i - 1] if i else None,
                split_since_previous=Fraction(ratio),
            )
        markets.append(Market(day, CALENDAR, quotes, tuple(s for s in splits if s.on <= day)))
    return markets


def opening(lots: Sequence[Lot], **cash: int) -> Opening:
    """An opening statement of 2 March 2026."""
    return Opening("Example", "USD", date(2026, 3, 2), tuple(lots), cash, (), "0" * 64)


def test_a_split_in_a_backtest_says_nothing_of_a_record() -> None:
    """Nobody keeps one there: quantity and price change together, and nothing is traded."""
    split_day = CALENDAR.sessions(date(2026, 3, 2), date(2026, 6, 30))[3]
    splits = [Split("US", split_day, Fraction(3, 2))]
    markets = tape({"US": ["60"] * 3 + ["40"] * 3, "BND": ["50"] * 6}, splits)
    lots = [lot("brokerage", "US", 21, "900"), lot("brokerage", "BND", 20, "900")]

    run = backtest_accounts(
        mandate(tree({"US": 50, "BND": 50}), when="never"), opening(lots), markets
    )

    told = {one.code: one.message for one in run.findings}
    assert told["split-due"] == (
        f"US was split 3 for 2 on {split_day}: quantities are after it; nothing is traded for it"
    )
    assert told["cash-in-lieu-estimated"].endswith("it is counted as 20.00 of cash")


def test_a_split_is_no_trade() -> None:
    """bt 570: 20 shares at 50 that become 40 at 25 are no drift; a tenfold split neither."""
    split_day = CALENDAR.sessions(date(2026, 3, 2), date(2026, 6, 30))[3]
    splits = [Split("US", split_day, Fraction(2))]
    markets = tape({"US": ["50"] * 3 + ["25"] * 3, "BND": ["50"] * 6}, splits)
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="band:5pp")
    lots = [lot("brokerage", "US", 20, "900"), lot("brokerage", "BND", 20, "900")]

    run = backtest_accounts(mandate_, opening(lots, brokerage=0), markets)

    assert run.orders == ()
    assert run.value == (200_000,) * 6
    assert run.folded.positions[("brokerage", "US")] == 40


def test_cash_as_half_of_the_target_means_no_order_a_day() -> None:
    """bt 571: with half in cash and daily looks at unchanged prices nothing more is ordered."""
    target = tree({"US": 50, "money": (50, ["CASH"])})
    mandate_ = mandate(target, when="daily", costs=Costs(bps=10))
    markets = tape({"US": ["50"] * 8})

    run = backtest_accounts(mandate_, opening([], brokerage=1_000_000), markets)

    assert told(run.orders)[0][1:5] == ("brokerage", "buy", "US", 100)
    assert len(run.orders) == 1


def test_value_changes_only_by_prices_and_costs() -> None:
    """From close to close the worth changes by what prices do and costs take, to the cent."""
    markets = tape({"US": ["50", "60", "70", "80", "66"], "BND": ["50", "49", "48", "50", "51"]})
    mandate_ = mandate(
        tree({"US": 60, "BND": 40}),
        accounts=[account("a"), account("b", "roth")],
        when="band:3pp",
        to="half",
        costs=Costs(bps=10, half_spread_bps=2, per_share="0.01"),
    )
    lots = [lot("a", "US", 100, "3000"), lot("b", "BND", 80), lot("b", "US", 10)]

    run = backtest_accounts(mandate_, opening(lots, a=5_000, b=1_000), markets)
    still = backtest_accounts(
        replace(mandate_, when=mandate(tree({"US": 100}), when="never").when),
        opening(lots, a=5_000, b=1_000),
        markets,
    )

    assert run.rebalances > 1
    assert still.rebalances == 0
    first_traded = next(i for i, day in enumerate(run.dates) if day == run.plans[0].as_of)
    assert run.value[first_traded] == still.value[first_traded] - run.plans[0].cost


def test_prices_with_all_the_digits_of_floats_are_traded_by_a_run() -> None:
    """Fifteen decimals cost as much as the same prices in ten do, and every trade is booked."""
    rows = {"US": ["50.781280517578125", "60.869083404541016"], "BND": ["49.499355316162111"] * 2}
    short = {id_: [f"{float(text):.10f}" for text in own] for id_, own in rows.items()}
    mandate_ = mandate(
        tree({"US": 50, "BND": 50}), when="daily", costs=Costs(half_spread_bps="0.5")
    )

    runs = [
        backtest_accounts(mandate_, opening([], brokerage=1_000_000), tape(one))
        for one in (rows, short)
    ]

    assert len(runs[0].orders) >= 3
    assert [run.value for run in runs] == [runs[0].value] * 2


def test_a_run_that_cannot_book_its_trades_has_no_results(monkeypatch: Any) -> None:
    """A halted account trades no more: the run fails with day, account and reason, and no table."""
    monkeypatch.setattr(
        "trimtab.execution.orders.spread_price", lambda *_, **__: Price(50 * 10**20 + 1, -20)
    )
    mandate_ = mandate(tree({"US": 100}), when="daily", costs=Costs(half_spread_bps=2))

    with pytest.raises(UnbookedError, match=r"2026-03-02.*brokerage was halted.*`price` is '50.0"):
        backtest_accounts(mandate_, opening([], brokerage=1_000_000), tape({"US": ["50"] * 3}))


def test_a_run_does_not_look_ahead() -> None:
    """Poisoned prices after a day change nothing up to that day."""
    prices = {"US": ["50", "60", "70", "80", "66"], "BND": ["50", "49", "48", "50", "51"]}
    poisoned = {"US": [*prices["US"][:3], "5", "500"], "BND": [*prices["BND"][:3], "1", "1"]}
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="band:3pp")
    lots = [lot("brokerage", "US", 100, "3000"), lot("brokerage", "BND", 80, "3000")]

    runs = [
        backtest_accounts(mandate_, opening(lots, brokerage=0), tape(p)) for p in (prices, poisoned)
    ]

    assert runs[0].value[:3] == runs[1].value[:3]
    firsts = [[plan for plan in run.plans if plan.as_of <= run.dates[2]] for run in runs]
    assert firsts[0] == firsts[1]
    assert firsts[0]


def test_a_run_from_cash_is_invested_at_its_first_session() -> None:
    """Also a policy that never acts starts at its target."""
    markets = tape({"US": ["50", "60"], "BND": ["50", "50"]})
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="never")

    run = backtest_accounts(mandate_, opening([], brokerage=100_000), markets, invest_at_start=True)

    assert run.folded.positions == {("brokerage", "US"): 12, ("brokerage", "BND"): 8}
    assert run.value == (100_000, 112_000)
    assert len(run.plans) == 1
    assert run.to_dict()["rebalances"] == 0


def test_a_thin_market_fills_a_run_in_part() -> None:
    """No order is filled with more than its part of the day's volume: the rest waits for the next
    look, the record and the plans' costs are those of what was filled, and no money is made.
    """
    markets = tape({"US": ["50"] * 4, "BND": ["50"] * 4})
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="daily", costs=Costs(bps=100))
    lots = [lot("brokerage", "US", 40, "900")]

    run = backtest_accounts(
        mandate_,
        opening(lots, brokerage=1_000),
        markets,
        participation=Fraction(1, 10),
        volumes=lambda _: {"US": Fraction(80), "BND": Fraction(1000)},
    )

    sold = [sum(t.quantity for t in plan.trades if t.side == "sell") for plan in run.plans]
    assert sold[:2] == [8, 8]
    assert run.folded.positions["brokerage", "US"] == 40 - sum(sold)
    assert run.value[-1] == 201_000 - run.cost_paid
    assert run.tax_caused == sum(sale.tax for p in run.plans for t in p.trades for sale in t.lots)
    filled_whole = backtest_accounts(
        mandate_, opening(lots, brokerage=1_000), markets, participation=Fraction(1, 10)
    )
    assert "no-volume" in {finding.code for finding in filled_whole.findings}
    assert len(filled_whole.plans) < len(run.plans)


def test_a_real_halving_is_doubted_for_its_session_and_never_by_what_comes_later() -> None:
    """A price that halves without a split is not traded at that day, whatever the days after say;
    a session later it is no longer near half, and the policy acts.
    """
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="band:5pp")
    lots = [lot("brokerage", "US", 100, "4000"), lot("brokerage", "BND", 100, "4000")]
    stays, recovers = (
        {"US": ["50", "50", "25.75", later], "BND": ["50"] * 4} for later in ("22", "50")
    )

    runs = [
        backtest_accounts(mandate_, opening(lots, brokerage=0), tape(p)) for p in (stays, recovers)
    ]

    assert [[plan.as_of for plan in run.plans] for run in runs] == [[runs[0].dates[3]], []]
    assert all(run.value[2] == 257_500 + 500_000 for run in runs)
    assert all("split-missing" in {one.code for one in run.findings} for run in runs)
