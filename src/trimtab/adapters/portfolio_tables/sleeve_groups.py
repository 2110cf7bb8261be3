"""`groups` of `[target.optimize]`: limits of sums of sleeves, in tables or in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trimtab.adapters.portfolio_tables.sleeve_names import (
    SLACK,
    file_of,
    named_leaves,
    names_of,
    part_of,
)
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table
from trimtab.model.errors import InputError
from trimtab.model.frozen import dataclass
from trimtab.targets.moving.ranged import UNITS, Range
from trimtab.targets.objectives.constraints import Group


@dataclass(frozen=True, slots=True)
class _Written:
    """One group as it is written: its table, whom it names, and its limits."""

    table: Table
    sleeves: tuple[str, ...]
    low: float | None
    high: float | None


def groups_in(
    table: Table, folder: Callable[[KeyPath], Path], note: Callable[[Path], None]
) -> Callable[[Range], tuple[Group, ...]]:
    """Groups of sleeves with limits, once the sleeves are known.

    Args:
        table: `[target.optimize]`.
        folder: What a path is relative to.
        note: Told of a file that is read.
    """
    if isinstance(table.values.get("groups"), str):
        path = file_of(table, "groups", folder)
        return lambda tree: () if path is None else _of_file(table, path, tree, note)
    written = {name: _written(one) for name, one in table.table("groups").named("sleeve")}

    def resolved(tree: Range) -> tuple[Group, ...]:
        found = []
        for name, one in written.items():
            leaves = named_leaves(one.table, ("sleeves",), one.sleeves, tree)
            found.append(Group(name, leaves, one.low, one.high))
            _check_reach(one.table, found[-1], tree)
        return tuple(found)

    return resolved


def _written(table: Table) -> _Written:
    """One group, with what is wrong with it noted."""
    before = len(table.problems)
    names = table.texts("sleeves", "us")
    least, most = table.percent("min_percent", "20"), table.percent("max_percent", "60")
    if not names and len(table.problems) == before:
        table.problem("sleeves", "nobody is in it", 'write sleeves = ["us", "intl"]')
    if "min_percent" not in table and "max_percent" not in table:
        table.problem("", "it has no limit", "write min_percent = 20, or max_percent = 60")
    if least is not None and most is not None and least > most:
        table.problem("min_percent", "it is above max_percent", "swap the two")
    table.finish()
    return _Written(table, names, part_of(least), part_of(most))


def _check_reach(table: Table, group: Group, tree: Range) -> None:
    """Note a limit that what its sleeves may weigh rules out."""
    own = [leaf for leaf in tree.leaves() if leaf.name in group.symbols]
    low, high = sum(leaf.least for leaf in own) / UNITS, sum(leaf.most for leaf in own) / UNITS
    who = ", ".join(group.symbols)
    if own and group.low is not None and group.low > high + SLACK:
        wrong = f"{who} may hold {high * 100:g} percent together at most"
        table.problem("min_percent", wrong, "lower it, or raise max_percent of these sleeves")
    if own and group.high is not None and group.high < low - SLACK:
        wrong = f"{who} have to hold {low * 100:g} percent together at least"
        table.problem("max_percent", wrong, "raise it, or lower min_percent of these sleeves")


def _of_file(
    table: Table, path: Path, tree: Range, note: Callable[[Path], None]
) -> tuple[Group, ...]:
    """The groups of a file whose symbols are sleeves, or what they hold."""
    from trimtab.adapters.groups_csv import read_groups

    try:
        file = read_groups(path, list(names_of(tree)))
    except InputError as error:
        table.problems.extend(error.problems)
        return ()
    note(path)
    found = [
        Group(one.name, named_leaves(table, ("groups",), one.symbols, tree), one.low, one.high)
        for one in file.groups
        if one.low is not None or one.high is not None
    ]
    found += [
        Group(name, named_leaves(table, ("groups",), (name,), tree), *limits)
        for name, limits in file.own.items()
    ]
    return tuple(found)
