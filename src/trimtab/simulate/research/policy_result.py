"""What a backtest found of one policy: figures, curves and trades, as values."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import date
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.frames import html_table, make_frame, wide_frame
from trimtab.simulate.measures import metrics
from trimtab.simulate.measures.metrics import DAYS_A_YEAR, SESSIONS_A_YEAR
from trimtab.simulate.measures.of_run import Measures, known
from trimtab.simulate.measures.returns import grown, session_returns, time_weighted, xirr
from trimtab.simulate.prices.history import day_of
from trimtab.simulate.research.aims import GivenTarget, read_target
from trimtab.simulate.research.dynamic import Look
from trimtab.simulate.research.rebalances import Rebalances
from trimtab.simulate.research.rules import DividendUse, TradeAt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Days, Floats, FrameKind

DEEPEST = 5
"""Drawdowns that stand among the measures."""

FIGURES = (
    "final_value",
    "rebalances",
    "turnover_one_way",
    "cost_paid",
    "cagr",
    "volatility",
    "max_drawdown",
)


DividendsWithout: TypeAlias = Literal["in-prices", "none"]
"""What became of dividends that nobody knows: they are in total returns, or nowhere."""


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
        aim_at: Which row counts at each session, shape (sessions,): of weights by date that of
            the date, of what is found anew the one last adopted.
        flows: Money that came in, below zero went out, at each close and is in its value, shape
            (sessions,); None where there were none. With flows, CAGR, volatility, falls and ratios
            are those of `growth`.
        fees_paid: Fees on assets in all, in money; not part of `cost_paid`.
        borrow_paid: What borrowing for short positions cost in all; not part of `cost_paid`.
        interest_paid: Interest on CASH below zero in all; not part of `cost_paid`.
        dividends: What became of cash dividends; `in-prices` where nothing is known of them beyond
            what the prices, as total returns, have in them, `none` where they have none.
        dividends_paid: Cash dividends in all, where they were not reinvested.
        findings: What the reader should know of this run.
        moved: The closes with what permanent impact of its own orders did to them; None where
            there is none.
        looks: What a policy with `tracking` or `worth` saw each time that it looked, and why it
            traded or not.
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
    borrow_paid: float = 0.0
    interest_paid: float = 0.0
    dividends: DividendUse | DividendsWithout = "in-prices"
    dividends_paid: float = 0.0
    findings: tuple[Finding, ...] = ()
    moved: Floats | None = field(repr=False, default=None)
    looks: tuple[Look, ...] = field(repr=False, default=())

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

    @property
    def closes(self) -> Floats:
        """What it is valued at, shape (sessions, n): history, where own orders have moved it."""
        return self.history if self.moved is None else self.moved

    @cached_property
    def growth(self) -> Floats:
        """What the first session's cash would be worth without flows, shape (sessions,).

        The time-weighted returns, chained; flat from where all was paid out.
        """
        return grown(self.value, self.flows)

    @cached_property
    def cagr(self) -> float:
        """Constant yearly return, time-weighted, actual/365.25, as a fraction."""
        return metrics.cagr(self.cash, float(self.growth[-1]), self.first, self.last)

    @cached_property
    def volatility(self) -> float:
        """Standard deviation of simple returns, ddof 1, a year: times sqrt 252 for daily prices."""
        return metrics.volatility(self.growth, sessions_a_year=self.sessions_a_year)

    @cached_property
    def sessions_a_year(self) -> float:
        """Sessions that count as a year: 252 for daily prices, 12 for monthly ones."""
        return metrics.sessions_a_year(self.dates)

    @cached_property
    def max_drawdown(self) -> float:
        """Deepest fall from an earlier high, zero or below."""
        return metrics.max_drawdown(self.growth)

    @cached_property
    def measures(self) -> Measures:
        """What it earned, risked, took and kept to, with no riskless rate: see `measured`."""
        return self.measured()

    def measured(self, *, risk_free: float = 0.0, sessions_a_year: float | None = None) -> Measures:
        """Its measures above a riskless rate, or with another count of sessions a year.

        Args:
            risk_free: Riskless rate a year, compounding, as 0.02.
            sessions_a_year: Sessions that count as a year; by default by how far apart the prices
                are: 252 for days, 12 for months.
        """
        sessions_a_year = sessions_a_year or self.sessions_a_year
        if self.flows is None:
            return _measured(self, risk_free=risk_free, sessions_a_year=sessions_a_year)
        grown = replace(self, value=self.growth, final_value=float(self.growth[-1]), flows=None)
        found = _measured(grown, risk_free=risk_free, sessions_a_year=sessions_a_year)
        # From the owner's pocket: what was put in is below zero.
        money = -self.flows
        money[0] -= self.cash
        money[-1] += self.final_value
        return replace(found, money_weighted_return=xirr(self.dates, money))

    @cached_property
    def final_weights(self) -> dict[str, float]:
        """Weights at the last close, by symbol."""
        after = self.log.units_after
        worth = (after[-1] if len(after) else self.start_units) * self.closes[-1]
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

        worth = self.units * self.closes
        total = worth.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(worth, total, out=np.zeros_like(worth), where=total > 0)
        return shares

    @cached_property
    def targets(self) -> Floats:
        """Target weights that it is measured against at each session's close, shape (sessions, n).

        Weights by date count from their date; a target that is found anew from the look that
        decided to trade to it, as the one last adopted, which is what bands ask after.

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
                at = np.maximum(at, 0)
        return rows[at]

    @property
    def weights(self) -> Any:
        """Weights after each session's close: a frame of dates and one column a symbol."""
        return wide_frame(self.dates, self.symbols, self.shares, self.frames)

    @property
    def drift(self) -> Any:
        """How much would have to move to be at target at each close: a frame of dates and shares.

        Half the sum of absolute differences from the target; NaN where no target is known.
        """
        apart = metrics.drift(self.shares, self.targets)
        return make_frame({"date": self.dates, "drift": apart}, self.frames, index="date")

    @property
    def drawdowns(self) -> Any:
        """Every fall from a high to its recovery, deepest first, as a frame."""
        import numpy as np

        found = metrics.drawdowns(self.growth, self.dates)
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
        year = self.sessions_a_year
        flat = replace(self, value=self.growth, flows=None)
        columns = _rolled(flat, window, sessions_a_year=year)
        return make_frame({"date": self.dates, **columns}, self.frames, index="date")

    @property
    def trade_count(self) -> int:
        """Single purchases and sales; moving cash is none, nor is bearing a part of the cost."""
        risky = [place for place, symbol in enumerate(self.symbols) if symbol != CASH]
        return int(self.log.ordered[:, risky].sum())

    @property
    def trades(self) -> Any:
        """Every trade: date, symbol, units (below zero when sold), price, value, cost.

        They explain every change of units; what a holding that was not traded gave for the cost of
        others is a row at no cost, and not among `trade_count`.
        """
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

    def _repr_html_(self) -> str:
        from trimtab.simulate.research.results import summary_rows

        return html_table(*summary_rows([self]))

    def to_dict(self) -> dict[str, Any]:
        """The figures under the names that `--json` prints; a figure that is not known is None."""
        figures: dict[str, Any] = {name: known(getattr(self, name)) for name in FIGURES}
        figures["final_weights"] = dict(self.final_weights)
        figures["first"] = self.first.isoformat()
        figures["last"] = self.last.isoformat()
        figures["sessions"] = self.sessions
        figures["trade_at"] = self.trade_at
        figures["dividends"] = self.dividends
        if self.dividends in ("hold", "towards-target"):
            figures["dividends_paid"] = self.dividends_paid
        if self.flows is not None:
            figures["paid_in"] = float(self.flows.clip(min=0.0).sum())
            figures["paid_out"] = float(abs(self.flows.clip(max=0.0).sum()))
        if self.fees_paid:
            figures["fees_paid"] = self.fees_paid
        if self.borrow_paid or self.interest_paid:
            figures["borrow_paid"] = self.borrow_paid
            figures["interest_paid"] = self.interest_paid
        figures["measures"] = self.measures.to_dict()
        return figures


