"""Backtests in a notebook: figures, two small charts, conventions and findings; no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from trimtab.reports.assumed_text import assumptions
from trimtab.reports.backtest_text import conventions
from trimtab.reports.html.series import falls, thinned
from trimtab.reports.palette import DARK, LIGHT, TONES, variables
from trimtab.reports.words import counted
from trimtab.simulate.accounts.run import account_rows
from trimtab.simulate.research.results import summary_rows
from trimtab.simulate.said import findings_said

if TYPE_CHECKING:
    from trimtab.model.findings import Finding
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.frames import Floats
    from trimtab.simulate.research.policy_result import PolicyResult
    from trimtab.simulate.research.results import Backtest

MOST_POINTS = 400
WIDE, HIGH = 460, 190
LEFT, RIGHT, TOP, BOTTOM = 54, 8, 10, 20

_LIGHT = (
    f"--text:#1c2430;--soft:#566071;--line:#d9dee6;--warn:#8a4b00;--loss:#a11d2c;{variables(LIGHT)}"
)
_DARK = (
    f"--text:#e7ebf1;--soft:#a3aebd;--line:#414b5a;--warn:#ffc069;--loss:#ff9aa5;{variables(DARK)}"
)
_STYLE = (
    f".trimtab{{{_LIGHT};color:var(--text);font:13px/1.45 system-ui,sans-serif;max-width:980px}}"
    f"@media (prefers-color-scheme:dark){{.trimtab{{{_DARK}}}}}"
    # Notebooks have themes of their own, whatever the system's is.
    f'[data-jp-theme-light="false"] .trimtab,.vscode-dark .trimtab{{{_DARK}}}'
    f'[data-jp-theme-light="true"] .trimtab,.vscode-light .trimtab{{{_LIGHT}}}'
    ".trimtab p{margin:.4em 0}.trimtab .soft{color:var(--soft)}"
    ".trimtab .scroll{overflow-x:auto}"
    ".trimtab table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.4em 0}"
    ".trimtab table th,.trimtab table td{padding:.25em .6em;text-align:right;white-space:nowrap;"
    "border:0;border-bottom:1px solid var(--line);background:none;color:var(--text)}"
    ".trimtab table thead th{color:var(--soft);font-weight:500}"
    ".trimtab table th:first-child{text-align:left}"
    ".trimtab .charts{display:flex;flex-wrap:wrap;gap:.6em 1.4em}"
    ".trimtab figure{flex:1 1 300px;max-width:470px;margin:.3em 0}"
    ".trimtab figcaption{font-weight:600}"
    ".trimtab svg{display:block;width:100%;height:auto}"
    ".trimtab table svg{display:inline-block;width:22px;height:8px;margin-right:.5em}"
    ".trimtab svg text{fill:var(--soft);font-size:11px}"
    ".trimtab .tried{fill:var(--soft);opacity:.45}.trimtab .best{fill:var(--c0)}"
    ".trimtab .own{fill:var(--c1)}.trimtab .advised{fill:var(--c2)}"
    ".trimtab .now{fill:var(--soft)}.trimtab .after{fill:var(--c0)}"
    ".trimtab svg .name{fill:var(--text)}.trimtab svg .aim{stroke:var(--text);stroke-width:2}"
    ".trimtab td.words{text-align:left;white-space:normal;min-width:16em}"
    ".trimtab svg path{fill:none;stroke-width:1.6;stroke-linejoin:round}"
    ".trimtab svg .grid{stroke:var(--line);stroke-width:1}.trimtab svg .axis{stroke:var(--soft)}"
    ".trimtab svg .edge{fill:none;stroke:var(--c0);stroke-width:1.2;opacity:.6}"
    ".trimtab ul{margin:.2em 0;padding-left:1.3em}"
    ".trimtab .warning b{color:var(--warn)}.trimtab .error b{color:var(--loss)}"
)


def notebook_html(result: Backtest) -> str:
    """The backtest as a piece of HTML that loads nothing and has no script; names are text in it.

    Args:
        result: The policies over history.
    """
    one = result.policies[0]
    symbols = list(dict.fromkeys(symbol for run in result.policies for symbol in run.symbols))
    held = ", ".join(symbols[:8]) + (f" and {len(symbols) - 8} more" if len(symbols) > 8 else "")
    head = (
        f"Backtest {one.first} to {one.last} \u00b7 {one.sessions:,} sessions \u00b7 "
        f"{result.cash:,.2f} at the start \u00b7 {held}"
    )
    said = [*assumptions(result.assumed), *conventions(result.policies)]
    return framed(
        note(head),
        table(*summary_rows(result.policies), has_keys=True),
        _curves(result.policies),
        findings_list(result.findings),
        note(" ".join(said)),
    )


def accounts_notebook(runs: Sequence[AccountRun], findings: Sequence[Finding]) -> str:
    """Runs in account mode, likewise; of a single one its taxes by year as well."""
    one = runs[0]
    head = (
        f"Account mode {one.dates[0]} to {one.dates[-1]} \u00b7 {len(one.dates):,} sessions \u00b7 "
        f"{one.value[0] / 100:,.2f} after the first"
    )
    years = ""
    if len(runs) == 1 and one.tax_by_year:
        heads = [name.replace("_", " ") for name in one.taxes]
        years = table(heads, [[str(cell) for cell in row] for row in one.taxes.rows()])
    return framed(
        note(head),
        table(*account_rows(runs), has_keys=True),
        _curves(runs),
        years,
        findings_list(findings),
    )


def framed(*parts: str) -> str:
    """Parts of a page of a notebook, with their style."""
    return f'<div class="trimtab"><style>{_STYLE}</style>{"".join(parts)}</div>'


def note(text: str) -> str:
    """A quiet line."""
    return f'<p class="soft">{escape(text)}</p>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, has_keys: bool = False) -> str:
    """A table whose first column names its row; `has_keys` puts the colour of its curve there."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{_key(number) if has_keys else ""}{escape(cells[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells[1:])
        + "</tr>"
        for number, cells in enumerate(rows)
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _line(number: int) -> str:
    """The colour, and the dashes, of a policy's curve."""
    dashes = ' stroke-dasharray="5 3"' if number >= TONES else ""
    return f'style="stroke:var(--c{number % TONES})"{dashes}'


