"""Where a broker's statement and the record disagree, point by point."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from trimtab.execution.reconcile import Mismatch
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.numbers import minor_from
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import (
    FULL,
    Column,
    Look,
    headline,
    shortened,
    stacked,
    table,
)
from trimtab.reports.plan_json import findings_json
from trimtab.reports.plan_trades import NAME_WIDTH
from trimtab.reports.words import counted, money, quantity


def statement_text(
    account: str,
    mismatches: Sequence[Mismatch],
    findings: Sequence[Finding] = (),
    *,
    state: str = "the record was not changed",
    width: int = 100,
    look: Look = FULL,
) -> str:
    """Where statement and record disagree; one line when they agree.

    Args:
        account: Whose statement it is.
        mismatches: The differences.
        findings: What else the reader should know.
        state: What was done about them so far; empty where the next lines say it.
        width: Columns of the terminal.
        look: The signs and colours that the terminal can show.
    """
    if mismatches:
        parts = [account, counted(len(mismatches), "difference"), *filter(None, [state])]
    else:
        parts = [account, "record and statement agree"]
    columns = [
        Column("instrument", room="name"),
        Column("record", "right"),
        Column("statement", "right"),
        Column("difference", "right"),
    ]
    rows = [
        (
            shortened(one.instrument, NAME_WIDTH, look),
            _units(one, one.recorded),
            _units(one, one.stated),
            _units(one, one.missing, sign=True),
        )
        for one in mismatches
    ]
    return stacked(
        [
            headline(parts, width=width, look=look),
            table(columns, rows, width=width, look=look) if rows else [],
            findings_text(findings, width=width, look=look, explain=True),
        ]
    )


def statement_json(
    account: str, mismatches: Sequence[Mismatch], findings: Sequence[Finding] = ()
) -> dict[str, Any]:
    """Where statement and record disagree, for programs."""
    return {
        "account": account,
        "agree": not mismatches,
        "differences": [
            {
                "instrument": one.instrument,
                "kind": one.kind.value,
                "record": format(one.recorded, "f"),
                "statement": format(one.stated, "f"),
                "difference": format(one.missing, "f"),
            }
            for one in mismatches
        ],
        "findings": findings_json(findings),
    }


def _units(mismatch: Mismatch, amount: Decimal, *, sign: bool = False) -> str:
    """Units of an instrument, or money for cash."""
    if mismatch.instrument == CASH:
        return money(minor_from(amount), sign=sign)
    text = format(abs(amount), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    mark = "-" if amount < 0 else "+" if sign and amount > 0 else ""
    return mark + quantity(text)
