"""`trimtab resume`: ends a halt, because a person looked and says why it may go on."""

from __future__ import annotations

import argparse

from trimtab.cli.halt import EPILOG, add_scope, tell
from trimtab.cli.options import command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "resume",
        "end a halt, saying why",
        description="End a halt. Whoever does has looked at what caused it, and says why it may "
        "go on; both stand in the record.",
        epilog=EPILOG,
    )
    add_scope(parser)


def run(args: argparse.Namespace) -> int:
    """Write the end of the halt into the record."""
    from trimtab.cli.screen import literal
    from trimtab.live.book import open_book

    book = open_book(folder_of(args))
    book.resume(args.scope, reason=args.reason)
    tell(book, args, f"{literal(args.scope)} may trade again.")
    return 0
