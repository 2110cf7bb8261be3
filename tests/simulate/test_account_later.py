"""Account mode at the next session: a decision at a close, traded at the next open or close."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.console import Session
from tests.engine.households import CALENDAR, lot, mandate, tree
from tests.simulate.test_account import (
    END,
    START,
    StillClock,
    demo_folder,
    holdings,
    opening,
    told,
)
from trimtab.live.book import open_book
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.orders import Order
from trimtab.model.policy import Policy
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.rules import TradeAt

HALVES = tree({"US": 50, "BND": 50})
DAYS = CALENDAR.sessions(date(2026, 3, 2), date(2026, 7, 31))
COUNT = 80


def walks(seed: int = 3) -> dict[str, list[str]]:
    """Closes of two instruments, one of which moves more."""
    draw = np.random.default_rng(seed)
    steps = {"US": draw.normal(0.001, 0.02, COUNT), "BND": draw.normal(0.0, 0.005, COUNT)}
    return {
        name: [f"{price:.2f}" for price in start * np.exp(np.cumsum(steps[name]))]
        for name, start in (("US", 50.0), ("BND", 40.0))
    }


def markets(closes: Mapping[str, Sequence[str]]) -> list[Market]:
    """A snapshot a session."""
    return [
        Market(day, CALENDAR, {n: Quote(Price.of(Decimal(c[t])), day) for n, c in closes.items()})
        for t, day in enumerate(DAYS[:COUNT])
    ]


def opens_of(closes: Mapping[str, Sequence[str]]) -> dict[date, dict[str, Price]]:
    """Opens a little off the closes."""
    return {
        day: {
            name: Price.of(Decimal(f"{float(column[t]) * (1.01 if t % 2 else 0.985):.2f}"))
            for name, column in closes.items()
        }
        for t, day in enumerate(DAYS[:COUNT])
    }


@pytest.mark.parametrize("when", ["monthly", "weekly", "daily", "band:2pp", "weekly+band:1pp"])
@pytest.mark.parametrize("trade_at", ["next-open", "next-close"])
def test_research_mode_says_the_same(trade_at: TradeAt, when: str) -> None:
    """With steps so fine that they are none and no costs, both modes trade on the same days."""
    closes = walks()
    opens = opens_of(closes)
    fine = [Instrument(name, step=Decimal("0.000001")) for name in closes]

    accounts = backtest_accounts(
        mandate(HALVES, instruments=fine, when=when),
        opening([], brokerage=100_000_000),
        markets(closes),
        invest_at_start=True,
        terms=AccountTerms(trade_at=trade_at),
        opens=opens.__getitem__,
    )

    prices = PriceHistory(
        np.array(DAYS[:COUNT], dtype="datetime64[D]"),
        tuple(closes),
        np.array([[float(p) for p in column] for column in closes.values()]).T,
        open=np.array([[float(opens[d][n].decimal) for n in closes] for d in DAYS[:COUNT]]),
    )
    policy = Policy({"US": 0.5, "BND": 0.5}, when=when)
    research = backtest(prices, policy, cash=1_000_000, trade_at=trade_at).policies[0]
    np.testing.assert_allclose(accounts.equity[:-1], research.value[:-1], rtol=2e-6)
    days = [DAYS[k] for k in research.log.sessions.tolist()]
    assert [plan.as_of for plan in accounts.plans][1 : len(days) + 1] == days
    assert len(days) > 2
    assert accounts.to_dict()["trade_at"] == trade_at


@pytest.mark.parametrize(("after", "trades"), [("80", 1), ("56", 0)])
def test_how_far_to_go_is_asked_at_the_prices_that_are_traded_at(after: str, trades: int) -> None:
    """A breach at a close goes to the band's edge of the next one, and nowhere if it is inside."""
    us = ["50"] * 5 + ["70"] + [after] * (COUNT - 6)
    closes = {"US": us, "BND": ["50"] * len(us)}
    fine = [Instrument(name, step=Decimal("0.000001")) for name in closes]

    run = backtest_accounts(
        mandate(HALVES, instruments=fine, when="band:5pp", to="edge"),
        opening([], brokerage=1_000_000),
        markets(closes)[:12],
        invest_at_start=True,
        terms=AccountTerms(trade_at="next-close"),
    )

    later = [plan.as_of for plan in run.plans[1:]]
    assert later == [DAYS[6]] * trades
    edge = {"80": 0.55, "56": 56 / 106}
    assert run.final_weights["US"] == pytest.approx(edge[after], abs=1e-5)


