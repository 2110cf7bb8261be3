"""The figures of a report as pictures, drawn by matplotlib, which is an extra: `trimtab[plot]`."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.model.errors import RefusedError
from trimtab.reports.html.marks import marks_of
from trimtab.reports.html.series import MOST_PANELS, drift_of, falls, weights_of, yearly
from trimtab.reports.html.spreads import account_spreads, research_spreads
from trimtab.reports.palette import LIGHT
from trimtab.reports.words import clean
from trimtab.simulate.accounts.findings import findings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from trimtab.reports.html.drawn import Drawn
    from trimtab.reports.html.marks import Mark
    from trimtab.reports.html.spreads import Spread
    from trimtab.simulate.accounts.paths import AccountPaths
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.research.results import Backtest
    from trimtab.simulate.uncertainty.outcomes import Outcomes

    Drawer: TypeAlias = Callable[[Axes], None]

NEEDS = "pictures are drawn by matplotlib: install it with  pip install 'trimtab[plot]'"

COLOURS = LIGHT
DASHES: tuple[Any, ...] = (
    "-", (0, (7, 3)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (4, 2)), (0, (10, 3)),
    (0, (5, 2, 1, 2, 1, 2)), (0, (1, 3)),
)  # fmt: skip
"""Curves differ in their dashes as well, for paper without colour."""

SOFT = "#566071"
COSTS = "Costs by year, in money"
DOTS_AN_INCH = 150
MOST_ON_A_ROW = 3


def overview(result: Backtest, outcomes: Outcomes | None = None) -> Figure:
    """Growth, falls, drift, turnover, costs and, where known, outcomes, in one picture.

    Args:
        result: The policies over history.
        outcomes: The same policies over shuffled histories; without them nothing is said of noise.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    drawers = [one for name, one in _drawers(result, outcomes) if name != "growth_log"]
    rows = (len(drawers) + 1) // 2
    figure = blank(12.0, 3.6 * rows)
    for place, drawer in enumerate(drawers):
        drawer(figure.add_subplot(rows, 2, place + 1))
    _legend(figure, result.policies)
    return figure


def pictures(result: Backtest, outcomes: Outcomes | None = None) -> dict[str, Figure]:
    """Every figure of the report by name, each a picture of its own; weights by policy.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    found = {}
    for name, drawer in _drawers(result, outcomes):
        figure = blank(9.0, 4.8)
        drawer(figure.add_subplot())
        _legend(figure, result.policies)
        found[name] = figure
    for place, one in enumerate(result.policies):
        found[f"weights_{place + 1}"] = _weights(one, place)
    return found


def account_pictures(
    runs: Sequence[AccountRun], shuffled: AccountPaths | None = None
) -> dict[str, Figure]:
    """The figures of runs in account mode, each a picture of its own; with tax, weights by policy.

    Args:
        runs: The policies over history.
        shuffled: The same over shuffled histories: growth a year after tax, and differences in it.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    from trimtab.reports.html.drawn import account_curve

    policies = [account_curve(run) for run in runs]
    marks = marks_of(findings_of(runs), policies[0].first, policies[0].last)
    drawers = [*_curves(policies, marks), ("tax", lambda axes: _taxes(axes, runs))]
    spreads = {one.figure.name: one for one in account_spreads(runs, shuffled)}
    if spreads:
        drawers += _spread_drawers(spreads["after_tax_growth"], [run.name for run in runs])
    found = {}
    for name, drawer in drawers:
        figure = blank(9.0, 4.8)
        drawer(figure.add_subplot())
        _legend(figure, policies)
        found[name] = figure
    for place, one in enumerate(policies):
        found[f"weights_{place + 1}"] = _weights(one, place)
    return found


def png(figure: Figure) -> bytes:
    """A picture as PNG: the same bytes for the same figure."""
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS_AN_INCH, metadata={"Software": None})
    return stream.getvalue()


def check_drawing() -> None:
    """Be sure that pictures can be drawn, before work is done for them.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    blank(1.0, 1.0)


def blank(width: float, height: float) -> Figure:
    """An empty picture, in inches.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise RefusedError(NEEDS) from None

    class Drawn(Figure):
        """A figure that notebooks show without a window system behind it."""

        def _repr_png_(self) -> bytes:
            return png(self)

    figure = Drawn(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    return figure


def plain(name: str) -> str:
    """A name as text: matplotlib would read what stands between dollar signs as a formula."""
    return clean(name).replace("$", r"\$")


def _look(number: int) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": DASHES[number % len(DASHES)],
        "linewidth": 1.8 if number == 0 else 1.2,
    }


