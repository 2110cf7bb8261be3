"""Prices as the kernels read them, laid out once for all policies over them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from trimtab.kernels.compile import compiled
from trimtab.kernels.research_blocks import fill_extremes
from trimtab.kernels.research_columns import LANES, STRETCH
from trimtab.simulate.prices.history import PriceHistory

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


class LaidOut:
    """What is made of the prices of one history, each when it is first needed.

    Made anew and not the prices themselves: machine code would be made once more for columns that
    are read-only.

    Args:
        closes: Prices by session, shape (sessions, n).
        opens: Likewise; None where there are none.
        compiled: Whether for the compiled form of the kernels, which reads arrays, or the other,
            which reads lists.
    """

    def __init__(self, closes: Floats, opens: Floats | None, *, compiled: bool) -> None:
        self._closes, self._opens, self._compiled = closes, opens, compiled

    @cached_property
    def by_session(self) -> Any:
        """Closes by session, shape (sessions, n)."""
        import numpy as np

        return self._form(np.array(self._closes, order="C"))

    @cached_property
    def opens(self) -> Any:
        """Opens by session, likewise."""
        import numpy as np

        assert self._opens is not None
        return self._form(np.array(self._opens, order="C"))

    @cached_property
    def by_symbol(self) -> Any:
        """Closes by symbol, as `laid_out` gives them."""
        return self._form(laid_out(self._closes))

    @cached_property
    def extremes(self) -> Any:
        """Highest and lowest prices of each stretch of sessions."""
        extremes = self._form(room_for_extremes(*self._closes.shape))
        kernel = compiled(fill_extremes) if self._compiled else fill_extremes
        kernel(self.by_session, extremes)
        return extremes

    @cached_property
    def no_extremes(self) -> Any:
        """What stands for them where no band is watched."""
        return self._form(room_for_extremes(0, self._closes.shape[1]))

    @cached_property
    def no_branches(self) -> Any:
        """The inner sleeves of a target that has none, shape (0, n)."""
        import numpy as np

        return self._form(np.zeros((0, self._closes.shape[1]), dtype=np.int64))

    def _form(self, column: Any) -> Any:
        return column if self._compiled else column.tolist()


def laid_out_once(history: PriceHistory, *, compiled: bool) -> LaidOut:
    """The prices of a history, laid out for one form of the kernels."""
    return history.once(
        ("laid out", compiled), lambda: LaidOut(history.close, history.open, compiled=compiled)
    )


def laid_out(closes: Floats) -> Floats:
    """Prices by instrument, as the kernel values them, shape (n, sessions + LANES or more).

    Each instrument's begin on a line of the cache, LANES of them long: what is read across two
    lines takes twice as long, which made valuing a third slower.

    Args:
        closes: Prices by session, shape (sessions, n).
    """
    import numpy as np

    sessions, n = closes.shape
    wide = sessions // LANES * LANES + 2 * LANES
    room = np.zeros(n * wide + LANES)
    skipped = -room.ctypes.data // room.itemsize % LANES
    prices = room[skipped : skipped + n * wide].reshape(n, wide)
    prices[:, :sessions] = closes.T
    return prices


def room_for_extremes(sessions: int, n: int) -> Floats:
    """Room for the highest and the lowest prices of each stretch of sessions."""
    import numpy as np

    return np.zeros((-(-sessions // STRETCH), 2, n))
