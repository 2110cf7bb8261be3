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
    add_currency(parser)


def prices_given(args: argparse.Namespace) -> PriceHistory | None:
    """The prices of `--prices`, in the currency asked for; None where the portfolio's count.

    Raises:
        RefusedError: Options of a currency lack what they need.
        InputError: A file cannot be used.
    """
    from trimtab.adapters.price_frames import read_mixed_prices
    from trimtab.model.errors import RefusedError

    if not args.prices:
        if args.currency:
            raise RefusedError("--currency goes with --prices; here the portfolio's counts")
        return None
    if args.fx and not args.currency:
        raise RefusedError("--fx converts prices: say to which currency, as --currency USD")
    return read_mixed_prices(args.prices, currency=args.currency, fx=args.fx)
