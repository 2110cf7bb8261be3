"""A target, of the household or of one account: shares that are written, or how they move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from pathlib import Path

from trimtab.adapters.portfolio_tables.merged import Models
from trimtab.adapters.portfolio_tables.targets import (
    CPPI,
    OPTIMIZE,
    TILT,
    VOLATILITY,
    is_moving,
    only_mover,
    tree,
)
from trimtab.adapters.toml_table import Table
from trimtab.costs import Costs
from trimtab.model.frozen import dataclass
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.targets.moving.moving import MovingTarget


@dataclass(frozen=True, slots=True)
class ReadTarget:
    """What a table `[target]` says; neither of the two where it says nothing, or has problems.

    Args:
        written: Shares that stay.
        moving: The rule by which they move.
        series: By signal of a tilted target the file of its series, and the column in it.
    """

    written: Sleeve | None = None
    moving: MovingTarget | None = None
    series: Mapping[str, tuple[Path, str]] = field(default_factory=dict)

    @property
    def hold(self) -> frozenset[str]:
        """All that may be held."""
        if self.moving is not None:
            return frozenset(self.moving.hold)
        leaves = () if self.written is None else self.written.leaves()
        return frozenset(symbol for leaf in leaves for symbol in leaf.hold)


def read_target(
    table: Table,
    sleeves: list[RawSleeve],
    accounts: list[str],
    *,
    models: Models,
    born: date | None,
    costs: Costs,
) -> ReadTarget:
    """A target with its problems noted where they are.

    Args:
        table: `[target]`, or that of an account.
        sleeves: As they are written there.
        accounts: Names of all accounts.
        models: Where files lie that a key names.
        born: From when ages count.
        costs: Of trading in the accounts that it is of.
    """
    # What no written target needs is imported only where it is asked for.
    mover = only_mover(table)
    if mover == OPTIMIZE:
        from trimtab.adapters.portfolio_tables.keeping import Beside
        from trimtab.adapters.portfolio_tables.moving import moving_target

        beside = Beside(models.folder, models.note, costs)
        return ReadTarget(moving=moving_target(table, sleeves, accounts, beside))
    if mover == VOLATILITY:
        from trimtab.adapters.portfolio_tables.moving import steadied_target

        return ReadTarget(moving=steadied_target(table, sleeves, accounts))
    if mover == TILT:
        return _tilted(table, sleeves, accounts, models)
    if mover == CPPI:
        from trimtab.adapters.portfolio_tables.cppi import insured_target

        return ReadTarget(moving=insured_target(table, sleeves, accounts, born))
    if any(is_moving(raw) for raw in sleeves):
        from trimtab.adapters.portfolio_tables.moving import gliding_target

        return ReadTarget(moving=gliding_target(table, sleeves, accounts))
    return ReadTarget(tree(table, sleeves, accounts))


def _tilted(
    table: Table, sleeves: list[RawSleeve], accounts: list[str], models: Models
) -> ReadTarget:
    """A table `tilt`, with where its series lie: relative to the file that names them."""
    from trimtab.adapters.portfolio_tables.tilt import tilted_target

    found = tilted_target(table, sleeves, accounts)
    if found is None:
        return ReadTarget()
    series = {}
    for signal in found.target.tilt.signals if found.target.tilt else ():
        if signal.source == "series":
            base = models.folder((*table.path, TILT, signal.name, "series"))
            series[signal.name] = (base / signal.of, found.columns[signal.name])
    return ReadTarget(moving=found.target, series=series)
