"""Expected trouble as a value: what was noticed, about what, and how grave it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from trimtab.model.frozen import dataclass

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the reader of a result should know.

    Args:
        code: A stable word that programs and tests match, such as `stale-price`.
        subject: What it is about: an instrument, account, sleeve, order or file.
        message: What happened and what to do next, for a person.
        severity: `info` (good to know), `warning` (look at it), `error` (stopped something).
        on: The day on which it happened, where it is one: charts mark it.
    """

    code: str
    subject: str
    message: str
    severity: Severity = "warning"
    on: date | None = None


def begins_with_subject(finding: Finding) -> bool:
    """Whether the message begins with what it is about, which then need not stand before it.

    >>> begins_with_subject(Finding("late", "VXUS", "VXUS is late"))
    True
    >>> begins_with_subject(Finding("late", "VXU", "VXUS is late"))
    False
    """
    rest = finding.message.removeprefix(finding.subject)
    return rest != finding.message and not (rest[:1].isalnum() or rest[:1] == "_")


def listed(findings: Iterable[Finding]) -> str:
    """What findings say, one after the other in one sentence."""
    return "; ".join(one.message.rstrip(".") for one in findings)
