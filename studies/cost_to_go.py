"""A quadratic guess at the cost of all that is still to come is nearly the best rule

Kritzman, Myrgren and Page (Optimal rebalancing: a scalable solution, 2009) compare the best rule of
when to rebalance, which dynamic programming finds for a few assets, with a heuristic of Markowitz
and van Dijk that takes what is still to come for a multiple of the squared distance from the best
weights, and with calendars and bands. They find the heuristic near the best rule, and better than
calendars and bands, which matters because it works for many assets. Does it?

A month away from the best weights costs half the risk aversion times the variance of the
difference; trading costs a rate. Both are shares of the portfolio, in basis points a year. Markets
are lognormal, and no asset is expected to earn more than another; best weights are equal. Each kind
of rule is chosen among several on one set of paths, and judged on another.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, resampled, table_text
from trimtab.targets.at_cost.accounts import most_utility_each
from trimtab.targets.at_cost.cost_to_go import Chase, exact, lognormal_outcomes
from trimtab.targets.solvers.limits import within

Rule = Callable[[NDArray[np.float64], int], NDArray[np.float64]]

AVERSION, BPS, MONTHS = 4.0, 20.0, 12
VOLATILITIES = (0.18, 0.16, 0.07, 0.14, 0.2)
CORRELATION = 0.3
BANDS = (0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12)
CALENDARS = (3, 6, 9, 12, 18, 24, 36)
DISTANCES = (0.013, 0.019, 0.028, 0.04, 0.056)
HORIZONS = (6, 9, 12, 15, 18)


def market(n: int) -> Chase:
    """The first n assets, a month at a time."""
    deviations = np.array(VOLATILITIES[:n]) / MONTHS**0.5
    correlation = (1.0 - CORRELATION) * np.eye(n) + CORRELATION
    matrix = np.outer(deviations, deviations) * correlation
    return Chase(np.full(n, 1.0 / n), matrix, AVERSION, np.full(n, BPS / 10_000))


def costs(one: Chase, rule: Rule, *, years: int, paths: int, seed: int) -> NDArray[np.float64]:
    """What a rule costs in basis points a year, by path; everybody sees the same markets."""
    generator = np.random.default_rng(seed)
    root = np.linalg.cholesky(one.covariance)
    weights = np.tile(one.best, (paths, 1))
    total = np.zeros(paths)
    for month in range(1, MONTHS * years + 1):
        shocks = generator.standard_normal((paths, len(one.best))) @ root.T
        grown = weights * np.exp(shocks - 0.5 * one.covariance.diagonal())
        weights = grown / grown.sum(axis=1, keepdims=True)
        after = rule(weights, month)
        total += np.abs(after - weights) @ one.rates + one.straying(after)
        weights = after
    return 1e4 * total / years


def calendar(one: Chase, every: float) -> Rule:
    """To the best weights every so many months."""
    return lambda weights, month: np.where(month % every == 0, one.best, weights)


def band(one: Chase, width: float) -> Rule:
    """To the best weights when one of them has strayed so far."""

    def rule(weights: NDArray[np.float64], month: int) -> NDArray[np.float64]:
        del month
        strays = np.abs(weights - one.best).max(axis=1) > width
        return np.where(strays[:, None], one.best, weights)

    return rule


def edged(one: Chase, matrix: NDArray[np.float64]) -> Rule:
    """To where straying by a quadratic form, and trading, cost least together."""
    n = len(one.best)

    def rule(weights: NDArray[np.float64], month: int) -> NDArray[np.float64]:
        del month
        return most_utility_each(
            matrix @ one.best, matrix, within(n), risk_aversion=np.ones(len(weights)),
            held=weights, sell=one.rates, buy=one.rates,
        ).weights  # fmt: skip

    return rule


def heuristic(one: Chase, distance: float) -> Rule:
    """By this month and the squared distance: `Chase.nearer` for all paths at once."""
    return edged(one, AVERSION * one.covariance + 2.0 * distance * np.eye(len(one.best)))


def ahead(one: Chase, horizon: float) -> Rule:
    """By a plan of so many months in which no asset is expected to move.

    With the same forecast for every month a plan trades once, at its beginning, because utility is
    concave: so it is one month that counts as often as there are months.
    """
    return edged(one, horizon * AVERSION * one.covariance)


def best_of(
    one: Chase, make: Callable[[Chase, float], Rule], tried: tuple[float, ...], *, paths: int
) -> float:
    """The parameter of the least mean cost on paths of their own."""
    found = [costs(one, make(one, value), years=5, paths=paths, seed=1).mean() for value in tried]
    return tried[int(np.argmin(found))]


KINDS: dict[str, tuple[Callable[[Chase, float], Rule], tuple[float, ...]]] = {
    "Markowitz-van Dijk": (heuristic, DISTANCES),
    "planning ahead": (ahead, HORIZONS),
    "band": (band, BANDS),
    "calendar": (calendar, CALENDARS),
}


def rivals(one: Chase, *, quick: bool) -> dict[str, NDArray[np.float64]]:
    """What each kind of rule costs by path, at its best parameter, beside the exact rule's."""
    years, paths = (5, 50) if quick else (10, 200)
    found = {}
    if len(one.best) <= 3:
        step, reach = (0.0025, 70) if len(one.best) == 2 else (0.0075, 16) if quick else (0.004, 28)
        gross, chances = lognormal_outcomes(one.covariance)
        rule = exact(one, gross, chances, step=step, reach=reach, tolerance=1e-8)
        found["exact"] = costs(
            one, lambda weights, month: rule.decide(weights), years=years, paths=paths, seed=2
        )
    for name, (make, tried) in KINDS.items():
        chosen = best_of(one, make, tried, paths=paths)
        found[name] = costs(one, make(one, chosen), years=years, paths=paths, seed=2)
        found[name + " by"] = np.array([chosen])
    return found


