"""What each leaf of an account should be worth after trading: on target, or where `to` says."""

from __future__ import annotations

from trimtab.kernels.account_columns import (
    CASH_SHARE,
    CASH_WIDTH,
    DONE,
    FIRST_BRANCH,
    FIRST_LEAF,
    HAS_CASH_LEAF,
    MOST,
    NAMED,
    PARTS,
    SHARE,
    SOLVER,
    TO,
    W_AIMS,
    W_BANDS,
    W_GOALS,
    W_MOVED,
    W_VALUES,
    WIDE,
    WIDTH,
    Models,
    Work,
)
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import TO_HALF, TO_TARGET, TO_WITHIN
from trimtab.kernels.goals import fill_cash_moves, fill_whole_goals
from trimtab.kernels.money import rounded


@kernel
def fill_account_goals(
    m: int, models: Models, work: Work, full: bool, cash: int, base: int, gross: int
) -> tuple[int, int]:
    """Fill `goals`, in money by leaf.

    Args:
        m, models, work: The account's model, and space to work in.
        full: The policy asks for all that it does; otherwise only cash is put right.
        cash: Beyond what stays in cash; below zero when some is to be raised.
        base: What all weights are shares of.
        gross: No amount of the account is larger.

    Returns:
        DONE, or why the goals cannot be worked out here, and the cash wanted.
    """
    if not full or models.of[TO, m] != TO_TARGET:
        return _short_of_target(m, models, work, full, cash, base, gross)
    l0 = models.of[FIRST_LEAF, m]
    parts = models.of[PARTS, m]
    for s in range(models.of[FIRST_LEAF, m + 1] - l0):
        work.ints[W_GOALS, s] = rounded(models.leaves[SHARE, l0 + s] * base, parts)
    return DONE, rounded(models.of[CASH_SHARE, m] * base, parts)


@kernel
def _short_of_target(
    m: int, models: Models, work: Work, full: bool, cash: int, base: int, gross: int
) -> tuple[int, int]:
    """Goals short of the target: where cash leads, and where `to` names. Status and cash wanted."""
    l0 = models.of[FIRST_LEAF, m]
    n = models.of[FIRST_LEAF, m + 1] - l0
    parts = models.of[PARTS, m]
    if full and models.of[FIRST_BRANCH, m + 1] > models.of[FIRST_BRANCH, m]:
        return SOLVER, 0
    # Every amount below is an integer of 1 / scale minor units.
    scale = 2 * parts
    if 2.0 * gross * scale * (n + 2) * (n + 2) * (n + 2) > MOST:
        return WIDE, 0
    for s in range(n):
        work.ints[W_MOVED, s] = work.ints[W_VALUES, s] * scale
        work.ints[W_AIMS, s] = 2 * models.leaves[SHARE, l0 + s] * base
        work.ints[W_BANDS, s] = 2 * models.leaves[WIDTH, l0 + s] * base
    money = cash * scale
    moving = 0
    if models.of[HAS_CASH_LEAF, m] == 0 or cash < 0:
        moving = money - 2 * models.of[CASH_SHARE, m] * base
    work.ints[W_AIMS, n] = 2 * models.of[CASH_SHARE, m] * base
    work.ints[W_BANDS, n] = -1
    if models.of[HAS_CASH_LEAF, m] == 1:
        work.ints[W_BANDS, n] = 2 * models.of[CASH_WIDTH, m] * base
    factor = fill_cash_moves(n, work.ints[W_MOVED], work.ints[W_AIMS], moving, work.ints[W_GOALS])
    if factor == 0:
        return WIDE, 0
    money -= moving
    if factor > 1:
        for s in range(n):
            work.ints[W_AIMS, s] *= factor
            work.ints[W_BANDS, s] *= factor
        work.ints[W_AIMS, n] *= factor
        work.ints[W_BANDS, n] *= factor
        money *= factor
    scale *= factor
    for s in range(n):
        work.ints[W_MOVED, s] = work.ints[W_GOALS, s]
    work.ints[W_MOVED, n] = money
    if not full:
        for s in range(n):
            work.ints[W_GOALS, s] = rounded(work.ints[W_MOVED, s], scale)
        return DONE, rounded(money, scale)
    named = 2 * models.of[NAMED, m] * base * factor
    factor = fill_whole_goals(
        n + 1,
        work.ints[W_MOVED],
        work.ints[W_AIMS],
        work.ints[W_BANDS],
        models.of[TO, m] == TO_HALF,
        models.of[TO, m] == TO_WITHIN,
        named,
        work.ints[W_GOALS],
    )
    scale *= factor
    for s in range(n):
        work.ints[W_GOALS, s] = rounded(work.ints[W_GOALS, s], scale)
    return DONE, rounded(work.ints[W_GOALS, n], scale)
