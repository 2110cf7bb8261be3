"""Policies as points, less being better both ways: what each costs against how far it strays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.reports.html.canvas import (
    BOLD_LETTER,
    CANVASES,
    LETTER,
    axes,
    figure,
    rooted,
    rooted_ticks,
)
from trimtab.reports.html.tables import safe
from trimtab.reports.labels import Named, along, placed
from trimtab.reports.sweep_text import shown_front
from trimtab.reports.words import counted

if TYPE_CHECKING:
    from typing import Literal

    from trimtab.reports.html.canvas import Axis, Canvas, Scale
    from trimtab.simulate.choosing.advice import Advice
    from trimtab.simulate.choosing.sweep import Sweep

    Kind = Literal["tried", "best", "own", "advised"]

KINDS = ("tried", "best", "own", "advised")
"""From below to on top."""

CALLED = {"own": "your policy", "advised": "advised"}
"""What stands beside points in place of their names, however long those are."""

KEYS = {
    "own": "your policy",
    "advised": "advised",
    "best": "no other both costs less and strays less",
    "tried": "the others",
}

READ = (
    "Each point is a policy: the further down, the nearer it stays to the target; the further "
    "left, the less it costs. Both axes are stretched near zero, where most policies lie. Point at "
    "one to read its name."
)
"""What the picture shows, in words."""

RADII = {"tried": 3.0, "best": 4.5, "own": 6.5, "advised": 6.5}

MOST_DRAWN = 1_500
"""Policies that are drawn one by one: of more, evenly chosen ones and all that matter."""

STYLE = """
.tried{fill:var(--soft);opacity:.5}.best{fill:var(--c0)}.own{fill:var(--c1)}.advised{fill:var(--c2)}
.own,.advised{stroke:var(--page);stroke-width:1.5}
.edge{fill:none;stroke:var(--c0);stroke-width:1.4;opacity:.6;stroke-linejoin:round}
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """A policy in the picture.

    Args:
        name: Its words.
        across: What it costs.
        up: Its tracking error a year.
        kind: How it is drawn.
        is_named: Whether its name stands beside it, where there is room.
    """

    name: str
    across: float
    up: float
    kind: Kind
    is_named: bool


def advice_spots(advice: Advice) -> tuple[list[Spot], Axis]:
    """Cost and tax against distance, of every policy that was tried; and the axis of the first."""
    front = {one.name for one in advice.frontier}

    def kind(name: str) -> Kind:
        if name == advice.own:
            return "own"
        if name == advice.advised:
            return "advised"
        return "best" if name in front else "tried"

    spots = [
        Spot(one.name, one.cost.mean, one.apart.mean, kind(one.name), kind(one.name) != "tried")
        for one in advice.choices
    ]
    return _known(spots), ("trading cost and tax a year", basis)


def sweep_spots(
    result: Sweep, figure: str, below: Axis, own: int | None = None
) -> tuple[list[Spot], Axis]:
    """A figure against distance, of the policies of a sweep; and the axis of the figure."""
    across, up = result.figures[figure], result.figures["tracking_error"]
    front = result.frontier(figure)
    named = {*shown_front(result, front, own), *([] if own is None else [own])}
    step = max(1, len(result) // MOST_DRAWN)
    shown = {*range(0, len(result), step), *front, *([] if own is None else [own])}

    def kind(row: int) -> Kind:
        return "own" if row == own else "best" if row in front else "tried"

    spots = [
        Spot(result.grid.name(k), float(across[k]), float(up[k]), kind(k), k in named)
        for k in sorted(shown)
    ]
    return _known(spots), below


def _known(spots: Sequence[Spot]) -> list[Spot]:
    return [one for one in spots if one.across == one.across and one.up == one.up]


def scatter_figure(spots: Sequence[Spot], title: str, below: Axis) -> str:
    """The picture for a wide screen and for a phone, and what its points stand for."""
    if not spots:
        return '<p class="note">No policy has both figures, so there is no picture.</p>'
    said = f"{title}: {counted(len(spots), 'policy', 'policies')}"
    figures = [figure(canvas, said, scatter(canvas, spots, below)) for canvas in CANVASES]
    kinds = [kind for kind in KEYS if any(one.kind == kind for one in spots)]
    keys = "".join(f"<li>{dot(kind)}{KEYS[kind]}</li>" for kind in kinds)
    return f'{"".join(figures)}<ul class="swatches">{keys}</ul>'


def dot(kind: str) -> str:
    """The point of a kind, to stand before words."""
    return (
        f'<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">'
        f'<circle class="{kind}" cx="6" cy="6" r="5"/></svg>'
    )


def scatter(canvas: Canvas, spots: Sequence[Spot], below: Axis) -> list[str]:
    """The parts of one picture: those that matter on top, and named where there is room."""
    box = (
        0.0,
        (max(one.across for one in spots) or 1e-4) * 1.04,
        0.0,
        (max(one.up for one in spots) or 1e-4) * 1.06,
    )
    x = rooted(box[1], canvas.left, canvas.end)
    y = rooted(box[3], canvas.foot, canvas.top)
    parts = [
        axes(canvas, x, y, box, below, up=("tracking error a year", share), rounds=rooted_ticks)
    ]
    edge = _edge(spots, x, y)
    line = " ".join(f"{across:.1f},{up:.1f}" for across, up in edge)
    parts.append(f'<polyline class="edge" points="{line}"/>')
    drawn = sorted(spots, key=lambda one: KINDS.index(one.kind))
    for one in drawn:
        told = f"{one.name}: {below[1](one.across)}, tracking error {share(one.up)}"
        parts.append(
            f'<circle class="{one.kind}" cx="{x(one.across):.1f}" cy="{y(one.up):.1f}" '
            f'r="{RADII[one.kind]:g}"><title>{safe(told)}</title></circle>'
        )
    named = [
        Named(
            CALLED.get(one.kind, one.name),
            x(one.across),
            y(one.up),
            RADII[one.kind],
            BOLD_LETTER * len(CALLED[one.kind]) if one.kind in CALLED else LETTER * len(one.name),
        )
        for one in reversed(drawn)
        if one.is_named
    ]
    room = (float(canvas.left), float(canvas.top), float(canvas.wide), float(canvas.foot))
    free = [*along(edge), *((x(one.across), y(one.up)) for one in spots)]
    for one_named, at in zip(named, placed(named, room, curve=free), strict=True):
        if at is not None:
            bold = ' class="name"' if one_named.name in CALLED.values() else ""
            parts.append(f'<text{bold} x="{at.x:.1f}" y="{at.y:.1f}">{safe(one_named.name)}</text>')
    return parts


def _edge(spots: Sequence[Spot], x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Where the policies lie that no other beats on both, from the least cost on."""
    least, edge = float("inf"), []
    for one in sorted(spots, key=lambda one: (one.across, one.up)):
        if one.up < least:
            least = one.up
            edge.append((x(one.across), y(one.up)))
    return edge


def share(value: float) -> str:
    """A share as short as a reader wants it."""
    return f"{value:,.0%}" if abs(value) >= 1.0 else f"{100 * value:.3g}%"


def basis(value: float) -> str:
    """A share in basis points, likewise."""
    return f"{10_000 * value:.3g} bp"
