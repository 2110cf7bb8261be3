"""`trimtab ledger correct`: what was booked wrongly is put right by new entries, after asking."""

from __future__ import annotations

import argparse

from trimtab.cli.options import day, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction

    from trimtab.execution.correcting.task import Change


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which entry, and what of it was different."""
    parser.add_argument("entry", metavar="ENTRY", type=int, help="the number of the entry")
    facts = parser.add_argument_group("what was different")
    for name, metavar, kind, text in (
        ("--price", "P", _number, "of a trade: the price of one unit"),
        ("--quantity", "UNITS", _number, "of a trade, or of a lot that an import brought"),
        ("--fees", "MONEY", _number, "of a trade"),
        ("--date", "DATE", day, "of a trade"),
        ("--account", "ACCOUNT", str, "where it happened"),
        ("--amount", "MONEY", _number, "of cash that came or went"),
        ("--basis", "MONEY", _number, "of a lot that came in: what all of it cost"),
        ("--acquired", "DATE", day, "of a lot that came in: when it was bought"),
        ("--lot", "LOT", str, "of the opening: which lot"),
        ("--ratio", "NEW:OLD", _ratio, "of a split: units after it for units before, as 2:1"),
    ):
        facts.add_argument(name, metavar=metavar, type=kind, help=text)
    facts.add_argument("--void", action="store_true", help="it never happened")
    facts.add_argument(
        "--again", action="store_true", help="a trade that was voided happened after all"
    )
    parser.add_argument(
        "--as-it-was",
        action="store_true",
        help="book it although the market's price of that day says that it is a slip",
    )
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why, for the record")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Show what changes, ask, book it."""
    from trimtab.cli.screen import asked, emit, remark, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.corrections import correct, to_correct
    from trimtab.model.errors import RefusedError
    from trimtab.reports.correction_text import correction_json, correction_text
    from trimtab.reports.plan_json import findings_json
    from trimtab.reports.words import counted

    if args.json and not args.yes:
        raise RefusedError("--json cannot ask: add --yes to book it without asking")
    if args.again and args.void:
        raise RefusedError("it happened or it did not: --again and --void exclude each other")
    book = open_book(folder_of(args))
    change = _change(args)
    how = {"reason": args.reason, "again": args.again, "as_it_was": args.as_it_was}
    found = to_correct(book, args.entry, change, **how)
    on = screen()
    if not args.json:
        told = "" if args.yes else "nothing is written yet"
        say(correction_text(found, state=told, width=on.width, look=on.look) + "\n")
    if not args.yes and not asked(f"Correct entry {args.entry} so?"):
        say("Nothing was corrected.")
        return 1
    done = correct(book, args.entry, change, **how)
    if args.json:
        findings = findings_json((*done.findings, *book.repairs))
        emit(correction_json(done) | {"findings": findings})
    else:
        say(
            f"Booked {counted(len(done.drafts), 'entry', 'entries')}. A plan that was not approved "
            "yet is stale now: plan again."
        )
        remark(book.repairs)
    return 0


def _change(args: argparse.Namespace) -> Change:
    from trimtab.execution.correcting.task import Change
    from trimtab.model.errors import RefusedError
    from trimtab.model.numbers import NumberError, Price, minor_from

    def minor(name: str) -> int | None:
        value = getattr(args, name)
        try:
            amount = None if value is None else minor_from(value)
        except NumberError as error:
            raise RefusedError(f"--{name} {value}: {error}") from None
        if amount is not None and amount < 0:
            raise RefusedError(f"--{name} {value}: it cannot be below zero")
        return amount

    try:
        price = None if args.price is None else Price.of(args.price)
    except NumberError as error:
        raise RefusedError(f"--price {args.price}: {error}") from None
    return Change(
        price=price,
        quantity=args.quantity,
        fees=minor("fees"),
        amount=minor("amount"),
        account=args.account,
        on=args.date,
        basis=minor("basis"),
        acquired=args.acquired,
        ratio=args.ratio,
        lot=args.lot,
        void=args.void,
    )


def _number(text: str) -> Decimal:
    from trimtab.model.numbers import NumberError, decimal_from

    try:
        return decimal_from(text)
    except NumberError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _ratio(text: str) -> Fraction:
    """`2:1` or `2` as two new units for an old one."""
    from fractions import Fraction

    new, _, old = text.partition(":")
    parts = (new, old or "1")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < 10**6 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a ratio such as 2:1")
    return Fraction(int(parts[0]), int(parts[1]))
