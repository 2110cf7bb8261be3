"""`trimtab plan`: the trades, why each one, what they cost. Changes nothing but saves the plan."""

from __future__ import annotations

import argparse

from trimtab.cli.options import (
    OK,
    TROUBLE,
    OncePerName,
    add_as_of,
    add_folder,
    add_json,
    add_price,
    command,
    flow,
    folder_of,
    has_errors,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from trimtab.cli.options import Commands
    from trimtab.live.book import OpenBook
    from trimtab.model.plan import Plan

EPILOG = """\
examples:
  trimtab plan
  trimtab plan --deposit roth=2600 --no-sells      invest new cash, sell nothing
  trimtab plan --withdraw brokerage=10000          raise cash where it costs least
  trimtab plan --price FUND=101.25 --explain       a typed price, and every reading, lot and sleeve

exit codes: 0 done, 1 an error stands in the plan (prices refused, cash short, an account halted),
or bad input
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "plan",
        "the trades, why each one, what they cost; changes nothing",
        description="Decide what to trade, and say why. Nothing is traded: the plan is saved "
        "under plans/ for `trimtab apply`.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    add_as_of(parser)
    for name, text in (
        ("--deposit", "cash about to come in, booked when the plan is applied (repeatable)"),
        ("--withdraw", "cash that is to be taken out (repeatable)"),
    ):
        parser.add_argument(
            name, metavar="ACCOUNT=AMOUNT", type=flow, action=OncePerName, default=[], help=text
        )
    parser.add_argument("--no-sells", action="store_true", help="plan purchases only")
    parser.add_argument("--now", action="store_true", help="act although nothing is due")
    add_price(parser)
    parser.add_argument(
        "--explain", action="store_true", help="every reading, every lot, every sleeve"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Make the plan, save it when it trades, show it."""
    from trimtab.cli.patience import DECIDING, patience
    from trimtab.cli.screen import emit, say, screen
    from trimtab.live.book import open_book
    from trimtab.model.plan import does_something, in_its_way

    book = open_book(folder_of(args))
    with patience(DECIDING):
        opened = book.plan(
            args.as_of,
            deposits=dict(args.deposit),
            withdrawals=dict(args.withdraw),
            no_sells=args.no_sells,
            now=args.now,
            prices=dict(args.price),
        )
    plan = opened.value
    code = TROUBLE if has_errors(plan) else OK
    path = opened.save() if does_something(plan) and not in_its_way(plan) else None
    if args.json:
        from trimtab.reports.plan_json import plan_json

        emit(plan_json(plan) | {"saved": None if path is None else str(path)})
        return code
    from trimtab.reports.plan_text import plan_text

    on = screen()
    shown = plan_text(
        plan,
        width=on.width,
        explain=args.explain,
        look=on.look,
        ending=_ending(plan, book, path, args),
    )
    say(shown)
    return code


def _ending(plan: Plan, book: OpenBook, path: Path | None, args: argparse.Namespace) -> list[str]:
    if path is None:
        return []
    import os
    import shlex

    from trimtab.cli.next_step import after_plan

    shown = os.path.relpath(path)
    elsewhere = "" if args.folder == "." else f" -C {shlex.quote(args.folder)}"
    told = after_plan(plan, book, saved=shlex.quote(shown), elsewhere=elsewhere)
    return [f"Saved {shown}", *told]
