"""A plan carried out in memory: the same procedure over a copy of the record, sent to nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.adapters.limits_file import read_limits
from trimtab.execution.application import Application, Venue
from trimtab.execution.apply import book_deposits
from trimtab.execution.approval import approve, certainly_refused
from trimtab.execution.brokers import MemoryBroker, without_volume
from trimtab.execution.following import hear_brokers
from trimtab.execution.outcome import Applied, conclude, outcome
from trimtab.execution.sending import send_orders
from trimtab.ledger.chain import EMPTY
from trimtab.ledger.folded import Folded
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import caught_up
from trimtab.live.abroad import limits_abroad
from trimtab.live.admission import admit
from trimtab.live.kinds import BY_HAND
from trimtab.live.venue import (
    brokers_of,
    need_brokers,
    need_one_record,
    paper_terms,
    real_accounts,
    today_of,
)
from trimtab.model.findings import Finding
from trimtab.model.numbers import money_text

if TYPE_CHECKING:
    from trimtab.adapters.plan_files import SavedPlan
    from trimtab.live.book import OpenBook


def rehearsed(book: OpenBook, saved: SavedPlan) -> Applied:
    """What carrying out a plan would send, with the gate's word on each order.

    Everything is as `apply` has it, the clock by which real money goes and what brokers report
    included; but the orders go to others, in memory, which fill them at the plan's prices.

    Raises:
        RefusedError: The plan may not be carried out, as `apply` would say.
    """
    need_one_record(book)
    need_brokers(book, book.brokers)
    store = MemoryLedger()
    store.append(book.entries(), EMPTY)
    market = book.market_with(saved.plan.as_of, saved.prices)
    mandate = book.mandate(saved.plan.as_of)
    terms = paper_terms(book, market)
    broker = MemoryBroker(terms, _known(store))
    accounts = mandate.household.accounts.values()
    venue = Venue(
        store=store,
        clock=book.clock,
        mandate=mandate,
        market=market,
        opening=book.opening_on(saved.plan.as_of),
        brokers=brokers_of(book, book.brokers, terms),
        limits=read_limits(book.folder),
        paper=book.paper_accounts,
        real=real_accounts(book),
    )
    real = Application(saved.plan, saved.request, venue)
    admit(real, saved)
    approve(real, "dry run", today=today_of(book, saved))
    book_deposits(real)
    hear_brokers(real)
    others = {account.id: broker for account in accounts if account.broker != BY_HAND}
    venue = replace(venue, brokers=others, fresh_brokers=True)
    run = Application(saved.plan, saved.request, venue)
    run.findings.extend(real.findings)
    hear_brokers(run)
    send_orders(run)
    conclude(run)
    rehearsal = outcome(run)
    # What is booked in memory is booked nowhere.
    told = [f for f in rehearsal.findings if f.code not in ("deposit-booked", "withdrawal-waits")]
    coming = [
        Finding(
            "deposit-coming",
            account,
            f"applying books the deposit of {money_text(amount)} into {account}",
            "info",
        )
        for account, amount in sorted(run.request.deposits.items())
        if amount > 0 and rehearsal.status != "already"
    ]
    if rehearsal.status != "already":
        if certainly_refused(real):
            message = (
                "`trimtab apply` refuses all of this plan, since a part of it is certain to be "
                "refused: mend that, or carry out the rest with --in-part"
            )
            told.append(Finding("plan-refused", saved.plan.id, message, "error"))
        told += [f for f in saved.plan.findings if f.code == "typed-price-jump"]
        told += () if saved.day_asked else book.old_prices()
    told += limits_abroad(book, rehearsal.tickets, saved.plan.as_of)
    told += [*coming, *without_volume(terms, broker.orders.values()), *book.repairs]
    return replace(rehearsal, findings=tuple(told))


def _known(store: MemoryLedger) -> Callable[[], Folded]:
    return lambda: caught_up(store)