def study(shared: Path | None = None, *, quick: bool = False) -> Finding:
    """Compare rules for two, three and five assets; needs no data."""
    del shared
    figures: dict[str, float | Estimate] = {}
    rows = []
    for n in (2, 3, 5):
        found = rivals(market(n), quick=quick)
        for name in ("exact", *KINDS):
            if name not in found:
                continue
            own = found[name]
            figures[f"{n} {name}"] = resampled(own[:, None], lambda mean: float(mean[0]))
            if "exact" in found and name != "exact":
                figures[f"{n} {name} over exact"] = resampled(
                    np.column_stack([own, found["exact"]]), lambda mean: float(mean[0] / mean[1])
                )
        for name in ("band", "calendar", "planning ahead"):
            table = np.column_stack([found[name], found["Markowitz-van Dijk"]])
            figures[f"{n} {name} over MvD"] = resampled(
                table, lambda mean: float(mean[0] / mean[1])
            )
        chosen = {
            "Markowitz-van Dijk": "distance {:g}",
            "planning ahead": "{:g} months",
            "band": "{:.1%}",
            "calendar": "every {:g} months",
        }
        for name in ("exact", *KINDS):
            if name in found:
                by = chosen[name].format(found[name + " by"][0]) if name in chosen else ""
                own = figures[f"{n} {name}"]
                rows.append([f"{n} assets, {name}", by, f"{own:.2f}"])
    return Finding(figures, _text(figures, rows), {"": _chart(figures)})


def _text(figures: dict[str, float | Estimate], rows: list[list[str]]) -> str:
    return f"""
{table_text(["rule", "at its best with", "cost, bp a year"], rows)}

The direction is the paper's: with two assets the heuristic costs
{figures["2 Markowitz-van Dijk over exact"]:.2f} times what the best rule costs, with three
{figures["3 Markowitz-van Dijk over exact"]:.2f} times. The best band costs
{figures["2 band over exact"]:.2f} and {figures["3 band over exact"]:.2f} times as much as the best
rule, the best calendar {figures["2 calendar over exact"]:.2f} and
{figures["3 calendar over exact"]:.2f} times. With five assets, where there is no exact rule to
judge by, the best band costs {figures["5 band over MvD"]:.2f} and the best calendar
{figures["5 calendar over MvD"]:.2f} times what the heuristic costs.

Planning ahead as Boyd and others do, with the horizon that turned out best, costs
{figures["2 planning ahead over MvD"]:.2f}, {figures["3 planning ahead over MvD"]:.2f} and
{figures["5 planning ahead over MvD"]:.2f} times what the heuristic costs, with two, three and five
assets: both trade to the edge of a region without trades, and differ in its shape. A plan of
few months hardly finds a trade that is worth its cost, and one of many years trades too far: the
horizon is a parameter to be found, as the heuristic's distance is.

What differs from the paper: there utility is that of wealth and straying costs certainty
equivalents; here it is the quadratic form of the same, which is exact for mean and variance. There
the heuristic's parameters are fitted to the exact rule; here one number is chosen by simulation, as
it must be where there is no exact rule. The exact rule takes what is still to come for
straight between the points of a grid, four tenths of a point apart with three assets, which may
cost it a little. Bands here trade back to the best weights, not to an edge.
"""


def _chart(figures: dict[str, float | Estimate]) -> str:
    lines = []
    for name in ("exact", *KINDS):
        counts = [n for n in (2, 3, 5) if f"{n} {name}" in figures]
        values = []
        for n in counts:
            own = figures[f"{n} {name}"]
            values.append(own.value if isinstance(own, Estimate) else own)
        lines.append(Line(name, counts, values))
    return chart(
        "What each rule costs at its best", Axis("assets"), Axis("basis points a year"), lines
    )
