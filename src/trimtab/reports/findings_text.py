"""What the reader of a result should know: findings as text, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.model.findings import Finding
from trimtab.model.numbers import minor_from, money_text
from trimtab.reports.layout import (
    Look,
    Role,
    paragraph,
)
from trimtab.reports.remedies import remedy
from trimtab.reports.words import sentence

FEW = 3
"""So many fired triggers, trades left alone and notes are told in the short form."""


# What a finding may be about that says nothing to a reader: ids of plans, orders and fills.
_NO_NAME = re.compile(r"household|\d{4}-\d\d-\d\d-[0-9a-f]+|([a-z]+-)?[0-9a-f]{24,}")

_RANK = {"error": 0, "warning": 1, "info": 2}

_LABELS = {"error": "Error", "warning": "Warning", "info": "Note"}

_ROLES: dict[str, Role] = {"error": "alarm", "warning": "warning", "info": ""}


def findings_text(
    findings: Sequence[Finding], *, width: int, look: Look, explain: bool = False
) -> list[str]:
    """What the reader should know, the gravest first; of mere notes only a few when short."""
    told = list(findings) if explain else _with_one_of_dividends(findings, look)
    ordered = sorted(told, key=lambda finding: _RANK[finding.severity])
    grave = [one for one in ordered if one.severity != "info"]
    notes = [one for one in ordered if one.severity == "info"]
    shown = grave + (notes if explain else notes[:FEW])
    lines: list[str] = []
    label = ""
    for finding in shown:
        title = _LABELS[finding.severity]
        message = sentence(finding.message) + remedy(finding.code, finding.subject, look.ask)
        name = re.escape(finding.subject)
        is_told = re.search(rf"(?<!\w){name}(?!\w)", message) or _NO_NAME.fullmatch(finding.subject)
        text = message if is_told else f"{finding.subject}: {message}"
        lines += paragraph(
            "" if title == label else title,
            [text],
            width=width,
            look=look,
            role=_ROLES[finding.severity],
        )
        label = title
    if len(shown) < len(ordered):
        lines += paragraph("", [and_more(len(ordered) - len(shown), look)], width=width, look=look)
    return lines


_DIVIDEND = re.compile(
    r"(?P<what>.+) went ex dividend (on|from) (?P<day>.+): expect (?P<money>[0-9.]+) in (?P<at>.+?)"
    r"\. .+"
)


def _with_one_of_dividends(findings: Sequence[Finding], look: Look) -> list[Finding]:
    """The findings, with several expected dividends told in one line, and the sum of them."""
    read = [(one, _DIVIDEND.fullmatch(one.message)) for one in findings]
    own = [(one, m) for one, m in read if one.code == "dividend-expected" and m]
    if len(own) < 2:
        return list(findings)
    total = sum(minor_from(Decimal(m["money"])) for _, m in own)
    each = ", ".join(f"{m['what']} {m['day']} {m['money']} in {m['at']}" for _, m in own)
    first = own[0][0]
    message = (
        f"{len(own)} dividends are expected, {money_text(total)} in all: {each}. They are booked "
        f"when the broker's statement is imported; {look.ask('explain', '')} has more of each."
    )
    folded = {id(one) for one, _ in own}
    told = [replace(first, subject="household", message=message)]
    return [one for one in findings if id(one) not in folded] + told


def and_more(number: int, look: Look, where: str = "") -> str:
    """The last line of a list that is cut: how many are left out, and where they are shown."""
    return f"and {number} more: {where or look.ask('explain', '') + ' shows them'}"
