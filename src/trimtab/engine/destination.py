"""How far to go: what each leaf should be worth after trading, before accounts limit it."""

from __future__ import annotations

from fractions import Fraction

from trimtab.engine.aim import Aim
from trimtab.engine.due import Scope
from trimtab.engine.mandate import Mandate, Request
from trimtab.kernels.destination import (
    TO_CODES,
    fill_from_cash,
    fill_goals,
)
from trimtab.kernels.tree import REACH, fill_tree_goals
from trimtab.model.frozen import dataclass
from trimtab.model.policy import To, When
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State
from trimtab.triggers.deviation import band_width, is_breached

NONE = Fraction(-1)
"""How the kernels are told that a sleeve has no band."""


@dataclass(frozen=True, slots=True)
class Goals:
    """Where to go, in exact money: by leaf, and in cash that is in no leaf."""

    leaves: dict[str, Fraction]
    cash: Fraction


def destination(aim: Aim, scope: Scope, mandate: Mandate, state: State, request: Request) -> Goals:
    """What each leaf should be worth after trading.

    New cash goes first, to the most underweight; a withdrawal comes from the most overweight.
    Then, when all that the policy does is due, `to` says how far: to target, or the point of
    least turnover at which every breached sleeve, on every level, is back where `to` names.
    """
    leaves = [leaf for leaf in aim.root.leaves() if leaf.name != aim.cash_leaf]
    values = [Fraction(aim.values[leaf.name]) for leaf in leaves]
    wanted = [aim.wanted(leaf) for leaf in leaves]
    cash_wanted = _cash_wanted(aim)
    if request.no_sells:
        # Nothing can be sold to reach a target, so the cash goes where it is missing most.
        scope = "cash"
    if scope == "full" and mandate.to.kind == "target":
        goals = {leaf.name: money for leaf, money in zip(leaves, wanted, strict=True)}
        return Goals(goals, cash_wanted)
    moving = _moving_cash(aim, scope, state, request, cash_wanted)
    filled = list(values)
    if moving:
        fill_from_cash(values, wanted, moving, filled)
    cash = aim.cash - moving
    if scope == "cash":
        return Goals({leaf.name: g for leaf, g in zip(leaves, filled, strict=True)}, cash)
    return _towards(aim, leaves, filled, wanted, cash, cash_wanted, mandate)


def _cash_wanted(aim: Aim) -> Fraction:
    for leaf in aim.root.leaves():
        if leaf.name == aim.cash_leaf:
            return aim.wanted(leaf)
    return Fraction(0)


def _moving_cash(
    aim: Aim, scope: Scope, state: State, request: Request, cash_wanted: Fraction
) -> Fraction:
    """The cash that is to be invested (above zero) or raised (below) before anything else."""
    idle = aim.cash - cash_wanted
    if request.no_sells:
        return max(idle, Fraction(0))
    if not aim.cash_leaf or aim.cash < 0:
        return idle
    # Cash is an ordinary leaf of this target: what came in or goes out moves, and what lies
    # there for other reasons is the policy's to judge. Of what came in before, part may have moved
    # by itself already; the rest moves with all that the policy does.
    before = state.memory.new_cash if scope == "full" else {}
    flow = sum(
        before.get(account, 0)
        + request.deposits.get(account, 0)
        - request.withdrawals.get(account, 0)
        for account in aim.accounts
    )
    if flow > 0:
        return max(min(Fraction(flow), idle), Fraction(0))
    return min(max(Fraction(flow), idle), Fraction(0))


def _towards(
    aim: Aim,
    leaves: list[Sleeve],
    values: list[Fraction],
    wanted: list[Fraction],
    cash: Fraction,
    cash_wanted: Fraction,
    mandate: Mandate,
) -> Goals:
    """The point of least turnover at which breached sleeves are back where `to` names."""
    when, to = mandate.when, mandate.to
    base = aim.base
    widths = [_width(leaf.weight, when, base) for leaf in leaves]
    columns = [*values, cash]
    targets = [*wanted, cash_wanted]
    bands = [*widths, _cash_width(aim, when)]
    named = Fraction(0) if to.width is None else to.width * base
    goals = list(columns)
    code, exactly = TO_CODES[to.kind], Fraction(0)
    branches, allowed = _branches(aim, leaves, columns, when=when, to=to)
    if branches:
        reach: list[list[Fraction]] = [list(allowed) for _ in range(REACH)]
        fill_tree_goals(columns, targets, bands, branches, reach, code, named, exactly, goals)
    else:
        fill_goals(columns, targets, bands, code, named, exactly, goals)
    return Goals(
        {leaf.name: goal for leaf, goal in zip(leaves, goals[:-1], strict=True)}, goals[-1]
    )


def _branches(
    aim: Aim, leaves: list[Sleeve], columns: list[Fraction], *, when: When, to: To
) -> tuple[list[list[int]], list[Fraction]]:
    """Inner sleeves: which leaves are theirs, and how far from their targets they may end.

    A breached one may end where `to` says, another at its band.
    """
    base = aim.base
    names = [leaf.name for leaf in leaves] + [aim.cash_leaf]
    branches, allowed = [], []
    for sleeve in aim.root.walk():
        width = band_width(sleeve.weight, when)
        if sleeve is aim.root or sleeve.is_leaf or width is None:
            continue
        own = {leaf.name for leaf in sleeve.leaves()}
        inside = [int(name in own) for name in names]
        now = sum((c for c, mine in zip(columns, inside, strict=True) if mine), Fraction(0))
        if is_breached(now / base, sleeve.weight, width):
            named = width if to.width is None else to.width
            width = {"edge": width, "half": width / 2}.get(to.kind, named)
        branches.append(inside)
        allowed.append(width * base)
    return branches, allowed


def _width(weight: Fraction, when: When, base: int) -> Fraction:
    width = band_width(weight, when)
    return NONE if width is None else width * base


def _cash_width(aim: Aim, when: When) -> Fraction:
    for leaf in aim.root.leaves():
        if leaf.name == aim.cash_leaf:
            return _width(leaf.weight, when, aim.base)
    return NONE
