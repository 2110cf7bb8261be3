"""cvxpy at its best: a problem made once with parameters, solved for many of their values.

    python optimisers_cvxpy.py WORK PROBLEM.npz SECONDS

WORK is `cost`, `factor` or `small`. Each solver that is there solves all that it gets done in the
time; the seconds of one problem, and the weights, go to standard output as JSON, by solver.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from time import perf_counter
from typing import Any

import cvxpy as cp
import numpy as np

warnings.simplefilter("ignore")
SOLVERS: dict[str, dict[str, Any]] = {
    "CLARABEL": {},
    "PIQP": {},
    "OSQP": {"eps_abs": 1e-8, "eps_rel": 1e-8, "max_iter": 100_000},
    "DAQP": {},
    "HIGHS": {},
}


def cost(given: Any) -> tuple[cp.Problem, cp.Variable, dict[str, cp.Parameter]]:
    """Utility with a cost of trading, groups and bounds."""
    n = given["covariance"].shape[0]
    weights, expected, held = cp.Variable(n), cp.Parameter(n), cp.Parameter(n)
    risk = 0.5 * given["aversion"] * cp.quad_form(weights, cp.psd_wrap(given["covariance"]))
    moved = given["rate"] * cp.norm1(weights - held)
    limits = [
        cp.sum(weights) == 1,
        weights >= 0,
        weights <= given["high"],
        given["groups"] @ weights >= given["group_low"],
        given["groups"] @ weights <= given["group_high"],
    ]
    problem = cp.Problem(cp.Minimize(risk - expected @ weights + moved), limits)
    return problem, weights, {"expected": expected, "held": held}


def small(given: Any) -> tuple[cp.Problem, cp.Variable, dict[str, cp.Parameter]]:
    """An account's utility over its risk aversion, which leaves the matrix the same for all."""
    n = given["covariance"].shape[0]
    weights, expected, held = cp.Variable(n), cp.Parameter(n), cp.Parameter(n)
    rate = cp.Parameter(nonneg=True)
    risk = 0.5 * cp.quad_form(weights, cp.psd_wrap(given["covariance"]))
    value = risk - expected @ weights + rate * cp.norm1(weights - held)
    limits = [cp.sum(weights) == 1, weights >= 0, weights <= given["high"]]
    parameters = {"expected": expected, "held": held, "rate": rate}
    return cp.Problem(cp.Minimize(value), limits), weights, parameters


def factor(given: Any) -> tuple[cp.Problem, cp.Variable, dict[str, cp.Parameter]]:
    """Utility under a factor model, the factors as variables of their own."""
    n, k = given["common"].shape
    weights, causes, expected = cp.Variable(n), cp.Variable(k), cp.Parameter(n)
    own = cp.sum_squares(cp.multiply(np.sqrt(given["own"]), weights))
    risk = 0.5 * given["aversion"] * (cp.sum_squares(causes) + own)
    limits = [
        cp.sum(weights) == 1,
        weights >= 0,
        weights <= given["high"],
        causes == given["common"].T @ weights,
    ]
    problem = cp.Problem(cp.Minimize(risk - expected @ weights), limits)
    return problem, weights, {"expected": expected}


def main() -> None:
    work, path, longest = sys.argv[1:4]
    made: dict[str, Callable[..., Any]] = {"cost": cost, "small": small, "factor": factor}
    with np.load(path) as held:
        given = dict(held)
    solvers = ["CLARABEL"] if work == "factor" else list(SOLVERS)
    found = {}
    for solver in solvers:
        if solver not in cp.installed_solvers():
            continue
        problem, weights, parameters = made[work](given)
        seconds, answers = [], []
        until = perf_counter() + float(longest)
        try:
            for number in range(len(given["expected"])):
                for name, parameter in parameters.items():
                    parameter.value = given[name][number]
                begun = perf_counter()
                problem.solve(solver=solver, **SOLVERS[solver])
                seconds.append(perf_counter() - begun)
                answers.append(np.asarray(weights.value, dtype=np.float64).tolist())
                if perf_counter() > until:
                    break
        except (cp.error.SolverError, TypeError, ValueError):
            continue
        # The first one compiles the problem.
        found[solver] = {"seconds": median(seconds[1:] or seconds), "weights": answers}
    print(json.dumps({"solvers": found, "version": version("cvxpy")}))


if __name__ == "__main__":
    main()
