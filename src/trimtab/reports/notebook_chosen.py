"""Sweeps and advice in a notebook: what each policy costs against how far it strays; a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from trimtab.reports.frontier_svg import ticks
from trimtab.reports.labels import Named, placed
from trimtab.reports.notebook import findings_list, framed, note, table
from trimtab.reports.words import counted

if TYPE_CHECKING:
    from trimtab.simulate.choosing.advice import Advice
    from trimtab.simulate.choosing.sweep import Sweep

WIDE, HIGH = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 22, 36
MOST_DRAWN = 1_500
"""Policies that are drawn one by one: of more, evenly chosen ones and all that matter."""
LETTER = 6.4
"""How wide a letter of a name is at most on the average, in pixels of the picture."""

Spot = tuple[str, float, float, str]
"""A policy in the picture: its name, across, up, and `tried`, `best` or `own`."""


def sweep_notebook(result: Sweep) -> str:
    """A sweep as a piece of HTML without scripts: turnover against tracking error, and the best."""
    across, up = result.figures["turnover_one_way"], result.figures["tracking_error"]
    front = result.frontier()
    step = max(1, len(result) // MOST_DRAWN)
    shown = sorted({*range(0, len(result), step), *front})
    spots = [
        (
            result.grid.name(k),
            float(across[k]),
            float(up[k]),
            "best" if k in set(front) else "tried",
        )
        for k in shown
    ]
    head = (
        f"Sweep of {len(result):,} {'policy' if len(result) == 1 else 'policies'}, "
        f"{result.first} to {result.last} "
        f"\u00b7 {result.sessions:,} sessions"
    )
    return framed(
        note(head),
        _scatter(spots, "Turnover against tracking error", "turnover over the run", _share),
        note("Darker: no other strays less from the target at less turnover."),
        table(*result.rows(result.best())),
        findings_list(result.findings),
    )


def advice_notebook(advice: Advice) -> str:
    """Advice likewise: what is advised, cost and tax against distance, and a table."""
    front = {one.name for one in advice.frontier}
    spots = [
        (
            one.name,
            one.cost.mean,
            one.apart.mean,
            "own" if one.name == advice.own else "best" if one.name in front else "tried",
        )
        for one in advice.choices
    ]
    return framed(
        f"<p><b>{escape(advice.sentence)}</b></p>",
        _scatter(spots, "What each takes a year", "trading cost and tax a year", _basis),
        table(*advice.rows()),
        note(advice.below),
        findings_list(advice.findings),
    )


def _scatter(spots: Sequence[Spot], title: str, below: str, told: Callable[[float], str]) -> str:
    """Policies as points, those that matter on top and named where there is room."""
    known = [one for one in spots if one[1] == one[1] and one[2] == one[2]]
    if not known:
        return ""
    most_across = max(one[1] for one in known) or 1.0
    most_up = max(one[2] for one in known) or 1.0

    def x(value: float) -> float:
        return LEFT + value / (most_across * 1.04) * (WIDE - LEFT - RIGHT)

    def y(value: float) -> float:
        return HIGH - BOTTOM - value / (most_up * 1.06) * (HIGH - TOP - BOTTOM)

    drawn = [
        f'<path class="grid" d="M{LEFT} {y(at):.1f}H{WIDE - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{y(at) + 4:.1f}" text-anchor="end">{_share(at)}</text>'
        for at in ticks(0.0, most_up, 4)
    ]
    drawn += [
        f'<text x="{x(at):.1f}" y="{HIGH - BOTTOM + 15}" text-anchor="middle">{told(at)}</text>'
        for at in ticks(0.0, most_across, 6)
    ]
    drawn.append(
        f'<text x="{WIDE - RIGHT}" y="{HIGH - 4}" text-anchor="end">{escape(below)}</text>'
    )
    drawn.append(f'<text x="{LEFT}" y="{TOP - 3}">tracking error a year</text>')
    order = ("tried", "best", "own")
    for name, across, up, kind in sorted(known, key=lambda one: order.index(one[3])):
        said = f"{name}: {told(across)}, tracking error {_share(up)}"
        drawn.append(
            f'<circle class="{kind}" cx="{x(across):.1f}" cy="{y(up):.1f}" '
            f'r="{3 if kind == "tried" else 4.5}"><title>{escape(said)}</title></circle>'
        )
    named = [
        Named(name, x(across), y(up), 5.0, LETTER * len(name))
        for name, across, up, kind in sorted(known, key=lambda one: -order.index(one[3]))
        if kind != "tried"
    ]
    room = (float(LEFT), 0.0, float(WIDE), float(HIGH - BOTTOM))
    for one, at in zip(named, placed(named, room), strict=True):
        if at is not None:
            drawn.append(
                f'<text class="name" x="{at.x:.1f}" y="{at.y:.1f}">{escape(one.name)}</text>'
            )
    said = f"{title}: {counted(len(known), 'policy', 'policies')}"
    return (
        f'<figure style="max-width:680px"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(said)}">'
        f"{''.join(drawn)}</svg></figure>"
    )


def _share(value: float) -> str:
    return f"{value:,.0%}" if abs(value) >= 1.0 else f"{100 * value:.3g}%"


def _basis(value: float) -> str:
    return f"{10_000 * value:.3g} bp"
