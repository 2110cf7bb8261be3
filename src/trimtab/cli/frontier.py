"""`trimtab frontier`: the efficient frontier, its picture, and where the portfolio stands."""

from __future__ import annotations

import argparse

from trimtab.cli.optimize_limits import add_estimates, add_limits, add_names, constraints_of
from trimtab.cli.optimize_views import add_views, expectation_of
from trimtab.cli.options import add_folder, add_json, command
from trimtab.cli.studied import rate
from trimtab.cli.units import understood

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands
    from trimtab.estimates.arrays import Floats
    from trimtab.model.findings import Finding
    from trimtab.simulate.history import PriceHistory
    from trimtab.targets.front import Front
    from trimtab.targets.optimiser import Learned

EPILOG = """\
examples:
  trimtab frontier                                               this portfolio, and where it stands
  trimtab frontier --prices etf.csv --weights SPY=60,AGG=40      any prices and weights
  trimtab frontier --prices etf.csv --report frontier.html       the same as a page with charts
  trimtab frontier --prices etf.csv --bounds 0,0.3 --png frontier.png
  trimtab frontier --prices etf.csv --risk-score 4               the point that a tolerance leads to
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "frontier",
        "the efficient frontier, its picture, and where the portfolio stands",
        description="Find the most return for each volatility, from past prices, the weights "
        "along it, and where the current portfolio stands. Nothing is changed.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument(
        "--prices",
        metavar="FILE",
        help="prices: CSV, Parquet, or a folder of them (default: the portfolio's)",
    )
    add_estimates(parser)
    parser.add_argument(
        "--points", metavar="N", type=_points, default=41, help="points of the curve (default: 41)"
    )
    add_views(parser)
    add_limits(parser)
    add_names(parser)
    tolerance = parser.add_mutually_exclusive_group()
    tolerance.add_argument(
        "--max-volatility", metavar="PERCENT", type=rate, help="a tolerance: volatility a year"
    )
    tolerance.add_argument(
        "--max-loss",
        metavar="PERCENT",
        type=rate,
        help="a tolerance: the loss of a year, exceeded in one of twenty",
    )
    tolerance.add_argument(
        "--risk-score", metavar="N", type=float, help="a tolerance: a score from 1 to 10"
    )
    parser.add_argument("--report", metavar="FILE", help="write one HTML file with the charts")
    parser.add_argument("--png", metavar="FILE", help="write the charts as one PNG")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Find the frontier, show it, and draw it where that is asked for."""
    from pathlib import Path

    from trimtab.cli.screen import emit, progress, say, screen
    from trimtab.model.errors import RefusedError
    from trimtab.reports.frontier_text import frontier_json, frontier_text

    if args.png:
        from trimtab.reports.figures_png import check_drawing

        check_drawing()
    progress("reading prices")
    try:
        prices, held, findings = _asked(args)
        try:
            found = _front(args, prices, held, findings)
        except ValueError as error:
            raise RefusedError(f"{error}") from None
    finally:
        progress("")
    saved = []
    if args.report:
        from trimtab.cli.backtest_files import need_own
        from trimtab.reports.frontier_html import frontier_html

        need_own(None, Path(args.report))
        Path(args.report).write_text(frontier_html(found, prices), encoding="utf-8")
        saved.append(f"Wrote {args.report}")
    if args.png:
        from trimtab.reports.frontier_png import frontier_png

        Path(args.png).write_bytes(frontier_png(found))
        saved.append(f"Wrote {args.png}")
    if args.json:
        emit(frontier_json(found, prices))
    else:
        on = screen()
        text = frontier_text(
            found, prices, understood=understood(args), width=on.width, look=on.look
        )
        say("\n".join([text, *saved]))
    return 0


