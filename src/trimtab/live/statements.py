"""What a broker states beside the record: where they differ, and the record brought to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from trimtab.execution.corporate import splits_stated
from trimtab.execution.dividends import Payment, payments_awaited
from trimtab.execution.doubts import doubts_of_statement
from trimtab.execution.reconcile import Mismatch, Statement, differences
from trimtab.execution.splits import countable
from trimtab.execution.statement import Adjustment, adjustment
from trimtab.ledger.record import record
from trimtab.ledger.store import LedgerStore
from trimtab.live.observed import ObservedBook, awaited_since
from trimtab.live.venue import need_one_record
from trimtab.live.writing import copy_of, need_account, now_text
from trimtab.model.errors import RefusedError
from trimtab.model.instruments import Instrument


def mismatches(
    book: ObservedBook, statement: Statement, *, on: date | None = None
) -> tuple[Mismatch, ...]:
    """Where a statement and the record disagree; empty if nowhere.

    Args:
        book: The portfolio.
        statement: What the broker says.
        on: Its day, on which a later split has not multiplied anything yet; by default the newest
            with prices.

    Raises:
        RefusedError: The record reaches further than that day, or begins after it.
    """
    if on is not None:
        _statement_day(book, on)
    folded = book.prepared(_session_of(book, on)).folded
    return differences(
        statement,
        lots=tuple(folded.lots.values()),
        cash=folded.cash,
        instruments=_known_instruments(book, statement),
    )


def adjust(
    book: ObservedBook, statement: Statement, *, on: date | None = None, income: bool = False
) -> Adjustment:
    """Bring the record to what a statement says; a person has said that it is right.

    Positions are moved by transfers. New cash is the dividends that are waited for, where it has
    room for them; the rest is a transfer, or interest.

    Args:
        book: The portfolio.
        statement: What the broker says.
        on: Its day; by default the newest with prices.
        income: The rest of new cash is interest.

    Raises:
        RefusedError: Orders of the account are open, the day cannot be, or something in it cannot
            be booked.
    """
    found = to_adjust(book, statement, on=on, income=income)
    if not found.drafts:
        return found
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    return _adjusted(book, statement, book.store, on, income=income)


def to_adjust(
    book: ObservedBook, statement: Statement, *, on: date | None = None, income: bool = False
) -> Adjustment:
    """What `adjust` would book; nothing is written."""
    need_account(book, statement.account)
    need_one_record(book)
    folded = book.folded()
    waiting = [r for r in folded.orders.values() if r.order.account == statement.account]
    if any(not record.state.is_final for record in waiting):
        raise RefusedError(
            f"orders in {statement.account} are open, so record and statement have to differ: "
            "record what was traded, or close them, then compare again"
        )
    return _adjusted(book, statement, copy_of(book), on, income=income)


def _adjusted(
    book: ObservedBook, statement: Statement, store: LedgerStore, on: date | None, *, income: bool
) -> Adjustment:
    day = _statement_day(book, on)
    found = mismatches(book, statement, on=on)
    if not found:
        return Adjustment((), ())
    as_of = _session_of(book, on)
    ready = book.prepared(as_of)
    since = awaited_since(book, day)
    folded = record(store, book.folded(), ready.drafts) if ready.drafts else book.folded()
    late = splits_stated(
        folded,
        book.market_shown(as_of),
        _stated_steps(book, statement),
        account=statement.account,
        at=now_text(book),
    )
    if late.drafts:
        record(store, folded, late.drafts)
        return Adjustment(late.drafts, late.findings)
    awaited: tuple[Payment, ...] = ()
    if statement.account not in book.paper_accounts:
        dividends = countable(folded, book.market(as_of))
        awaited = payments_awaited(store.read(), statement.account, dividends, since=since)
    done = adjustment(
        found,
        folded,
        instruments=book.household().instruments,
        on=day,
        at=now_text(book),
        awaited=awaited,
        income=income,
    )
    record(store, folded, done.drafts)
    return replace(done, findings=(*doubts_of_statement(found), *done.findings))


def _stated_steps(book: ObservedBook, statement: Statement) -> dict[str, int]:
    """Whole steps of a statement, of the instruments that are known."""
    known = book.household().instruments
    return {
        name: int(units / known[name].step)
        for name, units in statement.positions.items()
        if name in known
    }


def _session_of(book: ObservedBook, on: date | None) -> date:
    """The session up to which the record is brought before a statement is laid beside it.

    What happened after the day of the statement is in neither of them.
    """
    newest = book.as_of()
    return newest if on is None else min(book.as_of(on), newest)


def _statement_day(book: ObservedBook, on: date | None) -> date:
    """The day of a statement: not before what the record has, and not in the future."""
    folded = book.folded()
    # A correction is of the day on which it was made, whatever day it is about.
    dated = [entry for entry in book.entries() if entry.kind != "corrected"]
    days = [str(entry.body["on"]) for entry in dated if entry.body.get("on")]
    known = [date.fromisoformat(day) for day in days]
    known += [one for one in (folded.opened_on, folded.actions_through) if one is not None]
    opening = book.opening
    if not known and opening is not None:
        known = [opening.on]
    last = max(known, default=None)
    if on is None:
        return max(book.as_of(), last) if last is not None else book.as_of()
    book.need_begun(on)
    if folded.opened_on is not None and on < folded.opened_on:
        raise RefusedError(f"{on} is before the record begins, on {folded.opened_on}")
    if last is not None and on < last:
        raise RefusedError(
            f"a statement of {on} cannot be compared with a record that reaches {last}: export a "
            "newer one"
        )
    return on


def _known_instruments(book: ObservedBook, statement: Statement) -> Mapping[str, Instrument]:
    known = book.household().instruments
    strangers = {name: Instrument(name) for name in statement.positions if name not in known}
    return {**known, **strangers}
