"""What a backtest found: figures, curves and trades of each policy, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.kernels.daily_columns import FEE
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.aims import GivenTarget, read_target
from trimtab.simulate.frames import html_table, make_frame, wide_frame
from trimtab.simulate.history import day_of
from trimtab.simulate.measures import Measures, known, measured, rolled
from trimtab.simulate.metrics import (
    SESSIONS_A_YEAR,
    cagr,
    drawdowns,
    max_drawdown,
    volatility,
)
from trimtab.simulate.returns import session_returns, xirr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.backtest import Ready
    from trimtab.simulate.difference import Difference
    from trimtab.simulate.frames import Days, Floats, FrameKind

TradeAt: TypeAlias = Literal["close", "next-open", "next-close"]

FIGURES = (
    "final_value",
    "rebalances",
    "turnover_one_way",
    "cost_paid",
    "cagr",
    "volatility",
    "max_drawdown",
)


@dataclass(frozen=True, eq=False)
class Rebalances:
    """Every rebalance of a run, oldest first; k of them over n symbols.

    Args:
        sessions: Which session each was traded at, shape (k,).
        value: Value before cost, shape (k,).
        cost: Cost, shape (k,).
        moved: Sum of absolute trades, before cost, shape (k,).
        dealing: Prices that could be traded at, by session, shape (sessions, n).
        start_units: Units held before the first, shape (n,).
        units_after: Units held after each, shape (k, n).
        rates: What an order costs by symbol: rate, fee a unit, fee an order, least; shape (4, n).
        kinds: What each was: REBALANCE, CARRIED (the rest of an order), FLOW or FEE of
            `kernels.daily_columns`, shape (k,); None where all are rebalances.
        cost_by: Cost of each by symbol, shape (k, n); None where it is worked out from `rates`.
    """

    sessions: NDArray[np.int64]
    value: Floats
    cost: Floats
    moved: Floats
    dealing: Floats
    start_units: Floats
    units_after: Floats
    rates: Floats
    kinds: NDArray[np.int64] | None = None
    cost_by: Floats | None = None

    @property
    def prices(self) -> Floats:
        """Prices traded at, shape (k, n)."""
        return self.dealing[self.sessions]

    @property
    def units_before(self) -> Floats:
        """Units held before each, shape (k, n)."""
        import numpy as np

        return np.vstack([self.start_units[None, :], self.units_after])[: len(self.sessions)]

    @property
    def changes(self) -> Floats:
        """Units bought or, below zero, sold at each, shape (k, n); zero where rounding is all."""
        import numpy as np

        change = self.units_after - self.units_before
        meant = np.abs(change * self.prices) > 1e-12 * self.value[:, None]
        if self.kinds is not None:
            # A fee on assets shrinks all holdings alike: no trades.
            meant &= (self.kinds != FEE)[:, None]
        return np.where(meant, change, 0.0)

    @property
    def shares_of_cost(self) -> Floats:
        """Which part of each rebalance's cost each symbol bore, by its own order; shape (k, n)."""
        import numpy as np

        if self.cost_by is not None:
            paid = self.cost_by.sum(axis=1, keepdims=True)
            parts: Floats = np.divide(
                self.cost_by, paid, out=np.zeros_like(self.cost_by), where=paid > 0
            )
            return parts
        # Undo the cost's own effect on the holdings, to see the orders that were charged.
        kept = (self.value - self.cost)[:, None]
        meant = self.units_after * self.prices * (self.value[:, None] / kept)
        amounts = np.abs(meant - self.units_before * self.prices)
        rate, per_unit, fixed, least = self.rates
        charged = np.maximum(fixed + rate * amounts + per_unit * (amounts / self.prices), least)
        charged = np.where(amounts > 1e-12 * self.value[:, None], charged, 0.0)
        total = charged.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(charged, total, out=np.zeros_like(charged), where=total > 0)
        return shares


