"""How far a portfolio of research mode is from its target on one session, and whether it fires."""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column, fill_bands
from trimtab.kernels.research_columns import ALLOWANCE, BRANCH_LIMIT, BRANCH_SHARE, LIMITS

NO_LIMIT = 1e9
"""The limit of a sleeve without a band, as a weight."""


@kernel
def measure_against(
    target: Column,
    branches: Column,
    absolute: float,
    relative: float,
    space: Column,
    branch_space: Column,
) -> None:
    """Bands measure against this target from now on: fills LIMITS, BRANCH_SHARE, BRANCH_LIMIT."""
    branch_share = branch_space[BRANCH_SHARE]
    fill_limits(target, absolute, relative, space[LIMITS])
    fill_branch_shares(target, branches, branch_share)
    fill_limits(branch_share, absolute, relative, branch_space[BRANCH_LIMIT])


@kernel
def fill_limits(target: Column, absolute: float, relative: float, limits: Column) -> None:
    """From what deviation on each sleeve is breached, allowance taken off, as weights."""
    fill_bands(target, 1.0, absolute, relative, limits)
    for i in range(len(target)):
        # A sleeve on its target is never breached, however narrow its band.
        limits[i] = max(limits[i] - ALLOWANCE, ALLOWANCE) if limits[i] >= 0.0 else NO_LIMIT


@kernel
def fill_branch_shares(target: Column, branches: Column, shares: Column) -> None:
    """The target of each inner sleeve: the sum of what is in it."""
    for b in range(len(shares)):
        shares[b] = 0.0
        for i in range(len(target)):
            if branches[b][i]:
                shares[b] += target[i]


@kernel
def worth_of(units: Column, prices: Column) -> float:
    """What units are worth, instrument after instrument."""
    value = 0.0
    for i in range(len(units)):
        value += units[i] * prices[i]
    return value


@kernel
def worth_inside(units: Column, highs: Column, lows: Column, inside: Column) -> float:
    """The most that an inner sleeve is worth between these prices; the least with them swapped."""
    value = 0.0
    for i in range(len(units)):
        if inside[i]:
            value += units[i] * (highs[i] if units[i] > 0.0 else lows[i])
    return value


@kernel
def is_apart(close: Column, units: Column, value: float, goals: Column) -> bool:
    """Whether there is anything to trade on the way to goal weights."""
    moved = 0.0
    for i in range(len(units)):
        moved += abs(goals[i] * value - units[i] * close[i])
    return moved > ALLOWANCE * value


@kernel
def branch_away(close: Column, units: Column, inside: Column, share: float, value: float) -> float:
    """How far an inner sleeve is from its target on one session, in money."""
    away = -share * value
    for i in range(len(units)):
        if inside[i]:
            away += units[i] * close[i]
    return away


@kernel
def beyond(
    close: Column,
    units: Column,
    aim: Column,
    value: float,
    banded: bool,
    drift: float,
    branches: Column,
    space: Column,
    branch_space: Column,
) -> bool:
    """Whether a band is breached, also of an inner sleeve, or the drift reached on one session.

    Args:
        close, units, value: Prices, units held and what they are worth.
        aim: Target weights last adopted.
        banded: Whether there is a band.
        drift, branches, space, branch_space: As for `research.run`.
    """
    limits = space[LIMITS]
    branch_share, branch_limit = branch_space[BRANCH_SHARE], branch_space[BRANCH_LIMIT]
    fires = False
    apart = 0.0
    for i in range(len(units)):
        away = units[i] * close[i] - aim[i] * value
        away = -away if away < 0.0 else away
        apart += away
        if banded and away - limits[i] * value >= 0.0:
            fires = True
    if drift >= 0.0 and 0.5 * apart >= (drift - ALLOWANCE) * value:
        fires = True
    for b in range(len(branch_share)):
        away = branch_away(close, units, branches[b], branch_share[b], value)
        if banded and abs(away) - branch_limit[b] * value >= 0.0:
            fires = True
    return fires
