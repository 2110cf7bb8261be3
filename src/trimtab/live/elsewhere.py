"""Trades that no plan asked for, booked into the record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from trimtab.adapters.exchange_day import day_at
from trimtab.adapters.fills_csv import read_fills
from trimtab.execution.elsewhere import Elsewhere, elsewhere
from trimtab.execution.manual import HandTrade
from trimtab.ledger.folded import Folded
from trimtab.live.kinds import BY_HAND
from trimtab.live.observed import ObservedBook
from trimtab.live.venue import need_one_record
from trimtab.live.writing import now_text, write
from trimtab.model.frozen import dataclass
from trimtab.model.market import Market


@dataclass(frozen=True, slots=True)
class ToBook:
    """Trades of a file, and what would be booked of them."""

    trades: tuple[HandTrade, ...]
    found: Elsewhere
    known: Folded


def to_book_trades(book: ObservedBook, path: Path, *, as_it_was: bool = False) -> ToBook:
    """What `book_trades` would book, every line checked; nothing is written.

    Raises:
        InputError: The file has lines that cannot be read.
        RefusedError: With each trade that cannot be booked, and why.
    """
    need_one_record(book)
    today = day_at(book.portfolio.calendar, book.clock.now())
    household = book.household()
    trades = read_fills(path, household, on=today, until=today, elsewhere=True)
    known = book.prepared(book.as_of()).folded
    return ToBook(trades, _found(book, known, trades, as_it_was), known)


def book_trades(book: ObservedBook, path: Path, *, as_it_was: bool = False) -> ToBook:
    """Book trades that no plan asked for; the same line twice is the same trade.

    Args:
        book: The portfolio.
        path: `account,symbol,side,quantity,price,date` and, if need be, `fees,lot,id`, as CSV.
        as_it_was: Book figures that look like slips; without it they are refused.
    """
    checked = to_book_trades(book, path, as_it_was=as_it_was)
    if checked.found.drafts:
        write(
            book,
            lambda folded: list(_found(book, folded, checked.trades, as_it_was).drafts),
        )
    return checked


def _found(
    book: ObservedBook, known: Folded, trades: tuple[HandTrade, ...], as_it_was: bool
) -> Elsewhere:
    portfolio = book.portfolio
    accounts = portfolio.household.accounts

    def market(day: date) -> Market:
        return book.market_shown(portfolio.calendar.session_on_or_before(day))

    return elsewhere(
        known,
        trades,
        household=book.household(),
        calendar=portfolio.calendar,
        markets=market,
        by_hand=lambda name: accounts[name].broker == BY_HAND,
        at=now_text(book),
        as_it_was=as_it_was,
    )
