"""A figure by the width of the band: lines where one number of a grid varies, maps where two do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.reports.html.canvas import Canvas, axes, figure, scale
from trimtab.reports.html.tables import safe, swatch
from trimtab.reports.labels import LINE_TALL

if TYPE_CHECKING:
    from trimtab.reports.html.canvas import Axis
    from trimtab.simulate.choosing.sweep import Sweep

PANEL = Canvas("panel", 340, 220, 46, 10, 20, 38, 6, 4)
MOST_PANELS = 8
LEAST_POINTS = 3
"""A line through fewer says nothing."""

MOST_LINES = 8
"""Lines of a panel: as many as there are colours."""

DIGIT, LEAST_CELL = 6.0, 27.0
"""How wide a digit in a cell of a map is, and a number beside one, in pixels."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")

STYLE = """
.cell{fill:var(--c0)}.cell.first{stroke:var(--c1);stroke-width:2.5}
svg.figure text.value{font-size:10.5px;fill:var(--text);stroke:none}
.panels h3{overflow-wrap:anywhere}
"""


@dataclass(frozen=True, slots=True)
class Family:
    """Policies whose words differ in one number, or in two.

    Args:
        when: The words of when, with an ellipsis for what varies.
        rest: How far, target and costs, likewise.
        points: Its numbers and the row of each policy.
    """

    when: str
    rest: str
    points: tuple[tuple[tuple[float, ...], int], ...]

    @property
    def numbers(self) -> int:
        """How many of its numbers vary."""
        return len(self.points[0][0])


def families(result: Sweep) -> list[Family]:
    """The policies of a grid by what is alike in their words; those with one or two numbers."""
    grid = result.grid
    targets, costs = list(grid.targets), list(grid.costs)
    alike: dict[tuple[str, ...], list[tuple[list[str], int]]] = {}
    for k in range(len(result)):
        when, to, target, cost = (int(place) for place in grid.rows[k])
        words = (str(grid.whens[when]), str(grid.tos[to]))
        beside = (targets[target], costs[cost])
        key = (*(_NUMBER.sub("{}", text) for text in words), *beside)
        alike.setdefault(key, []).append((_NUMBER.findall(" ".join(words)), k))
    found = []
    for (when_form, to_form, target_name, cost_name), members in alike.items():
        columns = list(zip(*(numbers for numbers, _ in members), strict=True))
        moving = [place for place, values in enumerate(columns) if len(set(values)) > 1]
        if not 1 <= len(moving) <= 2:
            continue
        words_of = ["\u2026" if place in moving else own[0] for place, own in enumerate(columns)]
        count = when_form.count("{}")
        rest = [f"to {to_form.format(*words_of[count:])}"]
        rest += [target_name] if len(targets) > 1 else []
        rest += [cost_name] if len(costs) > 1 else []
        points = [(tuple(float(own[place]) for place in moving), k) for own, k in members]
        form = when_form.format(*words_of[:count])
        found.append(Family(form, ", ".join(rest), tuple(sorted(points))))
    return found


def width_panels(
    result: Sweep, by: str, below: str, told: Callable[[float], str], own: int | None = None
) -> str:
    """Panels of a figure by what varies; nothing where no number of the grid does.

    Args:
        result: The sweep.
        by: The figure.
        below: What it is called.
        told: How a value of it is written.
        own: The row of the reader's policy.
    """
    values = [float(value) for value in result.figures[by]]
    found = [
        Family(one.when, one.rest, known)
        for one in families(result)
        if (known := tuple(point for point in one.points if values[point[1]] == values[point[1]]))
    ]
    lines: dict[str, list[Family]] = {}
    for one in found:
        if one.numbers == 1 and len(one.points) >= LEAST_POINTS:
            lines.setdefault(one.when, []).append(one)
    names = list(dict.fromkeys(one.rest for group in lines.values() for one in group))
    names = names[:MOST_LINES]
    shown = [values[k] for group in lines.values() for one in group for _, k in one.points]
    up = (below, told)
    ends = (min(shown), max(shown)) if shown else (0.0, 0.0)
    panels = [
        _panel(when, f"{below} by width", _lines(group, names, values, ends, up, own))
        for when, group in sorted(lines.items(), key=lambda pair: -_size(pair[1]))
    ]
    panels += [
        _panel(f"{one.when} {one.rest}", f"{below} by both numbers", _map(one, values, told))
        for one in found
        if one.numbers == 2 and len(one.points) > 2 * LEAST_POINTS
    ]
    if not panels:
        return ""
    keys = "".join(f"<li>{swatch(k)} {safe(name)}</li>" for k, name in enumerate(names))
    legend = f'<ul class="swatches">{keys}</ul>' if lines else ""
    return f'<div class="panels">{"".join(panels[:MOST_PANELS])}</div>{legend}'


