"""What the volume of a day allows in account mode, and what orders move prices by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import sqrt
from statistics import stdev
from typing import Any

import pytest

from tests.engine.households import CALENDAR, lot, mandate, tree
from tests.simulate.test_account import opening
from trimtab.costs import Costs
from trimtab.costs.impact import UsualDay
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.accounts.volume import usual_days

DAYS = CALENDAR.sessions(date(2026, 3, 2), date(2026, 4, 30))
HALVES = tree({"US": 50, "BND": 50})


def tape(count: int, **prices: Sequence[str] | str) -> list[Market]:
    """Markets of so many sessions; a price that is one text stands still."""
    found = []
    for place, day in enumerate(DAYS[:count]):
        now = {n: p if isinstance(p, str) else p[place] for n, p in prices.items()}
        quotes = {name: Quote(Price.of(Decimal(text)), day) for name, text in now.items()}
        found.append(Market(day, CALENDAR, quotes))
    return found


def run_of(markets: Sequence[Market], *, when: str = "monthly", **more: Any) -> AccountRun:
    """40 US and 10 in cash; half of it should be BND."""
    costs = more.pop("costs", None)
    terms = AccountTerms(**more.pop("terms", {}))
    lots = [lot("brokerage", "US", 40, "1900")]
    return backtest_accounts(
        mandate(HALVES, when=when, costs=costs),
        opening(lots, brokerage=1_000),
        markets,
        terms=terms,
        **more,
    )


def sold(run: AccountRun) -> dict[date, int]:
    """How many US were sold, by day."""
    return {p.as_of: sum(t.quantity for t in p.trades if t.side == "sell") for p in run.plans}


def volume(_: date) -> Mapping[str, Fraction]:
    """80 US and plenty of BND."""
    return {"US": Fraction(80), "BND": Fraction(10_000)}


@pytest.mark.parametrize("when", ["monthly", "band:5pp"])
def test_what_a_day_does_not_allow_goes_on_the_next_and_is_not_doubled(when: str) -> None:
    """2,010 at 50: 20 US are sold in all, 8 a day by a tenth of 80, 8, 8 and 4; one rebalance."""
    run = run_of(
        tape(10, US="50", BND="50"), when=when, volumes=volume, terms={"participation": 0.1}
    )

    first = next(iter(sold(run)))
    begun = DAYS.index(first)
    assert sold(run) == dict(zip(DAYS[begun:], (8, 8, 4), strict=False))
    assert run.folded.positions == {("brokerage", "US"): 20, ("brokerage", "BND"): 20}
    assert (run.rebalances, len(run.carried)) == (1, 2)
    (told,) = [one.message for one in run.findings if one.code == "filled-in-part"]
    assert told.startswith(f"2 orders were filled in part, or not at all, first on {first}")
    assert not [one for one in run.findings if one.code in ("order-cancelled", "plan-unfinished")]


def test_what_goes_on_and_what_is_decided_now_share_one_days_volume() -> None:
    """A policy that looks daily sells no more than its part of the day beside what went on."""
    run = run_of(
        tape(10, US="50", BND="50"), when="daily", volumes=volume, terms={"participation": 0.1}
    )

    by_day: dict[date, int] = {}
    for plan in run.plans:
        units = sum(t.quantity for t in plan.trades if t.side == "sell")
        by_day[plan.as_of] = by_day.get(plan.as_of, 0) + units
    assert list(by_day.values()) == [8, 8, 4]


def test_without_the_option_the_rest_waits_for_the_policy() -> None:
    """As a paper account's: what is left is cancelled at the end of the day."""
    run = run_of(
        tape(10, US="50", BND="50"), when="monthly", volumes=volume,
        participation=Fraction(1, 10),
    )  # fmt: skip

    assert list(sold(run).values()) == [8]


def moved(scale: int) -> tuple[AccountRun, float]:
    """US wanders for 21 sessions and rises to 80 on the 22nd, 31 March, where a band sells some of
    40: the run, and what the root of a money unit sold then costs by hand.
    """
    prices = [50 + place % 3 for place in range(21)]
    markets = tape(22, US=[*map(str, prices), "80"], BND="50")
    lots = [lot("brokerage", name, 40, "1900") for name in ("US", "BND")]
    run = backtest_accounts(
        mandate(HALVES, when="band:5pp", costs=Costs(bps=10, half_spread_bps=4)),
        opening(lots, brokerage=0),
        markets,
        usual=usual_days(markets, lambda _: {"US": Fraction(1_000)}),
        terms=AccountTerms(impact=Decimal(scale)),
    )
    last = prices[-20:]
    returns = [after / before - 1 for before, after in pairwise(prices)][-20:]
    return run, scale * stdev(returns) / sqrt(1_000 * sum(last) / len(last))


