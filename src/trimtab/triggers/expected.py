"""Triggers that weigh estimates: tracking error, utility against cost, broken correlations."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from trimtab.model.breaks import Break
from trimtab.model.numbers import money_text
from trimtab.model.outlook import Outlook, root
from trimtab.model.plan import Reading
from trimtab.triggers.deviation import digits_needed, digits_written, percent


def tracking_reading(
    target: str, *, squared: Fraction, limit: Fraction, outlook: Outlook
) -> Reading:
    """What the tracking trigger saw.

    Args:
        target: Which target is asked about.
        squared: A year's variance of the difference between what is held and the target.
        limit: The yearly tracking error that fires.
        outlook: By what it was measured.
    """
    fired = squared >= limit * limit
    compared = "at or above" if fired else "below"
    now = root(squared)
    digits = digits_needed(now, limit, least=max(digits_written(limit), 2))
    why = (
        f"tracking error to the target {percent(now, digits)} a year, {compared} "
        f"{percent(limit, digits)} (covariance of {outlook.words})"
    )
    return Reading(target, "tracking", "", fired, why)


def breakdown_reading(target: str, *, found: Break, acted: date | None) -> Reading:
    """What the breakdown trigger saw.

    Args:
        target: Which target is asked about.
        found: What the test says, where anything can be said.
        acted: The session of the target's last rebalance.
    """
    if found.on is None or found.since is None:
        why = "correlations are with their past since the target was last found"
        return Reading(target, "breakdown", "", False, why)
    if acted is not None and acted >= found.since:
        why = f"correlations broke away on {found.since}, and the rebalance of {acted} knew it"
        return Reading(target, "breakdown", "", False, why)
    why = f"correlations broke away from their past on {found.since}: {found.told}"
    return Reading(target, "breakdown", "", True, why)


def unknown_reading(target: str, trigger: str, lacking: str) -> Reading:
    """That a trigger that weighs estimates has none."""
    return Reading(target, trigger, "", False, f"{trigger} cannot be known: {lacking.rstrip('.')}")


def worth_reading(
    target: str, *, gain: int, cost: int, times: Fraction, outlook: Outlook, trades: bool
) -> Reading:
    """What the worth trigger saw, once the trades are sized.

    Args:
        target: Which target is asked about.
        gain: Utility that the trades are expected to bring in a year, minor units.
        cost: What they cost to trade and in tax, minor units.
        times: How many times the cost must be gained.
        outlook: By what the gain was estimated.
        trades: Whether there is anything to trade.
    """
    fired = trades and gain > 0 and gain >= times * cost
    if not trades:
        return Reading(target, "worth", "", False, "there is no trade that would gain anything")
    compared = "at least" if fired else "below"
    why = (
        f"the trades are expected to gain {money_text(gain)} of utility in a year, {compared} "
        f"{float(times):g} times the {money_text(cost)} that they cost with tax "
        f"(estimates of {outlook.words})"
    )
    return Reading(target, "worth", "", fired, why)


def worthless_reading(target: str, *, gain: int, outlook: Outlook) -> Reading:
    """That going to the target is expected to gain nothing, before any cost; minor units."""
    why = (
        f"going to the target is expected to gain {money_text(gain)} of utility in a year, so no "
        f"cost is worth it (estimates of {outlook.words})"
    )
    return Reading(target, "worth", "", False, why)
