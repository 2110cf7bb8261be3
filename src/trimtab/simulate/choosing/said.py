"""What the policies of a sweep have to say of their targets, as a backtest of each would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.simulate.choosing import daily as sweep_daily
from trimtab.simulate.choosing.grid import Grid
from trimtab.simulate.research.aims import GivenTarget
from trimtab.simulate.research.policy_run import run_policy
from trimtab.simulate.research.rules import Rules

if TYPE_CHECKING:
    from trimtab.simulate.prices.history import PriceHistory

LOOKED_AT = 40
"""Policies that are run once more, one by one, to see whether they follow a target that moves."""


def not_followed(
    prices: PriceHistory,
    policies: Grid,
    targets: Sequence[GivenTarget],
    rules: Rules,
    rows: Sequence[int],
) -> list[Finding]:
    """That policies with bands or a limit of drift followed a dated target late or never.

    The fast loop keeps no days of trades, so some of the policies are run again as `backtest` runs
    them: those that a reader looks at.

    Args:
        prices: All prices.
        policies: The grid.
        targets: Its targets.
        rules: What is the same for all; its costs are replaced by each of the grid's.
        rows: The policies, those that matter most first.
    """
    moving = {k for k, one in enumerate(targets) if len(one.rows) > 1 and not one.is_made}
    if not moving:
        return []
    asks = [when.has_band or when.drift is not None for when in policies.whens]
    each = policies.rows
    able = [row for row in rows if asks[int(each[row, 0])] and int(each[row, 2]) in moving]
    chosen = able[:LOOKED_AT]
    if not chosen:
        return []
    ready = sweep_daily.prepared(prices, policies, [{False: one} for one in targets], rules)
    told: dict[str, list[Finding]] = {}
    for row in chosen:
        policy, _ = policies.policy(row)
        target, cost = int(each[row, 2]), int(each[row, 3])
        setting = replace(ready.settings[cost][target, False], policy=policy)
        run = run_policy(setting, ready.rules[cost])
        for one in run.findings:
            told.setdefault(one.code, []).append(one)
    among = "" if len(chosen) == len(able) else f", of {len(chosen)} that stand first"
    return sweep_daily.first_of_each(told, among)
