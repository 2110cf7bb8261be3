"""What `frontier` and `optimize` take from a portfolio folder: weights, target, estimates."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from trimtab.cli.units import RISK_FREE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any

    from trimtab.estimates.arrays import Floats
    from trimtab.live.book import OpenBook
    from trimtab.model.findings import Finding
    from trimtab.model.plan import Plan
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.moving.learned import Prepared
    from trimtab.targets.moving.moving import MovingTarget
    from trimtab.targets.objectives.foreseen import Foreseen
    from trimtab.targets.solvers.limits import Limits

WORTH_SAYING = 0.0005
"""Less of the portfolio than this is not missed."""

OFF_THE_CURVE = ("robust-utility", "risk-parity", "hrp", "max-diversification", "min-cvar")
"""Objectives whose best weights need not lie on the frontier, with `min-cdar`."""


@dataclass(frozen=True)
class Taught:
    """What a folder's `[target.optimize]` learned for the target that holds.

    Args:
        expected, covariance: A year's, of what is invested, shape (n,) and (n, n).
        limits: Of the sleeves, as shares of what is invested.
        names: The symbol of each sleeve; its own name where two have the same.
        symbols: What stands for each.
        sessions, years: Of history that was learned from.
        resampled, seed, missing: Of the table.
        words: What was used, in a sentence.
        findings: Of the estimates.
        first, last: Days of the history.
        risk_free: A year's.
        foreseen: Where the expected returns came from, where no word says it.
    """

    expected: Floats
    covariance: Floats
    limits: Limits
    names: tuple[str, ...]
    symbols: tuple[str, ...]
    sessions: int
    years: float
    resampled: int
    seed: int
    missing: str
    words: str
    findings: tuple[Finding, ...]
    first: date
    last: date
    risk_free: float
    foreseen: Foreseen | None


@dataclass(frozen=True)
class OfFolder:
    """A portfolio as the frontier takes it.

    Args:
        prices: Of the symbols that stand for its sleeves.
        held, target: Weights of the whole by sleeve's name, money as `CASH`.
        cash: The share that stays money.
        symbols: What stands for each sleeve that is not money, by its name.
        findings: What is to be said of them.
        taught: Where its target is found from prices, what it learned.
    """

    prices: PriceHistory
    held: Mapping[str, float]
    target: Mapping[str, float]
    cash: float
    symbols: Mapping[str, str]
    findings: tuple[Finding, ...]
    taught: Taught | None = None

    @property
    def counts_cash(self) -> bool:
        """Whether there is any money in it to speak of."""
        from trimtab.model.instruments import CASH

        return max(self.cash, self.held.get(CASH, 0.0)) >= WORTH_SAYING

    def weights(self, of: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
        """Weights by sleeve as weights by the names of the frontier, money as `CASH`."""
        from trimtab.model.instruments import CASH

        found = dict.fromkeys([*names, CASH], 0.0)
        for sleeve, weight in of.items():
            symbol = self.symbols.get(sleeve, CASH)
            name = symbol if symbol in found else sleeve
            found[name] = found.get(name, 0.0) + weight
        return found


def this_portfolio(args: argparse.Namespace) -> OfFolder:
    """The same as `as_it_stands`, with what its target learned where that is found from prices.

    Raises:
        RefusedError: It holds nothing that has a history, or its target's estimates cannot be made.
    """
    found, book, plan, known = as_it_stands(args)
    moving = book.portfolio.moving
    if moving is None or not moving.is_optimised:
        return found
    return replace(
        found, taught=_taught(args, by_table(args, book, moving, plan, known, found.symbols))
    )


def as_it_stands(args: argparse.Namespace) -> tuple[OfFolder, OpenBook, Plan, PriceHistory]:
    """A portfolio's prices, what it holds and aims at on the last day that counts, with its money.

    What is in no sleeve is left out and the rest is taken for the whole, which is said.

    Returns:
        That, the open book, its plan of that day, and all prices.

    Raises:
        RefusedError: It holds nothing that has a history.
    """
    from trimtab.cli.options import folder_of
    from trimtab.cli.studied import stand_ins
    from trimtab.engine.mandate import HOUSEHOLD
    from trimtab.live.book import open_book
    from trimtab.model.errors import RefusedError
    from trimtab.model.instruments import CASH

    book = open_book(folder_of(args))
    known, chosen = stand_ins(book.portfolio, fx=args.fx)
    plan = book.status(args.end).value
    symbols = {leaf: symbol for leaf, symbol in chosen if symbol != CASH}
    rows = [row for row in plan.sleeves if row.is_leaf and row.target == HOUSEHOLD]
    held: dict[str, float] = {CASH: 0.0}
    target: dict[str, float] = {CASH: 0.0}
    for row in rows:
        name = row.sleeve if row.sleeve in symbols else CASH
        held[name] = held.get(name, 0.0) + float(row.now)
        target[name] = target.get(name, 0.0) + float(row.weight)
    if not sum(held[name] for name in held if name != CASH) > 0.0:
        raise RefusedError("this portfolio holds nothing that has a history; use --prices")
    if not target[CASH] < 1.0:
        raise RefusedError("this portfolio's target is cash alone; use --prices")
    held[CASH] = max(held[CASH], _money(book, plan))
    total = sum(held.values())
    tiny = [one for one in book.portfolio.findings if one.code == "tiny-percent"]
    found = OfFolder(
        known.select(tuple(dict.fromkeys(symbols.values()))),
        {name: weight / total for name, weight in held.items()},
        target,
        target[CASH],
        symbols,
        (*_in_part(plan, total), *_apart(book), *tiny),
    )
    return found, book, plan, known


def _money(book: OpenBook, plan: Plan) -> float:
    """The share of the base that is cash, whether a sleeve holds it or not; its buffer apart."""
    from trimtab.engine.mandate import HOUSEHOLD

    rows = (one for one in plan.sleeves if one.is_leaf and one.target == HOUSEHOLD)
    row = max(rows, key=lambda one: one.now)
    base = float(row.value_before / row.now)
    accounts, buffer = book.portfolio.household.accounts, book.portfolio.mandate.cash_buffer
    cash = book.state(plan.as_of).cash.items()
    own = sum(minor for account, minor in cash if accounts[account].shares_target)
    return max((own - buffer) / base, 0.0)


def _apart(book: OpenBook) -> tuple[Finding, ...]:
    """That accounts with a target of their own are left out."""
    from trimtab.model.findings import Finding

    accounts = book.portfolio.household.accounts.values()
    apart = [one.id for one in accounts if not one.shares_target]
    if not apart:
        return ()
    message = (
        f"this is the target that accounts share: {', '.join(apart)} with a target of its own is "
        "left out; `trimtab plan --explain` tells how that is found"
    )
    return (Finding("accounts-apart", "target", message, "info"),)


def _in_part(plan: Plan, total: float) -> tuple[Finding, ...]:
    """That "now" is not all of the portfolio."""
    from trimtab.model.findings import Finding

    if 1.0 - total < WORTH_SAYING:
        return ()
    message = (
        f'"now" is the portfolio of {plan.as_of} without what is in no sleeve, which is '
        f"{1.0 - total:.1%} of it: the rest is taken for the whole"
    )
    return (Finding("now-in-part", "now", message, "info"),)


@dataclass(frozen=True)
class ByTable:
    """What `[target.optimize]` learns for the target that holds, options in place of its keys.

    Args:
        rule: The table; its limits and its objective are its own.
        known: The prices of its history, and the estimates of them.
        names: The symbol of each sleeve; its own name where two have the same.
    """

    rule: MovingTarget
    known: Prepared
    names: tuple[str, ...]

    @property
    def cash(self) -> float:
        """The share of the whole that stays money."""
        from trimtab.targets.moving.ranged import UNITS

        return sum(leaf.least for leaf in self.rule.tree.leaves() if leaf.is_cash) / UNITS


def by_table(
    args: argparse.Namespace,
    book: OpenBook,
    moving: MovingTarget,
    plan: Plan,
    known: PriceHistory,
    symbols: Mapping[str, str],
) -> ByTable:
    """What the table learns for the target that holds; options take the place of its keys.

    Args:
        args: The options of estimates and of views.
        book: The open folder.
        moving: Its table.
        plan: Of the day that counts.
        known: Its prices.
        symbols: What stands for each sleeve that is not money, by its name.

    Raises:
        RefusedError: Its estimates cannot be made, or an option says what only the table can.
    """
    from trimtab.cli.optimize_spread import is_given, spread_by
    from trimtab.cli.optimize_views import expectation_of, is_expected
    from trimtab.model.errors import RefusedError
    from trimtab.targets.estimators.given import covariance_of
    from trimtab.targets.estimators.missing import check_missing
    from trimtab.targets.moving.breaking import by_what_is_recent
    from trimtab.targets.moving.learned import Prepared, prepared
    from trimtab.targets.moving.window import estimates_of

    if args.start is not None:
        raise RefusedError(
            "--start: how far back [target.optimize] looks is its history, in portfolio.toml; "
            "--end goes back to the target of another day"
        )
    calendar = book.portfolio.calendar
    found, on = plan.found, calendar.last_period_end(moving.every, plan.as_of)
    rule = moving
    if found is not None:
        on = found.on
        if any(one.code == "target-found-anew" for one in found.findings):
            rule = by_what_is_recent(moving)
    asked = rule.asked
    rule = replace(
        rule,
        covariance=args.covariance or rule.covariance,
        missing=args.missing_history or rule.missing,
        asked=replace(
            asked,
            risk_free=risk_free_of(args, rule),
            resampled=asked.resampled if args.resampled is None else args.resampled,
            seed=asked.seed if args.seed is None else args.seed,
        ),
    )
    if is_expected(args):
        # Which returns are expected needs names, and those come with the history.
        rule = replace(rule, expected="mean")
    try:
        check_missing(
            rule.missing,
            objective=rule.asked.objective,
            covariance=rule.covariance,
            expected=args.expected or rule.expected,
            resampled=rule.asked.resampled,
        )
    except ValueError as error:
        raise RefusedError(f"{error}") from None
    taught = prepared(rule, known, symbols, on=on, calendar=calendar)
    if not isinstance(taught, Prepared):
        raise RefusedError(f"no target can be found: {taught.failure}")
    window = taught.window
    alone = len(set(window.symbols)) == len(window.symbols)
    names = window.symbols if alone else tuple(leaf.name for leaf in window.leaves)
    if is_expected(args) or is_given(args):
        seen_as, spread = window, None
        if is_expected(args):
            rule = replace(rule, expected=expectation_of(args, names))
            leaves = zip(window.leaves, names, strict=True)
            seen_as = replace(window, leaves=tuple(replace(one, name=name) for one, name in leaves))
        if is_given(args):
            days: Any = window.days[1:]
            spread = covariance_of(
                spread_by(args, names, window.returns, days, year=taught.year),
                window.returns,
                names,
                sessions_a_year=taught.year,
            )
        made, wrong = estimates_of(rule, seen_as, taught.year, spread=spread)
        if made is None:
            raise RefusedError(f"no target can be found: {wrong}")
        taught = replace(taught, made=made)
    return ByTable(rule, taught, names)


def _taught(args: argparse.Namespace, by: ByTable) -> Taught:
    """What the table learned, as the frontier takes it."""
    from trimtab.targets.moving.held import NOTHING_HELD
    from trimtab.targets.moving.kept_to import curbed
    from trimtab.targets.moving.learned import limits_of_invested

    rule, cash, made = by.rule, by.cash, by.known.made
    window, on = by.known.window, by.known.on
    told = (
        f"Estimates{'' if limits_are_given(args) else ' and limits'} of [target.optimize] on {on}, "
        f"{window.days[0]} to {window.days[-1]}; the target is of {rule.words}."
    )
    if rule.estimator or rule.asked.objective in (*OFF_THE_CURVE, "min-cdar"):
        told += " It need not lie on the curve, which is of mean and variance."
    # What a target counts from on its day is nothing that a curve could have.
    limits, _ = curbed(
        limits_of_invested(rule.tree, window.leaves, 1.0 - cash),
        rule.kept,
        [leaf.name for leaf in window.leaves],
        part=1.0 - cash,
        held=NOTHING_HELD,
        worth=0.0,
        daily=None,
    )
    if rule.kept.of_its_day and not limits_are_given(args):
        told += f" The curve is without {' and '.join(rule.kept.of_its_day)}, which the target has."
    return Taught(
        made.seen.expected,
        made.seen.covariance,
        limits,
        by.names,
        window.symbols,
        len(made.returns),
        made.years,
        rule.asked.resampled,
        rule.asked.seed,
        rule.missing,
        told,
        made.findings,
        window.days[0],
        window.days[-1],
        rule.asked.risk_free,
        None if isinstance(rule.expected, str) else made.seen,
    )


def risk_free_of(args: argparse.Namespace, moving: MovingTarget | None = None) -> float:
    """The riskless rate: the option, that of a table, or 2%."""
    if args.risk_free is not None:
        return float(args.risk_free)
    return RISK_FREE if moving is None else moving.asked.risk_free


def limits_are_given(args: argparse.Namespace) -> bool:
    """Whether an option limits weights."""
    plain = (
        "bounds", "leverage", "groups", "turnover", "tracking_error", "within_days", "max_names",
        "min_names",
    )  # fmt: skip
    return any(getattr(args, one) is not None for one in plain) or bool(
        args.exclude or args.min_score or args.max_score or args.min_position
    )
