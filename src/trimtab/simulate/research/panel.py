"""The sessions that policies share: complete prices, with CASH as a column where it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.simulate.measures.metrics import DAYS_A_YEAR
from trimtab.simulate.prices.gaps import Gaps, sessions_with_gaps
from trimtab.simulate.prices.history import TRADED, PriceHistory, day_of, jumps
from trimtab.simulate.prices.silences import silence_findings
from trimtab.simulate.prices.splits import split_findings, split_guess, times
from trimtab.simulate.prices.unchanged import unchanged_findings
from trimtab.simulate.research.aims import GivenTarget, MadeTarget


def shared_history(
    prices: PriceHistory,
    targets: Sequence[GivenTarget | MadeTarget],
    *,
    start: date | None,
    end: date | None,
    cash_rate: float,
    accept_jumps: bool,
    cash_column: bool = False,
    gaps: Gaps | None = None,
) -> tuple[PriceHistory, list[Finding]]:
    """The sessions that all policies share, complete, with CASH as a column where it is needed.

    With them comes what the reader should know of the prices, each finding once.

    Args:
        prices: All prices.
        targets: What the policies hold.
        start: First date that may count.
        end: Last date that may count.
        cash_rate: Yearly interest on CASH.
        accept_jumps: Take changes of a price by eight times or more, and what looks like a
            split, for real.
        cash_column: Whether CASH is needed though no target names it; it is where not all prices
            are of trades.
        gaps: What is done where a symbol has no price.

    Raises:
        InputError: A symbol has no prices, sessions do not overlap, prices end early, or a price
            jumps tenfold, or nearly.
    """
    made = any(isinstance(target, MadeTarget) for target in targets)
    if made and gaps is not None and gaps.spread:
        wrong = "a target that is made from prices begins when all of them are there"
        remedy = "leave out `late=spread`, or give the target as weights"
        raise InputError([Problem(prices.source, None, "late", wrong, remedy, is_argument=True)])
    wanted: list[str] = []
    for target in targets:
        if isinstance(target, GivenTarget):
            wanted += target.symbols
        else:
            # Who does not say what it may hold may look at all there is.
            wanted += prices.symbols if target.holds is None else target.holds
    if (cash_column or gaps is not None) and CASH in prices.symbols:
        wanted.append(CASH)
    asked = (
        tuple(dict.fromkeys(wanted)), made, start, end, cash_rate, accept_jumps, cash_column, gaps,
    )  # fmt: skip
    panel, findings = prices.once(("shared", asked), lambda: _shared(prices, *asked))
    return panel, list(findings)


def _shared(
    prices: PriceHistory,
    wanted: tuple[str, ...],
    made: bool,
    start: date | None,
    end: date | None,
    cash_rate: float,
    accept_jumps: bool,
    cash_column: bool,
    gaps: Gaps | None,
) -> tuple[PriceHistory, tuple[Finding, ...]]:
    """What `shared_history` gives; `made` says whether a target is made from prices."""
    symbols = tuple(s for s in wanted if s != CASH or CASH in prices.symbols)
    check_span(prices, start, end)
    # Targets made from data see what was before the start.
    found = sessions_with_gaps(prices, symbols, gaps, start=None if made else start, end=end)
    panel, findings = found.history, list(found.findings)
    findings += silence_findings(prices.select(symbols), start=start, end=end)
    cash_column = cash_column or panel.status is not None
    traded = panel.as_traded()
    findings += unchanged_findings(traded)
    if not accept_jumps:
        _refuse_jumps(traded)
        findings += split_findings(traded)
    if CASH not in panel.symbols and (made or CASH in wanted or cash_column):
        whole = panel
        panel = whole.once(("cash", cash_rate), lambda: _with_cash(whole, cash_rate))
    return panel, tuple(dict.fromkeys((*prices.findings, *findings)))


def check_span(prices: PriceHistory, start: date | None, end: date | None) -> None:
    """Make sure that the dates asked for are in order, and that there are prices between them.

    Args:
        prices: All prices.
        start, end: The dates.

    Raises:
        InputError: They are not; it says which dates there are.
    """
    if (start is None and end is None) or not len(prices):
        return
    there = f"prices are from {prices.first} to {prices.last}"
    if start is not None and end is not None and start > end:
        wrong = f"the start, {start}, is after the end, {end}"
        raise InputError([_about(prices, "start", wrong, f"swap `start` and `end`; {there}")])
    if start is not None and start >= prices.last:
        wrong = f"{there}: none is after {start}"
        raise InputError([_about(prices, "start", wrong, "begin earlier")])
    if end is not None and end <= prices.first:
        wrong = f"{there}: none is before {end}"
        raise InputError([_about(prices, "end", wrong, "end later")])


def _about(prices: PriceHistory, argument: str, wrong: str, remedy: str) -> Problem:
    return Problem(prices.source, None, argument, wrong, remedy, is_argument=True)


def _with_cash(history: PriceHistory, rate: float) -> PriceHistory:
    import numpy as np

    years = (history.dates - history.dates[0]).astype(np.float64) / DAYS_A_YEAR
    worth = ((1.0 + rate) ** years)[:, None]
    opens = None if history.open is None else np.hstack([history.open, worth])
    volume = None
    if history.volume is not None:
        volume = np.hstack([history.volume, np.full_like(worth, np.nan)])
    status = None
    if history.status is not None:
        status = np.hstack([history.status, np.full(worth.shape, TRADED, dtype=np.int8)])
    stripped = None
    if history.stripped is not None:
        stripped = np.hstack([history.stripped, np.ones_like(worth)])
    return replace(
        history,
        symbols=(*history.symbols, CASH),
        close=np.hstack([history.close, worth]),
        open=opens,
        volume=volume,
        status=status,
        stripped=stripped,
    )


_IF_REAL = "or say that it is real: `accept_jumps=True`"


def _refuse_jumps(history: PriceHistory) -> None:
    problems = []
    ways_back: set[tuple[str, date]] = set()
    for symbol, day, before, after in jumps(history)[:20]:
        if (symbol, day) in ways_back:
            continue
        wrong = f"the price goes from {before:g} to {after:g} on {day}, "
        back = _next_price(history, symbol, day)
        if back is not None and 0.5 < back[1] / before < 2:
            ways_back.add((symbol, back[0]))
            wrong += f"and is {back[1]:g} on {back[0]}: a typo?"
            remedy = f"correct the row of {day}, {_IF_REAL}"
        else:
            guess = split_guess(before, after)
            wrong += f"{times(before, after)}, which looks like a {guess}"
            remedy = f"use prices adjusted for splits, correct the row if it is a slip, {_IF_REAL}"
        problems.append(Problem(*history.place_of(symbol, day), symbol, wrong, remedy))
    if problems:
        raise InputError(problems)


def _next_price(history: PriceHistory, symbol: str, day: date) -> tuple[date, float] | None:
    """The first price of a symbol after a day, with its day; None where there is none."""
    import numpy as np

    close = history.close[:, history.column(symbol)]
    later = np.flatnonzero((history.dates > np.datetime64(day)) & ~np.isnan(close))
    return (day_of(history.dates[later[0]]), float(close[later[0]])) if len(later) else None
