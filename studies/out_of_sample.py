"""Found weights against equal weights, out of sample and after costs

DeMiguel, Garlappi and Uppal (Optimal versus naive diversification, 2009) find that no optimised
portfolio is reliably better than equal weights out of sample. Do policies with dynamic targets,
found at each look from what was known by then, beat equal weights kept by a calendar or a band, on
twenty large US stocks since 1993 and on eight exchange-traded funds since 2007?

Every target is found from all history up to the day, the first after three years, and traded at the
next close; each trade costs ten basis points. `utility` is return less 2.5 times variance, at most
30% in one name. The stocks are those that are large today, which flatters whoever holds them all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, spread, table_text
from studies.source import YEAR, etfs
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.results import Backtest

FUNDS = ("SPY", "EFA", "IWM", "EEM", "AGG", "TLT", "GLD", "VNQ")
BPS, CAP, AVERSION, WARMUP = 10, 0.3, 5.0, 3 * YEAR
EQUAL, BAND = "equal, annual", "equal, 20% band"
CALENDAR, AWARE, DYNAMIC, CALM = (
    "utility, quarterly",
    "utility at the cost of getting there",
    "utility, past 3% tracking error",
    "least volatility, quarterly",
)
RIVALS = (BAND, CALENDAR, AWARE, DYNAMIC, CALM)
KINDS = ("stocks", "funds")
BLOCK = 63
"""Mean length of the blocks of sessions that are shuffled: a quarter."""


def stocks(shared: Path) -> PriceHistory:
    """Twenty large US stocks, daily since 1990."""
    file = shared / "data" / "skfolio_sp500_20stocks" / "sp500_dataset.csv.gz"
    return tt.read_prices(pd.read_csv(file, index_col=0, parse_dates=True))


def policies(symbols: tuple[str, ...], look: str) -> list[tt.Policy]:
    """Equal weights twice, and found weights four times."""
    equal = dict.fromkeys(symbols, 1.0 / len(symbols))
    blind = tt.CostAware(risk_aversion=AVERSION, high=CAP)
    aware = tt.CostAware(risk_aversion=AVERSION, high=CAP, cost_bps=BPS)
    calm = tt.Optimiser("min-volatility", high=CAP, covariance="ledoit-wolf")
    return [
        tt.Policy(equal, "annual", name=EQUAL),
        tt.Policy(equal, "band:20%", name=BAND),
        tt.Policy(blind, look, name=CALENDAR),
        tt.Policy(aware, look, name=AWARE),
        tt.Policy(blind, f"{look}+tracking:3%", name=DYNAMIC),
        tt.Policy(calm, look, name=CALM),
    ]


def daily(result: Backtest, name: str) -> NDArray[np.float64]:
    """Log returns of a policy by session."""
    returns: NDArray[np.float64] = np.diff(np.log(result[name].value))
    return returns


def shuffled(sessions: int, *, times: int, seed: int) -> NDArray[np.int64]:
    """Sessions drawn anew in blocks, shape (times, sessions).

    The stationary bootstrap of Politis and Romano (1994).
    """
    generator = np.random.default_rng(seed)
    begins = generator.random((times, sessions)) < 1.0 / BLOCK
    begins[:, 0] = True
    places = np.where(begins, generator.integers(0, sessions, (times, sessions)), 0)
    at = np.arange(sessions)
    last = np.maximum.accumulate(np.where(begins, at, 0), axis=1)
    start = np.take_along_axis(places, last, axis=1)
    found: NDArray[np.int64] = (start + at - last) % sessions
    return found


def study(shared: Path, *, quick: bool = False) -> Finding:
    """Run all policies over both sets of prices."""
    figures: dict[str, float | Estimate] = {}
    rows, lines = [], []
    times, look = (200, "annual") if quick else (1000, "quarterly")
    for kind, prices in zip(KINDS, (stocks(shared), etfs(shared, FUNDS)), strict=True):
        if quick:
            prices = prices.rows(slice(len(prices) - 10 * YEAR, None))
        run = tt.backtest(
            prices, policies(prices.symbols, look), costs=tt.Costs(bps=BPS), warmup=WARMUP
        )
        moves = {one.name: daily(run, one.name) for one in run.policies}
        drawn = shuffled(len(moves[EQUAL]), times=times, seed=4)
        for one in run.policies:
            own = moves[one.name]
            figures[f"{kind} sharpe {one.name}"] = _sharpe(own)
            figures[f"{kind} turnover {one.name}"] = one.turnover_one_way / (len(own) / YEAR)
            row = [
                f"{kind}, {one.name}", f"{one.cagr:.2%}", f"{one.volatility:.1%}",
                f"{_sharpe(own):.2f}", f"{one.turnover_one_way / (len(own) / YEAR):.0%}",
            ]  # fmt: skip
            if one.name == EQUAL:
                rows.append([*row, "", ""])
                continue
            apart = own - moves[EQUAL]
            growth = 100 * YEAR * apart[drawn].mean(axis=1)
            ratio = [_sharpe(own[path]) - _sharpe(moves[EQUAL][path]) for path in drawn]
            gap = spread(growth, 100 * YEAR * float(apart.mean()))
            better = spread(ratio, _sharpe(own) - _sharpe(moves[EQUAL]))
            figures[f"{kind} growth {one.name} less equal"] = gap
            figures[f"{kind} sharpe {one.name} less equal"] = better
            rows.append([*row, f"{gap:+.1f}", f"{better:+.2f}"])
        if kind == "funds":
            for name in (EQUAL, BAND, AWARE, DYNAMIC, CALM):
                value = run[name].value
                years = np.linspace(0.0, (len(value) - 1) / YEAR, len(value))
                lines.append(Line(name, years[::21].tolist(), (value / value[0])[::21].tolist()))
    picture = chart("Eight funds, after costs", Axis("years"), Axis("growth of 1", log=True), lines)
    return Finding(figures, _text(figures, rows), {"": picture})


def _sharpe(moves: NDArray[np.float64]) -> float:
    """Yearly mean over yearly volatility of log returns; cash is taken to earn nothing."""
    return float(moves.mean() / moves.std(ddof=1) * YEAR**0.5)


def _text(figures: dict[str, float | Estimate], rows: list[list[str]]) -> str:
    heads = [
        "policy", "a year", "volatility", "Sharpe", "turnover", "growth less equal, points",
        "Sharpe less equal",
    ]  # fmt: skip
    turnover = {
        (kind, name): figures[f"{kind} turnover {name}"]
        for kind in KINDS
        for name in (CALENDAR, AWARE, DYNAMIC)
    }
    return f"""
{table_text(heads, rows)}