def test_a_person_who_plans_the_day_after_gets_the_same_orders(tmp_path: Path) -> None:
    """Looking in the evening, planning and applying the next: orders, lots and cash are one."""
    folder = demo_folder(tmp_path, "monthly+band:2pp", "target")
    clock = StillClock()
    book = open_book(folder, clock=clock)
    orders: list[Order] = []
    waits = False
    for day in book.portfolio.calendar.sessions(START, END):
        clock.day = day
        if waits:
            applied = book.apply(book.plan(day, now=True))
            orders.extend(record.order for record in applied.orders)
        plan = book.plan(day)
        waits = bool(plan.trades)
        if plan.periods and not plan.trades:
            book.apply(plan)
    opening_ = book.opening
    assert opening_ is not None
    mandate_ = book.mandate()
    tape = book._price_file({}).snapshots(START, END, sorted(mandate_.household.instruments))

    run = backtest_accounts(mandate_, opening_, tape, terms=AccountTerms(trade_at="next-close"))

    assert len(orders) > 3
    assert told(run.orders) == told(orders)
    assert holdings(run.folded) == holdings(book.prepared(END).folded)


def test_what_is_decided_does_not_know_what_it_trades_at() -> None:
    """Poisoned prices after a close change no decision of it; poisoned opens change no close."""
    closes = walks()
    lots = [lot("brokerage", "US", 100, "3000"), lot("brokerage", "BND", 90, "3000")]
    opens = opens_of(closes)
    poisoned = {name: [*column[:40], *["1"] * 40] for name, column in closes.items()}

    runs = [
        backtest_accounts(
            mandate(HALVES, when="weekly"),
            opening(lots, brokerage=0),
            markets(one),
            terms=AccountTerms(trade_at="next-open"),
            opens=opens.__getitem__,
        )
        for one in (closes, poisoned)
    ]

    firsts = [[plan.trades for plan in run.plans if plan.as_of <= DAYS[39]] for run in runs]
    assert firsts[0] == firsts[1]
    assert len(firsts[0]) > 3
    assert runs[0].value[:40] == runs[1].value[:40]


def test_money_is_conserved_at_opens() -> None:
    """Whole shares at opens: what the closes make of them and of the cash, to the cent."""
    closes = walks()
    opens = opens_of(closes)
    lots = [lot("brokerage", "US", 100, "3000"), lot("brokerage", "BND", 90, "3000")]

    run = backtest_accounts(
        mandate(HALVES, when="band:1pp"),
        opening(lots, brokerage=5_000),
        markets(closes),
        terms=AccountTerms(trade_at="next-open", flows=Flows({DAYS[20]: 500.0})),
        opens=opens.__getitem__,
    )

    cash = 5_000 + sum(run.flows)
    for plan in run.plans:
        for trade in plan.trades:
            paid = trade.quantity * round(trade.price.decimal * 100)
            cash += paid if trade.side == "sell" else -paid
            at = opens[plan.as_of][trade.instrument]
            assert trade.price == at or plan.as_of == DAYS[20]
    held = {name: steps for (_, name), steps in run.folded.positions.items()}
    worth = sum(count * round(Decimal(closes[name][-1]) * 100) for name, count in held.items())
    assert run.folded.cash["brokerage"] == cash
    assert run.value[-1] == worth + cash
    assert run.rebalances == len(run.plans) - len(run.for_cash) > 1


def test_opens_are_needed_for_the_next_open(tmp_path: Path) -> None:
    """What cannot be traded at is refused by name, in Python and on the command line."""
    folder = demo_folder(tmp_path, "monthly", "target")

    said = Session(folder).run(
        "trimtab backtest --account-mode --start 2012-09-28 --end 2012-11-30 --trade-at next-open"
    )

    assert "has no open on 2012-09-28" in said
    assert said.endswith("[1]\n")
    with pytest.raises(ValueError, match="opens"):
        backtest_accounts(
            mandate(HALVES), opening([], brokerage=1), markets(walks()),
            terms=AccountTerms(trade_at="next-open"),
        )  # fmt: skip
    wrong: Any = "tomorrow"
    with pytest.raises(ValueError, match="next-close"):
        AccountTerms(trade_at=wrong)


def test_the_command_line_trades_at_opens_of_the_file(tmp_path: Path) -> None:
    """With a column of opens the trades are at them."""
    folder = demo_folder(tmp_path, "monthly", "target")
    rows = (folder / "prices.csv").read_text().splitlines()
    heads = rows[0].split(",")
    close = heads.index("close")
    made = [f"{rows[0]},open"]
    for row in rows[1:]:
        cell = row.split(",")[close]
        made.append(f"{row},{Decimal(cell) * Decimal('1.01') if cell else ''}")
    (folder / "prices.csv").write_text("\n".join(made) + "\n")
    line = "trimtab backtest --account-mode --start 2012-09-28 --end 2012-11-30 --when monthly"

    told_ = json.loads(Session(folder).run(f"{line} --trade-at next-open --out run --json"))

    assert told_["trade_at"] == "next-open"
    text = (folder / "run").rglob("trades.csv")
    trades = [row.split(",") for path in text for row in path.read_text().splitlines()[1:]]
    prices = {(c[0], c[1]): Decimal(c[close]) for c in (row.split(",") for row in rows[1:])}
    later = [row for row in trades if row[0] != "2012-09-28"]
    assert later
    assert all(Decimal(r[5]) == prices[r[0], r[2]] * Decimal("1.01") for r in later)
