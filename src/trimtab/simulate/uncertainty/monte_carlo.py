"""Policies over futures that a fitted model of the market draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs
from trimtab.model.days import Day
from trimtab.model.errors import InputError, OptionError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.measures.metrics import SESSIONS_A_YEAR, sessions_a_year
from trimtab.simulate.prices.history import Panel, PriceHistory, common_sessions
from trimtab.simulate.research.aims import GivenTarget, read_target
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.rules import TradeAt
from trimtab.simulate.research.settings import Ready
from trimtab.simulate.uncertainty.outcomes import Outcomes
from trimtab.simulate.uncertainty.paths import PathSource, run_paths, stream
from trimtab.simulate.uncertainty.scenarios import MarketModel, ModelName, fit

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats, FrameKind

EVERY = 29
"""One weekday of so many is no session: then a year has 252 of them."""
MOST_YEARS = 100.0


def monte_carlo(
    prices: PriceHistory,
    policies: Policy | Sequence[Policy],
    *,
    model: ModelName | MarketModel = "normal",
    years: float = 10.0,
    paths: int = 1000,
    seed: int = 0,
    states: int = 2,
    costs: Costs | None = None,
    cash: float = 100_000.0,
    trade_at: TradeAt | None = None,
    cash_rate: float = 0.0,
    flows: Flows | Mapping[Day, float] | float | None = None,
    fee: float = 0.0,
    threads: int | None = None,
    frames: FrameKind | None = None,
    short: bool = False,
    loan_rate: float | None = None,
) -> Outcomes:
    """What policies come to over many futures that are like history, in a model's eyes.

    Args:
        prices: History: the model is fitted to it, and futures begin at its last prices.
        policies: One policy, or several over the same futures. Dated targets hold their last
            row; targets that are made from prices see the future drawn so far and no history.
        model: `normal`, `t-copula`, `regimes`, or a model already fitted (see `fit`).
        years: How long the futures are, in years of 252 sessions, on weekdays of which every
            29th is none.
        paths: How many futures.
        seed: Names the chance: the same seed gives the same figures.
        states: How many regimes `regimes` has.
        costs: What trading costs; nothing by default. Futures have no volumes, so no impact.
        cash: What each policy starts with.
        trade_at: As in `backtest`; futures have no opens.
        cash_rate: Yearly interest on CASH.
        flows: Money that comes and, below zero, goes, as in `backtest`; dates lie in the future.
        fee: Yearly fee on assets.
        threads: How many to run at once; by default one a core. They change no figure.
        frames: What kind of frame to give; by default as the prices came in.
        short, loan_rate: As in `backtest`.

    Returns:
        The figures of every policy on every path, with a finding on the sessions that the model
        was fitted to where they are not all.

    Raises:
        InputError: Prices or targets cannot be used.
        OptionError: An option makes no sense.
    """
    if not 0.1 <= years <= MOST_YEARS:
        raise OptionError(f"years {years!r}: from 0.1 to {MOST_YEARS:g}")
    if seed < 0:
        raise OptionError(f"seed {seed!r}: a whole number from 0 on")
    chosen = [policies] if isinstance(policies, Policy) else list(policies)
    risky = _risky(prices, chosen, short)
    fitted = fit(prices, model, symbols=risky, states=states) if isinstance(model, str) else model
    fitted_to = common_sessions(prices, fitted.symbols)
    known = fitted_to.history
    rate = sessions_a_year(known.dates)
    if isinstance(model, str) and rate != SESSIONS_A_YEAR:
        wrong = f"prices come {rate:.0f} times a year, and a model is fitted to days and draws days"
        raise InputError([Problem(prices.source, None, "", wrong, "give daily prices")])
    dates = sessions_after(prices.dates[-1], round(years * SESSIONS_A_YEAR) + 1)
    options: dict[str, Any] = {
        "costs": costs,
        "cash": cash,
        "trade_at": trade_at,
        "cash_rate": cash_rate,
        "flows": flows,
        "fee": fee,
        "frames": frames or prices.frames,
        "accept_jumps": True,
        "form": "compiled",
        "short": short,
        "loan_rate": loan_rate,
    }
    if costs is not None and costs.needs_volume:
        raise OptionError("costs: drawn futures have no volumes, so impact cannot be charged")
    begin = _last_prices(prices, fitted.symbols)
    first = _Futures(fitted, begin, seed, None)
    sample = first.source(dates, fitted.symbols, prices.frames).path(0)
    trial = backtest(sample, chosen, **options)
    assert trial.ready is not None
    source = _futures_of(trial.ready, first)
    table = run_paths(trial.ready, source, paths=paths, threads=threads)
    how = (
        f"{paths:,} futures of {years:g} years, seed {seed}, from {fitted.words}, fitted to "
        f"{known.first} to {known.last}"
    )
    return Outcomes(
        names=tuple(policy.label for policy in chosen),
        table=table,
        observed=table[0] * float("nan"),
        cash=float(cash),
        years=float((dates[-1] - dates[0]).astype(int)) / 365.25,
        how=how,
        frames=options["frames"],
        findings=(*_fit_said(prices, fitted_to), *trial.findings),
    )


def _fit_said(prices: PriceHistory, fitted_to: Panel) -> list[Finding]:
    """Which sessions a model was fitted to, where some instrument has no price on others."""
    import numpy as np

    known = fitted_to.history
    close = prices.select(known.symbols).close
    there = np.flatnonzero(~np.isnan(close).all(axis=1))
    if len(there) == len(known):
        return []
    last = [str(prices.dates[np.flatnonzero(~np.isnan(own))[-1]]) for own in close.T]
    ends = "; ".join(
        f"{symbol} ends on {day}, and its futures begin at that price"
        for symbol, day in zip(known.symbols, last, strict=True)
        if day != max(last)
    )
    message = (
        f"fitted to {len(known):,} of {len(there):,} sessions, {known.first} to {known.last}: on "
        f"the others not all have a price{'; ' if ends else ''}{ends}."
    )
    return [Finding("fitted-to-part", prices.source, message, "warning")]


def model_paths(
    model: MarketModel, prices: PriceHistory, *, sessions: int, seed: int = 0
) -> PathSource:
    """The futures of `monte_carlo` by themselves, to look at them: `.path(0)` is the first.

    Args:
        model: A fitted model.
        prices: Where the futures begin: at its last prices, on the sessions after them.
        sessions: How many, the last of history included as the first.
        seed: Names the chance.
    """
    dates = sessions_after(prices.dates[-1], sessions)
    futures = _Futures(model, _last_prices(prices, model.symbols), seed, None)
    return futures.source(dates, model.symbols, prices.frames)


def sessions_after(day: Any, count: int) -> Days:
    """A day and the sessions that follow it: weekdays, without every 29th of them.

    Args:
        day: The first, a numpy date.
        count: How many, that day included.
    """
    import numpy as np

    places = np.arange(count)
    # Of every 29 weekdays 28 are kept, so the k-th kept one has k // 28 left out before it.
    weekdays = places + places // (EVERY - 1)
    days: Days = np.busday_offset(day, weekdays, roll="backward")
    if count:
        days[0] = day
    return days


class _Futures:
    """What fills paths: a model, the prices it begins with, the seed, and CASH's own path."""

    def __init__(
        self, model: MarketModel, begin: Floats, seed: int, cash: tuple[int, Floats] | None
    ) -> None:
        self.model = model
        self.begin = begin
        self.seed = seed
        self.cash = cash

    def source(self, dates: Days, symbols: tuple[str, ...], frames: FrameKind) -> PathSource:
        """Paths of these symbols in the model's order."""
        import numpy as np

        empty = np.ones((len(dates), len(symbols)))
        template = PriceHistory(dates, symbols, empty, source="drawn futures", frames=frames)
        return PathSource(template, lambda number, into, _: self.fill(number, into, None))

    def fill(self, number: int, into: Floats, places: Any) -> None:
        """Write the closes of one path, each symbol of the model into its place."""
        import numpy as np

        drawn = self.model.draw(stream(self.seed, number), into.shape[1] - 1)
        closes = np.empty((len(self.begin), into.shape[1]))
        closes[:, 0] = 0.0
        np.cumsum(drawn.T, axis=1, out=closes[:, 1:])
        np.exp(closes, out=closes)
        closes *= self.begin[:, None]
        if places is None:
            into[:] = closes
        else:
            into[:] = closes[places]
        if self.cash is not None:
            place, worth = self.cash
            into[place] = worth


