"""A written target whose risky sleeves are scaled to a wanted volatility, found on one day."""

from __future__ import annotations

from datetime import date

from trimtab.model import findings as told
from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.finding import Finding
from trimtab.targets.moving.moving import MovingTarget, decimal_of
from trimtab.targets.moving.ranged import exact_tree
from trimtab.targets.moving.volatility import Scale, VolatilityRule, covariance_of, scale
from trimtab.targets.moving.window import Window


def scaled(target: MovingTarget, window: Window, on: date, year: int) -> Finding:
    """The target of a day by the volatility until then.

    Args:
        target: A path of written shares, with a rule of volatility.
        window: Prices up to the day, complete.
        on: The day.
        year: Sessions that make a year.
    """
    import numpy as np

    rule, path = target.volatility, target.glide
    assert rule is not None, "the target has a rule of volatility"
    assert path is not None, "the shares that are scaled are written"
    root = path.tree_on(on)
    shares = {leaf.name: float(leaf.weight) for leaf in root.leaves()}
    within = safe_parts(root, rule.safe)
    priced = [leaf.name for leaf in window.leaves]
    risky = np.array([0.0 if name in within else shares[name] for name in priced])
    if not risky.any():
        return Finding(root, why="nothing risky is in the target of that day, so nothing is scaled")
    safe = np.array([within.get(name, 0.0) for name in priced])
    money = sum(w for name, w in shares.items() if name not in priced and name not in within)
    table = covariance_of(window.returns, rule.covariance, rule.half_life, year)
    found = scale(table, risky, safe, wanted=rule.wanted, money=money, most=rule.most)
    rest = 1.0 - money - found.factor * float(risky.sum())
    wanted = {
        name: rest * within[name]
        if name in within
        else share * (found.factor if name in priced else 1.0)
        for name, share in shares.items()
    }
    volatilities = np.sqrt(table.diagonal())
    return Finding(
        exact_tree(target.tree, wanted),
        volatilities={
            name: decimal_of(float(v)) for name, v in zip(priced, volatilities, strict=True)
        },
        findings=_findings(rule, found),
        why=_why(rule, found, window),
    )


def safe_parts(root: Sleeve, safe: str) -> dict[str, float]:
    """What a unit of the safe sleeve holds, by leaf: as written, or alike where none is."""
    sleeve = next(one for one in root.walk() if one.name == safe)
    leaves = sleeve.leaves()
    if not sleeve.weight:
        return {leaf.name: 1.0 / len(leaves) for leaf in leaves}
    return {leaf.name: float(leaf.weight / sleeve.weight) for leaf in leaves}


def _why(rule: VolatilityRule, found: Scale, window: Window) -> str:
    """In a sentence, why shares are what they are."""
    said = (
        f"volatility {_percent(found.written)} over {window.days[0]} to {window.days[-1]} against "
        f"{_percent(rule.wanted)} wanted: risky sleeves x {found.factor:.2f}"
    )
    if found.stop == "most":
        return f"{said}, the most that is allowed, which makes {_percent(found.found)}"
    return said


def _findings(rule: VolatilityRule, found: Scale) -> tuple[told.Finding, ...]:
    """That nothing is as calm as is wanted, where it is so."""
    if found.stop != "wild":
        return ()
    message = (
        f"no part of {rule.safe} makes the target as calm as {_percent(rule.wanted)}: the calmest "
        f"is {_percent(found.found)}, and that is taken. Name a calmer sleeve as safe"
    )
    return (told.Finding("volatility-not-reached", "target", message),)


def _percent(value: float) -> str:
    return f"{value * 100:.1f}%"
