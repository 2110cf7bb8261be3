"""What a run over history begins with: as told, or what the portfolio is worth."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from trimtab.cli.missing_prices import exchanging
from trimtab.cli.options import folder_of
from trimtab.cli.studied import START, Studied


@dataclass(frozen=True)
class Beginning:
    """What a run begins with.

    Args:
        cash: In money.
        remark: Why, where nobody said it; empty where it was said, or there is no portfolio.
    """

    cash: float
    remark: str = ""


def begins_with(args: argparse.Namespace, found: Studied) -> Beginning:
    """What a run in research begins with: as told, else what the portfolio is worth.

    Fees per order, minimums and impact weigh by how much is traded. Any prices begin with `START`,
    and so does a portfolio that holds nothing yet, or whose record cannot be read: that is said.

    Raises:
        TrimtabError: What it is worth is not known, and its target has a floor in money.
        RefusedError: It is worth nothing now, and its target has a floor in money.
    """
    from trimtab.live.book import open_book
    from trimtab.model.errors import RefusedError, TrimtabError

    if args.cash:
        return Beginning(args.cash)
    if not found.name:
        return Beginning(START)
    is_insured = _is_insured(found)
    try:
        book = exchanging(args, open_book(folder_of(args)))
        worth = float(book.worth(book.as_of()))
    except TrimtabError as error:
        if is_insured:
            raise
        return Beginning(START, _otherwise(f"what the portfolio is worth is not known ({error})"))
    if worth <= 0:
        if is_insured:
            raise RefusedError("the portfolio is worth nothing now: say what to begin with, --cash")
        return Beginning(START, _otherwise("the portfolio is worth nothing now"))
    why = ", as its floor is money" if is_insured else ""
    remark = f"It starts with {worth:,.2f}, what the portfolio is worth now{why}; --cash says "
    return Beginning(worth, f"{remark}otherwise.")


def _is_insured(found: Studied) -> bool:
    from trimtab.simulate.research.found_aim import FoundAim

    return isinstance(found.target, FoundAim) and found.target.insured is not None


def _otherwise(why: str) -> str:
    return f"It starts with {START:,}, for {why}; --cash says otherwise."