@dataclass(frozen=True, eq=False)
class PolicyResult:
    """One policy over history.

    What takes time to work out is worked out when it is asked for.

    Args:
        name: What the policy is called.
        policy: The policy.
        cash: What it started with.
        final_value: Value at the last close.
        rebalances: How often it traded.
        turnover_one_way: Sum over the run of half the absolute trades over the value before cost.
        cost_paid: Trading costs in all, in money.
        trade_at: Where a decision is carried out.
        symbols: What it holds.
        dates: Sessions, shape (sessions,).
        value: Value at each close, after cost, shape (sessions,).
        history: What the sessions' closes were, shape (sessions, n).
        start_units: Units held at the start, shape (n,).
        log: Its rebalances.
        frames: What kind of frame it gives.
        aims: Its target weights, one row a target, shape (k, n); None where they are those of
            the policy, known beforehand.
        aim_at: Which row was current at each session, shape (sessions,); below zero: the one
            before it.
        flows: Money that came in, below zero went out, at each close and is in its value, shape
            (sessions,); None where there were none. With flows, CAGR, volatility, falls and ratios
            are those of `growth`.
        fees_paid: Fees on assets in all, in money; not part of `cost_paid`.
        findings: What the reader should know of this run.
    """

    name: str
    policy: Policy = field(repr=False)
    cash: float
    final_value: float
    rebalances: int
    turnover_one_way: float
    cost_paid: float
    trade_at: TradeAt
    symbols: tuple[str, ...]
    dates: Days = field(repr=False)
    value: Floats = field(repr=False)
    history: Floats = field(repr=False)
    start_units: Floats = field(repr=False)
    log: Rebalances = field(repr=False)
    frames: FrameKind = field(repr=False, default="columns")
    aims: Floats | None = field(repr=False, default=None)
    aim_at: NDArray[np.int64] | None = field(repr=False, default=None)
    flows: Floats | None = field(repr=False, default=None)
    fees_paid: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def when(self) -> str:
        """When it acts, in canonical words."""
        return str(self.policy.when)

    @property
    def to(self) -> str:
        """How far it trades, in canonical words."""
        return str(self.policy.to)

    @property
    def first(self) -> date:
        """First session, at which it was invested."""
        return day_of(self.dates[0])

    @property
    def last(self) -> date:
        """Last session, which never trades."""
        return day_of(self.dates[-1])

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return len(self.dates)

    @cached_property
    def growth(self) -> Floats:
        """What the first session's cash would be worth without flows, shape (sessions,).

        The time-weighted returns, chained; zero from where nothing was left.
        """
        import numpy as np

        if self.flows is None:
            return self.value
        returns = np.nan_to_num(session_returns(self.value, self.flows), nan=-1.0)
        return np.concatenate([self.value[:1], self.value[0] * np.cumprod(1.0 + returns)])

    @cached_property
    def cagr(self) -> float:
        """Constant yearly return, time-weighted, actual/365.25, as a fraction."""
        return cagr(self.cash, float(self.growth[-1]), self.first, self.last)

    @cached_property
    def volatility(self) -> float:
        """Standard deviation of daily simple returns, ddof 1, times sqrt 252."""
        return volatility(self.growth)

    @cached_property
    def max_drawdown(self) -> float:
        """Deepest fall from an earlier high, zero or below."""
        return max_drawdown(self.growth)

    @cached_property
    def measures(self) -> Measures:
        """What it earned, risked, took and kept to, with no riskless rate: see `measured`."""
        return self.measured()

    def measured(
        self, *, risk_free: float = 0.0, sessions_a_year: float = SESSIONS_A_YEAR
    ) -> Measures:
        """Its measures above a riskless rate, or with another count of sessions a year.

        Args:
            risk_free: Riskless rate a year, compounding, as 0.02.
            sessions_a_year: Sessions that count as a year: 252, or 12 for prices once a month.
        """
        if self.flows is None:
            return measured(self, risk_free=risk_free, sessions_a_year=sessions_a_year)
        grown = replace(self, value=self.growth, final_value=float(self.growth[-1]), flows=None)
        found = measured(grown, risk_free=risk_free, sessions_a_year=sessions_a_year)
        # From the owner's pocket: what was put in is below zero.
        money = -self.flows
        money[0] -= self.cash
        money[-1] += self.final_value
        return replace(found, money_weighted_return=xirr(self.dates, money))

    @cached_property
    def final_weights(self) -> dict[str, float]:
        """Weights at the last close, by symbol."""
        after = self.log.units_after
        worth = (after[-1] if len(after) else self.start_units) * self.history[-1]
        total = worth.sum() or 1.0  # nothing is left: no weights but zeros
        return dict(zip(self.symbols, (worth / total).tolist(), strict=True))

    @property
    def equity(self) -> Any:
        """Value at each close, after cost: a frame of dates and values."""
        return make_frame({"date": self.dates, "value": self.value}, self.frames, index="date")

    @cached_property
    def units(self) -> Floats:
        """Units held after each session's close, shape (sessions, n)."""
        import numpy as np

        held = np.vstack([self.start_units[None, :], self.log.units_after])
        every = np.arange(self.sessions)
        return held[np.searchsorted(self.log.sessions, every, side="right")]

    @property
    def shares(self) -> Floats:
        """Weights after each session's close, shape (sessions, n)."""
        import numpy as np

        worth = self.units * self.history
        total = worth.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(worth, total, out=np.zeros_like(worth), where=total > 0)
        return shares

    @cached_property
    def targets(self) -> Floats:
        """Target weights that were current at each session's close, shape (sessions, n).

        NaN throughout where the target was made from data and its rows were not kept.
        """
        import numpy as np

        rows, at = self.aims, self.aim_at
        if rows is None or at is None:
            given = read_target(self.policy.target, self.name)
            if not isinstance(given, GivenTarget) or given.symbols != self.symbols:
                return np.full(self.history.shape, np.nan)
            rows, at = np.array(given.rows), np.zeros(self.sessions, dtype=np.int64)
            if given.dates is not None:
                days = np.array(given.dates, dtype="datetime64[D]")
                at = np.searchsorted(days, self.dates, side="right").astype(np.int64) - 1
        # A session that needed no new target goes by the last one that was made.
        return rows[np.maximum.accumulate(np.maximum(at, 0))]

    @property
    def weights(self) -> Any:
        """Weights after each session's close: a frame of dates and one column a symbol."""
        return wide_frame(self.dates, self.symbols, self.shares, self.frames)

    @property
    def drawdowns(self) -> Any:
        """Every fall from a high to its recovery, deepest first, as a frame."""
        import numpy as np

        found = drawdowns(self.growth, self.dates)
        columns: dict[str, Any] = {"depth": [one.depth for one in found]}
        for name in ("peak", "trough", "recovery"):
            days = [getattr(one, name) for one in found]
            columns[name] = np.array(days, dtype="datetime64[D]")
        for name in ("fall_sessions", "recovery_sessions", "under_water_days"):
            columns[name] = [getattr(one, name) for one in found]
        return make_frame(columns, self.frames)

    def rolling(self, window: int = SESSIONS_A_YEAR) -> Any:
        """Figures of the last `window` sessions, by session: a frame, NaN before there are so many.

        Columns: date, return (over the window, not yearly), volatility and tracking_error (yearly).
        """
        columns = rolled(replace(self, value=self.growth, flows=None), window)
        return make_frame({"date": self.dates, **columns}, self.frames, index="date")

    @property
    def trade_count(self) -> int:
        """Single purchases and sales; moving cash is none."""
        risky = [place for place, symbol in enumerate(self.symbols) if symbol != CASH]
        return int((self.log.changes[:, risky] != 0.0).sum())

    @property
    def trades(self) -> Any:
        """Every trade: date, symbol, units (below zero when sold), price, value, cost."""
        import numpy as np

        change, prices = self.log.changes, self.log.prices
        worth = change * prices
        row, column = np.nonzero(change)
        cost = self.log.cost[:, None] * self.log.shares_of_cost
        return make_frame(
            {
                "date": self.dates[self.log.sessions[row]],
                "symbol": np.array(self.symbols)[column],
                "units": change[row, column],
                "price": prices[row, column],
                "value": worth[row, column],
                "cost": cost[row, column],
            },
            self.frames,
        )

    def to_dict(self) -> dict[str, Any]:
        """The figures under the names that `--json` prints; a figure that is not known is None."""
        figures: dict[str, Any] = {name: known(getattr(self, name)) for name in FIGURES}
        figures["final_weights"] = dict(self.final_weights)
        figures["first"] = self.first.isoformat()
        figures["last"] = self.last.isoformat()
        figures["sessions"] = self.sessions
        figures["trade_at"] = self.trade_at
        if self.flows is not None:
            figures["paid_in"] = float(self.flows.clip(min=0.0).sum())
            figures["paid_out"] = float(-self.flows.clip(max=0.0).sum())
        if self.fees_paid:
            figures["fees_paid"] = self.fees_paid
        figures["measures"] = self.measures.to_dict()
        return figures