def _futures_of(ready: Ready, first: _Futures) -> PathSource:
    """The same futures in the order of what the policies hold, with CASH where it earns."""
    import numpy as np

    panel = ready.panel
    own = first.model.symbols
    cash = None
    if ready.earned:
        place = panel.symbols.index(CASH)
        cash = place, np.array(panel.close[:, place])
    # CASH has no place in the model: whatever is written there first is written over.
    places = [own.index(symbol) if symbol in own else 0 for symbol in panel.symbols]
    futures = _Futures(first.model, first.begin, first.seed, cash)
    return PathSource(
        replace(panel, findings=()), lambda number, into, _: futures.fill(number, into, places)
    )


def _risky(prices: PriceHistory, policies: Sequence[Policy], short: bool) -> tuple[str, ...]:
    """What must be modelled: what targets name, or everything where one is made from prices."""
    wanted: list[str] = []
    for policy in policies:
        target = read_target(policy.target, policy.label, short=short)
        wanted += target.symbols if isinstance(target, GivenTarget) else prices.symbols
    return tuple(s for s in dict.fromkeys(wanted) if s != CASH or CASH in prices.symbols)


def _last_prices(prices: PriceHistory, symbols: tuple[str, ...]) -> Floats:
    """The last price of each symbol."""
    import numpy as np

    close = prices.select(symbols).close
    rows = [int(np.flatnonzero(~np.isnan(column))[-1]) for column in close.T]
    found: Floats = close[rows, np.arange(len(symbols))]
    return found