{" ".join(_judged(figures, kind) for kind in KINDS)}

What knowing the cost of getting there is good for is turnover: on the stocks
{turnover["stocks", CALENDAR]:.0%} a year without it, {turnover["stocks", AWARE]:.0%} with it, and
{turnover["stocks", DYNAMIC]:.0%} where only a tracking error past 3% acts; on the funds
{turnover["funds", CALENDAR]:.0%}, {turnover["funds", AWARE]:.0%} and
{turnover["funds", DYNAMIC]:.0%}. Large liquid names are cheap to trade, so that shows little in
growth. A band of 20% of a small share is narrow: on the stocks, a twentieth each, it trades far
more than once a year and earns nothing by it.

Intervals are of the policies' own daily returns, shuffled together in blocks of a quarter on
average (the stationary bootstrap); targets are not found anew on each shuffled history. Interest on
cash is left out of the Sharpe ratios.
"""


def _judged(figures: dict[str, float | Estimate], kind: str) -> str:
    """Who is ahead of equal weights by the Sharpe ratio, and whether that is more than chance."""
    gaps = {name: figures[f"{kind} sharpe {name} less equal"] for name in RIVALS}
    ahead = [n for n, gap in gaps.items() if isinstance(gap, Estimate) and gap.low > 0.0]
    behind = [n for n, gap in gaps.items() if isinstance(gap, Estimate) and gap.high < 0.0]
    ratios = {name: figures[f"{kind} sharpe {name}"] for name in (EQUAL, *RIVALS)}
    first = max(ratios, key=lambda name: _plain(ratios[name]))
    said = f"On the {kind} the best Sharpe ratio is that of {first}, {_plain(ratios[first]):.2f}"
    if first != EQUAL:
        said += f" to {_plain(ratios[EQUAL]):.2f} of equal weights kept once a year"
    if ahead:
        return f"{said}. Past chance {' and '.join(ahead)} beat equal weights."
    said += ", and nothing beats equal weights past chance"
    if behind:
        said += f"; {' and '.join(behind)} fall behind them"
    if first == EQUAL:
        return f"{said}: equal weights win."
    return f"{said}: years enough to tell have not passed."


def _plain(figure: float | Estimate) -> float:
    return figure.value if isinstance(figure, Estimate) else figure
