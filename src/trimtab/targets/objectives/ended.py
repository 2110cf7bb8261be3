"""What is told of a search that a time limit ended, or could not end."""

from __future__ import annotations

from math import isfinite, isnan, nan
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding

if TYPE_CHECKING:
    from trimtab.targets.objectives.asked import Asked
    from trimtab.targets.solvers.programme import Solution


def ended_early(
    asked: Asked, gap: float, *, shares_off: float = nan, histories: int = 0
) -> Finding:
    """That these weights are the best so far, and how much better others can be.

    Args:
        asked: What was searched for.
        gap: How much better any weights within the limits can be, at most; not finite: unknown.
        shares_off: Of risk budgets, how far a share of the risk is from its budget, at most.
        histories: Of resampled weights, how many were averaged.
    """
    if histories > 0:
        message = (
            f"The time limit ended after {histories} of {asked.resampled} drawn histories: these "
            "weights are the mean of those."
        )
    elif not isnan(shares_off):
        message = (
            "The time limit ended the search: these are the weights so far. The share of the risk "
            f"that an instrument adds is off by {shares_off:.2%} at most."
        )
    else:
        proof = "how much better others could be is not known"
        if isfinite(gap):
            proof = f"others within the limits are better by {gap:.2g} at most (optimality_gap)"
        message = f"The time limit ended the search: these are the best weights so far; {proof}."
    return Finding("time-limit", asked.objective, f"{message} Give more time for more.", "warning")


def names_not_proved(asked: Asked, solution: Solution, *, is_told: bool) -> Finding:
    """That other names may be better, and whether a limit of time left that open.

    Args:
        asked: What was searched for.
        solution: What was found so far, NaN where nothing was.
        is_told: Whether the search was told to stop.
    """
    if isnan(solution.weights.sum()):
        what = "The time limit ended the search" if is_told else "The search ended"
        message = (
            f"{what} before any weights within the limits were found, and whether there are any is "
            "not known. Give more time, or loosen a limit."
        )
        return Finding("names-not-proved", asked.objective, message, "error")
    if is_told:
        return ended_early(asked, solution.gap)
    message = (
        "Other names may be better: the search ended before that was settled, or has no proof for "
        "this objective. The gap tells how much better at most."
    )
    return Finding("names-not-proved", asked.objective, message, "info")


def not_ended(asked: Asked) -> Finding:
    """That a time limit had nothing to end."""
    message = (
        f"The time limit did nothing: {asked.objective} under these limits is found directly, "
        "without a search that could be ended. Leave it out."
    )
    return Finding("time-limit-unused", asked.objective, message, "info")
