"""What a plan says of the trades that it does not make, and of cash that stays."""

from __future__ import annotations

import pytest

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.model.plan import LeftAlone, Plan

PRICES = {"US": "100", "BND": "100"}


def with_deposit(
    amount: int,
    *,
    bonds: int,
    menu: tuple[str, ...] = ("BND",),
    target: dict[str, int] | None = None,
    to_account: str = "plan",
) -> Plan:
    """A deposit, to be invested without sales, into a plan that may buy only what is on its menu.

    Beside it lies an account with 500 US, and so many bonds.
    """
    accounts = [account("plan", "traditional", menu=menu), account("free")]
    lots = [lot("free", "US", 500, "30000"), lot("free", "BND", bonds, "20000")]
    request = Request(deposits={to_account: amount}, no_sells=True)
    mandate_ = mandate(tree(target or {"US": 60, "BND": 40}), accounts=accounts)
    return decide(state(lots, plan="0", free="0"), mandate_, market(PRICES), DAY, request)


def idle(plan: Plan) -> list[LeftAlone]:
    """What is said of cash that stays."""
    return [note for note in plan.left_alone if note.reason == "idle-cash"]


def test_a_deposit_that_nothing_may_be_bought_for_is_named() -> None:
    """How much stays as cash, where and why: what may be bought there is at its target already."""
    plan = with_deposit(500_000, bonds=450)

    (note,) = idle(plan)
    assert plan.trades == ()
    assert note.account == "plan"
    assert "5000.00 of the deposit of 5000.00" in note.why
    assert "(BND) is at its target or above" in note.why
    assert "US is what is missing, which plan cannot buy" in note.why


def test_the_part_of_a_deposit_that_stays_is_named() -> None:
    """What can be bought is bought, and the rest is what the note speaks of."""
    plan = with_deposit(1_000_000, bonds=350)

    (note,) = idle(plan)
    bought = sum(trade.value for trade in plan.trades)
    assert 0 < bought < 1_000_000
    assert f"{(1_000_000 - bought) // 100}.00 of the deposit of 10000.00" in note.why


@pytest.mark.parametrize(
    ("menu", "why"),
    [(("GLD",), "nothing of the target can be bought in plan"), (("US",), "less than one step")],
)
def test_why_a_deposit_stays_is_its_own_reason(menu: tuple[str, ...], why: str) -> None:
    """A menu without anything of the target, and money for less than one share."""
    plan = with_deposit(500_000 if menu == ("GLD",) else 9_900, bonds=450, menu=menu)

    (note,) = idle(plan)
    assert why in note.why


def test_cash_that_the_target_wants_is_not_called_idle() -> None:
    """Neither what fills a sleeve of cash, nor a deposit that is spent, is a matter."""
    wanted = with_deposit(500_000, bonds=450, target={"US": 50, "BND": 45, "CASH": 5})
    spent = with_deposit(500_000, bonds=450, to_account="free")

    assert idle(wanted) == []
    assert idle(spent) == []


def test_a_purchase_of_what_is_not_under_its_target_does_not_say_that_it_is() -> None:
    """Bonds are bought with the deposit so that the other account can make room for stocks."""
    accounts = [account("plan", "traditional", menu=("BND",)), account("free")]
    lots = [lot("free", "US", 500, "30000"), lot("free", "BND", 450, "45000")]
    request = Request(deposits={"plan": 500_000})
    mandate_ = mandate(tree({"US": 60, "BND": 40}), accounts=accounts)

    plan = decide(state(lots, plan="0", free="0"), mandate_, market(PRICES), DAY, request)

    (bought,) = [trade for trade in plan.trades if trade.account == "plan"]
    assert (bought.instrument, bought.reason) == ("BND", "new-cash")
    assert "is not under its target" in bought.why
