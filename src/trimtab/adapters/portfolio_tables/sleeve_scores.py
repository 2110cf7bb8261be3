"""`scores` of `[target.optimize]`: limits of averages over sleeves, in tables or in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.portfolio_tables.sleeve_names import SLACK, file_of, named_leaves
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, near, shown
from trimtab.model.errors import InputError
from trimtab.targets.moving.ranged import Range
from trimtab.targets.objectives.constraints import Score

Columns = Mapping[str, Mapping[str, float]]
"""By name of a score, the score of each sleeve or symbol."""


def scores_in(
    table: Table, folder: Callable[[KeyPath], Path], note: Callable[[Path], None]
) -> Callable[[Range], tuple[Score, ...]]:
    """Limits of weighted averages, once the sleeves are known.

    Args:
        table: `[target.optimize]`.
        folder: What a path is relative to.
        note: Told of a file that is read.
    """
    lows, highs = _levels(table, "min_score"), _levels(table, "max_score")
    names = list(dict.fromkeys([*lows, *highs]))
    if "scores" in table and not names:
        table.problem("scores", "no score has a limit", "write min_score = { esg = 50 }")
    columns = _columns(table, folder, note)

    def resolved(tree: Range) -> tuple[Score, ...]:
        known = columns(tree)
        found = []
        for name in names if known is not None else ():
            key = "min_score" if name in lows else "max_score"
            if known is None or name not in known:
                wrong = f"scores has no {shown(name)}"
                table.problem((key, name), wrong, near(name, list(known or ())))
                continue
            of = _of_leaves(table, name, known[name], tree)
            if of is not None:
                found.append(Score(name, of, lows.get(name), highs.get(name)))
                _check(table, found[-1], tree)
        return tuple(found)

    return resolved


def _columns(
    table: Table, folder: Callable[[KeyPath], Path], note: Callable[[Path], None]
) -> Callable[[Range], Columns | None]:
    """The scores, once the sleeves are known; None with problems noted, or where there are none."""
    if isinstance(table.values.get("scores"), str):
        path = file_of(table, "scores", folder)
        return lambda tree: None if path is None else _of_file(table, path, note)
    written = [
        (name, one, {key: _score(one, key) for key in one.values})
        for name, one in table.table("scores").named("sleeve")
    ]

    def resolved(tree: Range) -> Columns | None:
        found: dict[str, dict[str, float]] = {}
        for name, one, values in written:
            found[name] = {
                leaf: value
                for key, value in values.items()
                for leaf in named_leaves(one, (key,), (key,), tree)
                if value is not None
            }
        return found if "scores" in table else None

    return resolved


def _of_file(table: Table, path: Path, note: Callable[[Path], None]) -> Columns | None:
    """The columns of a file of scores, by symbol; None with its problems noted."""
    from trimtab.adapters.scores_csv import read_scores

    try:
        found = read_scores(path)
    except InputError as error:
        table.problems.extend(error.problems)
        return None
    note(path)
    return found


def _of_leaves(
    table: Table, name: str, column: Mapping[str, float], tree: Range
) -> dict[str, float] | None:
    """The score of each leaf: its own, or of the first in its hold list that has one."""
    found: dict[str, float] = {}
    lacking = []
    for leaf in tree.leaves():
        own = next((column[one] for one in (leaf.name, *leaf.hold) if one in column), None)
        if own is None and leaf.most > 0 and not leaf.is_cash:
            lacking.append(leaf.name)
        elif not leaf.is_cash:
            found[leaf.name] = own or 0.0
    if not lacking:
        return found
    wrong = f"there is no {shown(name)} of {', '.join(lacking)}"
    table.problem("scores", wrong, "add it, or exclude what has none")
    return None


def _check(table: Table, score: Score, tree: Range) -> None:
    """Note a limit that no average of these scores reaches."""
    held = [leaf.name for leaf in tree.leaves() if not leaf.is_cash and leaf.most > 0]
    values = [score.of[name] for name in held]
    if score.low is not None and score.high is not None and score.low > score.high:
        table.problem(("min_score", score.name), "it is above max_score", "swap the two")
    elif score.low is not None and score.low > max(values) + SLACK:
        wrong = f"no sleeve has more than {max(values):g}"
        table.problem(("min_score", score.name), wrong, "lower it")
    elif score.high is not None and score.high < min(values) - SLACK:
        wrong = f"no sleeve has less than {min(values):g}"
        table.problem(("max_score", score.name), wrong, "raise it")


def _levels(table: Table, key: str) -> dict[str, float]:
    """Limits by name of a score."""
    inner = table.table(key)
    read = {name: _score(inner, name) for name in inner.values}
    return {name: level for name, level in read.items() if level is not None}


def _score(table: Table, key: str) -> float | None:
    """A score, which may be below zero."""
    value = table.value(key)
    below = isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value < 0
    size = table.as_number((key,), -value if below else value, "50")
    return None if size is None else float(-size if below else size)
