"""The sessions on which account mode has nothing to do: valued all at once, and passed over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.engine.jumps import ACCEPTED_FOR, CALM
from trimtab.engine.mandate import Mandate
from trimtab.engine.quiet import is_waiting, next_look, quiet_sessions
from trimtab.engine.value import Position
from trimtab.ledger.folded import Folded, state_at
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.numbers import MINOR_DIGITS, Price
from trimtab.model.state import State
from trimtab.simulate.accounts.tape import Tape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST_LOOK = 32
"""Sessions that are looked at first; then twice as many, and so on."""

EXACT = 2**62
"""Whole numbers below it are multiplied in columns."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Sessions on which nothing happens, and what each position is worth at them, minor units."""

    count: int
    worth: Mapping[Position, NDArray[np.int64]]


NONE = Quiet(0, {})


def quiet_worth(
    tape: Tape, start: int, *, folded: Folded, mandate: Mandate, due: date | None
) -> Quiet:
    """What is held is worth at each coming session on which surely nothing happens.

    Nothing: no split and no dividend, no tax that falls due, no look of the calendar, no limit that
    is reached or nearly, and no price that has to be looked at twice.

    Args:
        tape: The sessions.
        start: The place of the next one.
        folded: The record, with everything before it.
        mandate: The household with its policy.
        due: The day from which tax has to be paid; None where nothing is owed.

    Returns:
        The sessions from `start` on; none where something may happen at once.
    """
    import numpy as np

    end = int(np.searchsorted(tape.actions, tape.actions[start - 1], side="right"))
    if due is not None:
        end = min(end, bisect_left(tape.days, due))
    if start >= end:
        return NONE
    state = state_at(folded, tape.days[start - 1])
    if is_waiting(state, mandate):
        return NONE
    if mandate.when.calendar is not None:
        end = min(end, next_look(state, mandate, tape.sessions.marks))
    found: list[dict[Position, NDArray[np.int64]]] = []
    place, ahead = start, FIRST_LOOK
    while place < end:
        stop = min(place + ahead, end)
        worth = _worth(tape, place, stop, folded, mandate.household.instruments)
        if worth is None:
            break
        quiet = _is_plain(tape, place, stop, state, mandate, worth)
        if mandate.when.calendar is None or mandate.when.breakdown:
            quiet &= quiet_sessions(state, mandate, worth, stop - place)
        count = len(quiet) if quiet.all() else int(quiet.argmin())
        found.append({key: own[:count] for key, own in worth.items()})
        place, ahead = place + count, 2 * ahead
        if count < len(quiet):
            break
    if not found:
        return NONE
    whole = {key: np.concatenate([one[key] for one in found]) for key in found[0]}
    return Quiet(place - start, whole)


def _worth(
    tape: Tape, start: int, stop: int, folded: Folded, instruments: Mapping[str, Instrument]
) -> dict[Position, NDArray[np.int64]] | None:
    """Each position in minor units, session by session; None where numbers are too large."""
    found: dict[Position, NDArray[np.int64]] = {}
    for (account, id_), steps in folded.positions.items():
        if id_ not in tape.names:
            return None
        column = tape.names.index(id_)
        numerator, denominator = _step_worth(instruments[id_].step, tape.exponents[column])
        mantissas = tape.mantissas[start:stop, column]
        if abs(steps) * numerator * int(mantissas.max()) >= EXACT or denominator >= EXACT:
            return None
        found[account, id_] = _half_even(mantissas * (steps * numerator), denominator)
    return found


def _step_worth(step: Decimal, exponent: int) -> tuple[int, int]:
    """What one step is worth in minor units at a mantissa of 1, as a ratio."""
    worth = Fraction(step) * Fraction(10) ** (exponent + MINOR_DIGITS)
    return worth.numerator, worth.denominator


def _half_even(numerators: NDArray[np.int64], denominator: int) -> NDArray[np.int64]:
    """The nearest whole numbers, ties to the even ones, as `trimtab.model.numbers.half_even`."""
    whole = numerators // denominator
    twice = 2 * (numerators - whole * denominator)
    up = (twice > denominator) | ((twice == denominator) & (whole % 2 == 1))
    found: NDArray[np.int64] = whole + up
    return found


def _is_plain(
    tape: Tape,
    start: int,
    stop: int,
    state: State,
    mandate: Mandate,
    worth: Mapping[Position, NDArray[np.int64]],
) -> NDArray[np.bool_]:
    """Where all that is held has a price of the day that is believed without a second look."""
    import numpy as np

    household = mandate.household
    plain = np.ones(stop - start, dtype=np.bool_)
    for id_ in {id_ for _, id_ in worth}:
        column = tape.names.index(id_)
        own = household.instruments[id_].currency
        if own != household.currency and tape.market(start).currency != household.currency:
            return np.zeros_like(plain)
        plain &= tape.calm[start:stop, column]
        accepted = state.memory.accepted.get(id_)
        if accepted is None:
            continue
        # For so many sessions a price is compared with the one that a plan accepted.
        near = bisect_left(tape.days, accepted.on) + ACCEPTED_FOR + 1 - start
        if near > 0:
            unit = float(Price(1, tape.exponents[column])) / float(accepted.price)
            ratio = tape.mantissas[start : min(start + near, stop), column] * unit
            plain[: len(ratio)] &= (ratio > CALM) & (ratio * CALM < 1.0)
    return plain
