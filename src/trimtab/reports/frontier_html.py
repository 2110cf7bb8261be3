"""The frontier as one HTML file that loads nothing and runs no script: two charts and a table."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from trimtab.reports.frontier_drawn import Drawing, drawing
from trimtab.reports.frontier_text import MIND, named_points, standing, weights_words
from trimtab.reports.html.page import notes_section, warnings_section
from trimtab.reports.html.style import STYLE
from trimtab.reports.html.tables import safe
from trimtab.reports.words import counted

if TYPE_CHECKING:
    from trimtab.simulate.history import PriceHistory
    from trimtab.targets.front import Front, Point

WIDE, TALL = 1030, 430
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 24, 42

OWN_STYLE = """
svg.figure{display:block;width:100%;height:auto;overflow:visible;margin:.6rem 0 0}
svg.figure text{font-size:12.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg.figure text.name{fill:var(--text);font-weight:600}
.front{fill:none;stroke:var(--c0);stroke-width:3;stroke-linejoin:round}
.alone{fill:var(--soft)}.line{stroke:var(--soft);stroke-dasharray:5 4;fill:none}
.calm{fill:var(--c2)}.tangent{fill:var(--c4)}.now{fill:var(--c1)}
.may{fill:var(--c3)}.aim{fill:var(--c5)}.calm,.tangent,.now,.may,.aim{stroke:var(--page);stroke-width:1.5}
.reach{stroke:var(--c1);stroke-dasharray:2 3;stroke-width:1.5}
.layer{opacity:.88;stroke:var(--page);stroke-width:.7}
.rule{stroke:var(--page);stroke-width:1.6}
.swatches{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.88rem;margin:.5rem 0 0;padding:0;
list-style:none}
.swatches svg{vertical-align:-1px;margin-right:.4rem}
td.words{text-align:left;min-width:17rem}
@media screen and (max-width:700px){svg.figure{width:660px}}
"""

CURVE_NOTE = (
    "What the estimates expect in a year. The curve has the most return for each volatility; dots "
    "are single instruments; the dashed line mixes the best Sharpe ratio with cash."
)
LAYERS_NOTE = "From the least volatility on the left to the most return on the right."

SHAPES = {
    "least volatility": "calm",
    "best Sharpe": "tangent",
    "now": "now",
    "target": "aim",
    "tolerated": "may",
}


NAME_WIDE = 110
"""What the longest name of a point takes beside it."""


def frontier_html(front: Front, prices: PriceHistory) -> str:
    """The whole page. Every name is text in it, whatever it contains."""
    shown = drawing(front)
    title = f"Efficient frontier, {prices.dates[0]} to {prices.dates[-1]}"
    under = (
        f"{counted(len(front.instruments), 'instrument')} · {len(prices.dates):,} sessions · "
        f"risk-free {front.risk_free:.2%} a year"
    )
    answer = standing(front) or _best(front)
    body = "\n".join(
        [
            f"<h1>{safe(title)}</h1>",
            f'<p class="under">{safe(under)}</p>',
            f'<section class="answer" aria-label="The answer"><p>{safe(answer)}</p></section>',
            warnings_section(front.findings),
            _head("Return over volatility", CURVE_NOTE),
            _curve(front, shown),
            "</section>",
            _head("Weights along the frontier", LAYERS_NOTE),
            _layers(shown),
            "</section>",
            _table(front),
            notes_section(front.findings),
            f'<section><h2>Mind</h2><p class="note">{safe(MIND)}</p></section>',
        ]
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n<footer>Made by Trimtab. Figures of the past promise nothing for the future. It "
        "informs; it does not give tax or investment advice.</footer>\n</main>\n</body>\n</html>\n"
    )


def _head(title: str, note: str) -> str:
    return f'<section class="chart"><h2>{title}</h2><p class="note">{note}</p>'


def _best(front: Front) -> str:
    """The answer where no portfolio is named: the point with the best ratio."""
    best = front.best_sharpe
    if best is None:
        return "Nothing within the limits is expected to return more than the risk-free rate."
    return (
        f"The best Sharpe ratio, {best.sharpe:.2f}, has {best.expected_return:.2%} a year at "
        f"{best.volatility:.2%} volatility: {weights_words(front, best)}."
    )


def _table(front: Front) -> str:
    rows = "".join(
        f"<tr><th>{safe(name)}</th><td>{one.expected_return:.2%}</td><td>{one.volatility:.2%}</td>"
        f'<td>{one.sharpe:.2f}</td><td class="words">{safe(weights_words(front, one))}</td></tr>'
        for name, one in named_points(front)
    )
    return (
        '<section><h2>Points</h2><div class="wide"><table><thead><tr><th>point</th><th>return</th>'
        '<th>volatility</th><th>Sharpe</th><th style="text-align:left">weights</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


# -- drawing --------------------------------------------------------------------------------------


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many.

    >>> [round(one, 3) for one in ticks(0.031, 0.22, 5)]
    [0.05, 0.1, 0.15, 0.2]
    """
    rough = max(high - low, 1e-9) / most
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= rough * 0.999)
    return [k * step for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = high - low or 1.0
    return lambda value: start + (end - start) * (value - low) / span


def _axes(
    x: Callable[[float], float], y: Callable[[float], float], box: tuple[float, ...], names: str
) -> str:
    """Grid, numbers and names of a plane; `box` is left, right, bottom and top in its values."""
    left, right, bottom, top = box
    end, foot = WIDE - RIGHT, TALL - BOTTOM
    parts = [
        f'<line class="grid" x1="{LEFT}" x2="{end}" y1="{y(at):.1f}" y2="{y(at):.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y(at) + 4:.1f}" text-anchor="end">{_percent(at)}</text>'
        for at in ticks(bottom, top, 6)
    ]
    parts += [
        f'<line class="axis" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{foot}" y2="{foot + 4}"/>'
        f'<text x="{x(at):.1f}" y="{foot + 18}" text-anchor="middle">{_percent(at)}</text>'
        for at in ticks(left, right, 9)
    ]
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{foot}" y2="{foot}"/>')
    parts.append(f'<text x="{WIDE - RIGHT}" y="{TALL - 4}" text-anchor="end">{names}</text>')
    return "".join(parts)


def _percent(value: float) -> str:
    return f"{100 * value:.6g}%"


def _curve(front: Front, shown: Drawing) -> str:
    x = _scale(shown.left, shown.right, LEFT, WIDE - RIGHT)
    y = _scale(shown.bottom, shown.top, TALL - BOTTOM, TOP)
    box = (max(shown.left, 0.0), shown.right, shown.bottom, shown.top)
    parts = [_axes(x, y, box, "volatility")]
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
    places = zip(shown.volatilities.tolist(), shown.returns.tolist(), strict=True)
    line = " ".join(f"{x(volatility):.1f},{y(gained):.1f}" for volatility, gained in places)
    parts.append(f'<polyline class="front" points="{line}"/>')
    alone = zip(front.symbols, front.volatility.tolist(), front.expected.tolist(), strict=True)
    for symbol, volatility, gained in alone:
        told = f"{symbol}: {gained:.2%} a year at {volatility:.2%}"
        parts.append(
            f'<circle class="alone" cx="{x(volatility):.1f}" cy="{y(gained):.1f}" r="3.5">'
            f"<title>{safe(told)}</title></circle>"
        )
        if symbol in shown.labelled:
            parts.append(
                f'<text x="{x(volatility) + 7:.1f}" y="{y(gained) - 5:.1f}">{safe(symbol)}</text>'
            )
    parts += [_to_point_at(front, one, x, y) for one in front.points]
    parts += [_mark(front, name, point, x, y) for name, point in shown.marks]
    words = f"The efficient frontier. {standing(front) or _best(front)}"
    return _figure(words, parts)


def _to_point_at(
    front: Front, one: Point, x: Callable[[float], float], y: Callable[[float], float]
) -> str:
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
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    """The line of cash and the best ratio, as far as it is in the picture."""
    first, last = max(shown.left, 0.0), shown.right
    if best.sharpe > 0.0:
        first = max(first, (shown.bottom - free) / best.sharpe)
        last = min(last, (shown.top - free) / best.sharpe)
    ends = [(x(at), y(free + best.sharpe * at)) for at in (first, last)]
    (x1, y1), (x2, y2) = ends
    return f'<line class="line" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _mark(
    front: Front,
    name: str,
    point: Point,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    """A named point: a disc, with its name beside it."""
    at, up = x(point.volatility), y(point.expected_return)
    told = f"{name}: {weights_words(front, point)}"
    # The frontier lies to the left and above: what stands on it is named left, the rest right.
    # Where there is no room before the axis, right as well.
    right = name in ("now", "target", "tolerated") or at - LEFT < NAME_WIDE
    side, anchor = (12.0, "start") if right else (-12.0, "end")
    return (
        f'<circle class="{SHAPES[name]}" cx="{at:.1f}" cy="{up:.1f}" r="7.5">'
        f"<title>{safe(told)}</title></circle>"
        f'<text class="name" x="{at + side:.1f}" y="{up + 4:.1f}" text-anchor="{anchor}">'
        f"{safe(name)}</text>"
    )


def _layers(shown: Drawing) -> str:
    import numpy as np

    if len(shown.returns) < 2:
        return '<p class="note">There is one portfolio within the limits, and no curve.</p>'
    x = _scale(float(shown.returns[0]), float(shown.returns[-1]), LEFT, WIDE - RIGHT)
    whole = max(float(np.sum([weights for _, weights in shown.layers], axis=0).max()), 1.0)
    y = _scale(0.0, whole, TALL - BOTTOM, TOP)
    across = [f"{x(at):.1f}" for at in shown.returns.tolist()]
    base = np.zeros(len(shown.returns))
    areas, keys = [], []
    for k, (name, weights) in enumerate(shown.layers):
        top = base + weights
        over = [f"{at},{y(value):.1f}" for at, value in zip(across, top.tolist(), strict=True)]
        under = [f"{at},{y(value):.1f}" for at, value in zip(across, base.tolist(), strict=True)]
        areas.append(
            f'<polygon class="layer f{k % 8}" points="{" ".join([*over, *under[::-1]])}">'
            f"<title>{safe(name)}: {weights.min():.0%} to {weights.max():.0%}</title></polygon>"
        )
        keys.append(
            f'<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" '
            f'class="f{k % 8}"/></svg>{safe(name)}</li>'
        )
        base = top
    box = (float(shown.returns[0]), float(shown.returns[-1]), 0.0, whole)
    parts = [_axes(x, y, box, "expected return"), *areas]
    for name, point in shown.marks:
        inside = shown.returns[0] <= point.expected_return <= shown.returns[-1]
        if inside and name != "least volatility":
            at = x(point.expected_return)
            parts.append(
                f'<line class="rule" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{TALL - BOTTOM}"/>'
                f'<text class="name" x="{at:.1f}" y="{TOP - 8}" text-anchor="middle">'
                f"{safe(name)}</text>"
            )
    figure = _figure("The weights along the frontier, one layer a name.", parts)
    return f'{figure}<ul class="swatches">{"".join(keys)}</ul>'


def _figure(words: str, parts: list[str]) -> str:
    inside = "".join(parts)
    return (
        f'<div class="wide"><svg class="figure" viewBox="0 0 {WIDE} {TALL}" role="img" '
        f'aria-label="{safe(words)}">{inside}</svg></div>'
    )
