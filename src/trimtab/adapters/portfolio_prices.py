"""The prices of a portfolio folder as one history: for backtests, and for targets to learn from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.price_frames import read_prices
from trimtab.engine.mandate import HOUSEHOLD
from trimtab.estimates.arrays import SESSIONS_A_YEAR
from trimtab.estimates.years import sessions_a_year
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.sessions import Calendar
from trimtab.simulate.prices.history import PriceHistory
from trimtab.targets.moving.breaking import Breaks
from trimtab.targets.moving.mover import Mover, stand_ins
from trimtab.targets.moving.signals import KnownSeries
from trimtab.targets.moving.watch import Watch
from trimtab.targets.prices import Prices

MOST_TOLD = 3
"""So many problems of price files are told where nothing can be learned from them."""


def portfolio_prices(portfolio: Portfolio, *, fx: str | None = None) -> PriceHistory:
    """Total-return prices of all that the portfolio's price files have, in its currency.

    What is of days that are no session of its calendar is left out.

    Args:
        portfolio: One with its price files.
        fx: A file of exchange rates, in place of the portfolio's.

    Raises:
        RefusedError: No price file is there.
        InputError: Everything that is wrong with them.
    """
    there = [path for path in portfolio.prices if path.exists()]
    # Of several files one that waits for its first row says nothing, and hides no other.
    paths = [path for path in there if not _is_bare(path)] or there
    if not paths:
        raise RefusedError("the portfolio names no price file that is there (prices = ...)")
    household = portfolio.household
    history = read_prices(
        paths,
        aliases=portfolio.aliases,
        currency=household.currency,
        fx=fx if fx is not None else None if portfolio.fx is None else str(portfolio.fx),
        currencies={name: one.currency for name, one in household.instruments.items()},
    )
    return _on_sessions(history, portfolio.calendar)


def _on_sessions(history: PriceHistory, calendar: Calendar) -> PriceHistory:
    """Daily prices without the rows of days that are no session: those decide nothing.

    Prices that come once a month may be of a weekend: they stay as they are.
    """
    import numpy as np

    if sessions_a_year(history.dates) != SESSIONS_A_YEAR:
        return history
    days = history.dates.astype("datetime64[D]").tolist()
    kept = np.fromiter(map(calendar.is_session, days), np.bool_, len(days))
    if kept.all() or not kept.any():
        return history
    return replace(history.rows(kept), findings=history.findings)


def _is_bare(path: Path) -> bool:
    """Whether a CSV file has its header and nothing below it."""
    if path.suffix != ".csv" or not path.is_file():
        return False
    with path.open("rb") as lines:
        return sum(1 for _ in islice((line for line in lines if line.strip()), 2)) == 1


def movers_of(portfolio: Portfolio, prices: Prices | None = None) -> dict[str, Mover]:
    """The targets that move, by owner, with the prices that they learn from, which are read once.

    Prices that cannot be read are no error here: the target then cannot be found, and says why.

    Args:
        portfolio: Whose targets.
        prices: Its prices, where they were read already.
    """
    unreadable, rules = "", portfolio.rules
    if prices is None and any(rule.needs_prices for rule in rules.values()):
        prices, unreadable = _read(portfolio)
    symbols = () if prices is None else prices.symbols
    found = {}
    for owner, rule in rules.items():
        series = {
            name: read if isinstance(read, KnownSeries) else f"{_told(read)}."
            for name, read in _series(portfolio, owner)
        }
        found[owner] = Mover(
            rule,
            prices,
            stand_ins(rule.tree, portfolio.household.instruments, symbols),
            portfolio.calendar,
            unreadable,
            series,
            Breaks() if portfolio.mandate.when.breakdown else None,
            owner,
        )
    return found


def mover_of(portfolio: Portfolio, prices: Prices | None = None) -> Mover:
    """What finds the household's target, which moves; arguments as of `movers_of`."""
    return movers_of(portfolio, prices)[HOUSEHOLD]


def portfolio_series(portfolio: Portfolio) -> dict[str, KnownSeries]:
    """The outside series that tilt the household's target, by signal.

    Raises:
        InputError: Everything that is wrong with their files.
    """
    read = list(_series(portfolio, HOUSEHOLD))
    problems = [
        problem for _, one in read if isinstance(one, InputError) for problem in one.problems
    ]
    if problems:
        raise InputError(problems)
    return {name: one for name, one in read if isinstance(one, KnownSeries)}


def _series(portfolio: Portfolio, owner: str) -> Iterator[tuple[str, KnownSeries | InputError]]:
    """Each series of an owner's target, or what is wrong with its file."""
    target = portfolio.targets.get(owner)
    if target is None or not target.series:
        return
    from trimtab.adapters.series_file import read_series

    for name, (path, column) in target.series.items():
        try:
            yield name, read_series(path, os.path.relpath(path, portfolio.folder), column)
        except InputError as error:
            yield name, error


def _told(error: InputError) -> str:
    """What is wrong, the first of it."""
    told = [str(problem) for problem in error.problems[:MOST_TOLD]]
    more = len(error.problems) - len(told)
    return f"{'; '.join(told)}{f'; and {more} more' if more > 0 else ''}"


def watch_of(portfolio: Portfolio, movers: Iterable[Mover] = ()) -> Watch:
    """What estimates the risk of the portfolio's targets, with the prices that it learns from.

    Prices that cannot be read are no error here: nothing is estimated then, and it says why.

    Args:
        portfolio: Whose targets.
        movers: What finds those that move: where they learn from prices, those are read already.
    """
    read = next((one for one in movers if one.target.needs_prices), None)
    if read is not None:
        prices, unreadable = read.prices, read.unreadable
    else:
        prices, unreadable = _read(portfolio)
    return Watch(prices, portfolio.household.instruments, portfolio.calendar, unreadable)


def _read(portfolio: Portfolio) -> tuple[Prices | None, str]:
    """The prices of a portfolio, or why they cannot be read, in a sentence."""
    try:
        return portfolio_prices(portfolio), ""
    except InputError as error:
        return None, f"{_told(error)}."
    except RefusedError as error:
        return None, f"{error}."
