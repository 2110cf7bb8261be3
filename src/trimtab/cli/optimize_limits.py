"""The options that `trimtab optimize` and `frontier` share: estimates, limits, names."""

from __future__ import annotations

import argparse

from trimtab.cli.optimize_spread import add_spread
from trimtab.cli.options import day
from trimtab.cli.studied import amount, cash, shares_read, unpriced
from trimtab.cli.units import ALL, bounds, percent, risk_free
from trimtab.targets.objectives.estimated import EXPECTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trimtab.model.errors import Problem
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.objectives.constraints import Constraints, Score
    from trimtab.targets.solvers.limits import Search

RECENT = 63
"""Sessions whose volume counts: three months."""

USUAL_SECONDS = 60.0
"""How long names are searched for, unless told."""


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    limits = parser.add_argument_group(
        "limits", "Shares are in percent: 20, and 0.5%% where it is that little."
    )
    limits.add_argument(
        "--bounds",
        metavar="LOW,HIGH",
        type=bounds,
        help="what every weight lies between: fractions where both are within -1 to 1, as 0,0.3, "
        "else percent, as 0,30 (default: 0,1); --bounds=-30,100 allows what is short",
    )
    limits.add_argument(
        "--leverage",
        metavar="PERCENT",
        type=percent,
        help="the most that is long and short together: 160 is 130 long and 30 short",
    )
    limits.add_argument(
        "--groups",
        metavar="FILE",
        help="groups and their limits: rows symbol,group and group,min_percent,max_percent",
    )
    limits.add_argument(
        "--exclude", metavar="SYMBOL,...", type=_symbols, default=(), help="what not to hold"
    )
    limits.add_argument(
        "--scores", metavar="FILE", help="scores or factors: symbol, then a column for each"
    )
    for least, word in (("min", "at least"), ("max", "at most")):
        limits.add_argument(
            f"--{least}-score",
            metavar="NAME=N",
            type=_score,
            action="append",
            default=[],
            help=f"the weighted average of this column of --scores is {word} N",
        )
    limits.add_argument(
        "--weights",
        metavar="S=P,...",
        help="what is held now, in percent, adding up to 100",
    )
    limits.add_argument(
        "--turnover",
        metavar="PERCENT",
        type=percent,
        help="the most that may move away from --weights, one way",
    )
    limits.add_argument(
        "--benchmark", metavar="S=P,...", help="a benchmark, in percent, adding up to 100"
    )
    limits.add_argument(
        "--tracking-error",
        metavar="PERCENT",
        type=percent,
        help="the most volatility, a year, of the difference from --benchmark",
    )
    limits.add_argument(
        "--value", metavar="AMOUNT", type=cash, help="of the portfolio, for --within-days"
    )
    limits.add_argument(
        "--within-days",
        metavar="DAYS",
        type=_days,
        help="each holding can be sold in so many days; needs --value, and volumes in the prices",
    )
    limits.add_argument(
        "--participation",
        metavar="PERCENT",
        type=percent,
        default=0.1,
        help="the share of a day's volume that may be ours (default: 10)",
    )


def add_estimates(parser: argparse.ArgumentParser) -> None:
    """Describe the options of what is learned from prices."""
    parser.add_argument(
        "--risk-free",
        metavar="RATE",
        type=risk_free,
        help="a year's return without risk, as 0.02 or 2%% (default: 0.02)",
    )
    add_spread(parser)
    parser.add_argument(
        "--expected",
        choices=EXPECTED,
        help="how returns are expected (default: compounded)",
    )
    parser.add_argument(
        "--resampled",
        metavar="N",
        type=_draws,
        help="take the mean over N histories that are drawn from the estimates by --seed",
    )
    parser.add_argument("--start", metavar="DATE", type=day, help="the first day that counts")
    parser.add_argument("--end", metavar="DATE", type=day, help="the last day that counts")


def add_names(parser: argparse.ArgumentParser) -> None:
    """Describe the options of a choice of names."""
    names = parser.add_argument_group("few names")
    names.add_argument(
        "--max-names", metavar="K", type=_count, help="hold at most so many; the best are proved"
    )
    names.add_argument("--min-names", metavar="K", type=_count, help="hold at least so many")
    names.add_argument(
        "--min-position",
        metavar="PERCENT",
        type=percent,
        default=0.0,
        help="what is held has at least this weight",
    )
    names.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="of the genetic search that comes before the proof, and of --resampled (default: 0)",
    )
    names.add_argument(
        "--time-limit",
        metavar="SECONDS",
        type=_seconds,
        help="then the best so far, with its gap (default: 60 for the proof of which names are "
        "best, else none)",
    )


def _search(args: argparse.Namespace) -> Search:
    """How far to look for the best: until the time is up."""
    from dataclasses import replace

    from trimtab.adapters.clock import time_limit
    from trimtab.cli.screen import progress
    from trimtab.targets.solvers.limits import Breeding

    timed = time_limit(args.time_limit or USUAL_SECONDS)

    def stop(looked: int, best: float, bound: float) -> bool:
        gap = f"; gap {best - bound:.1e}" if best > bound else ""
        progress(f"{looked:,} steps of the search{gap}")
        assert timed.stop is not None, "it was made to stop"
        return timed.stop(looked, best, bound)

    return replace(timed, breeding=Breeding(seed=args.seed or 0), stop=stop)


