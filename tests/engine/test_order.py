"""What is written first decides nothing: rows, accounts and sleeves may stand in any order."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.generated import Case, generated
from tests.engine.households import DAY, lot, mandate, market, state, tree
from tests.engine.oracles.tiny import household
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.plan import Plan


def shuffled(case: Case, r: random.Random) -> Case:
    """The same household: lots, cash, accounts, instruments, prices and sleeves in another order.

    The order of a `hold` list and of `location` says something, and stays.
    """

    def mixed(table):  # type: ignore[no-untyped-def]
        return dict(r.sample(list(table.items()), len(table)))

    state, mandate, market = case.state, case.mandate, case.market
    root = mandate.target
    assert root is not None
    children = tuple(r.sample(root.children, len(root.children)))
    own = replace(
        mandate.household,
        accounts=mixed(mandate.household.accounts),
        instruments=mixed(mandate.household.instruments),
    )
    return Case(
        replace(
            state,
            lots=tuple(r.sample(state.lots, len(state.lots))),
            cash=mixed(state.cash),
        ),
        replace(mandate, household=own, target=replace(root, children=children)),
        replace(market, quotes=mixed(market.quotes)),
        case.request,
    )


def decided(plan: Plan) -> object:
    """What a plan comes to, whatever the order in which it is told."""
    return (
        sorted((t.account, t.side, t.instrument, t.quantity, t.lots, t.cost) for t in plan.trades),
        sorted((row.sleeve, row.value_after) for row in plan.sleeves),
        sorted(plan.cash_after.items()),
        (plan.cost, plan.tax, plan.gap, sorted(plan.drift_after.items())),
    )


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_the_order_in_which_a_household_is_written_does_not_matter(seed: int) -> None:
    """Lots, accounts, instruments, prices and sleeves in any order: the same trades and lots."""
    r = random.Random(seed)
    case = generated(r)
    if len(case.mandate.household.accounts) == 1 and r.random() < 0.7:
        case = generated(r)
    case = replace(case, mandate=replace(case.mandate, fewest_trades=r.random() < 0.15))

    plan = decide(*case.arguments)
    again = decide(*shuffled(case, r).arguments)

    assert decided(again) == decided(plan)


@pytest.mark.parametrize("seed", [12, 56, 61, 65, 142, 145])
@pytest.mark.parametrize("fees", [True, False])
def test_ties_of_the_solver_are_settled_by_names(seed: int, fees: bool) -> None:
    """Households of two accounts with several answers of equal worth: one is taken, always it."""
    case = household(random.Random(seed), accounts=2, most=5, fees=fees).case

    found = {str(decided(decide(*shuffled(case, random.Random(n)).arguments))) for n in range(8)}

    assert len(found) == 1


def test_ties_in_one_account_go_by_the_names_of_sleeves() -> None:
    """Two sleeves that are as far over, whose lots cost the same: the first by name is sold."""
    rules = mandate(tree({"C": 30, "A": 30, "B": 40}), when="never")
    shares = [lot("brokerage", name, 400) for name in ("A", "B", "C")]
    prices = market({"A": "100", "B": "100", "C": "100"})
    pay = Request(withdrawals={"brokerage": 1})

    written = decide(state(shares, brokerage="0"), rules, prices, DAY, pay)
    turned = replace(rules, target=tree({"A": 30, "B": 40, "C": 30}))
    again = decide(state(shares[::-1], brokerage="0"), turned, prices, DAY, pay)

    assert [(t.side, t.instrument, t.quantity) for t in written.trades] == [("sell", "A", 1)]
    assert decided(again) == decided(written)


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_the_order_of_a_tie_among_many_equal_sleeves_does_not_matter(seed: int) -> None:
    """One account of sleeves with equal prices, equal targets and equal lots: full of ties."""
    r = random.Random(seed)
    names = r.sample("ABCDEFG", r.randint(2, 5))
    equal = tree(dict.fromkeys(names, Fraction(100, len(names))))
    rules = mandate(equal, when=r.choice(("daily", "never")))
    shares = [lot("brokerage", name, r.choice((50, 100)), "100") for name in names]
    prices = market(dict.fromkeys(names, r.choice(("7", "10"))))
    cents = r.choice((0, 1, 500, 2_000))
    pay = r.choice(
        (Request(withdrawals={"brokerage": cents}), Request(deposits={"brokerage": cents}))
    )
    case = Case(state(shares, brokerage="0"), rules, prices, pay)

    plan = decide(*case.arguments)
    again = decide(*shuffled(case, r).arguments)

    assert decided(again) == decided(plan)
