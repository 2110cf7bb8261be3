"""An optimised target: from a history of returns to weights, by an objective and under limits."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite, nan, sqrt
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding, Severity
from trimtab.targets.objectives import choices
from trimtab.targets.objectives.asked import (
    BY_HISTORY,
    UNLIMITED,
    Asked,
    Attempt,
    Optimised,
    told_of,
    value_by_history,
)
from trimtab.targets.objectives.ended import ended_early, names_not_proved, not_ended
from trimtab.targets.solvers.contradiction import contradiction, name_sides, told_sides
from trimtab.targets.solvers.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.choices import Chosen
    from trimtab.targets.solvers.programme import Solution

    Floats = NDArray[np.float64]

SHARES_EXACT = 1e-9
"""Shares of the risk that are further from their budget were not searched to the end."""


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
        limits: On weights and sums of them; `limits.search.stop` ends a search before its end.
        expected: A year's expected returns, shape (n,).
        covariance: A year's, positive definite, shape (n, n).
        returns: Simple returns by session, shape (sessions, n): for `min-cvar` and `min-cdar`.
        names: Of the instruments, for messages.
        years: Of history that the expected returns are as uncertain as means of.
    """
    if asked.resampled > 0:
        return _resampled(
            asked,
            limits,
            expected=expected,
            covariance=covariance,
            returns=returns,
            names=names,
            years=years,
        )
    if asked.objective in UNLIMITED:
        return _unlimited(asked, limits, expected, covariance, names)
    if asked.objective in BY_HISTORY:
        return _by_history(asked, limits, expected, covariance, returns, names)
    is_told, stop = False, limits.search.stop
    if limits.names is not None and stop is not None:

        def noted(looked: int, best: float, bound: float) -> bool:
            nonlocal is_told
            is_told = stop(looked, best, bound)
            return is_told

        limits = replace(limits, search=replace(limits.search, stop=noted))
    chosen, solver, attempts = answered(asked, limits, expected, covariance, years)
    findings: list[Finding] = []
    if limits.names is None and _is_ended(limits, chosen):
        from trimtab.targets.objectives.fallback import with_proof

        chosen = with_proof(asked, limits, expected, covariance, years, chosen)
        attempts = [Attempt(solver, chosen.solution.status, chosen.solution.gap)]
        if chosen.solution.status == "stopped":
            findings.append(ended_early(asked, chosen.solution.gap))
    elif stop is not None and limits.is_linear and not _is_robust(asked):
        findings.append(not_ended(asked))
    if chosen.solution.status == "infeasible":
        told = contradiction_told(names, limits, chosen.solution, covariance)
        findings.append(Finding("limits-contradict", "limits", contradictory(told), "error"))
    elif chosen.solution.status == "stopped" and limits.names is not None:
        findings.append(names_not_proved(asked, chosen.solution, is_told=is_told))
    if chosen.missed:
        message = f"There is no such target: {chosen.missed}; this is the nearest."
        if chosen.instead:
            message = (
                f"There is no {asked.objective}: {chosen.missed}. These weights have "
                f"{chosen.instead} instead."
            )
        findings.append(Finding("objective-missed", asked.objective, message, "warning"))
    if chosen.slack:
        wanted = "return" if asked.objective == "target-return" else "volatility"
        message = f"The wanted {wanted} of {asked.wanted:.4%} does not bind: {chosen.slack}."
        severity: Severity = "warning" if wanted == "return" else "info"
        findings.append(Finding("objective-slack", asked.objective, message, severity))
    status: str = chosen.solution.status
    gap = chosen.solution.gap
    if chosen.missed and status != "infeasible":
        # What is proved is proved of other weights than were asked for.
        status, gap = "missed", nan
        attempts = [
            Attempt(one.solver, status if one.solver == solver else one.status, nan)
            for one in attempts
        ]
    return told_of(
        asked,
        chosen.weights,
        expected,
        covariance,
        status=status,
        solver=solver,
        gap=gap,
        findings=tuple(findings),
        years=years,
        attempts=tuple(attempts),
    )


