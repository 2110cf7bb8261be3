"""The target that accounts share: shares that are written, or the rule by which they move."""

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
    household_tree,
    is_moving,
    only_mover,
)
from trimtab.adapters.toml_table import Table
from trimtab.costs import Costs
from trimtab.model.accounts import Account
from trimtab.model.frozen import dataclass
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.targets.moving.moving import MovingTarget


@dataclass(frozen=True, slots=True)
class HouseholdTarget:
    """What `[target]` says; neither of the two where it says nothing, or has problems.

    Args:
        written: Shares that stay.
        moving: The rule by which they move.
        series: By signal of a tilted target the file of its series, and the column in it.
    """

    written: Sleeve | None = None
    moving: MovingTarget | None = None
    series: Mapping[str, tuple[Path, str]] = field(default_factory=dict)


def household_target(
    root: Table,
    target: Table,
    sleeves: list[RawSleeve],
    accounts: Mapping[str, Account],
    names: list[str],
    *,
    models: Models,
    born: date | None,
    costs: Costs,
) -> HouseholdTarget:
    """The target that accounts share, with its problems noted where they are.

    Args:
        root: portfolio.toml.
        target: Its `[target]`.
        sleeves: As they are written there.
        accounts: Those that could be read.
        names: Of all accounts.
        models: Where files lie that a key names.
        born: From when ages count.
        costs: Of trading, for accounts without costs of their own.
    """
    # What no written target needs is imported only where it is asked for.
    mover = only_mover(target)
    if mover == OPTIMIZE:
        from trimtab.adapters.portfolio_tables.keeping import Beside
        from trimtab.adapters.portfolio_tables.moving import moving_target

        beside = Beside(models.folder, models.note, costs)
        return HouseholdTarget(moving=moving_target(target, sleeves, names, beside))
    if mover == VOLATILITY:
        from trimtab.adapters.portfolio_tables.moving import steadied_target

        return HouseholdTarget(moving=steadied_target(target, sleeves, names))
    if mover == TILT:
        return _tilted(target, sleeves, names, models)
    if mover == CPPI:
        from trimtab.adapters.portfolio_tables.cppi import insured_target

        return HouseholdTarget(moving=insured_target(target, sleeves, names, born))
    if any(is_moving(raw) for raw in sleeves):
        from trimtab.adapters.portfolio_tables.moving import gliding_target

        return HouseholdTarget(moving=gliding_target(target, sleeves, names))
    return HouseholdTarget(
        household_tree(root, target, sleeves, accounts, names, may_be_elsewhere=models.is_cut)
    )


def _tilted(
    target: Table, sleeves: list[RawSleeve], names: list[str], models: Models
) -> HouseholdTarget:
    """`[target.tilt]`, with where its series lie: relative to the file that names them."""
    from trimtab.adapters.portfolio_tables.tilt import tilted_target

    found = tilted_target(target, sleeves, names)
    if found is None:
        return HouseholdTarget()
    series = {}
    for signal in found.target.tilt.signals if found.target.tilt else ():
        if signal.source == "series":
            base = models.folder(("target", TILT, signal.name, "series"))
            series[signal.name] = (base / signal.of, found.columns[signal.name])
    return HouseholdTarget(moving=found.target, series=series)