def _legend(figure: Figure, policies: Sequence[Drawn]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], **_look(number)) for number in range(len(policies))]
    names = [plain(one.name) for one in policies]
    figure.legend(
        lines, names, loc="outside lower center", ncols=min(len(names), 4), frameon=False,
        fontsize=9, handlelength=3.2,
    )  # fmt: skip


def _drawers(result: Backtest, outcomes: Outcomes | None) -> list[tuple[str, Drawer]]:
    """What is drawn, by name."""
    one = result.policies[0]
    found = _curves(result.policies, marks_of(result.findings, one.first, one.last))
    if outcomes is not None:
        first, *others = outcomes.names
        pairs = [outcomes.difference(name, first) for name in others]
        growth = next(s for s in research_spreads(outcomes, pairs) if s.figure.name == "cagr")
        found += _spread_drawers(growth, outcomes.names)
    return found


def _spread_drawers(spread: Spread, names: Sequence[str]) -> list[tuple[str, Drawer]]:
    """A figure over shuffled histories, and its differences from that of the first policy."""
    found: list[tuple[str, Drawer]] = [("outcomes", lambda axes: _outcomes(axes, spread, names))]
    if spread.gaps:
        found.append(("differences", lambda axes: _differences(axes, spread, names)))
    return found


def _curves(policies: Sequence[Drawn], marks: Sequence[Mark]) -> list[tuple[str, Drawer]]:
    """What is drawn of policies over history, by name."""
    found: list[tuple[str, Drawer]] = [
        ("growth", lambda axes: _growth(axes, policies, marks, is_log=False)),
        ("growth_log", lambda axes: _growth(axes, policies, marks, is_log=True)),
        ("falls", lambda axes: _falls(axes, policies, marks)),
    ]
    if any(drift_of(one) is not None for one in policies):
        found.append(("drift", lambda axes: _drift(axes, policies, marks)))
    found += [
        ("turnover", lambda axes: _bars(axes, policies, "turnover")),
        ("costs", lambda axes: _bars(axes, policies, "costs")),
    ]
    return found


