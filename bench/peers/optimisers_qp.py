"""Other people's choice of portfolios, in their environment; prints seconds and weights as JSON.

    python optimisers_qp.py PEER PROBLEM.npz REPEATS

Each peer gets what its users give it: PyPortfolioOpt expected returns and a covariance, skfolio a
history, solvers their matrices in the form that they like best. Making those is not counted.
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

import numpy as np

warnings.simplefilter("ignore")
Work = Callable[[], list[Any]]


def pyportfolioopt(given: Any) -> Work:
    """Least volatility, then utility: a fresh frontier for each, as its documentation has it."""
    from pypfopt import EfficientFrontier

    expected, covariance, aversion = (
        given["expected"],
        given["covariance"],
        float(given["aversion"]),
    )

    def work() -> list[Any]:
        calm, useful = (EfficientFrontier(expected, covariance) for _ in range(2))
        calm.min_volatility()
        useful.max_quadratic_utility(risk_aversion=aversion)
        return [calm.weights, useful.weights]

    return work


def skfolio(given: Any) -> Work:
    """The same from returns; its risk aversion is half of ours, and its year is a session."""
    from skfolio import RiskMeasure
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    returns, aversion = given["returns"], float(given["aversion"])

    def work() -> list[Any]:
        calm = MeanRisk(risk_measure=RiskMeasure.VARIANCE)
        useful = MeanRisk(
            objective_function=ObjectiveFunction.MAXIMIZE_UTILITY,
            risk_measure=RiskMeasure.VARIANCE,
            risk_aversion=aversion / 2.0,
        )
        return [one.fit(returns).weights_ for one in (calm, useful)]

    return work


def piqp(given: Any) -> Work:
    """PIQP's dense solver, at its own accuracy."""
    import piqp

    covariance = given["covariance"]
    n = len(covariance)
    nothing, ones = np.zeros(n), np.ones((1, n))

    def work() -> list[Any]:
        solver = piqp.DenseSolver()
        solver.settings.verbose = False
        solver.setup(covariance, nothing, ones, np.ones(1), None, None, None, nothing, None)
        solver.solve()
        return [solver.result.x]

    return work


def clarabel(given: Any) -> Work:
    """The best Sharpe ratio as a quadratic programme: the least variance for a unit of excess."""
    import clarabel
    from scipy import sparse

    covariance, expected = given["covariance"], given["expected"]
    n = len(expected)
    upper = sparse.csc_matrix(np.triu(covariance))
    rows = sparse.vstack([sparse.csc_matrix(expected[None, :]), -sparse.eye(n)]).tocsc()
    right = np.concatenate([[1.0], np.zeros(n)])
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(n)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False

    def work() -> list[Any]:
        solver = clarabel.DefaultSolver(upper, np.zeros(n), rows, right, cones, settings)
        found = np.array(solver.solve().x)
        return [found / found.sum()]

    return work


def main() -> None:
    peer, path, repeats = sys.argv[1:4]
    works = {
        "pyportfolioopt": pyportfolioopt, "skfolio": skfolio, "piqp": piqp, "clarabel": clarabel,
    }  # fmt: skip
    with np.load(path) as given:
        work = works[peer](dict(given))
    seconds: list[float] = []
    found: list[Any] = []
    for _ in range(int(repeats) + (int(repeats) > 2)):
        begun = perf_counter()
        found = work()
        seconds.append(perf_counter() - begun)
    if len(seconds) > 2:
        del seconds[0]
    print(
        json.dumps(
            {
                "seconds": median(seconds),
                "weights": [np.asarray(weights).tolist() for weights in found],
                "version": version(peer),
            }
        )
    )


if __name__ == "__main__":
    main()
