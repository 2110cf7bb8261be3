"""The frontier as a picture, drawn by matplotlib, which is an extra: `trimtab[plot]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.reports.figures_png import COLOURS, SOFT, blank, dressed, plain, png, shares_told
from trimtab.reports.frontier_drawn import Drawing, drawing
from trimtab.reports.labels import LINE_TALL, Named, along, placed
from trimtab.reports.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from trimtab.targets.objectives.front import Front

MARKS = {
    "least volatility": ("o", LIGHT[2]),
    "best Sharpe": ("*", LIGHT[4]),
    "now": ("D", LIGHT[1]),
    "target": ("X", LIGHT[0]),
    "tolerated": ("s", LIGHT[3]),
    "found": ("P", LIGHT[6]),
}
SIZES = {"o": 9, "*": 15, "D": 8, "X": 10, "s": 8, "P": 10}


def frontier_png(front: Front) -> bytes:
    """Curve, instruments and portfolio beside the weights along the curve, as PNG.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    figure = blank(13.0, 5.4)
    shown = drawing(front)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
    _curve(left, front, shown)
    _layers(right, shown)
    figure.draw_without_rendering()  # only then is known where points lie
    _names(left, front, shown)
    return png(figure)


def _names(axes: Axes, front: Front, shown: Drawing) -> None:
    """The names of instruments beside their dots, none over another or over a point."""
    scale = 72.0 / axes.figure.dpi

    def at(volatility: float, gained: float) -> tuple[float, float]:
        x, y = axes.transData.transform((volatility, gained)) * scale
        return float(x), -float(y)

    dots = list(zip(front.symbols, front.volatility.tolist(), front.expected.tolist(), strict=True))
    marks = [Named("", *at(p.volatility, p.expected_return), 5.0, 0.0) for _, p in shown.marks]
    named = [Named(one, *at(x, y), 2.5, 5.4 * len(one)) for one, x, y in dots]
    corners = axes.get_window_extent().get_points() * scale
    room = (corners[0][0], -corners[1][1] - LINE_TALL, corners[1][0] + 24.0, -corners[0][1])
    places = zip(shown.volatilities.tolist(), shown.returns.tolist(), strict=True)
    line = along([at(x, y) for x, y in places])
    found = placed([*named, *marks], room, curve=line)[: len(named)]
    for one, place, (symbol, x, y) in zip(named, found, dots, strict=True):
        if place is not None and symbol in shown.labelled:
            axes.annotate(
                plain(symbol), (x, y), xytext=(place.x - one.x, one.y - place.y),
                textcoords="offset points", fontsize=8, color=SOFT, annotation_clip=False,
            )  # fmt: skip


def _curve(axes: Axes, front: Front, shown: Drawing) -> None:
    """Return over volatility: the frontier, single instruments, and the points that matter."""
    from matplotlib.ticker import FuncFormatter

    axes.plot(shown.volatilities, shown.returns, color=COLOURS[0], linewidth=2.4, zorder=3)
    for volatility, gained in zip(front.volatility, front.expected, strict=True):
        axes.plot([volatility], [gained], "o", color=SOFT, markersize=4, zorder=2)
    best = front.best_sharpe
    if best is not None:
        far = [max(shown.left, 0.0), shown.right]
        line = [front.risk_free + best.sharpe * x for x in far]
        axes.plot(far, line, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    now, calm, rich = front.current, front.as_calm, front.as_rich
    if now is not None:
        for other in (calm, rich):
            if other is not None:
                axes.plot(
                    [now.volatility, other.volatility],
                    [now.expected_return, other.expected_return],
                    color=MARKS["now"][1], linewidth=1, linestyle=":", zorder=2,
                )  # fmt: skip
    for name, point in shown.marks:
        shape, colour = MARKS[name]
        axes.plot(
            [point.volatility], [point.expected_return], shape, color=colour,
            markersize=SIZES[shape], markeredgecolor="white", zorder=5, label=name,
        )  # fmt: skip
    axes.set_xlim(max(shown.left, 0.0), shown.right)
    axes.set_ylim(shown.bottom, shown.top)
    dressed(axes, "Expected return over volatility, a year\n", percent=True)
    axes.xaxis.set_major_formatter(FuncFormatter(shares_told))
    axes.set_xlabel("volatility", color=SOFT, fontsize=9)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=5, frameon=False, fontsize=9)


def _layers(axes: Axes, shown: Drawing) -> None:
    """The weights along the frontier, one layer a name."""
    from matplotlib.ticker import FuncFormatter

    if len(shown.returns) > 1:
        axes.stackplot(
            shown.returns,
            [weights for _, weights in shown.layers],
            colors=[COLOURS[k % len(COLOURS)] for k in range(len(shown.layers))],
            labels=[plain(name) for name, _ in shown.layers],
            alpha=0.85,
            linewidth=0.5,
            edgecolor="white",
        )
        axes.set_xlim(shown.returns[0], shown.returns[-1])
        axes.set_ylim(0.0, 1.0)
        row = 0
        for name, point in sorted(shown.marks, key=lambda one: one[1].expected_return):
            inside = shown.returns[0] <= point.expected_return <= shown.returns[-1]
            if inside and name != "least volatility":
                axes.axvline(point.expected_return, color="white", linewidth=2.6)
                axes.axvline(point.expected_return, color=MARKS[name][1], linewidth=1.3)
                axes.annotate(
                    name, (point.expected_return, 1.0), xytext=(0, 2 + 10 * row), ha="center",
                    textcoords="offset points", fontsize=8, color=MARKS[name][1],
                )  # fmt: skip
                row = (row + 1) % 3  # names of points close to each other stand in steps
    dressed(axes, "Weights along the frontier\n\n", percent=True)
    axes.grid(visible=False)
    axes.xaxis.set_major_formatter(FuncFormatter(shares_told))
    axes.set_xlabel("expected return", color=SOFT, fontsize=9)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False,
        fontsize=9,
    )  # fmt: skip
