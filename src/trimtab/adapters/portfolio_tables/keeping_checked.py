"""Which keys of `[target.optimize]` go together, and what sums of them rule out."""

from __future__ import annotations

from trimtab.adapters.toml_table import Table
from trimtab.targets.moving.kept_to import KeptTo
from trimtab.targets.moving.ranged import UNITS, Range
from trimtab.targets.objectives.asked import MEAN_VARIANCE, UNLIMITED, Asked

FEW = ("max_names", "min_names", "min_position")
"""Keys of a choice of names."""

TOLERANCES = ("risk_score", "max_loss", "max_volatility")
"""The most risk, in place of an objective."""

CURVED = (*FEW, "turnover", "tracking_error")
"""Limits that only programmes of mean and variance take."""

EVERYTHING = (
    *CURVED, "most_choices", "groups", "scores", "min_score", "max_score", "within_days",
    "participation", "value", "benchmark", "exclude", "costs", "horizon", *TOLERANCES,
)  # fmt: skip
"""All that is kept to beside sleeves."""

NEEDS = {
    "benchmark": "tracking_error",
    "tracking_error": "benchmark",
    "min_score": "scores",
    "max_score": "scores",
    "participation": "within_days",
    "value": "within_days",
    "horizon": "costs",
}
"""Keys, and without which other key each has no meaning."""

NEVER = {
    "breakdown": (
        "it is a word of when a policy acts",
        'write when = "monthly+breakdown" under [policy]',
    ),
    "leverage": (
        "sleeves are held long only, so long and short together are always the whole",
        "remove it: `trimtab optimize --leverage`, and a backtest with short=True, have shorts",
    ),
    "time_limit": (
        "what is found against a clock differs from run to run, and a plan is found twice",
        "write most_choices = 100000, which ends a search for names alike everywhere",
    ),
}
"""Keys of elsewhere that a target that is found again cannot have, and why."""


def check_what_goes_together(table: Table, asked: Asked, *, is_theirs: bool) -> None:
    """Note keys that do not go with what is best, or with each other.

    Args:
        table: `[target.optimize]`.
        asked: Its objective.
        is_theirs: Whether somebody else's estimator finds the shares.
    """
    said = [key for key in EVERYTHING if key in table and table.values[key] is not False]
    for key, (wrong, remedy) in NEVER.items():
        if key in table:
            table.value(key)
            table.problem(key, wrong, remedy)
    for key, other in NEEDS.items():
        if key in said and other not in table:
            table.problem(key, f"it has no meaning without {other}", f"add {other}, or remove it")
    if is_theirs:
        for key in said:
            wrong = "an estimator has its own limits beside those of sleeves"
            table.problem(key, wrong, "say it in set, or remove estimator")
        return
    _check_objective(table, asked, said)
    _check_pairs(table, asked, said)


def _check_objective(table: Table, asked: Asked, said: list[str]) -> None:
    """Note limits that the objective does not take."""
    for key in said:
        if asked.objective in UNLIMITED and key not in TOLERANCES:
            wrong = f"{asked.objective} follows from the covariance alone and keeps to no limits"
            table.problem(key, wrong, "remove it, or choose another objective")
        elif key in CURVED and asked.objective not in MEAN_VARIANCE:
            wrong = f"{asked.objective} takes linear limits only"
            table.problem(key, wrong, f"remove it, or choose one of {', '.join(MEAN_VARIANCE)}")
    few = [key for key in FEW if key in said]
    if few and asked.objective == "robust-utility":
        wrong = "robust-utility goes with no limit on the number of names"
        table.problem(few[0], wrong, "remove it, or choose another objective")
    if "costs" in said and asked.objective not in (*UNLIMITED, "utility"):
        wrong = f"{asked.objective} has no unit in which costs count"
        table.problem("costs", wrong, 'write objective = "utility" and a risk_aversion')


def _check_pairs(table: Table, asked: Asked, said: list[str]) -> None:
    """Note keys of which one rules out the other."""
    few = [key for key in FEW if key in said]
    for key in (*few[:1], "tracking_error"):
        if key in said and asked.resampled:
            wrong = "a mean over drawn histories would not keep to it"
            table.problem(key, wrong, "remove it, or remove resampled")
    for key in (*CURVED, "resampled"):
        if key in table and "costs" in said and asked.objective == "utility":
            wrong = (
                f"costs = true does not go with {key}: beside costs only shares of sleeves, "
                "groups, scores, exclude and within_days are limited, by one history"
            )
            table.problem(key, wrong, f"remove costs, or remove {key}")
    tolerances = [key for key in TOLERANCES if key in said]
    for key in tolerances[1:]:
        table.problem(key, f"{tolerances[0]} says how much risk already", "keep one of them")
    for key in ("objective", "resampled", *few[:1]) if tolerances else ():
        if key in table:
            wrong = f"{tolerances[0]} leads to a point of the frontier, which does not go with it"
            table.problem(key, wrong, f"keep {key}, or keep {tolerances[0]}")


def check_names(table: Table, kept: KeptTo, tree: Range) -> None:
    """Note by sums that so few, or so large, sleeves cannot hold what there is to hold.

    Args:
        table: `[target.optimize]`.
        kept: What it says.
        tree: What every sleeve may weigh.
    """
    leaves = [leaf for leaf in tree.leaves() if not leaf.is_cash]
    whole = UNITS - sum(leaf.least for leaf in tree.leaves() if leaf.is_cash)
    needed = [leaf.name for leaf in leaves if leaf.least > 0]
    if kept.max_names is not None:
        reach = sum(sorted((leaf.most for leaf in leaves), reverse=True)[: kept.max_names])
        if len(needed) > kept.max_names:
            wrong = f"{', '.join(needed)} have to be held by percent or min_percent"
            table.problem("max_names", wrong, f"write max_names = {len(needed)} or more")
        elif reach < whole:
            wrong = f"so few sleeves may hold {reach / 100:g} percent together, of {whole / 100:g}"
            table.problem("max_names", wrong, "raise it, or raise max_percent of some sleeves")
    small = round(kept.smallest * UNITS)
    if small * max(kept.min_names or 1, 1) > whole:
        wrong = "so many positions of that size are more than there is to hold"
        table.problem("min_position", wrong, "lower it, or lower min_names")
    for leaf in leaves:
        if leaf.name in needed and leaf.most < small:
            wrong = f"{leaf.name} has to be held, and may be {leaf.most / 100:g} percent at most"
            table.problem("min_position", wrong, f"lower it, or let {leaf.name} be more")