def answered(
    asked: Asked, limits: Limits, expected: Floats, covariance: Floats, years: float = 1.0
) -> tuple[Chosen, str, list[Attempt]]:
    """The answer of mean-variance choice: our own, or where that is not proved another solver's.

    Args:
        asked, limits, expected, covariance, years: As of `optimise`; one of `MEAN_VARIANCE`.

    Returns:
        The answer, whose it is, and what each solver that was asked made of it, in order.
    """
    chosen = _chosen(asked, limits, expected, covariance, years)
    solver = "active set" if limits.names is None else "branch and bound"
    attempts = [Attempt(solver, chosen.solution.status, chosen.solution.gap)]
    if limits.names is not None or chosen.is_proved or _is_ended(limits, chosen):
        return chosen, solver, attempts
    from trimtab.targets.objectives.fallback import second_opinions

    chosen, other, others = second_opinions(asked, limits, expected, covariance, years, chosen)
    return chosen, other or solver, [*attempts, *others]


def _is_ended(limits: Limits, chosen: Chosen) -> bool:
    """Whether a search was told to stop, and did before its end."""
    return limits.search.stop is not None and chosen.solution.status == "stopped"


def contradiction_told(
    names: Sequence[str], limits: Limits, solution: Solution, covariance: Floats
) -> str:
    """Which limits cannot be met together, the number of names among them where it is needed."""
    from trimtab.targets.objectives.curbed import can_meet

    def meets(some: Limits) -> bool:
        return can_meet(some, covariance)

    if limits.names is None:
        return contradiction(list(names), limits, solution, meets=meets)

    without = replace(limits, names=None)
    free = choices.least_volatility(covariance, without).solution
    if free.status == "infeasible":
        return contradiction(list(names), without, free, meets=meets)
    from trimtab.targets.solvers.too_few import too_few

    def nearest(some: Limits) -> float:
        from trimtab.targets.objectives.cardinality import choice

        assert limits.tracking is not None, "asked where a tracking error is limited"
        # Half the square of the tracking error is the objective, but for what is always the same.
        benchmark = limits.tracking.benchmark
        found = choice(some, covariance, -covariance @ benchmark, covariance)
        if found.status == "infeasible":
            return inf
        least = 2.0 * (found.objective - found.gap) + float(benchmark @ covariance @ benchmark)
        return sqrt(max(least, 0.0)) if isfinite(least) else 0.0

    clash = too_few(list(names), limits, nearest=nearest)
    if clash:
        return clash
    few = told_sides(list(names), limits, set(name_sides(limits.names)), ())
    return f"{few}; and the other limits, which can be met without that"


def _chosen(
    asked: Asked, limits: Limits, expected: Floats, covariance: Floats, years: float
) -> Chosen:
    """The answer of mean-variance choice."""
    match asked.objective:
        case "min-volatility":
            return choices.least_volatility(covariance, limits)
        case "max-sharpe":
            return choices.best_sharpe(expected, covariance, limits, risk_free=asked.risk_free)
        case "utility":
            return choices.most_utility(
                expected, covariance, limits, risk_aversion=asked.risk_aversion
            )
        case "robust-utility":
            from trimtab.targets.objectives.robust import most_robust

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
            return choices.least_volatility_for_return(
                expected, covariance, limits, wanted=asked.wanted
            )
        case "target-volatility":
            return choices.most_return_for_volatility(
                expected, covariance, limits, wanted=asked.wanted
            )
        case _:
            assert asked.objective == "max-diversification", asked.objective
            return choices.most_diversified(covariance, limits)


def _is_robust(asked: Asked) -> bool:
    """Whether the worst expected returns are searched for."""
    return asked.objective == "robust-utility" and asked.uncertainty != "box"


def _unlimited(
    asked: Asked, limits: Limits, expected: Floats, covariance: Floats, names: Sequence[str]
) -> Optimised:
    """Weights by shares of the risk."""
    import numpy as np

    from trimtab.targets.objectives.hierarchy import hierarchical
    from trimtab.targets.objectives.risk_parity import risk_budgeted, risk_shares

    status, stop = "optimal", limits.search.stop
    findings: tuple[Finding, ...] = ()
    if asked.objective == "hrp":
        weights, solver = hierarchical(covariance), "single linkage"
        findings = () if stop is None else (not_ended(asked),)
    else:
        shares = dict(asked.budgets)
        budget = np.array([shares[name] for name in names]) if shares else None
        weights, solver = risk_budgeted(covariance, budget, stop=stop), "Newton"
        if stop is not None:
            wanted = np.full(len(weights), 1.0 / len(weights)) if budget is None else budget
            off = float(np.abs(risk_shares(weights, covariance) - wanted / wanted.sum()).max())
            if off > SHARES_EXACT:
                status, findings = "stopped", (ended_early(asked, nan, shares_off=off),)
    return told_of(
        asked, weights, expected, covariance,
        status=status, solver=solver, gap=nan, findings=findings,
    )  # fmt: skip


