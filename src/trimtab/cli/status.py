"""`trimtab status`: each sleeve against its target and band; what is due and why."""

from __future__ import annotations

import argparse

from trimtab.cli.options import (
    OK,
    TROUBLE,
    add_as_of,
    add_folder,
    add_json,
    add_price,
    command,
    folder_of,
    has_errors,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands
    from trimtab.live.book import OpenBook
    from trimtab.model.plan import Plan

DUE = 3

EPILOG = """\
example:
  trimtab status --as-of 2026-03-31
  trimtab status --exit-code || echo "something is due"     in a script that runs every evening

exit codes: 0 done, 1 an error is shown (prices refused, open orders, an account halted), or bad
input, 3 something is due and no error is shown (with --exit-code)
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "status",
        "each sleeve against its target; what is due and why",
        description="Show each sleeve: target, now, deviation against its band; what is due "
        "and why; what each account is worth. Changes nothing.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    add_as_of(parser)
    add_price(parser)
    parser.add_argument(
        "--exit-code", action="store_true", help=f"end with exit code {DUE} when something is due"
    )
    parser.add_argument("--explain", action="store_true", help="every note, not only a few")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show the status."""
    from trimtab.cli.patience import DECIDING, patience
    from trimtab.cli.screen import emit, say, screen
    from trimtab.live.book import open_book

    book = open_book(folder_of(args))
    prices = dict(args.price)
    with patience(DECIDING):
        found = book.status(args.as_of, prices=prices)
    plan, status = found.value, found.standing()
    if args.json:
        from trimtab.reports.plan_json import status_json

        emit(status_json(status))
    else:
        from trimtab.reports.status_text import status_text

        on = screen()
        ending = _next(book, plan, args)
        say(status_text(status, width=on.width, look=on.look, explain=args.explain, ending=ending))
    if has_errors(plan):
        return TROUBLE
    return DUE if args.exit_code and plan.due else OK


def _next(book: OpenBook, plan: Plan, args: argparse.Namespace) -> list[str]:
    """What to do next: go on with what is open, or plan what is due."""
    import shlex

    elsewhere = "" if args.folder == "." else f" -C {shlex.quote(args.folder)}"
    waiting = [one.order for one in book.folded().orders.values() if not one.state.is_final]
    if waiting:
        order = waiting[0]
        accounts = book.portfolio.household.accounts
        by_hand = order.account in accounts and accounts[order.account].broker == "manual"
        verb = "record" if by_hand else "apply"
        return [f"Next: trimtab{elsewhere} {verb} {shlex.quote(order.plan)}"]
    return [f"Next: trimtab{elsewhere} plan"] if plan.due else []
