"""`trimtab optimize`: the best weights for a history of prices, by an objective and limits."""

from __future__ import annotations

import argparse

from trimtab.cli.optimize_history import add_history, learned_from, own_returns
from trimtab.cli.optimize_limits import add_estimates, add_limits, add_names, constraints_of
from trimtab.cli.optimize_prices import add_prices, prices_given
from trimtab.cli.optimize_views import add_views, expectation_of
from trimtab.cli.options import add_json, command
from trimtab.cli.studied import amount, rate
from trimtab.cli.units import RISK_FREE, understood
from trimtab.targets.objectives.names import OBJECTIVES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trimtab.cli.options import Commands
    from trimtab.model.findings import Finding
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.estimators.optimiser import Optimiser
    from trimtab.targets.objectives.asked import Optimised

EPILOG = """\
examples:
  trimtab optimize                                    this portfolio's instruments
  trimtab optimize --prices etf.csv --objective min-volatility
  trimtab optimize --prices etf.csv --objective max-sharpe --risk-free 0.02 --bounds 0,0.3
  trimtab optimize --prices etf.csv --objective utility --risk-aversion 4 --expected mean
  trimtab optimize --prices etf.csv --objective robust-utility --risk-aversion 4 --kappa 0.5
  trimtab optimize --prices etf.csv --objective target-volatility --wanted 10
  trimtab optimize --prices etf.csv --groups groups.csv --weights SPY=60,AGG=40 --turnover 20
  trimtab optimize --prices etf.csv --scores esg.csv --min-score esg=50 --exclude XLE
  trimtab optimize --prices etf.csv --objective max-sharpe --market SPY=60,AGG=40 --views views.csv
  trimtab optimize --prices stocks.csv --objective min-volatility --max-names 10 --min-position 2
  trimtab optimize --prices etf.csv --estimator skfolio:MaximumDiversification
  trimtab optimize --prices etf.csv --estimator skfolio:MeanRisk --set risk_measure=cvar
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "optimize",
        "the best weights for a history, by an objective and limits",
        description="Find target weights from past prices. What was best is not what will be: run "
        "it as a policy's target in a backtest before you trust it. Nothing is changed.",
        epilog=EPILOG,
    )
    add_prices(parser)
    parser.add_argument(
        "--objective", choices=OBJECTIVES, default="min-volatility", help="what is best"
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
    add_estimates(parser)
    add_history(parser)
    parser.add_argument(
        "--budgets",
        metavar="S=P,...",
        help="for risk-parity: percent of the risk that each instrument adds, as SPY=60,AGG=40 "
        "(default: the same of each)",
    )
    parser.add_argument(
        "--wanted",
        metavar="PERCENT",
        type=rate,
        help="a year's return or volatility, for target-return and target-volatility",
    )
    parser.add_argument(
        "--confidence",
        metavar="PERCENT",
        type=rate,
        help="for min-cvar and min-cdar: all but the worst so many percent (default: 95)",
    )
    add_views(parser)
    add_limits(parser)
    add_names(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Find the weights and show them."""
    from dataclasses import replace

    from trimtab.cli.screen import emit, progress, say, screen
    from trimtab.cli.studied import shares_of
    from trimtab.estimates.years import sessions_a_year
    from trimtab.model.errors import RefusedError
    from trimtab.targets.estimators.optimiser import Optimiser
    from trimtab.targets.objectives.constraints import Constraints

    _refuse_without_effect(args)
    if args.set and not args.estimator:
        raise RefusedError("--set is a parameter of --estimator: name one, as skfolio:MeanRisk")
    free = RISK_FREE if args.risk_free is None else args.risk_free
    progress("reading prices")
    try:
        known, held, own = _known(args)
        panel = learned_from(args, known)
        prices = panel.history
        rules = constraints_of(args, prices, held=held)
        optimiser = Optimiser(
            args.objective,
            risk_aversion=1.0 if args.risk_aversion is None else args.risk_aversion,
            risk_free=free,
            wanted=float("nan") if args.wanted is None else args.wanted,
            confidence=0.95 if args.confidence is None else args.confidence,
            kappa=1.0 if args.kappa is None else args.kappa,
            uncertainty=args.uncertainty or "covariance",
            resampled=args.resampled,
            seed=args.seed,
            budgets=None if args.budgets is None else shares_of(args.budgets, "--budgets"),
            constraints=None if rules == Constraints() else rules,
            covariance=args.covariance or "sample",
            expected=expectation_of(args, prices.symbols),
            sessions_a_year=sessions_a_year(prices.dates),
            missing=args.missing_history,
        )
        try:
            if args.estimator:
                found = _fitted(args, optimiser, prices)
            else:
                found = optimiser.optimised(own_returns(prices), prices.symbols)
            told = (*known.findings, *panel.findings, *own, *found.findings)
            found = replace(found, findings=told)
        except ValueError as error:
            raise RefusedError(f"{error}") from None
    finally:
        progress("")
    if args.json:
        figures = _told(found, prices, free)
        emit({**figures, "turnover": _turnover(found, prices, rules.held or held)})
    else:
        from trimtab.reports.optimised_text import optimised_text

        on = screen()
        moved = _turnover(found, prices, rules.held or held)
        text = optimised_text(
            args.estimator or args.objective,
            found,
            prices,
            understood=understood(free, args.bounds, args.wanted),
            turnover=moved,
            width=on.width,
            look=on.look,
        )
        say(text)
    return 1 if any(finding.severity == "error" for finding in found.findings) else 0


