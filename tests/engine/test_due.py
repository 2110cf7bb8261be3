"""When a plan is due, on every level of the tree and across missed periods."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.plan import Plan
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import Memory

PRICES = {"US": "100", "BND": "100"}


def plan_at(us: int, when: str, *, day: date = DAY, memory: Memory | None = None) -> Plan:
    """A plan of 60/40 with `us` of 1000 shares in US."""
    state_ = state(
        [lot("brokerage", "US", us, "1000"), lot("brokerage", "BND", 1000 - us, "1000")],
        memory,
        brokerage="0",
    )
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when=when)
    return decide(state_, mandate_, market(PRICES, on=day), day)


@pytest.mark.parametrize(
    ("us", "when", "expected"),
    [
        (650, "band:5pp", True),
        (649, "band:5pp", False),
        (550, "band:5pp", True),
        (551, "band:5pp", False),
        (720, "band:20%", True),
        (679, "band:20%", False),
        (680, "band:20%", True),  # BND: 8pp of 40 is 20%
        (640, "band:5pp/10%", True),
        (639, "band:5pp/10%", False),
        (650, "drift:5pp", True),
        (649, "drift:5pp", False),
    ],
)
def test_a_band_fires_exactly_at_its_edge(us: int, when: str, expected: bool) -> None:
    """At the band counts as outside, one share inside does not: no rounding decides."""
    plan = plan_at(us, when)

    assert plan.due is expected
    assert bool(plan.trades) is expected


@pytest.mark.parametrize(
    ("day", "acted", "expected"),
    [
        (date(2026, 3, 31), "monthly:2026-02", True),
        (date(2026, 3, 30), "monthly:2026-02", False),
        (date(2026, 4, 1), "monthly:2026-02", True),  # the end of March was missed
        (date(2026, 4, 1), "monthly:2026-03", False),
        (date(2026, 3, 31), "monthly:2026-03", False),
        (date(2026, 4, 30), "monthly:2026-02", True),
        (date(2026, 3, 31), None, True),
        (date(2026, 3, 31), "annual:2025", True),  # the policy was changed
    ],
)
def test_a_period_is_due_at_its_last_session_or_after(
    day: date, acted: str | None, expected: bool
) -> None:
    """A calendar period is due once, at its last session, or the next one when it was missed."""
    memory = Memory(periods_acted={} if acted is None else {"household": acted})

    plan = plan_at(700, "monthly", day=day, memory=memory)

    assert plan.due is expected


def test_calendar_and_band_need_both() -> None:
    """monthly+band looks at the month's end and acts only on a breach; the look is remembered."""
    inside = plan_at(610, "monthly+band:5pp")
    outside = plan_at(700, "monthly+band:5pp")
    midmonth = plan_at(
        700,
        "monthly+band:5pp",
        day=date(2026, 3, 17),
        memory=Memory(periods_acted={"household": "monthly:2026-02"}),
    )

    assert not inside.due
    assert inside.periods == {"household": "monthly:2026-03"}
    assert outside.due
    assert not midmonth.due
    assert midmonth.periods == {}


def test_an_inner_sleeve_has_a_band_too() -> None:
    """Two leaves inside their bands may take their parent over its own."""
    leaf = Sleeve("stocks.us", Fraction(30, 100), ("US",))
    other = Sleeve("stocks.intl", Fraction(30, 100), ("INTL",))
    stocks = Sleeve("stocks", Fraction(60, 100), children=(leaf, other))
    root = Sleeve("", Fraction(1), children=(stocks, Sleeve("BND", Fraction(40, 100), ("BND",))))
    state_ = state(
        [
            lot("brokerage", "US", 327, "1"),
            lot("brokerage", "INTL", 328, "1"),
            lot("brokerage", "BND", 345, "1"),
        ],
        brokerage="0",
    )
    prices = market({**PRICES, "INTL": "100"})

    for to in ("target", "edge", "half"):
        plan = decide(state_, mandate(root, when="band:5.5pp", to=to), prices, DAY)

        assert not any(row.breached for row in plan.sleeves if row.sleeve.startswith("stocks."))
    plan = decide(state_, mandate(root, when="band:5.4pp", to="half"), prices, DAY)
    assert {r.subject for r in plan.readings if r.fired} == {"stocks", "BND"}
    after = {row.sleeve: row.after for row in plan.sleeves}
    assert abs(after["stocks"] - Fraction(60, 100)) <= Fraction(28, 1000)


def test_never_never_fires() -> None:
    """never trades only when asked."""
    assert not plan_at(990, "never").due


