"""What leaves simulated accounts leaves when what was sold for it has settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.households import account, lot, mandate, tree
from tests.simulate.test_account import opening
from trimtab.adapters.calendars import calendar
from trimtab.costs import Costs
from trimtab.execution.opening import Opening
from trimtab.model.accounts import Relief
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.sessions import Calendar
from trimtab.reports.assumed_text import assumptions
from trimtab.simulate.accounts.assumed import assumed_of_runs
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.priced_days import priced_days
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.research.flows import Flows

NYSE = calendar("XNYS")
HALVES = tree({"US": 50, "BND": 50})
CHANGE = NYSE.sessions(date(2024, 5, 20), date(2024, 6, 14))
"""Three Fridays: on 24 May trades settle in two business days, from the 28th on in one."""


def tape(days: Sequence[date], own: Calendar = NYSE, **prices: Sequence[str] | str) -> list[Market]:
    """Markets of those days; a price that is one text stands still."""
    found = []
    for place, day in enumerate(days):
        now = {n: p if isinstance(p, str) else p[place] for n, p in prices.items()}
        quotes = {name: Quote(Price.of(Decimal(text)), day) for name, text in now.items()}
        found.append(Market(day, own, quotes))
    return found


def begun(day: date, lots: Sequence[Any], **cash: int) -> Opening:
    """An opening statement of a day."""
    return replace(opening(lots, **cash), on=day)


def paying(
    moves: Mapping[date, float],
    *,
    days: Sequence[date] = CHANGE,
    when: str = "never",
    own: Calendar = NYSE,
    **more: Any,
) -> AccountRun:
    """40 US at 50 and 50 BND at 40, worth 4,000, and 100 in cash; money comes or goes."""
    lots = [lot("brokerage", "US", 40, "1500"), lot("brokerage", "BND", 50, "1900")]
    costs = more.pop("costs", None)
    return backtest_accounts(
        mandate(HALVES, when=when, costs=costs),
        begun(days[0], lots, brokerage=10_000),
        tape(days, own, US="50", BND="40"),
        terms=AccountTerms(flows=Flows(moves), **more),
        exchange=NYSE,
    )


def left(run: AccountRun) -> dict[date, int]:
    """What came, below zero went, by day."""
    return {day: moved for day, moved in zip(run.dates, run.flows, strict=True) if moved}


@pytest.mark.parametrize(
    ("asked", "paid"),
    [
        # Two business days, over a weekend and Memorial Day.
        (date(2024, 5, 23), date(2024, 5, 28)),
        # The last day of two and the first of one: both settle on the Wednesday.
        (date(2024, 5, 24), date(2024, 5, 29)),
        (date(2024, 5, 28), date(2024, 5, 29)),
        # One business day, over a weekend.
        (date(2024, 5, 31), date(2024, 6, 3)),
    ],
)
def test_a_withdrawal_leaves_when_what_was_sold_for_it_settles(asked: date, paid: date) -> None:
    """900 of which 100 are there: it is in the worth of every close until its day, is counted on
    that day, and nothing is made of it on the way.
    """
    run = paying({asked: -900.0})

    assert left(run) == {paid: -90_000}
    assert dict(zip(run.dates, run.value, strict=True)) == {
        day: 410_000 if day < paid else 320_000 for day in CHANGE
    }
    assert run.measures.money_weighted_return == pytest.approx(0.0, abs=1e-9)
    (told,) = [one for one in run.findings if one.code == "withdrawal-settles"]
    assert "a withdrawal from brokerage, 900.00 in all" in told.message
    assert f"that of {asked}, on {paid}" in told.message


def test_cash_that_is_there_leaves_at_once() -> None:
    """100 of 100: nothing is sold, nothing waits, and nothing is said."""
    run = paying({CHANGE[3]: -100.0})

    assert left(run) == {CHANGE[3]: -10_000}
    assert run.findings == ()


def test_what_has_not_settled_by_the_end_is_in_the_final_value() -> None:
    """Raised on the last session but one, over the end: neither paid out nor called unpaid."""
    days = NYSE.sessions(date(2024, 5, 20), date(2024, 5, 24))

    run = paying({days[3]: -900.0}, days=days)

    assert (run.paid_out, run.not_paid_out, run.value[-1]) == (0, 0, 410_000)
    assert run.folded.cash["brokerage"] + 90_000 == run.worth["cash"][-1]
    (told,) = [one.message for one in run.findings if one.code == "withdrawal-settles"]
    assert told.endswith("900.00 of it had not left by 2024-05-24, and is in the final value")


def test_tax_and_fees_leave_when_they_have_settled_too() -> None:
    """Half is sold at twice its cost on 29 December 2023: 15% of 250.00. It is raised on 15 April
    2024 and leaves two business days later, on the 17th; December's fee leaves on 3 January.
    """
    days = NYSE.sessions(date(2023, 12, 1), date(2024, 4, 19))
    prices = {"US": ["10", *["14"] * 15, *["20"] * (len(days) - 16)], "BND": "10"}
    lots = [lot("brokerage", "US", 100, "1000"), lot("brokerage", "BND", 100, "1000")]

    def run_of(fee: float) -> AccountRun:
        return backtest_accounts(
            mandate(HALVES, when="annual"),
            begun(days[0], lots, brokerage=0),
            tape(days, NYSE, **prices),
            terms=AccountTerms(fee=fee),
        )

    taxed, charged = run_of(0.0), run_of(0.01)

    assert [(one.on, one.amount) for one in taxed.payments] == [(date(2024, 4, 17), 3750)]
    worth = dict(zip(taxed.dates, taxed.value, strict=True))
    assert (worth[date(2024, 4, 16)], worth[date(2024, 4, 17)]) == (300_000, 296_250)
    fees = dict(zip(charged.dates, charged.value, strict=True))
    assert fees[date(2023, 12, 29)] == fees[date(2024, 1, 2)] == 300_000
    assert fees[date(2024, 1, 3)] == 300_000 - round(0.01 * 28 / 365.25 * 300_000)
    (told,) = [one.message for one in charged.findings if one.code == "withdrawal-settles"]
    assert "a payment of tax and a fee from brokerage" in told


def test_a_price_a_month_pays_at_the_session_that_sold() -> None:
    """Two business days after a month's end no session follows for weeks: gone at that close."""
    ends = [NYSE.period_end("monthly", date(2023, month, 1)) for month in range(1, 13)]
    seldom = priced_days(NYSE, {"US": ends}).calendar

    run = paying({ends[4]: -900.0}, days=ends, own=seldom)

    assert seldom.next_session(ends[4]) == ends[5]
    assert {one.settles for one in run.folded.fills.values()} == {date(2023, 6, 2)}
    assert left(run) == {ends[4]: -90_000}
    assert "withdrawal-settles" not in {one.code for one in run.findings}


