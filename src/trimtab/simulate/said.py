"""Findings below a result, as text and as HTML: whoever prints a result reads what was found."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from trimtab.model.findings import Finding, begins_with_subject


def findings_said(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """What the reader should know, the gravest first: severity, its word, and subject with message.

    Args:
        findings: What was noticed.
    """
    order = {"error": 0, "warning": 1, "info": 2}
    words = {"info": "note"}
    return [
        (
            one.severity,
            words.get(one.severity, one.severity),
            one.message if begins_with_subject(one) else f"{one.subject}: {one.message}",
        )
        for one in sorted(findings, key=lambda one: order.get(one.severity, 3))
    ]


def with_findings(text: str, findings: Sequence[Finding]) -> str:
    """A result as text, and below it every finding, with how many there are.

    >>> print(with_findings("a table", [Finding("x", "SPY", "is late.", "warning")]))
    a table
    <BLANKLINE>
    1 finding:
    warning: SPY: is late.
    """
    told = findings_said(findings)
    if not told:
        return text
    count = "1 finding" if len(told) == 1 else f"{len(told)} findings"
    return "\n".join([text, "", f"{count}:", *(f"{word}: {said}" for _, word, said in told)])


def findings_listed(findings: Sequence[Finding]) -> str:
    """Findings as a list of HTML, every text in it escaped; empty where there are none.

    >>> findings_listed([Finding("x", "<SPY>", "is late.", "warning")])
    '<ul><li>warning: &lt;SPY&gt;: is late.</li></ul>'
    """
    told = "".join(
        f"<li>{escape(word)}: {escape(said)}</li>" for _, word, said in findings_said(findings)
    )
    return f"<ul>{told}</ul>" if told else ""
