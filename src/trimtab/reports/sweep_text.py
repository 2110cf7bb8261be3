"""A sweep as text: the first policies by a figure, and those that no other beats."""

from __future__ import annotations

from trimtab.reports.backtest_text import Rows, figure_tables
from trimtab.reports.layout import FULL, Look, headline, paragraph, stacked
from trimtab.reports.plan_text import findings_text
from trimtab.simulate.sweep import Sweep

_NAMES = {
    "sharpe": ("Sharpe ratio", "Sharpe"),
    "cagr": ("growth a year", "a year"),
    "volatility": ("volatility", "volatility"),
    "max_drawdown": ("worst fall", "worst fall"),
    "tracking_error": ("distance from the target", "tracking error"),
    "turnover_one_way": ("turnover", "turnover"),
    "cost_paid": ("cost", "cost"),
    "rebalances": ("number of rebalances", "rebalances"),
    "final_value": ("final value", "a year"),
}
"""What a table is ordered by: in a sentence, and the heading of the column that shows it."""

FRONTIER = 12
"""Policies of the frontier that are shown."""


def sweep_text(
    result: Sweep,
    *,
    by: str = "sharpe",
    most: int = 12,
    own: int | None = None,
    width: int = 100,
    look: Look = FULL,
) -> str:
    """The sweep for a terminal of `width` columns; `own` is the row of the reader's policy."""
    front = result.frontier("cost_paid", "tracking_error")
    among = f" ({FRONTIER} of {len(front)})" if len(front) > FRONTIER else ""
    if len(front) > FRONTIER:
        step = (len(front) - 1) / (FRONTIER - 1)
        front = [front[round(k * step)] for k in range(FRONTIER)]
    parts = (
        f"Sweep of {len(result):,} policies",
        f"{result.first} to {result.last}",
        f"{result.sessions:,} sessions",
        f"{result.cash:,.2f} at the start",
    )
    words, head = _NAMES[by]
    ordered = _columns(result, result.best(by, most), own)
    (first,) = figure_tables([ordered], width, look, kept=[head])
    (nearest,) = figure_tables(
        [_columns(result, front, own)], width, look, kept=["cost", "tracking error"]
    )
    blocks = [
        headline(parts, width=width, look=look),
        [f"First by {words}:", *first],
        [f"No other is nearer to the target at less cost{among}, the least cost first:", *nearest],
        [] if own is None else [f"* your own policy: {_place(result, by, own)} by {words}"],
        paragraph("Mind", _mind(result), width=width, look=look),
        findings_text(result.findings, width=width, look=look, explain=True),
    ]
    return stacked(blocks)


def _place(result: Sweep, by: str, own: int) -> str:
    """Where the reader's policy stands among all."""
    return f"number {result.best(by, len(result)).index(own) + 1:,} of {len(result):,}"


def _columns(result: Sweep, chosen: list[int], own: int | None) -> Rows:
    """The table of these policies; the reader's own stands in it or below it, marked."""
    if own is not None and own not in chosen:
        chosen = [*chosen, own]
    heads, rows = result.rows(chosen)
    if own is not None:
        rows[chosen.index(own)][0] += " *"
    return [(head, [row[place] for row in rows]) for place, head in enumerate(heads)]


def _mind(result: Sweep) -> list[str]:
    lines = []
    if len(result) > 1:
        lines.append(
            f"The best of {len(result):,} is best partly by luck: what matters is whether its "
            "neighbours are good too, and whether the difference is more than noise."
        )
        cut = result.overfitting()
        if cut is not None:
            lines.append(f"By Sharpe ratio, {cut.sentence}")
        best = result.deflated()
        if best.probability == best.probability:
            lines.append(
                "Against its target held exactly at no cost (deflated Sharpe ratio), "
                f"{best.sentence}"
            )
    lines.append(
        "Tracking error: standard deviation a year of the difference in return to the target held "
        "exactly, at no cost. Research mode: fractional, no tax."
    )
    return lines
