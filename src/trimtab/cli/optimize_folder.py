"""`trimtab optimize` of a portfolio folder: by its `[target.optimize]`, with options in its place.

Without options it finds what `plan` aims at that day, by the same function. Money that the target
keeps stays money, as in `frontier`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from fractions import Fraction

from trimtab.cli.frontier_folder import as_it_stands, by_table, limits_are_given
from trimtab.cli.optimize_asked import (
    Answer,
    asked_by,
    learned_by,
    options_read,
    refuse_limits_of_estimator,
    with_budgets,
)
from trimtab.cli.optimize_limits import constraints_of, weights_now
from trimtab.cli.optimize_spread import is_given, spread_by
from trimtab.cli.optimize_views import expectation_of, is_expected
from trimtab.model.instruments import CASH
from trimtab.targets.objectives.names import ONLY_FOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trimtab.cli.frontier_folder import ByTable, OfFolder
    from trimtab.live.book import OpenBook
    from trimtab.model.plan import Plan
    from trimtab.targets.moving.moving import MovingTarget
    from trimtab.targets.objectives.asked import Optimised
    from trimtab.targets.objectives.constraints import Constraints


def of_folder(args: argparse.Namespace) -> Answer:
    """The best weights of a portfolio's instruments, money counted.

    Raises:
        RefusedError: Options do not go together, or nothing can be found.
        InputError: A file cannot be used.
        ValueError: Something asked for makes no sense.
    """
    of, book, plan, known = as_it_stands(args)
    moving = book.portfolio.moving
    if moving is None or not moving.is_optimised:
        return _by_options(args, of)
    return _by_table(args, of, book, plan, by_table(args, book, moving, plan, known, of.symbols))


def _by_options(args: argparse.Namespace, of: OfFolder) -> Answer:
    """The same where the folder says nothing of how weights are found."""
    from trimtab.cli.optimize_history import learned_from, own_returns
    from trimtab.estimates.years import sessions_a_year
    from trimtab.targets.objectives.asked import Asked, of_part, of_whole

    panel = learned_from(args, of.prices)
    prices = panel.history
    held = of.weights(of.held, prices.symbols)
    rules = constraints_of(args, prices, held=_invested(held))
    asked = with_budgets(args, asked_by(args, Asked()), prices.symbols)
    returns, year = own_returns(prices), sessions_a_year(prices.dates)
    best = learned_by(
        args, of_part(asked, 1.0 - of.cash), rules, prices.symbols, returns,
        covariance=spread_by(args, prices.symbols, returns, prices.dates[1:], year=year),
        expected=expectation_of(args, prices.symbols), year=year,
    )  # fmt: skip
    found = (*of.prices.findings, *panel.findings, *of.findings, *best.findings)
    days = prices.dates
    whole = replace(of_whole(asked, best, of.cash), findings=found)
    return Answer(
        _with_money(whole) if of.counts_cash else whole,
        (*prices.symbols, CASH) if of.counts_cash else prices.symbols,
        days[0].item(),
        days[-1].item(),
        len(days),
        asked.risk_free,
        args.estimator or asked.objective,
        options_read(args, asked) + _beside(args, of.cash, held),
        held,
    )


def _by_table(
    args: argparse.Namespace, of: OfFolder, book: OpenBook, plan: Plan, by: ByTable
) -> Answer:
    """The same by the table, with the options in the place of its keys."""
    from trimtab.model.errors import RefusedError

    by = replace(by, rule=_rule(args, by))
    given = weights_now(args, by.names)
    held = given or of.weights(of.held, by.names)
    rules = constraints_of(args, of.prices, held=_invested(held))
    if args.time_limit is not None and not limits_are_given(args):
        raise RefusedError(
            "--time-limit: [target.optimize] is found alike every time, by no clock (most_choices "
            "there ends a choice of names); leave it out, or give the limits by options"
        )
    if limits_are_given(args):
        best = _within(args, rules, by)
    else:
        best = _found(by, book, plan, given)
    counts_cash = by.cash > 0.0 or of.counts_cash
    said = dict.fromkeys((*of.prices.findings, *of.findings, *best.findings))
    days, rule = by.known.window.days, by.rule
    return Answer(
        replace(_with_money(best) if counts_cash else best, findings=tuple(said)),
        (*by.names, CASH) if counts_cash else by.names,
        days[0],
        days[-1],
        len(days),
        rule.asked.risk_free,
        rule.estimator.name if rule.estimator else rule.asked.objective,
        _read(args, by, held),
        held,
    )


def _rule(args: argparse.Namespace, by: ByTable) -> MovingTarget:
    """The table's rule, an objective or an estimator of the options in the place of its own."""
    from trimtab.adapters.estimators import NamedEstimator, settings_of
    from trimtab.model.errors import RefusedError

    rule = by.rule
    asked = asked_by(args, rule.asked)
    if args.budgets is not None:
        leaf_of = dict(zip(by.names, by.known.window.leaves, strict=True))
        budgets = dict(with_budgets(args, asked, by.names).budgets)
        lacking = [n for n, leaf in leaf_of.items() if n not in budgets and not leaf.is_fixed]
        if lacking:
            raise RefusedError(f"--budgets: there is none for {', '.join(lacking)}: add it")
        asked = replace(
            asked, budgets=tuple((leaf_of[name].name, share) for name, share in budgets.items())
        )
    elif asked.objective != "risk-parity":
        asked = replace(asked, budgets=())
    kept, estimator = rule.kept, rule.estimator
    if args.objective is not None or args.estimator:
        leaving = kept.leaving if asked.objective == "utility" and not args.estimator else None
        kept, estimator = replace(kept, tolerance=None, leaving=leaving), None
    if args.estimator:
        estimator = NamedEstimator(args.estimator, settings_of(args.set or ()))
    if estimator is not None:
        refuse_limits_of_estimator(args, limited=limits_are_given(args))
    return replace(rule, asked=asked, kept=kept, estimator=estimator)


