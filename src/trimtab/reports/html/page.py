"""The page of a report: answer, tables, places for the charts, findings and conventions."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from trimtab.reports.assumed_text import assumptions
from trimtab.reports.backtest_text import conventions
from trimtab.reports.html.answer import answer
from trimtab.reports.html.data import report_data, script_json
from trimtab.reports.html.marks import marks_of, marks_told
from trimtab.reports.html.script import SCRIPT
from trimtab.reports.html.series import MOST_PANELS, MOST_POINTS, yearly
from trimtab.reports.html.spreads import research_spreads
from trimtab.reports.html.still import answer_section, day, lines_section
from trimtab.reports.html.style import PATTERNS, STYLE
from trimtab.reports.html.tables import gave_table, prose, safe, took_table, yearly_table
from trimtab.reports.words import counted, listed, sentence

if TYPE_CHECKING:
    from trimtab.model.findings import Finding
    from trimtab.reports.html.marks import Mark
    from trimtab.simulate.research.results import Backtest
    from trimtab.simulate.uncertainty.difference import Difference
    from trimtab.simulate.uncertainty.outcomes import Outcomes

MOST_NAMES = 12
"""Holdings that the headline names before it counts the rest."""

NOSCRIPT = (
    '<noscript><p class="note">The charts are drawn by a script, which does not run here; all '
    "figures stand in the tables.</p></noscript>"
)


def page(result: Backtest, outcomes: Outcomes | None, remarks: Sequence[str]) -> str:
    """The whole page."""
    differences = _differences(result, outcomes)
    one = result.policies[0]
    title = f"Rebalancing policies, {one.first} to {one.last}"
    years = [yearly(policy) for policy in result.policies]
    marks = marks_of(result.findings, one.first, one.last)
    spreads = [] if outcomes is None else research_spreads(outcomes, differences)
    data = report_data(result.policies, years, spreads, marks)
    growth, *others = _charts(result, outcomes, marks)
    parts = [
        f"<h1>Rebalancing policies, {day(one.first)} to {day(one.last)}</h1>",
        f'<p class="under">{safe(_under(result))}</p>',
        _answer(result, differences),
        warnings_section(result.findings),
        NOSCRIPT,
        growth,
        _policies(result, outcomes, differences),
        *others,
        "<section><h2>Year by year</h2>",
        yearly_table(result.policies, years),
        "</section>",
        notes_section(result.findings),
        assumed_section(result.assumed),
        _conventions(result, outcomes, remarks),
    ]
    return document(title, "\n".join(part for part in parts if part), script_json(data))


def document(title: str, body: str, data: str) -> str:
    """A page that loads nothing, with its style, its data and its script."""
    # Only this very script may run, and nothing may be loaded, whatever a name contains.
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "<footer>Made by Trimtab. Figures of the past and of its shuffled days promise nothing for "
        "the future. It informs; it does not give tax or investment advice.</footer>\n</main>\n"
        f'<svg id="patterns" width="0" height="0" aria-hidden="true"><defs>{PATTERNS}</defs></svg>'
        f'\n<script type="application/json" id="data">{data}</script>\n<script>{SCRIPT}</script>\n'
        "</body>\n</html>\n"
    )


def _differences(result: Backtest, outcomes: Outcomes | None) -> tuple[Difference, ...]:
    """Every other policy against the first, over the same paths."""
    if outcomes is None:
        return ()
    first = result.policies[0].name
    return tuple(outcomes.difference(one.name, first) for one in result.policies[1:])


def _under(result: Backtest) -> str:
    one = result.policies[0]
    symbols = list(dict.fromkeys(s for policy in result.policies for s in policy.symbols))
    held = listed(symbols[:MOST_NAMES])
    if len(symbols) > MOST_NAMES:
        held = f"{', '.join(symbols[:MOST_NAMES])} and {len(symbols) - MOST_NAMES} more"
    many = counted(len(result.policies), "policy", "policies")
    return f"{many} · {one.sessions:,} sessions · {result.cash:,.2f} at the start · {held}"


def _answer(result: Backtest, differences: Sequence[Difference]) -> str:
    said = answer(result, differences)
    return answer_section(said.headline, said.points)


def _policies(
    result: Backtest, outcomes: Outcomes | None, differences: Sequence[Difference]
) -> str:
    note = ""
    if outcomes is not None:
        note = (
            '<p class="note">Below a figure stands what it was on nine of ten shuffled histories '
            "(5% to 95%)."
        )
        if any(one["cagr"].interval for one in differences):
            note += (
                " A difference from the first policy has its 95% interval; where that holds "
                "zero, the difference is noise."
            )
        note += "</p>"
    tables = gave_table(result.policies, outcomes, differences) + took_table(
        result.policies, outcomes
    )
    return f"<section><h2>The policies</h2>{tables}{note}</section>"


def _charts(result: Backtest, outcomes: Outcomes | None, marks: Sequence[Mark]) -> list[str]:
    """A section for each chart. The script fills them; the heading and the note stand without."""
    parts = [
        chart(
            "growth",
            "Growth",
            "What the start has become, after costs."
            + (
                " Money that came and went is left out of it; it is in \u201cWith flows\u201d."
                if any(one.flows is not None for one in result.policies)
                else ""
            )
            + marks_told(marks),
            " Point at a day, touch it, or use the arrow keys; a name hides or shows its curve.",
        ),
        chart("fall", "Falls", "How far each policy is below its highest value so far."),
        chart(
            "weights",
            "Weights and bands",
            "The weight of each holding after the close; dashed its target, shaded the band around "
            "it, ticks on top where the policy rebalanced."
            + _left_out(max(len(one.symbols) for one in result.policies)),
        ),
        chart(
            "drift",
            "Drift",
            "How much of the portfolio would have to move to be at target, at each close after "
            "its trades.",
        ),
        chart(
            "years",
            "Turnover and costs by year",
            "One-way turnover as a share of the portfolio, and what trading cost in money. "
            "Taxes are not part of a run in research mode.",
        ),
    ]
    how = None if outcomes is None else f"{outcomes.how}."
    return [*parts, outcomes_chart(how, "--paths 1000")]


def _left_out(symbols: int) -> str:
    if symbols <= MOST_PANELS:
        return ""
    return f" The {MOST_PANELS} largest holdings are drawn."


def outcomes_chart(told: str | None, option: str) -> str:
    """A place for the distributions; where none were made, what makes them.

    Args:
        told: How the paths were made, and what came of them; None where there are none.
        option: What to run again with.
    """
    title = "What might have been as well"
    if told is None:
        return (
            f'<section id="outcomes"><h2>{title}</h2><p class="note">History happened once, and '
            "these figures have no intervals. Run it again with "
            f"<code>{safe(option)}</code> to see what shuffled histories give, and which "
            "differences are noise.</p></section>"
        )
    read = (
        " The shape is the spread of outcomes, the line from 5% to 95% of them, the dot their "
        "median, the ring what history itself gave."
    )
    return chart("outcomes", title, told + read)


def chart(name: str, title: str, note: str, hint: str = "") -> str:
    """A place for a chart; the hint is for the screen, not for paper."""
    more = f'<span class="screen">{safe(hint)}</span>' if hint else ""
    return (
        f'<section class="chart" id="{name}"><div class="head"><h2>{title}</h2>'
        f'<div class="tools"></div></div><p class="note">{safe(note)}{more}</p>'
        '<div class="body"></div></section>'
    )


def warnings_section(findings: Sequence[Finding]) -> str:
    """What the reader has to know before any figure; nothing where there is nothing."""
    return _findings("Before you read on", [one for one in findings if one.severity != "info"])


def notes_section(findings: Sequence[Finding]) -> str:
    """What else there is to know of the prices."""
    return _findings("Notes", [one for one in findings if one.severity == "info"])


def _findings(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    ordered = sorted(findings, key=lambda one: one.severity != "error")
    lines = "".join(_finding(one) for one in ordered)
    return f"<section><h2>{title}</h2><ul>{lines}</ul></section>"


def _finding(one: Finding) -> str:
    """A finding as a line: its subject once, a file by its name and not by where it lies."""
    grave = "" if one.severity == "info" else f"{one.severity}: "
    subject, message = one.subject, one.message
    if message.startswith((f"{subject} ", f"{subject}: ")):
        message = message[len(subject) :].lstrip(": ")
    name = subject.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return (
        f'<li class="{one.severity}"><b>{safe(grave + (name or subject))}</b> '
        f"{prose(sentence(message))}</li>"
    )


def assumed_section(told: Mapping[str, Any]) -> str:
    """Costs, rates and targets: without them no figure can be judged."""
    return lines_section("What was assumed", assumptions(told))


def _conventions(result: Backtest, outcomes: Outcomes | None, remarks: Sequence[str]) -> str:
    lines = [*remarks, *conventions(result.policies)]
    if outcomes is not None:
        line = f"Shuffled histories: {outcomes.how}. Every policy ran over the same ones, so "
        line += "differences are paired."
        if any(one["cagr"].interval for one in _differences(result, outcomes)):
            line += (
                " An interval of 95% misses one time in twenty: of many comparisons some pass by "
                "luck."
            )
        lines.append(line)
    most = max(one.sessions for one in result.policies)
    if most > MOST_POINTS:
        lines.append(
            f"Curves are drawn through at most {MOST_POINTS:,} of {most:,} sessions, curves of "
            "weights through fewer; the highest and the lowest point of every stretch is kept. "
            "Figures in tables are of all sessions."
        )
    return lines_section("Conventions", lines)
