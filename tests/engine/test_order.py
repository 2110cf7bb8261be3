"""What is written first decides nothing: rows, accounts and sleeves may stand in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.generated import Case, generated
from tests.engine.oracles.tiny import household
from trimtab.engine.decide import decide
from trimtab.model.plan import Plan


def shuffled(case: Case, r: random.Random) -> Case:
    """The same household: lots, cash, accounts, instruments, prices and sleeves in another order.

    The order of a `hold` list and of `location` says something, and stays; so does that of the
    sleeves where one account is walked, in which equal answers go by it.
    """

    def mixed(table):  # type: ignore[no-untyped-def]
        return dict(r.sample(list(table.items()), len(table)))

    state, mandate, market = case.state, case.mandate, case.market
    root = mandate.target
    assert root is not None
    children = root.children
    if len(mandate.household.accounts) > 1:
        children = tuple(r.sample(children, len(children)))
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