def _key(number: int) -> str:
    return f'<svg viewBox="0 0 22 8" aria-hidden="true"><path d="M0 4H22" {_line(number)}/></svg>'


def _curves(policies: Sequence[PolicyResult] | Sequence[AccountRun]) -> str:
    """Growth, and how far below the last high, of runs over the same sessions."""
    growth = _chart(policies, "Growth", lambda run: run.growth, _money)
    below = _chart(policies, "Below the last high", lambda run: falls(run.growth), _share)
    return f'<div class="charts">{growth}{below}</div>'


def _chart(
    policies: Sequence[PolicyResult] | Sequence[AccountRun],
    title: str,
    curve_of: Callable[[Any], Floats],
    told: Callable[[float], str],
) -> str:
    """One curve a policy over the same sessions, with three heights and both ends named."""
    import numpy as np

    curves = [curve_of(one) for one in policies]
    kept = thinned(curves, max(60, int(MOST_POINTS / len(curves) ** 0.5)))
    sessions = np.asarray(policies[0].dates, dtype="datetime64[D]")
    days = sessions.astype(np.int64)
    low = min(float(curve.min()) for curve in curves)
    high = max(float(curve.max()) for curve in curves)
    room = (high - low) or abs(high) or 1.0
    across = (days[kept] - days[0]) / max(1, int(days[-1] - days[0]))
    x = LEFT + across * (WIDE - LEFT - RIGHT)

    def height(value: Floats | float) -> Floats:
        found: Floats = np.asarray(
            TOP + (high - np.asarray(value)) / room * (HIGH - TOP - BOTTOM), dtype=np.float64
        )
        return found

    drawn = []
    for value in (low, low + room / 2.0, low + room):
        y = float(height(value))
        drawn.append(
            f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDE - RIGHT}"/>'
            f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{told(value)}</text>'
        )
    for number, curve in reversed(list(enumerate(curves))):  # the first lies on top
        y_at = height(curve[kept])
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y_at.tolist(), strict=True))
        name = escape(policies[number].name)
        drawn.append(f'<path d="M{path}" {_line(number)}><title>{name}</title></path>')
    first, last = sessions[0], sessions[-1]
    drawn.append(
        f'<text x="{LEFT}" y="{HIGH - 5}">{first}</text>'
        f'<text x="{WIDE - RIGHT}" y="{HIGH - 5}" text-anchor="end">{last}</text>'
    )
    said = f"{title}, {first} to {last}: {told(low)} to {told(high)}"
    return (
        f"<figure><figcaption>{title}</figcaption>"
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(said)}">'
        f"{''.join(drawn)}</svg></figure>"
    )


def findings_list(findings: Sequence[Finding]) -> str:
    """Findings with how many there are; empty where there are none."""
    told = findings_said(findings)
    if not told:
        return ""
    rows = "".join(
        f'<li class="{escape(severity)}"><b>{escape(word)}</b> {escape(text)}</li>'
        for severity, word, text in told
    )
    return f"<p>{counted(len(told), 'finding', 'findings')}</p><ul>{rows}</ul>"


def _money(value: float) -> str:
    for size, mark in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if mark == 'k' else size):,.4g}{mark}"
    return f"{value:,.4g}"


def _share(value: float) -> str:
    return f"{value:.0%}" if abs(value) >= 0.1 or value == 0 else f"{value:.1%}"
