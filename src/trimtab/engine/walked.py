"""The trade problem of one account: separable but for cash, so it is walked exactly."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from fractions import Fraction

from trimtab.engine.mandate import NEAREST_FIRST
from trimtab.engine.problem import Holding, Problem, by_name
from trimtab.kernels.lots import walk, workspace
from trimtab.model.frozen import dataclass

SOON_NOTHING = 0.5
"""Minor units below which a change is numerical dust."""

ENDLESS = 1e18


@dataclass(frozen=True, slots=True)
class Walked:
    """The change of each holding in minor units, positive for purchases.

    Args:
        change: By holding.
        is_exact: Whether no pool of lots is sold in part: then nothing is better.
    """

    change: list[float]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """What may be sold of a holding at one tax.

    Args:
        money: Its worth in minor units.
        tax: Tax per unit of money.
        is_pooled: Whether it is several lots at their average, for a dear one comes before a cheap.
    """

    money: float
    tax: float
    is_pooled: bool


def is_walkable(problem: Problem) -> bool:
    """Whether the walk can solve this problem; whether it did exactly, its answer says.

    It can for one account whose orders cost nothing beyond a rate, with one rate for all that is
    sold of a leaf. Anything else couples what the walk takes apart.
    """
    if len(problem.accounts) != 1:
        return False
    fees: dict[int, float] = {}
    for holding in problem.holdings:
        if not holding.costs.is_linear:
            return False
        if holding.sellable and fees.setdefault(holding.leaf, holding.fee) != holding.fee:
            return False
    return True


def walked(
    problem: Problem, blocked: AbstractSet[tuple[int, str]], drift_price: float | None
) -> Walked:
    """Solve the trade problem of one account; of equal answers the one that is first by name.

    Args:
        problem: One that `is_walkable`.
        blocked: Holdings (by index) and sides that may not be traded.
        drift_price: Money that a unit of drift left is worth; None: the nearest point first.
    """
    places = list(range(len(problem.holdings)))
    if sorted(problem.leaves) != list(problem.leaves):
        problem, places, _ = by_name(problem)
        blocked = {(places.index(i), side) for i, side in blocked}
    n = len(problem.leaves)
    buy_fee, room = [0.0] * n, [0.0] * n
    sell_fee, first = [0.0] * n, [0] * (n + 1)
    buys: dict[int, int] = {}
    amount: list[float] = []
    tax: list[float] = []
    owner: list[int] = []
    pooled: list[bool] = []
    for i, holding in enumerate(problem.holdings):
        if holding.buyable and (i, "buy") not in blocked:
            buy_fee[holding.leaf], room[holding.leaf] = holding.fee, ENDLESS
            buys[holding.leaf] = i
        if (i, "sell") in blocked:
            continue
        for segment in segments(holding):
            amount.append(segment.money)
            tax.append(segment.tax)
            pooled.append(segment.is_pooled)
            owner.append(i)
            sell_fee[holding.leaf] = holding.fee
        # Holdings are ordered by leaf: what follows belongs to this one or to later ones.
        first[holding.leaf + 1 :] = [len(owner)] * (n - holding.leaf)
    sold, bought = [0.0] * len(owner), [0.0] * n
    walk(
        n,
        [float(value) for value in problem.values],
        [float(goal) for goal in problem.goals],
        buy_fee,
        room,
        sell_fee,
        first,
        amount,
        tax,
        float(problem.cash),
        float(problem.cash_goal),
        0.0,
        NEAREST_FIRST if drift_price is None else drift_price,
        1.0,
        sold,
        bought,
        *workspace(n, len(owner)),
    )
    change = [0.0] * len(problem.holdings)
    for i, money in zip(owner, sold, strict=True):
        change[places[i]] -= money
    for leaf, i in buys.items():
        change[places[i]] += bought[leaf]
    is_exact = not any(
        is_pooled and SOON_NOTHING < part < whole - SOON_NOTHING
        for is_pooled, part, whole in zip(pooled, sold, amount, strict=True)
    )
    return Walked(change, is_exact)


def segments(holding: Holding) -> list[Segment]:
    """What may be sold of a holding by rising tax.

    An order of relief other than lowest tax may ask for a dear lot before a cheap one. Then
    neighbours are pooled until the tax rises: selling part of a pool is priced at its average,
    which is what it costs by the time the pool is sold, and never more than what it costs.
    """
    pools: list[tuple[int, Fraction, bool]] = []
    for steps, share in lots_sold(holding):
        is_pooled = False
        while pools and pools[-1][1] > share:
            other, other_share, _ = pools.pop()
            share = (share * steps + other_share * other) / (steps + other)
            steps += other
            is_pooled = True
        pools.append((steps, share, is_pooled))
    return [
        Segment(steps * float(holding.price), float(share), is_pooled)
        for steps, share, is_pooled in pools
    ]


def runs(holding: Holding) -> list[list[tuple[float, float]]]:
    """Lots as (money, tax) in the order of relief, cut where the tax falls from one to the next.

    Within a run the cheaper lot comes first anyway; one run must be sold before the next.
    """
    found: list[list[tuple[float, float]]] = []
    before = Fraction(2)
    for steps, share in lots_sold(holding):
        if share < before:
            found.append([])
        found[-1].append((steps * float(holding.price), float(share)))
        before = share
    return found


def lots_sold(holding: Holding) -> Iterator[tuple[int, Fraction]]:
    """Steps that may be sold and their tax per unit of money, in the order of relief."""
    left = holding.sellable
    for taxed in holding.lots:
        if left <= 0:
            break
        steps = min(taxed.lot.quantity, left)
        left -= steps
        yield steps, taxed.tax_share
