"""The tables of a report. Every cell carries the unrounded figure beside what is shown of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from trimtab.reports.html.series import Yearly
from trimtab.reports.palette import TONES
from trimtab.reports.words import clean
from trimtab.simulate.research.results import percent, yearly

if TYPE_CHECKING:
    from trimtab.reports.html.drawn import Drawn, Named
    from trimtab.simulate.research.policy_result import PolicyResult
    from trimtab.simulate.uncertainty.difference import Difference, Gap
    from trimtab.simulate.uncertainty.outcomes import Outcomes

Cell = tuple[str, float | None, str, str]
"""The name of a figure in `to_dict`, its value, what is shown, and a smaller line below it."""

Row = tuple[str, str, str, Sequence[Cell]]
"""What a row is marked with, as markup; its name, a smaller line below that, and its cells."""

MOST_ROWS = 36
"""Rows that one printed page holds."""

VERDICTS = {
    "more": "more than noise",
    "less": "more than noise",
    "noise": "noise",
    "same": "equal",
    "few": "too few paths to tell",
    "mixed": "history and paths disagree",
}


def safe(text: str) -> str:
    """Any text as text in a page: markup is escaped, what hides or moves is shown as its code."""
    return escape(clean(text))


def prose(text: str) -> str:
    """A sentence as text in a page; what stands between backticks is set as code.

    >>> prose("say `--dividends reinvest`, not <b>")
    'say <code>--dividends reinvest</code>, not &lt;b&gt;'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", safe(text))


def swatch(number: int) -> str:
    """The line that a policy is drawn with."""
    again = " again" if number >= TONES else ""
    return (
        f'<svg class="key" width="26" height="10" aria-hidden="true">'
        f'<line class="s{number % TONES}{again}" x1="1" x2="25" y1="5" y2="5"/></svg>'
    )


def gave_table(
    policies: Sequence[PolicyResult],
    outcomes: Outcomes | None,
    differences: Sequence[Difference],
) -> str:
    """What each policy gave: value, growth with its interval, risk."""
    apart = {one.first: one for one in differences}
    heads = ["Policy", "Final value", "Growth a year"]
    if differences:
        heads.append(f"Against {policies[0].name}")
    heads += ["Volatility", "Worst fall", "Sharpe"]
    rows = []
    for one in policies:
        cells: list[Cell] = [
            (
                "final_value",
                one.final_value,
                f"{one.final_value:,.2f}",
                _spread(outcomes, one.name, "final_value"),
            ),
            ("cagr", one.cagr, yearly(one, one.cagr, 2), _spread(outcomes, one.name, "cagr")),
        ]
        if differences:
            pair = apart.get(one.name)
            cells.append(against(None if pair is None else pair["cagr"], "cagr"))
        cells += [
            (
                "volatility",
                one.volatility,
                percent(one.volatility, 2),
                _spread(outcomes, one.name, "volatility"),
            ),
            (
                "max_drawdown",
                one.max_drawdown,
                percent(one.max_drawdown, 1),
                _spread(outcomes, one.name, "max_drawdown"),
            ),
            ("measures.sharpe", one.measures.sharpe, _plain(one.measures.sharpe, 2), ""),
        ]
        rows.append(cells)
    return policy_table("What each policy gave", heads, policies, rows)


def took_table(policies: Sequence[PolicyResult], outcomes: Outcomes | None) -> str:
    """What each policy took to keep it at its target, and how close that was."""
    heads = [
        "Policy",
        "Cost",
        "Cost drag a year",
        "Turnover a year",
        "Rebalances",
        "Trades",
        "Mean drift",
        "Largest drift",
        "Tracking error",
    ]
    rows = []
    for one in policies:
        found = one.measures
        rows.append(
            [
                ("cost_paid", one.cost_paid, f"{one.cost_paid:,.2f}", ""),
                ("measures.cost_drag", found.cost_drag, yearly(one, found.cost_drag, 3), ""),
                (
                    "measures.turnover_a_year",
                    found.turnover_a_year,
                    percent(found.turnover_a_year, 1),
                    _spread(outcomes, one.name, "turnover_a_year"),
                ),
                ("rebalances", one.rebalances, f"{one.rebalances:,}", ""),
                ("measures.trades", found.trades, f"{found.trades:,}", ""),
                ("measures.drift_mean", found.drift_mean, percent(found.drift_mean, 1), ""),
                ("measures.drift_max", found.drift_max, percent(found.drift_max, 1), ""),
                (
                    "measures.tracking_error",
                    found.tracking_error,
                    percent(found.tracking_error, 2),
                    _spread(outcomes, one.name, "tracking_error"),
                ),
            ]
        )
    return policy_table("What each policy took", heads, policies, rows)


