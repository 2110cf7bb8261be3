"""Triggers that weigh estimates: tracking error to the target, utility gained against cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.costs import Costs
from trimtab.engine.decide import decide, wants_plan
from trimtab.engine.mandate import Request
from trimtab.model.outlook import UNIT, Outlook
from trimtab.model.plan import Plan, Reading

HALVES = tree({"A": 50, "B": 50})
PRICES = {"A": "100", "B": "100"}
CALM = Outlook(
    "household",
    ("A", "B"),
    ((UNIT // 25, 0), (0, UNIT // 25)),
    (UNIT // 10, UNIT // 20),
    Decimal(3),
    date(2023, 3, 31),
    DAY,
    754,
)
"""Both vary by 20% a year, each by itself; A is expected to bring 10%, B 5%."""


def plan_of(
    held: tuple[int, int],
    when: str,
    *,
    outlook: Outlook | None = CALM,
    costs: Costs | None = None,
    request: Request = Request(),  # noqa: B008
    **cash: str,
) -> Plan:
    """What is decided for so many shares of A and B, of 100 each, in an account without tax."""
    told = mandate(HALVES, accounts=[account("roth", "roth")], when=when, costs=costs)
    told = replace(told, outlooks=() if outlook is None else (outlook,))
    lots = [lot("roth", "A", held[0], "1"), lot("roth", "B", held[1], "1")]
    return decide(state(lots, roth=cash.get("cash", "0")), told, market(PRICES), DAY, request)


def reading_of(plan: Plan, trigger: str) -> Reading:
    """What a trigger saw."""
    return next(one for one in plan.readings if one.trigger == trigger)


# Of 200 shares at 60 to 40 each is 10pp off: 10% x 20% x sqrt 2 = 2.83% a year.
@pytest.mark.parametrize(
    ("when", "fired"),
    [("tracking:2.8%", True), ("tracking:2.9%", False), ("monthly+tracking:2%", True)],
)
def test_a_tracking_error_of_at_least_its_limit_fires(when: str, fired: bool) -> None:
    """The year's volatility of what is held less the target, by the covariance given."""
    plan = plan_of((120, 80), when)

    assert plan.due is fired
    assert bool(plan.trades) is fired
    assert reading_of(plan, "tracking").fired is fired
    assert "2.83%" in reading_of(plan, "tracking").why
    assert "754 sessions to 2026-03-31" in reading_of(plan, "tracking").why


