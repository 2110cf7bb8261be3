"""Where an opened portfolio trades: the broker of each account, on paper or for real."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from trimtab.adapters.paper_broker import BROKER_FILE, PaperBroker
from trimtab.adapters.plan_files import SavedPlan
from trimtab.execution.brokers import PaperTerms
from trimtab.ledger.folded import Folded
from trimtab.ledger.record import caught_up
from trimtab.live.kinds import BY_HAND, ON_PAPER, mixed, not_set_up
from trimtab.live.observed import ObservedBook
from trimtab.model.errors import RefusedError
from trimtab.model.market import Market
from trimtab.model.ports import Broker


def need_one_record(book: ObservedBook) -> None:
    """Refuse a household of which some accounts trade on paper and others do not.

    Its record is the real one, and what never happened must not enter it (docs/decisions/0009).

    Raises:
        RefusedError: Names the accounts of either kind and what to write instead, or the account
            whose broker is not set up.
    """
    text = mixed(book.portfolio.household)
    if not text:
        return
    need_brokers(book, book.brokers)
    raise RefusedError(text)


def real_accounts(book: ObservedBook) -> frozenset[str]:
    """Accounts at a broker that trades real money: the gate judges their prices by the clock."""
    accounts = book.portfolio.household.accounts.values()
    return frozenset(a.id for a in accounts if a.broker not in (BY_HAND, ON_PAPER))


def brokers_of(
    book: ObservedBook, real: Mapping[str, Broker], terms: PaperTerms
) -> dict[str, Broker]:
    """The broker of each account that has one; an account on paper has none beside real ones."""
    need_brokers(book, real)
    found: dict[str, Broker] = {}
    paper: PaperBroker | None = None
    for account in book.portfolio.household.accounts.values():
        if account.broker == BY_HAND:
            continue
        if account.broker == ON_PAPER:
            if not book.is_paper:
                continue
            paper = paper or PaperBroker(
                book.paper_folder / BROKER_FILE,
                terms=terms,
                book=_Known(book),
                clock=book.clock,
            )
            found[account.id] = paper
        else:
            found[account.id] = real[account.broker]
    return found


def paper_terms(book: ObservedBook, market: Market) -> PaperTerms:
    """What paper brokers trade by at a market's prices: in part where the folder says so."""
    mandate = book.mandate(market.as_of)
    if book.portfolio.participation is None or not book.is_paper:
        return PaperTerms.of(mandate, market)
    return PaperTerms.of(
        mandate,
        market,
        volumes=book.volumes(market.as_of),
        participation=book.portfolio.participation,
    )


def need_brokers(book: ObservedBook, real: Mapping[str, Broker]) -> None:
    """Refuse an account at a broker that is not set up.

    Raises:
        RefusedError: Names the account, and the brokers that are known.
    """
    for _, text in not_set_up(book.portfolio.household, real):
        raise RefusedError(text)


class _Known:
    """The record as the paper broker sees it: everything that was written up to this moment."""

    def __init__(self, book: ObservedBook) -> None:
        self._book = book
        self._folded = Folded()

    def __call__(self) -> Folded:
        self._folded = caught_up(self._book.store, self._folded)
        return self._folded


def today_of(book: ObservedBook, saved: SavedPlan) -> date | None:
    """The day that a plan must not be older than a session of.

    Real money goes by the clock. On paper and by hand it is the newest day with prices; a plan
    whose day somebody named is of the day they want.
    """
    traded = {trade.account for trade in saved.plan.trades}
    accounts = book.portfolio.household.accounts
    if any(accounts[name].broker not in (BY_HAND, ON_PAPER) for name in traded & set(accounts)):
        return max(book.clock.now().date(), saved.plan.as_of)
    return None if saved.day_asked else max(book.as_of(), saved.plan.as_of)
