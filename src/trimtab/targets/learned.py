"""What an optimised target learns from prices on one day: weights, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from math import ceil, floor, isfinite, isnan, log10
from typing import TYPE_CHECKING

from trimtab.model import findings as told
from trimtab.model.found import Estimates
from trimtab.model.frozen import dataclass
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.targets.estimated import covariance_by
from trimtab.targets.foreseen import Foreseen, foresee
from trimtab.targets.limits import Limits
from trimtab.targets.moving import MovingTarget, Prices, decimal_of, shown
from trimtab.targets.optimised import (
    UNLIMITED,
    Asked,
    Optimised,
    objective_value,
    optimise,
    worst_return_less,
)
from trimtab.targets.quadratic import Row
from trimtab.targets.ranged import UNITS, Range, exact_tree
from trimtab.targets.signals import months_before

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_AGE = 5
"""Sessions that the newest price may be older than the day that a target is found on."""

JUMP = 10.0
"""A factor from one price to the next at which nothing is learned: a split or a slip."""

LEAST_GAP = 1e-12

AT_LIMIT = 1e-6
"""So near to a limit a share is at it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on one day.

    Args:
        tree: The tree with exact shares; None where there is none.
        failure: Then, why, in a sentence.
        estimates: What it was found from.
        returns, volatilities: A year's, expected of each leaf.
        limits: Which limit a leaf is at, in words.
        findings: What else is to be said.
        why: In a sentence, why the shares are what they are, where a rule scales them.
    """

    tree: Sleeve | None
    failure: str = ""
    estimates: Estimates | None = None
    returns: Mapping[str, Decimal | None] = field(default_factory=dict)
    volatilities: Mapping[str, Decimal | None] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[told.Finding, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The prices that are learned from: complete, oldest first, one column a leaf."""

    leaves: tuple[Range, ...]
    symbols: tuple[str, ...]
    days: tuple[date, ...]
    close: Floats

    @property
    def returns(self) -> Floats:
        """Simple returns, shape (sessions - 1, n)."""
        changes: Floats = self.close[1:] / self.close[:-1] - 1.0
        return changes


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
    leaves = tuple(leaf for leaf in target.tree.leaves() if not leaf.is_cash)
    lacking = [leaf for leaf in leaves if leaf.name not in stands_for]
    if lacking:
        names = ", ".join(f"{leaf.name} ({', '.join(leaf.hold)})" for leaf in lacking)
        return Finding(
            None,
            f"nothing in the hold list of {names} has prices. Name a stand-in: history = "
            '"SYMBOL" under [instruments.NAME].',
        )
    window = _window(target, prices, leaves, stands_for, on)
    wrong = _unusable(target, window, on, calendar)
    if wrong:
        return Finding(None, wrong)
    year = 365 if len(calendar.weekdays) == 7 else 252
    if target.volatility is not None:
        from trimtab.targets.scaled import scaled

        return scaled(target, window, on, year)
    return _found(target, window, on, year)


def _window(
    target: MovingTarget,
    prices: Prices,
    leaves: tuple[Range, ...],
    stands_for: Mapping[str, str],
    on: date,
) -> Window:
    """The days on which all leaves have a price, from the start of the history asked for."""
    import numpy as np

    symbols = tuple(stands_for[leaf.name] for leaf in leaves)
    start = np.datetime64(months_before(on, target.months), "D")
    first, last = np.searchsorted(prices.dates, [start, np.datetime64(on, "D")], side="right")
    columns = [prices.symbols.index(symbol) for symbol in symbols]
    close = prices.close[first:last][:, columns]
    kept = ~np.isnan(close).any(axis=1)
    days = tuple(day.item() for day in prices.dates[first:last][kept].astype("datetime64[D]"))
    return Window(leaves, symbols, days, np.asarray(close[kept], dtype=np.float64))


def _unusable(target: MovingTarget, window: Window, on: date, calendar: Calendar) -> str:
    """Why nothing can be learned from a stretch of prices, in a sentence; or nothing."""
    import numpy as np

    days = window.days
    names = ", ".join(window.symbols)
    if len(days) < target.least_sessions:
        span = f", {days[0]} to {days[-1]}" if days else ""
        return (
            f"the history is too short: in the {_span(target.months)} to {on} all of {names} have "
            f"prices on {len(days)} sessions{span}, and {target.least_sessions} are the least to "
            "learn from (least_sessions)."
        )
    age = calendar.sessions_between(days[-1], on)
    if age > MOST_AGE:
        return (
            f"the newest session on which all of {names} have prices is {days[-1]}, {age} "
            f"sessions before {on}. Fetch newer prices."
        )
    steps = window.close[1:] / window.close[:-1]
    far = np.argwhere((steps >= JUMP) | (steps <= 1.0 / JUMP))
    if len(far):
        row, column = far[0].tolist()
        before, after = window.close[row, column], window.close[row + 1, column]
        return (
            f"the price of {window.symbols[column]} goes from {before:g} to {after:g} on "
            f"{days[row + 1]}. Correct that row, or tell its split."
        )
    return ""