def dressed(axes: Axes, title: str, *, percent: bool) -> None:
    """Title, grid and numbers of a chart, as all of them look."""
    from matplotlib.ticker import FuncFormatter

    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.grid(axis="y", color="#d9dee6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=SOFT, length=0, labelsize=9)
    if percent:
        axes.yaxis.set_major_formatter(FuncFormatter(shares_told))
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def shares_told(share: float, _: object = None) -> str:
    """A share in percent, with no more decimals than it has.

    >>> shares_told(0.25), shares_told(0.025)
    ('25%', '2.5%')
    """
    return f"{100.0 * share:.6g}%"


def _marked(axes: Axes, marks: Sequence[Mark], *, is_low: bool = False) -> None:
    """What happened to instruments: dotted lines with their names."""
    from matplotlib.dates import date2num

    for place, (day, symbol, word) in enumerate(marks):
        axes.axvline(date2num(day), color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        row = 0.03 + 0.045 * (place % 3)
        axes.annotate(
            f" {plain(symbol)} {word}", (date2num(day), row if is_low else 0.97 - row),
            xycoords=axes.get_xaxis_transform(), fontsize=8, color="#1c2430", zorder=6,
        )  # fmt: skip


def _days(one: Drawn) -> Any:
    return one.dates.astype("datetime64[D]")


def _growth(axes: Axes, policies: Sequence[Drawn], marks: Sequence[Mark], *, is_log: bool) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator

    for number, one in enumerate(policies):
        axes.plot(_days(one), one.growth, zorder=3 if number == 0 else 2, **_look(number))
    if is_log:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        # Decades alone leave most runs with one number on the axis.
        wide = LogLocator(subs=(1.0, 2.0, 3.0, 5.0))
        axes.yaxis.set_major_locator(wide if high > 3.0 * low > 0.0 else MaxNLocator(6))
        axes.minorticks_off()
    _marked(axes, marks)
    title = "Growth: value after costs, in money"
    dressed(axes, f"{title}, log scale" if is_log else title, percent=False)


def _falls(axes: Axes, policies: Sequence[Drawn], marks: Sequence[Mark]) -> None:
    for number, one in enumerate(policies):
        top = 3 if number == 0 else 2
        axes.plot(_days(one), falls(one.growth), zorder=top, **_look(number))
    _marked(axes, marks, is_low=True)
    dressed(axes, "Falls below the highest value so far", percent=True)


def _drift(axes: Axes, policies: Sequence[Drawn], marks: Sequence[Mark]) -> None:
    for number, one in enumerate(policies):
        apart = drift_of(one)
        if apart is not None:
            axes.plot(_days(one), apart, **_look(number))
    axes.set_ylim(bottom=0.0)
    _marked(axes, marks)
    dressed(axes, "Drift: what would have to move to be at target", percent=True)


def _bars(axes: Axes, policies: Sequence[Drawn], what: str) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    width = 0.8 / len(policies)
    for number, one in enumerate(policies):
        found = yearly(one)
        places = np.array(found.years) + width * (number - (len(policies) - 1) / 2)
        axes.bar(places, getattr(found, what), width, color=COLOURS[number % len(COLOURS)])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    is_share = what == "turnover"
    title = "Turnover by year, one way, share of the portfolio" if is_share else COSTS
    dressed(axes, title, percent=is_share)


def _taxes(axes: Axes, runs: Sequence[AccountRun]) -> None:
    """The tax that each year's sales caused."""
    from matplotlib.ticker import MaxNLocator

    width = 0.8 / len(runs)
    for number, run in enumerate(runs):
        shift = width * (number - (len(runs) - 1) / 2)
        places = [year.year + shift for year in run.tax_by_year]
        taxes = [year.tax / 100 for year in run.tax_by_year]
        axes.bar(places, taxes, width, color=COLOURS[number % len(COLOURS)])
    axes.set_xlim(runs[0].dates[0].year - 0.6, runs[0].dates[-1].year + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    dressed(axes, "Tax by the year of the sales, in money", percent=False)


def _outcomes(axes: Axes, spread: Spread, names: Sequence[str]) -> None:
    import numpy as np

    for number, seen in enumerate(spread.observed.tolist()):
        low, middle, high = np.percentile(spread.draws[:, number], [5.0, 50.0, 95.0])
        colour = COLOURS[number % len(COLOURS)]
        axes.plot([low, high], [-number, -number], color=colour, linewidth=3)
        axes.plot([middle], [-number], "o", color=colour, markersize=7)
        axes.plot([seen], [-number], "o", color="#1c2430", markersize=10, fillstyle="none")
    _sideways(axes, names)
    title = f"{spread.title}: 5% to 95% of shuffled histories, dot their median, ring history"
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")


def _differences(axes: Axes, spread: Spread, names: Sequence[str]) -> None:
    first, *others = names
    for place, gap in enumerate(spread.gaps):
        colour = COLOURS[(place + 1) % len(COLOURS)]
        if gap.interval:
            axes.plot(gap.interval, [-place, -place], color=colour, linewidth=3)
        axes.plot([gap.median], [-place], "o", color=colour, markersize=7)
    axes.axvline(0.0, color=SOFT, linewidth=1)
    _sideways(axes, others)
    title = f"{spread.title} less that of {plain(first)}, 95%; across zero it is noise"
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")


def _sideways(axes: Axes, names: Sequence[str]) -> None:
    """A row for each policy: intervals lie, and those that reach across zero are noise."""
    from matplotlib.ticker import FuncFormatter

    axes.set_yticks([-place for place in range(len(names))], [plain(name) for name in names])
    axes.set_ylim(-len(names) + 0.4, 0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(shares_told))
    axes.grid(axis="x", color="#d9dee6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=SOFT, length=0, labelsize=9)


def _weights(one: Drawn, number: int) -> Figure:
    """One policy's weights against target and bands, a panel a holding."""
    from matplotlib.dates import AutoDateLocator

    found = weights_of(one, one.sessions)
    count = len(found.symbols)
    columns = min(count, MOST_ON_A_ROW)
    rows = -(-count // columns)
    figure = blank(4.0 * columns, 2.5 * rows + 0.5)
    title = f"{plain(one.name)}: weights, targets, bands; ticks where it rebalanced"
    if found.left_out:
        title += f" (the {MOST_PANELS} largest of {count + found.left_out})"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    days = _days(one)[found.places]
    for place, symbol in enumerate(found.symbols):
        axes = figure.add_subplot(rows, columns, place + 1)
        if found.targets is not None:
            aim = found.targets[:, place]
            axes.plot(days, aim, color=SOFT, linestyle="--", linewidth=0.9)
            if found.half_widths is not None:
                half = found.half_widths[:, place]
                axes.fill_between(days, aim - half, aim + half, color=COLOURS[0], alpha=0.13, lw=0)
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(days, found.shares[:, place], color=colour, linewidth=1.1)
        dressed(axes, plain(symbol), percent=True)
        if len(found.events):
            axes.plot(
                _days(one)[found.events], [1.0] * len(found.events), "|", color="black",
                markersize=5, transform=axes.get_xaxis_transform(), clip_on=False,
            )  # fmt: skip
        axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=5))
    return figure
