"""How often to rebalance: monthly or annually, with a threshold or without

Vanguard (Best practices for portfolio rebalancing, 2010) counts 1,008 rebalances of half stocks and
half bonds from 1926 to 2009 when it is done every month, and 15 when it is looked at once a year
and done past ten points: with next to no difference in risk-adjusted return. A later paper
(Rational rebalancing, 2022) prefers annual rebalancing to monthly or quarterly, and for those who
can look every day a threshold of two points, traded back to within 1.75. Do our counts agree, here
and in other countries, and is the difference in return and risk more than noise?
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, spread, table_text
from studies.source import etfs, us_stocks_and_bonds
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.difference import Gap

TARGET = {"STOCKS": 0.5, "BONDS": 0.5}
LOOKS = ("monthly", "quarterly", "annual")
THRESHOLDS = (0, 1, 5, 10)
COUNTRIES = ("USA", "GBR", "AUS", "FRA", "ITA", "NLD")
COSTS = tt.Costs(bps=10)
DAILY = {
    "monthly": ("monthly", "target"),
    "quarterly": ("quarterly", "target"),
    "annual": ("annual", "target"),
    "2pp to within 1.75pp": ("band:2pp", "within:1.75pp"),
    "annual past 10pp": ("annual+band:10pp", "target"),
}


def us_policies() -> list[tt.Policy]:
    """The paper's grid: how often to look, and from what deviation to act."""
    found = [tt.Policy(TARGET, "never", name="never")]
    for look in LOOKS:
        for points in THRESHOLDS:
            when = f"{look}+band:{points}pp" if points else look
            found.append(tt.Policy(TARGET, when, name=f"{look}, {points}pp"))
    return found


def of_country(shared: Path, country: str) -> PriceHistory:
    """Total returns of a country's stocks and bonds, yearly, from 1950 on, in its own money."""
    file = shared / "data" / "jst_macrohistory_r6" / "jst_r6_returns_A.csv"
    rows = pd.read_csv(file).query("iso == @country and year >= 1950").set_index("year")
    growth = (1 + rows[["eq_tr", "bond_tr"]].dropna()).cumprod()
    growth.index = pd.to_datetime([f"{year}-12-31" for year in growth.index])
    growth.columns = pd.Index(["STOCKS", "BONDS"])
    return tt.read_prices(growth)


def estimate(gap: Gap) -> Estimate:
    """A difference between two policies, and where shuffled histories have it."""
    return Estimate(gap.observed, gap.low, gap.high)


def us_rows(result: Backtest) -> list[list[str]]:
    """One policy a row: how often it traded, and what came of it."""
    rows = []
    for one in result:
        year = one.measures
        rows.append([one.name, f"{one.rebalances:,}", f"{year.turnover_a_year:.1%}",
                     f"{one.cagr:.2%}", f"{one.volatility:.1%}", f"{one.max_drawdown:.0%}",
                     f"{year.drift_mean:.1%}"])  # fmt: skip
    return rows


def country_row(shared: Path, country: str, figures: dict[str, float | Estimate]) -> list[str]:
    """Annual rebalancing of a country's stocks and bonds, with a threshold and without."""
    policies = [tt.Policy(TARGET, when, name=when) for when in ("annual", "annual+band:10pp")]
    result = tt.backtest(of_country(shared, country), policies, costs=COSTS)
    always, seldom = result
    figures |= {f"{country} annual": always.rebalances, f"{country} past 10pp": seldom.rebalances}
    return [country, f"{always.rebalances}", f"{seldom.rebalances}",
            f"{always.cagr:.2%} / {seldom.cagr:.2%}",
            f"{always.volatility:.1%} / {seldom.volatility:.1%}"]  # fmt: skip


