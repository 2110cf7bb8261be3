"""`trimtab reconcile`: where a broker's statement and the record disagree; changes nothing."""

from __future__ import annotations

import argparse

from trimtab.cli.import_ import add_statement
from trimtab.cli.options import command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands

EPILOG = """\
examples:
  trimtab reconcile positions.csv --account brokerage
  trimtab reconcile positions.csv --account brokerage --on 2026-03-31
Ends with exit code 0 when they agree, else with 1.
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "reconcile",
        "compare a broker's statement with the record",
        description="Compare a broker's position export with the record, exactly. Changes nothing.",
        epilog=EPILOG,
    )
    add_statement(parser)


def run(args: argparse.Namespace) -> int:
    """Compare, and say where they disagree."""
    from pathlib import Path

    from trimtab.cli.import_ import column_map_of, imported_of
    from trimtab.cli.screen import emit, say, screen
    from trimtab.live.book import open_book
    from trimtab.reports.statement_text import statement_json, statement_text

    book = open_book(folder_of(args))
    path = Path(args.file)
    column_map, is_guess = column_map_of(book, path, args.account)
    imported = imported_of(book, path, args.account, column_map, is_guess=is_guess)
    mismatches = book.compare(imported.statement, on=args.on)
    findings = (*imported.findings, *book.repairs)
    if args.json:
        emit(statement_json(args.account, mismatches, findings))
    else:
        on = screen()
        say(statement_text(args.account, mismatches, findings, width=on.width, look=on.look))
    return 1 if mismatches else 0
