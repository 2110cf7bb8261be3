"""An estimator of target weights that knows what is held, and what leaving it costs.

    policy = tt.Policy(tt.CostAware(risk_aversion=5, cost_bps=10), when="monthly")

As `tt.Optimiser("utility")`, but from the weights that a policy holds on the day: it trades to the
edge of the region in which no trade is worth its cost, and not at all from inside.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.targets.at_cost.getting_there import MovingCosts, Reached, from_holdings
from trimtab.targets.estimators.given import check_covariance
from trimtab.targets.estimators.learning import Learned, learn
from trimtab.targets.estimators.missing import check_missing
from trimtab.targets.estimators.parameters import Parameters
from trimtab.targets.objectives.foreseen import Expectation, check_expected
from trimtab.targets.solvers.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.estimates.history import Missing
    from trimtab.targets.estimators.given import Spread
    from trimtab.targets.objectives.constraints import Constraints

    Floats = NDArray[np.float64]


class CostAware(Parameters):
    """The best weights at the cost of getting there, from a history of simple returns.

    Args:
        risk_aversion: How much return a unit of variance, halved, must bring.
        risk_free: A year's: part of what the market expects, and what cash is expected to earn
            where a policy weighs what it gains (`worth:`).
        cost_bps: Of what is bought and of what is sold, in basis points of it.
        impact: Square-root impact of a share x of the portfolio, `impact x^(3/2)`.
        years: How long weights are likely to stand: what costs are spread over.
        low, high: Limits of every weight; 0 and 1 where nothing is said.
        limits: Limits of each weight and of sums, by position; then no `low` and `high`.
        constraints: Limits of weights, groups and scores by name, then none of the others:
            `tt.Constraints`, which has a `low` and a `high` of its own; not those on turnover,
            leverage, tracking error or the number of names.
        covariance: How it is estimated, or given, as of `Optimiser`.
        expected: How returns are expected, one of EXPECTED; or `BlackLitterman`, or a return a
            year for each symbol.
        sessions_a_year: Sessions in the history that make a year.
        missing: Where instruments know different stretches of history, as of `Optimiser`; what
            `leave-out` leaves out is sold, at its cost.

    Attributes:
        weights_: The weights, shape (n,), after `fit`.
        result_: What is known of them: `targets.at_cost.getting_there.Reached`.
        learned_: The estimates that they were found from.
    """

    weights_: Floats
    result_: Reached
    learned_: Learned

    def __init__(
        self,
        *,
        risk_aversion: float = 3.0,
        risk_free: float = 0.02,
        cost_bps: float = 0.0,
        impact: float = 0.0,
        years: float = 1.0,
        low: float = 0.0,
        high: float = 1.0,
        limits: Limits | None = None,
        covariance: Spread = "ledoit-wolf",
        expected: Expectation = "compounded",
        sessions_a_year: float = 252,
        constraints: Constraints | None = None,
        missing: Missing = "common",
    ) -> None:
        self.risk_aversion = risk_aversion
        self.risk_free = risk_free
        self.cost_bps = cost_bps
        self.impact = impact
        self.years = years
        self.low = low
        self.high = high
        self.limits = limits
        self.covariance = covariance
        self.expected = expected
        self.sessions_a_year = sessions_a_year
        self.constraints = constraints
        self.missing = missing

    def fit(
        self,
        X: Any,
        y: object = None,
        *,
        held: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> CostAware:
        """Find the weights.

        Args:
            X: Simple returns, shape (sessions, n), oldest first; a frame or an array.
            y: Not used.
            held: The weights now, shape (n,); without them nothing is held, and getting there costs
                nothing.
            names: Of the instruments; by default the frame's columns, or their places from 1.

        Raises:
            ValueError: A parameter makes no sense, or nothing can be learned from the returns, or
                the limits contradict each other; it says which.
        """
        import numpy as np

        check_covariance(self.covariance)
        check_expected(self.expected)
        if not abs(self.risk_free) < 1.0:
            raise ValueError(f"risk_free {self.risk_free!r}: a year's; write 0.02 for 2%")
        check_missing(
            self.missing, objective="utility", covariance=self.covariance,
            expected=self.expected, resampled=0,
        )  # fmt: skip
        returns, named = self._table(X, names)
        n = returns.shape[1]
        learned = self.learned_ = learn(
            returns,
            self.covariance,
            self.expected,
            sessions_a_year=self.sessions_a_year,
            names=named,
            risk_free=self.risk_free,
            missing=self.missing,
        )
        limits = _without(self._limits(named), learned.unknown, named)
        rate = self.cost_bps / 10_000.0
        costs = MovingCosts(rate, rate, self.impact)
        if held is None:
            held, costs = np.full(n, 1.0 / n), MovingCosts()
        found = self.result_ = from_holdings(
            learned.expected, learned.covariance, limits, risk_aversion=self.risk_aversion,
            held=np.asarray(held, dtype=np.float64), costs=costs, years=self.years,
        )  # fmt: skip
        if found.status == "infeasible":
            from trimtab.targets.objectives.optimised import why_nothing

            raise ValueError(why_nothing(named, limits, learned.covariance))
        self.weights_ = np.maximum(found.weights, 0.0) if limits.low.min() >= 0.0 else found.weights
        return self

    def _limits(self, names: Sequence[str]) -> Limits:
        """The limits of weights by these names.

        Raises:
            ValueError: They name others, or are of a kind that costs of moving do not go with.
        """
        from trimtab.targets.objectives.constraints import limits_by

        found = limits_by(names, self.low, self.high, self.limits, self.constraints)
        if self.constraints is not None and not found.is_linear:
            raise ValueError(
                "constraints: turnover, leverage, tracking error and numbers of names do not go "
                "with costs of moving; limit weights, groups and scores"
            )
        return found


def _without(limits: Limits, unknown: Sequence[int], names: Sequence[str]) -> Limits:
    """The same limits with nothing in what was left out.

    Raises:
        ValueError: Some of it must be held.
    """
    if not unknown:
        return limits
    places = list(unknown)
    must = [names[place] for place in places if limits.low[place] > 0.0]
    if must:
        raise ValueError(
            f"{must[0]} is left out for its short history, and its limit says that it is held: "
            "lower the limit, or take missing='common'"
        )
    low, high = limits.low.copy(), limits.high.copy()
    low[places] = high[places] = 0.0
    return replace(limits, low=low, high=high)
