"""Accounts that hold what has no good price: which of them surely plan nothing, and what is said.

The engine counts such an instrument at its last good price and leaves it alone; beyond a limit it
plans nothing at all. Here, over columns in float64 with a bound on their error, is only told where
the limit is surely passed. Whatever is left is decided exactly, by the engine.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trimtab.batch.accounts import Ready, Trouble
from trimtab.batch.tables import Priced
from trimtab.kernels import account_columns as kernel

ROUNDED = 1.0
"""Minor units by which the rounding of a lot's worth may move a sum, and more."""
EXACT_TO = 1e-9
"""The part of a sum that float64 may be wrong by, and more."""

NOTHING_TRADED = (
    "So nothing in the account is traded: too much of it is in what has no good price "
    "(limits.frozen_percent), or has had none for too long (limits.frozen_sessions)."
)


def surely_refused(
    accounts: NDArray[np.int64], ready: Ready, columns: kernel.Accounts, priced: Priced
) -> NDArray[np.bool_]:
    """Which of some accounts have so much without a good price that nothing in them is planned.

    Args:
        accounts: Places of the accounts.
        ready, columns: All of a chunk.
        priced: Prices of the day.
    """
    if not len(accounts):
        return np.zeros(0, dtype=np.bool_)
    first, last = columns.first_lot[accounts], columns.first_lot[accounts + 1]
    count = last - first
    of = np.repeat(np.arange(len(accounts)), count)
    begin = np.concatenate(([0], np.cumsum(count)))[:-1]
    lots = np.arange(count.sum()) - begin[of] + first[of]
    held = columns.instrument[lots]
    is_frozen = priced.is_frozen[held]
    worth = columns.quantity[lots] * priced.counted[held]
    known = np.where(np.isnan(worth), 0.0, worth)
    total = np.bincount(of, weights=known, minlength=len(accounts)) + columns.cash[accounts]
    idle = np.bincount(of, weights=known * is_frozen, minlength=len(accounts))
    priceless = np.bincount(of, weights=np.isnan(worth), minlength=len(accounts)) > 0
    share = np.array([float(one.household.frozen_share) for one in ready.mandates])
    most = share[columns.model[accounts]] * (total + count * ROUNDED)
    error = EXACT_TO * (np.abs(total) + idle) + count * ROUNDED
    refused: NDArray[np.bool_] = priceless | ((idle > 0) & (idle - most > error))
    return refused


def refusal(a: int, ready: Ready, columns: kernel.Accounts, priced: Priced) -> Trouble:
    """Why nothing in an account is planned: the first of its prices that is not good."""
    finding = next(priced.frozen[id_] for id_ in _frozen_in(a, columns, priced))
    return Trouble(ready.names[a], finding.code, f"{finding.message} {NOTHING_TRADED}")


def left_alone(a: int, ready: Ready, columns: kernel.Accounts, priced: Priced) -> list[Trouble]:
    """What of an account is counted and not traded, though the rest of it is."""
    aim = ready.models[int(columns.model[a])].aim
    wanted = {id_ for leaf in aim.root.leaves() for id_ in leaf.hold}
    ids = [*_frozen_in(a, columns, priced), *sorted(wanted & priced.frozen.keys())]
    found = (priced.frozen[id_] for id_ in dict.fromkeys(ids))
    return [Trouble(ready.names[a], one.code, one.message, stopped=False) for one in found]


def _frozen_in(a: int, columns: kernel.Accounts, priced: Priced) -> Iterator[str]:
    held = columns.instrument[columns.first_lot[a] : columns.first_lot[a + 1]]
    for place in np.unique(held).tolist():
        if priced.instruments[place] in priced.frozen:
            yield priced.instruments[place]
