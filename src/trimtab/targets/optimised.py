"""An optimised target: from a history of returns to weights, by an objective and under limits."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.targets.limits import Limits, contradiction
from trimtab.targets.objectives import OBJECTIVES, Objective

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.foreseen import Foreseen
    from trimtab.targets.mean_variance import Chosen
    from trimtab.targets.quadratic import Solution
    from trimtab.targets.robust import Uncertainty

    Floats = NDArray[np.float64]

MEAN_VARIANCE = (*OBJECTIVES[:6], "robust-utility")
"""Objectives of quadratic programmes: they take limits of every kind."""

UNLIMITED = ("risk-parity", "hrp")
"""Objectives whose weights follow from the covariance alone: limits do not enter."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be optimised.

    Args:
        objective: One of `targets.objectives.OBJECTIVES`.
        risk_aversion: For `utility` and `robust-utility`: return less half of this times the
            variance, > 0.
        risk_free: A year's return without risk, for Sharpe ratios.
        wanted: For `target-return` and `target-volatility`: a year's, as a fraction.
        confidence: For `min-cvar` and `min-cdar`: the worst 1 - confidence of sessions count.
        kappa: For `robust-utility`: how far expected returns may be off, in standard deviations of
            their errors, >= 0.
        uncertainty: For `robust-utility`: the form of the region that they lie in.
        resampled: Take the mean over so many drawn histories; 0: the best for the one there is.
        seed: Of the random numbers that they are drawn by.
    """

    objective: Objective = "min-volatility"
    risk_aversion: float = 1.0
    risk_free: float = 0.02
    wanted: float = nan
    confidence: float = 0.95
    kappa: float = 1.0
    uncertainty: Uncertainty = "covariance"
    resampled: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one solver made of a problem.

    Args:
        solver: Its name.
        status: In its own words.
        gap: How much better any other weights can be, at most; NaN where nothing is known.
    """

    solver: str
    status: str
    gap: float


@dataclass(frozen=True, slots=True)
class Optimised:
    """Weights, and what is expected of them.

    Args:
        weights: Shape (n,), summing to 1; NaN where nothing could be found.
        expected_return, volatility: A year's, of the weights, by the estimates.
        sharpe: Excess of the return over the risk-free rate, over the volatility.
        objective_value: What was minimised or maximised, in its own unit.
        status: `optimal`, `infeasible` or `stopped`; `resampled` where nothing is claimed.
        solver: What found them.
        optimality_gap: How much better than this any weights within the limits can be, at most, in
            units of the programme that was solved; NaN where the solver knows no bound.
        findings: What is to be said, as limits that contradict each other.
        foreseen: Where the expected returns came from, unless by a word from history.
        attempts: Every solver that was asked, in order, with what it made of it.
    """

    weights: Floats
    expected_return: float
    volatility: float
    sharpe: float
    objective_value: float
    status: str
    solver: str
    optimality_gap: float
    findings: tuple[Finding, ...] = ()
    foreseen: Foreseen | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def solved(self) -> str:
        """By what, with which status, and after what else was tried, in words."""
        before = [
            f"{one.solver}: {one.status}" for one in self.attempts if one.solver != self.solver
        ]
        after = f" (tried: {', '.join(before)})" if before else ""
        return f"{self.solver}: {self.status}{after}"


def optimise(
    asked: Asked,
    limits: Limits,
    *,
    expected: Floats,
    covariance: Floats,
    returns: Floats,
    names: Sequence[str],
    years: float = 1.0,
) -> Optimised:
    """The best weights for an objective.

    Args:
        asked: The objective.
        limits: On weights and sums of them.
        expected: A year's expected returns, shape (n,).
        covariance: A year's, positive definite, shape (n, n).
        returns: Simple returns by session, shape (sessions, n): for `min-cvar` and `min-cdar`.
        names: Of the instruments, for messages.
        years: Of history that the expected returns are as uncertain as means of.
    """
    if asked.resampled > 0:
        from trimtab.targets.resampled import resampled

        return resampled(
            asked,
            limits,
            expected=expected,
            covariance=covariance,
            returns=returns,
            names=names,
            years=years,
        )
    if asked.objective in UNLIMITED:
        return _unlimited(asked, expected, covariance)
    if asked.objective in ("min-cvar", "min-cdar"):
        return _by_history(asked, limits, expected, covariance, returns)
    from trimtab.targets.fallback import is_proved, second_opinions

    chosen = _chosen(asked, limits, expected, covariance, years)
    solver = "active set" if limits.names is None else "branch and bound"
    attempts = [Attempt(solver, chosen.solution.status, chosen.solution.gap)]
    if limits.names is None and not is_proved(chosen):
        chosen, other, others = second_opinions(asked, limits, expected, covariance, years, chosen)
        solver, attempts = other or solver, [*attempts, *others]
    findings: list[Finding] = []
    if chosen.solution.status == "infeasible":
        told = contradiction_told(names, limits, chosen.solution, covariance)
        message = f"These limits cannot be met together: {told}. Loosen one of them."
        findings.append(Finding("limits-contradict", "limits", message, "error"))
    elif chosen.solution.status == "stopped" and limits.names is not None:
        message = (
            "Other names may be better: the search ended before that was settled, or has no "
            "proof for this objective. The gap tells how much better at most."
        )
        findings.append(Finding("names-not-proved", asked.objective, message, "info"))
    if chosen.missed:
        message = f"There is no such target: {chosen.missed}; this is the nearest."
        findings.append(Finding("objective-missed", asked.objective, message, "warning"))
    return told_of(
        asked,
        chosen.weights,
        expected,
        covariance,
        status=chosen.solution.status,
        solver=solver,
        gap=chosen.solution.gap,
        findings=tuple(findings),
        years=years,
        attempts=tuple(attempts),
    )


