"""What `trimtab frontier` takes from a portfolio folder, and what it says it leaves out."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from trimtab.live.book import OpenBook
    from trimtab.model.findings import Finding
    from trimtab.model.plan import Plan
    from trimtab.simulate.history import PriceHistory
    from trimtab.targets.moving import MovingTarget

WORTH_SAYING = 0.0005
"""Less of the portfolio than this is not missed."""


def this_portfolio(
    args: argparse.Namespace,
) -> tuple[PriceHistory, dict[str, float], tuple[Finding, ...]]:
    """A portfolio's prices, its weights by the symbol that stands for each sleeve, and findings.

    The weights are of the last day that counts. Cash, and what is in no sleeve, are left out and
    the rest is taken for the whole, which is said; so is a target that is found in another way.
    """
    from trimtab.cli.options import folder_of
    from trimtab.cli.studied import stand_ins
    from trimtab.live.book import open_book
    from trimtab.model.errors import RefusedError
    from trimtab.model.instruments import CASH

    book = open_book(folder_of(args))
    prices, chosen = stand_ins(book.portfolio)
    plan = book.status(args.end).value
    leaves = {row.sleeve: float(row.now) for row in plan.sleeves if row.is_leaf}
    held: dict[str, float] = {}
    for leaf, symbol in chosen:
        if symbol != CASH:
            held[symbol] = held.get(symbol, 0.0) + leaves.get(leaf, 0.0)
    total = sum(held.values())
    if not total > 0.0:
        raise RefusedError("this portfolio holds nothing that has a history; use --prices")
    findings = (*_in_part(plan, total), *_found_otherwise(book, plan, dict(chosen)))
    return prices, {symbol: weight / total for symbol, weight in held.items()}, findings


def _in_part(plan: Plan, total: float) -> tuple[Finding, ...]:
    """That "now" is not all of the portfolio."""
    from trimtab.model.findings import Finding

    if 1.0 - total < WORTH_SAYING:
        return ()
    message = (
        f'"now" is the portfolio of {plan.as_of} without cash and what is in no sleeve, which are '
        f"{1.0 - total:.1%} of it: the rest is taken for the whole. With cash it is expected to "
        "vary less."
    )
    return (Finding("now-in-part", "now", message, "info"),)


def _found_otherwise(book: OpenBook, plan: Plan, stands_for: dict[str, str]) -> tuple[Finding, ...]:
    """That what `plan` aims at is found from other estimates and limits, and by which options."""
    from trimtab.model.findings import Finding

    moving = book.portfolio.moving
    if moving is None or not moving.is_optimised:
        return ()
    on = book.portfolio.calendar.last_period_end(moving.every, plan.as_of)
    message = (
        f"this frontier is not what plan aims at: [target.optimize] has {moving.words}, from "
        "estimates and limits of its own, none of which are used here. For the same give "
        f"{_options(moving, on)}{_limits(moving, stands_for)}. trimtab status --explain shows "
        "what was found."
    )
    return (Finding("frontier-not-the-target", "target.optimize", message),)


def _options(moving: MovingTarget, on: date) -> str:
    """The options by which the estimates are those of the table."""
    from trimtab.targets.foreseen import BlackLitterman
    from trimtab.targets.signals import months_before

    told = f"--start {months_before(on, moving.months)} --end {on} --covariance {moving.covariance}"
    told += f" --risk-free {moving.asked.risk_free:g}"
    if isinstance(moving.expected, str):
        return f"{told} --expected {moving.expected}"
    if isinstance(moving.expected, BlackLitterman):
        views = " and --views" if moving.expected.views else ""
        return f"{told}, --market{views} with what the table says"
    return f"{told}, --expected-returns with what the table says"


def _limits(moving: MovingTarget, stands_for: dict[str, str]) -> str:
    """The limits of sleeves that have any, in words."""
    limited = [
        f"{stands_for.get(one.name, one.name)} {one.least / 100:g} to {one.most / 100:g}%"
        for one in moving.tree.walk()
        if one.name and one.is_limited and not one.is_cash
    ]
    return f", and --groups FILE with the limits of its sleeves ({', '.join(limited)})" * bool(
        limited
    )
