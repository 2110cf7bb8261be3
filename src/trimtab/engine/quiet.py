"""Where a policy surely asks for nothing: for simulations, which pass over such sessions.

Nothing is decided here. While a book stays as it is, a policy can only be woken by the calendar or
by prices. Prices are looked at over many sessions at once, in floats, with a margin beside which
their rounding is nothing: a session that comes near a limit is not quiet, and the decision itself
says, exactly, whether anything is due.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trimtab.engine.aim import targets
from trimtab.engine.due import adopted_target
from trimtab.engine.mandate import Mandate
from trimtab.engine.value import Position
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.numbers import minor_from
from trimtab.model.outlook import UNIT, Outlook
from trimtab.model.sessions import Period
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State
from trimtab.triggers.deviation import band_width

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MARGIN = 1e-9
"""So near to a limit a session is not called quiet; a share is rounded by less than 1e-15."""

MOST_WORTH = 2**52
"""Minor units: a household worth more is left to the decision, session by session."""


def is_waiting(state: State, mandate: Mandate) -> bool:
    """Whether something waits for action whatever prices do: orders, debts, or new cash."""
    new_cash = state.memory.new_cash
    limit = None if mandate.when.cashflow is None else minor_from(mandate.when.cashflow)
    for _, _, accounts in targets(mandate):
        if any(state.cash.get(account, 0) < 0 for account in accounts):
            return True
        if limit is not None and sum(new_cash.get(account, 0) for account in accounts) >= limit:
            return True
    return bool(state.memory.open_orders)


def next_look(state: State, mandate: Mandate, marks: Callable[[Period], Sequence[str]]) -> int:
    """The first session at which the calendar lets the policy look, from 0 on.

    Args:
        state: The book and the memory.
        mandate: The household with its policy.
        marks: For a kind of period, the newest one that has ended by each session, oldest first.

    Returns:
        Its place; the number of sessions where there is none. Without a calendar, which looks at
        every session, it is of no use.
    """
    kind = mandate.when.calendar
    assert kind is not None, "there is a calendar to go by"
    ended = marks(kind)
    first = len(ended)
    for name, _, _ in targets(mandate):
        acted = state.memory.periods_acted.get(name, "")
        known = acted.removeprefix(f"{kind}:") if acted.startswith(f"{kind}:") else ""
        first = min(first, bisect_right(ended, known))
    return first


def quiet_sessions(
    state: State, mandate: Mandate, worth: Mapping[Position, NDArray[np.int64]], count: int
) -> NDArray[np.bool_]:
    """At which sessions no band and no limit of drift is reached, nor anything near it.

    Args:
        state: The book and the memory, which stay as they are.
        mandate: The household with its target and policy.
        worth: What is held, in minor units at each session, by account and instrument; at prices
            that are believed.
        count: How many sessions.

    Returns:
        Shape (count,). True: the policy asks for nothing, unless the calendar or what waits does.
    """
    import numpy as np

    quiet = np.ones(count, dtype=np.bool_)
    total = sum(worth.values(), np.full(count, sum(state.cash.values()), dtype=np.int64))
    quiet &= np.abs(total) < MOST_WORTH
    if mandate.when.never:
        return quiet
    if mandate.when.worth is not None or mandate.when.breakdown:
        # What trades cost is known once they are sized, and the test looks session by session:
        # nothing says so beforehand.
        return np.zeros(count, dtype=np.bool_)
    for name, root, accounts in targets(mandate):
        held = _shares(root, accounts, state, mandate, worth)
        quiet &= _is_inside(adopted_target(name, root, state), held, mandate)
        quiet &= _is_near(root, held, mandate.outlook(name), mandate)
    return quiet


@dataclass(frozen=True, slots=True)
class _Held:
    """What a target's accounts hold over sessions, in minor units as floats.

    Args:
        base: What percentages divide, at least 1.
        is_any: Where there is something to divide.
        values: By leaf.
        apart: In no sleeve, cash without a leaf included.
    """

    base: Any
    is_any: Any
    values: Mapping[str, Any]
    apart: Any


def _shares(
    root: Sleeve,
    accounts: Sequence[str],
    state: State,
    mandate: Mandate,
    worth: Mapping[Position, NDArray[np.int64]],
) -> _Held:
    """What each leaf is worth over the sessions."""
    import numpy as np

    leaves = root.leaves()
    leaf_of = {id_: leaf.name for leaf in leaves for id_ in leaf.hold}
    cash_leaf = leaf_of.pop(CASH, "")
    cash = sum(state.cash.get(account, 0) for account in accounts) - mandate.cash_buffer
    values: dict[str, Any] = {leaf.name: 0 for leaf in leaves}
    unassigned: Any = 0
    for (account, instrument), minor in worth.items():
        if account not in accounts:
            continue
        if instrument in leaf_of:
            values[leaf_of[instrument]] = values[leaf_of[instrument]] + minor
        else:
            unassigned = unassigned + minor
    base = sum(values.values()) + unassigned + cash
    if cash_leaf:
        values[cash_leaf] = values[cash_leaf] + cash
    apart = np.abs(unassigned) + (0 if cash_leaf else abs(cash))
    return _Held(np.maximum(base, 1).astype(np.float64), np.asarray(base > 0), values, apart)


def _is_inside(root: Sleeve, held: _Held, mandate: Mandate) -> Any:
    """Whether every sleeve of a target stays off its band, and drift off its limit."""
    import numpy as np

    when, inside = mandate.when, held.is_any
    if when.has_band:
        for sleeve in root.walk():
            width = None if sleeve is root else band_width(sleeve.weight, when)
            if width is not None:
                now = sum(held.values[leaf.name] for leaf in sleeve.leaves()) / held.base
                away = np.abs(now - float(sleeve.weight))
                inside = inside & (away < float(width) - MARGIN * (1.0 + np.abs(now)))
    if when.drift is not None:
        apart = held.apart
        for leaf in root.leaves():
            apart = apart + np.abs(held.values[leaf.name] - float(leaf.weight) * held.base)
        drift = apart / (2.0 * held.base)
        inside = inside & (drift < float(when.drift) - MARGIN * (1.0 + drift))
    return inside


def _is_near(root: Sleeve, held: _Held, outlook: Outlook, mandate: Mandate) -> Any:
    """Whether the tracking error to a target stays below its limit; squares, so wider margins."""
    import numpy as np

    limit = mandate.when.tracking
    if limit is None or outlook.lacking:
        return np.asarray(True)
    weights = {leaf.name: float(leaf.weight) for leaf in root.leaves()}
    away = np.stack([held.values[leaf] / held.base - weights[leaf] for leaf in outlook.leaves])
    table = np.array(outlook.covariance, dtype=np.float64) / UNIT
    squared = (away * (table @ away)).sum(axis=0)
    return squared < float(limit) ** 2 * (1.0 - 1e-6) - 1e-14