def _found(by: ByTable, book: OpenBook, plan: Plan, given: Mapping[str, float]) -> Optimised:
    """The weights as `plan` finds them, within all that the table limits.

    Args:
        by: The rule, and what its history teaches.
        book, plan: What is held, and the day.
        given: Weights that are said to be held instead; empty: none.

    Raises:
        RefusedError: Nothing can be found, or a limit does not go with the objective.
    """
    import numpy as np

    from trimtab.engine.mandate import HOUSEHOLD
    from trimtab.model.errors import RefusedError
    from trimtab.targets.moving.held import NOTHING_HELD, Held
    from trimtab.targets.moving.learned import found_from
    from trimtab.targets.objectives.risk_parity import with_risk_shares

    rule = by.rule
    _need_going_together(rule)
    known = book.stood(plan.as_of) if rule.of_one_book else {}
    worth, held = known.get(HOUSEHOLD, (Fraction(0), NOTHING_HELD))
    if rule.needs_held and given:
        leaves = zip(by.known.window.leaves, by.names, strict=True)
        shares = {leaf.name: Fraction(given.get(name, 0.0)) for leaf, name in leaves}
        held = Held(shares, prices=held.prices)
    found = found_from(rule, by.known, held=held, worth=worth)
    if found.best is None:
        raise RefusedError(f"no target can be found: {found.failure}")
    best, every = found.best, np.arange(len(found.best.weights))
    covariance = by.known.made.seen.covariance
    return with_risk_shares(replace(best, findings=found.findings), covariance, every)


def _within(args: argparse.Namespace, rules: Constraints, by: ByTable) -> Optimised:
    """The best weights by the table's estimates within the limits of the options instead."""
    from trimtab.targets.objectives.asked import of_part, of_whole

    asked, made = by.rule.asked, by.known.made
    best = learned_by(
        args, of_part(asked, 1.0 - by.cash), rules, by.names, made.returns,
        covariance=made.seen.covariance,
        expected=dict(zip(by.names, made.seen.expected.tolist(), strict=True)),
        year=by.known.year,
    )  # fmt: skip
    return replace(
        of_whole(asked, best, by.cash),
        foreseen=None if isinstance(by.rule.expected, str) else made.seen,
        findings=(*made.findings, *best.findings),
    )


