"""What a run tells of the splits and dividends that it books before it trades."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.ledger.chain import Draft
from trimtab.model.findings import Finding
from trimtab.model.numbers import decimal_from, minor_from, money_text

ROUGH = "cash-in-lieu-estimated"
"""The finding on an amount that was estimated with a split."""


def booked_first(drafts: Sequence[Draft], findings: Sequence[Finding]) -> list[Finding]:
    """Each split, and the dividends of all accounts: quantities and cash change by them.

    Args:
        drafts: What is written before the first order.
        findings: What was said of it; amounts that were estimated are said again.
    """
    told: list[Finding] = []
    paid: dict[str, list[tuple[str, int]]] = {}
    for draft in drafts:
        body = draft.body
        if draft.kind == "split":
            name = str(body["instrument"])
            message = (
                f"{name} was split {body['new']} for {body['old']} on {body['on']}: booked before "
                "these trades, in every account; all quantities are after it"
            )
            told.append(Finding("split-booked", name, message, "info"))
        elif draft.kind == "dividend_paid":
            amount = minor_from(decimal_from(str(body["amount"])))
            paid.setdefault(str(body["account"]), []).append((str(body["instrument"]), amount))
    if paid:
        message = "; ".join(
            f"{money_text(sum(amount for _, amount in parts))} in {account} "
            f"({', '.join(dict.fromkeys(name for name, _ in parts))})"
            for account, parts in sorted(paid.items())
        )
        message = f"dividends booked before these trades: {message}"
        told.append(Finding("dividends-booked", "dividends", message, "info"))
    return [*told, *(one for one in findings if one.code == ROUGH)]