def constraints_of(
    args: argparse.Namespace, prices: PriceHistory, *, held: Mapping[str, float] | None = None
) -> Constraints:
    """What the options mean for these instruments.

    Args:
        args: The options.
        prices: Of the instruments.
        held: What a portfolio folder holds of them, where `--weights` does not say it.

    Raises:
        InputError: A file cannot be used, or a symbol has no prices.
        RefusedError: Options contradict each other, or one lacks another.
    """
    from trimtab.adapters.groups_csv import GroupFile, read_groups
    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.constraints import Constraints
    from trimtab.targets.solvers.limits import Search

    for one, other in (
        ("turnover", "weights"),
        ("tracking_error", "benchmark"),
        ("within_days", "value"),
    ):
        if one == "turnover" and held:
            continue
        if getattr(args, one) is not None and getattr(args, other) is None:
            option = one.replace("_", "-")
            raise RefusedError(f"--{option} needs --{other}")
    if args.leverage is not None and args.turnover is not None:
        raise RefusedError("--leverage goes with no --turnover: keep one of them")
    if args.leverage is not None and args.leverage < 1.0:
        raise RefusedError("--leverage is 100 or more: weights sum to 100, as 160 for 130/30")
    known = prices.symbols
    groups = GroupFile() if args.groups is None else read_groups(args.groups, known)
    low, high = args.bounds or ALL
    own = {
        symbol: (low if least is None else least, high if most is None else most)
        for symbol, (least, most) in groups.own.items()
    }
    now = dict(held or {}) if args.turnover is not None else {}
    few = args.max_names or args.min_names or args.min_position
    return Constraints(
        low=low,
        high=high,
        own=own,
        groups=groups.groups,
        scores=tuple(_scores(args, known)),
        exclude=tuple(args.exclude),
        most=_sellable(args, prices),
        held=weights_now(args, known) or now,
        turnover=args.turnover,
        leverage=args.leverage,
        benchmark=shares_by(args.benchmark, "--benchmark", known),
        tracking_error=args.tracking_error,
        max_names=args.max_names,
        min_names=args.min_names,
        smallest=args.min_position,
        search=_search(args) if few or args.time_limit is not None else Search(),
    )


def weights_now(args: argparse.Namespace, known: Sequence[str]) -> dict[str, float]:
    """What `--weights` says is held now; nothing where it is not given.

    Raises:
        InputError: It does not add up, or names what has no prices.
    """
    return shares_by(args.weights, "--weights", known)


def shares_by(text: str | None, option: str, known: Sequence[str]) -> dict[str, float]:
    """Weights by symbol as an option gives them; nothing where it is not given.

    Raises:
        InputError: They do not add up, or name what has no prices.
    """
    from trimtab.model.errors import InputError

    if text is None:
        return {}
    shares, problems = shares_read(text, option)
    if problems := [*unpriced(shares, option, known), *problems]:
        raise InputError(problems)
    return shares


def named_problems(args: argparse.Namespace, known: Sequence[str]) -> list[Problem]:
    """All that is wrong with what the options name, whichever is looked at first."""
    problems = unpriced(args.exclude, "--exclude", known)
    for name in ("benchmark", "weights", "budgets", "market"):
        text = getattr(args, name, None)
        if text is not None and (name != "market" or "=" in text):
            shares, wrong = shares_read(text, f"--{name}")
            problems += [*unpriced(shares, f"--{name}", known), *wrong]
    return problems


def _scores(args: argparse.Namespace, known: Sequence[str]) -> list[Score]:
    """The limits of weighted averages."""
    from pathlib import Path

    from trimtab.adapters.scores_csv import missing_scores, read_scores, score_named
    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.constraints import Score

    least, most = dict(args.min_score), dict(args.max_score)
    names = list(dict.fromkeys([*least, *most]))
    if args.scores is None:
        if names:
            raise RefusedError("--min-score and --max-score need --scores FILE")
        return []
    if not names:
        raise RefusedError("--scores needs a limit, as --min-score esg=50")
    file = Path(args.scores).name
    scores = read_scores(args.scores)
    found = []
    for name in names:
        of = score_named(scores, name, file)
        missing_scores(of, name, [one for one in known if one not in args.exclude], file)
        found.append(Score(name, of, least.get(name), most.get(name)))
    return found


def _sellable(args: argparse.Namespace, prices: PriceHistory) -> dict[str, float]:
    """The most of each instrument that can be sold within the days asked for."""
    if args.within_days is None:
        return {}
    import numpy as np

    from trimtab.model.errors import RefusedError
    from trimtab.targets.objectives.constraints import days_of_volume

    if prices.volume is None:
        raise RefusedError("--within-days needs volumes, and these prices have none")
    recent = prices.close[-RECENT:] * prices.volume[-RECENT:]
    known = np.isfinite(recent)
    days = known.sum(axis=0)
    traded = np.where(known, recent, 0.0).sum(axis=0)
    daily = np.divide(traded, days, out=np.zeros_like(traded), where=days > 0)
    return days_of_volume(
        dict(zip(prices.symbols, daily.tolist(), strict=True)),
        value=args.value,
        days=args.within_days,
        participation=args.participation,
    )


def _symbols(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


def _score(text: str) -> tuple[str, float]:
    name, equals, number = text.rpartition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: NAME=NUMBER, as esg=50")
    return name.strip(), amount(number, "a score", -1e12, 1e12)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number of names, 1 or more")
    return int(text)


def _draws(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number of histories, 1 to 100000")
    return int(text)


def _seconds(text: str) -> float:
    return amount(text, "a time limit in seconds", 0.01, 86_400)


def _days(text: str) -> float:
    return amount(text, "a number of days", 0.01, 10_000)
