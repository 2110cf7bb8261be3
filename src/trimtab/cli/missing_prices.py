"""The options of `backtest` about prices that are missing or in another currency."""

from __future__ import annotations

import argparse

from trimtab.cli.studied import bps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any

    from trimtab.cli.studied import Studied
    from trimtab.live.book import OpenBook


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
        help="take changes of a price by eight times or more, and what looks like a split, for "
        "real",
    )
    parser.add_argument(
        "--fx-bps",
        metavar="BPS",
        type=bps,
        help="half-spread of exchange, for orders in what is priced in another currency (default: "
        "costs.fx_bps of the portfolio, or 0)",
    )


def missing_of(args: argparse.Namespace, found: Studied) -> dict[str, Any]:
    """The keywords of `backtest` that the options stand for, or what is looked at says.

    Raises:
        OptionError: One of them makes no sense.
    """
    from trimtab.simulate.prices.gaps import read_gaps

    delisted = {
        symbol: None if price is None else float(price)
        for symbol, price in delisted_of(args).items()
    }
    read_gaps(args.missing, args.late, delisted)
    options = {"missing": args.missing, "late": args.late, "delisted": delisted}
    if args.accept_jumps:
        options["accept_jumps"] = True
    return {**options, "fx_bps": found.fx_bps if args.fx_bps is None else args.fx_bps}


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


def exchanging(args: argparse.Namespace, book: OpenBook) -> OpenBook:
    """A portfolio with the rates and the cost of exchange that the options name.

    Raises:
        RefusedError: Its accounts are to be run in another currency.
    """
    from decimal import Decimal

    from trimtab.model.errors import RefusedError

    if args.currency:
        raise RefusedError("--currency goes with --prices; here the portfolio's counts")
    bps = None if args.fx_bps is None else Decimal(args.fx_bps)
    return book if args.fx is None and bps is None else book.exchanging(fx=args.fx, fx_bps=bps)


def missing_asked(args: argparse.Namespace) -> list[tuple[object, str]]:
    """Whether each option that account mode has not was given, with its name."""
    return [
        (args.missing != "drop", "--missing"),
        (args.late != "wait", "--late"),
        (args.accept_jumps, "--accept-jumps"),
    ]
