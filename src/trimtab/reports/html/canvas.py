"""Planes of SVG on pages without a script: their size, grid, axes and round numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10, sqrt

from trimtab.model.frozen import dataclass
from trimtab.reports.html.tables import safe

Scale = Callable[[float], float]

Axis = tuple[str, Callable[[float], str]]
"""What an axis is called, and how a number on it is told."""

LETTER, BOLD_LETTER = 7.6, 8.4
"""How wide a letter is at most on the average, in pixels of the picture."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """The size of a picture, and the room around its plane, in pixels."""

    name: str
    wide: int
    tall: int
    left: int
    right: int
    top: int
    bottom: int
    most_across: int
    most_up: int = 6

    @property
    def end(self) -> int:
        """The right edge of the plane."""
        return self.wide - self.right

    @property
    def foot(self) -> int:
        """The lower edge of the plane."""
        return self.tall - self.bottom


CANVASES = (
    Canvas("desk", 1030, 430, 58, 14, 24, 42, 9),
    Canvas("phone", 360, 330, 44, 8, 24, 42, 5),
)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many.

    >>> [round(one, 3) for one in ticks(0.031, 0.22, 5)]
    [0.05, 0.1, 0.15, 0.2]
    """
    rough = max(high - low, 1e-9) / most
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= rough * 0.999)
    return [k * step for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """Where a value is that lies between two, in pixels between two."""
    span = high - low or 1.0
    return lambda value: start + (end - start) * (value - low) / span


def rooted(high: float, start: float, end: float) -> Scale:
    """Where a value from zero on is, by its square root: there is more room near zero."""
    return lambda value: start + (end - start) * sqrt(max(value, 0.0) / high)


def rooted_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers up to one, zero among them, with room for each where roots are drawn.

    >>> rooted_ticks(0.0, 400.0, 6)
    [0.0, 20.0, 100.0, 200.0]
    """
    power = floor(log10(high))
    found = [high * (1.0 + 1.0 / most) ** 2]
    for exponent in range(power, power - 4, -1):
        for one in (5, 2, 1):
            at = one * 10.0**exponent
            if at <= high and sqrt(found[-1]) - sqrt(at) >= sqrt(high) / most <= sqrt(at):
                found.append(at)
    return [max(low, 0.0), *found[:0:-1]]


def axes(
    canvas: Canvas,
    x: Scale,
    y: Scale,
    box: tuple[float, ...],
    below: Axis,
    *,
    up: Axis | None = None,
    rounds: Callable[[float, float, int], list[float]] = ticks,
) -> str:
    """Grid, numbers and names of a plane.

    Args:
        canvas: Its size.
        x, y: Where values are.
        box: Left, right, bottom and top in its values.
        below: The axis from left to right.
        up: The one from bottom to top; a share without a name unless said.
        rounds: Which numbers stand at the axes.
    """
    left, right, bottom, top = box
    end, foot = canvas.end, canvas.foot
    name, told = below
    above, told_up = up or ("", percent)
    parts = [
        f'<line class="grid" x1="{canvas.left}" x2="{end}" y1="{y(at):.1f}" y2="{y(at):.1f}"/>'
        f'<text x="{canvas.left - 8}" y="{y(at) + 4:.1f}" text-anchor="end">{told_up(at)}</text>'
        for at in rounds(bottom, top, canvas.most_up)
    ]
    parts += [
        f'<line class="axis" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{foot}" y2="{foot + 4}"/>'
        f'<text x="{x(at):.1f}" y="{foot + 18}" text-anchor="middle">{told(at)}</text>'
        for at in rounds(left, right, canvas.most_across)
    ]
    parts.append(f'<line class="axis" x1="{canvas.left}" x2="{end}" y1="{foot}" y2="{foot}"/>')
    parts.append(f'<text x="{end}" y="{canvas.tall - 4}" text-anchor="end">{name}</text>')
    if above:
        parts.append(f'<text x="{canvas.left}" y="{canvas.top - 8}">{above}</text>')
    return "".join(parts)


def percent(value: float) -> str:
    """A share as a tick says it."""
    return f"{100 * value:.6g}%"


def figure(canvas: Canvas, words: str, parts: Sequence[str]) -> str:
    """A picture of its parts, which `words` tell to who does not see it."""
    inside = "".join(parts)
    return (
        f'<svg class="figure {canvas.name}" viewBox="0 0 {canvas.wide} {canvas.tall}" role="img" '
        f'aria-label="{safe(words)}">{inside}</svg>'
    )
