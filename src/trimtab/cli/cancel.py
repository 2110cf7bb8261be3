"""`trimtab cancel`: asks the brokers to cancel what is open of a plan."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands

EPILOG = """\
example:
  trimtab cancel plans/2026-03-31-7f3a9c.json
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "cancel",
        "cancel what is still open of a plan",
        description="Ask the brokers to cancel what is open of a plan, and close its tickets. "
        "Allowed even when everything is halted; what was filled stays.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument("plan", metavar="PLAN", help="the plan")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Cancel, and say how far the plan got."""
    from pathlib import Path

    from trimtab.cli.apply import plan_path
    from trimtab.cli.screen import emit, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.lost_plans import saved_or_recorded
    from trimtab.reports.applied_text import applied_json, applied_text

    book = open_book(folder_of(args))
    path = plan_path(Path(args.plan), book)
    plan = saved_or_recorded(book, path).plan
    applied = book.cancel(path)
    if args.json:
        emit(applied_json(applied, plan))
    else:
        on = screen()
        say(applied_text(applied, plan, width=on.width, look=on.look))
    return 0
