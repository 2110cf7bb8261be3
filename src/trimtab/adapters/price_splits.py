"""Splits that a table names and its closes do not show: adjusted already, or of another day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from trimtab.adapters.csv_lines import ZERO_SPLIT, is_zero
from trimtab.adapters.price_tables import PriceTable
from trimtab.model.findings import Finding
from trimtab.simulate.prices.splits import usual_move

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats

NEAR_ONE = 0.25
"""Log return up to which a session's move is that of a market, and not of a split."""
CERTAIN = 8.0
"""Usual moves between a price and what a split would have made of it, from which it was none."""
DOUBTFUL = 3.0
"""The same from which it is worth a warning."""
LEAST_USUAL, UNKNOWN_USUAL = 0.005, 0.05
"""The least that counts as a usual move, and what does where too few prices tell."""
BESIDE = 3
"""Rows before and after, among which the move of a split of another day is looked for."""


@dataclass(frozen=True)
class _Event:
    """A split as the closes around it tell it.

    Args:
        place: Its row among the priced ones.
        ratio: New units for an old one.
        unmoved: Log distance of the price from the one before.
        split: Log distance of the price from what the split makes of the one before.
        usual: The usual move then, as a log return.
    """

    place: int
    ratio: float
    unmoved: float
    split: float
    usual: float

    @property
    def is_doubtful(self) -> bool:
        """Whether the price is nearer to no split, and far from the split."""
        return self.unmoved < self.split and self.split > DOUBTFUL * self.usual

    @property
    def is_certain(self) -> bool:
        """Whether the move is that of a market, and nothing like that of the split."""
        near = self.unmoved <= NEAR_ONE and 2.0 * self.unmoved <= self.split
        return near and self.split >= CERTAIN * self.usual


def check_splits(
    table: PriceTable, symbol: str, days: Days, values: Mapping[str, Floats], rows: Any
) -> None:
    """Make sure that the closes of a symbol show its splits, or tell which do not.

    Where it is certain it is a problem of the table, for the run would count the split twice;
    where it is not, a finding.

    Args:
        table: The table; it gets both.
        symbol: Whose rows.
        days: Their days, ascending.
        values: Numbers by column, of the whole table.
        rows: The symbol's rows, in the order of `days`.
    """
    import numpy as np

    split = np.nan_to_num(values["split"][rows], nan=1.0)
    if (split == 1.0).all():
        return
    priced = np.flatnonzero(~np.isnan(values["close"][rows]))
    close, ratios, days = values["close"][rows][priced], split[priced], days[priced]
    dividend = np.zeros(len(priced))
    if "dividend" in values:
        dividend = np.nan_to_num(values["dividend"][rows])[priced]
    events = [
        _event(close, dividend, days, int(place), float(ratios[place]))
        for place in np.flatnonzero(ratios != 1.0)
        if place
    ]
    doubtful = [one for one in events if one.is_doubtful]
    # Each may be a chance; all of them together are none.
    pooled = sqrt(sum((one.split / one.usual) ** 2 for one in doubtful))
    together = len(doubtful) == len(events) > 1 and pooled >= CERTAIN
    for one in doubtful:
        moved = f"{close[one.place - 1]:g} to {close[one.place]:g}"
        wrong = f"the split of {one.ratio:g} on {days[one.place]} finds no move in the price "
        wrong += f"({moved})"
        if one.is_certain or (together and one.unmoved <= NEAR_ONE):
            table.problem(int(rows[priced[one.place]]), symbol, *_told(wrong, one, close, days))
            continue
        message = (
            f"{wrong}, but it may have been hidden in one of the market. If closes are adjusted "
            "for splits already, take the split out: it is counted as it stands."
        )
        table.findings.append(Finding("split-without-move", symbol, message, "warning"))


def _event(close: Floats, dividend: Floats, days: Days, place: int, ratio: float) -> _Event:
    import numpy as np

    before, now, paid = close[place - 1], close[place], dividend[place]
    unmoved = min(abs(np.log(now / before)), abs(np.log((now + paid) / before)))
    split = abs(np.log((now * ratio + paid) / before))
    usual = usual_move(np.diff(np.log(close)), place - 1) or UNKNOWN_USUAL
    apart = np.diff(days).astype(np.float64)
    # The longer nobody saw a price, the further it may have gone.
    longer = max(1.0, float(apart[place - 1] / max(float(np.median(apart)), 1.0)))
    return _Event(
        place, ratio, float(unmoved), float(split), max(usual, LEAST_USUAL) * sqrt(longer)
    )


def _told(wrong: str, one: _Event, close: Floats, days: Days) -> tuple[str, str]:
    """What is wrong with a split that is certainly none there, and what would be right."""
    import numpy as np

    steps = np.log(close[1:] / close[:-1])
    near = [k for k in range(one.place - 1 - BESIDE, one.place + BESIDE) if 0 <= k < len(steps)]
    apart = {k: abs(steps[k] + np.log(one.ratio)) for k in near if k != one.place - 1}
    k = min(apart, key=lambda place: apart[place], default=-1)
    if k >= 0 and apart[k] < max(DOUBTFUL * one.usual, 0.05) and abs(steps[k]) > 2.0 * apart[k]:
        return wrong, f"the price moves so on {days[k + 1]}: write the split there"
    return (
        f"{wrong}: closes are adjusted for splits already",
        "drop the column split, or give closes as they were quoted",
    )


def check_zeros(table: PriceTable, name: str, rows: Any) -> None:
    """A zero means no split where that is how a column says so; alone among blanks it is a slip.

    Args:
        table: The table; it gets a problem for each slip.
        name: Its column of splits.
        rows: The rows of one symbol.
    """
    cells = table.columns[name]
    zeros, blanks = [], 0
    for row in rows.tolist():
        value = cells[row]
        if value is None or value != value or not str(value).strip():
            blanks += 1
        elif is_zero(str(value)):
            zeros.append(row)
    if len(zeros) < blanks:
        for row in zeros:
            table.problem(row, name, *ZERO_SPLIT)
