"""Weights by the losses that history shows: linear programmes by cuts, on HiGHS.

The mean of the worst losses is the largest of very many planes, one for each choice of who counts
among the worst (Rockafellar and Uryasev 2000). The programme holds only the planes that touched
weights which were tried (Kelley 1960; for CVaR Kunzi-Bay and Mayer 2006): as many columns as
instruments, some hundred rows, however long the history. Each answer bounds what is best from
below, and what its weights come to bounds it from above. Many names that may be short close that
gap slowly: after so many planes the whole programme is laid out where it is small enough.
"""

from __future__ import annotations

from functools import partial
from math import floor, inf, nan
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.objectives.whole_tails import at_once
from trimtab.targets.solvers.highs import add_row, silent
from trimtab.targets.solvers.programme import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.whole_tails import Whole
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

NEAR = 1e-10
"""A mean loss is no further from the least than this, a fraction of the portfolio."""

BETWEEN = (0.8, 0.4, 0.2, 0.0)
"""Shares of the best weights so far in those that are tried next, one after the other."""

MOST_CUTS = 10_000
"""Programmes that one search may take; some hundred are usual."""

FEW_CUTS = 150
"""Cuts after which the whole programme is asked: with weights of zero or more, or some twenty
names, fewer are usual and quicker (0.02 to 0.2 s); with 100 names and shorts a thousand are too few
(25 s, where the whole takes 0.4 s)."""


@dataclass(frozen=True, slots=True)
class Least:
    """Weights by a linear programme.

    Args:
        weights: Shape (n,); NaN where there are none.
        status: `optimal`; `stopped`: the best so far; else the solver's own word for what became
            of it.
        bound: No weights within the limits come to less, by the programme's dual; NaN if unknown.
    """

    weights: Floats
    status: str
    bound: float = nan


def cvar(weights: Floats, returns: Floats, *, confidence: float) -> float:
    """The mean of a history's worst losses, as a fraction of the portfolio; positive is a loss.

    Args:
        weights: Shape (n,).
        returns: Simple returns, shape (periods, n).
        confidence: The worst 1 - confidence of periods count, counted in parts of a period.
    """
    return float(_loss_plane(returns, confidence)(weights) @ weights)


def cdar(weights: Floats, returns: Floats, *, confidence: float) -> float:
    """The mean of a history's worst drawdowns, of returns summed; arguments as of `cvar`."""
    return float(_fall_plane(returns, confidence)(weights) @ weights)


def least_cvar(returns: Floats, limits: Limits, *, confidence: float = 0.95) -> Least:
    """The weights with the least mean of the worst losses of a period (Rockafellar-Uryasev 2000).

    Args:
        returns: Simple returns, shape (periods, n).
        limits: To keep to; `limits.search.stop` ends the search with the best so far.
        confidence: The worst 1 - confidence of periods count, counted in parts of a period.
    """
    whole = partial(at_once, returns, confidence, of_falls=False)
    return _least(_loss_plane(returns, confidence), limits, whole)


def least_drawdown(returns: Floats, limits: Limits, *, confidence: float = 0.95) -> Least:
    """The weights with the least mean of the worst drawdowns (CDaR, Chekhlov et al. 2005).

    Drawdowns are of returns summed, not compounded, as in the paper; otherwise as `least_cvar`.
    """
    whole = partial(at_once, returns, confidence, of_falls=True)
    return _least(_fall_plane(returns, confidence), limits, whole)


def _loss_plane(returns: Floats, confidence: float) -> Callable[[Floats], Floats]:
    """What each weight adds to the mean of the worst losses, at given weights."""

    def plane(weights: Floats) -> Floats:
        worst, share = _worst(-(returns @ weights), confidence)
        added: Floats = -(share @ returns[worst])
        return added

    return plane


def _fall_plane(returns: Floats, confidence: float) -> Callable[[Floats], Floats]:
    """The same of the worst drawdowns: from the last high before each, the start among them."""
    import numpy as np

    summed = np.vstack([np.zeros(returns.shape[1]), np.cumsum(returns, axis=0)])

    def plane(weights: Floats) -> Floats:
        wealth = summed @ weights
        high = np.maximum.accumulate(wealth)
        last = np.maximum.accumulate(np.where(wealth == high, np.arange(len(wealth)), 0))
        worst, share = _worst((high - wealth)[1:], confidence)
        added: Floats = share @ (summed[last[worst + 1]] - summed[worst + 1])
        return added

    return plane


