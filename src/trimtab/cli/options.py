"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # as a constant of our own: the module typing takes 5 ms of every start
    from datetime import date
    from decimal import Decimal
    from pathlib import Path
    from typing import TypeAlias

    from trimtab.model.plan import Plan

    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


OK, TROUBLE = 0, 1
"""Exit codes of a command that ran: done, or something stands in the way."""


class Help(argparse.RawDescriptionHelpFormatter):
    """Help texts as wide as the terminal, at most 100; examples stay as they are written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=_help_width())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


def _help_width() -> int:
    # Otherwise argparse asks shutil, which brings in every compression there is.
    try:
        columns = int(
            os.environ.get("COLUMNS") or os.get_terminal_size(sys.stdout.fileno()).columns
        )
    except (OSError, ValueError):
        columns = 100
    return max(min(columns, 100) - 2, 40)


def command(
    commands: Commands, name: str, summary: str, *, description: str, epilog: str
) -> argparse.ArgumentParser:
    """A command with its line in the overview, its description, and examples at the end."""
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=Help,
        allow_abbrev=False,
    )


def add_folder(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """The portfolio folder: may stand before the command or after it."""
    parser.add_argument(
        "-C",
        "--folder",
        metavar="DIR",
        default=argparse.SUPPRESS if again else ".",
        help="the portfolio folder (default: the current directory)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """One JSON object instead of text."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """The session to look at."""
    parser.add_argument(
        "--as-of",
        metavar="DATE",
        type=day,
        help="look at this day, as 2026-03-31 (default: the newest day with prices)",
    )


def add_price(parser: argparse.ArgumentParser) -> None:
    """Prices that the command line gives."""
    parser.add_argument(
        "--price",
        metavar="SYMBOL=P",
        type=price,
        action=OncePerName,
        default=[],
        help="a price for that day, for what has no ticker (repeatable)",
    )


def has_errors(plan: Plan) -> bool:
    """Whether something stands in the plan's way that a person has to put right."""
    return any(finding.severity == "error" for finding in plan.findings)


def folder_of(args: argparse.Namespace) -> Path:
    """The portfolio folder that a command was given."""
    from pathlib import Path

    return Path(args.folder)


def day(text: str) -> date:
    """A date of the form 2026-03-31."""
    from datetime import date

    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-03-31")


def price(text: str) -> tuple[str, Decimal]:
    """`SYMBOL=P`, a price above zero."""
    return _pair(text, "SYMBOL=PRICE, as VTI=301.25")


def flow(text: str) -> tuple[str, Decimal]:
    """`ACCOUNT=AMOUNT`, money above zero with at most two decimal places."""
    from trimtab.model.numbers import NumberError, minor_from

    account, amount = _pair(text, "ACCOUNT=AMOUNT, as roth=2500.00")
    try:
        minor_from(amount)
    except NumberError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None
    return account, amount


class OncePerName(argparse.Action):
    """A repeatable `NAME=VALUE` whose name may stand once: which of two is meant, nobody knows."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Add a pair."""
        assert isinstance(values, tuple), "the type of the option makes pairs"
        name, value = values
        given = list(getattr(namespace, self.dest))
        for other, first in given:
            if other == name:
                told = f"{name} is given twice, {first} and {value}: give it once"
                if self.type is flow:
                    told += f", {name}={first + value} if you mean both"
                raise argparse.ArgumentError(self, told)
        setattr(namespace, self.dest, [*given, (name, value)])


def _pair(text: str, form: str) -> tuple[str, Decimal]:
    from trimtab.model.numbers import NumberError, decimal_from

    name, equals, number = text.rpartition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}")
    try:
        value = decimal_from(number)
    except NumberError as problem:
        raise argparse.ArgumentTypeError(f"{text!r}: {problem}") from None
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r}: it must be above zero")
    return name.strip(), value