@settings(max_examples=12)
@given(
    st.dictionaries(st.integers(1, 16), st.integers(-90_000, 300_000), max_size=4),
    st.sampled_from(["never", "weekly", "daily"]),
    st.sampled_from([0.0, 0.3]),
)
def test_only_settled_cash_leaves_and_none_is_lost(
    moves: Mapping[int, int], when: str, fee: float
) -> None:
    """At level prices every close is worth what was there, with what came and went by then, less
    costs and fees; and what the account has settled is never below zero.
    """
    flows = {CHANGE[t]: cents / 100 for t, cents in moves.items()}
    costs = Costs(bps=15, commission=1)

    run = paying(flows, when=when, costs=costs, fee=fee)

    moved = [sum(run.flows[: t + 1]) for t in range(len(CHANGE))]
    spent = [sum(p.cost for p in run.plans if p.as_of <= day) for day in CHANGE]
    fees = [410_000 + moved[t] - spent[t] - run.value[t] for t in range(len(CHANGE))]
    assert fees == sorted(fees)
    assert (fees[0], fees[-1]) == (0, run.fees_paid)
    for t, day in enumerate(CHANGE):
        settled = [one.moved for one in run.folded.fills.values() if one.settles <= day]
        assert 10_000 + sum(settled) + moved[t] - fees[t] >= 0


def test_what_was_bought_with_unsettled_money_and_sold_before_is_told() -> None:
    """Thursday sells US to buy BND, Friday sells BND again: with two business days to settle, what
    paid on Thursday is there on Monday; with one it is there on Friday.
    """
    target = tree({"US": 50, "BND": 50})
    lots = [lot("taxed", "US", 40, "1500"), lot("taxed", "BND", 50, "1900")]
    prices = {"US": ["50", "50", "60", "50", "50"], "BND": ["40", "40", "40", "60", "60"]}

    def told(first: date, last: date) -> list[str]:
        days = NYSE.sessions(first, last)
        run = backtest_accounts(
            mandate(
                target,
                accounts=[account("taxed", relief=Relief.LIFO)],
                when="daily",
            ),
            begun(days[0], lots, taxed=0),
            tape(days, NYSE, **prices),
        )
        assert any(sale.acquired == days[2] and sale.on == days[3] for sale in run.sold_lots)
        return [one.message for one in run.findings if one.code == "good-faith"]

    (before,) = told(date(2023, 5, 1), date(2023, 5, 5))

    assert before.startswith("a sale in taxed, ")
    assert "on 2023-05-04" in before
    assert told(date(2025, 5, 5), date(2025, 5, 9)) == []


def test_what_was_assumed_says_when_money_leaves() -> None:
    """A reader of the figures is told what pays at once, and what waits."""
    run = paying({CHANGE[3]: -900.0})

    told = assumptions(assumed_of_runs([run], run.findings))
    assert any("has settled: 2 business days after the sale and 1 " in line for line in told)
