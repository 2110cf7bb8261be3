"""Fourth stage, its second half: cash that its account cannot spend, or raise, where it was to.

New cash goes to what is furthest under its target in the whole household. Not every account may
buy that. What is left over in one goes to what it may buy that is under its target, furthest first,
and never beyond it: that is nearer than cash. Cash that is to be raised is the same mirrored: where
an account has none of what is furthest over its target, it sells what it has that is over.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from trimtab.engine.aim import Aim
from trimtab.engine.mandate import Mandate
from trimtab.engine.problem import Problem
from trimtab.engine.trade import Changes, changes, reached
from trimtab.kernels.destination import fill_from_cash


def settled(problem: Problem, mandate: Mandate, aim: Aim) -> tuple[Problem, Changes]:
    """The trades in money, and the problem with the goals by which they were found.

    Goals are raised or lowered for as long as that leads nearer to the target. Not in the mode for
    the fewest trades, which asks for none that bring a sleeve nearer than inside its band.
    """
    found = changes(problem, mandate, aim)
    if mandate.fewest_trades:
        return problem, found
    for _ in problem.leaves:
        onward = _raised(problem, found, aim) or _lowered(problem, found, aim)
        if onward is None:
            break
        again = changes(onward, mandate, aim)
        if _away(onward, again, aim) > _away(problem, found, aim) - 1:
            break
        problem, found = onward, again
    return problem, found


def _raised(problem: Problem, found: Changes, aim: Aim) -> Problem | None:
    """The problem with higher goals for what accounts with cash left may buy; None for no such."""
    values, cash, purses = reached(problem, found)
    idle = cash - problem.cash_goal
    if idle <= 0:
        return None
    weights = {leaf.name: aim.wanted(leaf) for leaf in aim.root.leaves()}
    wanted = [weights[name] for name in problem.leaves]
    ends = [Fraction(max(pair)) for pair in zip(values, problem.goals, strict=True)]
    # A goal that stands above what was reached is asked for already.
    open_ = {
        i
        for i, (value, goal) in enumerate(zip(values, problem.goals, strict=True))
        if value >= goal - 1 and wanted[i] > ends[i]
    }
    buyable = [
        sorted(
            {
                holding.leaf
                for i, holding in enumerate(problem.holdings)
                if holding.account == account
                and holding.buyable
                and holding.leaf in open_
                and (i, "buy") not in found.too_small
            }
        )
        for account in range(len(problem.accounts))
    ]
    # Who has the least choice goes first, so that no other takes its place.
    order = sorted(
        (account for account, leaves in enumerate(buyable) if leaves and purses[account] > 0),
        key=lambda account: (
            not problem.fresh[account],
            len(buyable[account]),
            problem.accounts[account],
        ),
    )
    left = Fraction(idle)
    for account in order:
        own = buyable[account]
        now, limits = [ends[i] for i in own], [wanted[i] for i in own]
        room = sum((limit - end for limit, end in zip(limits, now, strict=True)), Fraction(0))
        money = min(left, Fraction(purses[account]), room)
        if money <= 0:
            continue
        filled = list(now)
        fill_from_cash(now, limits, money, filled)
        for i, end in zip(own, filled, strict=True):
            ends[i] = end
        left -= money
    if left == idle:
        return None
    return replace(problem, goals=tuple(round(end) for end in ends))


def _lowered(problem: Problem, found: Changes, aim: Aim) -> Problem | None:
    """The problem with lower goals for what accounts that raise cash have over its target.

    None where nothing was sold below its goal but for what the trades cost.
    """
    values, cash, _ = reached(problem, found)
    missing = [max(goal - end, 0) for goal, end in zip(problem.goals, values, strict=True)]
    sold = [max(-money, 0.0) for money in found.money]
    cost = problem.cash - cash - sum(found.money)
    by_sales = {
        holding.leaf for holding, money in zip(problem.holdings, sold, strict=True) if money
    }
    if sum(missing[leaf] for leaf in by_sales) <= cost + 2:
        return None
    weights = {leaf.name: aim.wanted(leaf) for leaf in aim.root.leaves()}
    wanted = [weights[name] for name in problem.leaves]
    ends = [Fraction(value) for value in values]
    left = list(missing)
    taken = [0] * len(problem.accounts)
    for holding, money in zip(problem.holdings, sold, strict=True):
        part = min(round(money), left[holding.leaf])
        left[holding.leaf] -= part
        taken[holding.account] += part
        ends[holding.leaf] += part
    goals = list(problem.goals)
    for account in sorted(range(len(taken)), key=lambda a: problem.accounts[a]):
        own = sorted({h.leaf for h in problem.holdings if h.account == account and h.sellable})
        if not taken[account]:
            continue
        now, limits = [ends[i] for i in own], [wanted[i] for i in own]
        filled = list(now)
        fill_from_cash(now, limits, Fraction(-taken[account]), filled)
        for i, end in zip(own, filled, strict=True):
            ends[i] = end
            goals[i] = min(goals[i], round(end))
    if tuple(goals) == problem.goals:
        return None
    return replace(problem, goals=tuple(goals))


def _away(problem: Problem, found: Changes, aim: Aim) -> Fraction:
    """How far leaves and cash end from their targets, in minor units."""
    values, cash, _ = reached(problem, found)
    weights = {leaf.name: aim.wanted(leaf) for leaf in aim.root.leaves()}
    away = abs(cash - weights.get(aim.cash_leaf, Fraction(0)))
    for name, value in zip(problem.leaves, values, strict=True):
        away += abs(value - weights[name])
    return Fraction(away)
