"""`trimtab sweep`: many policies over history in one go, to see which are worth their costs."""

from __future__ import annotations

import argparse

from trimtab.cli.begins import begins_with
from trimtab.cli.conditions import add_conditions, conditions_of, costs_by
from trimtab.cli.missing_prices import add_missing, missing_of
from trimtab.cli.options import add_json, command
from trimtab.cli.report_file import add_report, check_report, write_report
from trimtab.cli.studied import POLICIES, add_studied, refuse_worth, studied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from trimtab.cli.options import Commands
    from trimtab.cli.studied import Studied
    from trimtab.simulate.choosing.grid import Grid
    from trimtab.simulate.choosing.sweep import Sweep

EPILOG = """\
examples:
  trimtab sweep                                 this portfolio under some 200 policies
  trimtab sweep --report sweep.html             the same as a page with charts
  trimtab sweep --prices etf.csv --target SPY=60,AGG=40 --cost-bps 10
  trimtab sweep --when monthly --when "band:{1..10}pp" --to target --to edge --to half
  trimtab sweep --prices etf.csv --target SPY=60,AGG=40 --other-target SPY=80,AGG=20
  trimtab sweep --when "band:{0.5..20/0.01}pp" --to half --out run     can be stopped and goes on
"""

WHENS = (
    "never", "annual", "quarterly", "monthly", "weekly", "daily", "band:{1..15/0.5}pp",
    "band:{5..50/5}%", "monthly+band:{1..10}pp", "quarterly+band:{1..10}pp", "drift:{1..10}pp",
)  # fmt: skip
"""When the policies of a sweep act, unless it is told."""

TOS = ("target", "half", "edge")
"""How far they trade, unless it is told."""

FIGURES = (
    "sharpe", "cagr", "volatility", "max_drawdown", "tracking_error", "turnover_one_way",
    "cost_paid", "rebalances", "final_value",
)  # fmt: skip


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "sweep",
        "many policies over history: a grid of when and how far",
        description="Run every combination of when to act, how far to trade and what it costs, in "
        "research mode, and show which stand out. In a portfolio folder: its own target and costs. "
        "{1..10} or {1..10/0.5} in a policy stands for a range.",
        epilog=POLICIES + EPILOG,
    )
    add_studied(parser)
    add_missing(parser)
    parser.add_argument(
        "--when", metavar="WHEN", action="append", help="when to act (repeatable, ranges allowed)"
    )
    parser.add_argument(
        "--to", metavar="TO", action="append", help="how far to trade (repeatable, ranges allowed)"
    )
    parser.add_argument(
        "--other-target",
        metavar="S=P,...",
        action="append",
        default=[],
        help="another target to run every policy with (repeatable)",
    )
    parser.add_argument(
        "--sample",
        metavar="N",
        type=int,
        help="run only so many policies of the grid, drawn at random",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="names the draw of --sample"
    )
    parser.add_argument(
        "--by",
        choices=FIGURES,
        default="sharpe",
        help="the figure that orders the table (default: sharpe)",
    )
    parser.add_argument(
        "--top", metavar="N", type=int, default=12, help="rows of the table (default: 12)"
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=int,
        help="policies run at the same time (default: one a processor)",
    )
    parser.add_argument(
        "--out", metavar="DIR", help="write sweep.csv; if stopped, the same command goes on"
    )
    add_report(parser)
    add_json(parser)
    add_conditions(parser, several=True)


def run(args: argparse.Namespace) -> int:
    """Run the sweep and show it."""
    from pathlib import Path

    from trimtab.cli.screen import emit, progress, say, screen

    check_report(args)
    progress("reading prices")
    try:
        found = studied(args)
        refuse_worth(found, "sweep")
        begins = begins_with(args, found)
        policies = _grid(args, found)
        out = Path(args.out) if args.out else None
        result = _swept(args, found, policies, begins.cash, out)
    finally:
        progress("")
    own = policies.row(found.policy) if found.policy else None
    remarks = list(filter(None, (found.remark, begins.remark)))

    def page() -> str:
        from trimtab.reports.sweep_html import sweep_html

        return sweep_html(result, by=args.by, most=args.top, own=own, remarks=remarks)

    saved = write_report(args, page)
    if args.json:
        from trimtab.reports.plan_json import findings_json

        emit({**result.to_dict(), "findings": findings_json(result.findings)})
        return 0
    from trimtab.reports.layout import wrapped
    from trimtab.reports.sweep_text import sweep_text

    on = screen()
    blocks = [sweep_text(result, by=args.by, most=args.top, own=own, width=on.width, look=on.look)]
    if args.out:
        saved.insert(0, f"Wrote {Path(args.out) / 'sweep.csv'}")
    blocks += ["\n".join(wrapped(line, on.width)) for line in (*remarks, *saved)]
    say("\n\n".join(blocks))
    return 0


