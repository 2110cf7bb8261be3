"""A sweep as one HTML file that loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trimtab.reports.assumed_text import assumptions_of_all
from trimtab.reports.html import scatter, widths
from trimtab.reports.html.answer import quoted
from trimtab.reports.html.page import notes_section, warnings_section
from trimtab.reports.html.still import (
    answer_section,
    day,
    lines_section,
    picture_section,
    still_page,
)
from trimtab.reports.html.tables import named_table, safe
from trimtab.reports.sweep_text import (
    BOTH,
    FRONTIER,
    NAMES,
    TRACKING_ERROR,
    luck,
    own_stands,
    shown_front,
)

if TYPE_CHECKING:
    from trimtab.reports.html.tables import Row
    from trimtab.simulate.choosing.sweep import Sweep

PLAIN = ("cost_paid", "final_value", "rebalances")
"""Figures that are no shares, nor ratios."""


def sweep_html(
    result: Sweep,
    *,
    by: str = "sharpe",
    most: int = 12,
    own: int | None = None,
    remarks: Sequence[str] = (),
) -> str:
    """The sweep as a page: what stands first, how far that is luck, and what no other beats.

    Args:
        result: The sweep.
        by: The figure that orders the first table and is drawn by width.
        most: Rows of that table.
        own: The row of the reader's policy.
        remarks: What else the reader should know, at the end.

    Every name is text in it, whatever it contains.
    """
    word = "policy" if len(result) == 1 else "policies"
    under = (
        f"{result.first} to {result.last} · {result.sessions:,} sessions · "
        f"{result.cash:,.2f} at the start"
    )
    points = [] if own is None else [("Your policy", f"{own_stands(result, by, own)}.")]
    name = NAMES[by][0]
    panels = widths.width_panels(result, by, name, _told(by), own)
    body = [
        f"<h1>Sweep of {len(result):,} {word}, {day(result.first)} to {day(result.last)}</h1>",
        f'<p class="under">{safe(under)}</p>',
        answer_section(_headline(result, by), [*points, *luck(result)]),
        warnings_section(result.findings),
        _scatter(result, own),
        picture_section(f"{name[0].upper()}{name[1:]} by width", _widths_note(panels), panels)
        if panels
        else "",
        _tables(result, by, most, own),
        notes_section(result.findings),
        lines_section("What was assumed", assumptions_of_all(result.assumed)),
        lines_section("Conventions", [TRACKING_ERROR, *remarks]),
    ]
    return still_page("Sweep of policies", body, scatter.STYLE + widths.STYLE)


def _headline(result: Sweep, by: str) -> str:
    first = result.best(by, 1)[0]
    name, value = quoted(result.grid.name(first)), _told(by)(float(result.figures[by][first]))
    words = NAMES[by][0]
    if len(result) == 1:
        return f"{name} was run alone, with a {words} of {value}: there is nothing to choose among."
    return f"{name} stands first of {len(result):,} by {words}, with {value}."


def _told(by: str) -> Callable[[float], str]:
    """How a figure is written."""
    if by == "sharpe":
        return lambda value: f"{value:.2f}"
    if by in PLAIN:
        return lambda value: f"{value:,.0f}"
    return scatter.share


def _scatter(result: Sweep, own: int | None) -> str:
    """Distance against cost; against turnover where trading costs nothing."""
    figure, below = BOTH[0], ("cost over the run, in money", _told(BOTH[0]))
    if not any(result.figures[figure]):
        figure, below = "turnover_one_way", ("turnover over the run", scatter.share)
    spots, axis = scatter.sweep_spots(result, figure, below, own)
    few = "" if len(spots) == len(result) else f" {len(spots):,} of {len(result):,} are drawn."
    title = f"Distance against {figure.split('_')[0]}"
    return picture_section(
        title, f"{scatter.READ}{few}", scatter.scatter_figure(spots, title, axis)
    )


def _widths_note(panels: str) -> str:
    told = (
        "Policies that differ in one number as a line over it, in two as a map, the darker the "
        "more. Where neighbours are as good, a width is no stroke of luck."
    )
    return f"{told} The point is your policy." if 'class="own"' in panels else told


def _tables(result: Sweep, by: str, most: int, own: int | None) -> str:
    front = result.frontier(*BOTH)
    shown = shown_front(result, front, own)
    among = f" ({FRONTIER} of {len(front)})" if len(front) > FRONTIER else ""
    first = result.best(by, most)
    if own is not None and own not in first:
        first.append(own)
    tables = [
        _table(result, f"First by {NAMES[by][0]}", first, own),
        _table(
            result,
            f"No other is nearer to the target at less cost{among}, the least cost first",
            shown,
            own,
        ),
    ]
    return f"<section><h2>The policies</h2>{''.join(tables)}</section>"


def _table(result: Sweep, caption: str, chosen: Sequence[int], own: int | None) -> str:
    heads, cells = result.rows(chosen)
    rows: list[Row] = [
        (
            scatter.dot("own") if k == own else "",
            shown[0],
            scatter.CALLED["own"] if k == own else "",
            [("", None, one, "") for one in shown[1:]],
        )
        for k, shown in zip(chosen, cells, strict=True)
    ]
    return named_table(caption, heads, rows)
