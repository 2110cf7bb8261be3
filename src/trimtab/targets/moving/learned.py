"""What an optimised target learns from prices on one day: weights, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, isfinite, isnan, log10, nan
from typing import TYPE_CHECKING

from trimtab.model import findings as told
from trimtab.model.found import Estimates
from trimtab.model.frozen import dataclass
from trimtab.model.sessions import Calendar
from trimtab.targets.moving.best_of import best_of
from trimtab.targets.moving.finding import Finding
from trimtab.targets.moving.held import NOTHING_HELD, Held
from trimtab.targets.moving.kept_to import curbed, daily_money
from trimtab.targets.moving.leaving import UsualMoney, usual_money
from trimtab.targets.moving.moving import MovingTarget, decimal_of, shown
from trimtab.targets.moving.ranged import UNITS, Range, exact_tree
from trimtab.targets.moving.signals import months_before
from trimtab.targets.moving.theirs import their_shares
from trimtab.targets.moving.window import Made, Window, estimates_of, span_of, window_of, year_of
from trimtab.targets.objectives.asked import (
    UNLIMITED,
    Optimised,
    objective_value,
    of_part,
    value_by_history,
    worst_return_less,
)
from trimtab.targets.objectives.foreseen import Foreseen
from trimtab.targets.objectives.optimised import optimise
from trimtab.targets.prices import Prices
from trimtab.targets.solvers.limits import Limits
from trimtab.targets.solvers.programme import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_GAP = 1e-12

NO_MONEY = Fraction(0)

AT_LIMIT = 1e-6
"""So near to a limit a share is at it."""


def learned(
    target: MovingTarget,
    prices: Prices,
    stands_for: Mapping[str, str],
    *,
    on: date,
    calendar: Calendar,
) -> Finding:
    """The target by its rule from prices up to a day, that day included.

    Args:
        target: The rule.
        prices: May reach further: nothing later than `on` is looked at.
        stands_for: The symbol of each leaf that is not held as money.
        on: The day.
        calendar: Whose sessions count.
    """
    found = prepared(target, prices, stands_for, on=on, calendar=calendar)
    return found if isinstance(found, Finding) else found_from(target, found)


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a finding of one day learns from prices, whatever is held.

    Args:
        window: The prices.
        made: The estimates.
        on: The day.
        year: Sessions that make a year.
        daily: What is traded of each sleeve a day, in money; None where that does not count.
        usual: A usual day of each sleeve whose orders move prices, where that counts.
    """

    window: Window
    made: Made
    on: date
    year: int
    daily: Mapping[str, float] | None = None
    usual: Mapping[str, UsualMoney] = field(default_factory=dict)


def prepared(
    target: MovingTarget,
    prices: Prices,
    stands_for: Mapping[str, str],
    *,
    on: date,
    calendar: Calendar,
) -> Prepared | Finding:
    """What a day's prices teach; a finding where nothing more is needed, or nothing can be learned.

    Args:
        target, prices, stands_for, on, calendar: As of `learned`.
    """
    window, wrong = window_of(target, prices, stands_for, on, calendar)
    if window is None:
        return Finding(None, wrong)
    year = year_of(calendar)
    if target.volatility is not None:
        from trimtab.targets.moving.scaled import scaled

        return scaled(target, window, on, year)
    made, wrong = estimates_of(target, window, year)
    if made is None:
        return Finding(None, wrong)
    daily, leaving = None, target.kept.leaving
    symbols = {leaf.name: stands_for[leaf.name] for leaf in window.leaves}
    if target.kept.liquidity is not None:
        daily, wrong = daily_money(prices, symbols, on)
        if daily is None:
            return Finding(None, wrong)
    moves = {} if leaving is None or not leaving.impact else usual_money(prices, symbols, on)
    return Prepared(window, made, on, year, daily, moves)


def estimated(
    target: MovingTarget,
    prices: Prices,
    stands_for: Mapping[str, str],
    *,
    on: date,
    calendar: Calendar,
) -> Finding:
    """What the rule's estimates say of its leaves on a day: no weights, only `outlook`.

    Args:
        target: Leaves, and how returns are estimated.
        prices, stands_for, on, calendar: As of `learned`.
    """
    window, wrong = window_of(target, prices, stands_for, on, calendar)
    if window is None:
        return Finding(None, wrong)
    made, wrong = estimates_of(target, window, year_of(calendar))
    return Finding(None, wrong) if made is None else Finding(None, outlook=made.outlook)


