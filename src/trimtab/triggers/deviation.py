"""Band and drift triggers: how far sleeves stand from their targets, compared exactly."""

from __future__ import annotations

from fractions import Fraction

from trimtab.model.plan import Reading
from trimtab.model.policy import When

MOST_DIGITS = 15
"""Decimals of a percentage beyond which nobody reads: more than exact shares of money need."""


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
    if width is None:
        place = f"{sleeve} {percent(now)} against {percent(weight)}"
        return Reading(target, trigger, sleeve, False, f"{place} (no band at target zero)")
    away = now - weight
    side = "over" if away > 0 else "under"
    fired = is_breached(now, weight, width)
    least = digits_written(width) if width == when.band_absolute else 1
    digits = digits_needed(abs(away), width, least=least)
    place = f"{sleeve} {percent(now, digits)} against {percent(weight, digits)}"
    state = "" if fired else ", inside"
    # A band of 1.25pp is not 1.2pp: what is written with two decimals is told with them.
    is_exact = (width * 10_000).denominator == 1
    band = f"band {points(width, max(digits, digits_written(width)) if is_exact else digits)}"
    why = f"{place} ({band}): {points(abs(away), digits)} {side}{state}"
    if away == 0:
        why = f"{place}: on target"
    return Reading(target, trigger, sleeve, fired, why)


def drift_reading(target: str, *, drift: Fraction, limit: Fraction) -> Reading:
    """What the drift trigger saw."""
    fired = drift >= limit and drift > 0
    compared = "at or above" if fired else "below"
    digits = digits_needed(drift, limit, least=digits_written(limit))
    why = f"drift {percent(drift, digits)}, {compared} {points(limit, digits)}"
    return Reading(target, "drift", "", fired, why)


def digits_needed(value: Fraction, limit: Fraction, *, least: int = 1) -> int:
    """How many decimals percentages need so that a value is shown on its side of a limit.

    >>> digits_needed(Fraction(8, 100), Fraction(1, 20))
    1
    >>> digits_needed(Fraction(1, 10), Fraction(1001, 10_000))
    2
    """
    digits = least
    while digits < MOST_DIGITS and value < limit and _shown(value, digits) >= _shown(limit, digits):
        digits += 1
    return digits


def digits_written(limit: Fraction) -> int:
    """How many decimals a limit that the policy names is shown with: one, or two if it has them.

    >>> digits_written(Fraction(1, 20)), digits_written(Fraction(7, 400))
    (1, 2)
    """
    return 1 if (limit * 1000).denominator == 1 else 2


def percent(share: Fraction, digits: int = 1) -> str:
    """A share as percent.

    >>> percent(Fraction(662, 1000)), percent(Fraction(1001, 10_000), 2)
    ('66.2%', '10.01%')
    """
    return f"{_decimal(share, digits)}%"


def points(share: Fraction, digits: int = 0) -> str:
    """A difference of shares in percentage points; by itself with as many decimals as it needs.

    >>> points(Fraction(1, 20)), points(Fraction(1, 20_000)), points(Fraction(1001, 10_000), 2)
    ('5.0pp', '0.005pp', '10.01pp')
    """
    if not digits and 0 < abs(share) < Fraction(1, 1000):
        return f"{float(share) * 100:.2g}pp"
    return f"{_decimal(share, digits or 1)}pp"


def _decimal(share: Fraction, digits: int) -> str:
    """A share in hundredths with so many decimals, half to even, exactly."""
    scaled = _shown(share, digits)
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{digits}}"


def _shown(share: Fraction, digits: int) -> int:
    scaled: int = round(share * 100 * 10**digits)
    return scaled
