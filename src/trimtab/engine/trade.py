"""Fourth stage: how far to go inside the constraints, in continuous amounts of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import fsum
from typing import TYPE_CHECKING

from trimtab.engine.aim import Aim
from trimtab.engine.mandate import Mandate
from trimtab.engine.problem import Holding, Problem
from trimtab.engine.walked import SOON_NOTHING, is_walkable, walked
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.policy import When
from trimtab.triggers.deviation import band_width

if TYPE_CHECKING:
    from trimtab.engine.solved import Solved

UNBANDED_SHARE = 0.005
"""For the fewest trades: how near a sleeve without a band has to come, as a share of the base."""

HAIR = 1e-6
"""What a solver may miss a minimum by, relative and in minor units."""

Blocked = frozenset[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Changes:
    """What to trade, before whole steps.

    Args:
        money: Change of each holding in minor units, positive for purchases.
        gap: How far the solver's answer may be from the best, minor units; 0 when exact.
        too_small: Holdings and sides that were dropped because the trade was below the minimum.
        price: Money that a unit of drift left is worth.
        is_least: Whether drift, cost and tax alone decided, and not the number of trades, and
            nothing is better but for the gap.
        findings: What the solver could not do.
    """

    money: tuple[float, ...]
    gap: float
    too_small: Blocked
    price: float
    is_least: bool
    findings: tuple[Finding, ...] = ()


def changes(problem: Problem, mandate: Mandate, aim: Aim) -> Changes:
    """The least of drift, cost and tax; trades below the minimum are dropped, smallest first.

    A minimum makes the problem lumpy. The rule is simple and the same everywhere: solve without
    it; while a trade is below its minimum, forbid the smallest such trade and solve again. Sales
    that raise cash which is missing are exempt, in the accounts that raise it. Where orders have
    fees however small they are, the minimum is a row of the programme instead: trades are lumpy
    there anyway, and each of many rounds would be a search.
    """
    price = mandate.price_of_drift
    inside = None
    if mandate.fewest_trades:
        inside = [
            _inside(leaf.weight, mandate.when, aim.base)
            for leaf in aim.root.leaves()
            if leaf.name != aim.cash_leaf
        ]
    blocked: Blocked = frozenset()
    dropped, least = _lumpy(problem, price) if inside is None else (blocked, None)
    while True:
        money, gap, is_exact = [], 0.0, False
        is_least, findings = inside is None, list[Finding]()
        if is_walkable(problem) and inside is None:
            walk = walked(problem, blocked, price)
            money, is_exact = walk.change, walk.is_exact
        if not is_exact:
            from trimtab.engine.solved import solved

            answer = solved(problem, blocked, price, fewest_trades=inside, least=least)
            if answer.change is None and inside is not None:
                less = solved(problem, blocked, price)
                answer = replace(less, trouble={**answer.trouble, **less.trouble})
            gap, findings = answer.gap, _told(aim.name, answer)
            is_least = is_least and not answer.trouble
            if answer.change is None:
                from trimtab.engine.apart import apart

                money = apart(problem, blocked, price)
            else:
                money = answer.change
        small, raising = [], raises_cash(problem, money)
        for i, change in enumerate(money):
            holding = problem.holdings[i]
            side = "buy" if change > 0 else "sell"
            if abs(change) < SOON_NOTHING or (side == "sell" and holding.account in raising):
                continue
            if abs(change) < _least(holding):
                small.append((abs(change), holding.instrument, holding.account_id, i, side))
        if not small:
            too_small = blocked | {(i, side) for i, side in dropped if not _goes(money[i], side)}
            return Changes(tuple(money), gap, too_small, price, is_least, tuple(findings))
        *_, i, side = min(small)
        blocked |= {(i, side)}


def _lumpy(problem: Problem, price: float) -> tuple[Blocked, list[tuple[float, float]] | None]:
    """Where orders have fees however small they are, the minimum is part of the programme.

    Returns:
        Trades that would be below it if orders had no fees, for whoever asks why they are not
        made; and by holding the least that is bought and sold, minor units. None of it where no
        order has such fees, or where there is no minimum.
    """
    if all(h.costs.is_linear or h.least <= 1 for h in problem.holdings):
        return frozenset(), None
    from trimtab.engine.solved import solved

    plain = [
        replace(holding, costs=replace(holding.costs, fixed=0, minimum=0))
        for holding in problem.holdings
    ]
    change = solved(replace(problem, holdings=tuple(plain)), frozenset(), price).change
    small = frozenset(
        (i, "buy" if money > 0 else "sell")
        for i, money in enumerate(change or ())
        if SOON_NOTHING <= abs(money) < _least(problem.holdings[i])
    )
    # Where the buffer is short, a sale in any account may fill it: what does not is seen later.
    buffer = sum(problem.purses) - problem.cash
    is_short = sum(max(purse, 0) for purse in problem.purses) < buffer
    least = []
    for holding in problem.holdings:
        lowest = _least(holding) * (1.0 + HAIR) + HAIR if holding.least > 1 else 0.0
        is_exempt = is_short or problem.purses[holding.account] < 0
        least.append((lowest, 0.0 if is_exempt else lowest))
    return small, least


def _goes(money: float, side: str) -> bool:
    """Whether that is a trade to that side."""
    return abs(money) >= SOON_NOTHING and (money > 0) == (side == "buy")


def raises_cash(problem: Problem, money: Sequence[float]) -> set[int]:
    """The accounts whose sales raise cash that is missing: no minimum holds for these.

    An account that lacks cash does, and where the buffer is short beyond that every account that
    sells more than it buys: what another one sells to buy something else brings no cash.
    """
    raising = {account for account, purse in enumerate(problem.purses) if purse < 0}
    buffer = sum(problem.purses) - problem.cash
    if sum(max(purse, 0) for purse in problem.purses) < buffer:
        net = [0.0] * len(problem.accounts)
        for holding, change in zip(problem.holdings, money, strict=True):
            net[holding.account] += change
        raising |= {account for account, change in enumerate(net) if change < 0}
    return raising


def reached(problem: Problem, changes: Changes) -> tuple[list[int], int, list[int]]:
    """Where the trades in money end: leaves, cash beyond the buffer, and purses by account.

    Rounded to minor units.
    """
    values: list[list[float]] = [[float(value)] for value in problem.values]
    purses: list[list[float]] = [[float(purse)] for purse in problem.purses]
    for holding, money in zip(problem.holdings, changes.money, strict=True):
        values[holding.leaf].append(money)
        if abs(money) >= SOON_NOTHING:
            fee = holding.costs.fixed + abs(money) * holding.fee
            purses[holding.account].append(-money - max(fee, float(holding.costs.minimum)))
    # Exact sums, so that the order of accounts and sleeves does not decide how they are rounded.
    cash = fsum((float(problem.cash), *(spent for purse in purses for spent in purse[1:])))
    return [round(fsum(part)) for part in values], round(cash), [round(fsum(p)) for p in purses]


def _least(holding: Holding) -> float:
    """The least trade of a holding in minor units; nothing where a step is enough.

    With half a step of grace: rounding to whole steps may lift it to the minimum.
    """
    return (holding.least - 0.5) * float(holding.price) if holding.least > 1 else 0.0


def _told(name: str, answer: Solved) -> list[Finding]:
    """What the solver could not do, and what that means for the plan."""
    found = []
    if answer.fewer:
        less = "1 trade less" if answer.fewer == 1 else f"{answer.fewer} trades less"
        message = (
            f"the search for the fewest trades ended at its limit: up to {less} may do; what they "
            "lead to is sound all the same"
        )
        found.append(Finding("fewer-trades-possible", name, message, "info"))
    if "fewest" in answer.trouble:
        how = answer.trouble["fewest"]
        message = (
            f"the solver found no answer for the fewest trades ({how}): the plan goes by drift, "
            "cost and tax alone, as without fewest_trades"
        )
        found.append(Finding("fewest-trades-failed", name, message))
    if "first" in answer.trouble:
        how = answer.trouble["first"]
        message = f"the solver found no answer ({how}): " + (
            "each account is traded by itself, as near to the common target as it comes; a nearer "
            "or cheaper plan may exist"
            if answer.change is None
            else "the number of trades is the fewest found, but drift, cost and tax did not choose "
            "among plans with as many"
        )
        found.append(Finding("solver-failed", name, message))
    return found


def _inside(weight: Fraction, when: When, base: int) -> float:
    """How far a sleeve may stay from its goal in the mode for the fewest trades: half its band."""
    width = band_width(weight, when)
    return (float(width) / 2 if width is not None else UNBANDED_SHARE) * base
