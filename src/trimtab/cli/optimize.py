"""`trimtab optimize`: the best weights for a history of prices, by an objective and limits."""

from __future__ import annotations

import argparse

from trimtab.cli.optimize_asked import (
    Answer,
    add_figures,
    add_objective,
    asked_by,
    learned_by,
    options_read,
    with_budgets,
)
from trimtab.cli.optimize_history import add_history, learned_from, own_returns
from trimtab.cli.optimize_limits import add_estimates, add_limits, add_names, constraints_of
from trimtab.cli.optimize_prices import add_prices, prices_given
from trimtab.cli.optimize_spread import spread_by
from trimtab.cli.optimize_views import add_views, expectation_of
from trimtab.cli.options import add_json, command
from trimtab.cli.report_file import add_report, check_report, write_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trimtab.cli.options import Commands

EPILOG = """\
examples:
  trimtab optimize                                    this portfolio's instruments
  trimtab optimize --report weights.html              the same as a page with charts
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
    add_objective(parser)
    add_estimates(parser)
    add_history(parser)
    add_figures(parser)
    add_views(parser)
    add_limits(parser)
    add_names(parser)
    add_report(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Find the weights and show them."""
    from trimtab.cli.screen import emit, progress, say, screen
    from trimtab.model.errors import RefusedError

    check_report(args)
    progress("reading prices")
    try:
        answer = _answer(args)
    except ValueError as error:
        raise RefusedError(f"{error}") from None
    finally:
        progress("")
    saved = write_report(args, lambda: _page(args, answer))
    if args.json:
        emit(_told(answer))
    else:
        from trimtab.reports.optimised_text import optimised_text

        on = screen()
        text = optimised_text(
            answer.by,
            answer.found,
            answer.names,
            (answer.first, answer.last),
            understood=answer.read,
            turnover=answer.turnover,
            width=on.width,
            look=on.look,
        )
        say("\n".join([text, *saved]))
    return 1 if any(finding.severity == "error" for finding in answer.found.findings) else 0


def _answer(args: argparse.Namespace) -> Answer:
    """What the options ask for: of files, or of this portfolio."""
    from dataclasses import replace

    from trimtab.estimates.years import sessions_a_year
    from trimtab.targets.objectives.asked import Asked

    asked = asked_by(args, Asked()) if args.prices else None
    known = prices_given(args)
    if known is None or asked is None:
        from trimtab.cli.optimize_folder import of_folder

        return of_folder(args)
    panel = learned_from(args, known)
    prices = panel.history
    asked = with_budgets(args, asked, prices.symbols)
    rules = constraints_of(args, prices)
    returns, year = own_returns(prices), sessions_a_year(prices.dates)
    best = learned_by(
        args, asked, rules, prices.symbols, returns,
        covariance=spread_by(args, prices.symbols, returns, prices.dates[1:], year=year),
        expected=expectation_of(args, prices.symbols), year=year,
    )  # fmt: skip
    said = (*known.findings, *panel.findings, *best.findings)
    days = prices.dates
    return Answer(
        replace(best, findings=said),
        prices.symbols,
        days[0].item(),
        days[-1].item(),
        len(days),
        asked.risk_free,
        args.estimator or asked.objective,
        options_read(args, asked),
        rules.held,
    )


def _page(args: argparse.Namespace, answer: Answer) -> str:
    """The page, with the frontier beside the weights where there is one."""
    from math import isnan

    from trimtab.cli.frontier import front_beside
    from trimtab.cli.screen import progress
    from trimtab.model.errors import RefusedError
    from trimtab.reports.optimised_html import optimised_html, with_found

    found, front, why = answer.found, None, ""
    if not isnan(found.volatility):
        progress("finding the frontier")
        try:
            front = with_found(front_beside(args), found, answer.names)
        except (RefusedError, ValueError) as error:
            why = f"The frontier is not drawn: {error}."
        finally:
            progress("")
    return optimised_html(
        found,
        answer.names,
        objective=answer.by,
        days=(answer.first, answer.last),
        turnover=answer.turnover,
        understood=answer.read,
        now=answer.held,
        front=front,
        no_front=why,
    )


def _told(answer: Answer) -> dict[str, Any]:
    """The result for a program."""
    from math import isfinite

    from trimtab.reports.plan_json import findings_json
    from trimtab.targets.objectives.foreseen import foreseen_dict

    def number(value: float) -> float | None:
        return float(value) if isfinite(value) else None

    found = answer.found
    return {
        "weights": {
            symbol: number(weight)
            for symbol, weight in zip(answer.names, found.weights, strict=True)
        },
        "risk_shares": None
        if found.risk_shares is None
        else dict(zip(answer.names, found.risk_shares.tolist(), strict=True)),
        "expected_return": number(found.expected_return),
        "volatility": number(found.volatility),
        "sharpe": number(found.sharpe),
        "objective_value": number(found.objective_value),
        "status": found.status,
        "solver": found.solver,
        "optimality_gap": number(found.optimality_gap),
        "optimality_gap_in": found.gap_in or None,
        "attempts": [
            {"solver": one.solver, "status": one.status, "optimality_gap": number(one.gap)}
            for one in found.attempts
        ],
        "risk_free": answer.risk_free,
        "first": str(answer.first),
        "last": str(answer.last),
        "sessions": answer.sessions,
        "understood": answer.read,
        "foreseen": None if found.foreseen is None else foreseen_dict(found.foreseen),
        "findings": findings_json(found.findings),
        "turnover": answer.turnover,
    }
