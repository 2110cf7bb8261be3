"""The fold: from the entries of a ledger to everything that is known after the last of them.

Pure and deterministic: the same entries give the same state, byte for byte, whether they are
folded at once or in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from trimtab.ledger import fold_holdings, fold_trading
from trimtab.ledger.books import Books
from trimtab.ledger.chain import Entry
from trimtab.ledger.errors import FoldError
from trimtab.ledger.fields import Fields
from trimtab.ledger.folded import NOTHING, Folded, Posting

_FOLDS: Final[dict[str, Callable[[Books, Fields], None]]] = {
    "opened": fold_holdings.opened,
    "declared": fold_holdings.declared,
    "deposited": fold_holdings.deposited,
    "withdrawn": fold_holdings.withdrawn,
    "interest_paid": fold_holdings.interest_paid,
    "fee_charged": fold_holdings.fee_charged,
    "dividend_paid": fold_holdings.dividend_paid,
    "split": fold_holdings.split,
    "actions_booked": fold_holdings.actions_booked,
    "transferred": fold_holdings.transferred,
    "basis_adjusted": fold_holdings.basis_adjusted,
    "corrected": fold_holdings.corrected,
    "planned": fold_trading.planned,
    "approved": fold_trading.approved,
    "order_intended": fold_trading.order_intended,
    "order_gated": fold_trading.order_gated,
    "order_sent": fold_trading.order_sent,
    "order_accepted": fold_trading.order_accepted,
    "order_rejected": fold_trading.order_rejected,
    "order_cancelled": fold_trading.order_cancelled,
    "order_unknown": fold_trading.order_unknown,
    "overfilled": fold_trading.overfilled,
    "filled": fold_trading.filled,
    "settled": fold_trading.settled,
    "halted": fold_trading.halted,
    "resumed": fold_trading.resumed,
    "period_acted": fold_trading.period_acted,
    "target_adopted": fold_trading.target_adopted,
    "prices_accepted": fold_trading.prices_accepted,
}

KINDS: Final = frozenset(_FOLDS)
"""Every kind of entry that there is."""


def fold(entries: Iterable[Entry], after: Folded = NOTHING) -> Folded:
    """Everything known after these entries, which follow `after`.

    Raises:
        FoldError: at the first entry that cannot have happened after the ones before it; it names
            the entry, and a code that says what is wrong.
    """
    entries = list(entries)
    if not entries:
        return after
    books = Books(after)
    for entry in entries:
        _apply(books, entry)
    return books.folded()


def journal(
    entries: Iterable[Entry], after: Folded = NOTHING
) -> Iterator[tuple[Entry, tuple[Posting, ...]]]:
    """Each entry with its postings, which sum to zero in every unit.

    Raises:
        FoldError: as `fold` does.
    """
    books = Books(after)
    for entry in entries:
        yield entry, _apply(books, entry)


def _apply(books: Books, entry: Entry) -> tuple[Posting, ...]:
    body = Fields(entry.body, seq=entry.seq, kind=entry.kind)
    if entry.seq != books.head.seq + 1 or entry.prev != books.head.hash:
        raise body.error(f"it does not follow entry {books.head.seq}", "not-in-order")
    known = _FOLDS.get(entry.kind)
    if known is None:
        message = "this program does not know such entries; a newer version wrote it: upgrade"
        raise body.error(message, "kind-unknown")
    _check_opening(books, body)
    known(books, body)
    body.done()
    return books.close(entry)


def _check_opening(books: Books, body: Fields) -> None:
    """A record opens once, first; a large opening goes on before anything else happens."""
    is_opening = body.kind == "opened"
    if books.opened_on is None and not is_opening:
        raise body.error("the first entry of a record is its opening", "not-opened")
    if not is_opening:
        return
    if not books.opening_parts == books.head.seq == body.whole("part"):
        raise body.error("a record is opened once, at its beginning", "opened-twice")


__all__ = ["KINDS", "FoldError", "fold", "journal"]
