"""`[target.optimize]`: a target that is found from prices, within what its sleeves may weigh."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import nan
from typing import get_args

from trimtab.adapters.portfolio_tables.estimator import estimator_in
from trimtab.adapters.portfolio_tables.keeping import Beside, excluded_in, kept_in
from trimtab.adapters.portfolio_tables.rates import risk_free_in
from trimtab.adapters.portfolio_tables.sleeve_shares import budgets_in, without
from trimtab.adapters.portfolio_tables.targets import OPTIMIZE, VOLATILITY, check_location
from trimtab.adapters.portfolio_tables.views import expectation_in
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, dotted, near, shown
from trimtab.estimates.history import Missing
from trimtab.model.numbers import fraction_for_percent
from trimtab.model.sessions import PERIODS, Period
from trimtab.targets.estimators.missing import check_missing
from trimtab.targets.moving.glide import GlidePath, glide_problems, has_path
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import UNITS, Range, ranged_tree
from trimtab.targets.moving.volatility import Fading, VolatilityRule
from trimtab.targets.objectives.asked import BY_HISTORY, UNLIMITED, Asked
from trimtab.targets.objectives.estimated import EXPECTED, Covariance
from trimtab.targets.objectives.names import ONLY_FOR, Objective
from trimtab.targets.objectives.robust import UNCERTAINTIES, Uncertainty
from trimtab.targets.tree import RawSleeve

COVARIANCES: tuple[Covariance, ...] = get_args(Covariance)
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

HISTORY = re.compile(r"([1-9][0-9]{0,2})([ym])", re.ASCII)
MOST_MONTHS = 600
SESSIONS_A_MONTH = 21
LEAST_SESSIONS = 60
"""Fewer prices than this teach nothing: three months."""


def moving_target(
    target: Table, raws: list[RawSleeve], accounts: list[str], beside: Beside
) -> MovingTarget | None:
    """The moving target that `[target]` describes, with its problems noted where they are.

    Args:
        target: The table `[target]`.
        raws: Its sleeves, as they are written.
        accounts: Names of all accounts.
        beside: What else of the folder is needed.
    """
    before = len(target.problems)
    table = target.table(OPTIMIZE)
    estimator = estimator_in(table)
    asked = _asked(table)
    months = months_of(table)
    every: Period = table.choice("every", PERIODS, "monthly")
    covariance: Covariance = table.choice("covariance", COVARIANCES, "sample")
    expectation = expectation_in(table)
    missing = _missing(table, asked, covariance, expected=table.values.get("expected"))
    keeping = kept_in(table, asked, is_theirs=estimator is not None, every=every, beside=beside)
    budgets = budgets_in(table, asked.objective)
    usual = max(LEAST_SESSIONS, months * SESSIONS_A_MONTH // 2)
    least_sessions = table.whole("least_sessions", str(usual))
    if least_sessions is not None and least_sessions < LEAST_SESSIONS:
        wrong = f"{least_sessions} sessions teach nothing"
        table.problem("least_sessions", wrong, f"write {LEAST_SESSIONS} or more")
    least = _limit(table, "min_percent", "5", Decimal(0))
    most = _limit(table, "max_percent", "40", Decimal(100))
    if least > most:
        table.problem("min_percent", "it is above max_percent", "swap the two")
    if "hold" in table:
        table.value("hold")
        wrong = "what may be held stands in sleeves, each with a hold list of its own"
        remedy = f'write [{dotted(target.path)}.us] with hold = ["VTI"], and so on'
        table.problem("hold", wrong, remedy)
    table.finish()
    check_location(target, raws, accounts, ())
    if not raws:
        wrong = "there is no sleeve beside it to find a share for"
        remedy = f'add [{dotted(target.path)}.us] with hold = ["VTI"], and so on'
        table.problem("", wrong, remedy)
    within = dotted(target.path) + "."
    if any(problem.key.startswith(within) for problem in target.problems[before:]):
        # What is wrong already would be said again of the shares.
        return None
    if has_path(raws):
        wrong = "shares that follow a path by date are not found from prices"
        target.problem(OPTIMIZE, wrong, "keep one of the two")
        return None
    left = [without(raw, excluded_in(table)) for raw in raws]
    tree, problems = ranged_tree(left, least=least, most=most)
    for problem in problems:
        parts: KeyPath = tuple(problem.sleeve.split(".")) if problem.sleeve else ()
        target.problem(
            (*parts, problem.key) if problem.key else parts, problem.wrong, problem.remedy
        )
    if tree is None:
        return None
    if estimator is None and asked.objective in UNLIMITED:
        _check_unlimited(target, tree, asked.objective)
    expected, kept, shares = expectation(tree), keeping(tree), budgets(tree)
    if expected is None or kept is None or len(target.problems) > before:
        return None
    return MovingTarget(
        tree=tree,
        asked=replace(asked, budgets=shares),
        covariance=covariance,
        expected=expected,
        every=every,
        months=months,
        least_sessions=usual if least_sessions is None else least_sessions,
        estimator=estimator,
        kept=kept,
        missing=missing,
    )


def gliding_target(
    target: Table, raws: list[RawSleeve], accounts: list[str]
) -> MovingTarget | None:
    """The glide path that `[target]` describes, with its problems noted where they are."""
    path = path_of(target, raws, accounts)
    return None if path is None else MovingTarget(path.ranges, glide=path)


def steadied_target(
    target: Table, raws: list[RawSleeve], accounts: list[str]
) -> MovingTarget | None:
    """Written shares that `[target.volatility]` scales, with its problems noted where they are."""
    table = target.table(VOLATILITY)
    wanted = table.number("wanted", "10", above_zero=True, most=Decimal(1000))
    if "wanted" not in table:
        table.problem("wanted", "how much volatility?", "write wanted = 10: percent a year")
    safe = table.text("safe", '"bonds"')
    if "safe" not in table:
        wrong = "what takes what the risky sleeves leave?"
        table.problem("safe", wrong, 'write safe = "bonds", a sleeve of this target')
    months = months_of(table, 6)
    every: Period = table.choice("every", PERIODS, "monthly")
    covariance: Fading = table.choice("covariance", get_args(Fading), "sample")
    half_life = table.whole("half_life", "21")
    if half_life is not None and (covariance != "ewm" or half_life < 1):
        wrong = "it says of ewm after how many sessions a return counts half"
        table.problem("half_life", wrong, 'write covariance = "ewm", half_life = 21')
    most = table.percent("max_percent", "100")
    if most is not None and most <= 0:
        table.problem("max_percent", "then nothing is risky", "write max_percent = 80, or so")
    table.finish()
    path = path_of(target, raws, accounts)
    if path is None:
        return None
    if safe is None or wanted is None or not safe_sleeve(table, path, safe):
        return None
    rule = VolatilityRule(
        float(wanted / 100),
        safe,
        covariance,
        21 if half_life is None else half_life,
        1.0 if most is None else float(most / 100),
    )
    return MovingTarget(
        path.ranges,
        every=every,
        months=months,
        least_sessions=max(LEAST_SESSIONS, months * SESSIONS_A_MONTH // 2),
        glide=path,
        volatility=rule,
    )


def safe_sleeve(table: Table, path: GlidePath, safe: str) -> bool:
    """Whether a sleeve is there, with risky ones beside it; else a problem is noted."""
    names = [node.name for node in path.ranges.walk() if node.name]
    if safe not in names:
        table.problem("safe", f"there is no sleeve {shown(safe)}", near(safe, names))
        return False
    within = {
        leaf.name for node in path.ranges.walk() if node.name == safe for leaf in node.leaves()
    }
    if all(leaf.name in within or leaf.is_cash for leaf in path.ranges.leaves()):
        wrong = "beside it no sleeve is risky, so there is nothing to scale"
        table.problem("safe", wrong, "name the sleeve that takes the rest")
        return False
    return True


def path_of(target: Table, raws: list[RawSleeve], accounts: list[str]) -> GlidePath | None:
    """The written shares of each day, or None with the problems noted where they are."""
    check_location(target, raws, accounts, ())
    within = dotted(target.path) + "."
    if any(problem.key.startswith(within) for problem in target.problems):
        return None
    path = GlidePath(tuple(raws))
    problems = glide_problems(path)
    for problem in problems:
        parts: KeyPath = tuple(problem.sleeve.split(".")) if problem.sleeve else ()
        key = (*parts, problem.key) if problem.key else parts
        target.problem(key, problem.wrong, problem.remedy)
    return None if problems else path


def _asked(table: Table) -> Asked:
    """What is best, with the figures that its objective takes."""
    objective: Objective = table.choice("objective", OBJECTIVES, "min-volatility")
    aversion = table.number("risk_aversion", "4", above_zero=True)
    risk_free = risk_free_in(table, 0.02)
    wanted = table.number("wanted", "7", above_zero=True, most=Decimal(1000))
    confidence = table.percent("confidence", "95")
    kappa = table.number("kappa", "1", most=Decimal(100))
    uncertainty: Uncertainty = table.choice("uncertainty", UNCERTAINTIES, "covariance")
    resampled = table.whole("resampled", "100", most=10_000)
    seed = table.whole("seed", "7")
    if seed is not None and not resampled:
        table.problem("seed", "nothing is drawn by it", "remove it, or write resampled = 100")
    if resampled and objective in BY_HISTORY:
        wrong = f"{objective} has history itself, no estimates to draw from"
        table.problem("resampled", wrong, "remove it, or choose another objective")
    for key, objectives in ONLY_FOR.items():
        if key in table and objective not in objectives:
            wrong = f"it has no effect with {objective}, only with {' and '.join(objectives)}"
            table.problem(key, wrong, "remove it, or choose another objective")
    if objective in ONLY_FOR["wanted"] and "wanted" not in table:
        what = "return" if objective == "target-return" else "volatility"
        table.problem(
            "objective", f"{objective} of how much?", f"add wanted = 7: percent a year, the {what}"
        )
    if confidence is not None and not 1 <= confidence < 100:
        meant = fraction_for_percent(confidence) or "95"
        wrong = f"{confidence} percent is no part of sessions that has losses beyond it"
        table.problem("confidence", wrong, f"write confidence = {meant}")
    return Asked(
        objective,
        1.0 if aversion is None else float(aversion),
        risk_free,
        nan if wanted is None else float(wanted / 100),
        0.95 if confidence is None else float(confidence / 100),
        1.0 if kappa is None else float(kappa),
        uncertainty,
        resampled or 0,
        seed or 0,
    )


def _missing(table: Table, asked: Asked, covariance: Covariance, *, expected: object) -> Missing:
    """What is learned from where instruments begin on different days."""
    missing: Missing = table.choice("missing_history", get_args(Missing), "common")
    if missing == "pairwise" and "estimator" in table:
        wrong = "an estimator needs one history that all instruments share"
        table.problem("missing_history", wrong, 'write "common" or "leave-out"')
    try:
        check_missing(
            missing,
            objective=asked.objective,
            covariance=covariance,
            expected=expected if expected in EXPECTED else None,
            resampled=asked.resampled,
        )
    except ValueError as error:
        table.problem("missing_history", f"{error}", 'write missing_history = "common"')
    return missing


def months_of(table: Table, usual: int = 36) -> int:
    """How many months of the past are used."""
    text = table.text("history", '"3y"')
    if text is None:
        return usual
    match = HISTORY.fullmatch(text)
    months = 0 if match is None else int(match[1]) * (12 if match[2] == "y" else 1)
    if not 3 <= months <= MOST_MONTHS:
        wrong = f"{shown(text)} is no span from 3 months to {MOST_MONTHS // 12} years"
        table.problem("history", wrong, 'write history = "3y" or "18m"')
        return 36
    return months


def _limit(table: Table, key: str, example: str, default: Decimal) -> Decimal:
    """A limit of all shares, to two decimals."""
    percent = table.percent(key, example)
    if percent is None:
        return default
    if percent * 100 != int(percent * 100):
        wrong = f"{percent} has more than two decimals"
        table.problem(key, wrong, f"shares are found to two decimals: write {key} = {example}")
        return default
    return percent


def _check_unlimited(target: Table, tree: Range, objective: str) -> None:
    """Shares that follow from the covariance alone cannot keep to limits."""
    for node in _limited(tree):
        parts: KeyPath = tuple(node.name.split("."))
        wrong = f"{objective} follows from the covariance alone and keeps to no limits"
        remedy = "remove percent, min_percent and max_percent of it, or choose another objective"
        target.problem(parts, wrong, remedy)


def _limited(tree: Range) -> Sequence[Range]:
    """Sleeves with limits whose share, or whose parts' shares, are found."""
    return [
        node
        for node in tree.walk()
        if node.name
        and any(not leaf.is_fixed for leaf in node.leaves())
        and (node.is_limited if node.children else node.least > 0 or node.most < UNITS)
    ]
