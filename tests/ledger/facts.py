"""Entries that tests of the fold are written with: a plan, its orders, fills; what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.ledger.histories import AT, SHA, folded_after, opening_lots
from trimtab.ledger import events
from trimtab.ledger.canonical import Json
from trimtab.ledger.chain import Draft
from trimtab.ledger.errors import FoldError
from trimtab.ledger.events import relieved_part
from trimtab.ledger.folded import Folded
from trimtab.model.numbers import Price
from trimtab.model.orders import Fill, Order

DAY = date(2026, 3, 31)
NEXT = date(2026, 4, 1)
OTHER = "7" * 64
SELL = Order("o1", "brokerage", "VTI", "sell", 41, None, Price(30000, -2), "p1", lots=(("L1", 41),))
BUY = Order("o2", "roth", "VXUS", "buy", 500, None, Price(6101, -2), "p1")
ACCEPTED = events.order_accepted("o1", at=AT)
REJECTED = events.order_rejected("o1", message="no", at=AT)
CANCELLED = events.order_cancelled("o1", at=AT)
UNKNOWN = events.order_unknown("o1", message="timeout", at=AT)


def plan() -> list[Draft]:
    """A plan that somebody approved."""
    return [
        events.planned("p1", SHA, as_of=DAY, head="", at=AT),
        events.approved("p1", SHA, by="owner", at=AT),
    ]


def sent(order: Order) -> list[Draft]:
    """An order of that plan on its way."""
    return [
        events.order_intended(order, at=AT),
        events.order_gated(order.id, SHA, at=AT),
        events.order_sent(order.id, SHA, at=AT),
    ]


def sale(steps: int = 41, *, fill: str = "f1", order: str = "o1", lot: str = "L1") -> Draft:
    """A fill of the sale, at 300.00 with fees of 3.10."""
    held = {x.id: x for x in opening_lots()}[lot]
    fact = Fill(fill, order, steps, Price(30000, -2), 30_000 * steps, 310, DAY, NEXT)
    return events.filled(
        fact,
        account=held.account,
        instrument=held.instrument,
        side="sell",
        relieved=[relieved_part(held, steps)],
        at=AT,
    )


def purchase(steps: int = 500, *, fill: str = "f2", lot: str = "N1") -> Draft:
    """A fill of the purchase: hundredths of a share at 61.01."""
    fact = Fill(fill, "o2", steps, Price(6101, -2), 61 * steps, 100, DAY, NEXT)
    return events.filled(fact, account="roth", instrument="VXUS", side="buy", lot=lot, at=AT)


def refused(*drafts: Draft) -> FoldError:
    """The error at the last of these; all before it are fine."""
    before = folded_after(*drafts[:-1])
    with pytest.raises(FoldError) as caught:
        folded_after(drafts[-1], start=before)
    assert caught.value.seq == before.head.seq + 1
    assert caught.value.kind == drafts[-1].kind
    return caught.value


def codes(folded: Folded) -> list[str]:
    """What was noticed."""
    return [finding.code for finding in folded.findings]


def changed(draft: Draft, **members: Json) -> Draft:
    """The draft with other members in its body."""
    return replace(draft, body={**draft.body, **members})


def without(draft: Draft, member: str) -> Draft:
    """The draft with a member missing."""
    return replace(draft, body={k: v for k, v in draft.body.items() if k != member})
