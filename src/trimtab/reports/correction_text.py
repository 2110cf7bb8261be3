"""A correction for its reader: what was booked, what is booked instead, what changes by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from trimtab.execution.corrections import Correction
from trimtab.ledger.folded import Folded
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import money_text, quantity_text
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import FULL, Column, Look, headline, paragraph, stacked, table
from trimtab.reports.ledger_text import in_words
from trimtab.reports.plan_json import findings_json
from trimtab.reports.words import money, quantity


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that a correction changes: exact texts, as JSON has them."""

    what: str
    account: str
    instrument: str
    before: str
    after: str


def differences_of(correction: Correction) -> list[Difference]:
    """Every figure that is another one once a correction is booked: by account, cash first."""
    before, after = correction.before, correction.after
    found: list[Difference] = []
    steps = {**before.steps, **after.steps}
    for what, old, new in (
        ("cash", _cash(before), _cash(after)),
        ("quantity", dict(before.positions), dict(after.positions)),
        ("basis", _basis(before), _basis(after)),
        ("realised gain", _gains(before), _gains(after)),
    ):
        for account, instrument in sorted({*old, *new}):
            was, is_now = (side.get((account, instrument), 0) for side in (old, new))
            if was == is_now:
                continue
            texts = [
                quantity_text(amount, steps[instrument])
                if what == "quantity"
                else money_text(amount)
                for amount in (was, is_now)
            ]
            found.append(Difference(what, account, instrument, *texts))
    return sorted(found, key=lambda one: one.account)


def _cash(folded: Folded) -> dict[tuple[str, str], int]:
    return {(account, ""): amount for account, amount in folded.cash.items()}


def _basis(folded: Folded) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for lot in folded.lots.values():
        key = (lot.account, lot.instrument)
        found[key] = found.get(key, 0) + (lot.basis or 0)
    return found


def _gains(folded: Folded) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for booked in folded.sales:
        key = (booked.sale.account, booked.sale.instrument)
        found[key] = found.get(key, 0) + booked.sale.proceeds - booked.sale.basis
    return found


def correction_text(
    correction: Correction,
    *,
    state: str = "nothing is written yet",
    width: int = 100,
    look: Look = FULL,
) -> str:
    """What a correction changes; `state` says above it how far it is, where that needs saying."""
    entry = correction.of
    steps = correction.after.steps
    columns = [
        Column("account", room="name"),
        Column("what", room="name"),
        Column("now", "right"),
        Column("corrected", "right"),
    ]
    rows = [
        (one.account, f"{one.what} {one.instrument}".strip(), _shown(one, one.before),
         _shown(one, one.after))
        for one in differences_of(correction)
    ]  # fmt: skip
    booked = [
        f"{in_words(entry, steps)} ({_place(entry.body)})",
        *_lots(_left(correction), steps),
    ]
    return stacked(
        [
            headline(
                (f"Entry {entry.seq}, {entry.kind.replace('_', ' ')}", *([state] if state else [])),
                width=width,
                look=look,
            ),
            [
                *paragraph("Booked", booked, width=width, look=look),
                *paragraph("Instead", _instead(correction), width=width, look=look),
            ],
            table(columns, rows, width=width, look=look) if rows else [],
            findings_text(correction.findings, width=width, look=look, explain=True),
        ]
    )


def _instead(correction: Correction) -> Iterator[str]:
    steps = correction.after.steps
    is_told = False
    for number, draft in enumerate(correction.drafts):
        if draft.kind == "filled":
            is_told = True
            entry = correction.of
            told = type(entry)(
                correction.before.head.seq + number + 1, draft.at, draft.kind, draft.body, "", ""
            )
            yield f"{in_words(told, steps)} ({_place(draft.body)})"
        elif draft.kind == "split":
            is_told = True
            body = draft.body
            yield f"split {body['instrument']} {body['new']} for {body['old']} ({body['on']})"
        elif not draft.body.get("voids"):
            for lot in _lots(draft.body.get("added"), steps):
                is_told = True
                yield lot
    if not is_told:
        voids = any(draft.body.get("voids") for draft in correction.drafts)
        yield "nothing: it never happened" if voids else "the difference is booked"


def _left(correction: Correction) -> Any:
    """The lots of an entry; of an opening those that are corrected."""
    items: Any = correction.of.body.get("lots")
    if correction.of.kind != "opened":
        return items
    names = {
        part["lot"].partition("~c")[0]
        for draft in correction.drafts
        for part in cast("Any", draft.body["removed"])
    }
    return [item for item in items if item["lot"] in names]


def _lots(items: Any, steps: Mapping[str, Decimal]) -> Iterator[str]:
    """Lots that came in, as their entry states them; of those that left it names the id alone."""
    for item in items or ():
        if "instrument" not in item:
            yield f"lot {item['lot']}"
            continue
        size = quantity(quantity_text(int(item["steps"]), steps[item["instrument"]]))
        basis = "an unknown basis" if item["basis"] is None else f"basis {item['basis']}"
        day = item["acquired"] or "an unknown day"
        yield f"{size} {item['instrument']} in {item['account']}, of {day}, {basis}"


def _place(body: Any) -> str:
    """Where and when, with the fees of a trade."""
    account = body.get("account") or body.get("to") or body.get("from")
    fees = f", fees {body['fees']}" if "fees" in body else ""
    return f"{account}, {body['on']}{fees}" if account else f"{body['on']}{fees}"


def _shown(one: Difference, text: str) -> str:
    if one.what == "quantity":
        return quantity(text)
    from trimtab.model.numbers import decimal_from, minor_from

    return money(minor_from(decimal_from(text)))


def correction_json(correction: Correction) -> dict[str, Any]:
    """A correction for programs."""
    return {
        "entry": correction.of.seq,
        "booked": [
            {"seq": correction.before.head.seq + number, "kind": draft.kind}
            for number, draft in enumerate(correction.drafts, start=1)
        ],
        "changes": [
            {
                "what": one.what,
                "account": one.account,
                "instrument": one.instrument or None,
                "before": one.before,
                "after": one.after,
            }
            for one in differences_of(correction)
        ],
        "findings": findings_json(correction.findings),
    }