def against(gap: Gap | None, name: str) -> Cell:
    """A difference from the first policy with its interval, and in words whether it is noise."""
    if gap is None:
        return ("", None, "", "")
    figure = f"difference.{name}"
    if gap.verdict == "same":
        return (figure, gap.observed, "0.00%", "equal on every path")
    if gap.verdict == "few":
        return (figure, gap.observed, _signed(gap.observed), VERDICTS["few"])
    return (
        figure,
        gap.observed,
        _signed(gap.observed),
        f"{_signed(gap.low)} to {_signed(gap.high)}: {VERDICTS[gap.verdict]}",
    )


def _signed(share: float) -> str:
    """A difference in percent; minus zero is none."""
    return f"{round(share, 4) + 0.0:+.2%}"


def _spread(outcomes: Outcomes | None, name: str, figure: str) -> str:
    """Between what a figure was on nine of ten shuffled histories."""
    import numpy as np

    if outcomes is None:
        return ""
    low, high = (float(q) for q in np.percentile(outcomes.of(name, figure), [5.0, 95.0]))
    if not isfinite(low) or not isfinite(high):
        return ""
    if figure == "final_value":
        return f"{low:,.0f} to {high:,.0f}"
    return f"{low:.1%} to {high:.1%}"


def _plain(figure: float, places: int) -> str:
    return f"{figure:.{places}f}" if isfinite(figure) else "-"


def policy_table(
    caption: str,
    heads: Sequence[str],
    policies: Sequence[Named],
    rows: Sequence[Sequence[Cell]],
) -> str:
    """A table with a row a policy, and the line that it is drawn with before its name."""
    keyed = enumerate(zip(policies, rows, strict=True))
    return named_table(caption, heads, [(swatch(n), one.name, "", own) for n, (one, own) in keyed])


def named_table(caption: str, heads: Sequence[str], rows: Sequence[Row]) -> str:
    """A table with a row for each name."""
    head = "".join(f'<th scope="col">{safe(text)}</th>' for text in heads)
    body = []
    for key, name, below, cells in rows:
        shown = "".join(_cell(cell) for cell in cells)
        small = f"<small>{safe(below)}</small>" if below else ""
        named = f'<th scope="row">{key} {safe(name)}{small}</th>'
        body.append(f'<tr data-policy="{safe(name)}">{named}{shown}</tr>')
    return (
        f'<div class="wide{long(rows)}" tabindex="0" role="region" aria-label="{safe(caption)}">'
        f'<table class="compare"><caption>{safe(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    figure, value, shown, below = cell
    exact = ""
    if figure and value is not None and isfinite(value):
        exact = f' data-figure="{figure}" data-value="{value!r}"'
    small = f"<small>{safe(below)}</small>" if below else ""
    return f"<td{exact}>{safe(shown)}{small}</td>"


def yearly_table(policies: Sequence[Drawn], found: Sequence[Yearly]) -> str:
    """The return of every policy in every calendar year."""
    one = policies[0]
    heads = "".join(
        f'<th scope="col">{swatch(number)}<br>{safe(policy.name)}</th>'
        for number, policy in enumerate(policies)
    )
    body = []
    for place, year in enumerate(found[0].years):
        name = str(year)
        if year == one.first.year and (one.first.month, one.first.day) > (1, 7):
            name += f" from {one.first:%m-%d}"
        if year == one.last.year and (one.last.month, one.last.day) < (12, 24):
            name += f" to {one.last:%m-%d}"
        cells = ""
        for own in found:
            value = own.returns[place]
            sign = ' class="loss"' if value < 0 else ""
            cells += f'<td data-value="{value!r}"{sign}>{value:.1%}</td>'
        body.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    return (
        f'<div class="wide{long(body)}" tabindex="0" role="region" aria-label="Yearly returns">'
        '<table class="years"><caption>Return in each calendar year</caption>'
        f'<thead><tr><th scope="col">Year</th>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def long(rows: Sequence[object]) -> str:
    """The class of a table that a page cannot hold: it may break, with its heads above each part.

    All others stand on one page.
    """
    return " long" if len(rows) > MOST_ROWS else ""
