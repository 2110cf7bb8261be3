"""The book as columns: accounts and lots side by side, one household or a million accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trimtab.model.accounts import Acquired, Lot
from trimtab.model.frozen import dataclass

UNKNOWN_DAY = 0
"""How a column of days says that the day of purchase is not known."""

INHERITED_DAY = -1
"""How a column of days says that a lot was inherited."""

UNKNOWN_BASIS = -1
"""How a column of bases says that the basis is not known."""

Column = Any
"""A list of integers when interpreted, a numpy int64 array when compiled."""


@dataclass(frozen=True, slots=True)
class Book:
    """Accounts and lots as columns (structure of arrays), the lots of an account contiguous.

    Args:
        accounts: Account ids, shape (A,).
        instruments: Instrument ids, shape (N,), in ascending order.
        cash: Minor units by account, shape (A,).
        first_lot: Where the lots of each account begin, shape (A + 1,).
        lot_ids: Ids of lots, shape (L,); empty where nobody asks for them.
        lot_instrument: Index of each lot's instrument, shape (L,).
        lot_quantity: Steps, shape (L,).
        lot_basis: Minor units, shape (L,); `UNKNOWN_BASIS` where there is none.
        lot_day: Ordinal of the day of purchase, shape (L,); `UNKNOWN_DAY`, `INHERITED_DAY`.

    Within an account lots are ordered by instrument, day and id.
    """

    accounts: tuple[str, ...]
    instruments: tuple[str, ...]
    cash: Column
    first_lot: Column
    lot_ids: tuple[str, ...]
    lot_instrument: Column
    lot_quantity: Column
    lot_basis: Column
    lot_day: Column

    @classmethod
    def of(cls, lots: Sequence[Lot], cash: Mapping[str, int]) -> Book:
        """The columns of accounts and lots, as lists; accounts in the order of `cash`."""
        instruments = tuple(sorted({lot.instrument for lot in lots}))
        index = {id_: i for i, id_ in enumerate(instruments)}
        by_account: dict[str, list[Lot]] = {account: [] for account in cash}
        for lot in lots:
            by_account[lot.account].append(lot)
        ordered: list[Lot] = []
        first = [0]
        for own in by_account.values():
            ordered += sorted(own, key=lambda lot: (lot.instrument, _day(lot.acquired), lot.id))
            first.append(len(ordered))
        return cls(
            accounts=tuple(cash),
            instruments=instruments,
            cash=list(cash.values()),
            first_lot=first,
            lot_ids=tuple(lot.id for lot in ordered),
            lot_instrument=[index[lot.instrument] for lot in ordered],
            lot_quantity=[lot.quantity for lot in ordered],
            lot_basis=[UNKNOWN_BASIS if x.basis is None else x.basis for x in ordered],
            lot_day=[_day(lot.acquired) for lot in ordered],
        )

    def lots(self) -> tuple[Lot, ...]:
        """The lots as values again."""
        made = []
        for a, account in enumerate(self.accounts):
            for k in range(int(self.first_lot[a]), int(self.first_lot[a + 1])):
                basis = int(self.lot_basis[k])
                made.append(
                    Lot(
                        id=self.lot_ids[k],
                        account=account,
                        instrument=self.instruments[int(self.lot_instrument[k])],
                        quantity=int(self.lot_quantity[k]),
                        acquired=_acquired(int(self.lot_day[k])),
                        basis=None if basis == UNKNOWN_BASIS else basis,
                    )
                )
        return tuple(made)

    def cash_by_account(self) -> dict[str, int]:
        """Cash by account id, minor units."""
        return {id_: int(money) for id_, money in zip(self.accounts, self.cash, strict=True)}


def _day(acquired: Acquired) -> int:
    if acquired is None:
        return UNKNOWN_DAY
    return acquired.toordinal() if isinstance(acquired, date) else INHERITED_DAY


def _acquired(day: int) -> Acquired:
    if day == INHERITED_DAY:
        return "inherited"
    return None if day == UNKNOWN_DAY else date.fromordinal(day)
