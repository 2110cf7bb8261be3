"""Whether an account is due: its drift, and whether bands, drift or the calendar ask for action."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    BRANCH_CASH,
    CASH_SHARE,
    CASH_WIDTH,
    DRIFT_LIMIT,
    FIRST_BRANCH,
    FIRST_LEAF,
    FIRST_MEMBER,
    HAS_CASH_LEAF,
    LOOKS,
    ON_CALENDAR,
    PARTS,
    SHARE,
    WIDTH,
    Models,
)
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column


@kernel
def twice_drift(
    m: int, models: Models, values: Column, unassigned: int, cash: int, base: int
) -> int:
    """The sum of absolute deviations times parts, which is twice the drift times base and parts."""
    parts = models.of[PARTS, m]
    l0 = models.of[FIRST_LEAF, m]
    total = abs(unassigned) * parts
    if models.of[HAS_CASH_LEAF, m] == 1:
        total += abs(cash * parts - models.of[CASH_SHARE, m] * base)
    else:
        total += abs(cash) * parts
    for s in range(models.of[FIRST_LEAF, m + 1] - l0):
        total += abs(values[s] * parts - models.leaves[SHARE, l0 + s] * base)
    return int(total)


@kernel
def fires(m: int, models: Models, values: Column, cash: int, base: int, drift: int) -> bool:
    """Whether bands, drift or the calendar ask for all that the policy does."""
    if models.of[LOOKS, m] == 0:
        return False
    if models.of[ON_CALENDAR, m] == 1:
        return True
    parts = models.of[PARTS, m]
    limit = models.of[DRIFT_LIMIT, m]
    if limit >= 0 and drift > 0 and drift >= 2 * limit * base:
        return True
    l0 = models.of[FIRST_LEAF, m]
    for s in range(models.of[FIRST_LEAF, m + 1] - l0):
        if _breached(
            values[s] * parts,
            models.leaves[SHARE, l0 + s] * base,
            models.leaves[WIDTH, l0 + s] * base,
        ):
            return True
    if models.of[HAS_CASH_LEAF, m] == 1 and _breached(
        cash * parts, models.of[CASH_SHARE, m] * base, models.of[CASH_WIDTH, m] * base
    ):
        return True
    for b in range(models.of[FIRST_BRANCH, m], models.of[FIRST_BRANCH, m + 1]):
        money = cash if models.branches[BRANCH_CASH, b] == 1 else 0
        for k in range(models.branches[FIRST_MEMBER, b], models.branches[FIRST_MEMBER, b + 1]):
            money += values[models.member[k]]
        if _breached(
            money * parts,
            models.branches[SHARE, b] * base,
            models.branches[WIDTH, b] * base,
        ):
            return True
    return False


@kernel
def _breached(value: int, aim: int, width: int) -> bool:
    """Whether a sleeve stands at or beyond its width; never when it stands on its aim."""
    return width >= 0 and value != aim and abs(value - aim) >= width