def _measured(run: PolicyResult, *, risk_free: float, sessions_a_year: float) -> Measures:
    """The measures of a policy over history in research mode.

    Args:
        run: The policy's run.
        risk_free: Riskless rate a year, compounding, that Sharpe, Sortino, Omega and downside
            deviation are above.
        sessions_a_year: Sessions that count as a year.
    """
    import numpy as np

    returns = session_returns(run.value)
    least = metrics.per_session(risk_free, sessions_a_year)
    falls = metrics.drawdowns(run.value, run.dates)
    years = (run.last - run.first).days / DAYS_A_YEAR
    target = metrics.target_returns(run.targets, run.history)
    target_growth = float(np.prod(1.0 + target))
    apart = metrics.drift(run.shares, run.targets)
    return Measures(
        time_weighted_return=time_weighted([run.cash, run.final_value]),
        money_weighted_return=xirr([run.first, run.last], [-run.cash, run.final_value]),
        downside_deviation=metrics.downside_deviation(
            returns, least=least, sessions_a_year=sessions_a_year
        ),
        sharpe=metrics.sharpe(returns, risk_free=risk_free, sessions_a_year=sessions_a_year),
        sortino=metrics.sortino(returns, risk_free=risk_free, sessions_a_year=sessions_a_year),
        calmar=metrics.calmar(run.cagr, run.max_drawdown),
        omega=metrics.omega(returns, least=least),
        skewness=metrics.skewness(returns),
        excess_kurtosis=metrics.excess_kurtosis(returns),
        var_95=metrics.value_at_risk(returns),
        cvar_95=metrics.conditional_value_at_risk(returns),
        longest_drawdown_days=max((one.under_water_days for one in falls), default=0),
        tracking_error=metrics.tracking_error(returns, target, sessions_a_year=sessions_a_year),
        tracking_difference=run.cagr - metrics.cagr(1.0, target_growth, run.first, run.last),
        drift_mean=float(apart.mean()),
        drift_max=float(apart.max()),
        turnover_a_year=run.turnover_one_way / years if years > 0 else nan,
        cost_drag=metrics.drag_of_paid(
            run.log.cost,
            run.log.value,
            start_value=run.cash,
            final_value=run.final_value,
            first=run.first,
            last=run.last,
        ),
        tax_drag=nan,
        trades=run.trade_count,
        risk_free=risk_free,
        sessions_a_year=sessions_a_year,
        drawdowns=falls[:DEEPEST],
    )


def _rolled(run: PolicyResult, window: int, *, sessions_a_year: float) -> dict[str, Floats]:
    """Return, volatility and tracking error of the last `window` sessions, at each session."""
    returns = session_returns(run.value)
    apart = returns - metrics.target_returns(run.targets, run.history)
    year = sessions_a_year
    return {
        "return": metrics.rolling_return(run.value, window),
        "volatility": metrics.rolling_deviation(returns, window, sessions_a_year=year),
        "tracking_error": metrics.rolling_deviation(apart, window, sessions_a_year=year),
    }
