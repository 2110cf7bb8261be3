"""Returns where money comes and goes: time-weighted, money-weighted (XIRR), Modified Dietz.

Arrays in, floats out. What is not defined is NaN, never an exception or a warning of numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1, inf, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.simulate.frames import Floats

DAYS_A_XIRR_YEAR = 365.0
"""The year of XIRR as spreadsheets count it: actual/365."""

TOUCHING = 1e-13
"""A present value so small, as a share of the sum of its parts, counts as zero."""

MOST_LOG = 700.0
"""Rates beyond exp(700) a year are no numbers of this world, nor of floats."""


@dataclass(frozen=True, slots=True)
class MoneyWeighted:
    """What rate a year the money earned, or why there is no one answer.

    Args:
        rate: The rate, as a fraction; NaN when there is none, or more than one.
        rates: Every rate above -100% at which the flows are worth nothing, ascending.
        reason: Why `rate` is NaN, in words; empty when it is not.
    """

    rate: float
    rates: tuple[float, ...]
    reason: str = ""


def session_returns(values: ArrayLike, flows: ArrayLike | None = None) -> Floats:
    """Simple returns from each value to the next, new money taken out.

    Args:
        values: Worth at each date, flows of that date included, shape (dates,).
        flows: Money that came in (above zero) or went out just before each value was taken, same
            shape; the first is part of the first value. None for none.

    Returns:
        `(value - flow) / value before - 1`, shape (dates - 1,); NaN where the value before is
        not above zero, for then nothing was there to earn.

    >>> session_returns([100.0, 160.0, 168.0], [0.0, 50.0, 0.0]).round(4).tolist()
    [0.1, 0.05]
    """
    import numpy as np

    worth = np.asarray(values, dtype=np.float64)
    if len(worth) < 2:
        return np.zeros(0)
    after = worth[1:] if flows is None else worth[1:] - np.asarray(flows, dtype=np.float64)[1:]
    before = worth[:-1]
    growth = np.full(len(before), nan)
    usable = (before > 0.0) & np.isfinite(before) & np.isfinite(after)
    with np.errstate(over="ignore"):
        np.divide(after, before, out=growth, where=usable)
    return growth - 1.0


def grown(values: Floats, flows: Floats | None) -> Floats:
    """What the first value would have become without flows, shape (dates,): returns, chained.

    It stays where it was from where all was paid out, and is zero from where more than all was
    lost.

    >>> import numpy as np
    >>> grown(np.array([100.0, 160.0, 0.0, 0.0]), np.array([0.0, 50.0, -160.0, 0.0])).tolist()
    [100.0, 110.00000000000001, 110.00000000000001, 110.00000000000001]
    """
    import numpy as np

    if flows is None:
        return values
    returns = np.nan_to_num(session_returns(values, flows), nan=0.0).clip(min=-1.0)
    return np.concatenate([values[:1], values[0] * np.cumprod(1.0 + returns)])


def time_weighted(values: ArrayLike, flows: ArrayLike | None = None) -> float:
    """The return of the policy over the whole span, whenever money came or went.

    The returns between all dates, chained (GIPS: true time-weighted). Not yearly.

    Args:
        values: Worth at each date, flows included, as for `session_returns`.
        flows: Money that came in or went out, as for `session_returns`.

    >>> round(time_weighted([100.0, 160.0, 168.0], [0.0, 50.0, 0.0]), 4)
    0.155
    """
    import numpy as np

    returns = session_returns(values, flows)
    if not len(returns):
        return nan
    with np.errstate(over="ignore"):
        growth = float(np.prod(1.0 + returns))
    return growth - 1.0 if growth < inf else nan


def modified_dietz(
    start_value: float, end_value: float, days: ArrayLike, amounts: ArrayLike, span_days: float
) -> float:
    """The return of a span, each flow weighted by how long it was there; not yearly.

    `(end - start - flows) / (start + sum of flow x (span - day) / span)`: a flow of day 5 of 31
    counts for 26/31, as if it came at that day's end.

    Args:
        start_value: Worth at the start.
        end_value: Worth at the end, flows included.
        days: Day of each flow, counted from the start, shape (k,).
        amounts: Money that came in (above zero) or went out, shape (k,).
        span_days: Days from start to end.

    Returns:
        The return as a fraction; NaN where the average capital is not above zero, or the span.

    >>> round(modified_dietz(1000.0, 1150.0, [15.0], [100.0], 30.0), 6)
    0.047619
    """
    import numpy as np

    when = np.asarray(days, dtype=np.float64)
    flows = np.asarray(amounts, dtype=np.float64)
    assert when.shape == flows.shape
    given = np.array([start_value, end_value, span_days, *when, *flows])
    if not (np.isfinite(given).all() and span_days > 0):
        return nan
    capital = start_value + float(np.sum(flows * ((span_days - when) / span_days)))
    if capital <= 0.0:
        return nan
    return (end_value - start_value - float(flows.sum())) / capital


def xirr(dates: Sequence[Any] | NDArray[np.datetime64], amounts: ArrayLike) -> float:
    """The yearly rate that the money earned, as XIRR of spreadsheets; NaN when not exactly one.

    `money_weighted` gives all rates and says why there is no one rate.

    >>> round(xirr(["2023-01-01", "2024-01-01"], [-100.0, 110.0]), 6)
    0.1
    """
    return money_weighted(dates, amounts).rate


def money_weighted(
    dates: Sequence[Any] | NDArray[np.datetime64], amounts: ArrayLike
) -> MoneyWeighted:
    """Every yearly rate at which the flows are worth nothing today: actual/365, compounding.

    Solves `sum of amount / (1 + rate) ** (days / 365) = 0` for rates above -100%, days counted
    from the first flow. No guess is needed and none is missed: a sum of exponentials has at most
    as many roots as its coefficients change sign (Laguerre 1883), and multiplying by
    `exp(c x)` and differentiating takes one change away, so that the roots are bracketed by those
    of a chain of ever simpler sums, the last of which is monotone.

    Args:
        dates: Day of each flow, in any order; dates, ISO texts or numpy datetime64.
        amounts: What went in (below zero) and what came out, what is left at the end included,
            shape (k,).

    Returns:
        The rate and, where there is no one rate, the reason.

    >>> money_weighted(["2020-01-01", "2021-01-01"], [100.0, 100.0]).reason
    'all the money goes one way: no rate makes that nothing'
    """
    import numpy as np

    days = np.asarray(dates, dtype="datetime64[D]")
    money = np.asarray(amounts, dtype=np.float64)
    assert days.shape == money.shape
    if not np.isfinite(money).all() or np.isnat(days).any():
        return MoneyWeighted(nan, (), "a flow has no finite amount, or no date")
    when, place = np.unique(days, return_inverse=True)
    net = np.bincount(place, weights=money, minlength=len(when))
    there = net != 0.0
    when, net = when[there], net[there]
    if not len(net):
        return MoneyWeighted(nan, (), "no money goes in or out")
    if len(net) == 1:
        return MoneyWeighted(nan, (), "all the money goes in and out on one day")
    if (net > 0).all() or (net < 0).all():
        return MoneyWeighted(nan, (), "all the money goes one way: no rate makes that nothing")
    times = (when - when[0]).astype(np.float64) / DAYS_A_XIRR_YEAR
    only = _only_root(times, net)
    roots = _roots(times, net) if only is None else [only]
    rates = tuple(expm1(root) for root in roots if root < MOST_LOG)
    if len(rates) < len(roots):
        return MoneyWeighted(nan, rates, "a rate that does is too large to be a number")
    if len(rates) == 1:
        return MoneyWeighted(rates[0], rates)
    if not rates:
        return MoneyWeighted(nan, (), "no rate above -100% makes the flows worth nothing")
    told = ", ".join(f"{rate:.4%}" for rate in rates)
    return MoneyWeighted(nan, rates, f"{len(rates)} rates make the flows worth nothing: {told}")


def _only_root(times: Floats, amounts: Floats) -> float | None:
    """The root, where one look tells that there is no other; None where it does not.

    Discounted at a root, what was put in and not yet taken out is summed from the first flow on.
    Where that never changes its side there is one root: by parts the sum of exponentials is a
    Laplace transform of it, which has no more roots than it has changes of sign (the pure
    investment of Teichroew, Robichek and Montalbano 1965).
    """
    import numpy as np

    signs, logs = np.sign(amounts), np.log(np.abs(amounts))
    if signs[0] == signs[-1]:
        return None
    found = _between(times, signs, logs, ())
    if len(found) != 1:
        return None
    powers = logs - found[0] * times
    parts = signs * np.exp(powers - powers.max())
    # Both sums say the same: from the first flow on, and against what is yet to come. One that is
    # as good as zero may be on either side.
    clear = np.zeros(len(parts) - 1, dtype=np.bool_)
    for own, at in ((parts, slice(None)), (-parts[::-1], slice(None, None, -1))):
        left = np.cumsum(own)[:-1] * signs[0]
        clear |= (left > 1e-9 * np.cumsum(np.abs(own))[:-1])[at]
    return found[0] if clear.all() else None


def _roots(times: Floats, amounts: Floats) -> list[float]:
    """All x with sum of amount x exp(-x time) = 0, ascending; times ascending and different."""
    import numpy as np

    # Coefficients are kept as signs and logarithms: products of many spans leave the floats.
    signs, logs = np.sign(amounts), np.log(np.abs(amounts))
    levels = [(signs, logs)]
    while (changes := np.flatnonzero(signs[1:] != signs[:-1])).size > 1:
        at = changes[len(changes) // 2]
        turn = (times[at] + times[at + 1]) / 2.0
        signs = np.where(times < turn, signs, -signs)
        logs = logs + np.log(np.abs(turn - times))
        levels.append((signs, logs))
    roots: list[float] = []
    for signs, logs in reversed(levels):
        roots = _between(times, signs, logs, roots)
    return roots


def _between(times: Floats, signs: Floats, logs: Floats, turns: Sequence[float]) -> list[float]:
    """The roots of a sum that is monotone but for factors between each two of its turns."""

    def side(x: float) -> float:
        return _side(times, signs, logs, x)

    roots: list[float] = []
    # Far to the left the last flow outweighs all others, far to the right the first.
    marks = [*((turn, side(turn)) for turn in turns)]
    left: tuple[float | None, float] = (None, float(signs[-1]))
    for right in [*marks, (None, float(signs[0]))]:
        if right[1] == 0.0 and right[0] is not None:
            roots.append(right[0])
        elif left[1] * right[1] < 0:
            low, high = left[0], right[0]
            if low is None:
                low = _reach(side, 0.0 if high is None else high, -1.0, left[1])
            if high is None:
                high = _reach(side, low, 1.0, right[1])
            roots.append(_bisected(side, low, high))
        left = right
    roots.sort()
    return [x for i, x in enumerate(roots) if not i or x - roots[i - 1] > 1e-9]


def _side(times: Floats, signs: Floats, logs: Floats, x: float) -> float:
    """On which side of zero the sum is: -1, 0 or 1."""
    import numpy as np

    powers = logs - x * times
    parts = signs * np.exp(powers - powers.max())
    total = float(parts.sum())
    if abs(total) <= TOUCHING * float(np.abs(parts).sum()):
        return 0.0
    return 1.0 if total > 0 else -1.0


def _reach(side: Any, start: float, step: float, wanted: float) -> float:
    """A place beyond `start` that lies on the wanted side, in strides that double."""
    while side(start + step) != wanted:
        step *= 2.0
    return start + step


def _bisected(side: Any, low: float, high: float) -> float:
    """The place between at which the side changes, to the last bit that counts."""
    below = side(low)
    while True:
        middle = (low + high) / 2.0
        if not low < middle < high:
            return middle
        found = side(middle)
        if found == 0.0:
            # Rounding makes zeros of a whole stretch around the root: its middle is nearest.
            return _centre(side, low, middle, high)
        if found == below:
            low = middle
        else:
            high = middle


def _centre(side: Any, low: float, zero: float, high: float) -> float:
    """The middle of the stretch of zeros around one of them."""
    ends = []
    for outer in (low, high):
        inner, out = zero, outer
        while (middle := (inner + out) / 2.0) not in (inner, out):
            inner, out = (middle, out) if side(middle) == 0.0 else (inner, middle)
        ends.append(inner)
    return (ends[0] + ends[1]) / 2.0