def _worst(losses: Floats, confidence: float) -> tuple[Integers, Floats]:
    """Which losses are the worst 1 - confidence, and the share of each in their mean."""
    import numpy as np

    count = (1.0 - confidence) * len(losses)
    whole = min(floor(count), len(losses) - 1)
    first = len(losses) - 1 - whole
    worst = np.argpartition(losses, first)[first:]
    share = np.full(whole + 1, 1.0 / count)
    share[0] *= count - whole  # the mildest of them counts in part
    return worst, share


def _least(
    plane: Callable[[Floats], Floats], limits: Limits, whole: Callable[..., Whole | None]
) -> Least:
    """The weights within linear limits at which the highest of all planes is lowest.

    Args:
        plane: The one that touches at given weights; it goes through zero.
        limits: To keep to.
        whole: What the whole programme says: `at_once` of a history.
    """
    import highspy
    import numpy as np

    n = len(limits.low)
    rows = (Row("all weights", np.ones(n), 1.0, 1.0), *limits.rows)
    # Behind the weights stands the loss that no plane is above.
    solver = silent()
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        solver.setOptionValue(option, NEAR)
    for low, high in zip(limits.low, limits.high, strict=True):
        solver.addVar(low, high)
    solver.addVar(-inf, inf)
    solver.changeColCost(n, 1.0)
    for row in rows:
        add_row(solver, np.append(row.weights, 0.0), row.low, row.high)
    cuts = [plane(np.clip(np.full(n, 1.0 / n), limits.low, limits.high))]
    best, value, proof, status = np.full(n, nan), inf, np.zeros(0), "stopped"
    while len(cuts) < MOST_CUTS:
        add_row(solver, np.append(-cuts[-1], 1.0), 0.0, None)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            if value == inf:
                status = solver.modelStatusToString(solver.getModelStatus()).lower()
            break
        answer = solver.getSolution()
        proof, bound = np.array(answer.row_dual), answer.col_value[n]
        edge = np.clip(answer.col_value[:n], limits.low, limits.high)
        # A plane that touches between the best so far and the edge cuts deeper (Ben-Ameur and
        # Neto 2007), but where it leaves the edge in place.
        for share in BETWEEN if value < inf else (0.0,):
            tried = share * best + (1.0 - share) * edge if share else edge
            cut = plane(tried)
            if cut @ tried < value:
                best, value = tried, float(cut @ tried)
            if cut @ edge > bound + 0.1 * NEAR:
                break
        if value - bound <= NEAR or cut @ edge <= bound + 0.1 * NEAR:
            status = "optimal"
            break
        stop = limits.search.stop
        is_over = bool if stop is None else partial(stop, len(cuts), value, bound)
        if is_over():
            break
        if len(cuts) == FEW_CUTS and (found := whole(limits, rows, near=NEAR, is_over=is_over)):
            proved = _bound(np.append(found.prices, 1.0), rows, found.plane[None], limits)
            if plane(found.weights) @ found.weights - proved <= NEAR:
                return Least(found.weights, "optimal", proved)
        cuts.append(cut)
    if value == inf:
        return Least(best, status)
    return Least(
        best, status, _bound(proof, rows, np.array(cuts[: len(proof) - len(rows)]), limits)
    )


def _bound(prices: Floats, rows: tuple[Row, ...], cuts: Floats, limits: Limits) -> float:
    """What no weights within the limits come to less than, whatever the prices.

    A mean of planes is below the highest of them everywhere.

    Args:
        prices: Of the rows, then of the cuts; one of the sign that an open limit forbids counts
            as none.
        rows: Limits of sums.
        cuts: Planes, shape (cuts, n).
        limits: Of the weights.
    """
    import numpy as np

    share = np.maximum(prices[len(rows) :], 0.0)
    reduced = share @ cuts / share.sum()
    bound = 0.0
    for price, row in zip(prices, rows, strict=False):
        least = row.low if price > 0.0 else row.high
        if least is not None:
            bound += price * least
            reduced = reduced - price * row.weights
    return bound + float(np.where(reduced > 0.0, limits.low, limits.high) @ reduced)
