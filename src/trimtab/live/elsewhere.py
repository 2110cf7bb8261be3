"""Trades that no plan asked for, booked into the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from trimtab.adapters.exchange_day import day_at
from trimtab.adapters.fills_csv import read_fills
from trimtab.execution.corporate import actions_due
from trimtab.execution.elsewhere import Elsewhere, elsewhere
from trimtab.execution.manual import HandTrade
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.live.kinds import BY_HAND
from trimtab.live.observed import ObservedBook
from trimtab.live.venue import need_one_record
from trimtab.live.writing import now_text, write_all, written
from trimtab.model.findings import Finding
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
    return ToBook(trades, _found(book, trades, as_it_was)[1], known)


def book_trades(book: ObservedBook, path: Path, *, as_it_was: bool = False) -> ToBook:
    """Book trades that no plan asked for; the same line twice is the same trade.

    A trade from before a split that is not booked yet is booked before it.

    Args:
        book: The portfolio.
        path: `account,symbol,side,quantity,price,date` and, if need be, `fees,lot,id`, as CSV.
        as_it_was: Book figures that look like slips; without it they are refused.
    """
    checked = to_book_trades(book, path, as_it_was=as_it_was)
    if checked.found.drafts:
        write_all(book, lambda: _found(book, checked.trades, as_it_was)[0])
    return checked


def _found(
    book: ObservedBook, trades: tuple[HandTrade, ...], as_it_was: bool
) -> tuple[list[Draft], Elsewhere]:
    """All that is to be written, in the order of its days, and the trades of it by themselves."""
    calendar, last = book.portfolio.calendar, book.as_of()
    ready = book.prepared(last)
    splits = [
        (str(draft.body["instrument"]), date.fromisoformat(str(draft.body["on"])))
        for draft in ready.drafts
        if draft.kind == "split"
    ]
    cuts = sorted(
        {
            on
            for name, on in splits
            if any(trade.instrument == name and trade.on < on for trade in trades)
        }
    )
    drafts: list[Draft] = []
    booked: list[Draft] = []
    findings: list[Finding] = []
    now, since = book.folded(), date.min
    for cut in (*cuts, date.max):
        day = last if cut == date.max else calendar.session_on_or_before(cut - timedelta(days=1))
        due = written(
            book,
            book.prepared(day).drafts
            if since == date.min
            else actions_due(
                now, book.market(day), paper=book.paper_accounts, at=now_text(book)
            ).drafts,
        )
        now = fold(sealed(due, now.head), now)
        part = _part(book, now, [one for one in trades if since <= one.on < cut], as_it_was)
        now = fold(sealed(part.drafts, now.head), now)
        drafts += [*due, *part.drafts]
        booked += part.drafts
        findings += part.findings
        since = cut
    return drafts, Elsewhere(tuple(booked), tuple(findings))


def _part(
    book: ObservedBook, known: Folded, trades: Sequence[HandTrade], as_it_was: bool
) -> Elsewhere:
    """Trades among which no split is due, beside what is known before them."""
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
