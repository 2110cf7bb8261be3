"""Sweeps and advice in a notebook: what each policy costs against how far it strays; a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from trimtab.reports.html.canvas import Canvas, figure
from trimtab.reports.html.scatter import advice_spots, scatter, share, sweep_spots
from trimtab.reports.notebook import findings_list, framed, note, table
from trimtab.reports.words import counted

if TYPE_CHECKING:
    from trimtab.reports.html.canvas import Axis
    from trimtab.reports.html.scatter import Spot
    from trimtab.simulate.choosing.advice import Advice
    from trimtab.simulate.choosing.sweep import Sweep

CANVAS = Canvas("notebook", 640, 300, 50, 14, 22, 36, 6, 4)


def sweep_notebook(result: Sweep) -> str:
    """A sweep as a piece of HTML without scripts: turnover against tracking error, and the best."""
    below = ("turnover over the run", share)
    spots, axis = sweep_spots(result, "turnover_one_way", below)
    head = (
        f"Sweep of {len(result):,} {'policy' if len(result) == 1 else 'policies'}, "
        f"{result.first} to {result.last} "
        f"\u00b7 {result.sessions:,} sessions"
    )
    return framed(
        note(head),
        _scatter(spots, "Turnover against tracking error", axis),
        note("Darker: no other strays less from the target at less turnover."),
        table(*result.rows(result.best())),
        findings_list(result.findings),
    )


def advice_notebook(advice: Advice) -> str:
    """Advice likewise: what is advised, cost and tax against distance, and a table."""
    spots, axis = advice_spots(advice)
    return framed(
        f"<p><b>{escape(advice.sentence)}</b></p>",
        _scatter(spots, "What each takes a year", axis),
        table(*advice.rows()),
        note(advice.below),
        findings_list(advice.findings),
    )


def _scatter(spots: Sequence[Spot], title: str, below: Axis) -> str:
    """Policies as points, those that matter on top and named where there is room."""
    if not spots:
        return ""
    said = f"{title}: {counted(len(spots), 'policy', 'policies')}"
    return (
        f'<figure style="max-width:680px"><figcaption>{escape(title)}</figcaption>'
        f"{figure(CANVAS, said, scatter(CANVAS, spots, below))}</figure>"
    )
