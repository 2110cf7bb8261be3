"""When the record says that a target stands as its last rebalance left it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from tests.ledger.histories import AT, SHA, folded_after
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.model.numbers import Price
from trimtab.model.orders import Fill, Order

DAY = date(2026, 3, 31)
LATER = DAY + timedelta(days=1)
BUY = Order("o2", "roth", "VXUS", "buy", 500, None, Price(6101, -2), "p1")
WEIGHTS = {"us": Fraction(1)}


def approved() -> list[Draft]:
    """A plan with one order on its way."""
    return [
        events.planned("p1", SHA, as_of=DAY, head="", at=AT),
        events.approved("p1", SHA, by="owner", at=AT),
        events.order_intended(BUY, at=AT),
        events.order_gated(BUY.id, SHA, at=AT),
        events.order_sent(BUY.id, SHA, at=AT),
    ]


def filled(steps: int) -> Draft:
    """So many of the 500 steps."""
    fact = Fill("f2", "o2", steps, Price(6101, -2), 61 * steps, 100, DAY, LATER)
    return events.filled(fact, account="roth", instrument="VXUS", side="buy", lot="N1", at=AT)


def adopted() -> Draft:
    """The rebalance is done."""
    return events.target_adopted("household", WEIGHTS, accounts=["roth"], on=DAY, at=AT)


def test_a_rebalance_filled_to_the_last_step_stands() -> None:
    """Nothing has happened since: its target is undisturbed."""
    folded = folded_after(*approved(), filled(500), adopted())

    assert folded.undisturbed == {"household"}


def test_a_rebalance_filled_in_part_does_not_stand() -> None:
    """What is missing is to be planned again."""
    cancelled = events.order_cancelled(BUY.id, message="the day ended", at=AT)

    folded = folded_after(*approved(), filled(499), cancelled, adopted())

    assert folded.rebalanced_on == {"household": DAY}
    assert folded.undisturbed == frozenset()


@pytest.mark.parametrize(
    "event",
    [
        events.deposited("k401", 1, on=LATER, at=AT),
        events.withdrawn("roth", 1, on=LATER, at=AT),
        events.fee_charged("roth", 1, on=LATER, at=AT),
    ],
    ids=["deposit", "withdrawal", "fee"],
)
def test_whatever_changes_the_book_disturbs(event: Draft) -> None:
    """Money that comes or goes anywhere in the household is a reason to look again."""
    folded = folded_after(*approved(), filled(500), adopted(), event)

    assert folded.undisturbed == frozenset()
