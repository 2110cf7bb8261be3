"""The best weights of what is invested: by an objective, by a tolerance for risk, or from holdings.

What is best by an objective alone is `optimise`'s; a tolerance is a point of the frontier; and
where leaving what is held costs, the best is the edge of the region that is not worth leaving.
"""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.targets.moving.leaving import moving_costs
from trimtab.targets.objectives.asked import RETURN, Asked, Optimised, told_of
from trimtab.targets.objectives.optimised import contradiction_told, contradictory, optimise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.at_cost.getting_there import MovingCosts
    from trimtab.targets.moving.held import Held
    from trimtab.targets.moving.kept_to import KeptTo
    from trimtab.targets.moving.leaving import UsualMoney
    from trimtab.targets.objectives.foreseen import Foreseen
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]


def best_of(
    kept: KeptTo,
    asked: Asked,
    limits: Limits,
    *,
    seen: Foreseen,
    returns: Floats,
    names: Sequence[str],
    called: Sequence[str],
    years: float,
    part: float,
    held: Held,
    worth: float,
    usual: Mapping[str, UsualMoney],
) -> tuple[Optimised, str]:
    """The best weights of what is invested, and in a sentence why they are, where there is more.

    Args:
        kept: Whether a tolerance, or the cost of leaving what is held, decides.
        asked: The objective, of what is invested.
        limits: The same.
        seen: A year's estimates.
        returns: Simple returns by session, shape (sessions, n).
        names, called: Of the sleeves, and what messages call them.
        years: Of history that the expected returns are as uncertain as means of.
        part: What is invested, of the whole.
        held: What is held, in shares of the whole.
        worth: What the whole is worth, in money.
        usual: A usual day of each sleeve, where orders move prices.
    """
    if kept.tolerance is not None:
        return _tolerated(kept, asked, limits, seen, called, part)
    if kept.leaving is not None and held.is_any:
        costs, said = moving_costs(
            kept.leaving, names, held=held, invested=worth * part, usual=usual
        )
        found = _from_held(costs, kept.leaving.years, asked, limits, seen, names, part, held)
        if found is not None:
            best, why = found
            return best, f"{why}; {said}"
    best = optimise(
        asked,
        limits,
        expected=seen.expected,
        covariance=seen.covariance,
        returns=returns,
        names=called,
        years=years,
    )
    return best, ""


def _tolerated(
    kept: KeptTo,
    asked: Asked,
    limits: Limits,
    seen: Foreseen,
    called: Sequence[str],
    part: float,
) -> tuple[Optimised, str]:
    """The point of the frontier that a tolerance leads to, and the mapping in a sentence."""
    from trimtab.targets.objectives.front import Front, front
    from trimtab.targets.objectives.tolerance import richest_by, tolerated

    assert kept.tolerance is not None, "there is a tolerance"
    # Money beside what is invested earns the risk-free rate and does not move.
    expected = seen.expected * part + (1.0 - part) * asked.risk_free
    covariance = seen.covariance * part**2
    curve = front(called, expected, covariance, limits)
    if not isinstance(curve, Front):
        told = contradiction_told(called, limits, curve.solution, covariance)
        wrong = Finding("limits-contradict", "limits", contradictory(told), "error")
        nowhere = told_of(
            Asked(), curve.weights, seen.expected, seen.covariance,
            status="infeasible", solver="frontier", gap=nan, findings=(wrong,),
        )  # fmt: skip
        return nowhere, ""
    one = tolerated(curve, *kept.tolerance, richest=richest_by(expected, covariance, limits))
    missed = Finding("objective-missed", "tolerance", one.how)
    found = told_of(
        Asked(), one.weights, seen.expected, seen.covariance,
        status=one.status, solver=one.solver, gap=one.gap, findings=() if one.met else (missed,),
    )  # fmt: skip
    return replace(found, gap_in=RETURN), one.how.rstrip(".")


def _from_held(
    costs: MovingCosts,
    years: float,
    asked: Asked,
    limits: Limits,
    seen: Foreseen,
    names: Sequence[str],
    part: float,
    held: Held,
) -> tuple[Optimised, str] | None:
    """The best weights at the cost of getting there; None where the limits contradict each other.

    What is held apart is sold whatever the weights are, and so costs nothing that could be chosen.
    """
    import numpy as np

    from trimtab.targets.at_cost.getting_there import from_holdings

    found = from_holdings(
        seen.expected,
        seen.covariance,
        limits,
        risk_aversion=asked.risk_aversion,
        held=np.array([float(held.shares.get(name, 0)) / part for name in names]),
        costs=costs,
        years=years,
    )
    if found.status == "infeasible":
        return None
    best = told_of(
        asked, np.maximum(found.weights, 0.0), seen.expected, seen.covariance,
        status=found.status, solver="active set", gap=found.gap,
    )  # fmt: skip
    horizon = f"{years:.3g}"
    spread = "a year" if horizon == "1" else f"{horizon} years"
    why = (
        f"from what is held {found.turnover * part:.2%} moves, which costs "
        f"{found.cost * part:.3%}; a cost is spread over a horizon of {spread}"
    )
    return best, why
