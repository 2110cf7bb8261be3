"""The pictures of a frontier as SVG, each for a wide screen and for a phone: one is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.reports.frontier_drawn import Drawing
from trimtab.reports.frontier_text import weights_words
from trimtab.reports.html.canvas import (
    BOLD_LETTER,
    CANVASES,
    LETTER,
    Canvas,
    Scale,
    axes,
    figure,
    percent,
    scale,
)
from trimtab.reports.html.tables import safe
from trimtab.reports.labels import Named, along, placed

if TYPE_CHECKING:
    from trimtab.targets.objectives.front import Front, Point

SHAPES = {
    "least volatility": "calm",
    "best Sharpe": "tangent",
    "now": "now",
    "target": "aim",
    "tolerated": "may",
    "found": "found",
}

MARK, DOT = 7.5, 3.5
"""How far points reach: those with a name of their own, and instruments."""


def curve(front: Front, shown: Drawing, words: str) -> str:
    """Return over volatility: the frontier, single instruments, and the points that matter."""
    return "".join(figure(canvas, words, _curve(canvas, front, shown)) for canvas in CANVASES)


def _curve(canvas: Canvas, front: Front, shown: Drawing) -> list[str]:
    x = scale(shown.left, shown.right, canvas.left, canvas.end)
    y = scale(shown.bottom, shown.top, canvas.foot, canvas.top)
    box = (max(shown.left, 0.0), shown.right, shown.bottom, shown.top)
    parts = [axes(canvas, x, y, box, ("volatility", percent))]
    best = front.best_sharpe
    if best is not None:
        parts.append(_tangent(front.risk_free, best, shown, x, y))
    now = front.current
    if now is not None:
        parts += [
            f'<line class="reach" x1="{x(now.volatility):.1f}" y1="{y(now.expected_return):.1f}" '
            f'x2="{x(other.volatility):.1f}" y2="{y(other.expected_return):.1f}"/>'
            for other in (front.as_calm, front.as_rich)
            if other is not None
        ]
    ends = zip(shown.volatilities.tolist(), shown.returns.tolist(), strict=True)
    places = [(x(volatility), y(gained)) for volatility, gained in ends]
    line = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
    parts.append(f'<polyline class="front" points="{line}"/>')
    parts += [_dot(one, x, y) for one in _alone(front)]
    parts += [_to_point_at(front, one, x, y) for one in front.points]
    parts += [_mark(front, name, point, x, y) for name, point in shown.marks]
    return [*parts, *_names(canvas, front, shown, (x, y), places)]


def _alone(front: Front) -> list[tuple[str, float, float]]:
    """Single instruments: symbol, volatility, expected return."""
    return list(zip(front.symbols, front.volatility.tolist(), front.expected.tolist(), strict=True))


def _dot(one: tuple[str, float, float], x: Scale, y: Scale) -> str:
    symbol, volatility, gained = one
    told = f"{symbol}: {gained:.2%} a year at {volatility:.2%}"
    return (
        f'<circle class="alone" cx="{x(volatility):.1f}" cy="{y(gained):.1f}" r="{DOT}">'
        f"<title>{safe(told)}</title></circle>"
    )


def _names(
    canvas: Canvas,
    front: Front,
    shown: Drawing,
    scales: tuple[Scale, Scale],
    places: Sequence[tuple[float, float]],
) -> list[str]:
    """Names beside points: marks first, then instruments; what has no room is told by pointing."""
    x, y = scales
    marks = [
        Named(name, x(one.volatility), y(one.expected_return), MARK, BOLD_LETTER * len(name))
        for name, one in shown.marks
    ]
    dots = [
        Named(symbol, x(volatility), y(gained), DOT, LETTER * len(symbol))
        for symbol, volatility, gained in _alone(front)
    ]
    # Instruments without a name keep their room all the same: names do not lie over them.
    points = [*marks, *sorted(dots, key=lambda one: one.name not in shown.labelled)]
    room = (canvas.left, 0.0, canvas.wide, canvas.foot)
    found = placed(points, room, curve=along(places))
    parts = []
    for place, (one, at) in enumerate(zip(points, found, strict=True)):
        is_mark = place < len(marks)
        if at is not None and (is_mark or one.name in shown.labelled):
            kind = ' class="name"' if is_mark else ""
            parts.append(f'<text{kind} x="{at.x:.1f}" y="{at.y:.1f}">{safe(one.name)}</text>')
    return parts


def _to_point_at(front: Front, one: Point, x: Scale, y: Scale) -> str:
    """A place on the curve that tells its weights, unseen."""
    told = f"{one.expected_return:.2%} a year at {one.volatility:.2%}: {weights_words(front, one)}"
    return (
        f'<circle cx="{x(one.volatility):.1f}" cy="{y(one.expected_return):.1f}" r="9" '
        f'fill="transparent"><title>{safe(told)}</title></circle>'
    )


def _tangent(
    free: float,
    best: Point,
    shown: Drawing,
    x: Scale,
    y: Scale,
) -> str:
    """The line of cash and the best ratio, as far as it is in the picture."""
    first, last = max(shown.left, 0.0), shown.right
    if best.sharpe > 0.0:
        first = max(first, (shown.bottom - free) / best.sharpe)
        last = min(last, (shown.top - free) / best.sharpe)
    ends = [(x(at), y(free + best.sharpe * at)) for at in (first, last)]
    (x1, y1), (x2, y2) = ends
    return f'<line class="line" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _mark(front: Front, name: str, point: Point, x: Scale, y: Scale) -> str:
    """A named point: a disc."""
    told = f"{name}: {weights_words(front, point)}"
    return (
        f'<circle class="{SHAPES[name]}" cx="{x(point.volatility):.1f}" '
        f'cy="{y(point.expected_return):.1f}" r="{MARK}"><title>{safe(told)}</title></circle>'
    )


def layers(shown: Drawing) -> str:
    """The weights along the frontier, one layer a name."""
    if len(shown.returns) < 2:
        return '<p class="note">There is one portfolio within the limits, and no curve.</p>'
    words = "The weights along the frontier, one layer a name."
    figures = [figure(canvas, words, _layers(canvas, shown)) for canvas in CANVASES]
    keys = "".join(
        f'<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" '
        f'class="f{k % 8}"/></svg>{safe(name)}</li>'
        for k, (name, _) in enumerate(shown.layers)
    )
    return f'{"".join(figures)}<ul class="swatches">{keys}</ul>'


def _layers(canvas: Canvas, shown: Drawing) -> list[str]:
    import numpy as np

    first, last = float(shown.returns[0]), float(shown.returns[-1])
    x = scale(first, last, canvas.left, canvas.end)
    whole = max(float(np.sum([weights for _, weights in shown.layers], axis=0).max()), 1.0)
    y = scale(0.0, whole, canvas.foot, canvas.top + LAYER_NAMES)
    across = [f"{x(at):.1f}" for at in shown.returns.tolist()]
    base = np.zeros(len(shown.returns))
    areas = []
    for k, (name, weights) in enumerate(shown.layers):
        top = base + weights
        over = [f"{at},{y(value):.1f}" for at, value in zip(across, top.tolist(), strict=True)]
        under = [f"{at},{y(value):.1f}" for at, value in zip(across, base.tolist(), strict=True)]
        areas.append(
            f'<polygon class="layer f{k % 8}" points="{" ".join([*over, *under[::-1]])}">'
            f"<title>{safe(name)}: {weights.min():.0%} to {weights.max():.0%}</title></polygon>"
        )
        base = top
    parts = [axes(canvas, x, y, (first, last, 0.0, whole), ("expected return", percent)), *areas]
    rules = [
        (name, x(point.expected_return))
        for name, point in shown.marks
        if first <= point.expected_return <= last and name != "least volatility"
    ]
    return [*parts, *_rules(canvas, rules, y(whole))]


LAYER_NAMES = 16
"""Room for a second row of names above the layers."""


def _rules(canvas: Canvas, rules: Sequence[tuple[str, float]], top: float) -> list[str]:
    """Lines at the points that matter, and their names in two rows above, none over another."""
    parts, free = [], [float("-inf"), float("-inf")]
    for name, at in sorted(rules, key=lambda one: one[1]):
        parts.append(
            f'<line class="rule" x1="{at:.1f}" x2="{at:.1f}" y1="{top:.1f}" y2="{canvas.foot}"/>'
        )
        wide = BOLD_LETTER * len(name)
        left = min(max(at - wide / 2, 0.0), canvas.wide - wide)
        row = 0 if left >= free[0] else 1
        if left >= free[row]:
            free[row] = left + wide + 4.0
            parts.append(
                f'<text class="name" x="{left + wide / 2:.1f}" y="{top - 8 - 15 * row:.1f}" '
                f'text-anchor="middle">{safe(name)}</text>'
            )
    return parts
