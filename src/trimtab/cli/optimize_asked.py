"""What `trimtab optimize` is asked to find: the options of an objective, or of an estimator."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from trimtab.cli.studied import amount
from trimtab.cli.units import confidence, confidence_read, limits_read, percent, understood
from trimtab.targets.objectives.names import OBJECTIVES, ONLY_FOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any

    from trimtab.estimates.history import Missing
    from trimtab.targets.estimators.given import Spread
    from trimtab.targets.objectives.asked import Asked, Optimised
    from trimtab.targets.objectives.constraints import Constraints
    from trimtab.targets.objectives.foreseen import Expectation

FIGURES = (
    "objective", "risk_aversion", "risk_free", "wanted", "confidence", "kappa", "uncertainty",
    "resampled", "seed",
)  # fmt: skip
"""Options that are taken as they are; `budgets` is one more."""


@dataclass(frozen=True)
class Answer:
    """The best weights, and how what was asked for was understood.

    Args:
        found: The weights, with figures of the whole.
        names: Whose they are; money, where it is counted, is `CASH`.
        first, last: Days of the history.
        sessions: In it.
        risk_free: A year's.
        by: The objective, or the estimator.
        read: How numbers were read, and what came from where.
        held: Weights now, by the same names; empty where they are not known.
    """

    found: Optimised
    names: tuple[str, ...]
    first: date
    last: date
    sessions: int
    risk_free: float
    by: str
    read: str
    held: Mapping[str, float]

    @property
    def turnover(self) -> float | None:
        """How much moves from what is held now, one way; None where that is not known."""
        found = dict(zip(self.names, self.found.weights.tolist(), strict=True))
        every = {**self.held, **found}
        moved = sum(abs(found.get(name, 0.0) - self.held.get(name, 0.0)) for name in every)
        return 0.5 * moved if self.held and moved == moved else None


def add_objective(parser: argparse.ArgumentParser) -> None:
    """Describe the options of what is best."""
    parser.add_argument(
        "--objective", choices=OBJECTIVES, help="what is best (default: min-volatility)"
    )
    parser.add_argument(
        "--estimator",
        metavar="skfolio:NAME",
        help="instead of an objective: an optimisation of skfolio's, as skfolio:MeanRisk (an "
        "extra: pip install 'trimtab[skfolio]')",
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        help="with --estimator: a parameter of it, as max_weights=0.3 or risk_measure=cvar "
        "(repeatable)",
    )
    parser.add_argument(
        "--risk-aversion",
        metavar="N",
        type=float,
        help="for utility and robust-utility: return less half of N times the variance "
        "(default: 1)",
    )
    parser.add_argument(
        "--kappa",
        metavar="N",
        type=_kappa,
        help="for robust-utility: how many standard errors expected returns may be off "
        "(default: 1)",
    )
    parser.add_argument(
        "--uncertainty",
        choices=("covariance", "diagonal", "box"),
        help="for robust-utility: errors go together as returns do, come alone, or are all at "
        "their worst at once (default: covariance)",
    )


def add_figures(parser: argparse.ArgumentParser) -> None:
    """Describe the options of single objectives."""
    parser.add_argument(
        "--budgets",
        metavar="S=P,...",
        help="for risk-parity: percent of the risk that each instrument adds, as SPY=60,AGG=40 "
        "(default: the same of each)",
    )
    parser.add_argument(
        "--wanted",
        metavar="PERCENT",
        type=percent,
        help="a year's return or volatility, for target-return and target-volatility",
    )
    parser.add_argument(
        "--confidence",
        metavar="PERCENT",
        type=confidence,
        help="for min-cvar and min-cdar: all but the worst so many percent (default: 95)",
    )


def asked_by(args: argparse.Namespace, usual: Asked) -> Asked:
    """What the options ask for, in place of what is asked for without them.

    Args:
        args: The options.
        usual: What counts where no option says otherwise.

    Raises:
        RefusedError: An option has no effect with that objective, or beside an estimator.
    """
    from dataclasses import replace

    from trimtab.model.errors import RefusedError

    said = {key: getattr(args, key) for key in FIGURES if getattr(args, key) is not None}
    asked = replace(usual, **said)
    _refuse_without_effect(args, asked.objective)
    if not asked.risk_aversion > 0.0:
        raise RefusedError(f"--risk-aversion {asked.risk_aversion:g}: above 0")
    if asked.objective in ONLY_FOR["wanted"] and asked.wanted != asked.wanted:
        raise RefusedError(f"{asked.objective}: of how much? say which, as --wanted 7")
    if args.budgets is not None and asked.objective != "risk-parity":
        raise RefusedError(f"--budgets: {asked.objective} takes none; risk-parity does")
    return asked


def with_budgets(args: argparse.Namespace, asked: Asked, known: Sequence[str]) -> Asked:
    """The same with the shares of the risk that an option asks for.

    Raises:
        InputError: They do not add up, or name what has no prices.
    """
    from dataclasses import replace

    from trimtab.cli.optimize_limits import shares_by

    budgets = shares_by(args.budgets, "--budgets", known)
    return replace(asked, budgets=tuple(budgets.items())) if budgets else asked


def _refuse_without_effect(args: argparse.Namespace, objective: str) -> None:
    """Refuse what has an effect with other objectives only."""
    from trimtab.model.errors import RefusedError

    if args.set and not args.estimator:
        raise RefusedError("--set is a parameter of --estimator: name one, as skfolio:MeanRisk")
    if args.estimator:
        _refuse_beside_estimator(args)
        return
    for key, objectives in ONLY_FOR.items():
        if getattr(args, key) is not None and objective not in objectives:
            raise RefusedError(
                f"--{key.replace('_', '-')} has no effect with {objective}, only with "
                f"{' and '.join(objectives)}: leave it out, or choose another --objective"
            )


def _refuse_beside_estimator(args: argparse.Namespace) -> None:
    """Refuse what somebody else's estimator never sees."""
    from trimtab.model.errors import RefusedError

    given = [key for key in (*ONLY_FOR, "budgets", "resampled") if getattr(args, key)]
    given += [key for key in ("min_names", "max_names", "min_position") if getattr(args, key)]
    if given:
        told = ", ".join(f"--{key.replace('_', '-')}" for key in given)
        raise RefusedError(
            f"{told}: no effect on an estimator, which has parameters of its own: give them by "
            "--set, as --set risk_aversion=3"
        )


