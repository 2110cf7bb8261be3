"""A written target with a tactical overlay, found on one day from signals known by then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.finding import Finding
from trimtab.targets.moving.moving import MovingTarget, TiltRule, shown
from trimtab.targets.moving.ranged import UNITS, Range, exact_tree
from trimtab.targets.moving.signals import (
    KnownSeries,
    Reading,
    Signal,
    price_reading,
    series_reading,
)
from trimtab.targets.objectives.active import NOTHING, Bounds, Overlay, overlaid
from trimtab.targets.prices import Prices


def tilted(
    target: MovingTarget,
    prices: Prices | None,
    stands_for: Mapping[str, str],
    series: Mapping[str, KnownSeries | str],
    on: date,
) -> Finding:
    """The target of a day by what its signals were then.

    Args:
        target: Written shares, or a path of them, with a tilt; its tree says their limits.
        prices: May reach further: nothing later than `on` is looked at.
        stands_for: The symbol of each leaf.
        series: By signal; a text says why it cannot be read.
        on: The day.
    """
    rule, path = target.tilt, target.glide
    assert rule is not None, "the target has a tilt"
    assert path is not None, "the shares that are tilted are written"
    readings = []
    for signal in rule.signals:
        known = series.get(signal.name, "") if signal.source == "series" else None
        if isinstance(known, KnownSeries):
            readings.append(series_reading(signal, known, on))
        elif known is not None:
            readings.append(Reading(failure=known or f"there is no file {signal.of}."))
        else:
            assert prices is not None, "momentum and trend are of prices"
            readings.append(price_reading(signal, prices, stands_for, on))
    failures = dict.fromkeys(reading.failure for reading in readings if reading.failure)
    if failures:
        return Finding(None, " ".join(failures))
    root = path.tree_on(on)
    shares = {leaf.name: leaf.weight for leaf in root.leaves()}
    shifts: dict[str, Fraction] = dict.fromkeys(shares, NOTHING)
    for signal, reading in zip(rule.signals, readings, strict=True):
        for sleeve, shift in signal.shifts:
            for leaf, part in _parts(root, sleeve).items():
                shifts[leaf] += shift * reading.strength * part
    found = overlaid(shares, shifts, bounds=_bounds(target.tree), most=rule.most)
    tree = exact_tree(target.tree, {name: float(share) for name, share in found.shares.items()})
    return Finding(tree, why=_why(rule, readings, found, shifts))


def _parts(root: Sleeve, name: str) -> dict[str, Fraction]:
    """What of a unit of a sleeve lies in each of its leaves: as written, or alike where none is."""
    sleeve = next(one for one in root.walk() if one.name == name)
    leaves = sleeve.leaves()
    if not sleeve.weight:
        return {leaf.name: Fraction(1, len(leaves)) for leaf in leaves}
    return {leaf.name: leaf.weight / sleeve.weight for leaf in leaves}


def _bounds(tree: Range) -> list[Bounds]:
    """The limits of leaves and of sleeves above them."""
    return [
        Bounds(
            tuple(leaf.name for leaf in node.leaves()),
            Fraction(node.least, UNITS),
            Fraction(node.most, UNITS),
        )
        for node in tree.walk()
        if node.name and (node.is_limited or not node.children)
    ]


def _why(
    rule: TiltRule, readings: list[Reading], found: Overlay, shifts: Mapping[str, Fraction]
) -> str:
    """Each signal with its figures and its shift, and what holds them back."""
    said = [
        f"{reading.why}: {_shift(signal, reading)}"
        for signal, reading in zip(rule.signals, readings, strict=True)
    ]
    asked = sum((abs(one) for one in shifts.values()), NOTHING) / 2
    if found.stops:
        by = {
            "limits": "limits of sleeves",
            "groups": "limits of sleeves above them",
            "most": f"max_percent {shown(rule.most)}",
        }
        held = " and ".join(by[stop] for stop in found.stops)
        said.append(f"{held} let {_points(found.moved)} move, of {_points(asked)}")
    return "\n".join(said)


def _shift(signal: Signal, reading: Reading) -> str:
    """What a signal asks for."""
    if not reading.strength:
        return "no shift"
    return ", ".join(
        f"{sleeve} {'+' if shift * reading.strength > 0 else ''}{_points(shift * reading.strength)}"
        for sleeve, shift in signal.shifts
    )


def _points(share: Fraction) -> str:
    """Percentage points, to two decimals at the most.

    >>> _points(Fraction(-1, 10)), _points(Fraction(1, 30))
    ('-10pp', '3.33pp')
    """
    text = f"{float(share) * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text}pp"
