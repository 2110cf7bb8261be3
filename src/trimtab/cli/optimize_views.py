"""The options of `trimtab optimize` and `frontier` that say what returns to expect."""

from __future__ import annotations

import argparse

from trimtab.cli.studied import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.targets.objectives.foreseen import Expectation


def add_views(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    views = parser.add_argument_group("views")
    views.add_argument(
        "--expected-returns",
        metavar="FILE",
        help="expected returns of your own instead of --expected: symbol, percent a year",
    )
    views.add_argument(
        "--market",
        metavar="S=P,... | FILE",
        help="expect what the market must, for these weights to be best: percent by symbol, or a "
        "file of symbol and market value",
    )
    views.add_argument(
        "--views",
        metavar="FILE",
        help="with --market: your views on top (Black-Litterman); rows of "
        "symbol,over,percent,confidence",
    )
    views.add_argument(
        "--market-risk-aversion",
        metavar="N",
        type=_aversion,
        help="with --market: what it asks for a unit of variance (default: 2.5)",
    )
    views.add_argument(
        "--tau",
        metavar="N",
        type=_tau,
        help="with --views: how uncertain the market's returns are, as a share of the covariance "
        "(default: 0.05)",
    )


def is_expected(args: argparse.Namespace) -> bool:
    """Whether any option says what returns to expect."""
    said = ("expected", "expected_returns", "market", "views", "tau", "market_risk_aversion")
    return any(getattr(args, one) is not None for one in said)


def expectation_of(args: argparse.Namespace, known: Sequence[str]) -> Expectation:
    """What returns the options say to expect.

    Raises:
        InputError: A file cannot be used, or a symbol has no prices.
        RefusedError: Options contradict each other, or one lacks another.
    """
    from trimtab.estimates.views import TAU
    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.foreseen import MARKET_AVERSION, BlackLitterman

    given = args.expected_returns is not None
    for option in ("views", "tau", "market_risk_aversion"):
        if getattr(args, option) is not None and args.market is None:
            raise RefusedError(f"--{option.replace('_', '-')} needs --market")
    if args.tau is not None and args.views is None:
        raise RefusedError("--tau needs --views")
    for one, is_given in (("--market", args.market is not None), ("--expected-returns", given)):
        if is_given and args.expected is not None:
            raise RefusedError(f"{one} says what to expect: leave out --expected")
    if given and args.market is not None:
        raise RefusedError("--market and --expected-returns both say what to expect: keep one")
    if given:
        from trimtab.adapters.views_csv import read_expected

        return read_expected(args.expected_returns, known)
    if args.market is None:
        return args.expected or "compounded"
    from trimtab.adapters.views_csv import read_views

    return BlackLitterman(
        views=() if args.views is None else read_views(args.views, known),
        market=_market(args.market, known),
        risk_aversion=MARKET_AVERSION
        if args.market_risk_aversion is None
        else args.market_risk_aversion,
        tau=TAU if args.tau is None else args.tau,
    )


def _market(text: str, known: Sequence[str]) -> dict[str, float]:
    """What each instrument weighs in the market, of the option or of a file."""
    from pathlib import Path

    from trimtab.adapters.scores_csv import missing_scores, read_scores
    from trimtab.cli.optimize_limits import shares_by
    from trimtab.model.errors import InputError, Problem

    if "=" in text:
        return shares_by(text, "--market", known)
    file = Path(text).name
    columns = read_scores(text)
    if len(columns) != 1:
        wrong = f"it has the columns {', '.join(columns)}"
        remedy = "write symbol and one column of market values"
        raise InputError([Problem(file, 1, "", wrong, remedy)])
    ((name, sizes),) = columns.items()
    missing_scores(sizes, name, known, file)
    found = {symbol: sizes[symbol] for symbol in known}
    wrong_ones = [symbol for symbol, size in found.items() if size < 0.0]
    if wrong_ones or not sum(found.values()) > 0.0:
        wrong = f"{wrong_ones[0]} is below zero" if wrong_ones else "all of it is zero"
        raise InputError([Problem(file, None, name, wrong, "write market values above zero")])
    return found


def _aversion(text: str) -> float:
    return amount(text, "a risk aversion", 0.001, 1000)


def _tau(text: str) -> float:
    return amount(text, "tau", 0.0001, 100)
