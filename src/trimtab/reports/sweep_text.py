"""A sweep as text: the first policies by a figure, and those that no other beats."""

from __future__ import annotations

from trimtab.reports.assumed_text import assumptions_of_all
from trimtab.reports.backtest_text import Rows, figure_tables
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import FULL, Look, headline, paragraph, stacked, wrapped
from trimtab.reports.words import counted
from trimtab.simulate.choosing.sweep import Sweep

NAMES = {
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

BOTH = ("cost_paid", "tracking_error")
"""Figures of which a policy on the frontier is beaten on neither."""

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
    front = result.frontier(*BOTH)
    among = f" ({FRONTIER} of {len(front)})" if len(front) > FRONTIER else ""
    front = shown_front(result, front, own)
    parts = (
        f"Sweep of {len(result):,} {'policy' if len(result) == 1 else 'policies'}",
        f"{result.first} to {result.last}",
        f"{result.sessions:,} sessions",
        f"{result.cash:,.2f} at the start",
    )
    words, head = NAMES[by]
    ordered = _columns(result, result.best(by, most), own)
    (first,) = figure_tables([ordered], width, look, kept=[head])
    (nearest,) = figure_tables(
        [_columns(result, front, own, beside=False)], width, look, kept=["cost", "tracking error"]
    )
    mind = [*(line for _, line in luck(result)), TRACKING_ERROR]
    blocks = [
        headline(parts, width=width, look=look),
        [f"First by {words}:", *first],
        [f"No other is nearer to the target at less cost{among}, the least cost first:", *nearest],
        [] if own is None else wrapped(f"* your own policy: {own_stands(result, by, own)}", width),
        paragraph("Assumed", assumptions_of_all(result.assumed), width=width, look=look),
        paragraph("Mind", mind, width=width, look=look),
        findings_text(result.findings, width=width, look=look, explain=True),
    ]
    return stacked(blocks)


def _place(result: Sweep, by: str, own: int) -> str:
    """Where the reader's policy stands among all."""
    return f"number {result.best(by, len(result)).index(own) + 1:,} of {len(result):,}"


def own_stands(result: Sweep, by: str, own: int) -> str:
    """Where the reader's policy stands among all, and what is nearer to the target for no more."""
    place = f"{_place(result, by, own)} by {NAMES[by][0]}"
    better = result.beating(own, *BOTH)
    if not better:
        return f"{place}; no other is nearer to the target at less cost"
    many = counted(len(better), "other is", "others are")
    name = result.grid.name(better[0])
    return f"{place}; {many} nearer to the target or cheaper, and worse in neither, as {name}"


def shown_front(result: Sweep, front: list[int], own: int | None) -> list[int]:
    """The rows of the frontier that are shown: evenly, and the reader's own where it is on it."""
    if own is not None and own not in front and not result.beating(own, *BOTH):
        # It is as another one is: its own name says more to its reader.
        same = [
            k for k in front if all(result.figures[f][k] == result.figures[f][own] for f in BOTH)
        ]
        front = [own if k in same else k for k in front]
    if len(front) <= FRONTIER:
        return front
    step = (len(front) - 1) / (FRONTIER - 1)
    shown = [front[round(k * step)] for k in range(FRONTIER)]
    if own in front and own not in shown:
        place = front.index(own)
        nearest = min(range(1, FRONTIER - 1), key=lambda k: abs(front.index(shown[k]) - place))
        shown[nearest] = own
    return shown


def _columns(result: Sweep, chosen: list[int], own: int | None, *, beside: bool = True) -> Rows:
    """The table of these policies; the reader's own is marked, and stands below them if wanted."""
    if beside and own is not None and own not in chosen:
        chosen = [*chosen, own]
    heads, rows = result.rows(chosen)
    if own is not None and own in chosen:
        rows[chosen.index(own)][0] += " *"
    return [(head, [row[place] for row in rows]) for place, head in enumerate(heads)]


def luck(result: Sweep) -> list[tuple[str, str]]:
    """How far the best may be luck, each with a heading of a word or two; nothing of one policy."""
    if len(result) < 2:
        return []
    many = (
        f"The best of {len(result):,} is best partly by luck: what matters is whether its "
        "neighbours are good too, and whether the difference is more than noise."
    )
    told = [("Luck", many)]
    cut, best = result.overfitting(), result.deflated()
    if cut is not None:
        told.append(("Overfitting", f"By Sharpe ratio, {cut.sentence}"))
    if best.probability == best.probability:
        against = "Against its target held exactly at no cost (deflated Sharpe ratio), "
        told.append(("More than luck?", f"{against}{best.sentence}"))
    return told


TRACKING_ERROR = (
    "Tracking error: standard deviation a year of the difference in return to the target held "
    "exactly, at no cost. Research mode: fractional, no tax."
)
