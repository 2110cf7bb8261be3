"""What happened to instruments during a run and is marked on charts: listed, ended, split."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from trimtab.reports.words import clean, listed

if TYPE_CHECKING:
    from trimtab.model.findings import Finding

Mark = tuple[date, str, str]
"""On which day, what, and a word or two."""

MOST_MARKS = 12
"""More lines would hide the curves; the findings tell all."""

HAPPENED = {
    "listed-late": "listed",
    "delisted": "prices end",
    "looks-like-split": "split?",
    "split-missing": "split?",
    "split-out-of-phase": "split?",
}
"""Codes of findings that have a day on the charts, and what stands there."""


def marks_of(findings: Sequence[Finding], first: date, last: date) -> list[Mark]:
    """What is marked, oldest first.

    Args:
        findings: What was noticed.
        first, last: The sessions that are drawn.
    """
    found = {
        (one.on, clean(one.subject), HAPPENED[one.code])
        for one in findings
        if one.code in HAPPENED and one.on is not None and first <= one.on <= last
    }
    return sorted(found)[:MOST_MARKS]


def marks_told(marks: Sequence[Mark]) -> str:
    """The marks as a sentence, for those who read."""
    if not marks:
        return ""
    told = [f"{symbol} {word} on {day}" for day, symbol, word in marks]
    return f" Dotted lines: {listed(told)}."
