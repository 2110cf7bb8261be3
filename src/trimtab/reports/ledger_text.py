"""The record for a reader: what was checked, and what happened, an entry a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from trimtab.ledger.chain import Entry
from trimtab.ledger.events import subjects
from trimtab.ledger.verify import Verification
from trimtab.model.numbers import NumberError, decimal_from, minor_from, quantity_text
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import (
    FULL,
    Column,
    Look,
    headline,
    paragraph,
    stacked,
    table,
)
from trimtab.reports.words import counted, money, quantity

NO_CORRECTIONS: Mapping[int, Sequence[int]] = MappingProxyType({})

SHORT = 12
"""Digits of a hash that a reader compares."""


def verification_text(
    found: Verification, *, file: str, width: int = 100, look: Look = FULL
) -> str:
    """What was checked of a record, and what was found."""
    if found.holds:
        first = f"Holds: {file}"
    else:
        wrong = sum(finding.severity == "error" for finding in found.findings)
        first = f"DOES NOT HOLD: {file}, {counted(wrong, 'error')}"
    parts = [first, counted(found.intact, "sound entry", "sound entries")]
    if found.entries != found.intact:
        parts.append(f"{found.entries or 'none'} of them before the first damage")
    checked = [
        f"chain: every entry follows the one before; the newest is {found.head.hash[:SHORT]}",
        f"tree: root {found.root[:SHORT]}",
    ]
    if found.state:
        checked.append(f"replay: all entries fold to one state, {found.state[:SHORT]}")
    if found.checkpoint is not None:
        signed = all(finding.code != "signature-unchecked" for finding in found.findings)
        checked.append(
            f"checkpoint: the first {counted(found.checkpoint.size, 'entry', 'entries')} are those "
            f"it was made of{', and its signature is right' if signed else ''}"
        )
    blocks = [
        headline(parts, width=width, look=look),
        paragraph("Checked", checked, width=width, look=look) if found.holds else [],
        findings_text(found.findings, width=width, look=look, explain=True),
    ]
    return stacked(blocks)


def entries_text(
    entries: Sequence[Entry],
    *,
    of: int,
    steps: Mapping[str, Decimal],
    corrections: Mapping[int, Sequence[int]] = NO_CORRECTIONS,
    width: int = 100,
    look: Look = FULL,
) -> str:
    """Entries as a table, a line each.

    Args:
        entries: What to show.
        of: How many entries the record has.
        steps: In what steps it counts instruments, from `steps_of`.
        corrections: Which entries correct an entry, from `corrections_of`.
        width: Columns of the terminal.
        look: Signs and colours.
    """
    if not entries:
        return f"None of the {of} entries of the record is what was asked for."
    columns = [
        Column("entry", "right"),
        Column("day"),
        Column("what"),
        Column("account", room="name"),
        Column("in words", room="text"),
    ]
    rows = []
    for entry in entries:
        about = subjects(entry)
        what = entry.kind.replace("_", " ")
        words = in_words(entry, steps)
        by = corrections.get(entry.seq, ())
        if by:
            words += f" [corrected by entry {', '.join(map(str, by))}]"
        rows.append((str(entry.seq), about.on, what, about.account or "", words))
    lines = table(columns, rows, width=width, look=look)
    if len(entries) < of:
        lines += ["", f"{len(entries)} of {of} entries"]
    return "\n".join(lines)


def entry_text(
    entry: Entry, *, corrected_by: Sequence[int] = (), width: int = 100, look: Look = FULL
) -> str:
    """One entry, whole, with the numbers of those that correct it."""
    import json

    body = json.dumps(entry.body, indent=2, ensure_ascii=False)
    from trimtab.reports.words import clean

    lines = [
        *headline(
            (f"Entry {entry.seq}", entry.kind.replace("_", " "), entry.at), width=width, look=look
        ),
        "",
        *(clean(line) for line in body.split("\n")),
        "",
        *paragraph(
            "Corrected", [f"by entry {seq}" for seq in corrected_by], width=width, look=look
        ),
        *paragraph("Hash", [entry.hash], width=width, look=look),
        *paragraph("Follows", [entry.prev], width=width, look=look),
    ]
    return "\n".join(lines)


def entry_json(entry: Entry, corrected_by: Sequence[int] = ()) -> dict[str, Any]:
    """An entry as it stands in the record, and which entries correct it."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "body": entry.body,
        "prev": entry.prev,
        "hash": entry.hash,
        "corrected_by": list(corrected_by),
    }


