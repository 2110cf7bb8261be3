"""Shannon's demon, and what rebalancing is worth by its closed form

Shannon showed that half in a stock that doubles or halves with even odds, half in cash, grows if it
is rebalanced, though neither of them does: by log(1.125)/2 a step. Fernholz and Shay (Stochastic
portfolio theory and stock market equilibrium, 1982) give the general form, the excess growth rate:
a portfolio held at weights w grows faster than the weighted mean of its holdings' growth by
(sum of w_i V_ii - w'Vw)/2. Does a backtest earn that much, and what is left of it after costs?
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, resampled, spread, table_text
from studies.source import YEAR, etfs, simulated, start
from trimtab.simulate.measures.metrics import excess_growth
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.uncertainty.bootstrap import bootstrap

HALF = {"COIN": 0.5, "CASH": 0.5}
FIVE = {"SPY": 0.2, "EFA": 0.2, "VNQ": 0.2, "GLD": 0.2, "TLT": 0.2}
WAYS = ("daily", "monthly", "annual", "never")


@dataclass(frozen=True)
class Coin:
    """A market of one stock that doubles or halves each session with even odds."""

    symbols: tuple[str, ...] = ("COIN",)
    words: str = "a coin that doubles or halves"

    def draw(self, generator: np.random.Generator, sessions: int) -> NDArray[np.float64]:
        """Log returns, shape (sessions, 1)."""
        return np.where(generator.integers(0, 2, (sessions, 1)) == 1, log(2.0), -log(2.0))


def alternating(steps: int) -> PriceHistory:
    """A stock that doubles and halves in turn."""
    days = np.datetime64("2001-01-01", "D") + np.arange(steps + 1)
    close = np.where(np.arange(steps + 1) % 2, 200.0, 100.0)
    return PriceHistory(days, ("COIN",), close[:, None])


def demon(paths: int) -> NDArray[np.float64]:
    """Log growth a step of keeping half in the coin, and of letting it run, shape (paths, 2)."""
    policies = [tt.Policy(HALF, when) for when in ("daily", "never")]
    found = tt.monte_carlo(start(["COIN"]), policies, model=Coin(), years=1.0, paths=paths, seed=2)
    worth = [found.of(name, "final_value") / found.cash for name in found.names]
    return np.log(np.column_stack(worth)) / YEAR


def earned(case: dict[str, object], paths: int, years: float) -> NDArray[np.float64]:
    """Growth of a daily rebalanced portfolio above its holdings' mean growth, by path.

    Holdings' own growth is that of portfolios of one holding, over the same paths.
    """
    weights = np.array(case["w"], dtype=np.float64)
    names = [f"A{place}" for place in range(len(weights))]
    deviations = dict(zip(names, np.array(case["sigma"], dtype=np.float64).tolist(), strict=True))
    given = case["corr"]
    correlation = np.eye(len(names)) if given == "identity" else np.array(given)
    policies = [tt.Policy(dict(zip(names, weights.tolist(), strict=True)), "daily")]
    policies += [tt.Policy({name: 1.0}, name=name) for name in names]
    found = simulated(policies, deviations, correlation=correlation, years=years, paths=paths)
    growth = np.log(np.column_stack([found.of(n, "final_value") for n in found.names]))
    growth = (growth - np.log(found.cash)) / years
    above: NDArray[np.float64] = growth[:, 0] - growth[:, 1:] @ weights
    return above


def on_funds(shared: Path, paths: int) -> tuple[float, dict[str, Estimate], dict[str, Estimate]]:
    """Closed form on history; growth above the holdings' mean; and above never rebalancing."""
    prices = etfs(shared, list(FIVE))
    logs = np.diff(np.log(prices.close), axis=0)
    form = excess_growth(list(FIVE.values()), np.cov(logs, rowvar=False) * YEAR)
    policies = [tt.Policy(FIVE, when, name=when) for when in WAYS]
    policies += [tt.Policy({name: 1.0}, name=name) for name in FIVE]
    found = bootstrap(tt.backtest(prices, policies, costs=tt.Costs(bps=10)), paths=paths, seed=3)
    final = np.concatenate([found.observed[None, :, 0], found.table[:, :, 0]])
    growth = np.log(final / found.cash) / found.years
    mean = growth[:, len(WAYS) :] @ np.array(list(FIVE.values()))
    above = {w: spread(*_split(growth[:, k] - mean)) for k, w in enumerate(WAYS)}
    ran = {w: spread(*_split(growth[:, k] - growth[:, -1 - len(FIVE)])) for k, w in enumerate(WAYS)}
    return form, above, ran


