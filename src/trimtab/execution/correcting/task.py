"""What is to be corrected: what was different, the entry, and the record that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry
from trimtab.ledger.events import Relieved
from trimtab.ledger.folded import Folded
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import NumberError, Price, steps_from

_FACTS: Final = {
    "price": "price",
    "quantity": "quantity",
    "fees": "fees",
    "amount": "amount",
    "account": "account",
    "on": "date",
    "basis": "basis",
    "acquired": "day acquired",
    "ratio": "ratio",
    "lot": "lot",
}
"""What can be different, by name and as a person says it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was different from what an entry says; None where it was right.

    Args:
        price: Price a unit, of a trade.
        quantity: Units, of a trade or of a lot that came in.
        fees: Minor units, of a trade.
        amount: Minor units, of cash that came or went.
        account: The account in which it happened.
        on: The day of a trade.
        basis: Cost of a lot that came in, minor units.
        acquired: The day on which a lot that came in was bought.
        ratio: New units for an old one, of a split.
        lot: Which lot, of an opening.
        void: It never happened.
    """

    price: Price | None = None
    quantity: Decimal | None = None
    fees: int | None = None
    amount: int | None = None
    account: str | None = None
    on: date | None = None
    basis: int | None = None
    acquired: date | None = None
    ratio: Fraction | None = None
    lot: str | None = None
    void: bool = False

    def named(self) -> list[str]:
        """What is to change, by name."""
        return [name for name in _FACTS if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Task:
    """A correction under way: the record, the entry, what changes, and what every entry needs."""

    entries: Sequence[Entry]
    folded: Folded
    entry: Entry
    change: Change
    again: bool
    reason: str
    on: date
    at: str
    settles: Callable[[date], date]

    @property
    def name(self) -> str:
        """The entry as messages name it."""
        return f"entry {self.entry.seq}"

    @property
    def later(self) -> Sequence[Entry]:
        """What was booked after it."""
        return self.entries[self.entry.seq :]

    def corrected(
        self,
        *,
        cash: Mapping[str, int],
        removed: Sequence[Relieved] = (),
        added: Sequence[Lot] = (),
        new_cash: Mapping[str, int] | None = None,
        voids: bool,
    ) -> Draft:
        """The entry that says what changes."""
        return events.corrected(
            self.entry.seq,
            reason=self.reason,
            cash={account: amount for account, amount in sorted(cash.items()) if amount},
            removed=removed,
            added=added,
            new_cash={a: amount for a, amount in sorted((new_cash or {}).items()) if amount},
            voids=voids,
            on=self.on,
            at=self.at,
        )

    def need_only(self, *known: str) -> None:
        """Refuse a fact that an entry of this kind does not have, and a change of nothing."""
        named = self.change.named()
        strange = [name for name in named if name not in known]
        can = ", ".join(_FACTS[name] for name in known)
        if strange:
            raise RefusedError(
                f"{self.name} is `{self.entry.kind}` and has no {_FACTS[strange[0]]}: what "
                f"can be corrected of it is {can}"
            )
        if not named and not self.change.void:
            raise RefusedError(
                f"say what was different of {self.name}: {can}; or void it", remedy="void"
            )

    def nothing_changes(self) -> RefusedError:
        """What to raise where the record says already what it shall say."""
        return RefusedError(f"{self.name} says so already: nothing would change")

    def steps(self, instrument: str, known: int) -> int:
        """The right quantity in steps; the known one where that was right."""
        if self.change.quantity is None:
            return known
        try:
            steps = steps_from(self.change.quantity, self.folded.steps[instrument])
        except NumberError as error:
            raise RefusedError(f"the quantity {self.change.quantity} cannot be: {error}") from None
        if steps <= 0:
            raise RefusedError("a quantity is above zero; void what never happened", remedy="void")
        return steps