def refuse_limits_of_estimator(args: argparse.Namespace, *, limited: bool) -> None:
    """Refuse an objective and limits beside somebody else's estimator, which has its own."""
    from trimtab.model.errors import RefusedError

    if args.objective is not None or limited:
        raise RefusedError(
            "an estimator has its own objective and limits: give them by --set, as "
            "--set max_weights=0.3"
        )


def learned_by(
    args: argparse.Namespace,
    asked: Asked,
    rules: Constraints,
    names: Sequence[str],
    returns: Any,
    *,
    covariance: Spread,
    expected: Expectation,
    year: float,
) -> Optimised:
    """The best weights of what is asked for over a history.

    Args:
        args: The options: an estimator, and what is done where histories differ in length.
        asked: The objective.
        rules: Limits of the weights.
        names: Of the instruments, n of them.
        returns: Simple returns, shape (sessions, n), oldest first.
        covariance, expected: How they are estimated, or given.
        year: Sessions that make a year.

    Raises:
        RefusedError: Options do not go together.
        ValueError: Something asked for makes no sense.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.targets.estimators.optimiser import Optimiser
    from trimtab.targets.objectives.constraints import Constraints
    from trimtab.targets.objectives.risk_parity import with_risk_shares

    missing: Missing = args.missing_history or "common"
    optimiser = Optimiser(
        asked.objective,
        risk_aversion=asked.risk_aversion,
        risk_free=asked.risk_free,
        wanted=asked.wanted,
        confidence=asked.confidence,
        kappa=asked.kappa,
        uncertainty=asked.uncertainty,
        resampled=asked.resampled,
        seed=asked.seed,
        budgets=dict(asked.budgets) or None,
        constraints=None if rules == Constraints() else rules,
        covariance=covariance,
        expected=expected,
        sessions_a_year=year,
        missing=missing,
    )
    learned = optimiser.learned(returns, names)
    if not args.estimator:
        found = optimiser.optimised(returns, names)
        return with_risk_shares(found, learned.covariance, learned.kept)
    from trimtab.adapters.estimators import estimator_by, settings_of
    from trimtab.targets.estimators.fitted import fitted

    refuse_limits_of_estimator(args, limited=optimiser.constraints is not None)
    estimator = estimator_by(args.estimator, settings_of(args.set or ()))
    if missing == "pairwise":
        raise RefusedError(
            "--missing-history pairwise: an estimator needs one history; take common or leave-out"
        )
    found = fitted(estimator, args.estimator, learned, places=len(names), risk_free=asked.risk_free)
    return with_risk_shares(found, learned.covariance, learned.kept)


def options_read(args: argparse.Namespace, asked: Asked) -> str:
    """How the figures and limits among the options were read, as a sentence."""
    limits = [*confidence_read(asked.confidence, asked.objective), *limits_read(args)]
    return understood(asked.risk_free, args.bounds, args.wanted, limits=limits)


def _kappa(text: str) -> float:
    return amount(text, "a number of standard errors", 0, 100)
