"""The mandate of a day: with the target that holds then, and what is expected of its leaves.

Both are found before the decision, from prices and at most what is held and what that is worth
(docs/decisions/0015): the same for a plan, a session of a backtest and a model of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.engine.aim import targets
from trimtab.engine.mandate import HOUSEHOLD, Mandate
from trimtab.model.found import Found
from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.held import NOTHING_HELD, Held

if TYPE_CHECKING:
    from trimtab.targets.moving.mover import Mover
    from trimtab.targets.moving.watch import Watch


NOTHING = Fraction(0)

NO_MOVERS: Mapping[str, Mover] = {}
"""All targets are written down."""

NOTHING_ADOPTED: Mapping[str, Mapping[str, Fraction]] = {}
"""Nothing was ever traded to."""

NOT_ASKED: Mapping[str, tuple[Fraction, Held]] = {}
"""No target depends on what is held or worth."""


def on_day(
    mandate: Mandate,
    as_of: date,
    adopted: Mapping[str, Mapping[str, Fraction]] = NOTHING_ADOPTED,
    *,
    movers: Mapping[str, Mover] = NO_MOVERS,
    watch: Watch | None = None,
    stood: Mapping[str, tuple[Fraction, Held]] = NOT_ASKED,
) -> Mandate:
    """The mandate with all that prices say of a day; the very same where that is the same.

    Owners of targets are `household` and the accounts that have their own.

    Args:
        mandate: The household with its policy.
        as_of: A session.
        adopted: By owner, weights by leaf that were last adopted: kept where nothing can be found.
        movers: What finds a target, where it moves; by owner.
        watch: What estimates the risk of their leaves, where the policy weighs it.
        stood: What a target divides is worth then, in money, and holds, where it depends on that;
            as of `trimtab.engine.worth.stood`.
    """
    found = {
        owner: mover.at(as_of, adopted.get(owner), *stood.get(owner, (NOTHING, NOTHING_HELD)))
        for owner, mover in movers.items()
    }
    now = _with_found(mandate, found)
    return now if watch is None else with_outlooks(now, as_of, watch, movers)


def _with_found(mandate: Mandate, found: Mapping[str, tuple[Sleeve | None, Found]]) -> Mandate:
    """The mandate with targets that were found, each in its owner's place."""
    household, accounts = mandate.household, mandate.household.accounts
    target, how = found.get(HOUSEHOLD, (mandate.target, mandate.found))
    own = tuple(found[owner][1] for owner in accounts if owner in found)
    moved = {
        owner: replace(account, target=found[owner][0])
        for owner, account in accounts.items()
        if owner in found and account.target != found[owner][0]
    }
    if moved:
        household = replace(household, accounts={**accounts, **moved})
    elif (target, how, own) == (mandate.target, mandate.found, mandate.found_own):
        return mandate
    return replace(mandate, household=household, target=target, found=how, found_own=own)


def with_breaks(
    mandate: Mandate, as_of: date, watch: Watch, movers: Mapping[str, Mover]
) -> Mandate:
    """The mandate with what prices say of each target's correlations, where its policy asks.

    Args:
        mandate: With the targets of the day.
        as_of: A session.
        watch: What judges.
        movers: What found each target that moves, by its owner.
    """
    if not mandate.when.breakdown:
        return mandate
    breaks = tuple(
        watch.broke(name, root, as_of, mover=movers.get(name)) for name, root, _ in targets(mandate)
    )
    return mandate if breaks == mandate.breaks else replace(mandate, breaks=breaks)


def with_outlooks(
    mandate: Mandate, as_of: date, watch: Watch, movers: Mapping[str, Mover]
) -> Mandate:
    """The mandate with what is expected of each target's leaves, where its policy asks for it.

    Args:
        mandate: With the targets of the day.
        as_of: A session.
        watch: What estimates.
        movers: What found each target that moves, by its owner.
    """
    mandate = with_breaks(mandate, as_of, watch, movers)
    if not mandate.when.is_dynamic:
        return mandate
    outlooks = tuple(
        watch.outlook(name, root, as_of, mover=movers.get(name))
        for name, root, _ in targets(mandate)
    )
    return mandate if outlooks == mandate.outlooks else replace(mandate, outlooks=outlooks)
