"""The figures of an equity curve, its returns and its weights, each with its convention.

Arrays in, floats out. Returns are simple returns from session to session, as fractions. A figure
that is not defined (too few returns, nothing to divide by, a return that is no number) is NaN;
numpy neither raises nor warns. Losses are below zero: a drawdown, VaR and CVaR are returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, inf, isfinite, log, nan, sqrt
from typing import TYPE_CHECKING

from trimtab.estimates.arrays import SESSIONS_A_YEAR as SESSIONS_A_YEAR
from trimtab.estimates.years import DAYS_A_YEAR as DAYS_A_YEAR
from trimtab.estimates.years import sessions_a_year as sessions_a_year
from trimtab.simulate.measures.returns import session_returns

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike

    from trimtab.simulate.frames import Days, Floats

NOISE = 1e-14
"""Spreads of returns below this are rounding: a return is a ratio near 1 less 1."""

LIMIT = 1e150
"""A return as large as this is no number: its square would leave the floats."""

SHORTEST_YEAR = 90
"""Days below which no figure is told as one of a year: a few days, compounded, say nothing."""


def is_short(first: date, last: date) -> bool:
    """Whether a run is too short for figures of a year to be told."""
    return (last - first).days < SHORTEST_YEAR


# -- growth ---------------------------------------------------------------------------------------


def cagr(start_value: float, final_value: float, first: date, last: date) -> float:
    """The constant yearly return that leads from start to end, actual/365.25, as a fraction.

    NaN where no time passes, or nothing was there at the start, or less than nothing at the end.

    >>> from datetime import date
    >>> round(cagr(100.0, 121.0, date(2020, 1, 1), date(2022, 1, 1)), 3)
    0.1
    """
    years = (last - first).days / DAYS_A_YEAR
    if not (years > 0 and 0 < start_value < inf and 0 <= final_value < inf):
        return nan
    try:
        growth: float = (final_value / start_value) ** (1.0 / years)
    except OverflowError:
        return nan
    return growth - 1.0


def annual_return(returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> float:
    """The constant yearly return by the count of sessions instead of days.

    `product of (1 + r) ** (sessions_a_year / sessions) - 1`: what to use where dates mean nothing,
    as for bootstrapped paths.

    >>> round(annual_return([0.01] * 12, sessions_a_year=12), 6)
    0.126825
    """
    import numpy as np

    rates = _sound(returns)
    if not len(rates):
        return nan
    with np.errstate(over="ignore"):
        growth = float(np.prod(1.0 + rates))
    if not 0.0 <= growth < inf:
        return nan
    if growth == 0.0:
        return -1.0
    power = log(growth) * sessions_a_year / len(rates)
    return exp(power) - 1.0 if power < 700.0 else nan


# -- how much it varies ---------------------------------------------------------------------------


def volatility(equity: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> float:
    """How much simple returns vary: standard deviation, ddof 1, x the root of the sessions a year.

    NaN where there are fewer than two returns.
    """
    return deviation_of(session_returns(equity), sessions_a_year=sessions_a_year)


def deviation_of(returns: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR) -> float:
    """The standard deviation of returns a year: ddof 1, times the root of the sessions a year."""
    import numpy as np

    rates = _sound(returns)
    if len(rates) < 2:
        return nan
    spread = float(np.std(rates, ddof=1))
    return _scaled(spread if spread > NOISE else 0.0, sqrt(sessions_a_year))


def downside_deviation(
    returns: ArrayLike, *, least: float = 0.0, sessions_a_year: float = SESSIONS_A_YEAR
) -> float:
    """How far returns fall below what was wanted, a year.

    The root of the mean, over all sessions, of the squared shortfalls `min(r - least, 0)`, times
    sqrt 252 (Sortino and van der Meer 1991).

    Args:
        returns: Returns by session.
        least: The return wanted each session.
        sessions_a_year: Sessions a year.
    """
    import numpy as np

    rates = _sound(returns)
    if not len(rates):
        return nan
    short = np.minimum(rates - least, 0.0)
    return _scaled(float(np.sqrt(np.mean(short * short))), sqrt(sessions_a_year))


def skewness(returns: ArrayLike) -> float:
    """How lopsided returns are: the third central moment over the 3/2 power of the second.

    Moments of the sample as it is, without correction. Below zero: the long tail is losses.
    """
    return _moment(returns, 3)


def excess_kurtosis(returns: ArrayLike) -> float:
    """How heavy the tails are: fourth central moment over the squared second, less 3.

    Moments of the sample as it is, without correction; zero for a normal distribution.
    """
    return _moment(returns, 4) - 3.0


def value_at_risk(returns: ArrayLike, *, tail: float = 0.05) -> float:
    """The session's return that is undercut or met in the worst `tail` of sessions; historical.

    The k-th worst of n returns, k = tail x n rounded up: the lower quantile of what happened,
    nothing between two observations is made up. A loss is below zero.

    >>> value_at_risk([0.01 * k for k in range(-10, 10)])
    -0.1
    """
    import numpy as np

    rates = _sound(returns)
    if not len(rates):
        return nan
    return float(np.partition(rates, _place(tail, len(rates)))[_place(tail, len(rates))])


def conditional_value_at_risk(returns: ArrayLike, *, tail: float = 0.05) -> float:
    """The mean return of the worst `tail` of sessions; historical. A loss is below zero.

    Exactly that share of the sessions, the one at its edge in part (Rockafellar and Uryasev 2002,
    eq. 25, as returns), so that it never stands above `value_at_risk`.

    >>> round(conditional_value_at_risk([0.01 * k for k in range(-15, 15)]), 4)
    -0.1467
    """
    import numpy as np

    rates = _sound(returns)
    if not len(rates):
        return nan
    place = _place(tail, len(rates))
    ordered = np.partition(rates, place)
    count = tail * len(rates)
    worst = float(ordered[:place].sum()) + (count - place) * float(ordered[place])
    return worst / count


# -- ratios ---------------------------------------------------------------------------------------


def sharpe(
    returns: ArrayLike, *, risk_free: float = 0.0, sessions_a_year: float = SESSIONS_A_YEAR
) -> float:
    """Return above the riskless rate for each unit of volatility (Sharpe 1994), a year.

    Mean of the excess returns over their standard deviation (ddof 1), times sqrt 252. NaN where
    returns do not vary.

    Args:
        returns: Returns by session.
        risk_free: The riskless rate a year, compounding; spread over the sessions.
        sessions_a_year: Sessions a year.
    """
    import numpy as np

    rates = _sound(returns)
    spread = deviation_of(rates, sessions_a_year=sessions_a_year)
    if not spread > 0.0:
        return nan
    excess = float(np.mean(rates)) - per_session(risk_free, sessions_a_year)
    return _scaled(excess * sessions_a_year, 1.0 / spread)


def sortino(
    returns: ArrayLike, *, risk_free: float = 0.0, sessions_a_year: float = SESSIONS_A_YEAR
) -> float:
    """Return above the riskless rate for each unit of downside deviation, a year.

    NaN where no return fell below the rate, and with fewer than two returns.
    """
    import numpy as np

    rates = _sound(returns)
    if len(rates) < 2:
        return nan
    least = per_session(risk_free, sessions_a_year)
    down = downside_deviation(rates, least=least, sessions_a_year=sessions_a_year)
    if not down > NOISE:
        return nan
    return _scaled((float(np.mean(rates)) - least) * sessions_a_year, 1.0 / down)


def calmar(yearly: float, deepest: float) -> float:
    """Yearly return for each unit of the deepest fall; NaN where nothing ever fell.

    >>> calmar(0.1, -0.4)
    0.25
    """
    return yearly / -deepest if deepest < 0.0 else nan


def omega(returns: ArrayLike, *, least: float = 0.0) -> float:
    """Gains above what was wanted over shortfalls below it (Keating and Shadwick 2002).

    NaN where nothing fell short, and with fewer than two returns.
    """
    import numpy as np

    rates = _sound(returns) - least
    short = -float(np.minimum(rates, 0.0).sum())
    if len(rates) < 2 or not short > NOISE:
        return nan
    return _scaled(float(np.maximum(rates, 0.0).sum()), 1.0 / short)


# -- falls ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall from a high, until the high was reached again.

    Args:
        depth: How deep, as a fraction of the high: below zero.
        peak: Session of the high.
        trough: Session of the lowest value.
        recovery: First session back at the high; None if there is none.
        fall_sessions: Sessions from peak to trough.
        recovery_sessions: Sessions from trough to recovery; None if there is none.
        under_water_days: Days from peak to recovery, or to the end.
    """

    depth: float
    peak: date
    trough: date
    recovery: date | None
    fall_sessions: int
    recovery_sessions: int | None
    under_water_days: int


