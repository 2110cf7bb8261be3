"""Which days `trimtab optimize` and `frontier` learn from where histories differ in length."""

from __future__ import annotations

import argparse

from trimtab.estimates.history import LEAST_SESSIONS, LONG_ENOUGH, MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trimtab.model.findings import Finding
    from trimtab.simulate.prices.history import Panel, PriceHistory

MOST_NAMED = 3
"""Of those that shorten a history so many are named."""


def add_history(parser: argparse.ArgumentParser) -> None:
    """Describe the option."""
    parser.add_argument(
        "--missing-history",
        choices=MISSING,
        help="where instruments begin on different days: learn from the days common to all, from "
        "those that each and each pair has, or leave out who makes them few (default: common)",
    )


def learned_from(args: argparse.Namespace, known: PriceHistory) -> Panel:
    """The days of a history that count, with what is to be said of them.

    What is excluded has no say in it, unless a benchmark or a market holds it, nor what has no
    price at all; such columns, and with `--missing-history` any, may then have gaps.

    Raises:
        InputError: What is excluded is unknown, prices of others end before the last day, or there
            are fewer than two days.
        RefusedError: The days common to all are too few, and more could be had.
    """
    import numpy as np

    from trimtab.cli.optimize_limits import named_problems, shares_by
    from trimtab.model.errors import InputError, RefusedError
    from trimtab.simulate.prices.gaps import check_ends
    from trimtab.simulate.prices.history import Panel, common_sessions

    problems = named_problems(args, known.symbols)
    benchmark = {} if problems else shares_by(args.benchmark, "--benchmark", known.symbols)
    out = set() if args.market else set(args.exclude) - set(benchmark)
    together = [symbol for symbol in known.symbols if symbol not in out]
    if problems := [*problems, *known.problems_with(together)]:
        raise InputError(problems)
    inside = np.ones(len(known), dtype=np.bool_)
    if args.start is not None:
        inside &= known.dates >= np.datetime64(args.start, "D")
    if args.end is not None:
        inside &= known.dates <= np.datetime64(args.end, "D")
    present = ~np.isnan(known.close) & inside[:, None]
    counted = [
        symbol
        for i, symbol in enumerate(known.symbols)
        if symbol not in out and present[:, i].any()
    ]
    days = int(present.any(axis=1).sum())
    if days <= LEAST_SESSIONS and args.covariance_file is None:
        earlier = "" if args.start is None else ", or an earlier --start"
        raise RefusedError(
            f"these prices have {days} days, and {LEAST_SESSIONS + 1} are the least to learn from: "
            f"give more{earlier}"
        )
    # No estimate makes up for it that nothing can be held of what is traded no more.
    check_ends(known.select(counted), args.start, args.end)
    if args.missing_history in (None, "common") or not counted:
        panel = common_sessions(known, counted or known.symbols, start=args.start, end=args.end)
        short = _shortened(known, counted, present, len(panel.history))
        findings = [one for one in panel.findings if not (short and one.code == "starts-late")]
        if len(counted) == len(known.symbols):
            return Panel(panel.history, (*findings, *short))
        kept = np.flatnonzero(np.isin(known.dates, panel.history.dates))
        return Panel(known.rows(kept), (*findings, *short))
    return Panel(known.rows(np.flatnonzero(present.any(axis=1))), ())


def own_returns(history: PriceHistory) -> Any:
    """Simple returns, each from an instrument's own last price, shape (sessions - 1, n)."""
    from trimtab.estimates.arrays import returns_by_own

    return returns_by_own(history.close)


def _shortened(
    known: PriceHistory, counted: Sequence[str], present: Any, common: int
) -> list[Finding]:
    """That much of the longest history is not used, whom it is short of, and what to type.

    Raises:
        RefusedError: What is common is too little to learn from.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.model.findings import Finding

    columns = [known.column(symbol) for symbol in counted]
    have = {symbol: int(present[:, i].sum()) for symbol, i in zip(counted, columns, strict=True)}
    longest = max(have.values(), default=0)
    if common >= LONG_ENOUGH * longest:
        return []
    short = sorted(
        (symbol for symbol in counted if have[symbol] < LONG_ENOUGH * longest), key=have.__getitem__
    )
    if not short:  # each lacks other days
        return []
    spans = []
    for symbol in short[:MOST_NAMED]:
        days = known.dates[present[:, known.column(symbol)]]
        spans.append(f"{symbol} has {have[symbol]:,} ({days[0]} to {days[-1]})")
    more = f", and {len(short) - MOST_NAMED} more are short" if len(short) > MOST_NAMED else ""
    rest = [i for symbol, i in zip(counted, columns, strict=True) if symbol != short[0]]
    without = int(present[:, rest].all(axis=1).sum()) if rest else 0
    told = (
        f"{common:,} days are common to all {len(counted)} instruments, of up to {longest:,}: "
        f"{', '.join(spans)}{more}. Without {short[0]} there would be {without:,}"
    )
    cure = (
        "--missing-history pairwise learns from all that each has, --missing-history leave-out "
        f"from those without {'it' if len(short) == 1 else f'these {len(short)}'}, --exclude "
        f"{short[0]} from those without {short[0]}."
    )
    if common - 1 < LEAST_SESSIONS <= longest - 1:
        raise RefusedError(f"{told}, and {LEAST_SESSIONS} returns are the least. {cure}")
    message = f"Estimates use less than there is: {told}. {cure}"
    return [Finding("history-shortened", short[0], message)]