@pytest.mark.parametrize(("held", "fired"), [((105, 95), True), ((104, 96), False)])
def test_a_tracking_error_exactly_on_its_limit_fires(held: tuple[int, int], fired: bool) -> None:
    """2.5pp of something that varies by 40% a year is exactly 1%: nothing is rounded before it is
    compared.
    """
    alone = replace(CALM, covariance=((4 * UNIT // 25, 0), (0, 0)))

    plan = plan_of(held, "tracking:1%", outlook=alone)

    assert plan.due is fired


def test_what_moves_with_the_target_strays_less() -> None:
    """Two that move as one can be held for each other: no tracking error, whatever is held."""
    twins = replace(CALM, covariance=((UNIT // 25,) * 2,) * 2)

    plan = plan_of((200, 0), "tracking:0.01%", outlook=twins)

    assert not plan.due
    assert "0.00%" in reading_of(plan, "tracking").why


@pytest.mark.parametrize(
    ("when", "outlook", "said"),
    [
        ("tracking:1%", None, "no prices"),
        ("worth:2x", Outlook("household", lacking="the history is too short."), "too short"),
        ("worth:2x", replace(CALM, risk_aversion=None), "no utility"),
    ],
)
def test_what_cannot_be_known_asks_for_nothing_and_says_so(
    when: str, outlook: Outlook | None, said: str
) -> None:
    """Without estimates nothing is due by them: a warning, and a reading with the reason."""
    plan = plan_of((200, 0), when, outlook=outlook)

    assert not plan.due
    told = next(one for one in plan.findings if one.code == "estimates-missing")
    assert (told.severity, said in told.message) == ("warning", True)
    assert said in plan.readings[-1].why


# 20,000.00 at halves instead of at 40 to 60: 1pp x 5% more return; the variance is less by
# 0.04 x (0.52 - 0.50), which at 3/2 is 0.12pp: together 0.62% of 20,000.00, 124.00 a year.
@pytest.mark.parametrize(("bps", "fired"), [(100, True), (200, False)])
def test_trades_worth_their_cost_so_many_times_fire(bps: int, fired: bool) -> None:
    """Both figures are of the very trades: of 2 x 2,000.00 at 1% 40.00, at 2% 80.00."""
    plan = plan_of((80, 120), "worth:2x", costs=Costs(bps=bps), cash="0")

    why = reading_of(plan, "worth").why
    assert plan.due is fired
    assert bool(plan.trades) is fired
    assert "2 times the" in why
    assert ("at least" if fired else "below") in why


def test_the_gain_told_is_that_of_the_trades() -> None:
    """Free trades to halves gain 124.00 a year, by hand from the estimates."""
    plan = plan_of((80, 120), "worth:2x")

    assert "gain 124.00 of utility in a year, at least 2 times the 0.00" in (
        reading_of(plan, "worth").why
    )


def test_tax_is_part_of_what_trades_cost() -> None:
    """A gain that pays the fees and not the tax is not worth it."""
    told = replace(mandate(HALVES, when="worth:2x"), outlooks=(CALM,))
    lots = [lot("brokerage", "A", 80, "8000"), lot("brokerage", "B", 120, "100")]

    plan = decide(state(lots, brokerage="0"), told, market(PRICES), DAY)

    assert not plan.due
    assert "below 2 times the 29" in reading_of(plan, "worth").why


def test_nothing_is_weighed_where_the_target_gains_nothing() -> None:
    """What is held is expected to be better than the target: no cost is worth going there."""
    plan = plan_of((110, 90), "worth:2x")

    assert not plan.due
    assert "no cost is worth it" in reading_of(plan, "worth").why


def test_trades_not_worth_making_leave_new_cash_to_be_invested() -> None:
    """Where all hangs on what it is worth, a deposit still moves alone, and the rest stays."""
    request = Request(deposits={"roth": 100000})

    plan = plan_of((80, 120), "worth:9x", costs=Costs(bps=200), request=request)

    assert plan.due
    assert [(trade.side, trade.instrument) for trade in plan.trades] == [("buy", "A")]
    assert not reading_of(plan, "worth").fired


def test_a_look_that_is_not_worth_trading_is_a_look() -> None:
    """The period counts as looked at, and a simulation makes the plan that says so."""
    plan = plan_of((80, 120), "monthly+worth:9x", costs=Costs(bps=200))

    assert not plan.due
    assert plan.periods == {"household": "monthly:2026-03"}
    assert plan.adopted == {}


def test_tracking_and_worth_act_whichever_comes_first() -> None:
    """A tracking error beyond its limit trades even what is not worth its cost, and both tell."""
    plan = plan_of((80, 120), "tracking:1%+worth:9x", costs=Costs(bps=200))

    assert plan.due
    assert plan.trades
    assert (reading_of(plan, "tracking").fired, reading_of(plan, "worth").fired) == (True, False)


def test_who_simulates_is_told_that_there_may_be_something() -> None:
    """Before trades are sized nobody knows what they cost: a plan is asked for."""
    told = replace(mandate(HALVES, when="worth:2x"), outlooks=(CALM,))
    lots = [lot("brokerage", "A", 80, "8000"), lot("brokerage", "B", 120, "100")]

    asked = wants_plan(state(lots, brokerage="0"), told, market(PRICES), DAY)

    assert asked


def test_variance_and_utility_are_exact() -> None:
    """Sums of whole numbers, so that the same inputs give the same on every machine."""
    shares = {"A": Fraction(2, 5), "B": Fraction(3, 5)}

    assert CALM.variance(shares) == Fraction(52, 100) * Fraction(1, 25)
    assert CALM.utility(shares) == Fraction(7, 100) - Fraction(3, 2) * CALM.variance(shares)


@pytest.mark.parametrize("more", [Fraction(1, 50), Fraction(-1, 50)])
def test_a_constant_on_every_return_and_on_that_of_money_changes_no_gain(more: Fraction) -> None:
    """Money earns the risk-free rate: what all earn alike is gained by no trade."""
    constant = int(more * UNIT)
    raised = replace(
        CALM, expected=tuple(own + constant for own in CALM.expected), risk_free=constant
    )
    before, after = {"A": Fraction(1, 5), "B": Fraction(1, 5)}, {"A": Fraction(1), "B": Fraction(0)}

    gains = [one.utility(after) - one.utility(before) for one in (CALM, raised)]

    assert gains[0] == gains[1]


def test_going_into_money_is_weighed_against_what_money_earns() -> None:
    """From all in A to half money, at no risk: half of 10% less half of the risk-free 4%."""
    calm = replace(CALM, covariance=((0, 0), (0, 0)), risk_free=UNIT // 25)

    gain = calm.gain({"A": Fraction(1, 2), "B": Fraction(0)}) - calm.gain(
        {"A": Fraction(1), "B": Fraction(0)}
    )

    assert gain == Fraction(2, 100) - Fraction(5, 100)
