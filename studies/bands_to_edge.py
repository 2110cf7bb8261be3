"""Bands to their edge need about half the turnover of a calendar

Leland (Optimal Portfolio Implementation with Transactions Costs and Capital Gains Taxes, 2000)
finds that trading only back to the edge of a no-trade region needs almost 50% less turnover than
rebalancing to target by the calendar, at the same tracking error. Is it so, and how much of it
comes from the band, how much from stopping at its edge?

What can be expected: where a deviation wanders without a pull, a band of half-width b and variance
s² a year gives, one way, a turnover of s²/2b at the edge, s²/b at the target and 2s²/3b at half,
with tracking variances in the ratio of b²/3, b²/6 and 5b²/24; a calendar of T years turns over
s sqrt(2/(pi T)) with s²T/2. At equal tracking error the edge then needs 0.51 of the calendar's
turnover, half 0.54, the target 0.72; and the edge 0.71 of what a band to target needs.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, resampled, spread, table_text
from studies.source import etfs, simulated
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.difference import PLACES
from trimtab.simulate.uncertainty.monte_carlo import monte_carlo

WIDTHS = (1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)
PERIODS = ("weekly", "monthly", "quarterly", "annual")
FAMILIES = ("calendar", "target", "half", "edge")
PAIR = {"SPY": 0.6, "AGG": 0.4}
FIVE = {"SPY": 0.3, "EFA": 0.2, "VNQ": 0.1, "GLD": 0.1, "AGG": 0.3}
WHERE = tuple(PLACES[name] for name in ("tracking_error", "turnover_a_year"))
"""Which figures of an outcome are wanted."""


def policies(target: dict[str, float]) -> dict[str, list[tt.Policy]]:
    """The four ways to keep to a target, each from close to loose."""
    found = {"calendar": [tt.Policy(target, when) for when in PERIODS]}
    for to in FAMILIES[1:]:
        found[to] = [tt.Policy(target, f"band:{width}pp", to) for width in WIDTHS]
    return found


def log_turnover(
    curve: NDArray[np.float64], tracking_error: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The log turnover of a way to trade at tracking errors between those of its policies.

    Args:
        curve: Tracking error and turnover of its policies, shape (policies, 2).
        tracking_error: Which, shape (k,).
    """
    order = np.argsort(curve[:, 0])
    across, up = np.log(curve[order]).T
    found: NDArray[np.float64] = np.interp(np.log(tracking_error), across, up)
    return found


def ratio(figures: NDArray[np.float64], first: str, second: str) -> float:
    """Turnover of one way over that of another, the mean of where both can be compared.

    Args:
        figures: Tracking error and turnover of all policies, shape (policies, 2).
        first: One way.
        second: The other.
    """
    ends = np.cumsum([len(PERIODS)] + [len(WIDTHS)] * 3)
    curves = dict(zip(FAMILIES, np.split(figures, ends[:-1]), strict=True))
    a, b = curves[first], curves[second]
    low, high = max(a[:, 0].min(), b[:, 0].min()), min(a[:, 0].max(), b[:, 0].max())
    if not low < high:
        return float("nan")
    levels = np.geomspace(low, high, 12)
    return float(np.exp(np.mean(log_turnover(a, levels) - log_turnover(b, levels))))


def of_history(shared: Path, target: dict[str, float], paths: int) -> list[NDArray[np.float64]]:
    """The policies over history itself, and over history shuffled in blocks."""
    every = [one for family in policies(target).values() for one in family]
    result = tt.backtest(etfs(shared, list(target)), every)
    outcomes = bootstrap(result, paths=paths, seed=7)
    return [outcomes.observed[:, WHERE], outcomes.table[:, :, WHERE]]


def of_regimes(shared: Path, paths: int) -> NDArray[np.float64]:
    """The policies over futures of a market that is calm or stormy."""
    every = [one for family in policies(PAIR).values() for one in family]
    found = monte_carlo(
        etfs(shared, list(PAIR)), every, model="regimes", years=20, paths=paths, seed=1
    )
    return found.table[:, :, WHERE]


def study(shared: Path, *, quick: bool = False) -> Finding:
    """Sweep widths and destinations on two sets of funds and in a lognormal market."""
    paths = 12 if quick else 200
    every = [one for family in policies({"STOCKS": 0.6, "CASH": 0.4}).values() for one in family]
    made = simulated(every, {"STOCKS": 0.16}, years=20, paths=paths).table[:, :, WHERE]
    known = {"SPY and AGG": of_history(shared, PAIR, paths)}
    known["five funds"] = of_history(shared, FIVE, paths)
    drawn = {"lognormal": made, "regimes": of_regimes(shared, paths)}
    figures: dict[str, float | Estimate] = {}
    rows = []
    for first, second in (("edge", "calendar"), ("half", "calendar"), ("target", "calendar"),
                          ("edge", "target")):  # fmt: skip
        cells = [f"{first} / {second}"]
        for name, table in drawn.items():
            found = resampled(table, partial(ratio, first=first, second=second))
            figures[f"{first}/{second} {name}"] = found
            cells.append(f"{found:.2f}")
        for name, (history, shuffled) in known.items():
            single = np.array([ratio(one, first, second) for one in shuffled])
            one = spread(single[np.isfinite(single)], ratio(history, first, second))
            figures[f"{first}/{second} {name}"] = one
            cells.append(f"{one:.2f}")
        rows.append(cells)
    say = {name: f"{figure:.2f}" for name, figure in figures.items()}
    asked = [figures[f"edge/calendar {name}"] for name in known]
    held = all(isinstance(one, Estimate) and one.holds(0.51) for one in asked)
    chance = "but may do so by chance" if held else "and hardly by chance alone"
    text = f"""
{table_text(["turnover at equal tracking error", *drawn, *known], rows)}

Lognormal: stocks of 16% volatility, 60%, beside cash. Regimes: a calm and a stormy market, fitted
to SPY and AGG. Both: {paths} paths of 20 years; the interval is what other paths would change. The
funds: daily closes with dividends; the interval is where 95% of {paths} histories of the same
length, shuffled in blocks, lie, and so what a single history can show. Bands from {WIDTHS[0]}pp
to {WIDTHS[-1]}pp, looked at daily; calendars from weekly to annual; no costs: turnover is counted.

**Agrees.** In the lognormal market the edge needs {say["edge/calendar lognormal"]} of a calendar's
turnover, as expected and as Leland says. The funds' one history shows less still,
{say["edge/calendar SPY and AGG"]} and {say["edge/calendar five funds"]}, {chance}; a model market
with storms has none of that ({say["edge/calendar regimes"]}).

**Worth knowing.** The edge is not all of it. A band that trades to target already needs only
{say["target/calendar lognormal"]} of the calendar's turnover; and half way back, which trades more
rarely, is almost as good as the edge ({say["half/calendar lognormal"]}; on the funds nothing tells
them apart). Leland's own cases (several risky assets at costs of their own) are parameters in his
paper, not public histories: direction and size are what is checked here.
"""
    return Finding(figures, text, {"": _picture(made.mean(axis=0))})


def _picture(mean: NDArray[np.float64]) -> str:
    ends = np.cumsum([len(PERIODS)] + [len(WIDTHS)] * 3)
    curves = zip(FAMILIES, np.split(mean, ends[:-1]), strict=True)
    lines = [
        Line(name if name == "calendar" else f"band to {name}", *(100 * at).T.tolist())
        for name, at in curves
    ]
    x, y = Axis("tracking error, % a year", log=True), Axis("turnover one way, % a year", log=True)
    return chart("Turnover against tracking error, 60% stocks, lognormal market", x, y, lines)
