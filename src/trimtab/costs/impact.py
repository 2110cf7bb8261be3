"""How an order moves the price against itself: Almgren-Chriss, and the square root of its share.

The model of Almgren and Chriss, Optimal execution of portfolio transactions, Journal of Risk 3,
2000: each unit traded moves the price for good (permanent impact), trading fast costs more while
it lasts (temporary impact), and what is not yet traded is at the market's mercy. An order that is
split over time therefore weighs expected cost against variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import asinh, exp, expm1, inf, isfinite, sqrt
from typing import Any, NamedTuple

from trimtab.model.errors import OptionError
from trimtab.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class LinearImpact:
    """Permanent and temporary impact that grow in proportion to what is traded.

    Args:
        volatility: Standard deviation of the price over a unit of time, in money a unit.
        permanent: Gamma: how far a traded unit moves the price for good, in money a unit.
        temporary: Eta: what a trading rate of one unit a unit of time costs each unit.
        spread: Epsilon: what a unit costs however slowly it is traded, as half the spread and fees.
    """

    volatility: float
    permanent: float
    temporary: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        for name in ("volatility", "permanent", "temporary", "spread"):
            number = getattr(self, name)
            if not (isfinite(number) and number >= 0.0):
                raise OptionError(f"{name} {number!r}: zero or more, and finite")


class UsualDay(NamedTuple):
    """What an order of an instrument is measured against, as known before it trades.

    Args:
        daily_volatility: Standard deviation of a day's return.
        daily_volume: Units traded on a usual day; above zero.
        daily_money: What is traded on a usual day, in money; above zero.
    """

    daily_volatility: float
    daily_volume: float
    daily_money: float


@dataclass(frozen=True, slots=True)
class Trajectory:
    """An order split over time, and what that is expected to cost.

    Args:
        holdings: Units left at the start and after each period, the last zero.
        trades: Units traded in each period.
        expected_cost: Mean of the shortfall against the price at the start, in money.
        variance: Of that shortfall, in money squared.
        risk_aversion: Lambda: what a unit of variance counts in money.
        decay: Kappa: how fast holdings fall, a unit of time; zero for equal trades.
    """

    holdings: tuple[float, ...]
    trades: tuple[float, ...]
    expected_cost: float
    variance: float
    risk_aversion: float
    decay: float

    @property
    def deviation(self) -> float:
        """Standard deviation of the shortfall, in money."""
        return sqrt(self.variance)

    @property
    def utility(self) -> float:
        """Expected cost plus risk aversion times variance: what the trajectory makes least."""
        return self.expected_cost + self.risk_aversion * self.variance

    @property
    def half_life(self) -> float:
        """Time in which holdings fall to 1/e where there is time enough; endless for equal trades.

        The paper's name (equation 22), although it is no half.
        """
        return 1.0 / self.decay if self.decay > 0.0 else inf


def expected_cost(impact: LinearImpact, trades: Sequence[float], *, period: float = 1.0) -> float:
    """Mean shortfall of a list of trades against the price before the first, in money.

    Almgren and Chriss (2000), equation 8: `gamma X^2 / 2 + epsilon sum |n| + (eta - gamma tau / 2)
    / tau sum n^2`, with X the sum of all trades n of periods tau.

    Args:
        impact: How trades move the price.
        trades: Units of each period, all of one sign or not.
        period: Length of a period, in the unit of time of `impact`.

    >>> expected_cost(LinearImpact(0.95, 2.5e-7, 2.5e-6, 0.0625), [200_000] * 5)
    662500.0
    """
    order = sum(trades)
    fast = _temporary(impact, period) / period
    return (
        0.5 * impact.permanent * order * order
        + impact.spread * sum(abs(trade) for trade in trades)
        + fast * sum(trade * trade for trade in trades)
    )


def cost_variance(impact: LinearImpact, trades: Sequence[float], *, period: float = 1.0) -> float:
    """Variance of the shortfall of a list of trades, in money squared.

    Almgren and Chriss (2000), equation 9: `sigma^2 tau sum x^2`, with x what is left after each
    period.
    """
    left = float(sum(trades))
    total = 0.0
    for trade in trades:
        left -= trade
        total += left * left
    return impact.volatility * impact.volatility * period * total


def optimal_trajectory(
    impact: LinearImpact,
    units: float,
    *,
    periods: int,
    period: float = 1.0,
    risk_aversion: float = 0.0,
) -> Trajectory:
    """The split of an order that makes expected cost plus risk aversion times variance least.

    Almgren and Chriss (2000), equations 17 to 19, in their exact discrete form.

    Args:
        impact: How trades move the price.
        units: The order: bought or sold, the same by symmetry; zero or more.
        periods: How many trades it is split into.
        period: Length of each, in the unit of time of `impact`.
        risk_aversion: Lambda, zero or more: zero trades equal parts, more trades sooner.

    Raises:
        OptionError: An option makes no sense, or trading fast would cost less than nothing: the
            temporary impact must be above half the permanent one over a period.
    """
    if periods < 1:
        raise OptionError(f"periods {periods!r}: at least 1")
    for name, number in (("units", units), ("risk_aversion", risk_aversion)):
        if not (isfinite(number) and number >= 0.0):
            raise OptionError(f"{name} {number!r}: zero or more, and finite")
    if not (isfinite(period) and period > 0.0):
        raise OptionError(f"period {period!r}: above zero, and finite")
    fast = _temporary(impact, period)
    if fast <= 0.0:
        wrong = f"temporary {impact.temporary!r} is not above permanent x period / 2"
        raise OptionError(f"{wrong}: then one large trade costs less than none")
    urgency = impact.volatility * sqrt(risk_aversion / fast)
    # 2 (cosh(kappa tau) - 1) = (urgency tau)^2 in the form that keeps its digits near zero.
    step = 2.0 * asinh(0.5 * urgency * period)
    holdings = tuple(units * _left(step, periods, k) for k in range(periods + 1))
    trades = tuple(before - after for before, after in pairwise(holdings))
    return Trajectory(
        holdings=holdings,
        trades=trades,
        expected_cost=expected_cost(impact, trades, period=period),
        variance=cost_variance(impact, trades, period=period),
        risk_aversion=risk_aversion,
        decay=step / period,
    )


def efficient_frontier(
    impact: LinearImpact,
    units: float,
    risk_aversions: Sequence[float],
    *,
    periods: int,
    period: float = 1.0,
) -> tuple[Trajectory, ...]:
    """The best split of an order for each risk aversion: the least cost for its variance.

    No other split has both less expected cost and less variance than one of these.
    """
    return tuple(
        optimal_trajectory(
            impact, units, periods=periods, period=period, risk_aversion=risk_aversion
        )
        for risk_aversion in risk_aversions
    )


def square_root_impact(
    money: float, *, daily_volatility: float, daily_money: float, scale: float = 1.0
) -> float:
    """What an order costs by moving the price, in money: `scale x sigma x sqrt(share) x money`.

    The share is the order's of a usual day's trading. The square root is what is found in most
    markets: Almgren, Thum, Hauptmann and Li, Direct estimation of equity market impact, Risk 18,
    2005 (an exponent of 0.6); Toth and others, Physical Review X 1, 2011 (0.5).

    Args:
        money: The order, bought or sold; zero or more.
        daily_volatility: Standard deviation of a day's return.
        daily_money: What is traded of the instrument on a usual day, in money; above zero.
        scale: Near one in most studies.

    >>> square_root_impact(1_000_000, daily_volatility=0.02, daily_money=100_000_000)
    2000.0
    """
    assert money >= 0.0
    assert daily_money > 0.0
    return scale * daily_volatility * sqrt(money / daily_money) * money


def linear_rates(
    permanent: Any, temporary: Any, *, volatility: Any, volume: Any
) -> tuple[Any, Any]:
    """How far each unit traded in a day moves the price for good, and how far while it is traded.

    Almgren and Chriss (2000) let both grow in proportion to the day's trade. The measure is that of
    Almgren, Thum, Hauptmann and Li, Direct estimation of equity market impact, Risk 18, 2005: daily
    volatilities for each usual day of volume. They found 0.314 times the fourth root of (shares
    outstanding over daily volume) for the permanent part, about 1.2 for a stock that turns over in
    200 days, and for the temporary one 0.142 times the share to the power of 3/5, which at a tenth
    of a usual day is as much as 0.36 times the share.

    Args:
        permanent, temporary: The scales; numbers, or columns that go together.
        volatility: Standard deviation of a day's return.
        volume: Units traded on a usual day; above zero.

    Returns:
        Both as parts of the price, a unit.
    """
    return permanent * volatility / volume, temporary * volatility / volume


def linear_impact(
    permanent: float,
    temporary: float,
    *,
    price: float,
    daily_volatility: float,
    daily_volume: float,
    spread: float = 0.0,
) -> LinearImpact:
    """The impact of an instrument in money and days, from what is usual for it.

    An order pays half of how far it moves the price itself (Almgren, Thum, Hauptmann and Li 2005,
    of the realised impact), so that buying and selling at once earns nothing whatever the scales.
    In the paper of 2000 that half is part of eta.

    Args:
        permanent, temporary: As for `linear_rates`.
        price: Of a unit, in money.
        daily_volatility: Standard deviation of a day's return.
        daily_volume: Units traded on a usual day; above zero.
        spread: What a unit costs however slowly it is traded, in money.
    """
    scales = permanent, temporary
    moved, fast = linear_rates(*scales, volatility=daily_volatility, volume=daily_volume)
    return LinearImpact(
        price * daily_volatility, price * moved, price * (fast + 0.5 * moved), spread
    )


def _temporary(impact: LinearImpact, period: float) -> float:
    """Eta tilde: the temporary impact less the half of the permanent one it is paid with."""
    return impact.temporary - 0.5 * impact.permanent * period


def _left(step: float, periods: int, k: int) -> float:
    """The share left after k periods: sinh(step (periods - k)) / sinh(step periods)."""
    if k == 0:
        return 1.0
    if step * periods < 1e-12:
        return (periods - k) / periods
    # As exponentials that fall, so that no urgency is too great.
    ends = expm1(-2.0 * step * (periods - k)) / expm1(-2.0 * step * periods)
    return exp(-step * k) * ends