def _size(group: Sequence[Family]) -> int:
    return sum(len(one.points) for one in group)


def _panel(title: str, words: str, parts: Sequence[str]) -> str:
    return f"<div><h3>{safe(title)}</h3>{figure(PANEL, f'{title}: {words}', parts)}</div>"


def _lines(
    group: Sequence[Family],
    names: Sequence[str],
    values: Sequence[float],
    ends: tuple[float, float],
    up: Axis,
    own: int | None,
) -> list[str]:
    """A line for each way of trading back, over the number that varies; heights as elsewhere."""
    wide = [numbers[0] for one in group for numbers, _ in one.points]
    low, high = ends
    room = 0.06 * (high - low) or abs(high) or 1.0
    box = (min(wide), max(wide), low - room, high + room)
    x = scale(box[0], box[1], PANEL.left + 8, PANEL.end - 6)
    y = scale(box[2], box[3], PANEL.foot, PANEL.top)
    parts = [axes(PANEL, x, y, box, ("width", lambda value: f"{value:g}"), up=up)]
    for one in group:
        if one.rest not in names:
            continue
        spots = [(x(numbers[0]), y(values[k])) for numbers, k in one.points]
        line = "L".join(f"{across:.1f} {high:.1f}" for across, high in spots)
        kind = f"s{names.index(one.rest)}"
        parts.append(
            f'<path class="curve {kind}" d="M{line}"><title>{safe(one.rest)}</title></path>'
        )
        parts += [
            f'<circle class="own" cx="{across:.1f}" cy="{high:.1f}" r="5.5"/>'
            for (across, high), (_, k) in zip(spots, one.points, strict=True)
            if k == own
        ]
    return parts


def _map(one: Family, values: Sequence[float], told: Callable[[float], str]) -> list[str]:
    """Every pair of numbers as a cell, the darker the more; the most has an edge."""
    across = sorted({numbers[0] for numbers, _ in one.points})
    up = sorted({numbers[1] for numbers, _ in one.points})
    wide = (PANEL.end - PANEL.left) / len(across)
    tall = (PANEL.foot - PANEL.top) / len(up)
    own = [values[k] for _, k in one.points]
    least, most = min(own), max(own)
    widest = max(len(told(value)) for value in own)
    has_numbers = wide >= DIGIT * widest + 3.0 and tall >= LINE_TALL
    parts = []
    for numbers, k in one.points:
        left = PANEL.left + wide * across.index(numbers[0])
        top = PANEL.foot - tall * (up.index(numbers[1]) + 1)
        value = told(values[k])
        part = (values[k] - least) / (most - least) if most > least else 0.5
        first = " first" if values[k] == most else ""
        parts.append(
            f'<rect class="cell{first}" x="{left:.1f}" y="{top:.1f}" width="{wide - 1:.1f}" '
            f'height="{tall - 1:.1f}" fill-opacity="{0.06 + 0.5 * part:.2f}">'
            f"<title>{numbers[0]:g} and {numbers[1]:g}: {safe(value)}</title></rect>"
        )
        if has_numbers:
            parts.append(
                f'<text class="value" x="{left + wide / 2:.1f}" y="{top + tall / 2 + 4:.1f}" '
                f'text-anchor="middle">{safe(value)}</text>'
            )
    parts += [
        f'<text x="{PANEL.left + wide * (k + 0.5):.1f}" y="{PANEL.foot + 16}" '
        f'text-anchor="middle">{number:g}</text>'
        for k, number in _spaced(across, wide)
    ]
    parts += [
        f'<text x="{PANEL.left - 8}" y="{PANEL.foot - tall * (k + 0.5) + 4:.1f}" '
        f'text-anchor="end">{number:g}</text>'
        for k, number in _spaced(up, 2 * tall)
    ]
    parts.append(
        f'<text x="{PANEL.end}" y="{PANEL.tall - 4}" text-anchor="end">first number</text>'
    )
    parts.append(f'<text x="{PANEL.left}" y="{PANEL.top - 8}">second number</text>')
    return parts


def _spaced(numbers: Sequence[float], room: float) -> list[tuple[int, float]]:
    """As many of the numbers as have room to be written."""
    step = max(1, round(LEAST_CELL / room + 0.49))
    return list(enumerate(numbers))[::step]