def test_a_session_rebalances_once() -> None:
    """What was rebalanced today waits for the next session."""
    memory = Memory(rebalanced_on={"household": DAY})

    assert plan_at(700, "band:5pp", memory=memory).trades == ()


@pytest.mark.parametrize("when", ["band:5pp", "drift:5pp"])
def test_bands_and_drift_measure_against_the_target_last_adopted(when: str) -> None:
    """A target that moved sets off no trade by itself: the old one is what was agreed to hold."""
    memory = Memory(
        adopted={"household": {"US": Fraction(66, 100), "BND": Fraction(34, 100)}},
        rebalanced_on={"household": date(2026, 1, 30)},
    )

    inside, outside = plan_at(660, when, memory=memory), plan_at(710, when, memory=memory)

    assert plan_at(660, when).due
    assert not inside.due
    assert {"target-moved"} <= {finding.code for finding in inside.findings}
    assert "US 66.0% to 60.0%" in next(f.message for f in inside.findings if "moved" in f.code)
    assert outside.due
    assert outside.sleeves[0].after == Fraction(60, 100)


def test_a_target_with_other_sleeves_is_compared_with_itself() -> None:
    """Where a sleeve came or went since, the target of today is what bands measure against."""
    memory = Memory(
        adopted={"household": {"US": Fraction(66, 100), "OLD": Fraction(34, 100)}},
        rebalanced_on={"household": date(2026, 1, 30)},
    )

    assert plan_at(660, "band:5pp", memory=memory).due


def test_new_cash_fires_at_its_limit() -> None:
    """cashflow:500 fires at 500 of new cash."""
    mandate_ = mandate(tree({"US": 60, "BND": 40}), when="cashflow:500")
    lots = [lot("brokerage", "US", 62, "1"), lot("brokerage", "BND", 38, "1")]

    def plan(cents: int) -> Plan:
        memory = Memory(new_cash={"brokerage": cents})
        return decide(state(lots, memory, brokerage="600"), mandate_, market(PRICES), DAY)

    assert not plan(49_999).due
    assert plan(50_000).due
    assert plan(50_000).adopted


def in_debt(when: str, *, may_sell: bool = True, now: bool = False) -> Plan:
    """Alpha holds 500 in cash, beta owes 13 cents and holds US."""
    beta = account("beta", "roth", do_not_sell=frozenset() if may_sell else frozenset({"US"}))
    accounts = [account("alpha", "traditional", do_not_buy=frozenset({"US"})), beta]
    mandate_ = mandate(tree({"US": 100}), accounts=accounts, when=when)
    state_ = state([lot("beta", "US", 80, "8000")], alpha="500", beta="-0.13")
    return decide(state_, mandate_, market(PRICES), DAY, Request(now=now))


@pytest.mark.parametrize("when", ["never", "band:20pp"])
def test_cash_below_zero_in_one_account_fires_whatever_lies_in_another(when: str) -> None:
    """Cash never crosses accounts, so what lies in one pays no debt of another."""
    plan = in_debt(when)

    fired = [(reading.trigger, reading.why) for reading in plan.readings if reading.fired]
    assert fired == [("cash-floor", "cash of beta is 0.13 below zero")]
    (trade,) = plan.trades
    assert (trade.account, trade.side, trade.quantity) == ("beta", "sell", 1)
    assert trade.reason == "raise-cash"
    assert plan.cash_after == {"alpha": 50_000, "beta": 9_987}


def test_a_debt_is_paid_although_that_leads_away_from_the_target() -> None:
    """A share sold for 13 cents is no nearer to the target, and sold all the same."""
    plan = in_debt("never", now=True)

    assert [(t.account, t.side, t.quantity) for t in plan.trades] == [("beta", "sell", 1)]
    assert plan.drift_after["household"] > plan.drift_before["household"]
    assert "no-improvement" not in {finding.code for finding in plan.findings}


def test_a_debt_that_nothing_may_be_sold_for_is_said() -> None:
    """What lies in another account does not hide it."""
    plan = in_debt("never", may_sell=False)

    assert plan.trades == ()
    assert ("cash-short", "beta") in {(found.code, found.subject) for found in plan.findings}


def test_every_reading_says_its_figures() -> None:
    """A trigger says in figures why it fired or did not."""
    plan = plan_at(662, "monthly+band:5pp")

    texts = [reading.why for reading in plan.readings]
    assert "US 66.2% against 60.0% (band 5.0pp): 6.2pp over" in texts