@dataclass(frozen=True, eq=False)
class Backtest:
    """Several policies over the same sessions, in the order they were given.

    Args:
        policies: One result each.
        cash: What each started with.
        findings: What the reader should know.
        ready: What it ran on, for runs over other prices.
        plotter: What draws it, where it was asked for through the package's face.
    """

    policies: tuple[PolicyResult, ...]
    cash: float
    findings: tuple[Finding, ...] = ()
    ready: Ready | None = field(repr=False, default=None)
    plotter: Callable[[Backtest], Any] | None = field(repr=False, default=None)

    def plot(self) -> Any:
        """Growth, falls, drift and cost of all policies, as a matplotlib figure.

        Raises:
            RefusedError: matplotlib is not installed; the message says how to.
        """
        assert self.plotter is not None, "trimtab.backtest gives results that can be drawn"
        return self.plotter(self)

    def __getitem__(self, name: str) -> PolicyResult:
        for result in self.policies:
            if result.name == name:
                return result
        known = ", ".join(repr(result.name) for result in self.policies)
        raise KeyError(f"no policy {name!r} in this backtest; there are {known}")

    def __iter__(self) -> Iterator[PolicyResult]:
        return iter(self.policies)

    def __len__(self) -> int:
        return len(self.policies)

    def difference(
        self,
        first: str,
        second: str,
        *,
        paths: int = 1000,
        seed: int = 0,
        block: float | None = None,
        level: float = 0.95,
        threads: int | None = None,
    ) -> Difference:
        """How far one policy is from another, and whether that is more than noise.

        Both run over the same shuffled histories, see `trimtab.simulate.bootstrap.bootstrap`.

        Args:
            first: The policy that is compared.
            second: The one that it is compared with.
            paths: How many histories.
            seed: Names the chance: the same seed gives the same figures.
            block: Mean length of the blocks in sessions; by default chosen from the data.
            level: Of the percentile intervals.
            threads: How many to run at once; by default one a core. They change no figure.

        Raises:
            KeyError: There is no such policy.
            ValueError: An option makes no sense.
        """
        from trimtab.simulate.bootstrap import bootstrap

        both = replace(self, policies=(self[first], self[second]))
        outcomes = bootstrap(both, paths=paths, seed=seed, block=block, threads=threads)
        return outcomes.difference(first, second, level=level)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints: the figures of one policy, or a list of several."""
        if len(self.policies) == 1:
            return {"name": self.policies[0].name, **self.policies[0].to_dict()}
        return {"policies": [{"name": one.name, **one.to_dict()} for one in self.policies]}

    def summary(self) -> str:
        """One row a policy, as text."""
        heads, rows = summary_rows(self.policies)
        return text_table(heads, rows)

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """The figures as a frame, one row a policy."""
        columns: dict[str, Any] = {"policy": [one.name for one in self.policies]}
        for name in FIGURES:
            columns[name] = [getattr(one, name) for one in self.policies]
        measures = [one.measures.figures() for one in self.policies]
        columns.update({name: [one[name] for one in measures] for name in measures[0]})
        return make_frame(columns, kind or self.policies[0].frames, index="policy")

    def _repr_html_(self) -> str:
        heads, rows = summary_rows(self.policies)
        return html_table(heads, rows)


def summary_rows(results: Sequence[PolicyResult]) -> tuple[list[str], list[list[str]]]:
    """The heads and cells of the table of policies, as a reader wants them rounded."""
    heads = [
        "policy",
        "final value",
        "a year",
        "volatility",
        "worst fall",
        "rebalances",
        "turnover",
        "cost",
        "tracking error",
    ]
    rows = [
        [
            one.name,
            f"{one.final_value:,.2f}",
            percent(one.cagr, 2),
            percent(one.volatility, 2),
            percent(one.max_drawdown, 1),
            f"{one.rebalances:,}",
            f"{one.turnover_one_way:.1%}",
            f"{one.cost_paid:,.2f}",
            percent(one.measures.tracking_error, 2),
        ]
        for one in results
    ]
    return heads, rows


def percent(figure: float, places: int) -> str:
    """A fraction in percent, or a dash where it is not known.

    >>> percent(0.12345, 1), percent(float("nan"), 1)
    ('12.3%', '-')
    """
    return "-" if isnan(figure) else f"{figure:.{places}%}"


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as plain text: the first column to the left, figures to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = []
    for cells in (heads, *rows):
        first = cells[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        lines.append("  ".join((first, *rest)).rstrip())
    return "\n".join(lines)
