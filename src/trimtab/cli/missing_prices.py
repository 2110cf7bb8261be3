"""The options of `backtest` about prices that are missing or in another currency."""

from __future__ import annotations

import argparse

from trimtab.cli.studied import bps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any


def add_missing(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument(
        "--missing",
        metavar="drop|hold[:N]",
        default="drop",
        help="sessions on which some have a price and others none: left out (drop), or valued at "
        "the last price, at most 5 in a row unless N says so, and not traded (hold)",
    )
    parser.add_argument(
        "--late",
        choices=("wait", "spread"),
        default="wait",
        help="instruments that appear later: begin when all are there (wait), or spread their "
        "target over the others until then (spread)",
    )
    parser.add_argument(
        "--delisted",
        metavar="SYMBOL[=PRICE]",
        action="append",
        default=[],
        help="its prices end: it is turned into cash at this price, or its last one (repeatable)",
    )
    parser.add_argument(
        "--accept-jumps",
        action="store_true",
        help="take tenfold changes of a price, and what looks like a split, for real",
    )
    parser.add_argument(
        "--fx-bps",
        metavar="BPS",
        type=bps,
        default="0",
        help="half-spread of exchange, for orders in what is priced in another currency",
    )


def missing_of(args: argparse.Namespace) -> dict[str, Any]:
    """The keywords of `backtest` that the options stand for.

    Raises:
        OptionError: One of them makes no sense.
    """
    from trimtab.simulate.gaps import read_gaps

    delisted = {
        symbol: None if price is None else float(price)
        for symbol, price in delisted_of(args).items()
    }
    read_gaps(args.missing, args.late, delisted)
    options = {"missing": args.missing, "late": args.late, "delisted": delisted}
    if args.accept_jumps:
        options["accept_jumps"] = True
    return {**options, "fx_bps": args.fx_bps}


def delisted_of(args: argparse.Namespace) -> dict[str, Decimal | None]:
    """What became of instruments whose prices end: the price of a unit, or None for the last one.

    Raises:
        RefusedError: A price is none.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.model.numbers import NumberError, decimal_from

    delisted: dict[str, Decimal | None] = {}
    for text in args.delisted:
        symbol, mark, price = text.partition("=")
        try:
            delisted[symbol.strip()] = decimal_from(price) if mark else None
        except NumberError as error:
            raise RefusedError(f"--delisted {text}: {error}; write ENRN or ENRN=0.26") from None
    return delisted


def exchange_asked(args: argparse.Namespace) -> list[tuple[object, str]]:
    """Whether each option about currencies was given, with its name."""
    return [
        (args.currency, "--currency"),
        (args.fx, "--fx"),
        (args.fx_bps != "0", "--fx-bps"),
    ]


def missing_asked(args: argparse.Namespace) -> list[tuple[object, str]]:
    """Whether each option that account mode has not was given, with its name."""
    return [
        (args.missing != "drop", "--missing"),
        (args.late != "wait", "--late"),
        (args.accept_jumps, "--accept-jumps"),
    ]
