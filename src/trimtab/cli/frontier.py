"""`trimtab frontier`: the efficient frontier, its picture, and where the portfolio stands."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from trimtab.cli.drawing import pictures_or_page
from trimtab.cli.optimize_history import add_history, learned_from, own_returns
from trimtab.cli.optimize_limits import add_estimates, add_limits, add_names, constraints_of
from trimtab.cli.optimize_prices import add_prices, prices_given
from trimtab.cli.optimize_spread import spread_by
from trimtab.cli.optimize_views import add_views, expectation_of
from trimtab.cli.options import add_json, command
from trimtab.cli.report_file import add_report, check_report
from trimtab.cli.studied import amount
from trimtab.cli.units import limits_read, percent, understood

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trimtab.cli.frontier_folder import Taught
    from trimtab.cli.options import Commands
    from trimtab.estimates.arrays import Floats
    from trimtab.model.findings import Finding
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.objectives.foreseen import Foreseen
    from trimtab.targets.objectives.front import Front
    from trimtab.targets.solvers.limits import Limits

EPILOG = """\
examples:
  trimtab frontier                                               this portfolio, and where it stands
  trimtab frontier --prices etf.csv --weights SPY=60,AGG=40      any prices and weights
  trimtab frontier --prices etf.csv --report frontier.html       the same as a page with charts
  trimtab frontier --prices etf.csv --bounds 0,0.3 --png frontier.png
  trimtab frontier --prices etf.csv --risk-score 4               the point that a tolerance leads to
"""


BESIDE = 21
"""Points of a frontier that stands beside optimised weights."""


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
    add_prices(parser)
    add_estimates(parser)
    add_history(parser)
    parser.add_argument(
        "--points", metavar="N", type=_points, default=41, help="points of the curve (default: 41)"
    )
    add_views(parser)
    add_limits(parser)
    add_names(parser)
    tolerance = parser.add_mutually_exclusive_group()
    tolerance.add_argument(
        "--max-volatility", metavar="PERCENT", type=percent, help="a tolerance: volatility a year"
    )
    tolerance.add_argument(
        "--max-loss",
        metavar="PERCENT",
        type=percent,
        help="a tolerance: the loss of a year, exceeded in one of twenty",
    )
    tolerance.add_argument(
        "--risk-score", metavar="N", type=_score, help="a tolerance: a score from 1 to 10"
    )
    add_report(parser)
    parser.add_argument("--png", metavar="FILE", help="write the charts as one PNG")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Find the frontier, show it, and draw it where that is asked for."""
    from pathlib import Path

    from trimtab.cli.screen import emit, progress, say, screen, towards_charts
    from trimtab.model.errors import RefusedError
    from trimtab.reports.frontier_text import frontier_json, frontier_text

    check_report(args)
    pictures_or_page(args)
    progress("reading prices")
    try:
        asked = _asked(args)
        prices = asked.prices
        try:
            found, read = _front(args, asked)
        except ValueError as error:
            raise RefusedError(f"{error}") from None
    finally:
        progress("")
    saved = []
    if args.report:
        from trimtab.reports.frontier_html import frontier_html

        Path(args.report).write_text(frontier_html(found, prices), encoding="utf-8")
        saved.append(f"Wrote {args.report}")
    if args.png:
        from trimtab.reports.frontier_png import frontier_png

        Path(args.png).write_bytes(frontier_png(found))
        saved.append(f"Wrote {args.png}")
    if args.json:
        emit(frontier_json(found, prices, understood=read))
    else:
        on = screen()
        text = frontier_text(found, prices, understood=read, width=on.width, look=on.look)
        say("\n".join([text, *saved, *towards_charts(args.report, args.png)]))
    return 0


@dataclass(frozen=True)
class _Asked:
    """What the frontier is of: prices, the weights now and aimed at, and what is known before.

    Args:
        prices: Of the instruments, on the days that count.
        held, target: Weights by symbol, money as `CASH`; empty where they are not known.
        cash: The share that stays money; None where money is not counted.
        findings: What is to be said of them.
        taught: What a folder's `[target.optimize]` learned.
    """

    prices: PriceHistory
    held: dict[str, float]
    target: dict[str, float]
    cash: float | None
    findings: tuple[Finding, ...]
    taught: Taught | None = None


