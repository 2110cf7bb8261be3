"""What was booked wrongly, put right by new entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

from trimtab.adapters.exchange_day import day_at
from trimtab.execution.correcting.task import Change
from trimtab.execution.corrections import Correction, correction
from trimtab.execution.doubts import FAR_FROM_MARKET, doubts_of_correction
from trimtab.ledger.record import record
from trimtab.live.kinds import BY_HAND
from trimtab.live.observed import ObservedBook
from trimtab.live.venue import need_one_record
from trimtab.live.writing import now_text, write
from trimtab.model.errors import RefusedError
from trimtab.model.market import Market
from trimtab.model.settlement import settles_on


def correct(
    book: ObservedBook,
    entry: int,
    change: Change,
    *,
    reason: str,
    again: bool = False,
    as_it_was: bool = False,
) -> Correction:
    """Put right what was booked wrongly, by new entries.

    Args:
        book: The portfolio.
        entry: The number of the entry that was wrong.
        change: What was different from what it says.
        reason: Why, for whoever reads the record.
        again: It was voided, and happened after all.
        as_it_was: Book a price or a basis that is far from the market's; without it, it is refused.

    Raises:
        RefusedError: It cannot be corrected, or not so.
    """
    if again:
        # A split that waited for the trade to be taken back comes before it.
        write(book, lambda _: [])
    found = to_correct(book, entry, change, reason=reason, again=again, as_it_was=as_it_was)
    book.repair()
    record(book.store, found.before, found.drafts)
    return found


def to_correct(
    book: ObservedBook,
    entry: int,
    change: Change,
    *,
    reason: str,
    again: bool = False,
    as_it_was: bool = False,
) -> Correction:
    """What `correct` would book; nothing is written."""
    need_one_record(book)
    for day in (change.on, change.acquired):
        if day is not None:
            book.need_begun(day)
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("a correction needs a reason, in a line of plain text")
    folded = book.folded()
    today = day_at(book.portfolio.calendar, book.clock.now())
    accounts = book.portfolio.household.accounts.values()
    found = correction(
        book.entries(),
        folded,
        entry,
        change,
        again=again,
        accounts=[account.id for account in accounts if account.broker == BY_HAND],
        reason=reason,
        on=max(today, folded.opened_on or today),
        at=now_text(book),
        settles=partial(settles_on, book.portfolio.calendar),
    )
    doubts = tuple(doubts_of_correction(found, lambda day: _market_of(book, day)))
    far = [doubt.message for doubt in doubts if doubt.code == FAR_FROM_MARKET]
    if far and not as_it_was:
        raise RefusedError(
            f"nothing was corrected: {'; '.join(far)}. If it was so all the same, say so with "
            "--as-it-was"
        )
    return replace(found, findings=(*found.findings, *doubts))


def _market_of(book: ObservedBook, day: date) -> Market:
    """What the price files say on a day, or at the session before it."""
    return book.market_shown(book.portfolio.calendar.session_on_or_before(day))
