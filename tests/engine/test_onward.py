"""New cash in an account that may not buy what is furthest under its target."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.generated import generated
from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.costs import Costs
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.accounts import Account
from trimtab.model.plan import Plan

EVEN = market({"US": "100", "BND": "100", "GLD": "100"})
TARGET = {"US": 40, "BND": 30, "GLD": 30}


def deposited(
    plan: Account, *, deposit: int, us: int = 300, bonds: int = 290, **more: object
) -> Plan:
    """A deposit into an account beside one that holds gold above its target and the rest below."""
    accounts = [plan, account("free")]
    lots = [lot("free", "US", us), lot("free", "BND", bonds), lot("free", "GLD", 400)]
    options = {"when": "never", **more}
    mandate_ = mandate(tree(TARGET), accounts=accounts, **options)  # type: ignore[arg-type]
    request = Request(deposits={"plan": deposit}, no_sells=True)
    return decide(state(lots, plan="0", free="0"), mandate_, EVEN, DAY, request)


def bought(plan: Plan) -> dict[str, int]:
    """Shares bought in the account with the deposit."""
    return {t.instrument: t.quantity for t in plan.trades if t.account == "plan"}


@pytest.mark.parametrize("drift_price", [None, Decimal("0.05")])
@pytest.mark.parametrize(
    "place",
    [
        account("plan", "traditional", menu=("BND",)),
        account("plan", "traditional", do_not_buy=frozenset({"US"})),
    ],
)
def test_a_deposit_buys_what_its_account_can(place: Account, drift_price: Decimal | None) -> None:
    """US is furthest under, but not for this account: bonds, a little under, take the cash."""
    plan = deposited(place, deposit=100_000, drift_price=drift_price)

    assert bought(plan) == {"BND": 10}
    assert not [note for note in plan.left_alone if note.reason == "idle-cash"]


def test_cash_goes_on_to_the_target_and_no_further() -> None:
    """What would lift a sleeve over its target stays as cash, and the plan says so."""
    place = account("plan", "traditional", menu=("BND", "GLD"))
    plan = deposited(place, deposit=500_000)

    # 30% of 1,040 shares in all are 312.
    assert bought(plan) == {"BND": 22}
    (note,) = [note for note in plan.left_alone if note.reason == "idle-cash"]
    assert "2800.00 of the deposit of 5000.00" in note.why


def test_cash_that_goes_on_goes_to_the_furthest_first() -> None:
    """Of two sleeves that the account may buy, the larger shortfalls are made equal first."""
    place = account("plan", "traditional", menu=("BND", "GLD"))
    accounts = [place, account("free")]
    lots = [lot("free", "US", 100), lot("free", "BND", 250), lot("free", "GLD", 280),
            lot("free", "OTHER", 370)]  # fmt: skip
    mandate_ = mandate(tree({**TARGET, "OTHER": 0}), accounts=accounts, when="never")
    prices = market({"US": "100", "BND": "100", "GLD": "100", "OTHER": "100"})
    request = Request(deposits={"plan": 600_000}, no_sells=True)

    plan = decide(state(lots, plan="0", free="0"), mandate_, prices, DAY, request)

    # 318 each are wanted of 1,060: 68 and 38 are missing, and 60 shares can be bought.
    assert bought(plan) == {"BND": 45, "GLD": 15}


def test_the_account_with_the_least_choice_is_served_first() -> None:
    """One deposit may only buy bonds, the other bonds and gold: neither takes the other's place."""
    accounts = [account("wide", "roth", menu=("BND", "GLD")),
                account("narrow", "roth", menu=("BND",)), account("free")]  # fmt: skip
    lots = [lot("free", "US", 100), lot("free", "BND", 280), lot("free", "GLD", 280),
            lot("free", "OTHER", 340)]  # fmt: skip
    mandate_ = mandate(tree({**TARGET, "OTHER": 0}), accounts=accounts, when="never")
    prices = market({"US": "100", "BND": "100", "GLD": "100", "OTHER": "100"})
    request = Request(deposits={"wide": 300_000, "narrow": 300_000}, no_sells=True)

    plan = decide(state(lots, wide="0", narrow="0", free="0"), mandate_, prices, DAY, request)

    # Of 1,060 shares in all 318 each are wanted, 38 of each are missing.
    assert {(t.account, t.instrument): t.quantity for t in plan.trades} == {
        ("narrow", "BND"): 30,
        ("wide", "GLD"): 30,
    }