def _asked(args: argparse.Namespace) -> _Asked:
    """What the options ask for: of files, or of this portfolio."""
    import numpy as np

    from trimtab.cli.frontier_folder import this_portfolio
    from trimtab.cli.optimize_limits import weights_now
    from trimtab.simulate.prices.history import Panel, common_sessions

    known = prices_given(args)
    if known is not None:
        panel = learned_from(args, known)
        given = weights_now(args, panel.history.symbols)
        return _Asked(panel.history, given, {}, None, (*known.findings, *panel.findings))
    own = this_portfolio(args)
    taught = own.taught
    if taught is None:
        panel = learned_from(args, own.prices)
    else:
        counted = [name for name in own.prices.symbols if name in taught.symbols]
        if taught.missing == "pairwise":
            days = np.array([taught.first, taught.last], dtype="datetime64[D]")
            first, last = np.searchsorted(own.prices.dates, days)
            panel = Panel(own.prices.select(counted).rows(np.arange(first, last + 1)), ())
        else:
            panel = common_sessions(own.prices, counted, start=taught.first, end=taught.last)
    given = weights_now(args, panel.history.symbols)
    names = panel.history.symbols if taught is None else taught.names
    return _Asked(
        panel.history,
        given or own.weights(own.held, names),
        own.weights(own.target, names),
        own.cash if own.counts_cash else None,
        (*own.prices.findings, *panel.findings, *(() if given else own.findings)),
        taught,
    )


def _front(args: argparse.Namespace, asked: _Asked) -> tuple[Front, str]:
    """The frontier, and how what was asked for was understood.

    Raises:
        RefusedError: Limits contradict each other; it names them.
    """
    from trimtab.cli.frontier_folder import limits_are_given, risk_free_of
    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.front import Front, front, with_cash

    taught = asked.taught
    free = risk_free_of(args) if taught is None else taught.risk_free
    if taught is not None and not limits_are_given(args):
        of = Estimated(
            taught.names, taught.expected, taught.covariance, taught.limits, taught.sessions,
            taught.years, taught.findings, taught.foreseen,
        )  # fmt: skip
        read = f"Risk-free {free * 100:g}% a year. {taught.words}"
    else:
        of = _estimated(args, asked, free)
        read = understood(free, args.bounds, limits=limits_read(args)) + (
            "" if taught is None else f" {taught.words}"
        )
        if asked.cash and limits_are_given(args):
            read += (
                f" Limits are shares of what is invested, beside {asked.cash * 100:.4g}% of cash."
            )
    current = _in_order(asked.held, of.names, asked.cash)
    drawn = _drawn(args, of, taught)
    found = front(
        of.names,
        of.expected,
        of.covariance,
        of.limits,
        risk_free=free,
        points=args.points,
        current=current,
        drawn=drawn,
        cash=asked.cash,
    )
    if not isinstance(found, Front):
        from trimtab.targets.objectives.optimised import contradiction_told

        if found.solution.status != "infeasible":
            raise RefusedError(
                "no solver found weights within these limits, nor that there are none: loosen "
                "one of them, or take another --covariance"
            )
        clash = contradiction_told(of.names, of.limits, found.solution, of.covariance)
        raise RefusedError(f"these limits cannot be met together: {clash}. Loosen one of them")
    covariance = of.covariance if asked.cash is None else with_cash(of.covariance)
    aim = _in_order(asked.target, of.names, asked.cash)
    if aim is not None:
        found = replace(found, target=found.at(aim, covariance))
    found = _with_tolerance(args, found, of, covariance, cash=asked.cash, drawn=bool(drawn))
    found = replace(found, foreseen=of.foreseen)
    said = (*asked.findings, *of.findings, *found.findings)
    if current is None:
        said = (*said, *_not_shown(asked.held, of.names))
    return replace(found, findings=said), read


def _not_shown(held: Mapping[str, float], names: Sequence[str]) -> tuple[Finding, ...]:
    """That what is held has no place on the picture, as nothing is estimated of part of it."""
    from trimtab.cli.frontier_folder import WORTH_SAYING
    from trimtab.model.findings import Finding
    from trimtab.model.instruments import CASH

    others = [
        f"{name} {weight:.1%}"
        for name, weight in held.items()
        if name not in (*names, CASH) and weight >= WORTH_SAYING
    ]
    if not others:
        return ()
    message = (
        f'"now" is not shown: nothing is estimated of {", ".join(others)} of what is held, since '
        "its history is left out. --missing-history pairwise estimates it by the days that it has"
    )
    return (Finding("now-not-shown", "now", message),)


@dataclass(frozen=True)
class Estimated:
    """Estimates and limits that a frontier is of.

    Args:
        names: Of the instruments.
        expected, covariance: A year's.
        limits: To keep to.
        sessions, years: Of history that they are of.
        findings: What was left out or repaired.
        foreseen: Where the expected returns came from, where no word says it.
    """

    names: tuple[str, ...]
    expected: Floats
    covariance: Floats
    limits: Limits
    sessions: int
    years: float
    findings: tuple[Finding, ...]
    foreseen: Foreseen | None = None