def _by_history(
    asked: Asked,
    limits: Limits,
    expected: Floats,
    covariance: Floats,
    returns: Floats,
    names: Sequence[str],
) -> Optimised:
    """Weights by the losses of history."""
    import numpy as np

    from trimtab.targets.objectives.tails import least_cvar, least_drawdown

    least = least_cvar if asked.objective == "min-cvar" else least_drawdown
    found = least(returns, limits, confidence=asked.confidence)
    status, gap = found.status, nan
    findings: tuple[Finding, ...] = ()
    value = value_by_history(asked, found.weights, returns)
    if status == "optimal" or np.isfinite(found.weights).all():
        assert value is not None, "it is an objective of history"
        gap = max(value - found.bound, 0.0)
        findings = () if status == "optimal" else (ended_early(asked, gap),)
    else:
        status, finding = _not_found(limits, covariance, names, found.status)
        findings = (finding,)
    return told_of(
        asked, found.weights, expected, covariance,
        status=status, solver="HiGHS", gap=gap, findings=findings, value=value,
    )  # fmt: skip


def _not_found(
    limits: Limits, covariance: Floats, names: Sequence[str], said: str
) -> tuple[str, Finding]:
    """Why a linear programme has no answer: limits that contradict each other, or the solver."""
    free = choices.least_volatility(covariance, limits).solution
    if free.status == "infeasible":
        told = contradiction_told(names, limits, free, covariance)
        return "infeasible", Finding("limits-contradict", "limits", contradictory(told), "error")
    message = (
        f"HiGHS found no weights though the limits can be met together; it says: {said}. Try "
        "another confidence, fewer sessions, or another objective."
    )
    return "failed", Finding("solver-failed", "HiGHS", message, "error")


def why_nothing(names: Sequence[str], limits: Limits, covariance: Floats) -> str:
    """Why a search found no weights: limits that contradict each other, or the search itself."""
    free = choices.least_volatility(covariance, limits).solution
    if free.status == "infeasible":
        return contradictory(contradiction_told(names, limits, free, covariance))
    return "nothing within the limits was found: loosen one of them"


def contradictory(told: str) -> str:
    """The sentence about limits that contradict each other."""
    return f"These limits cannot be met together: {told}. Loosen one of them."


def _resampled(
    asked: Asked,
    limits: Limits,
    *,
    expected: Floats,
    covariance: Floats,
    returns: Floats,
    names: Sequence[str],
    years: float,
) -> Optimised:
    """The mean of the best weights of `asked.resampled` drawn histories; see `optimise`.

    Raises:
        ValueError: The objective, a limit or the history does not go with it.
    """
    import numpy as np

    from trimtab.targets.objectives.resampled import draws, refuse_what_is_not_resampled

    if asked.objective in BY_HISTORY:
        raise ValueError(f"{asked.objective} is not resampled: it has history itself, no estimates")
    refuse_what_is_not_resampled(limits)
    sessions, n = returns.shape
    if sessions <= n + 1:
        raise ValueError(f"resampled: {sessions} sessions of {n} instruments are too few")
    single, whole, count = replace(asked, resampled=0), np.zeros(n), 0
    stop = limits.search.stop
    findings: tuple[Finding, ...] = ()
    limits = replace(limits, search=replace(limits.search, stop=None))
    for mean, spread in draws(
        expected,
        covariance,
        sessions=sessions,
        years=years,
        count=asked.resampled,
        seed=asked.seed,
    ):
        one = optimise(
            single,
            limits,
            expected=mean,
            covariance=spread,
            returns=returns,
            names=names,
            years=years,
        )
        if not np.isfinite(one.weights).all():
            return one
        whole += one.weights
        count += 1
        if count < asked.resampled and stop is not None and stop(count, nan, nan):
            findings = (ended_early(asked, nan, histories=count),)
            break
    return told_of(
        asked,
        whole / count,
        expected,
        covariance,
        status="resampled",
        solver=f"mean of {count} histories",
        gap=nan,
        findings=findings,
        years=years,
    )
