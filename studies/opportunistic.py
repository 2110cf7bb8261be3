"""Look often, act rarely: opportunistic rebalancing

Daryanani (Opportunistic Rebalancing: A New Paradigm for Wealth Managers, 2008) tried relative bands
around five assets from 1992 to 2004, looked at daily to yearly, with breached assets traded half
way back, and found that a 20% band looked at every two weeks more than doubles what annual
rebalancing adds to returns. Does it, on the funds and years that we have?
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, spread, table_text
from studies.source import etfs
from trimtab.simulate.uncertainty.bootstrap import bootstrap

TARGET = {"SPY": 0.25, "IWM": 0.20, "VNQ": 0.10, "DBC": 0.05, "AGG": 0.40}
"""Large and small companies, real estate, commodities, bonds: 60/40 as in the paper's example."""
BANDS = (0, 5, 10, 15, 20, 25)
LOOKS = ("daily", "weekly", "monthly", "quarterly", "annual")
CHOSEN, USUAL = "weekly, 20%, half", "annual, 0%"
COSTS = tt.Costs(bps=10)


def words(look: str, band: int) -> str:
    """When such a policy acts."""
    looked = "" if look == "daily" else f"{look}+"
    return f"{looked}band:{band}%" if band else look


def study(shared: Path, *, quick: bool = False) -> Finding:
    """A grid of bands and looks over history, and the chosen ones over shuffled histories."""
    paths = 60 if quick else 600
    prices = etfs(shared, list(TARGET))
    base = tt.Policy(TARGET)
    bands = [words(look, band) for look in LOOKS for band in BANDS if band]
    half = tt.sweep(prices, base, when=bands, to=["half"], costs=COSTS, threads=2)
    plain = tt.sweep(prices, base, when=["never", *LOOKS], costs=COSTS, threads=2)
    grown = dict(zip(map(str, half.grid.whens), half.figures["cagr"], strict=True))
    grown |= dict(zip(map(str, plain.grid.whens), plain.figures["cagr"], strict=True))
    never = grown["never"]

    def added(look: str, band: int) -> float:
        when = str(tt.Policy(TARGET, words(look, band)).when)
        return float(grown[when] - never)

    policies = [
        tt.Policy(TARGET, "never", name="never"),
        tt.Policy(TARGET, "annual", name=USUAL),
        tt.Policy(TARGET, "monthly", name="monthly, 0%"),
        tt.Policy(TARGET, "weekly+band:20%", "half", name=CHOSEN),
        tt.Policy(TARGET, "weekly+band:20%", "target", name="weekly, 20%, target"),
        tt.Policy(TARGET, "annual+band:20%", "half", name="annual, 20%, half"),
    ]
    run = tt.backtest(prices, policies, costs=COSTS)
    # Costs are taken out of all holdings alike, so only a free run tells who was traded.
    trades = {one.name: one.trade_count for one in tt.backtest(prices, policies)}
    outcomes = bootstrap(run, paths=paths, seed=11)
    figures: dict[str, float | Estimate] = {}
    rows = []
    for one in run:
        figures |= {
            f"rebalances {one.name}": one.rebalances,
            f"trades {one.name}": trades[one.name],
        }
        gaps = [outcomes.difference(one.name, other)["cagr"] for other in ("never", USUAL)]
        cells = [Estimate(gap.observed, gap.low, gap.high) for gap in gaps]
        figures |= {f"{one.name} over never": cells[0], f"{one.name} over annual": cells[1]}
        apart = spread(outcomes.of(one.name, "tracking_error"), one.measures.tracking_error)
        figures[f"tracking error {one.name}"] = apart
        rows.append([one.name, f"{one.rebalances}", f"{trades[one.name]}",
                     f"{one.measures.turnover_a_year:.1%}", f"{apart:.2%}",
                     "" if one.name == "never" else f"{cells[0]:.2%}",
                     "" if one.name in ("never", USUAL) else f"{cells[1]:.2%}"])  # fmt: skip
    bands_said = [f"{band}%" if band else "none" for band in BANDS]
    grid = table_text(
        ["growth over never", *bands_said],
        [[look, *(f"{added(look, band):.2%}" for band in BANDS)] for look in LOOKS],
    )
    every = np.array([added(look, band) for look in LOOKS for band in BANDS])
    figures |= {"least added": float(every.min()), "most added": float(every.max())}
    over = outcomes.difference(CHOSEN, USUAL)["cagr"].sentence
    wide = added("weekly", 20) - added("annual", 20), added("weekly", 20) - added("weekly", 5)
    figures |= {"weekly less annual": wide[0], "20% less 5%": wide[1]}
    table = table_text(["", "rebalances", "trades", "turnover a year", "tracking error",
                        "growth over never", "over annual"], rows)  # fmt: skip
    first, last = prices.first.year, prices.last.year
    text = f"""
{grid}

Growth a year above never rebalancing, {first} to {last}, by how often one looks and from which
relative band one acts; SPY 25%, IWM 20%, VNQ 10%, DBC 5%, AGG 40%, 10 bp a trade. With a band,
breached assets go half way back; without one, everything goes to target.

{table}

In brackets: 95% of {paths} histories shuffled in blocks. There is no look every two weeks among our
calendars, so every week stands for it.

**Agrees:** the order. In this history, as in the paper, a wide band beats a narrow one (at weekly
looks 20% is {wide[1]:.2%} a year ahead of 5%) and frequent looks beat rare ones (at 20% weekly is
{wide[0]:.2%} ahead of annual), and keeps closer to the target than annual rebalancing does with as
many trades.
**Differs:** the level. Rebalancing added nothing here, for stocks outran bonds nearly all the time;
so there is no benefit to double. **Not shown:** that the order is more than luck. Of the
growth of the 20% band looked at weekly, against annual rebalancing, the library says: {over}. The
best and the worst of the grid are {every.max() - every.min():.2%} apart. The paper's data are not
public and end before ours begin.
"""
    lines = [Line(look, BANDS, [100 * added(look, band) for band in BANDS]) for look in LOOKS]
    x = Axis("relative band, % of the target", ticks=BANDS)
    y = Axis("growth over never rebalancing, points a year", ".2f")
    title = f"What rebalancing five funds added, {first} to {last}, one history"
    return Finding(figures, text, {"": chart(title, x, y, lines)})