def _asked(args: argparse.Namespace) -> tuple[PriceHistory, dict[str, float], list[Finding]]:
    """Prices and, where they are known, the weights now: of files, or of this portfolio."""
    from trimtab.adapters.price_frames import read_prices
    from trimtab.cli.frontier_folder import this_portfolio
    from trimtab.cli.optimize_limits import weights_now
    from trimtab.simulate.history import common_sessions

    held: dict[str, float] = {}
    own: tuple[Finding, ...] = ()
    if args.prices:
        known = read_prices(args.prices)
        symbols = known.symbols
    else:
        known, held, own = this_portfolio(args)
        symbols = tuple(held)
    panel = common_sessions(known, symbols, start=args.start, end=args.end)
    given = weights_now(args, panel.history.symbols)
    told = [one for one in own if not given or one.code != "now-in-part"]
    return panel.history, given or held, [*known.findings, *panel.findings, *told]


def _front(
    args: argparse.Namespace,
    prices: PriceHistory,
    held: dict[str, float],
    findings: list[Finding],
) -> Front:
    """The frontier, or a refusal with the limits that contradict each other."""
    from dataclasses import replace

    import numpy as np

    from trimtab.estimates.years import sessions_a_year
    from trimtab.model.errors import RefusedError
    from trimtab.targets.front import Front, front
    from trimtab.targets.optimiser import Optimiser

    rules = constraints_of(args, prices)
    if not rules.held and held:
        rules = replace(rules, held=held)
    optimiser = Optimiser(
        constraints=rules,
        covariance=args.covariance,
        expected=expectation_of(args, prices.symbols),
        risk_free=args.risk_free,
        sessions_a_year=sessions_a_year(prices.dates),
    )
    learned = optimiser.learned(prices.returns, prices.symbols)
    if learned.covariance is None:
        told = [one.message for one in learned.findings if one.severity == "error"]
        raise RefusedError(" ".join(told))
    names = learned.names
    current = np.array([held.get(name, 0.0) for name in names]) if held else None
    if current is not None and not current.sum() > 0.999:
        current = None
    found = front(
        names,
        learned.expected,
        learned.covariance,
        learned.limits,
        risk_free=args.risk_free,
        points=args.points,
        current=current,
        drawn=_drawn(args, learned, optimiser.sessions_a_year),
    )
    if not isinstance(found, Front):
        from trimtab.targets.optimised import contradiction_told

        clash = contradiction_told(names, learned.limits, found.solution, learned.covariance)
        raise RefusedError(f"these limits cannot be met together: {clash}. Loosen one of them")
    found = _with_tolerance(args, found, learned.covariance)
    if not isinstance(optimiser.expected, str):
        found = replace(found, foreseen=learned.foreseen)
    return replace(found, findings=(*findings, *learned.findings, *found.findings))


def _drawn(
    args: argparse.Namespace, learned: Learned, sessions_a_year: float
) -> list[tuple[Floats, Floats]]:
    """Estimates of histories that are drawn, where that is asked for."""
    from trimtab.targets.resampled import draws

    if not args.resampled:
        return []
    assert learned.covariance is not None, "refused before"
    sessions, n = learned.returns.shape
    if sessions <= n + 1:
        raise ValueError(f"--resampled: {sessions} sessions of {n} instruments are too few")
    return list(
        draws(
            learned.expected,
            learned.covariance,
            sessions=sessions,
            years=sessions / sessions_a_year,
            count=args.resampled,
            seed=args.seed,
        )
    )


def _with_tolerance(args: argparse.Namespace, found: Front, covariance: Floats) -> Front:
    """The frontier with the point that a stated tolerance for risk leads to."""
    from dataclasses import replace

    from trimtab.targets.tolerance import Kind, tolerated

    asked: tuple[tuple[Kind, float | None], ...] = (
        ("volatility", args.max_volatility), ("loss", args.max_loss), ("score", args.risk_score),
    )  # fmt: skip
    for kind, amount in asked:
        if amount is not None:
            one = tolerated(found, kind, amount)
            return replace(found, tolerated=(found.at(one.weights, covariance), one.how))
    return found


def _points(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 2 <= int(text) <= 2000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number of points, 2 to 2000")
    return int(text)
