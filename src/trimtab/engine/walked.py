"""The trade problem of one account: separable but for cash, so it is walked exactly."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from fractions import Fraction

from trimtab.engine.problem import Holding, Problem
from trimtab.kernels.lots import walk, workspace

ENDLESS = 1e18
NEAREST_FIRST = 1.0
"""The price of drift that puts the nearest point first and the cheapest second.

Moving one unit of money from a sleeve above its goal to one below takes two units of deviation
away, which is then worth more than any tax and fee on that unit; and where two ways lead equally
near, the cheaper one wins. A higher price would let a hair of trading cost outweigh a tax.
"""


def is_walkable(problem: Problem) -> bool:
    """Whether the walk solves this problem exactly.

    It does for one account whose orders cost nothing beyond a rate, with one rate for all that is
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
) -> list[float]:
    """The change of each holding in minor units, positive for purchases.

    Args:
        problem: One that `is_walkable`.
        blocked: Holdings (by index) and sides that may not be traded.
        drift_price: Money that a unit of drift left is worth; None: the nearest point first.
    """
    n = len(problem.leaves)
    buy_fee, room = [0.0] * n, [0.0] * n
    sell_fee, first = [0.0] * n, [0] * (n + 1)
    buys: dict[int, int] = {}
    amount: list[float] = []
    tax: list[float] = []
    owner: list[int] = []
    for i, holding in enumerate(problem.holdings):
        if holding.buyable and (i, "buy") not in blocked:
            buy_fee[holding.leaf], room[holding.leaf] = holding.fee, ENDLESS
            buys[holding.leaf] = i
        if (i, "sell") in blocked:
            continue
        for money, share in segments(holding):
            amount.append(money)
            tax.append(share)
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
        change[i] -= money
    for leaf, i in buys.items():
        change[i] += bought[leaf]
    return change


def segments(holding: Holding) -> list[tuple[float, float]]:
    """What may be sold of a holding, as (money, tax per unit of money) by rising tax.

    An order of relief other than lowest tax may ask for a dear lot before a cheap one. Then
    neighbours are pooled until the tax rises: selling part of a pool is priced at its average,
    which is what it costs by the time the pool is sold.
    """
    pools: list[tuple[int, Fraction]] = []
    for steps, share in lots_sold(holding):
        while pools and pools[-1][1] > share:
            other, other_share = pools.pop()
            share = (share * steps + other_share * other) / (steps + other)
            steps += other
        pools.append((steps, share))
    return [(steps * float(holding.price), float(share)) for steps, share in pools]


def runs(holding: Holding) -> list[list[tuple[float, float]]]:
    """The same lot by lot in the order of relief, cut where the tax falls from one to the next.

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
