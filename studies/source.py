"""Where studies take prices from: the shared folder, and markets that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import trimtab as tt
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.uncertainty.monte_carlo import monte_carlo
from trimtab.simulate.uncertainty.outcomes import Outcomes
from trimtab.simulate.uncertainty.scenarios import NormalModel

YEAR = 252


def etfs(shared: Path, symbols: Sequence[str]) -> PriceHistory:
    """Total-return closes of exchange-traded funds, daily, where all of them have one."""
    columns = {}
    for symbol in symbols:
        file = shared / "data" / "etf_daily_yahoo" / f"{symbol}.csv"
        columns[symbol] = pd.read_csv(file, index_col="date", parse_dates=True)["adj_close"]
    return tt.read_prices(pd.DataFrame(columns).dropna())


def us_stocks_and_bonds(shared: Path) -> PriceHistory:
    """US stocks with dividends and ten-year Treasury bonds, at month ends from 1885.

    Stocks are a daily index's last value of a month. Bonds are made: bought at par with the yield
    of a month's mean, sold a month later at the next mean's price with the coupon earned since.
    """
    data = shared / "data"
    file = data / "us_equity_total_return_1885_2024" / "us_equity_adj_close.csv"
    stocks = pd.read_csv(file, index_col="date", parse_dates=True)["adj_close"]
    ends = stocks.groupby(stocks.index.to_period("M")).tail(1)
    file = data / "macro_pddl_monthly" / "shiller_sp500_monthly.csv"
    shiller = pd.read_csv(file, index_col="Date", parse_dates=True)
    yields = shiller["Long Interest Rate"].where(lambda rate: rate > 0).dropna() / 100
    bonds = pd.Series(par_bond_growth(yields.to_numpy()), yields.index.to_period("M"))
    table = pd.DataFrame({"STOCKS": ends.to_numpy()}, index=ends.index)
    table["BONDS"] = bonds.reindex(ends.index.to_period("M")).to_numpy()
    return tt.read_prices(table.dropna())


def par_bond_growth(yields: Any, *, years: int = 10) -> Any:
    """What 1 grows to in bonds that are bought at par each month and sold at the next.

    Args:
        yields: Yearly yields, compounding half-yearly, one a month.
        years: How long a bond has to run when it is bought.

    >>> round(par_bond_growth([0.06] * 13)[-1], 4)
    1.0609
    """
    bought, sold = np.asarray(yields)[:-1] / 2, np.asarray(yields)[1:] / 2
    repaid = (1 + sold) ** (-2 * years)
    # A month is a sixth of a coupon's half year; what it has earned so far is in the price.
    price = (bought * (1 - repaid) / sold + repaid) * (1 + sold) ** (1 / 6)
    return np.concatenate([[1.0], np.cumprod(price)])


def simulated(
    policies: Sequence[tt.Policy],
    deviations: Mapping[str, float],
    *,
    growth: Mapping[str, float] | None = None,
    correlation: Any = None,
    years: float,
    paths: int,
    costs: tt.Costs | None = None,
    seed: int = 1,
) -> Outcomes:
    """Policies over lognormal markets.

    Args:
        policies: They may hold CASH as well, which earns nothing.
        deviations: Yearly volatility of log returns, by symbol.
        growth: Yearly growth of each price's expectation, as 0.05; zero by default.
        correlation: Of log returns; none by default.
        years: How long a path is, in years of 252 sessions.
        paths: How many.
        costs: What trading costs.
        seed: Names the chance.
    """
    symbols = tuple(deviations)
    sigma = np.array([deviations[symbol] for symbol in symbols])
    matrix = np.eye(len(symbols)) if correlation is None else np.asarray(correlation)
    drift = np.array([(growth or {}).get(symbol, 0.0) for symbol in symbols]) - sigma**2 / 2
    model = NormalModel(symbols, drift / YEAR, np.outer(sigma, sigma) * matrix / YEAR)
    return monte_carlo(
        start(symbols), policies, model=model, years=years, paths=paths, costs=costs, seed=seed
    )


def start(symbols: Sequence[str]) -> PriceHistory:
    """Where made-up markets begin: everything costs 100."""
    days = np.array(["1999-12-30", "1999-12-31"], dtype="datetime64[D]")
    return PriceHistory(days, tuple(symbols), np.full((2, len(symbols)), 100.0))
