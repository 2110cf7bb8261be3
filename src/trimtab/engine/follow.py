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
from trimtab.targets.moving.held import NOTHING_HELD, Held

if TYPE_CHECKING:
    from trimtab.targets.moving.mover import Mover
    from trimtab.targets.moving.watch import Watch


NOTHING = Fraction(0)


def on_day(
    mandate: Mandate,
    as_of: date,
    adopted: Mapping[str, Fraction] | None,
    *,
    mover: Mover | None = None,
    watch: Watch | None = None,
    worth: Fraction = NOTHING,
    held: Held = NOTHING_HELD,
) -> Mandate:
    """The mandate with all that prices say of a day; the very same where that is the same.

    Args:
        mandate: The household with its policy.
        as_of: A session.
        adopted: Weights by leaf that were last adopted: kept where no target can be found.
        mover: What finds the household's target, where it moves.
        watch: What estimates its leaves' risk, where the policy weighs it.
        worth: What the percentages divide then, in money, where the target depends on it.
        held: What is held then, where it depends on that.
    """
    target, found = mandate.target, mandate.found
    if mover is not None:
        target, found = mover.at(as_of, adopted, worth, held)
    now = mandate
    if (target, found) != (mandate.target, mandate.found):
        now = replace(mandate, target=target, found=found)
    return now if watch is None else with_outlooks(now, as_of, watch, mover)


def with_breaks(mandate: Mandate, as_of: date, watch: Watch, mover: Mover | None) -> Mandate:
    """The mandate with what prices say of each target's correlations, where its policy asks.

    Args:
        mandate: With the targets of the day.
        as_of: A session.
        watch: What judges.
        mover: What found the household's target, where it moves.
    """
    if not mandate.when.breakdown:
        return mandate
    breaks = tuple(
        watch.broke(name, root, as_of, mover=mover if name == HOUSEHOLD else None)
        for name, root, _ in targets(mandate)
    )
    return mandate if breaks == mandate.breaks else replace(mandate, breaks=breaks)


def with_outlooks(mandate: Mandate, as_of: date, watch: Watch, mover: Mover | None) -> Mandate:
    """The mandate with what is expected of each target's leaves, where its policy asks for it.

    Args:
        mandate: With the targets of the day.
        as_of: A session.
        watch: What estimates.
        mover: What found the household's target, where it moves.
    """
    mandate = with_breaks(mandate, as_of, watch, mover)
    if not mandate.when.is_dynamic:
        return mandate
    outlooks = tuple(
        watch.outlook(name, root, as_of, mover=mover if name == HOUSEHOLD else None)
        for name, root, _ in targets(mandate)
    )
    return mandate if outlooks == mandate.outlooks else replace(mandate, outlooks=outlooks)
