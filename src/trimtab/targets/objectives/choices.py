"""Mean-variance choice behind the door: for estimates that were looked at before.

What takes estimates of other people's is `targets.objectives.mean_variance`, which looks at them
first; the optimiser's own have been looked at when they were made, and a look costs time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.objectives import appetite, few_names, frontier
from trimtab.targets.objectives.cardinality import choice
from trimtab.targets.objectives.curbed import solve_within
from trimtab.targets.solvers.quadratic import solve, solve_alone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits
    from trimtab.targets.solvers.programme import Solution

    Floats = NDArray[np.float64]


ENOUGH = 1e-6
"""A gap of our own search above this is no proof."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Weights, and the programme whose answer they are.

    Args:
        weights: Shape (n,), summing to 1; NaN where there is no answer.
        solution: Of the programme, with its status and its gap in units of `objective`.
        missed: Why this is not what was asked; empty as a rule.
        instead: Then what these weights are, where they answer another question; else they are the
            nearest there is.
        slack: Why what was wanted does not bind, where it is not reached; empty as a rule.
    """

    weights: Floats
    solution: Solution
    missed: str = ""
    instead: str = ""
    slack: str = ""

    @property
    def is_proved(self) -> bool:
        """Whether it needs no second opinion: it is proved, or proved not to be there."""
        status = self.solution.status
        return status == "infeasible" or (status == "optimal" and self.solution.gap <= ENOUGH)


def least_volatility(covariance: Floats, limits: Limits) -> Chosen:
    """The weights with the least volatility."""
    import numpy as np

    return _of(limits, covariance, np.zeros(len(covariance)), covariance)


def most_utility(
    returns: Floats, covariance: Floats, limits: Limits, *, risk_aversion: float
) -> Chosen:
    """As `mean_variance.most_utility`."""
    return _of(limits, risk_aversion * covariance, -returns, covariance)


def _of(limits: Limits, matrix: Floats, linear: Floats, covariance: Floats) -> Chosen:
    """The answer to one quadratic programme."""
    if limits.is_linear:
        alone = solve_alone(matrix, linear, limits)
        solution = alone or solve(limits.programme(matrix, linear))
    elif limits.names is not None:
        solution = choice(limits, matrix, linear, covariance)
    else:
        solution = solve_within(limits, matrix, linear, covariance).solution
    return Chosen(solution.weights, solution)


def best_sharpe(returns: Floats, covariance: Floats, limits: Limits, *, risk_free: float) -> Chosen:
    """As `mean_variance.best_sharpe`; what is missed is said."""
    import numpy as np

    if limits.is_linear:
        programme = limits.programme(covariance, np.zeros(len(returns)))
        stretch = frontier.best_sharpe(programme, returns, risk_free)
        found = None if stretch is None else stretch.solution
    else:
        search = appetite.best_sharpe if limits.names is None else few_names.best_sharpe
        found = search(limits, covariance, returns, risk_free)
    if found is None:
        missed = "nothing within the limits is expected to return more than the risk-free rate"
        return replace(
            least_volatility(covariance, limits), missed=missed, instead="the least volatility"
        )
    return Chosen(found.weights, found)


def least_volatility_for_return(
    returns: Floats, covariance: Floats, limits: Limits, *, wanted: float
) -> Chosen:
    """The least volatility with an expected return of at least `wanted`."""
    import numpy as np

    if limits.is_linear:
        programme = limits.programme(covariance, np.zeros(len(returns)))
        found = frontier.at_return(programme, returns, wanted).solution
    else:
        search = appetite.at_return if limits.names is None else few_names.at_return
        found = search(limits, covariance, returns, wanted)
    weights = found.weights
    missed = slack = ""
    if found.status == "optimal":
        expected = float(returns @ weights)
        if expected < wanted - 1e-9:
            missed = f"the most that the limits allow to expect is {expected:.2%} a year"
        elif expected > wanted + 1e-6:
            slack = f"the least volatility within the limits is expected to return {expected:.2%}"
    return Chosen(weights, found, missed, slack=slack)


def most_return_for_volatility(
    returns: Floats, covariance: Floats, limits: Limits, *, wanted: float
) -> Chosen:
    """The best expected return with a volatility of at most `wanted`."""
    import numpy as np

    if limits.is_linear:
        programme = limits.programme(covariance, np.zeros(len(returns)))
        found = frontier.at_volatility(programme, returns, wanted).solution
    else:
        search = appetite.at_volatility if limits.names is None else few_names.at_volatility
        found = search(limits, covariance, returns, wanted)
    weights = found.weights
    missed = slack = ""
    if found.status == "optimal":
        volatility = float(np.sqrt(weights @ covariance @ weights))
        if volatility > wanted + 1e-9:
            missed = f"the least volatility within the limits is {volatility:.2%}"
        elif volatility < wanted - 1e-6:
            slack = f"the best return within the limits has a volatility of {volatility:.2%}"
    return Chosen(weights, found, missed, slack=slack)


def most_diversified(covariance: Floats, limits: Limits) -> Chosen:
    """The best Sharpe ratio where each asset is expected to return its own volatility."""
    import numpy as np

    own = np.sqrt(covariance.diagonal())
    return best_sharpe(own, covariance, limits, risk_free=0.0)
