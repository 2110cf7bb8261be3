"""Optimised weights for many accounts at once: one market, each with its own holdings and temper.

A million accounts share expected returns, covariance and limits; what differs is what
they hold, and how much they dislike risk. Each is its own quadratic programme with trading cost,
solved exactly, with its gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trimtab.kernels import programme as kernel
from trimtab.kernels.compile import compiled
from trimtab.kernels.quadratic import INFEASIBLE, SINGULAR, SOLVED
from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.quadratic import programme_parts, space_for
from trimtab.targets.solvers.sound import check_estimates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits
    from trimtab.targets.solvers.programme import Status

    Floats = NDArray[np.float64]

ACCOUNTS_AT_ONCE = 4096
"""A thread takes so many accounts, then the next that are left."""


@dataclass(frozen=True, slots=True)
class ManyChosen:
    """Weights of many accounts.

    Args:
        weights: Shape (accounts, n); NaN where there is no answer.
        gaps: How much more utility any other weights could have at most, shape (accounts,).
        endings: How each ended, as `kernels.quadratic` counts, shape (accounts,); see `status`.
    """

    weights: Floats
    gaps: Floats
    endings: NDArray[np.int8]

    def status(self, account: int) -> Status:
        """How the search for an account's weights ended."""
        ended = int(self.endings[account])
        words: dict[int, Status] = {
            SOLVED: "optimal", INFEASIBLE: "infeasible", SINGULAR: "not positive definite",
        }  # fmt: skip
        return words.get(ended, "stopped")


def most_utility_each(
    returns: Floats,
    covariance: Floats,
    limits: Limits,
    *,
    risk_aversion: Floats,
    held: Floats,
    sell: Floats | float = 0.0,
    buy: Floats | float = 0.0,
    threads: int = 2,
) -> ManyChosen:
    """The weights with the best utility for each account, at the cost of getting there.

    Utility is return less half the risk aversion times the variance, less what trading costs. An
    account is sought from where the one before it ended, so that its last bits may depend on that
    one; on the threads they do not.

    Args:
        returns: Expected, shape (n,).
        covariance: Positive definite, shape (n, n).
        limits: On weights and sums of them, the same for all.
        risk_aversion: Of each account, above zero, shape (accounts,).
        held: Weights now, shape (accounts, n). What lies beyond the limits counts as at them.
        sell, buy: What a unit of weight sold or bought costs, >= 0, of each name or of all.
        threads: How many threads to use.

    Raises:
        ValueError: Shapes do not belong together, a risk aversion is not above zero, a number is
            missing, the covariance is not symmetric, or the limits are more than weights and sums.
    """
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import replace

    import numpy as np

    aversion = np.ascontiguousarray(risk_aversion, dtype=np.float64)
    now = np.ascontiguousarray(held, dtype=np.float64)
    accounts, n = now.shape
    if aversion.shape != (accounts,) or len(returns) != n or not limits.is_linear:
        raise ValueError("one risk aversion a row of held, and limits on weights and sums alone")
    if not (np.isfinite(aversion) & (aversion > 0.0)).all() or not np.isfinite(now).all():
        raise ValueError("risk_aversion above zero, and every weight known")
    check_estimates(covariance, returns)
    asked = replace(
        limits.programme(covariance, np.zeros(n)),
        held=np.asarray(limits.low, dtype=np.float64),
        sell=np.broadcast_to(np.asarray(sell, dtype=np.float64), (n,)),
        buy=np.broadcast_to(np.asarray(buy, dtype=np.float64), (n,)),
    )
    matrix, _, terms, rows, row_limits = programme_parts(asked)
    expected = np.ascontiguousarray(returns, dtype=np.float64)
    found = kernel.Each(
        aversion, now, np.empty((accounts, n)), np.empty(accounts, dtype=np.int8),
        np.empty(accounts),
    )  # fmt: skip
    m = len(rows)
    solve: Any = compiled(kernel.utilities)
    firsts = iter(range(0, accounts, ACCOUNTS_AT_ONCE))

    def some() -> None:
        space, marks, linear = space_for(n, m), np.zeros_like(terms), np.zeros(n)
        for first in firsts:
            last = min(first + ACCOUNTS_AT_ONCE, accounts)
            solve(
                matrix, expected, terms, rows, row_limits, found, first, last, space, marks,
                linear, n, m,
            )  # fmt: skip

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(some) for _ in range(threads)]:
            done.result()
    found.weights[np.isin(found.ended, (INFEASIBLE, SINGULAR))] = np.nan
    return ManyChosen(found.weights, found.gap, found.ended)