def max_drawdown(equity: ArrayLike) -> float:
    """The deepest fall from an earlier high, as a fraction: zero or below."""
    import numpy as np

    curve = np.asarray(equity, dtype=np.float64)
    if not len(curve) or not np.isfinite(curve).all() or not curve[0] > 0.0:
        return nan
    return float(np.min(curve / np.maximum.accumulate(curve) - 1.0))


def drawdowns(equity: ArrayLike, dates: Days) -> tuple[Drawdown, ...]:
    """Every fall from a high to its recovery, deepest first; of equal ones the earlier first.

    Args:
        equity: Value at each session, shape (sessions,).
        dates: Sessions, shape (sessions,).

    Returns:
        The falls; none where a value is no number, or the first is not above zero.
    """
    import numpy as np

    curve = np.asarray(equity, dtype=np.float64)
    if not len(curve) or not np.isfinite(curve).all() or not curve[0] > 0.0:
        return ()
    high = np.maximum.accumulate(curve)
    under = curve < high * (1.0 - NOISE)
    edges = np.flatnonzero(np.diff(under.astype(np.int8), prepend=0, append=0))
    found = [_drawdown(curve, high, dates, int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return tuple(sorted(found, key=lambda one: one.depth))


def _drawdown(curve: Floats, high: Floats, dates: Days, start: int, stop: int) -> Drawdown:
    """The fall that is under its high from session `start` to the one before `stop`."""
    peak, trough = start - 1, start + int(curve[start:stop].argmin())
    back = stop < len(curve)
    until = stop if back else len(curve) - 1
    return Drawdown(
        depth=float(curve[trough] / high[trough] - 1.0),
        peak=dates[peak].item(),
        trough=dates[trough].item(),
        recovery=dates[stop].item() if back else None,
        fall_sessions=trough - peak,
        recovery_sessions=stop - trough if back else None,
        under_water_days=(dates[until].item() - dates[peak].item()).days,
    )


# -- against the target ---------------------------------------------------------------------------


def target_returns(targets: Floats, prices: Floats) -> Floats:
    """What the target earns when it is held at target at every session, at no cost.

    Args:
        targets: Target weights held from each session to the next, shape (sessions, n).
        prices: Prices, shape (sessions, n).

    Returns:
        Returns from each session to the next, shape (sessions - 1,).
    """
    import numpy as np

    growth = np.full(prices[1:].shape, nan)
    with np.errstate(over="ignore"):
        np.divide(prices[1:], prices[:-1], out=growth, where=prices[:-1] > 0.0)
    earned: Floats = (targets[:-1] * (growth - 1.0)).sum(axis=1)
    return earned


def tracking_error(
    returns: ArrayLike, benchmark: ArrayLike, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> float:
    """How much returns differ from those of the target: deviation of the differences, a year.

    Standard deviation of `return - target's return`, ddof 1, times sqrt 252.
    """
    import numpy as np

    assert np.shape(returns) == np.shape(benchmark)
    ours, theirs = _sound(returns), _sound(benchmark)
    if len(ours) != len(theirs):
        return nan
    return deviation_of(ours - theirs, sessions_a_year=sessions_a_year)


def drift(weights: Floats, targets: Floats) -> Floats:
    """How much would have to move to be at target, by session: half sum |weight - target|.

    Args:
        weights: Weights, shape (sessions, n).
        targets: Target weights, the same shape.
    """
    import numpy as np

    apart: Floats = np.abs(weights - targets).sum(axis=1) / 2.0
    return apart


def excess_growth(weights: ArrayLike, covariance: ArrayLike) -> float:
    """What holding weights constant adds to the mean growth of the parts, a year.

    `(sum of w_i V_ii - w' V w) / 2`, the excess growth rate of Fernholz and Shay (1982): how much
    faster the log of a continuously rebalanced portfolio grows than the weighted mean of the logs
    of its holdings. Also called rebalancing premium or volatility harvest; it is never below zero
    for weights that are not, and it is no gain over holding without rebalancing.

    Args:
        weights: Weights, shape (n,).
        covariance: Covariance V of log returns a year, shape (n, n).

    >>> round(excess_growth([0.5, 0.5], [[0.04, 0.0], [0.0, 0.04]]), 6)
    0.01
    """
    import numpy as np

    w = np.asarray(weights, dtype=np.float64)
    V = np.asarray(covariance, dtype=np.float64)
    if not (np.isfinite(w).all() and np.isfinite(V).all()):
        return nan
    return float(w @ np.diag(V) - w @ V @ w) / 2.0


# -- what was taken out ---------------------------------------------------------------------------


def kept(taken: ArrayLike, before: ArrayLike) -> float:
    """Which share of wealth is left after everything that was taken out on the way.

    The product of `1 - taken / before`. A run that paid those amounts, and one that did not, differ
    by just this factor when what is taken leaves the weights as they were.

    Args:
        taken: Amounts, costs or taxes, shape (k,).
        before: What the portfolio was worth just before each, shape (k,).

    >>> round(kept([1.0, 2.0], [100.0, 100.0]), 4)
    0.9702
    """
    import numpy as np

    out = np.asarray(taken, dtype=np.float64)
    worth = np.asarray(before, dtype=np.float64)
    assert out.shape == worth.shape
    if not (np.isfinite(out).all() and np.isfinite(worth).all() and (worth > 0.0).all()):
        return nan
    shares = 1.0 - out / worth
    return float(np.prod(shares)) if (shares > 0.0).all() else nan


def drag_of_paid(
    taken: ArrayLike,
    before: ArrayLike,
    *,
    start_value: float,
    final_value: float,
    first: date,
    last: date,
) -> float:
    """What costs or taxes that were paid on the way took off the yearly return.

    The CAGR there would have been had every amount been handed back the moment it was taken and
    held like the rest, less the CAGR there was.
    """
    share = kept(taken, before)
    if not share > 0.0:
        return nan
    whole = cagr(start_value, final_value / share, first, last)
    return whole - cagr(start_value, final_value, first, last)


def drag_of_owed(
    taken: ArrayLike,
    before: ArrayLike,
    *,
    start_value: float,
    final_value: float,
    first: date,
    last: date,
) -> float:
    """What taxes that were counted but not paid would have taken off the yearly return.

    The CAGR there was, less the CAGR had every amount been taken the moment it fell due, out of
    everything alike.
    """
    share = kept(taken, before)
    paid = cagr(start_value, final_value * share, first, last)
    return cagr(start_value, final_value, first, last) - paid


# -- windows --------------------------------------------------------------------------------------


def rolling_return(equity: ArrayLike, window: int) -> Floats:
    """The return of the `window` sessions up to each session, not yearly; NaN before there are."""
    import numpy as np

    curve = np.asarray(equity, dtype=np.float64)
    found = np.full(len(curve), nan)
    assert window > 0
    if len(curve) > window:
        usable = curve[:-window] > 0.0
        np.divide(curve[window:], curve[:-window], out=found[window:], where=usable)
    rolled: Floats = found - 1.0
    return rolled


def rolling_deviation(
    returns: ArrayLike, window: int, *, sessions_a_year: float = SESSIONS_A_YEAR
) -> Floats:
    """The yearly standard deviation of the last `window` returns, by session; NaN before.

    Args:
        returns: Returns from each session to the next, shape (sessions - 1,).
        window: Returns that count, at least 2.
        sessions_a_year: Sessions a year.

    Returns:
        Shape (sessions,).
    """
    import numpy as np

    rates = np.asarray(returns, dtype=np.float64)
    found = np.full(len(rates) + 1, nan)
    assert window > 1
    if len(rates) >= window:
        views = np.lib.stride_tricks.sliding_window_view(rates, window)
        with np.errstate(invalid="ignore", over="ignore"):
            found[window:] = views.std(axis=1, ddof=1) * sqrt(sessions_a_year)
    return found


# -- shared ---------------------------------------------------------------------------------------


def per_session(yearly: float, sessions_a_year: float = SESSIONS_A_YEAR) -> float:
    """A yearly rate, compounding, as a rate a session.

    >>> round(per_session(0.21, 2), 12)
    0.1
    """
    return float((1.0 + yearly) ** (1.0 / sessions_a_year)) - 1.0 if yearly > -1.0 else nan


def _sound(returns: ArrayLike) -> Floats:
    """Returns as an array; one of them that is no number makes all figures unknown: none left."""
    import numpy as np

    rates = np.asarray(returns, dtype=np.float64)
    # NaN is not below the limit either.
    return rates if (np.abs(rates) < LIMIT).all() else rates[:0]


def _scaled(figure: float, factor: float) -> float:
    product = figure * factor
    return product if isfinite(product) else nan


def _place(tail: float, count: int) -> int:
    """Where the return at the edge of the tail stands, in ascending order."""
    assert 0.0 < tail <= 1.0
    # 0.05 x 20 is 1, whatever binary fractions make of it.
    return min(max(ceil(tail * count - 1e-9) - 1, 0), count - 1)


def _moment(returns: ArrayLike, power: int) -> float:
    """A central moment over that power of the standard deviation."""
    import numpy as np

    rates = _sound(returns)
    if len(rates) < 2:
        return nan
    apart = rates - rates.mean()
    spread = float(np.sqrt(np.mean(apart * apart)))
    if not NOISE < spread < inf:
        return nan
    return float(np.mean((apart / spread) ** power))
