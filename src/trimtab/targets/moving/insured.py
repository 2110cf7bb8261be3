"""A written target whose risky sleeves are a multiple of what is above a floor, on one day."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import floor as whole_below

from trimtab.targets.moving.cppi import CppiRule, Exposure, exposure, told_of_floor
from trimtab.targets.moving.finding import Finding
from trimtab.targets.moving.moving import MovingTarget, shown
from trimtab.targets.moving.ranged import UNITS, exact_tree
from trimtab.targets.moving.scaled import safe_parts


def insured(target: MovingTarget, on: date, worth: Fraction) -> Finding:
    """The target of a day by what the portfolio is worth then.

    The risky sleeves together are rounded down to whole hundredths of a percent, so that rounding
    never puts more at risk than the multiple.

    Args:
        target: Written shares, or a path of them, with a floor.
        on: The day.
        worth: What the percentages divide, in money.
    """
    rule, path = target.cppi, target.glide
    assert rule is not None, "the target has a floor"
    assert path is not None, "the shares that are scaled are written"
    root = path.tree_on(on)
    shares = {leaf.name: leaf.weight for leaf in root.leaves()}
    within = safe_parts(root, rule.safe)
    cash = {leaf.name for leaf in target.tree.leaves() if leaf.is_cash}
    money = sum((w for name, w in shares.items() if name in cash - within.keys()), Fraction(0))
    risky = {name: w for name, w in shares.items() if name not in within and name not in cash}
    total = sum(risky.values(), Fraction(0))
    if not total:
        return Finding(root, why="nothing risky is in the target of that day")
    most = min(rule.most, 1 - money)
    floor = rule.floor_on(on)
    found = exposure(worth, floor, multiplier=rule.multiplier, most=most)
    share = Fraction(whole_below(found.share * UNITS), UNITS)
    wanted = {
        name: float(
            (1 - money - share) * Fraction(within[name])
            if name in within
            else weight * share / total
            if name in risky
            else weight
        )
        for name, weight in shares.items()
    }
    return Finding(
        exact_tree(target.tree, wanted),
        findings=(told_of_floor(worth, floor),) if found.stop == "floor" else (),
        why=_why(rule, found, worth, floor, share, on),
    )


def _why(
    rule: CppiRule,
    found: Exposure,
    worth: Fraction,
    floor: Fraction,
    share: Fraction,
    on: date,
) -> str:
    """Worth, floor, cushion, multiple and share, in a sentence."""
    said = f"worth {float(worth):,.2f} on {on}, floor {float(floor):,.2f}"
    if found.stop == "floor":
        return f"{said}: no cushion, so nothing is risky"
    times = f"{float(rule.multiplier):g} x the cushion of {float(found.cushion):,.2f}"
    amount = float(rule.multiplier * found.cushion)
    if found.stop == "most":
        return f"{said}: {times} is {amount:,.2f}, more than the {shown(share)} that may be risky"
    return f"{said}: {times} is {amount:,.2f}, so {shown(share)} is risky"