def _split(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    return samples[1:], float(samples[0])


def study(shared: Path, *, quick: bool = False) -> Finding:
    """Run the demon, the published cases of the closed form, and five funds with costs."""
    paths = 200 if quick else 2000
    known = json.loads((shared / "reference" / "rebalancing_closed_forms.json").read_text())
    rule = known["shannons_demon"]
    turns = tt.backtest(alternating(20), tt.Policy(HALF, "daily"), cash=1.0)
    figures: dict[str, float | Estimate] = {"20 turns": turns.policies[0].final_value}
    coin = demon(paths)
    figures["demon"] = resampled(coin, lambda mean: float(mean[0]))
    figures["demon left alone"] = resampled(coin, lambda mean: float(mean[1]))
    rows = [
        ["20 turns, up and down, grow 1 to", f"{figures['20 turns']:.6f}",
         f"{rule['after_20_alternating_steps_rebalanced']:.6f}"],
        ["log growth a step, by coin", f"{figures['demon']:.4f}",
         f"{rule['growth_log_per_step']:.4f}"],
    ]  # fmt: skip
    for number, case in enumerate(known["excess_growth_rate"], start=1):
        found = earned(case, paths // 4, 20.0)
        figures[f"excess {number}"] = resampled(found, lambda mean: float(mean))
        name = f"excess growth a year, {len(case['w'])} holdings"
        rows.append([name, f"{figures[f'excess {number}']:.3%}", f"{case['value']:.3%}"])
    form, above, ran = on_funds(shared, 30 if quick else 400)
    figures |= {f"funds {way}": one for way, one in above.items()}
    figures |= {f"funds {way} over never": one for way, one in ran.items()} | {"funds form": form}
    funds = [[way, f"{above[way]:.2%}", f"{ran[way]:.2%}" if way != "never" else ""]
             for way in WAYS]  # fmt: skip
    text = f"""
{table_text(["", "found", "closed form"], rows)}

The demon runs {paths} times for 252 steps; left alone, half in the coin grows by
{figures["demon left alone"]:.4f} a step. The closed form's two cases are lognormal markets of 20
years, rebalanced daily, {paths // 4} times each. In brackets: what other paths would change.

Five funds (SPY, EFA, VNQ, GLD, TLT, a fifth each) at 10 bp a trade, where the closed form is
{form:.2%} a year; in brackets where 95% of histories shuffled in blocks lie:

{table_text(["rebalanced", "growth above the holdings' mean", "above never rebalancing"], funds)}

**Agrees.** The demon and the closed form's cases are met to within a few per cent of themselves,
and the form lies inside the interval of daily rebalancing of real funds. **Worth knowing:** the
excess growth is not what rebalancing earns over doing nothing. Whoever never rebalances is ahead of
the holdings' mean as well, and what is left between the two has either sign: on these funds annual
rebalancing came to {ran["annual"]:.2%} a year over never, which is
{"more than chance" if ran["annual"].low > 0 else "no more than chance would give"}.
"""
    place, ones = list(range(len(WAYS))), [above[way] for way in WAYS]
    lines = [
        Line("backtest, 95% interval", place, [100 * one.value for one in ones],
             [100 * one.low for one in ones], [100 * one.high for one in ones], dots=True),
        Line("closed form, no costs", place, [100 * form] * len(place), dashed=True),
    ]  # fmt: skip
    x = Axis("rebalanced", ticks=place, names=WAYS)
    y = Axis("growth above the holdings' mean, % a year")
    return Finding(figures, text, {"": chart("Excess growth of five funds at 10 bp", x, y, lines)})
