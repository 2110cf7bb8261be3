"""Prices of one symbol as they were quoted, and what makes total returns of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats


@dataclass(frozen=True, eq=False)
class Series:
    """Prices of one symbol, ascending by day, not yet adjusted.

    Args:
        days: Its days.
        close: Closes, NaN where there is none.
        open: Opens; None where there are none.
        volume: Units traded, NaN where it is not known; None where there are none.
        step: By row, what a unit of the row before is worth in units of this row, once dividends
            and splits between the two are counted: 1 where there is none. None for none at all.
        source: Where it came from, for messages.
    """

    days: Days
    close: Floats
    open: Floats | None = None
    volume: Floats | None = None
    step: Floats | None = None
    source: str = ""

    def adjusted(self) -> Series:
        """Total-return prices on the scale of the last close, and volumes that go with them.

        Close x volume stays the money that was traded.
        """
        import numpy as np

        if self.step is None:
            return self
        factor = np.ones(len(self.days))
        # Backwards from the last close: what is before an event is worth less of today's units.
        factor[:-1] = np.cumprod(self.step[:0:-1])[::-1]
        return Series(
            self.days,
            self.close * factor,
            None if self.open is None else self.open * factor,
            None if self.volume is None else self.volume / factor,
            source=self.source,
        )
