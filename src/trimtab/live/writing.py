"""What every change of the record goes through: its day, its hour, and what comes before it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence

from trimtab.execution.opening import seeding
from trimtab.ledger.chain import EMPTY, Draft
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import Folded
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import record
from trimtab.live.observed import ObservedBook
from trimtab.model.errors import RefusedError


def write_alone(book: ObservedBook, draft: Draft) -> Folded:
    """Add what has no day of the market: nothing is booked but that, and the opening before it.

    A history that is walked day by day stays on the day where it is.
    """
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    instruments = book.household().instruments
    opening = book.opening_on(book.as_of())
    first = seeding(book.entries(), opening, instruments=instruments, at=now_text(book))
    record(book.store, book.folded(), [*first, draft])
    return book.folded()


def write(book: ObservedBook, drafts_after: Callable[[Folded], list[Draft]]) -> Folded:
    """Bring the record up to the newest session, then add what a function says knowing it."""
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    ready = book.prepared(book.as_of())
    folded = book.folded()
    due = written(book, ready.drafts)
    if due:
        folded = record(book.store, folded, due)
    record(book.store, folded, drafts_after(folded))
    return book.folded()


def write_all(book: ObservedBook, drafts: Callable[[], list[Draft]]) -> Folded:
    """Add what a function says, which is all that is to be written, what is due first included."""
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    found = drafts()
    record(book.store, book.folded(), found)
    return book.folded()


def written(book: ObservedBook, drafts: Sequence[Draft]) -> list[Draft]:
    """Those that this record takes: it keeps no money that exists only on paper beside real."""
    return [draft for draft in drafts if not _is_of_paper(draft, book)]


def _is_of_paper(draft: Draft, book: ObservedBook) -> bool:
    """Whether an entry is of money that exists only on paper, and the record is the real one."""
    is_paid = draft.kind == "dividend_paid" and draft.body["account"] in book.paper_accounts
    return is_paid and not book.is_paper


def copy_of(book: ObservedBook) -> MemoryLedger:
    """The record in memory, for looking at what would become of it."""
    store = MemoryLedger()
    store.append(book.entries(), EMPTY)
    return store


def need_account(book: ObservedBook, account: str) -> None:
    """Refuse an account that is not there."""
    known = book.portfolio.household.accounts
    if account not in known:
        raise RefusedError(f"{account} is no account: known are {', '.join(known)}")


def now_text(book: ObservedBook) -> str:
    """This moment, as entries write it."""
    return instant_text(book.clock.now())


def user_name() -> str:
    """Who is at the machine, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
