"""Which prices `trimtab optimize` and `frontier` look at: a file's or a folder's."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder
from trimtab.cli.studied import add_currency

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.simulate.prices.history import PriceHistory


def add_prices(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    add_folder(parser, again=True)
    parser.add_argument(
        "--prices",
        metavar="FILE",
        help="prices: CSV, Parquet, or a folder of them (default: the portfolio's)",
    )
    parser.add_argument(
        "--delisted",
        metavar="SYMBOL",
        action="append",
        default=[],
        help="its prices end: nothing can be held of it, and it is left out (repeatable)",
    )
    add_currency(parser)


def prices_given(args: argparse.Namespace) -> PriceHistory | None:
    """The prices of `--prices`, in the currency asked for; None where the portfolio's count.

    What is delisted is none of them.

    Raises:
        RefusedError: Options lack what they need.
        InputError: A file cannot be used, or has nothing of what is delisted.
    """
    from trimtab.adapters.price_frames import read_mixed_prices
    from trimtab.model.errors import InputError, RefusedError

    if not args.prices:
        if args.delisted:
            raise RefusedError(
                "--delisted goes with --prices; of a portfolio take the sleeve away, or name a "
                "stand-in for its history"
            )
        if args.currency:
            raise RefusedError("--currency goes with --prices; here the portfolio's counts")
        return None
    if args.fx and not args.currency:
        raise RefusedError("--fx converts prices: say to which currency, as --currency USD")
    known = read_mixed_prices(args.prices, currency=args.currency, fx=args.fx)
    if not args.delisted:
        return known
    if problems := known.problems_with(args.delisted):
        raise InputError(problems)
    return known.select([symbol for symbol in known.symbols if symbol not in args.delisted])