def _known(
    args: argparse.Namespace,
) -> tuple[PriceHistory, dict[str, float], tuple[Finding, ...]]:
    """Prices, in a folder also what is held of them, and what is to be said of that."""
    from trimtab.cli.frontier_folder import as_it_stands
    from trimtab.model.findings import Finding

    given = prices_given(args)
    if given is not None:
        return given, {}, ()
    of, book, *_ = as_it_stands(args)
    symbols = of.prices.symbols
    held = of.weights(of.held, symbols)
    invested = {name: held[name] for name in symbols}
    whole = sum(invested.values())
    findings = of.findings
    if book.portfolio.moving is not None and book.portfolio.moving.is_optimised:
        message = (
            "these weights are by the options of this command, for what is invested; what plan "
            "aims at is found by [target.optimize]: `trimtab status --explain` shows it"
        )
        findings = (*findings, Finding("not-the-target", "target.optimize", message, "info"))
    return of.prices, {name: weight / whole for name, weight in invested.items()}, findings


def _refuse_without_effect(args: argparse.Namespace) -> None:
    """Refuse what has an effect with other objectives only."""
    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.names import ONLY_FOR

    if args.estimator:
        _refuse_beside_estimator(args)
        return
    for key, objectives in ONLY_FOR.items():
        if getattr(args, key) is not None and args.objective not in objectives:
            raise RefusedError(
                f"--{key.replace('_', '-')} has no effect with {args.objective}, only with "
                f"{' and '.join(objectives)}: leave it out, or choose another --objective"
            )


def _refuse_beside_estimator(args: argparse.Namespace) -> None:
    """Refuse what somebody else's estimator never sees."""
    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.names import ONLY_FOR

    given = [key for key in (*ONLY_FOR, "budgets", "resampled") if getattr(args, key)]
    given += [key for key in ("min_names", "max_names", "min_position") if getattr(args, key)]
    if given:
        told = ", ".join(f"--{key.replace('_', '-')}" for key in given)
        raise RefusedError(
            f"{told}: no effect on an estimator, which has parameters of its own: give them by "
            "--set, as --set risk_aversion=3"
        )


def _fitted(args: argparse.Namespace, ours: Optimiser, prices: PriceHistory) -> Optimised:
    """What an estimator of other people finds, in place of our objective."""
    from trimtab.adapters.estimators import estimator_by, settings_of
    from trimtab.model.errors import RefusedError
    from trimtab.targets.estimators.fitted import fitted

    if args.objective != "min-volatility" or ours.constraints is not None:
        raise RefusedError(
            "an estimator has its own objective and limits: give them by --set, as "
            "--set max_weights=0.3"
        )
    estimator = estimator_by(args.estimator, settings_of(args.set or ()))
    if ours.missing == "pairwise":
        raise RefusedError(
            "--missing-history pairwise: an estimator needs one history; take common or leave-out"
        )
    learned = ours.learned(own_returns(prices), prices.symbols)
    return fitted(
        estimator, args.estimator, learned, places=len(prices.symbols), risk_free=ours.risk_free
    )


def _kappa(text: str) -> float:
    return amount(text, "a number of standard errors", 0, 100)


def _turnover(found: Optimised, prices: PriceHistory, held: Mapping[str, float]) -> float | None:
    """How much moves from what is held now; None where that is not known."""
    moved = sum(
        abs(weight - held.get(symbol, 0.0))
        for symbol, weight in zip(prices.symbols, found.weights.tolist(), strict=True)
    )
    return 0.5 * moved if held and moved == moved else None


def _told(found: Optimised, prices: PriceHistory, risk_free: float) -> dict[str, Any]:
    """The result for a program."""
    from math import isfinite

    from trimtab.reports.plan_json import findings_json
    from trimtab.targets.objectives.foreseen import foreseen_dict

    def number(value: float) -> float | None:
        return float(value) if isfinite(value) else None

    return {
        "weights": {
            symbol: number(weight)
            for symbol, weight in zip(prices.symbols, found.weights, strict=True)
        },
        "expected_return": number(found.expected_return),
        "volatility": number(found.volatility),
        "sharpe": number(found.sharpe),
        "objective_value": number(found.objective_value),
        "status": found.status,
        "solver": found.solver,
        "optimality_gap": number(found.optimality_gap),
        "attempts": [
            {"solver": one.solver, "status": one.status, "optimality_gap": number(one.gap)}
            for one in found.attempts
        ],
        "risk_free": risk_free,
        "first": str(prices.dates[0]),
        "last": str(prices.dates[-1]),
        "sessions": len(prices.dates),
        "foreseen": None if found.foreseen is None else foreseen_dict(found.foreseen),
        "findings": findings_json(found.findings),
    }
