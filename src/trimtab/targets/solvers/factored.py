"""Quadratic programmes whose matrix is a factor model, solved without ever forming it.

    Q = common common' + diagonal of own

Once it is known who stands where, the weights follow from one system of as many unknowns as there
are factors and binding rows (Woodbury's identity); so 3,000 names and 50 factors cost a hundredth
of what the dense matrix would. Who stands where is found many at a time, as `quadratic.settle`
does, with the rows as well. That may come to no end; then the dense matrix is formed after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trimtab.kernels.quadratic import ABOVE_HELD, AT_HELD, AT_HIGH, AT_LOW, BELOW_HELD, SLACK
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.programme import Programme

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]

ROUNDS, PATIENT_ROUNDS = 60, 60
"""After so many rounds fewer are heard at a time, and after so many more it is given up."""

LOUDEST, PATIENT_LOUDEST = 0.2, 0.7
"""Who asks less loudly than this share of the loudest waits."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Weights where everybody stands as was said.

    Args:
        weights: Shape (n,).
        multipliers: By row, shape (m,).
        gradient: Of all, shape (n,).
    """

    weights: Floats
    multipliers: Floats
    gradient: Floats


def settled(programme: Programme, start: Places | None) -> tuple[Places, Stand] | None:
    """Who stands where, and the weights; None where no end was found.

    Args:
        programme: Its matrix is `Factors`.
        start: `places` of a like solution, to begin from.
    """
    import numpy as np

    n, m = len(programme.linear), len(programme.rows)
    asked = _Columns(programme)
    places = np.zeros(n + m, dtype=np.int64)
    if start is None:
        places[:n] = _corner(asked)
    else:
        places[: len(start)] = start
    places[n] = 1
    places[:n] = _one_name_for_a_mark(asked, places[:n])
    for round_ in range(ROUNDS + PATIENT_ROUNDS):
        found = _stand(asked, places)
        if found is None:
            return None
        turn = _turns(asked, places, found, LOUDEST if round_ < ROUNDS else PATIENT_LOUDEST)
        if not turn.any():
            return places, found
        places[:n] = _one_name_for_a_mark(asked, places[:n] + turn[:n])
        places[n:] = turn[n:] + places[n:]
    return None


class _Columns:
    """A programme as arrays: `marks` low, held, high; `costs` of a unit below and above held."""

    def __init__(self, programme: Programme) -> None:
        import numpy as np

        nothing = np.zeros(len(programme.linear))
        held = programme.low if programme.held is None else programme.held
        moves = programme.held is not None
        self.factors: Any = programme.matrix
        self.linear = programme.linear
        self.marks = np.array([programme.low, held, programme.high])
        self.sell = programme.sell if moves and programme.sell is not None else nothing
        self.buy = programme.buy if moves and programme.buy is not None else nothing
        self.rows = np.array([row.weights for row in programme.rows])
        lows = [-np.inf if row.low is None else row.low for row in programme.rows]
        highs = [np.inf if row.high is None else row.high for row in programme.rows]
        self.row_low, self.row_high = np.array(lows), np.array(highs)
        loud = max(
            float(np.abs(self.linear).max(initial=0.0)), float(self.factors.diagonal().max())
        )
        self.quiet = 1e-13 * loud


def _corner(asked: _Columns) -> Places:
    """The best names each alone, filled up in that order until the first row is met."""
    import numpy as np

    row, (low, held, high) = asked.rows[0], asked.marks
    place = np.full(len(row), AT_HELD)
    left = float(asked.row_high[0] - row @ held)
    alone = np.divide(1.0, row, out=np.full(len(row), np.inf), where=row != 0.0)
    useful = np.flatnonzero(np.isfinite(alone))
    score = (0.5 * asked.factors.diagonal()[useful] * alone[useful] + asked.linear[useful]) * alone[
        useful
    ]
    order = useful[np.argsort(score, kind="stable")]
    up = row[order] * (-1.0 if left < 0.0 else 1.0) > 0.0
    room = np.where(up, high[order] - held[order], held[order] - low[order]) * np.abs(row[order])
    some = np.flatnonzero(room > 0.0)
    order, up, filled = order[some], up[some], np.cumsum(room[some])
    last = int(np.searchsorted(filled, abs(left)))
    place[order[:last]] = np.where(up[:last], AT_HIGH, AT_LOW)
    if last < len(order):
        place[order[last]] = ABOVE_HELD if up[last] else BELOW_HELD
    return place


def _one_name_for_a_mark(asked: _Columns, place: Places) -> Places:
    """Marks that are one are called AT_HELD, and nobody is free where there is no room."""
    import numpy as np

    low, held, high = asked.marks
    place = np.where((place <= AT_HELD) & (held == low), np.maximum(place, AT_HELD), place)
    found: Places = np.where((place >= AT_HELD) & (held == high), np.minimum(place, AT_HELD), place)
    return found


def _stand(asked: _Columns, places: Places) -> Stand | None:
    """Weights, multipliers and gradient; None where the rows cannot be told apart."""
    import numpy as np

    n = len(asked.linear)
    place, common, own = places[:n], asked.factors.common, asked.factors.own
    free, binding = np.flatnonzero(place % 2 == 1), np.flatnonzero(places[n:])
    weights = np.take_along_axis(asked.marks, place[None, :] // 2, axis=0)[0]
    weights[free] = 0.0
    limits = np.where(places[n:] > 0, asked.row_high, asked.row_low)[binding]
    fixed = np.flatnonzero(weights)
    by_causes = weights[fixed] @ common[fixed]
    left = limits - asked.rows[binding] @ weights
    linear = asked.linear[free] + np.where(
        place[free] > AT_HELD, asked.buy[free], -asked.sell[free]
    )
    both = np.concatenate([common[free], asked.rows[binding][:, free].T], axis=1)
    scaled = both / own[free, None]
    k = common.shape[1]
    system = scaled.T @ both
    system[np.arange(k), np.arange(k)] += 1.0
    right = np.concatenate([by_causes, -left]) - linear @ scaled
    try:
        price = np.linalg.solve(system, right)
    except np.linalg.LinAlgError:
        return None
    weights[free] = -(linear / own[free] + scaled @ price)
    multipliers = np.zeros(len(asked.rows))
    multipliers[binding] = price[k:]
    # Causes anew from the weights: what the system left of them is rounding.
    gradient = asked.linear + common @ (weights @ common) + own * weights
    gradient += multipliers @ asked.rows
    if not np.isfinite(gradient).all():
        return None
    return Stand(weights, multipliers, gradient)


def _turns(asked: _Columns, places: Places, found: Stand, share: float) -> Places:
    """Which way each weight moves, and how each row's place changes; nothing where all is well."""
    import numpy as np

    n = len(asked.linear)
    place, gradient, weights = places[:n], found.gradient, found.weights
    turn = np.zeros(len(places), dtype=np.int64)
    free = place % 2 == 1
    below = np.take_along_axis(asked.marks, (np.maximum(place, 1)[None, :] - 1) // 2, axis=0)[0]
    above = np.take_along_axis(asked.marks, (np.minimum(place, 3)[None, :] + 1) // 2, axis=0)[0]
    turn[:n][free & (weights < below - SLACK)] = -1
    turn[:n][free & (weights > above + SLACK)] = 1
    low, held, high = asked.marks
    up = np.full(n, -np.inf)
    down = np.full(n, -np.inf)
    at = (place == AT_LOW) & (held > low)
    up[at] = (asked.sell - gradient)[at]
    at = (place == AT_HELD) & (high > held)
    up[at] = (-asked.buy - gradient)[at]
    at = (place == AT_HELD) & (held > low)
    down[at] = (gradient - asked.sell)[at]
    at = (place == AT_HIGH) & (high > held)
    down[at] = (gradient + asked.buy)[at]
    asks = np.maximum(up, down)
    heard = (asks > asked.quiet) & (asks >= share * float(asks.max()))
    turn[:n][heard] = np.where(up >= down, 1, -1)[heard]
    met, bound = asked.rows @ weights, places[n:]
    inequality = asked.row_low < asked.row_high
    lets_go = inequality & (bound * found.multipliers < -asked.quiet)
    turn[n:][lets_go] = -bound[lets_go]
    # One row at a time: together they may say the same, and then nobody could meet them.
    beyond = np.where(bound == 0, np.maximum(met - asked.row_high, asked.row_low - met), 0.0)
    worst = int(beyond.argmax())
    if beyond[worst] > SLACK:
        turn[n + worst] = 1 if met[worst] > asked.row_high[worst] else -1
    return turn
