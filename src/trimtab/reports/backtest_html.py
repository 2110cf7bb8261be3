"""A backtest as one HTML file: figures, curves, conventions; nothing is loaded from outside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from trimtab.reports.backtest_text import conventions
from trimtab.simulate.results import Backtest, PolicyResult, summary_rows

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats

WIDTH, HEIGHT, MARGIN = 960, 320, 64
MOST_POINTS = 900
"""A curve is drawn through so many sessions; more cannot be seen."""

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .8rem;text-align:right}
th{color:#666;font-weight:normal;border-bottom:1px solid #ccc}
th:first-child,td:first-child{text-align:left}
svg{width:100%;height:auto}svg text{font-size:12px;fill:#555}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}svg text{fill:#aaa}}
"""


def backtest_html(result: Backtest) -> str:
    """The backtest as a page. Every name in it is escaped; there is no script in it."""
    import numpy as np

    one = result.policies[0]
    title = f"Backtest {one.first} to {one.last}"
    falls = [p.value / np.maximum.accumulate(p.value) - 1.0 for p in result.policies]
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{one.sessions:,} sessions, {result.cash:,.2f} at the start.</p>",
        _table(result.policies),
        "<h2>Value</h2>",
        _chart(result.policies, [p.value for p in result.policies], percent=False),
        "<h2>Fall from the highest value so far</h2>",
        _chart(result.policies, falls, percent=True),
        "<h2>Conventions</h2>",
        _list(conventions(result.policies)),
    ]
    if result.findings:
        notes = [f"{one.severity}: {one.subject}: {one.message}" for one in result.findings]
        parts += ["<h2>Notes</h2>", _list(notes)]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _table(policies: Sequence[PolicyResult]) -> str:
    heads, rows = summary_rows(policies)
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = ""
    for number, row in enumerate(rows):
        mark = f'<span style="color:{_colour(number)}">&#9632;</span> '
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        body += f"<tr><td>{mark}{escape(row[0])}</td>{cells}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _chart(policies: Sequence[PolicyResult], curves: Sequence[Floats], *, percent: bool) -> str:
    """The curves over one another, with four lines to read them against."""
    import numpy as np

    low = min(float(curve.min()) for curve in curves)
    high = max(float(curve.max()) for curve in curves)
    span = high - low or 1.0
    top, bottom = 10.0, HEIGHT - 24.0
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for step in range(5):
        level = low + span * step / 4
        y = bottom - (bottom - top) * step / 4
        label = f"{level:.0%}" if percent else f"{level:,.0f}"
        parts.append(
            f'<line x1="{MARGIN}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>'
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        )
    one = policies[0]
    for place in (0, one.sessions // 2, one.sessions - 1):
        x = MARGIN + (WIDTH - 8 - MARGIN) * place / max(one.sessions - 1, 1)
        anchor = {0: "start", one.sessions - 1: "end"}.get(place, "middle")
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{one.dates[place]}</text>'
        )
    chosen = np.unique(np.linspace(0, one.sessions - 1, MOST_POINTS).round().astype(int))
    for number, curve in enumerate(curves):
        xs = MARGIN + (WIDTH - 8 - MARGIN) * chosen / max(one.sessions - 1, 1)
        ys = bottom - (bottom - top) * (curve[chosen] - low) / span
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{_colour(number)}" '
            f'stroke-width="1.5"><title>{escape(policies[number].name)}</title></polyline>'
        )
    return "".join([*parts, "</svg>"])


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
