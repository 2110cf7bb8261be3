"""Two modes: how far a fast backtest is from one of real accounts, and why

Research mode trades fractions at once and reinvests dividends on their day; account mode does what
`plan` and `apply` would have done, in whole shares, lots and several accounts, with dividends that
come as cash. On the demo's household, how far apart are they, and what makes the difference?
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import ArrayLike

import trimtab as tt
from studies.chart import Axis, Line, chart
from studies.finding import Estimate, Finding, spread, table_text
from studies.source import YEAR
from trimtab.live.history import account_runs
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.bootstrap import stationary_rows

DEMO = Path(tt.__file__).parent / "data" / "demo"
TARGET = {"AAPL": 0.35, "IBM": 0.25, "BOND10": 0.35, "CASH": 0.05}
"""What the demo's sleeves buy first."""
POLICIES = {"this portfolio": "monthly+band:5pp/25%", "annual": "annual"}
START = 400_000
COSTS = tt.Costs(half_spread_bps=2, per_share="0.005")
STEPS = (
    "account mode",
    "tax counted, not paid",
    "dividends reinvested on their day",
    "no smallest trade",
    "fractions of shares",
    "one account, no tax",
    "no costs",
    "research mode, no costs",
)
"""From real accounts to research, each step beside all before it."""
BLOCK = 21.0


def write_folder(folder: Path, step: int) -> None:
    """The demo's household, made simpler by so many steps; what becomes of tax is in no file."""
    text = (DEMO / "portfolio" / "portfolio.toml").read_text(encoding="utf-8")
    lots = (DEMO / "portfolio" / "lots.csv").read_text(encoding="utf-8")
    prices = "prices.csv" if step < 2 else "total_return.csv"
    text = text.replace('"prices.csv"', f'"{prices}"')
    if step >= 3:
        text = text.replace("min_trade = 500", "")
    if step >= 4:
        text += "".join(
            f"\n[instruments.{s}]\nstep = 0.000001\n" for s in ("AAPL", "IBM", "BOND10")
        )
    if step >= 5:
        begin, end = text.index("[accounts.brokerage]"), text.index("[target.growth]")
        text = text[:begin] + '[accounts.roth]\ntax = "roth"\nbroker = "paper"\n\n' + text[end:]
        text = text.replace('location = ["k401", "roth", "brokerage"]', "")
        lots = "account,symbol,quantity,acquired,cost_basis\nroth,USD,100000.00,,\n"
    if step >= 6:
        text = text.replace("half_spread_bps = 2", "").replace("per_share       = 0.005", "")
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")
    (folder / "lots.csv").write_text(lots, encoding="utf-8")
    (folder / prices).write_bytes((DEMO / prices).read_bytes())


def accounts(step: int, first: date, last: date) -> list[AccountRun]:
    """Both policies in account mode, so many steps simpler."""
    with TemporaryDirectory() as place:
        write_folder(Path(place), step)
        policies = [tt.Policy(None, when, name=name) for name, when in POLICIES.items()]
        # Research mode pays no tax: beside it account mode may not either.
        return account_runs(
            tt.open(place), policies, start=first, end=last, cash=Decimal(START), pay_tax=step < 1
        )


def apart(first: ArrayLike, second: ArrayLike) -> Estimate:
    """How much faster one curve grows than another, in basis points a year, and by chance.

    The interval is that of the same days' differences, shuffled in blocks of a month.
    """
    gaps = 10_000 * YEAR * (np.diff(np.log(first)) - np.diff(np.log(second)))
    generator = np.random.default_rng(9)
    every = [gaps[stationary_rows(generator, len(gaps), BLOCK)].mean() for _ in range(1000)]
    return spread(np.array(every), float(gaps.mean()))


def research(first: date, last: date, costs: tt.Costs | None = None) -> Backtest:
    """Both policies in research mode, on total-return prices."""
    policies = [tt.Policy(TARGET, when, name=name) for name, when in POLICIES.items()]
    prices = tt.read_prices(DEMO / "total_return.csv")
    return tt.backtest(prices, policies, cash=START, start=first, end=last, costs=costs)


