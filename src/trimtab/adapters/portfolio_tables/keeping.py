"""What `[target.optimize]` keeps to beside its sleeves: groups, scores, names, moves, tolerance.

It is read in two steps: keys and numbers at once, and what names sleeves when those are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.portfolio_tables.keeping_checked import (
    EVERYTHING,
    FEW,
    check_names,
    check_what_goes_together,
)
from trimtab.adapters.portfolio_tables.sleeve_groups import groups_in
from trimtab.adapters.portfolio_tables.sleeve_names import named_leaves, part_of, shares_of
from trimtab.adapters.portfolio_tables.sleeve_scores import scores_in
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import LARGEST_MONEY, Table
from trimtab.costs import Costs
from trimtab.model.frozen import dataclass
from trimtab.model.sessions import Period
from trimtab.targets.moving.kept_to import MOST_CHOICES, KeptTo, Liquidity
from trimtab.targets.moving.leaving import Leaving
from trimtab.targets.moving.ranged import Range
from trimtab.targets.objectives.asked import Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.targets.objectives.tolerance import Kind

PERIODS_A_YEAR: dict[Period, int] = {
    "daily": 252,
    "weekly": 52,
    "monthly": 12,
    "quarterly": 4,
    "annual": 1,
}


@dataclass(frozen=True, slots=True)
class Beside:
    """What else of the folder is needed.

    Args:
        folder: Of a key's file: what paths in it are relative to.
        note: Told of each file that was read.
        costs: Of trading, for accounts without costs of their own.
    """

    folder: Callable[[KeyPath], Path]
    note: Callable[[Path], None]
    costs: Costs


def kept_in(
    table: Table, asked: Asked, *, is_theirs: bool, every: Period, beside: Beside
) -> Callable[[Range], KeptTo | None]:
    """What is kept to, once the sleeves are known; None with problems noted.

    Args:
        table: `[target.optimize]`.
        asked: Its objective.
        is_theirs: Whether somebody else's estimator finds the shares.
        every: How often they are found.
        beside: What else of the folder is needed.
    """
    before = len(table.problems)
    check_what_goes_together(table, asked, is_theirs=is_theirs)
    most = _count(table, "max_names", "10")
    least = _count(table, "min_names", "3")
    if most is not None and least is not None and least > most:
        table.problem("min_names", f"{least} is above max_names, {most}", "swap the two")
    choices = _count(table, "most_choices", "100000", most=10**9)
    if choices is not None and not any(key in table for key in FEW):
        table.problem("most_choices", "there is no choice of names", "add max_names, or remove it")
    smallest = part_of(table.percent("min_position", "2"))
    turnover = part_of(table.percent("turnover", "20"))
    error = part_of(table.percent("tracking_error", "4"))
    benchmark = shares_of(table, "benchmark", "{ us = 60, bonds = 40 }")
    groups = groups_in(table, beside.folder, beside.note)
    scores = scores_in(table, beside.folder, beside.note)
    liquidity = _liquidity(table)
    tolerance = _tolerance(table)
    excluded = table.texts("exclude", "us") if "exclude" in table else ()
    leaving = _leaving(table, every, beside.costs)
    table.known.extend(EVERYTHING)

    def resolved(tree: Range) -> KeptTo | None:
        found = KeptTo(
            groups=groups(tree),
            scores=scores(tree),
            turnover=turnover,
            benchmark=benchmark(tree),
            tracking_error=error,
            max_names=most,
            min_names=least,
            smallest=smallest or 0.0,
            most_choices=MOST_CHOICES if choices is None else choices,
            liquidity=liquidity,
            tolerance=tolerance,
            leaving=None if leaving is None else leaving(tree),
        )
        for leaf in named_leaves(table, ("exclude",), excluded, tree):
            if any(one.name == leaf and one.most > 0 for one in tree.leaves()):
                wrong = f"{leaf} has to be held by percent or min_percent"
                table.problem("exclude", wrong, "keep one of the two")
        if len(table.problems) == before:
            check_names(table, found, tree)
        return None if len(table.problems) > before else found

    return resolved


def excluded_in(table: Table) -> tuple[str, ...]:
    """What `exclude` names, as it is written."""
    named = table.values.get("exclude")
    named = [named] if isinstance(named, str) else named
    return tuple(name for name in named or () if isinstance(name, str))


def _count(table: Table, key: str, example: str, most: int = 100_000) -> int | None:
    count = table.whole(key, example, most=most)
    if count == 0:
        table.problem(key, "0 of them leave nothing", f"write {key} = {example}")
        return None
    return count


def _liquidity(table: Table) -> Liquidity | None:
    """How fast each holding can be sold."""
    days = table.number("within_days", "5", above_zero=True, most=Decimal(10_000))
    participation = table.percent("participation", "10")
    if participation == 0:
        wrong = "then nothing could ever be sold"
        table.problem("participation", wrong, "write participation = 10")
    value = table.number("value", "2000000", above_zero=True, most=LARGEST_MONEY)
    if days is None:
        return None
    share = part_of(participation) or 0.1
    return Liquidity(float(days), share, None if value is None else float(value))


def _tolerance(table: Table) -> tuple[Kind, float] | None:
    """The most risk, where it stands in place of an objective."""
    score = table.number("risk_score", "4", most=Decimal(10))
    if score is not None and score < 1:
        table.problem("risk_score", f"{score} is below 1", "write risk_score = 4: from 1 to 10")
    loss = part_of(table.percent("max_loss", "15"))
    volatility = part_of(table.number("max_volatility", "10", most=Decimal(1000)))
    if score is not None:
        return "score", float(score)
    if loss is not None:
        return "loss", loss
    return None if volatility is None else ("volatility", volatility)


def _leaving(table: Table, every: Period, costs: Costs) -> Callable[[Range], Leaving] | None:
    """What leaving what is held costs, by the rates of `[costs]`."""
    counted = table.flag("costs")
    horizon = _count(table, "horizon", "12", most=10_000)
    if not counted:
        if "horizon" in table and "costs" in table:
            table.problem("horizon", "costs do not count", "write costs = true")
        return None
    every_one = (costs, *costs.by_instrument.values())
    if not any(_rate(one) or _fee(one) or one.impact for one in every_one):
        wrong = "[costs] has no bps, half_spread_bps, per_share or impact: leaving costs nothing"
        table.problem("costs", wrong, "write half_spread_bps = 2 under [costs], or remove it")
    years = (PERIODS_A_YEAR[every] if horizon is None else horizon) / PERIODS_A_YEAR[every]

    uncounted = [
        said
        for said, is_any in (
            ("fees an order", any(one.commission or one.minimum for one in every_one)),
            (
                "temporary and permanent impact",
                any(one.temporary_impact or one.permanent_impact for one in every_one),
            ),
        )
        if is_any
    ]

    def of(hold: Sequence[str]) -> Costs:
        return costs.by_instrument.get(hold[0], costs) if hold else costs

    def leaving(tree: Range) -> Leaving:
        each = {leaf.name: of(leaf.hold) for leaf in tree.leaves()}
        return Leaving(
            {name: _rate(one) for name, one in each.items()},
            years,
            {name: _fee(one) for name, one in each.items() if _fee(one)},
            {name: float(one.impact) for name, one in each.items() if one.impact},
            tuple(uncounted),
        )

    return leaving


def _rate(costs: Costs) -> float:
    """Of money that is traded: the highest of a schedule, as a plan charges it."""
    return float(max([costs.bps, *costs.tiers.values()]) + costs.half_spread_bps) / 10_000


def _fee(costs: Costs) -> float:
    """Of a share: the highest of a schedule, as a plan charges it."""
    return float(max([costs.per_share, *costs.share_tiers.values()]))
