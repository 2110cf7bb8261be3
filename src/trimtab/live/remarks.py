"""What there is to say of a portfolio before anything is decided or traded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.portfolio_tables.files import LEDGER_FILE, LOTS_FILE
from trimtab.execution.correcting.lots import root
from trimtab.execution.correcting.reading import tables
from trimtab.execution.doubts import doubts_of_opening
from trimtab.ledger.chain import Entry
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.live.observed import ObservedBook
from trimtab.live.places import lost_record
from trimtab.model.errors import InputError
from trimtab.model.findings import Finding
from trimtab.model.numbers import Price, money_text
from trimtab.model.plan import Plan


def remarks_on_limits(
    book: ObservedBook, plan: Plan, day: date, typed: Mapping[str, Price]
) -> list[Finding]:
    """What limits.toml is going to refuse, and what is wrong with it."""
    from trimtab.adapters.limits_file import LIMITS_FILE, read_limits
    from trimtab.execution.gate import beyond_limits

    try:
        limits = read_limits(book.folder)
    except InputError as error:
        return [
            Finding("limits-wrong", LIMITS_FILE, f"{problem}; nothing is traded", "error")
            for problem in error.problems
        ]
    return beyond_limits(plan, book.mandate(day), book.market_with(day, typed), limits)


def remarks_on_record(book: ObservedBook, day: date) -> list[Finding]:
    """What is strange about the record, seen from a day."""
    folded = book.folded()
    found = []
    if folded.opened_on is None:
        lost = lost_record(book.folder, book.home)
        if lost:
            found.append(Finding("record-lost", LEDGER_FILE, lost, "error"))
        known = book.portfolio.household.instruments
        steps = {name: instrument.step for name, instrument in known.items()}
        found += doubts_of_opening(book.portfolio.lots, steps, book.market_shown, day)
        opened = book.portfolio.opened
        if opened is not None and day < opened:
            found.append(_before(day, f"lots.csv is of {opened}"))
        return found
    latest = max((p for p in (folded.actions_through, folded.opened_on) if p), default=day)
    if day < latest:
        found.append(_before(day, f"the record reaches {latest}"))
    for scope, reason in sorted(folded.halted.items()):
        message = f"{scope} is halted: {reason}. No order leaves until somebody resumes it."
        found.append(Finding("halted", scope, message, "error"))
    digest = book.portfolio.hashes.get(LOTS_FILE)
    is_edited = digest is not None and digest != folded.lots_sha256
    if is_edited and not book.portfolio.opening_problems:
        found.extend(_edited(book.entries(), book.portfolio, folded))
    return found


def _before(day: date, why: str) -> Finding:
    message = f"this looks at {day}, but {why}: what is held is not what was held that day"
    return Finding("before-record", str(day), message)


def _edited(entries: tuple[Entry, ...], portfolio: Portfolio, folded: Folded) -> list[Finding]:
    """How lots.csv differs now from the one that seeded the record, and from corrections of it."""
    then = fold([entry for entry in entries if entry.kind == "opened"])
    now: dict[tuple[str, str], int] = {}
    for lot in portfolio.lots:
        now[lot.account, lot.instrument] = now.get((lot.account, lot.instrument), 0) + lot.quantity
    changes = [
        f"{key[1]} in {key[0]}"
        for key in sorted({*now, *then.positions})
        if now.get(key, 0) != then.positions.get(key, 0)
    ]
    for account in sorted({*then.cash, *portfolio.cash}):
        before, after = then.cash.get(account, 0), portfolio.cash.get(account, 0)
        if before != after:
            changes.append(f"cash in {account} ({money_text(before)} -> {money_text(after)})")
    put_right = corrected_lots(entries)
    how, is_done = [], False
    for lot in portfolio.lots:
        was = then.lots.get(lot.id)
        if was is None or (was.basis, was.acquired) == (lot.basis, lot.acquired):
            continue
        if lot.id in put_right:
            is_done = True
            continue
        what = []
        if lot.basis != was.basis and lot.basis is not None:
            what.append(f"--basis {money_text(lot.basis)}")
        if lot.acquired != was.acquired and isinstance(lot.acquired, date):
            what.append(f"--acquired {lot.acquired}")
        if what:
            of = next(e.seq for e in entries if lot.id in _lots_in(e))
            how.append(f"`trimtab ledger correct {of} --lot {lot.id} {' '.join(what)}`")
            changes.append(f"cost or day of lot {lot.id}")
    if is_done and not changes:
        return []
    shown = ", ".join(changes[:5]) + (f" and {len(changes) - 5} more" if len(changes) > 5 else "")
    message = (
        f"lots.csv was edited after it seeded the record on {folded.opened_on}; the record "
        f"counts, the edit does not. Differences: {shown or 'dates, basis or layout only'}. Undo "
        "the edit, or book what happened with `trimtab import` or `trimtab record`."
    )
    if how:
        more = f" (and {len(how) - 1} more so)" if len(how) > 1 else ""
        message += f" A cost or day that was wrong from the start: {how[0]}{more}."
    return [Finding("lots-edited", LOTS_FILE, message)]


def _lots_in(entry: Entry) -> set[str]:
    """The lots of an opening entry."""
    items = tables(entry.body["lots"]) if entry.kind == "opened" else ()
    return {str(item["lot"]) for item in items}


def corrected_lots(entries: tuple[Entry, ...]) -> set[str]:
    """The lots of the opening that corrections put right, by the ids that lots.csv gives them."""
    opened = {entry.seq for entry in entries if entry.kind == "opened"}
    return {
        root(str(part["lot"]))
        for entry in entries
        if entry.kind == "corrected" and entry.body["of"] in opened
        for part in tables(entry.body["removed"])
    }
