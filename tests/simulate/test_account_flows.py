"""Deposits, withdrawals and fees in account mode, as research mode takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.households import CALENDAR, account, lot, mandate, tree
from tests.simulate.test_account import (
    END,
    START,
    StillClock,
    demo_folder,
    holdings,
    opening,
    told,
)
from trimtab.costs import Costs
from trimtab.engine.mandate import Request
from trimtab.engine.value import valuation
from trimtab.live.book import open_book
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.orders import Order
from trimtab.model.policy import Policy
from trimtab.reports.backtest_text import accounts_text
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.flows import Unpaid, exhausted_on, shared_out
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows

DAYS = CALENDAR.sessions(date(2026, 3, 2), date(2026, 6, 30))
HALVES = tree({"US": 50, "BND": 50})


def level(count: int = 45, **prices: str) -> list[Market]:
    """Markets at prices that stand still."""
    known = prices or {"US": "50", "BND": "40"}
    quotes = {name: Price.of(Decimal(text)) for name, text in known.items()}
    return [
        Market(day, CALENDAR, {name: Quote(price, day) for name, price in quotes.items()})
        for day in DAYS[:count]
    ]


def run_of(flows: Flows | None, *, fee: float = 0.0, when: str = "never", **more: Any) -> Any:
    """Forty US and fifty BND, worth 4,000, and 100 in cash."""
    lots = [lot("brokerage", "US", 40, "1500"), lot("brokerage", "BND", 50, "1900")]
    return backtest_accounts(
        mandate(HALVES, when=when, costs=more.pop("costs", None)),
        opening(lots, brokerage=10_000),
        more.pop("markets", None) or level(),
        terms=AccountTerms(flows=flows, fee=fee, **more),
    )


def test_a_deposit_buys_what_is_furthest_below_its_target() -> None:
    """At level prices, exactly: 100 idle and 700 more are split so that both halves are level."""
    run = run_of(Flows({DAYS[5]: 700.0}))

    assert run.value[4:6] == (410_000, 480_000)
    assert run.folded.positions == {("brokerage", "US"): 48, ("brokerage", "BND"): 60}
    assert run.folded.cash["brokerage"] == 0
    assert (run.flows[5], sum(run.flows)) == (70_000, 70_000)
    assert run.to_dict()["paid_in"] == 700.0
    assert run.to_dict()["cagr"] == pytest.approx(0.0, abs=1e-12)
    assert run.rebalances == 0


def test_a_deposit_that_is_held_waits_for_a_plan() -> None:
    """With `hold` it is cash until the policy trades, which then invests it."""
    flows = Flows({DAYS[5]: 880.0}, invest="hold")

    never, monthly = run_of(flows), run_of(flows, when="monthly")

    assert never.plans == ()
    assert never.folded.cash["brokerage"] == 98_000
    assert monthly.folded.cash["brokerage"] < 10_000
    assert [plan.as_of for plan in monthly.plans][:2] == [DAYS[0], date(2026, 3, 31)]
    assert monthly.rebalances == len(monthly.plans)


def test_a_withdrawal_is_paid_and_what_cannot_be_is_told() -> None:
    """Cash first, then what is furthest above its target; more than there is stays unpaid."""
    run = run_of(Flows({DAYS[3]: -600.0, DAYS[9]: -50_000.0}))

    assert [place for place, moved in enumerate(run.flows) if moved] == [4]
    assert run.flows[4] == -60_000
    assert run.value[-1] == 350_000
    assert [one.subject for one in run.findings if one.code == "withdrawal-unpaid"] == ["brokerage"]
    assert run.to_dict()["paid_out"] == 600.0


def test_a_simulated_run_has_no_entries_to_void() -> None:
    """A deposit came in, since it was simulated: nobody is told how to take it back."""
    run = run_of(Flows({DAYS[5]: 700.0}))

    assert sum(run.flows) == 70_000
    assert not [one for one in run.findings if "ledger correct" in one.message]


def test_a_simulated_loss_that_may_be_washed_comes_without_a_remedy() -> None:
    """What is history cannot be left out of the next plan: the loss is told, and no more."""
    accounts = [
        account("a", target=tree({"US": 10, "BND": 90})),
        account("b", "roth", target=tree({"US": 90, "BND": 10})),
    ]
    lots = [lot("a", "US", 40, "8000"), lot("b", "BND", 50, "1900")]

    run = backtest_accounts(
        mandate(None, accounts=accounts), opening(lots, a=10_000, b=10_000), level()
    )

    (told,) = [one.message for one in run.findings if one.code == "wash-sale-possible"]
    assert "this plan buys US in b" in told
    assert told.endswith("does not work that out yet.")


def test_withdrawals_that_cannot_be_paid_are_counted_and_no_year_is_made_of_the_rest() -> None:
    """How often, how much and since when; what is left at the end tells of no return."""
    run = run_of(Flows({DAYS[3]: -4_090.0, DAYS[9]: -500.0, DAYS[12]: -300.0, DAYS[20]: -200.0}))

    told = run.to_dict()
    (said,) = [one.message for one in run.findings if one.code == "withdrawal-unpaid"]
    assert run.value[-1] == 1_000
    assert said.startswith("3 withdrawals from brokerage, 1000.00 in all, were not paid")
    assert f"the first on {DAYS[9]} and the last on {DAYS[20]}" in said
    assert (told["not_paid_out"], told["exhausted_on"]) == (1000.0, str(DAYS[9]))
    assert [told[name] for name in ("cagr", "volatility", "cost_drag", "tax_drag")] == [None] * 4
    (row, *_) = [line for line in accounts_text([run]).splitlines() if line.startswith("  never")]
    assert " - " in row


def test_a_withdrawal_that_cannot_be_paid_is_paid_as_soon_as_it_can_be() -> None:
    """4,500 of 4,100 wait for the deposit of 700, whole and told; a smaller one passes it."""
    run = run_of(Flows({DAYS[3]: -4_500.0, DAYS[5]: -100.0, DAYS[9]: 700.0}))

    assert {place: one for place, one in enumerate(run.flows) if one} == {
        5: -10_000,
        9: 70_000,
        10: -450_000,
    }
    assert run.value[-1] == 20_000
    (said,) = [one.message for one in run.findings if one.code == "withdrawal-late"]
    assert f"that of {DAYS[3]}, on {DAYS[10]}" in said
    assert "withdrawal-unpaid" not in {one.code for one in run.findings}
    assert (run.paid_in, run.paid_out, run.exhausted_on) == (70_000, 460_000, None)


def test_a_withdrawal_waits_for_prices_that_rise() -> None:
    """Sessions that are passed over end where the account is worth enough, and not before; what is
    sold then is paid out a session later.
    """
    markets = [*level(20), *level(45, US="70", BND="40")[20:]]

    run = run_of(Flows({DAYS[3]: -4_500.0}), markets=markets)

    assert {place: one for place, one in enumerate(run.flows) if one} == {21: -450_000}


def two_accounts(**terms: Any) -> Any:
    """Two accounts with 2,000 of each half, and one target."""
    accounts = [account("taxed"), account("roth", "roth")]
    lots = [lot(own, name, 40, "1500") for own in ("taxed", "roth") for name in ("US", "BND")]
    return backtest_accounts(
        mandate(HALVES, accounts=accounts, when="never"),
        opening(lots, taxed=0, roth=0),
        level(),
        terms=AccountTerms(**terms),
    )


def test_money_comes_to_and_goes_from_the_account_that_is_named() -> None:
    """Beside what is divided by worth; a share is one of what that account is worth."""
    mine = {"roth": Flows({DAYS[4]: 800.0}, invest="hold")}

    shared = two_accounts(flows=Flows({DAYS[4]: 800.0}, invest="hold"))
    named = two_accounts(flows_of=mine)
    both = two_accounts(flows=Flows({DAYS[4]: 800.0}), flows_of={"taxed": Flows({DAYS[4]: -500.0})})

    assert dict(shared.folded.cash) == {"taxed": 40_000, "roth": 40_000}
    assert dict(named.folded.cash) == {"taxed": 0, "roth": 80_000}
    assert (both.paid_in, both.paid_out, sum(both.flows)) == (40_000, 10_000, 30_000)


def test_an_account_that_is_none_takes_no_money() -> None:
    """A name that is mistyped is an error, and so are two ways with deposits at once."""
    with pytest.raises(ValueError, match="rth"):
        two_accounts(flows_of={"rth": Flows({DAYS[4]: 800.0})})
    with pytest.raises(ValueError, match="invest"):
        AccountTerms(flows=Flows(yearly=0.1), flows_of={"a": Flows(yearly=0.1, invest="hold")})


def test_a_run_that_has_more_than_it_could_not_pay_is_not_exhausted() -> None:
    """What could not be paid on one day is compared with what all accounts are worth then."""
    days, worth = DAYS[:3], [500, 300, 250]
    one, two = Unpaid("a", DAYS[1], 200), Unpaid("b", DAYS[1], 101)

    alone, both = exhausted_on([one], days, worth), exhausted_on([one, two], days, worth)

    assert (alone, both) == (None, DAYS[1])


def test_a_fee_is_charged_each_month_and_sold_for_where_there_is_no_cash() -> None:
    """Its days by 365.25 of what is there, to the cent; growth has it, and it is no cost."""
    run = run_of(None, fee=0.12, markets=level(44))

    first = round(0.12 * 29 / 365.25 * 410_000)
    second = round(0.12 * 30 / 365.25 * (410_000 - first))
    assert (DAYS[21], DAYS[42]) == (date(2026, 3, 31), date(2026, 4, 30))
    assert run.value[20:22] == (410_000, 410_000 - first)
    assert run.value[42] == 410_000 - first - second
    assert run.fees_paid == 410_000 - run.value[-1]
    assert run.folded.cash["brokerage"] >= 0
    assert run.cost_paid == 0
    assert run.to_dict()["cagr"] < -0.1


@settings(max_examples=20)
@given(
    st.dictionaries(st.integers(1, 30), st.integers(-90_000, 300_000), max_size=5),
    st.sampled_from(["never", "weekly", "band:2pp"]),
    st.sampled_from(["hold", "towards-target"]),
)
def test_money_is_conserved(moves: Mapping[int, int], when: str, invest: Any) -> None:
    """At level prices worth changes by what came and went, less costs and fees, to the cent."""
    flows = Flows({DAYS[t]: cents / 100 for t, cents in moves.items()}, invest=invest)

    run = run_of(flows, fee=0.01, when=when, costs=Costs(bps=15, commission=1), markets=level(34))

    assert run.value[-1] == 410_000 + sum(run.flows) - run.cost_paid - run.fees_paid
    assert sum(run.flows) >= sum(moves.values()) or not run.findings
    assert run.value[-1] == sum(run.worth[place][-1] for place in run.worth)


def _column(seed: int, start: float) -> list[str]:
    walk = start * np.cumprod(1.0 + np.random.default_rng(seed).normal(0.0, 0.01, 60))
    return [f"{price:.2f}" for price in walk]


@pytest.mark.parametrize("invest", ["towards-target", "hold"])
@pytest.mark.parametrize("when", ["never", "monthly"])
def test_research_mode_says_the_same(when: str, invest: Any) -> None:
    """With steps so fine that they are none, no cost and one account, both modes are one."""
    columns = {"US": _column(1, 50.0), "BND": _column(2, 40.0)}
    markets = [
        Market(day, CALENDAR, {n: Quote(Price.of(Decimal(c[t])), day) for n, c in columns.items()})
        for t, day in enumerate(DAYS[:60])
    ]
    # Withdrawals are taken out of everything alike in research mode when deposits are held.
    moves = {DAYS[7]: 1_500.0, DAYS[25]: 700.0}
    moves |= {} if invest == "hold" else {DAYS[40]: -900.0}
    flows = Flows(moves, regular={"monthly": 20.0}, invest=invest)
    fine = [Instrument(name, step=Decimal("0.000001")) for name in columns]

    accounts = backtest_accounts(
        mandate(HALVES, instruments=fine, when=when),
        opening([], brokerage=1_000_000),
        markets,
        invest_at_start=True,
        terms=AccountTerms(flows=flows),
    )

    closes = np.array([[float(p) for p in column] for column in columns.values()]).T
    days = np.array(DAYS[:60], dtype="datetime64[D]")
    prices = PriceHistory(days, ("US", "BND"), closes)
    policy = Policy({"US": 0.5, "BND": 0.5}, when=when)
    research = backtest(prices, policy, cash=10_000, flows=flows).policies[0]
    assert research.flows is not None
    # What is sold for a withdrawal is there until it has settled, a session later.
    flows, value = np.array(accounts.flows) / 100, accounts.equity.copy()
    if invest != "hold":
        assert flows[41] == -900
        flows[[40, 41]], value[40] = flows[[41, 40]], value[40] - 900
    np.testing.assert_allclose(flows, research.flows, atol=0.01)
    # The last session trades in account mode only, which at no cost changes no value.
    np.testing.assert_allclose(value, research.value, atol=0.5)
    np.testing.assert_allclose(
        accounts.growth, research.growth, atol=0.5 if invest == "hold" else 9
    )
    assert accounts.rebalances >= research.rebalances > 0 or when == "never"


def test_a_person_who_types_the_deposits_gets_the_same_orders(tmp_path: Path) -> None:
    """Day by day through plan and apply with the same money typed: orders, lots and cash."""
    folder = demo_folder(tmp_path, "monthly+band:5pp/25%", "target")
    clock = StillClock()
    book = open_book(folder, clock=clock)
    mandate_ = book.mandate()
    opening_ = book.opening
    assert opening_ is not None
    markets = book._price_file({}).snapshots(START, END, sorted(mandate_.household.instruments))
    terms = AccountTerms(flows=Flows(regular={"monthly": 4_000.0}))
    orders: list[Order] = []
    typed = 0
    for day in book.portfolio.calendar.sessions(START, END):
        clock.day = day
        deposits = {}
        if day.month != CALENDAR.next_session(day).month and START < day < END:
            value = valuation(book.state(day), mandate_, book.market(day), Request())
            worth = dict(value.cash)
            for (account_id, _), minor in value.values.items():
                worth[account_id] += minor
            parts = shared_out(400_000, worth)
            deposits = {account_id: Decimal(minor) / 100 for account_id, minor in parts.items()}
            typed += 1
        plan = book.plan(day, deposits=deposits)
        if plan.trades or plan.periods or deposits:
            orders.extend(record.order for record in book.apply(plan).orders)

    run = backtest_accounts(mandate_, opening_, markets, terms=terms)

    assert typed == sum(one == 400_000 for one in run.flows) == 4
    assert len(orders) > 3
    assert told(run.orders) == told(orders)
    assert holdings(run.folded) == holdings(book.prepared(END).folded)


def test_deposits_are_divided_by_what_accounts_are_worth() -> None:
    """To the last minor unit, and nothing for what is worth nothing."""
    assert shared_out(1_001, {"a": 300, "b": 700, "c": 0, "d": -5}) == {"a": 300, "b": 701}
    assert shared_out(5, {"a": 0}) == {}
    assert shared_out(-5, {"a": 1}) == {}


@given(st.integers(1, 10**12), st.dictionaries(st.text(), st.integers(0, 10**12), min_size=1))
def test_what_is_divided_adds_up(amount: int, worth: dict[str, int]) -> None:
    """No minor unit is lost or made, and no part is further than one from exact."""
    parts = shared_out(amount, worth)

    whole = sum(worth.values())
    assert sum(parts.values()) == (amount if whole else 0)
    assert all(abs(part * whole - amount * worth[id_]) < whole for id_, part in parts.items())


def test_a_policy_that_waits_for_new_cash_rebalances_on_it() -> None:
    """What `cashflow` asks for is a rebalance, and no plan that only invests a deposit."""
    run = run_of(Flows({DAYS[4]: 900.0}), when="cashflow:500")

    assert run.rebalances == 1
    assert run.for_cash == frozenset()


def test_tax_and_withdrawals_leave_one_account_on_one_day() -> None:
    """What is owed is paid beside what is withdrawn, and is not counted as withdrawn; both were
    sold for on 15 April, and leave when that has settled.
    """
    days = CALENDAR.sessions(date(2025, 12, 1), date(2026, 4, 30))
    quotes = {"US": Price.of(Decimal(50)), "BND": Price.of(Decimal(40))}
    markets = [
        Market(day, CALENDAR, {name: Quote(price, day) for name, price in quotes.items()})
        for day in days
    ]
    lots = [lot("a", "US", 200, "2000"), lot("a", "BND", 10, "300")]
    begin = replace(opening(lots, a=0), on=days[0])

    run = backtest_accounts(
        mandate(HALVES, accounts=[account("a")], when="annual"),
        begin,
        markets,
        terms=AccountTerms(flows=Flows({date(2026, 4, 15): -300.0})),
    )

    (payment,) = run.payments
    assert payment.on == date(2026, 4, 16)
    assert sum(run.flows) == -30_000
    assert run.value[-1] == 1_040_000 - 30_000 - payment.amount


def test_a_fee_that_is_none_is_refused() -> None:
    """A yearly share below one."""
    with pytest.raises(ValueError, match=r"0\.005"):
        AccountTerms(fee=1.5)
