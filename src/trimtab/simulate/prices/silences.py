"""Stretches in which nothing at all has a price, far longer than sessions are apart as a rule."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.simulate.prices.history import PriceHistory, day_of

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days

LEAST_DAYS = 12
"""The longest holidays of large exchanges are 11 days; what is shorter is never told."""
FAR = 2.5
"""How many times the usual distance of sessions is far longer than usual."""
MOST_TOLD = 3
"""Stretches that are told one by one."""


def silence_findings(
    history: PriceHistory, *, start: date | None = None, end: date | None = None
) -> list[Finding]:
    """A warning where nothing has a price for far longer than usual.

    Args:
        history: Prices of what a run is about, NaN where there is none.
        start, end: The dates that count.
    """
    key = ("silences", start, end)
    return history.once(key, lambda: silence_told(_days(history, start, end), history.source))


def _days(history: PriceHistory, start: date | None, end: date | None) -> Days:
    """The dates on which anything has a price."""
    import numpy as np

    days = history.dates[~np.isnan(history.close).all(axis=1)]
    if start is not None:
        days = days[days >= np.datetime64(start, "D")]
    return days if end is None else days[days <= np.datetime64(end, "D")]


def silences(days: Days) -> list[tuple[date, date]]:
    """The days on which something has a price between which there is none for far too long.

    Args:
        days: All days on which anything has one, oldest first.
    """
    import numpy as np

    if len(days) < 4:
        return []
    apart = np.diff(days).astype(np.int64)
    long = np.flatnonzero(apart >= max(LEAST_DAYS, FAR * float(np.median(apart))))
    return [(day_of(days[k]), day_of(days[k + 1])) for k in long]


def silence_told(days: Days, source: str) -> list[Finding]:
    """A warning with the stretches that `silences` finds, with their length.

    Args:
        days: All days on which anything has a price, oldest first.
        source: Where the prices are from.
    """
    import numpy as np

    found = silences(days)
    if not found:
        return []
    usual = float(np.median(np.diff(days).astype(np.int64)))
    told = "; ".join(
        f"from {last} to {next_} ({(next_ - last).days} days)" for last, next_ in found[:MOST_TOLD]
    )
    more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    rule = "1 day" if usual == 1.0 else f"{usual:g} days"
    message = (
        f"nothing has a price {told}{more}, where sessions are {rule} apart as a rule: each counts "
        "as one move, and nothing is traded in between. If prices are missing, complete them."
    )
    return [Finding("gap-in-all", source, message, "warning")]