def _found(target: MovingTarget, window: Window, on: date, year: int) -> Finding:
    """The weights by a history that can be used."""
    import numpy as np

    from trimtab.estimates.history import usable
    from trimtab.estimates.repair import repaired

    leaves, names = window.leaves, window.symbols
    history = usable(window.returns, names=names)
    left_out = [f.message for f in history.findings if f.code != "history-shortened"]
    if left_out:
        return Finding(None, " ".join(left_out))
    fit = repaired(
        covariance_by(target.covariance, history.returns, sessions_a_year=year), names=names
    )
    if fit.covariance is None:
        return Finding(None, " ".join(one.message for one in fit.findings))
    seen = foresee(
        target.expected,
        history.returns,
        fit.covariance,
        [leaf.name for leaf in leaves],
        risk_free=target.asked.risk_free,
        sessions_a_year=year,
    )
    expected, covariance = seen.expected, seen.covariance
    years = len(history.returns) / year
    cash = sum(leaf.least for leaf in target.tree.leaves() if leaf.is_cash)
    try:
        best, shares = _best(target, leaves, seen, history.returns, cash, years)
    except ValueError as error:
        return Finding(None, f"{error}.")
    if not all(map(isfinite, shares)):
        wrong = " ".join(one.message for one in best.findings) or f"the solver says {best.status}."
        return Finding(None, wrong)
    tree = exact_tree(target.tree, {leaf.name: w for leaf, w in zip(leaves, shares, strict=True)})
    exact = {leaf.name: float(leaf.weight) for leaf in tree.leaves()}
    weights = np.array([exact[leaf.name] for leaf in leaves])
    variances = np.sqrt(covariance.diagonal())
    found = [*fit.findings, *best.findings, *_short(target, window, on)]
    if best.status == "stopped":
        message = f"the solver stopped before it was done: the gap is {best.optimality_gap:.1e}"
        found.append(told.Finding("target-stopped", "target", message))
    return Finding(
        tree,
        estimates=_estimates(target.asked, window, best, weights, seen, years),
        returns={leaf.name: decimal_of(float(r)) for leaf, r in zip(leaves, expected, strict=True)},
        volatilities={
            leaf.name: decimal_of(float(v)) for leaf, v in zip(leaves, variances, strict=True)
        },
        limits=_at_limits(target.tree, exact),
        findings=tuple(found),
        why=_believed(seen),
    )


def _believed(seen: Foreseen) -> str:
    """What became of each view, in a sentence; empty where there is none."""
    told = [
        f"{view.words} by the view {view.returns:.2%}, by the market {view.prior:.2%}, by both "
        f"{view.posterior:.2%}"
        for view in seen.views
    ]
    return f"expected a year: {'; '.join(told)}" if told else ""


def _best(
    target: MovingTarget,
    leaves: tuple[Range, ...],
    seen: Foreseen,
    returns: Floats,
    cash: int,
    years: float,
) -> tuple[Optimised, list[float]]:
    """The best weights, and with them shares of the whole portfolio, leaf by leaf.

    Cash earns nothing and moves with nothing: what is best of the whole is best of the part that
    is invested, with the figures of the objective brought to that part.
    """
    import numpy as np

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
        return best, [float(share) for share in shares]
    of_part = replace(
        asked,
        risk_aversion=asked.risk_aversion * part,
        risk_free=asked.risk_free / part,
        wanted=asked.wanted / part,
    )
    best = optimise(
        of_part,
        _limits(target.tree, leaves, part),
        expected=expected,
        covariance=covariance,
        returns=returns,
        names=names,
        years=years,
    )
    return best, [float(share) for share in best.weights * part]


def _limits(tree: Range, leaves: tuple[Range, ...], part: float) -> Limits:
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
            else:
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
    from fractions import Fraction

    return shown(Fraction(units, UNITS))


def _estimates(
    asked: Asked,
    window: Window,
    best: Optimised,
    weights: Floats,
    seen: Foreseen,
    years: float,
) -> Estimates:
    """What the weights came from, with what is expected of the whole portfolio."""
    import numpy as np

    expected, covariance = seen.expected, seen.covariance
    deviations = np.sqrt(covariance.diagonal())
    correlations = covariance / np.outer(deviations, deviations)
    gained = float(weights @ expected)
    volatility = float(np.sqrt(weights @ covariance @ weights))
    sharpe = (gained - asked.risk_free) / volatility if volatility > 0.0 else float("nan")
    lost = worst_return_less(asked, weights, covariance, years)
    value = objective_value(asked, gained - lost, volatility, float(weights @ deviations))
    return Estimates(
        first=window.days[0],
        last=window.days[-1],
        sessions=len(window.days),
        symbols=window.symbols,
        correlations=tuple(tuple(Decimal(f"{c:.4f}") for c in row) for row in correlations),
        expected_return=decimal_of(gained),
        volatility=decimal_of(volatility),
        sharpe=decimal_of(sharpe),
        objective_value=decimal_of(value),
        solver=best.solved,
        gap=_gap(best.optimality_gap),
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
        f"{_span(target.months)} asked for: before that not all of {_some(window.symbols)} have "
        "prices"
    )
    return [told.Finding("history-short", "target", message, "info")]


def _some(names: Sequence[str], most: int = 8) -> str:
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"


def _span(months: int) -> str:
    years, rest = divmod(months, 12)
    if rest:
        return f"{months} months"
    return "year" if years == 1 else f"{years} years"
