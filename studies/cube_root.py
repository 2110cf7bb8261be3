"""The best band grows with the cube root of cost

Janeček and Shreve (Asymptotic analysis for optimal investment and consumption with transaction
costs, 2004) show that with proportional costs the best half-width of a no-trade region around a
share of stocks grows like the cube root of the cost. Does the width that a sweep finds best do so?

The objective: as little as possible of yearly cost plus half the risk aversion times the squared
tracking error, both as shares of the portfolio. That is what small deviations take from the
growth (risk aversion 1) of an investor for whom the target is right. For a band that is traded to
its edge, a share w of stocks and a cost c a trade, the best half-width is then, to first order,
(3/2 w²(1-w)² c / aversion) to the power of 1/3; traded to target it is the cube root of 4 wider.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, resampled, table_text
from studies.source import YEAR, simulated
from trimtab.simulate.uncertainty.difference import PLACES

SHARE, VOLATILITY, AVERSION = 0.6, 0.16, 1.0
COSTS = (1, 2, 5, 10, 20, 50)
"""Basis points of each sale or purchase of stocks; cash is free. Above, decades pass untraded."""
OVERRUN = 100 * 0.5826 * SHARE * (1 - SHARE) * VOLATILITY / YEAR**0.5
"""How many points past a band a share is found on average that is looked at daily (Chernoff)."""
REACH = tuple(np.geomspace(0.5, 2.0, 11).tolist())
"""Half-widths that are tried, as multiples of the expected one."""
WHERE = [PLACES["cost_a_year"], PLACES["tracking_error"]]


def expected(bps: float, to: str = "edge") -> float:
    """The best half-width to first order, as a share of the portfolio.

    >>> round(expected(10), 4)
    0.0442
    """
    at_edge = 1.5 * (SHARE * (1 - SHARE)) ** 2 * bps / 10_000 / AVERSION
    return float((at_edge * {"edge": 1, "target": 4}[to]) ** (1 / 3))


def losses(bps: float, to: str, *, years: float, paths: int) -> NDArray[np.float64]:
    """What each half-width takes from growth a year, by path, shape (paths, widths)."""
    target = {"STOCKS": SHARE, "CASH": 1 - SHARE}
    widths = [f"{100 * expected(bps, to) * reach:.4f}" for reach in REACH]
    tried = [tt.Policy(target, f"band:{width}pp", to) for width in widths]
    # The growth for which the share is the right one (Merton), cash earning nothing.
    growth = {"STOCKS": SHARE * AVERSION * VOLATILITY**2}
    found = simulated(
        tried,
        {"STOCKS": VOLATILITY},
        growth=growth,
        years=years,
        paths=paths,
        costs=tt.Costs(bps=bps),
    )
    cost, apart = np.moveaxis(found.table[:, :, WHERE], 2, 0)
    lost: NDArray[np.float64] = cost + AVERSION / 2 * apart**2
    return lost


def best(mean: NDArray[np.float64], bps: float, to: str) -> float:
    """The half-width of the least loss in percentage points: the bottom of a cubic through all."""
    at = np.log(REACH)
    curve = np.polynomial.Polynomial.fit(at, np.log(mean), 3)
    fine = np.linspace(at[0], at[-1], 2001)
    return float(100 * expected(bps, to) * np.exp(fine[np.argmin(curve(fine))]))


def slope(mean: NDArray[np.float64], to: str, overrun: float = 0.0) -> float:
    """By how much the log of the best width grows with the log of cost; mean is (costs, widths)."""
    widths = [best(row, bps, to) + overrun for row, bps in zip(mean, COSTS, strict=True)]
    return float(np.polyfit(np.log(COSTS), np.log(widths), 1)[0])


def study(shared: Path | None = None, *, quick: bool = False) -> Finding:
    """Sweep widths at several costs, on the same paths of a lognormal market; needs no data."""
    del shared
    paths, years = (12, 40.0) if quick else (100, 50.0)
    figures: dict[str, float | Estimate] = {}
    lines, rows = [], [[f"{bps}"] for bps in COSTS]
    every = {
        to: [losses(bps, to, years=years, paths=paths) for bps in COSTS]
        for to in ("edge", "target")
    }
    for place, (to, tables) in enumerate(every.items()):
        table = np.stack(tables, axis=1)
        figures[f"slope {to}"] = resampled(table, partial(slope, to=to))
        figures[f"slope {to}, overrun"] = resampled(table, partial(slope, to=to, overrun=OVERRUN))
        widths = []
        for k, bps in enumerate(COSTS):
            one = resampled(tables[k], partial(best, bps=bps, to=to))
            figures[f"width {to} {bps}"] = one
            widths.append(one)
            rows[k] += [f"{one:.1f}", f"{100 * expected(bps, to):.1f}"]
        low, high = [one.low for one in widths], [one.high for one in widths]
        middle = [one.value for one in widths]
        lines.append(Line(f"best, band to {to}", COSTS, middle, low, high, colour=place))
        first = [100 * expected(bps, to) for bps in COSTS]
        lines.append(Line(f"closed form, to {to}", COSTS, first, dashed=True, colour=place))
    mean = every["edge"][COSTS.index(10)].mean(axis=0)
    loss = [10_000 * mean[place] for place in (len(REACH) // 2, 0, -1)]
    heads = ["cost, bp", "to edge: best, pp", "closed form", "to target: best, pp", "closed form"]
    text = f"""
{table_text(heads, rows)}

The market: lognormal stocks of {VOLATILITY:.0%} volatility beside cash, {SHARE:.0%} of them the
right share at risk aversion {AVERSION:g}; {paths} paths of {years:g} years, the same at every cost,
bands looked at every day. Best: the bottom of a cubic through the log losses of {len(REACH)}
widths.
In brackets: what other paths would change.

**Agrees.** The best half-width grows with the cost to the power of {figures["slope edge"]:.3f} at
the edge and {figures["slope target"]:.3f} to target, where a third is expected, and the level is
the one of the closed form. **Differs** a little at low costs, where the best bands are narrower
than it says: a share moves a quarter of a point a day, and who looks once a day finds it
{OVERRUN:.2f} points past the edge on average. With those added to each width the powers are
{figures["slope edge, overrun"]:.3f} and {figures["slope target, overrun"]:.3f}; what little is
left above a third at the edge is not explained here.

**Worth knowing.** Little hangs on it. At 10 bp the best band to its edge takes {loss[0]:.2f} bp of
the portfolio a year, costs and untidiness together; half its width takes {loss[1]:.2f} bp, twice
its
width {loss[2]:.2f} bp. At costs above a percent, which are left out, decades pass between trades,
and the horizon decides rather than the band.
"""
    x, y = Axis("cost of a trade, bp", log=True), Axis("half-width, percentage points", log=True)
    return Finding(figures, text, {"": chart("Best band by cost of trading", x, y, lines)})
