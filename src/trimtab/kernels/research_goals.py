"""Where a policy of research mode trades to: target, bands and new cash, as goal weights."""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import (
    TO_HALF,
    TO_TARGET,
    TO_WITHIN,
    Column,
    breached,
    fill_bands,
    fill_from_cash,
    fill_goals,
)
from trimtab.kernels.research_columns import (
    AIMS,
    ALLOWANCE,
    BANDS,
    BRANCH_REACH,
    BRANCH_SHARE,
    GOALS,
    HOLDINGS,
    PART,
)
from trimtab.kernels.research_deviations import fill_branch_shares
from trimtab.kernels.tree import ALLOWED, fill_tree_goals

NO_CASH = -1
"""No column is cash that new cash would come into."""


@kernel
def fill_goal_weights(
    close: Column,
    units: Column,
    value: float,
    wanted: Column,
    adopted: Column,
    absolute: float,
    relative: float,
    to: int,
    width: float,
    branches: Column,
    cash_at: int,
    new_cash: float,
    space: Column,
    branch_space: Column,
) -> None:
    """Where a policy wants to go, as weights: fills GOALS of the work space.

    Args:
        close: Prices, shape (n,).
        units: Units held, shape (n,).
        value: What they are worth.
        wanted: Target weights, shape (n,).
        adopted: Target weights last adopted, against which branches go on being measured.
        absolute, relative, to, width, branches: As for `research.run`.
        cash_at: Which column is cash, of which new cash is invested before anything else; NO_CASH
            where none is, or none can have come.
        new_cash: What came in since the last rebalance, less what went out.
        space, branch_space: Work space as for `research.run`.
    """
    goals = space[GOALS]
    if to == TO_TARGET:
        for i in range(len(units)):
            goals[i] = wanted[i]
        return
    aims, holdings, bands = space[AIMS], space[HOLDINGS], space[BANDS]
    fill_bands(wanted, 1.0, absolute, relative, bands)
    for i in range(len(units)):
        aims[i] = wanted[i] * value
        holdings[i] = units[i] * close[i]
        if bands[i] > 0.0:
            bands[i] = bands[i] * value
    if cash_at >= 0:
        move_new_cash(holdings, aims, cash_at, new_cash, ALLOWANCE * value, space[PART])
    branch_share, reach = branch_space[BRANCH_SHARE], branch_space[BRANCH_REACH:]
    if len(branch_share) == 0:
        fill_goals(holdings, aims, bands, to, width * value, ALLOWANCE * value, goals)
    else:
        allowed = reach[ALLOWED]
        fill_branch_shares(wanted, branches, branch_share)
        fill_bands(branch_share, 1.0, absolute, relative, allowed)
        for b in range(len(branch_share)):
            away = -branch_share[b] * value
            for i in range(len(units)):
                if branches[b][i]:
                    away += holdings[i]
            wide = allowed[b] * value
            if breached(away, 0.0, wide, ALLOWANCE * value):
                if to == TO_HALF:
                    wide = 0.5 * wide
                elif to == TO_WITHIN:
                    wide = width * value
            allowed[b] = wide
        fill_tree_goals(
            holdings, aims, bands, branches, reach, to, width * value, ALLOWANCE * value, goals
        )
        fill_branch_shares(adopted, branches, branch_share)
    for i in range(len(units)):
        goals[i] = goals[i] / value


@kernel
def move_new_cash(
    holdings: Column, aims: Column, cash_at: int, new_cash: float, allowance: float, filled: Column
) -> None:
    """New cash goes to the most underweight, and what is missing comes from the most overweight.

    Where cash has an aim of its own, what came in or went out moves and the rest stays; elsewhere
    all of it moves, as in a plan.

    Args:
        holdings: In and out: what is held by column, in money.
        aims: What should be.
        cash_at: Which column is cash.
        new_cash: What came in since the last rebalance, less what went out.
        allowance: Money below which nothing moves.
        filled: Work space, shape (n,).
    """
    idle = holdings[cash_at] - aims[cash_at]
    moving = idle
    if aims[cash_at] > 0.0 and holdings[cash_at] >= 0.0:
        if new_cash > 0.0:
            moving = max(min(new_cash, idle), 0.0)
        else:
            moving = min(max(new_cash, idle), 0.0)
    if abs(moving) <= allowance:
        return
    cash, aim = holdings[cash_at], aims[cash_at]
    # Set aside: cash is no place for cash to go.
    holdings[cash_at] = aims[cash_at] = 0.0
    left = fill_from_cash(holdings, aims, moving, filled)
    for i in range(len(holdings)):
        holdings[i] = filled[i]
    holdings[cash_at] = cash - moving + left
    aims[cash_at] = aim
