"""The prices that a target may learn from, whoever holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Prices(Protocol):
    """Total-return prices over time: what a target may learn from."""

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Sessions, ascending, shape (sessions,)."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the columns are."""
        ...

    @property
    def close(self) -> NDArray[np.float64]:
        """Shape (sessions, n); NaN where there is no price."""
        ...

    @property
    def volume(self) -> NDArray[np.float64] | None:
        """Units traded, of the same shape; NaN where it is not known, None where nowhere."""
        ...