def _need_going_together(rule: MovingTarget) -> None:
    """Be sure that an objective of the options takes the limits of the table.

    Raises:
        RefusedError: It does not; it says which.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.targets.moving.kept_to import KeptTo
    from trimtab.targets.moving.ranged import UNITS
    from trimtab.targets.objectives.asked import MEAN_VARIANCE, UNLIMITED

    kept, objective = rule.kept, rule.asked.objective
    if rule.estimator is not None:
        return
    few = kept.max_names or kept.min_names or kept.smallest
    curved = [
        key
        for key, is_there in (
            ("turnover", kept.turnover is not None),
            ("tracking_error", kept.tracking_error is not None),
            ("a number of names", bool(few)),
        )
        if is_there
    ]
    wrong = ""
    if objective in UNLIMITED:
        limited = [
            node.name
            for node in rule.tree.walk()
            if node.name and not node.is_fixed and not (node.least == 0 and node.most == UNITS)
        ]
        if limited or kept != KeptTo():
            wrong = ", ".join(limited) or "it"
    elif objective not in MEAN_VARIANCE and curved:
        wrong = ", ".join(curved)
    elif objective == "robust-utility" and few:
        wrong = "a number of names"
    if wrong:
        raise RefusedError(
            f"{objective} does not go with the limits of [target.optimize] ({wrong}): choose "
            "another --objective, or give limits by options, which take the place of them all"
        )


def _read(args: argparse.Namespace, by: ByTable, held: Mapping[str, float]) -> str:
    """What came from the table, and what from options, in two sentences."""
    from trimtab.cli.units import limits_read

    rule, limits = by.rule, limits_are_given(args)
    expected = rule.expected if isinstance(rule.expected, str) else "returns of its own"
    asked = rule.asked
    said = [
        ("objective", f"{rule.words}", args.objective or args.estimator),
        ("risk_aversion", f"{asked.risk_aversion:g}", args.risk_aversion is not None),
        ("wanted", f"{asked.wanted * 100:g}%", args.wanted is not None),
        ("confidence", f"{asked.confidence * 100:g}%", args.confidence is not None),
        ("covariance", _covariance(args, rule), args.covariance or is_given(args)),
        ("expected", expected, is_expected(args)),
        ("risk-free", f"{asked.risk_free * 100:g}% a year", args.risk_free is not None),
    ]
    said = [one for one in said if asked.objective in ONLY_FOR.get(one[0], (asked.objective,))]
    table = [f"{key.replace('_', ' ')} {value}" for key, value, given in said if not given]
    options = [f"{key.replace('_', ' ')} {value}" for key, value, given in said if given]
    if limits:
        options += ["limits of weights", *limits_read(args)]
    else:
        table += ["limits of weights", *_kept_read(rule)]
    told = f"From [target.optimize], as of {by.known.on}: {', '.join(table)}."
    told += f" From options: {', '.join(options) or 'nothing'}."
    return told + _beside(args, by.cash, held)


def _kept_read(rule: MovingTarget) -> list[str]:
    """The limits of the table besides those of weights, as `limits_read` tells options."""
    from trimtab.cli.units import limits_read

    kept = rule.kept
    return limits_read(
        argparse.Namespace(
            turnover=kept.turnover,
            tracking_error=kept.tracking_error,
            min_position=kept.smallest,
            max_names=kept.max_names,
            min_names=kept.min_names,
        )
    )


def _covariance(args: argparse.Namespace, rule: MovingTarget) -> str:
    """Where the covariance comes from."""
    if args.factors is not None:
        return f"by the factors of {args.factors}"
    return rule.covariance if args.covariance_file is None else f"of {args.covariance_file}"


def _beside(args: argparse.Namespace, cash: float, held: Mapping[str, float]) -> str:
    """That limits by options do not speak of money that is kept, or held now."""
    told = ""
    if cash and limits_are_given(args):
        told = f" Limits are shares of what is invested, beside {cash * 100:.4g}% of cash."
    if args.turnover is not None and (cash or held.get(CASH, 0.0) > 0.0):
        told += " --turnover counts what is invested; what has to move counts cash as well."
    return told


def _with_money(best: Optimised) -> Optimised:
    """The same with the weight of money behind those of what is invested."""
    import numpy as np

    risk = None if best.risk_shares is None else np.append(best.risk_shares, 0.0)
    weights = np.append(best.weights, 1.0 - best.weights.sum())
    return replace(best, weights=weights, risk_shares=risk)


def _invested(held: Mapping[str, float]) -> dict[str, float]:
    """Weights of what is invested, which limits by options speak of."""
    invested = {name: weight for name, weight in held.items() if name != CASH}
    whole = sum(invested.values())
    return {name: weight / whole for name, weight in invested.items()} if whole > 0.0 else {}