def study(shared: Path | None = None, *, quick: bool = False) -> Finding:
    """Account mode made simpler step by step until it is research mode; on packaged data."""
    del shared
    first, last = date(2001, 1, 2), date(2002 if quick else 2009, 12, 31)
    free, costly = research(first, last), research(first, last, COSTS)
    runs = [accounts(step, first, last) for step in range(len(STEPS) - 1)]
    figures: dict[str, float | Estimate] = {}
    rows = [[step] for step in STEPS]
    lines: list[Line] = []
    for name in POLICIES:
        own = [next(one for one in run if one.name == name) for run in runs]
        curves = [*(one.equity for one in own), free[name].value]
        traded = [*(one.rebalances for one in own), free[name].rebalances]
        figures[f"whole, {name}"] = apart(costly[name].value, curves[1])
        figures[f"taxed, {name}"] = apart(costly[name].value, curves[0])
        gaps = [apart(curve, curves[1]) for curve in curves[1:]]
        for k, step in enumerate(STEPS):
            before = apart(curves[k], curves[max(k - 1, 0)])
            figures[f"{step}, {name}"] = before
            rows[k] += [f"{traded[k]}", f"{before:.2f}" if k else ""]
        low, high = [one.low for one in gaps], [one.high for one in gaps]
        # Beside each other, so that both intervals can be seen.
        places = [k + 0.08 * len(lines) for k in range(1, len(STEPS))]
        lines.append(Line(name, places, [one.value for one in gaps], low, high))
    # In 2000 a real price halved at a month's end.
    early = date(2000, 3, 1), date(2002, 12, 31)
    halved = accounts(1, *early)[0].equity
    storm = apart(research(*early, COSTS)["this portfolio"].value, halved)
    figures["with the halved price"] = storm
    heads = [""]
    for name in POLICIES:
        heads += [f"{name}: rebalances", "growth against the row above, bp a year"]
    say = {name: f"{figure:.2f}" for name, figure in figures.items()}
    text = f"""
{table_text(heads, rows)}

{first} to {last}, {START:,} at the start; each row adds its change to all above it. The first
purchase is no rebalance. In brackets: where the mean of the same daily differences lies when they
are shuffled in blocks of a month.

**How far.** Research mode with costs, less account mode as it is, grows by
{say["taxed, this portfolio"]} basis points a year under this portfolio's policy and by
{say["taxed, annual"]} under annual rebalancing. **Why.** Nearly all of it is tax: account mode pays
it when it is due, research mode knows none. Where it is only counted, and moves no more than which
lots are sold and where, what is left is {say["whole, this portfolio"]} and
{say["whole, annual"]}. Of that, costs, which both
modes know, are the largest step. Dividends that wait as cash for the next rebalance come next, and
may go either way: they are out of the market meanwhile, and they keep the cash sleeve filled.
Whole shares, the smallest trade, and three accounts with a menu hardly show in a household of this
size. Without all of these the two modes are one: the last row is what rounding to cents and
millionths leaves (it counts one rebalance less, since research mode never trades on the last
session). A sale pays for purchases of its own session. Tax that needs a sale leaves when the sale
has settled, as fees and withdrawals do, of which there are none here: settlement is in the step of
tax.

**What may be far more** is a price that account mode does not believe. On 2000-09-29, a month's
last session, AAPL halved without a split. It was true; but account mode refused to trade on it
until the next session, as it should, and the two held different portfolios for half a year. From
{early[0]} to {early[1]} they are {storm:.1f} basis points a year apart.
"""
    x = Axis("rows of the table, from tax only counted to research", ticks=range(1, len(STEPS)))
    y = Axis("growth over account mode that pays no tax, bp a year")
    return Finding(figures, text, {"": chart("From real accounts to research mode", x, y, lines)})
