"""What every implementation of the port `Broker` does; each is run through this one suite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from tests.execution.desks import AT, opening_of
from trimtab.costs import Costs
from trimtab.execution.brokers import PaperTerms
from trimtab.execution.opening import opening_drafts
from trimtab.execution.orders import order_id
from trimtab.ledger.chain import sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.model.numbers import Price
from trimtab.model.orders import BrokerEvent, Order, OrderState, Side

COSTS = Costs(half_spread_bps=10, commission=1)


@dataclass(frozen=True)
class Shop:
    """A broker for one account with 100 VTI at 200.00 and 10,000.00 in cash."""

    broker: Any
    folded: Folded

    def report(self) -> list[BrokerEvent]:
        """Everything reported so far."""
        return list(self.broker.report(0)[1])


def terms_and_book(**more: Any) -> tuple[PaperTerms, Callable[[], Folded]]:
    """The terms and the record of the suite's household."""
    mandate_ = mandate(
        tree({"VTI": 60, "BND": 40}), accounts=[account("roth", "roth")], costs=COSTS
    )
    held = state([lot("roth", "VTI", 100)], roth="10000.00")
    drafts = opening_drafts(opening_of(held, mandate_), mandate_.household.instruments, AT)
    folded = fold(sealed(drafts, NOTHING.head))
    terms = PaperTerms.of(mandate_, market({"VTI": "200.00", "BND": "50.00"}))
    return replace(terms, **more), lambda: folded


def order(side: Side, instrument: str, quantity: int, *, limit: str = "", part: int = 0) -> Order:
    """An order of the suite's household."""
    usual = {"buy": "1000", "sell": "1"}[side]
    return Order(
        id=order_id(account="roth", plan="p", instrument=instrument, side=side, part=part),
        account="roth",
        instrument=instrument,
        side=side,
        quantity=quantity,
        amount=None,
        limit=Price.of(Decimal(limit or usual)),
        plan="p",
        slice=part,
        lots=(("roth-VTI-2017-03-06-100", quantity),) if side == "sell" else (),
    )


class BrokerContract:
    """Subclasses offer `shop`, a fixture that makes a `Shop`."""

    def test_an_order_is_filled_once_however_often_it_is_sent(self, shop: Shop) -> None:
        """The same id is the same order: sending it again changes nothing."""
        first = order("sell", "VTI", 40)
        for _ in range(3):
            shop.broker.submit(first)

        fills = [event.fill for event in shop.report() if event.fill is not None]
        assert [fill.quantity for fill in fills] == [40]

    def test_reports_are_numbered_and_repeatable(self, shop: Shop) -> None:
        """Asked from a number on, a report holds what came after it, the same each time."""
        shop.broker.submit(order("sell", "VTI", 1))
        number, before = shop.broker.report(0)
        shop.broker.submit(order("buy", "BND", 1))

        newest, after = shop.broker.report(number)
        assert shop.broker.report(0) == (newest, (*before, *after))
        assert {event.order for event in after} == {order("buy", "BND", 1).id}
        assert shop.broker.report(newest) == (newest, ())

    def test_half_the_spread_and_the_commission_are_paid(self, shop: Shop) -> None:
        """Bought above, sold below the close by half the spread; cash moves a session later."""
        shop.broker.submit(order("sell", "VTI", 10))
        shop.broker.submit(order("buy", "BND", 10))

        sold, bought = [event.fill for event in shop.report() if event.fill is not None]
        assert (str(sold.price), sold.gross, sold.fees) == ("199.8", 199800, 100)
        assert (str(bought.price), bought.gross, bought.fees) == ("50.05", 50050, 100)
        assert sold.on == DAY
        assert str(sold.settles) == "2026-04-01"

    @pytest.mark.parametrize(
        "refused",
        [
            order("sell", "VTI", 101),
            order("buy", "BND", 201),
            order("buy", "BND", 10, limit="50.04"),
            order("sell", "VTI", 10, limit="199.81"),
            replace(order("buy", "BND", 1), instrument="NONE"),
        ],
        ids=["no lots", "no cash", "buy limit", "sell limit", "unknown symbol"],
    )
    def test_what_cannot_be_is_rejected(self, shop: Shop, refused: Order) -> None:
        """No lots, no cash, a limit that is not met, an unknown symbol: rejected, with a reason."""
        shop.broker.submit(refused)

        (event,) = shop.report()
        assert event.state is OrderState.REJECTED
        assert event.message
        assert event.fill is None

    def test_sold_lots_cannot_be_sold_again(self, shop: Shop) -> None:
        """What this broker traded counts at once, before anybody has booked it."""
        shop.broker.submit(order("sell", "VTI", 60))
        shop.broker.submit(order("sell", "VTI", 60, part=1))

        assert shop.report()[-1].state is OrderState.REJECTED

    def test_proceeds_can_be_spent(self, shop: Shop) -> None:
        """What was sold pays for what is bought, on the same day."""
        shop.broker.submit(order("sell", "VTI", 100))
        shop.broker.submit(order("buy", "BND", 590))

        assert shop.report()[-1].state is OrderState.FILLED

    def test_cancelling_what_is_over_changes_nothing(self, shop: Shop) -> None:
        """A cancel that comes too late is answered with what became of the order."""
        done = order("sell", "VTI", 1)
        shop.broker.submit(done)
        before = shop.report()

        assert shop.broker.cancel(done.id).state is OrderState.FILLED
        assert shop.report() == before

    def test_an_order_cancelled_before_it_came_is_dead(self, shop: Shop) -> None:
        """A copy that arrives after the cancel trades nothing."""
        late = order("sell", "VTI", 1)
        shop.broker.cancel(late.id)
        shop.broker.submit(late)

        assert [event.state for event in shop.report()] == [OrderState.CANCELLED]

    def test_a_fate_is_known(self, shop: Shop) -> None:
        """A broker that can tell says whether an order ever came."""
        sent = order("sell", "VTI", 1)
        assert shop.broker.fate(sent.id) is None

        shop.broker.submit(sent)

        assert shop.broker.fate(sent.id).state is OrderState.FILLED
