"""Band and drift triggers: how far sleeves stand from their targets, compared exactly."""

from __future__ import annotations

from fractions import Fraction

from trimtab.model.plan import Reading
from trimtab.model.policy import When


def band_width(weight: Fraction, when: When) -> Fraction | None:
    """A sleeve's band as a share of the whole portfolio; None when it has none.

    The absolute and the relative width are both tried, the narrower counts. A relative band
    divides by the effective target, so a sleeve with target 0 has no relative band.
    """
    widths = []
    if when.band_absolute is not None:
        widths.append(when.band_absolute)
    if when.band_relative is not None and weight > 0:
        widths.append(when.band_relative * weight)
    return min(widths) if widths else None


def is_breached(now: Fraction, weight: Fraction, width: Fraction | None) -> bool:
    """Whether a sleeve stands at or beyond its band; never when it stands on its target."""
    return width is not None and now != weight and abs(now - weight) >= width


def band_reading(
    target: str, sleeve: str, *, now: Fraction, weight: Fraction, when: When
) -> Reading:
    """What the band trigger saw at one sleeve."""
    width = band_width(weight, when)
    trigger = "band"
    place = f"{sleeve} {percent(now)} against {percent(weight)}"
    if width is None:
        return Reading(target, trigger, sleeve, False, f"{place} (no band at target zero)")
    away = now - weight
    side = "over" if away > 0 else "under"
    fired = is_breached(now, weight, width)
    state = "" if fired else ", inside"
    why = f"{place} (band {points(width)}): {points(abs(away))} {side}{state}"
    if away == 0:
        why = f"{place}: on target"
    return Reading(target, trigger, sleeve, fired, why)


def drift_reading(target: str, *, drift: Fraction, limit: Fraction) -> Reading:
    """What the drift trigger saw."""
    fired = drift >= limit and drift > 0
    compared = "at or above" if fired else "below"
    why = f"drift {percent(drift)}, {compared} {points(limit)}"
    return Reading(target, "drift", "", fired, why)


def percent(share: Fraction) -> str:
    """A share as percent with one decimal, more where one would hide the difference.

    >>> percent(Fraction(662, 1000))
    '66.2%'
    """
    return f"{float(share) * 100:.1f}%"


def points(share: Fraction) -> str:
    """A difference of shares in percentage points.

    >>> points(Fraction(1, 20))
    '5.0pp'
    """
    value = float(share) * 100
    return f"{value:.1f}pp" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}pp"
