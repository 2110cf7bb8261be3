"""The measures of one run: what it earned, risked, took and kept to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from trimtab.simulate.frames import html_table
from trimtab.simulate.measures.metrics import Drawdown

if TYPE_CHECKING:
    pass


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

    def _repr_html_(self) -> str:
        shown = {name: known(value) for name, value in self.figures().items()}
        rows = [
            [name.replace("_", " "), "-" if figure is None else f"{figure:.6g}"]
            for name, figure in shown.items()
        ]
        return html_table(["measure", "figure"], rows)

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
