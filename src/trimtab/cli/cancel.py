"""`trimtab cancel`: shows what is open of a plan, asks, has the brokers cancel it."""

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
        description="Show what is open of a plan, ask, and have the brokers cancel it and close "
        "its tickets. Allowed even when everything is halted; what was filled stays. Where nothing "
        "is open nothing is asked.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument("plan", metavar="PLAN", help="the plan")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show what is open, ask, cancel it, and say how far the plan got."""
    from pathlib import Path

    from trimtab.cli.apply import plan_path
    from trimtab.cli.screen import asked, emit, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.lost_plans import saved_or_recorded
    from trimtab.live.trading import to_cancel
    from trimtab.model.errors import RefusedError
    from trimtab.reports.applied_text import applied_json, applied_text
    from trimtab.reports.words import counted

    book = open_book(folder_of(args))
    path = plan_path(Path(args.plan), book)
    saved = saved_or_recorded(book, path)
    plan = saved.plan
    if args.json and not args.yes:
        raise RefusedError("--json cannot ask: add --yes to cancel it without asking")
    if not args.yes:
        now = to_cancel(book, saved)
        still_open = sum(not record.state.is_final for record in now.orders)
        if still_open:
            on = screen()
            say(applied_text(now, plan, width=on.width, look=on.look))
            if not asked(f"Cancel {counted(still_open, 'open order')} of {plan.id}?"):
                say("Nothing was cancelled.")
                return 1
    applied = book.cancel(path)
    if args.json:
        emit(applied_json(applied, plan))
    else:
        on = screen()
        say(applied_text(applied, plan, width=on.width, look=on.look))
    return 0
