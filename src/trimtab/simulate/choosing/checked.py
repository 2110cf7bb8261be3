"""Advice held against runs through the real accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.simulate.choosing.accounts import InAccounts
from trimtab.simulate.measures.metrics import DAYS_A_YEAR

if TYPE_CHECKING:
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.choosing.advice import Advice


def checked_in_accounts(
    advice: Advice, own: AccountRun, others: Mapping[str, AccountRun]
) -> Advice:
    """The advice after what policies did in the accounts: the first change that these bear out.

    Args:
        advice: Advice to change.
        own: The run of the investor's policy.
        others: Those of the advised one and of runners-up, by name, the advised one first.
    """
    checked = tuple(_in_accounts(advice, own, name, run) for name, run in others.items())
    borne = [one for one in checked if one.gain > advice.material]
    if borne:
        found = borne[0]
        gain = advice[found.policy].gain
        return replace(advice, accounts=found, checked=checked, advised=found.policy, gain=gain)
    own_gain = advice[advice.own].gain
    return replace(advice, accounts=checked[0], checked=checked, advised=advice.own, gain=own_gain)


def _in_accounts(advice: Advice, own: AccountRun, name: str, run: AccountRun) -> InAccounts:
    """What a policy takes less than the investor's own, by runs through the accounts."""
    before, after = advice[advice.own], advice[name]
    took = [_taken(one, of=own) for one in (own, run)]
    distance = (before.total.mean - before.cost.mean) - (after.total.mean - after.cost.mean)
    return InAccounts(
        name, after.gain.mean, took[0] - took[1] + distance, distance,
        own.liquidation_after_tax / 100, run.liquidation_after_tax / 100,
    )  # fmt: skip


def _taken(run: AccountRun, *, of: AccountRun) -> float:
    """What costs took of a run a year, and its tax of the gain of another.

    A policy that happened to gain more also owes more: on one history that is luck. So a run tells
    which part of its gain was taken, whenever and at what rates, and that part is what counts.
    """
    from trimtab.simulate.accounts.drags import account_drags, growth_after_all

    cost, tax = account_drags(run, all_sold=True)
    years = (run.dates[-1] - run.dates[0]).days / DAYS_A_YEAR
    left = growth_after_all(run)
    other = growth_after_all(of) + account_drags(of, all_sold=True)[1]
    gained, kept = ((1.0 + rate) ** years - 1.0 for rate in (left + tax, left))
    whole = (1.0 + other) ** years - 1.0
    if not (gained > 0.0 and whole > 0.0):
        return cost + tax
    after: float = (1.0 + whole * kept / gained) ** (1.0 / years) - 1.0
    return cost + other - after


def tax_of_turnover(run: AccountRun) -> float:
    """Tax for each unit of money that a run in account mode turned over after its first purchase.

    As sales and purchases are made by the portfolio's own lots and rates: a policy that trades
    as much at other times would pay about as much. What is sold to pay tax counts by its tax: the
    turnover of a policy is what it trades to keep to its target.
    """
    later = [plan for plan in run.plans if plan.as_of != run.dates[0]]
    kept = [plan for plan in later if plan.id not in run.for_tax]
    turned = sum(trade.value for plan in kept for trade in plan.trades) / 2
    return sum(plan.tax for plan in later) / turned if turned else 0.0
