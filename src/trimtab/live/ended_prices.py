"""Prices that end before a run does: refused until somebody says what became of the instrument."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import InputError, Problem
from trimtab.model.instruments import Instrument

LATE_PRICES = 12
"""Of so many last prices the usual time between two is taken."""


def refuse_early_ends(
    source: PriceFile,
    names: Collection[str],
    instruments: Mapping[str, Instrument],
    *,
    told: Collection[str],
    end: date | None,
    most: int,
) -> None:
    """Make sure that nothing which accounts need loses its price before the others do.

    Account mode would freeze it, count it at its last price, and soon decide nothing at all.

    Args:
        source: The prices.
        names: What accounts buy, or hold at the start.
        instruments: By id.
        told: What somebody said of what became of it.
        end: The last day that counts.
        most: Sessions, or times of the usual time between two prices, that one may end early.

    Raises:
        InputError: Prices end early, with the day of each.
    """
    known = {
        name: [day for day in days if end is None or day <= end]
        for name, days in source.days_of(sorted(names)).items()
    }
    last = max((days[-1] for days in known.values() if days), default=None)
    file, problems = ", ".join(path.name for path in source.paths), []
    for name, days in known.items():
        if name in told or not days or last is None:
            continue
        age = instruments[name].age_limit if instruments[name].price_source == "manual" else 0
        after = source.calendar.sessions_between(days[-1] + timedelta(days=age), last)
        if after > most * max(_usual(source, days), 1):
            wrong = f"prices end on {days[-1]}, {after:,} sessions before the last, on {last}"
            remedy = (
                f"stop by then with `end={days[-1]}`, or say what became of it: "
                f"`delisted={name}` pays it out at its last price, `delisted={name}=PRICE` at that"
            )
            problems.append(Problem(file, None, name, wrong, remedy))
    if problems:
        raise InputError(problems)


def _usual(source: PriceFile, days: Sequence[date]) -> float:
    """Sessions from one price to the next, as they come in the end."""
    late = days[-LATE_PRICES - 1 :]
    gaps = [source.calendar.sessions_between(one, two) for one, two in pairwise(late)]
    return median(gaps) if gaps else 1
