"""The measures of a run in account mode: those of research mode, from what the accounts were worth.

They are after costs and after the tax that was paid by then, and count from the first close.
"""

from __future__ import annotations

from math import nan

from trimtab.simulate.accounts.drags import Lived, account_drags
from trimtab.simulate.measures import metrics
from trimtab.simulate.measures.of_run import Measures
from trimtab.simulate.measures.returns import session_returns, time_weighted, xirr
from trimtab.simulate.research.policy_result import DEEPEST


def account_measures(run: Lived, *, risk_free: float = 0.0) -> Measures:
    """What a run earned, risked, took and kept to; NaN where a figure is not known.

    Tracking error is not: a household's sleeves have no one price. Drift is known where the target
    stood still, and nothing where less was left than was to be withdrawn.

    Args:
        run: The run.
        risk_free: Riskless rate a year, compounding, that the ratios are above.
    """
    import numpy as np

    days = np.array(run.dates, dtype="datetime64[D]")
    year = metrics.sessions_a_year(days)
    curve = run.growth if run.exhausted_on is None else np.full(len(run.dates), nan)
    returns = session_returns(curve)
    least = metrics.per_session(risk_free, year)
    falls = metrics.drawdowns(curve, days) if run.exhausted_on is None else ()
    yearly = float(metrics.cagr(curve[0], curve[-1], run.dates[0], run.dates[-1]))
    years = (run.dates[-1] - run.dates[0]).days / metrics.DAYS_A_YEAR
    # From the owner's pocket: what was put in is below zero.
    money = -np.array(run.flows or [0] * len(run.dates), dtype=np.float64)
    money[0] -= run.value[0]
    money[-1] += run.value[-1]
    apart = _drift(run)
    cost_drag, tax_drag = account_drags(run)
    return Measures(
        time_weighted_return=time_weighted([curve[0], curve[-1]]),
        money_weighted_return=xirr(days, money) if run.exhausted_on is None else nan,
        downside_deviation=metrics.downside_deviation(returns, least=least, sessions_a_year=year),
        sharpe=metrics.sharpe(returns, risk_free=risk_free, sessions_a_year=year),
        sortino=metrics.sortino(returns, risk_free=risk_free, sessions_a_year=year),
        calmar=metrics.calmar(yearly, metrics.max_drawdown(curve)),
        omega=metrics.omega(returns, least=least),
        skewness=metrics.skewness(returns),
        excess_kurtosis=metrics.excess_kurtosis(returns),
        var_95=metrics.value_at_risk(returns),
        cvar_95=metrics.conditional_value_at_risk(returns),
        longest_drawdown_days=max((one.under_water_days for one in falls), default=0),
        tracking_error=nan,
        tracking_difference=nan,
        drift_mean=apart[0],
        drift_max=apart[1],
        turnover_a_year=run.turnover_one_way / years if years > 0 else nan,
        cost_drag=cost_drag,
        tax_drag=tax_drag,
        trades=sum(len(plan.trades) for plan in run.plans),
        risk_free=risk_free,
        sessions_a_year=year,
        drawdowns=falls[:DEEPEST],
    )


def _drift(run: Lived) -> tuple[float, float]:
    """The mean and the largest drift of the sleeves from a target that stood still."""
    import numpy as np

    moved = any(plan.founds for plan in run.plans)
    if moved or not run.aims or any(one.code == "delisted" for one in run.findings):
        return nan, nan
    worth = np.array([*run.worth.values()], dtype=np.float64).T
    total = worth.sum(axis=1, keepdims=True)
    weights = np.divide(worth, total, out=np.zeros_like(worth), where=total > 0.0)
    aims = np.array([run.aims.get(place, 0.0) for place in run.worth])
    apart = metrics.drift(weights, np.broadcast_to(aims, weights.shape))
    return float(apart.mean()), float(apart.max())
