"""`budgets` and `exclude` of `[target.optimize]`: shares of the risk, and what holds nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.adapters.portfolio_tables.sleeve_names import shares_of
from trimtab.adapters.toml_table import Table
from trimtab.targets.moving.ranged import Range
from trimtab.targets.tree import RawSleeve, joined

NOTHING = Decimal(0)


def without(
    raw: RawSleeve, excluded: Sequence[str], parent: str = "", *, is_below: bool = False
) -> RawSleeve:
    """A sleeve that may hold nothing where it is excluded, by its name or by what it holds.

    One that has to be held by `percent` or `min_percent` stays as it is: that is a contradiction.

    Args:
        raw: As it is written.
        excluded: Names of sleeves, or symbols.
        parent: The sleeve above it.
        is_below: Whether that is excluded with all that is in it.
    """
    name = joined(parent, raw.name)
    is_out = is_below or name in excluded
    if raw.children:
        children = tuple(without(one, excluded, name, is_below=is_out) for one in raw.children)
        return replace(raw, children=children)
    is_out = is_out or bool(set(raw.hold or ()) & set(excluded))
    if not is_out or raw.percent is not None or raw.percent_of_parent is not None:
        return raw
    if raw.least_percent:
        return raw
    return replace(raw, least_percent=NOTHING, most_percent=NOTHING)


def budgets_in(table: Table, objective: str) -> Callable[[Range], tuple[tuple[str, float], ...]]:
    """Shares of the risk by sleeve, once the sleeves are known; none where they are equal.

    Args:
        table: `[target.optimize]`.
        objective: What is best.
    """
    if "budgets" not in table or objective != "risk-parity":
        if table.value("budgets") is not None:
            wrong = f"it has no effect with {objective}, only with risk-parity"
            table.problem("budgets", wrong, "remove it, or choose another objective")
        return lambda tree: ()
    read = shares_of(table, "budgets", "{ us = 60, bonds = 40 }")

    def resolved(tree: Range) -> tuple[tuple[str, float], ...]:
        shares = read(tree)
        free = [leaf.name for leaf in tree.leaves() if not leaf.is_fixed]
        for name in shares:
            if name not in free:
                wrong = f"{name} has a percent: its share of the risk follows from that"
                table.problem(("budgets", name), wrong, "remove it")
        lacking = [name for name in free if not shares.get(name)]
        if lacking:
            wrong = f"there is no share of the risk for {', '.join(lacking)}"
            table.problem("budgets", wrong, "write one above zero for each sleeve that is found")
        return tuple(shares.items())

    return resolved
