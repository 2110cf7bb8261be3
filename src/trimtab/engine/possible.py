"""What a plan could still have traded of a leaf: whether the minimum is what forbids it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from trimtab.engine.problem import Holding, Problem

Possible = Literal["nothing", "below", "enough"]
"""The largest trade that is left: no step, less than the least trade, or as much as that."""


def could_buy(
    problem: Problem,
    leaf: int,
    ends: Mapping[str, int],
    free: Mapping[str, int],
    *,
    may_sell: bool,
) -> Possible:
    """The largest purchase of a leaf that its goal and the cash of one account leave room for.

    Args:
        problem: What may be traded.
        leaf: Index of the leaf.
        ends: What each leaf is worth after the trades.
        free: Cash by account that may still be spent.
        may_sell: Whether what ends over its goal in the same account may pay for it.
    """

    def means(holding: Holding) -> tuple[Fraction, Fraction]:
        over = [
            (other, min(_beyond(problem, other, ends), Fraction(other.price.value(other.sellable))))
            for other in problem.holdings
            if may_sell and other.account == holding.account and other.leaf != leaf
        ]
        cash = Fraction(max(free[holding.account_id], 0))
        return _summed(cash, over)

    own = [h for h in problem.holdings if h.leaf == leaf and h.buyable]
    return _most(own, means, lambda h: -_beyond(problem, h, ends))


def could_sell(
    problem: Problem, leaf: int, ends: Mapping[str, int], free: Mapping[str, int]
) -> Possible:
    """The largest sale of a leaf for which one account has a use; as `could_buy`."""

    def uses(holding: Holding) -> tuple[Fraction, Fraction]:
        under = [
            (other, -_beyond(problem, other, ends))
            for other in problem.holdings
            if other.account == holding.account and other.leaf != leaf and other.buyable
        ]
        return _summed(Fraction(max(-free[holding.account_id], 0)), under)

    own = [h for h in problem.holdings if h.leaf == leaf and h.sellable]
    return _most(
        own,
        uses,
        lambda h: min(_beyond(problem, h, ends), Fraction(h.price.value(h.sellable))),
    )


def _most(
    own: Sequence[Holding],
    other_side: Callable[[Holding], tuple[Fraction, Fraction]],
    wanted: Callable[[Holding], Fraction],
) -> Possible:
    """The best of the holdings of a leaf, each beside what stands against it in its account."""
    found: Possible = "nothing"
    for holding in own:
        whole, tradable = (min(one, wanted(holding)) for one in other_side(holding))
        if holding.price.steps_below(max(int(tradable), 0)) >= holding.least:
            return "enough"
        if holding.price.steps_below(max(int(whole), 0)):
            found = "below"
    return found


def _summed(
    cash: Fraction, others: Sequence[tuple[Holding, Fraction]]
) -> tuple[Fraction, Fraction]:
    """Cash and others in all, and without those that are below their own least trade."""
    whole, tradable = cash, cash
    counted: set[int] = set()
    for other, money in others:
        if money <= 0 or other.leaf in counted:
            continue
        counted.add(other.leaf)
        whole += money
        if money >= other.price.value(other.least):
            tradable += money
    return whole, tradable


def _beyond(problem: Problem, holding: Holding, ends: Mapping[str, int]) -> Fraction:
    """How far the leaf of a holding ends over its goal (below zero: under it), in minor units."""
    return Fraction(ends[problem.leaves[holding.leaf]] - problem.goals[holding.leaf])
