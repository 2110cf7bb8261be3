"""Cash dividends in account mode: kept, reinvested in whole steps, or invested as a deposit is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import pytest

from tests.engine.households import CALENDAR, account, lot, mandate, tree
from tests.simulate.test_account import opening
from trimtab.costs import Costs
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.execution.opening import prepared
from trimtab.model.instruments import Instrument
from trimtab.model.market import Dividend, Market, Quote, Split
from trimtab.model.numbers import Price
from trimtab.model.policy import Policy
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.rules import DividendUse

USES: tuple[DividendUse, ...] = get_args(DividendUse)
PRICES = {
    "US": ["50", "52", "49", "25", "26", "27.5", "27", "26.5"],
    "BND": ["40", "40.5", "41", "39", "39.5", "40", "40.25", "41"],
}
PAID = {("US", 2): "1.25", ("BND", 2): "0.50", ("US", 3): "0.80", ("BND", 6): "0.75"}
HALVED = 3
DAYS = CALENDAR.sessions(date(2026, 3, 2), date(2026, 6, 30))[: len(PRICES["US"])]


def tape(prices: Mapping[str, Sequence[str]] = PRICES) -> list[Market]:
    """Markets that tell of the dividends so far, and of a split of US two for one."""
    splits = (Split("US", DAYS[HALVED], Fraction(2)),)
    paid = [Dividend(name, DAYS[t], Price.of(Decimal(text))) for (name, t), text in PAID.items()]
    markets = []
    for t, day in enumerate(DAYS):
        quotes = {
            name: Quote(
                Price.of(Decimal(column[t])),
                day,
                Price.of(Decimal(column[t - 1])) if t else None,
                DAYS[t - 1] if t else None,
                split_since_previous=Fraction(2 if (name, t) == ("US", HALVED) else 1),
            )
            for name, column in prices.items()
        }
        known = tuple(one for one in splits if one.on <= day)
        markets.append(
            Market(day, CALENDAR, quotes, known, tuple(one for one in paid if one.on <= day))
        )
    return markets


def run_of(use: DividendUse, *, costs: Costs | None = None, step: str = "1", **more: Any) -> Any:
    """Forty US and fifty BND under a policy that never acts, unless another is named."""
    mandate_ = mandate(
        tree({"US": 50, "BND": 50}),
        instruments=[Instrument(name, step=Decimal(step)) for name in ("US", "BND")],
        when=more.get("when", "never"),
        costs=costs,
    )
    units = int(1 / Decimal(step))
    lots = [lot("brokerage", "US", 40 * units, "1500"), lot("brokerage", "BND", 50 * units, "1900")]
    return backtest_accounts(
        mandate_, opening(lots, brokerage=300), tape(), terms=AccountTerms(dividends=use)
    )


def by_hand(use: str, fee: int) -> tuple[list[int], dict[str, int], int, int]:
    """Values in cents, then shares, cash and dividends in the end: a purse, in plain Python."""
    shares, cash = {"US": 40, "BND": 50}, 300
    cents = {name: [round(Decimal(p) * 100) for p in column] for name, column in PRICES.items()}
    values, received = [], 0
    for t in range(len(DAYS)):
        paid = {
            name: shares[name] * round(Decimal(PAID[name, t]) * 100) if (name, t) in PAID else 0
            for name in shares
        }
        if t == HALVED:
            shares["US"] *= 2
        cash += sum(paid.values())
        received += sum(paid.values())
        if use == "reinvest":
            for name, money in paid.items():
                count = 0
                while (count + 1) * cents[name][t] + fee <= money:
                    count += 1
                if count:
                    shares[name] += count
                    cash -= count * cents[name][t] + fee
        values.append(cash + sum(shares[name] * cents[name][t] for name in shares))
    return values, shares, cash, received


@pytest.mark.parametrize("fee", [0, 100])
@pytest.mark.parametrize("use", ["hold", "reinvest"])
def test_held_and_reinvested_are_what_is_counted_by_hand(use: DividendUse, fee: int) -> None:
    """To the cent at every close, over a split and with a fee an order."""
    run = run_of(use, costs=Costs(commission=fee // 100))

    values, shares, cash, received = by_hand(use, fee)
    assert run.value == tuple(values)
    held = {name: steps for (_, name), steps in run.folded.positions.items()}
    assert (held, run.folded.cash["brokerage"]) == (shares, cash)
    assert run.dividends_paid == received > 0
    assert run.rebalances == 0


def test_spent_dividends_buy_what_a_deposit_of_the_day_would() -> None:
    """The first dividends buy what the same money as a deposit buys: the same orders."""
    spent = run_of("towards-target")

    first = spent.plans[0]
    amount = 40 * 125 + 50 * 50
    still = [replace(one, dividends=()) for one in tape()[:3]]
    mandate_ = mandate(tree({"US": 50, "BND": 50}), when="never")
    lots = [lot("brokerage", "US", 40, "1500"), lot("brokerage", "BND", 50, "1900")]
    ready = prepared(
        [], opening(lots, brokerage=300), instruments=mandate_.household.instruments,
        market=still[-1], paper=(), at="2026-03-04T21:00:00.000000Z",
    )  # fmt: skip
    asked = Request(deposits={"brokerage": amount})
    wanted = decide(ready.state(DAYS[2], head=""), mandate_, still[-1], DAYS[2], asked)
    assert first.as_of == DAYS[2]
    assert [(t.instrument, t.quantity, t.value) for t in first.trades] == [
        (t.instrument, t.quantity, t.value) for t in wanted.trades
    ]
    assert first.trades
    assert spent.rebalances == 0


@pytest.mark.parametrize("use", USES)
def test_money_is_conserved(use: DividendUse) -> None:
    """Worth is what was held at these prices, and what was paid, less the costs: to the cent."""
    run = run_of(use, costs=Costs(bps=20, commission=1))
    free = run_of(use)

    assert run.cost_paid == sum(plan.cost for plan in run.plans)
    assert (run.cost_paid > 0) == (use != "hold")
    bought = sum(trade.value for plan in run.plans for trade in plan.trades)
    start_cash = 300
    assert run.folded.cash["brokerage"] == (
        start_cash + run.dividends_paid - bought - run.cost_paid
    )
    assert free.cost_paid == 0


@pytest.mark.parametrize("use", ["hold", "towards-target"])
def test_research_mode_says_the_same_where_the_rules_do(use: DividendUse) -> None:
    """With steps so fine that they are none, and no costs, both modes agree to cents."""
    lots_at_target = {"US": 0.5, "BND": 0.5}
    account_mode = mandate(
        tree({"US": 50, "BND": 50}),
        instruments=[Instrument(name, step=Decimal("0.000001")) for name in ("US", "BND")],
        when="never",
    )
    accounts = backtest_accounts(
        account_mode, opening([], brokerage=1_000_000), tape(), invest_at_start=True,
        terms=AccountTerms(dividends=use),
    )  # fmt: skip
    closes = np.array([[float(p) for p in PRICES[name]] for name in ("US", "BND")]).T
    units, left = np.ones(2), np.ones(closes.shape)
    for t in range(1, len(DAYS)):
        for i, name in enumerate(("US", "BND")):
            split = 2.0 if (name, t) == ("US", HALVED) else 1.0
            worth = closes[t, i] * split + float(PAID.get((name, t), 0))
            left[t, i] = left[t - 1, i] * closes[t, i] * split / worth
    factor = closes.copy()
    for i, name in enumerate(("US", "BND")):
        units[i] = 1.0
        for t in range(len(DAYS)):
            units[i] *= 2.0 if (name, t) == ("US", HALVED) else 1.0
            factor[t, i] = closes[t, i] * units[i] / left[t, i]
    days = np.array(DAYS, dtype="datetime64[D]")
    prices = PriceHistory(days, ("US", "BND"), factor, stripped=left)

    research = backtest(
        prices, Policy(lots_at_target, when="never"), cash=10_000, dividends=use
    ).policies[0]

    np.testing.assert_allclose(accounts.equity, research.value, atol=0.05)
    assert accounts.dividends_paid / 100 == pytest.approx(research.dividends_paid, abs=0.05)


def test_what_pays_less_than_a_step_stays_cash() -> None:
    """Whole steps only: a dividend too small for one buys nothing, and none is lost."""
    run = run_of("reinvest", costs=Costs(commission=1000))

    assert run.plans == ()
    assert run.folded.cash["brokerage"] == 300 + run.dividends_paid


def test_dividends_of_several_accounts_stay_in_theirs() -> None:
    """Each account spends what it was paid."""
    mandate_ = mandate(
        tree({"US": 50, "BND": 50}), accounts=[account("a"), account("b", "roth")], when="never"
    )
    lots = [lot("a", "US", 400, "15000"), lot("b", "BND", 500)]

    run = backtest_accounts(
        mandate_, opening(lots, a=0, b=0), tape(), terms=AccountTerms(dividends="reinvest")
    )

    assert {(t.account, t.instrument) for p in run.plans for t in p.trades} == {
        ("a", "US"),
        ("b", "BND"),
    }


def test_a_word_that_is_none_is_refused() -> None:
    """The words are those of research mode."""
    wrong: Any = "drip"

    with pytest.raises(ValueError, match="reinvest, hold, towards-target"):
        AccountTerms(dividends=wrong)


def test_a_policy_that_never_acts_says_what_its_dividends_came_to() -> None:
    """30 units of US at 1.25 and 0.80, 40 BND at 0.50 and 0.75: 111.50 stay
    cash. Where they are reinvested, or the policy acts, there is nothing to say.
    """
    lots = [lot("brokerage", "US", 30, "1400"), lot("brokerage", "BND", 40, "1500")]

    def told(when: str, use: DividendUse) -> list[str]:
        run = backtest_accounts(
            mandate(tree({"US": 50, "BND": 50}), when=when),
            replace(opening(lots, brokerage=10_000), on=DAYS[0]),
            tape(),
            terms=AccountTerms(dividends=use),
        )
        return [one.message for one in run.findings if one.code == "idle-dividends"]

    (said,) = told("never", "hold")
    assert "its dividends of 111.50 stayed cash: 211.50 of cash at the end" in said
    assert (
        told("never", "reinvest") == told("never", "towards-target") == told("daily", "hold") == []
    )
