"""Numbers in percent that look like fractions: valid, and hardly ever what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import isnan

from trimtab.model.findings import Finding
from trimtab.model.household import TaxProfile
from trimtab.model.numbers import fraction_for_percent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.model.policy import When
    from trimtab.targets.moving.moving import MovingTarget

Part = Decimal | Fraction | float | None

WIDEST_MEANT = Fraction(3, 1000)
"""An absolute band this narrow or narrower may stand for one of up to 30 points."""


def tiny_percents(
    tax: TaxProfile, when: When, movings: Sequence[MovingTarget]
) -> Iterator[Finding]:
    """What is above zero and below one percent, with the question what was meant.

    Args:
        tax: Rates.
        when: When the policy acts.
        movings: Targets that are found from prices.
    """
    parts: list[tuple[str, Part]] = [
        ("tax.long_percent", tax.long_rate),
        ("tax.short_percent", tax.short_rate),
    ]
    for moving in movings:
        parts += _of_target(moving)
    for key, part in dict.fromkeys(parts):
        percent = 0.0 if part is None else round(float(part) * 100, 12)
        if meant := fraction_for_percent(percent):
            name = key.rpartition(".")[2]
            yield Finding(
                "tiny-percent",
                key,
                f"{key} = {percent:g} is read as {percent:g} percent. Did you mean "
                f"{name} = {meant}?",
            )
    wide = when.band_absolute
    if wide is not None and 0 < wide <= WIDEST_MEANT:
        narrow = float(wide * 100)
        yield Finding(
            "tiny-percent",
            "policy.when",
            f"policy.when has a band of {narrow:g}pp, so few percentage points. "
            f"Did you mean {fraction_for_percent(narrow)}pp?",
        )
    share = when.band_relative
    if share is not None and (meant := fraction_for_percent(float(share * 100))):
        yield Finding(
            "tiny-percent",
            "policy.when",
            f"policy.when has a band of {float(share * 100):g}%, so little of a sleeve's share. "
            f"Did you mean {meant}%?",
        )


def _of_target(moving: MovingTarget) -> Iterator[tuple[str, Part]]:
    """Parts that a found target states, by key."""
    kept, table = moving.kept, "target.optimize"
    if not isnan(moving.asked.wanted):
        yield f"{table}.wanted", moving.asked.wanted
    yield f"{table}.turnover", kept.turnover
    yield f"{table}.min_position", kept.smallest
    yield f"{table}.tracking_error", kept.tracking_error
    if kept.liquidity is not None:
        yield f"{table}.participation", kept.liquidity.participation
    if kept.tolerance is not None and kept.tolerance[0] != "score":
        yield f"{table}.max_{kept.tolerance[0]}", kept.tolerance[1]
    if moving.volatility is not None:
        yield "target.volatility.wanted", moving.volatility.wanted