def test_a_fill_is_charged_the_square_root_of_its_part_of_a_usual_day() -> None:
    """By hand: scale x sigma x root of (order / usual day) x order, by the 20 sessions before the
    sale; it is in the cost, and no cent is lost. What has no volume is charged none, and told.
    """
    run, rate = moved(2)

    (plan,) = run.plans
    (sale,) = [trade for trade in plan.trades if trade.side == "sell"]
    (fill,) = [one.fill for one in run.folded.fills.values() if one.side == "sell"]
    by_hand = rate * (fill.gross / 100) ** 1.5
    assert run.impact_paid == pytest.approx(100 * by_hand, abs=0.51)
    assert sale.cost == round(sale.value * 14 / 10_000) + run.impact_paid
    assert run.value[-1] == 40 * 8_000 + 40 * 5_000 - run.cost_paid
    assert run.cost_paid == plan.cost > run.impact_paid > 300
    said = {one.code: one for one in run.findings}
    assert said["impact-unplanned"].message.startswith(f"{run.impact_paid / 100:.2f} of the cost")
    assert said["no-volume"].subject == "BND"


def test_without_a_scale_the_same_run_costs_the_fees_alone() -> None:
    """Usual days that are known charge nothing by themselves."""
    run, _ = moved(0)

    assert run.impact_paid == 0
    assert run.cost_paid == sum(round(t.value * 14 / 10_000) for p in run.plans for t in p.trades)
    assert not {one.code for one in run.findings} & {"impact-unplanned", "no-volume"}


def test_a_purchase_takes_what_cash_pays_for_with_its_impact() -> None:
    """2,000 of cash for 40 US at 50, and an impact of a fifth of that: what it buys leaves cash at
    zero or above, and one more would not.
    """
    markets = tape(1, US="50")
    run = backtest_accounts(
        mandate(tree({"US": 100}), when="daily"),
        opening([], brokerage=200_000),
        markets,
        usual=lambda _: {"US": UsualDay(0.2, 40.0, 2_000.0)},
        terms=AccountTerms(impact=Decimal(1)),
    )

    bought = run.folded.positions["brokerage", "US"]
    cash = run.folded.cash["brokerage"]
    more = (bought + 1) * 50
    assert 0 <= cash == 200_000 - bought * 5_000 - run.impact_paid
    assert more + 0.2 / sqrt(2_000) * more**1.5 > 2_000


LINEAR = {"temporary_impact": Decimal(3), "permanent_impact": Decimal(1)}


@pytest.mark.parametrize(
    ("costs", "terms"),
    [
        (Costs(impact=1, temporary_impact=3, permanent_impact=1), {}),
        (Costs(by_instrument={"US": Costs(impact=1)}), LINEAR),
        (None, {"impact": Decimal(1), **LINEAR}),
    ],
)
def test_a_fill_is_charged_what_a_plan_tells_of_it(
    costs: Costs | None, terms: dict[str, Decimal]
) -> None:
    """20 US at 50 cost what `Costs.impact_cost` says of them, whether the scales are those of the
    costs or of the run: the square root, the temporary part, and half of the permanent one.
    """
    usual = UsualDay(0.02, 1_000.0, 50_000.0)

    run = run_of(
        tape(3, US="50", BND="50"), costs=costs, terms=terms, usual=lambda _: {"US": usual}
    )

    told = Costs(impact=1, temporary_impact=3, permanent_impact=1).impact_cost(
        "US", 20.0, price=50.0, **usual._asdict()
    )
    by_hand = 1_000 * 0.02 * (sqrt(0.02) + (3 + 0.5) * 0.02)
    assert told == pytest.approx(by_hand)
    assert sold(run)[DAYS[0]] == 20
    assert run.impact_paid == round(100 * told)
    assert run.value[-1] == 40 * 5_000 + 1_000 - run.cost_paid


def test_a_usual_day_counts_units_as_they_are_on_its_day() -> None:
    """After a split of two for one as many shares again are traded on a usual day, for as much."""
    markets = [*tape(10, US="50"), *tape(20, US="25")[10:]]
    split = replace(markets[10].quotes["US"], split_since_previous=Fraction(2))
    markets[10] = replace(markets[10], quotes={"US": split})
    prices = [50 + place % 2 for place in range(20)]
    markets = [
        replace(market, quotes={"US": replace(
            market.quotes["US"],
            price=Price.of(Decimal(price if place < 10 else price / 2)),
        )}) for place, (market, price) in enumerate(zip(markets, prices, strict=True))
    ]  # fmt: skip

    on = usual_days(markets, lambda day: {"US": Fraction(100 if day < DAYS[10] else 200)})

    before, after = on(DAYS[9])["US"], on(DAYS[10])["US"]
    assert (before.daily_volume, after.daily_volume) == pytest.approx((100.0, 200.0))
    assert after.daily_money == pytest.approx(before.daily_money, rel=0.01)
    assert after.daily_volatility == pytest.approx(before.daily_volatility, rel=0.1)


def test_parts_and_scales_that_are_none_are_refused() -> None:
    """A share of the volume, and scales from 0 to 100, or 1,000 for the linear ones."""
    with pytest.raises(ValueError, match=r"0\.05"):
        AccountTerms(participation=5.0)
    with pytest.raises(ValueError, match="impact is -1"):
        AccountTerms(impact=Decimal(-1))
    with pytest.raises(ValueError, match="from 0 to 1000"):
        AccountTerms(permanent_impact=Decimal(1_001))