def found_from(
    target: MovingTarget,
    known: Prepared,
    *,
    held: Held = NOTHING_HELD,
    worth: Fraction = NO_MONEY,
) -> Finding:
    """The weights by what a day's prices taught.

    Args:
        target: The rule.
        known: As of `prepared`.
        held: What is held on the day, where the rule depends on it.
        worth: What the percentages divide then, in money, where it depends on that.
    """
    import numpy as np

    window, made, on = known.window, known.made, known.on
    leaves, seen = window.leaves, made.seen
    expected, covariance = seen.expected, seen.covariance
    cash = sum(leaf.least for leaf in target.tree.leaves() if leaf.is_cash)
    if target.estimator is not None:
        limits = limits_of_invested(target.tree, leaves, 1.0 - cash / UNITS)
        theirs, wrong, said = their_shares(
            target.estimator, target.tree, leaves, limits, made.returns
        )
        if theirs is None:
            return Finding(None, wrong, findings=said)
        best, shares, why = _fitted(target.estimator.name, said), theirs, ""
    else:
        try:
            best, shares, why = _best(target, known, cash, held, float(worth))
        except ValueError as error:
            return Finding(None, f"{error}.")
    if not all(map(isfinite, shares)):
        wrong = " ".join(one.message for one in best.findings) or f"the solver says {best.status}."
        return Finding(None, wrong)
    tree = exact_tree(target.tree, {leaf.name: w for leaf, w in zip(leaves, shares, strict=True)})
    exact = {leaf.name: float(leaf.weight) for leaf in tree.leaves()}
    weights = np.array([exact[leaf.name] for leaf in leaves])
    variances = np.sqrt(covariance.diagonal())
    found = [*made.findings, *best.findings, *_short(target, window, on)]
    if best.status == "stopped":
        message = f"the solver stopped before it was done: the gap is {best.optimality_gap:.1e}"
        found.append(told.Finding("target-stopped", "target", message))
    best = _of_whole(target, best, weights, made)
    return Finding(
        tree,
        estimates=_estimates(window, best, covariance),
        returns={leaf.name: decimal_of(float(r)) for leaf, r in zip(leaves, expected, strict=True)},
        volatilities={
            leaf.name: decimal_of(float(v)) for leaf, v in zip(leaves, variances, strict=True)
        },
        limits=_at_limits(target.tree, exact),
        findings=tuple(found),
        why="\n".join(filter(None, (why, _believed(seen)))),
        outlook=made.outlook,
        best=best,
    )


def _fitted(name: str, said: tuple[told.Finding, ...]) -> Optimised:
    """What is told of weights that somebody else's estimator found: no objective, no proof."""
    import numpy as np

    return Optimised(np.zeros(0), nan, nan, nan, nan, "fitted", name, nan, said)


def _believed(seen: Foreseen) -> str:
    """What became of each view, in a sentence; empty where there is none."""
    told = [
        f"{view.words} by the view {view.returns:.2%}, by the market {view.prior:.2%}, by both "
        f"{view.posterior:.2%}"
        for view in seen.views
    ]
    return f"expected a year: {'; '.join(told)}" if told else ""


def _best(
    target: MovingTarget, known: Prepared, cash: int, held: Held, worth: float
) -> tuple[Optimised, list[float], str]:
    """The best weights, and with them shares of the whole portfolio, leaf by leaf, and why.

    Cash earns the risk-free rate and moves with nothing: what is best of the whole is best of the
    part that is invested, with the figures of the objective brought to that part.
    """
    import numpy as np

    leaves, seen, returns = known.window.leaves, known.made.seen, known.made.returns
    asked, names = target.asked, [leaf.name for leaf in leaves]
    expected, covariance = seen.expected, seen.covariance
    part = 1.0 - cash / UNITS
    if asked.objective in UNLIMITED:
        free = np.array([i for i, leaf in enumerate(leaves) if not leaf.is_fixed])
        fixed = sum(leaf.least for leaf in target.tree.leaves() if leaf.is_fixed)
        best = optimise(
            asked,
            Limits(np.zeros(len(free)), np.ones(len(free))),
            expected=expected[free],
            covariance=covariance[np.ix_(free, free)],
            returns=returns[:, free],
            names=[names[i] for i in free],
        )
        shares = np.array([leaf.least / UNITS for leaf in leaves])
        shares[free] = best.weights * (1.0 - fixed / UNITS)
        return best, [float(share) for share in shares], ""
    limits, called = curbed(
        limits_of_invested(target.tree, leaves, part),
        target.kept,
        names,
        part=part,
        held=held,
        worth=worth,
        daily=known.daily,
    )
    best, why = best_of(
        target.kept,
        of_part(asked, part),
        limits,
        seen=seen,
        returns=returns,
        names=names,
        called=called,
        years=known.made.years,
        part=part,
        held=held,
        worth=worth,
        usual=known.usual,
    )
    return best, [float(share) for share in best.weights * part], why


