"""What was held before a day: by the days on which things happened, not the order of the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.ledger.chain import Entry
from trimtab.ledger.fold import journal
from trimtab.model.numbers import decimal_from

_ACCOUNT, _QUANTITY = "account:", "#"


Moved = Mapping[tuple[str, str], Sequence[tuple[str, Fraction]]]
"""By account and instrument: on which day how many units were added.

A correction is of the day of what it corrects.
"""


def moves(entries: Sequence[Entry]) -> Moved:
    """Everything that happened to what is held, in the order of the record."""
    found: defaultdict[tuple[str, str], list[tuple[str, Fraction]]] = defaultdict(list)
    days: dict[int, str] = {}
    steps: dict[str, Decimal] = {}
    for entry, postings in journal(entries):
        if entry.kind == "opened":
            declared = entry.body["instruments"]
            assert isinstance(declared, Mapping), "an entry that was folded is well formed"
            steps.update({name: decimal_from(str(step)) for name, step in declared.items()})
        if entry.kind == "declared":
            # A finer step is another count of the same units.
            steps[str(entry.body["instrument"])] = decimal_from(str(entry.body["step"]))
            continue
        of = entry.body.get("of") if entry.kind == "corrected" else None
        day = days.get(of, "") if isinstance(of, int) else str(entry.body.get("on", ""))
        days[entry.seq] = day
        for posting in postings:
            if posting.place.startswith(_ACCOUNT) and posting.unit.startswith(_QUANTITY):
                instrument = posting.unit.removeprefix(_QUANTITY)
                units = posting.amount * Fraction(steps[instrument])
                account = posting.place.removeprefix(_ACCOUNT)
                found[account, instrument].append((day, units))
    return found


def held_before(moved: Moved, account: str, instrument: str, on: date) -> Fraction:
    """Units that an account held when a day began, at the count of then.

    A trade of that day or later does not count, however early it was booked; one of an earlier
    day does, however late.
    """
    day, own = on.isoformat(), moved.get((account, instrument), ())
    return sum((units for when, units in own if when < day), Fraction(0))
