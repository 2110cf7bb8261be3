"""`trimtab import`: a broker's export beside the record; on a yes, the record follows it."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, day, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trimtab.adapters.broker_export import Imported
    from trimtab.adapters.import_map import ColumnMap
    from trimtab.cli.options import Commands
    from trimtab.live.book import OpenBook

EPILOG = """\
examples:
  trimtab import positions.csv --account brokerage
  trimtab import positions.csv --account brokerage --on 2026-03-31 --yes
How to read the export is guessed the first time and kept in import-map.toml for you to correct.
Trades that are known are better recorded (`trimtab record`): a transfer knows no basis and no gain.
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "import",
        "read a broker's export; book what differs, after asking",
        description="Read a broker's position export, show where it differs from the record, and "
        "ask. On a yes the differences are booked: dividends that were expected as such, the rest "
        "as transfers from or to outside.",
        epilog=EPILOG,
    )
    add_statement(parser)
    parser.add_argument(
        "--income",
        action="store_true",
        help="cash that came in beyond expected dividends is interest, not a transfer",
    )
    parser.add_argument(
        "--empty", action="store_true", help="an export without rows is right: nothing is held"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask: the statement is right")


def add_statement(parser: argparse.ArgumentParser) -> None:
    """Which export, of which account and day."""
    add_folder(parser, again=True)
    parser.add_argument("file", metavar="FILE", help="the broker's export of positions, as CSV")
    parser.add_argument("--account", metavar="ACCOUNT", required=True, help="of which account")
    parser.add_argument(
        "--on",
        metavar="DATE",
        type=day,
        help="the day of the statement, by default the newest with prices; the record is compared "
        "and booked as of it",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show the differences, ask, book them."""
    from pathlib import Path

    from trimtab.adapters.broker_export import NO_ROWS
    from trimtab.adapters.import_map import add_map, read_map
    from trimtab.cli.screen import asked, emit, remark, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.statements import to_adjust
    from trimtab.model.errors import RefusedError
    from trimtab.reports.findings_text import findings_text
    from trimtab.reports.statement_text import statement_json, statement_text
    from trimtab.reports.words import counted

    book = open_book(folder_of(args))
    if args.json and not args.yes:
        raise RefusedError("--json cannot ask: add --yes, or use `trimtab reconcile --json`")
    column_map, is_guess = column_map_of(book, Path(args.file), args.account)
    imported = imported_of(book, Path(args.file), args.account, column_map, is_guess=is_guess)
    if any(one.code == NO_ROWS for one in imported.findings) and not args.empty:
        raise RefusedError(
            f"{args.file} has a header and no rows of {args.account}: nothing was booked. Export "
            "it again; if nothing is held there any more, say so with --empty"
        )
    mismatches = book.compare(imported.statement, on=args.on)
    on = screen()
    if not args.json:
        if is_guess:
            say(_guessed(args.account, column_map))
        text = statement_text(
            args.account,
            mismatches,
            (*imported.findings, *book.repairs),
            state="" if args.yes else "nothing is booked yet",
            width=on.width,
            look=on.look,
        )
        say(text)
    if mismatches and not args.json:
        # Whoever decides sees all that would be booked, each as what it would be booked as.
        coming = to_adjust(book, imported.statement, on=args.on, income=args.income)
        told = findings_text(coming.findings, width=on.width, look=on.look, explain=True)
        say("\n" + "\n".join([*told, ""]))
    if mismatches and not args.yes:
        differing = counted(len(mismatches), "difference")
        entries = counted(len(coming.drafts), "entry", "entries")
        question = f"Is the statement right? Book {differing}, as {entries}?"
        if not asked(question):
            say("Nothing was booked.")
            return 1
    if is_guess:
        with book.hold():  # another import may write its map just now, or this very one
            if read_map(book.folder, args.account) != column_map:
                add_map(book.folder, args.account, column_map)
    if not mismatches:
        if args.json:
            findings = (*imported.findings, *book.repairs)
            emit(statement_json(args.account, (), findings) | {"booked": 0})
        return 0
    done = book.adjust(imported.statement, on=args.on, income=args.income)
    findings = (*imported.findings, *done.findings, *book.repairs)
    if args.json:
        emit(statement_json(args.account, mismatches, findings) | {"booked": len(done.drafts)})
    else:
        say(f"Booked {counted(len(done.drafts), 'entry', 'entries')}.")
        remark(book.repairs)
    return 0


def column_map_of(book: OpenBook, path: Path, account: str) -> tuple[ColumnMap, bool]:
    """How to read the export: as the folder says, else guessed from its header."""
    from trimtab.adapters.import_map import guess_map, map_to_fill_in, read_map
    from trimtab.model.errors import RefusedError

    accounts = book.portfolio.household.accounts
    if account not in accounts:
        raise RefusedError(f"{account} is no account: known are {', '.join(accounts)}")
    known = read_map(book.folder, account)
    if known is not None:
        return known, False
    with path.open("rb"):  # a file that is not there says so itself
        pass
    guess = guess_map(path)
    if guess is None:
        raise RefusedError(f"{path}: {map_to_fill_in(path, account)}")
    return guess, True


def imported_of(
    book: OpenBook, path: Path, account: str, column_map: ColumnMap, *, is_guess: bool
) -> Imported:
    """The statement of an export; a ticker stands for the instrument that it is an alias of.

    Raises:
        InputError: With every problem of every line.
        RefusedError: The same where the map is a guess, with the guess to write into a file.
    """
    from trimtab.adapters.broker_export import read_export
    from trimtab.adapters.import_map import MAP_FILE
    from trimtab.model.errors import InputError, RefusedError

    try:
        return read_export(path, column_map, account=account, resolve=_resolver(book))
    except InputError as error:
        if not is_guess:
            raise
        raise RefusedError(
            f"{error}\n\n{MAP_FILE} says nothing of {account} yet. This is how the export was "
            f"read, a guess: write it there, correct it, and import again:\n\n"
            f"{_map_lines(account, column_map)}"
        ) from None


def _resolver(book: OpenBook) -> Callable[[str], str]:
    instruments = book.household().instruments
    ids = {alias.symbol: id_ for id_, one in instruments.items() for alias in one.aliases}
    return lambda symbol: symbol if symbol in instruments else ids.get(symbol, symbol)


def _guessed(account: str, column_map: ColumnMap) -> str:
    told = _map_lines(account, column_map)
    return f"Guessed how to read it, for import-map.toml:\n\n{told}\n"


def _map_lines(account: str, column_map: ColumnMap) -> str:
    """A column map as it stands in its file, indented."""
    from trimtab.adapters.import_map import map_text
    from trimtab.reports.words import clean

    lines = map_text(account, column_map).rstrip("\n").split("\n")
    return "\n".join(f"  {clean(line)}" for line in lines)
