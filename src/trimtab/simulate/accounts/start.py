"""Where a household's run over history starts: its present worth in cash, or its present lots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, TypeAlias

from trimtab.model.accounts import Lot
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import StepPrice, half_even, money_text

StartFrom: TypeAlias = Literal["cash", "lots"]


@dataclass(frozen=True, slots=True)
class Start:
    """What accounts hold at the first session.

    Args:
        lots: Their lots, in steps of that day.
        cash: Minor units by account.
        findings: Lots that could only start as cash.
    """

    lots: tuple[Lot, ...]
    cash: Mapping[str, int]
    findings: tuple[Finding, ...] = ()


def lots_moved_back(
    lots: Iterable[Lot],
    cash: Mapping[str, int],
    *,
    now: Mapping[str, StepPrice],
    then: Mapping[str, StepPrice],
    shift: timedelta,
    scale: Fraction = Fraction(1),
) -> Start:
    """Lots as they are, moved to an earlier day: the same worth, gain in proportion, and age.

    Each becomes as many whole steps as its worth buys at that day's price, and what is less than a
    step is cash. Its basis is the same part of its worth as it is now, so that the gain that waits
    in it is; and it was bought as long before that day as it was before today.

    Args:
        lots: The lots of today.
        cash: The cash of today, minor units by account.
        now: What a step is worth today, by instrument.
        then: The same on the earlier day.
        shift: From that day to today.
        scale: How much of everything there is to be.
    """
    moved: list[Lot] = []
    purses = {account: _part(minor, scale) for account, minor in cash.items()}
    left: dict[str, int] = {}
    for lot in lots:
        if lot.instrument not in now:
            left[lot.instrument] = left.get(lot.instrument, 0)
            continue
        worth = _part(now[lot.instrument].value(lot.quantity), scale)
        price = then.get(lot.instrument)
        steps = price.steps_below(worth) if price is not None else 0
        kept = price.value(steps) if price is not None else 0
        purses[lot.account] = purses.get(lot.account, 0) + worth - kept
        if price is None:
            left[lot.instrument] = left.get(lot.instrument, 0) + worth
        if not steps:
            continue
        whole = now[lot.instrument].value(lot.quantity)
        basis = None if lot.basis is None else half_even(lot.basis * kept, whole)
        acquired = lot.acquired
        if isinstance(acquired, date):
            acquired -= shift
        moved.append(replace(lot, quantity=steps, basis=basis, acquired=acquired))
    findings = tuple(
        Finding(
            "starts-as-cash",
            name,
            f"{name} has no price at the first session: its {money_text(minor)} start as cash",
        )
        for name, minor in sorted(left.items())
    )
    return Start(tuple(moved), purses, findings)


def _part(minor: int, scale: Fraction) -> int:
    return minor if scale == 1 else half_even(minor * scale.numerator, scale.denominator)
