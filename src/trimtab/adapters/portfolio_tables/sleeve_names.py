"""Sleeves that a key of `[target.optimize]` names: by their own name, or by what they hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, near, shown
from trimtab.model.numbers import meant_in_percent
from trimtab.targets.moving.ranged import Range

WHOLE = 100
"""Percent of a benchmark."""

SLACK = 1e-9
"""By so much a limit may lie beyond what can be reached and be taken for a rounded one."""


def names_of(tree: Range) -> dict[str, tuple[str, ...]]:
    """By name of a sleeve, and by symbol of a hold list, the leaves that are meant."""
    found: dict[str, tuple[str, ...]] = {}
    for leaf in tree.leaves():
        for symbol in leaf.hold:
            found.setdefault(symbol, (leaf.name,))
    for node in tree.walk():
        if node.name:
            found[node.name] = tuple(leaf.name for leaf in node.leaves())
    return found


def named_leaves(table: Table, key: KeyPath, names: Sequence[str], tree: Range) -> tuple[str, ...]:
    """The leaves that names mean, once each; what is no name of any, or is cash, is a problem.

    Args:
        table: Which says them.
        key: Where in it.
        names: Of sleeves, or symbols.
        tree: The sleeves.
    """
    known, cash = names_of(tree), {leaf.name for leaf in tree.leaves() if leaf.is_cash}
    found: list[str] = []
    for name in names:
        leaves = known.get(name, ())
        if not leaves:
            wrong = f"there is no sleeve {shown(name)}, and none holds it"
            table.problem(key, wrong, near(name, list(known)))
        elif money := [leaf for leaf in leaves if leaf in cash]:
            wrong = f"{', '.join(money)} is cash, whose share is written"
            table.problem(key, wrong, "name the sleeves beside it")
        found.extend(leaves)
    return tuple(dict.fromkeys(found))


def shares_of(table: Table, key: str, example: str) -> Callable[[Range], dict[str, float]]:
    """Percent by sleeve that add up to 100, once the sleeves are known; none where it is absent.

    Args:
        table: Which may have the key.
        key: As `benchmark`.
        example: Of its value.
    """
    if key not in table:
        table.value(key)
        return lambda tree: {}
    inner = table.table(key)
    sizes = {name: inner.percent(name, "60") for name in inner.values}
    total = sum(size for size in sizes.values() if size is not None)
    if None not in sizes.values() and total != WHOLE and isinstance(table.values[key], dict):
        known = {name: size for name, size in sizes.items() if size is not None}
        remedy = meant_in_percent(known, due=WHOLE) or f"write {key} = {example}"
        table.problem(key, f"it adds up to {total} percent, not to 100", remedy)

    def resolved(tree: Range) -> dict[str, float]:
        known = names_of(tree)
        found: dict[str, float] = {}
        for name, size in sizes.items():
            leaves = known.get(name, ())
            if len(leaves) != 1:
                wrong = f"there is no sleeve {shown(name)}, and none holds it"
                if leaves:
                    wrong = f"{shown(name)} has sleeves of its own"
                inner.problem(name, wrong, near(name, [leaf.name for leaf in tree.leaves()]))
            elif leaves[0] in found:
                inner.problem(name, f"{leaves[0]} stands twice", "keep one of them")
            elif size is not None:
                found[leaves[0]] = float(size / 100)
        return found

    return resolved


def part_of(percent: Decimal | None) -> float | None:
    """A percentage as a fraction."""
    return None if percent is None else float(percent / 100)


def file_of(table: Table, key: str, folder: Callable[[KeyPath], Path]) -> Path | None:
    """A file that a key names; None with a problem noted where there is none.

    Args:
        table: `[target.optimize]`.
        key: As `groups`.
        folder: What a path is relative to.
    """
    name = table.text(key, f'"{key}.csv"')
    if name is None:
        return None
    path = folder((*table.path, key)) / name
    if os.path.isfile(path):
        return path
    wrong = f"there is no file {shown(name)}"
    table.problem(key, wrong, "a path is relative to the file that names it")
    return None
