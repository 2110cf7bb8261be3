"""What the record remembers for the next decision: settlement, sales, periods, targets."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from tests.ledger.facts import (
    BUY,
    DAY,
    NEXT,
    SELL,
    changed,
    plan,
    purchase,
    refused,
    sale,
    sent,
)
from tests.ledger.histories import AT, FIRST, folded_after
from trimtab.ledger import events
from trimtab.ledger.folded import state_at
from trimtab.model.numbers import Price
from trimtab.model.state import AcceptedPrice, Unsettled


def test_cash_is_unsettled_until_its_day() -> None:
    """Money that was earned moves on its day, or on the day that it really did."""
    folded = folded_after(*plan(), *sent(SELL), sale(41))
    earned = 41 * 30_000 - 310
    late = folded_after(
        events.settled("brokerage", "f1", on=NEXT + timedelta(days=2), at=AT), start=folded
    )

    assert state_at(folded, DAY).memory.unsettled == (Unsettled("brokerage", NEXT, earned),)
    assert state_at(folded, NEXT).memory.unsettled == ()
    assert len(state_at(late, NEXT).memory.unsettled) == 1
    unknown = events.settled("brokerage", "f9", on=NEXT, at=AT)
    early = events.settled("brokerage", "f1", on=FIRST, at=AT)
    assert refused(unknown).code == "fill-unknown"
    assert refused(*plan(), *sent(SELL), sale(41), early).code == "settles-early"


def test_the_memory_looks_back_as_far_as_the_tax_rules_do() -> None:
    """Sales of this year and of 30 days before; purchases of 30 days, day 30 in, day 31 out."""
    folded = folded_after(*plan(), *sent(BUY), purchase())

    def purchases(days: int) -> int:
        state = state_at(folded, DAY + timedelta(days=days))
        return sum(lot.id == "N1" for lot in state.memory.purchases)

    assert [purchases(days) for days in (0, 30, 31)] == [1, 1, 0]
    assert len(state_at(folded, date(2026, 1, 29)).memory.sales) == 1
    assert len(state_at(folded, date(2026, 1, 30)).memory.sales) == 0
    assert len(state_at(folded_after(sale(1, order="")), date(2026, 12, 31)).memory.sales) == 1


def test_what_was_decided_is_remembered() -> None:
    """Periods, adopted weights, the day, believed prices, and new cash from zero again."""
    weights = {"us": Fraction(54, 100), "bonds": Fraction(46, 100)}
    price = AcceptedPrice(Price(12345, -2), DAY)
    folded = folded_after(
        events.deposited("roth", 70_000, on=DAY, at=AT),
        events.deposited("k401", 30_000, on=DAY, at=AT),
        events.period_acted("household", "2026-03", on=DAY, at=AT),
        events.target_adopted("household", weights, accounts=["roth"], on=DAY, at=AT),
        events.prices_accepted({"VTI": price}, at=AT),
        events.actions_booked(DAY, at=AT),
    )

    memory = state_at(folded, DAY).memory

    assert memory.periods_acted == {"household": "2026-03"}
    assert memory.adopted == {"household": weights}
    assert memory.rebalanced_on == {"household": DAY}
    assert memory.accepted == {"VTI": price}
    assert memory.new_cash == {"k401": 30_000}
    assert memory.actions_through == DAY
    assert state_at(folded, DAY).head == folded.head.hash


def test_weights_that_are_no_shares_are_refused() -> None:
    """A target's weights are exact and sum to one."""
    right = events.target_adopted("household", {"us": Fraction(1)}, accounts=[], on=DAY, at=AT)

    for weights in ({"us": "1/2"}, {"us": "3/2", "b": "-1/2"}, {"us": "2/2"}, {"us": "1/0"}, {}):
        assert refused(changed(right, weights=weights)).code in ("weights-wrong", "malformed")  # type: ignore[arg-type]


def test_actions_are_booked_forwards() -> None:
    """The day through which splits and dividends are booked never goes back."""
    back = events.actions_booked(FIRST, at=AT)

    assert refused(events.actions_booked(DAY, at=AT), back).code == "actions-backwards"