def study(shared: Path, *, quick: bool = False) -> Finding:
    """Count and compare on 84 years of US months, seventy years of six countries, and ETFs."""
    paths = 60 if quick else 1000
    file = shared / "reference" / "vanguard_2010_counts.json"
    published = json.loads(file.read_text())["rebalancing_events_1926_2009"]
    # Invested at the end of 1925; a run's last session never trades, so it is one month later.
    span = {"start": date(1925, 12, 1), "end": date(2010, 1, 31)}
    us = tt.backtest(us_stocks_and_bonds(shared), us_policies(), costs=COSTS, **span)
    figures: dict[str, float | Estimate] = {one.name: one.rebalances for one in us}
    outcomes = bootstrap(us, paths=paths, seed=5)
    seldom = outcomes.difference("annual, 10pp", "monthly, 0pp")
    figures["growth"] = estimate(seldom["cagr"])
    figures["worst fall"] = estimate(seldom["max_drawdown"])
    figures["volatility"] = estimate(seldom["volatility"])
    heads = ["US 1926 to 2009", "rebalances", "turnover a year", "growth", "volatility",
             "worst fall", "drift"]  # fmt: skip
    countries = [country_row(shared, country, figures) for country in COUNTRIES]
    policies = [
        tt.Policy({"SPY": 0.6, "AGG": 0.4}, when, to, name=n) for n, (when, to) in DAILY.items()
    ]
    funds = tt.backtest(etfs(shared, ["SPY", "AGG"]), policies, costs=COSTS)
    shuffled = bootstrap(funds, paths=paths // 5, seed=6)
    daily = []
    for one in funds:
        apart, cost = (spread(shuffled.of(one.name, figure), seen) for figure, seen in (
            ("tracking_error", one.measures.tracking_error),
            ("cost_a_year", one.log.cost.dot(1 / one.log.value) / shuffled.years)))  # fmt: skip
        figures |= {f"tracking error {one.name}": apart, f"cost {one.name}": cost}
        bp = Estimate(*(10_000 * v for v in (cost.value, cost.low, cost.high)))
        daily.append([one.name, f"{one.rebalances}", f"{apart:.2%}", f"{bp:.1f}"])
    said = {name: seldom[name].sentence for name in ("cagr", "volatility", "max_drawdown")}
    monthly, yearly = published.values()
    of_countries = table_text(
        ["1950 to 2020", "annual: rebalances", "annual past 10pp", "growth", "volatility"],
        countries,
    )
    of_funds = table_text(
        ["SPY and AGG, 60/40, daily", "rebalances", "tracking error", "cost, bp a year"], daily
    )
    text = f"""
{table_text(heads, us_rows(us))}

Half stocks, half ten-year Treasury bonds, 10 bp a trade, looked at on month ends; stocks are a
daily index with dividends, bonds are bought at par each month at the yield of Shiller's table.

**Counts agree.** Every month is {us["monthly, 0pp"].rebalances:,} times, as published
({monthly:,}); once a year past ten points {us["annual, 10pp"].rebalances} times ({yearly}
published, on an index of bonds that is not public). **Of risk and growth** {paths:,} histories
shuffled in blocks say this, annual past ten points less every month. Volatility:
{said["volatility"]}. The worst fall: {said["max_drawdown"]}. Growth: {said["cagr"]}; part of that
is made here, for yields that are a month's mean let bonds go on as they went, which favours whoever
waits.

{of_countries}

The same in six countries, yearly returns in their own money (Jordà, Schularick, Taylor): a
threshold of ten points leaves a sixth of the rebalances, and growth and volatility (annual / past
10pp) about where they were. A single history each, without an interval.

{of_funds}

**The threshold of 2022** keeps closer to the target than quarterly rebalancing and costs no more,
as the paper says. **Not decided here** is its other finding, that annual rebalancing is best for
whoever need not track closely: at 10 bp all these costs are a few basis points a year at most, and
what decides is how much deviation one bears. Its forecasts are not public; direction is what is
checked.
"""
    lines = [
        Line(look, THRESHOLDS, [us[f"{look}, {points}pp"].rebalances for points in THRESHOLDS])
        for look in LOOKS
    ]
    lines.append(Line("published, 2010", (0, 10), list(published.values()), dots=True))
    x = Axis("acts from a deviation of, percentage points", ticks=THRESHOLDS)
    y = Axis("rebalances, 1926 to 2009", log=True)
    title = "How often half stocks, half bonds were rebalanced in 84 years"
    return Finding(figures, text, {"": chart(title, x, y, lines)})