def _estimated(args: argparse.Namespace, asked: _Asked, free: float) -> Estimated:
    """Estimates by the options, or those that a folder's table made, under the options' limits.

    Raises:
        RefusedError: Nothing can be learned from the prices.
    """
    from trimtab.estimates.years import sessions_a_year
    from trimtab.model.errors import RefusedError
    from trimtab.targets.estimators.optimiser import Optimiser

    prices, taught = asked.prices, asked.taught
    rules = constraints_of(args, prices)
    if args.time_limit is not None and rules.limits(prices.symbols).is_linear:
        raise RefusedError(
            "--time-limit: under these limits every point is found directly, without a search "
            "that could be ended; leave it out"
        )
    invested = {name: w for name, w in asked.held.items() if name in prices.symbols}
    total = sum(invested.values())
    if not rules.held and total > 0.0:
        rules = replace(rules, held={name: w / total for name, w in invested.items()})
    if taught is not None:
        return Estimated(
            taught.names, taught.expected, taught.covariance, rules.limits(taught.names),
            taught.sessions, taught.years, taught.findings, taught.foreseen,
        )  # fmt: skip
    returns, year = own_returns(prices), sessions_a_year(prices.dates)
    optimiser = Optimiser(
        constraints=rules,
        covariance=spread_by(args, prices.symbols, returns, prices.dates[1:], year=year),
        expected=expectation_of(args, prices.symbols),
        risk_free=free,
        sessions_a_year=year,
        resampled=args.resampled or 0,
        missing=args.missing_history or "common",
    )
    learned = optimiser.learned(returns, prices.symbols)
    if learned.covariance is None:
        told = [one.message for one in learned.findings if one.severity == "error"]
        raise RefusedError(" ".join(told))
    sessions = len(learned.returns)
    return Estimated(
        learned.names, learned.expected, learned.covariance, learned.limits, sessions,
        sessions / optimiser.sessions_a_year, learned.findings,
        None if isinstance(optimiser.expected, str) else learned.foreseen,
    )  # fmt: skip


def _in_order(of: Mapping[str, float], names: Sequence[str], cash: float | None) -> Floats | None:
    """Weights in the order of the frontier, money last where it is counted; None where unknown."""
    import numpy as np

    from trimtab.model.instruments import CASH

    order = list(names) if cash is None else [*names, CASH]
    found: Floats = np.array([of.get(name, 0.0) for name in order])
    return found if found.sum() > 0.999 else None


def _drawn(
    args: argparse.Namespace, of: Estimated, taught: Taught | None
) -> list[tuple[Floats, Floats]]:
    """Estimates of histories that are drawn, where that is asked for."""
    from trimtab.targets.objectives.resampled import draws

    of_options = (args.resampled, args.seed)
    count, seed = of_options if taught is None else (taught.resampled, taught.seed)
    if not count:
        return []
    if of.sessions <= len(of.names) + 1:
        raise ValueError(
            f"--resampled: {of.sessions} sessions of {len(of.names)} instruments are too few"
        )
    return list(
        draws(
            of.expected,
            of.covariance,
            sessions=of.sessions,
            years=of.years,
            count=count,
            seed=seed or 0,
        )
    )


def _with_tolerance(
    args: argparse.Namespace,
    found: Front,
    of: Estimated,
    covariance: Floats,
    *,
    cash: float | None,
    drawn: bool,
) -> Front:
    """The frontier with the point that a stated tolerance for risk leads to.

    Args:
        args: The options.
        found: The frontier.
        of: The estimates and limits that it is of.
        covariance: Of the whole, money included where it is counted.
        cash: The share that stays money.
        drawn: Whether it is a mean of frontiers, which no single programme has.
    """
    from trimtab.targets.objectives.tolerance import Kind, richest_by, tolerated

    asked: tuple[tuple[Kind, float | None], ...] = (
        ("volatility", args.max_volatility), ("loss", args.max_loss), ("score", args.risk_score),
    )  # fmt: skip
    richest = None
    if not drawn:
        richest = richest_by(
            of.expected, of.covariance, of.limits, cash=cash, risk_free=found.risk_free
        )
    for kind, most in asked:
        if most is not None:
            one = tolerated(found, kind, most, richest=richest)
            point = found.at(one.weights, covariance)
            point = replace(point, status=one.status, gap=one.gap, solver=one.solver)
            return replace(found, tolerated=(point, one.how))
    return found


def front_beside(args: argparse.Namespace) -> Front:
    """The frontier by the options of `optimize`: the same estimates, under the same limits.

    Raises:
        RefusedError: There is none: limits contradict each other, or nothing can be learned.
        ValueError: Something asked for makes no sense for a frontier.
    """
    beside = {"points": BESIDE, "max_volatility": None, "max_loss": None, "risk_score": None}
    own = argparse.Namespace(**{**vars(args), **beside})
    return _front(own, _asked(own))[0]


def _score(text: str) -> float:
    from trimtab.targets.objectives.tolerance import SCORES

    return amount(text, "a score of risk", 1, SCORES)


def _points(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 2 <= int(text) <= 2000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number of points, 2 to 2000")
    return int(text)
