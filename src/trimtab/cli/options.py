"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from pathlib import Path


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
