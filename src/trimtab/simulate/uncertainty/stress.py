"""Policies in bad times: crises as they were, and markets made worse than any that was.

What is made worse is history itself: every instrument keeps its returns but moves as one with
the others; half-spreads are ten times as wide; the largest instrument stops trading and comes back
with a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs
from trimtab.model.days import Day
from trimtab.model.errors import InputError, OptionError, UnknownNameError
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.frames import html_table, make_frame, text_table
from trimtab.simulate.prices.gaps import Delisted, Late
from trimtab.simulate.prices.history import PriceHistory, day_of
from trimtab.simulate.research.aims import MadeTarget, read_target
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.research.rules import TradeAt, read_day
from trimtab.simulate.research.settings import Ready
from trimtab.simulate.uncertainty.halt import halted_run

if TYPE_CHECKING:
    from trimtab.simulate.frames import FrameKind

WIDER = 10
"""How many times wider spreads become."""
HALT_SESSIONS = 20
HALT_GAP = -0.3
NEAR_DAYS = 7
"""A window is covered where prices begin and end at most so many days inside it."""


@dataclass(frozen=True)
class Window:
    """A time that is remembered: what it is called, and its first and last day."""

    name: str
    first: date
    last: date

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            object.__setattr__(self, name, read_day(name, getattr(self, name)))


WINDOWS = (
    Window("2000-2002", date(2000, 3, 24), date(2002, 10, 9)),
    Window("2008", date(2007, 10, 9), date(2009, 3, 9)),
    Window("2020", date(2020, 2, 19), date(2020, 8, 18)),
    Window("2022", date(2022, 1, 3), date(2022, 12, 30)),
)
"""By the S&P 500: from its high of 2000 to its low, from that of 2007 to its low, from that of
2020 down and back up to it, and the year in which bonds fell with stocks."""


@dataclass(frozen=True, eq=False)
class Stressed:
    """All policies in one bad time.

    Args:
        name: What it is called.
        words: What happens in it.
        result: What the policies did.
    """

    name: str
    words: str
    result: Backtest = field(repr=False)


@dataclass(frozen=True, eq=False)
class Stress:
    """Policies in several bad times, one after the other.

    Args:
        scenarios: The bad times that could be run.
        findings: Those that could not, and why; and what else the reader should know.
        frames: What kind of frame it gives.
    """

    scenarios: tuple[Stressed, ...]
    findings: tuple[Finding, ...]
    frames: FrameKind = field(repr=False, default="columns")

    def __getitem__(self, name: str) -> Stressed:
        for one in self.scenarios:
            if one.name == name:
                return one
        known = ", ".join(repr(one.name) for one in self.scenarios)
        raise UnknownNameError(f"no scenario {name!r}; there are {known}")

    def __iter__(self) -> Iterator[Stressed]:
        return iter(self.scenarios)

    def __repr__(self) -> str:
        return self.summary()

    @cached_property
    def _rows(self) -> tuple[list[str], list[list[str]]]:
        heads = ["scenario", "policy", "return", "worst fall", "rebalances", "turnover", "cost"]
        rows = [
            [
                scenario.name,
                one.name,
                f"{one.final_value / one.cash - 1.0:+.1%}",
                f"{one.max_drawdown:.1%}",
                f"{one.rebalances:,}",
                f"{one.turnover_one_way:.1%}",
                f"{one.cost_paid:,.2f}",
            ]
            for scenario in self.scenarios
            for one in scenario.result
        ]
        return heads, rows

    def summary(self) -> str:
        """Each policy in each bad time, as text, with what each one is."""
        heads, rows = self._rows
        # The second column is a name as the first is.
        width = max((len(row[1]) for row in rows), default=0)
        table = text_table(heads, [[row[0], row[1].ljust(width), *row[2:]] for row in rows])
        notes = [f"{one.name}: {one.words}" for one in self.scenarios]
        notes += [f"{one.subject}: {one.message}" for one in self.findings]
        return "\n".join([table, "", *notes])

    def _repr_html_(self) -> str:
        from html import escape

        heads, rows = self._rows
        notes = [f"{one.name}: {one.words}" for one in self.scenarios]
        notes += [f"{one.subject}: {one.message}" for one in self.findings]
        return html_table(heads, rows) + "".join(f"<p>{escape(note)}</p>" for note in notes)

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """One row a scenario and policy."""
        pairs = [(scenario, one) for scenario in self.scenarios for one in scenario.result]
        columns: dict[str, Any] = {
            "scenario": [scenario.name for scenario, _ in pairs],
            "policy": [one.name for _, one in pairs],
            "first": [one.first for _, one in pairs],
            "last": [one.last for _, one in pairs],
            "total_return": [one.final_value / one.cash - 1.0 for _, one in pairs],
        }
        for name in ("max_drawdown", "rebalances", "turnover_one_way", "cost_paid"):
            columns[name] = [getattr(one, name) for _, one in pairs]
        return make_frame(columns, kind or self.frames)


def stress(
    prices: PriceHistory,
    policies: Policy | Sequence[Policy],
    *,
    costs: Costs | None = None,
    cash: float = 100_000.0,
    trade_at: TradeAt | None = None,
    cash_rate: float = 0.0,
    start: Day | None = None,
    end: Day | None = None,
    windows: Sequence[Window] = WINDOWS,
    halted: str | None = None,
    halt_from: Day | None = None,
    halt_sessions: int = HALT_SESSIONS,
    gap: float = HALT_GAP,
    missing: str = "drop",
    late: Late = "wait",
    delisted: Delisted | None = None,
) -> Stress:
    """Policies in crises as they were, and in history made worse.

    Args:
        prices: Total-return prices.
        policies: One policy, or several. Targets that are made from prices are not run through a
            halt.
        costs: What trading costs; nothing by default, and then nothing has a spread to widen.
        cash: What each starts with, in every scenario.
        trade_at: As in `backtest`.
        cash_rate: Yearly interest on CASH.
        start: First date of the history that is made worse; crises have their own.
        end: Its last date.
        windows: The crises.
        halted: What stops trading: by default the first policy's largest holding at the start.
        halt_from: The first day without trade in it: by default in the middle.
        halt_sessions: How long.
        gap: How far from the last price it comes back, as -0.3; history's returns follow.
        missing, late, delisted: As in `backtest`. Where some instrument then has no price of its
            own, correlations and a halt, which make up prices, are not run.

    Returns:
        The scenarios, with a finding for each that could not be run.

    Raises:
        InputError: Prices or targets cannot be used.
        OptionError: An option makes no sense.
    """
    if not -1.0 < gap < 9.0:
        raise OptionError(f"gap {gap!r}: a change of price above -1, as -0.3")
    if halt_sessions < 1:
        raise OptionError(f"halt_sessions {halt_sessions!r}: at least 1")
    chosen = [policies] if isinstance(policies, Policy) else list(policies)
    options: dict[str, Any] = {
        "cash": cash,
        "trade_at": trade_at,
        "cash_rate": cash_rate,
        "missing": missing,
        "late": late,
        "delisted": delisted,
    }
    charged = costs or Costs()
    whole = backtest(prices, chosen, costs=charged, start=start, end=end, **options)
    ready = whole.ready
    assert ready is not None
    charge = {**options, "costs": charged}
    span = f"{whole.policies[0].first} to {whole.policies[0].last}"
    tried: list[Stressed | Finding] = [_replayed(prices, chosen, one, charge) for one in windows]
    tried += [
        Stressed("history", f"{span}, as it was, to compare what follows with", whole),
        _as_one(ready, charge),
        _wider(prices, chosen, charged, {**options, "start": start, "end": end}),
        _halted(ready, whole, halted, read_day("halt_from", halt_from), halt_sessions, gap),
    ]
    findings = [*whole.findings, *(one for one in tried if isinstance(one, Finding))]
    return Stress(
        tuple(one for one in tried if isinstance(one, Stressed)),
        tuple(dict.fromkeys(findings)),
        prices.frames,
    )


def _replayed(
    prices: PriceHistory, policies: Sequence[Policy], window: Window, options: dict[str, Any]
) -> Stressed | Finding:
    """A crisis as it was, if prices cover it."""
    try:
        result = backtest(prices, policies, start=window.first, end=window.last, **options)
    except InputError:
        return Finding(
            "window-not-covered",
            window.name,
            f"not run: prices of all instruments are needed from {window.first} to {window.last}.",
            "info",
        )
    first, last = result.policies[0].first, result.policies[0].last
    if (first - window.first).days > NEAR_DAYS or (window.last - last).days > NEAR_DAYS:
        return Finding(
            "window-not-covered",
            window.name,
            f"not run: it is {window.first} to {window.last}, all prices are there {first} to "
            f"{last} only.",
            "info",
        )
    return Stressed(window.name, f"{first} to {last}, as it was", result)


def _as_one(ready: Ready, options: dict[str, Any]) -> Stressed | Finding:
    """All instruments move as one: each with its own mean and volatility."""
    name = "correlations to one"
    panel = _panel(ready)
    if panel.status is not None:
        return _not_made_up("correlations-not-run", name)
    risky = tuple(symbol for symbol in panel.symbols if not (symbol == CASH and ready.earned))
    moved = moving_as_one(panel.select(risky))
    whole = {**options, "missing": "drop", "late": "wait", "delisted": None}
    result = backtest(moved, ready.policies, accept_jumps=True, **whole)
    words = "each instrument keeps its mean and volatility, and all of them move together"
    return Stressed(name, words, result)


def _not_made_up(code: str, name: str) -> Finding:
    message = (
        "not run: it makes up prices, and some instruments have none on some sessions; leave out "
        "missing, late and delisted, or the instruments."
    )
    return Finding(code, name, message, "info")


def moving_as_one(history: PriceHistory) -> PriceHistory:
    """History in which all log returns are one series, each with its own mean and deviation.

    The series is the mean of the instruments' returns, each measured by its own deviation.

    Args:
        history: Complete prices.
    """
    import numpy as np

    returns = np.diff(np.log(history.close), axis=0)
    mean, deviation = returns.mean(axis=0), returns.std(axis=0)
    # What never moves neither follows nor leads.
    moves = deviation > 0.0
    common = ((returns - mean)[:, moves] / deviation[moves]).mean(axis=1)
    spread = common.std()
    common = common / spread if spread > 0.0 else common
    together = np.vstack([np.zeros(len(mean)), mean + np.outer(common, deviation)])
    close = history.close[0] * np.exp(np.cumsum(together, axis=0))
    opens = None if history.open is None else history.open / history.close * close
    return replace(history, close=close, open=opens, findings=())


def _wider(
    prices: PriceHistory, policies: Sequence[Policy], costs: Costs, options: dict[str, Any]
) -> Stressed | Finding:
    name = "spreads times ten"
    every = (costs, *costs.by_instrument.values())
    if not any(one.half_spread_bps for one in every):
        return Finding(
            "no-spread", name, "not run: the costs have no half-spread to widen.", "info"
        )
    by_instrument = {symbol: _widened(own) for symbol, own in costs.by_instrument.items()}
    wide = replace(_widened(costs), by_instrument=by_instrument)
    result = backtest(prices, policies, costs=wide, **options)
    return Stressed(name, "history with half-spreads ten times as wide all the time", result)


def _widened(costs: Costs) -> Costs:
    return replace(costs, half_spread_bps=min(costs.half_spread_bps * WIDER, Decimal(10_000)))


def _halted(
    ready: Ready,
    whole: Backtest,
    symbol: str | None,
    begins: date | None,
    sessions: int,
    gap: float,
) -> Stressed | Finding:
    """One instrument stands still, cannot be traded, and comes back with a gap."""
    import numpy as np

    name = "a halted instrument"
    if any(
        isinstance(read_target(policy.target, policy.label), MadeTarget)
        for policy in ready.policies
    ):
        return Finding(
            "halt-not-run", name, "not run: a target is made from prices, and would see it.", "info"
        )
    panel = _panel(ready)
    if panel.status is not None:
        return _not_made_up("halt-not-run", name)
    if ready.rules.is_daily:
        message = "not run: a halt knows no impact and no schedules of fees."
        return Finding("halt-not-run", name, message, "info")
    traded = [one for one in panel.symbols if not (one == CASH and ready.earned)]
    if symbol is None:
        first = ready.settings[0]
        weights = dict(zip(first.history.symbols, first.rows[0].tolist(), strict=True))
        symbol = max(traded, key=lambda one: weights.get(one, 0.0))
    place = panel.column(symbol)
    at = len(panel) // 2
    if begins is not None:
        at = int(np.searchsorted(panel.dates, np.datetime64(begins, "D")))
    if not 1 <= at <= len(panel) - sessions - 2:
        raise OptionError(
            f"halt: {sessions} sessions from {begins or panel.dates[at]} on leave none before or "
            f"after them, of {panel.first} to {panel.last}"
        )
    stop = at + sessions
    still = _stopped(panel, place, at, stop, gap)
    results = []
    for setting, known in zip(ready.settings, whole.policies, strict=True):
        own = still.select(setting.history.symbols)
        there = replace(setting, history=own, known=own, start_prices=own.close[0])
        if symbol in own.symbols:
            results.append(halted_run(there, ready.rules, symbol=symbol, first=at, stop=stop))
        else:
            results.append(known)
    words = (
        f"no trade in {symbol} for {sessions} sessions from {day_of(panel.dates[at])} on, its "
        f"price stands still and comes back at {gap:+.0%}; the rest of history follows"
    )
    return Stressed(name, words, Backtest(tuple(results), whole.cash))


def _stopped(history: PriceHistory, place: int, at: int, stop: int, gap: float) -> PriceHistory:
    """Prices of which one stands still from `at` on and comes back with a gap at `stop`."""
    close = history.close.copy()
    last = close[at - 1, place]
    back = last * (1.0 + gap)
    scale = back / close[stop, place]
    close[at:stop, place] = last
    close[stop:, place] *= scale
    opens = history.open
    if opens is not None:
        opens = opens.copy()
        opens[at:stop, place] = last
        opens[stop:, place] *= scale
        opens[stop, place] = back
    return replace(history, close=close, open=opens, findings=())


def _panel(ready: Ready) -> PriceHistory:
    """The sessions of the run: complete prices from its first one on."""
    return ready.panel.since(len(ready.panel) - len(ready.settings[0].history))