def limits_of_invested(tree: Range, leaves: tuple[Range, ...], part: float) -> Limits:
    """The limits of leaves and of the sleeves above them, as shares of what is invested."""
    import numpy as np

    whole = UNITS * part
    places = {leaf.name: i for i, leaf in enumerate(leaves)}
    rows = []
    for node in tree.walk():
        if not node.children or not node.name or not node.is_limited:
            continue
        weights = np.zeros(len(leaves))
        money = 0
        for leaf in node.leaves():
            if leaf.is_cash:
                money += leaf.least
            elif leaf.name in places:
                weights[places[leaf.name]] = 1.0
        if weights.any():
            low, high = (node.least - money) / whole, (node.most - money) / whole
            rows.append(Row(node.name, weights, low, high))
    low_by = np.array([leaf.least / whole for leaf in leaves])
    high_by = np.array([leaf.most / whole for leaf in leaves])
    return Limits(low_by, np.minimum(high_by, 1.0), tuple(rows))


def _at_limits(tree: Range, exact: Mapping[str, float]) -> dict[str, str]:
    """Which limit each leaf is at: its own, or that of a sleeve above it."""
    found: dict[str, str] = {}
    for node in tree.walk():
        if not node.name:
            continue
        own = [leaf.name for leaf in node.leaves()]
        share = sum(exact[name] for name in own) * UNITS
        if node.is_fixed:
            limit = "fixed"
        elif node.is_limited and abs(share - node.most) < AT_LIMIT * UNITS and node.most < UNITS:
            limit = f"at its most, {_percent(node.most)}"
        elif node.is_limited and abs(share - node.least) < AT_LIMIT * UNITS:
            limit = f"at its least, {_percent(node.least)}"
        else:
            continue
        for name in own:
            # A leaf's own limit comes after those above it, and counts.
            found[name] = limit if not node.children else f"{node.name} {limit}"
    return found


def _percent(units: int) -> str:
    return shown(Fraction(units, UNITS))


def _of_whole(
    target: MovingTarget,
    best: Optimised,
    weights: Floats,
    made: Made,
) -> Optimised:
    """What was found, with exact weights, and what is expected of the whole portfolio."""
    import numpy as np

    asked, seen = target.asked, made.seen
    expected, covariance = seen.expected, seen.covariance
    cash = sum(leaf.least for leaf in target.tree.leaves() if leaf.is_cash) / UNITS
    gained = float(weights @ expected) + cash * asked.risk_free
    volatility = float(np.sqrt(weights @ covariance @ weights))
    sharpe = (gained - asked.risk_free) / volatility if volatility > 0.0 else float("nan")
    lost = worst_return_less(asked, weights, covariance, made.years)
    value = value_by_history(asked, weights, made.returns)
    if value is None:
        value = objective_value(asked, gained - lost, volatility, weights, covariance)
    return replace(
        best,
        weights=weights,
        expected_return=gained,
        volatility=volatility,
        sharpe=sharpe,
        objective_value=value if target.estimator is None else nan,
        foreseen=None if isinstance(target.expected, str) else seen,
    )


def _estimates(window: Window, best: Optimised, covariance: Floats) -> Estimates:
    """What the weights came from, with what is expected of the whole portfolio."""
    import numpy as np

    deviations = np.sqrt(covariance.diagonal())
    correlations = covariance / np.outer(deviations, deviations)
    return Estimates(
        first=window.days[0],
        last=window.days[-1],
        sessions=len(window.days),
        symbols=window.symbols,
        correlations=tuple(tuple(Decimal(f"{c:.4f}") for c in row) for row in correlations),
        expected_return=decimal_of(best.expected_return),
        volatility=decimal_of(best.volatility),
        sharpe=decimal_of(best.sharpe),
        objective_value=decimal_of(best.objective_value),
        solver=best.solved,
        gap=_gap(best.optimality_gap),
        gap_in="" if isnan(best.optimality_gap) else best.gap_in,
    )


def _gap(gap: float) -> str:
    """A bound on what is missed, rounded up; below what two machines' rounding may differ by, that.

    It enters the hash of a plan, which has to be the same wherever the plan is made.
    """
    if isnan(gap):
        return ""
    if gap <= LEAST_GAP:
        return f"{LEAST_GAP:.0e}"
    digit = 10.0 ** floor(log10(gap))
    return f"{ceil(gap / digit) * digit:.0e}"


def _short(target: MovingTarget, window: Window, on: date) -> list[told.Finding]:
    """That there is less history than was asked for, where there is."""
    start = months_before(on, target.months)
    if (window.days[0] - start).days <= 10:
        return []
    message = (
        f"estimates are of {window.days[0]} to {window.days[-1]}, less than the "
        f"{span_of(target.months)} asked for: before that not all of {_some(window.symbols)} have "
        "prices"
    )
    return [told.Finding("history-short", "target", message, "info")]


def _some(names: Sequence[str], most: int = 8) -> str:
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"
