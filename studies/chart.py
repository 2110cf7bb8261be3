"""Small line charts as SVG: readable in light and dark, without any library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import TypeAlias

Scale: TypeAlias = Callable[[float], float]

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 80, 52
LEGEND, LEGEND_ROW, LETTER = 46, 18, 7.5
"""Where the legend begins, how high a row of it is, and how wide a letter at the most."""
COLOURS = ("#0b6e99", "#c2571a", "#3a7d44", "#8250a8", "#8a6d00", "#6b7280")
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .frame { stroke: #8b949e; fill: none } .grid { stroke: #8b949e; stroke-opacity: .25 }
  svg { background: #fff }
  @media (prefers-color-scheme: dark) { svg { background: #0d1117 } text { fill: #e6edf3 } }
"""


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Args:
        label: What it is called in the legend; nothing for a line that needs no name.
        x, y: Where it goes.
        low, high: An interval around it.
        dashed: For what was expected, beside what was found.
        dots: Points rather than a line.
        colour: Which of the colours; by default the place in the chart.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    dashed: bool = False
    dots: bool = False
    colour: int | None = None


@dataclass(frozen=True)
class Axis:
    """One axis: what it shows, how its numbers are written, and whether it is logarithmic."""

    title: str
    form: str = "g"
    log: bool = False
    ticks: Sequence[float] = ()
    names: Sequence[str] = ()

    def at(self, value: float) -> float:
        """A value on the axis, before it is scaled to the picture."""
        return log10(value) if self.log else value

    def marks(self, low: float, high: float) -> list[float]:
        """Where numbers stand."""
        if self.ticks:
            return list(self.ticks)
        if self.log:
            decades = range(floor(low), ceil(high) + 1)
            tens = [m * 10.0**k for k in decades for m in (1, 2, 5)]
            return [mark for mark in tens if low <= log10(mark) <= high]
        rough = (high - low) / 5
        size = 10.0 ** floor(log10(rough))
        step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough)
        return [k * step for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]

    def named(self, place: int, mark: float) -> str:
        """What stands at a mark."""
        return self.names[place] if self.names else f"{mark + 0.0:{self.form}}"


def chart(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """A chart as the text of an SVG file."""
    named = [line for line in lines if line.label]
    columns = _columns(named)
    top = max(TOP, LEGEND + LEGEND_ROW * (ceil(len(named) / columns) - 1) + 16)
    across = [x.at(v) for line in lines for v in line.x] + [x.at(v) for v in x.ticks]
    every = [line.y for line in lines] + [
        e for k in lines for e in (k.low, k.high) if e is not None
    ]
    down = [y.at(v) for values in every for v in values] + [y.at(v) for v in y.ticks]
    x0, x1 = _wider(min(across), max(across)), _wider(max(across), min(across))
    y0, y1 = _wider(min(down), max(down)), _wider(max(down), min(down))

    def right(value: float) -> float:
        return LEFT + (x.at(value) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (y.at(value) - y0) / (y1 - y0) * (HEIGHT - BOTTOM - top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
        f'<path class="frame" d="M{LEFT} {top}H{WIDTH - RIGHT}V{HEIGHT - BOTTOM}H{LEFT}Z"/>',
    ]
    for place, mark in enumerate(x.marks(x0, x1)):
        at = f"{right(mark):.1f}"
        parts.append(f'<path class="grid" d="M{at} {top}V{HEIGHT - BOTTOM}"/>')
        parts.append(_text(at, HEIGHT - BOTTOM + 18, x.named(place, mark), "middle"))
    for place, mark in enumerate(y.marks(y0, y1)):
        parts.append(f'<path class="grid" d="M{LEFT} {up(mark):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, f"{up(mark) + 4:.1f}", y.named(place, mark), "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x.title, "middle"))
    turned = f'transform="rotate(-90 18 {HEIGHT / 2})"'
    parts.append(_text(18, HEIGHT / 2, y.title, "middle", turned))
    for place, line in enumerate(lines):
        colour = COLOURS[(place if line.colour is None else line.colour) % len(COLOURS)]
        parts += _drawn(line, colour, right, up)
        if line.label:
            row, column = divmod(named.index(line), columns)
            left = LEFT + (WIDTH - LEFT) // columns * column
            height = LEGEND + LEGEND_ROW * row
            at = f'd="M{left} {height - 4}h24" stroke="{colour}"'
            parts.append(f'<path {at} stroke-width="2.5"{_dash(line)}/>')
            parts.append(_text(left + 30, height, line.label, "start"))
    return "\n".join([*parts, "</svg>", ""])


def _columns(named: Sequence[Line]) -> int:
    """How many names stand side by side in the legend without touching: three, or fewer."""
    widest = max((42 + LETTER * len(line.label) for line in named), default=0)
    return max(1, min(3, int((WIDTH - LEFT) // max(widest, 1))))


def _wider(end: float, other: float) -> float:
    return end + (end - other) * 0.04 if end != other else end + 1e-9


def _text(x: object, y: object, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _dash(line: Line) -> str:
    return ' stroke-dasharray="5 4"' if line.dashed else ""


def _drawn(line: Line, colour: str, right: Scale, up: Scale) -> list[str]:
    points = [f"{right(a):.1f},{up(b):.1f}" for a, b in zip(line.x, line.y, strict=True)]
    parts = []
    if line.low is not None and line.high is not None:
        for a, low, high in zip(line.x, line.low, line.high, strict=True):
            at = f"M{right(a):.1f} {up(low):.1f}V{up(high):.1f}"
            parts.append(
                f'<path d="{at}" stroke="{colour}" stroke-width="2" stroke-opacity=".55"/>'
            )
    if line.dots or line.low is not None:
        for point in points:
            across, down = point.split(",")
            parts.append(f'<circle cx="{across}" cy="{down}" r="4" fill="{colour}"/>')
    if not line.dots:
        parts.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
            f'stroke-width="2"{_dash(line)}/>'
        )
    return parts
