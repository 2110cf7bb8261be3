"""What an optimised target is asked for, and what is told of the weights that were found."""

from __future__ import annotations

from dataclasses import replace
from math import nan, sqrt
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.targets.objectives.names import OBJECTIVES, Objective

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.foreseen import Foreseen
    from trimtab.targets.objectives.robust import Uncertainty

    Floats = NDArray[np.float64]

MEAN_VARIANCE = (*OBJECTIVES[:6], "robust-utility")
"""Objectives of quadratic programmes: they take limits of every kind."""

UNLIMITED = ("risk-parity", "hrp")
"""Objectives whose weights follow from the covariance alone: limits do not enter."""

BY_HISTORY = ("min-cvar", "min-cdar")
"""Objectives of the very returns of history: its worst losses, or drawdowns."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be optimised.

    Args:
        objective: One of `targets.objectives.names.OBJECTIVES`.
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
        budgets: For `risk-parity`: what share of the variance each instrument adds, by name; none:
            equal ones.
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
    budgets: tuple[tuple[str, float], ...] = ()


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
        status: `optimal`, `infeasible`, `stopped` or `failed`; `missed` where nothing is
            what was asked for and these are others, `resampled` where nothing is claimed.
        solver: What found them.
        optimality_gap: How much better than this any weights within the limits can be, at most, in
            units of `gap_in`; NaN where the solver knows no bound.
        findings: What is to be said, as limits that contradict each other.
        foreseen: Where the expected returns came from, unless by a word from history.
        attempts: Every solver that was asked, in order, with what it made of it.
        gap_in: What the gap is a gap in, in words: of the programme that was solved.
        risk_shares: What part of the variance each weight adds, shape (n,); None: nobody asked.
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
    gap_in: str = ""
    risk_shares: Floats | None = None

    @property
    def solved(self) -> str:
        """By what, with which status, and after what else was tried, in words."""
        before = [
            f"{one.solver}: {one.status}" for one in self.attempts if one.solver != self.solver
        ]
        after = f" (tried: {', '.join(before)})" if before else ""
        return f"{self.solver}: {self.status}{after}"


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
    value: float | None = None,
) -> Optimised:
    """Weights with what is expected of them; arguments as of `optimise` and `Optimised`.

    `value` is what the objective comes to where it is one of history, see `value_by_history`.
    """
    gained = float(weights @ expected)
    volatility = sqrt(max(float(weights @ covariance @ weights), 0.0))
    sharpe = (gained - asked.risk_free) / volatility if volatility > 0.0 else nan
    lost = worst_return_less(asked, weights, covariance, years)
    if value is None:
        value = objective_value(asked, gained - lost, volatility, weights, covariance)
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
        gap_in=gap_unit(asked, is_ratio=solver == "branch and bound"),
    )


RETURN = "the return a year"
"""What a gap to the most return is a gap in."""


def gap_unit(asked: Asked, *, is_ratio: bool) -> str:
    """What the gap of an objective's programme is a gap in, in words.

    Args:
        asked: The objective.
        is_ratio: Whether the best ratio and the most return were bounded themselves, as those of
            few names are, and not by the programme whose answer they are.
    """
    match asked.objective:
        case "min-volatility" | "target-return":
            return "half the variance a year"
        case "utility" | "robust-utility":
            return "the utility a year"
        case "min-cvar" | "min-cdar":
            return "the mean of the worst losses"
        case "target-volatility" if is_ratio:
            return RETURN
        case "max-sharpe" | "max-diversification" if is_ratio:
            return "the ratio"
        case _:
            return "half the variance a year less what return is worth beside it"


def of_part(asked: Asked, part: float) -> Asked:
    """What to ask of the part that is invested, so that the whole has what is asked of it.

    Money beside it earns the risk-free rate and moves with nothing.
    """
    wanted = asked.wanted
    if asked.objective == "target-return":
        wanted -= (1.0 - part) * asked.risk_free
    return replace(asked, risk_aversion=asked.risk_aversion * part, wanted=wanted / part)


def of_whole(asked: Asked, best: Optimised, cash: float) -> Optimised:
    """The best weights of what is invested as those of the whole, money left out.

    Args:
        asked: Of the whole.
        best: By `of_part`.
        cash: The share of the whole that stays money.
    """
    part, earned = 1.0 - cash, cash * asked.risk_free
    value = best.objective_value
    if asked.objective in ("utility", "robust-utility", "target-volatility"):
        value = value * part + earned
    elif asked.objective not in ("max-sharpe", "max-diversification"):
        value *= part
    return replace(
        best,
        weights=best.weights * part,
        expected_return=best.expected_return * part + earned,
        volatility=best.volatility * part,
        objective_value=value,
    )


def worst_return_less(asked: Asked, weights: Floats, covariance: Floats, years: float) -> float:
    """What a robust objective takes from the expected return; 0 for any other."""
    if asked.objective != "robust-utility":
        return 0.0
    from trimtab.targets.objectives.robust import penalty

    return penalty(
        weights, covariance, kappa=asked.kappa, uncertainty=asked.uncertainty, years=years
    )


def value_by_history(asked: Asked, weights: Floats, returns: Floats) -> float | None:
    """What an objective of history's losses comes to, a fraction; None for any other.

    Args:
        asked: `min-cvar`: the mean of the worst losses of a session. `min-cdar`: of drawdowns.
        weights: Shape (n,).
        returns: Simple returns by session, shape (sessions, n).
    """
    if asked.objective not in BY_HISTORY:
        return None
    from trimtab.targets.objectives.tails import cdar, cvar

    worst = cvar if asked.objective == "min-cvar" else cdar
    return worst(weights, returns, confidence=asked.confidence)


def objective_value(
    asked: Asked, gained: float, volatility: float, weights: Floats, covariance: Floats
) -> float:
    """What an objective comes to, in its own unit; where it has none, the volatility.

    `gained` is the expected return a year, for a robust objective the worst of its region.
    """
    match asked.objective:
        case "max-sharpe":
            return (gained - asked.risk_free) / volatility if volatility > 0.0 else nan
        case "utility" | "robust-utility":
            return gained - 0.5 * asked.risk_aversion * volatility**2
        case "target-volatility":
            return gained
        case "max-diversification":
            import numpy as np

            parts = float(weights @ np.sqrt(covariance.diagonal()))
            return parts / volatility if volatility > 0.0 else nan
        case _:
            return volatility