def _grid(args: argparse.Namespace, found: Studied) -> Grid:
    from trimtab.model.errors import RefusedError
    from trimtab.model.policy import Policy, parse_policy
    from trimtab.model.ranges import MOST, ranged
    from trimtab.simulate.choosing.grid import grid

    when, to = parse_policy(found.policy or "monthly to target")
    whens = [one for words in args.when or WHENS for one in ranged(words)]
    tos = [one for words in args.to or TOS for one in ranged(words)]
    if found.policy:
        # The portfolio's own policy is always among them.
        whens, tos = [*whens, str(when)], [*tos, str(to)]
    costs = {
        f"{bps} bps": costs_by(argparse.Namespace(**{**vars(args), "cost_bps": bps}), found.costs)
        for bps in args.cost_bps or ()
    }
    targets = _targets(args, found)
    many = len(whens) * len(tos) * max(len(costs), 1) * len(targets)
    if many > MOST:
        raise RefusedError(
            f"{many:,} policies are more than a sweep takes "
            f"({MOST:,}): wider steps in the ranges, or --sample of smaller ranges"
        )
    base = Policy(found.target, when, to)
    return grid(
        base, when=whens, to=tos, target=targets,
        costs=costs or {"costs": costs_by(args, found.costs)},
        sample=args.sample, seed=args.seed,
    )  # fmt: skip


def _targets(args: argparse.Namespace, found: Studied) -> dict[str, object]:
    """The target that is studied, and those beside it by what was typed."""
    from trimtab.cli.studied import shares_of
    from trimtab.model.errors import RefusedError
    from trimtab.model.sleeves import Sleeve

    own = found.target
    if (
        args.other_target
        and isinstance(own, Sleeve)
        and any(child.children for child in own.children)
    ):
        raise RefusedError(
            "--other-target goes with targets of one level: bands of this portfolio's inner "
            "sleeves would not be looked at. Sweep each with --prices and --target"
        )
    others = {
        text: shares_of(text, "--other-target", short=bool(getattr(args, "short", False)))
        for text in args.other_target
    }
    return {(args.target if args.prices and args.target else "own target"): own, **others}


def _swept(
    args: argparse.Namespace, found: Studied, policies: Grid, cash: float, out: Path | None
) -> Sweep:
    import sys
    from collections.abc import Mapping
    from typing import Any

    from trimtab.adapters.machine import processors
    from trimtab.adapters.sweep_store import SweepStore
    from trimtab.cli.screen import progress
    from trimtab.simulate.choosing.sweep import fingerprint, sweep

    options: dict[str, Any] = {
        "cash": cash,
        "trade_at": args.trade_at,
        "start": args.start,
        "end": args.end,
        "cash_rate": args.cash_rate,
        **conditions_of(args),
        **missing_of(args, found),
    }
    store = known = None
    if out is not None:
        store = SweepStore(out, fingerprint(found.prices, policies, options))
        known = store.known()
        if known:
            sys.stderr.write(f"Going on after {sum(map(len, known.values())):,} policies.\n")

    def told(done: int, portion: Mapping[int, Any]) -> None:
        if store is not None:
            store.keep(portion)
        progress(f"{done:,} of {len(policies):,} policies")

    def looked(done: int, sessions: int) -> None:
        if done % 25 == 0:
            progress(f"finding the target: {done:,} of {sessions:,} sessions")

    try:
        result = sweep(
            found.prices, policies, known=known,
            threads=processors() if args.threads is None else args.threads,
            on_progress=told, on_found=looked, **options,
        )  # fmt: skip
    except KeyboardInterrupt:
        if store is None:
            raise
        done = sum(map(len, store.known().values()))
        raise KeyboardInterrupt(_kept(done, len(policies), args.out)) from None
    if store is not None and out is not None:
        _write(result, out / "sweep.csv")
        store.clear()
    return result


def _kept(done: int, many: int, out: str) -> str:
    """What is there of a sweep that was stopped, and how to go on."""
    if not done:
        return f"None of the {many:,} policies was done yet: run the same command again."
    return (
        f"{done:,} of {many:,} policies are kept in {out}: run the same command again, it does "
        "the others."
    )


def _write(result: Sweep, path: Path) -> None:
    import csv

    frame = result.to_frame("columns")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(list(frame))
        writer.writerows(frame.rows())