def test_short_of_the_target_cash_goes_on_too() -> None:
    """Where the policy stops at the edge of a band, cash that US cannot have buys bonds."""
    place = account("plan", "traditional", menu=("BND",))

    free = account("free", do_not_sell=frozenset({"US", "BND", "GLD"}))
    lots = [lot("free", "US", 300), lot("free", "BND", 290), lot("free", "GLD", 400)]
    mandate_ = mandate(tree(TARGET), accounts=[place, free], when="band:5pp", to="edge")
    request = Request(deposits={"plan": 100_000})

    plan = decide(state(lots, plan="0", free="0"), mandate_, EVEN, DAY, request)

    assert bought(plan) == {"BND": 10}


@pytest.mark.parametrize("drift_price", [None, Decimal("0.05")])
def test_a_withdrawal_sells_what_its_account_has_over_its_target(
    drift_price: Decimal | None,
) -> None:
    """US is furthest over, but lies elsewhere and may not be sold: gold is over, bonds under."""
    accounts = [account("ira", "roth"), account("free", "roth", do_not_sell=frozenset({"US"}))]
    lots = [lot("free", "US", 500), lot("ira", "BND", 200), lot("ira", "GLD", 320)]
    mandate_ = mandate(tree(TARGET), accounts=accounts, when="never", drift_price=drift_price)
    request = Request(withdrawals={"ira": 200_000})

    plan = decide(state(lots, ira="0", free="0"), mandate_, EVEN, DAY, request)

    assert [(t.side, t.instrument, t.quantity) for t in plan.trades] == [("sell", "GLD", 20)]


def test_one_account_raises_cash_from_what_it_may_sell_and_has_over_its_target() -> None:
    """The most overweight may not be sold: of the others the one that is over, not one under."""
    keeps = account("brokerage", "roth", do_not_sell=frozenset({"US"}))
    lots = [lot("brokerage", "US", 500), lot("brokerage", "BND", 200), lot("brokerage", "GLD", 320)]
    mandate_ = mandate(tree(TARGET), accounts=[keeps], when="never")

    plan = decide(state(lots, brokerage="-2000"), mandate_, EVEN, DAY)

    assert [(t.side, t.instrument, t.quantity) for t in plan.trades] == [("sell", "GLD", 20)]


@given(st.randoms(use_true_random=False))
def test_no_deposit_idles_beside_what_its_account_can_buy(r: random.Random) -> None:
    """A step that its account may buy, and that lies wholly under the target, is not left out.

    Without fees or a least trade, and asked for no sales, in whole shares of at most 50.00.
    """
    case = generated(r)
    household = case.mandate.household
    base = replace(case.mandate, costs={"": Costs()}, min_trade=0, drift_price=None, cash_buffer=0)
    prices = {id_: str(Decimal(r.randint(100, 5_000)) / 100) for id_ in household.instruments}
    place = r.choice(sorted(household.accounts))
    request = Request(deposits={place: r.randint(100_000, 1_000_000)}, no_sells=True)

    plan = decide(case.state, base, market(prices), DAY, request)

    leaves = {row.sleeve: row for row in plan.sleeves if row.is_leaf}
    total = sum(row.value_after for row in leaves.values()) + sum(plan.cash_after.values())
    lacking = {name: row.weight * total - row.value_after for name, row in leaves.items()}
    allowed = household.accounts[place]
    assert base.target is not None
    for leaf in base.target.leaves():
        first = next((id_ for id_ in leaf.hold if allowed.may_buy(id_)), None)
        if first is None:
            continue
        # One share of each leaf may be lost to whole steps.
        spare = 2 * sum(Fraction(price) for price in prices.values()) * 100
        assert min(lacking[leaf.name], plan.cash_after[place]) <= spare
