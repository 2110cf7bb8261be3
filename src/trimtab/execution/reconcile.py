"""Record against statement: what a broker says is there, and where the record says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from enum import StrEnum

from trimtab.model.accounts import Lot
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, Instrument
from trimtab.model.numbers import quantity_text


class Difference(StrEnum):
    """How record and statement disagree."""

    NOT_IN_STATEMENT = "not-in-statement"
    NOT_IN_RECORD = "not-in-record"
    QUANTITY = "quantity"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a broker says an account holds.

    Args:
        account: Account id of ours.
        positions: Units by instrument id; what is not listed is not there.
        cash: Minor units; None where the statement does not say.
    """

    account: str
    positions: Mapping[str, Decimal] = field(default_factory=dict)
    cash: int | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One point in which record and statement disagree.

    Args:
        account: Account id.
        instrument: Instrument id; `CASH` for money.
        kind: How they disagree.
        recorded: Units in the record; money in the currency's major unit.
        stated: The same in the statement.
    """

    account: str
    instrument: str
    kind: Difference
    recorded: Decimal
    stated: Decimal

    @property
    def missing(self) -> Decimal:
        """What would have to be added to the record to make it agree; negative: taken away."""
        return self.stated - self.recorded


def differences(
    statement: Statement,
    *,
    lots: Sequence[Lot],
    cash: Mapping[str, int],
    instruments: Mapping[str, Instrument],
) -> tuple[Mismatch, ...]:
    """Where a statement and the record of its account disagree, exactly; empty if nowhere.

    Args:
        statement: What the broker says.
        lots: Open lots of the record; those of other accounts do not matter.
        cash: Recorded cash by account, minor units.
        instruments: By id, for the step of each.

    Returns:
        By instrument id, cash last.
    """
    account = statement.account
    recorded: dict[str, Decimal] = {}
    for lot in lots:
        if lot.account == account:
            units = Decimal(quantity_text(lot.quantity, instruments[lot.instrument].step))
            recorded[lot.instrument] = recorded.get(lot.instrument, Decimal(0)) + units
    found: list[Mismatch] = []
    for instrument in sorted(recorded.keys() | statement.positions.keys()):
        ours = recorded.get(instrument, Decimal(0))
        theirs = statement.positions.get(instrument, Decimal(0))
        if ours == theirs:
            continue
        kind = Difference.QUANTITY
        if not theirs:
            kind = Difference.NOT_IN_STATEMENT
        elif not ours:
            kind = Difference.NOT_IN_RECORD
        found.append(Mismatch(account, instrument, kind, ours, theirs))
    ours_minor = cash.get(account, 0)
    if statement.cash is not None and statement.cash != ours_minor:
        found.append(
            Mismatch(
                account,
                CASH,
                Difference.CASH,
                Decimal(ours_minor).scaleb(-2),
                Decimal(statement.cash).scaleb(-2),
            )
        )
    return tuple(found)
