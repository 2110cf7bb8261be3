"""What a plan pays for brings something, and cash that is left over is put to use."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.generated import Case, executed, generated
from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.costs import Costs
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Mandate, Request
from trimtab.model.accounts import Relief
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.plan import Plan, Trade
from trimtab.model.state import State

some = given(st.randoms(use_true_random=False))


def ends(case: Case, trades: Sequence[Trade]) -> tuple[dict[str, int], dict[str, int], int]:
    """Minor units by sleeve, cash by account, and what was paid for the trades."""
    cash = dict(case.state.cash)
    sleeves: dict[str, int] = {}
    for trade in trades:
        sign = 1 if trade.side == "buy" else -1
        sleeves[trade.sleeve] = sleeves.get(trade.sleeve, 0) + sign * trade.value
        cash[trade.account] -= sign * trade.value + trade.cost
    return sleeves, cash, sum(trade.cost + trade.tax for trade in trades)


def fewer(plan: Plan) -> Iterator[list[Trade]]:
    """The trades without all of them, without each, and without each pair that is net zero."""
    yield []
    for gone in range(len(plan.trades)):
        yield [trade for i, trade in enumerate(plan.trades) if i != gone]
    for one, two in combinations(plan.trades, 2):
        if (one.instrument, one.quantity) == (two.instrument, two.quantity) and (
            one.side != two.side
        ):
            yield [trade for trade in plan.trades if trade not in (one, two)]


def is_better(case: Case, plan: Plan, trades: Sequence[Trade]) -> bool:
    """Whether fewer trades cost less, lack no cash, and end as near in every sleeve and in cash."""
    sleeves, cash, paid = ends(case, plan.trades)
    less_sleeves, less_cash, less_paid = ends(case, trades)
    buffer = case.mandate.cash_buffer
    if less_paid >= paid or min(less_cash.values()) < 0 or sum(less_cash.values()) < buffer:
        return False
    rows = {row.sleeve: row for row in plan.sleeves}
    base = sum(row.value_before for row in plan.sleeves)
    base += sum(case.state.cash.values()) - buffer
    for name in sleeves:
        row = rows[name]
        goal, before = row.weight * base, row.value_before
        now, then = before + sleeves[name], before + less_sleeves.get(name, 0)
        # A cent for what is rounded: the goal, and the worth of what is held.
        if abs(then - goal) > abs(now - goal) + 1:
            return False
    # Spare cash without what is paid for trades.
    spare = sum(cash.values()) + sum(trade.cost for trade in plan.trades) - buffer
    less_spare = sum(less_cash.values()) + sum(trade.cost for trade in trades) - buffer
    return less_spare <= spare


@settings(max_examples=60)
@some
def test_nothing_is_paid_for_nothing(r: random.Random) -> None:
    """No trade, no pair of the same instrument, and no plan can be left out for less money."""
    drawn = generated(r)
    costs = Costs(commission=r.choice([1, 4.95]), minimum=r.choice([0, 2]), bps=2)
    mandate_ = replace(
        drawn.mandate, when=mandate(None, when="daily").when, to=mandate(None).to,
        costs={"": costs}, min_trade=r.choice([0, 50_000]), drift_price=None,
    )  # fmt: skip
    case = replace(drawn, mandate=mandate_, request=Request())

    plan = decide(*case.arguments)

    assert not [trades for trades in fewer(plan) if is_better(case, plan, trades)]


def nearly_there(spare: str = "705.97") -> tuple[State, Mandate, Market]:
    """Three accounts a hair from their target, with cash that nothing large enough can use."""
    accounts = [
        account("a0", do_not_buy=frozenset({"BBB"}), keep={"EEE": 5}),
        account("a1", "traditional", do_not_sell=frozenset({"EEE"}), menu=("BBB", "EEE", "FFF")),
        account("a2", do_not_sell=frozenset({"BBB"}), relief=Relief.HIFO),
    ]
    mandate_ = mandate(
        tree({"s0": (74, ["EEE", "BBB"]), "s1": (26, ["FFF", "DDD"])}), accounts=accounts,
        when="daily", costs=Costs(commission=1, bps=2, half_spread_bps=3, minimum=2),
        min_trade=50_000, cash_buffer=100_000,
    )  # fmt: skip
    lots = [
        lot("a0", "EEE", 3, "681.25"), lot("a0", "EEE", 7, "1179.47"),
        lot("a0", "BBB", 31, "9612.38"), lot("a0", "FFF", 293, "11427.85"),
        lot("a1", "EEE", 145), lot("a1", "FFF", 187),
        lot("a2", "EEE", 40, "4171.61"), lot("a2", "BBB", 62, "13107.79"),
        lot("a2", "FFF", 5, "136.43"), lot("a2", "FFF", 106, "2974.95"),
    ]  # fmt: skip
    prices = market({"BBB": "352.36", "DDD": "310.15", "EEE": "168.21", "FFF": "38.98"})
    return state(lots, a0="12.32", a1=spare, a2="292.06"), mandate_, prices


def test_a_fee_out_of_spare_cash_is_no_drift_taken_away() -> None:
    """Selling here what is bought there at the same price only pays two fees: it is not done."""
    book, mandate_, prices = nearly_there()

    plan = decide(book, mandate_, prices, DAY)

    assert plan.due
    assert plan.trades == ()


@settings(max_examples=20)
@given(cents=st.integers(69_700, 130_000))
def test_nothing_is_paid_for_nothing_beside_the_target(cents: int) -> None:
    """However much cash there is to spare, what is paid brings some sleeve nearer."""
    book, mandate_, prices = nearly_there(f"{cents // 100}.{cents % 100:02}")
    case = Case(book, mandate_, prices, Request())

    plan = decide(*case.arguments)

    assert not [trades for trades in fewer(plan) if is_better(case, plan, trades)]


@pytest.mark.parametrize(
    ("roth", "k401", "intl"),
    [(109, 137, "650"), (139, 72, "650"), (121, 129, "650"), (77, 112, "65"), (90, 78, "65")],
)
def test_cash_left_over_buys_what_is_under_its_target(roth: int, k401: int, intl: str) -> None:
    """What whole steps leave buys whatever is worth it: asked again, nothing is left to trade."""
    accounts = [
        account("roth", "roth", menu=("US", "INTL", "BND")),
        account("k401", "traditional", menu=("US", "BND2")),
    ]
    mandate_ = mandate(
        tree({"US": 55, "INTL": 25, "BND": (20, ["BND2", "BND"])}), accounts=accounts,
        instruments=[Instrument("BND2", step=Decimal("0.001"))], when="daily",
        costs=Costs(bps=2),
    )  # fmt: skip
    prices = market({"US": "199", "INTL": intl, "BND": "80", "BND2": "11"})
    book = state([lot("roth", "US", roth), lot("k401", "US", k401)], roth="0", k401="0")
    case = Case(book, mandate_, prices, Request())

    plan = decide(*case.arguments)
    again = decide(executed(case, plan), mandate_, prices, DAY, Request(now=True))

    assert plan.trades
    assert again.trades == ()
