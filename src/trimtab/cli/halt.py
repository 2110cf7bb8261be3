"""`trimtab halt`: no new order leaves an account until a person resumes it."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands
    from trimtab.live.book import OpenBook

EPILOG = """\
examples:
  trimtab halt household --reason "statement does not agree"
  trimtab resume household --reason "the statement was of the wrong day"
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "halt",
        "let no new order leave an account, or any account",
        description="Halt an account, or all of them (household): no new order leaves until "
        "somebody resumes it. What is open may still be cancelled.",
        epilog=EPILOG,
    )
    add_scope(parser)


def add_scope(parser: argparse.ArgumentParser) -> None:
    """What to halt or resume, and why."""
    add_folder(parser, again=True)
    parser.add_argument("scope", metavar="ACCOUNT", help="an account, or household for all")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why, for the record")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the halt into the record."""
    from trimtab.cli.screen import literal
    from trimtab.live.book import open_book

    book = open_book(folder_of(args))
    book.halt(args.scope, reason=args.reason)
    tell(
        book, args, f"{literal(args.scope)} is halted: no new order leaves until `trimtab resume`."
    )
    return 0


def tell(book: OpenBook, args: argparse.Namespace, done: str) -> None:
    """Say what was done, or with --json what is halted now."""
    from trimtab.cli.screen import emit, remark, say
    from trimtab.reports.plan_json import findings_json

    if args.json:
        halted = dict(book.folded().halted)
        emit({"halted": halted, "findings": findings_json(book.repairs)})
    else:
        say(done)
        remark(book.repairs)
