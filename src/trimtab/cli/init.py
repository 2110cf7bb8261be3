"""`trimtab init`: a portfolio folder that works as it stands, to put one's own in its place."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_json, command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands

EPILOG = """\
example:
  trimtab init my-portfolio
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "init",
        "make a portfolio folder to fill in",
        description="Make a folder with a commented portfolio.toml, limits.toml, lots.csv, "
        "sales.csv and prices of an invented household. Never overwrites anything.",
        epilog=EPILOG,
    )
    parser.add_argument("folder_to_make", metavar="FOLDER", help="the folder to make")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files and say which."""
    import shlex
    from pathlib import Path

    from trimtab.adapters.calendars import calendar
    from trimtab.adapters.clock import SystemClock
    from trimtab.adapters.exchange_day import day_at
    from trimtab.adapters.new_portfolio import EXCHANGE, init_portfolio
    from trimtab.cli.screen import emit, literal, say

    folder = Path(args.folder, args.folder_to_make)
    # Its day, as `status` counts: elsewhere it may be tomorrow already.
    today = day_at(calendar(EXCHANGE), SystemClock().now())
    written = init_portfolio(folder, today=today)
    if args.json:
        emit({"folder": str(folder), "written": [path.name for path in written]})
        return 0
    say(f"Made {literal(str(folder))} with an invented household that works as it stands:")
    for path in written:
        say(f"  {path.name:<18} {_WHAT.get(path.name, '')}".rstrip())
    say("")
    say("Put your own accounts, holdings, target and prices in their place, then:")
    say(f"  cd {literal(shlex.quote(str(folder)))}")
    say("  trimtab status")
    say("  trimtab plan")
    return 0


_WHAT = {
    "portfolio.toml": "accounts, target, policy, costs, tax",
    "limits.toml": "hard limits of every order: worth, distance from the price, number",
    "lots.csv": "what you own, a row a purchase; cash is a row too",
    "sales.csv": "this year's sales, so that wash sales are seen",
    "prices.csv": "date,symbol,close: put your own prices here",
    "manual-prices.csv": "prices of what has no ticker, typed by hand",
}
