"""`trimtab record`: books what a person really traded of a plan, partly if need be."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands

EPILOG = """\
examples:
  trimtab record plans/2026-03-31-7f3a9c.json              all tickets, exactly as planned
  trimtab record plans/2026-03-31-7f3a9c.json fills.csv    what was really traded
  trimtab record --close plans/2026-03-31-7f3a9c.json      nothing more will be traded of it

fills.csv: account,symbol,side,quantity,price and, if you like, fees,date,id
  account,symbol,side,quantity,price,fees,date
  brokerage,VTI,sell,41,300.25,1.00,2026-04-01
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "record",
        "book what was traded by hand",
        description="Book what a person traded of a plan: from a file, or all of it exactly as "
        "planned. The same line twice is the same trade.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument("plan", metavar="PLAN", help="the plan that was traded")
    parser.add_argument("fills", metavar="FILE", nargs="?", help="what was really traded, as CSV")
    parser.add_argument(
        "--close", action="store_true", help="nothing more will be traded of what stays open"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Book the trades and say what is still open."""
    from pathlib import Path

    from trimtab.adapters.plan_files import load_plan
    from trimtab.cli.apply import ending, plan_path
    from trimtab.cli.screen import asked, emit, say, screen
    from trimtab.live.book import open_book
    from trimtab.model.errors import RefusedError
    from trimtab.reports.words import counted

    book = open_book(folder_of(args))
    path = plan_path(Path(args.plan), book)
    if args.fills is None and not args.close and not args.yes:
        plan = load_plan(path).plan
        if args.json:
            raise RefusedError("--json cannot ask: add --yes to book everything as planned")
        trades = counted(len(plan.trades), "trade")
        if not asked(f"Were all open tickets of {plan.id} ({trades}) traded exactly as planned?"):
            say("Nothing was recorded. Name a file with what was traded.")
            return 1
    applied = book.record(path, args.fills, close=args.close)
    from trimtab.reports.applied_text import applied_json, applied_text

    if args.json:
        emit(applied_json(applied))
    else:
        on = screen()
        say(applied_text(applied, width=on.width, look=on.look, ending=ending(applied, args)))
    return 0 if applied.status in ("done", "already", "waiting") else 1