def corrections_of(corrected: Sequence[Entry]) -> dict[int, list[int]]:
    """Which entries correct an entry, told from the entries of the kind `corrected`."""
    found: dict[int, list[int]] = {}
    for entry in corrected:
        of = entry.body.get("of")
        if type(of) is int:
            found.setdefault(of, []).append(entry.seq)
    return found


def steps_of(entries: Sequence[Entry]) -> dict[str, Decimal]:
    """In what steps a record counts each instrument now, told from `opened` and `declared`."""
    steps: dict[str, Decimal] = {}
    for entry in entries:
        told = entry.body.get("instruments") if entry.kind == "opened" else None
        if entry.kind == "declared":
            steps[str(entry.body.get("instrument"))] = Decimal(str(entry.body.get("step")))
        if isinstance(told, dict):
            steps.update({str(name): Decimal(str(step)) for name, step in told.items()})
    return steps


def in_words(entry: Entry, steps: Mapping[str, Decimal]) -> str:
    """What an entry says, in a line; quantities in units, by the steps of the instruments."""
    body = entry.body

    def text(name: str) -> str:
        value = body.get(name)
        return value if isinstance(value, str) else ""

    def amount(name: str) -> str:
        try:
            return money(minor_from(decimal_from(text(name))))
        except NumberError:
            return text(name)

    def length(name: str) -> int:
        value = body.get(name)
        return len(value) if isinstance(value, list | dict) else 0

    def size() -> str:
        count = text("steps")
        step = steps.get(text("instrument"))
        known = step is not None and count.isdigit()
        return quantity(quantity_text(int(count), step)) if known and step else f"{count} steps of"

    order = text("order")[:SHORT]
    match entry.kind:
        case "opened":
            lots, cash = counted(length("lots"), "lot"), counted(length("cash"), "account")
            return f"{lots}, cash of {cash}"
        case "deposited" | "withdrawn" | "interest_paid" | "fee_charged":
            return amount("amount")
        case "dividend_paid":
            return f"{amount('amount')} from {text('instrument')}"
        case "transferred":
            way = "from outside" if body.get("from") is None else "to outside"
            if body.get("from") and body.get("to"):
                way = f"to {text('to')}"
            moved = [counted(length("lots"), "lot")] if length("lots") else []
            moved += [amount("amount")] if text("amount") not in ("", "0.00") else []
            return f"{' and '.join(moved)} {way}"
        case "split":
            return f"{text('instrument')}: {body.get('new')} for {body.get('old')}"
        case "actions_booked":
            waits = body.get("waits")
            but = f", without {', '.join(sorted(waits))}" if isinstance(waits, dict) else ""
            return f"splits and dividends through {text('through')}{but}"
        case "planned":
            return f"plan {text('plan')}"
        case "approved":
            return f"plan {text('plan')}, by {text('by')}"
        case "order_intended":
            asked = size() if text("steps") else f"{amount('amount')} of"
            return f"{text('side')} {asked} {text('instrument')}, order {order}"
        case "filled":
            side = "bought" if text("side") == "buy" else "sold"
            return f"{side} {size()} {text('instrument')} at {text('price')}: {amount('gross')}"
        case "period_acted":
            return f"{text('target')}, {text('period').partition(':')[2] or text('period')}"
        case "target_adopted":
            return f"{text('target')}: {counted(length('weights'), 'weight')}"
        case "prices_accepted":
            return counted(length("prices"), "price")
        case "halted" | "resumed":
            return f"{text('scope')}: {text('reason')}"
        case "basis_adjusted":
            return f"{amount('amount')} to lot {text('lot')}: {text('reason')}"
        case "corrected":
            taken = " taken back" if body.get("voids") is True else ""
            return f"entry {body.get('of')}{taken}: {text('reason')}"
        case _:
            said = text("message") or text("reason")
            named = f"order {order}" if order else text("instrument") or text("fill")
            return f"{named}: {said}" if said and named else said or named