def contradiction_told(
    names: Sequence[str], limits: Limits, solution: Solution, covariance: Floats
) -> str:
    """Which limits cannot be met together, the number of names among them where it is needed."""
    if limits.names is None:
        return contradiction(list(names), limits, solution)
    from dataclasses import replace

    from trimtab.targets.mean_variance import least_volatility

    without = replace(limits, names=None)
    free = least_volatility(covariance, without).solution
    if free.status == "infeasible":
        return contradiction(list(names), without, free)
    few = limits.names
    told = f"at most {few.most} names" + (f", at least {few.least}" if few.least > 1 else "")
    if few.smallest > 0.0:
        told += f", each of at least {few.smallest:.4g}"
    return f"{told}; and the other limits, which can be met without that"


def _chosen(
    asked: Asked, limits: Limits, expected: Floats, covariance: Floats, years: float
) -> Chosen:
    """The answer of mean-variance choice."""
    from trimtab.targets import mean_variance
    from trimtab.targets.robust import most_robust

    match asked.objective:
        case "min-volatility":
            return mean_variance.least_volatility(covariance, limits)
        case "max-sharpe":
            return mean_variance.best_sharpe(
                expected, covariance, limits, risk_free=asked.risk_free
            )
        case "utility":
            return mean_variance.most_utility(
                expected, covariance, limits, risk_aversion=asked.risk_aversion
            )
        case "robust-utility":
            return most_robust(
                expected,
                covariance,
                limits,
                risk_aversion=asked.risk_aversion,
                kappa=asked.kappa,
                uncertainty=asked.uncertainty,
                years=years,
            )
        case "target-return":
            return mean_variance.least_volatility_for_return(
                expected, covariance, limits, wanted=asked.wanted
            )
        case "target-volatility":
            return mean_variance.most_return_for_volatility(
                expected, covariance, limits, wanted=asked.wanted
            )
        case _:
            assert asked.objective == "max-diversification", asked.objective
            return mean_variance.most_diversified(covariance, limits)


def _unlimited(asked: Asked, expected: Floats, covariance: Floats) -> Optimised:
    """Weights by shares of the risk."""
    from trimtab.targets.hierarchy import hierarchical
    from trimtab.targets.risk_parity import risk_budgeted

    if asked.objective == "hrp":
        weights, solver = hierarchical(covariance), "single linkage"
    else:
        weights, solver = risk_budgeted(covariance), "Newton"
    return told_of(asked, weights, expected, covariance, status="optimal", solver=solver, gap=nan)


def _by_history(
    asked: Asked, limits: Limits, expected: Floats, covariance: Floats, returns: Floats
) -> Optimised:
    """Weights by the losses of history."""
    import numpy as np

    from trimtab.targets.tails import least_cvar, least_drawdown

    least = least_cvar if asked.objective == "min-cvar" else least_drawdown
    weights = least(returns, limits, confidence=asked.confidence)
    if weights is not None:
        gap = 0.0
        return told_of(
            asked, weights, expected, covariance, status="optimal", solver="HiGHS", gap=gap
        )
    message = "The limits cannot be met together, or the solver failed."
    finding = Finding("limits-contradict", "limits", message, "error")
    nowhere = np.full(len(expected), nan)
    return told_of(
        asked,
        nowhere,
        expected,
        covariance,
        status="infeasible",
        solver="HiGHS",
        gap=nan,
        findings=(finding,),
    )


def told_of(
    asked: Asked,
    weights: Floats,
    expected: Floats,
    covariance: Floats,
    *,
    status: str,
    solver: str,
    gap: float,
    findings: tuple[Finding, ...] = (),
    years: float = 1.0,
    attempts: tuple[Attempt, ...] = (),
) -> Optimised:
    """Weights with what is expected of them; arguments as of `optimise` and `Optimised`."""
    import numpy as np

    gained = float(weights @ expected)
    volatility = float(np.sqrt(weights @ covariance @ weights))
    sharpe = (gained - asked.risk_free) / volatility if volatility > 0.0 else nan
    parts = float(weights @ np.sqrt(covariance.diagonal()))
    lost = worst_return_less(asked, weights, covariance, years)
    value = objective_value(asked, gained - lost, volatility, parts)
    return Optimised(
        weights,
        gained,
        volatility,
        sharpe,
        value,
        status,
        solver,
        gap,
        findings,
        attempts=attempts or (Attempt(solver, status, gap),),
    )


def worst_return_less(asked: Asked, weights: Floats, covariance: Floats, years: float) -> float:
    """What a robust objective takes from the expected return; 0 for any other."""
    if asked.objective != "robust-utility":
        return 0.0
    from trimtab.targets.robust import penalty

    return penalty(
        weights, covariance, kappa=asked.kappa, uncertainty=asked.uncertainty, years=years
    )


def objective_value(asked: Asked, gained: float, volatility: float, parts: float) -> float:
    """What an objective comes to, in its own unit; where it has none, the volatility.

    Args:
        asked: The objective.
        gained: Expected return a year, for a robust objective the worst of its region.
        volatility: A year's.
        parts: The volatilities of the parts, weighed.
    """
    if volatility <= 0.0:
        sharpe = diversification = nan
    else:
        sharpe, diversification = (gained - asked.risk_free) / volatility, parts / volatility
    return {
        "max-sharpe": sharpe,
        "utility": gained - 0.5 * asked.risk_aversion * volatility**2,
        "robust-utility": gained - 0.5 * asked.risk_aversion * volatility**2,
        "target-return": volatility,
        "target-volatility": gained,
        "max-diversification": diversification,
    }.get(asked.objective, volatility)
