"""What was known of prices at each session's close: views that hold nothing of what came later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from math import nan
from typing import TYPE_CHECKING, Any

from trimtab.simulate.prices.history import HELD, PriceHistory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = ("dates", "close", "open", "volume", "status", "stripped")


class Views:
    """Views of prices, one for each close at which somebody looks, each longer than the last.

    They share memory into which a row is written only when its session has come: whatever an array
    of a view is based on, no later row is in it yet. So a row is copied once, however many looks
    there are, and the memory is read-only for whoever looks.

    Args:
        known: All prices.
    """

    def __init__(self, known: PriceHistory) -> None:
        self.known = known
        self.filled = 0
        self.existing: Views | None = None
        # Where prices were read tells of days to come.
        self.same = {
            one.name: getattr(known, one.name)
            for one in fields(known)
            if one.name not in (*_COLUMNS, "findings", "read", "held", "worth")
        }
        self.columns = {
            name: _Unfolding(column)
            for name in _COLUMNS
            if (column := getattr(known, name)) is not None
        }

    def at(
        self, session: int, *, held: Mapping[str, float] | None = None, worth: float = 0.0
    ) -> PriceHistory:
        """What was known at a session's close of the instruments that existed then.

        Args:
            session: Not before the one that was asked for last.
            held: What is held then, as weights by symbol.
            worth: What it is worth, in money.
        """
        assert session + 1 >= self.filled, "a view of an earlier session would hold later rows"
        if self.known.status is not None:
            there = self.known.status[session] <= HELD
            if not there.all():
                symbols = [self.known.symbols[i] for i in there.nonzero()[0]]
                return self._of(symbols).at(session, held=held, worth=worth)
        for column in self.columns.values():
            column.fill(self.filled, session + 1)
        self.filled = session + 1
        # There is a look a session: the view is put together, for to have it checked and its
        # columns closed to writing takes longer than all else, and these are closed already.
        view: PriceHistory = object.__new__(PriceHistory)
        view.__dict__.update(self.same, findings=(), read={}, held=held or {}, worth=worth)
        for name in _COLUMNS:
            known = self.columns.get(name)
            view.__dict__[name] = None if known is None else known.shown[: session + 1]
        return view

    def _of(self, symbols: list[str]) -> Views:
        """Views of some instruments alone: the same ones until something comes or goes."""
        if self.existing is None or self.existing.known.symbols != tuple(symbols):
            self.existing = Views(self.known.select(symbols))
        return self.existing


class _Unfolding:
    """A column that is written row by row, and shown in memory that nobody else can write."""

    def __init__(self, column: NDArray[Any]) -> None:
        import numpy as np

        self.column = column
        memory = bytearray(column.nbytes)
        self.own: NDArray[Any] = np.frombuffer(memory, column.dtype).reshape(column.shape)
        self.own[...] = _nothing(column.dtype)
        shown = np.frombuffer(memoryview(memory).toreadonly(), column.dtype)
        self.shown: NDArray[Any] = shown.reshape(column.shape)

    def fill(self, start: int, stop: int) -> None:
        """Write the rows from start to before stop."""
        self.own[start:stop] = self.column[start:stop]


def _nothing(kind: np.dtype[Any]) -> Any:
    """What stands where no row has come yet."""
    import numpy as np

    if kind.kind == "f":
        return nan
    return np.datetime64("NaT") if kind.kind == "M" else -1
