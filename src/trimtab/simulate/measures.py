"""The measures of one run: what it earned, risked, took and kept to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from trimtab.simulate import metrics
from trimtab.simulate.metrics import Drawdown

if TYPE_CHECKING:
    from datetime import date

    from trimtab.simulate.account import AccountRun


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one run; NaN where one is not defined. docs/measures.md has the formulas.

    Args:
        time_weighted_return: Over the whole run, not yearly.
        money_weighted_return: XIRR, a year of 365 days.
        downside_deviation: Below the riskless rate, a year.
        sharpe: Excess return over volatility, a year.
        sortino: Excess return over downside deviation, a year.
        calmar: CAGR over the deepest fall.
        omega: Gains above the riskless rate over shortfalls below it.
        skewness: Of session returns.
        excess_kurtosis: Of session returns; zero for a normal distribution.
        var_95: Session return undercut or met in the worst 5% of sessions.
        cvar_95: Mean session return of the worst 5% of sessions.
        longest_drawdown_days: Days under water of the longest fall; zero if nothing fell.
        tracking_error: Deviation of session returns from those of the target held at target every
            session at no cost, a year.
        tracking_difference: CAGR less that of the target held so.
        drift_mean: Mean over sessions of half sum |weight - target| after each close's trades.
        drift_max: The largest.
        turnover_a_year: One-way turnover over the years of the run.
        cost_drag: What costs took off the CAGR.
        tax_drag: What taxes took off the CAGR; NaN where no taxes are known.
        trades: Single purchases and sales; moving cash is none.
        risk_free: The riskless rate a year that the ratios are above.
        sessions_a_year: Sessions that count as a year.
        drawdowns: The deepest falls.
    """

    time_weighted_return: float
    money_weighted_return: float
    downside_deviation: float
    sharpe: float
    sortino: float
    calmar: float
    omega: float
    skewness: float
    excess_kurtosis: float
    var_95: float
    cvar_95: float
    longest_drawdown_days: int
    tracking_error: float
    tracking_difference: float
    drift_mean: float
    drift_max: float
    turnover_a_year: float
    cost_drag: float
    tax_drag: float
    trades: int
    risk_free: float
    sessions_a_year: float
    drawdowns: tuple[Drawdown, ...]

    def figures(self) -> dict[str, float | int]:
        """The measures that are one number, by name."""
        names = (one.name for one in fields(self) if one.name != "drawdowns")
        return {name: getattr(self, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """The measures as plain JSON: what is not known is None, dates are ISO."""
        found: dict[str, Any] = {name: known(value) for name, value in self.figures().items()}
        found["drawdowns"] = [_row(one) for one in self.drawdowns]
        return found


def known(figure: float) -> float | None:
    """A figure, or None if there is none."""
    return figure if isfinite(figure) else None


def _row(one: Drawdown) -> dict[str, Any]:
    """A drawdown as plain JSON."""
    return {
        "depth": one.depth,
        "peak": one.peak.isoformat(),
        "trough": one.trough.isoformat(),
        "recovery": None if one.recovery is None else one.recovery.isoformat(),
        "fall_sessions": one.fall_sessions,
        "recovery_sessions": one.recovery_sessions,
        "under_water_days": one.under_water_days,
    }


def account_drags(run: AccountRun) -> tuple[float, float]:
    """What costs and taxes took off the CAGR of a run in account mode: cost drag, tax drag.

    Costs are paid on the way. Taxes that were paid count on the day on which they left, and what is
    still owed counts as paid at the last close; where taxes are only counted, their drag is what
    paying each when it arose, out of everything alike, would have taken off. The CAGR counts from
    the worth after the first close, and so do both: what the first session cost is in neither.
    """
    import numpy as np

    worth = dict(zip(run.dates, run.value, strict=True))
    later = [plan for plan in run.plans if plan.as_of != run.dates[0]]
    paid: dict[date, int] = {}
    for payment in run.payments:
        paid[payment.on] = paid.get(payment.on, 0) + payment.amount
    costs = np.array([plan.cost for plan in later], dtype=np.float64)
    # The close's value is after the cost of the trades at that close, and after the tax paid then.
    left = [worth[plan.as_of] + paid.get(plan.as_of, 0) for plan in later]
    before = np.array(left, dtype=np.float64) + costs
    final = float(run.value[-1])
    span: dict[str, Any] = {
        "start_value": float(run.value[0]),
        "first": run.dates[0],
        "last": run.dates[-1],
    }
    cost_drag = metrics.drag_of_paid(costs, before, final_value=final, **span)
    if not run.pays_tax:
        taxes = np.array([plan.tax for plan in later], dtype=np.float64)
        return cost_drag, metrics.drag_of_owed(taxes, before, final_value=final, **span)
    taken = [*map(float, paid.values()), float(run.tax_owed)]
    had = [*(float(worth[day] + minor) for day, minor in paid.items()), final]
    return cost_drag, metrics.drag_of_paid(taken, had, final_value=final - run.tax_owed, **span)
