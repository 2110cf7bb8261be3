"""What to hold, at the cost of getting there from what is held: spread, impact, tax of lots.

    minimise  risk_aversion/2 w'Sw - r'w  +  (spread + impact + tax) / years
    within limits of weights and of sums

Returns and covariance are a year's, and so is the objective: costs are paid once, and count for as
many years as the weights are likely to stand. Everything is a share of the portfolio; the money
that costs take is not itself divided again.

Lots are sold in the order of their tax, the least first. Selling a lot at a loss saves tax, and
buying the same back would undo nothing: so the cost of moving is not convex where a loss saves more
than selling and buying back costs, and rules on wash sales forbid just that. There each instrument
is either not bought or not sold; which of the two is found by branch and bound.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.limits import Limits
from trimtab.targets.solvers.separable import FAR, Moved, Moving, move, objective_of
from trimtab.targets.solvers.sound import check_estimates, check_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.targets.solvers.programme import Programme

    Floats = NDArray[np.float64]

MOST_BRANCHES = 400
"""Programmes that branch and bound solves at most; what is left open is in the gap."""

SURE = 1e-11


@dataclass(frozen=True, slots=True)
class TaxLot:
    """Part of a holding, with the tax that selling it causes.

    Args:
        instrument: Its place among the weights.
        weight: What it is worth now, as a share of the portfolio, above 0.
        tax: Of a unit of it, below zero where a loss saves tax.
    """

    instrument: int
    weight: float
    tax: float


@dataclass(frozen=True, slots=True)
class MovingCosts:
    """What it costs to leave the weights that are held.

    Args:
        sell, buy: Of a unit of weight, one for all or by weight: 0.0005 is five basis points.
        impact: Square-root impact: `impact x |change|^(3/2)`, one for all or by weight.
        lots: Lots in which holdings are taxed; a holding, or what of it is in no lot, is not.
    """

    sell: ArrayLike = 0.0
    buy: ArrayLike = 0.0
    impact: ArrayLike = 0.0
    lots: Sequence[TaxLot] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """What to hold, and what it costs to get there.

    Args:
        status: `optimal`, `infeasible`, or `stopped` where the gap did not close.
        weights: Shape (n,); NaN where infeasible.
        objective: What was made least, a year's.
        gap: No weights within the limits have an objective lower than this by more.
        costs: As shares of the portfolio, paid once: `spread`, `impact` and `tax`.
        turnover: Half the sum of what moves.
        moved: What was solved last.
        programmes: How many branches were solved; 1 where no loss stands in the way.
    """

    status: str
    weights: Floats
    objective: float
    gap: float
    costs: dict[str, float]
    turnover: float
    moved: Moved
    programmes: int = 1

    @property
    def cost(self) -> float:
        """All costs, as a share of the portfolio."""
        return sum(self.costs.values())


def taxed(instrument: int, *, value: float, basis: float, whole: float, rate: float) -> TaxLot:
    """A lot, from money.

    Args:
        instrument: Its place among the weights.
        value, basis: What it is worth, and what was paid for it.
        whole: What the portfolio is worth.
        rate: Of the tax on its gain.

    >>> taxed(0, value=30_000.0, basis=20_000.0, whole=100_000.0, rate=0.15)
    TaxLot(instrument=0, weight=0.3, tax=0.05)
    """
    return TaxLot(instrument, value / whole, rate * (value - basis) / value)


def impact_of(whole: float, *, daily_money: Any, daily_volatility: Any, scale: float = 1.0) -> Any:
    """The `impact` of an instrument by the square root of an order's share of a usual day.

    Args:
        whole: What the portfolio is worth.
        daily_money: What is traded of the instrument on a usual day, above zero; a number, or one
            for each instrument, shape (n,).
        daily_volatility: Standard deviation of a day's return, in the same form.
        scale: Near one in most studies; as `costs.impact.square_root_impact`.

    Returns:
        A number, or shape (n,), as `MovingCosts` takes either.

    Raises:
        ValueError: An instrument is not traded, or a number is missing.

    >>> round(impact_of(1e8, daily_money=1e8, daily_volatility=0.02) * 0.01**1.5 * 1e8)
    2000
    """
    import numpy as np

    money, moves = np.asarray(daily_money, np.float64), np.asarray(daily_volatility, np.float64)
    if not ((money > 0.0) & np.isfinite(money)).all():
        raise ValueError("daily_money: above zero and known of each instrument")
    if not ((moves >= 0.0) & np.isfinite(moves)).all():
        raise ValueError("daily_volatility: zero or more, and known of each instrument")
    found = scale * moves * np.sqrt(whole / money)
    return found if found.ndim else float(found)


def from_holdings(
    returns: Floats,
    covariance: Floats,
    limits: Limits,
    *,
    risk_aversion: float,
    held: Floats,
    costs: MovingCosts,
    years: float = 1.0,
) -> Reached:
    """The best weights to move to from those that are held.

    Args:
        returns, covariance: A year's, shapes (n,) and (n, n), the latter positive definite.
        limits: On weights and on sums of them; not on turnover or tracking error.
        risk_aversion: How much return a unit of variance, halved, must bring, > 0.
        held: The weights now, shape (n,); they may be outside the limits.
        costs: Of moving.
        years: How long the weights are likely to stand: what costs are spread over.

    Raises:
        ValueError: Something of this makes no sense; it says what.
    """
    import numpy as np

    held = np.asarray(held, dtype=np.float64)
    if not risk_aversion > 0.0 or not years > 0.0:
        raise ValueError(f"risk_aversion {risk_aversion!r}, years {years!r}: above zero")
    if not limits.is_linear:
        raise ValueError("limits on turnover or tracking error do not go with costs of moving")
    check_estimates(covariance, returns)
    check_finite("held", held)
    programme = limits.programme(risk_aversion * covariance, -returns)
    moving = moving_by(costs, held, limits, years=years)
    found, branches = best_move(programme, moving)
    paid = {"spread": np.nan, "impact": np.nan, "tax": np.nan}
    turnover = np.nan
    if found.status != "infeasible" and np.isfinite(found.objective):
        plain = moving_by(MovingCosts(costs.sell, costs.buy), held, limits, years=1.0)
        spread = float(plain.priced(found.weights).sum())
        paid = {
            "spread": spread,
            "impact": float(moving.pushed(found.weights).sum()) * years,
            "tax": float(moving.priced(found.weights).sum()) * years - spread,
        }
        if not costs.lots:
            paid["tax"] = 0.0
        turnover = 0.5 * float(np.abs(found.weights - held).sum())
    return Reached(
        found.status, found.weights, found.objective, found.gap, paid, turnover, found, branches
    )


def moving_by(costs: MovingCosts, held: Floats, limits: Limits, *, years: float = 1.0) -> Moving:
    """Costs of moving as kinks and slopes, a year's; not convex where a loss saves more than costs.

    Raises:
        ValueError: A cost is below zero, or lots are not those of what is held.
    """
    import numpy as np

    n = len(held)
    sell = np.broadcast_to(np.asarray(costs.sell, dtype=np.float64), (n,)) / years
    buy = np.broadcast_to(np.asarray(costs.buy, dtype=np.float64), (n,)) / years
    impact = np.broadcast_to(np.asarray(costs.impact, dtype=np.float64), (n,)) / years
    for name, column in (("sell", sell), ("buy", buy), ("impact", impact)):
        if not (np.isfinite(column).all() and (column >= 0.0).all()):
            raise ValueError(f"{name}: zero or more, and finite")
    own: list[list[TaxLot]] = [[] for _ in range(n)]
    for lot in costs.lots:
        if not 0 <= lot.instrument < n or not lot.weight > 0.0 or not np.isfinite(lot.tax):
            raise ValueError(f"lots: {lot!r} is no lot of these {n} instruments")
        own[lot.instrument].append(lot)
    kinks, slopes = [], []
    for i, lots in enumerate(own):
        rest = held[i] - sum(lot.weight for lot in lots)
        if lots and (rest < -1e-9 or limits.low[i] < 0.0):
            raise ValueError(
                f"lots: those of instrument {i} are worth {held[i] - rest:.6g} of the portfolio, "
                f"and {held[i]:.6g} is held; what is taxed in lots cannot be sold short"
            )
        if lots and rest > 1e-9:
            lots = [*lots, TaxLot(i, rest, 0.0)]
        at, marks, prices = held[i], [held[i]], [buy[i], -sell[i]]
        if lots:
            prices.pop()
        for lot in sorted(lots, key=lambda one: one.tax):
            at -= lot.weight
            marks.append(at)
            prices.append(-(sell[i] + lot.tax / years))
        if lots:  # all is sold at the last mark
            marks.pop()
        kinks.append(marks[::-1])
        slopes.append(prices[::-1])
    most = max(map(len, kinks))
    for marks, prices in zip(kinks, slopes, strict=True):
        prices += [prices[-1]] * (most - len(marks))
        marks += [FAR] * (most - len(marks))
    return Moving(held, np.array(kinks), np.array(slopes), impact)


def best_move(programme: Programme, moving: Moving) -> tuple[Moved, int]:
    """The best answer where costs may be less than convex at what is held, and how many tries."""
    import numpy as np

    tempting = np.flatnonzero((np.diff(moving.slopes, axis=1) < -1e-15).any(axis=1))
    if not len(tempting):
        return move(programme, moving), 1
    order = count()
    open_nodes: list[tuple[float, int, dict[int, int]]] = [(-np.inf, next(order), {})]
    best: Moved | None = None
    failed: Moved | None = None
    solved, bound = 0, np.inf
    while open_nodes and solved < MOST_BRANCHES:
        least, _, sides = heappop(open_nodes)
        if best is not None and least >= best.objective - SURE:
            bound = min(bound, least)
            break
        node = _on_sides(programme, moving, sides)
        if (node.low > node.high).any():
            continue
        eased = _eased(node, moving, [int(i) for i in tempting if int(i) not in sides])
        found = move(node, eased)
        solved += 1
        if not np.isfinite(found.objective):
            failed = found if failed is None else failed
            continue
        true = objective_of(programme, moving, found.weights)
        under = found.objective - found.gap
        if best is None or true < best.objective:
            best = replace(found, objective=true)
        apart = moving.priced(found.weights) - eased.priced(found.weights)
        worst = int(np.argmax(apart))
        if apart[worst] <= SURE:
            bound = min(bound, under)
            continue
        for side in (-1, 1):
            heappush(open_nodes, (under, next(order), {**sides, worst: side}))
    if best is None:
        assert failed is not None, "the first of all nodes was solved"
        return failed, solved
    bound = min([bound, *(least for least, _, _ in open_nodes)])
    gap = max(best.objective - bound, 0.0)
    status = best.status if gap <= 1e-8 else "stopped"
    return replace(best, gap=gap, status=status), solved


def _on_sides(programme: Programme, moving: Moving, sides: dict[int, int]) -> Programme:
    """The programme where some weights only fall (-1), or only rise (1), from what is held."""
    low, high = programme.low.copy(), programme.high.copy()
    for i, side in sides.items():
        if side < 0:
            high[i] = min(high[i], moving.held[i])
        else:
            low[i] = max(low[i], moving.held[i])
    return replace(programme, low=low, high=high)


def _eased(programme: Programme, moving: Moving, loose: Sequence[int]) -> Moving:
    """Costs of moving that are convex and nowhere higher: chords bridge what is not."""
    import numpy as np

    kinks, slopes = moving.kinks.copy(), moving.slopes.copy()
    staying = np.zeros(len(kinks))
    for i in loose:
        low, high = float(programme.low[i]), float(programme.high[i])
        marks = [low, *(float(kink) for kink in kinks[i] if low < kink < high), high]
        costs = [_priced_at(moving, i, mark) for mark in marks]
        hull: list[int] = []
        for b in range(len(marks)):
            while len(hull) >= 2 and _above(marks, costs, hull[-2], hull[-1], b):
                hull.pop()
            hull.append(b)
        rises = [
            (costs[b] - costs[a]) / (marks[b] - marks[a]) if marks[b] > marks[a] else 0.0
            for a, b in pairwise(hull)
        ]
        kinks[i] = FAR
        kinks[i, : len(hull) - 2] = [marks[b] for b in hull[1:-1]]
        slopes[i] = rises[-1]
        slopes[i, : len(rises)] = rises
        own = Moving(moving.held, kinks, slopes, moving.impact)
        staying[i] = costs[0] - _priced_at(own, i, low)
    return Moving(moving.held, kinks, slopes, moving.impact, staying)


def _priced_at(moving: Moving, i: int, weight: float) -> float:
    """What moving one weight costs at its prices."""
    weights = moving.held.copy()
    weights[i] = weight
    return float(moving.priced(weights)[i])


def _above(marks: list[float], costs: list[float], a: int, b: int, c: int) -> bool:
    """Whether the middle one of three points is above the line between the others, or on it."""
    return (costs[b] - costs[a]) * (marks[c] - marks[a]) >= (costs[c] - costs[a]) * (
        marks[b] - marks[a]
    )
